//! `bit_shift_right(a, n)`: the bits moved to the right. Whole numbers from 0 on; NULL for others (bitwise functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "bit_shift_right", usage: "bit_shift_right(number, offset)", arity: (2, 2), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.numbers()?;
    call.pass_nullable(Type::INTEGER)
}
