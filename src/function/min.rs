//! `min(x, …)`: the least of the arguments; numbers before text (statistical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::Expr;

pub(super) static FUNCTION: Function =
    Function { name: "min", usage: "min(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let ty = super::call::common_type(&call.arguments);
    call.pass_nullable(ty)
}
