//! Which schema reads a record.

use std::sync::Arc;

use super::DecodeError;
use super::decoder::{Decoder, RowDecoder, Signs};
use super::trie::{Label, Want, Wildcard};
use crate::eval::Value;
use crate::ir::Column;
use crate::schema::{Schema, Schemas};

/// How many names of sources are remembered.
const KNOWN_NAMES: usize = 16;

/// Reads records of any schema: recognises each by what it says of its source (`source`, `sourcetype`), else by the marks
/// that the schemas give, and reads the fields that are wanted of its schema. Both happen in one pass as long as records
/// that follow each other have the same schema.
#[derive(Debug)]
pub struct Router {
    all: Schemas,
    schemas: Vec<Arc<Schema>>,
    /// A decoder for each wanted schema; it looks for the marks of all schemas too.
    decoders: Vec<Option<Decoder>>,
    /// Those of the same schemas that look for no marks.
    fixed: Vec<Option<Decoder>>,
    blank: Decoder,
    /// Marks of schemas, the most specific first.
    marks: Vec<(usize, Vec<u32>)>,
    wrappers: Vec<String>,
    words: usize,
}

/// Names of arrays in which files have the records of some schema.
fn wrappers(schemas: &[Arc<Schema>]) -> Vec<String> {
    let mut names: Vec<String> = schemas.iter().filter_map(|s| s.recognise.as_ref()?.records.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What is known of the source of the records to come.
#[derive(Clone, Default, Debug)]
pub struct Source {
    /// Schemas that they can have, where they were named; else any.
    candidates: Option<Vec<usize>>,
    /// The schema of the last record.
    last: Option<usize>,
    /// What names of records have chosen.
    labels: Vec<(Label, String, Vec<usize>)>,
    seen: Vec<u64>,
}

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routed {
    /// The slots hold the fields of the schema with this number, in the order of the schemas.
    Read {
        schema: usize,
        /// It has a time that can't be read.
        bad_time: bool,
    },
    /// Nothing is wanted of its schema.
    NotWanted { schema: usize },
    /// No schema is known for it.
    Unknown,
    /// It is no event, but wraps some: see [`super::unwrap`].
    Wrapped,
}

impl Router {
    /// `wanted`: for each schema that is read, its id and the wanted columns.
    pub fn new<'w>(schemas: &Schemas, wanted: impl IntoIterator<Item = (&'w str, &'w [Column])>) -> Self {
        let all = schemas.clone();
        let schemas: Vec<Arc<Schema>> = all.iter().cloned().collect();
        let mut marks = Marks::default();
        let mut of_schemas: Vec<(usize, Vec<u32>)> = Vec::new();
        // A schema that was added later goes before an equally specific one.
        for (number, schema) in schemas.iter().enumerate().rev() {
            let Some(recognise) = &schema.recognise else { continue };
            let exists = recognise.fields.iter().map(|path| marks.bit(path, None));
            let mut bits: Vec<u32> = exists.collect();
            bits.extend(recognise.values.iter().map(|(path, value)| marks.bit(path, Some(value))));
            if !bits.is_empty() {
                of_schemas.push((number, bits));
            }
        }
        // What a field says counts more than that it is there.
        let of_values = |number: usize| schemas[number].recognise.as_ref().map_or(0, |r| r.values.len());
        of_schemas.sort_by_key(|(number, bits)| std::cmp::Reverse(bits.len() + of_values(*number)));
        let words = marks.known.len().div_ceil(64);
        let wrappers = wrappers(&schemas);
        let with_wrappers = |mut decoder: Decoder| {
            wrappers.iter().for_each(|name| decoder.want(name, Want::Wrapper));
            decoder
        };
        let mut decoders: Vec<Option<Decoder>> = schemas.iter().map(|_| None).collect();
        let mut fixed: Vec<Option<Decoder>> = schemas.iter().map(|_| None).collect();
        for (id, columns) in wanted {
            for (number, schema) in schemas.iter().enumerate().filter(|(_, s)| &*s.id == id) {
                fixed[number] = Some(with_wrappers(Decoder::new(schema, columns)));
                decoders[number] = Some(with_wrappers(marks.add_to(Decoder::new(schema, columns))));
            }
        }
        let blank = with_wrappers(marks.add_to(Decoder::blank()));
        Self { all, schemas, decoders, fixed, blank, marks: of_schemas, wrappers, words }
    }

    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.schemas
    }

    /// Records of which nothing is known beforehand.
    pub fn any(&self) -> Source {
        Source { candidates: None, last: None, labels: Vec::new(), seen: vec![0; self.words] }
    }

    /// Records whose source is named as in a rule: a sourcetype, a source, an event type, a data model, or the schema's id.
    /// The first name that a schema has decides. `None`: no schema has any of them.
    pub fn named<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<Source> {
        names.into_iter().find_map(|name| {
            let by_label = Label::ALL.into_iter().map(|label| self.by_label(label, name));
            let mut found = by_label.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
            if found.is_empty() {
                found.extend(self.schemas.iter().position(|s| s.id.eq_ignore_ascii_case(name)));
            }
            (!found.is_empty()).then(|| Source { candidates: Some(found), ..self.any() })
        })
    }

    /// Names of arrays in which files have the records of some schema.
    pub fn wrappers(&self) -> Vec<&str> {
        self.wrappers.iter().map(String::as_str).collect()
    }

    /// Reads a JSON record.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn decode<'e>(
        &self,
        source: &mut Source,
        record: &'e str,
        slots: &mut Vec<Value<'e>>,
    ) -> Result<Routed, DecodeError> {
        if let Some(only) = source.only() {
            let Some(decoder) = &self.fixed[only] else {
                // Broken records are found all the same.
                let signs = self.blank.decode_signs(record, slots, &mut source.seen)?;
                return Ok(if signs.wraps { Routed::Wrapped } else { Routed::NotWanted { schema: only } });
            };
            let signs = decoder.decode_signs(record, slots, &mut [])?;
            return Ok(if signs.wraps {
                Routed::Wrapped
            } else {
                Routed::Read { schema: only, bad_time: signs.bad_time }
            });
        }
        source.seen.fill(0);
        let guess = source.last.filter(|n| self.decoders[*n].is_some());
        let decoder = guess.and_then(|n| self.decoders[n].as_ref()).unwrap_or(&self.blank);
        let signs = decoder.decode_signs(record, slots, &mut source.seen)?;
        if signs.wraps {
            return Ok(Routed::Wrapped);
        }
        let Some(schema) = self.choose(source, &signs) else { return Ok(Routed::Unknown) };
        source.last = Some(schema);
        match &self.decoders[schema] {
            None => Ok(Routed::NotWanted { schema }),
            Some(_) if guess == Some(schema) => Ok(Routed::Read { schema, bad_time: signs.bad_time }),
            Some(decoder) => {
                let signs = decoder.decode_signs(record, slots, &mut source.seen)?;
                Ok(Routed::Read { schema, bad_time: signs.bad_time })
            }
        }
    }

    /// What is done with the cells of a table with these columns.
    pub fn table<'n>(&self, header: impl IntoIterator<Item = &'n str> + Clone) -> Table {
        let of = |decoder: &Option<Decoder>| decoder.as_ref().map(|d| d.rows(header.clone()));
        Table { blank: self.blank.rows(header.clone()), rows: self.decoders.iter().map(of).collect() }
    }

    /// Reads a row of a table.
    pub fn decode_row<'e>(
        &self,
        source: &mut Source,
        table: &Table,
        cells: impl IntoIterator<Item = &'e str> + Clone,
        record: &'e str,
        slots: &mut Vec<Value<'e>>,
    ) -> Routed {
        source.seen.fill(0);
        let schema = source.only().or_else(|| {
            let signs = self.blank.decode_row_signs(&table.blank, cells.clone(), record, slots, &mut source.seen);
            self.choose(source, &signs)
        });
        let Some(schema) = schema else { return Routed::Unknown };
        source.last = Some(schema);
        match (&self.decoders[schema], &table.rows[schema]) {
            (Some(decoder), Some(rows)) => {
                let signs = decoder.decode_row_signs(rows, cells, record, slots, &mut source.seen);
                Routed::Read { schema, bad_time: signs.bad_time }
            }
            _ => Routed::NotWanted { schema },
        }
    }

    fn choose(&self, source: &mut Source, signs: &Signs<'_>) -> Option<usize> {
        // Where a name leaves several, the marks decide among them.
        let mut named: Vec<usize> = Vec::new();
        for label in Label::ALL {
            let Some(name) = label.of(signs) else { continue };
            named = self.by_label_known(source, label, name);
            named.retain(|number| source.candidates.as_ref().is_none_or(|c| c.contains(number)));
            if !named.is_empty() {
                break;
            }
        }
        let allowed = |number: &usize| source.candidates.as_ref().is_none_or(|c| c.contains(number));
        if let [only] = named.as_slice() {
            return Some(*only);
        }
        let has = |bits: &[u32]| bits.iter().all(|b| source.seen[*b as usize / 64] & 1 << (b % 64) != 0);
        let fits = |number: &usize| allowed(number) && (named.is_empty() || named.contains(number));
        let marked = self.marks.iter().find(|(number, bits)| fits(number) && has(bits)).map(|(number, _)| *number);
        marked.or_else(|| named.first().copied()).or_else(|| source.candidates.as_ref()?.first().copied())
    }

    /// As [`Router::by_label`], without choosing anew for each record.
    fn by_label_known(&self, source: &mut Source, label: Label, name: &str) -> Vec<usize> {
        if let Some((.., found)) = source.labels.iter().find(|(l, n, _)| *l == label && n == name) {
            return found.clone();
        }
        let found = self.by_label(label, name);
        if source.labels.len() == KNOWN_NAMES {
            source.labels.clear();
        }
        source.labels.push((label, name.to_owned(), found.clone()));
        found
    }

    /// The numbers of the schemas that a name chooses.
    fn by_label(&self, label: Label, name: &str) -> Vec<usize> {
        let chosen = self.all.choose(label.name(), name);
        let number = |id: &str| self.schemas.iter().position(|s| &*s.id == id);
        let mut found: Vec<usize> = chosen.iter().filter_map(|c| number(&c.schema.id)).collect();
        found.dedup();
        found
    }
}

impl Source {
    fn only(&self) -> Option<usize> {
        match self.candidates.as_deref() {
            Some([only]) => Some(*only),
            _ => None,
        }
    }
}

/// What is done with the cells of a table, by schema.
#[derive(Debug)]
pub struct Table {
    blank: RowDecoder,
    rows: Vec<Option<RowDecoder>>,
}

/// The marks of all schemas, each once.
#[derive(Default)]
struct Marks {
    known: Vec<(String, Option<String>)>,
}

impl Marks {
    fn bit(&mut self, path: &str, value: Option<&String>) -> u32 {
        let mark = (path.to_owned(), value.map(|v| v.to_lowercase()));
        let at = self.known.iter().position(|known| *known == mark).unwrap_or_else(|| {
            self.known.push(mark);
            self.known.len() - 1
        });
        at as u32
    }

    fn add_to(&self, mut decoder: Decoder) -> Decoder {
        for (bit, (path, value)) in self.known.iter().enumerate() {
            let bit = bit as u32;
            decoder.want(
                path,
                match value {
                    None => Want::Exists { bit },
                    Some(value) => Want::Matches { bit, pattern: Wildcard::new(value) },
                },
            );
        }
        for label in Label::ALL {
            decoder.want(label.name(), Want::Label(label));
        }
        decoder
    }
}
