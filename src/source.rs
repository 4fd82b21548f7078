//! Positions in source files: byte spans and their translation to lines and columns.

use std::fmt;

/// A half-open range of bytes in the file of the rule under compilation.
///
/// Spans never take part in equality or hashing of the nodes that carry them: two predicates that
/// say the same thing are equal wherever they stand.
#[derive(Clone, Copy, Default, Debug)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span from two byte offsets; offsets beyond 4 GiB are clamped.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl std::hash::Hash for Span {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A line and a column, both counted from 1; columns count characters (Unicode scalar values).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text with its name and the offsets of its lines.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    lines: Vec<usize>,
    invalid_utf8: Option<u32>,
}

impl SourceFile {
    /// Takes a path, as it shall be shown in diagnostics, and the file's text. A byte order mark is dropped:
    /// offsets count from behind it, and columns as an editor shows them.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let mut lines = vec![0];
        lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Self { path: path.into(), text, lines, invalid_utf8: None }
    }

    /// Takes a file's bytes. Where they are not UTF-8, the text has replacement characters from the first bad byte on,
    /// so that it can still be shown, and [`SourceFile::invalid_utf8`] tells the place.
    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(path, text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let dropped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
                let mut file = Self::new(path, text);
                file.invalid_utf8 = Some(u32::try_from(at.saturating_sub(dropped)).unwrap_or(u32::MAX));
                file
            }
        }
    }

    /// Offset of the first byte that was not UTF-8 in the file.
    pub fn invalid_utf8(&self) -> Option<u32> {
        self.invalid_utf8
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The position of a byte offset; offsets past the end give the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.floor_char(offset as usize);
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |s| s.chars().count());
        Position { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The text of a line, counted from 1, without its line break.
    pub fn line(&self, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        let start = self.lines.get(index).copied().unwrap_or(self.text.len());
        let end = self.lines.get(index + 1).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    fn floor_char(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let file = SourceFile::new("f", "aé|x\nsecond");
        assert_eq!(file.position(3), Position { line: 1, column: 3 });
        assert_eq!(file.position(6), Position { line: 2, column: 1 });
        assert_eq!(file.position(999), Position { line: 2, column: 7 });
        assert_eq!(file.line(2), "second");
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let file = SourceFile::new("f", "\u{feff}ab");
        assert_eq!((file.text(), file.position(1)), ("ab", Position { line: 1, column: 2 }));
    }

    #[test]
    fn bad_bytes_are_placed_and_replaced() {
        let file = SourceFile::from_bytes("f", b"\xef\xbb\xbfa: 1\nb\xff\xfe: 2\n".to_vec());
        let at = file.invalid_utf8().expect("a bad byte");
        assert_eq!(file.position(at), Position { line: 2, column: 2 });
        assert_eq!(file.line(2), "b\u{fffd}\u{fffd}: 2");
        assert_eq!(SourceFile::from_bytes("f", b"ok".to_vec()).invalid_utf8(), None);
    }
}
