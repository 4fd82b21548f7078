//! Reads the records of one schema.

use super::json;
use super::state::{Piece, State};
use super::trie::{Label, Trie, Want};
use super::{DecodeError, path};
use crate::eval::{Text, Value};
use crate::ir::{Column, Scalar};
use crate::schema::Schema;

/// Reads the wanted fields of a schema's records, from JSON objects or from the rows of a table.
#[derive(Debug)]
pub struct Decoder {
    trie: Trie,
    columns: usize,
    time: Option<usize>,
    raw: Option<usize>,
}

/// What a record says about itself besides its fields.
#[derive(Default, Debug)]
pub(super) struct Signs<'e> {
    pub(super) labels: [Option<Text<'e>>; 4],
    /// There is a time that can't be read, and no other.
    pub(super) bad_time: bool,
    /// It wraps other records.
    pub(super) wraps: bool,
}

impl Decoder {
    /// A decoder for the fields that `columns` names, in their order. `_time` and `_raw` can be among them.
    pub fn new(schema: &Schema, columns: &[Column]) -> Self {
        let mut decoder = Self::blank();
        decoder.columns = columns.len();
        decoder.trie.add(&schema.time, Want::Time { own: false });
        for (slot, column) in columns.iter().enumerate() {
            match &*column.name {
                "_time" => decoder.time = Some(slot),
                "_raw" => decoder.raw = Some(slot),
                name => {
                    // In records that are no JSON objects of their own, any field can have several values.
                    let list = column.ty.multivalue || !schema.json;
                    let list = list && column.ty.scalar != Scalar::Json;
                    // Elements that are objects are read by `spath`, and shown as their text.
                    let scalar = match column.ty.scalar {
                        Scalar::Unknown if name.ends_with("{}") => Scalar::Json,
                        scalar => scalar,
                    };
                    decoder.trie.add(name, Want::Slot { slot: slot as u32, scalar, list });
                }
            }
        }
        decoder
    }

    /// A decoder that reads no field.
    pub(super) fn blank() -> Self {
        let mut trie = Trie::default();
        trie.add("_time", Want::Time { own: true });
        trie.add("_raw", Want::Raw);
        Self { trie, columns: 0, time: None, raw: None }
    }

    /// Looks for more.
    pub(super) fn want(&mut self, path: &str, want: Want) {
        self.trie.add(path, want);
    }

    /// Reads a JSON record into the slots, one per column; what the record does not have is NULL. Texts are borrowed from
    /// the record where they have no escapes.
    ///
    /// # Errors
    /// The record is no JSON object.
    pub fn decode<'e>(&self, record: &'e str, slots: &mut Vec<Value<'e>>) -> Result<(), DecodeError> {
        self.decode_signs(record, slots, &mut []).map(|_| ())
    }

    pub(super) fn decode_signs<'e>(
        &self,
        record: &'e str,
        slots: &mut Vec<Value<'e>>,
        seen: &mut [u64],
    ) -> Result<Signs<'e>, DecodeError> {
        self.clear(slots);
        let mut state = State::new(slots, seen);
        json::read(&self.trie, record, &mut state).map_err(|fault| DecodeError::new(record, fault))?;
        Ok(self.finish(state, record))
    }

    fn clear(&self, slots: &mut Vec<Value<'_>>) {
        slots.clear();
        slots.resize_with(self.columns, Value::default);
    }

    fn finish<'e>(&self, mut state: State<'e, '_>, record: &'e str) -> Signs<'e> {
        state.finish(self.time);
        let raw = state.raw.take();
        let labels = std::mem::take(&mut state.labels);
        let mut signs = Signs { labels, bad_time: state.bad_time, wraps: state.wraps };
        let State { slots, seen, .. } = state;
        if let Some(text) = raw.as_deref().filter(|t| t.trim_start().starts_with('{')) {
            self.fill(text, slots, seen, &mut signs);
        }
        if let Some(place) = self.raw.and_then(|slot| slots.get_mut(slot)) {
            *place = Value::Text(raw.unwrap_or(Text::Borrowed(record.trim())));
        }
        signs
    }

    /// What the record itself does not say is read from the JSON text in its `_raw`, as Splunk does at search time.
    fn fill(&self, raw: &str, slots: &mut [Value<'_>], seen: &mut [u64], signs: &mut Signs<'_>) {
        let mut inner: Vec<Value<'_>> = Vec::new();
        self.clear(&mut inner);
        let mut state = State::new(&mut inner, seen);
        if json::read(&self.trie, raw, &mut state).is_err() {
            return;
        }
        state.finish(self.time);
        signs.bad_time |= state.bad_time;
        for (place, value) in slots.iter_mut().zip(inner) {
            if place.is_null() {
                *place = value.into_static();
            }
        }
        if self.time.and_then(|slot| slots.get(slot)).is_some_and(|time| !time.is_null()) {
            signs.bad_time = false;
        }
    }

    /// A reader for rows of a table with these columns.
    pub fn rows<'n>(&self, header: impl IntoIterator<Item = &'n str>) -> RowDecoder {
        let place = |name: &str| -> Vec<Want> {
            let root = self.trie.root();
            let found =
                root.keys.get(name).or_else(|| path::is_path(name).then(|| self.trie.walk(root, name)).flatten());
            let Some(mut node) = found.map(|n| self.trie.node(n)) else { return Vec::new() };
            let mut wants = node.wants.clone();
            while let Some(each) = node.each {
                node = self.trie.node(each);
                // The lines of a cell are the values of a multivalue field.
                wants.extend(node.wants.iter().map(|want| match want {
                    Want::Slot { slot, scalar, .. } => Want::Slot { slot: *slot, scalar: *scalar, list: true },
                    other => other.clone(),
                }));
            }
            wants
        };
        RowDecoder { cells: header.into_iter().map(place).collect() }
    }

    /// Reads a row of a table; `record` is its text. Empty cells are absent fields. In fields that can have several values,
    /// each line of a cell is one.
    pub fn decode_row<'e>(
        &self,
        rows: &RowDecoder,
        cells: impl IntoIterator<Item = &'e str>,
        record: &'e str,
        slots: &mut Vec<Value<'e>>,
    ) {
        self.decode_row_signs(rows, cells, record, slots, &mut []);
    }

    pub(super) fn decode_row_signs<'e>(
        &self,
        rows: &RowDecoder,
        cells: impl IntoIterator<Item = &'e str>,
        record: &'e str,
        slots: &mut Vec<Value<'e>>,
        seen: &mut [u64],
    ) -> Signs<'e> {
        self.clear(slots);
        let mut state = State::new(slots, seen);
        for (wants, cell) in rows.cells.iter().zip(cells) {
            if cell.is_empty() {
                continue;
            }
            for want in wants {
                match want {
                    Want::Slot { list: true, .. } if cell.contains('\n') => {
                        state.within_list = true;
                        let lines = cell.split('\n').map(|line| line.trim_end_matches('\r'));
                        lines.filter(|l| !l.is_empty()).for_each(|line| state.take(want, &of_text(line)));
                        state.within_list = false;
                    }
                    want => state.take(want, &of_text(cell)),
                }
            }
        }
        self.finish(state, record)
    }
}

fn of_text(text: &str) -> Piece<'_> {
    Piece::Text(Text::Borrowed(text))
}

/// What a [`Decoder`] does with the cells of a table's rows.
#[derive(Debug)]
pub struct RowDecoder {
    cells: Vec<Vec<Want>>,
}

impl Label {
    pub(super) fn of<'s>(self, signs: &'s Signs<'_>) -> Option<&'s str> {
        signs.labels[self as usize].as_deref()
    }
}
