//! `appendcols`: rows side by side.

use crate::eval::stage::is_hidden;
use crate::eval::table::Table;

/// The columns of the right side's n-th row go to the left side's n-th row. Columns that both have stay, or are replaced.
pub(super) fn run(mut left: Table, right: &Table, replace: bool) -> Table {
    for (from, name) in right.columns.iter().enumerate() {
        if is_hidden(name) || (left.position(name).is_some() && !replace) {
            continue;
        }
        let place = left.position_or_add(name);
        for (row, other) in left.rows.iter_mut().zip(&right.rows) {
            row[place] = other[from].clone();
        }
    }
    left
}
