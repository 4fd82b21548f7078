//! `lookup`: columns of the rows of a table that match (Knowledge Manager Manual, "Configure CSV lookups").

use std::collections::HashMap;
use std::sync::Arc;

use super::Value;
use super::address::Block;
use super::error::Error;
use super::expr::{Binder, Context, Node};
use super::layout::{Layout, Row};
use super::plan::Lookup;
use super::wildcard::Wildcard;
use crate::ir::{Case, LookupTable, MatchType, Pattern, Piece};

/// A lookup that is bound to the rows' slots.
pub(super) struct BoundLookup {
    table: Arc<LookupTable>,
    on: Vec<On>,
    /// Rows by the values of the columns that must match whole.
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    /// Column of the table, and the slot whose value stays where there is one.
    outputs: Vec<(Option<usize>, Option<usize>)>,
}

struct On {
    value: Node,
    test: Test,
}

enum Test {
    Whole,
    /// By row of the table.
    Wildcard(Vec<Wildcard>),
    Cidr(Vec<Option<Block>>),
}

impl BoundLookup {
    pub(super) fn bind(lookup: &Lookup, layout: &mut Layout, now: f64) -> Result<Self, Error> {
        let table = lookup.table.clone();
        let place = |name: &str| table.columns.iter().position(|c| &**c == name);
        let case = if table.case_sensitive { Case::Sensitive } else { Case::Insensitive };
        let mut on = Vec::new();
        let mut whole = Vec::new();
        for (name, e) in &lookup.on {
            let value = Binder::new(layout, now).bind(e)?;
            let column = place(name);
            let cells = || table.rows.iter().map(|row| column.and_then(|c| row.get(c)).map_or("", String::as_str));
            let test = match table.matching.iter().find(|(n, _)| n == name).map(|(_, m)| *m) {
                None => {
                    whole.push(column);
                    Test::Whole
                }
                Some(MatchType::Wildcard) => {
                    Test::Wildcard(cells().map(|c| Wildcard::new(&pattern(c), case)).collect())
                }
                Some(MatchType::Cidr) => Test::Cidr(cells().map(Block::parse).collect()),
            };
            on.push(On { value, test });
        }
        let mut by_key: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (index, row) in table.rows.iter().enumerate() {
            let mut key = Vec::new();
            for column in &whole {
                write_key(column.and_then(|c| row.get(c)).map_or("", String::as_str), table.case_sensitive, &mut key);
            }
            by_key.entry(key).or_default().push(index);
        }
        let mut outputs = Vec::new();
        for output in &lookup.outputs {
            let existing = if output.keep_existing { layout.slot(&output.output) } else { None };
            outputs.push((place(&output.column), existing));
        }
        for output in &lookup.outputs {
            layout.add(output.output.clone());
        }
        Ok(Self { table, on, by_key, outputs })
    }

    /// The outputs' values for a row.
    pub(super) fn outputs<'e>(&'e self, row: Row<'_, 'e>, context: &Context) -> Vec<Value<'e>> {
        let matches = self.matches(row, context);
        let mut out = Vec::with_capacity(self.outputs.len());
        for (column, existing) in &self.outputs {
            if let Some(slot) = existing
                && !row.get(*slot).is_null()
            {
                out.push(row.get(*slot).clone());
                continue;
            }
            let cell = |index: &usize| {
                let cell = column.and_then(|c| self.table.rows[*index].get(c)).map_or("", String::as_str);
                (!cell.is_empty()).then(|| Value::from(cell))
            };
            let mut values: Vec<Value<'e>> = matches.iter().filter_map(cell).collect();
            if matches.is_empty() {
                values.extend(self.table.default_match.as_deref().map(Value::from));
            }
            out.push(if values.len() == 1 { values.remove(0) } else { Value::list(values) });
        }
        out
    }

    /// The rows of the table that match, in its order, up to the most that may.
    fn matches<'e>(&'e self, row: Row<'_, 'e>, context: &Context) -> Vec<usize> {
        let values: Vec<Value<'e>> = self.on.iter().map(|on| on.value.value(row, context)).collect();
        if values.iter().any(Value::is_null) {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.candidates(&values, 0, &mut Vec::new(), &mut found);
        found.sort_unstable();
        found.dedup();
        found.retain(|index| self.passes(*index, &values));
        found.truncate(self.table.max_matches.max(1) as usize);
        found
    }

    /// Rows that match in the whole columns, for each combination of a multivalue field's values.
    fn candidates(&self, values: &[Value<'_>], at: usize, key: &mut Vec<u8>, found: &mut Vec<usize>) {
        let Some(on) = self.on.get(at) else {
            found.extend(self.by_key.get(key).into_iter().flatten());
            return;
        };
        if !matches!(on.test, Test::Whole) {
            return self.candidates(values, at + 1, key, found);
        }
        let length = key.len();
        for value in values[at].values() {
            write_key(&value.to_text(), self.table.case_sensitive, key);
            self.candidates(values, at + 1, key, found);
            key.truncate(length);
        }
    }

    fn passes(&self, index: usize, values: &[Value<'_>]) -> bool {
        self.on.iter().zip(values).all(|(on, value)| {
            let some = |test: &dyn Fn(&str) -> bool| value.values().iter().any(|v| test(&v.to_text()));
            match &on.test {
                Test::Whole => true,
                Test::Wildcard(patterns) => some(&|text| patterns[index].is_match(text)),
                Test::Cidr(networks) => networks[index].as_ref().is_some_and(|n| some(&|text| n.contains(text))),
            }
        })
    }
}

fn write_key(text: &str, case_sensitive: bool, key: &mut Vec<u8>) {
    let folded;
    let text = if case_sensitive {
        text
    } else {
        folded = crate::ir::letters::lower(text);
        &folded
    };
    key.extend_from_slice(&(text.len() as u32).to_le_bytes());
    key.extend_from_slice(text.as_bytes());
}

/// A cell with wildcards.
fn pattern(cell: &str) -> Pattern {
    Pattern::new(cell.split_inclusive('*').flat_map(|part| match part.strip_suffix('*') {
        Some(text) => vec![Piece::Text(text.to_owned()), Piece::Any],
        None => vec![Piece::Text(part.to_owned())],
    }))
}
