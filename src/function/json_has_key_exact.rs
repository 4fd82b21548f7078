//! `json_has_key_exact(object, key)`: whether it has the key, dots included (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_has_key_exact", usage: "json_has_key_exact(object, key)", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    call.pass_nullable(Type::BOOLEAN)
}
