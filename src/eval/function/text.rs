//! Text functions (Search Reference, "Text functions").
//!
//! Readings: `substr` reads position 0 as 1, and a negative start beyond the text's beginning as the beginning;
//! `urldecode` leaves `+` and malformed escapes as they are; `split` by an empty delimiter gives the characters.

use std::borrow::Cow;

use super::pattern::{Match, Offsets, Pattern, Replace};
use super::{Apply, Context, Text, Value, integer, literal_text, slice, strict, take, text};
use crate::eval::wildcard::Wildcard;
use crate::ir::{Case, Expr, Piece, letters};

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("lower", 1) => strict(lower),
        ("upper", 1) => strict(upper),
        ("len", 1) => strict(len),
        ("substr", 2 | 3) => strict(substr),
        ("trim", 1 | 2) => strict(|args, _| trim(args, true, true)),
        ("ltrim", 1 | 2) => strict(|args, _| trim(args, true, false)),
        ("rtrim", 1 | 2) => strict(|args, _| trim(args, false, true)),
        ("urldecode", 1) => strict(urldecode),
        ("split", 2) => strict(split),
        ("replace", 3) => Some(Box::new(Replace(Pattern::new(args, 1)))),
        ("rex_offsets", 3) => Some(Box::new(Offsets(Pattern::new(args, 1)))),
        ("match", 2) => Some(Box::new(Match(Pattern::new(args, 1)))),
        ("like", 2) => Some(Box::new(Like(literal_text(args, 1).map(|p| like(&p))))),
        ("printf", 1..) => Some(super::printf::bind(args)),
        _ => None,
    }
}

fn lower<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let value = take(args, 0).into_text();
    match &value {
        Value::Text(t) if t.is_ascii() && !t.bytes().any(|b| b.is_ascii_uppercase()) => value,
        value => letters::lower(&value.to_text()).into(),
    }
}

fn upper<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let value = take(args, 0).into_text();
    match &value {
        Value::Text(t) if t.is_ascii() && !t.bytes().any(|b| b.is_ascii_lowercase()) => value,
        value => letters::upper(&value.to_text()).into(),
    }
}

fn len<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    text(args, 0).map(|t| t.chars().count() as i64).into()
}

fn substr<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let Some(start) = integer(args, 1) else { return Value::Null };
    let length = match args.get(2) {
        Some(_) => match integer(args, 2) {
            Some(n) => usize::try_from(n).unwrap_or(0),
            None => return Value::Null,
        },
        None => usize::MAX,
    };
    slice(take(args, 0), |text| {
        let (skip, length) = match usize::try_from(start) {
            Ok(n) => (n.saturating_sub(1), length),
            Err(_) => {
                let count = text.chars().count();
                let back = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
                // What would lie before the text's beginning is not there.
                (count.saturating_sub(back), length.saturating_sub(back.saturating_sub(count)))
            }
        };
        let at = |text: &str, n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
        let rest = &text[at(text, skip)..];
        &rest[..at(rest, length)]
    })
}

fn trim<'e>(args: &mut [Value<'e>], left: bool, right: bool) -> Value<'e> {
    let set = if args.len() > 1 { take(args, 1) } else { " \t".into() };
    let set = set.to_text();
    slice(take(args, 0), |mut text| {
        if left {
            text = text.trim_start_matches(|c| set.contains(c));
        }
        if right {
            text = text.trim_end_matches(|c| set.contains(c));
        }
        text
    })
}

fn urldecode<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let value = take(args, 0).into_text();
    let decoded = match &value {
        Value::Text(text) if text.contains('%') => decode(text),
        _ => return value,
    };
    decoded.into()
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).map(|d| d as u8);
        match (byte, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = &after[2..];
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn split<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let Some(delimiter) = text(args, 1).map(Cow::into_owned) else { return Value::Null };
    match take(args, 0).into_text() {
        Value::Text(Text::Borrowed(text)) => parts(text, &delimiter, Value::from),
        other => parts(&other.to_text(), &delimiter, |part| part.to_owned().into()),
    }
}

fn parts<'t, 'e>(text: &'t str, delimiter: &str, value: impl Fn(&'t str) -> Value<'e>) -> Value<'e> {
    if delimiter.is_empty() {
        let characters = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
        return Value::list(characters.map(value));
    }
    Value::list(text.split(delimiter).map(value))
}

/// `like(text, pattern)`; the pattern where it is a literal.
struct Like(Option<Wildcard>);

impl Apply for Like {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        let (Some(_), Some(pattern)) = (text(args, 0), text(args, 1)) else { return Value::Null };
        let of_row;
        let wildcard = match &self.0 {
            Some(wildcard) => wildcard,
            None => {
                of_row = like(&pattern);
                &of_row
            }
        };
        args[0].values().iter().any(|v| wildcard.is_match(&v.to_text())).into()
    }
}

/// A pattern of `like`: `%` is any text, `_` one character, both literal behind a backslash.
fn like(pattern: &str) -> Wildcard {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match (c, chars.peek()) {
            ('%', _) => Piece::Any,
            ('_', _) => Piece::One,
            ('\\', Some(next @ ('%' | '_'))) => {
                let piece = Piece::Text(next.to_string());
                chars.next();
                piece
            }
            (c, _) => Piece::Text(c.to_string()),
        });
    }
    Wildcard::new(&crate::ir::Pattern::new(pieces), Case::Sensitive)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn case_is_changed_beyond_ascii() {
        assert_eq!(call!(lower("ÄBc")), "äbc");
        assert_eq!(call!(upper("äbC")), "ÄBC");
        assert_eq!(call!(lower(())), "NULL");
        assert_eq!(call!(len("äbc")), "3");
        assert_eq!(call!(len("")), "0");
    }

    #[test]
    fn substr_counts_from_one_and_from_the_end() {
        assert_eq!(call!(substr("splendid", 1, 3)), "spl");
        assert_eq!(call!(substr("splendid", 0, 3)), "spl");
        assert_eq!(call!(substr("splendid", 7)), "id");
        assert_eq!(call!(substr("splendid", -3)), "did");
        assert_eq!(call!(substr("splendid", -3, 2)), "di");
        assert_eq!(call!(substr("abc", -5)), "abc");
        assert_eq!(call!(substr("abc", -5, 3)), "a");
        assert_eq!(call!(substr("abc", 9)), "");
        assert_eq!(call!(substr("abc", 2, -1)), "");
        assert_eq!(call!(substr("äöü", 2, 1)), "ö");
        assert_eq!(call!(substr("abc", ())), "NULL");
    }

    #[test]
    fn trim_takes_blanks_or_the_characters() {
        assert_eq!(call!(trim(" \t a \n ")), "a |");
        assert_eq!(call!(trim("xyaxy", "yx")), "a");
        assert_eq!(call!(ltrim("  a ")), "a ");
        assert_eq!(call!(rtrim("a//", "/")), "a");
        assert_eq!(call!(trim("a", "")), "a");
    }

    #[test]
    fn escapes_of_urls_are_decoded() {
        assert_eq!(call!(urldecode("a%20b%2Fc+d")), "a b/c+d");
        assert_eq!(call!(urldecode("100%")), "100%");
        assert_eq!(call!(urldecode("%C3%A4%zz")), "ä%zz");
    }

    #[test]
    fn split_keeps_empty_parts() {
        assert_eq!(call!(split("a,,b", ",")), "a||b");
        assert_eq!(call!(split("abc", "")), "a|b|c");
        assert_eq!(call!(split("", ",")), "");
        assert_eq!(call!(split((), ",")), "NULL");
    }

    #[test]
    fn like_takes_patterns_from_rows() {
        assert_eq!(call!(like("a%b", field(r"a\%_"))), "True");
        assert_eq!(call!(like("axb", "a_b")), "True");
        assert_eq!(call!(like("axb", "A%")), "False");
        assert_eq!(call!(like((), "%")), "NULL");
    }
}
