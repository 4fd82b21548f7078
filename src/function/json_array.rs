//! `json_array(x, …)`: a JSON list of the values (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_array", usage: "json_array(value, …)", arity: (0, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_present(Type::JSON)
}
