//! Decodes scalars a second time, from the raw text, to learn where each character stands in the file.
//!
//! YAML 1.2.2, chapters 7.3 (flow scalars), 8.1 (block scalars) and 6.5 (line folding).

use super::node::{Scalar, Style};
use crate::rule::ScalarMap;
use crate::source::Span;

/// The map of a scalar. Where the text decoded here differs from the parser's, every offset maps to the scalar's start.
pub(crate) fn scalar_map(file: &str, scalar: &Scalar, span: Span) -> ScalarMap {
    let start = span.start as usize;
    let mut decoder = Decoder::new(file);
    let end = match scalar.style {
        Style::Plain => decoder.flow(start, span.end as usize, Style::Plain),
        Style::SingleQuoted | Style::DoubleQuoted => decoder.flow(start + 1, file.len(), scalar.style),
        Style::Literal | Style::Folded => decoder.block(scalar, start),
    };
    match end {
        Some(end) if decoder.text == scalar.text => ScalarMap::new(decoder.runs, (len32(&decoder.text), clamp(end))),
        _ => ScalarMap::coarse(span.start, len32(&scalar.text)),
    }
}

/// A scalar's span without what the scanner adds to it: tag and anchor before, blanks, comments and line breaks behind.
pub(super) fn trimmed(file: &str, style: Style, span: Span) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let is_block = matches!(style, Style::Literal | Style::Folded);
    // A block scalar's own text may begin as a tag does.
    let start = if is_block && is_behind_header(file, start) { start } else { content_start(file, start) };
    let end = match style {
        Style::Plain => end,
        Style::SingleQuoted | Style::DoubleQuoted => {
            closing_quote(file, start + 1, style == Style::DoubleQuoted).map_or(end, |i| i + 1)
        }
        Style::Literal | Style::Folded => start + file.get(start..end).map_or(0, |s| s.trim_end().len()),
    };
    Span::new(start, end)
}

/// Whether an offset is the first of a line's content, and a line before opens a block scalar.
fn is_behind_header(file: &str, at: usize) -> bool {
    let before = file.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
    if !before.ends_with(['\n', '\r']) {
        return false;
    }
    let line = before.trim_end().rsplit(['\n', '\r']).next().unwrap_or("");
    let header = line.find(" #").map_or(line, |comment| &line[..comment]).trim_end();
    header.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')).ends_with(['|', '>'])
}

/// Skips tag and anchor, and the header of a block scalar that has them.
fn content_start(file: &str, start: usize) -> usize {
    let mut at = start;
    while let Some(rest) = file.get(at..).filter(|rest| rest.starts_with(['!', '&'])) {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        at += rest.len() - rest[word..].trim_start().len();
    }
    let has_header = at > start && file.get(at..).is_some_and(|rest| rest.starts_with(['|', '>']));
    if !has_header {
        return at;
    }
    let Some(line_end) = file.get(at..).and_then(|rest| rest.find('\n')) else { return at };
    let block = &file[at + line_end..];
    at + line_end + block.len() - block.trim_start().len()
}

/// Offset of the quotation mark that closes a scalar whose content begins at `from`.
pub(super) fn closing_quote(file: &str, from: usize, double: bool) -> Option<usize> {
    let bytes = file.as_bytes();
    let mut at = from;
    loop {
        match (*bytes.get(at)?, double) {
            (b'\\', true) => at += 2,
            (b'"', true) => return Some(at),
            (b'\'', false) if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            (b'\'', false) => return Some(at),
            _ => at += 1,
        }
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn len32(text: &str) -> u32 {
    clamp(text.len())
}

struct Decoder<'a> {
    file: &'a str,
    text: String,
    runs: Vec<(u32, u32)>,
    /// The file offset that would continue the current run.
    next: usize,
}

impl<'a> Decoder<'a> {
    fn new(file: &'a str) -> Self {
        Self { file, text: String::new(), runs: Vec::new(), next: usize::MAX }
    }

    /// Adds a character that stands at a place of the file.
    fn push(&mut self, c: char, at: usize) {
        if at != self.next {
            self.runs.push((len32(&self.text), clamp(at)));
        }
        self.text.push(c);
        self.next = at + c.len_utf8();
    }

    /// Adds a character whose spelling in the file is another.
    fn push_escaped(&mut self, c: char, at: usize) {
        self.runs.push((len32(&self.text), clamp(at)));
        self.text.push(c);
        self.next = usize::MAX;
    }

    fn peek(&self, at: usize) -> Option<char> {
        self.file.get(at..)?.chars().next()
    }

    /// Length of the line break at an offset; 0 where there is none.
    fn line_break(&self, at: usize) -> usize {
        match self.file.as_bytes().get(at..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\r' | b'\n', ..]) => 1,
            _ => 0,
        }
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while matches!(self.file.as_bytes().get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    }

    /// A plain or quoted scalar's content, up to `end` or its closing quote; gives the offset behind its last character.
    fn flow(&mut self, start: usize, end: usize, style: Style) -> Option<usize> {
        let mut at = start;
        while at < end {
            let c = self.peek(at)?;
            match c {
                ' ' | '\t' => {
                    let behind = self.skip_blanks(at);
                    if self.line_break(behind) == 0 {
                        for (i, c) in self.file.get(at..behind)?.char_indices() {
                            self.push(c, at + i);
                        }
                    }
                    at = behind;
                }
                '\r' | '\n' => at = self.fold_lines(at, false),
                '\'' if style == Style::SingleQuoted => {
                    if self.peek(at + 1) != Some('\'') {
                        return Some(at);
                    }
                    self.push_escaped('\'', at);
                    at += 2;
                }
                '"' if style == Style::DoubleQuoted => return Some(at),
                '\\' if style == Style::DoubleQuoted => {
                    if self.line_break(at + 1) > 0 {
                        at = self.fold_lines(at + 1, true);
                    } else {
                        let (c, len) = escape(self.file.get(at + 1..)?)?;
                        self.push_escaped(c, at);
                        at += 1 + len;
                    }
                }
                c => {
                    self.push(c, at);
                    at += c.len_utf8();
                }
            }
        }
        (style == Style::Plain).then_some(at)
    }

    /// Folds the line break at an offset and the empty lines behind it; gives the offset of the next content.
    fn fold_lines(&mut self, at: usize, escaped: bool) -> usize {
        let mut next = self.skip_blanks(at + self.line_break(at));
        let mut empty_lines = 0;
        loop {
            let len = self.line_break(next);
            if len == 0 {
                break;
            }
            self.push_escaped('\n', next);
            empty_lines += 1;
            next = self.skip_blanks(next + len);
        }
        if empty_lines == 0 && !escaped {
            self.push_escaped(' ', at);
        }
        next
    }

    /// A block scalar; gives the offset behind its last character.
    fn block(&mut self, scalar: &Scalar, content: usize) -> Option<usize> {
        let header = Header::find(self.file, scalar.after as usize, content)?;
        let line_start = self.file.get(..content)?.rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let indent = content - line_start;
        let folded = scalar.style == Style::Folded;
        let mut at = header.end;
        let mut pending: Option<usize> = None;
        let mut empty: Vec<usize> = Vec::new();
        let mut last_indented = false;
        let mut end = content;
        let mut missing_break = None;
        loop {
            let mut column = 0;
            while column < indent && self.file.as_bytes().get(at) == Some(&b' ') {
                at += 1;
                column += 1;
            }
            let len = self.line_break(at);
            if len > 0 {
                empty.push(at);
                at += len;
                continue;
            }
            let Some(first) = self.peek(at) else {
                // The parser ends a last line that has no line break with one, if it is indented like the rest.
                if column >= indent.max(1) {
                    missing_break = Some(at);
                }
                break;
            };
            if column < indent || (indent == 0 && is_document_marker(self.file.get(at..)?)) {
                break;
            }
            let indented = matches!(first, ' ' | '\t');
            if let Some(line_break) = pending.take() {
                let folds = folded && !last_indented && !indented;
                if !folds {
                    self.push_escaped('\n', line_break);
                } else if empty.is_empty() {
                    self.push_escaped(' ', line_break);
                }
            }
            for line_break in empty.drain(..) {
                self.push_escaped('\n', line_break);
            }
            last_indented = indented;
            while let Some(c) = self.peek(at).filter(|c| !matches!(c, '\n' | '\r')) {
                self.push(c, at);
                at += c.len_utf8();
            }
            end = at;
            let len = self.line_break(at);
            if len == 0 {
                missing_break = Some(at);
                break;
            }
            pending = Some(at);
            at += len;
        }
        if header.chomping != Chomping::Strip {
            for at in pending.into_iter().chain(missing_break) {
                self.push_escaped('\n', at);
            }
        }
        if header.chomping == Chomping::Keep {
            for line_break in empty {
                self.push_escaped('\n', line_break);
            }
        }
        Some(end)
    }
}

fn is_document_marker(text: &str) -> bool {
    ["---", "..."]
        .iter()
        .any(|m| text.strip_prefix(m).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r'])))
}

/// The character of an escape, and the length of what stands behind the backslash.
fn escape(text: &str) -> Option<(char, usize)> {
    let c = text.chars().next()?;
    let simple = match c {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        ' ' | '"' | '/' | '\\' => c,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' | 'u' | 'U' => {
            let digits = match c {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let value = u32::from_str_radix(text.get(1..=digits)?, 16).ok()?;
            return Some((char::from_u32(value)?, 1 + digits));
        }
        _ => return None,
    };
    Some((simple, c.len_utf8()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

/// The line that opens a block scalar.
struct Header {
    chomping: Chomping,
    /// Offset of the line behind it.
    end: usize,
}

impl Header {
    /// Looks between the end of the token before and the content; properties and comments may stand before the header.
    fn find(file: &str, after: usize, content: usize) -> Option<Header> {
        let before = file.get(after..content)?;
        let mut at = 0;
        loop {
            let rest = before.get(at..)?;
            let c = rest.chars().next()?;
            at += match c {
                '|' | '>' => break,
                '#' => rest.find(['\n', '\r'])?,
                '!' | '&' => rest.find([' ', '\t', '\n', '\r'])?,
                c => c.len_utf8(),
            };
        }
        let indicators = before.get(at + 1..)?;
        let chomping =
            indicators.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '+' | '-')).find_map(|c| match c {
                '-' => Some(Chomping::Strip),
                '+' => Some(Chomping::Keep),
                _ => None,
            });
        let line_end = indicators.find(['\n', '\r'])?;
        let len = if indicators.get(line_end..)?.starts_with("\r\n") { 2 } else { 1 };
        Some(Header { chomping: chomping.unwrap_or(Chomping::Clip), end: after + at + 1 + line_end + len })
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
