//! `random()`: a number from 0 to 2^31-1 (statistical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "random", usage: "random()", arity: (0, 0), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_numbers(Type::INTEGER)
}
