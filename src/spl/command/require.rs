//! `require`: fails a search that has no rows at this point (Search Reference, `require`). The rows stay as they are.

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Require;

impl Syntax for Require {
    const NAMES: &'static [&'static str] = &["require"];

    fn parse(_: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Require)
    }

    fn print(&self, _: &mut Printer) {}

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        let message = "where no row comes this far, Splunk fails the search; here the query goes on without rows";
        lowering.sink.push(Diagnostic::new(&code::READING, message).at(span));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ir, notes};

    #[test]
    fn the_rows_stay_and_it_is_said() {
        insta::assert_snapshot!(ir("table awsRegion | require"), @r#"
        project awsRegion
        => awsRegion: string
        "#);
        insta::assert_snapshot!(notes("table awsRegion | require"), @"C408 where no row comes this far, Splunk fails the search; here the query goes on without rows");
    }
}
