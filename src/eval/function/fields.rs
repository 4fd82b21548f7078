//! Fields of texts, for `extract` and `xmlkv` (Search Reference, "extract", "xmlkv"): functions of the IR that SPL does not spell.
//!
//! `kv_field(text, name[, pairs, pair])`: the value of the first pair of this name. `pairs` are the characters that stand between pairs,
//! `pair` those between a name and its value; without them pairs stand between blanks, commas and semicolons, around `=`. A value in
//! double quotes ends at the next of these. `xml_field(text, name)`: the text of the first element of this name that has no elements.

use super::{Apply, Context, Text, Value, lenient, take, text};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("kv_field", 2..=4) => lenient(kv_field),
        ("xml_field", 2) => lenient(xml_field),
        _ => None,
    }
}

/// A part of a text, as long-lived as the text.
fn part<'e>(value: Value<'e>, find: impl for<'t> FnOnce(&'t str) -> Option<&'t str>) -> Value<'e> {
    match value.into_text() {
        Value::Text(Text::Borrowed(text)) => find(text).into(),
        Value::Null => Value::Null,
        other => find(&other.to_text()).map(str::to_owned).into(),
    }
}

fn kv_field<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let Some(name) = text(args, 1).map(|t| t.into_owned()) else { return Value::Null };
    let set = |index: usize, otherwise: &str| match text(args, index) {
        Some(t) if !t.is_empty() => t.into_owned(),
        _ => otherwise.to_owned(),
    };
    let (pairs, pair) = (set(2, " \t\r\n,;"), set(3, "="));
    part(take(args, 0), |text| find_pair(text, &name, &pairs, &pair))
}

fn find_pair<'t>(text: &'t str, name: &str, pairs: &str, pair: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c| pairs.contains(c));
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c| pairs.contains(c) || pair.contains(c)).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let delimiter = after.chars().next().filter(|c| pair.contains(*c));
        let Some(delimiter) = delimiter else {
            // A word without a value.
            rest = after;
            continue;
        };
        let value = &after[delimiter.len_utf8()..];
        let quoted = value.strip_prefix('"').and_then(|inside| inside.find('"').map(|end| (inside, end)));
        let (value, after) = match quoted {
            Some((inside, end)) => (&inside[..end], &inside[end + 1..]),
            None => value.split_at(value.find(|c| pairs.contains(c)).unwrap_or(value.len())),
        };
        if key.trim().trim_matches('"') == name {
            return Some(value);
        }
        rest = after;
    }
}

fn xml_field<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let Some(name) = text(args, 1).map(|t| t.into_owned()) else { return Value::Null };
    part(take(args, 0), |text| find_element(text, &name))
}

fn find_element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let Some(after) = rest.strip_prefix(name) else { continue };
        if !after.starts_with(['>', ' ', '\t', '\r', '\n']) {
            continue;
        }
        let Some(close) = after.find('>') else { return None };
        let inside = &after[close + 1..];
        let Some(end) = inside.find('<') else { return None };
        if inside[end..].strip_prefix("</").is_some_and(|t| t.starts_with(name)) && !after[..close].ends_with('/') {
            return Some(&inside[..end]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn pairs_are_found_by_name() {
        let text = "time=12:00 user=\"A B\", action=allow;x y=2 user=second";
        assert_eq!(call!(kv_field(text, "user")), "A B");
        assert_eq!(call!(kv_field(text, "action")), "allow");
        assert_eq!(call!(kv_field(text, "y")), "2");
        assert_eq!(call!(kv_field(text, "x")), "NULL");
        assert_eq!(call!(kv_field((), "x")), "NULL");
        assert_eq!(call!(kv_field(field("a:1|b c:x=y|d:"), "b c", "|", ":")), "x=y");
        assert_eq!(call!(kv_field(field("a:1|d:"), "d", "|", ":")), "");
        assert_eq!(call!(kv_field("a=\"open", "a")), "\"open");
    }

    #[test]
    fn elements_are_found_by_name() {
        let text = "<e><userName at='1'>bob</userName><user>x</user><list><user2/></list></e>";
        assert_eq!(call!(xml_field(text, "user")), "x");
        assert_eq!(call!(xml_field(text, "userName")), "bob");
        assert_eq!(call!(xml_field(text, "list")), "NULL");
        assert_eq!(call!(xml_field(text, "user2")), "NULL");
        assert_eq!(call!(xml_field("<a", "a")), "NULL");
    }
}
