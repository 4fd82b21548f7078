//! JSON functions (Search Reference, "JSON functions"). What is no JSON gives NULL.
//!
//! Readings: fields of text that reads as a number become JSON numbers, literals in quotes stay texts, the texts of objects and lists
//! are nested as such; JSON is written without blanks; `json_extract` with `{}` or several paths gives a list;
//! `json_set` makes members that are missing, `json_append` and `json_extend` leave what is no list as it is.

use super::tree::Node;
use super::{Apply, Context, Value, text};
use crate::ir::{Expr, Scalar, Step, parse_path};

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    let pairs = args.len() >= 3 && args.len() % 2 == 1;
    let function: Function = match (name, args.len()) {
        ("json", 1) => |_, args| valid(args, 0),
        ("json_valid", 1) => |_, args| Some(Node::parse(&text(args, 0)?).is_some().into()),
        ("json_object", n) if n % 2 == 0 => object,
        ("json_array", _) => |this, args| list(args.iter().zip(&this.types).map(|(v, ty)| Node::of(v, *ty))),
        ("json_extract", 1) => |_, args| Node::parse(&text(args, 0)?).map(|n| n.value()),
        ("json_extract", 2..) => |_, args| extract(args, parse_path),
        ("json_extract_exact", 1) => |_, args| Node::parse(&text(args, 0)?).map(|n| n.value()),
        ("json_extract_exact", 2..) => |_, args| extract(args, exact),
        ("json_keys", 1) => keys,
        ("json_entries", 1) => |_, args| entries(args, "key", "value"),
        ("json_has_key_exact", 2) => has_key,
        ("json_set", _) if pairs => |this, args| set(this, args, parse_path, false),
        ("json_set_exact", _) if pairs => |this, args| set(this, args, exact, true),
        ("json_append", _) if pairs => |this, args| grow(this, args, false),
        ("json_extend", _) if pairs => |this, args| grow(this, args, true),
        ("json_delete", 2..) => delete,
        ("json_array_to_mv" | "array_to_mv", 1 | 2) => array_to_mv,
        ("mv_to_json_array", 1 | 2) => mv_to_array,
        ("tojson", 1 | 2) => to_json,
        ("tomv", 1) => to_mv,
        // `fill`, then for each field: type, name, value (the command `tojson`).
        ("tojson_row", n) if n % 3 == 1 => row,
        ("toarray", 1) => to_array,
        ("toobject", 1) => |_, args| only(args, |node| matches!(node, Node::Object(_))),
        ("object_to_array", 3) => |_, args| entries(args, &text(args, 1)?, &text(args, 2)?),
        _ => return None,
    };
    Some(Box::new(Json { function, types: args.iter().map(|a| a.ty.scalar).collect() }))
}

type Function = for<'e> fn(&Json, &[Value<'e>]) -> Option<Value<'e>>;

/// A function that needs to know the types of its arguments.
struct Json {
    function: Function,
    types: Vec<Scalar>,
}

impl Apply for Json {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        (self.function)(self, args).unwrap_or_default()
    }
}

impl Json {
    fn node(&self, args: &[Value<'_>], index: usize) -> Option<Node> {
        Some(Node::of(args.get(index)?, *self.types.get(index)?))
    }
}

/// A name that is one member's, whatever is in it.
fn exact(name: &str) -> Option<Vec<Step>> {
    Some(vec![Step::Key(name.to_owned())])
}

fn list<'e>(nodes: impl Iterator<Item = Node>) -> Option<Value<'e>> {
    Some(Node::List(nodes.collect()).to_string().into())
}

fn valid<'e>(args: &[Value<'e>], index: usize) -> Option<Value<'e>> {
    Node::parse(&text(args, index)?).and_then(|_| args.get(index).cloned())
}

fn only<'e>(args: &[Value<'e>], wanted: fn(&Node) -> bool) -> Option<Value<'e>> {
    Node::parse(&text(args, 0)?).filter(wanted).map(|n| n.to_string().into())
}

fn object<'e>(this: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let mut members: Vec<(String, Node)> = Vec::new();
    for index in (0..args.len()).step_by(2) {
        // A member without a name is left out.
        let Some(key) = text(args, index).map(|k| k.into_owned()) else { continue };
        let value = this.node(args, index + 1)?;
        match members.iter_mut().find(|(k, _)| *k == key) {
            Some((_, before)) => *before = value,
            None => members.push((key, value)),
        }
    }
    Some(Node::Object(members).to_string().into())
}

fn extract<'e>(args: &[Value<'e>], parse: fn(&str) -> Option<Vec<Step>>) -> Option<Value<'e>> {
    let node = Node::parse(&text(args, 0)?)?;
    let mut results = Vec::new();
    for index in 1..args.len() {
        let path = parse(&text(args, index)?)?;
        let mut found = Vec::new();
        node.at(&path, &mut found);
        let many = path.contains(&Step::Each);
        results.push(match (many, found.first()) {
            (_, None) => None,
            (true, Some(_)) => Some(Node::List(found.into_iter().cloned().collect())),
            (false, Some(first)) => Some((*first).clone()),
        });
    }
    if results.len() == 1 {
        return results.pop()?.map(|n| n.value());
    }
    list(results.into_iter().map(|r| r.unwrap_or_else(Node::null)))
}

fn keys<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    match Node::parse(&text(args, 0)?)? {
        Node::Object(members) => list(members.iter().map(|(key, _)| Node::string(key))),
        Node::Scalar(_) | Node::List(_) => None,
    }
}

/// Members as objects of a key and a value; a list's elements by their positions.
fn entries<'e>(args: &[Value<'e>], key: &str, value: &str) -> Option<Value<'e>> {
    let pair = |k: Node, v: Node| Node::Object(vec![(key.to_owned(), k), (value.to_owned(), v)]);
    match Node::parse(&text(args, 0)?)? {
        Node::Object(members) => list(members.into_iter().map(|(k, v)| pair(Node::string(&k), v))),
        Node::List(items) => list(items.into_iter().enumerate().map(|(i, v)| pair(Node::Scalar(i.to_string()), v))),
        Node::Scalar(_) => None,
    }
}

fn has_key<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let (node, key) = (Node::parse(&text(args, 0)?)?, text(args, 1)?);
    match node {
        Node::Object(members) => Some(members.iter().any(|(k, _)| **k == *key).into()),
        Node::Scalar(_) | Node::List(_) => Some(false.into()),
    }
}

fn set<'e>(this: &Json, args: &[Value<'e>], parse: fn(&str) -> Option<Vec<Step>>, generate: bool) -> Option<Value<'e>> {
    // `json_set_exact` makes an object where there is none.
    let mut node = match text(args, 0) {
        Some(text) => Node::parse(&text)?,
        None if generate => Node::Object(Vec::new()),
        None => return None,
    };
    for index in (1..args.len()).step_by(2) {
        let (path, value) = (parse(&text(args, index)?)?, this.node(args, index + 1)?);
        node.change(&path, true, &mut |at| *at = value.clone());
    }
    Some(node.to_string().into())
}

fn grow<'e>(this: &Json, args: &[Value<'e>], flat: bool) -> Option<Value<'e>> {
    let mut node = Node::parse(&text(args, 0)?)?;
    for index in (1..args.len()).step_by(2) {
        let (path, value) = (parse_path(&text(args, index)?)?, this.node(args, index + 1)?);
        node.change(&path, false, &mut |at| {
            if let Node::List(items) = at {
                match &value {
                    Node::List(more) if flat => items.extend(more.iter().cloned()),
                    value => items.push(value.clone()),
                }
            }
        });
    }
    Some(node.to_string().into())
}

fn delete<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let mut node = Node::parse(&text(args, 0)?)?;
    for index in 1..args.len() {
        let name = text(args, index)?;
        // A member of this very name comes before a path.
        let whole = matches!(&node, Node::Object(members) if members.iter().any(|(k, _)| **k == *name));
        let path = if whole { exact(&name) } else { parse_path(&name) };
        node.remove(&path?);
    }
    Some(node.to_string().into())
}

fn array_to_mv<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let Node::List(items) = Node::parse(&text(args, 0)?)? else { return None };
    let quotes = args.get(1).is_some_and(is_true);
    Some(Value::list(items.iter().map(|i| if quotes { i.to_string().into() } else { i.value() })))
}

/// Each value a text, or with `true` what it reads as.
fn mv_to_array<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let infer = args.get(1).is_some_and(is_true);
    let values = args.first()?.values();
    if values.is_empty() {
        return None;
    }
    list(values.iter().map(|v| {
        let text = v.to_text();
        let inferred = if infer { Node::parse(&text) } else { None };
        inferred.unwrap_or_else(|| Node::string(&text))
    }))
}

/// The list that a JSON text is, else one of the value or values.
fn to_array<'e>(this: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    match this.node(args, 0)? {
        _ if args.first()?.is_null() => None,
        items @ Node::List(_) => Some(items.to_string().into()),
        other => list([other].into_iter()),
    }
}

fn to_json<'e>(this: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let infer = args.get(1).is_some_and(is_true);
    let ty = if infer { Scalar::Unknown } else { *this.types.first()? };
    let text_only = if ty == Scalar::Unknown && !infer { Scalar::String } else { ty };
    let value = args.first()?;
    let node = if infer && value.values().len() == 1 { typed("auto", value, ty)? } else { Node::of(value, text_only) };
    Some(node.to_string().into())
}

/// The elements of a JSON list, else the value or values.
fn to_mv<'e>(_: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    match args.first()? {
        Value::Text(text) => match Node::parse(text) {
            Some(Node::List(items)) => Some(Value::list(items.iter().map(Node::value))),
            _ => Some(Value::list([Value::Text(text.clone())])),
        },
        other => Some(Value::list([other.clone()])),
    }
}

/// The object of the command `tojson` (Search Reference, "tojson"): values that are not of a field's type are left out, or NULL with
/// `fill_null`; so are fields without a value.
fn row<'e>(this: &Json, args: &[Value<'e>]) -> Option<Value<'e>> {
    let fill = args.first().is_some_and(is_true);
    let mut members = Vec::new();
    for index in (1..args.len()).step_by(3) {
        let (kind, name) = (text(args, index)?, text(args, index + 1)?);
        let (values, ty) = (args.get(index + 2)?.values(), *this.types.get(index + 2)?);
        let mut nodes: Vec<Node> = values.iter().filter_map(|v| typed(&kind, v, ty)).collect();
        let node = match (nodes.len(), values.len()) {
            (0, _) if fill => Node::null(),
            (0, _) => continue,
            (1, 1) => nodes.remove(0),
            _ => Node::List(nodes),
        };
        members.push((name.into_owned(), node));
    }
    Some(Node::Object(members).to_string().into())
}

/// A value as the type that `tojson` asks for.
fn typed(kind: &str, value: &Value<'_>, ty: Scalar) -> Option<Node> {
    let text = value.to_text();
    let truth = || match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" => Some(true),
        "false" | "f" | "no" => Some(false),
        _ => None,
    };
    let boolean = |b: bool| Node::Scalar(b.to_string());
    match kind {
        "str" => Some(Node::string(&text)),
        "num" => value.as_number().map(|_| Node::of(value, Scalar::Unknown)),
        "bool" => truth().or_else(|| value.as_number().map(|n| n != 0.0)).map(boolean),
        "json" => Node::parse(&text),
        "auto" => {
            let truth = truth().filter(|_| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"));
            Some(truth.map_or_else(|| Node::of(value, Scalar::Unknown), boolean))
        }
        _ => Some(Node::of(value, ty)),
    }
}

fn is_true(value: &Value<'_>) -> bool {
    value.is_true() || value.to_text().eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, exists, field, json};

    const CITIES: &str = r#"{"cities":[{"name":"London","bridges":[{"name":"Tower"}]},{"name":"Venice"}],"n.x":1}"#;

    #[test]
    fn objects_and_lists_are_made() {
        assert_eq!(
            call!(json_object("a", 1, "b", "2", "c", field("2"), "d", true, "e", ())),
            r#"{"a":1,"b":"2","c":2,"d":true,"e":null}"#
        );
        assert_eq!(call!(json_object("a", json(r#"{"b": [1]}"#), "a2", ["x", "1"])), r#"{"a":{"b":[1]},"a2":["x",1]}"#);
        assert_eq!(call!(json_object()), "{}");
        assert!(!exists("json_object", 1));
        assert_eq!(call!(json_array("a", 1.5, "{no")), r#"["a",1.5,"{no"]"#);
        assert_eq!(call!(json_object((), 1, "b", 2)), r#"{"b":2}"#);
        assert_eq!(call!(tojson("x\"y")), r#""x\"y""#);
        assert_eq!(call!(tojson(field("1"))), r#""1""#);
        assert_eq!(call!(tojson(field("1"), true)), "1");
        assert_eq!(call!(tojson(field("true"), true)), "true");
        assert_eq!(call!(tojson(1)), "1");
    }

    #[test]
    fn paths_are_extracted() {
        assert_eq!(call!(json_extract(CITIES, "cities{0}.name")), "London");
        assert_eq!(call!(json_extract(CITIES, "cities{}.name")), r#"["London","Venice"]"#);
        assert_eq!(call!(json_extract(CITIES, "cities{1}")), r#"{"name":"Venice"}"#);
        assert_eq!(call!(json_extract(CITIES, "cities{1}.name", "absent")), r#"["Venice",null]"#);
        assert_eq!(call!(json_extract(CITIES, "absent")), "NULL");
        assert_eq!(call!(json_extract(" [1, 2]")), "[1,2]");
        assert_eq!(call!(json_extract("no json", "a")), "NULL");
        assert_eq!(call!(json_extract((), "a")), "NULL");
        assert_eq!(call!(json_extract_exact(CITIES, "n.x")), "1");
        assert_eq!(call!(json_extract_exact(CITIES, "cities{0}.name")), "NULL");
    }

    #[test]
    fn members_are_listed() {
        assert_eq!(call!(json_keys(CITIES)), r#"["cities","n.x"]"#);
        assert_eq!(call!(json_keys("[1]")), "NULL");
        assert_eq!(call!(json_valid("{}")), "True");
        assert_eq!(call!(json_valid("{a}")), "False");
        assert_eq!(call!(json_valid(())), "NULL");
        assert_eq!(call!(json("{a}")), "NULL");
        assert_eq!(call!(json_has_key_exact(CITIES, "n.x")), "True");
        assert_eq!(call!(json_has_key_exact(CITIES, "n")), "False");
        assert_eq!(call!(json_entries(r#"{"a":1}"#)), r#"[{"key":"a","value":1}]"#);
        assert_eq!(call!(json_entries(r#"["x"]"#)), r#"[{"key":0,"value":"x"}]"#);
    }

    #[test]
    fn objects_are_changed() {
        assert_eq!(call!(json_set(r#"{"a":1}"#, "a", "x", "b.c", 2)), r#"{"a":"x","b":{"c":2}}"#);
        assert_eq!(call!(json_set(r#"{"a":[1,2]}"#, "a{}", 0)), r#"{"a":[0,0]}"#);
        assert_eq!(call!(json_set_exact((), "a.b", 1)), r#"{"a.b":1}"#);
        assert_eq!(call!(json_append(r#"{"a":[1]}"#, "a", json("[2,3]"))), r#"{"a":[1,[2,3]]}"#);
        assert_eq!(call!(json_extend(r#"{"a":[1]}"#, "a", json("[2,3]"))), r#"{"a":[1,2,3]}"#);
        assert_eq!(call!(json_append(r#"{"a":1}"#, "a", 2)), r#"{"a":1}"#);
        assert_eq!(call!(json_delete(r#"{"a":{"b":1,"c":2},"a.b":3}"#, "a.b")), r#"{"a":{"b":1,"c":2}}"#);
        assert_eq!(call!(json_delete(r#"{"a":{"b":1,"c":2}}"#, "a.b", "x")), r#"{"a":{"c":2}}"#);
    }

    #[test]
    fn lists_become_fields_and_back() {
        assert_eq!(call!(json_array_to_mv(r#"["a",1,{"b":2},null]"#)), r#"a|1|{"b":2}"#);
        assert_eq!(call!(json_array_to_mv(r#"["a",1]"#, true)), r#""a"|1"#);
        assert_eq!(call!(json_array_to_mv("{}")), "NULL");
        assert_eq!(call!(mv_to_json_array(["a", "1", "true"])), r#"["a","1","true"]"#);
        assert_eq!(call!(mv_to_json_array(["a", "1", "true"], true)), r#"["a",1,true]"#);
        assert_eq!(call!(mv_to_json_array(())), "NULL");
        assert_eq!(call!(toarray("[1]")), "[1]");
        assert_eq!(call!(toarray(field("x"))), r#"["x"]"#);
        assert_eq!(call!(toarray(["x", "y"])), r#"["x","y"]"#);
        assert_eq!(call!(toarray(())), "NULL");
        assert_eq!(call!(tomv(r#"["x",1]"#)), "x|1");
        assert_eq!(call!(tomv("x")), "x");
        assert_eq!(call!(tomv(())), "NULL");
        assert_eq!(call!(toobject("[1]")), "NULL");
    }

    #[test]
    fn rows_become_objects() {
        let f = || field("1.50");
        assert_eq!(
            call!(tojson_row(false, "none", "a", f(), "str", "b", f(), "num", "c", "x")),
            r#"{"a":1.50,"b":"1.50"}"#
        );
        assert_eq!(call!(tojson_row(true, "num", "c", "x", "none", "d", ())), r#"{"c":null,"d":null}"#);
        assert_eq!(
            call!(tojson_row(false, "bool", "a", "yes", "bool", "b", 0, "auto", "c", "true")),
            r#"{"a":true,"b":false,"c":true}"#
        );
        assert_eq!(
            call!(tojson_row(false, "json", "a", "[1]", "json", "b", "{", "none", "c", ["x", "y"])),
            r#"{"a":[1],"c":["x","y"]}"#
        );
        assert_eq!(call!(tojson_row(false)), "{}");
    }
}
