//! `bit_not(a[, mask])`: the other bits, of 53 or of the mask. Whole numbers from 0 on; NULL for others (bitwise functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "bit_not", usage: "bit_not(number[, mask])", arity: (1, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.numbers()?;
    call.pass_nullable(Type::INTEGER)
}
