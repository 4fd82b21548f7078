//! Reads a file: checks its bytes, runs the scanner, says what is wrong.

use saphyr_parser::{Event, Marker, Parser};

use super::build::{Builder, too_deep};
use super::indent::Indented;
use super::node::Node;
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::source::{SourceFile, Span};

/// The largest file that is read, in bytes: 10 MiB.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Reads the first document of a file. Duplicate keys are reported and the first is kept.
///
/// # Errors
/// The file is too large, not UTF-8, no YAML, or nested too deeply; the sink has the reason. `Ok(None)`: no document.
pub(crate) fn parse(file: &SourceFile, sink: &mut Sink) -> Result<Option<Node>, Reported> {
    check_bytes(file, sink)?;
    let mut indented = Indented::default();
    loop {
        match read(file, &indented, sink) {
            Ok(root) => return Ok(root),
            Err(Stop::Reported(reported)) => return Err(reported),
            Err(Stop::Scan { at, info }) => {
                if !(info.contains("invalid indentation in quoted") && indented.indent(file.text(), at)) {
                    return Err(scan_error(file, at, &info, sink));
                }
            }
        }
    }
}

/// Why reading ends early.
enum Stop {
    Reported(Reported),
    Scan { at: usize, info: String },
}

impl From<Reported> for Stop {
    fn from(reported: Reported) -> Self {
        Stop::Reported(reported)
    }
}

fn read(file: &SourceFile, indented: &Indented, sink: &mut Sink) -> Result<Option<Node>, Stop> {
    let text = indented.text.as_deref().unwrap_or(file.text());
    let offsets = Offsets::new(text);
    let byte = |marker: &Marker| indented.original(offsets.byte(marker));
    let mut said = Sink::default();
    let mut builder = Builder::new(file, &mut said);
    let mut documents = 0;
    let mut result = Ok(());
    for event in Parser::new_from_str(text) {
        let (event, at) = match event {
            Ok(event) => event,
            // What was said so far is said again when the text is read once more.
            Err(error) if error.info().contains("invalid indentation in quoted") => {
                return Err(Stop::Scan { at: byte(error.marker()), info: error.info().to_owned() });
            }
            Err(error) => {
                result = Err(Stop::Scan { at: byte(error.marker()), info: error.info().to_owned() });
                break;
            }
        };
        let span = Span::new(byte(&at.start), byte(&at.end));
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents == 2 {
                builder.sink.push(
                    Diagnostic::new(&code::EXTRA_DOCUMENT, "a further YAML document in the file is not read")
                        .at(span)
                        .help("give each rule a file of its own"),
                );
            }
        } else if documents == 1
            && let Err(reported) = builder.event(event, span)
        {
            result = Err(reported.into());
            break;
        }
    }
    let root = builder.root.take();
    for diagnostic in said.into_diagnostics() {
        sink.push(diagnostic);
    }
    result.map(|()| root)
}

fn check_bytes(file: &SourceFile, sink: &mut Sink) -> Result<(), Reported> {
    let text = file.text();
    if text.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES / 1024 / 1024);
        return Err(sink.fail(
            Diagnostic::new(&code::FILE_TOO_LARGE, message)
                .at(Span::new(0, 0))
                .help("a rule file holds one rule and is seldom larger than 20 kB"),
        ));
    }
    if let Some(at) = file.invalid_utf8() {
        return Err(sink.fail(
            Diagnostic::new(&code::INVALID_UTF8, "the file is not valid UTF-8 here")
                .at(char_at(text, at as usize))
                .help("save the file as UTF-8"),
        ));
    }
    // The scanner takes a NUL for the end of the file, so what stands behind it would be lost.
    let control = text.bytes().position(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'));
    match control {
        None => Ok(()),
        Some(at) => {
            let byte = text.as_bytes().get(at).copied().unwrap_or(0);
            Err(sink.fail(
                Diagnostic::new(&code::INVALID_YAML, format!("YAML does not allow the control character U+{byte:04X}"))
                    .at(Span::new(at, at + 1))
                    .help("remove it, or write it as an escape in a double-quoted text"),
            ))
        }
    }
}

fn scan_error(file: &SourceFile, at: usize, info: &str, sink: &mut Sink) -> Reported {
    if info.contains("recursion limit") {
        return sink.fail(too_deep(char_at(file.text(), at)));
    }
    let (at, has_tab) = match tab_before(file.text(), at) {
        Some(tab) => (tab, true),
        None => (at, info.contains("tab")),
    };
    let help = if has_tab {
        "indent with blanks; YAML does not allow tabs there"
    } else if ["end of stream", "document indicator", "indentation in quoted"].iter().any(|i| info.contains(i)) {
        "the quotation mark here has no partner; within single quotes a quote is written `''`"
    } else if info.contains("escape") || info.contains("hexadecimal") {
        "within double quotes a backslash is written `\\\\`; single quotes take it as it is"
    } else if info.contains("mapping values") {
        "put the text in quotes: in unquoted text, a colon and a blank begin a mapping"
    } else if info.contains("anchor") || info.contains("alias") {
        "put text that begins with `*` or `&` in quotes"
    } else if info.contains("trailing content") {
        "within single quotes a quote is written `''`"
    } else {
        "check the indentation and the quotation marks of this line and the one before"
    };
    sink.fail(
        Diagnostic::new(&code::INVALID_YAML, format!("the file is not valid YAML: {info}"))
            .at(char_at(file.text(), at))
            .help(help),
    )
}

/// The first tab of the indentation of a line, given an offset in that line.
fn tab_before(text: &str, at: usize) -> Option<usize> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |i| i + 1);
    let line = text.get(start..)?;
    let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..indentation)?.find('\t').map(|i| start + i)
}

/// The span of the character at an offset; empty at the end of the text and at a line break.
fn char_at(text: &str, at: usize) -> Span {
    let len =
        text.get(at..).and_then(|t| t.chars().next()).filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8);
    Span::new(at, at + len)
}

/// Byte offsets of the scanner's positions, which count characters.
struct Offsets<'a> {
    text: &'a str,
    /// The byte offset of each 256th character; none where characters are bytes.
    steps: Option<Vec<usize>>,
}

impl<'a> Offsets<'a> {
    const STEP: usize = 256;

    fn new(text: &'a str) -> Self {
        let steps = (!text.is_ascii()).then(|| text.char_indices().step_by(Self::STEP).map(|(i, _)| i).collect());
        Self { text, steps }
    }

    fn byte(&self, marker: &Marker) -> usize {
        let index = marker.index();
        let Some(steps) = &self.steps else { return index.min(self.text.len()) };
        let Some(start) = steps.get(index / Self::STEP) else { return self.text.len() };
        let tail = self.text.get(*start..).unwrap_or("");
        tail.char_indices().nth(index % Self::STEP).map_or(self.text.len(), |(i, _)| start + i)
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::MAX_DEPTH;
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let file = SourceFile::new("f", text);
        let mut sink = Sink::default();
        let node = parse(&file, &mut sink).ok().flatten();
        let show = |d: &Diagnostic| {
            let at = d.span.map_or_else(String::new, |s| file.position(s.start).to_string());
            format!("{} {at} {} | {}", d.code.id, d.message, d.help.as_deref().unwrap_or("-"))
        };
        (node, sink.diagnostics().iter().map(show).collect())
    }

    fn nested(node: &Node, path: &[&str]) -> Option<String> {
        match path {
            [] => node.scalar().map(|s| s.text.clone()),
            [key, rest @ ..] => nested(node.get(key)?, rest),
        }
    }

    #[test]
    fn spans_are_bytes_behind_wide_characters() {
        let text = "a: \"\u{e9}\u{1f600}\" # \u{e9}\nb: 'x' \n";
        let (node, said) = read(text);
        let node = node.expect("a tree");
        assert!(said.is_empty());
        let span = node.get("b").expect("b").span;
        assert_eq!(&text[span.start as usize..span.end as usize], "'x'");
        let span = node.get("a").expect("a").span;
        assert_eq!(&text[span.start as usize..span.end as usize], "\"\u{e9}\u{1f600}\"");
    }

    #[test]
    fn duplicate_keys_are_reported_and_the_first_stays() {
        let (node, said) = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(
            said,
            ["R002 3:1 the key `a` stands twice in one mapping | it stands in line 1 already; remove one of the two"]
        );
        assert_eq!(nested(&node.expect("a tree"), &["a"]).as_deref(), Some("1"));
    }

    #[test]
    fn the_same_key_in_two_mappings_is_no_duplicate() {
        assert!(read("a:\n  x: 1\nb:\n  x: 1\n").1.is_empty());
    }

    #[test]
    fn tabs_get_their_own_help() {
        let (_, said) = read("a:\n\tb: 1\n");
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("R001 2:") && said[0].ends_with("does not allow tabs there"), "{said:?}");
    }

    #[test]
    fn unbalanced_quotes_are_placed_at_the_quote() {
        let (_, said) = read("a: 1\nb: 'x\nc: 2\n");
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("R001 2:4") && said[0].contains("no partner"), "{said:?}");
    }

    #[test]
    fn nul_bytes_do_not_cut_the_file() {
        let (_, said) = read("a: 1\n\0b: 2\n");
        assert!(said[0].starts_with("R001 2:1 YAML does not allow the control character U+0000"), "{said:?}");
    }

    #[test]
    fn nesting_is_limited_in_both_styles() {
        let flow = format!("a: {}{}\n", "[".repeat(100), "]".repeat(100));
        let (_, said) = read(&flow);
        assert!(said[0].starts_with("R008 1:"), "{said:?}");
        let block = format!("{}x\n", "- ".repeat(100));
        assert!(read(&block).1[0].starts_with("R008 1:"));
        let deepest = format!("{}x\n", "- ".repeat(MAX_DEPTH));
        assert!(read(&deepest).1.is_empty());
        let unclosed = format!("a: {}", "[".repeat(200_000));
        assert!(read(&unclosed).1[0].starts_with("R008 1:"));
        let maps = format!("a: {}", "{a: ".repeat(10_000));
        assert!(read(&maps).1[0].starts_with("R008 1:"));
    }

    #[test]
    fn aliases_are_written_out() {
        let (node, said) = read("a: &x {k: v}\nb: *x\n");
        assert!(said.is_empty());
        assert_eq!(nested(&node.expect("a tree"), &["b", "k"]).as_deref(), Some("v"));
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..9 {
            let list = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        let (node, said) = read(&text);
        assert!(node.is_none());
        assert!(said[0].starts_with("R008") && said[0].contains("too many values"), "{said:?}");
        let mut deep = "a0: &a0 [x]\n".to_owned();
        for i in 1..200 {
            deep.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
        }
        assert!(read(&deep).1[0].starts_with("R008"));
    }

    #[test]
    fn an_alias_to_its_own_parent_is_refused() {
        let (_, said) = read("a: &x [*x]\n");
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("R001 1:8"), "{said:?}");
    }

    #[test]
    fn a_list_as_key_is_refused() {
        assert!(read("? [a, b]\n: 1\n").1[0].starts_with("R004 1:3"));
    }

    #[test]
    fn a_second_document_is_noted() {
        let (node, said) = read("a: 1\n---\na: 2\n");
        assert_eq!(nested(&node.expect("a tree"), &["a"]).as_deref(), Some("1"));
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("R013 2:1"), "{said:?}");
    }

    #[test]
    fn an_empty_file_has_no_document() {
        let file = SourceFile::new("f", "# nothing\n");
        assert!(parse(&file, &mut Sink::default()).expect("no error").is_none());
    }
}
