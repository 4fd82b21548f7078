//! `tobool(x)`: true for `true` and numbers but 0, false for `false` and 0, else NULL (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tobool", usage: "tobool(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    call.pass_nullable(Type::BOOLEAN)
}
