//! The content folder: macros, lookups and deployments that rules refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ir::LookupTable;

/// Definitions by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// By name and number of arguments.
    pub macros: BTreeMap<(String, usize), Macro>,
    pub lookups: BTreeMap<String, LookupDefinition>,
    /// By rule type in lower case, e.g. `hunting`.
    pub deployments: BTreeMap<String, Deployment>,
}

#[derive(Clone, Debug, Default)]
pub struct Macro {
    pub name: String,
    pub arguments: Vec<String>,
    pub definition: String,
    /// The definition is an eval expression that computes the text.
    pub iseval: bool,
    pub path: String,
}

/// A lookup: its table where the rows are known, else why not.
#[derive(Clone, Debug)]
pub enum LookupDefinition {
    Table(Arc<LookupTable>),
    /// E.g. a KV-store collection, or a CSV file that is not in the folder.
    Unavailable {
        reason: String,
    },
}

/// The schedule of a rule type.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    pub name: String,
    /// SPL time modifiers, e.g. `-70m@m`.
    pub earliest: String,
    pub latest: String,
}

impl Library {
    /// Definitions of a macro with any number of arguments.
    pub fn macros_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Macro> {
        self.macros.range((name.to_owned(), 0)..).take_while(move |((n, _), _)| n == name).map(|(_, m)| m)
    }
}
