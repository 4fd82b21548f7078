//! `rulecast run` and `rulecast test` from outside: inputs of every form, outputs, exit statuses.

#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const COUNT: &str = "name: Stops\nid: 0c6b3a5e-0000-4000-8000-000000000001\ntype: TTP\nsearch: '`cloudtrail` eventName=StopLogging | stats count values(src) as src by user_arn'\n";
const WHOLE: &str = "name: Whole\nid: 0c6b3a5e-0000-4000-8000-000000000002\ntype: TTP\nsearch: '`cloudtrail` eventName=StopLogging | eval n=1 | fields - eventVersion'\n";

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

fn status(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn rows(output: &Output) -> Vec<Value> {
    out(output).lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

/// An event by a user from an address.
fn event(user: &str, src: &str, second: u32) -> String {
    json!({
        "eventVersion": "1.09", "eventTime": format!("2026-01-15T10:00:{second:02}Z"), "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging", "sourceIPAddress": src, "userIdentity": {"arn": user}
    })
    .to_string()
}

/// What the counting rule prints about events of a name and content, in a folder of their own.
fn count(name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> (Vec<Value>, Output) {
    let root = folder();
    write(root.path(), "r.yml", COUNT);
    write(root.path(), name, bytes);
    let args = [&["run", "r.yml", "--format", "json", "--events", name], more].concat();
    let output = run(root.path(), &args);
    (rows(&output), output)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    child.write_all(bytes).expect("bytes");
    child.finish().expect("bytes")
}

#[test]
fn events_of_every_layout_give_the_same_rows() {
    let (a, b, c) = (event("u1", "a", 1), event("u2", "b", 2), event("u1", "c", 3));
    let pretty: String = [&a, &b, &c]
        .iter()
        .map(|e| serde_json::to_string_pretty(&serde_json::from_str::<Value>(e).expect("JSON")).expect("JSON") + "\n")
        .collect();
    let wanted =
        [json!({"user_arn": "u1", "count": 2, "src": ["a", "c"]}), json!({"user_arn": "u2", "count": 1, "src": ["b"]})];
    let table = "eventName,eventSource,eventVersion,eventTime,sourceIPAddress,userIdentity.arn\r\nStopLogging,s,1,2026-01-15T10:00:01Z,a,u1\r\nStopLogging,s,1,1768471202,\"b\",u2\r\nStopLogging,s,1,2026-01-15T10:00:03Z,c,u1\r\n";
    for (name, text) in [
        ("e.json", format!("{a}\n{b}\n{c}\n")),
        ("e.json", format!("\u{feff}{a}\r\n\r\n{b}\r\n{c}")),
        ("e.json", format!("[{a},\n{b},{c}]")),
        ("e.json", format!("{{\"Records\":[{a},{b},{c}]}}")),
        ("e.json", format!("{{\"count\": 3, \"Records\":[{a},{b},{c}]}}\n")),
        ("e.json", format!("{{\"Records\":[{a},{b}]}}\n{{\"Records\":[{c}]}}\n")),
        ("e.json", format!("{a}{b} {c}")),
        ("e.json", format!("{a}{b}\n{c}\n")),
        ("e.json", pretty),
        ("e.csv", table.to_owned()),
    ] {
        let (found, output) = count(name, &text, &[]);
        assert_eq!(found, wanted, "{text}\n{}", err(&output));
        assert_eq!(status(&output), 0, "{}", err(&output));
        let (found, _) = count(&format!("{name}.gz"), gzip(text.as_bytes()), &[]);
        assert_eq!(found, wanted, "compressed: {text}");
    }
}

#[test]
fn standard_input_and_folders_are_read() {
    let root = folder();
    write(root.path(), "r.yml", COUNT);
    let mut command = command(root.path(), &["run", "r.yml", "--format", "json", "--events", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let input = event("u", "a", 1);
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    assert_eq!(
        rows(&child.wait_with_output().expect("its output")),
        [json!({"user_arn": "u", "count": 1, "src": ["a"]})]
    );
    write(root.path(), "logs/b/2.json", event("u", "b", 2));
    write(root.path(), "logs/a/1.json.gz", gzip(event("u", "c", 1).as_bytes()));
    write(root.path(), "logs/README", "no events");
    let output = run(root.path(), &["run", "r.yml", "--format", "json", "--events", "logs"]);
    assert_eq!(rows(&output), [json!({"user_arn": "u", "count": 2, "src": ["b", "c"]})]);
    assert!(err(&output).contains("1 file of other kinds passed over"), "{}", err(&output));
}

#[test]
fn a_broken_record_is_told_and_the_others_are_read() {
    let text =
        format!("{}\n{{\"eventName\": nonsense}}\n{}\n{{\"cut\": \"off\n", event("u", "a", 1), event("u", "b", 2));
    let (found, output) = count("e.json", &text, &[]);
    assert_eq!(found[0]["count"], 2);
    assert_eq!(status(&output), 1);
    let said = err(&output);
    assert!(said.contains("e.json:2:15: error[E601]: the record is no JSON object: expected a value"), "{said}");
    assert!(said.contains("e.json:4:13: error[E601]: the record is cut off"), "{said}");
    assert!(said.contains("2 broken"), "{said}");
}

#[test]
fn many_broken_records_are_counted() {
    let (_, output) = count("e.json", format!("{}\n{}", event("u", "a", 1), "x\n".repeat(20)), &[]);
    let said = err(&output);
    assert_eq!(said.lines().filter(|l| l.contains("error[E601]")).count(), 6, "{said}");
    assert!(said.contains("e.json: error[E601]: 15 more records of this file"), "{said}");
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let mut bytes = event("u", "a", 1).into_bytes();
    bytes.extend_from_slice(b"\n{\"eventName\": \"\xff\"}\n");
    bytes.extend_from_slice(event("u", "b", 2).as_bytes());
    let (found, output) = count("e.json", &bytes, &[]);
    assert_eq!((found[0]["count"].as_u64(), status(&output)), (Some(2), 1));
    assert!(err(&output).contains("e.json:2:16: error[E601]: the record is not valid UTF-8"), "{}", err(&output));
}

#[test]
fn empty_files_have_no_events() {
    for text in ["", "\n\n", "[]", "{\"Records\": []}"] {
        let (found, output) = count("e.json", text, &[]);
        assert_eq!((found.len(), status(&output)), (0, 0), "{}", err(&output));
        assert!(err(&output).contains("0 rows, 0 records read"), "{}", err(&output));
    }
}

#[test]
fn records_that_no_schema_knows_are_told_unless_they_are_named() {
    let text = "{\"eventName\": \"StopLogging\", \"userIdentity\": {\"arn\": \"u\"}, \"sourceIPAddress\": \"a\"}\n";
    let (found, output) = count("e.json", text, &[]);
    assert_eq!((found.len(), status(&output)), (0, 0));
    assert!(err(&output).contains("e.json:1:1: warning[E602]: no schema recognises the record"), "{}", err(&output));
    let (found, output) = count("e.json", text, &["--sourcetype", "aws:cloudtrail"]);
    assert_eq!((found[0]["count"].as_u64(), err(&output).contains("E602")), (Some(1), false));
    let (_, output) = count("e.json", text, &["--sourcetype", "aws:cloudtrial"]);
    assert_eq!(status(&output), 2);
    assert!(err(&output).contains("did you mean `aws:cloudtrail`"), "{}", err(&output));
}

#[test]
fn the_configuration_names_sourcetypes_by_path() {
    let root = folder();
    write(root.path(), "r.yml", COUNT);
    write(root.path(), "rulecast.toml", "[events]\n'logs/*.json' = 'aws:cloudtrail'\n");
    write(root.path(), "logs/e.json", "{\"eventName\": \"StopLogging\", \"userIdentity\": {\"arn\": \"u\"}}\n");
    let output = run(root.path(), &["run", "r.yml", "--format", "json", "--events", "logs"]);
    assert_eq!(rows(&output), [json!({"user_arn": "u", "count": 1})], "{}", err(&output));
}

#[test]
fn whole_events_have_their_fields_and_those_of_the_rule() {
    let root = folder();
    write(root.path(), "r.yml", WHOLE);
    write(root.path(), "e.json", event("u", "a", 1));
    let args = ["run", "r.yml", "--events", "e.json", "--format"];
    let found = rows(&run(root.path(), &[&args[..], &["json"]].concat()));
    assert_eq!(found.len(), 1);
    let row = &found[0];
    assert_eq!((&row["_time"], &row["n"], &row["userIdentity.arn"]), (&json!(1_768_471_201), &json!(1), &json!("u")));
    assert_eq!(row["_raw"], event("u", "a", 1));
    assert!(row.get("eventVersion").is_none(), "{row}");
    let table = out(&run(root.path(), &[&args[..], &["table"]].concat()));
    assert!(table.starts_with("_time                 n  _raw\n--------------------  -  ----"), "{table}");
    assert!(table.contains("\n2026-01-15T10:00:01Z  1  {\"event"), "{table}");
    let csv = out(&run(root.path(), &[&args[..], &["csv"]].concat()));
    assert!(csv.starts_with("_time,n,_raw,"), "{csv}");
}

#[test]
fn the_rows_as_csv() {
    let root = folder();
    write(root.path(), "r.yml", COUNT);
    write(root.path(), "e.json", format!("{}\n{}", event("u", "a", 1), event("u", "b", 2)));
    let output = run(root.path(), &["run", "r.yml", "--format", "csv", "--events", "e.json"]);
    assert_eq!(out(&output), "user_arn,count,src\nu,2,\"a\nb\"\n");
}

#[test]
fn the_time_window_is_all_time_unless_it_is_given() {
    let text = format!("{}\n{}", event("u", "a", 1), event("u", "b", 9));
    assert_eq!(count("e.json", &text, &[]).0[0]["count"], 2);
    assert_eq!(count("e.json", &text, &["--earliest", "2026-01-15T10:00:05Z"]).0[0]["src"], json!(["b"]));
    assert_eq!(
        count("e.json", &text, &["--earliest", "-1h", "--now", "2026-01-15T11:00:05Z"]).0[0]["src"],
        json!(["b"])
    );
    assert_eq!(count("e.json", &text, &["--latest", "2026-01-15T10:00:09Z"]).0[0]["src"], json!(["a"]));
    assert_eq!(status(&count("e.json", &text, &["--earliest", "soon"]).1), 2);
}

#[test]
fn several_rules_share_a_pass_and_say_whose_rows_they_are() {
    let root = folder();
    write(root.path(), "rules/a.yml", COUNT);
    write(root.path(), "rules/b.yml", WHOLE);
    write(root.path(), "rules/c.yml", COUNT.replace("Stops", "None").replace("StopLogging", "Other"));
    write(root.path(), "rules/d.yml", COUNT.replace("Stops", "Broken").replace("stats count", "sats count"));
    write(root.path(), "e.json", event("u", "a", 1));
    let output = run(root.path(), &["run", "--all", "rules", "--events", "e.json", "--format", "json"]);
    let named: Vec<String> = rows(&output).iter().map(|r| r["_rule"].to_string()).collect();
    assert_eq!(named, ["\"Stops\"", "\"Whole\""]);
    assert_eq!(status(&output), 1);
    let said = err(&output);
    assert!(said.contains("rules/d.yml:4:47: error[S203]"), "{said}");
    assert!(said.contains("4 rules: 2 with rows, 1 without, 1 not run, 2 rows, 1 record read"), "{said}");
    let table = out(&run(root.path(), &["run", "--all", "rules", "--events", "e.json"]));
    assert!(table.contains("==> rules/a.yml (Stops): 1 row\nuser_arn  count  src\n"), "{table}");
    assert!(table.contains("==> rules/c.yml (None): 0 rows\n"), "{table}");
}

#[test]
fn exit_statuses() {
    let text = event("u", "a", 1);
    assert_eq!(status(&count("e.json", &text, &["--fail-on-hits"]).1), 3);
    assert_eq!(status(&count("e.json", "", &["--fail-on-hits"]).1), 0);
    assert_eq!(status(&count("e.json", &text, &["gone.json"]).1), 2);
    let root = folder();
    assert_eq!(status(&run(root.path(), &["run", "gone.yml", "--events", "."])), 2);
    write(root.path(), "e.json", &text);
    assert_eq!(status(&run(root.path(), &["run", "gone.yml", "--events", "e.json"])), 2);
}

#[test]
fn times_that_cant_be_read_are_told() {
    let text = event("u", "a", 1).replace("2026-01-15T10:00:01Z", "last week");
    let (found, output) = count("e.json", &text, &[]);
    assert_eq!((found[0]["count"].as_u64(), status(&output)), (Some(1), 0));
    assert!(err(&output).contains("e.json:1:1: warning[E603]: the record's time can't be read"), "{}", err(&output));
    assert_eq!(count("e.json", &text, &["--earliest", "2000-01-01"]).0.len(), 0);
}

#[test]
fn a_rule_beyond_the_limit_of_rows_is_told() {
    let root = folder();
    write(
        root.path(),
        "r.yml",
        COUNT.replace("| stats count values(src) as src by user_arn", "| sort 0 - _time | eventstats count by src"),
    );
    write(root.path(), "e.json", format!("{}\n{}\n{}", event("u", "a", 1), event("u", "b", 2), event("u", "c", 3)));
    let args = ["run", "r.yml", "--events", "e.json", "--format", "json", "--limit-rows"];
    assert_eq!(rows(&run(root.path(), &[&args[..], &["3"]].concat())).len(), 3);
    let output = run(root.path(), &[&args[..], &["2"]].concat());
    assert_eq!((status(&output), out(&output).as_str()), (1, ""));
    assert!(err(&output).contains("error[E605]"), "{}", err(&output));
}

#[test]
fn a_damaged_compressed_file_is_told() {
    let mut bytes = gzip(event("u", "a", 1).repeat(1000).as_bytes());
    bytes.truncate(bytes.len() / 2);
    let (_, output) = count("e.json.gz", &bytes, &[]);
    assert_eq!(status(&output), 1);
    assert!(err(&output).contains("e.json.gz: error[E604]: the file can't be read"), "{}", err(&output));
}

#[test]
fn rows_do_not_depend_on_the_number_of_threads() {
    let root = folder();
    write(root.path(), "count.yml", COUNT);
    let order = COUNT.replace("| stats count values(src) as src by user_arn", "| dedup src | table _time src");
    write(root.path(), "order.yml", order);
    let events: String = (0..20_000)
        .map(|n| {
            event(&format!("u{}", n % 7), &format!("s{}", n % 101), n % 60)
                .replace("\"eventVersion\"", &format!("\"pad\":\"{}\",\"eventVersion\"", "x".repeat(100)))
                + "\n"
        })
        .collect();
    write(root.path(), "e.json", events);
    for rule in ["count.yml", "order.yml"] {
        let with =
            |jobs| out(&run(root.path(), &["run", rule, "--format", "json", "--events", "e.json", "--jobs", jobs]));
        let one = with("1");
        assert_eq!(one.lines().count(), if rule == "count.yml" { 7 } else { 101 });
        assert_eq!(one, with("4"));
    }
}

#[test]
fn the_rule_of_the_seed_finds_its_event() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let (rule, events) = (shared.join("seed/aws_lambda_updatefunctioncode.yml"), shared.join("corpus/cloudtrail"));
    if !rule.is_file() || !events.is_dir() {
        println!("skipped: there is no {} or no {}", rule.display(), events.display());
        return;
    }
    let root = folder();
    let (rule, events) = (rule.display().to_string(), events.display().to_string());
    let output = run(root.path(), &["run", &rule, "--events", &events, "--format", "json"]);
    let found = rows(&output);
    assert_eq!(found.len(), 1, "{}", err(&output));
    assert_eq!(
        json!([
            found[0]["signature"],
            found[0]["dest"],
            found[0]["user"],
            found[0]["count"],
            found[0]["firstTime"],
            found[0]["lastTime"]
        ]),
        json!([
            "UpdateFunctionCode20150331v2",
            "lambda.amazonaws.com",
            "christophe",
            1,
            "2024-08-01T13:52:02",
            "2024-08-01T13:52:02"
        ])
    );
}

#[test]
fn the_tests_of_the_example_rules_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(root, &["test", "rules", "--format", "json"]);
    assert_eq!(status(&output), 0, "{}{}", out(&output), err(&output));
    let lines = rows(&output);
    let of = |status: &str| lines.iter().filter(|l| l["status"] == status).count();
    assert!(of("passed") >= 26 && of("failed") == 0, "{}", err(&output));
    let own = |l: &&Value| l["status"] == "skipped" && !l["message"].to_string().contains("is not on this machine");
    assert_eq!(lines.iter().find(own), None);
}

fn tested(tests: &str, more: &[&str]) -> Output {
    let root = folder();
    write(root.path(), "r.yml", format!("{COUNT}tests:\n{tests}"));
    write(root.path(), "e/one.json", event("u", "a", 1));
    run(root.path(), &[&["test", "r.yml"], more].concat())
}

#[test]
fn a_test_that_fails_says_why_and_shows_the_rows() {
    let output = tested(
        "  - name: ok\n    events: e/one.json\n  - name: no\n    events: e/one.json\n    expect: does_not_fire\n  - name: gone\n    events: e/two.json\n  - name: far\n    attack_data:\n      - data: https://host/x.json\n        sourcetype: aws:cloudtrail\n        source: aws_cloudtrail\n",
        &[],
    );
    assert_eq!(status(&output), 1);
    assert_eq!(
        out(&output),
        "passed  r.yml: ok\n\
         failed  r.yml: no: expected no row, got one\n        {\"user_arn\":\"u\",\"count\":1,\"src\":[\"a\"]}\n\
         failed  r.yml: gone: the events `e/two.json` do not exist\n\
         skipped r.yml: far: the data set `https://host/x.json` is not on this machine\n"
    );
    assert_eq!(err(&output), "1 rule, 1 with tests; 4 tests: 1 passed, 2 failed, 1 skipped\n");
}

#[test]
fn exact_rows_are_held() {
    let expect = |count| {
        format!(
            "  - name: t\n    events: e/one.json\n    expect:\n      rows:\n        - {{user_arn: u, count: {count}, src: a}}\n"
        )
    };
    assert_eq!(status(&tested(&expect(1), &[])), 0);
    let output = tested(&expect(2), &[]);
    assert!(out(&output).starts_with("failed  r.yml: t: row 1: `count` should be `2`, is `1`\n"), "{}", out(&output));
}

#[test]
fn a_test_with_broken_events_or_a_broken_rule_fails() {
    let output = tested("  - name: t\n    events: r.yml\n    expect: does_not_fire\n", &[]);
    assert_eq!(status(&output), 1);
    assert!(out(&output).contains("failed  r.yml: t: r.yml:1:1: the record is no JSON object"), "{}", out(&output));
    let root = folder();
    let broken = COUNT.replace("stats count", "sats count");
    write(root.path(), "r.yml", format!("{broken}tests:\n  - name: t\n    events: [{{a: 1}}]\n"));
    let output = run(root.path(), &["test"]);
    assert_eq!((status(&output), out(&output).as_str()), (1, "failed  ./r.yml: t: the rule can't be compiled\n"));
    assert!(err(&output).contains("error[S203]"), "{}", err(&output));
}

#[test]
fn data_sets_are_read_from_mapped_folders() {
    let tests = "  - name: far\n    attack_data:\n      - data: https://host/data/one.json\n        sourcetype: aws:cloudtrail\n        source: aws_cloudtrail\n";
    let output = tested(tests, &["--data-map", "https://host/data=e"]);
    assert_eq!((status(&output), out(&output).as_str()), (0, "passed  r.yml: far\n"), "{}", err(&output));
    assert_eq!(status(&tested(tests, &["--data-map", "https://host/data"])), 2);
}

#[test]
fn junit_has_a_suite_per_rule() {
    let output = tested(
        "  - name: <a>\n    events: e/one.json\n    expect: {rows: 2}\n  - name: b\n    events: e/one.json\n",
        &["--format", "junit"],
    );
    let text = out(&output);
    assert!(text.starts_with("<?xml "), "{text}");
    assert!(text.contains("<testsuite name=\"r.yml\" tests=\"2\""), "{text}");
    assert!(text.contains("&lt;a&gt;") && text.contains("<failure message=\"expected 2 rows, got one\""), "{text}");
}
