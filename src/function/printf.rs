//! `printf(format, x, …)`: values written as the format says, like in C (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "printf", usage: "printf(\"format\", value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    for argument in &call.arguments {
        call.single(argument)?;
    }
    if !call.arguments[0].ty.is_text() {
        let message = "the format of `printf` is a text";
        return Err(Fault::types(message, "write e.g. `printf(\"%s: %d\", name, number)`", call.arguments[0].span));
    }
    call.pass_nullable(Type::STRING)
}
