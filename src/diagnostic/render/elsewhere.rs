//! Diagnostics about files whose text is not at hand, such as those of events.

use super::{Paint, visible};
use crate::diagnostic::Diagnostic;
use crate::source::Position;

/// `path:line:column: error[E601]: message (help: …)` in one line, or for terminals in several; with a line break at the
/// end. Without a position the whole file is meant.
pub fn elsewhere(
    diagnostic: &Diagnostic,
    path: &str,
    position: Option<Position>,
    paint: Paint,
    in_lines: bool,
) -> String {
    let label = paint.severity(diagnostic.severity, format!("{}[{}]", diagnostic.severity.name(), diagnostic.code.id));
    let place = position.map_or_else(|| visible(path), |p| format!("{}:{p}", visible(path)));
    let message = visible(&diagnostic.message);
    let help = diagnostic.help.as_deref().map(visible);
    if in_lines {
        let help = help.map_or_else(String::new, |h| format!("  {} {} {h}\n", paint.frame("="), paint.bold("help:")));
        let message = paint.bold(format!(": {message}"));
        return format!("{label}{message}\n {} {place}\n{help}\n", paint.frame("-->"));
    }
    let help = help.map_or_else(String::new, |h| format!(" (help: {h})"));
    format!("{} {label}: {message}{help}\n", paint.bold(format!("{place}:")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;

    #[test]
    fn both_forms_name_the_place() {
        let diagnostic = Diagnostic::new(&code::INVALID_RECORD, "no").help("do");
        let at = Some(Position { line: 3, column: 7 });
        let line = elsewhere(&diagnostic, "a.json", at, Paint::Plain, false);
        assert_eq!(line, "a.json:3:7: error[E601]: no (help: do)\n");
        let lines = elsewhere(&diagnostic, "a.json", None, Paint::Plain, true);
        assert_eq!(lines, "error[E601]: no\n --> a.json\n  = help: do\n\n");
    }
}
