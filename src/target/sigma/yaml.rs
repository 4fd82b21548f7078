//! Prints YAML for readers of both YAML 1.1 and 1.2.
//!
//! Most Sigma tools read YAML 1.1, in which `yes`, `12:30` or `2012-10-17` are no texts. The serializer of the YAML
//! crate quotes what YAML 1.2 asks for, so texts are written here: values of a detection always in single quotes, as
//! the Sigma specification recommends, other texts plain only where both versions read them as text.

use serde_yaml::{Mapping, Value};

const INDENT: &str = "    ";

/// Prints a document: block style, four blanks per level, a final line break.
pub(super) fn print(document: &Value) -> String {
    let mut out = String::new();
    match document {
        Value::Mapping(map) => mapping(&mut out, map, 0, false),
        other => {
            scalar(&mut out, other, false);
            out.push('\n');
        }
    }
    out
}

fn mapping(out: &mut String, map: &Mapping, level: usize, quote: bool) {
    for (i, (key, value)) in map.iter().enumerate() {
        // The first entry of a mapping in a list stands behind the list's dash.
        if i > 0 || !out.ends_with("- ") {
            out.push_str(&INDENT.repeat(level));
        }
        scalar(out, key, false);
        out.push(':');
        let quote = match key.as_str() {
            Some("detection") if level == 0 => true,
            Some("condition") => false,
            _ => quote,
        };
        entry(out, value, level + 1, quote);
    }
}

/// What follows `key:`.
fn entry(out: &mut String, value: &Value, level: usize, quote: bool) {
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            out.push('\n');
            mapping(out, map, level, quote);
        }
        Value::Sequence(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                out.push_str(&INDENT.repeat(level));
                out.push_str("- ");
                match item {
                    Value::Mapping(map) if !map.is_empty() => item_mapping(out, map, level, quote),
                    other => {
                        scalar(out, other, quote);
                        out.push('\n');
                    }
                }
            }
        }
        other => {
            out.push(' ');
            scalar(out, other, quote);
            out.push('\n');
        }
    }
}

/// A mapping of scalars behind a dash: its keys line up two blanks to the right of it.
fn item_mapping(out: &mut String, map: &Mapping, level: usize, quote: bool) {
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 {
            out.push_str(&INDENT.repeat(level));
            out.push_str("  ");
        }
        scalar(out, key, false);
        out.push_str(": ");
        scalar(out, value, quote);
        out.push('\n');
    }
}

fn scalar(out: &mut String, value: &Value, quote: bool) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&n.to_string()),
        Value::String(text) => string(out, text, quote),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
        Value::Tagged(tagged) => scalar(out, &tagged.value, quote),
    }
}

fn string(out: &mut String, text: &str, quote: bool) {
    if text.chars().any(needs_escape) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if needs_escape(c) => escape(out, c),
                c => out.push(c),
            }
        }
        out.push('"');
    } else if !quote && is_plain(text) {
        out.push_str(text);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

/// Characters that stand in a YAML file only as an escape: control characters, line separators, the byte order mark,
/// and those outside YAML's printable set.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn escape(out: &mut String, c: char) {
    let code = u32::from(c);
    if code <= 0xff {
        out.push_str(&format!("\\x{code:02x}"));
    } else if code <= 0xffff {
        out.push_str(&format!("\\u{code:04x}"));
    } else {
        out.push_str(&format!("\\U{code:08x}"));
    }
}

/// Whether a text can stand without quotes: a word or a phrase that no version of YAML reads as anything else.
fn is_plain(text: &str) -> bool {
    if is_date(text) || is_uuid(text) || is_timespan(text) {
        return true;
    }
    let first_fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '('));
    let last_fits = text.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ')'));
    let inner_fits = text.chars().all(|c| c.is_ascii_alphanumeric() || " _.,/()+=&;|$@%-".contains(c) || c == ':')
        && !text.contains(": ")
        && !text.contains("  ");
    // Words that YAML 1.1 or 1.2 reads as booleans, null or numbers. Hexadecimal digits alone can look like neither.
    let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    first_fits && last_fits && inner_fits && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

/// `YYYY-MM-DD`, which the specification writes without quotes in `date` and `modified`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2))
}

/// A number and a unit: `90m`.
fn is_timespan(text: &str) -> bool {
    let digits = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The groups of hexadecimal digits of an id.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(values: &[&str]) -> Value {
        let list = values.iter().map(|v| Value::from(*v)).collect();
        let mut selection = Mapping::new();
        selection.insert("field|re".into(), Value::Sequence(list));
        let mut detection = Mapping::new();
        detection.insert("selection".into(), Value::Mapping(selection));
        detection.insert("condition".into(), "selection".into());
        let mut map = Mapping::new();
        map.insert("title".into(), "A title".into());
        map.insert("detection".into(), Value::Mapping(detection));
        map.insert("tags".into(), Value::Sequence(values.iter().map(|v| Value::from(*v)).collect()));
        Value::Mapping(map)
    }

    #[test]
    fn detections_are_quoted_and_metadata_is_plain_where_it_can_be() {
        insta::assert_snapshot!(print(&document(&["attack.t1078", "it's"])), @r"
        title: A title
        detection:
            selection:
                field|re:
                    - 'attack.t1078'
                    - 'it''s'
            condition: selection
        tags:
            - attack.t1078
            - 'it''s'
        ");
    }

    #[test]
    fn nasty_texts_read_back() {
        let values = [
            "*",
            "?",
            "\\",
            "\\\\*",
            "\"",
            "'",
            "''",
            "a: b",
            "a #b",
            "#",
            "- x",
            "&a",
            "!t",
            "%x",
            "@x",
            "`x`",
            "{a}",
            "[a]",
            "|",
            ">",
            "",
            " lead",
            "trail ",
            "two\nlines",
            "tab\t",
            "nul\0",
            "\r",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "é",
            "日本",
            "🦀",
            "yes",
            "No",
            "null",
            "~",
            "true",
            "1",
            "1e3",
            "0x1f",
            "12:30:00",
            "2012-10-17",
            "1_000",
            "=",
            "<<",
            ".inf",
            "---",
            "...",
            "? x",
            ": x",
            "a:",
            "x: ",
            "key: value # comment",
        ];
        let printed = print(&document(&values));
        let read: Value = serde_yaml::from_str(&printed).expect("well-formed YAML");
        assert_eq!(read, document(&values), "{printed}");
    }

    #[test]
    fn words_of_yaml_1_1_are_quoted() {
        for word in ["yes", "No", "ON", "off", "y", "null", "12:30", "1_000", "0o7", "=", "<<", "~", "1.5"] {
            assert!(!is_plain(word), "{word}");
        }
        assert!(is_plain("2024-01-31"));
        assert!(is_plain("https://example.com/a_b/"));
        assert!(!is_plain("note: this"));
    }

    #[test]
    fn a_mapping_in_a_list_follows_its_dash() {
        let mut related = Mapping::new();
        related.insert("id".into(), "a1".into());
        related.insert("type".into(), "derived".into());
        let mut map = Mapping::new();
        map.insert("related".into(), Value::Sequence(vec![Value::Mapping(related)]));
        insta::assert_snapshot!(print(&Value::Mapping(map)), @r"
        related:
            - id: a1
              type: derived
        ");
    }
}
