//! Regular expressions in the search text: a malformed one is reported at its place inside the quotation marks.

use std::ops::Range;

use super::parser::Parser;
use crate::diagnostic::{Reported, code};
use crate::regex::{Analysis, ErrorKind};
use crate::source::Span;

const HELP: &str = "write a pattern that PCRE takes; a backslash makes one of `\\ ^ $ . | ? * + ( ) [ {` a character";

/// The argument of a function that is a regular expression.
pub(crate) fn argument(function: &str) -> Option<usize> {
    ["match", "replace", "mvfind"].iter().any(|f| function.eq_ignore_ascii_case(f)).then_some(1)
}

/// Reads a pattern whose string begins with the quotation mark at `start`.
///
/// # Errors
/// PCRE would refuse it.
pub(crate) fn check(p: &mut Parser<'_>, start: usize, pattern: &str) -> Result<Analysis, Reported> {
    Analysis::new(pattern).map_err(|error| {
        let span = place(p, start, error.range);
        let (code, message) = match error.kind {
            ErrorKind::Malformed => (&code::INVALID_REGEX, format!("malformed regular expression: {}", error.message)),
            ErrorKind::Unsupported => (&code::UNSUPPORTED_SYNTAX, format!("regular expression: {}", error.message)),
        };
        p.fail(code, message, span, HELP)
    })
}

/// The place of some bytes of a decoded string in the rule file.
pub(crate) fn place(p: &Parser<'_>, start: usize, range: Range<usize>) -> Span {
    let behind = start + 1;
    let text = p.src().get(behind..).unwrap_or("");
    let delimiter = p.src().get(start..behind).and_then(|d| d.chars().next()).unwrap_or('"');
    // Where each byte of the decoded text stands.
    let (mut from, mut to, mut decoded) = (None, None, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if decoded == range.start {
            from = from.or(Some(at));
        }
        if decoded >= range.end {
            to = Some(at);
            break;
        }
        let mut length = c.len_utf8();
        if c == '\\'
            && let Some((_, next)) = chars.next_if(|(_, next)| *next == delimiter || *next == '\\')
        {
            length = next.len_utf8();
        } else if c == delimiter {
            to = Some(at);
            break;
        }
        decoded += length;
    }
    let to = to.unwrap_or(text.len());
    let from = from.unwrap_or(to);
    p.span(behind + from, behind + to.max(from))
}

#[cfg(test)]
mod tests {
    use crate::compile::Compiler;
    use crate::options::Options;
    use crate::rule::Library;
    use crate::schema::Schemas;
    use crate::source::SourceFile;

    /// Code, text at the place, and message of each diagnostic of a search in a block scalar.
    fn faults(stage: &str) -> Vec<(&'static str, String, String)> {
        let rule = format!("name: x\nsearch: |-\n  sourcetype=aws:cloudtrail earliest=-1h latest=now\n  | {stage}\n");
        let compiler = Compiler::new(Library::default(), Schemas::builtin(), Options::default());
        let compiled = compiler.compile(&SourceFile::new("x.yml", rule.as_str()), &[]);
        let text = |d: &crate::diagnostic::Diagnostic| {
            d.span.and_then(|s| rule.get(s.start as usize..s.end as usize)).unwrap_or("").to_owned()
        };
        let found = compiled.diagnostics.iter().filter(|d| d.code.id != "R003");
        found.map(|d| (d.code.id, text(d), d.message.clone())).collect()
    }

    #[test]
    fn a_malformed_pattern_is_reported_at_its_place_inside_the_string() {
        for (stage, at, message) in [
            (r#"rex field=userAgent "^(?<tool>\w+(/"#.to_owned() + "\"", "(", "a parenthesis is not closed"),
            (r#"regex userAgent!="a\\\\[z-a]""#.to_owned(), "z-a", "the range `z-a` is out of order"),
            (r#"where match(userAgent, "\"a\"*+*")"#.to_owned(), "*", "a quantifier has nothing to repeat"),
            (r#"eval x=replace(userAgent, "é)", "")"#.to_owned(), ")", "a parenthesis closes that was not opened"),
            (r#"regex "+""#.to_owned(), "+", "a quantifier has nothing to repeat"),
        ] {
            let message = format!("malformed regular expression: {message}");
            assert_eq!(faults(&stage), [("S210", at.to_owned(), message)], "{stage}");
        }
    }

    #[test]
    fn later_faults_of_an_expression_are_found_too() {
        let found = faults(r#"where match(userAgent, "(") OR match(eventName, "[") OR nonsense(eventName)"#);
        let ids: Vec<_> = found.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, ["S210", "S210"], "{found:?}");
    }

    #[test]
    fn well_formed_patterns_pass() {
        assert_eq!(
            faults(r#"where match(userAgent, "(?i)^aws-cli/[^]]+(?=\s)") | rex field=userAgent "(?<x>a)(?'y'b)""#),
            []
        );
    }
}
