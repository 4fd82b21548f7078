//! `pi()` (mathematical functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "pi", usage: "pi()", arity: (0, 0), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    Ok(Expr::new(crate::ir::ExprKind::Literal(crate::ir::Literal::Double(std::f64::consts::PI)), Type::DOUBLE, false, call.span))
}
