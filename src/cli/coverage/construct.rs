//! A short name for what a diagnostic is about: a command, a function, an aggregate, or the code's own name.
//! It is made of SPL's words only, so that nothing of a rule's text reaches the document.

use super::uses::{Kind, Use, first_word, function_name};
use crate::diagnostic::{Code, Diagnostic, code};
use crate::ir::AggregateFunction;
use crate::source::Span;
use crate::spl::aggregate_name;
use crate::spl::command::IMPLEMENTED;

/// Codes whose message names the command or function first, whatever the rule holds.
const NAMED: [&Code; 5] = [
    &code::UNKNOWN_COMMAND,
    &code::UNSUPPORTED_COMMAND,
    &code::UNKNOWN_FUNCTION,
    &code::UNSUPPORTED_FUNCTION,
    &code::NEEDS_OUTSIDE,
];

/// Codes that are about the search as a whole.
const WHOLE: [&Code; 3] = [&code::NO_SOURCE, &code::NO_TIME_WINDOW, &code::QUERY_TOO_LONG];

/// E.g. `eventstats`, `subsearch`, `unknown source`.
pub(super) fn label(diagnostic: &Diagnostic, uses: &[Use]) -> String {
    let code = diagnostic.code;
    if NAMED.contains(&code) {
        let word = first_word(&diagnostic.message).map(str::to_ascii_lowercase);
        return word.unwrap_or_else(|| plain(code));
    }
    if *code == code::UNKNOWN_SOURCE {
        return source(&diagnostic.message);
    }
    if WHOLE.contains(&code) {
        return plain(code);
    }
    let words: Vec<String> = diagnostic.message.split('`').skip(1).step_by(2).filter_map(spl_word).collect();
    let Some(span) = diagnostic.span.filter(|s| s.end > 0) else {
        return words.into_iter().next().unwrap_or_else(|| elsewhere(diagnostic));
    };
    let exact: Vec<&Use> = uses.iter().filter(|u| same(u.span, span)).collect();
    if let Some(named) = exact.iter().find(|u| words.contains(&u.name)) {
        return named.name.clone();
    }
    let around = uses.iter().rev().find(|u| u.kind == Kind::Command && contains(u.span, span));
    match (words.first(), around) {
        (Some(_), Some(stage)) if words.contains(&stage.name) => stage.name.clone(),
        (Some(word), _) => word.clone(),
        (None, stage) => match (exact.as_slice(), stage) {
            ([one], _) => one.name.clone(),
            (_, Some(stage)) => stage.name.clone(),
            (_, None) => plain(code),
        },
    }
}

fn same(a: Span, b: Span) -> bool {
    (a.start, a.end) == (b.start, b.end)
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// A code's name with blanks: `unknown source`.
fn plain(code: &Code) -> String {
    code.name().replace('-', " ")
}

/// What a message without a place is about.
fn elsewhere(diagnostic: &Diagnostic) -> String {
    let about = |word: &str| diagnostic.message.contains(word);
    match () {
        () if about(" lookup ") => "lookup".to_owned(),
        () if about("schema `") || about("source `") => "log source".to_owned(),
        () => plain(diagnostic.code),
    }
}

/// A data model by its name (those are Splunk's own); any other source by what chooses it.
fn source(message: &str) -> String {
    let Some(word) = first_word(message) else { return "log source".to_owned() };
    match word.split_once('=') {
        Some((field, _)) => field.to_owned(),
        None => format!("data model {}", word.split('.').next().unwrap_or(word)),
    }
}

/// A word of a message, where SPL has a command, function or aggregate of that name.
fn spl_word(word: &str) -> Option<String> {
    // `inputlookup some_table`: the rest is the rule's.
    let word = word.split([' ', '(']).next()?;
    let command = IMPLEMENTED.iter().find(|names| names.contains(&word)).and_then(|names| names.first());
    if let Some(command) = command {
        return Some((*command).to_owned());
    }
    let aggregate = AGGREGATES.iter().map(|a| aggregate_name(*a)).find(|name| *name == word);
    aggregate.map(str::to_owned).or_else(|| function_name(word))
}

/// Aggregates that messages name.
const AGGREGATES: [AggregateFunction; 20] = [
    AggregateFunction::Count,
    AggregateFunction::DistinctCount,
    AggregateFunction::EstimatedDistinctCount,
    AggregateFunction::Values,
    AggregateFunction::List,
    AggregateFunction::Sum,
    AggregateFunction::Average,
    AggregateFunction::StandardDeviation,
    AggregateFunction::PopulationStandardDeviation,
    AggregateFunction::Variance,
    AggregateFunction::PopulationVariance,
    AggregateFunction::SumOfSquares,
    AggregateFunction::Median,
    AggregateFunction::Mode,
    AggregateFunction::Range,
    AggregateFunction::First,
    AggregateFunction::Last,
    AggregateFunction::Earliest,
    AggregateFunction::Latest,
    AggregateFunction::Rate,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn uses() -> Vec<Use> {
        let at = |kind, name: &str, start, end| Use { kind, name: name.to_owned(), span: Span::new(start, end) };
        vec![
            at(Kind::Command, "search", 1, 30),
            at(Kind::Subsearch, "subsearch", 10, 30),
            at(Kind::Command, "stats", 33, 60),
            at(Kind::Aggregate, "dc", 40, 45),
        ]
    }

    fn of(code: &'static Code, message: &str, span: (usize, usize)) -> String {
        label(&Diagnostic::new(code, message).at(Span::new(span.0, span.1)), &uses())
    }

    #[test]
    fn a_message_and_a_place_give_spls_word() {
        assert_eq!(of(&code::UNSUPPORTED_COMMAND, "command `transaction` is not supported", (33, 60)), "transaction");
        assert_eq!(of(&code::APPROXIMATION, "the target estimates `dc` of a field", (40, 45)), "dc");
        assert_eq!(of(&code::UNSUPPORTED_BY_TARGET, "no condition computed by another search", (10, 30)), "subsearch");
        assert_eq!(of(&code::UNSUPPORTED_BY_TARGET, "no room for this", (50, 52)), "stats");
        assert_eq!(
            of(&code::UNSUPPORTED_BY_TARGET, "no rows of a table (`inputlookup secret`)", (0, 0)),
            "inputlookup"
        );
        assert_eq!(of(&code::UNSUPPORTED_BY_TARGET, "no value of a lookup (`secret`)", (0, 0)), "lookup");
    }

    #[test]
    fn text_of_the_rule_is_left_out() {
        assert_eq!(
            of(&code::UNKNOWN_SOURCE, "no schema describes the log source `sourcetype=acme:vpn`", (1, 9)),
            "sourcetype"
        );
        assert_eq!(
            of(&code::UNKNOWN_SOURCE, "no schema describes data model `Endpoint.Processes`", (1, 9)),
            "data model Endpoint"
        );
        assert_eq!(of(&code::TYPE_MISMATCH, "`my_field` holds several values", (70, 80)), "type mismatch");
    }
}
