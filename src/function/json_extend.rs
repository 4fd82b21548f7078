//! `json_extend(object, path, x, …)`: appends the elements of the values to the lists at paths (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_extend", usage: "json_extend(object, path, value, …)", arity: (3, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    super::json_set::pairs(&call)?;
    call.pass_nullable(Type::JSON)
}
