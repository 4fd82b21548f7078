//! `README.md`: the example is a rule of `rules/`, and its outputs are the compiler's.

use rulecast::SourceFile;
use rulecast::target::TargetId;

use super::content::{self, Extra};
use super::markdown::{between, hold, read};

const PATH: &str = "README.md";
const RULE: &str = "rules/detections/guardduty_detector_removed.yml";

#[test]
fn the_example_is_what_the_compiler_prints() {
    let (compiler, _) = content::compiler(&Extra::default());
    let compiled = compiler.compile(&SourceFile::new(RULE, read(RULE)), &TargetId::ALL);
    let rule = compiled.rule.expect("a rule");
    let mut expected = between(&read(PATH), "example search", &fenced("spl", &rule.search.text));
    for output in &compiled.outputs {
        let language = match output.target {
            TargetId::Athena => "sql",
            TargetId::Cloudwatch => "text",
            TargetId::Sigma => "yaml",
        };
        let query = output.query.as_deref().expect("a query");
        expected = between(&expected, &format!("example {}", output.target.name()), &fenced(language, query));
    }
    hold(PATH, &expected);
}

#[test]
fn the_example_of_a_run_is_what_the_program_prints() {
    let name = "console_login_failures_then_success";
    let (rule, events) = (format!("rules/detections/{name}.yml"), format!("rules/events/{name}.json"));
    let text = read(PATH);
    assert!(text.contains(&format!("`rulecast run {rule} --events {events}`")), "the command above the example");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rulecast"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", &rule, "--events", &events])
        .output()
        .expect("the program runs");
    let rows = String::from_utf8(output.stdout).expect("UTF-8");
    hold(PATH, &between(&text, "example run", &fenced("text", &rows)));
}

/// A block, with four backticks around it: an SPL comment has three.
fn fenced(language: &str, text: &str) -> String {
    format!("````{language}\n{}\n````\n", text.trim_end())
}

#[test]
fn the_json_example_has_the_programs_keys() {
    let text = read(PATH);
    let block = super::markdown::blocks(&text).into_iter().find(|b| b.info == "json").expect("an example");
    let example: serde_json::Value = serde_json::from_str(&block.text).expect("JSON");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rulecast"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["compile", RULE, "--format", "json", "--target", "sigma"])
        .output()
        .expect("the program runs");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one line");
    for (key, value) in line.as_object().expect("an object") {
        match key.as_str() {
            "query" => assert!(value.as_str().is_some_and(|q| q.contains("title: "))),
            "rule" => {
                assert_eq!((&value["name"], &value["path"]), (&example[key]["name"], &example[key]["path"]));
            }
            "diagnostics" => {
                let shown = &example[key][0];
                assert!(value.as_array().is_some_and(|list| list.contains(shown)), "{value:#} lacks {shown:#}");
            }
            _ => assert_eq!(value, &example[key], "{key}"),
        }
    }
    assert_eq!(line.as_object().map(|o| o.len()), example.as_object().map(|o| o.len()));
}
