//! `like(text, pattern)`: `%` is any text, `_` one character, with case (comparison and conditional functions).

use super::call::to_text;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{Case, Expr, ExprKind, Pattern, Piece, Type};

pub(super) static FUNCTION: Function =
    Function { name: "like", usage: "like(text, \"pattern\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments[1].as_literal().is_none() {
        // A pattern that each event brings along.
        return call.pass_texts(Type::BOOLEAN);
    }
    let pattern = call.literal_text(1, "the pattern")?;
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match (c, chars.peek()) {
            ('%', _) => Piece::Any,
            ('_', _) => Piece::One,
            ('\\', Some(next @ ('%' | '_'))) => {
                let text = Piece::Text(next.to_string());
                chars.next();
                text
            }
            (c, _) => Piece::Text(c.to_string()),
        });
    }
    let pattern = Pattern::new(pieces);
    let (value, span) = (call.take(0), call.span);
    Ok(call.for_some(value, |value| {
        let nullable = value.nullable;
        let value = Box::new(to_text(value));
        Expr::new(ExprKind::Like { value, pattern, case: Case::Sensitive }, Type::BOOLEAN, nullable, span)
    }))
}
