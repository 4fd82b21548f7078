//! `where`: keeps rows for which an expression is true; NULL is not (Search Reference, `where`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::eval::{self, Eval};
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Where {
    pub condition: Eval,
}

impl Syntax for Where {
    const NAMES: &'static [&'static str] = &["where"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Where { condition: eval::parse(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { condition } = self;
        out.eval(condition);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let predicate = lowering.predicate(&self.condition)?;
        lowering.filter(predicate, span)
    }
}
