//! Records that can't be read.

/// A record that is no JSON object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// What is wrong, in one line.
    pub message: String,
    /// Byte in the record.
    pub at: usize,
    /// The record ends too early: it is cut off.
    pub is_cut: bool,
}

impl DecodeError {
    pub(super) fn new(record: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        Self { message: message.to_owned(), at: offset(record, error.line(), error.column()), is_cut: error.is_eof() }
    }
}

/// The byte that a line and a column name; columns count bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match memchr::memchr(b'\n', text.get(start..).unwrap_or_default().as_bytes()) {
            Some(at) => start += at + 1,
            None => break,
        }
    }
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(record: &str) -> DecodeError {
        let error = serde_json::from_str::<serde_json::Value>(record).expect_err("an error");
        DecodeError::new(record, &error)
    }

    #[test]
    fn errors_name_the_byte() {
        let found = error("{\"a\": x}");
        assert_eq!((found.at, found.message.as_str(), found.is_cut), (6, "expected value", false));
        assert_eq!(error("{\n \"a\": é}").at, 8);
        assert!(error("{\"a\": 1").is_cut);
    }
}
