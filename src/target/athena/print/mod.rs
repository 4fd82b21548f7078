//! Prints queries for people: one select item and one conjunct a line, two blanks of indentation, long expressions
//! broken at their outermost operands. Literals and identifiers are escaped here and nowhere else; `sqlparser`'s own
//! printer takes `\'` for an escaped quotation mark, which it is not in Athena.

mod inline;

use sqlparser::ast::{
    BinaryOperator, Cte, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, GroupByExpr, InTarget,
    JoinConstraint, JoinOperator, LimitClause, OrderByKind, Query, Select, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableFactor, UnaryOperator,
};

use inline::{
    access, alias, call_suffix, cast_word, expr, identifier, lambda_head, list, object_name, order_key, order_keys, type_name,
};

/// Columns after which an expression is broken into lines.
const WIDTH: usize = 112;

/// The text of a query, without a final line break.
pub(super) fn query(q: &Query) -> String {
    let mut p = Printer::default();
    p.query(q, 0);
    p.out
}

#[derive(Default)]
struct Printer {
    out: String,
    /// Everything on one line: a line break becomes a blank.
    flat: bool,
    /// A blank is due before the next text.
    blank: bool,
}

impl Printer {
    /// A query on one line.
    fn flat(q: &Query) -> String {
        let mut p = Printer { flat: true, ..Printer::default() };
        p.query(q, 0);
        p.out
    }

    fn text(&mut self, text: &str) {
        if std::mem::take(&mut self.blank) && !text.starts_with(')') && !self.out.ends_with('(') {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn line(&mut self, indent: usize) {
        if self.flat {
            self.blank = true;
        } else {
            self.out.push('\n');
            self.blanks(indent);
        }
    }

    fn blanks(&mut self, count: usize) {
        if !self.flat {
            self.out.extend(std::iter::repeat_n(' ', count));
        }
    }

    /// Columns used in the current line.
    fn column(&self) -> usize {
        self.out.rfind('\n').map_or(&*self.out, |i| &self.out[i + 1..]).chars().count()
    }

    fn query(&mut self, q: &Query, indent: usize) {
        if let Some(with) = &q.with {
            self.text("WITH");
            for (i, cte) in with.cte_tables.iter().enumerate() {
                if i > 0 {
                    self.text(",");
                }
                self.line(indent + 2);
                self.cte(cte, indent + 2);
            }
            self.line(indent);
        }
        self.body(&q.body, indent);
        if let Some(order) = &q.order_by
            && let OrderByKind::Expressions(keys) = &order.kind
        {
            self.line(indent);
            self.text("ORDER BY ");
            let keys: Vec<String> = keys.iter().map(order_key).collect();
            self.list(&keys, indent);
        }
        if let Some(LimitClause::LimitOffset { limit: Some(limit), .. }) = &q.limit_clause {
            self.line(indent);
            self.text(&format!("LIMIT {}", expr(limit)));
        }
    }

    fn cte(&mut self, cte: &Cte, indent: usize) {
        self.text(&alias(&cte.alias));
        self.text(" AS (");
        self.line(indent + 2);
        self.query(&cte.query, indent + 2);
        self.line(indent);
        self.text(")");
    }

    fn body(&mut self, body: &SetExpr, indent: usize) {
        match body {
            SetExpr::Select(select) => self.select(select, indent),
            SetExpr::Query(q) => {
                self.text("(");
                self.line(indent + 2);
                self.query(q, indent + 2);
                self.line(indent);
                self.text(")");
            }
            SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier: SetQuantifier::All, right } => {
                self.body(left, indent);
                self.line(indent);
                self.text("UNION ALL");
                self.line(indent);
                self.body(right, indent);
            }
            SetExpr::Values(values) => {
                self.text("VALUES");
                for (i, row) in values.rows.iter().enumerate() {
                    if i > 0 {
                        self.text(",");
                    }
                    self.line(indent + 2);
                    self.text(&format!("({})", list(&row.content)));
                }
            }
            other => {
                self.text(&format!("{other}"));
            }
        }
    }

    fn select(&mut self, s: &Select, indent: usize) {
        self.text("SELECT");
        if let [only] = s.projection.as_slice()
            && matches!(only, SelectItem::Wildcard(_))
        {
            self.text(" *");
        } else {
            for (i, item) in s.projection.iter().enumerate() {
                if i > 0 {
                    self.text(",");
                }
                self.line(indent + 2);
                self.item(item, indent + 2);
            }
        }
        for table in &s.from {
            self.line(indent);
            self.text("FROM ");
            self.relation(&table.relation, indent);
            for join in &table.joins {
                self.line(indent);
                match &join.join_operator {
                    JoinOperator::CrossJoin(_) => self.text("CROSS JOIN "),
                    JoinOperator::Left(_) => self.text("LEFT JOIN "),
                    _ => self.text("JOIN "),
                }
                self.relation(&join.relation, indent);
                if let JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Left(JoinConstraint::On(on)) =
                    &join.join_operator
                {
                    self.condition("  ON", on, indent);
                }
            }
        }
        if let Some(selection) = &s.selection {
            self.condition("WHERE", selection, indent);
        }
        if let GroupByExpr::Expressions(keys, _) = &s.group_by
            && !keys.is_empty()
        {
            self.line(indent);
            self.text("GROUP BY ");
            let keys: Vec<String> = keys.iter().map(expr).collect();
            self.list(&keys, indent);
        }
        if let Some(having) = &s.having {
            self.condition("HAVING", having, indent);
        }
    }

    /// One conjunct a line.
    fn condition(&mut self, keyword: &str, e: &Expr, indent: usize) {
        let hanging = keyword.len() - keyword.trim_start().len();
        for (i, part) in and_parts(e).into_iter().enumerate() {
            self.line(indent);
            if i == 0 {
                self.text(keyword);
                self.text(" ");
            } else {
                self.blanks(hanging + 2);
                self.text("AND ");
            }
            self.expression(part, indent + hanging + 6, 0);
        }
    }

    fn item(&mut self, item: &SelectItem, indent: usize) {
        match item {
            SelectItem::UnnamedExpr(e) => self.expression(e, indent, 0),
            SelectItem::ExprWithAlias { expr: e, alias } => {
                let tail = format!(" AS {}", identifier(alias));
                self.expression(e, indent, tail.chars().count());
                self.text(&tail);
            }
            SelectItem::Wildcard(_) => self.text("*"),
            other => {
                self.text(&format!("{other}"));
            }
        }
    }

    fn relation(&mut self, factor: &TableFactor, indent: usize) {
        match factor {
            TableFactor::Table { name, alias: a, .. } => {
                self.text(&object_name(name));
                if let Some(a) = a {
                    self.text(&format!(" AS {}", alias(a)));
                }
            }
            TableFactor::Derived { subquery, alias: a, .. } => {
                self.text("(");
                self.line(indent + 2);
                self.query(subquery, indent + 2);
                self.line(indent);
                self.text(")");
                if let Some(a) = a {
                    self.text(&format!(" AS {}", alias(a)));
                }
            }
            TableFactor::UNNEST { alias: a, array_exprs, with_ordinality, .. } => {
                self.text("UNNEST(");
                let one_line = list(array_exprs);
                if self.flat || self.column() + one_line.chars().count() < WIDTH {
                    self.text(&one_line);
                } else {
                    self.expressions(array_exprs.iter(), indent);
                }
                self.text(")");
                if *with_ordinality {
                    self.text(" WITH ORDINALITY");
                }
                if let Some(a) = a {
                    self.text(&format!(" AS {}", alias(a)));
                }
            }
            other => {
                self.text(&format!("{other}"));
            }
        }
    }

    /// Items separated by commas, continued on indented lines where they are too long for one.
    fn list(&mut self, items: &[String], indent: usize) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.text(",");
                if !self.flat && self.column() + item.chars().count() + 1 > WIDTH {
                    self.line(indent + 2);
                } else {
                    self.text(" ");
                }
            }
            self.text(item);
        }
    }

    /// An expression that begins here; further lines are indented by two more than `indent`.
    /// `tail` columns follow it on its last line.
    fn expression(&mut self, e: &Expr, indent: usize, tail: usize) {
        let one_line = expr(e);
        if self.flat || self.column() + one_line.chars().count() + tail <= WIDTH || !self.broken(e, indent) {
            self.text(&one_line);
        }
    }

    /// Prints an expression over several lines; `false` where it has no place to break at.
    fn broken(&mut self, e: &Expr, indent: usize) -> bool {
        match e {
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                for (i, part) in chain_parts(e, op).into_iter().enumerate() {
                    if i > 0 {
                        self.line(indent);
                        self.text(&format!("{op} "));
                    }
                    self.expression(part, indent + 2, 0);
                }
                true
            }
            Expr::Nested(inner) => {
                self.text("(");
                self.line(indent + 2);
                self.expression(inner, indent + 2, 0);
                self.line(indent);
                self.text(")");
                true
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                self.text("NOT ");
                self.expression(inner, indent, 0);
                true
            }
            Expr::Case { conditions, else_result, .. } => {
                self.text("CASE");
                for arm in conditions {
                    self.line(indent + 2);
                    self.text("WHEN ");
                    self.expression(&arm.condition, indent + 4, 6);
                    self.text(" THEN ");
                    self.expression(&arm.result, indent + 4, 0);
                }
                if let Some(e) = else_result {
                    self.line(indent + 2);
                    self.text("ELSE ");
                    self.expression(e, indent + 4, 0);
                }
                self.line(indent);
                self.text("END");
                true
            }
            Expr::In { expr: value, target: InTarget::List(items), negated, .. } => {
                self.expression(value, indent, 8);
                self.text(if *negated { " NOT IN (" } else { " IN (" });
                self.line(indent + 2);
                let items: Vec<String> = items.iter().map(expr).collect();
                self.list(&items, indent);
                self.line(indent);
                self.text(")");
                true
            }
            Expr::Exists { subquery, negated } => {
                self.text(if *negated { "NOT EXISTS (" } else { "EXISTS (" });
                self.line(indent + 2);
                self.query(subquery, indent + 2);
                self.line(indent);
                self.text(")");
                true
            }
            Expr::BinaryOp { left, op, right } => {
                self.expression(left, indent, 4);
                self.text(&format!(" {op} "));
                self.expression(right, indent, 0);
                true
            }
            Expr::IsNull(inner) => {
                self.expression(inner, indent, 8);
                self.text(" IS NULL");
                true
            }
            Expr::IsNotNull(inner) => {
                self.expression(inner, indent, 12);
                self.text(" IS NOT NULL");
                true
            }
            Expr::Lambda(l) => {
                self.text(&lambda_head(l));
                self.expression(&l.body, indent, 0);
                true
            }
            Expr::Function(f) => self.broken_call(f, indent),
            Expr::Array(a) if !a.elem.is_empty() => {
                self.text("ARRAY[");
                self.expressions(a.elem.iter(), indent);
                self.text("]");
                true
            }
            Expr::Cast { kind, expr: inner, data_type, .. } => {
                self.text(cast_word(kind));
                self.text("(");
                self.line(indent + 2);
                self.expression(inner, indent + 2, type_name(data_type).len() + 5);
                self.text(&format!(" AS {}", type_name(data_type)));
                self.line(indent);
                self.text(")");
                true
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expression(root, indent, 4);
                self.text(&access(access_chain));
                true
            }
            _ => false,
        }
    }

    fn broken_call(&mut self, f: &Function, indent: usize) -> bool {
        let FunctionArguments::List(args) = &f.args else { return false };
        let plain: Option<Vec<&Expr>> = args
            .args
            .iter()
            .map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                _ => None,
            })
            .collect();
        let Some(plain) = plain.filter(|p| !p.is_empty()) else { return false };
        let mut order = Vec::new();
        for clause in &args.clauses {
            let FunctionArgumentClause::OrderBy(keys) = clause else { return false };
            order.push(order_keys(keys));
        }
        self.text(&object_name(&f.name));
        self.text(if args.duplicate_treatment.is_some() { "(DISTINCT" } else { "(" });
        self.expressions(plain.into_iter(), indent);
        for keys in order {
            self.text(&format!("  ORDER BY {keys}"));
            self.line(indent);
        }
        self.text(")");
        self.text(&call_suffix(f));
        true
    }

    /// Expressions separated by commas, each on lines of its own between the lines of the brackets.
    fn expressions<'e>(&mut self, all: impl Iterator<Item = &'e Expr>, indent: usize) {
        for (i, e) in all.enumerate() {
            if i > 0 {
                self.text(",");
            }
            self.line(indent + 2);
            self.expression(e, indent + 2, 1);
        }
        self.line(indent);
    }
}

fn and_parts(e: &Expr) -> Vec<&Expr> {
    chain_parts(e, &BinaryOperator::And)
}

fn chain_parts<'a>(e: &'a Expr, op: &BinaryOperator) -> Vec<&'a Expr> {
    match e {
        Expr::BinaryOp { left, op: own, right } if own == op => {
            let mut out = chain_parts(left, op);
            out.extend(chain_parts(right, op));
            out
        }
        other => vec![other],
    }
}

/// The text of one expression, for tests and messages.
#[cfg(test)]
pub(super) fn expression(e: &Expr) -> String {
    expr(e)
}

#[cfg(test)]
mod tests {
    use sqlparser::ast::Value;

    use super::super::{dialect, sql};
    use super::*;

    #[test]
    fn quotation_marks_never_end_a_literal() {
        for text in ["it's", "it''s", r"x\' OR 1=1 --", r"\'", "'", "''", "a\nb", "--", "/*"] {
            let printed = expr(&sql::string(text));
            let read = dialect::parse(&format!("SELECT {printed}")).expect("a query");
            assert!(read.to_string().len() > 7);
            let SetExpr::Select(select) = *read.body else { panic!("not a SELECT") };
            let [SelectItem::UnnamedExpr(Expr::Value(v))] = select.projection.as_slice() else {
                panic!("{printed} is not one literal")
            };
            assert_eq!(v.value, Value::SingleQuotedString(text.to_owned()));
        }
    }

    #[test]
    fn quoted_identifiers_stay_whole() {
        let printed = expr(&Expr::Identifier(super::super::ident::ident("a\" FROM b --")));
        assert_eq!(printed, "\"a\"\" FROM b --\"");
    }

    #[test]
    fn printing_and_reading_give_the_same_tree() {
        for text in [
            "SELECT\n  a AS b\nFROM t\nWHERE a = 1\n  AND (b = 2 OR c IS NOT NULL)\nGROUP BY 1\nORDER BY a DESC\nLIMIT 3",
            "WITH\n  x AS (\n    SELECT\n      count(*) AS n\n    FROM t\n  )\nSELECT *\nFROM x\nJOIN y\n  ON x.n = y.n",
            "SELECT\n  substr(a, 1, 2),\n  floor(b),\n  ARRAY['x'][1],\n  CAST(a AS ARRAY(VARCHAR)),\n  -1,\n  1.5E0\nFROM t",
            "SELECT\n  a\nFROM t\nWHERE a IN (SELECT b FROM u WHERE b <> 'x\n  y')",
            "SELECT\n  count(*) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)\nFROM t",
        ] {
            let tree = dialect::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(query(&tree), text);
        }
    }
}
