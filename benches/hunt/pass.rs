//! What a hunt is compared with: reading the file, and parsing each of its lines, on all processors.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;

use serde::de::IgnoredAny;

/// Bytes that are read at a time.
const CHUNK: usize = 1024 * 1024;

/// A file, and what was read of it and belongs to the next chunk.
struct Source {
    file: File,
    rest: Vec<u8>,
}

impl Source {
    /// Whole lines; `false` at the end.
    fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<bool> {
        chunk.clear();
        chunk.append(&mut self.rest);
        let read = self.file.by_ref().take(CHUNK as u64).read_to_end(chunk)?;
        let whole = memchr::memrchr(b'\n', chunk).map_or(0, |at| at + 1);
        if read == CHUNK {
            self.rest.extend_from_slice(&chunk[whole..]);
            chunk.truncate(whole);
        }
        Ok(!chunk.is_empty())
    }
}

/// Reads a file: `read` does no more, `ignore` parses each line and keeps nothing, `value` makes a tree of it.
pub(crate) fn run(kind: &str, file: &Path) {
    let line: fn(&[u8]) = match kind {
        "ignore" => |line| {
            black_box(serde_json::from_slice::<IgnoredAny>(line).expect("JSON"));
        },
        "value" => |line| {
            black_box(serde_json::from_slice::<serde_json::Value>(line).expect("JSON"));
        },
        _ => |_| (),
    };
    let source = Mutex::new(Source { file: File::open(file).expect("the events"), rest: Vec::new() });
    let work = || {
        let mut chunk = Vec::new();
        while source.lock().expect("no panic").next(&mut chunk).expect("a readable file") {
            if kind == "read" {
                black_box(&chunk);
                continue;
            }
            chunk.split(|b| *b == b'\n').filter(|l| !l.is_empty()).for_each(line);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
}
