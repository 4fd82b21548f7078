//! Text values of a detection, and their escapes (Sigma rules specification 2, "Escaping").

use crate::ir::{Pattern, Piece};

/// How a pattern stands in a rule: Sigma has a modifier for the usual places of a wildcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// No wildcard.
    Exact,
    StartsWith,
    EndsWith,
    Contains,
    /// Wildcards elsewhere: they are written in the value.
    Wildcards,
}

impl Shape {
    pub(super) fn of(pattern: &Pattern) -> Shape {
        match pattern.pieces() {
            [] | [Piece::Text(_)] => Shape::Exact,
            [Piece::Text(_), Piece::Any] => Shape::StartsWith,
            [Piece::Any, Piece::Text(_)] => Shape::EndsWith,
            [Piece::Any, Piece::Text(_), Piece::Any] => Shape::Contains,
            _ => Shape::Wildcards,
        }
    }

    /// The value modifier, where the shape has one.
    pub(super) fn modifier(self) -> Option<&'static str> {
        match self {
            Shape::Exact | Shape::Wildcards => None,
            Shape::StartsWith => Some("startswith"),
            Shape::EndsWith => Some("endswith"),
            Shape::Contains => Some("contains"),
        }
    }
}

/// A pattern as a Sigma value with its wildcards in it.
pub(super) fn with_wildcards(pattern: &Pattern) -> String {
    print(pattern.pieces())
}

/// The text of a pattern without its wildcards: what stands beside the modifier of its shape.
pub(super) fn without_wildcards(pattern: &Pattern) -> String {
    let text: Vec<Piece> = pattern.pieces().iter().filter(|p| matches!(p, Piece::Text(_))).cloned().collect();
    print(&text)
}

/// Escapes literal wildcards. A run of backslashes is doubled where it has more than one or a wildcard follows,
/// literal or not; a single one before anything else stays.
fn print(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let text = match piece {
            Piece::Text(text) => text,
            Piece::Any => {
                out.push('*');
                continue;
            }
            Piece::One => {
                out.push('?');
                continue;
            }
        };
        let wildcard_follows = pieces.get(i + 1).is_some();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    let mut run = 1;
                    while chars.next_if_eq(&'\\').is_some() {
                        run += 1;
                    }
                    let before_wildcard = match chars.peek() {
                        Some(next) => matches!(next, '*' | '?'),
                        None => wildcard_follows,
                    };
                    let count = if run > 1 || before_wildcard { run * 2 } else { 1 };
                    out.extend(std::iter::repeat_n('\\', count));
                }
                '*' | '?' => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Piece {
        Piece::Text(t.to_owned())
    }

    fn printed(pieces: impl IntoIterator<Item = Piece>) -> String {
        with_wildcards(&Pattern::new(pieces))
    }

    /// What the specification makes of a value: the reverse of [`print`].
    fn read(value: &str) -> Pattern {
        let mut pieces = Vec::new();
        let mut chars = value.chars().peekable();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '\\' => match chars.next_if(|n| matches!(n, '*' | '?' | '\\')) {
                    Some(n) => Piece::Text(n.to_string()),
                    None => text("\\"),
                },
                '*' => Piece::Any,
                '?' => Piece::One,
                c => Piece::Text(c.to_string()),
            });
        }
        Pattern::new(pieces)
    }

    #[test]
    fn wildcards_are_written_and_literal_ones_escaped() {
        assert_eq!(printed([text("a"), Piece::Any, text("b"), Piece::One]), "a*b?");
        assert_eq!(printed([text("a*b?c")]), r"a\*b\?c");
    }

    #[test]
    fn a_single_backslash_stays() {
        assert_eq!(printed([text(r"C:\Windows\cmd.exe")]), r"C:\Windows\cmd.exe");
        assert_eq!(printed([text(r"end\")]), r"end\");
    }

    #[test]
    fn a_backslash_before_a_wildcard_is_doubled() {
        assert_eq!(printed([text(r"C:\"), Piece::Any]), r"C:\\*");
        assert_eq!(printed([text(r"C:\*")]), r"C:\\\*");
        assert_eq!(printed([text(r"C:\"), Piece::One, text("x")]), r"C:\\?x");
    }

    #[test]
    fn two_backslashes_become_four() {
        assert_eq!(printed([text(r"\\server\share")]), r"\\\\server\share");
        assert_eq!(printed([text(r"\\"), Piece::Any]), r"\\\\*");
    }

    #[test]
    fn every_value_reads_back_as_it_was() {
        let alphabet = [text("\\"), text("*"), text("?"), text("a"), Piece::Any, Piece::One];
        for n in 0..6_usize.pow(5) {
            let pieces = (0..5).map(|i| alphabet[n / 6_usize.pow(i) % 6].clone());
            let pattern = Pattern::new(pieces);
            assert_eq!(read(&with_wildcards(&pattern)), pattern, "{pattern:?}");
        }
    }

    #[test]
    fn modifiers_follow_the_wildcards() {
        let shape = |pieces: Vec<Piece>| Shape::of(&Pattern::new(pieces)).modifier();
        assert_eq!(shape(vec![text("a"), Piece::Any]), Some("startswith"));
        assert_eq!(shape(vec![Piece::Any, text("a")]), Some("endswith"));
        assert_eq!(shape(vec![Piece::Any, text("a"), Piece::Any]), Some("contains"));
        assert_eq!(shape(vec![text("a"), Piece::One]), None);
        assert_eq!(shape(vec![text("a")]), None);
        assert_eq!(without_wildcards(&Pattern::new([Piece::Any, text("a*"), Piece::Any])), r"a\*");
    }
}
