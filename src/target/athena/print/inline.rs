//! Expressions on one line, and the escaping of literals and identifiers.

use std::fmt::Write;

use sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, Ident, InTarget, LambdaFunction, ObjectName, ObjectNamePart,
    OrderByExpr, OrderBySort, Query, Subscript, TableAlias, UnaryOperator, Value, WindowFrame, WindowFrameBound,
    WindowType,
};

/// An expression on one line.
pub(super) fn expr(e: &Expr) -> String {
    match e {
        Expr::Identifier(i) => identifier(i),
        Expr::CompoundIdentifier(parts) => parts.iter().map(identifier).collect::<Vec<_>>().join("."),
        Expr::Value(v) => value(&v.value),
        Expr::TypedString(t) => format!("{} {}", t.data_type, value(&t.value.value)),
        Expr::Interval(i) => {
            let unit = i.leading_field.as_ref().map_or(String::new(), |u| format!(" {u}"));
            format!("INTERVAL {}{unit}", expr(&i.value))
        }
        Expr::Nested(inner) => format!("({})", expr(inner)),
        Expr::BinaryOp { left, op, right } => format!("{} {op} {}", expr(left), expr(right)),
        Expr::UnaryOp { op: UnaryOperator::Not, expr: e } => format!("NOT {}", expr(e)),
        Expr::UnaryOp { op, expr: e } => format!("{op}{}", expr(e)),
        Expr::IsNull(e) => format!("{} IS NULL", expr(e)),
        Expr::IsNotNull(e) => format!("{} IS NOT NULL", expr(e)),
        Expr::Like { negated, expr: e, pattern, escape_char, .. } => {
            let not = if *negated { "NOT " } else { "" };
            let escape = escape_char.as_ref().map_or(String::new(), |c| format!(" ESCAPE {}", expr(c)));
            format!("{} {not}LIKE {}{escape}", expr(e), expr(pattern))
        }
        Expr::In { expr: e, target, negated, .. } => {
            let not = if *negated { "NOT " } else { "" };
            let target = match target {
                InTarget::List(items) => list(items),
                InTarget::Subquery(q) => inline_query(q),
                other => other.to_string(),
            };
            format!("{} {not}IN ({target})", expr(e))
        }
        Expr::Exists { subquery, negated } => {
            let not = if *negated { "NOT " } else { "" };
            format!("{not}EXISTS ({})", inline_query(subquery))
        }
        Expr::Subquery(q) => format!("({})", inline_query(q)),
        Expr::Tuple(parts) => format!("({})", list(parts)),
        Expr::Array(a) => format!("ARRAY[{}]", list(&a.elem)),
        Expr::Cast { kind, expr: e, data_type, .. } => {
            format!("{}({} AS {})", cast_word(kind), expr(e), type_name(data_type))
        }
        Expr::Floor { expr: e, .. } => format!("floor({})", expr(e)),
        Expr::Substring { expr: e, substring_from, substring_for, .. } => {
            let parts: Vec<String> = [Some(e), substring_from.as_ref(), substring_for.as_ref()]
                .into_iter()
                .flatten()
                .map(|e| expr(e))
                .collect();
            format!("substr({})", parts.join(", "))
        }
        Expr::Case { conditions, else_result, .. } => {
            let mut out = "CASE".to_owned();
            for arm in conditions {
                let _ = write!(out, " WHEN {} THEN {}", expr(&arm.condition), expr(&arm.result));
            }
            if let Some(e) = else_result {
                let _ = write!(out, " ELSE {}", expr(e));
            }
            out + " END"
        }
        Expr::Lambda(l) => format!("{}{}", lambda_head(l), expr(&l.body)),
        Expr::CompoundFieldAccess { root, access_chain } => expr(root) + &access(access_chain),
        Expr::Function(f) => call(f),
        other => other.to_string(),
    }
}

pub(super) fn access(chain: &[AccessExpr]) -> String {
    chain
        .iter()
        .map(|access| match access {
            AccessExpr::Dot(e) => format!(".{}", expr(e)),
            AccessExpr::Subscript(Subscript::Index { index }) => format!("[{}]", expr(index)),
            AccessExpr::Subscript(other) => format!("[{other}]"),
        })
        .collect()
}

pub(super) fn cast_word(kind: &CastKind) -> &'static str {
    match kind {
        CastKind::TryCast => "TRY_CAST",
        CastKind::Cast | CastKind::SafeCast | CastKind::DoubleColon => "CAST",
    }
}

pub(super) fn type_name(t: &DataType) -> String {
    match t {
        DataType::Array(ArrayElemTypeDef::Parenthesis(element)) => format!("ARRAY({})", type_name(element)),
        // Members of a ROW: each name with its type.
        DataType::Custom(name, words) if words.len() > 1 => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let members: Vec<String> = words.chunks(2).map(|member| member.join(" ")).collect();
            format!("{name}({})", members.join(", "))
        }
        other => other.to_string(),
    }
}

pub(super) fn list(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn inline_query(q: &Query) -> String {
    super::Printer::flat(q)
}

pub(super) fn lambda_head(l: &LambdaFunction) -> String {
    let names: Vec<String> = l.params.iter().map(|p| identifier(&p.name)).collect();
    if names.len() == 1 { format!("{} -> ", names.join("")) } else { format!("({}) -> ", names.join(", ")) }
}

fn call(f: &Function) -> String {
    let mut out = object_name(&f.name);
    if let FunctionArguments::List(args) = &f.args {
        out.push('(');
        if args.duplicate_treatment.is_some() {
            out.push_str("DISTINCT ");
        }
        let items: Vec<String> = args
            .args
            .iter()
            .map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => expr(e),
                other => other.to_string(),
            })
            .collect();
        out.push_str(&items.join(", "));
        for clause in &args.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) => {
                    let _ = write!(out, " ORDER BY {}", order_keys(keys));
                }
                other => {
                    let _ = write!(out, " {other}");
                }
            }
        }
        out.push(')');
    }
    out + &call_suffix(f)
}

pub(super) fn call_suffix(f: &Function) -> String {
    let mut out = String::new();
    if let Some(filter) = &f.filter {
        let _ = write!(out, " FILTER (WHERE {})", expr(filter));
    }
    if let Some(WindowType::WindowSpec(spec)) = &f.over {
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", list(&spec.partition_by)));
        }
        if !spec.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", order_keys(&spec.order_by)));
        }
        parts.extend(spec.window_frame.as_ref().map(frame));
        let _ = write!(out, " OVER ({})", parts.join(" "));
    }
    out
}

fn frame(f: &WindowFrame) -> String {
    let bound = |b: &WindowFrameBound| match b {
        WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
        WindowFrameBound::Preceding(Some(n)) => format!("{} PRECEDING", expr(n)),
        WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
        WindowFrameBound::Following(Some(n)) => format!("{} FOLLOWING", expr(n)),
    };
    match &f.end_bound {
        Some(end) => format!("{} BETWEEN {} AND {}", f.units, bound(&f.start_bound), bound(end)),
        None => format!("{} {}", f.units, bound(&f.start_bound)),
    }
}

pub(super) fn order_keys(keys: &[OrderByExpr]) -> String {
    keys.iter().map(order_key).collect::<Vec<_>>().join(", ")
}

pub(super) fn order_key(key: &OrderByExpr) -> String {
    let mut out = expr(&key.expr);
    if matches!(key.options.sort, Some(OrderBySort::Desc)) {
        out.push_str(" DESC");
    }
    match key.options.nulls_first {
        Some(true) => out.push_str(" NULLS FIRST"),
        Some(false) => out.push_str(" NULLS LAST"),
        None => {}
    }
    out
}

pub(super) fn alias(a: &TableAlias) -> String {
    let mut out = identifier(&a.name);
    if !a.columns.is_empty() {
        let columns: Vec<String> = a.columns.iter().map(|c| identifier(&c.name)).collect();
        let _ = write!(out, " ({})", columns.join(", "));
    }
    out
}

pub(super) fn object_name(name: &ObjectName) -> String {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(i) => identifier(i),
            other => other.to_string(),
        })
        .collect::<Vec<_>>()
        .join(".")
}

pub(super) fn identifier(i: &Ident) -> String {
    match i.quote_style {
        Some(_) => format!("\"{}\"", i.value.replace('"', "\"\"")),
        None => i.value.clone(),
    }
}

fn value(v: &Value) -> String {
    match v {
        Value::SingleQuotedString(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Null => "NULL".to_owned(),
        Value::Number(..) | Value::Boolean(_) | Value::Placeholder(_) => v.to_string(),
        other => other.to_string(),
    }
}
