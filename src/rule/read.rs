//! From the YAML tree to a [`Rule`], in each of the three layouts.

use super::layout::{REQUIRED, TAGS, TOP};
use super::model::{Drilldown, Rule};
use super::reader::Reader;
use super::yaml::{self, Entry, Node};
use crate::diagnostic::{Diagnostic, Sink, code, did_you_mean};
use crate::source::{SourceFile, Span};

/// Reads a rule file.
pub(super) fn rule(file: &SourceFile, sink: &mut Sink) -> Option<Rule> {
    let Some(root) = yaml::parse(file, sink).ok()? else {
        sink.push(
            Diagnostic::new(&code::NO_RULE, "the file is empty")
                .at(Span::new(0, 0))
                .help("a rule is a YAML mapping with the keys `name`, `id` and `search`"),
        );
        return None;
    };
    let Some(entries) = root.entries() else {
        let kind = root.kind();
        sink.push(
            Diagnostic::new(&code::WRONG_TYPE, format!("the file is {kind}, where a mapping is expected"))
                .at(Span { start: root.span.start, end: root.span.start })
                .help("a rule is a YAML mapping with the keys `name`, `id` and `search`"),
        );
        return None;
    };
    let mut reader = Reader { file, sink };
    for key in REQUIRED {
        reader.require(&root, key, required_help(key));
    }
    let mut rule = Rule {
        id: reader.strict_text(&root, "id"),
        name: reader.strict_text(&root, "name"),
        version: reader.text(&root, "version"),
        status: reader.text(&root, "status"),
        kind: reader.text(&root, "type"),
        author: reader.text(&root, "author"),
        description: reader.text(&root, "description"),
        date: either(reader.text(&root, "creation_date"), || reader.text(&root, "date")),
        modified: reader.text(&root, "modification_date"),
        search: reader.search(&root, "search"),
        data_source: reader.list(&root, "data_source"),
        how_to_implement: reader.text(&root, "how_to_implement"),
        known_false_positives: reader.text(&root, "known_false_positives"),
        references: reader.list(&root, "references"),
        category: reader.text(&root, "category"),
        tests: super::test::tests(&root, &mut reader),
        drilldown_searches: drilldowns(&root, &mut reader),
        ..Rule::default()
    };
    read_tags(&mut rule, &root, &mut reader);
    unknown_keys(&mut rule.unknown_keys, entries, "", TOP, reader.sink);
    if let Some(tags) = root.get("tags").and_then(Node::entries) {
        unknown_keys(&mut rule.unknown_keys, tags, "tags.", TAGS, reader.sink);
    }
    Some(rule)
}

fn required_help(key: &str) -> &'static str {
    match key {
        "name" => "add `name: …`, the rule's title",
        "id" => "add `id: …`, a UUID that stays the rule's own",
        _ => "add `search: …`, the rule's SPL",
    }
}

fn either(first: String, second: impl FnOnce() -> String) -> String {
    if first.is_empty() { second() } else { first }
}

/// What stands in `tags` in the older layouts and at the top in the newest; the top wins.
fn read_tags(rule: &mut Rule, root: &Node, reader: &mut Reader<'_>) {
    let tags = reader.mapping(root, "tags");
    let place = |key: &str| match tags {
        Some(tags) if root.get(key).is_none() => tags,
        _ => root,
    };
    rule.analytic_story = reader.list(place("analytic_story"), "analytic_story");
    rule.mitre_attack_id = reader.list(place("mitre_attack_id"), "mitre_attack_id");
    rule.product = reader.list(place("product"), "product");
    rule.cve = reader.list(place("cve"), "cve");
    rule.asset_type = reader.text(place("asset_type"), "asset_type");
    rule.security_domain = reader.text(place("security_domain"), "security_domain");
    rule.risk_score = tags.and_then(|tags| reader.number(tags, "risk_score"));
    if rule.risk_score.is_none()
        && let Some(rba) = reader.mapping(root, "rba")
    {
        let objects = reader.mappings(rba, "risk_objects");
        let scores = objects.into_iter().filter_map(|object| reader.number(object, "score"));
        rule.risk_score = scores.fold(None, |most: Option<f64>, n| Some(most.map_or(n, |m| m.max(n))));
    }
}

fn drilldowns(root: &Node, reader: &mut Reader<'_>) -> Vec<Drilldown> {
    let mut drilldowns = Vec::new();
    for drilldown in reader.mappings(root, "drilldown_searches") {
        drilldowns.push(Drilldown {
            name: reader.text(drilldown, "name"),
            search: reader.search(drilldown, "search"),
            earliest: reader.text(drilldown, "earliest_offset"),
            latest: reader.text(drilldown, "latest_offset"),
        });
    }
    drilldowns
}

fn unknown_keys(found: &mut Vec<(String, Span)>, entries: &[Entry], prefix: &str, known: &[&str], sink: &mut Sink) {
    for entry in entries.iter().filter(|e| !known.contains(&e.key.as_str())) {
        let key = format!("{prefix}{}", entry.key);
        let diagnostic =
            Diagnostic::new(&code::UNKNOWN_KEY, format!("the key `{key}` is not known")).at(entry.key_span);
        let help = did_you_mean(&entry.key, known.iter().copied());
        sink.push(diagnostic.help(help.unwrap_or_else(|| "it is kept and changes nothing".to_owned())));
        found.push((key, entry.key_span));
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests_of_layouts;
