//! `replace(text, regex, replacement)`: every match replaced; `\\1` is a group (text functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "replace", usage: "replace(text, \"regex\", replacement)", arity: (3, 3), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let text = call.take(0);
    call.single(&text)?;
    call.arguments[0] = super::call::to_text(text);
    call.literal_text(1, "the regular expression")?;
    call.pass(Type::UNKNOWN)
}
