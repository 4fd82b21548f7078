//! `ltrim(text[, characters])`: removes blanks and tabs, or the characters, on the left (text functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "ltrim", usage: "ltrim(text[, characters])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_texts(Type::STRING)
}
