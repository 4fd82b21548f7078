//! `json_array_to_mv(list[, keep])`: a multivalue of the elements, with `true` with quotation marks around texts (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Scalar, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_array_to_mv", usage: "json_array_to_mv(list[, keep_quotes])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.single(&call.arguments[0])?;
    call.pass_nullable(Type::many(Scalar::Unknown))
}
