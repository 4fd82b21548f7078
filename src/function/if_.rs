//! `if(condition, a, b)`: b also where the condition is NULL (comparison and conditional functions).

use super::call::common_type;
use super::{Call, Fault, Function};
use crate::ir::{Expr, ExprKind};

pub(super) static FUNCTION: Function =
    Function { name: "if", usage: "if(condition, value, value)", arity: (3, 3), condition: |index, _| index == 0, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let (condition, yes, no) = (call.take(0), call.take(1), call.take(2));
    let ty = common_type([&yes, &no]);
    let nullable = yes.nullable || no.nullable;
    let kind = ExprKind::Case { arms: vec![(condition, yes)], otherwise: Some(Box::new(no)) };
    Ok(Expr::new(kind, ty, nullable, call.span))
}
