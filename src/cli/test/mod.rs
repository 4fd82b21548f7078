//! `rulecast test`: runs the tests that rules declare.

mod case;
mod data;
mod report;

use std::io::{IsTerminal, stderr};

use rayon::prelude::*;

use super::args::{TestArgs, TestFormat};
use super::batch::{self, Batch, Done};
use super::console::Console;
use super::{Failure, NOT_COMPILED, NOT_RUN, OK, evaluate};
use crate::diagnostic::Severity;
use crate::rule::Test;
use case::{Case, Outcome};
use data::DataMaps;

/// So many tests are long work.
const LONG: usize = 20;

pub(super) fn run(args: &TestArgs, console: &mut Console) -> Result<u8, Failure> {
    let options = evaluate::options(&args.evaluation)?;
    let maps = DataMaps::new(&args.data_maps)?;
    let batch = batch::run(&args.common(), Some(&[]), console)?;
    for done in &batch.done {
        // What is only a note changes no row; a test shows what the rule does.
        for diagnostic in done.compiled.diagnostics.iter().filter(|d| d.severity > Severity::Note) {
            console.diagnostic(diagnostic, &done.file);
        }
    }
    let declared: Vec<(&Done, &Test)> = declared(&batch).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(evaluate::jobs(&args.evaluation))
        .stack_size(16 * 1024 * 1024)
        .build()
        .map_err(|e| Failure::new(format!("no threads can be started: {e}")))?;
    let bar = bar(declared.len());
    let cases: Vec<Case<'_>> = pool.install(|| {
        let cases = declared.into_par_iter().map(|(done, test)| {
            let case = case::run(done, test, &batch.schemas, &options, &maps);
            bar.inc(1);
            case
        });
        cases.collect()
    });
    bar.finish_and_clear();
    for case in &cases {
        for (path, position, diagnostic) in &case.problems {
            console.diagnostic_at(diagnostic, path, *position);
        }
        if let Some(diagnostic) = &case.diagnostic {
            console.diagnostic(diagnostic, &case.done.file);
        }
    }
    match args.format {
        TestFormat::Text => report::text(&cases, console),
        TestFormat::Json => report::json(&cases, console),
        TestFormat::Junit => report::junit(&cases, console)?,
    }
    console.say(&report::summary(&batch, &cases));
    Ok(if batch.done.iter().any(|d| !d.was_read) {
        NOT_RUN
    } else if cases.iter().any(|c| matches!(c.outcome, Outcome::Failed(_))) {
        NOT_COMPILED
    } else {
        OK
    })
}

fn declared(batch: &Batch) -> impl Iterator<Item = (&Done, &Test)> {
    let tests = |done: &Done| done.compiled.rule.as_ref().map_or(0, |r| r.tests.len());
    batch.done.iter().flat_map(move |done| {
        let rule = done.compiled.rule.as_ref();
        (0..tests(done)).filter_map(move |n| Some((done, rule?.tests.get(n)?)))
    })
}

/// A bar on long work, where somebody looks.
fn bar(tests: usize) -> indicatif::ProgressBar {
    if tests < LONG || !stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(tests as u64);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} tests") {
        bar.set_style(style);
    }
    bar
}
