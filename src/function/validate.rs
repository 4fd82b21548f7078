//! `validate(c1, v1, …)`: the value of the first condition that is false, NULL where all are true (comparison and conditional functions).

use super::call::common_type;
use super::{Call, Fault, Function};
use crate::ir::{Expr, ExprKind};

pub(super) static FUNCTION: Function =
    Function { name: "validate", usage: "validate(condition, value, …)", arity: (2, usize::MAX), condition: |index, _| index % 2 == 0, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments.len() % 2 == 1 {
        return Err(Fault::arguments("`validate` takes pairs of a condition and a value", "add the missing value", call.span));
    }
    let mut arms = Vec::new();
    let mut arguments = call.arguments.into_iter();
    while let (Some(condition), Some(value)) = (arguments.next(), arguments.next()) {
        arms.push((condition.negate(), value));
    }
    let ty = common_type(arms.iter().map(|(_, v)| v));
    Ok(Expr::new(ExprKind::Case { arms, otherwise: None }, ty, true, call.span))
}
