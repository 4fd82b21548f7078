//! The form for terminals: message, place, excerpt, help.

use super::excerpt::excerpt;
use super::{Paint, visible};
use crate::diagnostic::Diagnostic;
use crate::source::{Position, SourceFile, Span};

/// Several lines, with a line break at the end. Without a span there is no excerpt.
pub fn full(diagnostic: &Diagnostic, file: &SourceFile, paint: Paint) -> String {
    let label = format!("{}[{}]", diagnostic.severity.name(), diagnostic.code.id);
    let mut text = format!(
        "{}{}\n",
        paint.severity(diagnostic.severity, label),
        paint.bold(format!(": {}", visible(&diagnostic.message)))
    );
    let start = diagnostic.span.map_or(Position { line: 1, column: 1 }, |s| file.position(s.start));
    let gutter = start.line.to_string().len();
    let pad = " ".repeat(gutter);
    let arrow = paint.frame("-->");
    text.push_str(&format!("{pad}{arrow} {}:{start}\n", visible(file.path())));
    let bar = paint.frame("|");
    if let Some(span) = diagnostic.span.filter(|_| !file.text().is_empty()) {
        let (from, to, more) = in_line(span, start, file);
        let shown = excerpt(file.line(start.line), from, to);
        let number = paint.frame(start.line);
        let marks = "^".repeat(shown.marks) + if more { "…" } else { "" };
        let marks = paint.severity(diagnostic.severity, marks);
        let indent = " ".repeat(shown.indent);
        text.push_str(&format!("{pad} {bar}\n{number} {bar} {}\n{pad} {bar} {indent}{marks}\n", shown.line));
    }
    let equals = paint.frame("=");
    let mut further = |kind: &str, line: &str| {
        text.push_str(&format!("{pad} {equals} {} {}\n", paint.bold(format!("{kind}:")), visible(line)));
    };
    if let Some(target) = diagnostic.target {
        further("target", target.name());
    }
    for line in diagnostic.notes.iter().flat_map(|n| n.lines()) {
        further("note", line);
    }
    if let Some(help) = &diagnostic.help {
        further("help", help);
    }
    text
}

/// The bytes of the span's first line that are marked, and whether the span goes on behind that line.
fn in_line(span: Span, start: Position, file: &SourceFile) -> (usize, usize, bool) {
    let line = file.line(start.line);
    let from = line.char_indices().nth(start.column as usize - 1).map_or(line.len(), |(i, _)| i);
    let len = (span.end as usize).saturating_sub(span.start as usize);
    let more = file.position(span.end.max(span.start + 1) - 1).line > start.line;
    (from, if more { line.len() } else { (from + len).min(line.len()) }, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;
    use crate::target::TargetId;

    fn file() -> SourceFile {
        SourceFile::new("rules/x.yml", "name: x\nsearch: |-\n    index=a\n    | sats count by user\n")
    }

    fn at(part: &str) -> Span {
        let start = file().text().find(part).expect("the part");
        Span::new(start, start + part.len())
    }

    #[test]
    fn a_diagnostic_shows_its_line() {
        let diagnostic = Diagnostic::new(&code::UNKNOWN_COMMAND, "unknown command `sats`")
            .at(at("sats"))
            .help("did you mean `stats`?");
        insta::assert_snapshot!(full(&diagnostic, &file(), Paint::Plain), @r"
        error[S203]: unknown command `sats`
         --> rules/x.yml:4:7
          |
        4 |     | sats count by user
          |       ^^^^
          = help: did you mean `stats`?
        ");
    }

    #[test]
    fn a_span_of_several_lines_marks_the_first() {
        let diagnostic = Diagnostic::new(&code::APPROXIMATION, "widens")
            .at(at("index=a\n    | sats"))
            .note("in the macro `m`")
            .target(TargetId::Sigma);
        insta::assert_snapshot!(full(&diagnostic, &file(), Paint::Plain), @r"
        warning[C403]: widens
         --> rules/x.yml:3:5
          |
        3 |     index=a
          |     ^^^^^^^…
          = target: sigma
          = note: in the macro `m`
        ");
    }

    #[test]
    fn without_a_span_there_is_no_excerpt() {
        let diagnostic = Diagnostic::new(&code::UNREADABLE_FILE, "the file can't be read").help("look");
        insta::assert_snapshot!(full(&diagnostic, &SourceFile::new("gone.yml", ""), Paint::Plain), @r"
        error[R009]: the file can't be read
         --> gone.yml:1:1
          = help: look
        ");
    }

    #[test]
    fn a_span_at_the_end_of_the_file_is_shown() {
        let file = SourceFile::new("f", "ab");
        let diagnostic = Diagnostic::new(&code::SYNTAX, "m").at(Span::new(2, 2));
        insta::assert_snapshot!(full(&diagnostic, &file, Paint::Plain), @r"
        error[S201]: m
         --> f:1:3
          |
        1 | ab
          |   ^
        ");
        let beyond = Diagnostic::new(&code::SYNTAX, "m").at(Span::new(90, 99));
        assert!(full(&beyond, &file, Paint::Plain).contains("f:1:3"));
    }

    #[test]
    fn colours_surround_the_label() {
        let diagnostic = Diagnostic::new(&code::SYNTAX, "m");
        let text = full(&diagnostic, &file(), Paint::Colour);
        assert!(text.starts_with("\u{1b}[") && text.contains("error[S201]"));
    }
}
