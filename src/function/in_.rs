//! `in(x, a, b, …)`: whether the value equals one of the others, with case (comparison and conditional functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Literal, Type};

pub(super) static FUNCTION: Function =
    Function { name: "in", usage: "in(value, value, …)", arity: (2, usize::MAX), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let value = call.take(0);
    let span = call.span;
    let items: Vec<Expr> = call.arguments.drain(1..).collect();
    let texts: Option<Vec<String>> = items
        .iter()
        .map(|i| match i.as_literal() {
            Some(Literal::String(text)) => Some(text.clone()),
            _ => None,
        })
        .collect();
    Ok(call.for_some(value, |value| match texts {
        Some(items) if value.ty.is_text() => {
            let nullable = value.nullable;
            let kind = ExprKind::OneOf { value: Box::new(value), items, case: Case::Sensitive };
            Expr::new(kind, Type::BOOLEAN, nullable, span)
        }
        _ => {
            let equal = |item| Expr::compare(CompareOp::Eq, value.clone(), item, Case::Sensitive);
            Expr::or(items.into_iter().map(equal).collect(), span)
        }
    }))
}
