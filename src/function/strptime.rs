//! `strptime(text, format)`: the time that the text says, NULL where it does not fit (date and time functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Type};

pub(super) static FUNCTION: Function =
    Function { name: "strptime", usage: "strptime(text, \"format\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let format = call.literal_text(1, "the format")?;
    let text = call.take(0);
    call.single(&text)?;
    let kind = ExprKind::ParseTime { text: Box::new(super::call::to_text(text)), format };
    Ok(Expr::new(kind, Type::TIME, true, call.span))
}
