//! `mvzip(a, b[, delimiter])`: the first value of each joined, then the second, … (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvzip", usage: "mvzip(field, field[, delimiter])", arity: (2, 3), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass(Type::many(crate::ir::Scalar::String))
}
