//! `reverse`: the rows in the opposite order (Search Reference, `reverse`). The set of rows stays the same.

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Reverse;

impl Syntax for Reverse {
    const NAMES: &'static [&'static str] = &["reverse"];

    fn parse(_: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Reverse)
    }

    fn print(&self, _: &mut Printer) {}

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = "`reverse` before other stages is not supported";
        let help = "sort by a field instead";
        Err(lowering.sink.fail(Diagnostic::new(&code::UNSUPPORTED_SYNTAX, message).at(span).help(help)))
    }
}
