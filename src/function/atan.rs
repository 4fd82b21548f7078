//! `atan(x)`: the angle of [-π/2, π/2] whose tangent is x (trigonometry and hyperbolic functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "atan", usage: "atan(number)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_numbers(Type::DOUBLE)
}
