//! Regular expressions of Logs Insights: literal text, wildcard patterns, and PCRE as far as the engine takes it.
//!
//! The manuals name Hyperscan in one place and RE2 in another, so only what both know is written: no lookaround, no
//! back-references, no atomic groups or possessive quantifiers. Results stand between `/` delimiters; a `/` inside is `\/`,
//! and `#`, which might begin a comment, is `\x23`.

use crate::ir::{Case, Pattern, Piece};
use crate::regex::{Analysis, Feature};

/// What a wildcard matches; `.` might stop at a line break.
const ANY: &str = r"[\s\S]";

/// Source text that matches exactly this text.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '/' => {
            out.push('\\');
            out.push(c);
        }
        '#' => out.push_str(r"\x23"),
        c if c.is_control() => out.push_str(&hex(c)),
        c => out.push(c),
    }
}

/// A character by its number.
fn hex(c: char) -> String {
    let n = u32::from(c);
    if n < 0x100 { format!("\\x{n:02x}") } else { format!("\\x{{{n:x}}}") }
}

/// The flag that makes the rest ignore case, where there are letters.
pub(super) fn flag(case: Case, has_letters: bool) -> &'static str {
    match case {
        Case::Insensitive if has_letters => "(?i)",
        Case::Insensitive | Case::Sensitive => "",
    }
}

/// The whole value is one of these texts.
pub(super) fn one_of(texts: &[String], case: Case) -> String {
    let letters = texts.iter().any(|t| has_letters(t));
    let alternatives: Vec<String> = texts.iter().map(|t| escape(t)).collect();
    match alternatives.as_slice() {
        [only] => [flag(case, letters), "^", only, "$"].concat(),
        _ => [flag(case, letters), "^(", &alternatives.join("|"), ")$"].concat(),
    }
}

/// Whether case matters for a text.
pub(super) fn has_letters(text: &str) -> bool {
    text.chars().any(|c| c.is_alphabetic() || c.to_lowercase().ne(std::iter::once(c)))
}

/// The whole value matches a wildcard pattern. Wildcards at either end become a missing anchor.
pub(super) fn pattern(pattern: &Pattern, case: Case) -> String {
    let pieces = pattern.pieces();
    let letters = pieces.iter().any(|p| matches!(p, Piece::Text(t) if has_letters(t)));
    let mut out = flag(case, letters).to_owned();
    if pieces.first() != Some(&Piece::Any) {
        out.push('^');
    }
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(t) => out.push_str(&escape(t)),
            Piece::One => out.push_str(ANY),
            Piece::Any if i > 0 && i + 1 < pieces.len() => {
                out.push_str(ANY);
                out.push('*');
            }
            Piece::Any => {}
        }
    }
    if pieces.last() != Some(&Piece::Any) {
        out.push('$');
    }
    out
}

/// A named group of a translated expression: where its name stands in the text.
pub(super) struct Group {
    pub name: String,
    pub at: std::ops::Range<usize>,
}

/// A translated expression: its source text, and its named groups.
pub(super) struct Translated {
    pub source: String,
    pub groups: Vec<Group>,
}

/// Translates a PCRE.
///
/// # Errors
/// The part that the engine lacks, as a phrase: "a lookahead".
pub(super) fn translate(pcre: &str) -> Result<Translated, String> {
    let analysis = Analysis::new(pcre).map_err(|e| e.message)?;
    if let Some(phrase) = analysis.uses.iter().find_map(|u| lacking(u.feature)) {
        return Err(phrase.to_owned());
    }
    let mut out = Translated { source: String::with_capacity(pcre.len()), groups: Vec::new() };
    let chars: Vec<char> = pcre.chars().collect();
    let mut i = 0;
    let mut class = false;
    while let Some(&c) = chars.get(i) {
        let rest = chars.get(i + 1..).unwrap_or_default();
        match c {
            '\\' => {
                let Some(&escaped) = rest.first() else { return Err("a backslash at the end".to_owned()) };
                i += escape_sequence(escaped, rest, class, &mut out.source)?;
                continue;
            }
            '[' if !class => {
                class = true;
                out.source.push('[');
                // A bracket that comes first stands for itself.
                let mut skip = 1;
                if rest.first() == Some(&'^') {
                    out.source.push('^');
                    skip += 1;
                }
                if chars.get(i + skip) == Some(&']') {
                    out.source.push_str("\\]");
                    skip += 1;
                }
                i += skip;
                continue;
            }
            '[' if rest.first() == Some(&':') => {
                let end = rest.iter().position(|c| *c == ']').unwrap_or(rest.len());
                out.source.extend(&chars[i..=i + 1 + end]);
                i += end + 2;
                continue;
            }
            '[' => out.source.push_str("\\["),
            ']' if class => {
                class = false;
                out.source.push(']');
            }
            '(' if !class => {
                i += group(rest, &mut out)?;
                continue;
            }
            '/' => out.source.push_str("\\/"),
            '#' => out.source.push_str(r"\x23"),
            c if c.is_control() => out.source.push_str(&hex(c)),
            c => out.source.push(c),
        }
        i += 1;
    }
    // RE2's syntax is near enough to that of the `regex` crate for a last check.
    if parsed(&out.source).is_err() {
        return Err("a form that RE2 does not have".to_owned());
    }
    Ok(out)
}

/// The structure of a regular expression without its leading `(?i)`: building the cases of large classes takes long, and neither the
/// syntax nor the lengths depend on it.
///
/// # Errors
/// What the syntax does not allow.
pub(super) fn parsed(source: &str) -> Result<regex_syntax::hir::Hir, Box<regex_syntax::Error>> {
    regex_syntax::Parser::new().parse(source.strip_prefix("(?i)").unwrap_or(source)).map_err(Box::new)
}

/// What RE2 or Hyperscan lacks whatever its notation, as a phrase.
fn lacking(feature: Feature) -> Option<&'static str> {
    match feature {
        Feature::LookAhead { .. } => Some("a lookahead"),
        Feature::LookBehind { .. } => Some("a lookbehind"),
        Feature::Atomic => Some("an atomic group"),
        Feature::Possessive => Some("a possessive quantifier"),
        Feature::BackReference => Some("a back-reference"),
        Feature::Verb | Feature::StartOption => Some("a verb `(*…)`"),
        _ => None,
    }
}

/// Copies an escape; gives how many characters it takes, the backslash included.
fn escape_sequence(escaped: char, rest: &[char], class: bool, out: &mut String) -> Result<usize, String> {
    match escaped {
        'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'f' => {
            out.push('\\');
            out.push(escaped);
        }
        'b' | 'B' | 'A' | 'z' if !class => {
            out.push('\\');
            out.push(escaped);
        }
        'Z' if !class => out.push('$'),
        'h' if !class => out.push_str(r"[ \t]"),
        'x' => {
            let digits = rest.get(1..).unwrap_or_default().iter().take(2).take_while(|c| c.is_ascii_hexdigit()).count();
            if digits != 2 {
                return Err("an escape `\\x` without two digits".to_owned());
            }
            out.push_str("\\x");
            out.extend(&rest[1..3]);
            return Ok(4);
        }
        '#' => out.push_str(r"\x23"),
        c if c.is_ascii_punctuation() => {
            // `\"`, `\/`, `\.` …: the character itself.
            if matches!(
                c,
                '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '/' | '-'
            ) {
                out.push('\\');
            }
            out.push(c);
        }
        c => return Err(format!("the escape `\\{c}`")),
    }
    Ok(2)
}

/// Copies the start of a group; gives how many characters it takes, the parenthesis included.
fn group(rest: &[char], out: &mut Translated) -> Result<usize, String> {
    out.source.push('(');
    if rest.first() != Some(&'?') {
        return Ok(1);
    }
    let after: String = rest.iter().skip(1).take(2).collect();
    let name_at = match after.as_str() {
        a if a.starts_with(':') => {
            out.source.push_str("?:");
            return Ok(3);
        }
        a if a.starts_with('<') => 2,
        "P<" => 3,
        _ => {
            let flags: Vec<char> =
                rest.iter().skip(1).take_while(|c| matches!(c, 'i' | 's' | 'm' | '-')).copied().collect();
            let end = rest.get(1 + flags.len());
            if flags.is_empty() || !matches!(end, Some(')' | ':')) {
                return Err("a group of another kind".to_owned());
            }
            out.source.push('?');
            out.source.extend(&flags);
            out.source.extend(end);
            return Ok(3 + flags.len());
        }
    };
    let name: String = rest.iter().skip(name_at).take_while(|c| **c != '>').collect();
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || rest.get(name_at + name.chars().count()) != Some(&'>') {
        return Err("a malformed group name".to_owned());
    }
    out.source.push_str("?<");
    let start = out.source.len();
    out.source.push_str(&name);
    out.groups.push(Group { at: start..out.source.len(), name: name.clone() });
    out.source.push('>');
    Ok(name_at + name.chars().count() + 2)
}

/// Makes numbered groups into groups without a number: in `parse` only named ones are fields.
pub(super) fn drop_numbered_groups(regex: &mut Translated) {
    let mut source = String::with_capacity(regex.source.len());
    let mut groups = regex.groups.iter_mut().peekable();
    let (mut escaped, mut class) = (false, 0u32);
    for (i, c) in regex.source.char_indices() {
        if let Some(group) = groups.next_if(|g| g.at.start == i) {
            group.at = source.len()..source.len() + group.at.len();
        }
        source.push(c);
        let opens = c == '(' && !escaped && class == 0;
        if opens && !regex.source[i + 1..].starts_with('?') {
            source.push_str("?:");
        }
        class = match c {
            '[' if !escaped => class + 1,
            ']' if !escaped => class.saturating_sub(1),
            _ => class,
        };
        escaped = c == '\\' && !escaped;
    }
    regex.source = source;
}

/// Source text that matches a piece of text as it stands inside a JSON string: what a writer may escape matches in both forms.
pub(super) fn json_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let safe = c.is_ascii_alphanumeric()
            || matches!(
                c,
                ' ' | '_'
                    | '-'
                    | '.'
                    | ','
                    | ':'
                    | ';'
                    | '@'
                    | '*'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '|'
                    | '?'
                    | '!'
                    | '%'
                    | '~'
                    | '^'
                    | '$'
            );
        if safe {
            push_escaped(&mut out, c);
            continue;
        }
        let mut units = [0u16; 2];
        let by_number: String = c.encode_utf16(&mut units).iter().map(|u| format!(r"\\u{u:04x}")).collect();
        // In a JSON string `"` and `\` never stand bare.
        let bare = if matches!(c, '"' | '\\') { String::new() } else { escape(&c.to_string()) + "|" };
        let short = match c {
            '"' => r#"\\"|"#.to_owned(),
            '\\' => r"\\\\|".to_owned(),
            '/' => r"\\\/|".to_owned(),
            '\n' => r"\\n|".to_owned(),
            '\r' => r"\\r|".to_owned(),
            '\t' => r"\\t|".to_owned(),
            _ => String::new(),
        };
        // The digits of `\u` may be of either case.
        let by_number = if by_number.chars().any(|c| c.is_ascii_hexdigit() && c.is_alphabetic()) {
            ["(?i:", &by_number, ")"].concat()
        } else {
            by_number
        };
        out.push_str(&["(", &bare, &short, &by_number, ")"].concat());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wildcard(s: &str) -> Pattern {
        Pattern::new(s.chars().map(|c| match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            c => Piece::Text(c.to_string()),
        }))
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape(r"a.b/c\d#"), r"a\.b\/c\\d\x23");
        assert_eq!(escape("a\nb"), r"a\x0ab");
    }

    #[test]
    fn wildcards_at_the_ends_drop_the_anchor() {
        assert_eq!(pattern(&wildcard("Update*"), Case::Insensitive), "(?i)^Update");
        assert_eq!(pattern(&wildcard("*.amazonaws.com"), Case::Insensitive), r"(?i)\.amazonaws\.com$");
        assert_eq!(pattern(&wildcard("a*b?"), Case::Sensitive), r"^a[\s\S]*b[\s\S]$");
        assert_eq!(pattern(&wildcard("*x*"), Case::Sensitive), "x");
    }

    #[test]
    fn case_folding_is_asked_for_only_where_there_are_letters() {
        assert_eq!(one_of(&["12".into(), "34".into()], Case::Insensitive), "^(12|34)$");
        assert_eq!(one_of(&["a".into()], Case::Insensitive), "(?i)^a$");
    }

    #[test]
    fn what_the_engine_lacks_is_refused() {
        for (pcre, phrase) in [
            ("(?=a)", "a lookahead"),
            ("(?<!a)b", "a lookbehind"),
            (r"(a)\1", "a back-reference"),
            ("(?>a)", "an atomic group"),
            ("a++", "a possessive quantifier"),
            ("a{2,}+", "a possessive quantifier"),
            (r"\Ka", r"the escape `\K`"),
        ] {
            assert_eq!(translate(pcre).err().as_deref(), Some(phrase), "{pcre}");
        }
    }

    #[test]
    fn slashes_and_groups_are_translated() {
        let t = translate(r#"^arn:[^/]+/(?P<role>[\w+=,.@-]+)\/(?<x>#)"#).unwrap();
        assert_eq!(t.source, r"^arn:[^\/]+\/(?<role>[\w+=,.@-]+)\/(?<x>\x23)");
        let names: Vec<&str> = t.groups.iter().map(|g| &t.source[g.at.clone()]).collect();
        assert_eq!(names, ["role", "x"]);
    }

    #[test]
    fn numbered_groups_lose_their_number() {
        let mut t = translate(r"(a|\()(?<x>[(b]+)(c)").unwrap();
        drop_numbered_groups(&mut t);
        assert_eq!(t.source, r"(?:a|\()(?<x>[(b]+)(?:c)");
        assert_eq!(&t.source[t.groups[0].at.clone()], "x");
    }

    #[test]
    fn a_bracket_may_come_first_in_a_class() {
        assert_eq!(translate("[]a]").unwrap().source, r"[\]a]");
        assert_eq!(translate("[^]a]").unwrap().source, r"[^\]a]");
        assert_eq!(translate("[[:alpha:]x[]").unwrap().source, r"[[:alpha:]x\[]");
    }

    #[test]
    fn json_text_matches_either_way_of_writing() {
        assert_eq!(json_text("a/b"), r"a(\/|\\\/|(?i:\\u002f))b");
        assert_eq!(json_text(r#"""#), r#"(\\"|\\u0022)"#);
    }
}
