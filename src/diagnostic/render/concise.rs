//! One line per diagnostic, for pipes and editors.

use super::{Paint, visible};
use crate::diagnostic::Diagnostic;
use crate::source::{Position, SourceFile};

/// `path:line:column: error[S203]: message (help: …)`, without a line break. What concerns one target names it.
pub fn concise(diagnostic: &Diagnostic, file: &SourceFile, paint: Paint) -> String {
    let start = diagnostic.span.map_or(Position { line: 1, column: 1 }, |s| file.position(s.start));
    let place = format!("{}:{start}:", visible(file.path()));
    let label = format!("{}[{}]", diagnostic.severity.name(), diagnostic.code.id);
    let target = diagnostic.target.map_or_else(String::new, |t| format!(" [{}]", t.name()));
    let mut further: Vec<String> = diagnostic.notes.iter().map(|n| format!("note: {}", visible(n))).collect();
    further.extend(diagnostic.help.iter().map(|h| format!("help: {}", visible(h))));
    let further = if further.is_empty() { String::new() } else { format!(" ({})", further.join("; ")) };
    let label = paint.severity(diagnostic.severity, label);
    format!("{} {label}: {}{target}{further}", paint.bold(place), visible(&diagnostic.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;
    use crate::source::Span;
    use crate::target::TargetId;

    #[test]
    fn everything_stands_in_one_line() {
        let file = SourceFile::new("rules/x.yml", "a\nb sats\n");
        let diagnostic = Diagnostic::new(&code::UNKNOWN_COMMAND, "unknown command `sats`").at(Span::new(4, 8));
        insta::assert_snapshot!(
            concise(&diagnostic, &file, Paint::Plain),
            @"rules/x.yml:2:3: error[S203]: unknown command `sats`"
        );
        let diagnostic =
            diagnostic.help("did you mean `stats`?").note("in the macro `m`\nof x").target(TargetId::Athena);
        insta::assert_snapshot!(
            concise(&diagnostic, &file, Paint::Plain),
            @"rules/x.yml:2:3: error[S203]: unknown command `sats` [athena] (note: in the macro `m`�of x; help: did you mean `stats`?)"
        );
    }

    #[test]
    fn without_a_span_it_points_to_the_first_line() {
        let diagnostic = Diagnostic::new(&code::UNREADABLE_FILE, "gone");
        let line = concise(&diagnostic, &SourceFile::new("x", ""), Paint::Plain);
        assert_eq!(line, "x:1:1: error[R009]: gone");
    }
}
