//! `tostring(x[, format])`: the value as text; `hex`, `commas` and `duration` format numbers (conversion functions).

use super::call::to_text;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tostring", usage: "tostring(value[, \"hex\" | \"commas\" | \"duration\"])", arity: (1, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments.len() == 2 {
        call.literal_text(1, "the format")?;
        return call.pass_numbers(Type::STRING);
    }
    let value = call.take(0);
    Ok(to_text(value))
}
