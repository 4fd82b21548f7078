//! Escapes and classes of PCRE (pcrepattern, "Backslash" and "Square brackets and character classes").

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::analysis::{Feature, RegexError};
use super::parse::Parser;
use super::set;

/// What stands in a class.
enum Member {
    Character(char),
    Set(ClassUnicode),
    /// `\E`, or `\Q`, behind which backslashes mean nothing.
    Nothing,
}

impl Parser<'_> {
    /// An escape that means a set of characters; the place is behind the backslash, and stays there where it is none.
    pub(super) fn set_escape(&mut self, start: usize) -> Result<Option<ClassUnicode>, RegexError> {
        let behind = self.at;
        let Some(c) = self.next() else { return Ok(None) };
        if matches!(c, 'p' | 'P') {
            return self.property(c == 'P', start).map(Some);
        }
        if c == 'N' && self.rest().starts_with("{U+") {
            self.at = behind;
            return Ok(None);
        }
        let Some(class) = set::shorthand(c, self.unicode) else {
            self.at = behind;
            return Ok(None);
        };
        let feature = match c {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => Feature::Shorthand,
            _ => Feature::Space,
        };
        self.note(feature, start);
        Ok(Some(class))
    }

    /// `\pL`, `\p{Lu}`, `\p{^Lu}`, behind the `p`.
    fn property(&mut self, negated: bool, start: usize) -> Result<ClassUnicode, RegexError> {
        let (name, inverted) = if self.eat("{") {
            let inverted = self.eat("^");
            let name = self.take_while(64, |c| c != '}');
            if !self.eat("}") {
                return Err(RegexError::malformed("`\\p{` has no end", start..self.at));
            }
            (name, inverted)
        } else {
            (self.take_while(1, |c| c.is_ascii_alphabetic()), false)
        };
        let Some(class) = set::property(name) else {
            let message = format!("`{name}` is no property of Unicode that PCRE knows");
            return Err(RegexError::malformed(message, start..self.at));
        };
        self.note(Feature::Property, start);
        Ok(if negated != inverted { set::negated(class) } else { class })
    }

    /// An escape that means one character; the place is behind the backslash.
    pub(super) fn character(&mut self, start: usize) -> Result<char, RegexError> {
        let Some(c) = self.next() else {
            return Err(RegexError::malformed("the pattern ends in a backslash", start..self.at));
        };
        let plain = match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\x0c',
            'a' => '\x07',
            'e' => {
                self.note(Feature::Escape, start);
                '\x1b'
            }
            'c' => {
                let Some(letter) = self.next().filter(|c| (' '..='~').contains(c)) else {
                    return Err(RegexError::malformed("`\\c` needs a letter", start..self.at));
                };
                self.note(Feature::Control, start);
                return Ok(char::from((letter.to_ascii_uppercase() as u8) ^ 0x40));
            }
            'x' => return self.hexadecimal(start),
            'o' if self.eat("{") => {
                let digits = self.take_while(12, |c| matches!(c, '0'..='7'));
                if digits.is_empty() || !self.eat("}") {
                    return Err(RegexError::malformed("`\\o{` needs octal digits and `}`", start..self.at));
                }
                self.note(Feature::Octal, start);
                return self.code(digits, 8, start);
            }
            '0'..='7' => {
                self.at -= 1;
                let digits = self.take_while(3, |c| matches!(c, '0'..='7'));
                self.note(Feature::Octal, start);
                return self.code(digits, 8, start);
            }
            'N' if self.eat("{U+") => {
                let digits = self.take_while(8, |c| c.is_ascii_hexdigit());
                if digits.is_empty() || !self.eat("}") {
                    return Err(RegexError::malformed("`\\N{U+` needs hexadecimal digits and `}`", start..self.at));
                }
                self.note(Feature::CodePoint, start);
                return self.code(digits, 16, start);
            }
            'L' | 'l' | 'U' | 'u' => {
                let message = format!("PCRE has no escape `\\{c}`");
                return Err(RegexError::malformed(message, start..self.at));
            }
            c => {
                if c.is_ascii_alphanumeric() {
                    self.note(Feature::UnknownEscape, start);
                }
                c
            }
        };
        Ok(plain)
    }

    /// Behind `\x`: two digits at the most, or any number in braces.
    fn hexadecimal(&mut self, start: usize) -> Result<char, RegexError> {
        let behind = self.at;
        let mut digits = "";
        if self.eat("{") {
            digits = self.take_while(8, |c| c.is_ascii_hexdigit());
            if digits.is_empty() || !self.eat("}") {
                self.at = behind;
                return Err(RegexError::malformed("`\\x{` needs hexadecimal digits and `}`", start..behind + 1));
            }
        }
        if digits.is_empty() {
            digits = self.take_while(2, |c| c.is_ascii_hexdigit());
        }
        self.note(Feature::Hex, start);
        self.code(if digits.is_empty() { "0" } else { digits }, 16, start)
    }

    fn code(&self, digits: &str, radix: u32, start: usize) -> Result<char, RegexError> {
        let code = u32::from_str_radix(digits, radix).ok();
        code.and_then(char::from_u32)
            .ok_or_else(|| RegexError::malformed("this number is no character of Unicode", start..self.at))
    }

    /// Whether `[:name:]` (or `.`, `=` in place of `:`) stands here, its bracket already taken.
    pub(super) fn is_posix_at(&self, mark: &str) -> bool {
        let Some(inner) = self.rest().strip_prefix(mark) else { return false };
        let end = inner.find([']', '\\']).unwrap_or(inner.len());
        inner[..end].ends_with(mark) && inner[end..].starts_with(']')
    }

    /// A class, behind its bracket.
    pub(super) fn class(&mut self, start: usize) -> Result<ClassUnicode, RegexError> {
        let negated = self.eat("^");
        let mut folded = set::of(&[]);
        // Shorthands are not touched by `(?i)`.
        let mut fixed = set::of(&[]);
        let mut first = true;
        let mut quoting = false;
        // The last member, if a hyphen behind it may begin a range.
        let mut low: Option<(char, usize)> = None;
        let mut hyphen = false;
        loop {
            let at = self.at;
            if self.peek().is_none() {
                return Err(RegexError::malformed("a bracket is not closed", start..start + 1));
            }
            if !quoting && !first && self.eat("]") {
                break;
            }
            if first && self.peek() == Some(']') {
                self.uses.push(super::analysis::Use { feature: Feature::LeadingBracket, range: at..at + 1 });
            }
            first = false;
            if !quoting && !hyphen && low.is_some() && self.rest().starts_with('-') && !self.rest().starts_with("-]") {
                self.at += 1;
                hyphen = true;
                continue;
            }
            match self.member(&mut quoting)? {
                Member::Nothing => {}
                Member::Set(class) => {
                    // A hyphen beside a set is literal.
                    if std::mem::take(&mut hyphen) {
                        folded.push(ClassUnicodeRange::new('-', '-'));
                    }
                    fixed.union(&class);
                    low = None;
                }
                Member::Character(c) if hyphen => {
                    hyphen = false;
                    if let Some((from, from_at)) = low.take() {
                        if from > c {
                            let message = format!("the range `{}` is out of order", &self.pattern[from_at..self.at]);
                            return Err(RegexError::malformed(message, from_at..self.at));
                        }
                        folded.push(ClassUnicodeRange::new(from, c));
                    }
                }
                Member::Character(c) => {
                    folded.push(ClassUnicodeRange::new(c, c));
                    low = Some((c, at));
                }
            }
        }
        if hyphen {
            folded.push(ClassUnicodeRange::new('-', '-'));
        }
        if self.flags.any_case {
            folded = set::any_case(folded);
        }
        folded.union(&fixed);
        Ok(if negated { set::negated(folded) } else { folded })
    }

    fn member(&mut self, quoting: &mut bool) -> Result<Member, RegexError> {
        let start = self.at;
        if *quoting {
            if self.eat("\\E") {
                *quoting = false;
                self.note(Feature::Quote, start);
                return Ok(Member::Nothing);
            }
            return Ok(self.next().map_or(Member::Nothing, Member::Character));
        }
        match self.next() {
            None => Ok(Member::Nothing),
            Some('[') if self.is_posix_at(":") => self.posix(start).map(Member::Set),
            Some('[') if self.is_posix_at(".") || self.is_posix_at("=") => {
                let end = self.rest().find(']').map_or(self.pattern.len(), |e| self.at + e + 1);
                Err(RegexError::malformed("PCRE has no collating elements", start..end))
            }
            Some('[') => {
                self.note(Feature::BracketInClass, start);
                Ok(Member::Character('['))
            }
            Some('&') if self.rest().starts_with('&') => {
                self.note(Feature::BracketInClass, start);
                Ok(Member::Character('&'))
            }
            Some('\\') => {
                if self.eat("Q") {
                    *quoting = true;
                    self.note(Feature::Quote, start);
                    return Ok(Member::Nothing);
                }
                if self.eat("E") {
                    self.note(Feature::Quote, start);
                    return Ok(Member::Nothing);
                }
                if self.eat("b") {
                    return Ok(Member::Character('\x08'));
                }
                if let Some(c @ ('B' | 'R' | 'X')) = self.peek() {
                    let message = format!("`\\{c}` can't stand inside brackets");
                    return Err(RegexError::malformed(message, start..self.at + 1));
                }
                if self.peek() == Some('N') && !self.rest().starts_with("N{U+") {
                    return Err(RegexError::malformed("`\\N` can't stand inside brackets", start..self.at + 1));
                }
                if let Some(class) = self.set_escape(start)? {
                    return Ok(Member::Set(class));
                }
                self.character(start).map(Member::Character)
            }
            Some(c) => Ok(Member::Character(c)),
        }
    }

    /// `[:alpha:]`, `[:^alpha:]`, behind the bracket.
    fn posix(&mut self, start: usize) -> Result<ClassUnicode, RegexError> {
        self.eat(":");
        let negated = self.eat("^");
        let name = self.take_while(usize::MAX, |c| c != ':');
        self.eat(":]");
        let Some(class) = set::posix(name, self.flags.any_case, self.unicode) else {
            let message = format!("there is no POSIX class `{name}`");
            return Err(RegexError::malformed(message, start..self.at));
        };
        self.note(Feature::PosixClass, start);
        Ok(if negated { set::negated(class) } else { class })
    }
}
