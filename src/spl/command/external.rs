//! Commands whose meaning lies outside the query: a model, a mail server, another search. They are parsed with their
//! arguments kept as text, so that the rest of the rule is read, and refused when they are lowered.

use super::{Syntax, rest_of_stage};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

/// A stage that needs something which is not in the query.
#[derive(Clone, PartialEq, Debug)]
pub struct External {
    /// The command's name.
    pub name: &'static str,
    /// What it needs, for the message.
    pub needs: &'static str,
    /// What follows the name, as it stands.
    pub arguments: Spanned,
}

/// Commands whose meaning depends on something outside the query, and on what.
pub(super) const OUTSIDE: &[(&str, &str)] = &[
    ("apply", "a trained machine-learning model"),
    ("fit", "the Machine Learning Toolkit"),
    ("score", "the Machine Learning Toolkit"),
    ("summary", "a trained machine-learning model"),
    ("anomalydetection", "Splunk's anomaly model"),
    ("anomalies", "Splunk's anomaly model"),
    ("cluster", "Splunk's clustering of events"),
    ("kmeans", "Splunk's clustering of events"),
    ("predict", "Splunk's forecasting model"),
    ("map", "searches that are started for each row"),
    ("sendalert", "an alert action"),
    ("sendemail", "a mail server"),
    ("collect", "a summary index"),
    ("mcollect", "a metric index"),
    ("rest", "Splunk's REST interface"),
    ("dbinspect", "Splunk's index files"),
    ("dbxquery", "a database connection"),
    ("metadata", "Splunk's index metadata"),
    ("script", "an external program"),
    ("loadjob", "the results of a saved job"),
    ("savedsearch", "a saved search"),
    ("history", "Splunk's search history"),
    ("audit", "Splunk's audit log"),
];

impl External {
    /// The stage, where a command of this name is one of these.
    pub(super) fn parse_named(name: &str, p: &mut Parser<'_>) -> Result<Option<Self>, Reported> {
        match OUTSIDE.iter().find(|(n, _)| *n == name) {
            Some((name, needs)) => Ok(Some(External { name, needs, arguments: rest_of_stage(p)? })),
            None => Ok(None),
        }
    }
}

impl Syntax for External {
    /// Found by `parse_named`, since each name is a command of its own.
    const NAMES: &'static [&'static str] = &[];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Err(p.expected("a command", "a pipe is followed by a command"))
    }

    fn print(&self, out: &mut Printer) {
        let Self { name: _, needs: _, arguments } = self;
        out.rest_of_stage(&arguments.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = format!("`{}` needs {}, which is not in the query", self.name, self.needs);
        let help = "leave the stage out of the rule, or keep the rule in Splunk";
        Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(span).help(help)))
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn what_lies_outside_is_refused_when_lowered_and_later_faults_are_found() {
        insta::assert_snapshot!(faults(r#"map search="search x=$y$ | stats count" | stats cont by awsRegion"#), @"S205 unknown aggregation `cont`");
        insta::assert_snapshot!(faults(r#"map search="search x=$y$ | stats count" | bin span=2weeks _time | head 3"#), @r#"
        C405 `map` needs searches that are started for each row, which is not in the query
        S211 spans of several weeks, months or years are not supported: where they begin is not defined
        "#);
    }

    #[test]
    fn arguments_are_kept_over_quotes_and_brackets() {
        insta::assert_snapshot!(faults(r#"map [search a=b | stats count] maxsearches=5 | head 3"#), @"C405 `map` needs searches that are started for each row, which is not in the query");
        insta::assert_snapshot!(faults(r#"apply model "a | b | head 3"#), @"S202 a quotation mark has no partner");
        insta::assert_snapshot!(faults(r#"apply model [ b | head 3"#), @"S209 `[` has no partner");
    }

    #[test]
    fn a_rule_without_them_is_not_touched() {
        insta::assert_snapshot!(ir("table mapped | head 3"), @r#"
        project mapped
        first 3
        => mapped: unknown?
        "#);
    }
}
