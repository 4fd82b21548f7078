//! Malformed rules through the program: each gives its exact diagnostics (code, place, message, help) and exit status 1,
//! and never keeps the healthy rule beside it from being compiled.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const HEAD: &str = "name: N\nid: 0c6b3a5e-0000-4000-8000-000000000001\n";
const HEALTHY: &str =
    "name: Healthy\nid: 0c6b3a5e-0000-4000-8000-000000000002\nsearch: '`cloudtrail` eventName=StopLogging'\n";

/// Bound on the time for a hostile rule, with a program that was not optimised, on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(60);

fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// Compiles a broken rule beside a healthy one; gives the broken one's result.
fn compile_beside_a_healthy_rule(text: impl AsRef<[u8]>) -> Value {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "detections/broken.yml", text);
    write(root.path(), "detections/healthy.yml", HEALTHY);
    write(root.path(), "macros/two.yml", "name: two\narguments: [a, b]\ndefinition: $a$=$b$\n");
    write(root.path(), "macros/loop_a.yml", "name: loop_a\ndefinition: '`loop_b` x=1'\n");
    write(root.path(), "macros/loop_b.yml", "name: loop_b\ndefinition: '`loop_a`'\n");
    write(root.path(), "macros/bad_inside.yml", "name: bad_inside\ndefinition: 'eventName=A | stast count'\n");
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_rulecast"))
        .current_dir(root.path())
        .args(["compile", "detections", "--target", "athena", "--all-time", "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(started.elapsed() < MOST_TIME, "{:?}", started.elapsed());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let healthy = lines.pop().expect("the healthy rule's result");
    assert_eq!(
        (&healthy["rule"]["name"], &healthy["fidelity"]),
        (&json!("Healthy"), &json!("exact")),
        "the healthy rule fails: {healthy}"
    );
    assert!(healthy["query"].as_str().is_some_and(|q| q.contains("lower(eventname) = 'stoplogging'")));
    let broken = lines.pop().expect("the broken rule's result");
    assert_eq!((lines.len(), &broken["query"]), (0, &Value::Null));
    broken
}

/// The diagnostics of a broken file: code, line, column, message, help.
fn diagnostics(text: impl AsRef<[u8]>) -> Vec<Value> {
    let broken = compile_beside_a_healthy_rule(text);
    let show = |d: &Value| {
        assert_eq!(d["path"], "detections/broken.yml");
        json!([d["code"], d["line"], d["column"], d["message"], d["help"]])
    };
    broken["diagnostics"].as_array().expect("a list").iter().map(show).collect()
}

fn only(text: impl AsRef<[u8]>) -> Value {
    let mut all = diagnostics(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The only diagnostic of a search that stands in single quotes in line 3.
fn only_of(search: &str) -> Value {
    only(format!("{HEAD}search: '{search}'\n"))
}

#[test]
fn broken_yaml() {
    let help = "the quotation mark here has no partner; within single quotes a quote is written `''`";
    assert_eq!(
        only("name: 'N\nid: 1-2\nsearch: index=a\n"),
        json!(["R001", 1, 7, "the file is not valid YAML: invalid indentation in quoted scalar", help])
    );
    let help = "put the text in quotes: in unquoted text, a colon and a blank begin a mapping";
    assert_eq!(
        only("name: N\nid: 1-2\nsearch: a: b\n"),
        json!(["R001", 3, 10, "the file is not valid YAML: mapping values are not allowed in this context", help])
    );
}

#[test]
fn tabs() {
    let message = "the file is not valid YAML: tabs disallowed within this context (block indentation)";
    assert_eq!(
        only("name: N\ntags:\n\tproduct: x\n"),
        json!(["R001", 3, 1, message, "indent with blanks; YAML does not allow tabs there"])
    );
}

#[test]
fn duplicate_keys() {
    let text = format!("{HEAD}search: '`cloudtrail` eventName=A'\nsearch: '`cloudtrail` eventName=B'\n");
    assert_eq!(
        diagnostics(text)[0],
        json!([
            "R002",
            4,
            1,
            "the key `search` stands twice in one mapping",
            "it stands in line 3 already; remove one of the two"
        ])
    );
}

#[test]
fn a_missing_search() {
    let help = "add `search: …`, the rule's SPL";
    assert_eq!(only(HEAD), json!(["R003", 1, 1, "the key `search` is missing", help]));
    for empty in ["", " ''", " '  '", " >-\n\n"] {
        assert_eq!(
            only(format!("{HEAD}search:{empty}\n")),
            json!(["R003", 3, 1, "the key `search` is empty", help]),
            "{empty:?}"
        );
    }
}

#[test]
fn unbalanced_quotes() {
    let help = "close it with `\"`, or write `\\\"` for one inside the text";
    let expected = |column| json!(["S202", 3, column, "a quotation mark has no partner", help]);
    assert_eq!(only_of("`cloudtrail` eventName=\"A | stats count"), expected(33));
    assert_eq!(only_of("`cloudtrail` | where eventName=\"A\\\" | stats count"), expected(41));
    assert_eq!(
        only_of("`cloudtrail` | where ''eventName=\"A\" | stats count"),
        json!([
            "S202",
            3,
            31,
            "a single quotation mark has no partner",
            "close it with `'`, or write `\\'` for one inside the text"
        ])
    );
    assert_eq!(
        only_of("`cloudtrail eventName=A"),
        json!([
            "S202",
            3,
            10,
            "the macro call has no closing backtick",
            "a macro call is a name in backticks, with its arguments in parentheses: `` `name(a, b)` ``"
        ])
    );
    assert_eq!(
        only_of("`cloudtrail` eventName=A ```why"),
        json!(["S202", 3, 35, "the comment has no closing ` ``` `", "close the comment with three backticks"])
    );
}

#[test]
fn an_unknown_macro() {
    assert_eq!(
        only_of("`cloudtrial` eventName=A"),
        json!(["M101", 3, 10, "unknown macro `cloudtrial`", "did you mean `cloudtrail`?"])
    );
    assert_eq!(
        only_of("`cloudtrail` `zzz`"),
        json!([
            "M101",
            3,
            23,
            "unknown macro `zzz`",
            "define it in the content folder's `macros/`, or name that folder with `--content`"
        ])
    );
}

#[test]
fn a_wrong_number_of_macro_arguments() {
    let help = "separate arguments by commas; put an argument that holds a comma into double quotes";
    let expected = |n| json!(["M102", 3, 23, format!("macro `two` takes 2 arguments, not {n}"), help]);
    assert_eq!(only_of("`cloudtrail` `two(eventName)`"), expected(1));
    assert_eq!(only_of("`cloudtrail` `two`"), expected(0));
    assert_eq!(only_of("`cloudtrail` `two(a, b, c)`"), expected(3));
}

#[test]
fn macros_that_call_each_other() {
    assert_eq!(
        only_of("`cloudtrail` `loop_a`"),
        json!([
            "M103",
            3,
            23,
            "macro `loop_a` expands to itself: loop_a → loop_b → loop_a",
            "break the cycle in the macro definitions of the content folder"
        ])
    );
}

#[test]
fn a_fault_in_a_macro_is_placed_at_its_call() {
    let fault = only_of("`cloudtrail` `bad_inside`");
    assert_eq!(fault, json!(["S203", 3, 23, "unknown command `stast`", "did you mean `stats`, `mstats`, `strcat`?"]));
}

#[test]
fn an_unknown_command() {
    assert_eq!(
        only_of("`cloudtrail` | stast count by user"),
        json!(["S203", 3, 25, "unknown command `stast`", "did you mean `stats`, `mstats`, `strcat`?"])
    );
    assert_eq!(
        only_of("`cloudtrail` | xyzzy"),
        json!(["S203", 3, 25, "unknown command `xyzzy`", "a pipe is followed by an SPL command"])
    );
    let all = diagnostics(format!("{HEAD}search: '`cloudtrail` | stast count | wehre count > 5 | sotr count'\n"));
    let places: Vec<(&Value, &Value)> = all.iter().map(|d| (&d[0], &d[2])).collect();
    let code = json!("S203");
    assert_eq!(places, [(&code, &json!(25)), (&code, &json!(39)), (&code, &json!(57))], "each fault is told");
}

#[test]
fn invalid_utf8() {
    let mut text = format!("{HEAD}search: '`cloudtrail` eventName=").into_bytes();
    text.extend_from_slice(b"\xc3\x28'\n");
    assert_eq!(only(text), json!(["R006", 3, 33, "the file is not valid UTF-8 here", "save the file as UTF-8"]));
}

#[test]
fn brackets_without_a_partner() {
    let expected = |column, bracket, help| json!(["S209", 3, column, format!("`{bracket}` has no partner"), help]);
    let group = "remove it, or open the group with `(`";
    assert_eq!(
        only_of("`cloudtrail` (eventName=A OR (eventName=B) | stats count"),
        expected(23, "(", "close it with `)`")
    );
    assert_eq!(only_of("`cloudtrail` eventName=A) | stats count"), expected(34, ")", group));
    assert_eq!(only_of("`cloudtrail` | where (count > 5 | stats count"), expected(31, "(", "close it with `)`"));
    assert_eq!(only_of("`cloudtrail` | where count > 5) | stats count"), expected(40, ")", group));
    assert_eq!(
        only_of("`cloudtrail` | where match(eventName, \"x\" | stats count"),
        expected(36, "(", "close the argument list with `)`")
    );
    assert_eq!(
        only_of("`cloudtrail` [search `cloudtrail` | table user"),
        expected(23, "[", "close the subsearch with `]`")
    );
    assert_eq!(
        only_of("`cloudtrail` eventName=A] | stats count"),
        expected(34, "]", "remove it, or open the subsearch with `[`")
    );
}

#[test]
fn a_pipe_with_nothing_behind_it() {
    assert_eq!(
        only_of("`cloudtrail` eventName=A |"),
        json!([
            "S201",
            3,
            35,
            "expected a command after `|`, found the end of the search",
            "remove the pipe or add a command"
        ])
    );
    assert_eq!(
        only_of("`cloudtrail` eventName=A | | stats count"),
        json!(["S201", 3, 37, "expected a command, found `|`", "a pipe is followed by a command"])
    );
    assert_eq!(
        only_of("|"),
        json!(["S201", 3, 10, "expected a search, found the end of the search", "write a search, or `| command`"])
    );
}

/// The same fault in each way of writing a scalar: the place is where the text stands in the file.
#[test]
fn places_in_every_kind_of_scalar() {
    let cases = [
        ("search: '`cloudtrail` eventName=A\n  | stast count\n  by user'\n", 4, 5),
        ("search: '`cloudtrail` | where eventName=''A'' | stast'\n", 3, 49),
        ("search: '`cloudtrail` eventName=\"日本é\"\n\n  | stast count'\n", 5, 5),
        ("search: '`cloudtrail` eventName=\"日本é\" | stast count'\n", 3, 41),
        ("search: >-\n  `cloudtrail` eventName=A\n  | stast count\n  by user\n", 5, 5),
        ("search: >-\n    `cloudtrail` eventName=A\n\n    | stats count\n      | stast y\n", 7, 9),
        ("search: |-\n  `cloudtrail` eventName=A\n  | stats count\n    | stast y\n", 6, 7),
        ("search: |2-\n    `cloudtrail`\n  | stast y\n", 5, 5),
        ("search: \"`cloudtrail` eventName=\\\"\\u00e9\\\"\\n| stast count \\\n  by user\"\n", 3, 47),
        ("search: \"`cloudtrail` eventName=A \\\n  | stast count\"\n", 4, 5),
        ("search: \"`cloudtrail`\n  \\| stast count\"\n", 0, 0),
        ("search: `cloudtrail` eventName=A\n", 0, 0),
        ("search: index=a\n  sourcetype=aws:cloudtrail | stast count\n", 4, 31),
    ];
    for (scalar, line, column) in cases {
        let all = diagnostics(format!("{HEAD}{scalar}"));
        if line == 0 {
            assert_eq!(all[0][0], "R001", "{scalar:?}: {all:?}");
            continue;
        }
        assert_eq!(all.len(), 1, "{scalar:?}: {all:?}");
        assert_eq!(
            (&all[0][0], &all[0][1], &all[0][2]),
            (&json!("S203"), &json!(line), &json!(column)),
            "{scalar:?}: {all:?}"
        );
    }
    let crlf = format!("{HEAD}search: >-\n  `cloudtrail` eventName=A\n  | stast count\n").replace('\n', "\r\n");
    let fault = only(crlf);
    assert_eq!((&fault[1], &fault[2]), (&json!(5), &json!(5)));
    let marked = format!("\u{feff}{HEAD}search: '`cloudtrail` | stast count'\n");
    let fault = only(marked);
    assert_eq!((&fault[1], &fault[2]), (&json!(3), &json!(25)));
}

#[test]
fn deep_nesting() {
    let n = 1_000;
    let nest = |open: &str, core: &str, close: &str| format!("{}{core}{}", open.repeat(n), close.repeat(n));
    let message = "parentheses and subsearches are nested more than 100 deep";
    let cases = [
        ("parentheses", format!("`cloudtrail` {}", nest("(", "eventName=A", ")"))),
        ("subsearches", format!("`cloudtrail` {}", nest("[search x=1 ", "", "]"))),
        ("negations", format!("`cloudtrail` {}", nest("NOT ", "eventName=A", ""))),
        ("parentheses in where", format!("`cloudtrail` | where {}", nest("(", "count=1", ")"))),
        ("negations in where", format!("`cloudtrail` | where {}", nest("NOT ", "count=1", ""))),
        ("signs", format!("`cloudtrail` | eval x={}", nest("-", "1", ""))),
        ("calls", format!("`cloudtrail` | eval x={}", nest("lower(", "eventName", ")"))),
        ("appends", format!("`cloudtrail` {}", nest("| append [search `cloudtrail` ", "", "]"))),
    ];
    for (what, search) in cases {
        let fault = only_of(&search);
        assert_eq!(
            (&fault[0], &fault[3], &fault[4]),
            (&json!("R008"), &json!(message), &json!("flatten the condition")),
            "{what}"
        );
    }
}

#[test]
fn long_searches() {
    let cases = [
        ("stages", format!("`cloudtrail` {}", "| head 5 ".repeat(3_000)), "R008"),
        ("renames", format!("`cloudtrail` {}", "| rename a as b ".repeat(3_000)), "R008"),
        ("operators", format!("`cloudtrail` | eval x=1{}", "+1".repeat(20_000)), "R008"),
        ("joined texts", format!("`cloudtrail` | eval x=eventName{}", " . eventName".repeat(20_000)), "R008"),
        (
            "exclusive alternatives",
            format!("`cloudtrail` | where eventName=\"A\"{}", " XOR eventName=\"B\"".repeat(30)),
            "S211",
        ),
        ("expanded text", format!("`cloudtrail` {}", "(x OR y) ".repeat(200_000)), "M105"),
    ];
    for (what, search, code) in cases {
        let fault = only_of(&search);
        assert_eq!(fault[0], code, "{what}: {}", fault[3]);
    }
    // Long, and nothing wrong with it: every alternative stands in the query.
    let list: Vec<String> = (0..3_000).map(|i| format!("eventName=A{i}")).collect();
    for search in [
        format!("`cloudtrail` {}", list.join(" OR ")),
        format!(
            "`cloudtrail` | where {}",
            list.iter().map(|e| format!("{}\"", e.replace('=', "=\""))).collect::<Vec<_>>().join(" or ")
        ),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "x.yml", format!("{HEAD}search: '{search}'\n"));
        let started = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_rulecast"))
            .current_dir(root.path())
            .args(["compile", "x.yml", "--target", "athena", "--all-time"])
            .output()
            .expect("the program runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text.to_lowercase().matches("'a").count(), 3_000);
        assert!(started.elapsed() < MOST_TIME, "{:?}", started.elapsed());
    }
}

#[test]
fn a_file_of_ten_megabytes() {
    let help = "a rule file holds one rule and is seldom larger than 20 kB";
    let expected = json!(["R007", 1, 1, "the file is larger than 10 MiB", help]);
    assert_eq!(only(format!("{HEAD}search: '`cloudtrail` {}'\n", "eventName=A ".repeat(900_000))), expected);
    let below = format!("{HEAD}search: '`cloudtrail` {}'\n", "eventName=A ".repeat(800_000));
    assert_eq!(only(below)[0], "M105");
}
