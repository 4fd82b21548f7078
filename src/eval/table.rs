//! Rows that have been gathered.

use super::Value;
use super::expr::constant;
use crate::ir::{self, Literal, Name};

/// Rows with the same columns, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<Name>,
    pub rows: Vec<Vec<Value<'static>>>,
}

impl Table {
    /// The rows of a lookup table; an empty cell is no value.
    pub(super) fn of_values(values: &ir::Values) -> Table {
        let cell = |cell: &Option<String>| match cell {
            Some(text) if !text.is_empty() => constant(&Literal::String(text.clone())),
            _ => Value::Null,
        };
        let rows = values.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        Table { columns: values.columns.clone(), rows }
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| &**c == name)
    }

    /// The position of a column, which is made, without values, where it is not there.
    pub(super) fn position_or_add(&mut self, name: &Name) -> usize {
        if let Some(position) = self.position(name) {
            return position;
        }
        self.columns.push(name.clone());
        self.rows.iter_mut().for_each(|row| row.push(Value::Null));
        self.columns.len() - 1
    }
}
