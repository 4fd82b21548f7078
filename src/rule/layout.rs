//! The keys of the rule library's layouts, for telling a typing error from a key that is merely not used here.
//!
//! 2024: `date`, and most of the metadata in `tags`. 2025: `rba` and `drilldown_searches` beside `tags`.
//! 2026: `creation_date`, `modification_date`, `category`, and the former tags at the top level.

/// Keys at the top of a rule.
pub(super) const TOP: &[&str] = &[
    "alert_action",
    "analytic_story",
    "asset_type",
    "atomic_guid",
    "author",
    "baselines",
    "category",
    "creation_date",
    "cve",
    "data_source",
    "date",
    "deployment",
    "deprecation_info",
    "description",
    "drilldown_searches",
    "enabled_by_default",
    "finding",
    "group",
    "how_to_implement",
    "id",
    "intermediate_findings",
    "known_false_positives",
    "manual_test",
    "mitre_attack_id",
    "modification_date",
    "name",
    "notable",
    "product",
    "rba",
    "references",
    "runtime",
    "search",
    "security_domain",
    "status",
    "tags",
    "tests",
    "threat_objects",
    "throttling",
    "type",
    "version",
];

/// Keys within `tags`.
pub(super) const TAGS: &[&str] = &[
    "analytic_story",
    "asset_type",
    "atomic_guid",
    "cis20",
    "confidence",
    "context",
    "cve",
    "drilldown_search",
    "group",
    "impact",
    "kill_chain_phases",
    "manual_test",
    "mappings",
    "message",
    "mitre_attack_id",
    "nist",
    "observable",
    "product",
    "required_fields",
    "risk_score",
    "risk_severity",
    "security_domain",
    "throttling",
];

/// Keys that a rule must have.
pub(super) const REQUIRED: &[&str] = &["name", "id", "search"];
