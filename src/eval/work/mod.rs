//! What needs all rows at once.

mod assign;
mod beside;
mod continuous;
mod pivot;
mod transaction;
mod transpose;
mod window;

use super::Options;
use super::error::Error;
use super::plan::Work;
use super::table::Table;
use crate::source::Span;

/// Does an operation's work on its rows. `right` are the rows beside them.
///
/// # Errors
/// An expression that can't be bound, or a limit that is passed.
pub(super) fn run(
    work: &Work,
    table: Table,
    right: Option<&Table>,
    options: &Options,
    span: Span,
) -> Result<Table, Error> {
    let table = assign::named(table);
    Ok(match work {
        Work::None => table,
        Work::Window { partition, frame, columns } => window::run(table, partition, *frame, columns, options, span)?,
        Work::Transaction(transaction) => transaction::run(table, transaction, options)?,
        Work::Beside { replace, .. } => match right {
            Some(right) => beside::run(table, right, *replace),
            None => table,
        },
        Work::Pivot(pivot) => pivot::pivot(table, pivot),
        Work::Unpivot { keep, name, value } => pivot::unpivot(table, keep, name, value),
        Work::Continuous(continuous) => continuous::run(table, continuous, options)?,
        Work::Transpose(transpose) => transpose::run(table, transpose),
    })
}
