//! `json_set(object, path, x, …)`: sets the values at paths (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_set", usage: "json_set(object, path, value, …)", arity: (3, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    pairs(&call)?;
    call.pass_nullable(Type::JSON)
}

/// That an object and pairs of place and value are given.
pub(super) fn pairs(call: &Call<'_>) -> Result<(), Fault> {
    call.single(&call.arguments[0])?;
    if call.arguments.len() % 2 == 1 {
        return Ok(());
    }
    let message = format!("`{}` takes an object, then places and values in pairs", call.name);
    Err(Fault::arguments(message, format!("write `{}(object, place, value, …)`", call.name), call.span))
}
