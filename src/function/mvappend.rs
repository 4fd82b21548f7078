//! `mvappend(a, b, …)`: all values in one field; NULLs are left out (multivalue eval functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "mvappend", usage: "mvappend(value, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    let scalar = super::call::common_type(&call.arguments).scalar;
    let nullable = call.arguments.iter().all(|a| a.nullable);
    let ty = Type::many(scalar);
    if nullable { call.pass_nullable(ty) } else { Ok(Expr { nullable: false, ..call.pass(ty)? }) }
}
