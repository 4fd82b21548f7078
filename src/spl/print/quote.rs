//! Which texts can stand bare, and quotation marks around the others.

/// Words that mean something between expressions, and between conditions.
const EVAL_WORDS: &[&str] = &["and", "in", "like", "not", "or", "xor"];
const SEARCH_WORDS: &[&str] = &["and", "by", "groupby", "in", "not", "or"];
/// Words that mean something where a command expects names.
const RESERVED: &[&str] = &[
    "and",
    "as",
    "by",
    "d",
    "desc",
    "from",
    "groupby",
    "in",
    "like",
    "not",
    "or",
    "output",
    "outputnew",
    "over",
    "sortby",
    "where",
    "with",
    "xor",
];

/// A text between quotation marks. A backslash is doubled only where the one after it would make an escape of it: in
/// front of a backslash or of the quotation mark, and at the end.
pub(super) fn quoted(text: &str, mark: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    escape(text, mark, true, &mut out);
    out.push(mark);
    out
}

fn escape(text: &str, mark: char, closed: bool, out: &mut String) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match chars.peek() {
            _ if c == mark => true,
            Some(next) => c == '\\' && (*next == '\\' || *next == mark),
            None => c == '\\' && closed,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
}

/// A value of `search` without quotation marks: `\\` and `\"` are escapes there too.
pub(super) fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, '"', false, &mut out);
    out
}

/// A name of a command's syntax. One of digits alone is quoted, since a number may mean a count there.
pub(super) fn name(name: &str, mark: char) -> String {
    if is_bare(name) { name.to_owned() } else { quoted(name, mark) }
}

/// A field name on the left of a comparison of `search`.
pub(super) fn search_field(name: &str) -> String {
    if is_word(name, SEARCH_WORDS) { name.to_owned() } else { quoted(name, '"') }
}

fn is_bare(name: &str) -> bool {
    is_word(name, RESERVED) && !name.bytes().all(|b| b.is_ascii_digit())
}

fn is_word(name: &str, reserved: &[&str]) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '{' | '}' | '*' | '-' | '/' | '@');
    let first = |c: char| c.is_alphanumeric() || matches!(c, '_' | '*');
    name.starts_with(first) && name.chars().all(inner) && !begins_with_word(name, reserved)
}

/// Whether the parser could see a word of the syntax at the beginning: `d` in `d-x`.
pub(super) fn begins_with_word(name: &str, reserved: &[&str]) -> bool {
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
    let is_dotted = name[end..].strip_prefix('.').is_some_and(|tail| tail.starts_with(|c: char| c.is_alphanumeric()));
    !is_dotted && reserved.iter().any(|word| word.eq_ignore_ascii_case(&name[..end]))
}

/// The value of an option.
pub(super) fn option(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '{' | '}' | '*' | '-' | '/' | '@');
    if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { quoted(value, '"') }
}

/// A field name in an expression of `eval`. Dotted names stand bare in many rules; in quotes they can't be taken for a
/// concatenation.
pub(super) fn eval_field(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !begins_with_word(name, EVAL_WORDS);
    if bare { name.to_owned() } else { quoted(name, '\'') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_doubled_only_where_they_would_escape() {
        assert_eq!(quoted(r"\d+\.x", '"'), r#""\d+\.x""#);
        assert_eq!(quoted(r"C:\", '"'), r#""C:\\""#);
        assert_eq!(quoted(r"a\\b", '"'), r#""a\\\b""#);
        assert_eq!(quoted(r#"say \"x" it's"#, '"'), r#""say \\\"x\" it's""#);
        assert_eq!(quoted(r#"it's "x""#, '\''), r#"'it\'s "x"'"#);
        assert_eq!(unquoted(r#"a"b\"#), r#"a\"b\"#);
    }

    #[test]
    fn names_are_quoted_where_the_syntax_would_take_them_for_something_else() {
        for bare in
            ["user", "a.b{}.c", "Processes.*", "*", "aws:cloudtrail", "4625_count", "x-y", "日本", "by.x", "does"]
        {
            assert_eq!(name(bare, '"'), bare);
        }
        for other in ["", "a b", "By", "d-x", "d.", "10", "-x", "a=b", "a|b", "x'", "`m`", "a\u{a0}b"] {
            assert_eq!(name(other, '"'), format!("\"{other}\""));
        }
        assert_eq!(eval_field("a.b"), "'a.b'");
        assert_eq!(eval_field("Not"), "'Not'");
        assert_eq!(eval_field("a_1"), "a_1");
    }
}
