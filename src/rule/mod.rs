//! The rule front end: YAML of the three layouts of the ESCU library, and the content folder's definitions.

mod content;
mod csv_table;
mod layout;
mod library;
mod model;
mod read;
mod reader;
mod scalar_map;
mod test;
mod yaml;

pub use library::{Deployment, Library, LookupDefinition, Macro};
pub use model::{Drilldown, Expect, Rule, Search, Test, TestEvents};
pub use scalar_map::ScalarMap;
pub use yaml::MAX_BYTES;
