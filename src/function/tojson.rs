//! `tojson(x[, infer])`: the value as JSON (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tojson", usage: "tojson(value[, infer])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::JSON)
}
