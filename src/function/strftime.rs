//! `strftime(time, format)`: the time as text (date and time functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Type};

pub(super) static FUNCTION: Function =
    Function { name: "strftime", usage: "strftime(time, \"format\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let format = call.literal_text(1, "the format")?;
    let time = call.take(0);
    call.single(&time)?;
    let nullable = time.nullable || time.ty.is_text();
    Ok(Expr::new(ExprKind::FormatTime { time: Box::new(time), format }, Type::STRING, nullable, call.span))
}
