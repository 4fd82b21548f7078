//! `typeof(x)`: `Number`, `String`, `Boolean`, or `Invalid` for NULL (informational functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "typeof", usage: "typeof(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass(Type::STRING)
}
