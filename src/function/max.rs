//! `max(x, …)`: the greatest of the arguments; text after numbers (statistical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::Expr;

pub(super) static FUNCTION: Function =
    Function { name: "max", usage: "max(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let ty = super::call::common_type(&call.arguments);
    call.pass_nullable(ty)
}
