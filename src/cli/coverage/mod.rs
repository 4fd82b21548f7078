//! `rulecast coverage`: compiles a library for all targets and says in one document what was reached.

mod construct;
mod document;
mod survey;
mod uses;

use std::path::Path;

use super::args::CoverageArgs;
use super::batch::{self, Done};
use super::console::Console;
use super::input::{Place, reason};
use super::{Failure, NOT_COMPILED, OK, evaluate};
use crate::target::TargetId;
use survey::Survey;

pub(super) fn run(args: &CoverageArgs, console: &mut Console) -> Result<u8, Failure> {
    let words: Vec<String> = args.mentions.iter().map(|w| w.to_lowercase()).collect();
    let mentioned = |text: &str| {
        let text = text.to_lowercase();
        words.is_empty() || words.iter().any(|w| text.contains(w))
    };
    let batch = batch::run(&args.common(), Some(&TargetId::ALL), console)?;
    if let Some(done) = batch.done.iter().find(|d| !d.was_read) {
        for diagnostic in &done.compiled.diagnostics {
            console.diagnostic(diagnostic, &done.file);
        }
        return Err(Failure::new("a rule can't be read, so the document would be incomplete"));
    }
    let mut survey = Survey::new();
    for done in &batch.done {
        let evaluated = evaluate::check(done, &batch.schemas);
        survey.add(&stem(done), &done.compiled, mentioned(done.file.text()), evaluated);
    }
    let text = document::render(&survey.finish(), &args.mentions);
    if let Some(path) = &args.check {
        return check(path, &text, console);
    }
    match &args.out {
        Some(path) => std::fs::write(path, text)
            .map_err(|e| Failure::new(format!("`{}` can't be written: {}", path.display(), reason(&e))))?,
        None => console.print(&text),
    }
    Ok(OK)
}

/// Compares the document with the file that should hold it.
fn check(path: &Path, text: &str, console: &mut Console) -> Result<u8, Failure> {
    let old = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("`{}` can't be read: {}", path.display(), reason(&e))))?;
    if old == text {
        return Ok(OK);
    }
    let pairs = old.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = pairs.unwrap_or_else(|| old.lines().count().min(text.lines().count())) + 1;
    let failure = Failure::new(format!("`{}` is stale from line {line} on", path.display()))
        .help("write it again with `--out` in place of `--check`, and read the difference");
    console.failure(&failure);
    Ok(NOT_COMPILED)
}

fn stem(done: &Done) -> String {
    match &done.place {
        Place::File(path) => path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned()),
        Place::Stdin | Place::Nothing(..) => String::new(),
    }
}
