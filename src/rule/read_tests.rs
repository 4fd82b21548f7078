//! The three layouts, and what can be wrong with a rule file.

use crate::diagnostic::Sink;
use crate::rule::Rule;
use crate::source::SourceFile;

fn read(text: &str) -> (Option<Rule>, Vec<String>) {
    let file = SourceFile::new("f", text);
    let mut sink = Sink::default();
    let rule = Rule::parse(&file, &mut sink);
    let said = sink
        .diagnostics()
        .iter()
        .map(|d| {
            let at = d.span.map_or_else(|| "-".to_owned(), |s| file.position(s.start).to_string());
            format!("{} {at} {} | {}", d.code.id, d.message, d.help.as_deref().unwrap_or("-"))
        })
        .collect();
    (rule, said)
}

const HEAD: &str = "name: N\nid: 1-2\nsearch: index=x\n";

#[test]
fn the_layout_of_2024_is_read() {
    let (rule, said) = read(
        "name: N\nid: 1-2\nversion: 3\ndate: 2024-10-17\nstatus: deprecated\ntype: TTP\nsearch: 'index=x\n  y=1'\n\
         references: []\nknown_false_positives: null\ntags:\n  analytic_story:\n  - S\n  asset_type: Endpoint\n  \
         confidence: 50\n  mitre_attack_id:\n  - T1\n  risk_score: 12.5\n  security_domain: threat\n  cve:\n  - CVE-1\n\
         tests:\n- name: T\n  attack_data:\n  - data: u\n    source: s\n    sourcetype: st\n    update_timestamp: true\n",
    );
    let rule = rule.expect("a rule");
    assert_eq!(said, [] as [&str; 0]);
    assert_eq!((rule.version.as_str(), rule.date.as_str(), rule.kind.as_str()), ("3", "2024-10-17", "TTP"));
    assert_eq!((rule.status.as_str(), rule.search.text.as_str()), ("deprecated", "index=x y=1"));
    assert_eq!((rule.analytic_story, rule.mitre_attack_id), (vec!["S".to_owned()], vec!["T1".to_owned()]));
    assert_eq!((rule.risk_score, rule.cve), (Some(12.5), vec!["CVE-1".to_owned()]));
    assert_eq!(rule.tests[0].data, [("u".to_owned(), "st".to_owned(), "s".to_owned())]);
}

#[test]
fn the_layout_of_2025_is_read() {
    let (rule, said) = read(&format!(
        "{HEAD}rba:\n  message: m\n  risk_objects:\n  - field: user\n    type: user\n    score: 20\n  - field: dest\n    \
         type: system\n    score: 45\n  threat_objects: []\ndrilldown_searches:\n- name: D\n  search: '%original% | \
         search  a = \"$a$\"'\n  earliest_offset: $info_min_time$\n  latest_offset: $info_max_time$\ntags:\n  asset_type: X\n"
    ));
    let rule = rule.expect("a rule");
    assert_eq!(said, [] as [&str; 0]);
    assert_eq!((rule.risk_score, rule.asset_type.as_str()), (Some(45.0), "X"));
    let drilldown = &rule.drilldown_searches[0];
    assert_eq!((drilldown.name.as_str(), drilldown.earliest.as_str()), ("D", "$info_min_time$"));
    assert_eq!(drilldown.search.text, "%original% | search  a = \"$a$\"");
}

#[test]
fn the_layout_of_2026_is_read() {
    let (rule, said) = read(&format!(
        "{HEAD}creation_date: '2022-02-28'\nmodification_date: '2026-05-13'\ncategory: cloud\nmitre_attack_id:\n- T1204\n\
         analytic_story: [S]\nasset_type: A\nproduct: [P]\nsecurity_domain: threat\ntests:\n- name: flat\n  data: u\n  \
         sourcetype: st\n  source: s\n  test_type: unit\n- name: nested\n  attack_data:\n    data: v\n"
    ));
    let rule = rule.expect("a rule");
    assert_eq!(said, [] as [&str; 0]);
    assert_eq!((rule.date.as_str(), rule.modified.as_str()), ("2022-02-28", "2026-05-13"));
    assert_eq!((rule.category.as_str(), rule.mitre_attack_id), ("cloud", vec!["T1204".to_owned()]));
    let data: Vec<&str> = rule.tests.iter().flat_map(|t| &t.data).map(|d| d.0.as_str()).collect();
    assert_eq!(data, ["u", "v"]);
}

#[test]
fn missing_keys_are_named_at_the_top() {
    let (rule, said) = read("# comment\n\nname: N\nauthor: A\n");
    assert_eq!(rule.expect("a rule").name, "N");
    assert_eq!(
        said,
        [
            "R003 3:1 the key `id` is missing | add `id: …`, a UUID that stays the rule's own",
            "R003 3:1 the key `search` is missing | add `search: …`, the rule's SPL",
        ]
    );
}

#[test]
fn empty_and_null_keys_count_as_missing_and_are_named_in_their_place() {
    for value in ["", " null", " ~", " ''", " '  '", " |-\n"] {
        let (_, said) = read(&format!("name: N\nid: 1-2\nsearch:{value}\n"));
        assert_eq!(said, ["R003 3:1 the key `search` is empty | add `search: …`, the rule's SPL"], "{value:?}");
    }
}

#[test]
fn wrong_types_are_reported_at_the_value() {
    let (_, said) = read(
        "name: [a]\nid: 12\nsearch: index=x\nreferences: http://x\ntags: none\ntests:\n- x\nrba:\n  risk_objects:\n  - score: high\n",
    );
    assert_eq!(
        said,
        [
            "R004 2:5 `id` is a number, where text is expected | put it in quotes",
            "R004 1:7 `name` is a list, where text is expected | write `name: …` with one text",
            "R004 4:13 `references` is text, where a list is expected | write each item in a line of its own behind `references:`, as `- item`",
            "R004 7:3 `tests` is text, where a mapping as an item is expected | write each item of `tests` as `- name: …`",
            "R004 5:7 `tags` is text, where a mapping is expected | write the keys of `tags` below it, indented",
            "R004 10:12 `score` is text, where a number is expected | write `score: 50`",
        ]
    );
}

#[test]
fn a_list_is_no_rule() {
    let (rule, said) = read("- a\n- b\n");
    assert!(rule.is_none());
    assert!(said[0].starts_with("R004 1:1 the file is a list, where a mapping is expected"), "{said:?}");
}

#[test]
fn an_empty_file_is_no_rule() {
    assert!(read("").1[0].starts_with("R012 1:1 the file is empty"));
    assert!(read("# only a comment\n").1[0].starts_with("R012 1:1 the file is empty"));
}

#[test]
fn unknown_keys_are_kept_and_noted() {
    let (rule, said) = read(&format!("{HEAD}data_sources: []\nx-mine: 1\ntags:\n  CVE: []\n"));
    assert_eq!(
        said,
        [
            "R005 4:1 the key `data_sources` is not known | did you mean `data_source`?",
            "R005 5:1 the key `x-mine` is not known | it is kept and changes nothing",
            "R005 7:3 the key `tags.CVE` is not known | did you mean `cve`?",
        ]
    );
    let keys: Vec<String> = rule.expect("a rule").unknown_keys.into_iter().map(|(k, _)| k).collect();
    assert_eq!(keys, ["data_sources", "x-mine", "tags.CVE"]);
}

#[test]
fn the_search_keeps_its_places() {
    let text = "name: N\nid: 1-2\nsearch: 'index=x\n  | stats count'\n";
    let rule = read(text).0.expect("a rule");
    let at = rule.search.text.find("stats").expect("stats");
    let span = rule.search.map.span(at, at + 5);
    assert_eq!(&text[span.start as usize..span.end as usize], "stats");
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let file = SourceFile::from_bytes("f", b"name: N\nid: \xff\n".to_vec());
    let mut sink = Sink::default();
    assert!(Rule::parse(&file, &mut sink).is_none());
    let said = &sink.diagnostics()[0];
    let at = file.position(said.span.expect("a span").start);
    assert_eq!((said.code.id, at.line, at.column), ("R006", 2, 5));
}

#[test]
fn a_byte_order_mark_and_crlf_are_read() {
    let file = SourceFile::new("f", "\u{feff}name: N\r\nid: 1-2\r\nsearch: index=x\r\nfoo: 1\r\n");
    let mut sink = Sink::default();
    assert_eq!(Rule::parse(&file, &mut sink).expect("a rule").search.text, "index=x");
    let at = file.position(sink.diagnostics()[0].span.expect("a span").start);
    assert_eq!((at.line, at.column), (4, 1));
}

#[test]
fn files_beyond_the_limit_are_refused() {
    let (rule, said) = read(&format!("{HEAD}description: {}\n", "x".repeat(crate::rule::MAX_BYTES)));
    assert!(rule.is_none());
    assert!(said[0].starts_with("R007 1:1 the file is larger than 10 MiB"), "{said:?}");
}

#[test]
fn damaged_files_never_panic() {
    let whole = "name: &a 'N ''x'\nid: \"1\\u00e9\\\n  2\"\nsearch: >-\n  index=é\n    | x\n\n  | y\ntags: {a: [b, *a]}\n\
                 description: !!str |2+\n   deep\n  日本\nreferences:\n- 'p\nq'\n- r # s\n";
    assert!(read(whole).0.is_some());
    let pieces = [
        "'", "\"", "\n", "\t", "  ", ": ", "- ", "[", "}", "*a", "&b ", "|-", ">+", "#", "\\", "é", "\r", "---\n", "\0",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..=random(3) {
            let at = random(text.len());
            let behind = (at + random(4)).min(text.len());
            text.splice(at..behind, pieces[random(pieces.len())].chars());
        }
        let text: String = text.into_iter().collect();
        let (rule, said) = read(&text);
        assert!(rule.is_some() || !said.is_empty(), "{text:?}");
        if let Some(rule) = rule {
            let len = rule.search.text.len();
            let span = rule.search.map.span(len / 2, len);
            assert!(span.end as usize <= text.len(), "{text:?}");
        }
    }
}

#[test]
#[allow(clippy::print_stdout)]
fn every_rule_of_the_corpus_is_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/escu/detections");
    let Ok(folders) = std::fs::read_dir(&folder) else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    let mut unknown = std::collections::BTreeSet::new();
    for path in folders.flatten().flat_map(|f| std::fs::read_dir(f.path()).into_iter().flatten().flatten()) {
        let text = std::fs::read_to_string(path.path()).expect("a readable rule");
        let (rule, said) = read(&text);
        let errors: Vec<_> = said.iter().filter(|s| !s.starts_with("R005")).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.path().display());
        let rule = rule.expect("a rule");
        assert!(!rule.search.map.is_coarse(), "{}", rule.name);
        assert!(rule.risk_score.is_some() && !rule.kind.is_empty(), "{}", rule.name);
        unknown.extend(rule.unknown_keys.into_iter().map(|(k, _)| k));
    }
    let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let expected =
        ["data_sources", "tags.CVE", "tags.automated_detection_testing", "tags.dataset", "tags.supported_tas"];
    assert_eq!(unknown, expected);
}
