//! Wildcard patterns, kept as pieces so that each target escapes them once, when it prints.

use std::fmt;

use super::{Expr, ExprKind, Literal};

/// One piece of a pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Piece {
    /// Literal text, without escapes.
    Text(String),
    /// Any text, the empty one included: SPL's `*`, LIKE's `%`.
    Any,
    /// Exactly one character: LIKE's `_`.
    One,
}

/// A pattern that must cover the whole value. Adjacent `Text` pieces and adjacent `Any` pieces are merged.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// What the text of an expression looks like: its constant parts, and anything between them.
    pub fn of_text(text: &Expr) -> Self {
        let part = |e: &Expr| match e.as_literal() {
            Some(Literal::String(text)) => Piece::Text(text.clone()),
            _ => Piece::Any,
        };
        match &text.kind {
            ExprKind::Concat(parts) => Self::new(parts.iter().map(part)),
            _ => Self::new(vec![part(text)]),
        }
    }

    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut out: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (out.last_mut(), piece) {
                (_, Piece::Text(t)) if t.is_empty() => {}
                (Some(Piece::Text(last)), Piece::Text(t)) => last.push_str(&t),
                (Some(Piece::Any), Piece::Any) => {}
                (_, piece) => out.push(piece),
            }
        }
        Self { pieces: out }
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the pattern matches every value: `*`.
    pub fn is_any(&self) -> bool {
        self.pieces == [Piece::Any]
    }

    /// The text, where the pattern has no wildcard.
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(t)] => Some(t),
            _ => None,
        }
    }

    /// Whether a value matches; with `fold`, letters compare without case.
    pub fn matches(&self, value: &str, fold: bool) -> bool {
        let fold_text = |t: &str| if fold { super::letters::lower(t) } else { t.to_owned() };
        let value: Vec<char> = fold_text(value).chars().collect();
        let pieces: Vec<Option<Vec<char>>> = self
            .pieces
            .iter()
            .map(|p| match p {
                Piece::Text(t) => Some(fold_text(t).chars().collect()),
                Piece::Any => None,
                Piece::One => Some(vec!['\0']),
            })
            .collect();
        let one: Vec<bool> = self.pieces.iter().map(|p| *p == Piece::One).collect();
        matches_from(&pieces, &one, &value)
    }
}

/// Set simulation: the positions in the value that the pieces so far can end at.
fn matches_from(pieces: &[Option<Vec<char>>], one: &[bool], value: &[char]) -> bool {
    let mut ends = vec![false; value.len() + 1];
    ends[0] = true;
    for (piece, one) in pieces.iter().zip(one) {
        let mut next = vec![false; value.len() + 1];
        match piece {
            None => {
                let mut seen = false;
                for (slot, end) in next.iter_mut().zip(&ends) {
                    seen |= *end;
                    *slot = seen;
                }
            }
            Some(text) => {
                for start in (0..ends.len()).filter(|i| ends[*i]) {
                    let hit = if *one { start < value.len() } else { value[start..].starts_with(text) };
                    if hit {
                        next[start + text.len()] = true;
                    }
                }
            }
        }
        ends = next;
    }
    ends[value.len()]
}

impl fmt::Display for Pattern {
    /// Wildcards as `*` and `?`, literal ones escaped by `\`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(t) => {
                    for c in t.chars() {
                        if matches!(c, '*' | '?' | '\\') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
                Piece::Any => f.write_str("*")?,
                Piece::One => f.write_str("?")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(s: &str) -> Pattern {
        Pattern::new(s.chars().map(|c| match c {
            '*' => Piece::Any,
            '_' => Piece::One,
            c => Piece::Text(c.to_string()),
        }))
    }

    #[test]
    fn wildcards_cover_the_whole_value() {
        assert!(pattern("a*c").matches("abc", false));
        assert!(pattern("a*c").matches("ac", false));
        assert!(!pattern("a*c").matches("acd", false));
        assert!(pattern("*").matches("", false));
        assert!(pattern("A*").matches("abc", true));
        assert!(!pattern("A*").matches("abc", false));
        assert!(pattern("a_c").matches("abc", false));
        assert!(!pattern("a_c").matches("ac", false));
    }

    #[test]
    fn pieces_are_merged() {
        assert_eq!(pattern("ab**c").pieces().len(), 3);
        assert_eq!(pattern("abc").as_text(), Some("abc"));
        assert!(pattern("**").is_any());
    }
}
