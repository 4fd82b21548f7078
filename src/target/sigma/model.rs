//! Sigma rules and correlation rules as documents: keys in the order of the specification.

use serde::Serialize;
use serde_yaml::Mapping;

/// A rule (Sigma rules specification 2.0) or, with `correlation` in place of `logsource` and `detection`, a
/// correlation rule (Sigma correlation rules specification 2.0). Absent attributes are left out.
#[derive(Serialize, Debug, Default)]
pub(super) struct Document {
    /// At most 256 characters.
    pub(super) title: String,
    pub(super) id: String,
    /// By which a correlation refers to the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related: Vec<Related>,
    #[serde(flatten)]
    pub(super) about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logsource: Option<Logsource>,
    /// Named selections, then `condition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detection: Option<Mapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation: Option<Correlation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) falsepositives: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<&'static str>,
}

/// Attributes that only the outermost document of a correlation has.
#[derive(Serialize, Debug, Default)]
pub(super) struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
}

#[derive(Serialize, Debug)]
pub(super) struct Related {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Serialize, Debug)]
pub(super) struct Logsource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) definition: Option<String>,
}

#[derive(Serialize, Debug, PartialEq)]
pub(super) struct Correlation {
    /// `event_count` or `value_count`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) rules: Vec<String>,
    #[serde(rename = "group-by", skip_serializing_if = "Vec::is_empty")]
    pub(super) group_by: Vec<String>,
    /// A number and one of `s`, `m`, `h`, `d`.
    pub(super) timespan: String,
    /// One bound (`gt`, `gte`, `lt`, `lte`, `eq`), behind the `field` whose values count.
    pub(super) condition: Mapping,
}
