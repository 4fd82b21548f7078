//! Which dialects of regular expressions can say what a PCRE pattern says.

use super::analysis::{Analysis, Feature, Flag, FlagScope, Use};

/// A dialect that a target, or the evaluator, has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// The crate `regex`.
    RustRegex,
    /// The crate `fancy-regex`.
    FancyRegex,
    /// Joni with Java's syntax: Trino's `regexp-library` unless it is set to RE2J.
    Joni,
    /// What RE2 and Hyperscan both have: CloudWatch Logs Insights names either.
    Re2,
    /// Python's `re` (from 3.11 on), on which most backends of pySigma rely.
    Python,
}

impl Dialect {
    pub const ALL: [Dialect; 5] =
        [Dialect::RustRegex, Dialect::FancyRegex, Dialect::Joni, Dialect::Re2, Dialect::Python];
}

/// Whether a dialect has a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Support {
    /// The same text means the same.
    AsIs,
    /// Another text means the same; where the first difference is.
    Rewritten(Use),
    /// The dialect can't say it; because of what.
    Refused(Use),
}

/// What each dialect makes of a pattern.
pub fn dialects(analysis: &Analysis) -> [(Dialect, Support); 5] {
    Dialect::ALL.map(|dialect| (dialect, support(analysis, dialect)))
}

/// What a dialect makes of a pattern.
pub fn support(analysis: &Analysis, dialect: Dialect) -> Support {
    let first = |ease: Ease| analysis.first(|f| of_feature(f, dialect) == ease).cloned();
    match (first(Ease::None), first(Ease::Rewrite)) {
        (Some(refused), _) => Support::Refused(refused),
        (None, Some(other)) => Support::Rewritten(other),
        (None, None) => Support::AsIs,
    }
}

/// How a dialect says one feature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ease {
    Same,
    Rewrite,
    None,
}

fn of_feature(feature: Feature, dialect: Dialect) -> Ease {
    use Ease::{None, Rewrite, Same};
    // In the order of `Dialect::ALL`.
    let row = match feature {
        Feature::Flag { flag, scope, .. } => return of_flag(flag, scope, dialect),
        Feature::FlagReset => [Rewrite, Rewrite, None, None, None],
        Feature::LookAhead { .. } | Feature::LookBehind { .. } => [None, Same, Same, None, Same],
        Feature::Possessive | Feature::Atomic => [None, Same, Same, None, Same],
        Feature::Lazy => [Same, Same, Same, Same, Same],
        Feature::BackReference => [None, Rewrite, Rewrite, None, Rewrite],
        Feature::Conditional => [None, Same, None, None, Same],
        Feature::Recursion | Feature::BranchReset | Feature::Grapheme | Feature::Byte | Feature::Verb => [None; 5],
        // The verb goes; text is Unicode anyway.
        Feature::StartOption => [Rewrite, Rewrite, None, None, None],
        Feature::Property => [Same, Same, Same, None, None],
        Feature::PosixClass => [Same, Same, Same, Same, Rewrite],
        // These crates and Python know all letters and digits of Unicode.
        Feature::Shorthand | Feature::WordBoundary => [Rewrite, Rewrite, Same, Same, Rewrite],
        Feature::Space => [Rewrite, Rewrite, Rewrite, Rewrite, Rewrite],
        Feature::Caret | Feature::TextStart => [Same; 5],
        // Some see no end before a newline that ends the text.
        Feature::Dollar => [Rewrite, Rewrite, Same, Same, Same],
        Feature::TextEnd => [Same, Same, Same, Same, Rewrite],
        Feature::TextEndOrNewline => [Rewrite, Rewrite, Same, Rewrite, Rewrite],
        Feature::SearchStart => [None, Same, Same, None, None],
        Feature::AngleName => [Same, Same, Same, Same, Rewrite],
        Feature::PythonName => [Same, Same, Rewrite, Rewrite, Same],
        Feature::QuoteName => [Rewrite, Rewrite, Rewrite, None, Rewrite],
        Feature::Keep => [None, Same, None, None, None],
        Feature::Quote => [Rewrite, Rewrite, Rewrite, None, Rewrite],
        Feature::Hex => [Rewrite, Rewrite, Same, Same, Rewrite],
        Feature::Octal => [Rewrite, Rewrite, Rewrite, None, Rewrite],
        Feature::CodePoint | Feature::Control => [Rewrite, Rewrite, None, None, Rewrite],
        Feature::Escape => [Rewrite, Rewrite, Rewrite, None, Rewrite],
        Feature::Comment => [Rewrite, Rewrite, Rewrite, None, Same],
        Feature::LineBreak => [None, Rewrite, Rewrite, None, Rewrite],
        Feature::UnknownEscape => [Rewrite, Rewrite, None, None, Rewrite],
        Feature::LeadingBracket => [Same, Same, Rewrite, Rewrite, Same],
        Feature::BracketInClass => [Rewrite, Rewrite, Rewrite, Rewrite, Same],
    };
    row[column(dialect)]
}

fn column(dialect: Dialect) -> usize {
    match dialect {
        Dialect::RustRegex => 0,
        Dialect::FancyRegex => 1,
        Dialect::Joni => 2,
        Dialect::Re2 => 3,
        Dialect::Python => 4,
    }
}

fn of_flag(flag: Flag, scope: FlagScope, dialect: Dialect) -> Ease {
    use Ease::{None, Rewrite, Same};
    match (flag, dialect) {
        // Python knows flags for the whole pattern or for a group.
        (Flag::AnyCase | Flag::MultiLine | Flag::DotAll, Dialect::Python) if scope == FlagScope::Rest => Rewrite,
        (Flag::AnyCase | Flag::MultiLine | Flag::DotAll, _) => Same,
        // `regex` skips blanks inside brackets as well.
        (Flag::Extended, Dialect::RustRegex | Dialect::FancyRegex | Dialect::Python) => Rewrite,
        (Flag::Extended, Dialect::Joni) => Same,
        (Flag::SwapGreed, Dialect::RustRegex | Dialect::FancyRegex) => Same,
        (Flag::NoAutoCapture | Flag::DuplicateNames | Flag::Extra, Dialect::RustRegex | Dialect::FancyRegex) => Rewrite,
        (Flag::Extended | Flag::SwapGreed, Dialect::Re2) => None,
        (Flag::SwapGreed, Dialect::Joni | Dialect::Python) => None,
        (Flag::NoAutoCapture | Flag::DuplicateNames | Flag::Extra, Dialect::Joni | Dialect::Re2 | Dialect::Python) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(pattern: &str) -> Vec<String> {
        let analysis = Analysis::new(pattern).expect(pattern);
        dialects(&analysis)
            .into_iter()
            .map(|(_, support)| match support {
                Support::AsIs => "same".to_owned(),
                Support::Rewritten(u) => format!("rewrite {}", &pattern[u.range]),
                Support::Refused(u) => format!("no {}", &pattern[u.range]),
            })
            .collect()
    }

    #[test]
    fn plain_patterns_are_the_same_everywhere() {
        assert_eq!(verdicts("(?i)^arn:aws:(iam|sts)::[0-9]{12}"), ["same"; 5]);
    }

    #[test]
    fn the_first_thing_that_a_dialect_lacks_is_named() {
        assert_eq!(verdicts(r"a(?=b)c++\K"), ["no (?=", "same", r"no \K", "no (?=", r"no \K"]);
        assert_eq!(verdicts(r"(a)\1(?R)?"), [r"no \1", "no (?R)", "no (?R)", r"no \1", "no (?R)"]);
    }

    #[test]
    fn differences_of_notation_are_told_from_refusals() {
        assert_eq!(
            verdicts(r"(?P<x>a)\h[]]"),
            [r"rewrite \h", r"rewrite \h", "rewrite (?P<x>", "rewrite (?P<x>", r"rewrite \h"]
        );
        assert_eq!(verdicts("(?<x>a)"), ["same", "same", "same", "same", "rewrite (?<x>"]);
        assert_eq!(verdicts("a(?i)b")[4], "rewrite (?i)");
    }

    /// The table says of the two crates that run patterns here what they do.
    #[test]
    fn what_is_the_same_compiles_in_the_crates() {
        for pattern in [
            "(?=a)",
            "(?<!a)b",
            "a++",
            "(?>a)",
            "a+?",
            "(a)?(?(1)b|c)",
            r"\p{Lu}",
            "[[:alpha:]]",
            "^a",
            r"\Aa",
            r"a\z",
            r"\Ga",
            "(?<x>a)",
            "(?P<x>a)",
            r"a\Kb",
            "[]a]",
            "(?s)a",
            "a(?i)b",
            "(?U)a",
            "(?m:a)",
        ] {
            let analysis = Analysis::new(pattern).expect(pattern);
            if support(&analysis, Dialect::RustRegex) == Support::AsIs {
                assert!(::regex::Regex::new(pattern).is_ok(), "{pattern}");
            }
            assert_eq!(support(&analysis, Dialect::FancyRegex), Support::AsIs, "{pattern}");
            assert!(fancy_regex::Regex::new(pattern).is_ok(), "{pattern}");
        }
        for refused in ["(?=a)", "(?>a)", r"\Ga", r"a\Kb", r"(a)\1", "(a)?(?(1)b|c)", r"\R", r"\X"] {
            let analysis = Analysis::new(refused).expect(refused);
            assert!(matches!(support(&analysis, Dialect::RustRegex), Support::Refused(_)), "{refused}");
            assert!(::regex::Regex::new(refused).is_err(), "{refused}");
        }
    }
}
