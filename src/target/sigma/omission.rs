//! What a rule leaves out of its search. Without a member of a conjunction a rule selects more, never less, so that is
//! a warning; where nothing else selects events, it is the reason why there is no rule.

use crate::diagnostic::{Diagnostic, Sink, code};
use crate::source::Span;

/// A condition that every row of the search meets, and that Sigma can't say.
#[derive(Clone, Debug)]
pub(super) struct Omission {
    what: &'static str,
    /// Why Sigma can't say it, each with its place. Never empty.
    reasons: Vec<(String, Span)>,
    span: Span,
}

impl Omission {
    /// A condition on events.
    pub(super) fn on_events(reasons: Vec<(String, Span)>, span: Span) -> Self {
        Self { what: "a condition", reasons, span }
    }

    /// A condition on groups of events.
    pub(super) fn on_groups(reasons: Vec<(String, Span)>, span: Span) -> Self {
        Self { what: "a condition on groups", reasons, span }
    }

    /// A condition that is one operator of the plan.
    pub(super) fn operator(lack: &str, span: Span) -> Self {
        Self::on_events(vec![(format!("Sigma has no {lack}"), span)], span)
    }

    /// The warning that the rule selects more than the search.
    pub(super) fn report(&self, sink: &mut Sink) {
        let mut reasons: Vec<&str> = Vec::new();
        for (reason, _) in &self.reasons {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        let mut reasons = reasons.into_iter();
        let first = reasons.next().unwrap_or("Sigma can't say it");
        let message = format!("widens: {} is left out: {first}", self.what);
        let mut diagnostic = Diagnostic::new(&code::APPROXIMATION, message)
            .at(self.span)
            .help("check it where the rule's alerts are read, or say it of single fields of the event");
        for reason in reasons {
            diagnostic = diagnostic.note(format!("{reason} either"));
        }
        sink.push(diagnostic);
    }

    /// The errors that say why there is no rule.
    pub(super) fn refuse(&self, sink: &mut Sink) {
        for (reason, span) in &self.reasons {
            let help = "without this condition no other would choose among the events of the log source; \
                        a Sigma rule compares fields of one event with constants, or counts events";
            sink.push(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, reason.clone()).at(*span).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_reasons_are_notes_and_repeated_ones_are_said_once() {
        let reasons = ["Sigma has no a", "Sigma has no a", "Sigma has no b"];
        let omission = Omission::on_events(reasons.map(|r| (r.to_owned(), Span::default())).to_vec(), Span::default());
        let mut sink = Sink::default();
        omission.report(&mut sink);
        let said = sink.into_diagnostics();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].message, "widens: a condition is left out: Sigma has no a");
        assert_eq!(said[0].notes, ["Sigma has no b either"]);
        assert!(said[0].help.is_some());
    }

    #[test]
    fn a_refusal_says_each_reason() {
        let omission = Omission::operator("subsearch", Span::default());
        let mut sink = Sink::default();
        omission.refuse(&mut sink);
        assert_eq!(sink.diagnostics()[0].code.id, "C402");
        assert_eq!(sink.diagnostics()[0].message, "Sigma has no subsearch");
    }
}
