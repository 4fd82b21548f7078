//! `isobject(x)`: whether it is a JSON object (informational functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "isobject", usage: "isobject(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::BOOLEAN)
}
