//! `spath(text, path)`: the value at a path of a JSON text (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Scalar, Step, Type, parse_path};

pub(super) static FUNCTION: Function =
    Function { name: "spath", usage: "spath(text, \"path\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let path = call.literal_text(1, "the path")?;
    let text = call.take(0);
    call.single(&text)?;
    let Some(path) = parse_path(&path) else {
        return Err(Fault::arguments(format!("`{path}` is no path"), "write e.g. `a.b{}.c`", call.arguments[1].span));
    };
    let many = path.contains(&Step::Each);
    let ty = Type { scalar: Scalar::Unknown, multivalue: many };
    Ok(Expr::new(ExprKind::JsonPath { value: Box::new(text), path }, ty, true, call.span))
}
