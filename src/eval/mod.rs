//! The reference evaluator: runs the IR on events, with Splunk's semantics.
//!
//! It reads the same IR as the emitters. The library part has neither files nor threads: a [`Session`] says what a
//! [`Pass`] over the events must read, callers feed records to [`Worker`]s and give back what these have gathered, and
//! ask for the [`Rows`] in the end.
//!
//! `plan` cuts a query into operations; `stage` runs a row through what concerns it alone; `gather` collects rows, groups
//! or first rows; `work` does what needs all rows at once.

mod address;
mod aggregate;
mod dispatch;
pub mod error;
mod expr;
mod function;
mod gather;
mod join;
mod json;
mod layout;
mod lookup;
mod membership;
mod order;
mod plan;
mod rows;
mod session;
mod stage;
mod table;
mod time;
mod token;
pub mod value;
mod wildcard;
mod work;

pub use error::Error;
pub use order::Place;
pub use session::{Harvest, Pass, Program, Rows, Session, SourceNeeds, Worker};
pub use table::Table;
pub use value::{Text, Value};

/// The hidden column of an event's time.
const TIME: &str = "(time)";

/// Settings of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The moment of the search, in seconds since the epoch.
    pub now: f64,
    /// How many rows an operation may hold in memory.
    pub max_rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { now: 0.0, max_rows: 5_000_000 }
    }
}
