//! What each worker does: reads chunks, decodes their records, feeds the evaluator.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::queue::{Queue, Task};
use super::stream::{Chunk, Records, Stream, characters};
use super::{Events, Header, Problems};
use crate::cli::input::reason;
use crate::diagnostic::code;
use crate::eval::{Harvest, Value, Worker};
use crate::event::{DecodeError, Routed, Router, Source, Splitter, unwrap};

/// A record's number is its file's number and its place in the file.
const OFFSET_BITS: u32 = 40;

/// What the workers of a pass share.
pub(super) struct Plan<'p> {
    pub(super) events: &'p Events,
    pub(super) router: &'p Router,
    /// By the router's schemas: the source of the pass.
    pub(super) of_schema: &'p [usize],
    pub(super) splitter: Splitter,
    pub(super) queue: Queue,
    pub(super) records: AtomicU64,
}

/// Works until all events are read.
pub(super) fn run(plan: &Plan<'_>, worker: Worker<'_>) -> (Harvest, Problems) {
    let mut feeder = Feeder { plan, worker, problems: Problems::default(), records: 0 };
    let mut chunk = Chunk::default();
    while let Some(task) = plan.queue.take() {
        let (file, stream) = match task {
            Task::Continue(file, stream) => (file, Ok(stream)),
            Task::Open(file) => (file, Stream::open(&plan.events.inputs[file], plan.splitter.clone()).map(Box::new)),
        };
        let read = stream.and_then(|mut stream| stream.next(&mut chunk).map(|has_more| (stream, has_more)));
        match read {
            Ok((stream, true)) => {
                plan.queue.give_back(file, stream);
                feeder.chunk(file, &chunk);
            }
            Ok((_, false)) => plan.queue.end(),
            Err(error) => {
                let message = format!("the file can't be read: {}", reason(&error));
                feeder.problems.add(file, &code::UNREADABLE_EVENTS, || (None, message));
                plan.queue.end();
            }
        }
    }
    plan.records.fetch_add(feeder.records, Ordering::Relaxed);
    (feeder.worker.finish(), feeder.problems)
}

struct Feeder<'w, 'p> {
    plan: &'w Plan<'w>,
    worker: Worker<'p>,
    problems: Problems,
    records: u64,
}

/// The chunk at hand.
#[derive(Clone, Copy)]
struct Place<'c> {
    file: usize,
    chunk: &'c Chunk,
}

impl Place<'_> {
    /// Line and column of a byte of the chunk.
    fn position(&self, at: usize) -> (u64, u64) {
        let before = self.chunk.bytes.get(..at).unwrap_or(&self.chunk.bytes);
        match memchr::memrchr(b'\n', before) {
            Some(last) => {
                let lines = memchr::memchr_iter(b'\n', before).count() as u64;
                (self.chunk.line + lines, 1 + characters(&before[last + 1..]))
            }
            None => (self.chunk.line, self.chunk.column + characters(before)),
        }
    }

    fn number(&self, at: usize) -> u64 {
        (self.file as u64) << OFFSET_BITS | (self.chunk.offset + at as u64) & ((1 << OFFSET_BITS) - 1)
    }
}

impl<'p> Feeder<'_, 'p> {
    fn chunk<'c>(&mut self, file: usize, chunk: &'c Chunk)
    where
        'p: 'c,
    {
        let place = Place { file, chunk };
        let names = self.plan.events.inputs[file].names.iter().map(String::as_str);
        let mut source = self.plan.router.named(names).unwrap_or_else(|| self.plan.router.any());
        // The text once for all; where it is not UTF-8, record by record.
        let text = std::str::from_utf8(&chunk.bytes).ok();
        let mut slots: Vec<Value<'c>> = Vec::new();
        match &chunk.records {
            Records::Rows(header) => self.rows(place, header, &mut source),
            Records::Ranges(ranges) => {
                for range in ranges {
                    self.bytes(place, range.clone(), text, &mut source, &mut slots);
                }
            }
            Records::Lines => {
                let mut start = 0;
                let mut ends = memchr::memchr_iter(b'\n', &chunk.bytes);
                while start < chunk.bytes.len() {
                    let end = ends.next().unwrap_or(chunk.bytes.len());
                    self.bytes(place, start..end, text, &mut source, &mut slots);
                    start = end + 1;
                }
            }
        }
    }

    /// Reads the record in a range of the chunk.
    fn bytes<'c>(
        &mut self,
        place: Place<'c>,
        range: Range<usize>,
        text: Option<&'c str>,
        source: &mut Source,
        slots: &mut Vec<Value<'c>>,
    ) where
        'p: 'c,
    {
        let start = range.start;
        let record = match text {
            Some(text) => text.get(range).unwrap_or_default(),
            None => match std::str::from_utf8(place.chunk.bytes.get(range).unwrap_or_default()) {
                Ok(record) => record,
                Err(error) => {
                    let at = start + error.valid_up_to();
                    self.problems.add(place.file, &code::INVALID_RECORD, || {
                        (Some(place.position(at)), "the record is not valid UTF-8".to_owned())
                    });
                    return;
                }
            },
        };
        if record.trim_ascii_start().is_empty() {
            return;
        }
        self.record(place, start, record, source, slots, true);
    }

    /// Reads a record that begins at a byte of the chunk. `whole`: it may be several, or wrap some.
    fn record<'c>(
        &mut self,
        place: Place<'c>,
        start: usize,
        record: &'c str,
        source: &mut Source,
        slots: &mut Vec<Value<'c>>,
        whole: bool,
    ) where
        'p: 'c,
    {
        match self.plan.router.decode(source, record, slots) {
            Ok(Routed::Read { schema, bad_time }) => self.feed(place, start, schema, bad_time, slots),
            Ok(Routed::NotWanted { .. }) => self.records += 1,
            Ok(Routed::Unknown) => self.unknown(place, start),
            Ok(Routed::Wrapped) => {
                let wrappers = self.plan.router.wrappers();
                for inner in unwrap(record, &wrappers).unwrap_or_default() {
                    let at = start + within(record, inner);
                    self.record(place, at, inner, source, slots, false);
                }
            }
            Err(error) => {
                let parts = if whole { self.parts(record) } else { Vec::new() };
                if parts.is_empty() {
                    self.broken(place, start, &error);
                }
                for part in parts {
                    let inner = record.get(part.clone()).unwrap_or_default();
                    self.record(place, start + part.start, inner, source, slots, false);
                }
            }
        }
    }

    /// The records of a line that holds several; none where it is one.
    fn parts(&self, record: &str) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        self.plan.splitter.clone().split(record.as_bytes(), true, &mut parts);
        // Only what begins as an object can be a record: of a broken line nothing is torn out.
        let are_records = parts.iter().all(|p| record.as_bytes()[p.clone()].starts_with(b"{"));
        let is_list = record.trim_start().starts_with('[');
        if are_records && (parts.len() > 1 || is_list) { parts } else { Vec::new() }
    }

    fn rows<'c>(&mut self, place: Place<'c>, header: &Header, source: &mut Source)
    where
        'p: 'c,
    {
        let chunk = place.chunk;
        let table = self.plan.router.table(header.iter().map(String::as_str));
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(chunk.bytes.as_slice());
        let mut record = csv::ByteRecord::new();
        let mut rows: Vec<(usize, csv::ByteRecord)> = Vec::new();
        // Reading from memory can't fail.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let start = record.position().map_or(0, |p| p.byte() as usize);
            rows.push((start, std::mem::take(&mut record)));
        }
        let ends: Vec<usize> = rows.iter().skip(1).map(|(s, _)| *s).chain([chunk.bytes.len()]).collect();
        for ((start, record), end) in rows.iter().zip(ends) {
            // The header stands before all others.
            if chunk.offset == 0 && *start == rows.first().map_or(0, |(s, _)| *s) {
                continue;
            }
            let text = std::str::from_utf8(chunk.bytes.get(*start..end).unwrap_or_default());
            let cells: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
            let (Ok(text), Ok(cells)) = (text, cells) else {
                self.problems.add(place.file, &code::INVALID_RECORD, || {
                    (Some(place.position(*start)), "the row is not valid UTF-8".to_owned())
                });
                continue;
            };
            if cells.len() > header.len() {
                self.problems.add(place.file, &code::INVALID_RECORD, || {
                    let message = format!("the row has {} cells, the header {}", cells.len(), header.len());
                    (Some(place.position(*start)), message)
                });
                continue;
            }
            let mut slots = Vec::new();
            match self.plan.router.decode_row(source, &table, cells.iter().copied(), text, &mut slots) {
                Routed::Read { schema, bad_time } => self.feed(place, *start, schema, bad_time, &slots),
                Routed::NotWanted { .. } => self.records += 1,
                Routed::Unknown | Routed::Wrapped => self.unknown(place, *start),
            }
        }
    }

    fn feed<'c>(&mut self, place: Place<'_>, start: usize, schema: usize, bad_time: bool, slots: &[Value<'c>])
    where
        'p: 'c,
    {
        self.records += 1;
        if bad_time {
            let describe = || (Some(place.position(start)), "the record's time can't be read".to_owned());
            self.problems.add(place.file, &code::UNREADABLE_TIME, describe);
        }
        self.worker.feed(self.plan.of_schema[schema], slots, place.number(start));
    }

    fn unknown(&mut self, place: Place<'_>, start: usize) {
        let describe = || (Some(place.position(start)), "no schema recognises the record".to_owned());
        self.problems.add(place.file, &code::UNKNOWN_RECORD, describe);
    }

    fn broken(&mut self, place: Place<'_>, start: usize, error: &DecodeError) {
        self.problems.add(place.file, &code::INVALID_RECORD, || {
            let what = if error.is_cut { "the record is cut off" } else { "the record is no JSON object" };
            (Some(place.position(start + error.at)), format!("{what}: {}", error.message))
        });
    }
}

/// The offset of a part of a text.
fn within(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}
