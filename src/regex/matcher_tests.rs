use super::{ErrorKind, Matcher};

fn matcher(pattern: &str) -> Matcher {
    Matcher::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"))
}

fn found<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let matcher = matcher(pattern);
    let found = matcher.first(text).expect("a decision");
    assert_eq!(matcher.is_match(text), Ok(found.is_some()), "{pattern}");
    found.map(|f| &text[f.range()])
}

fn group(pattern: &str, text: &str, number: u32) -> Option<String> {
    let matcher = matcher(pattern);
    let found = matcher.first(text).expect("a decision")?;
    found.number(number).map(str::to_owned)
}

/// That a pattern has a match of this text in the subject, or none.
macro_rules! matches {
    ($($pattern:literal $text:literal => $expected:expr;)*) => {
        $(
            let expected: Option<&str> = $expected;
            assert_eq!(found($pattern, $text), expected, "{} on {:?}", $pattern, $text);
        )*
    };
}

#[test]
fn every_character_stands_for_itself_when_escaped() {
    for c in (0x20_u8..0x7f).map(char::from).filter(|c| !c.is_ascii_alphanumeric()) {
        let text = c.to_string();
        for pattern in [format!("\\{c}"), format!("[\\{c}]"), format!("(?i)\\{c}(?<=.)"), format!("[\\{c}](?!x)")] {
            assert_eq!(found(&pattern, &text), Some(text.as_str()), "{pattern}");
            assert_eq!(found(&pattern, "a"), None, "{pattern}");
        }
    }
}

#[test]
fn shorthands_know_ascii_only() {
    matches! {
        r"\w+" "é_a1" => Some("_a1");
        r"\d+" "٣4" => Some("4");
        r"\s" "\u{a0}" => None;
        r"\W" "é" => Some("é");
        r"[^\W]" "é" => None;
        r"\s+" "a\x0b\x0c \tb" => Some("\x0b\x0c \t");
        r"(?i)\w" "ſ" => None;
        r"(?i)[\w]" "\u{212a}" => None;
        r"(?i)[k]" "\u{212a}" => Some("\u{212a}");
        r"\ba" "éa" => Some("a");
        r"\Ba" "éa" => None;
        r"(?=.)\ba" "éa" => Some("a");
        r"(?=.)\Ba" "éa" => None;
        r"(*UCP)\w+" "éa" => Some("éa");
        r"(*UCP)\ba" "éa" => None;
    }
}

#[test]
fn case_is_ignored_where_the_flag_reaches() {
    matches! {
        "(?i)abc" "xABCx" => Some("ABC");
        "a(?i)b" "AB" => None;
        "a(?i)b" "aB" => Some("aB");
        "(?i:a)b" "Ab" => Some("Ab");
        "(?i:a)b" "AB" => None;
        "(?:(?i)a)b" "AB" => None;
        "(?:a(?i)b|c)" "C" => Some("C");
        "(?i)a(?-i)b" "Ab" => Some("Ab");
        "(?i)a(?-i)b" "AB" => None;
        "(?i)é" "É" => Some("É");
        "(?i)[^a]" "A" => None;
        "(?i)[[:upper:]]" "a" => Some("a");
        "[[:upper:]]" "a" => None;
    }
}

#[test]
fn the_dollar_matches_before_a_last_newline() {
    matches! {
        "a$" "a\n" => Some("a");
        "a$" "a" => Some("a");
        "a$" "a\nb" => None;
        "a$" "a\n\n" => None;
        r"a\Z" "a\n" => Some("a");
        r"a\z" "a\n" => None;
        "(?m)a$" "a\nb" => Some("a");
        "(?m)^b" "a\nb" => Some("b");
        "(?m)^b?$" "a\n" => None;
        "(?m)^$" "a\n\nb\n" => Some("");
        "^b" "a\nb" => None;
        r"\Ab" "b" => Some("b");
        "a.b" "a\nb" => None;
        "(?s)a.b" "a\nb" => Some("a\nb");
        r"a\Nb" "a\rb" => Some("a\rb");
    }
}

#[test]
fn classes_are_read_as_pcre_reads_them() {
    matches! {
        "[]a]+" "x]a" => Some("]a");
        "[^]a]+" "]ax" => Some("x");
        "[a[]+" "[a" => Some("[a");
        "[a&&b]+" "&b" => Some("&b");
        "[a-]+" "-a" => Some("-a");
        "[-a]+" "-a" => Some("-a");
        r"[\d-x]+" "1-x" => Some("1-x");
        r"[a-\d]+" "b-1a" => Some("-1a");
        "[a-c-e]+" "d-eb" => Some("-eb");
        r"[\]\\]+" r"\]" => Some(r"\]");
        r"[\Q^]\E]+" "a^]" => Some("^]");
        r"[\b]" "\x08" => Some("\x08");
        r"[\x41\x{42}\103]+" "ABC" => Some("ABC");
        "[[:alpha:]_]+" "1ab_" => Some("ab_");
        "[[:^alpha:]]" "a1" => Some("1");
        "[[:foo]+" "f:[" => Some("f:[");
        r"[\h]+" "a \t" => Some(" \t");
        r"\p{Lu}\pL" "aBc" => Some("Bc");
        r"\P{L}" "a1" => Some("1");
        r"[\p{^L}]" "a1" => Some("1");
        r"\p{Greek}+" "aλ" => Some("λ");
    }
}

#[test]
fn escapes_name_characters() {
    matches! {
        r"\x41\x{42}\103\e\cA\a" "ABC\x1b\x01\x07" => Some("ABC\x1b\x01\x07");
        r"\Qa.b\E+" "a.bb" => Some("a.bb");
        r"\Qa.b" "a.b" => Some("a.b");
        r"\0a" "\0a" => Some("\0a");
        r"a\/b\-c\_" "a/b-c_" => Some("a/b-c_");
        r"a{x}{1" "a{x}{1" => Some("a{x}{1");
        r"a{,2}" "a{,2}" => Some("a{,2}");
        r"\o{101}" "A" => Some("A");
        r"a\Rb" "a\r\nb" => Some("a\r\nb");
        r"\R\n" "\r\n" => None;
        r"\h\H\v" " a\n" => Some(" a\n");
        "(?#note)a" "a" => Some("a");
        "(?x) a b # note\n c" "abc" => Some("abc");
        r"(?x) a\ b [ ]" "a b " => Some("a b ");
        "(?x)a +" "aa" => Some("aa");
    }
}

#[test]
fn quantifiers_are_greedy_lazy_or_possessive() {
    matches! {
        "a+?" "aa" => Some("a");
        "(?U)a+" "aa" => Some("a");
        "(?U)a+?" "aa" => Some("aa");
        "a++a" "aaa" => None;
        "(?>a+)a" "aaa" => None;
        "(?>a|ab)c" "abc" => None;
        "a{2}+b" "aab" => Some("aab");
        "a{1,2}?" "aa" => Some("a");
        "(?=b)?a" "a" => Some("a");
        "(?:ab){2,}" "xababab" => Some("ababab");
    }
}

#[test]
fn look_arounds_are_atomic_and_have_context() {
    matches! {
        "(?<=a|bc)d" "bcd" => Some("d");
        "(?<!a)b" "ab" => None;
        "(?<!a)b" "cb" => Some("b");
        "a(?=b)" "ab" => Some("a");
        "a(?!b)" "ab" => None;
        r"(?=(a+))a*b\1" "baaabac" => Some("aba");
        r"(?=(?:a|ab)(?!x))\w\wc" "abc" => Some("abc");
        r"@\K\w+" "a@foo" => Some("foo");
    }
}

#[test]
fn references_and_conditions_follow_their_groups() {
    matches! {
        r"(a|b)\1" "abb" => Some("bb");
        r"(?<q>['\x22]).*?\k<q>" "x'a\"b'" => Some("'a\"b'");
        r"(?P<x>a)(?P=x)\k{x}\g{1}\g{-1}" "aaaaa" => Some("aaaaa");
        r"(?i)(a)\1" "aA" => Some("aA");
        r"(a)|\1b" "b" => None;
        r"(<)?a(?(1)>)" "<a>" => Some("<a>");
        r"^(<)?a(?(1)>|x)$" "ax" => Some("ax");
        r"^(<)?a(?(1)>|x)$" "<ax" => None;
        r"^(?(?=a)ab|cd)" "cd" => Some("cd");
        r"^(?(?=a)ab|ac)" "ac" => None;
        r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10" "abcdefghijj" => Some("abcdefghijj");
        r"\11" "\t" => Some("\t");
    }
}

#[test]
fn groups_have_pcres_numbers_and_names() {
    let text = "user=bob id=7";
    let m = matcher(r"user=(?<user>\w+)\s+(?:id)=(?P<id>\d+)(?'rest'x)?");
    assert_eq!(m.names(), ["user", "id", "rest"]);
    assert_eq!(m.captures(text, "user"), Ok(Some("bob")));
    assert_eq!(m.captures(text, "id"), Ok(Some("7")));
    assert_eq!(m.captures(text, "rest"), Ok(None));
    assert_eq!(m.captures(text, "none"), Ok(None));
    assert_eq!(m.captures("nobody", "user"), Ok(None));
    let range = m.first(text).expect("a decision").and_then(|f| f.range_of("user"));
    assert_eq!(range, Some(5..8));
    // After a branch reset, and with names that repeat, the group that took part counts.
    assert_eq!(group("(?|(a)x|(b)y)(c)", "byc", 1).as_deref(), Some("b"));
    assert_eq!(group("(?|(a)x|(b)y)(c)", "byc", 2).as_deref(), Some("c"));
    let m = matcher("(?J)(?<n>a)|(?<n>b)");
    assert_eq!(m.captures("b", "n"), Ok(Some("b")));
    // A group keeps what it captured in an earlier round.
    assert_eq!(group("(?:(a)|b)*", "ab", 1).as_deref(), Some("a"));
    assert_eq!(group("(?n)(a)(?<x>b)", "ab", 1).as_deref(), Some("b"));
}

#[test]
fn all_matches_are_found_one_behind_the_other() {
    let m = matcher(r"(?<n>\d+)");
    assert_eq!(m.captures_all("a1b22c333", "n", 0), Ok(vec!["1", "22", "333"]));
    assert_eq!(m.captures_all("a1b22c333", "n", 2), Ok(vec!["1", "22"]));
    assert_eq!(m.captures_all("abc", "n", 0), Ok(vec![]));
    // A look-behind sees what stands before the place where the search goes on.
    assert_eq!(matcher("(?<=a)(?<x>a)").captures_all("aaa", "x", 0), Ok(vec!["a", "a"]));
    assert_eq!(matcher(r"\G(?<x>a)").captures_all("aaba", "x", 0), Ok(vec!["a", "a"]));
    assert_eq!(matcher("(?<x>)").captures_all("é", "x", 0), Ok(vec!["", ""]));
}

#[test]
fn replacements_name_groups_by_backslash() {
    let replace = |pattern: &str, text: &str, by: &str| matcher(pattern).replace_all(text, by).expect("a decision");
    assert_eq!(replace(r"^(\d{1,2})/(\d{1,2})/", "1/14/2023", r"\2/\1/"), "14/1/2023");
    assert_eq!(replace("b", "abcb", "x"), "axcx");
    assert_eq!(replace("b", "abcb", r"[\0]$1"), "a[b]$1c[b]$1");
    assert_eq!(replace("(a)|b", "ab", r"<\1>"), "<a><>");
    assert_eq!(replace("(a)", "a", r"\10\2\\1\n"), r"a0\1\n");
    assert_eq!(replace("x", "abc", "y"), "abc");
    assert_eq!(replace("a*", "baac", "x"), "xbxxcx");
    assert_eq!(replace(r"a\Kb", "abab", "x"), "axax");
    assert_eq!(matcher("a").replace("aaa", "b", 2).as_deref(), Ok("bba"));
}

#[test]
fn going_back_too_often_is_an_error() {
    let m = matcher(r"^(?:(a+)+(?!c))+$");
    let text = format!("{}b", "a".repeat(64));
    assert!(m.is_match(&text).is_err());
    assert!(m.captures(&text, "x").is_err());
    assert!(m.replace_all(&text, "").is_err());
    // Without look-around the same form takes linear time.
    assert_eq!(matcher("^(?:(a+)+)+$").is_match(&text), Ok(false));
}

#[test]
fn what_can_not_be_run_is_told_from_what_is_malformed() {
    let deep = format!("{}a{}", "(?=".repeat(40), ")".repeat(40));
    for pattern in [r"(a(?1)?)", r"a\X", r"\C", "(*COMMIT)a", r"(?|(a)|(b))\1", &deep] {
        let error = Matcher::new(pattern).expect_err(pattern);
        assert_eq!(error.kind, ErrorKind::Unsupported, "{pattern}: {error}");
    }
    assert_eq!(Matcher::new("a(").expect_err("open").kind, ErrorKind::Malformed);
}

#[test]
fn matchers_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Matcher>();
}
