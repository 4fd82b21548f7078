//! `time()`: the present moment; within one query the same as `now()` (date and time functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "time", usage: "time()", arity: (0, 0), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    Ok(Expr::new(crate::ir::ExprKind::Now, Type::TIME, false, call.span))
}
