//! `isnotnull(x)` (informational functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::Expr;

pub(super) static FUNCTION: Function =
    Function { name: "isnotnull", usage: "isnotnull(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    Ok(call.take(0).is_not_null())
}
