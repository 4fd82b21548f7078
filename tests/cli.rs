//! The program from outside: exit statuses, inputs, output forms, and malformed rule files.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const RULE: &str = "name: N\nid: 0c6b3a5e-0000-4000-8000-000000000001\nsearch: '`cloudtrail` eventName=StopLogging'\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

fn command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rulecast"));
    command.current_dir(root).args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn run(root: &Path, args: &[&str]) -> Output {
    command(root, args).output().expect("the program runs")
}

fn run_with_input(root: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut command = command(root, args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    child.stdin.take().expect("its input").write_all(input).expect("it reads");
    child.wait_with_output().expect("its output")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn lines(output: &Output) -> Vec<Value> {
    out(output).lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

/// The exit status that outputs must have.
fn expected_status(lines: &[Value]) -> i32 {
    let failed = |l: &Value| matches!(l["fidelity"].as_str(), Some("unsupported" | "invalid"));
    i32::from(lines.iter().any(failed))
}

/// Compiles one invalid file for one target; gives its diagnostics as code, line, column, message, help.
fn diagnostics(text: impl AsRef<[u8]>) -> Vec<Value> {
    let root = folder();
    write(root.path(), "x.yml", text);
    let output = run(root.path(), &["compile", "x.yml", "--target", "athena", "--format", "json"]);
    assert_eq!(status(&output), 1, "{}", err(&output));
    let lines = lines(&output);
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["fidelity"], &lines[0]["query"]), (&json!("invalid"), &Value::Null));
    let show = |d: &Value| {
        assert_eq!(d["path"], "x.yml");
        json!([d["code"], d["line"], d["column"], d["message"], d["help"]])
    };
    lines[0]["diagnostics"].as_array().expect("a list").iter().map(show).collect()
}

fn only_diagnostic(text: impl AsRef<[u8]>) -> Value {
    let all = diagnostics(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

#[test]
fn broken_yaml() {
    assert_eq!(
        only_diagnostic("name: N\nid: 'x\nsearch: index=a\n"),
        json!([
            "R001",
            2,
            5,
            "the file is not valid YAML: invalid indentation in quoted scalar",
            "the quotation mark here has no partner; within single quotes a quote is written `''`"
        ])
    );
    assert_eq!(
        only_diagnostic("name: N\ndescription: a: b\n"),
        json!([
            "R001",
            2,
            15,
            "the file is not valid YAML: mapping values are not allowed in this context",
            "put the text in quotes: in unquoted text, a colon and a blank begin a mapping"
        ])
    );
}

#[test]
fn tabs() {
    assert_eq!(
        only_diagnostic("name: N\ntags:\n\tproduct: x\n"),
        json!([
            "R001",
            3,
            1,
            "the file is not valid YAML: tabs disallowed within this context (block indentation)",
            "indent with blanks; YAML does not allow tabs there"
        ])
    );
}

#[test]
fn duplicate_keys() {
    assert_eq!(
        diagnostics(format!("{RULE}version: 1\nversion: 2\n"))[0],
        json!([
            "R002",
            5,
            1,
            "the key `version` stands twice in one mapping",
            "it stands in line 4 already; remove one of the two"
        ])
    );
}

#[test]
fn a_missing_search() {
    assert_eq!(
        only_diagnostic("name: N\nid: 1-2\n"),
        json!(["R003", 1, 1, "the key `search` is missing", "add `search: …`, the rule's SPL"])
    );
    assert_eq!(
        only_diagnostic("name: N\nid: 1-2\nsearch:\n"),
        json!(["R003", 3, 1, "the key `search` is empty", "add `search: …`, the rule's SPL"])
    );
}

#[test]
fn invalid_utf8() {
    assert_eq!(
        only_diagnostic(b"name: N\nid: a\xffb\nsearch: index=a\n"),
        json!(["R006", 2, 6, "the file is not valid UTF-8 here", "save the file as UTF-8"])
    );
}

#[test]
fn a_file_beyond_the_limit() {
    let text = format!("name: N\ndescription: {}\n", "x".repeat(10 * 1024 * 1024));
    assert_eq!(
        only_diagnostic(text),
        json!([
            "R007",
            1,
            1,
            "the file is larger than 10 MiB",
            "a rule file holds one rule and is seldom larger than 20 kB"
        ])
    );
}

#[test]
fn deep_nesting() {
    let expected = |column| {
        json!(["R008", 2, column, "the YAML is nested deeper than 64 levels", "a rule needs no more than five levels"])
    };
    assert_eq!(only_diagnostic(format!("name: N\nx: {}{}\n", "[".repeat(100), "]".repeat(100))), expected(67));
    assert_eq!(only_diagnostic(format!("name: N\nx: {}\n", "[".repeat(100_000)))[0], "R008");
}

#[test]
fn an_alias_bomb() {
    let mut text = format!("{RULE}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
    }
    assert_eq!(only_diagnostic(text)[0], "R008");
}

#[test]
fn a_file_that_is_no_rule() {
    let help = "a rule is a YAML mapping with the keys `name`, `id` and `search`";
    assert_eq!(only_diagnostic(""), json!(["R012", 1, 1, "the file is empty", help]));
    assert_eq!(
        only_diagnostic("- a\n"),
        json!(["R004", 1, 1, "the file is a list, where a mapping is expected", help])
    );
}

#[test]
fn json_lines_have_exactly_the_documented_keys() {
    let root = folder();
    write(root.path(), "x.yml", format!("{RULE}foo: 1\n"));
    let output = run(root.path(), &["compile", "x.yml", "--format", "json"]);
    let lines = lines(&output);
    assert_eq!(lines.iter().map(|l| &l["target"]).collect::<Vec<_>>(), ["athena", "cloudwatch", "sigma"]);
    let keys = |v: &Value| v.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    for line in &lines {
        assert_eq!(keys(line), ["diagnostics", "fidelity", "query", "rule", "target"]);
        assert_eq!(line["rule"], json!({"id": "0c6b3a5e-0000-4000-8000-000000000001", "name": "N", "path": "x.yml"}));
        let note = line["diagnostics"].as_array().expect("a list").iter().find(|d| d["code"] == "R005");
        assert_eq!(
            note.expect("a note on `foo`"),
            &json!({
                "code": "R005", "severity": "note", "message": "the key `foo` is not known",
                "help": "it is kept and changes nothing", "path": "x.yml",
                "line": 4, "column": 1, "end_line": 4, "end_column": 4,
            })
        );
    }
    assert_eq!(status(&output), expected_status(&lines));
}

#[test]
fn standard_input_is_a_rule() {
    let root = folder();
    let output =
        run_with_input(root.path(), &["compile", "-", "--format", "json", "--target", "sigma"], RULE.as_bytes());
    let lines = lines(&output);
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["rule"]["path"], &lines[0]["rule"]["name"]), (&json!("<stdin>"), &json!("N")));
    let twice = run_with_input(root.path(), &["check", "-", "-", "--format", "json", "--target", "sigma"], b"- x\n");
    assert_eq!(out(&twice).lines().count(), 1);
}

#[test]
fn an_unreadable_path_does_not_stop_other_rules() {
    let root = folder();
    write(root.path(), "x.yml", RULE);
    std::fs::create_dir(root.path().join("empty")).expect("a folder");
    let args = ["compile", "gone.yml", "empty", "x.yml", "--format", "json", "--target", "athena"];
    let output = run(root.path(), &args);
    assert_eq!(status(&output), 2);
    let lines = lines(&output);
    let paths: Vec<&Value> = lines.iter().map(|l| &l["rule"]["path"]).collect();
    assert_eq!(paths, ["gone.yml", "empty", "x.yml"]);
    assert_eq!(
        lines[0],
        json!({
            "rule": {"id": null, "name": null, "path": "gone.yml"}, "target": "athena", "fidelity": "invalid", "query": null,
            "diagnostics": [{
                "code": "R009", "severity": "error", "message": "the path does not exist",
                "help": "name a rule file, a folder, a pattern in quotes, or `-` for standard input", "path": "gone.yml",
                "line": 1, "column": 1, "end_line": 1, "end_column": 1,
            }],
        })
    );
    assert_eq!(lines[1]["diagnostics"][0]["code"], "R012");
    assert_eq!(lines[2]["rule"]["name"], "N");
}

#[test]
fn folders_and_patterns_find_rules_but_no_content() {
    let root = folder();
    write(root.path(), "r/detections/b.yml", RULE);
    write(root.path(), "r/detections/a.yaml", RULE);
    write(root.path(), "r/macros/m.yml", "name: cloudtrail\ndefinition: sourcetype=aws:cloudtrail\n");
    let paths = |args: &[&str]| -> Vec<String> {
        let args = [args, &["--format", "json", "--target", "athena"]].concat();
        lines(&run(root.path(), &args)).iter().map(|l| l["rule"]["path"].as_str().unwrap_or("-").to_owned()).collect()
    };
    let both = ["r/detections/a.yaml", "r/detections/b.yml"];
    assert_eq!(paths(&["check", "r"]), both);
    assert_eq!(paths(&["check", "r/**/*.y*ml"]), both);
    assert_eq!(paths(&["check", "r/detections/b.yml", "r", "./r/detections/b.yml"]), [both[1], both[0]]);
    let none = run(root.path(), &["check", "r/*.yaml"]);
    assert_eq!(status(&none), 2);
    assert_eq!(
        out(&none),
        "r/*.yaml:1:1: error[R012]: the pattern matches no rule (help: rules are files that end in `.yml` or `.yaml`, \
         outside of folders such as `macros`)\n"
    );
}

#[test]
fn broken_content_is_said_once_and_stops_nothing() {
    let root = folder();
    write(root.path(), "r/a.yml", RULE);
    write(root.path(), "r/b.yml", RULE);
    write(root.path(), "r/macros/broken.yml", "name: 'm\n");
    let output = run(root.path(), &["compile", "r", "--format", "json", "--target", "athena"]);
    assert_eq!(lines(&output).len(), 2);
    let said = err(&output);
    assert_eq!(said.matches("warning[R010]").count(), 1, "{said}");
    assert!(said.starts_with("r/macros/broken.yml:1:7: "), "{said}");
}

#[test]
fn files_are_written_whole_and_only_where_they_change() {
    let root = folder();
    write(root.path(), "a/x.yml", RULE);
    write(root.path(), "b/x.yml", RULE);
    let args = ["compile", "a", "b", "--out", "new/out", "--format", "json", "--all-time"];
    let output = run(root.path(), &args);
    let lines = lines(&output);
    assert_eq!(lines.len(), 6);
    for line in &lines {
        let codes: Vec<&Value> = line["diagnostics"].as_array().expect("a list").iter().map(|d| &d["code"]).collect();
        assert!(codes.iter().any(|c| *c == "R011"), "{codes:?}");
    }
    let mut expected: Vec<String> = lines
        .iter()
        .filter(|l| !l["query"].is_null())
        .map(|l| {
            let extension = match l["target"].as_str() {
                Some("athena") => "sql",
                Some("cloudwatch") => "cwli",
                _ => "yml",
            };
            format!("{}-x.{extension}", &l["rule"]["path"].as_str().expect("a path")[..1])
        })
        .collect();
    expected.sort();
    let files = || {
        let entries = std::fs::read_dir(root.path().join("new/out")).expect("the folder");
        let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(files(), expected);
    let said = err(&output);
    assert!(said.starts_with("2 rules: ") && said.contains(&format!("{} file", expected.len())), "{said}");
    let again = err(&run(root.path(), &args));
    assert!(again.contains(&format!("0 files written, {} unchanged", expected.len())), "{again}");
    assert_eq!(files(), expected);
}

#[test]
fn strict_says_what_it_does_not_accept() {
    let root = folder();
    write(root.path(), "x.yml", RULE);
    let output = run(root.path(), &["compile", "x.yml", "--format", "json", "--strict"]);
    let lines = lines(&output);
    let approximate = lines.iter().any(|l| l["fidelity"] == "approximate");
    assert_eq!(status(&output), i32::from(approximate).max(expected_status(&lines)));
    assert_eq!(err(&output).contains("`--strict` does not accept"), approximate);
}

#[test]
fn text_has_a_header_per_output() {
    let root = folder();
    write(root.path(), "x.yml", RULE);
    let output = run(root.path(), &["compile", "x.yml", "--target", "sigma,athena"]);
    let headers: Vec<String> = out(&output).lines().filter(|l| l.starts_with("==> ")).map(str::to_owned).collect();
    assert_eq!(headers.len(), 2);
    assert!(headers[0].starts_with("==> x.yml [athena] ") && headers[1].starts_with("==> x.yml [sigma] "));
}

#[test]
fn colours_bring_the_full_form() {
    let root = folder();
    write(root.path(), "x.yml", "name: N\nid: 1-2\nsearch:\n");
    let plain = run(root.path(), &["compile", "x.yml"]);
    assert_eq!(
        err(&plain),
        "x.yml:3:1: error[R003]: the key `search` is empty (help: add `search: …`, the rule's SPL)\n"
    );
    let coloured = err(&run(root.path(), &["compile", "x.yml", "--color", "always"]));
    assert!(coloured.contains("\u{1b}[") && coloured.contains("^^^^^^"), "{coloured}");
    let forced = command(root.path(), &["compile", "x.yml"]).env("CLICOLOR_FORCE", "1").output().expect("it runs");
    assert_eq!(err(&forced), coloured);
}

#[test]
fn wrong_usage_is_status_2() {
    let root = folder();
    write(root.path(), "x.yml", RULE);
    write(root.path(), "bad.toml", "content = 'x'\nfoo = 1\n");
    write(root.path(), "bad.j2", "{% if %}");
    write(root.path(), "schema.toml", "id = 'a'\ntitle = 1\n");
    let cases: &[(&[&str], &str)] = &[
        (&["compile"], "<PATHS>"),
        (&["compile", "x.yml", "--target", "splunk"], "splunk"),
        (&["compile", "x.yml", "--earliest", "yesterday"], "`yesterday` is no time for `earliest`"),
        (&["compile", "x.yml", "--all-time", "--latest", "now"], "--all-time"),
        (&["compile", "x.yml", "--content", "gone"], "the content folder `gone` does not exist"),
        (&["compile", "x.yml", "--config", "bad.toml"], "bad.toml:2:1: unknown field `foo`"),
        (&["compile", "x.yml", "--schema", "schema.toml"], "schema.toml:2:9: the schema is malformed"),
        (&["compile", "x.yml", "--template", "athena=bad.j2"], "the template for athena is malformed"),
        (&["compile", "x.yml", "--profile", "gone=x"], "there is no schema `gone`"),
        (&["compile", "x.yml", "--emit", "ir", "--format", "json"], "`--emit ir`"),
        (&["compile", "a***b"], "the pattern `a***b` is malformed"),
    ];
    for (args, message) in cases {
        let output = run(root.path(), args);
        assert_eq!(status(&output), 2, "{args:?}");
        assert!(err(&output).contains(message), "{args:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{args:?}");
    }
}

#[test]
fn the_configuration_of_a_folder_above_counts() {
    let root = folder();
    write(root.path(), "rulecast.toml", "targets = ['sigma']\n");
    write(root.path(), "deep/x.yml", RULE);
    let targets = |args: &[&str]| -> Vec<String> {
        let output = run(&root.path().join("deep"), &[args, &["--format", "json"]].concat());
        lines(&output).iter().map(|l| l["target"].as_str().unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(targets(&["check", "x.yml"]), ["sigma"]);
    assert_eq!(targets(&["check", "x.yml", "--target", "athena"]), ["athena"]);
}

#[test]
fn targets_are_listed() {
    let root = folder();
    let output = run(root.path(), &["targets", "--format", "json"]);
    assert_eq!(status(&output), 0);
    let listing = &lines(&output)[0];
    let ids: Vec<&Value> = listing["targets"].as_array().expect("a list").iter().map(|t| &t["id"]).collect();
    assert_eq!(ids, ["athena", "cloudwatch", "sigma"]);
    let cloudtrail = listing["schemas"].as_array().expect("a list").iter().find(|s| s["id"] == "cloudtrail");
    let select = cloudtrail.expect("cloudtrail")["select"].as_array().expect("a list");
    assert!(select.contains(&json!("sourcetype=aws:cloudtrail")), "{select:?}");
    assert!(out(&run(root.path(), &["targets"])).contains("chosen by"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let root = folder();
    for n in 0..200 {
        write(root.path(), &format!("r/{n}.yml"), format!("{RULE}description: {}\n", "x".repeat(500)));
    }
    let mut command = command(root.path(), &["check", "r", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("its end");
    assert!(status(&output) <= 1, "{}", err(&output));
    assert!(!err(&output).contains("panicked") && !err(&output).contains("can't be written"), "{}", err(&output));
}

#[test]
fn results_keep_the_order_of_the_inputs() {
    let root = folder();
    for n in 0..50 {
        write(root.path(), &format!("r/{n:02}.yml"), RULE.replace("name: N", &format!("name: N{n:02}")));
    }
    let names = |jobs: &str| -> Vec<Value> {
        let output = run(root.path(), &["check", "r", "--format", "json", "--target", "athena", "--jobs", jobs]);
        lines(&output).iter().map(|l| l["rule"]["name"].clone()).collect()
    };
    let expected: Vec<Value> = (0..50).map(|n| json!(format!("N{n:02}"))).collect();
    assert_eq!(names("1"), expected);
    assert_eq!(names("4"), expected);
}

#[test]
fn version_and_help_are_status_0() {
    let root = folder();
    let version = run(root.path(), &["--version"]);
    assert_eq!((status(&version), out(&version)), (0, format!("rulecast {}\n", env!("CARGO_PKG_VERSION"))));
    let help = run(root.path(), &["compile", "--help"]);
    assert_eq!(status(&help), 0);
    assert!(out(&help).contains("Exit status:") && out(&help).contains("rulecast compile rules/"));
}

#[test]
fn a_search_is_printed_with_its_macros_expanded() {
    let root = folder();
    write(root.path(), "macros/m.yml", "name: m\narguments: [x]\ndefinition: stats count by $x$\n");
    let search =
        "search: '`cloudtrail` eventName IN (A,B) or | `m(user)` ```why``` | where count>5 and (user!=\"\")'\n";
    write(root.path(), "x.yml", format!("name: N\nid: 0c6b3a5e-0000-4000-8000-000000000001\n{search}"));
    let output = run(root.path(), &["compile", "x.yml", "--emit", "spl"]);
    assert_eq!(
        out(&output),
        "==> x.yml\nsourcetype=aws:cloudtrail eventName IN (A, B) or\n| stats count by user\n| where count > 5 AND user != \"\"\n\n"
    );
}
