//! The tree.

use crate::source::Span;

/// A value with its place. Quoted scalars include their quotation marks, block scalars begin at their first content.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In the file's order; keys are unique.
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The decoded text.
    pub(crate) text: String,
    pub(crate) style: Style,
    /// A `!!str` tag: never a number, a boolean or null.
    pub(crate) is_str: bool,
    /// A byte offset at or before the scalar's first character (for block scalars: before their header).
    pub(crate) after: u32,
}

/// What an unquoted scalar is under YAML 1.2's core schema. Dates are text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Plain {
    Null,
    Boolean(bool),
    Number(f64),
    Text,
}

impl Scalar {
    pub(crate) fn plain(&self) -> Plain {
        if self.style != Style::Plain || self.is_str {
            return Plain::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
            "true" | "True" | "TRUE" => Plain::Boolean(true),
            "false" | "False" | "FALSE" => Plain::Boolean(false),
            text => number(text).map_or(Plain::Text, Plain::Number),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return u64::from_str_radix(rest, radix).ok().map(|n| n as f64);
        }
    }
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let allowed = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    (starts && allowed && digits.bytes().any(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

impl Node {
    /// What stands here, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(scalar) => match scalar.plain() {
                Plain::Null => "empty",
                Plain::Boolean(_) => "a boolean",
                Plain::Number(_) => "a number",
                Plain::Text => "text",
            },
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.plain() == Plain::Null)
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            Value::Scalar(_) | Value::Sequence(_) => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            Value::Scalar(_) | Value::Mapping(_) => None,
        }
    }

    /// The entry of a key, where this is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|e| e.key == key)
    }

    /// The value of a key, unless it is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value).filter(|n| !n.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Plain {
        Scalar { text: text.to_owned(), style: Style::Plain, is_str: false, after: 0 }.plain()
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        assert_eq!(plain("~"), Plain::Null);
        assert_eq!(plain("True"), Plain::Boolean(true));
        assert_eq!(plain("yes"), Plain::Text);
        assert_eq!(plain("-7"), Plain::Number(-7.0));
        assert_eq!(plain(".5"), Plain::Number(0.5));
        assert_eq!(plain("0x1F"), Plain::Number(31.0));
        assert_eq!(plain("2.5e3"), Plain::Number(2500.0));
    }

    #[test]
    fn dates_versions_and_words_stay_text() {
        for text in ["2024-10-17", "1.2.3", "e5", "-", ".", "inf", "nan", "infinity", "211b80d3-6340"] {
            assert_eq!(plain(text), Plain::Text, "{text}");
        }
    }

    #[test]
    fn quoted_scalars_are_always_text() {
        let quoted = Scalar { text: "true".to_owned(), style: Style::SingleQuoted, is_str: false, after: 0 };
        assert_eq!(quoted.plain(), Plain::Text);
    }
}
