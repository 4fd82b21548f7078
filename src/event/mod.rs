//! Events: from the text of a record to the values of its fields.
//!
//! A [`Decoder`] reads the wanted fields of one schema's records in one pass over their text; a [`Router`] also finds out
//! which schema a record has. There are neither files nor threads here.

mod decoder;
mod error;
mod fields;
mod json;
mod path;
mod recognise;
mod scan;
mod split;
mod state;
mod time;
mod trie;

pub use decoder::{Decoder, RowDecoder};
pub use error::DecodeError;
pub use fields::fields;
pub use recognise::{Routed, Router, Source, Table};
pub use split::{Splitter, unwrap};
pub use time::parse_time;

#[cfg(test)]
mod tests;
