//! The tests of a rule: those of the rule library, with data sets by URL, and our own, with events beside the rule or in it.

use super::model::{Expect, Test, TestEvents};
use super::reader::Reader;
use super::yaml::{Node, Plain, Value};
use crate::diagnostic::{Diagnostic, code, did_you_mean};

/// Keys of a test.
const KEYS: &[&str] = &[
    "attack_data",
    "custom_index",
    "data",
    "description",
    "earliest_time",
    "events",
    "expect",
    "file",
    "latest_time",
    "name",
    "now",
    "pass_condition",
    "source",
    "sourcetype",
    "test_type",
    "update_timestamp",
];

const EXPECT_HELP: &str =
    "write `expect: fires`, `expect: does_not_fire`, or below `expect:` a number or a list as `rows:`";
const EVENTS_HELP: &str = "write the path of a file below the rule's folder, or a list of paths and of records";

/// Reads `tests:`.
pub(super) fn tests(root: &Node, reader: &mut Reader<'_>) -> Vec<Test> {
    let mut tests = Vec::new();
    for node in reader.mappings(root, "tests") {
        unknown_keys(node, reader);
        tests.push(Test {
            name: reader.text(node, "name"),
            data: data(node, reader),
            events: events(node, reader),
            source: reader.text(node, "source"),
            sourcetype: reader.text(node, "sourcetype"),
            now: reader.text(node, "now"),
            expect: expect(node, reader),
            span: node.entries().and_then(|e| e.first()).map_or(node.span, |e| e.key_span),
        });
    }
    tests
}

fn unknown_keys(test: &Node, reader: &mut Reader<'_>) {
    for entry in test.entries().unwrap_or_default().iter().filter(|e| !KEYS.contains(&e.key.as_str())) {
        let help = did_you_mean(&entry.key, KEYS.iter().copied());
        let diagnostic = Diagnostic::new(&code::UNKNOWN_KEY, format!("the key `{}` of a test is not known", entry.key));
        let help = help.unwrap_or_else(|| "it changes nothing".to_owned());
        reader.sink.push(diagnostic.at(entry.key_span).help(help));
    }
}

/// The data sets: URL or path, sourcetype and source of each.
fn data(test: &Node, reader: &mut Reader<'_>) -> Vec<(String, String, String)> {
    let sets = match test.get("attack_data") {
        // One data set, without the list around it, or the keys of a data set in the test itself.
        Some(set) if set.entries().is_some() => vec![set],
        Some(_) => reader.mappings(test, "attack_data"),
        None if test.get("data").is_some() => vec![test],
        None => Vec::new(),
    };
    sets.into_iter()
        .map(|set| (reader.text(set, "data"), reader.text(set, "sourcetype"), reader.text(set, "source")))
        .collect()
}

fn events(test: &Node, reader: &mut Reader<'_>) -> Vec<TestEvents> {
    let Some(node) = test.get("events") else { return Vec::new() };
    let items = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        Value::Scalar(_) | Value::Mapping(_) => std::slice::from_ref(node),
    };
    let mut events = Vec::new();
    for item in items {
        match &item.value {
            Value::Mapping(_) => events.push(TestEvents::Record(json(item))),
            Value::Scalar(path) if path.plain() == Plain::Text => events.push(TestEvents::File(path.text.clone())),
            _ => reader.wrong_type("events", item, "a path or a record", EVENTS_HELP),
        }
    }
    events
}

fn expect(test: &Node, reader: &mut Reader<'_>) -> Option<Expect> {
    let node = test.get("expect")?;
    if let Some(scalar) = node.scalar() {
        match scalar.text.as_str() {
            "fires" => return Some(Expect::Fires),
            "does_not_fire" => return Some(Expect::DoesNotFire),
            _ => {}
        }
    } else if let Some(rows) = node.get("rows")
        && node.entries().is_some_and(|e| e.len() == 1)
    {
        return rows_of(rows, reader);
    }
    let message = "`expect` says nothing that a test can hold";
    reader.sink.push(Diagnostic::new(&code::WRONG_TYPE, message).at(node.span).help(EXPECT_HELP));
    None
}

fn rows_of(node: &Node, reader: &mut Reader<'_>) -> Option<Expect> {
    if let Some(count) =
        node.scalar().filter(|s| matches!(s.plain(), Plain::Number(_))).and_then(|s| s.text.parse().ok())
    {
        return Some(Expect::Count(count));
    }
    let Some(items) = node.items() else {
        reader.wrong_type("rows", node, "a number or a list of rows", EXPECT_HELP);
        return None;
    };
    let mut rows = Vec::new();
    for item in items {
        let Some(entries) = item.entries() else {
            reader.wrong_type("rows", item, "a mapping as a row", "write each row as `- column: value`");
            return None;
        };
        let mut row = Vec::new();
        for entry in entries {
            let values = std::slice::from_ref(&entry.value);
            let values = entry.value.items().unwrap_or(values);
            let mut texts = Vec::new();
            for value in values.iter().filter(|v| !v.is_null()) {
                match value.scalar() {
                    Some(scalar) => texts.push(scalar.text.clone()),
                    None => {
                        let help = "write one value, or a list of values for a multivalue field";
                        reader.wrong_type(&entry.key, value, "a value", help);
                        return None;
                    }
                }
            }
            row.push((entry.key.clone(), texts));
        }
        rows.push(row);
    }
    Some(Expect::Rows(rows))
}

/// A record as JSON text. What YAML reads as a number and JSON does not (`012`) stays text.
fn json(node: &Node) -> String {
    let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    match &node.value {
        Value::Scalar(scalar) => match scalar.plain() {
            Plain::Null => "null".to_owned(),
            Plain::Boolean(truth) => truth.to_string(),
            Plain::Number(_) if serde_json::from_str::<serde_json::Number>(&scalar.text).is_ok() => scalar.text.clone(),
            Plain::Number(_) | Plain::Text => text(&scalar.text),
        },
        Value::Sequence(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Mapping(entries) => {
            let members = entries.iter().map(|e| format!("{}:{}", text(&e.key), json(&e.value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Sink;
    use crate::rule::{Expect, Rule, Test, TestEvents};
    use crate::source::SourceFile;

    fn read(tests: &str) -> (Vec<Test>, Vec<String>) {
        let file = SourceFile::new("x.yml", format!("name: n\nid: i\nsearch: s\ntests:\n{tests}"));
        let mut sink = Sink::default();
        let rule = Rule::parse(&file, &mut sink).expect("a rule");
        let said = sink.into_diagnostics().iter().map(|d| format!("{} {}", d.code.id, d.message)).collect();
        (rule.tests, said)
    }

    #[test]
    fn events_are_paths_and_records() {
        let (tests, said) = read(
            "  - name: a\n    events: e/x.json\n  - name: b\n    sourcetype: st\n    events:\n      - y.json\n      - {a: 1, b: {c: [x, true, null]}, id: 012, t: '5'}\n",
        );
        assert_eq!(said, [""; 0]);
        assert_eq!(tests[0].events, [TestEvents::File("e/x.json".to_owned())]);
        let record = r#"{"a":1,"b":{"c":["x",true,null]},"id":"012","t":"5"}"#;
        assert_eq!(tests[1].events, [TestEvents::File("y.json".to_owned()), TestEvents::Record(record.to_owned())]);
        assert_eq!((tests[1].sourcetype.as_str(), &tests[1].expect), ("st", &None));
    }

    #[test]
    fn expectations() {
        let (tests, said) = read(
            "  - expect: fires\n  - expect: does_not_fire\n  - expect: {rows: 3}\n  - expect:\n      rows:\n        - {user: x, n: 2, l: [a, b], none: }\n",
        );
        assert_eq!(said, [""; 0]);
        let expect: Vec<_> = tests.into_iter().map(|t| t.expect.expect("an expectation")).collect();
        let texts = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        let row = vec![
            ("user".to_owned(), texts(&["x"])),
            ("n".to_owned(), texts(&["2"])),
            ("l".to_owned(), texts(&["a", "b"])),
            ("none".to_owned(), texts(&[])),
        ];
        assert_eq!(expect, [Expect::Fires, Expect::DoesNotFire, Expect::Count(3), Expect::Rows(vec![row])]);
    }

    #[test]
    fn what_a_test_cant_mean_is_told() {
        let (_, said) = read("  - expect: always\n  - expect: {rows: many}\n  - events: [[1]]\n  - event: x\n");
        assert_eq!(
            said,
            [
                "R004 `expect` says nothing that a test can hold",
                "R004 `rows` is text, where a number or a list of rows is expected",
                "R004 `events` is a list, where a path or a record is expected",
                "R005 the key `event` of a test is not known",
            ]
        );
    }
}
