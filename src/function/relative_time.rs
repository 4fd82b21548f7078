//! `relative_time(time, modifier)`: the time moved and snapped, e.g. by `-1d@d` (date and time functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Type};

pub(super) static FUNCTION: Function =
    Function { name: "relative_time", usage: "relative_time(time, \"modifier\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let text = call.literal_text(1, "the time modifier")?;
    let Some(shift) = crate::time::parse_relative(&text) else {
        let message = format!("`{text}` is no time modifier");
        return Err(Fault::arguments(message, "write e.g. `-1d@d`", call.arguments[1].span));
    };
    let time = call.take(0);
    call.single(&time)?;
    let nullable = time.nullable || time.ty.is_text();
    Ok(Expr::new(ExprKind::RelativeTime { time: Box::new(time), shift }, Type::TIME, nullable, call.span))
}
