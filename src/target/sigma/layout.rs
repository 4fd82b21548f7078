//! Lays a condition out as a detection: named selections and the expression that joins them.

use serde_yaml::{Mapping, Value};

use super::cond::{Cond, Leaf, Number, Test};
use super::value::{Shape, with_wildcards, without_wildcards};
use crate::ir::{CompareOp, Pattern};

/// The detection section: what selects events, and what is asked of them only because a later aggregation leaves
/// events without its keys out.
pub(super) fn detection(selection: Cond, group_keys: Cond) -> Mapping {
    let mut layout = Layout { detections: Mapping::new() };
    let mut nodes = layout.conjunction(selection.into_conjuncts(), "selection", Some("selection"));
    nodes.extend(layout.conjunction(group_keys.into_conjuncts(), "group_keys", Some("group_keys")));
    let condition = Node::And(nodes).print(false);
    let mut map = layout.detections;
    map.insert("condition".into(), condition.into());
    map
}

struct Layout {
    detections: Mapping,
}

/// The expression over the names of selections.
enum Node {
    Name(String),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl Node {
    /// Everything inside something else stands in parentheses, whatever binds stronger.
    fn print(&self, inside: bool) -> String {
        let join = |nodes: &[Node], word: &str| match nodes {
            [only] => only.print(inside),
            nodes => {
                let text = nodes.iter().map(|n| n.print(true)).collect::<Vec<_>>().join(word);
                if inside { format!("({text})") } else { text }
            }
        };
        match self {
            Node::Name(name) => name.clone(),
            Node::Not(inner) => format!("not {}", inner.print(true)),
            Node::And(nodes) => join(nodes, " and "),
            Node::Or(nodes) => join(nodes, " or "),
        }
    }
}

impl Layout {
    /// The members of a conjunction: tests of fields share one selection; then what else must hold, then what must not.
    fn conjunction(&mut self, parts: Vec<Cond>, prefix: &str, name: Option<&str>) -> Vec<Node> {
        let mut leaves: Vec<Leaf> = Vec::new();
        let mut positive: Vec<Cond> = Vec::new();
        let mut negative: Vec<Cond> = Vec::new();
        for part in parts {
            match part {
                Cond::Leaf(leaf) => leaves.push(leaf),
                Cond::Not(inner) => negative.push(*inner),
                // One map with all of them absent reads better than a name for each that is present.
                Cond::Or(parts) if parts.iter().all(is_presence) => {
                    negative.push(Cond::and(parts.into_iter().map(Cond::negate)));
                }
                other => positive.push(other),
            }
        }
        // Values of one field that are each excluded become one list.
        let negative = match Cond::or(negative) {
            Cond::Or(parts) => parts,
            Cond::False => Vec::new(),
            only => vec![only],
        };
        let mut nodes = Vec::new();
        for (i, map) in selections(leaves).into_iter().enumerate() {
            let name = match name {
                Some(name) if i == 0 => name.to_owned(),
                _ => map.name(prefix),
            };
            nodes.push(self.define(name, Value::Mapping(map.entries)));
        }
        for part in positive {
            nodes.push(self.place(part, prefix));
        }
        for part in negative {
            nodes.push(Node::Not(Box::new(self.place(part, negated(prefix)))));
        }
        nodes
    }

    fn place(&mut self, cond: Cond, prefix: &str) -> Node {
        match cond {
            Cond::Leaf(_) => Node::And(self.conjunction(vec![cond], prefix, None)),
            Cond::And(parts) => Node::And(self.conjunction(parts, prefix, None)),
            Cond::Or(parts) => Node::Or(parts.into_iter().map(|p| self.place(p, prefix)).collect()),
            Cond::Not(inner) => Node::Not(Box::new(self.place(*inner, negated(prefix)))),
            Cond::Keyword(patterns, _) => {
                let list = patterns.iter().map(|p| Value::from(with_wildcards(p))).collect();
                self.define("keywords".to_owned(), Value::Sequence(list))
            }
            // Constants are folded before; an empty conjunction selects everything, and prints as nothing would.
            Cond::True => Node::And(Vec::new()),
            Cond::False => Node::Or(Vec::new()),
        }
    }

    /// Gives a selection a name of its own; the same selection is not written twice.
    fn define(&mut self, name: String, selection: Value) -> Node {
        if let Some((name, _)) = self.detections.iter().find(|(_, s)| **s == selection)
            && let Some(name) = name.as_str()
        {
            return Node::Name(name.to_owned());
        }
        let mut unique = name.clone();
        let mut n = 1;
        while self.detections.contains_key(unique.as_str()) {
            n += 1;
            unique = format!("{name}_{n}");
        }
        self.detections.insert(unique.as_str().into(), selection);
        Node::Name(unique)
    }
}

fn is_presence(cond: &Cond) -> bool {
    matches!(cond, Cond::Leaf(leaf) if leaf.test == Test::Present)
}

/// What is excluded is a filter; what is excluded from that is selected again.
fn negated(prefix: &str) -> &'static str {
    if prefix == "filter" { "selection" } else { "filter" }
}

/// A test and its values.
type Entry = (Leaf, Vec<Value>);

/// A map of tests that must all hold.
struct Selection {
    entries: Mapping,
    /// Of the first test.
    field: String,
    suffix: &'static str,
}

impl Selection {
    fn name(&self, prefix: &str) -> String {
        format!("{prefix}_{}{}", snake_case(&self.field), self.suffix)
    }
}

/// Maps that hold the tests. A map has each key once: several texts for one key are joined by `all`, where that is
/// possible, and other repetitions get maps of their own.
fn selections(leaves: Vec<Leaf>) -> Vec<Selection> {
    let mut groups: Vec<(String, Vec<Entry>)> = Vec::new();
    for leaf in leaves {
        let (key, values) = entry(&leaf);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push((leaf, values)),
            None => groups.push((key, vec![(leaf, values)])),
        }
    }
    let mut out: Vec<Selection> = Vec::new();
    let mut extra: Vec<Selection> = Vec::new();
    for (key, members) in groups {
        let joined = members.len() > 1
            && members
                .iter()
                .all(|(leaf, values)| values.len() == 1 && matches!(leaf.test, Test::Text { .. } | Test::Regex { .. }));
        if joined {
            let first = members.first().map(|(leaf, _)| leaf.clone());
            let values: Vec<Value> = members.into_iter().flat_map(|(_, values)| values).collect();
            add(&mut out, first.as_ref(), format!("{key}|all"), Value::Sequence(values));
            continue;
        }
        for (i, (leaf, mut values)) in members.into_iter().enumerate() {
            let value = if values.len() == 1 { values.remove(0) } else { Value::Sequence(values) };
            if i == 0 {
                add(&mut out, Some(&leaf), key.clone(), value);
            } else {
                let mut own = Vec::new();
                add(&mut own, Some(&leaf), key.clone(), value);
                extra.extend(own);
            }
        }
    }
    out.extend(extra);
    out
}

/// Adds an entry to the first map.
fn add(maps: &mut Vec<Selection>, leaf: Option<&Leaf>, key: String, value: Value) {
    if maps.is_empty() {
        let suffix = match leaf.map(|l| &l.test) {
            Some(Test::Present) => "_present",
            Some(Test::Absent) => "_absent",
            _ => "",
        };
        let field = leaf.map(|l| l.field.clone()).unwrap_or_default();
        maps.push(Selection { entries: Mapping::new(), field, suffix });
    }
    if let Some(first) = maps.first_mut() {
        first.entries.insert(key.into(), value);
    }
}

/// A test as a key with modifiers and its values.
fn entry(leaf: &Leaf) -> (String, Vec<Value>) {
    let (modifiers, values): (Vec<&str>, Vec<Value>) = match &leaf.test {
        Test::Text { patterns, cased } => text(patterns, *cased),
        Test::Number(numbers) => (vec![], numbers.iter().map(|n| number(*n)).collect()),
        Test::Boolean(b) => (vec![], vec![Value::Bool(*b)]),
        Test::Regex { patterns, flags } => {
            let modifiers = std::iter::once("re").chain(flags.iter().copied()).collect();
            (modifiers, patterns.iter().map(|p| Value::from(p.as_str())).collect())
        }
        Test::Cidr(networks) => (vec!["cidr"], networks.iter().map(|n| Value::from(n.as_str())).collect()),
        Test::Order(op, n) => {
            let modifier = match op {
                CompareOp::Lt => "lt",
                CompareOp::Le => "lte",
                CompareOp::Gt => "gt",
                CompareOp::Ge => "gte",
                // Never built; equality has tests of its own.
                CompareOp::Eq | CompareOp::Ne => "",
            };
            (vec![modifier], vec![number(*n)])
        }
        Test::SameAs(other) => {
            let name = Pattern::new([crate::ir::Piece::Text(other.clone())]);
            (vec!["fieldref"], vec![Value::from(with_wildcards(&name))])
        }
        Test::Present => (vec!["exists"], vec![Value::Bool(true)]),
        // The null test is what rules for this log source write for absence, and more converters know it.
        Test::Absent => (vec![], vec![Value::Null]),
    };
    let key = std::iter::once(leaf.field.as_str()).chain(modifiers).collect::<Vec<_>>().join("|");
    (key, values)
}

fn text(patterns: &[Pattern], cased: bool) -> (Vec<&'static str>, Vec<Value>) {
    let first = patterns.first().map_or(Shape::Exact, Shape::of);
    let shared = if patterns.iter().all(|p| Shape::of(p) == first) { first.modifier() } else { None };
    let mut modifiers: Vec<&'static str> = shared.into_iter().collect();
    if cased {
        modifiers.push("cased");
    }
    let values = patterns.iter().map(|p| match shared {
        Some(_) => Value::from(without_wildcards(p)),
        None if cased => Value::from(with_wildcards(p)),
        None => plain(p),
    });
    (modifiers, values.collect())
}

/// A value without modifiers: a whole number stands without quotes, as the specification asks.
fn plain(pattern: &Pattern) -> Value {
    let integer = pattern.as_text().and_then(|t| t.parse::<i64>().ok().filter(|n| n.to_string() == t));
    match integer {
        Some(n) => Value::from(n),
        None => Value::from(with_wildcards(pattern)),
    }
}

fn number(n: Number) -> Value {
    match n {
        Number::Integer(n) => Value::from(n),
        Number::Double(n) => Value::from(n),
    }
}

/// The last part of a field's name as a word of a selection's name: `user_agent` of `userIdentity.userAgent`.
fn snake_case(field: &str) -> String {
    let last = field.rsplit('.').find(|part| part.chars().any(|c| c.is_ascii_alphanumeric())).unwrap_or("field");
    let chars: Vec<char> = last.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let after_lower = i > 0 && chars[i - 1].is_ascii_lowercase();
        let before_lower = chars.get(i + 1).is_some_and(char::is_ascii_lowercase);
        let after_upper = i > 0 && chars[i - 1].is_ascii_uppercase();
        if c.is_ascii_uppercase() && (after_lower || (after_upper && before_lower)) && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.trim_matches('_').chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Piece;

    fn text(field: &str, pieces: &[&str]) -> Cond {
        texts(field, &[pieces], false)
    }

    /// `*` is a wildcard.
    fn texts(field: &str, patterns: &[&[&str]], cased: bool) -> Cond {
        let pattern = |pieces: &&[&str]| {
            Pattern::new(pieces.iter().map(|p| match *p {
                "*" => Piece::Any,
                t => Piece::Text(t.to_owned()),
            }))
        };
        Cond::leaf(field, Test::Text { patterns: patterns.iter().map(pattern).collect(), cased })
    }

    fn printed(selection: Cond, group_keys: Cond) -> String {
        let mut document = Mapping::new();
        document.insert("detection".into(), Value::Mapping(detection(selection, group_keys)));
        super::super::yaml::print(&Value::Mapping(document))
    }

    #[test]
    fn tests_that_must_all_hold_share_a_selection() {
        let cond = Cond::and([
            text("eventSource", &["s3.amazonaws.com"]),
            text("eventName", &["Put", "*"]),
            texts("userAgent", &[&["*", "curl", "*"], &["*", "wget", "*"]], false),
            text("recipientAccountId", &["123456789012"]),
            text("zip", &["0123"]),
        ]);
        insta::assert_snapshot!(printed(cond, Cond::True), @r"
        detection:
            selection:
                eventSource: 's3.amazonaws.com'
                eventName|startswith: 'Put'
                userAgent|contains:
                    - 'curl'
                    - 'wget'
                recipientAccountId: 123456789012
                zip: '0123'
            condition: selection
        ");
    }

    #[test]
    fn boolean_structure_becomes_the_condition() {
        let cond = Cond::and([
            text("eventName", &["Get"]),
            text("userAgent", &["*", "Boto", "*"]).negate(),
            Cond::and([text("userIdentity.type", &["Root"]), text("awsRegion", &["us-", "*"])]).negate(),
            Cond::or([
                text("errorCode", &["success"]),
                Cond::and([
                    Cond::leaf("errorCode", Test::Absent),
                    text("responseElements.ConsoleLogin", &["Failure"]).negate(),
                ]),
            ]),
        ]);
        insta::assert_snapshot!(printed(cond, Cond::leaf("userAgent", Test::Present)), @r"
        detection:
            selection:
                eventName: 'Get'
            selection_error_code:
                errorCode: 'success'
            selection_error_code_absent:
                errorCode: null
            filter_console_login:
                responseElements.ConsoleLogin: 'Failure'
            filter_user_agent:
                userAgent|contains: 'Boto'
            filter_type:
                userIdentity.type: 'Root'
                awsRegion|startswith: 'us-'
            group_keys:
                userAgent|exists: true
            condition: selection and (selection_error_code or (selection_error_code_absent and not filter_console_login)) and not filter_user_agent and not filter_type and group_keys
        ");
    }

    #[test]
    fn several_texts_of_one_field_are_joined_by_all() {
        let cond = Cond::and([
            text("userAgent", &["*", "a", "*"]),
            text("userAgent", &["*", "b", "*"]),
            texts("eventName", &[&["a"], &["b", "*", "c"]], true),
            Cond::leaf("n", Test::Order(CompareOp::Gt, Number::Integer(1))),
            Cond::leaf("n", Test::Order(CompareOp::Gt, Number::Double(1.5))),
        ]);
        insta::assert_snapshot!(printed(cond, Cond::True), @r"
        detection:
            selection:
                userAgent|contains|all:
                    - 'a'
                    - 'b'
                eventName|cased:
                    - 'a'
                    - 'b*c'
                n|gt: 1
            selection_n:
                n|gt: 1.5
            condition: selection and selection_n
        ");
    }

    #[test]
    fn names_are_unique_and_repeated_selections_are_written_once() {
        let cond = Cond::or([
            Cond::and([text("a.name", &["x"]), text("c", &["1"])]),
            Cond::and([text("b.name", &["y"]), text("c", &["1"]).negate()]),
            Cond::and([text("d", &["1"]), text("c", &["1"]).negate()]),
        ]);
        insta::assert_snapshot!(printed(cond, Cond::True), @r"
        detection:
            selection_name:
                a.name: 'x'
                c: 1
            selection_name_2:
                b.name: 'y'
            filter_c:
                c: 1
            selection_d:
                d: 1
            condition: selection_name or (selection_name_2 and not filter_c) or (selection_d and not filter_c)
        ");
    }

    #[test]
    fn some_field_of_several_is_not_all_of_them_absent() {
        let present = |field: &str| Cond::leaf(field, Test::Present);
        let cond = Cond::and([text("a", &["1"]), Cond::or([present("b"), present("c")])]);
        insta::assert_snapshot!(printed(cond, Cond::True), @r"
        detection:
            selection:
                a: 1
            filter_b_absent:
                b: null
                c: null
            condition: selection and not filter_b_absent
        ");
    }

    #[test]
    fn negations_of_structures_are_in_parentheses() {
        let inner = Cond::and([text("a", &["1"]), text("b", &["1"]).negate()]);
        insta::assert_snapshot!(printed(inner.negate(), Cond::True), @r"
        detection:
            filter_a:
                a: 1
            selection_b:
                b: 1
            condition: not (filter_a and not selection_b)
        ");
    }

    #[test]
    fn keywords_are_a_list() {
        let terms = vec![Pattern::new([Piece::Text("a*b".to_owned())])];
        let cond = Cond::and([Cond::Keyword(terms, Default::default()), text("a", &["1"])]);
        insta::assert_snapshot!(printed(cond, Cond::True), @r"
        detection:
            selection:
                a: 1
            keywords:
                - 'a\*b'
            condition: selection and keywords
        ");
    }

    #[test]
    fn field_names_become_words() {
        assert_eq!(snake_case("sourceIPAddress"), "source_ip_address");
        assert_eq!(snake_case("requestParameters.x-amz-acl"), "x_amz_acl");
        assert_eq!(snake_case("eventID"), "event_id");
        assert_eq!(snake_case("日本"), "field");
    }
}
