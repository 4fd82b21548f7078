//! What is printed about results: text, JSON lines, the summary.

use std::collections::BTreeMap;

use serde::Serialize;

use super::batch::{Batch, Done};
use crate::compile::Output;
use crate::diagnostic::{Diagnostic, render};
use crate::target::{Fidelity, TargetId};

/// One line of the JSON output.
#[derive(Serialize)]
struct Line<'a> {
    rule: RuleLine<'a>,
    target: &'static str,
    fidelity: &'static str,
    query: Option<&'a str>,
    diagnostics: Vec<render::Json>,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    path: &'a str,
}

/// The JSON line of an output, with its line break.
pub(super) fn json_line(done: &Done, output: &Output, with_query: bool) -> String {
    let known = |text: &'_ str| !text.is_empty();
    let rule = done.compiled.rule.as_ref();
    let line = Line {
        rule: RuleLine {
            id: rule.map(|r| r.id.as_str()).filter(|t| known(t)),
            name: rule.map(|r| r.name.as_str()).filter(|t| known(t)),
            path: done.file.path(),
        },
        target: output.target.name(),
        fidelity: output.fidelity.name(),
        query: output.query.as_deref().filter(|_| with_query),
        diagnostics: output.diagnostics.iter().map(|d| render::json(d, &done.file)).collect(),
    };
    // Text, numbers and lists only: this can't fail.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

/// The line above a query.
pub(super) fn header(done: &Done, output: &Output) -> String {
    let path = render::visible(done.file.path());
    format!("==> {path} [{}] {}\n", output.target.name(), output.fidelity.name())
}

/// The diagnostics of a rule, each once: those of the front end, then each target's own.
pub(super) fn diagnostics(done: &Done) -> impl Iterator<Item = &Diagnostic> {
    let own = done.compiled.outputs.iter().flat_map(|o| o.diagnostics.iter().filter(|d| d.target.is_some()));
    done.compiled.diagnostics.iter().filter(|d| d.target.is_none()).chain(own)
}

/// `12 rules: athena 8 exact, 4 unsupported; sigma 12 exact`.
pub(super) fn summary(batch: &Batch) -> String {
    let mut counts: BTreeMap<TargetId, BTreeMap<Fidelity, usize>> = BTreeMap::new();
    for output in batch.done.iter().flat_map(|d| &d.compiled.outputs) {
        *counts.entry(output.target).or_default().entry(output.fidelity).or_default() += 1;
    }
    let targets: Vec<String> = counts
        .iter()
        .map(|(target, counts)| {
            let counts: Vec<String> = counts.iter().map(|(f, n)| format!("{n} {}", f.name())).collect();
            format!("{} {}", target.name(), counts.join(", "))
        })
        .collect();
    let rules = batch.done.len();
    format!("{rules} {}: {}", if rules == 1 { "rule" } else { "rules" }, targets.join("; "))
}
