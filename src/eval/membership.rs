//! A subsearch as a condition: whether its rows have the values of a row.

use std::collections::HashSet;

use super::Value;
use super::table::Table;
use crate::ir::Name;

/// The combinations of values that the other search has found, in lower case. A row's NULL asks nothing, so that the rows
/// are kept by which columns they have; a row without any value matches nothing.
pub(super) struct Members {
    /// Which columns the rows have, and the combinations of their values.
    groups: Vec<(Vec<usize>, HashSet<Vec<u8>>)>,
}

impl Members {
    pub(super) fn new<'n>(table: &Table, on: impl Iterator<Item = &'n Name>) -> Self {
        let places: Vec<Option<usize>> = on.map(|name| table.position(name)).collect();
        let mut groups: Vec<(Vec<usize>, HashSet<Vec<u8>>)> = Vec::new();
        for row in &table.rows {
            let values: Vec<&[Value<'static>]> =
                places.iter().map(|place| place.map_or(&[][..], |p| row[p].values())).collect();
            let present: Vec<usize> = (0..values.len()).filter(|i| !values[*i].is_empty()).collect();
            if present.is_empty() {
                continue;
            }
            let values: Vec<&[Value<'static>]> = present.iter().map(|i| values[*i]).collect();
            let group = match groups.iter().position(|(columns, _)| *columns == present) {
                Some(group) => group,
                None => {
                    groups.push((present, HashSet::new()));
                    groups.len() - 1
                }
            };
            let keys = &mut groups[group].1;
            for_each_combination(&values, &mut |key| {
                keys.insert(key.to_vec());
                false
            });
        }
        Self { groups }
    }

    /// Whether a combination of the values (some value of each multivalue field) is among the members.
    pub(super) fn contain<'e>(&self, values: impl Iterator<Item = Value<'e>>) -> bool {
        let values: Vec<Value<'e>> = values.collect();
        self.groups.iter().any(|(columns, keys)| {
            let lists: Vec<&[Value<'e>]> =
                columns.iter().map(|i| values.get(*i).map_or(&[][..], Value::values)).collect();
            for_each_combination(&lists, &mut |key| keys.contains(key))
        })
    }
}

/// Calls `f` with the key of each combination until it gives true.
fn for_each_combination(lists: &[&[Value<'_>]], f: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    fn go(lists: &[&[Value<'_>]], key: &mut Vec<u8>, f: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let Some((first, rest)) = lists.split_first() else { return f(key) };
        let length = key.len();
        for value in *first {
            let text = crate::ir::letters::lower(&value.to_text());
            key.extend_from_slice(&(text.len() as u32).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
            if go(rest, key, f) {
                return true;
            }
            key.truncate(length);
        }
        false
    }
    go(lists, &mut Vec::new(), f)
}
