//! A detection rule, one struct for the layouts of 2024, 2025 and 2026.

use super::ScalarMap;
use crate::diagnostic::Sink;
use crate::source::{SourceFile, Span};

/// A detection rule. Absent texts are empty, absent lists too.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub id: String,
    pub name: String,
    pub version: String,
    /// `production`, `experimental`, `deprecated`.
    pub status: String,
    /// `TTP`, `Anomaly`, `Hunting`, `Correlation`, `Baseline`.
    pub kind: String,
    pub author: String,
    pub description: String,
    /// `YYYY-MM-DD`: `creation_date`, or `date` in the older layouts.
    pub date: String,
    /// `modification_date`; in the older layouts empty.
    pub modified: String,
    pub search: Search,
    pub data_source: Vec<String>,
    pub how_to_implement: String,
    pub known_false_positives: String,
    pub references: Vec<String>,
    pub analytic_story: Vec<String>,
    pub asset_type: String,
    /// E.g. `T1098.001`.
    pub mitre_attack_id: Vec<String>,
    pub product: Vec<String>,
    /// E.g. `CVE-2021-44228`.
    pub cve: Vec<String>,
    pub security_domain: String,
    /// `category` of the 2026 layout.
    pub category: String,
    /// Risk score, 0 to 100: `tags.risk_score`, or the highest of `rba.risk_objects`.
    pub risk_score: Option<f64>,
    pub tests: Vec<Test>,
    pub drilldown_searches: Vec<Drilldown>,
    /// Keys that no layout has, those within `tags` with that prefix: `tags.foo`.
    pub unknown_keys: Vec<(String, Span)>,
}

/// The rule's SPL.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The decoded text.
    pub text: String,
    pub map: ScalarMap,
    /// The scalar in the file.
    pub span: Span,
}

/// A unit test that the rule declares.
#[derive(Clone, Debug, Default)]
pub struct Test {
    pub name: String,
    /// URL or path, sourcetype and source of each data set (`attack_data`).
    pub data: Vec<(String, String, String)>,
    /// Events of our own form of tests.
    pub events: Vec<TestEvents>,
    /// Source and sourcetype of `events`; empty: the events say it.
    pub source: String,
    pub sourcetype: String,
    /// The moment of the search.
    pub now: String,
    /// `None`: as the rule library's tests, which must find something.
    pub expect: Option<Expect>,
    pub span: Span,
}

/// Events of a test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestEvents {
    /// A path, from the rule's folder.
    File(String),
    /// A record, as JSON text.
    Record(String),
}

/// What a test holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expect {
    /// At least one row.
    Fires,
    DoesNotFire,
    /// This many rows.
    Count(u64),
    /// These rows in this order: columns with their values; none for a column without a value.
    Rows(Vec<Vec<(String, Vec<String>)>>),
}

/// A search that an analyst opens from a finding. It is parsed, not compiled.
#[derive(Clone, Debug, Default)]
pub struct Drilldown {
    pub name: String,
    pub search: Search,
    /// SPL time modifiers, or tokens such as `$info_min_time$`.
    pub earliest: String,
    pub latest: String,
}

impl Rule {
    /// Reads a rule file: its first YAML document. What is wrong goes to the sink; a rule that lacks a required key is
    /// given all the same, with that text empty, so that it can be named. `None`: the file holds no mapping.
    pub fn parse(file: &SourceFile, sink: &mut Sink) -> Option<Rule> {
        super::read::rule(file, sink)
    }
}
