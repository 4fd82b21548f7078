//! `join`: the rows of the right side by the values that they are joined on.

use std::collections::HashMap;
use std::sync::Arc;

use super::Value;
use super::layout::{Layout, Row};
use super::stage::is_hidden;
use super::table::Table;
use crate::ir::{JoinKind, Name};

/// The right side's rows by their key; rows that lack a value of it are in none.
pub(super) struct JoinTable {
    table: Arc<Table>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
}

impl JoinTable {
    pub(super) fn new(table: Arc<Table>, on: &[Name], max: Option<u32>) -> Self {
        let places: Vec<Option<usize>> = on.iter().map(|name| table.position(name)).collect();
        let mut by_key: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (index, row) in table.rows.iter().enumerate() {
            let values = places.iter().map(|place| place.map_or(&Value::Null, |p| &row[p]));
            let Some(key) = key(values) else { continue };
            let rows = by_key.entry(key).or_default();
            if max.is_none_or(|max| rows.len() < max as usize) {
                rows.push(index);
            }
        }
        Self { table, by_key }
    }
}

fn key<'v, 'e: 'v>(values: impl Iterator<Item = &'v Value<'e>>) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for value in values {
        if value.is_null() {
            return None;
        }
        value.write_key(&mut key);
    }
    Some(key)
}

/// A join that is bound to the left side's rows.
pub(super) struct Joined {
    right: JoinTable,
    kind: JoinKind,
    /// The left side's slots of the key.
    on: Vec<usize>,
    /// The right side's other columns, and the left side's slots of the same name.
    columns: Vec<(usize, Option<usize>)>,
}

impl Joined {
    pub(super) fn bind(right: JoinTable, on: &[Name], kind: JoinKind, layout: &mut Layout) -> Self {
        let slots = on.iter().map(|name| layout.slot(name).unwrap_or(usize::MAX)).collect();
        let mut columns = Vec::new();
        for (place, name) in right.table.columns.iter().enumerate() {
            if !on.contains(name) && !is_hidden(name) {
                columns.push((place, layout.slot(name)));
                layout.add(name.clone());
            }
        }
        Self { right, kind, on: slots, columns }
    }

    /// The right side's rows that match a left row.
    pub(super) fn matches(&self, row: Row<'_, '_>) -> &[usize] {
        let key = key(self.on.iter().map(|slot| row.get(*slot)));
        key.and_then(|key| self.right.by_key.get(&key)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn keeps_all(&self) -> bool {
        self.kind == JoinKind::Left
    }

    /// Adds the columns of a right row; what it lacks the left row keeps.
    pub(super) fn extend<'e>(&'e self, index: usize, base: &[Value<'e>], own: &mut Vec<Value<'e>>) {
        for (place, left) in &self.columns {
            let right: Value<'e> = self.right.table.rows[index][*place].clone();
            let value = match (right, left) {
                (Value::Null, Some(slot)) => Row { base, own }.get(*slot).clone(),
                (right, _) => right,
            };
            own.push(value);
        }
    }

    pub(super) fn extend_unmatched<'e>(&self, base: &[Value<'e>], own: &mut Vec<Value<'e>>) {
        for (_, left) in &self.columns {
            let value = left.map(|slot| Row { base, own }.get(slot).clone()).unwrap_or_default();
            own.push(value);
        }
    }
}
