//! The `[target.sigma]` section of a schema: the log source's name in Sigma and its fields there.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::schema::{Schema, Schemas};
use crate::source::Span;

/// How Sigma knows a log source. Without an entry in `fields` a raw field keeps its path, less the `{}` of lists.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    pub(super) product: Option<String>,
    pub(super) category: Option<String>,
    pub(super) service: Option<String>,
    /// Free text about the log source's configuration.
    pub(super) definition: Option<String>,
    /// Raw path to Sigma field, where they differ.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
    /// Whether whoever converts the rules reads a field below a list as "some element".
    #[serde(default)]
    pub(super) any_lists: bool,
    /// Raw fields whose values come in one spelling only: for these a comparison with case is one without.
    #[serde(default)]
    pub(super) single_spelling: Vec<String>,
    /// Raw fields that hold JSON as text: what is inside has no name in Sigma.
    #[serde(default)]
    pub(super) json_text: Vec<String>,
    /// Which field a correlation groups by where a calculated key reads the raw field on the left.
    #[serde(default)]
    pub(super) group_by: BTreeMap<String, String>,
    /// What a reader of any rule on this source should know.
    pub(super) note: Option<String>,
}

impl Binding {
    /// Reads the section of a scan's schema.
    pub(super) fn of<'a>(
        schemas: &'a Schemas,
        source: &str,
        span: Span,
        sink: &mut Sink,
    ) -> Result<(&'a Schema, Binding), Reported> {
        let Some(schema) = schemas.get(source) else {
            let message = format!("no schema describes the log source `{source}`");
            return Err(sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(span)));
        };
        match schema.section::<Binding>("sigma") {
            Some(Ok(binding)) if binding.has_logsource() => Ok((schema, binding)),
            Some(Ok(_)) | None => {
                let message = format!("Sigma has no name for the log source `{source}`");
                let help = format!(
                    "give `product`, `service` or `category` in the section `[target.sigma]` of the schema `{source}`"
                );
                Err(sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span).help(help)))
            }
            Some(Err(message)) => {
                let message = format!("the section `[target.sigma]` of the schema `{source}` is malformed: {message}");
                Err(sink.fail(Diagnostic::new(&code::INVALID_SCHEMA, message).at(span)))
            }
        }
    }

    fn has_logsource(&self) -> bool {
        self.product.is_some() || self.service.is_some() || self.category.is_some()
    }

    /// The Sigma name of a raw field.
    ///
    /// # Errors
    /// Why it has none.
    pub(super) fn field(&self, schema: &Schema, raw: &str) -> Result<String, String> {
        let raw = if raw == "_time" { schema.time.as_str() } else { raw };
        let name = match self.fields.get(raw) {
            Some(name) => name.clone(),
            None => raw.replace("{}", ""),
        };
        if name.is_empty() || name.contains('|') || name.chars().any(char::is_control) {
            return Err(format!("the field `{raw}` has a name that a Sigma rule can't hold"));
        }
        if name.contains('{') {
            return Err(format!("`{raw}` is one element of a list by its number, which Sigma can't name"));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::parse("id = \"s\"\ntitle = \"S\"\ntime = \"eventTime\"\nselect = []\n[fields]\n").expect("a schema")
    }

    #[test]
    fn raw_paths_lose_their_list_marks() {
        let binding = Binding { fields: [("a".to_owned(), "A".to_owned())].into(), ..Binding::default() };
        assert_eq!(binding.field(&schema(), "x.items{}.b"), Ok("x.items.b".to_owned()));
        assert_eq!(binding.field(&schema(), "a"), Ok("A".to_owned()));
        assert_eq!(binding.field(&schema(), "_time"), Ok("eventTime".to_owned()));
    }

    #[test]
    fn names_that_would_read_as_modifiers_are_refused() {
        assert!(Binding::default().field(&schema(), "a|re").is_err());
        assert!(Binding::default().field(&schema(), "a{0}.b").is_err());
        assert!(Binding::default().field(&schema(), "").is_err());
    }

    #[test]
    fn builtin_sections_are_well_formed() {
        for schema in Schemas::builtin().iter() {
            if let Some(Err(message)) = schema.section::<Binding>("sigma") {
                panic!("{}: {message}", schema.id);
            }
        }
    }
}
