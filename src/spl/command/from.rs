//! `from`: the events of a data model (Search Reference, `from`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::Search;

#[derive(Clone, PartialEq, Debug)]
pub struct From {
    /// `Model.Dataset` or `Model`.
    pub datamodel: Spanned,
}

const HELP: &str = "write `from datamodel:Model.Dataset`";

impl Syntax for From {
    const NAMES: &'static [&'static str] = &["from"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let word = p.expect_name("a data set", HELP)?;
        let (kind, rest) = match word.text.split_once(':') {
            Some((kind, rest)) => (kind.to_owned(), rest.to_owned()),
            None => (word.text.clone(), String::new()),
        };
        if !kind.eq_ignore_ascii_case("datamodel") {
            let message = format!("`from {kind}` is not supported");
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, word.span, HELP));
        }
        let datamodel = if rest.is_empty() {
            p.eat(":");
            p.expect_name("a data model", HELP)?
        } else {
            Spanned { text: rest, span: word.span }
        };
        Ok(From { datamodel })
    }

    fn print(&self, out: &mut Printer) {
        let Self { datamodel } = self;
        out.word("datamodel:");
        out.glued_name(&datamodel.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`from` in the middle of a search is not supported";
            return Err(super::unsupported(lowering, span, message, "begin the search with it"));
        }
        lowering.scan_datamodel(&self.datamodel, &Search::And(Vec::new()), span)
    }
}
