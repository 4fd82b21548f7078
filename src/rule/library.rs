//! The content folder: macros, lookups and deployments that rules refer to.
//!
//! Files come one by one, as text. What is wrong with one is a warning with a place in that file; it never stops rules
//! that do not use it. Where two files define the same name, the first stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::content;
use crate::diagnostic::{Diagnostic, Sink, code};
use crate::ir::LookupTable;
use crate::source::{SourceFile, Span};

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
        /// As far as the definition lists them.
        columns: Vec<String>,
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
    /// Adds a macro file; diagnostics are about that file.
    pub fn add_macro(&mut self, file: &SourceFile, sink: &mut Sink) {
        let Some((definition, span)) = content::macro_definition(file, sink) else { return };
        let key = (definition.name.clone(), definition.arguments.len());
        if let Some(first) = self.macros.get(&key) {
            sink.push(duplicate(&format!("the macro `{}({})`", key.0, key.1), span, &first.path));
            return;
        }
        self.macros.insert(key, definition);
    }

    /// Adds a lookup file, with the text of its CSV file where that was found; diagnostics are about the lookup file.
    pub fn add_lookup(&mut self, file: &SourceFile, csv_text: Option<&str>, sink: &mut Sink) {
        let Some((name, span, definition)) = content::lookup(file, csv_text, sink) else { return };
        if self.lookups.contains_key(&name) {
            sink.push(duplicate(&format!("the lookup `{name}`"), span, "a file read before"));
            return;
        }
        self.lookups.insert(name, definition);
    }

    /// Adds a deployment file; diagnostics are about that file.
    pub fn add_deployment(&mut self, file: &SourceFile, sink: &mut Sink) {
        let Some((kind, span, deployment)) = content::deployment(file, sink) else { return };
        let key = kind.to_lowercase();
        if let Some(first) = self.deployments.get(&key) {
            sink.push(duplicate(&format!("a deployment for the type `{kind}`"), span, &format!("`{}`", first.name)));
            return;
        }
        self.deployments.insert(key, deployment);
    }

    /// The CSV file that a lookup file names: a file beside it. `None` for lookups of other kinds and broken files.
    pub fn csv_of(file: &SourceFile) -> Option<String> {
        content::csv_name(file)
    }

    /// Definitions of a macro with any number of arguments.
    pub fn macros_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Macro> {
        self.macros.range((name.to_owned(), 0)..).take_while(move |((n, _), _)| n == name).map(|(_, m)| m)
    }
}

fn duplicate(what: &str, span: Span, first: &str) -> Diagnostic {
    Diagnostic::new(&code::DUPLICATE_NAME, format!("{what} is defined already"))
        .at(span)
        .help(format!("the first stays: {first}"))
}
