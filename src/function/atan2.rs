//! `atan2(y, x)`: the angle of the point (x, y), from -π to π (trigonometry and hyperbolic functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "atan2", usage: "atan2(y, x)", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_numbers(Type::DOUBLE)
}
