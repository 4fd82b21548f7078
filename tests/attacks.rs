//! The rules of the corpus that mention CloudTrail or Security Lake, over the logs of attack techniques beside it: which
//! of them have rows, and why others, of which one would expect it, have none. `docs/attacks.md` holds the result.
//!
//! A reason in `attacks/misses.toml` is a claim that is tried: the rule must have no rows on the log, and must have some
//! once the condition that the reason names is taken out of it; or what it asks for must be missing from the log.
//!
//! `RULECAST_UPDATE_DOCS=1 cargo test --test attacks` rewrites the document. Without the corpus the test says that it
//! was skipped; `RULECAST_CORPUS` names it where it is not beside the repository.

#![allow(clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rulecast::SourceFile;
use rulecast::diagnostic::Sink;
use rulecast::rule::Rule;
use serde::Deserialize;

const MENTIONS: [&str; 2] = ["cloudtrail", "amazon_security_lake"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Misses {
    miss: Vec<Miss>,
}

/// Rules that have no rows on logs, why, and what shows it: one of the last four.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Miss {
    rules: Vec<String>,
    logs: Vec<String>,
    why: String,
    /// With these parts of its search replaced the rule has rows. `…` in a part stands for the text up to what follows.
    #[serde(default)]
    change: Vec<(String, String)>,
    /// API calls of which the search names at least one, and the log has none.
    #[serde(default)]
    calls: Vec<String>,
    /// Text of the search that chooses another source than the log's.
    reads: Option<String>,
    /// The diagnostic for which the rule is not run.
    code: Option<String>,
}

struct Known {
    path: PathBuf,
    search: String,
}

struct Log {
    path: PathBuf,
    events: BTreeSet<String>,
    records: usize,
    /// The last event's time.
    now: String,
}

struct Corpus {
    folder: PathBuf,
    rules: BTreeMap<String, Known>,
    logs: BTreeMap<String, Log>,
}

fn corpus() -> Option<Corpus> {
    let folder = support::corpus()?;
    let mut rules = BTreeMap::new();
    for path in support::yaml_files(&folder.join("detections")) {
        let file = SourceFile::from_bytes("rule.yml", std::fs::read(&path).expect("a readable rule"));
        let text = file.text().to_lowercase();
        if MENTIONS.iter().any(|word| text.contains(word)) {
            let rule = Rule::parse(&file, &mut Sink::default()).expect("a rule");
            let search = rule.search.text.split_whitespace().collect::<Vec<_>>().join(" ");
            rules.insert(rule.name, Known { path, search });
        }
    }
    let mut logs = BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("../cloudtrail")).ok()?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "json") {
            let name = path.file_stem().unwrap_or_default().display().to_string();
            logs.insert(name, log(path));
        }
    }
    (!logs.is_empty()).then_some(Corpus { folder, rules, logs })
}

fn log(path: PathBuf) -> Log {
    let text = std::fs::read_to_string(&path).expect("a readable log");
    let records: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of records");
    let texts =
        |name: &str| -> Vec<String> { records.iter().filter_map(|r| r[name].as_str()).map(str::to_owned).collect() };
    let now = texts("eventTime").into_iter().max().expect("an event");
    Log { path, events: texts("eventName").into_iter().collect(), records: records.len(), now }
}

/// What a run over a log says: rows by rule, and the standard error.
struct Ran {
    rows: BTreeMap<String, usize>,
    errors: String,
}

fn run(rules: &[PathBuf], content: &Path, log: &Log) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_rulecast"))
        .args(["run", "--format", "json", "--now", &log.now, "--content"])
        .arg(content)
        .arg("--events")
        .arg(&log.path)
        .arg("--")
        .args(rules)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let mut rows = BTreeMap::new();
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        *rows.entry(row["_rule"].as_str().expect("the rule's name").to_owned()).or_default() += 1;
    }
    Ran { rows, errors: String::from_utf8(output.stderr).expect("UTF-8") }
}

/// The search with a part replaced, wherever it stands.
fn replaced(search: &str, part: &str, with: &str) -> Option<String> {
    let Some((begin, end)) = part.split_once('…') else {
        return search.contains(part).then(|| search.replace(part, with));
    };
    let start = search.find(begin)?;
    let behind = start + begin.len();
    let stop = behind + search.get(behind..)?.find(end)? + end.len();
    Some(format!("{}{with}{}", &search[..start], &search[stop..]))
}

/// The reasons that are not as they say, on one log; `ran` is the run of all rules.
fn wrong(corpus: &Corpus, misses: &Misses, name: &str, log: &Log, ran: &Ran) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    let mut changed: Vec<(PathBuf, String, &str)> = Vec::new();
    for (number, miss) in misses.miss.iter().enumerate().filter(|(_, m)| m.logs.iter().any(|l| l == name)) {
        for rule in &miss.rules {
            let mut fault = |what: &str| wrong.push(format!("{name}: {rule}: {what}"));
            let Some(known) = corpus.rules.get(rule) else {
                fault("there is no such rule");
                continue;
            };
            if ran.rows.contains_key(rule) {
                fault("it has rows");
            }
            let has_call = |call: &&String| log.events.contains(*call);
            if let Some(call) = miss.calls.iter().find(has_call) {
                fault(&format!("the log has {call}"));
            }
            if !miss.calls.is_empty() && !miss.calls.iter().any(|call| known.search.contains(call.as_str())) {
                fault("it asks for none of the calls");
            }
            if miss.reads.as_ref().is_some_and(|source| !known.search.contains(source.as_str())) {
                fault("it reads another source");
            }
            if let Some(code) = &miss.code {
                let path = known.path.display().to_string();
                let is = |l: &str| l.starts_with(&path) && l.contains(&format!("error[{code}]"));
                if !ran.errors.lines().any(is) {
                    fault(&format!("it has no {code}"));
                }
            }
            if !miss.change.is_empty() {
                let mut search = known.search.clone();
                for (part, with) in &miss.change {
                    match replaced(&search, part, with) {
                        Some(new) => search = new,
                        None => fault(&format!("its search does not contain `{part}`")),
                    }
                }
                let title = format!("{number} {rule}");
                let path = folder.path().join(format!("{}.yml", changed.len()));
                let text = support::rule_named(&title, "", &search);
                std::fs::write(&path, text.text()).expect("a file");
                changed.push((path, title, rule));
            } else if miss.calls.is_empty() && miss.reads.is_none() && miss.code.is_none() {
                fault("nothing shows the reason");
            }
        }
    }
    if !changed.is_empty() {
        // Of several rules each row names its own.
        let dummy = folder.path().join("none.yml");
        let text = support::rule_named("none", "", "sourcetype=aws:cloudtrail eventName=None");
        std::fs::write(&dummy, text.text()).expect("a file");
        let paths: Vec<PathBuf> = changed.iter().map(|(p, ..)| p.clone()).chain([dummy]).collect();
        let loose = run(&paths, &corpus.folder, log);
        for (path, title, rule) in changed {
            if !loose.rows.contains_key(&title) {
                let path = path.display().to_string();
                let said: Vec<&str> = loose.errors.lines().filter(|l| l.starts_with(&path)).collect();
                wrong.push(format!("{name}: {rule}: no rows without the condition either {said:?}"));
            }
        }
    }
    wrong
}

fn document(corpus: &Corpus, misses: &Misses, runs: &BTreeMap<&str, Ran>) -> (String, String) {
    let mut fires = String::from("| attack log | records | rules with rows (how many) |\n|---|---:|---|\n");
    let mut reasons = String::new();
    for (name, log) in &corpus.logs {
        let rows = runs.get(name.as_str()).map(|r| &r.rows).into_iter().flatten();
        let with: Vec<String> = rows.map(|(rule, n)| format!("{rule} ({n})")).collect();
        // Writing to a string can't fail.
        let _ = writeln!(fires, "| {name} | {} | {} |", log.records, with.join("; "));
        let _ = writeln!(reasons, "\n### {name}\n");
        let mine: Vec<&Miss> = misses.miss.iter().filter(|m| m.logs.contains(name)).collect();
        let calls: Vec<&str> = log.events.iter().map(String::as_str).collect();
        let _ = writeln!(reasons, "Calls: {}.\n\n| no rows | because |\n|---|---|", calls.join(", "));
        for miss in mine {
            let _ = writeln!(reasons, "| {} | {} |", miss.rules.join("; "), miss.why);
        }
    }
    (fires, reasons)
}

fn between(text: &str, name: &str, new: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no marker {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no marker {end}"));
    format!("{before}{begin}{new}{end}{after}")
}

#[test]
fn the_document_says_what_fires_and_why_the_rest_does_not() {
    let Some(corpus) = corpus() else {
        println!("skipped: there are no attack logs at ../shared/corpus/cloudtrail");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/attacks/misses.toml")).expect("reasons");
    let misses: Misses = toml::from_str(&text).unwrap_or_else(|e| panic!("{e}"));
    let paths: Vec<PathBuf> = corpus.rules.values().map(|r| r.path.clone()).collect();
    let mut runs = BTreeMap::new();
    let mut faults = Vec::new();
    for name in misses.miss.iter().flat_map(|m| &m.logs).filter(|l| !corpus.logs.contains_key(*l)) {
        faults.push(format!("there is no log {name}"));
    }
    for (name, log) in &corpus.logs {
        let ran = run(&paths, &corpus.folder, log);
        faults.extend(wrong(&corpus, &misses, name, log, &ran));
        if !misses.miss.iter().any(|m| m.logs.contains(name)) {
            faults.push(format!("nothing is said about {name}"));
        }
        runs.insert(name.as_str(), ran);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let (fires, reasons) = document(&corpus, &misses, &runs);
    let place = root.join("docs/attacks.md");
    let old = std::fs::read_to_string(&place).expect("docs/attacks.md");
    let new = between(&between(&old, "fires", &fires), "misses", &reasons);
    if std::env::var_os("RULECAST_UPDATE_DOCS").is_some_and(|v| v == "1") {
        std::fs::write(&place, new).expect("the document can be written");
        return;
    }
    let line = old.lines().zip(new.lines()).position(|(a, b)| a != b).unwrap_or_default() + 1;
    assert!(old == new, "docs/attacks.md:{line} is stale; run `RULECAST_UPDATE_DOCS=1 cargo test --test attacks`");
}

#[test]
fn parts_of_a_search_are_replaced() {
    assert_eq!(replaced("a=1 b=2 a=1", "a=1", "c").as_deref(), Some("c b=2 c"));
    assert_eq!(replaced("a | b c | d", "| b…| ", "; ").as_deref(), Some("a ; d"));
    assert_eq!(replaced("a", "b", ""), None);
    assert_eq!(replaced("a b", "b…a", ""), None);
}
