//! `hypot(x, y)`: the hypotenuse of a right triangle with these legs (trigonometry and hyperbolic functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "hypot", usage: "hypot(number, number)", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_numbers(Type::DOUBLE)
}
