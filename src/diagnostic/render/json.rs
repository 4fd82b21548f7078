//! The machine-readable form.

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::source::{Position, SourceFile};

/// A diagnostic in JSON. Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Json {
    pub code: &'static str,
    pub severity: &'static str,
    pub message: String,
    pub help: Option<String>,
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// A diagnostic with its place resolved. Without a span it points to the first line's begin.
pub fn json(diagnostic: &Diagnostic, file: &SourceFile) -> Json {
    let first = Position { line: 1, column: 1 };
    let (start, end) = match diagnostic.span {
        Some(span) => (file.position(span.start), file.position(span.end)),
        None => (first, first),
    };
    Json {
        code: diagnostic.code.id,
        severity: diagnostic.severity.name(),
        message: diagnostic.message.clone(),
        help: with_notes(diagnostic),
        path: file.path().to_owned(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

/// The help line, with the notes behind it: through which macro the text came.
fn with_notes(diagnostic: &Diagnostic) -> Option<String> {
    let lines: Vec<&str> = diagnostic.help.iter().chain(&diagnostic.notes).map(String::as_str).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;
    use crate::source::Span;

    #[test]
    fn places_are_resolved() {
        let file = SourceFile::new("x.yml", "é = 1\nab\n");
        let diagnostic = Diagnostic::new(&code::SYNTAX, "m").at(Span::new(3, 8)).help("h");
        let text = serde_json::to_string(&json(&diagnostic, &file)).expect("JSON");
        insta::assert_snapshot!(
            text,
            @r#"{"code":"S201","severity":"error","message":"m","help":"h","path":"x.yml","line":1,"column":3,"end_line":2,"end_column":2}"#
        );
    }

    #[test]
    fn without_a_span_it_points_to_the_begin() {
        let json = json(&Diagnostic::new(&code::SYNTAX, "m"), &SourceFile::new("x", "abc"));
        assert_eq!((json.line, json.column, json.end_line, json.end_column), (1, 1, 1, 1));
        assert_eq!(json.help, None);
    }
}
