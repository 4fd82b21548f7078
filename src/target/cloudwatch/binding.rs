//! The section `[target.cloudwatch]` of a schema: where a log source's raw fields are in a log group.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Where a log source's records are.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    /// What the log group holds, for the header, e.g. `CloudTrail log group`.
    pub log: String,
    /// The log group's name, where it is known; also for the header: the group is a parameter of the query, not part of it.
    #[serde(default)]
    pub log_group: Option<String>,
    /// A field whose values tell records apart; it stands for `_raw` in distinct counts.
    #[serde(default)]
    pub record_id: Option<String>,
    /// Raw fields that are JSON objects in the record. Insights discovers their members, not them.
    #[serde(default)]
    pub objects: Vec<String>,
    /// Raw fields whose path differs from the schema's.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl Binding {
    /// The path under which Insights discovers a raw field.
    pub(super) fn path<'a>(&'a self, raw: &'a str) -> &'a str {
        self.fields.get(raw).map_or(raw, String::as_str)
    }

    pub(super) fn is_object(&self, raw: &str) -> bool {
        self.objects.iter().any(|o| o == raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schemas;

    #[test]
    fn builtin_sections_are_well_formed() {
        for schema in Schemas::builtin().iter() {
            if let Some(Err(message)) = schema.section::<Binding>("cloudwatch") {
                panic!("{}: {message}", schema.id);
            }
        }
    }

    #[test]
    fn cloudtrail_is_bound() {
        let schemas = Schemas::builtin();
        let schema = schemas.get("cloudtrail").expect("the schema");
        let binding: Binding = schema.section("cloudwatch").expect("a section").expect("well-formed");
        assert_eq!(binding.record_id.as_deref(), Some("eventID"));
        assert!(binding.is_object("requestParameters"));
        assert_eq!(binding.path("eventName"), "eventName");
    }
}
