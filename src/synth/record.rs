//! The JSON text of a record.

use serde_json::{Map, Value, json};

use super::given::{Env, Given};
use super::time;
use crate::ir::{Scalar, Step, parse_path};
use crate::schema::{FieldType, Schema};

/// The member that holds the words that the raw record must contain.
const WORDS: &str = "rulecastWords";

/// An index beyond this is not made.
const MOST_ELEMENTS: usize = 20;

/// `time`: milliseconds since the epoch.
pub(super) fn text(schema: &Schema, env: &Env<'_>, time: i64) -> String {
    let mut root = Value::Object(Map::new());
    // A condition may have set the time, under either name.
    let set = |path: &str| match env.given.get(path) {
        Some(Given::One(text)) if !env.free.iter().any(|f| f == path) => time::read(text),
        _ => None,
    };
    let own_time = set("_time").or_else(|| set(&schema.time)).unwrap_or(time);
    let (own_time, scalar) = time::written(schema, own_time);
    insert(&mut root, &steps(&schema.time), &Given::One(own_time), scalar);
    if let Some(mark) = &schema.recognise {
        for (path, value) in &mark.values {
            insert(&mut root, &steps(path), &Given::One(value.replace('*', "Any")), Scalar::String);
        }
    }
    for (path, given) in &env.given {
        let is_time = path == "_time" || *path == schema.time;
        if !is_time && *given != Given::Absent {
            insert(&mut root, &steps(path), given, env.ty(path).scalar);
        }
    }
    if !env.terms.is_empty() {
        insert(&mut root, &[Step::Key(WORDS.to_owned())], &Given::One(env.terms.join(" ; ")), Scalar::String);
    }
    if let Value::Object(members) = &mut root {
        members.iter_mut().for_each(|(name, value)| as_listed(schema, name, value));
    }
    root.to_string()
}

/// A member that the schema lists as a text holds JSON as text.
fn as_listed(schema: &Schema, name: &str, value: &mut Value) {
    let is_text = schema.fields.get(name).is_some_and(|f| matches!(f.scalar, FieldType::String | FieldType::Unknown));
    let has_members =
        schema.fields.keys().any(|f| f.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '{'])));
    if value.is_object() && is_text && !has_members {
        *value = Value::String(value.to_string());
    }
}

fn steps(path: &str) -> Vec<Step> {
    parse_path(path).unwrap_or_else(|| vec![Step::Key(path.to_owned())])
}

/// Puts a value at a path; what stands in the way as no object or list stays.
fn insert(at: &mut Value, steps: &[Step], given: &Given, scalar: Scalar) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value(given, scalar);
        return;
    };
    match step {
        Step::Key(key) => {
            if at.is_null() {
                *at = json!({});
            }
            if let Value::Object(members) = at {
                insert(members.entry(key.clone()).or_insert(Value::Null), rest, given, scalar);
            }
        }
        Step::Each => {
            let parts: Vec<Given> = match given {
                Given::Many(values) => values.iter().map(|v| Given::One(v.clone())).collect(),
                Given::Absent => Vec::new(),
                one => vec![one.clone()],
            };
            if at.is_null() {
                *at = json!([]);
            }
            if let Value::Array(elements) = at {
                for (number, part) in parts.iter().enumerate() {
                    if elements.len() == number {
                        elements.push(Value::Null);
                    }
                    insert(&mut elements[number], rest, part, scalar);
                }
            }
        }
        Step::Index(number) => {
            let number = *number as usize;
            if at.is_null() {
                *at = json!([]);
            }
            if let Value::Array(elements) = at
                && number < MOST_ELEMENTS
            {
                while elements.len() <= number {
                    elements.push(Value::Null);
                }
                insert(&mut elements[number], rest, given, scalar);
            }
        }
    }
}

fn value(given: &Given, scalar: Scalar) -> Value {
    match given {
        Given::Absent | Given::Null => Value::Null,
        Given::One(text) => leaf(text, scalar),
        Given::Many(values) => values.iter().map(|v| leaf(v, scalar)).collect(),
    }
}

/// A text as its type is written in JSON.
fn leaf(text: &str, scalar: Scalar) -> Value {
    let typed = match scalar {
        Scalar::Integer | Scalar::Double | Scalar::Boolean => true,
        // Half of the numbers in logs are texts; which half depends on the text, so that equal ones are written alike.
        Scalar::Unknown | Scalar::Time => text.len().is_multiple_of(2),
        Scalar::Json => text.starts_with(['{', '[']),
        Scalar::String => false,
    };
    let read = || {
        serde_json::from_str::<Value>(text)
            .ok()
            .filter(|v| !v.is_null() && serde_json::to_string(v).is_ok_and(|t| t == text) || scalar == Scalar::Json)
    };
    typed.then(read).flatten().unwrap_or_else(|| Value::String(text.to_owned()))
}
