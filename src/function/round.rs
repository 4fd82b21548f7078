//! `round(x[, n])`: rounds to n decimals, to an integer where n is absent (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "round", usage: "round(number[, decimals])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let ty = if call.arguments.len() == 1 { Type::INTEGER } else { Type::DOUBLE };
    call.pass_numbers(ty)
}
