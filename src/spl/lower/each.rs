//! What takes one value, on a multivalue field: each of its values in turn.

use super::Lowering;
use crate::ir::{Expr, ExprKind, Type};
use crate::source::Span;

/// A multivalue field whose values are worked on one by one.
pub(crate) struct Each {
    value: Expr,
    variable: u32,
}

impl Each {
    /// The whole, from what one value becomes: of a test whether some value passes; else what the values become, without NULLs,
    /// and where one becomes several these follow each other.
    pub(crate) fn close(self, body: Expr, span: Span) -> Expr {
        if body.kind == ExprKind::Variable(self.variable) {
            return self.value;
        }
        let Each { value, variable } = self;
        let (value, body) = (Box::new(value), Box::new(body));
        if body.ty == Type::BOOLEAN {
            let nullable = value.nullable;
            return Expr::new(ExprKind::Any { value, variable, predicate: body }, Type::BOOLEAN, nullable, span);
        }
        let (ty, nullable) = (Type::many(body.ty.scalar), value.nullable || body.nullable);
        Expr::new(ExprKind::MapValues { value, variable, body }, ty, nullable, span)
    }
}

impl Lowering<'_> {
    /// Begins to work on each value of a multivalue field: the expression of one of them.
    pub(crate) fn open(&mut self, value: Expr) -> (Each, Expr) {
        match value.kind {
            // What was mapped already goes on in the same pass. Where a value can become NULL, it would be left out first.
            ExprKind::MapValues { value, variable, body } if !body.nullable && !body.ty.multivalue => {
                (Each { value: *value, variable }, *body)
            }
            _ => {
                let variable = self.variable();
                let element = Expr::new(ExprKind::Variable(variable), value.ty.element(), false, value.span);
                (Each { value, variable }, element)
            }
        }
    }

    /// `f` on the value, or on each value of a multivalue field.
    pub(crate) fn each_value(&mut self, value: Expr, span: Span, f: impl FnOnce(Expr) -> Expr) -> Expr {
        if !value.ty.multivalue {
            return f(value);
        }
        let (each, one) = self.open(value);
        each.close(f(one), span)
    }
}
