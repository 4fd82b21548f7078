//! `mvfind(field, regex)`: the position from 0 of the first value that matches, NULL for none (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvfind", usage: "mvfind(field, \"regex\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let regex = call.take(1);
    call.single(&regex)?;
    call.arguments[1] = super::call::to_text(regex);
    call.pass_nullable(Type::INTEGER)
}
