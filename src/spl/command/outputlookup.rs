//! `outputlookup`: writes the rows to a lookup table and passes them on (Search Reference, `outputlookup`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Outputlookup {
    pub table: Spanned,
}

impl Syntax for Outputlookup {
    const NAMES: &'static [&'static str] = &["outputlookup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        while p.option()?.is_some() {}
        let table = p.expect_name("the lookup's name", "write `outputlookup table`")?;
        while p.option()?.is_some() {}
        Ok(Outputlookup { table })
    }

    fn print(&self, out: &mut Printer) {
        let Self { table } = self;
        out.name(&table.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = format!("the rows are passed on, but not written to lookup `{}`", self.table.text);
        let help = "write the table by a job of its own; later runs of the rule in Splunk see what earlier ones wrote";
        lowering.sink.push(Diagnostic::new(&code::ALTERED_BY_WRITE, message).at(span).help(help));
        Ok(())
    }
}
