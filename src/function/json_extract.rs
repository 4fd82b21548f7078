//! `json_extract(text[, path, …])`: the value at a path; of several paths a JSON list; without one the whole (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Literal, Step, Type, parse_path};

pub(super) static FUNCTION: Function =
    Function { name: "json_extract", usage: "json_extract(text[, path, …])", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    let path = match call.arguments.as_slice() {
        [_, path] => match path.as_literal() {
            Some(Literal::String(text)) => match parse_path(text) {
                // Of several elements it makes a JSON list, where `spath` gives several values.
                Some(steps) => Some(steps).filter(|s| !s.contains(&Step::Each)),
                None => return Err(Fault::arguments(format!("`{text}` is no path"), "write e.g. `a.b{0}.c`", path.span)),
            },
            _ => None,
        },
        _ => None,
    };
    if let Some(path) = path {
        let value = Box::new(call.take(0));
        return Ok(Expr::new(ExprKind::JsonPath { value, path }, Type::UNKNOWN, true, call.span));
    }
    let ty = if call.arguments.len() > 2 { Type::JSON } else { Type::UNKNOWN };
    call.pass_nullable(ty)
}
