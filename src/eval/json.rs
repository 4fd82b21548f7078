//! Reading below JSON texts (Search Reference, "spath"): the walk goes through the text once and keeps nothing of what the
//! path does not name.
//!
//! Readings: scalars are texts as the JSON writes them (`1.50`, `true`), since SPL's fields are text; objects and lists are
//! their JSON text as it stands; JSON's null and absent members are NULL; a text that is no JSON as a whole has no members; of
//! a key that stands twice the last counts, as in events.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Value;
use crate::ir::Step;

/// Longest path that is followed; the JSON parser itself goes no deeper than about this.
const MOST_STEPS: usize = 120;

/// The value at a path of a JSON text: a multivalue where the path has [`Step::Each`], else one text.
pub(crate) fn read<'a>(text: &'a str, path: &[Step]) -> Value<'a> {
    let mut found = Vec::new();
    if path.len() > MOST_STEPS || walk(text, path, &mut found).is_err() {
        return Value::Null;
    }
    if path.contains(&Step::Each) { Value::list(found) } else { found.into_iter().next().unwrap_or_default() }
}

/// The value of a JSON text as a field holds it.
fn leaf(text: &str) -> Result<Value<'_>, serde_json::Error> {
    Ok(match text.as_bytes() {
        b"null" => Value::Null,
        [b'"', .., b'"'] if !text.contains('\\') => text[1..text.len() - 1].into(),
        [b'"', ..] => serde_json::from_str::<String>(text)?.into(),
        _ => text.into(),
    })
}

fn walk<'a>(text: &'a str, path: &[Step], out: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Below { path, out }.deserialize(&mut json)?;
    json.end()
}

/// Reads the value that comes next along the path.
struct Below<'p, 'o, 'a> {
    path: &'p [Step],
    out: &'o mut Vec<Value<'a>>,
}

impl<'a> DeserializeSeed<'a> for Below<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        match self.path {
            [Step::Key(_) | Step::Index(_), ..] => json.deserialize_any(self),
            [] => {
                let text = <&RawValue as serde::Deserialize>::deserialize(json)?.get();
                self.out.push(leaf(text).map_err(D::Error::custom)?);
                Ok(())
            }
            [Step::Each, rest @ ..] => {
                let text = <&RawValue as serde::Deserialize>::deserialize(json)?.get();
                let path = if text.starts_with('[') { self.path } else { rest };
                if path.len() == rest.len() {
                    return walk(text, rest, self.out).map_err(D::Error::custom);
                }
                let mut json = serde_json::Deserializer::from_str(text);
                json.deserialize_seq(self).map_err(D::Error::custom)
            }
        }
    }
}

impl<'a> Visitor<'a> for Below<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let [Step::Key(key), rest @ ..] = self.path else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let start = self.out.len();
        while let Some(same) = map.next_key_seed(KeyIs(key))? {
            if same {
                self.out.truncate(start);
                map.next_value_seed(Below { path: rest, out: &mut *self.out })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<(), S::Error> {
        let (wanted, rest) = match self.path {
            [Step::Each, rest @ ..] => (None, rest),
            [Step::Index(n), rest @ ..] => (Some(*n), rest),
            [Step::Key(_), ..] | [] => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        };
        let mut position = 0;
        loop {
            let more = if wanted.is_none_or(|n| n == position) {
                list.next_element_seed(Below { path: rest, out: &mut *self.out })?.is_some()
            } else {
                list.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            position = position.saturating_add(1);
        }
    }

    // A scalar has nothing below it.

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether the key that comes next is this one.
struct KeyIs<'k>(&'k str);

impl<'a> DeserializeSeed<'a> for KeyIs<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIs<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Text;
    use crate::ir::parse_path;

    fn texts(json: &str, path: &str) -> Option<Vec<String>> {
        let value = read(json, &parse_path(path).expect("a path"));
        (!value.is_null()).then(|| value.values().iter().map(|v| v.to_text().into_owned()).collect())
    }

    fn some(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|t| (*t).to_owned()).collect())
    }

    #[test]
    fn scalars_are_texts_as_written() {
        let json = r#" {"a": {"n": 1.50, "b": true, "s": "x\ny", "z": null, "e": ""}} "#;
        assert_eq!(texts(json, "a.n"), some(&["1.50"]));
        assert_eq!(texts(json, "a.b"), some(&["true"]));
        assert_eq!(texts(json, "a.s"), some(&["x\ny"]));
        assert_eq!(texts(json, "a.e"), some(&[""]));
        assert_eq!(texts(json, "a.z"), None);
        assert_eq!(texts(json, "a.absent"), None);
        assert_eq!(texts(json, "a.n.below"), None);
    }

    #[test]
    fn objects_and_lists_are_their_text() {
        let json = r#"{"a": {"b": [1, {"c": 2}]}}"#;
        assert_eq!(texts(json, "a"), some(&[r#"{"b": [1, {"c": 2}]}"#]));
        assert_eq!(texts(json, "a.b"), some(&[r#"[1, {"c": 2}]"#]));
        assert_eq!(texts(json, "a.b{}"), some(&["1", r#"{"c": 2}"#]));
    }

    #[test]
    fn each_takes_elements_or_the_thing_itself() {
        assert_eq!(texts(r#"{"a":[{"b":"x"},{"c":0},{"b":null},{"b":"y"}]}"#, "a{}.b"), some(&["x", "y"]));
        assert_eq!(texts(r#"{"a":{"b":"x"}}"#, "a{}.b"), some(&["x"]));
        assert_eq!(texts(r#"{"a":"x"}"#, "a{}"), some(&["x"]));
        assert_eq!(texts(r#"{"a":[]}"#, "a{}"), None);
        assert_eq!(texts(r#"{"a":[[1,2],[3]]}"#, "a{}{}"), some(&["1", "2", "3"]));
        assert!(matches!(read(r#"["x"]"#, &[Step::Each]), Value::List(_)));
    }

    #[test]
    fn positions_count_from_zero() {
        assert_eq!(texts(r#"{"a":["x","y"]}"#, "a{1}"), some(&["y"]));
        assert_eq!(texts(r#"{"a":["x","y"]}"#, "a{2}"), None);
        assert_eq!(texts(r#"{"a":"x"}"#, "a{0}"), None);
        assert_eq!(texts(r#"{"a":[{"b":1}]}"#, "a.b"), None);
    }

    #[test]
    fn malformed_text_has_no_members() {
        for text in ["", "no json", r#"{"a": 1"#, r#"{"a": 1} x"#, r#"{"a": "\x"}"#] {
            assert_eq!(texts(text, "a"), None, "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        assert_eq!(texts(r#"{"a":1,"a":2}"#, "a"), some(&["2"]));
    }

    #[test]
    fn plain_texts_are_not_copied() {
        assert!(matches!(read(r#"{"a":"x"}"#, &[Step::Key("a".into())]), Value::Text(Text::Borrowed("x"))));
    }

    #[test]
    fn deep_nests_do_no_harm() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(read(&deep, &[Step::Index(0), Step::Index(0)]).to_text().starts_with("[["));
        assert!(read(&deep, &vec![Step::Each; 100_000]).is_null());
        assert_eq!(read("[[[1]]]", &vec![Step::Each; MOST_STEPS]).to_text(), "1");
    }
}
