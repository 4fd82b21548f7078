//! `tan(x)`: the tangent of an angle in radians (trigonometry and hyperbolic functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tan", usage: "tan(number)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_numbers(Type::DOUBLE)
}
