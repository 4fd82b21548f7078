//! `tail`: the last rows, 10 where no number is given (Search Reference, `tail`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::Rel;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Tail {
    pub count: u64,
}

const HELP: &str = "write `tail 10`";

impl Syntax for Tail {
    const NAMES: &'static [&'static str] = &["tail"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        if p.at_stage_end() {
            return Ok(Tail { count: 10 });
        }
        if let Some((option, value)) = p.option()? {
            return match option.text.as_str() {
                "limit" => Ok(Tail { count: p.number("limit", &value)? }),
                "null" | "keeplast" => Err(p.unsupported_option("tail", &option)),
                _ => Err(p.unknown_option("tail", &option, &["limit"])),
            };
        }
        if p.peek() == Some('(') {
            let span = p.span(p.pos(), p.pos() + 1);
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, "`tail` with a condition is not supported", span, HELP));
        }
        let word = p.expect_name("a number", HELP)?;
        Ok(Tail { count: p.number("tail", &word)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { count } = self;
        out.number(count);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Limit { input, count: self.count, last: true, span });
        Ok(())
    }
}
