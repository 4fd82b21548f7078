//! The rule front end: YAML of the three layouts of the ESCU library, and the content folder's definitions.

mod library;
mod model;
mod scalar_map;
mod yaml;

pub use library::{Deployment, Library, LookupDefinition, Macro};
pub use model::{Rule, Search, Test};
pub use scalar_map::ScalarMap;
