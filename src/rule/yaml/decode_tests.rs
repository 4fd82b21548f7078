//! Each scalar style with its odd cases: the map must be fine (never the coarse fallback) and right.

use super::super::{Node, parse};
use super::*;
use crate::diagnostic::Sink;
use crate::source::SourceFile;

fn root(file: &SourceFile) -> Node {
    let mut sink = Sink::default();
    let node = parse(file, &mut sink).ok().flatten();
    node.unwrap_or_else(|| panic!("no tree of {:?}: {:?}", file.text(), sink.diagnostics()))
}

/// Decodes the value of `s`, checks each character that is no blank and no escape, and shows the text with the
/// file's character at each place where a new run begins.
fn check(yaml: &str) -> String {
    let file = SourceFile::new("f", yaml);
    let root = root(&file);
    let node = root.get("s").expect("s");
    let scalar = node.scalar().expect("a scalar");
    let map = scalar_map(file.text(), scalar, node.span);
    assert!(!map.is_coarse(), "coarse: {yaml:?} decodes to {:?}", scalar.text);
    for (at, c) in scalar.text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let there = file.text()[map.offset(at as u32) as usize..].chars().next();
        assert!(there == Some(c) || there == Some('\\'), "{c:?} at {at} of {yaml:?} maps to {there:?}");
    }
    scalar.text.clone()
}

/// The text of the file under a part of the decoded text.
fn under(yaml: &str, part: &str) -> String {
    let file = SourceFile::new("f", yaml);
    let root = root(&file);
    let node = root.get("s").expect("s");
    let scalar = node.scalar().expect("a scalar");
    let map = scalar_map(file.text(), scalar, node.span);
    let start = scalar.text.find(part).expect("the part");
    let span = map.span(start, start + part.len());
    file.text()[span.start as usize..span.end as usize].to_owned()
}

/// The same with CRLF line ends; the decoded text is the same.
fn check_both(yaml: &str) -> String {
    let text = check(yaml);
    assert_eq!(check(&yaml.replace('\n', "\r\n")), text, "CRLF of {yaml:?}");
    text
}

#[test]
fn plain_scalars_fold_lines() {
    assert_eq!(check_both("s: a  b\nt: x\n"), "a  b");
    assert_eq!(check_both("s: a b  \n   c\n  d\nt: x\n"), "a b c d");
    assert_eq!(check_both("s: a\n\n  b\n\n\n  c\nt: x\n"), "a\nb\n\nc");
    assert_eq!(check_both("s: a # comment\nt: x\n"), "a");
    assert_eq!(check_both("s:\n  a\n  b\n"), "a b");
    assert_eq!(check_both("s: é 日本\n  ü\n"), "é 日本 ü");
    assert_eq!(check("s: last"), "last");
}

#[test]
fn tags_and_anchors_are_no_content() {
    assert_eq!(check_both("s: !!str 'a'\n"), "a");
    assert_eq!(check_both("s: &x a\n  b\n"), "a b");
    assert_eq!(under("s: !!str &x 'ab'\n", "b"), "b");
}

#[test]
fn a_blocks_text_may_begin_as_tags_and_anchors_do() {
    assert_eq!(check_both("s: |\n  !=x y\n"), "!=x y\n");
    assert_eq!(check_both("s: >- # why\n\n  &a |\n  b"), "\n&a | b");
    assert_eq!(check_both("s: !!str |\n  !b\n"), "!b\n");
    assert_eq!(check_both("s:\n  &a |\n  !b\n"), "!b\n");
}

#[test]
fn a_line_break_that_the_file_does_not_have_has_no_place_behind_the_file() {
    assert_eq!(under("s: |\n  ab", "ab\n"), "ab");
    assert_eq!(under("s: |\n  ab ", "\n"), "");
}

#[test]
fn quoted_lines_may_begin_in_the_first_column() {
    assert_eq!(check_both("s: 'a\nb\n\nc'\nt: x\n"), "a b\nc");
    assert_eq!(check_both("s: \"a\n\\nb\"\nt: \"c\nd\"\n"), "a \nb");
}

#[test]
fn single_quotes_fold_lines_and_double_their_quotes() {
    assert_eq!(check_both("s: 'a''b'\n"), "a'b");
    assert_eq!(check_both("s: 'a  \n   b'\n"), "a b");
    assert_eq!(check_both("s: 'a\n\n  b\n\n\n  c'\n"), "a\nb\n\nc");
    assert_eq!(check_both("s: ' a b '   # comment\nt: x\n"), " a b ");
    assert_eq!(check_both("s: '\n  a\n  '\nt: x\n"), " a ");
    assert_eq!(check_both("s: ''''\n"), "'");
    assert_eq!(check_both("s: ''\n"), "");
    assert_eq!(check_both("s: '''a''\n  ''b'''\n"), "'a' 'b'");
    assert_eq!(check_both("s: 'a \\d \"b\"'\n"), "a \\d \"b\"");
}

#[test]
fn double_quotes_have_escapes_and_line_continuations() {
    assert_eq!(check_both("s: \"a\\tb\\nc\"\n"), "a\tb\nc");
    assert_eq!(check_both(r#"s: "\\d \"x\" \/ \x41 \u00e9 \U0001F600""#), "\\d \"x\" / A é 😀");
    assert_eq!(
        check_both(r#"s: "\0\a\b\v\f\r\e\N\_\L\P""#),
        "\0\u{7}\u{8}\u{b}\u{c}\r\u{1b}\u{85}\u{a0}\u{2028}\u{2029}"
    );
    assert_eq!(check_both("s: \"a\n  b\"\n"), "a b");
    assert_eq!(check_both("s: \"a\\\n  b\"\n"), "ab");
    assert_eq!(check_both("s: \"a \\\n  \\ b\"\n"), "a  b");
    assert_eq!(check_both("s: \"a\\\n\n  b\"\n"), "a\nb");
    assert_eq!(check_both("s: \"a\n\n\n  b\"\n"), "a\n\nb");
}

#[test]
fn literal_blocks_keep_their_lines() {
    assert_eq!(check_both("s: |\n  a\n  b\nt: x\n"), "a\nb\n");
    assert_eq!(check_both("s: |-\n  a\n    b  \n\n  c\n\nt: x\n"), "a\n  b  \n\nc");
    assert_eq!(check_both("s: |+\n  a\n\n\nt: x\n"), "a\n\n\n");
    assert_eq!(check_both("s: |2\n    a\n  b\nt: x\n"), "  a\nb\n");
    assert_eq!(check_both("s: |2-\n    a\n  b\n"), "  a\nb");
    assert_eq!(check_both("s: |-2\n    a\n"), "  a");
    assert_eq!(check_both("s: |   # a | comment\n\n\n  a\nt: x\n"), "\n\na\n");
    assert_eq!(check_both("s: # a | comment\n  |-\n  a\n"), "a");
    assert_eq!(check_both("s: !!str |-\n\n  a\n"), "\na");
    assert_eq!(check_both("s: &x !!str |-\n  a\n"), "a");
    assert_eq!(check_both("s: |-\n  a\n  \n  b\n"), "a\n\nb");
    assert_eq!(check_both("s: |-\n  a\n   \n  b\n"), "a\n \nb");
    assert_eq!(check_both("s: |-\n  é\n  日 x\n"), "é\n日 x");
    assert_eq!(check("s: |-\n  a"), "a");
    assert_eq!(check("s: |\n  a\n  b"), "a\nb\n");
}

#[test]
fn folded_blocks_fold_lines_but_not_indented_ones() {
    assert_eq!(check_both("s: >\n  a\n  b\nt: x\n"), "a b\n");
    assert_eq!(check_both("s: >-\n  a \n  b\n\n  c\n\n\n  d\n"), "a  b\nc\n\nd");
    assert_eq!(check_both("s: >-\n  a\n    b\n    c\n  d\n  e\n"), "a\n  b\n  c\nd e");
    assert_eq!(check_both("s: >-\n  a\n\n    b\n\n  c\n"), "a\n\n  b\n\nc");
    assert_eq!(check_both("s: >+\n  a\n\nt: x\n"), "a\n\n");
    assert_eq!(check_both("s: >-\n\n  a\n  \tb\n  c\n"), "\na\n\tb\nc");
    assert_eq!(check_both("s: >2-\n   a\n  b\n"), " a\nb");
}

#[test]
fn blocks_in_lists_are_measured_from_their_own_indentation() {
    let file = SourceFile::new("f", "l:\n- |-\n  a\n  b\n- >-\n    c\n    d\n");
    let root = root(&file);
    let items = root.get("l").and_then(Node::items).expect("items");
    for (item, text) in items.iter().zip(["a\nb", "c d"]) {
        let scalar = item.scalar().expect("a scalar");
        assert_eq!(scalar.text, text);
        assert!(!scalar_map(file.text(), scalar, item.span).is_coarse());
    }
}

#[test]
fn spans_reach_over_folds_and_escapes() {
    assert_eq!(under("s: 'ab\n   cd'\n", "b c"), "b\n   c");
    assert_eq!(under("s: 'it''s x'\n", "s x"), "s x");
    assert_eq!(under("s: \"a\\\\db\"\n", "db"), "db");
    assert_eq!(under("s: |-\n    a\n    | b\n", "| b"), "| b");
    assert_eq!(under("s: >-\r\n    a\r\n    b é c\r\n", "é"), "é");
}

#[test]
fn a_text_that_differs_gets_the_coarse_map() {
    let scalar = Scalar { text: "abc".to_owned(), style: Style::Plain, is_str: false, after: 0 };
    let map = scalar_map("x: abd", &scalar, Span::new(3, 6));
    assert!(map.is_coarse());
    assert_eq!((map.offset(0), map.offset(2), map.offset(99)), (3, 3, 3));
    let span = map.span(1, 3);
    assert_eq!((span.start, span.end), (3, 4));
}

#[test]
#[allow(clippy::print_stdout)]
fn every_rule_of_the_corpus_maps_exactly() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/escu/detections");
    let Ok(folders) = std::fs::read_dir(&folder) else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    let mut rules = 0;
    for path in folders.flatten().flat_map(|f| std::fs::read_dir(f.path()).into_iter().flatten().flatten()) {
        let text = std::fs::read_to_string(path.path()).expect("a readable rule");
        let file = SourceFile::new(path.path().display().to_string(), text);
        let root = root(&file);
        for entry in root.entries().expect("a mapping") {
            let Some(scalar) = entry.value.scalar() else { continue };
            let map = scalar_map(file.text(), scalar, entry.value.span);
            assert!(!map.is_coarse(), "{} {}", file.path(), entry.key);
            let chars = scalar.text.char_indices().filter(|(_, c)| !c.is_whitespace());
            for (at, c) in chars.filter(|_| scalar.style != Style::DoubleQuoted) {
                let there = file.text()[map.offset(at as u32) as usize..].chars().next();
                assert_eq!(there, Some(c), "{} {} at {at}", file.path(), entry.key);
            }
        }
        rules += 1;
    }
    assert_eq!(rules, 1090);
}
