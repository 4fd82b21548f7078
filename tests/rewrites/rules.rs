//! Real rules: lowered, simplified, run on generated events and on real ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rulecast::diagnostic::Sink;
use rulecast::ir::{Query, rewrite};
use rulecast::rule::{Library, Rule};
use rulecast::schema::Schemas;
use rulecast::synth::{self, Record};
use rulecast::{Options, SourceFile, spl};

use crate::run::{ONE, Split, difference, rows};
use crate::support;

/// Generated events for each rule.
const EVENTS: usize = 120;

/// At least so many percent of the rules must have rows on what was generated for them.
const REACHED: usize = 50;

/// The query of a rule before simplification; `None` where the rule can't be lowered.
fn unsimplified(path: &Path, library: &Library, schemas: &Schemas) -> Option<Query> {
    let bytes = std::fs::read(path).expect("a readable rule");
    let file = SourceFile::from_bytes(path.display().to_string(), bytes);
    let mut sink = Sink::default();
    let rule = Rule::parse(&file, &mut sink)?;
    let ast = spl::parse(&rule.search, library, &mut sink).ok()?;
    let options = Options::default();
    spl::lower_unsimplified(&ast, &rule, library, schemas, &options, &mut sink).ok()
}

/// Real CloudTrail records, where they are.
fn real_events() -> Vec<Record> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/cloudtrail");
    let mut out = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.sort();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let text = std::fs::read_to_string(path).expect("a readable file");
        for value in serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>() {
            let value = value.expect("JSON");
            let list = value.as_array().or_else(|| value.get("Records")?.as_array()).cloned();
            for record in list.unwrap_or_else(|| vec![value.clone()]) {
                out.push(Record { source: "cloudtrail".into(), text: record.to_string() });
            }
        }
    }
    out
}

/// What a rule's check found: whether it had rows, or what is wrong.
fn check(query: &Query, schemas: &Schemas, records: &[Record]) -> Result<bool, String> {
    let before = rows(query, schemas, records, ONE);
    let simple = rewrite::simplify(query.clone());
    let after = rows(&simple, schemas, records, ONE);
    if let Some(difference) = difference(&before, &after) {
        return Err(format!("simplification changes the rows: {difference}\n{simple}"));
    }
    let split = rows(&simple, schemas, records, Split { workers: 3, shuffle: 5 });
    if let Some(difference) = difference(&after, &split) {
        return Err(format!("three workers give other rows: {difference}\n{simple}"));
    }
    Ok(before.is_ok_and(|r| !r.table.rows.is_empty()))
}

fn check_all(what: &str, files: &[PathBuf], library: &Library) {
    let schemas = Schemas::builtin();
    let real = real_events();
    if real.is_empty() {
        println!("skipped: there are no real events at ../shared/corpus/cloudtrail");
    }
    let (mut run, mut reached) = (0, 0);
    let mut without = Vec::new();
    let mut faults = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap_or_default().display().to_string();
        let Some(query) = unsimplified(path, library, &schemas) else { continue };
        run += 1;
        let seed = name.bytes().fold(7_u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let records = synth::events(&query, &schemas, seed, EVENTS);
            let has_rows = check(&query, &schemas, &records)?;
            if !real.is_empty() && query.to_string().contains("scan cloudtrail") {
                check(&query, &schemas, &real)?;
            }
            Ok::<bool, String>(has_rows)
        }));
        match outcome {
            Ok(Ok(true)) => reached += 1,
            Ok(Ok(false)) => without.push(name),
            Ok(Err(fault)) => faults.push(format!("{name}: {fault}")),
            Err(_) => faults.push(format!("{name}: it panics")),
        }
    }
    println!("{what}: {run} of {} rules run, {reached} have rows; not: {}", files.len(), without.join(", "));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
    assert!(run == 0 || reached * 100 >= run * REACHED, "only {reached} of {run} rules have rows on their events");
}

#[test]
fn rules_of_the_repository_keep_their_rows() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = support::yaml_files(&folder.join("detections"));
    assert!(!files.is_empty());
    check_all("rules", &files, &support::read_library(&folder));
}

#[test]
fn rules_of_the_corpus_keep_their_rows() {
    let Some(folder) = support::corpus() else {
        println!("skipped: there is no corpus at ../shared/corpus/escu");
        return;
    };
    let all = std::env::var_os("RULECAST_ALL_RULES").is_some();
    let files = support::yaml_files(&folder.join("detections"));
    let files: Vec<PathBuf> = files.into_iter().step_by(if all { 1 } else { 8 }).collect();
    check_all("corpus", &files, &support::read_library(&folder));
}
