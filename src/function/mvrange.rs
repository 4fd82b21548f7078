//! `mvrange(start, end[, step])`: the numbers from start up to, not including, end (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvrange", usage: "mvrange(start, end[, step])", arity: (2, 3), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::many(crate::ir::Scalar::Integer))
}
