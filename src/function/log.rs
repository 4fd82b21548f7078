//! `log(x[, base])`: the logarithm, to base 10 where none is given (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "log", usage: "log(number[, base])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_partial(Type::DOUBLE)
}
