//! `split(text, delimiter)`: a multivalue of the parts (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Scalar, Type};

pub(super) static FUNCTION: Function =
    Function { name: "split", usage: "split(text, \"delimiter\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let text = call.take(0);
    call.single(&text)?;
    call.arguments[0] = super::call::to_text(text);
    call.pass(Type::many(Scalar::Unknown))
}
