//! `bit_or(a, b, …)`: the bits that some has. Whole numbers from 0 on; NULL for others (bitwise functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "bit_or", usage: "bit_or(number, number, …)", arity: (1, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.numbers()?;
    call.pass_nullable(Type::INTEGER)
}
