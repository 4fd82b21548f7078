//! Commands of SPL that are not implemented. They are parsed with their arguments kept as text, so that the rest of the
//! rule is read, and refused when they are lowered.

use super::{Syntax, rest_of_stage};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

/// A stage of a command that is not implemented.
#[derive(Clone, PartialEq, Debug)]
pub struct Other {
    /// The command's name.
    pub name: &'static str,
    /// What follows the name, as it stands.
    pub arguments: Spanned,
}

/// Commands that exist in SPL and are not implemented.
pub(super) const KNOWN: &[&str] = &[
    "analyzefields",
    "arules",
    "associate",
    "bucketdir",
    "cofilter",
    "concurrency",
    "contingency",
    "correlate",
    "datamodel",
    "delete",
    "diff",
    "erex",
    "eventcount",
    "fieldsummary",
    "findtypes",
    "folderize",
    "gauge",
    "gentimes",
    "geom",
    "geomfilter",
    "geostats",
    "inputcsv",
    "kvform",
    "loglady",
    "localize",
    "outlier",
    "outputcsv",
    "outputtext",
    "overlap",
    "pivot",
    "relevancy",
    "reltime",
    "rtorder",
    "scrub",
    "searchtxn",
    "setfields",
    "sichart",
    "sirare",
    "sistats",
    "sitimechart",
    "sitop",
    "timewrap",
    "trendline",
    "tscollect",
    "typeahead",
    "typelearner",
    "typer",
    "walklex",
    "x11",
    "xmlunescape",
    "xsDisplayConcept",
];

impl Other {
    /// The stage, where SPL has a command of this name.
    pub(super) fn parse_named(name: &str, p: &mut Parser<'_>) -> Result<Option<Self>, Reported> {
        match KNOWN.iter().find(|n| **n == name) {
            Some(name) => Ok(Some(Other { name, arguments: rest_of_stage(p)? })),
            None => Ok(None),
        }
    }
}

impl Syntax for Other {
    /// Found by `parse_named`, since each name is a command of its own.
    const NAMES: &'static [&'static str] = &[];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Err(p.expected("a command", "a pipe is followed by a command"))
    }

    fn print(&self, out: &mut Printer) {
        let Self { name: _, arguments } = self;
        out.rest_of_stage(&arguments.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = format!("command `{}` is not supported", self.name);
        let help = "write the stage with other commands, or keep the rule in Splunk";
        Err(lowering.sink.fail(Diagnostic::new(&code::UNSUPPORTED_COMMAND, message).at(span).help(help)))
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, notes};

    #[test]
    fn the_stage_is_named_and_lowering_goes_on() {
        insta::assert_snapshot!(faults("x11 mult(count) as c | bin span=2weeks _time | stats count by c"), @r#"
        S204 command `x11` is not supported
        S211 spans of several weeks, months or years are not supported: where they begin is not defined
        "#);
    }
    #[test]
    fn fields_that_the_stage_may_have_made_are_not_judged() {
        insta::assert_snapshot!(notes("x11 mult(count) as c | stats count by c"), @"");
    }
}
