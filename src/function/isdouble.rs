//! `isdouble(x)`: whether it is a number with decimals (informational functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "isdouble", usage: "isdouble(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::BOOLEAN)
}
