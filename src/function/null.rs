//! `null()` (comparison and conditional functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::Expr;

pub(super) static FUNCTION: Function =
    Function { name: "null", usage: "null()", arity: (0, 0), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    Ok(Expr::null(call.span))
}
