//! Runs PCRE patterns.
//!
//! Text is Unicode, as in PCRE's UTF mode: `.` is a code point, and `(?i)` knows the cases of all letters. `\d`, `\w`,
//! `\s`, `\b` and POSIX classes know ASCII only (PCRE without UCP). The newline is `\n`. What the crate `regex` can run
//! is run there, in linear time; the rest by backtracking, with a limit.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::analysis::{Analysis, RegexError};
use super::print::{Engine, print};

/// How often a match may go back before it is given up. Splunk's own limit (`match_limit` in limits.conf) counts
/// other steps, so that the two can't be equal.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// A pattern ready to run.
#[derive(Debug)]
pub struct Matcher {
    /// For texts that don't end in a newline; absent where only backtracking does.
    linear: Option<::regex::Regex>,
    /// Whether `linear` also holds for texts that end in a newline.
    any_text: bool,
    backtracking: String,
    compiled: OnceLock<Result<fancy_regex::Regex, String>>,
    /// The groups' names, by slot: slot 0 is the first group.
    names: Vec<Option<Arc<str>>>,
    /// The groups' numbers, by slot; the same for several after a branch reset.
    numbers: Vec<u32>,
    length: usize,
}

/// Why a match could not be decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchError {
    /// One line, lower case, without full stop.
    pub message: String,
}

impl std::fmt::Display for MatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MatchError {}

/// What the groups of one match captured.
#[derive(Clone, Debug)]
pub struct Captures<'m, 't> {
    matcher: &'m Matcher,
    text: &'t str,
    whole: Range<usize>,
    /// By slot.
    slots: Vec<Option<Range<usize>>>,
}

impl<'t> Captures<'_, 't> {
    /// The text of the whole match.
    pub fn whole(&self) -> &'t str {
        self.text.get(self.whole.clone()).unwrap_or("")
    }

    /// Its bytes in the text.
    pub fn range(&self) -> Range<usize> {
        self.whole.clone()
    }

    /// The text of a named group; `None` where the group took no part in the match, or does not exist.
    pub fn name(&self, name: &str) -> Option<&'t str> {
        self.range_of(name).and_then(|range| self.text.get(range))
    }

    /// The bytes of a named group in the text.
    pub fn range_of(&self, name: &str) -> Option<Range<usize>> {
        let slots = self.matcher.names.iter().zip(&self.slots);
        slots.filter(|(n, _)| n.as_deref() == Some(name)).find_map(|(_, range)| range.clone())
    }

    /// The text of a group by its number; 0 is the whole match.
    pub fn number(&self, number: u32) -> Option<&'t str> {
        if number == 0 {
            return Some(self.whole());
        }
        let slots = self.matcher.numbers.iter().zip(&self.slots);
        let range = slots.filter(|(n, _)| **n == number).find_map(|(_, range)| range.clone())?;
        self.text.get(range)
    }
}

impl Matcher {
    /// Compiles a PCRE pattern.
    ///
    /// # Errors
    /// What PCRE would refuse, or what can't be run here (`ErrorKind` says which), with its bytes in the pattern.
    pub fn new(pattern: &str) -> Result<Matcher, RegexError> {
        Self::from_analysis(&Analysis::new(pattern)?, pattern.len())
    }

    fn from_analysis(analysis: &Analysis, length: usize) -> Result<Matcher, RegexError> {
        let backtracking = print(analysis, Engine::Backtracking)?;
        let linear = print(analysis, Engine::Linear).ok().and_then(|p| ::regex::Regex::new(&p).ok());
        let matcher = Matcher {
            any_text: linear.is_some() && !analysis.root.minds_last_newline(),
            linear,
            backtracking,
            compiled: OnceLock::new(),
            names: analysis.groups.iter().map(|g| g.name.clone()).collect(),
            numbers: analysis.groups.iter().map(|g| g.index).collect(),
            length,
        };
        if !matcher.any_text {
            matcher.fancy().map_err(|e| RegexError::unsupported(e.message, 0..matcher.length))?;
        }
        Ok(matcher)
    }

    fn fancy(&self) -> Result<&fancy_regex::Regex, MatchError> {
        let compile = || {
            let built = fancy_regex::RegexBuilder::new(&self.backtracking).backtrack_limit(BACKTRACK_LIMIT).build();
            built.map_err(|e| match e {
                fancy_regex::Error::ParseError(_, fancy_regex::ParseError::RecursionExceeded) => {
                    "the regular expression is nested too deeply to be run here".to_owned()
                }
                _ => "the regular expression can't be run here: it is too large, or of a form that is not supported"
                    .to_owned(),
            })
        };
        self.compiled.get_or_init(compile).as_ref().map_err(|message| MatchError { message: message.clone() })
    }

    fn linear_for(&self, text: &str) -> Option<&::regex::Regex> {
        self.linear.as_ref().filter(|_| self.any_text || !text.ends_with('\n'))
    }

    /// Whether the pattern matches somewhere in the text.
    ///
    /// # Errors
    /// The match went back too often.
    pub fn is_match(&self, text: &str) -> Result<bool, MatchError> {
        match self.linear_for(text) {
            Some(regex) => Ok(regex.is_match(text)),
            None => self.fancy()?.is_match(text).map_err(|e| gave_up(&e)),
        }
    }

    /// The first match at or behind a byte of the text.
    ///
    /// # Errors
    /// The match went back too often.
    pub fn find_at<'m, 't>(&'m self, text: &'t str, from: usize) -> Result<Option<Captures<'m, 't>>, MatchError> {
        if from > text.len() {
            return Ok(None);
        }
        let found = match self.linear_for(text) {
            Some(regex) => regex.captures_at(text, from).map(|found| {
                let ranges: Vec<_> = found.iter().map(|m| m.map(|m| m.range())).collect();
                ranges
            }),
            None => self.fancy()?.captures_from_pos(text, from).map_err(|e| gave_up(&e))?.map(|found| {
                let ranges: Vec<_> = found.iter().map(|m| m.map(|m| m.range())).collect();
                ranges
            }),
        };
        let Some(mut slots) = found else { return Ok(None) };
        let whole = if slots.is_empty() { None } else { slots.remove(0) };
        // `\K` inside a look-ahead can put the start behind the end.
        let whole = whole.map_or(from..from, |w| w.start.min(w.end)..w.end);
        Ok(Some(Captures { matcher: self, text, whole, slots }))
    }

    /// The first match.
    ///
    /// # Errors
    /// The match went back too often.
    pub fn first<'m, 't>(&'m self, text: &'t str) -> Result<Option<Captures<'m, 't>>, MatchError> {
        self.find_at(text, 0)
    }

    /// All matches, one behind the other; at most `limit` (0: no limit). Behind an empty match the search goes on at the next character.
    ///
    /// # Errors
    /// A match went back too often.
    pub fn all<'m, 't>(&'m self, text: &'t str, limit: usize) -> Result<Vec<Captures<'m, 't>>, MatchError> {
        let mut out = Vec::new();
        let mut at = 0;
        while limit == 0 || out.len() < limit {
            let Some(found) = self.find_at(text, at)? else { break };
            let range = found.range();
            out.push(found);
            at = range.end;
            if range.is_empty() {
                match text.get(at..).and_then(|rest| rest.chars().next()) {
                    Some(c) => at += c.len_utf8(),
                    None => break,
                }
            }
        }
        Ok(out)
    }

    /// What a named group captured in the first match; `None` where nothing matches or the group took no part.
    ///
    /// # Errors
    /// The match went back too often.
    pub fn captures<'t>(&self, text: &'t str, group: &str) -> Result<Option<&'t str>, MatchError> {
        Ok(self.first(text)?.and_then(|found| found.name(group)))
    }

    /// What a named group captured in each match; matches without it are left out. At most `limit` matches (0: no limit).
    ///
    /// # Errors
    /// A match went back too often.
    pub fn captures_all<'t>(&self, text: &'t str, group: &str, limit: usize) -> Result<Vec<&'t str>, MatchError> {
        Ok(self.all(text, limit)?.iter().filter_map(|found| found.name(group)).collect())
    }

    /// The text with every match replaced. In the replacement `\1` is a group, `\0` the match, `\\` a backslash; a
    /// group that took no part, or that does not exist, is empty.
    ///
    /// # Errors
    /// A match went back too often.
    pub fn replace_all(&self, text: &str, replacement: &str) -> Result<String, MatchError> {
        self.replace(text, replacement, 0)
    }

    /// As [`Matcher::replace_all`], for at most `limit` matches (0: no limit).
    ///
    /// # Errors
    /// A match went back too often.
    pub fn replace(&self, text: &str, replacement: &str, limit: usize) -> Result<String, MatchError> {
        let mut out = String::with_capacity(text.len());
        let mut last = 0;
        for found in self.all(text, limit)? {
            let range = found.range();
            // `\K` can't reach behind the last match.
            let start = range.start.max(last);
            out.push_str(text.get(last..start).unwrap_or(""));
            self.expand(replacement, &found, &mut out);
            last = range.end.max(last);
        }
        out.push_str(text.get(last..).unwrap_or(""));
        Ok(out)
    }

    fn expand(&self, replacement: &str, found: &Captures<'_, '_>, out: &mut String) {
        let highest = self.numbers.iter().copied().max().unwrap_or(0);
        let mut chars = replacement.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek().copied()) {
                ('\\', Some(digit)) if digit.is_ascii_digit() => {
                    let mut number = 0;
                    let mut first = true;
                    // As many digits as still name a group.
                    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                        let longer = number * 10 + digit;
                        if !first && longer > highest {
                            break;
                        }
                        number = longer;
                        first = false;
                        chars.next();
                    }
                    out.push_str(found.number(number).unwrap_or(""));
                }
                ('\\', Some('\\')) => {
                    out.push('\\');
                    chars.next();
                }
                (c, _) => out.push(c),
            }
        }
    }

    /// Names of the groups, each once, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for name in self.names.iter().flatten() {
            if !out.contains(&&**name) {
                out.push(name);
            }
        }
        out
    }
}

fn gave_up(error: &fancy_regex::Error) -> MatchError {
    let message = match error {
        fancy_regex::Error::RuntimeError(fancy_regex::RuntimeError::BacktrackLimitExceeded) => {
            "the regular expression goes back too often on this text"
        }
        _ => "the regular expression is too deep for this text",
    };
    MatchError { message: message.to_owned() }
}
