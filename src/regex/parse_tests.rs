use super::{Analysis, ErrorKind, Feature, Flag, FlagScope};

fn analysis(pattern: &str) -> Analysis {
    Analysis::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"))
}

/// The text of the first use of a feature.
fn used(pattern: &str, feature: Feature) -> Option<&str> {
    analysis(pattern).first(|f| f == feature).map(|u| &pattern[u.range.clone()])
}

#[test]
fn malformed_patterns_are_refused_at_their_place() {
    for (pattern, at, message) in [
        ("a(b", "(", "a parenthesis is not closed"),
        ("a)b", ")", "a parenthesis closes that was not opened"),
        ("a[b", "[", "a bracket is not closed"),
        ("a[]", "[", "a bracket is not closed"),
        ("*a", "*", "a quantifier has nothing to repeat"),
        ("a**", "*", "a quantifier has nothing to repeat"),
        ("(?i)+", "+", "a quantifier has nothing to repeat"),
        ("^+", "+", "a quantifier has nothing to repeat"),
        (r"\b{2}", "{2}", "a quantifier has nothing to repeat"),
        ("a|+", "+", "a quantifier has nothing to repeat"),
        ("a{3,2}", "{3,2}", "the numbers of repeats are out of order"),
        ("a{70000}", "{70000}", "a number of repeats is above 65535"),
        ("a\\", "\\", "the pattern ends in a backslash"),
        ("[z-a]", "z-a", "the range `z-a` is out of order"),
        (r"[\x62-a]", r"\x62-a", r"the range `\x62-a` is out of order"),
        ("[[:foo:]]", "[:foo:]", "there is no POSIX class `foo`"),
        ("[[.x.]]", "[.x.]", "PCRE has no collating elements"),
        ("a[:alpha:]", "[:alpha:]", "a POSIX class such as `[:alpha:]` stands inside brackets: `[[:alpha:]]`"),
        (r"\p{Foo}", r"\p{Foo}", "`Foo` is no property of Unicode that PCRE knows"),
        (r"\x{zz}", r"\x{", "`\\x{` needs hexadecimal digits and `}`"),
        (r"\x{110000}", r"\x{110000}", "this number is no character of Unicode"),
        (r"\u0041", r"\u", "PCRE has no escape `\\u`"),
        ("(?z)a", "(?z)", "`z` is no flag of a regular expression"),
        ("(?<a-b>x)", "a-", "a group's name has letters, digits and underscores, and ends in `>`"),
        ("(?<1a>x)", "1a>", "a group's name can't begin with a digit"),
        ("(?<>x)", ">", "a group needs a name of letters, digits and underscores"),
        ("(?<a>x)(?<a>y)", "(?<a>", "two groups are called `a`"),
        (r"(a)\2", r"\2", "the pattern has no group 2"),
        (r"\k<x>", r"\k<x>", "the pattern has no group `x`"),
        ("(?<=a+)b", "a+", "a look-behind must have a fixed length"),
        ("(?<=a(b|cd))b", "a(b|cd)", "a look-behind must have a fixed length"),
        ("(?(1)a|b|c)(x)", "(?(1)a|b|", "a conditional group has more than two alternatives"),
        ("(?#a", "(?#a", "a comment `(?#` has no end"),
        (r"[\R]", r"\R", "`\\R` can't stand inside brackets"),
    ] {
        let error = Analysis::new(pattern).expect_err(pattern);
        let found = (&pattern[error.range.clone()], error.message.as_str(), error.kind);
        assert_eq!(found, (at, message, ErrorKind::Malformed), "{pattern}");
    }
}

#[test]
fn deep_nesting_is_refused_in_every_kind_of_group() {
    for open in ["(", "(?:", "(?=", "(?(?=", "(?|"] {
        assert!(Analysis::new(&open.repeat(100_000)).is_err(), "{open}");
    }
}

#[test]
fn no_pattern_makes_the_parser_fail_otherwise() {
    // Every short text of what PCRE gives a meaning, cut anywhere.
    let pieces = [
        "(", "?", "<", "P", "=", "!", ">", ")", "[", "]", "\\", "Q", "E", "{", "1", ",", "}", "^", "-", ":", "|", "é",
        "*",
    ];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for d in pieces {
                    let pattern = ["x", a, b, c, d].concat();
                    match Analysis::new(&pattern) {
                        Ok(analysis) => {
                            assert!(analysis.uses.iter().all(|u| pattern.get(u.range.clone()).is_some()), "{pattern}");
                        }
                        Err(error) => assert!(pattern.get(error.range.clone()).is_some(), "{pattern}"),
                    }
                }
            }
        }
    }
}

#[test]
fn features_are_found_with_their_places() {
    for (pattern, feature, text) in [
        ("a(?=b)", Feature::LookAhead { negated: false }, "(?="),
        ("a(?!b)", Feature::LookAhead { negated: true }, "(?!"),
        ("(?<=b)a", Feature::LookBehind { negated: false }, "(?<="),
        ("(?<!b)a", Feature::LookBehind { negated: true }, "(?<!"),
        ("ab++", Feature::Possessive, "++"),
        ("ab{1,2}?", Feature::Lazy, "{1,2}?"),
        ("(?>a)", Feature::Atomic, "(?>"),
        (r"(a)\1", Feature::BackReference, r"\1"),
        (r"(a)(?(1)b)", Feature::Conditional, "(?("),
        ("(a(?R)?)", Feature::Recursion, "(?R)"),
        (r"(?<x>a)\g<x>", Feature::Recursion, r"\g<x>"),
        ("(?|a)", Feature::BranchReset, "(?|"),
        (r"a\p{L}", Feature::Property, r"\p{L}"),
        ("[[:alpha:]]", Feature::PosixClass, "[:alpha:]"),
        (r"a\Z", Feature::TextEndOrNewline, r"\Z"),
        (r"\Aa", Feature::TextStart, r"\A"),
        (r"a\z", Feature::TextEnd, r"\z"),
        (r"\Ga", Feature::SearchStart, r"\G"),
        (r"a\b", Feature::WordBoundary, r"\b"),
        ("(?<x>a)", Feature::AngleName, "(?<x>"),
        ("(?P<x>a)", Feature::PythonName, "(?P<x>"),
        ("(?'x'a)", Feature::QuoteName, "(?'x'"),
        (r"a\Kb", Feature::Keep, r"\K"),
        (r"a\Qb\Ec", Feature::Quote, r"\Qb\E"),
        (r"\x41", Feature::Hex, r"\x41"),
        (r"\012", Feature::Octal, r"\012"),
        (r"\cA", Feature::Control, r"\cA"),
        ("(?#n)a", Feature::Comment, "(?#n)"),
        (r"\R", Feature::LineBreak, r"\R"),
        (r"\h", Feature::Space, r"\h"),
        (r"\y", Feature::UnknownEscape, r"\y"),
        ("[]a]", Feature::LeadingBracket, "]"),
        ("[a[]", Feature::BracketInClass, "["),
        ("(*ACCEPT)", Feature::Verb, "(*ACCEPT)"),
    ] {
        assert_eq!(used(pattern, feature), Some(text), "{pattern}");
    }
    assert!(analysis(r"a\\K[(?=]\(?=b").uses.is_empty());
}

#[test]
fn flags_know_how_far_they_reach() {
    let flag = |flag, on, scope| Feature::Flag { flag, on, scope };
    assert_eq!(used("(?is)a", flag(Flag::DotAll, true, FlagScope::Global)), Some("(?is)"));
    assert_eq!(used("(?i)(?m)a", flag(Flag::MultiLine, true, FlagScope::Global)), Some("(?m)"));
    assert_eq!(used("a(?i)b", flag(Flag::AnyCase, true, FlagScope::Rest)), Some("(?i)"));
    assert_eq!(used("(?i-s:b)", flag(Flag::DotAll, false, FlagScope::Group)), Some("(?i-s:"));
    assert_eq!(used("(?x)a", flag(Flag::Extended, true, FlagScope::Global)), Some("(?x)"));
}

#[test]
fn groups_are_listed_with_their_extent() {
    let pattern = r"(a)(?:b)(?<x>[)](c))\(";
    let analysis = analysis(pattern);
    let groups: Vec<_> =
        analysis.groups.iter().map(|g| (g.index, g.name.as_deref(), &pattern[g.range.clone()])).collect();
    assert_eq!(groups, [(1, None, "(a)"), (2, Some("x"), "(?<x>[)](c))"), (3, None, "(c)")]);
    assert_eq!(analysis.names().len(), 1);
}
