//! What is wrong with events: counted, the first of each kind with its place.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, code};
use crate::source::Position;

/// How many problems of a kind are told of a file, before they are only counted.
const SHOWN: usize = 5;

/// By file and kind.
#[derive(Default, Debug)]
pub(in crate::cli) struct Problems {
    found: BTreeMap<(usize, &'static str), Kind>,
}

#[derive(Debug)]
struct Kind {
    code: &'static Code,
    count: u64,
    first: Vec<Problem>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Problem {
    at: Option<(u64, u64)>,
    message: String,
}

impl Problems {
    /// Counts a problem; `describe` gives the place (line and column) and the message where they are told.
    pub(super) fn add(
        &mut self,
        file: usize,
        code: &'static Code,
        describe: impl FnOnce() -> (Option<(u64, u64)>, String),
    ) {
        let kind = self.found.entry((file, code.id)).or_insert_with(|| Kind { code, count: 0, first: Vec::new() });
        kind.count += 1;
        if kind.first.len() < SHOWN {
            let (at, message) = describe();
            kind.first.push(Problem { at, message });
        }
    }

    /// Takes in those of another thread.
    pub(super) fn merge(&mut self, other: Problems) {
        for (key, kind) in other.found {
            let own = self.found.entry(key).or_insert_with(|| Kind { code: kind.code, count: 0, first: Vec::new() });
            own.count += kind.count;
            own.first.extend(kind.first);
            own.first.sort_by_key(|p| p.at);
            own.first.truncate(SHOWN);
        }
    }

    /// Takes in those of another pass over the same files, which finds most of them again.
    pub(super) fn merge_pass(&mut self, other: Problems) {
        for (key, kind) in other.found {
            let own = self.found.entry(key).or_insert_with(|| Kind { code: kind.code, count: 0, first: Vec::new() });
            own.count = own.count.max(kind.count);
            own.first.extend(kind.first);
            own.first.sort_by_key(|p| p.at);
            own.first.dedup();
            own.first.truncate(SHOWN);
        }
    }

    /// Whether a record or a file was lost.
    pub(in crate::cli) fn lost(&self) -> bool {
        self.found.values().any(|kind| kind.code.severity == crate::diagnostic::Severity::Error)
    }

    /// The number of problems of a kind.
    pub(in crate::cli) fn count(&self, code: &'static Code) -> u64 {
        self.found.values().filter(|kind| std::ptr::eq(kind.code, code)).map(|kind| kind.count).sum()
    }

    /// As diagnostics, by file and place: file number, position, diagnostic.
    pub(in crate::cli) fn diagnostics(&self) -> Vec<(usize, Option<Position>, Diagnostic)> {
        let mut diagnostics = Vec::new();
        for ((file, _), kind) in &self.found {
            let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            for problem in &kind.first {
                let at = problem.at.map(|(line, column)| Position { line: clamp(line), column: clamp(column) });
                let mut diagnostic = Diagnostic::new(kind.code, problem.message.as_str());
                if let Some(help) = help(kind.code) {
                    diagnostic = diagnostic.help(help);
                }
                diagnostics.push((*file, at, diagnostic));
            }
            let more = kind.count.saturating_sub(kind.first.len() as u64);
            if more > 0 {
                let records = if more == 1 { "record" } else { "records" };
                let message = format!("{more} more {records} of this file: {}", kind.code.summary);
                diagnostics.push((*file, None, Diagnostic::new(kind.code, message)));
            }
        }
        diagnostics
    }
}

fn help(kind: &Code) -> Option<&'static str> {
    if std::ptr::eq(kind, &code::UNKNOWN_RECORD) {
        Some("name its sourcetype by `--sourcetype`, or in `[events]` of `rulecast.toml`")
    } else if std::ptr::eq(kind, &code::UNREADABLE_TIME) {
        Some("without a time it is outside of every time window, and comes after all others")
    } else if std::ptr::eq(kind, &code::INVALID_RECORD) {
        Some("the other records are read all the same")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_are_told_and_the_others_counted() {
        let mut all = Problems::default();
        for worker in 0..2 {
            let mut problems = Problems::default();
            for line in (1..=20).filter(|l| l % 2 == worker) {
                problems.add(0, &code::INVALID_RECORD, || (Some((line, 1)), format!("m{line}")));
            }
            all.merge(problems);
        }
        let told: Vec<String> = all
            .diagnostics()
            .iter()
            .map(|(_, at, d)| format!("{} {}", at.map_or_else(|| "-".to_owned(), |p| p.to_string()), d.message))
            .collect();
        assert_eq!(
            told,
            [
                "1:1 m1",
                "2:1 m2",
                "3:1 m3",
                "4:1 m4",
                "5:1 m5",
                "- 15 more records of this file: a record of the events can't be read"
            ]
        );
        assert!(all.lost());
    }

    #[test]
    fn another_pass_finds_nothing_new() {
        let pass = || {
            let mut problems = Problems::default();
            problems.add(0, &code::UNKNOWN_RECORD, || (Some((1, 1)), "m".to_owned()));
            problems
        };
        let mut all = pass();
        all.merge_pass(pass());
        assert_eq!((all.count(&code::UNKNOWN_RECORD), all.diagnostics().len(), all.lost()), (1, 1, false));
    }
}
