//! Compiles many rules at the same time; the results keep the order of the inputs.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::args::CommonArgs;
use super::console::Console;
use super::content::Contents;
use super::input::{self, Place};
use super::settings::Settings;
use super::{Failure, NOT_COMPILED, NOT_RUN, OK};
use crate::compile::{Compiled, Output};
use crate::diagnostic::{Diagnostic, code};
use crate::schema::Schemas;
use crate::source::SourceFile;
use crate::target::{Fidelity, TargetId};

/// Bytes of stack per thread: room for the deepest searches that the parser accepts.
const STACK: usize = 16 * 1024 * 1024;

/// A rule's result.
pub(super) struct Done {
    pub(super) place: Place,
    pub(super) file: SourceFile,
    pub(super) compiled: Compiled,
    /// The file was there and could be read.
    pub(super) was_read: bool,
}

pub(super) struct Batch {
    pub(super) done: Vec<Done>,
    /// The schemas that the rules were compiled with.
    pub(super) schemas: Schemas,
}

/// Reads the inputs and compiles them. What is wrong with the content folders is said on standard error.
/// `targets` replaces the targets of the settings.
pub(super) fn run(args: &CommonArgs, targets: Option<&[TargetId]>, console: &mut Console) -> Result<Batch, Failure> {
    let settings = Settings::new(args)?;
    let places = input::places(&args.paths)?;
    let contents = Contents::load(&settings, &places)?;
    for (file, diagnostics) in &contents.diagnostics {
        for diagnostic in diagnostics {
            console.diagnostic(diagnostic, file);
        }
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.map_or(0, std::num::NonZeroUsize::get))
        .stack_size(STACK)
        .build()
        .map_err(|e| Failure::new(format!("no threads can be started: {e}")))?;
    let targets = targets.unwrap_or(&settings.targets);
    let done = pool.install(|| {
        let compile = |(number, place)| one(number, place, &contents, targets);
        places.into_par_iter().enumerate().map(compile).collect()
    });
    Ok(Batch { done, schemas: settings.schemas })
}

fn one(number: usize, place: Place, contents: &Contents, targets: &[TargetId]) -> Done {
    let (file, problem) = input::read(&place);
    let was_read = problem.is_none();
    let compiled = match (problem, contents.compiler(number)) {
        (Some(problem), _) => failed(problem, Fidelity::Invalid, targets),
        (None, Some(compiler)) => caught(|| compiler.compile(&file, targets))
            .unwrap_or_else(|fault| failed(fault, Fidelity::Unsupported, targets)),
        (None, None) => failed(fault(), Fidelity::Unsupported, targets),
    };
    Done { place, file, compiled, was_read }
}

/// A result with one diagnostic and no query.
fn failed(diagnostic: Diagnostic, fidelity: Fidelity, targets: &[TargetId]) -> Compiled {
    let output =
        |target: &TargetId| Output { target: *target, fidelity, query: None, diagnostics: vec![diagnostic.clone()] };
    let outputs = targets.iter().map(output).collect();
    Compiled { rule: None, ast: None, ir: None, diagnostics: vec![diagnostic], outputs }
}

thread_local! {
    static IN_RULE: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs what may have a fault of the program; the fault becomes a diagnostic.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    let before = IN_RULE.with(|f| f.replace(true));
    let result = catch_unwind(AssertUnwindSafe(work));
    IN_RULE.with(|f| f.set(before));
    result.map_err(|_| fault())
}

/// While a rule is compiled, keeps a panic's message for the diagnostic instead of printing it.
pub(super) fn keep_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !IN_RULE.with(Cell::get) {
            return usual(panic);
        }
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("no message");
        let place = panic.location().map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        PANIC.with(|p| *p.borrow_mut() = Some(format!("{message}{place}")));
    }));
}

fn fault() -> Diagnostic {
    let message = PANIC.with(|p| p.borrow_mut().take()).unwrap_or_else(|| "no message".to_owned());
    Diagnostic::new(&code::INTERNAL, format!("the compiler has a fault: {message}"))
        .help("please report it, with the rule; other rules are not affected")
}

impl Batch {
    /// The exit status; approximate outputs count as failures under `strict`, and then that is said.
    pub(super) fn status(&self, strict: bool, console: &mut Console) -> u8 {
        let outputs = || self.done.iter().flat_map(|d| &d.compiled.outputs);
        let mut failed = outputs().any(|o| o.fidelity >= Fidelity::Unsupported);
        let approximate = outputs().filter(|o| o.fidelity == Fidelity::Approximate).count();
        if strict && approximate > 0 {
            let (noun, verb) = if approximate == 1 { ("output", "is") } else { ("outputs", "are") };
            console.error(&format!("{approximate} {noun} {verb} approximate, which `--strict` does not accept"));
            failed = true;
        }
        if self.done.iter().any(|d| !d.was_read) {
            NOT_RUN
        } else if failed {
            NOT_COMPILED
        } else {
            OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_becomes_a_diagnostic() {
        assert_eq!(caught(|| 1).ok(), Some(1));
        let fault = caught(|| -> u8 { [1, 2][std::hint::black_box(2)] }).expect_err("a fault");
        assert_eq!(fault.code.id, "T502");
    }

    #[test]
    fn a_failed_rule_has_an_output_per_target() {
        let compiled = failed(fault(), Fidelity::Unsupported, &TargetId::ALL);
        assert_eq!(compiled.outputs.len(), 3);
        assert!(compiled.outputs.iter().all(|o| o.query.is_none() && o.diagnostics[0].code.id == "T502"));
    }
}
