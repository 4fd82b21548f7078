//! Fields of texts, for `extract` and `xmlkv` (Search Reference, "extract", "xmlkv"): functions of the IR that SPL does not spell.
//!
//! `kv_field(text, name[, pairs, pair])`: the value of the first pair of this name; `kv_fields`: of every one. `pairs` are the characters that stand between pairs,
//! `pair` those between a name and its value; without them pairs stand between blanks, commas and semicolons, around `=`. A value in
//! double quotes ends at the next of these. `xml_field(text, name)`: the text of the first element of this name that has no elements.

use super::{Apply, Context, Text, Value, lenient, take, text};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("kv_field", 2..=4) => lenient(kv_field),
        ("kv_fields", 2..=4) => lenient(kv_fields),
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

/// What a call says about pairs.
struct Pairs {
    name: String,
    /// Characters between pairs.
    between: String,
    /// Characters between a name and its value.
    within: String,
}

impl Pairs {
    fn new(args: &[Value<'_>]) -> Option<Pairs> {
        let set = |index: usize, otherwise: &str| match text(args, index) {
            Some(t) if !t.is_empty() => t.into_owned(),
            _ => otherwise.to_owned(),
        };
        Some(Pairs { name: text(args, 1)?.into_owned(), between: set(2, " \t\r\n,;"), within: set(3, "=") })
    }

    /// The next value of the name, and what comes behind it.
    fn next<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let (between, within) = (|c| self.between.contains(c), |c| self.within.contains(c));
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(between);
            if rest.is_empty() {
                return None;
            }
            let end = rest.find(|c| between(c) || within(c)).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let Some(delimiter) = after.chars().next().filter(|c| within(*c)) else {
                // A word without a value.
                rest = after;
                continue;
            };
            let value = &after[delimiter.len_utf8()..];
            let quoted = value.strip_prefix('"').and_then(|inside| inside.split_once('"'));
            let (value, after) = quoted.unwrap_or_else(|| value.split_at(value.find(between).unwrap_or(value.len())));
            if key.trim().trim_matches('"') == self.name {
                return Some((value, after));
            }
            rest = after;
        }
    }
}

fn kv_field<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let Some(pairs) = Pairs::new(args) else { return Value::Null };
    part(take(args, 0), |text| pairs.next(text).map(|(value, _)| value))
}

fn kv_fields<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let (Some(pairs), Some(text)) = (Pairs::new(args), text(args, 0)) else { return Value::Null };
    let mut values = Vec::new();
    let mut rest = &*text;
    while let Some((value, after)) = pairs.next(rest) {
        values.push(value.to_owned().into());
        rest = after;
    }
    Value::list(values)
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
        let close = after.find('>')?;
        let inside = &after[close + 1..];
        let end = inside.find('<')?;
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
        assert_eq!(call!(kv_fields(text, "user")), "A B|second");
        assert_eq!(call!(kv_fields(text, "x")), "NULL");
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
