//! `eval {field}=…`: columns that the rows name themselves.

use crate::eval::Value;
use crate::eval::stage::ASSIGNED;
use crate::eval::table::Table;
use crate::ir::Name;

/// Turns the hidden pair of name and value into columns. A row that names nothing, or an internal field, stays as it is.
pub(super) fn named(mut table: Table) -> Table {
    let [Some(name), Some(value)] = ASSIGNED.map(|column| table.position(column)) else { return table };
    for index in 0..table.rows.len() {
        let named = table.rows[index][name].clone();
        if named.is_null() {
            continue;
        }
        let column = Name::from(&*named.to_text());
        if !column.starts_with(|c| c != '_' && c != '(') {
            continue;
        }
        let place = table.position_or_add(&column);
        table.rows[index][place] = table.rows[index][value].clone();
    }
    let (first, second) = (name.max(value), name.min(value));
    for hidden in [first, second] {
        table.columns.remove(hidden);
        for row in &mut table.rows {
            if hidden < row.len() {
                row.remove(hidden);
            }
        }
    }
    table.rows.iter_mut().for_each(|row| row.resize(table.columns.len(), Value::Null));
    table
}
