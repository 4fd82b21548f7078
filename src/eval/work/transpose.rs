//! `transpose`: rows become columns.

use crate::eval::Value;
use crate::eval::table::Table;
use crate::ir::{Name, Transpose};

pub(super) fn run(table: Table, transpose: &Transpose) -> Table {
    let most = if transpose.rows == 0 { usize::MAX } else { usize::try_from(transpose.rows).unwrap_or(usize::MAX) };
    let header = transpose.header.as_ref().and_then(|name| table.position(name));
    let rows = &table.rows[..table.rows.len().min(most)];
    let mut out = Table { columns: vec![transpose.names.clone()], rows: Vec::new() };
    for (number, row) in rows.iter().enumerate() {
        let name = match header {
            Some(header) => row[header].to_text().into_owned(),
            None => format!("row {}", number + 1),
        };
        out.columns.push(Name::from(name));
    }
    for (place, column) in table.columns.iter().enumerate() {
        if Some(place) == header {
            continue;
        }
        let values: Vec<Value<'static>> = rows.iter().map(|row| row[place].clone()).collect();
        if !transpose.include_empty && values.iter().all(Value::is_null) {
            continue;
        }
        let mut row = vec![Value::from(column.to_string())];
        row.extend(values);
        out.rows.push(row);
    }
    out
}
