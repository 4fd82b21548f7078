//! Regular expressions of SPL: PCRE, as `rex`, `regex`, `match` and `replace` take it.

mod analysis;
mod ast;
mod dialect;
mod escape;
mod group;
mod matcher;
#[cfg(test)]
mod matcher_tests;
mod parse;
#[cfg(test)]
mod parse_tests;
mod print;
mod set;

pub use analysis::{Analysis, ErrorKind, Feature, Flag, FlagScope, Group, RegexError, Use};
pub use ast::{Assertion, Condition, GroupKind, Node, NodeKind, RepeatMode};
pub use dialect::{Dialect, Support, dialects, support};
pub use matcher::{Captures, MatchError, Matcher};
