//! What a PCRE pattern uses, each with its place.

use std::ops::Range;
use std::sync::Arc;

use super::ast::Node;
use super::parse::Parser;

/// Why a pattern is no PCRE, or can't be run here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegexError {
    pub kind: ErrorKind,
    /// One line, lower case, without full stop.
    pub message: String,
    /// The bytes of the pattern that it concerns.
    pub range: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// PCRE itself would refuse it.
    Malformed,
    /// PCRE takes it; the matcher here does not.
    Unsupported,
}

impl RegexError {
    pub(super) fn malformed(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { kind: ErrorKind::Malformed, message: message.into(), range }
    }

    pub(super) fn unsupported(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { kind: ErrorKind::Unsupported, message: message.into(), range }
    }
}

impl std::fmt::Display for RegexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RegexError {}

/// A capturing group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    pub name: Option<Arc<str>>,
    /// Counted from 1. After a branch reset `(?|…)` several groups have the same.
    pub index: u32,
    /// From its parenthesis to its partner.
    pub range: Range<usize>,
}

/// An inline flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flag {
    /// `i`
    AnyCase,
    /// `m`
    MultiLine,
    /// `s`
    DotAll,
    /// `x`, `xx`
    Extended,
    /// `U`: greedy becomes lazy.
    SwapGreed,
    /// `J`: names may repeat.
    DuplicateNames,
    /// `n`: groups without a name don't capture.
    NoAutoCapture,
    /// `X`: unknown escapes are errors.
    Extra,
}

/// Where a group of flags reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagScope {
    /// `(?i)` at the very start: the whole pattern.
    Global,
    /// `(?i)` later: to the end of its group.
    Rest,
    /// `(?i:…)`
    Group,
}

/// Something that not every dialect of regular expressions has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feature {
    Flag {
        flag: Flag,
        on: bool,
        scope: FlagScope,
    },
    /// `(?^)`: flags back to their defaults.
    FlagReset,
    LookAhead {
        negated: bool,
    },
    LookBehind {
        negated: bool,
    },
    Possessive,
    Lazy,
    Atomic,
    /// `\1`, `\g{1}`, `\k<n>`, `(?P=n)`
    BackReference,
    Conditional,
    /// `(?R)`, `(?1)`, `(?&n)`
    Recursion,
    /// `(?|…)`
    BranchReset,
    /// `\p{…}`, `\P{…}`
    Property,
    /// `[[:alpha:]]`
    PosixClass,
    /// `\d`, `\w`, `\s` and their negations: ASCII only in PCRE.
    Shorthand,
    /// `\h`, `\v`, `\H`, `\V`, `\N`
    Space,
    /// `^`
    Caret,
    /// `$`
    Dollar,
    /// `\A`
    TextStart,
    /// `\z`
    TextEnd,
    /// `\Z`
    TextEndOrNewline,
    /// `\G`
    SearchStart,
    /// `\b`, `\B`
    WordBoundary,
    /// `(?<n>…)`
    AngleName,
    /// `(?P<n>…)`
    PythonName,
    /// `(?'n'…)`
    QuoteName,
    /// `\K`
    Keep,
    /// `\Q…\E`
    Quote,
    /// `\x41`, `\x{1F600}`
    Hex,
    /// `\012`, `\o{12}`
    Octal,
    /// `\N{U+1F600}`
    CodePoint,
    /// `\cA`
    Control,
    /// `\e`
    Escape,
    /// `(?#…)`
    Comment,
    /// `\R`
    LineBreak,
    /// `\X`
    Grapheme,
    /// `\C`
    Byte,
    /// `(*UTF8)`, `(*UTF)`, `(*UCP)` at the very start
    StartOption,
    /// Other `(*…)`
    Verb,
    /// A letter behind a backslash that means nothing: PCRE takes the letter, PCRE2 refuses it.
    UnknownEscape,
    /// `]` in first place of a class, where other dialects see its end.
    LeadingBracket,
    /// `[` or `&&` inside a class, where other dialects nest classes.
    BracketInClass,
}

/// A feature and its bytes in the pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    pub feature: Feature,
    pub range: Range<usize>,
}

/// A parsed pattern.
#[derive(Clone, Debug)]
pub struct Analysis {
    pub root: Node,
    /// In the order of their parentheses.
    pub groups: Vec<Group>,
    /// In the order of the pattern.
    pub uses: Vec<Use>,
}

impl Analysis {
    /// Parses a pattern.
    ///
    /// # Errors
    /// What PCRE would refuse, and where.
    pub fn new(pattern: &str) -> Result<Analysis, RegexError> {
        Parser::parse(pattern)
    }

    /// Where a feature is used first.
    pub fn first(&self, mut wanted: impl FnMut(Feature) -> bool) -> Option<&Use> {
        self.uses.iter().find(|u| wanted(u.feature))
    }

    pub fn has(&self, wanted: impl FnMut(Feature) -> bool) -> bool {
        self.first(wanted).is_some()
    }

    /// Names of groups, each once, in order.
    pub fn names(&self) -> Vec<&Arc<str>> {
        let mut out: Vec<&Arc<str>> = Vec::new();
        for name in self.groups.iter().filter_map(|g| g.name.as_ref()) {
            if !out.contains(&name) {
                out.push(name);
            }
        }
        out
    }
}
