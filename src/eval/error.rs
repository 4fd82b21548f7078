//! Why a rule can't be run.

use crate::source::Span;

/// A fault of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    pub message: String,
    /// Where in the rule file.
    pub span: Option<Span>,
}

impl Error {
    pub(super) fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span: Some(span) }
    }

    pub(super) fn internal(message: impl Into<String>, span: Span) -> Self {
        Self::new(format!("internal error: {}", message.into()), span)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
