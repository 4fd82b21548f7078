use super::*;
use crate::eval::Value;
use crate::ir::{Column, Scalar, Type};
use crate::schema::{Recognise, Schema, Schemas};

fn schema(json: bool, time: &str) -> Schema {
    let text = format!("id = 's'\ntitle = 'S'\njson = {json}\ntime = '{time}'\nselect = []\n[fields]\n");
    Schema::parse(&text).expect("a schema")
}

fn columns(names: &[(&str, Type)]) -> Vec<Column> {
    names.iter().map(|(name, ty)| Column { name: (*name).into(), ty: *ty, nullable: true }).collect()
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Boolean(b) => format!("<{b}>"),
        Value::Integer(n) => format!("{n}i"),
        Value::Double(n) => format!("{n}d"),
        Value::Text(text) => text.to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(" ")),
    }
}

/// The slots of a record of a JSON source whose time is in `t`.
fn read(names: &[(&str, Type)], record: &str) -> String {
    read_as(&schema(true, "t"), names, record)
}

fn read_as(schema: &Schema, names: &[(&str, Type)], record: &str) -> String {
    let decoder = Decoder::new(schema, &columns(names));
    let mut slots = Vec::new();
    match decoder.decode(record, &mut slots) {
        Ok(()) => slots.iter().map(shown).collect::<Vec<_>>().join(", "),
        Err(error) => format!("{} at {}", error.message, error.at),
    }
}

const S: Type = Type::STRING;
const U: Type = Type::UNKNOWN;
const MANY: Type = Type::many(Scalar::Unknown);

#[test]
fn values_have_the_type_of_their_column() {
    let record =
        r#"{"a": "x", "b": 1.50, "c": true, "d": null, "e": 7, "f": "8", "g": "n/a", "h": 2, "i": "TRUE", "j": 1e3}"#;
    let names = [
        ("a", S),
        ("b", U),
        ("c", S),
        ("d", S),
        ("e", Type::INTEGER),
        ("f", Type::INTEGER),
        ("g", Type::INTEGER),
        ("h", Type::DOUBLE),
        ("i", Type::BOOLEAN),
        ("c", Type::BOOLEAN),
        ("j", Type::INTEGER),
        ("missing", S),
    ];
    assert_eq!(read(&names, record), "x, 1.50, true, -, 7i, 8i, n/a, 2d, <true>, <true>, 1000i, -");
}

#[test]
fn nested_paths_and_objects_as_text() {
    let record = r#"{"a": {"b": {"c": "deep"}, "d": [1, 2]}, "x": {"y": 1}}"#;
    let names = [
        ("a.b.c", S),
        ("a", Type::JSON),
        ("a.d", Type::JSON),
        ("a.b", S),
        ("x", Type::JSON),
        ("x.y", U),
        ("a.b.c.d", S),
    ];
    assert_eq!(read(&names, record), r#"deep, {"b": {"c": "deep"}, "d": [1, 2]}, [1, 2], -, {"y": 1}, 1, -"#);
}

#[test]
fn braces_read_each_element_or_the_thing_itself() {
    let names = [("l{}.k", MANY), ("l{}", MANY), ("l{1}.k", U), ("l", S)];
    assert_eq!(
        read(&names, r#"{"l": [{"k": "a"}, {"k": "b"}, {"n": 1}, "c", null]}"#),
        r#"[a b], [{"k": "a"} {"k": "b"} {"n": 1} c], b, -"#
    );
    assert_eq!(read(&names, r#"{"l": {"k": "a"}}"#), r#"a, {"k": "a"}, -, -"#);
    assert_eq!(read(&names, r#"{"l": "a"}"#), "-, a, -, a");
    assert_eq!(read(&names, r#"{"l": []}"#), "-, -, -, -");
    assert_eq!(read(&[("a{}.b{}.c", MANY)], r#"{"a": [{"b": [{"c": 1}, {"c": 2}]}, {"b": {"c": 3}}]}"#), "[1 2 3]");
    // Without braces a list is no value of a JSON source's field, as in Splunk.
    assert_eq!(read(&[("a.k", U), ("a", U)], r#"{"a": [{"k": 1}]}"#), "-, -");
}

#[test]
fn names_with_dots_are_paths() {
    let names = [("a.b", U), ("l{}.k", MANY), ("a.b.c", U)];
    assert_eq!(read(&names, r#"{"a.b": 1, "l{}.k": ["x", "y"]}"#), "1, [x y], -");
    assert_eq!(read(&names, r#"{"a": {"b.c": 2}}"#), "-, -, 2");
    assert_eq!(read(&names, r#"{"a.b": {"c": 3}}"#), "-, -, 3");
}

#[test]
fn the_last_of_several_members_wins() {
    assert_eq!(read(&[("a", U), ("l{}", MANY)], r#"{"a": 1, "a": 2, "l": ["x", "y"], "l": ["z"]}"#), "2, z");
    assert_eq!(read(&[("a", U)], r#"{"a": 1, "a": null}"#), "-");
}

#[test]
fn escapes_are_read_and_other_texts_borrowed() {
    let record = r#"{"a": "x\ty\u00e9\\", "b": "plain", "c": "\ud800x", "d": "\ud83d\ude00"}"#;
    let decoder = Decoder::new(&schema(true, "t"), &columns(&[("a", S), ("b", S), ("c", S), ("d", S)]));
    let mut slots = Vec::new();
    decoder.decode(record, &mut slots).expect("a record");
    let texts: Vec<_> = slots.iter().map(shown).collect();
    assert_eq!(texts, ["x\tyé\\", "plain", "\u{fffd}x", "😀"]);
    assert!(matches!(slots[1], Value::Text(crate::eval::Text::Borrowed(_))));
}

#[test]
fn the_time_is_the_records_own_or_the_schemas() {
    let names = [("_time", Type::TIME), ("t", S)];
    assert_eq!(read(&names, r#"{"t": "2024-08-01T13:52:02Z"}"#), "1722520322i, 2024-08-01T13:52:02Z");
    assert_eq!(
        read(&names, r#"{"t": "2024-08-01T13:52:02Z", "_time": "1722520000.5"}"#),
        "1722520000.5d, 2024-08-01T13:52:02Z"
    );
    assert_eq!(read(&names, r#"{"_time": 17, "t": 1722520322000}"#), "17i, 1722520322000");
    assert_eq!(read(&names, r#"{"t": "yesterday"}"#), "-, yesterday");
    assert_eq!(read_as(&schema(false, "_time"), &names, r#"{"_time": "08/01/2024 01:52:02 PM"}"#), "1722520322i, -");
}

#[test]
fn the_raw_text_is_the_records_own_or_all_of_it() {
    assert_eq!(read(&[("_raw", S)], " {\"a\": 1}\n"), "{\"a\": 1}");
    let exported = r#"{"_raw": "{\"a\": 1, \"b\": {\"c\": \"x\"}, \"t\": 5}", "a": 9}"#;
    let names = [("_raw", S), ("a", U), ("b.c", U), ("_time", Type::TIME)];
    assert_eq!(read(&names, exported), r#"{"a": 1, "b": {"c": "x"}, "t": 5}, 9, x, 5i"#);
}

#[test]
fn broken_records_are_errors_with_their_place() {
    assert_eq!(read(&[("a", S)], "{\"a\": 1"), "expected `,` or `}` at 7");
    assert_eq!(read(&[("b", S)], "{\"a\": tru}"), "expected a value at 6");
    assert_eq!(read(&[("b", S)], "[1]"), "expected an object at 0");
    assert_eq!(read(&[("b", S)], "{} {}"), "something follows the object at 3");
    assert_eq!(read(&[("b", S)], "{\"a\": 1,}"), "expected a name in quotation marks at 8");
    let deep = |n: usize| format!("{{\"a\": {}{}}}", "[".repeat(n), "]".repeat(n));
    assert_eq!(read(&[("b", S)], &deep(126)), "-");
    assert_eq!(read(&[("b", S)], &deep(100_000)), "nested too deeply at 132");
    assert_eq!(read(&[("a{}{}{}", MANY)], &deep(126)), format!("{}{}", "[".repeat(122), "]".repeat(122)));
    assert_eq!(read(&[("a{}{}{}", MANY)], &deep(100_000)), "nested too deeply at 132");
    let decoder = Decoder::new(&schema(true, "t"), &[]);
    let cut = |record: &str| decoder.decode(record, &mut Vec::new()).expect_err("an error").is_cut;
    assert!(cut("{\"a\": 1") && cut("{\"a\": \"x\n") && !cut("{\"a\": x}"));
}

#[test]
fn rows_of_tables_are_read_the_same_way() {
    let decoder = Decoder::new(
        &schema(false, "_time"),
        &columns(&[
            ("user", S),
            ("n", Type::INTEGER),
            ("dest", S),
            ("_time", Type::TIME),
            ("a.b", U),
            ("_raw", S),
            ("l{}.k", MANY),
        ]),
    );
    let rows = decoder.rows(["_time", "user", "other", "n", "dest", "a.b", "l{}.k"]);
    let mut slots = Vec::new();
    decoder.decode_row(&rows, ["1722520322", "", "x", "5", "h1\nh2", "q", "v\nw"], "the row", &mut slots);
    assert_eq!(
        slots.iter().map(shown).collect::<Vec<_>>().join(", "),
        "-, 5i, [h1 h2], 1722520322i, q, the row, [v w]"
    );
}

fn router() -> Router {
    let make = |id: &str, fields: &[&str], values: &[(&str, &str)], sourcetype: &str| {
        let mut schema = schema(true, "t");
        schema.id = id.into();
        schema.select = vec![crate::schema::Selector {
            field: "sourcetype".to_owned(),
            value: sourcetype.to_owned(),
            condition: None,
            shared: Default::default(),
        }];
        schema.recognise = Some(Recognise {
            fields: fields.iter().map(|f| (*f).to_owned()).collect(),
            values: values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            records: (id == "trail").then(|| "Records".to_owned()),
        });
        schema
    };
    let mut schemas = Schemas::default();
    for schema in [
        make("event", &["System.Channel"], &[], "xml*"),
        make("sysmon", &["System.Channel"], &[("System.Channel", "*sysmon*")], "xmlwineventlog"),
        make("trail", &["eventName", "eventSource"], &[], "aws:cloudtrail"),
    ] {
        schemas.add(schema);
    }
    let names = columns(&[("user", S)]);
    Router::new(&schemas, [("sysmon", names.as_slice()), ("trail", names.as_slice())])
}

fn routes(router: &Router, source: &mut Source, records: &[&str]) -> Vec<String> {
    let mut routes = Vec::new();
    for record in records {
        let mut slots = Vec::new();
        routes.push(match router.decode(source, record, &mut slots).expect("a record") {
            Routed::Read { schema, .. } => format!("{} {}", router.schemas()[schema].id, shown(&slots[0])),
            Routed::NotWanted { schema } => format!("({})", router.schemas()[schema].id),
            Routed::Unknown => "?".to_owned(),
            Routed::Wrapped => "wrapped".to_owned(),
        });
    }
    routes
}

#[test]
fn records_are_recognised_by_their_marks_the_most_specific_first() {
    let router = router();
    let records = [
        r#"{"eventName": "A", "eventSource": "s", "user": "u1"}"#,
        r#"{"System": {"Channel": "Microsoft-Windows-Sysmon/Operational"}, "user": "u2"}"#,
        r#"{"System": {"Channel": "Security"}, "user": "u3"}"#,
        r#"{"eventName": "A", "user": "u4"}"#,
        r#"{"user": "u5", "eventSource": "s", "eventName": "A"}"#,
    ];
    assert_eq!(routes(&router, &mut router.any(), &records), ["trail u1", "sysmon u2", "(event)", "?", "trail u5"]);
}

#[test]
fn a_named_source_goes_before_marks() {
    let router = router();
    let record = r#"{"sourcetype": "AWS:CloudTrail", "System": {"Channel": "x"}, "user": "u"}"#;
    assert_eq!(routes(&router, &mut router.any(), &[record]), ["trail u"]);
    let plain = [r#"{"user": "u"}"#];
    let mut source = router.named(["nobody", "aws:cloudtrail"]).expect("a source");
    assert_eq!(routes(&router, &mut source, &plain), ["trail u"]);
    let mut source = router.named(["xmlother"]).expect("a source");
    assert_eq!(routes(&router, &mut source, &plain), ["(event)"]);
    let mut source = router.named(["trail"]).expect("a source");
    assert_eq!(routes(&router, &mut source, &plain), ["trail u"]);
    assert!(router.named(["nobody"]).is_none());
    // A `source` that no schema has says nothing.
    let record = r#"{"source": "/var/log/x", "eventName": "A", "eventSource": "s", "user": "u"}"#;
    assert_eq!(routes(&router, &mut router.any(), &[record]), ["trail u"]);
}

#[test]
fn records_around_records_are_told() {
    let router = router();
    let record = r#"{"n": 1, "Records": [{"eventName": "A"}]}"#;
    assert_eq!(routes(&router, &mut router.any(), &[record]), ["wrapped"]);
    assert_eq!(router.wrappers(), ["Records"]);
}

#[test]
fn rows_of_tables_are_recognised() {
    let router = router();
    let header = ["user", "eventName", "eventSource"];
    let table = router.table(header);
    let mut slots = Vec::new();
    let routed = router.decode_row(&mut router.any(), &table, ["u", "A", "s"], "u,A,s", &mut slots);
    assert_eq!(routed, Routed::Read { schema: 2, bad_time: false });
    assert_eq!(shown(&slots[0]), "u");
    assert_eq!(router.decode_row(&mut router.any(), &table, ["u", "", "s"], "", &mut slots), Routed::Unknown);
}
