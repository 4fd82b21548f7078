//! All fields of a record, as Splunk extracts them from JSON at search time.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::piece;
use super::state::Piece;
use crate::eval::Value;

/// Objects and lists below this depth stay JSON text.
const MAX_DEPTH: u32 = 64;

/// The fields of a JSON record in the order in which it has them: `a.b` for members of objects, `a{}.b` for elements of
/// lists, which make a field multivalue. Null is absent. `true` and `false` are texts, numbers are numbers. None where
/// the record is no JSON object.
pub fn fields(record: &str) -> Vec<(String, Value<'static>)> {
    let mut fields = Fields::default();
    let Ok(members) = members(record) else { return Vec::new() };
    for (name, raw) in members {
        fields.add(&name, raw.get(), 0);
    }
    fields.found
}

#[derive(Default)]
struct Fields {
    found: Vec<(String, Value<'static>)>,
    places: std::collections::HashMap<String, usize>,
}

impl Fields {
    fn add(&mut self, name: &str, raw: &str, depth: u32) {
        let Some(piece) = piece(raw) else { return };
        let value = match piece {
            Piece::Structure(text) if depth < MAX_DEPTH => return self.structure(name, text, depth + 1),
            Piece::Structure(text) => text.to_owned().into(),
            Piece::Text(text) => Value::Text(text).into_static(),
            Piece::Boolean(truth) => if truth { "true" } else { "false" }.into(),
            Piece::Number(number) => match number.parse::<i64>() {
                Ok(whole) => Value::Integer(whole),
                // A number that Rust's would write in another way stays as it is written.
                Err(_) => match number.parse::<f64>() {
                    Ok(n) if crate::eval::value::write_number(n) == number => Value::Double(n),
                    _ => number.to_owned().into(),
                },
            },
        };
        match self.places.get(name) {
            Some(place) => {
                let known = std::mem::take(&mut self.found[*place].1);
                self.found[*place].1 = Value::list([known, value]);
            }
            None => {
                self.places.insert(name.to_owned(), self.found.len());
                self.found.push((name.to_owned(), value));
            }
        }
    }

    fn structure(&mut self, name: &str, text: &str, depth: u32) {
        if text.starts_with('{') {
            for (member, raw) in members(text).unwrap_or_default() {
                self.add(&format!("{name}.{member}"), raw.get(), depth);
            }
        } else {
            let name = format!("{name}{{}}");
            for raw in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                self.add(&name, raw.get(), depth);
            }
        }
    }
}

/// The members of an object in their order; of several of one name the last, in the place of the first.
pub(super) fn members(object: &str) -> serde_json::Result<Vec<(String, &RawValue)>> {
    struct Members;
    impl<'e> Visitor<'e> for Members {
        type Value = Vec<(String, &'e RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'e>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Vec<(String, &'e RawValue)> = Vec::new();
            let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
            while let Some((name, raw)) = map.next_entry::<String, &'e RawValue>()? {
                match places.get(&name) {
                    Some(place) => members[*place].1 = raw,
                    None => {
                        places.insert(name.clone(), members.len());
                        members.push((name, raw));
                    }
                }
            }
            Ok(members)
        }
    }
    let mut json = serde_json::Deserializer::from_str(object);
    let members = (&mut json).deserialize_map(Members)?;
    json.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(record: &str) -> String {
        let show = |(name, value): (String, Value<'_>)| format!("{name}={}", value.to_text().replace('\n', "|"));
        fields(record).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fields_are_flattened_as_splunk_names_them() {
        assert_eq!(
            show(
                r#"{"a": 1, "b": {"c": true, "d": null, "e": "x\ty"}, "l": [{"k": "v"}, {"k": "w"}, 3], "m": [[1], [2]]}"#
            ),
            "a=1 b.c=true b.e=x\ty l{}.k=v|w l{}=3 m{}{}=1|2"
        );
        assert_eq!(show("[1]"), "");
        assert_eq!(show("{"), "");
        assert_eq!(show(r#"{"n": 1.50, "f": 2.5, "a": 1, "a": 2}"#), "n=1.50 f=2.5 a=2");
    }

    #[test]
    fn deep_structures_stay_text() {
        let record = format!("{{\"a\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
        let found = fields(&record);
        assert_eq!(found.len(), 1);
        assert!(found[0].0.len() < 200);
    }
}
