//! `isbool(x)`: whether the value is the result of a condition (informational functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Scalar};

pub(super) static FUNCTION: Function =
    Function { name: "isbool", usage: "isbool(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let value = call.take(0);
    Ok(Expr::boolean(value.ty.scalar == Scalar::Boolean, call.span))
}
