//! Lookup tables whose rows are known and few: written into the query, as conditions and `case`.

use super::Lower;
use crate::diagnostic::Reported;
use crate::ir::{
    self, Case, CompareOp, Expr, ExprKind, Join, JoinKind, Lookup, LookupTable, MatchType, Name, Rel, Type,
};
use crate::source::Span;

/// Rows up to which a table is written into a query where the options say nothing.
const MAX_ROWS: usize = 60;

impl Lower<'_> {
    /// `lookup`: each output is a `case` over the table's rows.
    pub(super) fn lookup(&mut self, lookup: &Lookup) -> Result<(), Reported> {
        self.before_end("`lookup`", lookup.span)?;
        let table = &lookup.table;
        if let Some((_, many)) = lookup.on.iter().find(|(_, e)| e.ty.multivalue) {
            let message = "Logs Insights has no lookup of each value of a multivalue field";
            return Err(self.unsupported(
                many.span,
                message,
                "use `mvindex` before, or run the rule with `rulecast run`",
            ));
        }
        let most = self.options.max_inline_lookup_rows.unwrap_or(MAX_ROWS);
        if table.external || table.rows.len() > most {
            return self.native_lookup(lookup);
        }
        if table.max_matches != 1 && !has_distinct_keys(lookup) {
            self.approximate(
                lookup.span,
                format!("where several rows of table `{}` match, only the first is taken", table.name),
                "narrows: SPL gives the values of all of them",
            );
        }
        let on: Vec<(Name, Expr)> = lookup.on.iter().map(|(c, e)| (c.clone(), self.resolve(e))).collect();
        let mut conditions = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let mut parts = Vec::with_capacity(on.len());
            for (column, value) in &on {
                let Some(cell) = cell(table, row, column) else {
                    return Err(self.no_column(table, column, lookup.span));
                };
                parts.push(matches(table, column, value, cell));
            }
            conditions.push(Expr::and(parts, lookup.span).is_true());
        }
        let mut defined = Vec::new();
        for output in &lookup.outputs {
            let mut arms = Vec::with_capacity(conditions.len());
            for (condition, row) in conditions.iter().zip(&table.rows) {
                let Some(cell) = cell(table, row, &output.column) else {
                    return Err(self.no_column(table, &output.column, lookup.span));
                };
                // Splunk keeps no field for an empty cell.
                let value = if cell.is_empty() { Expr::null(lookup.span) } else { text(cell, lookup.span) };
                arms.push((condition.clone(), value));
            }
            let otherwise = table.default_match.as_ref().map(|d| Box::new(text(d, lookup.span)));
            let nullable = otherwise.is_none() || arms.iter().any(|(_, v)| v.nullable);
            let found = Expr::new(ExprKind::Case { arms, otherwise }, Type::UNKNOWN, nullable, lookup.span);
            let value = if output.keep_existing {
                let have = self.resolve(&Expr::column(output.output.clone(), Type::UNKNOWN, true, lookup.span));
                Expr::new(ExprKind::Coalesce(vec![have, found]), Type::UNKNOWN, nullable, lookup.span)
            } else {
                found
            };
            defined.push((output.output.clone(), value));
        }
        self.columns.extend(defined);
        Ok(())
    }

    fn no_column(&mut self, table: &LookupTable, column: &Name, span: Span) -> Reported {
        self.unsupported(
            span,
            format!("table `{}` has no column `{column}`", table.name),
            "see the columns of the table's file",
        )
    }

    /// A subsearch as a condition: exact where it gives the rows of a known table.
    pub(super) fn semi_join(
        &mut self,
        other: &Rel,
        on: &[(Expr, Name)],
        negated: bool,
        span: Span,
    ) -> Result<(), Reported> {
        self.before_end("a subsearch", span)?;
        let values: Vec<Expr> = on.iter().map(|(e, _)| self.resolve(e)).collect();
        if values.iter().any(|v| self.missing_in(v).is_some()) {
            return self.leave_out_subsearch(values, negated, "the values that it compares are not there", span);
        }
        let Some((columns, rows)) = known_rows(other) else {
            let reason = match super::table::table_rows(other) {
                Some(rows) => format!("the rows of table `{}` are not known", rows.table),
                None => "its rows are not known, and Logs Insights would need the log group's name".to_owned(),
            };
            return self.leave_out_subsearch(values, negated, &reason, span);
        };
        let mut alternatives = Vec::new();
        let on: Vec<(Expr, Option<usize>)> =
            on.iter().map(|(e, name)| (self.resolve(e), columns.iter().position(|c| c == name))).collect();
        if let [(value, Some(at))] = on.as_slice() {
            let items: Vec<String> = rows.iter().filter_map(|r| r.get(*at).cloned().flatten()).collect();
            let kind = ExprKind::OneOf { value: Box::new(value.clone()), items, case: Case::Insensitive };
            alternatives.push(Expr::new(kind, Type::BOOLEAN, value.nullable, span));
        } else {
            for row in rows {
                let mut parts = Vec::new();
                for (value, at) in &on {
                    // A row says nothing about a column that it has no value in.
                    if let Some(Some(cell)) = at.and_then(|at| row.get(at)) {
                        parts.push(equals(value, cell, Case::Insensitive));
                    }
                }
                alternatives.push(Expr::and(parts, span));
            }
        }
        let condition = Expr::or(alternatives, span).is_true();
        let want = if negated { super::predicate::Want::NotTrue } else { super::predicate::Want::True };
        let rendered = self.truth(&condition, want)?;
        self.push_filter(rendered);
        Ok(())
    }

    /// `join`: exact where the right side is the rows of a known table.
    pub(super) fn join(&mut self, join: &Join) -> Result<(), Reported> {
        self.before_end("`join`", join.span)?;
        if let Some(done) = self.join_table(join) {
            return done;
        }
        let Some((columns, rows)) = known_rows(&join.right) else {
            return Err(self.unsupported(
                join.span,
                "Logs Insights can't join the rows of another search, so `join` has no equivalent",
                "its own `join` takes one key and a whole log group on the right side",
            ));
        };
        let most = self.options.max_inline_lookup_rows.unwrap_or(MAX_ROWS);
        let at = |name: &Name| columns.iter().position(|c| c == name);
        let Some(keys) = join.on.iter().map(|name| at(name).map(|i| (name, i))).collect::<Option<Vec<_>>>() else {
            return Err(self.unsupported(join.span, "the right side of `join` lacks a key", "see the table's columns"));
        };
        if rows.len() > most {
            return Err(self.unsupported(
                join.span,
                format!(
                    "the {} rows of the right side are more than the {most} that are written into a query",
                    rows.len()
                ),
                "raise `max_inline_lookup_rows`, as far as 10,000 characters of query allow",
            ));
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut arms: Vec<(Expr, &Vec<Option<String>>)> = Vec::new();
        let mut repeated = false;
        for row in &rows {
            let key: Option<Vec<String>> = keys.iter().map(|(_, i)| row.get(*i).cloned().flatten()).collect();
            // A row without a key joins nothing.
            let Some(key) = key else { continue };
            let parts = keys.iter().zip(&key).map(|((name, _), cell)| {
                let value = self.resolve(&Expr::column((*name).clone(), Type::UNKNOWN, true, join.span));
                equals(&value, cell, Case::Sensitive)
            });
            let condition = Expr::and(parts.collect(), join.span).is_true();
            if seen.insert(key) {
                arms.push((condition, row));
            } else {
                repeated = true;
            }
        }
        if repeated && join.max != Some(1) {
            self.approximate(
                join.span,
                "where several rows of the right side match, only the first is joined",
                "narrows: SPL gives a row for each",
            );
        }
        if join.kind == JoinKind::Inner {
            let any = Expr::or(arms.iter().map(|(c, _)| c.clone()).collect(), join.span);
            let condition = self.truth(&any, super::predicate::Want::True)?;
            self.push_filter(condition);
        }
        let mut defined = Vec::new();
        for (i, column) in columns.iter().enumerate().filter(|(_, c)| !join.on.contains(c)) {
            let have = self.columns.get(column).cloned().unwrap_or_else(|| Expr::null(join.span));
            let cases = arms.iter().map(|(condition, row)| {
                let value = row.get(i).cloned().flatten().map_or_else(|| have.clone(), |cell| text(&cell, join.span));
                (condition.clone(), value)
            });
            let kind = ExprKind::Case { arms: cases.collect(), otherwise: Some(Box::new(have.clone())) };
            defined.push((column.clone(), Expr::new(kind, Type::UNKNOWN, true, join.span)));
        }
        self.columns.extend(defined);
        Ok(())
    }
}

/// Columns, and rows of texts.
type Rows = (Vec<Name>, Vec<Vec<Option<String>>>);

/// Columns and rows of a relation that needs no events.
fn known_rows(rel: &Rel) -> Option<Rows> {
    match rel {
        Rel::Values(values) if values.external => None,
        Rel::Values(values) => Some((values.columns.clone(), values.rows.clone())),
        Rel::Project { input, columns } => {
            let (have, rows) = known_rows(input)?;
            let at: Vec<usize> = columns
                .iter()
                .map(|(_, e)| e.as_column().and_then(|name| have.iter().position(|h| h == name)))
                .collect::<Option<_>>()?;
            let rows = rows.iter().map(|r| at.iter().map(|i| r.get(*i).cloned().flatten()).collect()).collect();
            Some((columns.iter().map(|(name, _)| name.clone()).collect(), rows))
        }
        Rel::Scan(_)
        | Rel::Filter { .. }
        | Rel::Extend { .. }
        | Rel::Aggregate { .. }
        | Rel::Window { .. }
        | Rel::Unnest { .. }
        | Rel::Join(_)
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Sort { .. }
        | Rel::Limit { .. }
        | Rel::Distinct { .. }
        | Rel::Lookup(_)
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => None,
    }
}

fn cell<'t>(table: &LookupTable, row: &'t [String], column: &Name) -> Option<&'t str> {
    let at = table.columns.iter().position(|c| c == column)?;
    Some(row.get(at).map_or("", String::as_str))
}

/// How a cell matches the text.
fn matches(table: &LookupTable, column: &Name, value: &Expr, cell: &str) -> Expr {
    let case = if table.case_sensitive { Case::Sensitive } else { Case::Insensitive };
    let kind = match table.matching.iter().find(|(c, _)| c == column).map(|(_, m)| *m) {
        None => return equals(value, cell, case),
        Some(MatchType::Wildcard) => {
            let pieces = cell.chars().map(|c| match c {
                '*' => ir::Piece::Any,
                c => ir::Piece::Text(c.to_string()),
            });
            ExprKind::Like { value: Box::new(value.clone()), pattern: ir::Pattern::new(pieces), case }
        }
        Some(MatchType::Cidr) => ExprKind::InCidr { value: Box::new(value.clone()), cidr: cell.to_owned() },
    };
    Expr::new(kind, Type::BOOLEAN, value.nullable, value.span)
}

fn equals(value: &Expr, cell: &str, case: Case) -> Expr {
    Expr::compare(CompareOp::Eq, value.clone(), text(cell, value.span), case)
}

/// A cell as a value.
fn text(cell: &str, span: Span) -> Expr {
    Expr::string(cell, span)
}

/// Whether at most one row can match: exact keys, each once.
pub(super) fn has_distinct_keys(lookup: &Lookup) -> bool {
    let table = &lookup.table;
    if lookup.on.iter().any(|(c, _)| table.matching.iter().any(|(m, _)| m == c)) {
        return false;
    }
    let mut seen = std::collections::BTreeSet::new();
    table.rows.iter().all(|row| {
        let key: Vec<String> = lookup
            .on
            .iter()
            .map(|(column, _)| {
                let text = cell(table, row, column).unwrap_or_default();
                if table.case_sensitive { text.to_owned() } else { text.to_lowercase() }
            })
            .collect();
        seen.insert(key)
    })
}
