//! `json_entries(object)`: a JSON list of objects with `key` and `value` (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_entries", usage: "json_entries(object)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    call.pass_nullable(Type::JSON)
}
