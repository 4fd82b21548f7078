//! `exact(x)`: the value of a calculation without rounding of its output (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::Expr;

pub(super) static FUNCTION: Function =
    Function { name: "exact", usage: "exact(number)", arity: (1, 1), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    Ok(call.take(0))
}
