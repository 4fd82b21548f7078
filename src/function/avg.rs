//! `avg(x, …)`: the mean of those that are numbers; NULL where none is (statistical eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "avg", usage: "avg(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let all = call.arguments.iter().all(|a| a.ty.is_numeric() && !a.nullable);
    if all { call.pass(Type::DOUBLE) } else { call.pass_nullable(Type::DOUBLE) }
}
