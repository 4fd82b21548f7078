//! `nullif(a, b)`: NULL where both are equal, else a (comparison and conditional functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Case, CompareOp, Expr, ExprKind};

pub(super) static FUNCTION: Function =
    Function { name: "nullif", usage: "nullif(value, value)", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let (a, b) = (call.take(0), call.take(1));
    call.single(&a)?;
    call.single(&b)?;
    let ty = a.ty;
    let equal = Expr::compare(CompareOp::Eq, a.clone(), b, Case::Sensitive);
    let kind = ExprKind::Case { arms: vec![(equal, Expr::null(call.span))], otherwise: Some(Box::new(a)) };
    Ok(Expr::new(kind, ty, true, call.span))
}
