//! Values of the evaluator: what a field of a row holds.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// A field's value. Absent and JSON's null are [`Value::Null`]; a multivalue field is a [`Value::List`] of single values,
/// never an empty one.
#[derive(Clone, Debug, Default)]
pub enum Value<'a> {
    #[default]
    Null,
    Boolean(bool),
    Integer(i64),
    /// Never NaN or infinite: what would be is NULL.
    Double(f64),
    Text(Text<'a>),
    List(Arc<[Value<'a>]>),
}

/// Text that is part of the input or of the plan, or shared.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    Borrowed(&'a str),
    Shared(Arc<str>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Text::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Text::Shared(text.into()))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Value::Boolean(truth)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        if number.is_finite() { Value::Double(number) } else { Value::Null }
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a> Value<'a> {
    /// A multivalue of these; NULLs are left out, inner lists laid flat, nothing at all is NULL.
    pub fn list(values: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
        let mut out = Vec::new();
        for value in values {
            match value {
                Value::Null => {}
                Value::List(inner) => out.extend(inner.iter().cloned()),
                value => out.push(value),
            }
        }
        if out.is_empty() { Value::Null } else { Value::List(out.into()) }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_true(&self) -> bool {
        matches!(self, Value::Boolean(true))
    }

    /// The single values of the field: none for NULL, itself where it is no list.
    pub fn values(&self) -> &[Value<'a>] {
        match self {
            Value::Null => &[],
            Value::List(values) => values,
            single => std::slice::from_ref(single),
        }
    }

    /// The number that the value is or reads as; NULL, other text and lists are none.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Integer(n) => Some(*n as f64),
            Value::Double(n) => Some(*n),
            Value::Text(text) => parse_number(text),
            Value::Null | Value::Boolean(_) | Value::List(_) => None,
        }
    }

    /// The value as SPL writes it. A list is written with line breaks between its values, NULL as nothing.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Null => Cow::Borrowed(""),
            Value::Boolean(true) => Cow::Borrowed("True"),
            Value::Boolean(false) => Cow::Borrowed("False"),
            Value::Integer(n) => Cow::Owned(n.to_string()),
            Value::Double(n) => Cow::Owned(write_number(*n)),
            Value::Text(text) => Cow::Borrowed(text),
            Value::List(values) => Cow::Owned(values.iter().map(Value::to_text).collect::<Vec<_>>().join("\n")),
        }
    }

    /// The value as a text value; NULL stays NULL, each value of a list is written.
    pub fn into_text(self) -> Value<'a> {
        match self {
            Value::Null | Value::Text(_) => self,
            Value::List(values) => Value::List(values.iter().cloned().map(Value::into_text).collect()),
            Value::Boolean(true) => "True".into(),
            Value::Boolean(false) => "False".into(),
            number => number.to_text().into_owned().into(),
        }
    }

    /// The value without what it borrows.
    pub fn into_static(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Boolean(b) => Value::Boolean(b),
            Value::Integer(n) => Value::Integer(n),
            Value::Double(n) => Value::Double(n),
            Value::Text(Text::Borrowed(text)) => Value::Text(Text::Shared(text.into())),
            Value::Text(Text::Shared(text)) => Value::Text(Text::Shared(text)),
            Value::List(values) => Value::List(values.iter().cloned().map(Value::into_static).collect()),
        }
    }

    /// SPL's `auto` order: numbers by their size, before text in the order of its characters; NULL last. Lists by their
    /// first values.
    pub fn order(&self, other: &Value<'_>) -> Ordering {
        match (self.values(), other.values()) {
            ([], []) => Ordering::Equal,
            ([], _) => Ordering::Greater,
            (_, []) => Ordering::Less,
            ([a], [b]) => order_single(a, b),
            (a, b) => {
                let unequal = a.iter().zip(b).map(|(a, b)| order_single(a, b)).find(|o| o.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
        }
    }

    /// Appends a form of the value to a key in which values are equal exactly where SPL groups them: by their text.
    pub(crate) fn write_key(&self, key: &mut Vec<u8>) {
        let mut text = |text: &str| {
            key.extend_from_slice(&(text.len() as u32).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        match self {
            Value::Null => key.extend_from_slice(&u32::MAX.to_le_bytes()),
            Value::Text(t) => text(t),
            // One value is the same alone and as a list of one.
            Value::List(values) if values.len() == 1 => values[0].write_key(key),
            Value::List(values) => {
                key.extend_from_slice(&(u32::MAX - 1).to_le_bytes());
                key.extend_from_slice(&(values.len() as u32).to_le_bytes());
                values.iter().for_each(|v| v.write_key(key));
            }
            single => text(&single.to_text()),
        }
    }
}

/// Equal where the texts are: what `dedup`, `stats` and tests of rows mean by the same value.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::List(list), one) | (one, Value::List(list)) => list.len() == 1 && list[0] == *one,
            (a, b) => a.to_text() == b.to_text(),
        }
    }
}

fn order_single(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.to_text().cmp(&b.to_text()),
    }
}

/// The number that a text reads as: decimal digits with a sign, a fraction and an exponent. Readings: blanks around it make it no
/// number, as for `tonumber`; neither does an exponent of more than two digits, so that `1e4567` is a name.
pub fn parse_number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    // `inf` and `nan`, which Rust reads, are words.
    if !(bytes.first()?.is_ascii_digit() || matches!(bytes.first()?, b'-' | b'+' | b'.')) {
        return None;
    }
    if !(bytes.last()?.is_ascii_digit() || bytes.last()? == &b'.') {
        return None;
    }
    let number = text.parse().ok().filter(|n: &f64| n.is_finite())?;
    let exponent = bytes.iter().rposition(|b| matches!(b, b'e' | b'E'));
    let digits = exponent.map_or(0, |at| bytes[at + 1..].iter().filter(|b| b.is_ascii_digit()).count());
    (digits < 3).then_some(number)
}

/// A number as SPL writes it: whole ones without a fraction, others with as many digits as tell them apart.
pub fn write_number(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e15 { format!("{number:.0}") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_text() {
        assert_eq!(parse_number("10"), Some(10.0));
        assert_eq!(parse_number("-1.5e3"), Some(-1500.0));
        assert_eq!(parse_number("1E-12"), Some(1e-12));
        assert_eq!(parse_number(".5"), Some(0.5));
        for text in ["", "inf", "NaN", "1x", "0x10", "-", "1e", " 1", "1 ", "1e100", "-inf"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(write_number(3.0), "3");
        assert_eq!(write_number(1.5), "1.5");
        assert_eq!(write_number(-0.25), "-0.25");
    }

    #[test]
    fn numbers_come_before_text_and_null_last() {
        let mut values = [Value::Null, "b".into(), "10".into(), Value::Integer(9), "a".into()];
        values.sort_by(Value::order);
        let texts: Vec<String> = values.iter().map(|v| v.to_text().into_owned()).collect();
        assert_eq!(texts, ["9", "10", "a", "b", ""]);
    }

    #[test]
    fn keys_compare_by_text() {
        let key = |v: Value<'_>| {
            let mut key = Vec::new();
            v.write_key(&mut key);
            key
        };
        assert_eq!(key(1.into()), key("1".into()));
        assert_ne!(key(Value::Null), key("".into()));
        assert_eq!(key(Value::list(["a".into()])), key("a".into()));
        assert_ne!(key(Value::list(["a".into(), "b".into()])), key("ab".into()));
    }

    #[test]
    fn lists_are_flat_and_never_empty() {
        assert!(Value::list([Value::Null]).is_null());
        let nested = Value::list(["a".into(), Value::list(["b".into(), "c".into()])]);
        assert_eq!(nested.values().len(), 3);
    }
}
