//! The reference evaluator: runs the IR on events, with Splunk's semantics.
//!
//! It reads the same IR as the emitters. The library part has neither files nor threads: callers feed records to
//! workers, merge these, and ask for the rows.

#[allow(dead_code)]
mod address;
#[allow(dead_code)]
mod aggregate;
#[allow(dead_code)]
mod function;
#[allow(dead_code)]
mod json;
mod order;
#[allow(dead_code)]
mod time;
#[allow(dead_code)]
mod token;
pub mod value;
#[allow(dead_code)]
mod wildcard;

pub use order::Place;
pub use value::{Text, Value};
