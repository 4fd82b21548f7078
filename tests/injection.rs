//! Text from rules stays in its literal: hostile values, names and descriptions, read back from every target's query.
//!
//! Each query is read by a scanner of the target's lexical grammar that shares nothing with the emitters. What is left
//! when literals and comments are taken out must be the same as for a harmless text, and the literals must hold the
//! text itself. Athena's queries are read by the SQL parser too, Sigma's by the YAML parser.

mod support;

use rulecast::diagnostic::Severity;
use rulecast::target::{TargetId, athena};
use serde::Deserialize;
use support::{Case, compile, compile_file, compiler, library, rule_named};

const HARMLESS: &str = "zq7plain";

/// Texts that end literals, comments, queries or documents where they are not escaped.
const HOSTILE: &[&str] = &[
    "x' OR 'zq7'='zq7",
    "x'; DROP TABLE zq7 --",
    "x'' OR zq7",
    "'''zq7'''",
    "\"zq7\"",
    "a\"; zq7 \"b",
    "zq7\\",
    "zq7\\\\",
    "zq7\\'",
    "zq7\\\" | filter 1=1",
    "zq7 -- rest",
    "zq7 /* rest",
    "zq7; SELECT 1",
    "zq7\nlimit 1",
    "zq7\r\n| fields zq7",
    "zq7\tb",
    "`zq7`",
    "${zq7}",
    "$zq7$",
    "{{ zq7 }}",
    "{% raw %}zq7{% endraw %}",
    "{# zq7 #}",
    "zq7 /(?i)x/ | limit 1",
    "zq7/i",
    "zq7 | limit 1",
    "# zq7",
    "zq7 # x",
    "zq7: x",
    "- zq7",
    "? zq7",
    "&zq7 *a",
    "!!str zq7",
    "%zq7_",
    "[zq7]",
    "{zq7: 1}",
    "--- zq7",
    "zq7\n---\ntitle: x",
    "...\nzq7",
    "> zq7",
    "@zq7",
    "\u{202e}zq7\u{202c}",
    "\u{200f}zq7",
    "zq7\u{2028}limit 1",
    "zq7\u{85}x",
    "zq7\u{a0}x",
    "\u{feff}zq7",
    " zq7 ",
    "zq7\u{0}x",
    "zq7\u{7}x",
    "ÄÖ日本🦀zq7",
    "yes zq7",
    "zq7^.$|()[]+?{1,2}\\d",
];

/// What a query consists of.
#[derive(Default, Debug, PartialEq)]
struct Scanned {
    /// The text without comments; each literal is `?`.
    skeleton: String,
    literals: Vec<String>,
}

/// Takes apart a query: literals between delimiters, comments to the end of the line.
fn scan(text: &str, comment: &str, delimiters: &[(char, Escape)]) -> Scanned {
    let mut scanned = Scanned::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with(comment) {
            // Every character that some reader takes for the end of a line.
            let ends = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
            let end = rest.find(ends).unwrap_or(rest.len());
            rest = &rest[end..];
            continue;
        }
        let Some((_, escape)) = delimiters.iter().find(|(d, _)| *d == c) else {
            scanned.skeleton.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let (literal, length) = literal(&rest[c.len_utf8()..], c, *escape);
        scanned.skeleton.push('?');
        scanned.literals.push(literal);
        rest = &rest[c.len_utf8() + length..];
    }
    scanned.skeleton = scanned.skeleton.split_whitespace().collect::<Vec<_>>().join(" ");
    scanned
}

#[derive(Clone, Copy, PartialEq)]
enum Escape {
    /// A delimiter is written twice.
    Doubled,
    /// A backslash stands before a delimiter or a backslash.
    Backslash,
    /// As before, and the backslash belongs to the text (regular expressions).
    Kept,
}

/// The text up to the closing delimiter, and how many bytes it takes with that.
fn literal(text: &str, delimiter: char, escape: Escape) -> (String, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        if c == delimiter && escape == Escape::Doubled && next == Some(delimiter) {
            chars.next();
            out.push(delimiter);
        } else if c == delimiter {
            return (out, i + c.len_utf8());
        } else if c == '\\' && escape != Escape::Doubled && next.is_some() {
            if escape == Escape::Kept {
                out.push(c);
            }
            out.extend(chars.next().map(|(_, c)| c));
        } else {
            out.push(c);
        }
    }
    panic!("a literal is not closed: {text}");
}

fn scan_sql(text: &str) -> Scanned {
    let scanned = scan(text, "--", &[('\'', Escape::Doubled), ('"', Escape::Doubled)]);
    assert!(!scanned.skeleton.contains([';', '\\', '`']), "{text}");
    assert!(!scanned.skeleton.contains("/*"), "{text}");
    scanned
}

fn scan_insights(text: &str) -> Scanned {
    // Division never stands in these queries, so that a slash begins a regular expression.
    scan(text, "#", &[('"', Escape::Backslash), ('\'', Escape::Backslash), ('`', Escape::Doubled), ('/', Escape::Kept)])
}

/// Sigma's documents; the harmless text's places are compared by the paths of their values.
fn sigma_values(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut paths, mut texts) = (Vec::new(), Vec::new());
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).unwrap_or_else(|e| panic!("no YAML: {e}\n{text}"));
        walk(&value, "", &mut paths, &mut texts);
        paths.push("---".to_owned());
    }
    (paths, texts)
}

fn walk(value: &serde_yaml::Value, path: &str, paths: &mut Vec<String>, texts: &mut Vec<String>) {
    match value {
        serde_yaml::Value::Mapping(map) => {
            for (key, value) in map {
                let key = key.as_str().expect("keys are texts");
                walk(value, &format!("{path}/{key}"), paths, texts);
            }
        }
        serde_yaml::Value::Sequence(items) => {
            items.iter().for_each(|item| walk(item, &format!("{path}/-"), paths, texts));
        }
        serde_yaml::Value::String(text) => {
            paths.push(path.to_owned());
            texts.push(text.clone());
        }
        _ => paths.push(path.to_owned()),
    }
}

/// A Sigma value's own text: `\*`, `\?` and `\\` are escapes, any other backslash is itself.
fn unescape_sigma(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('*' | '?' | '\\'))) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// The only text that a regular expression matches, where it is one between anchors.
fn regex_text(regex: &str) -> Option<String> {
    use regex_syntax::hir::HirKind;
    let hir = regex_syntax::parse(regex).ok()?;
    let HirKind::Concat(parts) = hir.kind() else { return None };
    match parts.as_slice() {
        [first, text, last] => match (first.kind(), text.kind(), last.kind()) {
            (HirKind::Look(_), HirKind::Literal(text), HirKind::Look(_)) => String::from_utf8(text.0.to_vec()).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// A text in SPL's quotation marks.
fn spl(text: &str, delimiter: char) -> String {
    let mut out = String::from(delimiter);
    for c in text.chars() {
        if c == delimiter || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(delimiter);
    out
}

/// The query of a target; `None` where it was refused with an error.
fn query(case: &Case, target: TargetId) -> Option<&str> {
    let output = case.output(target);
    if output.query.is_none() {
        assert!(output.diagnostics.iter().any(|d| d.severity == Severity::Error), "refused without an error");
    }
    output.query.as_deref()
}

fn check_statement(text: &str, hostile: &str) {
    assert!(athena::parse(text).is_ok(), "{hostile:?}: {:?}\n{text}", athena::parse(text).err());
}

/// Targets that refuse a text: none may, but for a few characters that a language has no spelling for.
fn may_refuse(target: TargetId, text: &str) -> bool {
    match target {
        TargetId::Athena | TargetId::Sigma => text.contains('\0'),
        TargetId::Cloudwatch => text.contains(|c: char| c.is_control()),
    }
}

#[test]
fn compared_values_stay_literals() {
    let search = |text: &str| format!("`cloudtrail` | where userAgent={}", spl(text, '"'));
    let plain = compile(&search(HARMLESS));
    let sql = scan_sql(plain.text(TargetId::Athena)).skeleton;
    let insights = scan_insights(plain.text(TargetId::Cloudwatch)).skeleton;
    let sigma = sigma_values(plain.text(TargetId::Sigma)).0;
    for text in HOSTILE {
        let case = compile(&search(text));
        assert_eq!(case.front(), Vec::<String>::new(), "{text:?}");
        for target in TargetId::ALL {
            let Some(query) = query(&case, target) else {
                assert!(may_refuse(target, text), "{} refuses {text:?}: {}", target.name(), case.said());
                continue;
            };
            match target {
                TargetId::Athena => {
                    check_statement(query, text);
                    let scanned = scan_sql(query);
                    assert_eq!(scanned.skeleton, sql, "{text:?}");
                    assert!(scanned.literals.iter().any(|l| l == text), "{text:?}: {:?}", scanned.literals);
                }
                TargetId::Cloudwatch => {
                    // Some texts are written as a regular expression that matches them alone.
                    let scanned = scan_insights(query);
                    assert_eq!(scanned.skeleton.replace(" like ?", " = ?"), insights, "{text:?}");
                    let holds = |l: &String| l == text || regex_text(l).as_deref() == Some(text);
                    assert!(scanned.literals.iter().any(holds), "{text:?}: {:?}", scanned.literals);
                }
                TargetId::Sigma => {
                    let (paths, texts) = sigma_values(query);
                    assert_eq!(paths, sigma, "{text:?}");
                    assert!(texts.iter().any(|t| unescape_sigma(t) == *text), "{text:?}: {texts:?}");
                }
            }
        }
    }
}

#[test]
fn values_of_search_stay_literals() {
    for shape in [
        "`cloudtrail` userAgent=VALUE",
        "`cloudtrail` userAgent IN (VALUE, \"b*\")",
        "`cloudtrail` NOT userAgent!=VALUE",
    ] {
        let search = |text: &str| shape.replace("VALUE", &spl(text, '"'));
        let plain = compile(&search(HARMLESS));
        let sql = scan_sql(plain.text(TargetId::Athena)).skeleton;
        let insights = scan_insights(plain.text(TargetId::Cloudwatch)).skeleton;
        // A star is a wildcard here, which changes the operator.
        for text in HOSTILE.iter().filter(|t| !t.contains('*')) {
            let case = compile(&search(text));
            if let Some(query) = query(&case, TargetId::Athena) {
                check_statement(query, text);
                let scanned = scan_sql(query);
                // Letters beyond ASCII are folded by Athena itself.
                assert_eq!(scanned.skeleton.replace("lower(?)", "?"), sql.replace("lower(?)", "?"), "{text:?}");
                let folded = text.to_lowercase();
                let holds = |l: &String| *l == folded || l == text;
                assert!(scanned.literals.iter().any(holds), "{text:?}: {:?}", scanned.literals);
            } else {
                assert!(may_refuse(TargetId::Athena, text), "Athena refuses {text:?}: {}", case.said());
            }
            if let Some(query) = query(&case, TargetId::Cloudwatch) {
                assert_eq!(scan_insights(query).skeleton, insights, "{text:?}");
            }
            if let Some(query) = query(&case, TargetId::Sigma) {
                let texts = sigma_values(query).1;
                assert!(texts.iter().any(|t| unescape_sigma(t) == *text), "{text:?}: {texts:?}");
            }
        }
    }
}

#[test]
fn wildcards_around_hostile_text_match_it_alone() {
    for text in HOSTILE.iter().filter(|t| !t.contains('*')) {
        let case = compile(&format!("`cloudtrail` userAgent={}", spl(&format!("*{text}*"), '"')));
        if let Some(query) = query(&case, TargetId::Athena) {
            check_statement(query, text);
            let literals = scan_sql(query).literals;
            let escaped = |text: &str| -> String {
                text.chars()
                    .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
                    .collect()
            };
            let mut forms = vec![escaped(text), escaped(&text.to_lowercase())];
            if !text.contains(['%', '_']) {
                // Without LIKE's signs there is no escape, and a backslash is itself.
                forms.extend([(*text).to_owned(), text.to_lowercase()]);
            }
            assert!(literals.iter().any(|l| forms.iter().any(|f| *l == format!("%{f}%"))), "{text:?}: {literals:?}");
        }
        if let Some(query) = query(&case, TargetId::Cloudwatch) {
            let literals = scan_insights(query).literals;
            let regex = literals.iter().find(|l| l.starts_with("(?i)")).expect("a regular expression");
            let parsed = regex_syntax::parse(regex).unwrap_or_else(|e| panic!("{text:?}: {e}"));
            assert!(parsed.properties().minimum_len().is_some_and(|n| n > 0), "{text:?}");
        }
        if let Some(query) = query(&case, TargetId::Sigma) {
            let texts = sigma_values(query).1;
            assert!(texts.iter().any(|t| unescape_sigma(t).contains(text)), "{text:?}: {texts:?}");
        }
    }
}

#[test]
fn constants_of_eval_stay_literals() {
    for shape in [
        "`cloudtrail` | eval x=VALUE | table x",
        "`cloudtrail` | eval x=eventName.VALUE | stats count by x",
        "`cloudtrail` | eval x=if(eventName=VALUE, VALUE, \"n\") | table x",
        "`cloudtrail` | fillnull value=VALUE errorMessage | table errorMessage",
        "`cloudtrail` | eval x=replace(userAgent, \"a\", VALUE) | table x",
        "`cloudtrail` | eval x=strftime(_time, VALUE) | table x",
        "`cloudtrail` | eval x=split(userAgent, VALUE) | table x",
        "`cloudtrail` | eval x=spath(requestParameters, VALUE) | table x",
        "`cloudtrail` | where like(userAgent, VALUE)",
        "`cloudtrail` | where match(userAgent, VALUE)",
        "`cloudtrail` VALUE",
        "`cloudtrail` | rex field=userAgent VALUE | table zq7",
    ] {
        let search = |text: &str| shape.replace("VALUE", &spl(text, '"'));
        let plain = compile(&search(HARMLESS));
        let commands = plain.output(TargetId::Cloudwatch).query.as_deref().map(pipes);
        for text in HOSTILE {
            let case = compile(&search(text));
            if let Some(query) = query(&case, TargetId::Athena) {
                check_statement(query, text);
                assert!(
                    !scan_sql(query).skeleton.contains("zq7 ") || shape.contains("zq7"),
                    "{shape}: {text:?}\n{query}"
                );
            }
            if let (Some(query), Some(commands)) = (query(&case, TargetId::Cloudwatch), commands) {
                // A wildcard or an option can need a stage more, but never one of the text's own.
                assert!(pipes(query) <= commands + 1, "{shape}: {text:?}\n{query}");
                assert!(!scan_insights(query).skeleton.contains("limit 1 "), "{shape}: {text:?}\n{query}");
            }
            if let Some(query) = query(&case, TargetId::Sigma) {
                sigma_values(query);
            }
        }
    }
}

/// How many commands follow the first.
fn pipes(query: &str) -> usize {
    scan_insights(query).skeleton.matches('|').count()
}

#[test]
fn names_stay_names() {
    for shape in [
        "`cloudtrail` | stats count as QUOTED by eventName",
        "`cloudtrail` | stats count as QUOTED by eventName | where NAME > 5",
        "`cloudtrail` | rename eventName as QUOTED | table QUOTED",
        "`cloudtrail` | eval NAME=1 | table QUOTED",
        "`cloudtrail` QUOTED=a",
        "`cloudtrail` | where NAME=\"a\"",
        "`cloudtrail` | stats values(eventName) as e by QUOTED",
        "`cloudtrail` | sort QUOTED | head 5",
        "`cloudtrail` | dedup QUOTED",
    ] {
        for text in HOSTILE {
            for text in [(*text).to_owned(), format!("requestParameters.{text}")] {
                let search = shape.replace("QUOTED", &spl(&text, '"')).replace("NAME", &spl(&text, '\''));
                let case = compile(&search);
                if let Some(query) = query(&case, TargetId::Athena) {
                    check_statement(query, &text);
                    scan_sql(query);
                }
                if let Some(query) = query(&case, TargetId::Cloudwatch) {
                    let skeleton = scan_insights(query).skeleton;
                    assert!(!skeleton.contains("limit 1 ") && !skeleton.ends_with("limit 1"), "{text:?}\n{query}");
                }
                if let Some(query) = query(&case, TargetId::Sigma) {
                    let (paths, _) = sigma_values(query);
                    let top = |p: &&String| p.starts_with("/title");
                    let documents = paths.iter().filter(|p| *p == "---").count();
                    assert_eq!(paths.iter().filter(top).count(), documents, "{text:?}\n{query}");
                }
            }
        }
    }
}

#[test]
fn names_and_descriptions_of_rules_stay_in_their_places() {
    let compiler = compiler(library(&[]));
    let search = "`cloudtrail` eventName=A | stats count by eventName | where count > 5";
    let plain = compile_file(&compiler, rule_named(HARMLESS, HARMLESS, search));
    let sql = scan_sql(plain.text(TargetId::Athena));
    let insights = scan_insights(plain.text(TargetId::Cloudwatch));
    let sigma = sigma_values(plain.text(TargetId::Sigma)).0;
    for text in HOSTILE {
        let case = compile_file(&compiler, rule_named(text, text, search));
        check_statement(case.text(TargetId::Athena), text);
        assert_eq!(scan_sql(case.text(TargetId::Athena)), sql, "{text:?}");
        assert_eq!(scan_insights(case.text(TargetId::Cloudwatch)), insights, "{text:?}");
        let (paths, texts) = sigma_values(case.text(TargetId::Sigma));
        assert_eq!(paths, sigma, "{text:?}\n{}", case.text(TargetId::Sigma));
        let words = |t: &str| t.split(|c: char| c.is_whitespace() || c.is_control()).collect::<String>();
        assert!(texts.iter().any(|t| words(t).contains(&words(text))), "{text:?}: {texts:?}");
    }
}
