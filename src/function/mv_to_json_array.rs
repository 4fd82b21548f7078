//! `mv_to_json_array(field[, infer])`: a JSON list of the values, with `true` of the types that they look like (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mv_to_json_array", usage: "mv_to_json_array(field[, infer_types])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::JSON)
}
