//! Reads a file of events in chunks of whole records.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::find::{From, Input, is_table};
use crate::event::Splitter;

/// Bytes that are read at a time.
const CHUNK: usize = 1024 * 1024;
const BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// A stretch of a file that holds whole records.
#[derive(Default, Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Where it begins in the file, uncompressed.
    pub(super) offset: u64,
    /// Of its first byte, from 1.
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) records: Records,
}

/// Where the records of a chunk are.
#[derive(Clone, Default, Debug)]
pub(super) enum Records {
    /// One in each line.
    #[default]
    Lines,
    Ranges(Vec<Range<usize>>),
    /// Rows of a table with these columns.
    Rows(Arc<Vec<String>>),
}

/// An open file.
pub(super) struct Stream {
    reader: Box<dyn Read + Send>,
    /// What was read and not yet given out.
    pending: Vec<u8>,
    at_end: bool,
    form: Form,
    offset: u64,
    line: u64,
    column: u64,
}

enum Form {
    /// Not known before something was read.
    Unknown {
        is_table: bool,
        splitter: Splitter,
    },
    Lines,
    Values(Splitter),
    Table(Arc<Vec<String>>),
}

impl Stream {
    pub(super) fn open(input: &Input, splitter: Splitter) -> io::Result<Self> {
        let mut raw: Box<dyn Read + Send> = match &input.from {
            From::File(path) => Box::new(File::open(path)?),
            From::Text(text) => Box::new(Cursor::new(text.clone().into_bytes())),
        };
        let mut magic = Vec::new();
        raw.by_ref().take(2).read_to_end(&mut magic)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let whole = Cursor::new(magic).chain(raw);
        let reader: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(CHUNK / 8, whole)))
        } else {
            Box::new(whole)
        };
        let form = Form::Unknown { is_table: is_table(&input.shown), splitter };
        Ok(Self { reader, pending: Vec::new(), at_end: false, form, offset: 0, line: 1, column: 1 })
    }

    /// Reads the next chunk; `false` at the end of the file.
    pub(super) fn next(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let mut size = CHUNK;
        loop {
            self.read(size)?;
            if let Form::Unknown { is_table, splitter } = &self.form {
                self.pending.drain(..if self.pending.starts_with(BOM) { BOM.len() } else { 0 });
                self.form = form(&self.pending, *is_table, splitter.clone());
            }
            if self.pending.is_empty() && self.at_end {
                return Ok(false);
            }
            let mut ranges = Vec::new();
            let done = self.whole(&mut ranges);
            if done > 0 {
                self.give(done, ranges, chunk);
                return Ok(true);
            }
            if self.at_end {
                return Ok(false);
            }
            // A record that is longer than what was read: more at once, so that it is not looked through too often.
            size = self.pending.len().max(CHUNK);
        }
    }

    fn read(&mut self, size: usize) -> io::Result<()> {
        if self.at_end {
            return Ok(());
        }
        let read = self.reader.by_ref().take(size as u64).read_to_end(&mut self.pending)?;
        self.at_end = read < size;
        Ok(())
    }

    /// The length of what is pending up to the end of the last whole record.
    fn whole(&mut self, ranges: &mut Vec<Range<usize>>) -> usize {
        let pending = &self.pending;
        match &mut self.form {
            Form::Unknown { .. } => 0,
            _ if pending.is_empty() => 0,
            Form::Lines if self.at_end => pending.len(),
            Form::Lines => memchr::memrchr(b'\n', pending).map_or(0, |at| at + 1),
            Form::Values(splitter) => splitter.split(pending, self.at_end, ranges),
            Form::Table(_) if self.at_end => pending.len(),
            Form::Table(_) => {
                // A line break within quotation marks ends no row; a doubled mark changes nothing.
                let mut inside = false;
                let mut end = 0;
                for at in memchr::memchr2_iter(b'"', b'\n', pending) {
                    if pending[at] == b'"' {
                        inside = !inside;
                    } else if !inside {
                        end = at + 1;
                    }
                }
                end
            }
        }
    }

    fn give(&mut self, done: usize, ranges: Vec<Range<usize>>, chunk: &mut Chunk) {
        chunk.bytes.clear();
        let rest = self.pending.get(done..).unwrap_or_default();
        chunk.bytes.extend_from_slice(rest);
        std::mem::swap(&mut chunk.bytes, &mut self.pending);
        chunk.bytes.truncate(done);
        (chunk.offset, chunk.line, chunk.column) = (self.offset, self.line, self.column);
        self.offset += done as u64;
        match memchr::memrchr(b'\n', &chunk.bytes) {
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64;
                self.column = 1 + characters(&chunk.bytes[last + 1..]);
            }
            None => self.column += characters(&chunk.bytes),
        }
        chunk.records = match &self.form {
            Form::Unknown { .. } | Form::Lines => Records::Lines,
            Form::Values(_) => Records::Ranges(ranges),
            Form::Table(header) => Records::Rows(header.clone()),
        };
    }
}

/// Characters of UTF-8 text; of other bytes those that begin one.
pub(super) fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b & 0xc0 != 0x80).count() as u64
}

/// How the records of a file are laid out, by its begin.
fn form(begin: &[u8], is_table: bool, splitter: Splitter) -> Form {
    if is_table {
        return Form::Table(Arc::new(header(begin)));
    }
    let text = begin.trim_ascii_start();
    match text.first() {
        Some(b'[') => return Form::Values(splitter),
        Some(b'{') => {}
        _ => return Form::Lines,
    }
    if splitter.begins_wrapped(text) {
        return Form::Values(splitter);
    }
    let Some(end) = memchr::memchr(b'\n', text) else { return Form::Values(splitter) };
    let (line, rest) = text.split_at(end);
    let mut found = Vec::new();
    let done = splitter.clone().split(line, false, &mut found);
    let is_whole = line[done..].trim_ascii().is_empty() && !found.is_empty();
    // The second line begins a record where the first is cut off; in a record that takes several lines it goes on.
    if is_whole || rest[1..].starts_with(b"{") { Form::Lines } else { Form::Values(splitter) }
}

/// The columns of a table.
fn header(begin: &[u8]) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(begin);
    let mut record = csv::ByteRecord::new();
    let _ = reader.read_byte_record(&mut record);
    record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Where and what the records of a file are.
    fn records(shown: &str, bytes: &[u8]) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("a file");
        let input = Input { from: From::File(file.path().to_owned()), shown: shown.to_owned(), names: Vec::new() };
        let mut stream = Stream::open(&input, Splitter::new(["Records"])).expect("a stream");
        let mut chunk = Chunk::default();
        let mut found = Vec::new();
        while stream.next(&mut chunk).expect("a chunk") {
            let text = String::from_utf8_lossy(&chunk.bytes).into_owned();
            match &chunk.records {
                Records::Lines => found.extend(text.lines().map(|l| format!("line {l}"))),
                Records::Ranges(ranges) => found.extend(ranges.iter().map(|r| text[r.clone()].to_owned())),
                Records::Rows(header) => found.push(format!("{}: {text:?}", header.join("|"))),
            }
            found.push(format!("@{}:{}:{}", chunk.offset, chunk.line, chunk.column));
        }
        found
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("bytes");
        encoder.finish().expect("bytes")
    }

    #[test]
    fn every_form_is_told_by_its_begin() {
        assert_eq!(records("x", b"{\"a\":1}\n{\"b\":2}"), ["line {\"a\":1}", "line {\"b\":2}", "@0:1:1"]);
        assert_eq!(records("x", b"\xef\xbb\xbf{\"a\":1}\r\n"), ["line {\"a\":1}", "@0:1:1"]);
        assert_eq!(records("x", b"[{\"a\":1},\n{\"b\":2}]\n"), ["{\"a\":1}", "{\"b\":2}", "@0:1:1"]);
        assert_eq!(records("x", b"{\"Records\":[{\"a\":1}]}"), ["{\"a\":1}", "@0:1:1"]);
        assert_eq!(records("x", b"{\n \"a\": 1\n}\n{\n}\n"), ["{\n \"a\": 1\n}", "{\n}", "@0:1:1"]);
        assert_eq!(records("x", b"{\"a\":1}{\"b\":2}"), ["{\"a\":1}", "{\"b\":2}", "@0:1:1"]);
        assert_eq!(records("x", b"{\"a\":1\n{\"b\":2}\n"), ["line {\"a\":1", "line {\"b\":2}", "@0:1:1"]);
        assert_eq!(records("x.csv", b"a,b\n1,\"x\ny\"\n"), ["a|b: \"a,b\\n1,\\\"x\\ny\\\"\\n\"", "@0:1:1"]);
        assert_eq!(records("x", b""), [""; 0]);
        assert_eq!(records("x", b" \n"), ["line  ", "@0:1:1"]);
    }

    #[test]
    fn compressed_files_are_told_by_their_magic_number() {
        let two = [gzip(b"{\"a\":1}\n"), gzip(b"{\"b\":2}\n")].concat();
        assert_eq!(records("x", &two), ["line {\"a\":1}", "line {\"b\":2}", "@0:1:1"]);
    }

    #[test]
    fn long_files_come_in_chunks_of_whole_records() {
        let line = format!("{{\"a\":\"{}\"}}\n", "é".repeat(1000));
        let count = 2 * CHUNK / line.len();
        let found = records("x", line.repeat(count).as_bytes());
        assert_eq!(found.iter().filter(|f| **f == format!("line {}", line.trim())).count(), count);
        assert_eq!(found.len(), count + 2);
        let list = format!("[{}]", vec![line.trim(); count].join(", "));
        let found = records("x", list.as_bytes());
        assert_eq!(found.iter().filter(|f| *f == line.trim()).count(), count);
        let big = format!("{{\"a\":\"{}\"}}\n", "x".repeat(3 * CHUNK));
        assert_eq!(records("x", big.repeat(2).as_bytes()).iter().filter(|f| !f.starts_with('@')).count(), 2);
    }
}
