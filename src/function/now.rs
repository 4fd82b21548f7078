//! `now()`: the moment at which the search began (date and time functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "now", usage: "now()", arity: (0, 0), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    Ok(Expr::new(crate::ir::ExprKind::Now, Type::TIME, false, call.span))
}
