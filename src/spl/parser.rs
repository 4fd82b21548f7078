//! The scanner that all parsers of commands share: white space, words, quoted strings, brackets.

use super::text::Text;
use crate::diagnostic::{Code, Diagnostic, Reported, Sink, code};
use crate::source::Span;

/// Nesting of parentheses and subsearches; deeper searches are refused before the stack is at risk.
pub(super) const MAX_DEPTH: u32 = 100;

/// A text with its place in the rule file. Equality is of the text alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Spanned {
    pub text: String,
    pub span: Span,
}

pub(crate) struct Parser<'a> {
    text: &'a Text,
    src: &'a str,
    pos: usize,
    depth: u32,
    /// Operators that followed others in the expressions of the current stage.
    pub(crate) chained: u32,
    /// Stages so far, those of subsearches included.
    pub(crate) stages: u32,
    pub(crate) sink: &'a mut Sink,
    /// A fault was reported and parsing went on behind it.
    pub(crate) failed: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a Text, sink: &'a mut Sink) -> Self {
        Self { text, src: text.as_str(), pos: 0, depth: 0, chained: 0, stages: 0, sink, failed: false }
    }

    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    pub(crate) fn set_pos(&mut self, pos: usize) {
        self.pos = pos;
    }

    pub(crate) fn src(&self) -> &'a str {
        self.src
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.src.get(self.pos..).unwrap_or("")
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        self.text.span(start, end)
    }

    /// From a position to here, without trailing white space.
    pub(crate) fn span_from(&self, start: usize) -> Span {
        let part = self.src.get(start..self.pos).unwrap_or("");
        self.text.span(start, start + part.trim_end().len())
    }

    pub(crate) fn fail(&mut self, code: &'static Code, message: impl Into<String>, span: Span, help: &str) -> Reported {
        self.failed = true;
        let at = span;
        let mut diagnostic = Diagnostic::new(code, message).at(at).help(help);
        if let Some(name) = self.text.macro_at(self.pos.min(self.src.len().saturating_sub(1))) {
            diagnostic = diagnostic.note(format!("in the text of macro `{name}`"));
        }
        self.sink.fail(diagnostic)
    }

    /// Fails at the next token: `expected …, found …`.
    pub(crate) fn expected(&mut self, what: &str, help: &str) -> Reported {
        self.skip_space();
        let start = self.pos;
        let rest = self.rest();
        let length = match rest.chars().next() {
            None => 0,
            Some(c) if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len())
            }
            Some(c) => c.len_utf8(),
        };
        let found = if length == 0 { "the end of the search".to_owned() } else { format!("`{}`", &rest[..length]) };
        let span = if length == 0 {
            let end = self.src.trim_end().len();
            self.span(end.saturating_sub(1), end)
        } else {
            self.span(start, start + length)
        };
        self.fail(&code::SYNTAX, format!("expected {what}, found {found}"), span, help)
    }

    pub(crate) fn skip_space(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start().len();
    }

    pub(crate) fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.rest().chars().next()
    }

    /// Whether the stage ends here: at a pipe, a closing bracket or the end.
    pub(crate) fn at_stage_end(&mut self) -> bool {
        matches!(self.peek(), None | Some('|' | ']'))
    }

    /// Takes a literal piece of syntax.
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let hit = self.rest().starts_with(token);
        if hit {
            self.pos += token.len();
        }
        hit
    }

    pub(crate) fn expect(&mut self, token: &str, help: &str) -> Result<(), Reported> {
        if self.eat(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"), help)) }
    }

    /// Whether a whole word stands here, without case. `by.x` is a name.
    pub(crate) fn at_keyword(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest();
        let matches = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        let behind = rest.get(word.len()..).unwrap_or("");
        matches && !behind.strip_prefix('.').unwrap_or(behind).starts_with(is_name_char)
    }

    pub(crate) fn eat_keyword(&mut self, word: &str) -> bool {
        let hit = self.at_keyword(word);
        if hit {
            self.pos += word.len();
        }
        hit
    }

    /// Whether the parser is inside brackets or parentheses.
    pub(crate) fn in_subsearch(&self) -> bool {
        self.depth > 0
    }

    /// Guards recursion.
    pub(crate) fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Reported>) -> Result<T, Reported> {
        if self.depth >= MAX_DEPTH {
            let span = self.span(self.pos, self.pos + 1);
            let message = format!("parentheses and subsearches are nested more than {MAX_DEPTH} deep");
            let reported = self.fail(&code::NESTED_TOO_DEEP, message, span, "flatten the condition");
            // Nothing behind this place can be read.
            self.pos = self.src.len();
            return Err(reported);
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// A double-quoted string. `\"` is a quote and `\\` a backslash; any other backslash stands for itself.
    pub(crate) fn quoted(&mut self) -> Result<Option<Spanned>, Reported> {
        self.delimited('"', "a quotation mark")
    }

    /// A name in single quotes (evaluation language).
    pub(crate) fn single_quoted(&mut self) -> Result<Option<Spanned>, Reported> {
        self.delimited('\'', "a single quotation mark")
    }

    fn delimited(&mut self, delimiter: char, what: &str) -> Result<Option<Spanned>, Reported> {
        if self.peek() != Some(delimiter) {
            return Ok(None);
        }
        let start = self.pos;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => match chars.peek() {
                    Some((_, next)) if *next == delimiter || *next == '\\' => {
                        text.push(*next);
                        chars.next();
                    }
                    _ => text.push('\\'),
                },
                c if c == delimiter => {
                    self.pos = start + offset + 1;
                    return Ok(Some(Spanned { text, span: self.span(start, self.pos) }));
                }
                c => text.push(c),
            }
        }
        let span = self.span(start, start + 1);
        let help = format!("close it with `{delimiter}`, or write `\\{delimiter}` for one inside the text");
        let reported = self.fail(&code::UNBALANCED_QUOTE, format!("{what} has no partner"), span, &help);
        self.pos = self.src.len();
        Err(reported)
    }

    /// A bare word: up to white space or a character of `stops`. A backslash protects a quotation mark.
    pub(crate) fn bare(&mut self, stops: &[char]) -> Option<Spanned> {
        self.skip_space();
        let start = self.pos;
        let rest = self.rest();
        let mut length = rest.len();
        let mut escaped = false;
        for (i, c) in rest.char_indices() {
            if c.is_whitespace() || (stops.contains(&c) && !(escaped && c == '"')) {
                length = i;
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        if length == 0 {
            return None;
        }
        self.pos += length;
        Some(Spanned { text: rest[..length].to_owned(), span: self.span(start, self.pos) })
    }

    /// A field name or a plain word of a command: quoted (double or single) or bare.
    pub(crate) fn name(&mut self) -> Result<Option<Spanned>, Reported> {
        if let Some(quoted) = self.quoted()? {
            return Ok(Some(quoted));
        }
        if self.peek() == Some('\'') {
            return self.single_quoted();
        }
        Ok(self.bare(&['|', '[', ']', '(', ')', ',', '=', '"']))
    }

    pub(crate) fn expect_name(&mut self, what: &str, help: &str) -> Result<Spanned, Reported> {
        match self.name()? {
            Some(name) => Ok(name),
            None => Err(self.expected(what, help)),
        }
    }

    /// Field names, separated by blanks or commas, until the stage ends or a stop word comes.
    pub(crate) fn names(&mut self, stop_words: &[&str]) -> Result<Vec<Spanned>, Reported> {
        let mut out = Vec::new();
        loop {
            while self.eat(",") {}
            if self.at_stage_end() || stop_words.iter().any(|w| self.at_keyword(w)) {
                return Ok(out);
            }
            match self.name()? {
                Some(name) => out.push(name),
                None => {
                    return Err(self.expected(
                        "a field name",
                        "separate field names by blanks or commas; quote names with other characters",
                    ));
                }
            }
        }
    }

    /// An option `name=value`, where a word followed by `=` stands here.
    pub(crate) fn option(&mut self) -> Result<Option<(Spanned, Spanned)>, Reported> {
        self.skip_space();
        let start = self.pos;
        if !self.rest().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Ok(None);
        }
        let Some(name) = self.bare(&['|', '[', ']', '(', ')', ',', '=', '"', '<', '>', '!']) else { return Ok(None) };
        if !self.eat("=") {
            self.pos = start;
            return Ok(None);
        }
        if let Some(value) = self.quoted()? {
            return Ok(Some((name, value)));
        }
        match self.bare(&['|', '[', ']', ',', ')', '"']) {
            Some(value) => Ok(Some((name, value))),
            None => Err(self.expected(&format!("a value for `{}`", name.text), "options are written `name=value`")),
        }
    }

    /// Goes to the next pipe or closing bracket of this pipeline, over quotes and brackets.
    pub(crate) fn recover(&mut self) {
        self.skip_to(true);
    }

    /// Goes to the bracket that closes the one before, over quotes, pipes and brackets.
    pub(crate) fn close_bracket(&mut self) {
        self.skip_to(false);
    }

    fn skip_to(&mut self, pipe: bool) {
        let mut depth = 0u32;
        let mut quoted = false;
        let bytes = self.src.as_bytes();
        while let Some(byte) = bytes.get(self.pos) {
            match byte {
                b'\\' => self.pos += 1,
                b'"' => quoted = !quoted,
                b'[' if !quoted => depth += 1,
                b']' if !quoted && depth == 0 => return,
                b']' if !quoted => depth -= 1,
                b'|' if !quoted && depth == 0 && pipe => return,
                _ => {}
            }
            self.pos += 1;
        }
        self.pos = self.src.len();
    }

    /// A truth value of an option.
    pub(crate) fn boolean(&mut self, option: &Spanned, value: &Spanned) -> Result<bool, Reported> {
        match value.text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" => Ok(true),
            "f" | "false" | "0" | "no" => Ok(false),
            _ => {
                let message = format!("`{}` is true or false, not `{}`", option.text, value.text);
                Err(self.fail(&code::WRONG_ARGUMENTS, message, value.span, "write `t` or `f`"))
            }
        }
    }

    pub(crate) fn number<T: std::str::FromStr>(&mut self, option: &str, value: &Spanned) -> Result<T, Reported> {
        value.text.parse().map_err(|_| {
            let message = format!("`{option}` is a number, not `{}`", value.text);
            self.fail(&code::WRONG_ARGUMENTS, message, value.span, "write a number without units")
        })
    }

    /// Puts what a command takes once; a second one is a fault, not a replacement of the first.
    pub(crate) fn once(
        &mut self,
        slot: &mut Option<Spanned>,
        value: Spanned,
        command: &str,
        help: &str,
    ) -> Result<(), Reported> {
        match slot {
            None => {
                *slot = Some(value);
                Ok(())
            }
            Some(first) => {
                let message = format!("`{command}` takes one of these: after `{}` comes `{}`", first.text, value.text);
                Err(self.fail(&code::WRONG_ARGUMENTS, message, value.span, help))
            }
        }
    }

    /// An option that the command does not have.
    pub(crate) fn unknown_option(&mut self, command: &str, option: &Spanned, known: &[&str]) -> Reported {
        let message = format!("`{command}` has no option `{}`", option.text);
        let help = if known.is_empty() {
            "it has no options".to_owned()
        } else {
            format!("its options are `{}`", known.join("`, `"))
        };
        self.fail(&code::WRONG_ARGUMENTS, message, option.span, &help)
    }

    /// An option that exists and is not implemented: it changes the meaning, so it can't be dropped.
    pub(crate) fn unsupported_option(&mut self, command: &str, option: &Spanned) -> Reported {
        let message = format!("option `{}` of `{command}` is not supported", option.text);
        self.fail(
            &code::UNSUPPORTED_OPTION,
            message,
            option.span,
            "remove the option if the rule means the same without it",
        )
    }
}

/// Characters that continue a name.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
