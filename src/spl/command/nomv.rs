//! `nomv`: makes one value of a multivalue field, its values on lines of their own (Search Reference, `nomv`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Nomv {
    pub field: Spanned,
}

impl Syntax for Nomv {
    const NAMES: &'static [&'static str] = &["nomv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Nomv { field: p.expect_name("a field name", "write `nomv field`")? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field } = self;
        out.name(&field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        if !value.ty.multivalue {
            return Ok(());
        }
        let nullable = value.nullable;
        let args = vec![value, Expr::string("\n", span)];
        let joined = Expr::new(ExprKind::Call { function: "mvjoin", args }, Type::STRING, nullable, span);
        lowering.extend(vec![(self.field.text.as_str().into(), joined)], span)
    }
}
