//! The place of a row among the others of its input.

use std::cmp::Reverse;

/// Rows come in the order of their places: branch by branch of a union, in each the newest event first; of events of one
/// moment that which stands later in the input (reading).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    /// The branch of a union.
    pub branch: u32,
    /// Microseconds since the epoch; events without a time come last.
    pub time: Reverse<Option<i64>>,
    /// The record's number in the input.
    pub record: Reverse<u64>,
    /// The number among the rows that the record became.
    pub part: u32,
}
