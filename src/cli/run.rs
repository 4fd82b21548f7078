//! `rulecast run`.

use super::args::RunArgs;
use super::batch::{self, Done};
use super::config::Config;
use super::console::Console;
use super::events::{Events, Read, Sourcetypes};
use super::rows::{Printer, Report};
use super::{Failure, HITS, NOT_COMPILED, NOT_RUN, OK, evaluate};
use crate::diagnostic::{Diagnostic, Severity, code, did_you_mean};
use crate::event::Router;
use crate::schema::Schemas;

pub(super) fn run(args: &RunArgs, console: &mut Console) -> Result<u8, Failure> {
    let options = evaluate::options(&args.evaluation)?;
    let sourcetypes = sourcetypes(args)?;
    let events = Events::find(&args.events, &sourcetypes)?;
    let batch = batch::run(&args.common(), Some(&[]), console)?;
    known(&sourcetypes, &batch.schemas)?;
    let several = batch.done.len() > 1;
    let mut failed = 0;
    let mut runnable: Vec<&Done> = Vec::new();
    for done in &batch.done {
        tell(done, &done.compiled.diagnostics, several, console);
        if evaluate::is_runnable(done) {
            runnable.push(done);
        } else {
            failed += 1;
        }
    }
    let (results, read) =
        evaluate::run(&runnable, &events, &batch.schemas, &options, evaluate::jobs(&args.evaluation))?;
    for (file, position, diagnostic) in read.problems.diagnostics() {
        console.diagnostic_at(&diagnostic, events.shown(file), position);
    }
    let mut reports = Vec::new();
    for (done, result) in runnable.iter().zip(results) {
        match result {
            Ok(rows) => {
                tell(done, &evaluate::notes(&rows).collect::<Vec<_>>(), several, console);
                reports.push(Report::new(done, rows));
            }
            Err(diagnostic) => {
                tell(done, &[diagnostic], several, console);
                failed += 1;
            }
        }
    }
    let mut printer = Printer { format: args.format, several };
    printer.print(&reports, console)?;
    console.say(&summary(&reports, failed, &read, &events));
    Ok(if batch.done.iter().any(|d| !d.was_read) {
        NOT_RUN
    } else if failed > 0 || read.problems.lost() {
        NOT_COMPILED
    } else if args.fail_on_hits && reports.iter().any(|r| r.count() > 0) {
        HITS
    } else {
        OK
    })
}

/// Tells what is wrong with a rule; of many rules no notes.
fn tell(done: &Done, diagnostics: &[Diagnostic], several: bool, console: &mut Console) {
    for diagnostic in diagnostics.iter().filter(|d| !several || d.severity > Severity::Note) {
        console.diagnostic(diagnostic, &done.file);
    }
}

fn sourcetypes(args: &RunArgs) -> Result<Sourcetypes, Failure> {
    let config = Config::load(args.evaluation.config.as_deref())?;
    let mut sourcetypes = Sourcetypes { all: args.sourcetype.clone(), patterns: Vec::new() };
    for (pattern, name) in config.events {
        let compiled = glob::Pattern::new(&pattern)
            .map_err(|e| Failure::new(format!("the pattern `{pattern}` in `[events]` is malformed: {}", e.msg)))?;
        sourcetypes.patterns.push((compiled, name));
    }
    Ok(sourcetypes)
}

/// Holds that each sourcetype is some schema's.
fn known(sourcetypes: &Sourcetypes, schemas: &Schemas) -> Result<(), Failure> {
    let router = Router::new(schemas, []);
    for name in sourcetypes.all.iter().chain(sourcetypes.patterns.iter().map(|(_, name)| name)) {
        if router.named([name.as_str()]).is_none() {
            let values = schemas.iter().flat_map(|s| s.select.iter().map(|x| x.value.as_str()).chain([&*s.id]));
            let help = did_you_mean(name, values).unwrap_or_else(|| "see `rulecast targets`".to_owned());
            return Err(Failure::new(format!("no schema has the sourcetype `{name}`")).help(help));
        }
    }
    Ok(())
}

fn summary(reports: &[Report<'_>], failed: usize, read: &Read, events: &Events) -> String {
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let rows: usize = reports.iter().map(Report::count).sum();
    let mut parts = Vec::new();
    if reports.len() + failed > 1 {
        let with = reports.iter().filter(|r| r.count() > 0).count();
        parts.push(format!(
            "{}: {with} with rows, {} without",
            count(reports.len() + failed, "rule", "rules"),
            reports.len() - with
        ));
        if failed > 0 {
            parts.push(format!("{failed} not run"));
        }
    }
    parts.push(count(rows, "row", "rows"));
    let records = usize::try_from(read.records).unwrap_or(usize::MAX);
    parts.push(format!("{} read", count(records, "record", "records")));
    for (kind, what) in [(&code::INVALID_RECORD, "broken"), (&code::UNKNOWN_RECORD, "of no known source")] {
        let found = read.problems.count(kind);
        if found > 0 {
            parts.push(format!("{found} {what}"));
        }
    }
    if events.passed_over > 0 {
        parts.push(format!("{} of other kinds passed over", count(events.passed_over, "file", "files")));
    }
    parts.join(", ") + "\n"
}
