//! The expressions of `rex mode=sed` (Search Reference, `rex`, "Sed expression"): `s/regex/replacement/flags` and `y/abc/xyz/`.

/// A parsed sed expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Sed {
    Substitute {
        regex: String,
        replacement: String,
        which: Which,
    },
    /// Each character by the one at the same place of the other text.
    Transliterate {
        from: Vec<char>,
        to: Vec<char>,
    },
}

/// Which matches are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    All,
    /// The n-th, from 1.
    Nth(u32),
}

impl Sed {
    /// # Errors
    /// Why the text is no sed expression.
    pub(super) fn parse(text: &str) -> Result<Sed, String> {
        let mut chars = text.trim_start().chars();
        let kind = chars.next();
        let Some(delimiter) = chars.next().filter(|d| !d.is_alphanumeric() && !d.is_whitespace() && *d != '\\') else {
            return Err("it begins with `s/` or `y/`".to_owned());
        };
        let parts = split(chars.as_str(), delimiter);
        let [first, second, flags] = parts.as_slice() else {
            return Err(format!("it has three parts, each ended by `{delimiter}` but the last"));
        };
        match kind {
            Some('s') => {
                let which = which(flags.trim())?;
                Ok(Sed::Substitute { regex: first.clone(), replacement: second.clone(), which })
            }
            Some('y') => {
                if !flags.trim().is_empty() {
                    return Err(format!("`{}` is no flag of `y`", flags.trim()));
                }
                let (from, to): (Vec<char>, Vec<char>) = (first.chars().collect(), second.chars().collect());
                if from.len() != to.len() {
                    return Err(format!("`{first}` and `{second}` have different lengths"));
                }
                Ok(Sed::Transliterate { from, to })
            }
            _ => Err("it begins with `s/` or `y/`".to_owned()),
        }
    }
}

fn which(flags: &str) -> Result<Which, String> {
    match flags {
        "" => Ok(Which::Nth(1)),
        "g" => Ok(Which::All),
        number => match number.parse() {
            Ok(n) if n > 0 => Ok(Which::Nth(n)),
            _ => Err(format!("`{flags}` is no flag: write `g`, or which match is meant")),
        },
    }
}

/// Parts at a delimiter that no backslash protects; the backslash before a protected one goes.
fn split(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let Some(part) = parts.last_mut() else { break };
        match c {
            '\\' => match chars.next() {
                Some(next) if next == delimiter => part.push(next),
                Some(next) => part.extend(['\\', next]),
                None => part.push('\\'),
            },
            c if c == delimiter => parts.push(String::new()),
            c => part.push(c),
        }
    }
    parts
}

/// A regular expression and a replacement that replace only the n-th match, by replacing the text up to it with itself.
/// `None`: the expression refers to its groups by number, which this changes.
pub(super) fn only(regex: &str, replacement: &str, n: u32) -> Option<(String, String)> {
    let groups = groups(regex)?;
    // What comes before, lazily: the leftmost matches count. A named group must not stand twice.
    let anything = "(?:[\\s\\S]*?)";
    let before = if n > 1 {
        if groups.named {
            return None;
        }
        format!("((?:{anything}(?:{regex})){{{}}}{anything})", n - 1)
    } else {
        format!("({anything})")
    };
    let shift = 1 + if n > 1 { groups.count } else { 0 };
    Some((format!("\\A{before}(?:{regex})"), format!("\\1{}", shifted(replacement, shift)?)))
}

struct Groups {
    count: u32,
    named: bool,
}

/// The groups that a regular expression captures; `None` where it refers to some by number or name.
fn groups(regex: &str) -> Option<Groups> {
    let mut found = Groups { count: 0, named: false };
    let mut in_class = false;
    let mut chars = regex.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(d)
                    if !in_class && (d.is_ascii_digit() && d != '0' || matches!(d, 'g' | 'k' | 'Q' | 'K' | 'G')) =>
                {
                    return None;
                }
                _ => {}
            },
            '[' if !in_class => {
                in_class = true;
                // A bracket that comes first is a character.
                if chars.peek() == Some(&'^') {
                    chars.next();
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                }
            }
            ']' => in_class = false,
            '(' if !in_class => {
                let rest: String = chars.clone().take(4).collect();
                let named = ["?<", "?P<", "?'"].iter().any(|m| rest.starts_with(m))
                    && !rest.starts_with("?<=")
                    && !rest.starts_with("?<!");
                if named || !rest.starts_with(['?', '*']) {
                    found.count += 1;
                    found.named |= named;
                }
                // Recursion, conditions, references by name.
                if ["?(", "?R", "?&", "?P>", "?P=", "?|"].iter().any(|m| rest.starts_with(m))
                    || rest.starts_with('?') && rest[1..].starts_with(|d: char| d.is_ascii_digit())
                {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(found)
}

/// A replacement whose groups have greater numbers; `None` where one would have two digits.
fn shifted(replacement: &str, by: u32) -> Option<String> {
    let mut out = String::new();
    let mut chars = replacement.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c != '\\' {
            continue;
        }
        match chars.next() {
            Some(d) => match d.to_digit(10) {
                // The whole match is one group more.
                Some(0) => return None,
                Some(n) if n + by > 9 => return None,
                Some(n) => out.push_str(&(n + by).to_string()),
                None => out.push(d),
            },
            None => break,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substitute(regex: &str, replacement: &str, which: Which) -> Result<Sed, String> {
        Ok(Sed::Substitute { regex: regex.to_owned(), replacement: replacement.to_owned(), which })
    }

    #[test]
    fn expressions_are_taken_apart() {
        assert_eq!(Sed::parse("s/a/b/g"), substitute("a", "b", Which::All));
        assert_eq!(Sed::parse(r"s#a\#\d#\1#"), substitute(r"a#\d", r"\1", Which::Nth(1)));
        assert_eq!(Sed::parse("s/a//3"), substitute("a", "", Which::Nth(3)));
        assert_eq!(Sed::parse("y/ab/xy/"), Ok(Sed::Transliterate { from: vec!['a', 'b'], to: vec!['x', 'y'] }));
        for fault in ["", "a/b/c/", "s/a/b", "s/a/b/x", "s/a/b/0", "y/ab/x/", "y/a/b/g", "sxaxbx"] {
            assert!(Sed::parse(fault).is_err(), "{fault}");
        }
    }

    #[test]
    fn one_match_is_replaced_by_a_longer_expression() {
        let run = |text: &str, regex: &str, by: &str, n| {
            let (regex, by) = only(regex, by, n).expect("a form");
            let by = by.replace("\\1", "${1}").replace("\\2", "${2}").replace("\\3", "${3}");
            fancy_regex::Regex::new(&regex).expect("a regular expression").replace_all(text, by.as_str()).into_owned()
        };
        assert_eq!(run("a1b2c3", r"\d", "_", 1), "a_b2c3");
        assert_eq!(run("a1b2c3", r"(\d)", r"<\1>", 2), "a1b<2>c3");
        assert_eq!(run("a1b2c3", r"\d", "_", 4), "a1b2c3");
        assert_eq!(run("x\ny", "[](]|y", "_", 1), "x\n_");
    }

    #[test]
    fn references_by_number_are_not_shifted() {
        assert_eq!(only(r"(a)\1", "b", 1), None);
        assert_eq!(only(r"(?<n>a)", "b", 2), None);
        assert_eq!(only(r"a", r"\9", 1), None);
        assert!(only(r"(?<n>a)[(]\(", "b", 1).is_some());
    }
}
