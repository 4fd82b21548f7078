//! `sum(x, …)`: of those that are numbers; NULL where none is (statistical eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Scalar, Type};

pub(super) static FUNCTION: Function =
    Function { name: "sum", usage: "sum(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let integers = call.arguments.iter().all(|a| a.ty.scalar == Scalar::Integer);
    let all = call.arguments.iter().all(|a| a.ty.is_numeric() && !a.nullable);
    let ty = if integers { Type::INTEGER } else { Type::DOUBLE };
    if all { call.pass(ty) } else { call.pass_nullable(ty) }
}
