//! `search`: keeps events that satisfy a condition; the first one also chooses what is read (Search Reference, `search`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;
use crate::spl::search;

#[derive(Clone, PartialEq, Debug)]
pub struct Search {
    pub condition: search::Search,
}

impl Syntax for Search {
    const NAMES: &'static [&'static str] = &["search"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Search { condition: search::parse(p, &[])? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { condition } = self;
        out.search(condition);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.scan_search(&self.condition, span);
        }
        lowering.search_filter(&self.condition)
    }
}
