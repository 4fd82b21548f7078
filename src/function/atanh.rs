//! `atanh(x)`: the inverse of the hyperbolic tangent; NULL outside of (-1, 1) (trigonometry and hyperbolic functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "atanh", usage: "atanh(number)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.numbers()?;
    call.pass_nullable(Type::DOUBLE)
}
