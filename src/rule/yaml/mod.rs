//! YAML as a tree whose nodes know their place in the file.

mod build;
mod decode;
mod indent;
mod node;
mod parse;

pub(crate) use decode::scalar_map;
pub(crate) use node::{Entry, Node, Plain, Value};
pub use parse::MAX_BYTES;
pub(crate) use parse::parse;
