//! The rows as the reader sees them.

use super::expr::RAW;
use super::gather::visible;
use super::session::Rows;
use super::table::Table;
use super::{TIME, Value};
use crate::ir::{Name, Output};
use crate::source::Span;

/// A table with the columns that the output shows.
pub(super) fn shown(mut table: Table, output: &Output, notes: Vec<(String, Span)>) -> Rows {
    match output {
        Output::Columns(columns) => {
            let places: Vec<usize> = columns.iter().map(|c| table.position_or_add(&c.name)).collect();
            Rows { table: picked(table, &places), events: false, removed: Vec::new(), notes }
        }
        Output::Open(_) => Rows { table: visible(table), events: false, removed: Vec::new(), notes },
        Output::Events { added, removed } => {
            let mut names: Vec<(Name, Vec<usize>)> = Vec::new();
            // Where a union has rows of a scan whose `_time` nobody reads, these have the event's own.
            let times = ["_time", TIME].into_iter().filter_map(|name| table.position(name));
            names.push(("_time".into(), times.collect()));
            for column in added.iter().filter(|c| &*c.name != "_time" && &*c.name != "_raw") {
                names.push((column.name.clone(), table.position(&column.name).into_iter().collect()));
            }
            // The raw record comes last, and is what its fields are read from.
            names.push(("_raw".into(), table.position(RAW).into_iter().collect()));
            names.retain(|(name, _)| &**name == "_raw" || !removed.contains(name));
            let cell = |row: &Vec<Value<'static>>, places: &Vec<usize>| {
                places.iter().map(|p| &row[*p]).find(|v| !v.is_null()).cloned().unwrap_or_default()
            };
            let rows = table.rows.iter().map(|row| names.iter().map(|(_, p)| cell(row, p)).collect()).collect();
            let columns = names.into_iter().map(|(name, _)| name).collect();
            Rows { table: Table { columns, rows }, events: true, removed: removed.clone(), notes }
        }
    }
}

/// The columns at these places.
fn picked(table: Table, places: &[usize]) -> Table {
    if places.iter().copied().eq(0..table.columns.len()) {
        return table;
    }
    let columns = places.iter().map(|p| table.columns[*p].clone()).collect();
    // Moved, unless the same is asked for again.
    let again = |at: usize| places[at + 1..].contains(&places[at]);
    let moved: Vec<bool> = (0..places.len()).map(|at| !again(at)).collect();
    let pick = |mut row: Vec<Value<'static>>| {
        let cells = places.iter().zip(&moved);
        cells.map(|(p, moved)| if *moved { std::mem::take(&mut row[*p]) } else { row[*p].clone() }).collect()
    };
    Table { columns, rows: table.rows.into_iter().map(pick).collect() }
}
