//! What SPL means, case by case: the events, the search and the rows stand in `semantics/*.md`, which are written to be
//! read. Each search runs through the whole front end and the evaluator, once as it is lowered and once as text that the
//! syntax tree was printed to.

mod support;

use std::path::{Path, PathBuf};

use rulecast::diagnostic::{Severity, Sink};
use rulecast::eval::{self, Program, Rows, Session, Value};
use rulecast::event::{Decoder, fields};
use rulecast::rule::{Library, Rule};
use rulecast::schema::{Schema, Schemas};
use rulecast::{Options, SourceFile, spl};
use serde_json::{Map, Value as Json};

/// Commands that make rows themselves.
const GENERATING: [&str; 4] = ["inputlookup", "makeresults", "tstats", "from "];

/// 2024-08-01T12:00:00Z: the moment of each search, unless the case says another.
const NOW: i64 = 1_722_513_600;

struct Case {
    file: String,
    line: usize,
    title: String,
    blocks: Vec<(String, String)>,
}

impl Case {
    fn block(&self, name: &str) -> Option<&str> {
        self.blocks.iter().find(|(n, _)| n == name).map(|(_, text)| text.as_str())
    }

    fn place(&self) -> String {
        format!("{}:{} ({})", self.file, self.line, self.title)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics")
}

/// The cases of a file: a heading of the third level begins one, fenced blocks hold its parts. Events and lookups that
/// stand before the first case of a section (second level) are those of all its cases that have none of their own.
fn cases(file: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut shared: Vec<(String, String)> = Vec::new();
    // The name and the text of the block that is open; how many backticks end it, since a search may have comments.
    let mut fence: Option<(String, String)> = None;
    let mut ticks = String::new();
    let mut in_case = false;
    for (number, line) in text.lines().enumerate() {
        if let Some((name, mut body)) = fence.take() {
            if line.trim_end() == ticks {
                let blocks = match cases.last_mut() {
                    Some(case) if in_case => &mut case.blocks,
                    _ => &mut shared,
                };
                blocks.retain(|(n, _)| *n != name);
                blocks.push((name, body));
            } else {
                body.push_str(line);
                body.push('\n');
                fence = Some((name, body));
            }
        } else if line.starts_with("```") {
            let name = line.trim_start_matches('`');
            ticks = line[..line.len() - name.len()].to_owned();
            fence = Some((name.trim().to_owned(), String::new()));
        } else if line.starts_with("## ") {
            shared.clear();
            in_case = false;
        } else if let Some(title) = line.strip_prefix("### ") {
            let blocks = shared.clone();
            cases.push(Case { file: file.to_owned(), line: number + 1, title: title.to_owned(), blocks });
            in_case = true;
        }
    }
    cases
}

fn all_cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder of the cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            cases(&name, &std::fs::read_to_string(path).expect("a file of cases"))
        })
        .collect()
}

fn schemas() -> Schemas {
    let text = std::fs::read_to_string(folder().join("schema.toml")).expect("the schema of the cases");
    let mut schemas = Schemas::builtin();
    schemas.add(Schema::parse(&text).expect("a schema"));
    schemas
}

/// Lookups (`csv NAME`) and macros (`macro NAME(args)`), with a line `# key: value` for each setting of the definition.
fn library(case: &Case) -> Library {
    let mut library = Library::default();
    let mut sink = Sink::default();
    for (name, text) in &case.blocks {
        if let Some(name) = name.strip_prefix("csv ") {
            let (settings, rows): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
            let mut definition = format!("name: {name}\nfilename: {name}.csv\n");
            for setting in settings {
                definition.push_str(setting.trim_start_matches('#').trim());
                definition.push('\n');
            }
            let file = SourceFile::new(format!("lookups/{name}.yml"), definition);
            library.add_lookup(&file, Some(&rows.join("\n")), &mut sink);
        } else if let Some(signature) = name.strip_prefix("macro ") {
            let (name, arguments) = match signature.split_once('(') {
                Some((name, rest)) => (name, rest.trim_end_matches(')').split(',').map(str::trim).collect()),
                None => (signature, Vec::new()),
            };
            let (settings, text): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("# "));
            let text = text.join("\n");
            let mut definition = format!("name: {name}\ndefinition: {}\n", support::yaml_text(text.trim()));
            for setting in settings {
                definition.push_str(setting.trim_start_matches("# "));
                definition.push('\n');
            }
            if !arguments.is_empty() {
                definition.push_str(&format!("arguments: [{}]\n", arguments.join(", ")));
            }
            library.add_macro(&SourceFile::new(format!("macros/{name}.yml"), definition), &mut sink);
        }
    }
    assert!(sink.diagnostics().is_empty(), "{}: {:?}", case.place(), sink.diagnostics());
    library
}

/// A search without a source of its own reads the case's events.
fn search_of(case: &Case) -> String {
    let spl = case.block("spl").unwrap_or_else(|| panic!("{}: no search", case.place())).trim();
    let own = spl.contains("sourcetype=")
        || GENERATING.iter().any(|c| spl.trim_start_matches(&['|', ' '][..]).starts_with(c));
    if own { spl.to_owned() } else { format!("sourcetype=events {spl}") }
}

/// The rows of a search; or the codes of its errors.
fn run(case: &Case, search: &str) -> Result<Rows, Vec<String>> {
    let library = library(case);
    let schemas = schemas();
    let now = case.block("now").map_or(NOW, |t| rulecast::time::parse_absolute(t.trim()).expect("a time"));
    let options = Options { all_time: true, now: Some(now), ..Options::default() };
    let file = support::rule(search);
    let mut sink = Sink::default();
    let rule = Rule::parse(&file, &mut sink).expect("a rule");
    let query = spl::parse(&rule.search, &library, &mut sink)
        .and_then(|ast| spl::lower(&ast, &rule, &library, &schemas, &options, &mut sink));
    let Ok(query) = query else {
        let errors = sink.diagnostics().iter().filter(|d| d.severity == Severity::Error);
        return Err(errors.map(|d| format!("{} {}", d.code.id, d.message)).collect());
    };
    let program = Program::new(&query, &schemas).map_err(|e| vec![e.message])?;
    let options = eval::Options { now: now as f64, ..eval::Options::default() };
    let mut session = Session::new(vec![program], options);
    let events = case.block("events").unwrap_or_default();
    while let Some(pass) = session.next_pass() {
        let mut harvests = Vec::new();
        // Two workers, so that what they gather has to be merged.
        for part in 0..2 {
            let mut worker = pass.worker();
            for (source, needs) in pass.sources().iter().enumerate() {
                let decoder = Decoder::new(&needs.schema, &needs.fields);
                let records = events.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                for (number, record) in records.filter(|(number, _)| number % 2 == part) {
                    let mut slots = Vec::new();
                    decoder.decode(record, &mut slots).unwrap_or_else(|e| panic!("{}: {e:?}", case.place()));
                    worker.feed(source, &slots, number as u64);
                }
            }
            harvests.push(worker.finish());
        }
        session.finish_pass(pass, harvests);
    }
    session.into_results().remove(0).map_err(|e| vec![e.message])
}

fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => Json::Bool(*b),
        Value::Integer(n) => Json::from(*n),
        Value::Double(n) => Json::from(*n),
        Value::Text(text) => Json::from(&**text),
        Value::List(values) => Json::Array(values.iter().map(json).collect()),
    }
}

/// A row as an object without NULLs. Whole events show their fields, and not their text.
fn objects(rows: &Rows) -> Vec<Map<String, Json>> {
    let object = |row: &Vec<Value<'static>>| {
        let mut object = Map::new();
        for (name, value) in rows.table.columns.iter().zip(row) {
            let is_shown = !rows.events || !matches!(&**name, "_raw" | "_time");
            if !value.is_null() && is_shown {
                object.insert(name.to_string(), json(value));
            }
        }
        if let (true, Some(raw)) = (rows.events, row.last()) {
            for (name, value) in fields(&raw.to_text()) {
                if !rows.removed.iter().any(|r| **r == *name) {
                    object.entry(name).or_insert_with(|| json(&value));
                }
            }
        }
        object
    };
    rows.table.rows.iter().map(object).collect()
}

fn expected(case: &Case) -> Vec<Map<String, Json>> {
    let text = case.block("rows").unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {line}: {e}", case.place())))
        .collect()
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

fn same_rows(a: &[Map<String, Json>], b: &[Map<String, Json>]) -> bool {
    let row = |a: &Map<String, Json>, b: &Map<String, Json>| {
        a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| row(a, b))
}

fn shown(rows: &[Map<String, Json>]) -> String {
    rows.iter().map(|row| format!("    {}\n", Json::Object(row.clone()))).collect()
}

fn judge(case: &Case) -> Result<(), String> {
    let search = search_of(case);
    match (run(case, &search), case.block("error")) {
        (Err(codes), Some(error)) => {
            let error = error.trim();
            if codes.iter().any(|code| code.contains(error)) {
                Ok(())
            } else {
                Err(format!("errors {codes:?} instead of `{error}`"))
            }
        }
        (Err(codes), None) => Err(format!("errors {codes:?}")),
        (Ok(_), Some(error)) => Err(format!("rows instead of the error `{}`", error.trim())),
        (Ok(rows), None) => {
            if case.block("rows").is_none() {
                return Err("the case expects neither rows nor an error".to_owned());
            }
            let (found, expected) = (objects(&rows), expected(case));
            if same_rows(&found, &expected) {
                return Ok(());
            }
            Err(format!("rows\n{}  instead of\n{}", shown(&found), shown(&expected)))
        }
    }
}

#[test]
fn each_case_holds() {
    let all = all_cases();
    let filter = std::env::var("CASE").unwrap_or_default();
    let chosen: Vec<&Case> = all.iter().filter(|case| case.place().contains(&filter)).collect();
    let faults: Vec<String> = chosen
        .iter()
        .filter_map(|case| judge(case).err().map(|fault| format!("{}:\n  {fault}", case.place())))
        .collect();
    assert!(faults.is_empty(), "{} of {} cases fail\n{}", faults.len(), chosen.len(), faults.join("\n"));
}
