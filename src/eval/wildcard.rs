//! Wildcard patterns compiled for many values. The answers are those of [`Pattern::matches`].
//!
//! A pattern is split at its `Any` pieces: what stands before the first is matched at the start, what stands after the last
//! at the end, and what is between is looked for from left to right.

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};

use crate::ir::{Case, Pattern, Piece, letters};

/// Characters of logs, the most frequent first; all others are rarer.
const FREQUENT: &[u8] = b"e\"asntori:,cdlmup-0123456789.fhgyw_/bvk";

/// A pattern ready to be matched.
#[derive(Debug)]
pub(crate) struct Wildcard {
    fold: bool,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    /// No `Any`: the run covers the whole value.
    Whole(Run),
    Parts {
        first: Run,
        middle: Vec<Run>,
        last: Run,
    },
}

/// What stands between two `Any`s.
#[derive(Debug)]
pub(super) enum Run {
    Text(Box<Needle>),
    /// With single-character wildcards: `None` is one character.
    Mixed(Vec<Option<String>>),
}

#[derive(Debug)]
pub(super) struct Needle {
    text: String,
    finder: Finder<'static>,
    /// The place of the rarest byte, which is what is looked for where case does not count.
    anchor: usize,
}

impl Wildcard {
    pub(crate) fn new(pattern: &Pattern, case: Case) -> Self {
        let fold = case == Case::Insensitive;
        let mut runs = Run::all(pattern, fold);
        let last = runs.pop().unwrap_or_else(|| Run::new(Vec::new()));
        let shape = if runs.is_empty() {
            Shape::Whole(last)
        } else {
            let first = runs.remove(0);
            Shape::Parts { first, middle: runs, last }
        };
        Self { fold, shape }
    }

    /// Whether the whole value matches.
    pub(crate) fn is_match(&self, value: &str) -> bool {
        if !self.fold {
            self.shape.matches(value, false)
        } else if value.is_ascii() {
            self.shape.matches(value, true)
        } else {
            self.shape.matches(&letters::lower(value), false)
        }
    }
}

impl Shape {
    /// `fold`: the value is ASCII, and its letters are to be read as small ones.
    fn matches(&self, value: &str, fold: bool) -> bool {
        match self {
            Shape::Whole(run) => run.prefix(value, fold) == Some(value.len()),
            Shape::Parts { first, middle, last } => {
                let Some(start) = first.prefix(value, fold) else { return false };
                let Some(end) = last.suffix(&value[start..], fold) else { return false };
                let mut rest = &value[start..start + end];
                for run in middle {
                    let Some(found) = run.find(rest, fold) else { return false };
                    rest = &rest[found.end..];
                }
                true
            }
        }
    }
}

impl Run {
    /// The runs of a pattern, with an empty one where it begins or ends with an `Any`. `fold`: in small letters.
    pub(super) fn all(pattern: &Pattern, fold: bool) -> Vec<Run> {
        let mut runs: Vec<Vec<Option<String>>> = vec![Vec::new()];
        for piece in pattern.pieces() {
            let part = match piece {
                Piece::Any => {
                    runs.push(Vec::new());
                    continue;
                }
                Piece::One => None,
                Piece::Text(text) => Some(if fold { letters::lower(text) } else { text.clone() }),
            };
            if let Some(run) = runs.last_mut() {
                run.push(part);
            }
        }
        runs.into_iter().map(Run::new).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Run::Text(needle) if needle.text.is_empty())
    }

    /// The first and last character, where they are no wildcards.
    pub(super) fn ends(&self) -> (Option<char>, Option<char>) {
        match self {
            Run::Text(needle) => (needle.text.chars().next(), needle.text.chars().next_back()),
            Run::Mixed(parts) => {
                let first = parts.first().and_then(|p| p.as_ref()?.chars().next());
                (first, parts.last().and_then(|p| p.as_ref()?.chars().next_back()))
            }
        }
    }

    fn new(mut parts: Vec<Option<String>>) -> Self {
        match parts.as_mut_slice() {
            [] => Run::Text(Box::new(Needle::new(String::new()))),
            [Some(text)] => Run::Text(Box::new(Needle::new(std::mem::take(text)))),
            _ => Run::Mixed(parts),
        }
    }

    /// Where the run ends in a value that begins with it.
    fn prefix(&self, value: &str, fold: bool) -> Option<usize> {
        match self {
            Run::Text(needle) => {
                let length = needle.text.len();
                same(value.as_bytes().get(..length)?, &needle.text, fold).then_some(length)
            }
            Run::Mixed(parts) => {
                let mut at = 0;
                for part in parts {
                    at += match part {
                        None => value[at..].chars().next()?.len_utf8(),
                        Some(text) => {
                            let here = value.as_bytes().get(at..at + text.len())?;
                            same(here, text, fold).then_some(text.len())?
                        }
                    };
                }
                Some(at)
            }
        }
    }

    /// Where the run begins in a value that ends with it.
    fn suffix(&self, value: &str, fold: bool) -> Option<usize> {
        match self {
            Run::Text(needle) => {
                let start = value.len().checked_sub(needle.text.len())?;
                same(&value.as_bytes()[start..], &needle.text, fold).then_some(start)
            }
            Run::Mixed(parts) => {
                // The run has a fixed number of characters.
                let length: usize = parts.iter().map(|p| p.as_ref().map_or(1, |t| t.chars().count())).sum();
                let start = match length {
                    0 => value.len(),
                    n => value.char_indices().rev().nth(n - 1)?.0,
                };
                (self.prefix(&value[start..], fold)? == value.len() - start).then_some(start)
            }
        }
    }

    /// The leftmost occurrence of the run.
    pub(super) fn find(&self, value: &str, fold: bool) -> Option<Range<usize>> {
        match self {
            Run::Text(needle) => needle.find(value, fold).map(|at| at..at + needle.text.len()),
            Run::Mixed(_) => value
                .char_indices()
                .map(|(at, _)| at)
                .chain([value.len()])
                .find_map(|at| self.prefix(&value[at..], fold).map(|length| at..at + length)),
        }
    }
}

impl Needle {
    fn new(text: String) -> Self {
        let finder = Finder::new(text.as_bytes()).into_owned();
        let rarity = |byte: u8| FREQUENT.iter().position(|f| *f == byte).unwrap_or(FREQUENT.len());
        let places = text.bytes().enumerate().max_by_key(|(_, byte)| rarity(byte.to_ascii_lowercase()));
        let anchor = places.map_or(0, |(at, _)| at);
        Self { text, finder, anchor }
    }

    fn find(&self, value: &str, fold: bool) -> Option<usize> {
        let value = value.as_bytes();
        if !fold {
            return self.finder.find(value);
        }
        let Some(&rarest) = self.text.as_bytes().get(self.anchor) else { return Some(0) };
        let last = value.len().checked_sub(self.text.len())?;
        let mut from = 0;
        while from <= last {
            let within = &value[from + self.anchor..=last + self.anchor];
            let found = match rarest.to_ascii_uppercase() {
                upper if upper == rarest => memchr(rarest, within),
                upper => memchr2(rarest, upper, within),
            };
            let at = from + found?;
            if same(&value[at..at + self.text.len()], &self.text, true) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }
}

fn same(value: &[u8], text: &str, fold: bool) -> bool {
    if fold { value.eq_ignore_ascii_case(text.as_bytes()) } else { value == text.as_bytes() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(s: &str) -> Pattern {
        Pattern::new(s.chars().map(|c| match c {
            '*' => Piece::Any,
            '_' => Piece::One,
            c => Piece::Text(c.to_string()),
        }))
    }

    fn matches(p: &str, value: &str, case: Case) -> bool {
        Wildcard::new(&pattern(p), case).is_match(value)
    }

    #[test]
    fn parts_do_not_overlap() {
        assert!(matches("ab*ba", "abba", Case::Sensitive));
        assert!(!matches("ab*ba", "aba", Case::Sensitive));
        assert!(!matches("a*a*a", "aa", Case::Sensitive));
        assert!(matches("*a_c*", "xxabcx", Case::Sensitive));
    }

    #[test]
    fn letters_fold_beyond_ascii() {
        assert!(matches("*ÄB*", "xäbx", Case::Insensitive));
        assert!(!matches("*ÄB*", "xäbx", Case::Sensitive));
        // The Kelvin sign's small letter is k.
        assert!(matches("\u{212a}*", "kilo", Case::Insensitive));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn answers_are_those_of_the_pattern(p in "[abAB*_äÄ]{0,7}", value in "[abABäÄß\n]{0,9}", fold: bool) {
            let pattern = pattern(&p);
            let case = if fold { Case::Insensitive } else { Case::Sensitive };
            prop_assert_eq!(Wildcard::new(&pattern, case).is_match(&value), pattern.matches(&value, fold));
        }

        #[test]
        fn special_letters_fold_as_the_pattern_does(p in "[ks\u{212a}İΣσſ*_]{0,6}", value in "[ksKS\u{212a}İΣσς\u{307}ſ]{0,8}") {
            let pattern = pattern(&p);
            prop_assert_eq!(Wildcard::new(&pattern, Case::Insensitive).is_match(&value), pattern.matches(&value, true));
        }
    }
}
