//! From a record to the row of a table: what AWS's readers, and loaders that keep to the conventions, make of it.

use rulecast::event::parse_time;
use rulecast::ir::{Step, parse_path};
use serde_json::{Map, Value};

use super::tables::{From, Shape, Table, TimeForm, Ty};

/// A table's row as Hive's JSON reader takes it, and the day whose partition it lies in.
pub(crate) struct Shaped {
    pub(crate) row: Map<String, Value>,
    pub(crate) day: Option<String>,
}

impl Table {
    /// The row of a record; `None` where the text is no JSON object.
    pub(crate) fn shape(&self, text: &str) -> Option<Shaped> {
        let record: Value = serde_json::from_str(text).ok()?;
        let members = record.as_object()?;
        let time = time_of(members, &self.time);
        let mut row = Map::new();
        match &self.shape {
            Shape::ByName => {
                let own = self.columns.len() - usize::from(self.by_day);
                for (name, ty) in &self.columns[..own] {
                    let value = match ty {
                        // Security Lake has the event's time under this name too.
                        Ty::Timestamp if name == "time_dt" => {
                            time.map_or(Value::Null, |t| in_form(t, TimeForm::Timestamp, None))
                        }
                        ty => member(members, name).map_or(Value::Null, |v| typed(v, ty)),
                    };
                    row.insert(name.clone(), value);
                }
            }
            Shape::ByPlace(places) => {
                for (place, ty, from) in places {
                    let value = match from {
                        From::Fields(paths) => paths.iter().find_map(|path| {
                            let found = find(&record, path)?;
                            Some(typed(&found, ty)).filter(|v| !v.is_null())
                        }),
                        From::Raw => {
                            let own = members.get("_raw").and_then(Value::as_str);
                            Some(own.unwrap_or(text).into())
                        }
                        From::Time(form) => {
                            let written = members.get("_time").or_else(|| members.get(&self.time));
                            time.map(|t| in_form(t, *form, written.and_then(Value::as_str)))
                        }
                        From::Elements { list, members } => find(&record, list).map(|v| elements(&v, members)),
                    };
                    insert(&mut row, place, value.unwrap_or(Value::Null));
                }
            }
            Shape::Rows(_) => return None,
        }
        let day = self.by_day.then(|| time.map(|t| iso(t)[..10].replace('-', "/"))).flatten();
        Some(Shaped { row, day })
    }
}

/// The event's time in milliseconds since the epoch.
fn time_of(record: &Map<String, Value>, path: &str) -> Option<i64> {
    let own = record.get("_time").filter(|v| !v.is_null()).cloned();
    let value = own.or_else(|| find(&Value::Object(record.clone()), path))?;
    let seconds = parse_time(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str())?;
    Some((seconds.as_number()? * 1e3).round() as i64)
}

/// `2024-08-01T13:52:02Z`, with milliseconds where there are any.
fn iso(millis: i64) -> String {
    let whole = rulecast::time::iso8601(millis.div_euclid(1000));
    match millis.rem_euclid(1000) {
        0 => whole,
        rest => format!("{}.{rest:03}Z", whole.trim_end_matches('Z')),
    }
}

fn in_form(millis: i64, form: TimeForm, written: Option<&str>) -> Value {
    match form {
        TimeForm::Iso8601 => {
            let fits = |t: &&str| t.ends_with('Z') && t.as_bytes().get(10) == Some(&b'T');
            written.filter(fits).map_or_else(|| iso(millis), str::to_owned).into()
        }
        TimeForm::Timestamp => timestamp(millis),
        TimeForm::EpochMillis => millis.into(),
        TimeForm::EpochSeconds => millis.div_euclid(1000).into(),
    }
}

fn timestamp(millis: i64) -> Value {
    let whole = rulecast::time::iso8601(millis.div_euclid(1000)).replace('T', " ").replace('Z', "");
    format!("{whole}.{:03}", millis.rem_euclid(1000)).into()
}

/// A member by its name without case, as SQL's names have none.
fn member<'v>(record: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    record.get(name).or_else(|| record.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// What a path leads to; through `{}` to a list of what is there.
fn find(record: &Value, path: &str) -> Option<Value> {
    if path == "*" {
        return Some(record.clone());
    }
    if let Some(whole) = record.get(path) {
        return Some(whole.clone());
    }
    walk(record, &parse_path(path)?)
}

fn walk(value: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match step {
        Step::Key(key) => walk(value.get(key)?, rest),
        Step::Index(n) => walk(value.get(usize::try_from(*n).ok()?)?, rest),
        Step::Each => Some(value.as_array()?.iter().filter_map(|v| walk(v, rest)).collect()),
    }
}

fn insert(row: &mut Map<String, Value>, place: &str, value: Value) {
    match place.split_once('.') {
        None => {
            row.insert(place.to_owned(), value);
        }
        Some((root, rest)) => {
            let entry = row.entry(root).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(members) = entry {
                insert(members, rest, value);
            }
        }
    }
}

/// A value in a column's type; NULL where it does not fit.
fn typed(value: &Value, ty: &Ty) -> Value {
    match ty {
        _ if value.is_null() => Value::Null,
        Ty::Varchar => text(value).into(),
        Ty::Integer | Ty::Bigint => {
            let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
            number.or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64)).into()
        }
        Ty::Double => value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).into(),
        Ty::Boolean => match value {
            Value::Bool(_) => value.clone(),
            Value::String(s) if s == "true" || s == "false" => (s == "true").into(),
            _ => Value::Null,
        },
        Ty::Timestamp => {
            let seconds = parse_time(&text(value)).and_then(|t| t.as_number());
            seconds.map_or(Value::Null, |t| timestamp((t * 1e3).round() as i64))
        }
        Ty::Map => match value {
            Value::Object(members) => {
                let mut out = Map::new();
                flatten("", members, &mut out);
                Value::Object(out)
            }
            _ => Value::Null,
        },
        Ty::Array(element) => match value {
            Value::Array(values) => values.iter().map(|v| typed(v, element)).collect(),
            Value::Object(_) => Value::Null,
            single => Value::Array(vec![typed(single, element)]),
        },
        Ty::Row(members) => match value {
            Value::Object(object) => {
                let of = |(name, ty): &(String, Ty)| {
                    let value = member(object, name).map_or(Value::Null, |v| typed(v, ty));
                    (name.clone(), value)
                };
                Value::Object(members.iter().map(of).collect())
            }
            _ => Value::Null,
        },
    }
}

/// A scalar's text, or the JSON text of an object or a list.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Entries of a map by their dotted keys.
fn flatten(prefix: &str, members: &Map<String, Value>, out: &mut Map<String, Value>) {
    for (key, value) in members {
        let key = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => flatten(&format!("{key}."), inner, out),
            Value::Null => {
                out.insert(key, Value::Null);
            }
            other => {
                out.insert(key, text(other).into());
            }
        }
    }
}

/// A list of objects as structs.
fn elements(list: &Value, members: &[(String, String)]) -> Value {
    let Value::Array(elements) = list else { return Value::Null };
    let one = |element: &Value| {
        let mut row = Map::new();
        for (path, place) in members {
            let value = find(element, path).map_or(Value::Null, |v| typed(&v, &Ty::Varchar));
            insert(&mut row, place, value);
        }
        Value::Object(row)
    };
    elements.iter().map(one).collect()
}
