//! From PCRE to the regular expressions that Sigma allows behind `|re` (modifiers appendix 2.1, "Regular Expression"):
//! `.`, `^`, `$`, greedy quantifiers, classes of characters and ranges, groups, alternation. Shorthands such as `\d`
//! and groups with names are spelled with these. What can't be is kept and reported, or refused where it can't even
//! be kept.

use crate::regex::{Analysis, Feature};

/// A translated expression.
#[derive(PartialEq, Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Sub-modifiers of `re`: `i`, `m`, `s`.
    pub(super) flags: Vec<&'static str>,
    /// What the specification leaves out and the pattern still uses.
    pub(super) beyond: Vec<&'static str>,
}

/// Translates an expression that is only asked whether it matches somewhere in a text.
///
/// # Errors
/// The construct that has no equivalent.
pub(super) fn translate(regex: &str) -> Result<Translated, &'static str> {
    let analysis = Analysis::new(regex).map_err(|_| "a malformed expression")?;
    let chars: Vec<char> = regex.chars().collect();
    // Numbers of groups and the order of alternatives only matter where something refers back or can't backtrack.
    let plain = !analysis.has(|f| matches!(f, Feature::BackReference | Feature::Atomic));
    let mut t = Translator { chars, at: 0, out: String::new(), flags: Vec::new(), beyond: Vec::new(), plain };
    t.leading_flags()?;
    let mut depth = 0_usize;
    while let Some(c) = t.next() {
        match c {
            '\\' => t.escape()?,
            '[' => t.class()?,
            '(' => {
                if t.group()? {
                    depth += 1;
                }
            }
            ')' => {
                depth = depth.checked_sub(1).ok_or("an unbalanced parenthesis")?;
                t.out.push(')');
                t.quantifier();
            }
            '{' => {
                // No quantifier stands here, so PCRE takes the brace itself.
                t.out.push_str("\\{");
                t.quantifier();
            }
            '^' | '$' | '|' => t.out.push(c),
            c => {
                t.out.push(c);
                t.quantifier();
            }
        }
    }
    if depth > 0 {
        return Err("an unbalanced parenthesis");
    }
    Ok(Translated { pattern: t.out, flags: t.flags, beyond: t.beyond })
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    flags: Vec<&'static str>,
    beyond: Vec<&'static str>,
    /// Whether groups may be renumbered and lazy quantifiers made greedy.
    plain: bool,
}

impl Translator {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let wanted: Vec<char> = text.chars().collect();
        let hit = self.chars.get(self.at..self.at + wanted.len()) == Some(&wanted[..]);
        if hit {
            self.at += wanted.len();
        }
        hit
    }

    fn note(&mut self, what: &'static str) {
        if !self.beyond.contains(&what) {
            self.beyond.push(what);
        }
    }

    fn flag(&mut self, flag: &'static str) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    /// `(?i)` and the like at the start become sub-modifiers.
    fn leading_flags(&mut self) -> Result<(), &'static str> {
        while self.chars.get(self.at..self.at + 2) == Some(&['(', '?']) {
            let letters: String = self.chars[self.at + 2..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            let end = self.at + 2 + letters.len();
            if letters.is_empty() || self.chars.get(end) != Some(&')') {
                return Ok(());
            }
            for letter in letters.chars() {
                match letter {
                    'i' => self.flag("i"),
                    'm' => self.flag("m"),
                    's' => self.flag("s"),
                    _ => return Err("an inline flag other than `i`, `m`, `s`"),
                }
            }
            self.at = end + 1;
        }
        Ok(())
    }

    /// What follows `(`. Gives whether a group was opened (a comment is none).
    fn group(&mut self) -> Result<bool, &'static str> {
        if self.peek() == Some('*') {
            return Err("a backtracking verb");
        }
        if !self.take("?") {
            self.out.push('(');
            return Ok(true);
        }
        if self.take("#") {
            while self.next().ok_or("an unbalanced parenthesis")? != ')' {}
            return Ok(false);
        }
        if self.take(":") {
            self.out.push_str(if self.plain { "(" } else { "(?:" });
            return Ok(true);
        }
        for look in ["=", "!", "<=", "<!"] {
            if self.take(look) {
                self.note("look-around");
                self.out.push_str("(?");
                self.out.push_str(look);
                return Ok(true);
            }
        }
        if self.take(">") {
            self.note("an atomic group");
            self.out.push_str("(?>");
            return Ok(true);
        }
        let close = if self.take("P<") || self.take("<") {
            '>'
        } else if self.take("'") {
            '\''
        } else {
            return self.scoped_flags();
        };
        let mut name = String::new();
        loop {
            match self.next() {
                Some(c) if c == close => break,
                Some(c) if c.is_alphanumeric() || c == '_' => name.push(c),
                _ => return Err("a malformed group name"),
            }
        }
        if self.plain {
            self.out.push('(');
        } else {
            self.out.push_str("(?P<");
            self.out.push_str(&name);
            self.out.push('>');
        }
        Ok(true)
    }

    /// `(?i:…)`.
    fn scoped_flags(&mut self) -> Result<bool, &'static str> {
        let mut flags = String::new();
        loop {
            match self.next() {
                Some(':') if !flags.is_empty() => break,
                Some(c @ ('i' | 'm' | 's' | '-')) => flags.push(c),
                Some(')') => return Err("an inline flag after the start"),
                _ => return Err("a conditional, recursive or other special group"),
            }
        }
        self.note("an inline flag");
        self.out.push_str("(?");
        self.out.push_str(&flags);
        self.out.push(':');
        Ok(true)
    }

    /// Copies the quantifier at the current place, if there is one.
    fn quantifier(&mut self) {
        match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                self.out.push(c);
            }
            Some('{') => {
                let Some(length) = self.chars[self.at..].iter().position(|c| *c == '}') else { return };
                let inner: String = self.chars[self.at + 1..self.at + length].iter().collect();
                let counts: Vec<&str> = inner.split(',').collect();
                let number = |s: &&str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                match counts.as_slice() {
                    [n] if number(n) => {}
                    [n, m] if number(n) && (m.is_empty() || number(m)) => {}
                    _ => return,
                }
                self.at += length + 1;
                self.out.push('{');
                self.out.push_str(&inner);
                self.out.push('}');
            }
            _ => return,
        }
        if self.take("+") {
            self.note("a possessive quantifier");
            self.out.push('+');
        } else if self.take("?") && !self.plain {
            self.note("a lazy quantifier");
            self.out.push('?');
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<(), &'static str> {
        let c = self.next().ok_or("a backslash at the end")?;
        match c {
            'd' | 'w' | 's' | 'h' => {
                self.out.push('[');
                self.out.push_str(shorthand(c));
                self.out.push(']');
            }
            'D' | 'W' | 'S' | 'H' => {
                self.out.push_str("[^");
                self.out.push_str(shorthand(c.to_ascii_lowercase()));
                self.out.push(']');
            }
            'b' | 'B' => {
                self.note("a word boundary");
                self.out.push('\\');
                self.out.push(c);
                return Ok(());
            }
            'A' if !self.flags.contains(&"m") => self.out.push('^'),
            'Z' if !self.flags.contains(&"m") => self.out.push('$'),
            'Q' => {
                while !self.take("\\E") {
                    let Some(c) = self.next() else { break };
                    push_literal(&mut self.out, c);
                }
            }
            '1'..='9' => {
                self.note("a back reference");
                self.out.push('\\');
                self.out.push(c);
            }
            'x' => {
                let c = self.hexadecimal()?;
                push_literal(&mut self.out, c);
            }
            't' | 'n' | 'r' | 'f' => {
                self.out.push('\\');
                self.out.push(c);
            }
            c if c.is_ascii_alphanumeric() => return Err("an escape without an equivalent"),
            c => {
                self.out.push('\\');
                self.out.push(c);
            }
        }
        self.quantifier();
        Ok(())
    }

    /// `41` or `{1F600}` behind `\x`.
    fn hexadecimal(&mut self) -> Result<char, &'static str> {
        let mut digits = String::new();
        if self.take("{") {
            while let Some(c) = self.next() {
                if c == '}' {
                    break;
                }
                digits.push(c);
            }
        } else {
            while digits.len() < 2
                && let Some(c) = self.peek().filter(char::is_ascii_hexdigit)
            {
                digits.push(c);
                self.at += 1;
            }
        }
        let code = u32::from_str_radix(if digits.is_empty() { "0" } else { &digits }, 16);
        code.ok().and_then(char::from_u32).ok_or("an escape without an equivalent")
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<(), &'static str> {
        self.out.push('[');
        if self.take("^") {
            self.out.push('^');
        }
        // A bracket that closes nothing yet stands for itself.
        if self.take("]") {
            self.out.push_str("\\]");
        }
        loop {
            match self.next().ok_or("an unbalanced bracket")? {
                ']' => break,
                '[' if self.peek() == Some(':') => {
                    let rest: String = self.chars[self.at..].iter().take(12).collect();
                    let (name, ranges) =
                        POSIX.iter().find(|(name, _)| rest.starts_with(name)).ok_or("a special class of characters")?;
                    self.at += name.chars().count();
                    self.out.push_str(ranges);
                }
                '[' => self.out.push_str("\\["),
                '\\' => match self.next().ok_or("a backslash at the end")? {
                    c @ ('d' | 'w' | 's' | 'h') => self.out.push_str(shorthand(c)),
                    c @ ('t' | 'n' | 'r' | 'f') => {
                        self.out.push('\\');
                        self.out.push(c);
                    }
                    'x' => {
                        let c = self.hexadecimal()?;
                        push_in_class(&mut self.out, c);
                    }
                    c if c.is_ascii_alphanumeric() => return Err("an escape without an equivalent"),
                    c => {
                        self.out.push('\\');
                        self.out.push(c);
                    }
                },
                c => self.out.push(c),
            }
        }
        self.out.push(']');
        self.quantifier();
        Ok(())
    }
}

/// The members of a shorthand class (PCRE without Unicode properties).
fn shorthand(letter: char) -> &'static str {
    match letter {
        'd' => "0-9",
        'w' => "A-Za-z0-9_",
        'h' => " \\t",
        _ => " \\t\\n\\x0b\\f\\r",
    }
}

/// POSIX classes as they stand behind their first bracket.
const POSIX: [(&str, &str); 10] = [
    (":alpha:]", "A-Za-z"),
    (":digit:]", "0-9"),
    (":alnum:]", "A-Za-z0-9"),
    (":upper:]", "A-Z"),
    (":lower:]", "a-z"),
    (":xdigit:]", "A-Fa-f0-9"),
    (":word:]", "A-Za-z0-9_"),
    (":space:]", " \\t\\n\\x0b\\f\\r"),
    (":blank:]", " \\t"),
    (":punct:]", "!-\\/:-@\\[-`{-~"),
];

fn push_literal(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        c => {
            if c.is_ascii_punctuation() && c != '_' {
                out.push('\\');
            }
            out.push(c);
        }
    }
}

fn push_in_class(out: &mut String, c: char) {
    push_literal(out, c);
}

/// Whether the expression certainly gives a group a value where it matches: the group is nowhere optional.
pub(super) fn group_always_takes_part(regex: &str) -> bool {
    !regex.contains('|') && ![")?", ")*", "){0"].iter().any(|q| regex.contains(q))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(regex: &str) -> String {
        translate(regex).map_or_else(|e| format!("error: {e}"), |t| t.pattern)
    }

    #[test]
    fn shorthands_are_spelled_out() {
        assert_eq!(pattern(r"\d+\.\w*"), r"[0-9]+\.[A-Za-z0-9_]*");
        assert_eq!(pattern(r"[\d.]\D"), r"[0-9.][^0-9]");
        assert_eq!(pattern(r"a\s?b"), r"a[ \t\n\x0b\f\r]?b");
        assert_eq!(pattern(r"[[:alpha:]_]"), "[A-Za-z_]");
    }

    #[test]
    fn groups_lose_their_names_and_quantifiers_their_laziness() {
        assert_eq!(pattern(r"(?<user>a+?)(?:b)??(?P<x>c)"), "(a+)(b)?(c)");
    }

    #[test]
    fn leading_flags_become_modifiers() {
        let t = translate("(?is)a.b").expect("a translation");
        assert_eq!((t.pattern.as_str(), t.flags), ("a.b", vec!["i", "s"]));
        assert_eq!(pattern("(?x)a"), "error: an inline flag other than `i`, `m`, `s`");
        assert_eq!(pattern("a(?i)b"), "error: an inline flag after the start");
    }

    #[test]
    fn what_the_specification_leaves_out_is_reported() {
        let beyond = |r: &str| translate(r).map(|t| t.beyond);
        assert_eq!(beyond(r"(?!a)b"), Ok(vec!["look-around"]));
        assert_eq!(beyond(r"\bfoo\b"), Ok(vec!["a word boundary"]));
        assert_eq!(beyond(r"(a)\1"), Ok(vec!["a back reference"]));
        assert_eq!(beyond(r"a++"), Ok(vec!["a possessive quantifier"]));
        assert_eq!(beyond(r"^a|b$"), Ok(vec![]));
    }

    #[test]
    fn references_keep_the_numbers_of_groups() {
        assert_eq!(pattern(r"(?:a)(b)\1"), r"(?:a)(b)\1");
    }

    #[test]
    fn literal_braces_and_brackets_are_escaped() {
        assert_eq!(pattern(r"a{x}b{2,3}c{,4}"), r"a\{x}b{2,3}c\{,4}");
        assert_eq!(pattern(r"[]a[]"), r"[\]a\[]");
        assert_eq!(pattern(r"\Qa.b\E*"), r"a\.b*");
        assert_eq!(pattern(r"\x41\x2e"), r"A\.");
    }

    #[test]
    fn what_has_no_equivalent_is_refused() {
        for regex in [r"\p{L}", r"(?R)", r"(?(1)a|b)", r"(*FAIL)", r"\Ka", "a(", "[a", "a\\", "a)"] {
            assert!(pattern(regex).starts_with("error"), "{regex}: {}", pattern(regex));
        }
    }
}
