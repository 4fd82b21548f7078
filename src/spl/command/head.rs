//! `head`: the first rows, 10 where no number is given (Search Reference, `head`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::Rel;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Head {
    pub count: u64,
}

const HELP: &str = "write `head 10`";

impl Syntax for Head {
    const NAMES: &'static [&'static str] = &["head"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        if p.at_stage_end() {
            return Ok(Head { count: 10 });
        }
        if let Some((option, value)) = p.option()? {
            return match option.text.as_str() {
                "limit" => Ok(Head { count: p.number("limit", &value)? }),
                "null" | "keeplast" => Err(p.unsupported_option("head", &option)),
                _ => Err(p.unknown_option("head", &option, &["limit"])),
            };
        }
        if p.peek() == Some('(') {
            let span = p.span(p.pos(), p.pos() + 1);
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, "`head` with a condition is not supported", span, HELP));
        }
        let word = p.expect_name("a number", HELP)?;
        Ok(Head { count: p.number("head", &word)? })
    }

    fn print(&self, out: &mut Printer) {
        out.number(self.count);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Limit { input, count: self.count, last: false, span });
        Ok(())
    }
}
