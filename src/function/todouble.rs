//! `todouble(x)`: the value as a number with decimals, NULL where it is none (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "todouble", usage: "todouble(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    call.pass_nullable(Type::DOUBLE)
}
