//! `json_extract_exact(text[, key, …])`: the value of a key, dots included; of several a JSON list; without one the whole (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Literal, Step, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_extract_exact", usage: "json_extract_exact(text[, key, …])", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    let key = match call.arguments.as_slice() {
        [_, key] => match key.as_literal() {
            Some(Literal::String(key)) => Some(key.clone()),
            _ => None,
        },
        _ => None,
    };
    if let Some(key) = key {
        let (value, path) = (Box::new(call.take(0)), vec![Step::Key(key)]);
        return Ok(Expr::new(ExprKind::JsonPath { value, path }, Type::UNKNOWN, true, call.span));
    }
    let ty = if call.arguments.len() > 2 { Type::JSON } else { Type::UNKNOWN };
    call.pass_nullable(ty)
}
