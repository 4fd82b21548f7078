//! `coalesce(a, b, …)`: the first value that is not NULL (comparison and conditional functions).

use super::call::common_type;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Literal};

pub(super) static FUNCTION: Function =
    Function { name: "coalesce", usage: "coalesce(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let ty = common_type(&call.arguments);
    let mut values: Vec<Expr> = Vec::new();
    for value in call.arguments {
        // Behind a value that is never NULL nothing counts.
        let last = !value.nullable;
        if !matches!(value.as_literal(), Some(Literal::Null)) {
            values.push(value);
        }
        if last {
            break;
        }
    }
    let nullable = values.iter().all(|v| v.nullable);
    if values.len() <= 1 {
        return Ok(values.pop().unwrap_or_else(|| Expr::null(call.span)));
    }
    Ok(Expr::new(ExprKind::Coalesce(values), ty, nullable, call.span))
}
