//! `abs(x)`: the absolute value (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "abs", usage: "abs(number)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let ty = if call.arguments[0].ty == Type::INTEGER { Type::INTEGER } else { Type::DOUBLE };
    call.pass_numbers(ty)
}
