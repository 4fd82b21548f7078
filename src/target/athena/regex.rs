//! PCRE patterns in the notation of Trino's regular expression library (Joni with Java's syntax).
//!
//! Tried on Trino 435: `^`, `$`, `.`, `\b`, `\d`, `\w`, `\s`, `(?i)`, `(?s)`, `(?m)`, `(?x)`, look-around, atomic
//! groups, possessive quantifiers, `\Q…\E`, back references and named groups mean the same; groups
//! count from the left, named or not. What differs is rewritten below; what Joni lacks is an error. A few of PCRE's
//! features would be read there as something else (`\K` as the letter K), so that they must not pass.

/// A pattern for `regexp_like`.
///
/// # Errors
/// The PCRE feature that Trino lacks, as it stands in the pattern.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    Scanner::new(pattern).run().map(|s| s.out)
}

/// A pattern and the number of its named group, counted from 1.
///
/// # Errors
/// As [`translate`]; also where the pattern has no such group.
pub(super) fn translate_with_group(pattern: &str, group: &str) -> Result<(String, usize), String> {
    let scanned = Scanner::new(pattern).run()?;
    match scanned.groups.iter().position(|g| g.as_deref() == Some(group)) {
        Some(index) => Ok((scanned.out, index + 1)),
        None => Err(format!("(?<{group}>")),
    }
}

struct Scanned {
    out: String,
    /// The capturing groups, with their names.
    groups: Vec<Option<String>>,
}

struct Scanner<'a> {
    rest: &'a str,
    out: String,
    groups: Vec<Option<String>>,
    /// Of each open group: what its branches begin with, because options were set inside a branch before.
    options: Vec<Vec<String>>,
    /// Where the output of the present branch begins.
    branch_start: usize,
}

impl<'a> Scanner<'a> {
    fn new(pattern: &'a str) -> Self {
        Self { rest: pattern, out: String::new(), groups: Vec::new(), options: vec![Vec::new()], branch_start: 0 }
    }

    fn run(mut self) -> Result<Scanned, String> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => {
                    if self.group()? {
                        self.options.push(Vec::new());
                        self.branch_start = self.out.len();
                    }
                }
                ')' => {
                    let options = if self.options.len() > 1 { self.options.pop() } else { None };
                    self.close(options.as_ref().map_or(0, Vec::len));
                    self.copy(')');
                }
                '|' => self.branch(),
                c => self.copy(c),
            }
        }
        let options = self.options.pop();
        self.close(options.as_ref().map_or(0, Vec::len));
        Ok(Scanned { out: self.out, groups: self.groups })
    }

    fn close(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(')', count));
    }

    /// `|`: options that were set in the branch hold in the next ones too.
    fn branch(&mut self) {
        let options = self.options.last().cloned().unwrap_or_default();
        self.close(options.len());
        self.copy('|');
        self.branch_start = self.out.len();
        self.out.extend(options.iter().map(String::as_str));
    }

    fn copy(&mut self, c: char) {
        self.out.push(c);
        self.rest = &self.rest[c.len_utf8()..];
    }

    /// Replaces the next `length` bytes.
    fn replace(&mut self, length: usize, by: &str) {
        self.out.push_str(by);
        self.rest = self.rest.get(length..).unwrap_or("");
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.rest[1..].chars().next() else { return Err("\\".to_owned()) };
        let length = 1 + c.len_utf8();
        match c {
            'Q' => {
                let end = self.rest.find("\\E");
                let text = &self.rest[2..end.unwrap_or(self.rest.len())];
                for c in text.chars() {
                    if !c.is_alphanumeric() && !c.is_whitespace() {
                        self.out.push('\\');
                    }
                    self.out.push(c);
                }
                self.rest = end.and_then(|e| self.rest.get(e + 2..)).unwrap_or("");
            }
            'E' => self.replace(length, ""),
            'h' if in_class => self.replace(length, r" \t"),
            'h' => self.replace(length, r"[ \t]"),
            'H' if !in_class => self.replace(length, r"[^ \t]"),
            'R' if !in_class => self.replace(length, r"(?:\r\n|[\n\x0B\f\r])"),
            'N' if !in_class && !self.rest.starts_with("\\N{") => self.replace(length, r"[^\n]"),
            'e' => self.replace(length, r"\x1B"),
            'v' if in_class => self.replace(length, r"\n\x0B\f\r"),
            'v' => self.replace(length, r"[\n\x0B\f\r]"),
            'V' if !in_class => self.replace(length, r"[^\n\x0B\f\r]"),
            'k' if !in_class => self.named_reference()?,
            'g' if !in_class => self.numbered_reference()?,
            '0' => self.octal(),
            '1'..='9' if in_class => return Err(format!("\\{c}")),
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'f' | 'a' | 'x' | 'p' | 'P' | '1'..='9' => {
                self.replace(length, &format!("\\{c}"));
            }
            'b' if in_class => self.replace(length, r"\x08"),
            'b' | 'B' | 'A' | 'z' | 'Z' | 'G' if !in_class => self.replace(length, &format!("\\{c}")),
            c if c.is_ascii_alphanumeric() => return Err(format!("\\{c}")),
            // An escaped letter outside ASCII is that letter.
            c if !c.is_ascii() => self.replace(length, &c.to_string()),
            c => self.replace(length, &format!("\\{c}")),
        }
        Ok(())
    }

    /// `\0`, `\012`
    fn octal(&mut self) {
        let digits: String = self.rest[1..].chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
        let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
        self.replace(1 + digits.len(), &format!("\\x{code:02X}"));
    }

    /// `\k<name>`, `\k{name}`, `\k'name'`
    fn named_reference(&mut self) -> Result<(), String> {
        let open = self.rest[2..].chars().next();
        let close = match open {
            Some('<') => '>',
            Some('{') => '}',
            Some('\'') => '\'',
            _ => return Err("\\k".to_owned()),
        };
        let Some(end) = self.rest[3..].find(close) else { return Err("\\k".to_owned()) };
        let name = self.rest[3..3 + end].to_owned();
        self.replace(4 + end, &format!("\\k<{name}>"));
        Ok(())
    }

    /// `\g1`, `\g{1}`; relative and named ones are refused.
    fn numbered_reference(&mut self) -> Result<(), String> {
        let after = &self.rest[2..];
        let (digits, length) = match after.strip_prefix('{') {
            Some(inner) => match inner.find('}') {
                Some(end) => (&inner[..end], end + 2),
                None => return Err("\\g".to_owned()),
            },
            None => {
                let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err("\\g".to_owned());
        }
        // A digit that follows must not become part of the number.
        let reference = format!("(?:\\{digits})");
        self.replace(2 + length, &reference);
        Ok(())
    }

    /// A bracket expression. Java's syntax nests classes and intersects them by `&&`; PCRE's does neither.
    fn class(&mut self) -> Result<(), String> {
        self.copy('[');
        if self.rest.starts_with('^') {
            self.copy('^');
        }
        // A bracket in first place is literal.
        if self.rest.starts_with(']') {
            self.replace(1, r"\]");
        }
        // Whether a class such as `\w` was just read: a hyphen beside one is literal, not a range.
        let mut after_set = false;
        while let Some(c) = self.rest.chars().next() {
            let is_set = is_set(self.rest);
            match c {
                ']' => {
                    self.copy(']');
                    return Ok(());
                }
                '-' if after_set || is_set_escape(&self.rest[1..]) => self.replace(1, r"\-"),
                '\\' => self.escape(true)?,
                '[' if self.rest.starts_with("[:") && self.rest.contains(":]") => {
                    let end = self.rest.find(":]").map_or(0, |e| e + 2);
                    let name = self.rest[2..end - 2].to_owned();
                    let set = posix(&name).ok_or_else(|| format!("[:{name}:]"))?;
                    self.replace(end, &set);
                }
                '[' => self.replace(1, r"\["),
                '&' => self.replace(1, r"\&"),
                c => self.copy(c),
            }
            after_set = is_set;
        }
        Err("[".to_owned())
    }

    /// What begins with a parenthesis; whether a group is open then.
    fn group(&mut self) -> Result<bool, String> {
        if self.rest.starts_with("(*") {
            return Err(self.head(|c| c == ')'));
        }
        if self.rest.starts_with("(?#") {
            let end = self.rest.find(')').map_or(self.rest.len(), |e| e + 1);
            self.replace(end, "");
            return Ok(false);
        }
        let Some(after) = self.rest.strip_prefix("(?") else {
            self.groups.push(None);
            self.copy('(');
            return Ok(true);
        };
        for same in [":", "=", "!", "<=", "<!", ">"] {
            if after.starts_with(same) {
                self.replace(2 + same.len(), &format!("(?{same}"));
                return Ok(true);
            }
        }
        for (open, close) in [("P<", '>'), ("<", '>'), ("'", '\'')] {
            if let Some(inner) = after.strip_prefix(open)
                && let Some(end) = inner.find(close)
            {
                let name = inner[..end].to_owned();
                self.groups.push(Some(name.clone()));
                self.replace(2 + open.len() + end + 1, &format!("(?<{name}>"));
                return Ok(true);
            }
        }
        if let Some(inner) = after.strip_prefix("P=")
            && let Some(end) = inner.find(')')
        {
            let reference = format!("\\k<{}>", &inner[..end]);
            self.replace(4 + end + 1, &reference);
            return Ok(false);
        }
        let flags = after.find([':', ')']).map_or("", |end| &after[..end]);
        if !flags.is_empty() && flags.chars().all(|c| matches!(c, 'i' | 's' | 'm' | 'x' | '-')) {
            let length = 2 + flags.len() + 1;
            let text = self.rest[..length].to_owned();
            if text.ends_with(':') {
                self.replace(length, &text);
                return Ok(true);
            }
            if self.out.len() == self.branch_start {
                self.replace(length, &text);
                self.branch_start = self.out.len();
                return Ok(false);
            }
            // Inside a branch Joni takes the options as a group of all that follows, the other branches too.
            let group = format!("(?{flags}:");
            self.replace(length, &group);
            if let Some(options) = self.options.last_mut() {
                options.push(group);
            }
            return Ok(false);
        }
        Err(self.head(|c| matches!(c, ')' | ':')))
    }

    /// The start of what can't be said, up to a character.
    fn head(&self, end: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(end).map_or(self.rest.len(), |e| e + 1);
        self.rest[..end].chars().take(20).collect()
    }
}

/// The characters of a POSIX class: those of ASCII, as in PCRE; Joni would take those of Unicode.
fn posix(name: &str) -> Option<String> {
    let (negated, name) = match name.strip_prefix('^') {
        Some(name) => (true, name),
        None => (false, name),
    };
    let set = match name {
        "alpha" => "a-zA-Z",
        "digit" => "0-9",
        "alnum" => "a-zA-Z0-9",
        "upper" => "A-Z",
        "lower" => "a-z",
        "space" => r"\s",
        "blank" => r" \t",
        "word" => r"\w",
        "xdigit" => "0-9a-fA-F",
        "punct" => r"!-/:-@\[-`{-~",
        "cntrl" => r"\x00-\x1F\x7F",
        "print" => r"\x20-\x7E",
        "graph" => r"\x21-\x7E",
        "ascii" => r"\x00-\x7F",
        _ => return None,
    };
    Some(if negated { format!("[^{set}]") } else { set.to_owned() })
}

fn is_set_escape(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('\\')
        && chars.next().is_some_and(|c| matches!(c, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P' | 'h' | 'v'))
}

fn is_set(rest: &str) -> bool {
    is_set_escape(rest) || rest.starts_with("[:")
}

/// The replacement of SPL's `replace` (`\1`) in Trino's notation (`$1`).
pub(super) fn replacement(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(char::is_ascii_digit) => out.push('$'),
            '\\' => {
                out.push_str("\\\\");
                // `\\` is one backslash.
                if chars.peek() == Some(&'\\') {
                    chars.next();
                }
            }
            '$' => out.push_str("\\$"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(pattern: &str) -> String {
        translate(pattern).expect("a pattern that Trino has")
    }

    #[test]
    fn common_patterns_pass_unchanged() {
        for pattern in [
            r"^arn:aws:iam::\d{12}:(user|role)/.*$",
            r"(?i)admin|root",
            r"(?:a|b)(?=c)(?!d)(?<=e)(?<!f)",
            r"a++b*?[a-z]+\.[^\s]",
            r"(?<name>[^:]+):(?<other>\S+)",
            r"\/path\\file",
        ] {
            assert_eq!(ok(pattern), pattern);
        }
    }

    #[test]
    fn differing_notations_are_rewritten() {
        assert_eq!(ok(r"(?P<x>a)(?P=x)"), r"(?<x>a)\k<x>");
        assert_eq!(ok(r"[]a[&&b]"), r"[\]a\[\&\&b]");
        assert_eq!(ok(r"\h+\R"), r"[ \t]+(?:\r\n|[\n\x0B\f\r])");
        assert_eq!(ok(r"[\h]"), r"[ \t]");
        assert_eq!(ok(r"\Qa.b\Ec"), r"a\.bc");
        assert_eq!(ok(r"[a-\d]"), r"[a\-\d]");
        assert_eq!(ok(r"(?#note)a"), "a");
        assert_eq!(ok(r"\g{1}2"), r"(?:\1)2");
        assert_eq!(ok(r"[[:alpha:]_]+[^[:digit:]][[:^space:]]"), r"[a-zA-Z_]+[^0-9][[^\s]]");
    }

    #[test]
    fn options_inside_a_branch_hold_in_the_next_ones() {
        assert_eq!(ok(r"(?i)a|b"), r"(?i)a|b");
        assert_eq!(ok(r"a(?i)b|c"), r"a(?i:b)|(?i:c)");
        assert_eq!(ok(r"x(a(?i)b|c)d"), r"x(a(?i:b)|(?i:c))d");
        assert_eq!(ok(r"(a|(?i)b|c)"), r"(a|(?i)b|c)");
    }

    #[test]
    fn features_that_trino_lacks_are_named() {
        for (pattern, feature) in [
            (r"a\Kb", r"\K"),
            (r"(?R)", "(?R)"),
            (r"(?(1)a|b)", "(?(1)"),
            (r"(?U)a+", "(?U)"),
            (r"(*UTF8)a", "(*UTF8)"),
            (r"(?|a|b)", "(?|a|b)"),
            (r"\X", r"\X"),
        ] {
            assert_eq!(translate(pattern), Err(feature.to_owned()), "{pattern}");
        }
    }

    #[test]
    fn groups_are_counted_from_the_left() {
        assert_eq!(translate_with_group("(a)(?:b)(?<x>c)", "x"), Ok(("(a)(?:b)(?<x>c)".to_owned(), 2)));
        assert_eq!(translate_with_group("(?P<x>c)", "x"), Ok(("(?<x>c)".to_owned(), 1)));
        assert!(translate_with_group("(?<x>c)", "y").is_err());
    }

    #[test]
    fn replacements_use_dollar_groups() {
        assert_eq!(replacement(r"\1-$-\2"), r"$1-\$-$2");
        assert_eq!(replacement(r"a\\b"), r"a\\b");
    }
}
