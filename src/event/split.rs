//! Finds where records begin and end in a text of JSON values, without reading them.

use std::ops::Range;

use serde_json::value::RawValue;

use super::fields::members;

/// Splits JSON values that follow each other, with or without line breaks, in lists, or in a list within an object
/// (`{"Records": […]}`), however they are laid out. It works on pieces of the input.
#[derive(Clone, Debug)]
pub struct Splitter {
    place: Place,
    /// Names of lists in which records are wrapped.
    wrappers: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Between values.
    Top,
    /// In a list of records; `wrapped`: that of an object.
    List { wrapped: bool },
    /// Behind the list of records in its object.
    Tail,
}

impl Splitter {
    pub fn new<'n>(wrappers: impl IntoIterator<Item = &'n str>) -> Self {
        Self { place: Place::Top, wrappers: wrappers.into_iter().map(str::to_owned).collect() }
    }

    /// Whether a text begins with an object around a list of records.
    pub fn begins_wrapped(&self, text: &[u8]) -> bool {
        self.wrapper(text.trim_ascii_start()).is_some()
    }

    /// Adds the ranges of the values that are complete, and gives the number of bytes that are done with. What follows is
    /// the begin of a value; with `at_end` it is a value that is cut off, and is added too.
    pub fn split(&mut self, text: &[u8], at_end: bool, found: &mut Vec<Range<usize>>) -> usize {
        let mut at = 0;
        loop {
            let Some(byte) = text.get(at) else { return at };
            match (self.place, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n' | b',') => at += 1,
                (Place::Tail, _) => match end_of_tail(&text[at..]) {
                    Some(length) => {
                        at += length;
                        self.place = Place::Top;
                    }
                    None => return if at_end { text.len() } else { at },
                },
                (Place::Top, b'[') => {
                    self.place = Place::List { wrapped: false };
                    at += 1;
                }
                (Place::List { wrapped }, b']') => {
                    self.place = if wrapped { Place::Tail } else { Place::Top };
                    at += 1;
                }
                (Place::Top, b'{') if self.wrapper(&text[at..]).is_some() => {
                    at += self.wrapper(&text[at..]).unwrap_or(1);
                    self.place = Place::List { wrapped: true };
                }
                _ => match end_of_value(&text[at..], at_end) {
                    Some(length) => {
                        found.push(at..at + length);
                        at += length;
                    }
                    None if at_end => {
                        found.push(at..text.len());
                        return text.len();
                    }
                    None => return at,
                },
            }
        }
    }

    /// The length of `{"Records": [`.
    fn wrapper(&self, text: &[u8]) -> Option<usize> {
        let rest = text.strip_prefix(b"{")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"")?;
        let rest = self.wrappers.iter().find_map(|name| rest.strip_prefix(name.as_bytes()))?;
        let rest = rest.strip_prefix(b"\"")?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"[")?;
        Some(text.len() - rest.len())
    }
}

/// The length of the value at the begin of a text; `None` where it is not complete.
fn end_of_value(text: &[u8], at_end: bool) -> Option<usize> {
    match text.first()? {
        b'{' | b'[' => {
            let mut depth = 0usize;
            let mut at = 0;
            loop {
                match text.get(at)? {
                    b'"' => {
                        at += end_of_text(&text[at..])?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        b'"' => end_of_text(text),
        // Up to the next blank, comma or bracket; a bracket without a partner stands alone.
        _ => {
            let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']' | b'{' | b'}' | b'"');
            match text.iter().skip(1).position(is_end) {
                Some(at) => Some(at + 1),
                None => at_end.then_some(text.len()),
            }
        }
    }
}

/// The length of a text in quotes.
fn end_of_text(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let found = memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        at += found;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The length up to the bracket that closes the object around a text.
fn end_of_tail(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'}' => return Some(at + 1),
            b'"' | b'{' | b'[' => at += end_of_value(&text[at..], false)?,
            _ => at += 1,
        }
    }
}

/// The records in a record: the elements of its list of one of these names. `None` where it has no such list.
pub fn unwrap<'e>(record: &'e str, wrappers: &[&str]) -> Option<Vec<&'e str>> {
    let members = members(record).ok()?;
    let (_, list) =
        members.iter().find(|(name, raw)| wrappers.contains(&name.as_str()) && raw.get().starts_with('['))?;
    let records = serde_json::from_str::<Vec<&'e RawValue>>(list.get()).ok()?;
    Some(records.into_iter().map(RawValue::get).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text that comes in pieces of a size.
    fn records(text: &str, size: usize) -> Vec<String> {
        let mut splitter = Splitter::new(["Records"]);
        let mut records = Vec::new();
        let mut pending = Vec::new();
        let mut pieces = text.as_bytes().chunks(size).peekable();
        while let Some(piece) = pieces.next() {
            pending.extend_from_slice(piece);
            let mut found = Vec::new();
            let done = splitter.split(&pending, pieces.peek().is_none(), &mut found);
            records.extend(found.into_iter().map(|r| String::from_utf8_lossy(&pending[r]).into_owned()));
            pending.drain(..done);
        }
        records
    }

    fn all_sizes(text: &str) -> Vec<String> {
        let whole = records(text, 1000);
        // A wrapper's begin must come in one piece, so sizes below its length are for texts without one.
        for size in if text.contains("Records") { 16..20 } else { 1..6 } {
            assert_eq!(records(text, size), whole, "{size}");
        }
        whole
    }

    #[test]
    fn values_of_every_layout_are_found() {
        assert_eq!(
            all_sizes("{\"a\":1}{\"b\":\"}\\\"\"}\n\n{\"c\":[{}]}"),
            ["{\"a\":1}", "{\"b\":\"}\\\"\"}", "{\"c\":[{}]}"]
        );
        assert_eq!(all_sizes("[\n  {\"a\": 1},\n  {\"b\": 2}\n]\n"), ["{\"a\": 1}", "{\"b\": 2}"]);
        assert_eq!(all_sizes(""), [""; 0]);
        assert_eq!(all_sizes("[]"), [""; 0]);
    }

    #[test]
    fn wrapped_records_are_found_one_by_one() {
        let text =
            "{ \"Records\": [{\"a\":1}, {\"b\":[2]}], \"x\": {\"y\": \"}\"} }\n{\"Records\":[{\"c\":3}]}{\"d\":4}";
        assert_eq!(all_sizes(text), ["{\"a\":1}", "{\"b\":[2]}", "{\"c\":3}", "{\"d\":4}"]);
    }

    #[test]
    fn what_is_cut_off_is_found_too() {
        assert_eq!(all_sizes("{\"a\":1}\n{\"b\": \"x"), ["{\"a\":1}", "{\"b\": \"x"]);
        assert_eq!(all_sizes("nonsense {\"a\":1} }"), ["nonsense", "{\"a\":1}", "}"]);
    }

    #[test]
    fn records_within_a_record() {
        let record = "{\"n\": 2, \"Records\": [{\"a\": 1}, 2]}";
        assert_eq!(unwrap(record, &["Records"]), Some(vec!["{\"a\": 1}", "2"]));
        assert_eq!(unwrap("{\"Records\": 1}", &["Records"]), None);
    }
}
