//! Regular expressions in arguments of functions: compiled once where they are literals, kept a while where rows bring them along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{Apply, Context, Value, literal_text, text};
use crate::ir::Expr;
use crate::regex::{MatchError, Matcher};

/// How many patterns from rows are kept.
const MOST_KEPT: usize = 256;

/// The regular expression that an argument gives.
pub(super) enum Pattern {
    Fixed {
        index: usize,
        matcher: Box<Result<Matcher, String>>,
    },
    /// Each row brings one along; a malformed one matches nothing.
    Rows {
        index: usize,
        kept: Mutex<HashMap<Box<str>, Option<Arc<Matcher>>>>,
    },
}

impl Pattern {
    pub(super) fn new(args: &[Expr], index: usize) -> Self {
        match literal_text(args, index) {
            Some(pattern) => Pattern::Fixed { index, matcher: Box::new(Matcher::new(&pattern).map_err(|e| e.message)) },
            None => Pattern::Rows { index, kept: Mutex::new(HashMap::new()) },
        }
    }

    /// Runs something with the regular expression. `None`: NULL, a malformed expression or a fault, which is noted.
    pub(super) fn with<T>(
        &self,
        args: &[Value<'_>],
        context: &Context,
        run: impl FnOnce(&Matcher) -> Result<T, MatchError>,
    ) -> Option<T> {
        let result = match self {
            Pattern::Fixed { matcher, .. } => match &**matcher {
                Ok(matcher) => run(matcher).map_err(|e| e.message),
                Err(message) => Err(message.clone()),
            },
            Pattern::Rows { index, kept } => run(&*Self::kept(&text(args, *index)?, kept)?).map_err(|e| e.message),
        };
        result.map_err(|message| context.fail(message)).ok()
    }

    fn kept(pattern: &str, kept: &Mutex<HashMap<Box<str>, Option<Arc<Matcher>>>>) -> Option<Arc<Matcher>> {
        let compile = || Matcher::new(pattern).ok().map(Arc::new);
        // A lock is only poisoned by a panic, and then nothing needs keeping.
        let Ok(mut kept) = kept.lock() else { return compile() };
        if let Some(matcher) = kept.get(pattern) {
            return matcher.clone();
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let matcher = compile();
        kept.insert(pattern.into(), matcher.clone());
        matcher
    }

    pub(super) fn index(&self) -> usize {
        match self {
            Pattern::Fixed { index, .. } | Pattern::Rows { index, .. } => *index,
        }
    }
}

/// `replace(text, regex, replacement)`.
pub(super) struct Replace(pub(super) Pattern);

impl Apply for Replace {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        let (Some(value), Some(by)) = (text(args, 0), text(args, 2)) else { return Value::Null };
        let replaced = self.0.with(args, context, |m| m.replace_all(&value, &by));
        match replaced {
            Some(replaced) if replaced == value => super::take(args, 0).into_text(),
            replaced => replaced.into(),
        }
    }
}

/// `match(text, regex)` with an expression that each row brings along; of several values one must match.
pub(super) struct Match(pub(super) Pattern);

impl Apply for Match {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        if args.iter().any(Value::is_null) {
            return Value::Null;
        }
        let position = self.0.with(args, context, |m| position(args[0].values(), m));
        position.map(|p| p.is_some()).into()
    }
}

/// `mvfind(field, regex)`: the position of the first value that matches.
pub(super) struct Find(pub(super) Pattern);

impl Apply for Find {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        if args.is_empty() || args.len() <= self.0.index() {
            return Value::Null;
        }
        let position = self.0.with(args, context, |m| position(args[0].values(), m));
        position.flatten().map(|p| p as i64).into()
    }
}

/// `rex_offsets(text, regex, limit)`, for `offset_field` of `rex` (Search Reference, "rex"): where the named groups of each match begin
/// and end, as `name=first-last` with positions of characters from 0, joined by `&` (reading). It is a function of the IR that SPL does
/// not spell. `limit`: most matches, 0 for all.
pub(super) struct Offsets(pub(super) Pattern);

impl Apply for Offsets {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        let (Some(value), Some(limit)) = (text(args, 0), super::integer(args, 2)) else { return Value::Null };
        let limit = usize::try_from(limit).unwrap_or(0);
        let offsets = self.0.with(args, context, |matcher| {
            let mut offsets = Vec::new();
            for captures in matcher.all(&value, limit)? {
                for name in matcher.names() {
                    if let Some(range) = captures.range_of(name).filter(|r| !r.is_empty()) {
                        let start = value[..range.start].chars().count();
                        let end = start + value[range].chars().count();
                        offsets.push(format!("{name}={start}-{}", end - 1));
                    }
                }
            }
            Ok(offsets)
        });
        offsets.filter(|o| !o.is_empty()).map(|o| o.join("&")).into()
    }
}

fn position(values: &[Value<'_>], matcher: &Matcher) -> Result<Option<usize>, MatchError> {
    for (position, value) in values.iter().enumerate() {
        if matcher.is_match(&value.to_text())? {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn replacements_name_groups() {
        assert_eq!(call!(replace("1/12/2024", r"^(\d{1,2})/(\d{1,2})/", r"\2/\1/")), "12/1/2024");
        assert_eq!(call!(replace("aaa", "a", "b")), "bbb");
        assert_eq!(call!(replace("abc", "x", "y")), "abc");
        assert_eq!(call!(replace("abc", "b", "")), "ac");
        assert_eq!(call!(replace((), "b", "")), "NULL");
    }

    #[test]
    fn patterns_may_come_from_rows() {
        assert_eq!(call!(match("abc", field("^a"))), "True");
        assert_eq!(call!(match("abc", field("^b"))), "False");
        // Malformed.
        assert_eq!(call!(match("abc", field("("))), "NULL");
        assert_eq!(call!(match(["x", "abc"], field("b"))), "True");
        assert_eq!(call!(replace("abc", field("b"), "-")), "a-c");
    }

    #[test]
    fn mvfind_counts_from_zero() {
        assert_eq!(call!(mvfind(["a", "err1", "err2"], r"err\d")), "1");
        assert_eq!(call!(mvfind(["a"], "x")), "NULL");
        assert_eq!(call!(mvfind((), "x")), "NULL");
    }

    #[test]
    fn offsets_are_of_characters() {
        assert_eq!(call!(rex_offsets("äb c", "(?<x>b) (?<y>.)", 1)), "x=1-1&y=3-3");
        assert_eq!(call!(rex_offsets("abab", "(?<x>ab)", 0)), "x=0-1&x=2-3");
        assert_eq!(call!(rex_offsets("abab", "(?<x>ab)", 1)), "x=0-1");
        assert_eq!(call!(rex_offsets("abab", "(?<x>c)", 1)), "NULL");
    }

    #[test]
    fn faults_are_noted() {
        assert!(call!(mvfind(["a"], "(")).starts_with("fault: "));
        let evil = "(x+x+)+(?!a)y";
        assert!(call!(match("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", evil)).starts_with("fault: "));
    }
}
