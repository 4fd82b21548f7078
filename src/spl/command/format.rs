//! `format`: turns a subsearch's rows into a condition; its default is what a subsearch does anyway (Search Reference, `format`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Format;

impl Syntax for Format {
    const NAMES: &'static [&'static str] = &["format"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        if p.at_stage_end() {
            return Ok(Format);
        }
        p.skip_space();
        let start = p.pos();
        p.recover();
        let span = p.span_from(start);
        let message = "`format` with arguments of its own is not supported";
        Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, span, "leave the arguments out"))
    }

    fn print(&self, _: &mut Printer) {}

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.is_inner() {
            return Ok(());
        }
        Err(super::unsupported(lowering, span, "`format` outside a subsearch is not supported", "remove it"))
    }
}
