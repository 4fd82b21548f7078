//! `mvsort(field)`: the values sorted as text (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvsort", usage: "mvsort(field)", arity: (1, 1), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if !call.arguments[0].ty.multivalue {
        return Ok(call.take(0));
    }
    let ty = Type::many(call.arguments[0].ty.scalar);
    call.pass(ty)
}
