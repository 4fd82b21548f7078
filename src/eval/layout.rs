//! Where the columns of a row are.

use super::Value;
use crate::ir::Name;

/// The columns that can be named, and their slots. A replaced column's slot stays, without a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    columns: Vec<(Name, usize)>,
    width: usize,
}

impl Layout {
    pub(super) fn of(names: impl IntoIterator<Item = Name>) -> Self {
        let mut layout = Self::default();
        for name in names {
            layout.add(name);
        }
        layout
    }

    /// A layout over so many slots, none of which has a name yet.
    pub(super) fn of_width(width: usize) -> Self {
        Self { columns: Vec::new(), width }
    }

    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        self.columns.iter().find(|(n, _)| &**n == name).map(|(_, slot)| *slot)
    }

    /// The slots of a row's time: the first that has a value counts. In rows of a union one side may lack `_time`, because
    /// nobody reads it there; the event's own time is known all the same.
    pub(super) fn times(&self) -> Vec<usize> {
        ["_time", super::TIME].into_iter().filter_map(|name| self.slot(name)).collect()
    }

    /// Gives a name to a slot; it replaces the column of that name.
    pub(super) fn name(&mut self, name: Name, slot: usize) {
        match self.columns.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = slot,
            None => self.columns.push((name, slot)),
        }
    }

    /// A new slot behind the others.
    pub(super) fn push(&mut self) -> usize {
        self.width += 1;
        self.width - 1
    }

    /// A new slot with a name.
    pub(super) fn add(&mut self, name: Name) -> usize {
        let slot = self.push();
        self.name(name, slot);
        slot
    }

    /// Takes a name away; the slot stays.
    pub(super) fn remove(&mut self, name: &str) {
        self.columns.retain(|(n, _)| &**n != name);
    }

    pub(super) fn clear_names(&mut self) {
        self.columns.clear();
    }

    pub(super) fn columns(&self) -> &[(Name, usize)] {
        &self.columns
    }
}

/// A row on its way through a pipeline: the slots that it came with, then those that the stages have added.
#[derive(Clone, Copy)]
pub(super) struct Row<'r, 'e> {
    pub(super) base: &'r [Value<'e>],
    pub(super) own: &'r [Value<'e>],
}

impl<'r, 'e> Row<'r, 'e> {
    pub(super) fn get(&self, slot: usize) -> &'r Value<'e> {
        const NULL: &Value<'static> = &Value::Null;
        let value = match slot.checked_sub(self.base.len()) {
            None => self.base.get(slot),
            Some(own) => self.own.get(own),
        };
        value.unwrap_or(NULL)
    }
}
