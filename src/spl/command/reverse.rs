//! `reverse`: the rows in the opposite order (Search Reference, `reverse`). The set of rows stays the same.

use super::Syntax;
use crate::diagnostic::Reported;
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
        lowering.reversed(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn rows_are_sorted_by_their_number() {
        insta::assert_snapshot!(ir("stats count by awsRegion | reverse | head 2"), @r#"
        aggregate count = count()
            by awsRegion
        window `(row 1)` = count() over rows so far
        sort `(row 1)` desc as number
        project awsRegion, count
        first 2
        => awsRegion: string, count: integer
        "#);
    }

    #[test]
    fn events_can_be_reversed() {
        insta::assert_snapshot!(ir("reverse | table awsRegion"), @r#"
        window `(row 1)` = count() over rows so far
        sort `(row 1)` desc as number
        project awsRegion
        => awsRegion: string
        "#);
    }

    #[test]
    fn there_are_no_arguments() {
        insta::assert_snapshot!(faults("reverse awsRegion"), @"S201 expected `|` or the end of the search, found `awsRegion`");
    }
}
