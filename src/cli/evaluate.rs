//! From compiled rules to their rows: what `run` and `test` share.

use super::args::EvaluationArgs;
use super::batch::Done;
use super::events::{Events, Read, Stop};
use super::{Failure, batch, settings};
use crate::diagnostic::{Diagnostic, Severity, code};
use crate::eval::{self, Program, Rows, Session};
use crate::schema::Schemas;

/// Settings of the evaluator.
pub(super) fn options(args: &EvaluationArgs) -> Result<eval::Options, Failure> {
    let now = match &args.now {
        Some(text) => settings::now(text)?,
        None => settings::clock(),
    };
    let mut options = eval::Options { now: now as f64, ..eval::Options::default() };
    if let Some(rows) = args.limit_rows {
        options.max_rows = rows;
    }
    Ok(options)
}

/// The number of threads.
pub(super) fn jobs(args: &EvaluationArgs) -> usize {
    let available = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    args.jobs.map_or_else(available, std::num::NonZeroUsize::get)
}

/// Whether a rule can be run: it was compiled to the end of the front end.
pub(super) fn is_runnable(done: &Done) -> bool {
    done.compiled.ir.is_some() && done.compiled.diagnostics.iter().all(|d| d.severity < Severity::Error)
}

/// Runs rules over the same events, in one pass where none of them is at fault. The results are in the order of the rules.
pub(super) fn run(
    rules: &[&Done],
    events: &Events,
    schemas: &Schemas,
    options: &eval::Options,
    jobs: usize,
) -> Result<Together, Failure> {
    let outcome =
        batch::caught(|| together(rules, events, schemas, options, jobs)).unwrap_or_else(|f| Err(Stop::Fault(f)));
    let fault = match outcome {
        Ok(done) => return Ok(done),
        Err(Stop::Failure(failure)) => return Err(failure),
        Err(Stop::Fault(fault)) => fault,
    };
    // A fault of the evaluator in one rule must not cost the others their rows: the halves are run by themselves.
    let (first, second) = rules.split_at(rules.len() / 2);
    if first.is_empty() {
        return Ok((rules.iter().map(|_| Err(fault.clone())).collect(), Read::default()));
    }
    let (mut results, mut read) = run(first, events, schemas, options, jobs)?;
    let (more, of_second) = run(second, events, schemas, options, jobs)?;
    results.extend(more);
    read.merge(of_second);
    Ok((results, read))
}

type Together = (Vec<Result<Rows, Diagnostic>>, Read);

fn together(
    rules: &[&Done],
    events: &Events,
    schemas: &Schemas,
    options: &eval::Options,
    jobs: usize,
) -> Result<Together, Stop> {
    let mut results: Vec<Option<Result<Rows, Diagnostic>>> = Vec::new();
    let mut programs = Vec::new();
    for done in rules {
        let program = match &done.compiled.ir {
            Some(ir) => Program::new(ir, schemas),
            None => Err(eval::Error { message: "the rule has no meaning".to_owned(), span: None }),
        };
        match program {
            Ok(program) => {
                programs.push(program);
                results.push(None);
            }
            Err(error) => results.push(Some(Err(diagnostic(&error)))),
        }
    }
    let mut session = Session::new(programs, options.clone());
    let read = events.feed(&mut session, schemas, jobs)?;
    let mut of_programs = session.into_results().into_iter();
    let results = results.into_iter().map(|result| {
        let of_program = || of_programs.next().map(|r| r.map_err(|e| diagnostic(&e)));
        let lost = || Err(Diagnostic::new(&code::INTERNAL, "the evaluator has lost a rule"));
        result.or_else(of_program).unwrap_or_else(lost)
    });
    Ok((results.collect(), read))
}

/// Whether the evaluator can run a rule: everything in its plan is bound.
///
/// # Errors
/// What can't be.
pub(super) fn check(done: &Done, schemas: &Schemas) -> Result<(), Diagnostic> {
    let Some(ir) = done.compiled.ir.as_ref().filter(|_| is_runnable(done)) else {
        return Err(Diagnostic::new(&code::NOT_RUN, "the rule has no meaning"));
    };
    batch::caught(|| Program::check(ir, schemas))?.map_err(|error| diagnostic(&error))
}

fn diagnostic(error: &eval::Error) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(&code::NOT_RUN, error.message.as_str());
    diagnostic.span = error.span;
    diagnostic
}

/// What the evaluator has to say about a rule's rows.
pub(super) fn notes(rows: &Rows) -> impl Iterator<Item = Diagnostic> {
    rows.notes.iter().map(|(message, span)| Diagnostic::new(&code::RUN_NOTE, message.as_str()).at(*span))
}
