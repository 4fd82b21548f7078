//! `bit_and(a, b, …)`: the bits that all have. Whole numbers from 0 on; NULL for others (bitwise functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "bit_and", usage: "bit_and(number, number, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.numbers()?;
    call.pass_nullable(Type::INTEGER)
}
