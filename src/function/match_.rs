//! `match(text, regex)`: whether the regular expression (PCRE) matches somewhere, with case (comparison and conditional functions).

use super::call::to_text;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Type};

pub(super) static FUNCTION: Function =
    Function { name: "match", usage: "match(text, \"regex\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments[1].as_literal().is_none() {
        // A pattern that each event brings along.
        return call.pass_texts(Type::BOOLEAN);
    }
    let regex = call.literal_text(1, "the regular expression")?;
    let (value, span) = (call.take(0), call.span);
    Ok(call.for_some(value, |value| {
        let nullable = value.nullable;
        Expr::new(ExprKind::Regex { value: Box::new(to_text(value)), regex }, Type::BOOLEAN, nullable, span)
    }))
}
