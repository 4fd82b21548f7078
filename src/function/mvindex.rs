//! `mvindex(field, start[, end])`: values by position from 0, negative from the end; NULL outside (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvindex", usage: "mvindex(field, start[, end])", arity: (2, 3), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let scalar = call.arguments[0].ty.scalar;
    let ty = if call.arguments.len() == 3 { Type::many(scalar) } else { Type::one(scalar) };
    call.pass_nullable(ty)
}
