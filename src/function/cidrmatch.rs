//! `cidrmatch(block, address)`: whether the IP address lies in the block (comparison and conditional functions).

use super::call::to_text;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, ExprKind, Type};

pub(super) static FUNCTION: Function =
    Function { name: "cidrmatch", usage: "cidrmatch(\"block\", address)", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments[0].as_literal().is_none() {
        // A block that each event brings along.
        return call.pass_texts(Type::BOOLEAN);
    }
    let cidr = call.literal_text(0, "the block")?;
    let (value, span) = (call.take(1), call.span);
    Ok(call.for_some(value, |value| {
        let nullable = value.nullable;
        Expr::new(ExprKind::InCidr { value: Box::new(to_text(value)), cidr }, Type::BOOLEAN, nullable, span)
    }))
}
