//! Every rule of the shared corpus, for every target: no panic, no result without a reason, every place inside the file.
//! Without the corpus the tests say that they were skipped. Damaged searches are compiled too.

// Numbers are printed, so that a run shows how much is reached.
#![allow(clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rulecast::diagnostic::{Diagnostic, Severity, Sink};
use rulecast::schema::Schemas;
use rulecast::target::{Fidelity, TargetId};
use rulecast::{Compiled, Compiler, Options, SourceFile};

/// What is kept of a compiled rule.
struct Checked {
    path: PathBuf,
    mentions_cloudtrail: bool,
    parsed: bool,
    lowered: bool,
    fidelities: BTreeMap<TargetId, Fidelity>,
    faults: Vec<String>,
}

/// At least so many rules must parse (of 1,090).
const PARSED: usize = 1_089;

/// At least so many rules must be lowered, and have a query per target.
const ALL_LOWERED: usize = 1_037;
const ALL_QUERIES: [(TargetId, usize); 3] =
    [(TargetId::Athena, 1_016), (TargetId::Cloudwatch, 896), (TargetId::Sigma, 1_001)];

/// Of the rules that mention CloudTrail or Security Lake: at least so many must be lowered, and have a query per target.
const LOWERED: usize = 50;
const QUERIES: [(TargetId, usize); 3] = [(TargetId::Athena, 49), (TargetId::Cloudwatch, 49), (TargetId::Sigma, 50)];

fn corpus() -> Option<&'static [Checked]> {
    static CHECKED: OnceLock<Option<Vec<Checked>>> = OnceLock::new();
    CHECKED.get_or_init(check_all).as_deref()
}

fn check_all() -> Option<Vec<Checked>> {
    let Some(folder) = support::corpus() else {
        println!("skipped: there is no corpus at ../shared/corpus/escu");
        return None;
    };
    let compiler = Compiler::new(support::read_library(&folder), Schemas::builtin(), Options::default());
    let files = support::yaml_files(&folder.join("detections"));
    Some(files.into_iter().map(|path| check(&compiler, path)).collect())
}

fn check(compiler: &Compiler, path: PathBuf) -> Checked {
    let bytes = std::fs::read(&path).expect("a readable rule");
    let file = SourceFile::from_bytes(path.display().to_string(), bytes);
    let mut checked = Checked {
        path,
        mentions_cloudtrail: false,
        parsed: false,
        lowered: false,
        fidelities: BTreeMap::new(),
        faults: Vec::new(),
    };
    match catch_unwind(AssertUnwindSafe(|| compiler.compile(&file, &TargetId::ALL))) {
        Ok(compiled) => {
            let search = compiled.rule.as_ref().map_or("", |r| &r.search.text);
            checked.mentions_cloudtrail = search.contains("cloudtrail") || search.contains("amazon_security_lake");
            checked.parsed = compiled.ast.is_some();
            checked.lowered = compiled.ir.is_some();
            checked.fidelities = compiled.outputs.iter().map(|o| (o.target, o.fidelity)).collect();
            checked.faults = faults(&file, &compiled);
        }
        Err(_) => checked.faults.push("it panics".to_owned()),
    }
    checked
}

/// What no compilation may do.
fn faults(file: &SourceFile, compiled: &Compiled) -> Vec<String> {
    let mut faults = Vec::new();
    let end = u32::try_from(file.text().len()).expect("a small file");
    for diagnostic in compiled.diagnostics.iter().chain(compiled.outputs.iter().flat_map(|o| &o.diagnostics)) {
        let says = format!("{} {}", diagnostic.code.id, diagnostic.message);
        if diagnostic.code.id == "T502" {
            faults.push(format!("a fault of the compiler: {says}"));
        }
        if diagnostic.message.is_empty() {
            faults.push(format!("nothing is said: {says}"));
        }
        if let Some(span) = diagnostic.span
            && !(span.start <= span.end && span.end <= end && file.text().is_char_boundary(span.start as usize))
        {
            faults.push(format!("its place is not in the file: {says}"));
        }
    }
    for output in &compiled.outputs {
        let target = output.target.name();
        let has = |what: &dyn Fn(&Diagnostic) -> bool| output.diagnostics.iter().any(what);
        let missing = output.fidelity >= Fidelity::Unsupported;
        if missing != output.query.is_none() {
            faults.push(format!("{target}: {} and a query: {}", output.fidelity.name(), output.query.is_some()));
        }
        if missing && !has(&|d| d.severity == Severity::Error) {
            faults.push(format!("{target}: no query and no error"));
        }
        if missing && !has(&|d| d.severity == Severity::Error && (d.span.is_some() || d.code.id == "C407")) {
            faults.push(format!("{target}: no query and no place"));
        }
        let warned = has(&|d| matches!(d.code.id, "C403" | "C409" | "N314"));
        if (output.fidelity == Fidelity::Approximate) != (warned && !missing) {
            faults.push(format!("{target}: {}, with a warning of a difference: {warned}", output.fidelity.name()));
        }
    }
    faults
}

#[test]
fn no_rule_fails_without_a_reason() {
    let Some(corpus) = corpus() else { return };
    let faults: Vec<String> =
        corpus.iter().flat_map(|c| c.faults.iter().map(|f| format!("{}: {f}", c.path.display()))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rules_parse() {
    let Some(corpus) = corpus() else { return };
    let unparsed: Vec<String> = corpus
        .iter()
        .filter(|c| !c.parsed)
        .map(|c| c.path.file_stem().unwrap_or_default().display().to_string())
        .collect();
    let parsed = corpus.len() - unparsed.len();
    println!("{parsed} of {} rules parse; not: {}", corpus.len(), unparsed.join(", "));
    assert!(parsed >= PARSED, "{parsed} rules parse, {PARSED} did");
}

#[test]
fn rules_are_lowered_and_reach_the_targets() {
    let Some(corpus) = corpus() else { return };
    reach("rules", corpus.iter().collect(), ALL_LOWERED, ALL_QUERIES);
}

#[test]
fn rules_on_cloudtrail_reach_the_targets() {
    let Some(corpus) = corpus() else { return };
    let mine = corpus.iter().filter(|c| c.mentions_cloudtrail).collect();
    reach("rules that mention CloudTrail or Security Lake", mine, LOWERED, QUERIES);
}

/// At least so many rules are lowered, and have a query per target.
fn reach(what: &str, mine: Vec<&Checked>, floor: usize, queries: [(TargetId, usize); 3]) {
    let lowered = mine.iter().filter(|c| c.lowered).count();
    println!("{} {what}; {lowered} are lowered", mine.len());
    assert!(lowered >= floor, "{lowered} are lowered, {floor} were");
    for (target, floor) in queries {
        let mut counts: BTreeMap<Fidelity, usize> = BTreeMap::new();
        for fidelity in mine.iter().filter_map(|c| c.fidelities.get(&target)) {
            *counts.entry(*fidelity).or_default() += 1;
        }
        let shown: Vec<String> = counts.iter().map(|(f, n)| format!("{n} {}", f.name())).collect();
        println!("{}: {}", target.name(), shown.join(", "));
        let reached: usize = counts.iter().filter(|(f, _)| **f < Fidelity::Unsupported).map(|(_, n)| n).sum();
        assert!(reached >= floor, "{}: {reached} have a query, {floor} had", target.name());
    }
}

/// Searches of the example rules, and of the corpus where it is.
fn seeds() -> Vec<String> {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let folders = [Some(examples), support::corpus()];
    let files = folders.into_iter().flatten().flat_map(|f| support::yaml_files(&f.join("detections")));
    let search = |path: PathBuf| {
        let file = SourceFile::from_bytes("seed", std::fs::read(path).expect("a readable rule"));
        rulecast::rule::Rule::parse(&file, &mut Sink::default()).map(|rule| rule.search.text)
    };
    files.filter_map(search).collect()
}

const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "|",
    "\"",
    "'",
    "`",
    "```",
    "\\",
    "*",
    "=",
    "!=",
    "<",
    ",",
    " OR ",
    " AND ",
    " NOT ",
    " in ",
    " like ",
    " by ",
    " as ",
    ".",
    "{}",
    "$x$",
    "\n",
    "é",
    "日",
    "\u{202e}",
    "-",
    "+",
    "/",
    "%",
    "0",
    "1e999",
    "99999999999999999999",
    "-0",
    "0x",
    "``",
    "`m(",
    " | where ",
    " | eval x=",
    " | search ",
    " | stats count by ",
    " | rename * as ",
    " | fields - *",
    " | join x [",
    " | append [",
    " | mvexpand ",
    " | spath ",
    " | head ",
    " | sort ",
    " | dedup ",
    " | bin span=",
    " | rex \"(?<a>",
    " | regex ",
    " | table ",
    " | fillnull ",
    " | lookup ",
    " | inputlookup ",
    " | convert ",
    " | eventstats ",
    " | streamstats ",
    " | top ",
    " | tstats ",
    "case(",
    "if(",
    "mvindex(",
    "strftime(",
    "relative_time(",
    "match(",
    "replace(",
    "cidrmatch(",
    "span=1h",
    "earliest=",
    "sourcetype=aws:cloudtrail ",
    "`cloudtrail` ",
];

/// `RULECAST_FUZZ` sets the number of searches.
#[test]
fn damaged_searches_never_panic_nor_hang() {
    let rounds = std::env::var("RULECAST_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    let seeds = seeds();
    let library = support::corpus().map_or_else(|| support::library(&[]), |folder| support::read_library(&folder));
    let compiler = support::compiler(library);
    let seed =
        std::env::var("RULECAST_FUZZ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x2545_f491_4f6c_dd1d_u64);
    let mut state = seed;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for round in 0..rounds {
        // Searches on CloudTrail get further than the front end, so they come more often.
        let mut search = seeds[random(seeds.len())].clone();
        for _ in 0..3 {
            if !search.contains("cloudtrail") {
                search.clone_from(&seeds[random(seeds.len())]);
            }
        }
        let mut text: Vec<char> = search.chars().collect();
        for _ in 0..=random(4) {
            let at = random(text.len() + 1);
            let behind = (at + random(12)).min(text.len());
            match random(5) {
                0 => drop(text.splice(at..behind, [])),
                1 => {
                    let part: Vec<char> = text[at..behind].to_vec();
                    text.splice(at..at, part);
                }
                2 => {
                    let other: Vec<char> = seeds[random(seeds.len())].chars().collect();
                    let from = random(other.len());
                    let to = (from + random(80)).min(other.len());
                    text.splice(at..behind, other[from..to].iter().copied());
                }
                _ => drop(text.splice(at..at, PIECES[random(PIECES.len())].chars())),
            }
        }
        let search: String = text.into_iter().collect();
        let file = support::rule(&search);
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| compiler.compile(&file, &TargetId::ALL)));
        let Ok(compiled) = result else { panic!("round {round} panics: {search:?}") };
        let faults = faults(&file, &compiled);
        assert!(faults.is_empty(), "round {round}: {faults:?}\n{search:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "round {round} takes {:?}: {search:?}", started.elapsed());
        for output in &compiled.outputs {
            if let (TargetId::Athena, Some(query)) = (output.target, &output.query) {
                let fault = parse_fault(query);
                assert!(fault.is_none(), "round {round}: {fault:?}\n{search:?}\n{query}");
            }
        }
    }
}

/// What the SQL parser says against a query. It needs more stack than the compiler where it was not optimised.
fn parse_fault(query: &str) -> Option<String> {
    let query = query.to_owned();
    let parse = move || rulecast::target::athena::parse(&query).err().map(|e| e.to_string());
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(parse).expect("a thread");
    thread.join().unwrap_or_else(|_| Some("the parser panics".to_owned()))
}

#[test]
fn drilldown_searches_parse() {
    let Some(folder) = support::corpus() else {
        println!("skipped: there is no corpus at ../shared/corpus/escu");
        return;
    };
    let compiler = Compiler::new(support::read_library(&folder), Schemas::builtin(), Options::default());
    let (mut searches, mut faults) = (0, Vec::new());
    for path in support::yaml_files(&folder.join("detections")) {
        let file = SourceFile::from_bytes(path.display().to_string(), std::fs::read(&path).expect("a readable rule"));
        let compiled = compiler.compile(&file, &[]);
        searches += compiled.rule.map_or(0, |r| r.drilldown_searches.len());
        let malformed = compiled.diagnostics.iter().filter(|d| d.code.id == "R014");
        faults.extend(malformed.map(|d| format!("{}: {}", path.display(), d.message)));
    }
    println!("{searches} drilldown searches");
    assert!(searches > 0);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each macro, as one of the things that a macro may stand for.
#[test]
fn macros_parse_where_they_can_stand() {
    let Some(folder) = support::corpus() else {
        println!("skipped: there is no corpus at ../shared/corpus/escu");
        return;
    };
    let library = support::read_library(&folder);
    let macros: Vec<(String, usize)> = library.macros.keys().cloned().collect();
    assert!(!macros.is_empty());
    let compiler = Compiler::new(library, Schemas::builtin(), Options::default());
    let mut faults = Vec::new();
    for (name, arity) in macros {
        let arguments = vec!["field"; arity].join(", ");
        let call = if arity == 0 { format!("`{name}`") } else { format!("`{name}({arguments})`") };
        let places = [
            format!("x=1 {call}"),
            format!("x=1 | {call}"),
            format!("x=1 | where {call}"),
            format!("x=1 | stats count by {call}"),
            format!("| tstats {call} count from datamodel=A.B"),
            format!("x=1 | where a > relative_time(now(), {call})"),
        ];
        let parses = |search: &String| compiler.compile(&support::rule(search), &[]).ast.is_some();
        if !places.iter().any(parses) {
            faults.push(name);
        }
    }
    // Stages that are not implemented yet.
    println!("macros that parse nowhere: {faults:?}");
    assert!(faults.is_empty(), "{faults:?}");
}
