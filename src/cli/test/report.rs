//! What is printed about tests: lines, JSON lines, JUnit's XML.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use serde_json::value::RawValue;

use super::case::{Case, Outcome};
use crate::cli::Failure;
use crate::cli::batch::Batch;
use crate::cli::console::Console;
use crate::diagnostic::render::visible;

/// Rows that are shown of a failed test.
const SHOWN: usize = 5;

impl Case<'_> {
    /// The test's name; its place in the file where it has none.
    fn name(&self) -> String {
        if self.test.name.is_empty() {
            format!("line {}", self.done.file.position(self.test.span.start).line)
        } else {
            self.test.name.clone()
        }
    }

    fn status(&self) -> (&'static str, Option<&str>) {
        match &self.outcome {
            Outcome::Passed => ("passed", None),
            Outcome::Failed(why) => ("failed", Some(why)),
            Outcome::Skipped(why) => ("skipped", Some(why)),
        }
    }

    fn shown_rows(&self) -> Vec<String> {
        let rows = self.rows.as_deref().unwrap_or_default();
        let mut shown: Vec<String> = rows.iter().take(SHOWN).cloned().collect();
        if rows.len() > SHOWN {
            shown.push(format!("… and {} more", rows.len() - SHOWN));
        }
        shown
    }
}

pub(super) fn text(cases: &[Case<'_>], console: &mut Console) {
    for case in cases {
        let (status, why) = case.status();
        let why = why.map_or_else(String::new, |why| format!(": {}", visible(why)));
        let path = visible(case.done.file.path());
        console.print(&format!("{status:<7} {path}: {}{why}\n", visible(&case.name())));
        if matches!(case.outcome, Outcome::Failed(_)) {
            for row in case.shown_rows() {
                console.print(&format!("        {}\n", visible(&row)));
            }
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    rule: RuleLine<'a>,
    test: String,
    status: &'static str,
    message: Option<&'a str>,
    /// Null where the rule was not run.
    rows: Option<Vec<&'a RawValue>>,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    path: &'a str,
}

pub(super) fn json(cases: &[Case<'_>], console: &mut Console) {
    for case in cases {
        let known = |text: &'_ str| !text.is_empty();
        let rule = case.done.compiled.rule.as_ref();
        let (status, message) = case.status();
        let rows =
            case.rows.as_ref().map(|rows| rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect());
        let line = Line {
            rule: RuleLine {
                id: rule.map(|r| r.id.as_str()).filter(|t| known(t)),
                name: rule.map(|r| r.name.as_str()).filter(|t| known(t)),
                path: case.done.file.path(),
            },
            test: case.name(),
            status,
            message,
            rows,
        };
        // Texts, numbers and lists only: this can't fail.
        console.print(&(serde_json::to_string(&line).unwrap_or_default() + "\n"));
    }
}

/// A suite per rule.
pub(super) fn junit(cases: &[Case<'_>], console: &mut Console) -> Result<(), Failure> {
    let mut report = quick_junit::Report::new("rulecast");
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in cases {
        let path = case.done.file.path();
        let (_, why) = case.status();
        let mut status = match &case.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Outcome::Skipped(_) => TestCaseStatus::skipped(),
        };
        if let Some(why) = why {
            status.set_message(visible(why));
        }
        if matches!(case.outcome, Outcome::Failed(_)) {
            status.set_description(case.shown_rows().join("\n"));
        }
        let mut test = TestCase::new(visible(&case.name()), status);
        test.set_classname(visible(path));
        if suites.last().is_none_or(|s| s.name.as_str() != visible(path)) {
            suites.push(TestSuite::new(visible(path)));
        }
        if let Some(suite) = suites.last_mut() {
            suite.add_test_case(test);
        }
    }
    report.add_test_suites(suites);
    let text = report.to_string().map_err(|e| Failure::new(format!("the report can't be written: {e}")))?;
    console.print(&text);
    if !text.ends_with('\n') {
        console.print("\n");
    }
    Ok(())
}

/// `45 rules, 30 with tests; 31 tests: 29 passed, 1 failed, 1 skipped`.
pub(super) fn summary(batch: &Batch, cases: &[Case<'_>]) -> String {
    let count = |status: &str| cases.iter().filter(|c| c.status().0 == status).count();
    let with_tests =
        batch.done.iter().filter(|d| d.compiled.rule.as_ref().is_some_and(|r| !r.tests.is_empty())).count();
    let mut parts = vec![format!("{} passed", count("passed"))];
    parts.extend(["failed", "skipped"].iter().filter(|s| count(s) > 0).map(|s| format!("{} {s}", count(s))));
    let noun = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!(
        "{}, {with_tests} with tests; {}: {}\n",
        noun(batch.done.len(), "rule"),
        noun(cases.len(), "test"),
        parts.join(", ")
    )
}
