//! JSON texts as trees that can be changed. Scalars keep the text that they are written with, members their order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Value;
use crate::eval::value::write_number;
use crate::ir::{Scalar, Step};

/// Deepest nest that is read.
const DEEPEST: usize = 128;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    /// A scalar's JSON text.
    Scalar(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// `None` where the text is no JSON, or nested too deep.
    pub(super) fn parse(text: &str) -> Option<Node> {
        Self::read(serde_json::from_str::<&RawValue>(text).ok()?, 0)
    }

    fn read(raw: &RawValue, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let text = raw.get();
        Some(match text.as_bytes().first()? {
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                Node::List(items.into_iter().map(|i| Self::read(i, depth + 1)).collect::<Option<_>>()?)
            }
            b'{' => {
                let Members(members) = serde_json::from_str(text).ok()?;
                let members = members.into_iter().map(|(key, value)| Some((key, Self::read(value, depth + 1)?)));
                Node::Object(members.collect::<Option<_>>()?)
            }
            _ => Node::Scalar(text.to_owned()),
        })
    }

    pub(super) fn null() -> Node {
        Node::Scalar("null".to_owned())
    }

    pub(super) fn string(text: &str) -> Node {
        Node::Scalar(serde_json::Value::from(text).to_string())
    }

    /// The JSON of a field's value. Text that may be a number is one where it reads as one; the texts of objects and lists are
    /// these themselves.
    pub(super) fn of(value: &Value<'_>, ty: Scalar) -> Node {
        match value {
            Value::Null => Node::null(),
            Value::Boolean(b) => Node::Scalar(b.to_string()),
            Value::Integer(n) => Node::Scalar(n.to_string()),
            Value::Double(n) => Node::Scalar(write_number(*n)),
            Value::List(values) => Node::List(values.iter().map(|v| Node::of(v, ty)).collect()),
            Value::Text(text) => {
                if ty == Scalar::Unknown
                    && let Some(n) = value.as_number()
                {
                    // As it is written, where JSON writes numbers so.
                    let text = text.trim();
                    let same = serde_json::from_str::<serde_json::Number>(text).is_ok();
                    return Node::Scalar(if same { text.to_owned() } else { write_number(n) });
                }
                let nested = text.trim_start().starts_with(['{', '[']).then(|| Node::parse(text)).flatten();
                nested.unwrap_or_else(|| Node::string(text))
            }
        }
    }

    /// What a field holds: a scalar's text, or the JSON text.
    pub(super) fn value(&self) -> Value<'static> {
        match self {
            Node::Scalar(text) if text == "null" => Value::Null,
            Node::Scalar(text) if text.starts_with('"') => serde_json::from_str::<String>(text).ok().into(),
            Node::Scalar(text) => text.clone().into(),
            Node::List(_) | Node::Object(_) => self.to_string().into(),
        }
    }

    /// The nodes at a path.
    pub(super) fn at<'n>(&'n self, path: &[Step], found: &mut Vec<&'n Node>) {
        match (path.split_first(), self) {
            (None, _) => found.push(self),
            (Some((Step::Key(key), rest)), Node::Object(members)) => {
                if let Some((_, node)) = members.iter().rfind(|(k, _)| k == key) {
                    node.at(rest, found);
                }
            }
            (Some((Step::Each, rest)), Node::List(items)) => items.iter().for_each(|i| i.at(rest, found)),
            (Some((Step::Each, rest)), _) => self.at(rest, found),
            (Some((Step::Index(n), rest)), Node::List(items)) => {
                if let Some(item) = items.get(*n as usize) {
                    item.at(rest, found);
                }
            }
            (Some(_), _) => {}
        }
    }

    /// Changes the nodes at a path; with `make`, members that are missing are made.
    pub(super) fn change(&mut self, path: &[Step], make: bool, change: &mut dyn FnMut(&mut Node)) {
        match (path.split_first(), &mut *self) {
            (None, _) => change(self),
            (Some((Step::Key(key), rest)), Node::Object(members)) => {
                let at = match members.iter().position(|(k, _)| k == key) {
                    Some(at) => at,
                    None if make => {
                        let child = if rest.is_empty() { Node::null() } else { Node::Object(Vec::new()) };
                        members.push((key.clone(), child));
                        members.len() - 1
                    }
                    None => return,
                };
                members[at].1.change(rest, make, change);
            }
            (Some((Step::Each, rest)), Node::List(items)) => {
                items.iter_mut().for_each(|i| i.change(rest, make, change));
            }
            (Some((Step::Index(n), rest)), Node::List(items)) => {
                if let Some(item) = items.get_mut(*n as usize) {
                    item.change(rest, make, change);
                }
            }
            (Some((Step::Each, rest)), _) => self.change(rest, make, change),
            (Some(_), _) => {}
        }
    }

    /// Removes what is at a path.
    pub(super) fn remove(&mut self, path: &[Step]) {
        let Some((last, before)) = path.split_last() else { return };
        self.change(before, false, &mut |node| match (node, last) {
            (Node::Object(members), Step::Key(key)) => members.retain(|(k, _)| k != key),
            (Node::List(items), Step::Index(n)) if (*n as usize) < items.len() => {
                items.remove(*n as usize);
            }
            (Node::List(items), Step::Each) => items.clear(),
            _ => {}
        });
    }
}

/// Without blanks, as Splunk's functions write JSON.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Scalar(text) => f.write_str(text),
            Node::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Node::Object(members) => {
                f.write_str("{")?;
                for (i, (key, node)) in members.iter().enumerate() {
                    let key = Node::string(key);
                    write!(f, "{}{key}:{node}", if i > 0 { "," } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An object's members in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'a> Visitor<'a> for Collect {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        json.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_keep_what_is_written() {
        let text = r#"{"b":1.50,"a":[true,null,"x\u00e4\"",{}],"b2":[]}"#;
        assert_eq!(Node::parse(text).map(|n| n.to_string()).as_deref(), Some(text));
        assert_eq!(Node::parse(" [ 1 , 2 ] ").map(|n| n.to_string()).as_deref(), Some("[1,2]"));
        assert_eq!(Node::parse("{\"a\":"), None);
    }

    #[test]
    fn deep_nests_are_refused() {
        assert_eq!(Node::parse(&format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))), None);
    }
}
