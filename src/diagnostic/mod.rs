//! Diagnostics: what is wrong or lost, where, and what to do about it.

pub mod code;
pub mod render;

pub use code::Code;

use crate::source::Span;
use crate::target::TargetId;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    Note,
    /// The output differs from the rule's meaning, or probably from its intention.
    Warning,
    /// No output.
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a diagnostic means for the output's fidelity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// None: rows are the same.
    None,
    /// Rows can differ: the output is `approximate` at best.
    Approximate,
    /// The target cannot say it: `unsupported`.
    Unsupported,
    /// The rule itself is broken: `invalid`.
    Invalid,
}

#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub code: &'static Code,
    pub severity: Severity,
    pub effect: Effect,
    /// One line, lower case, without a full stop; code in backticks.
    pub message: String,
    pub help: Option<String>,
    /// Further lines, e.g. the macros through which the text came.
    pub notes: Vec<String>,
    /// In the rule file; `None` where the whole file is meant.
    pub span: Option<Span>,
    /// The target that it concerns; `None`: all.
    pub target: Option<TargetId>,
}

impl Diagnostic {
    /// A diagnostic with the severity and the effect that its code has by default.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            effect: code.effect,
            message: message.into(),
            help: None,
            notes: Vec::new(),
            span: None,
            target: None,
        }
    }

    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn target(mut self, target: TargetId) -> Self {
        self.target = Some(target);
        self
    }
}

/// "Already said": an error that a [`Sink`] has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported;

/// Receives diagnostics.
#[derive(Default, Debug)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
}

impl Sink {
    /// Adds a diagnostic, unless the same was said of the same place.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let same = |d: &Diagnostic| {
            std::ptr::eq(d.code, diagnostic.code)
                && d.message == diagnostic.message
                && d.target == diagnostic.target
                && d.span.map(|s| (s.start, s.end)) == diagnostic.span.map(|s| (s.start, s.end))
        };
        if !self.diagnostics.iter().any(same) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Adds a diagnostic and gives the error that stands for it.
    pub fn fail(&mut self, diagnostic: Diagnostic) -> Reported {
        self.push(diagnostic);
        Reported
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The worst effect so far.
    pub fn effect(&self) -> Effect {
        self.diagnostics.iter().map(|d| d.effect).max().unwrap_or(Effect::None)
    }
}

/// Longer names are no slips of a pen, and comparing them takes time by the square of their length.
const MOST_NAME_BYTES: usize = 100;

/// The known names nearest to a mistyped one, best first, at most three.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.len() > MOST_NAME_BYTES {
        return Vec::new();
    }
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(&lower, &k.to_lowercase()), k))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, k)| k).collect()
}

/// "did you mean `a`, `b`?", where something is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = nearest(name, known);
    (!near.is_empty())
        .then(|| format!("did you mean {}?", near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")))
}
