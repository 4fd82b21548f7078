//! What a Sigma rule says about itself, from the rule's own metadata.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use uuid::Uuid;

use super::model::{About, Related};
use crate::rule::Rule;

/// Techniques of ATT&CK: `targets/sigma/attack.toml`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Attack {
    techniques: BTreeMap<String, Vec<String>>,
    replaced: BTreeMap<String, String>,
}

static ATTACK: LazyLock<Attack> = LazyLock::new(|| {
    // A test holds that the file parses.
    toml::from_str(include_str!("../../../targets/sigma/attack.toml")).unwrap_or_default()
});

/// The longest title and description that the specification allows, in characters.
const TITLE: usize = 256;
const DESCRIPTION: usize = 65_535;

pub(super) fn about(rule: &Rule) -> About {
    About {
        status: Some(status(&rule.status)),
        description: some(cut(&one_line(&rule.description), DESCRIPTION)),
        references: unique(rule.references.iter().map(|r| one_line(r))),
        author: some(one_line(&rule.author)),
        date: date(&rule.date),
        modified: date(&rule.modified),
        tags: tags(&rule.mitre_attack_id),
    }
}

pub(super) fn title(rule: &Rule) -> String {
    let name = one_line(&rule.name);
    cut(if name.is_empty() { "Untitled rule" } else { &name }, TITLE)
}

/// The title of the rule that a correlation counts: no two rules of a file may share one.
pub(super) fn base_title(rule: &Rule) -> String {
    let suffix = " - Events";
    cut(&title(rule), TITLE - suffix.len()) + suffix
}

/// The name by which the correlation refers to its rule.
pub(super) fn base_name(rule: &Rule) -> String {
    let slug: String = title(rule)
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect::<String>()
        .split('_')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_");
    cut(&format!("{slug}_events"), TITLE)
}

/// An id of its own for each document, the same at every compilation (RFC 9562, version 5): its namespace is the
/// rule's id, where that is a UUID.
pub(super) fn id(rule: &Rule, document: &str) -> String {
    match Uuid::parse_str(rule.id.trim()) {
        Ok(id) => Uuid::new_v5(&id, document.as_bytes()).to_string(),
        Err(_) => {
            let name = format!("{}\n{}\n{document}", rule.id, rule.name);
            Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
        }
    }
}

/// The Splunk rule, where its id is a UUID, as Sigma's ids must be.
pub(super) fn related(rule: &Rule) -> Vec<Related> {
    Uuid::parse_str(rule.id.trim()).ok().map(|id| Related { id: id.to_string(), kind: "derived" }).into_iter().collect()
}

pub(super) fn falsepositives(rule: &Rule) -> Vec<String> {
    let text = one_line(&rule.known_false_positives);
    if text.chars().count() < 2 { Vec::new() } else { vec![text] }
}

/// By the risk score, else by the rule's type.
pub(super) fn level(rule: &Rule) -> &'static str {
    match rule.risk_score {
        Some(score) if score >= 80.0 => "critical",
        Some(score) if score >= 60.0 => "high",
        Some(score) if score >= 40.0 => "medium",
        Some(_) => "low",
        None => match rule.kind.to_ascii_lowercase().as_str() {
            "ttp" | "correlation" => "high",
            "anomaly" => "medium",
            _ => "low",
        },
    }
}

fn status(status: &str) -> &'static str {
    match status.to_ascii_lowercase().as_str() {
        "production" => "stable",
        "experimental" => "experimental",
        "deprecated" => "deprecated",
        _ => "test",
    }
}

/// The tactics of the techniques, then the techniques.
fn tags(ids: &[String]) -> Vec<String> {
    let well_formed = |id: &&String| {
        id.strip_prefix(['T', 't']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    let current: Vec<String> = ids
        .iter()
        .filter(well_formed)
        .map(|id| id.to_ascii_uppercase())
        .map(|id| ATTACK.replaced.get(&id).cloned().unwrap_or(id))
        .collect();
    let tactics = current.iter().filter_map(|id| ATTACK.techniques.get(id)).flatten().cloned();
    let techniques = current.iter().map(|id| id.to_ascii_lowercase());
    unique(tactics.chain(techniques).map(|tag| format!("attack.{tag}")))
}

/// A date as `YYYY-MM-DD`; `None` where it is none.
fn date(text: &str) -> Option<String> {
    let numbers: Vec<&str> = text.trim().split(['-', '/']).collect();
    let [y, m, d] = numbers.as_slice() else { return None };
    let number = |s: &str, len: usize| if s.len() == len { s.parse::<u32>().ok() } else { None };
    let (month, day) = (number(m, 2)?, number(d, 2)?);
    number(y, 4)?;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| format!("{y}-{m}-{d}"))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn unique(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts {
        if !text.is_empty() && !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect::<String>().trim_end().to_owned()
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Rule {
        Rule {
            id: "211b80d3-6340-4345-11ad-212bf3d0d111".to_owned(),
            name: "AWS Lambda: UpdateFunctionCode".to_owned(),
            ..Rule::default()
        }
    }

    #[test]
    fn the_table_of_techniques_parses() {
        let attack: Attack = toml::from_str(include_str!("../../../targets/sigma/attack.toml")).expect("TOML");
        assert_eq!(attack.techniques["T1204"], ["execution"]);
        let tactics = [
            "reconnaissance",
            "resource-development",
            "initial-access",
            "execution",
            "persistence",
            "privilege-escalation",
            "defense-evasion",
            "credential-access",
            "discovery",
            "lateral-movement",
            "collection",
            "command-and-control",
            "exfiltration",
            "impact",
        ];
        for tactic in attack.techniques.values().flatten() {
            assert!(tactics.contains(&tactic.as_str()), "{tactic}");
        }
        for new in attack.replaced.values() {
            assert!(attack.techniques.contains_key(new), "{new}");
        }
    }

    #[test]
    fn tags_name_tactics_then_techniques() {
        let ids = ["T1098.001", "T1204", "T9999", "nonsense"].map(str::to_owned);
        assert_eq!(
            tags(&ids),
            [
                "attack.persistence",
                "attack.privilege-escalation",
                "attack.execution",
                "attack.t1098.001",
                "attack.t1204",
                "attack.t9999"
            ]
        );
        assert_eq!(tags(&["T1574.002".to_owned()]).last().map(String::as_str), Some("attack.t1574.001"));
    }

    #[test]
    fn ids_are_stable_and_differ_by_document() {
        let (a, b) = (id(&rule(), "rule"), id(&rule(), "correlation"));
        assert_eq!(a, id(&rule(), "rule"));
        assert_ne!(a, b);
        let parsed = Uuid::parse_str(&a).expect("a UUID");
        assert_eq!(parsed.get_version_num(), 5);
        let no_uuid = Rule { id: "x".to_owned(), ..rule() };
        assert!(Uuid::parse_str(&id(&no_uuid, "rule")).is_ok());
        assert!(related(&no_uuid).is_empty());
    }

    #[test]
    fn level_comes_from_the_score_or_the_type() {
        let level_of = |risk_score, kind: &str| level(&Rule { risk_score, kind: kind.to_owned(), ..Rule::default() });
        assert_eq!(level_of(Some(80.0), ""), "critical");
        assert_eq!(level_of(Some(79.0), ""), "high");
        assert_eq!(level_of(Some(40.0), ""), "medium");
        assert_eq!(level_of(Some(25.0), "TTP"), "low");
        assert_eq!(level_of(None, "TTP"), "high");
        assert_eq!(level_of(None, "Anomaly"), "medium");
        assert_eq!(level_of(None, "Hunting"), "low");
    }

    #[test]
    fn dates_have_one_form() {
        assert_eq!(date("2024-08-01"), Some("2024-08-01".to_owned()));
        assert_eq!(date("2024/08/01"), Some("2024-08-01".to_owned()));
        assert_eq!(date("2024-13-01"), None);
        assert_eq!(date(""), None);
    }

    #[test]
    fn titles_are_cut_and_of_one_line() {
        let long = Rule { name: format!("a\nb {}", "x".repeat(300)), ..Rule::default() };
        assert!(title(&long).starts_with("a b x"));
        assert_eq!(title(&long).chars().count(), 256);
        assert_eq!(base_title(&long).chars().count(), 256);
        assert_eq!(base_name(&rule()), "aws_lambda_updatefunctioncode_events");
    }
}
