//! `pow(x, y)`: x to the power of y (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "pow", usage: "pow(number, number)", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_partial(Type::DOUBLE)
}
