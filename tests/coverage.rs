//! `rulecast coverage`, from outside.

use std::path::Path;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rulecast"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .output()
        .expect("the program runs")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn every_rule_has_a_row_and_the_order_is_fixed() {
    let first = run(&["coverage", "rules"]);
    assert_eq!(first.status.code(), Some(0));
    let document = text(&first);
    assert_eq!(document, text(&run(&["coverage", "rules"])));
    assert!(!document.contains(env!("CARGO_MANIFEST_DIR")), "a path of the machine");
    let rules: Vec<&str> = document.split("\n## Rules\n").nth(1).expect("a table of rules").lines().skip(3).collect();
    let files =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/detections")).expect("rules").count();
    assert_eq!(rules.len(), files);
    assert!(rules.is_sorted(), "{rules:#?}");
}

#[test]
fn words_choose_rules_without_case() {
    let document = text(&run(&["coverage", "rules", "--mentions", "guardduty,IPLOCATION"]));
    assert!(document.contains("From here on: 2 rules whose files mention `guardduty` or `IPLOCATION`."), "{document}");
}

#[test]
fn every_rule_of_the_project_can_be_run() {
    let document = text(&run(&["coverage", "rules"]));
    for title in ["Searches that do not parse", "Rules that are not lowered", "Rules that can't be run"] {
        assert!(document.contains(&format!("## {title}\n\nNone.\n")), "{title}: {document}");
    }
}

#[test]
fn a_stale_document_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("coverage.md");
    let name = path.to_str().expect("a path");
    assert_eq!(run(&["coverage", "rules", "--out", name]).status.code(), Some(0));
    assert_eq!(run(&["coverage", "rules", "--check", name]).status.code(), Some(0));
    let old = std::fs::read_to_string(&path).expect("a document");
    std::fs::write(&path, old.replacen("exact", "events", 1)).expect("a file");
    let stale = run(&["coverage", "rules", "--check", name]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stale.stderr).contains("is stale from line"), "{stale:?}");
}

#[test]
fn a_missing_library_is_no_empty_document() {
    let output = run(&["coverage", "nonesuch"]);
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(2), ""));
}
