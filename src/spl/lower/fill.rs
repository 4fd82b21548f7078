//! A value in place of NULL, as `fillnull` puts it.

use super::search::literal_number;
use crate::ir::{Expr, ExprKind, Type};
use crate::source::Span;

/// The value, or the filling where it is NULL.
pub(crate) fn fill(value: Expr, filling: &str, span: Span) -> Expr {
    let literal = match literal_number(filling, span) {
        Some(number) if value.ty.is_numeric() || value.is_null_literal() => number,
        _ => Expr::string(filling, span),
    };
    if value.is_null_literal() {
        return literal;
    }
    if !value.nullable {
        return value;
    }
    let ty = if value.ty == Type::STRING || value.ty == Type::UNKNOWN { value.ty } else { value.ty.union(literal.ty) };
    let ty = if value.ty == Type::TIME && literal.ty.is_numeric() { Type::TIME } else { ty };
    Expr::new(ExprKind::Coalesce(vec![value, literal]), ty, false, span)
}
