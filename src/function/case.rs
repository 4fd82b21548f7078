//! `case(c1, v1, c2, v2, …)`: the value of the first true condition, NULL where none is (comparison and conditional functions).

use super::call::common_type;
use super::{Call, Fault, Function};
use crate::ir::{Expr, ExprKind};

pub(super) static FUNCTION: Function =
    Function { name: "case", usage: "case(condition, value, …)", arity: (2, usize::MAX), condition: |index, _| index % 2 == 0, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments.len() % 2 == 1 {
        let message = "`case` takes pairs of a condition and a value";
        return Err(Fault::arguments(message, "end with `true(), value` for all other events", call.span));
    }
    let mut arms = Vec::new();
    let mut otherwise = None;
    let mut arguments = call.arguments.into_iter();
    while let (Some(condition), Some(value)) = (arguments.next(), arguments.next()) {
        if condition.is_literal_true() {
            otherwise = Some(Box::new(value));
            break;
        }
        arms.push((condition, value));
    }
    let values = || arms.iter().map(|(_, v)| v).chain(otherwise.as_deref());
    let ty = common_type(values());
    let nullable = otherwise.is_none() || values().any(|v| v.nullable);
    Ok(Expr::new(ExprKind::Case { arms, otherwise }, ty, nullable, call.span))
}
