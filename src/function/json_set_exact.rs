//! `json_set_exact(object, key, x, …)`: sets the values of keys, dots included (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_set_exact", usage: "json_set_exact(object, key, value, …)", arity: (3, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    super::json_set::pairs(&call)?;
    call.pass_nullable(Type::JSON)
}
