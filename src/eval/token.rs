//! Words and phrases looked for in the raw text of an event (Search Manual, "Event segmentation and searching").
//!
//! Breakers divide the text into tokens; a word or phrase must begin and end where a token does, unless a wildcard stands there.
//! Readings: a wildcard goes over minor breakers and not over major ones; blanks in a phrase are those of the text.

use super::wildcard::Run;
use crate::ir::Pattern;

/// Characters that divide the text.
const MAJOR: &[u8] = b"[]<>(){}|!;,'\"*\n\r \t&?+";
/// Characters that divide what stands between major ones.
const MINOR: &[u8] = b"/:=@.-$#%\\_";
/// Major breakers of several characters, in small letters; what begins with `%` ends a token anyway.
const ENCODED: &[&str] = &[
    "%21", "%26", "%2526", "%3b", "%7c", "%20", "%2b", "%3d", "%2520", "%5d", "%5b", "%3a", "%0a", "%2c", "%28", "%29",
];

fn is_breaker(byte: u8) -> bool {
    MAJOR.contains(&byte) || MINOR.contains(&byte)
}

/// A word or phrase ready to be looked for.
#[derive(Debug)]
pub(crate) struct Term {
    /// What stands between the wildcards.
    runs: Vec<Run>,
    /// A token must begin where the term does.
    bound_start: bool,
    bound_end: bool,
}

impl Term {
    pub(crate) fn new(pattern: &Pattern) -> Self {
        let mut runs = Run::all(pattern, true);
        let wild_end = runs.pop_if(|run| run.is_empty()).is_some();
        let wild_start = runs.first().is_some_and(Run::is_empty);
        if wild_start {
            runs.remove(0);
        }
        // A breaker is a boundary itself.
        let bound = |c: Option<char>| c.is_none_or(|c| !u8::try_from(c).is_ok_and(is_breaker));
        let bound_start = !wild_start && runs.first().is_some_and(|r| bound(r.ends().0));
        let bound_end = !wild_end && runs.last().is_some_and(|r| bound(r.ends().1));
        Self { runs, bound_start, bound_end }
    }

    /// Whether the raw text of an event contains the term.
    pub(crate) fn is_match(&self, raw: &str) -> bool {
        if raw.is_ascii() { self.search(raw, true) } else { self.search(&raw.to_lowercase(), false) }
    }

    /// `fold`: the text is ASCII, and its letters are to be read as small ones.
    fn search(&self, text: &str, fold: bool) -> bool {
        let Some((first, others)) = self.runs.split_first() else { return true };
        let mut from = 0;
        while let Some(found) = first.find(&text[from..], fold) {
            let (start, end) = (from + found.start, from + found.end);
            if (!self.bound_start || begins_token(text, start)) && self.rest(others, text, end, fold) {
                return true;
            }
            match next_character(text, start) {
                Some(next) => from = next,
                None => return false,
            }
        }
        false
    }

    /// Whether the other runs follow, each before the next major breaker.
    fn rest(&self, runs: &[Run], text: &str, mut at: usize, fold: bool) -> bool {
        let ends = |at: usize| !self.bound_end || ends_token(text, at);
        let Some((last, middle)) = runs.split_last() else { return ends(at) };
        for run in middle {
            let Some(found) = run.find(&text[at..], fold) else { return false };
            if found.start > gap(&text[at..]) {
                return false;
            }
            at += found.end;
        }
        let limit = at + gap(&text[at..]);
        let mut from = at;
        while let Some(found) = last.find(&text[from..], fold) {
            let start = from + found.start;
            if start > limit {
                return false;
            }
            if ends(from + found.end) {
                return true;
            }
            match next_character(text, start) {
                Some(next) => from = next,
                None => return false,
            }
        }
        false
    }
}

/// How far a wildcard can go.
fn gap(text: &str) -> usize {
    text.bytes().position(|b| MAJOR.contains(&b)).unwrap_or(text.len())
}

fn next_character(text: &str, at: usize) -> Option<usize> {
    text[at..].chars().next().map(|c| at + c.len_utf8())
}

fn begins_token(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    before.last().is_none_or(|b| is_breaker(*b))
        || ENCODED
            .iter()
            .any(|e| before.len() >= e.len() && before[before.len() - e.len()..].eq_ignore_ascii_case(e.as_bytes()))
}

fn ends_token(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_none_or(|b| is_breaker(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Piece;

    fn matches(term: &str, raw: &str) -> bool {
        let pieces = term.chars().map(|c| if c == '*' { Piece::Any } else { Piece::Text(c.to_string()) });
        Term::new(&Pattern::new(pieces)).is_match(raw)
    }

    const RAW: &str =
        r#"{"eventName":"DeleteTrail","source":"s3.amazonaws.com","ip":"10.1.2.3","note":"Access denied: user_x"}"#;

    #[test]
    fn words_are_whole_tokens_without_case() {
        assert!(matches("deletetrail", RAW));
        assert!(!matches("Delete", RAW));
        assert!(!matches("Trail", RAW));
        assert!(matches("amazonaws", RAW));
        assert!(matches("s3.amazonaws", RAW));
        assert!(matches("user", RAW) && matches("x", RAW));
        assert!(matches("10.1.2.3", RAW) && matches("1.2", RAW) && !matches("0.1", RAW));
        assert!(!matches("absent", RAW) && !matches("absent", ""));
    }

    #[test]
    fn a_later_occurrence_counts_too() {
        assert!(matches("abc", "xabc abcx abc"));
        assert!(!matches("abc", "xabc abcx"));
        assert!(matches("aa", "aaa-aa"));
    }

    #[test]
    fn phrases_are_found_as_they_stand() {
        assert!(matches("access denied", RAW));
        assert!(!matches("access  denied", RAW));
        assert!(!matches("cess denied", RAW));
        // Breakers are boundaries themselves.
        assert!(matches("\"delete*", RAW));
        assert!(matches(":\"DeleteTrail\"", RAW));
    }

    #[test]
    fn wildcards_stay_between_major_breakers() {
        assert!(matches("delete*", RAW) && matches("*trail", RAW) && matches("del*il", RAW) && matches("*elete*", RAW));
        assert!(!matches("del*com", RAW));
        assert!(matches("s3*com", RAW));
        assert!(!matches("s3*co", RAW));
        assert!(matches("acc* den*", RAW) && !matches("acc* user*", RAW));
        assert!(matches("d*e*e*l", RAW) && !matches("d*z*l", RAW));
        // The last part is tried further on.
        assert!(matches("a*b", "axbxb") && matches("a*b", "ab"));
        assert!(matches("*", RAW));
    }

    #[test]
    fn encoded_blanks_divide_tokens() {
        assert!(matches("mal", "q=x%20mal&y") && matches("mal", "x%2520MAL"));
        assert!(matches("x", "q=x%20mal"));
        assert!(!matches("mal", "q=x%22mal"));
        assert!(matches("22mal", "q=x%22mal"));
    }

    #[test]
    fn letters_fold_beyond_ascii() {
        assert!(matches("größe", "die GRÖSSE GRÖßE") && !matches("größ", "GRÖßE"));
        assert!(matches("ÄB*", "x äbc"));
    }
}
