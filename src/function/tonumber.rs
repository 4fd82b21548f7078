//! `tonumber(text[, base])`: NULL where the text is no number (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Scalar, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tonumber", usage: "tonumber(text[, base])", arity: (1, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments.len() == 2 && call.literal_integer(1) != Some(10) {
        return call.pass_nullable(Type::INTEGER);
    }
    let value = call.take(0);
    call.single(&value)?;
    if value.ty.is_numeric() {
        return Ok(value);
    }
    let kind = ExprKind::Cast { value: Box::new(value), to: Scalar::Double };
    Ok(Expr::new(kind, Type::DOUBLE, true, call.span))
}
