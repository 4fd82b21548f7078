//! `mvfind(field, regex)`: the position from 0 of the first value that matches, NULL for none (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvfind", usage: "mvfind(field, \"regex\")", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.literal_text(1, "the regular expression")?;
    call.pass_nullable(Type::INTEGER)
}
