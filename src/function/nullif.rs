//! `nullif(a, b)`: NULL where both are equal, else a (comparison and conditional functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Case, CompareOp, Expr, ExprKind};

pub(super) static FUNCTION: Function =
    Function { name: "nullif", usage: "nullif(value, value)", arity: (2, 2), condition: no_condition, lower };

/// Bound on the size of an argument that stands twice in what the call is lowered to.
const MOST_DOUBLED: usize = 400;

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let (a, b) = (call.take(0), call.take(1));
    call.single(&a)?;
    call.single(&b)?;
    // The first argument stands twice, so a nest of calls doubles with each level.
    if a.size() > MOST_DOUBLED {
        let message = "`nullif` of an expression as large as this is not supported";
        return Err(Fault::unsupported(message, "compute the value with `eval` before", a.span));
    }
    let ty = a.ty;
    let equal = Expr::compare(CompareOp::Eq, a.clone(), b, Case::Sensitive);
    let kind = ExprKind::Case { arms: vec![(equal, Expr::null(call.span))], otherwise: Some(Box::new(a)) };
    Ok(Expr::new(kind, ty, true, call.span))
}
