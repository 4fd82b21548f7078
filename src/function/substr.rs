//! `substr(text, start[, length])`: counted from 1; a negative start counts from the end (text functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "substr", usage: "substr(text, start[, length])", arity: (2, 3), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let text = call.take(0);
    call.single(&text)?;
    // The result of a text that may be a number may be a number too.
    let ty = if text.ty.is_text() { Type::UNKNOWN } else { Type::STRING };
    call.arguments[0] = super::call::to_text(text);
    call.pass(ty)
}
