//! Texts that are no searches, or hardly: the parser neither panics nor hangs, and says where each fault is.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use rulecast::diagnostic::{Diagnostic, Severity, Sink};
use rulecast::rule::{Library, ScalarMap, Search};
use rulecast::source::Span;
use rulecast::target::TargetId;
use rulecast::{Compiler, SourceFile, spl};

use crate::expressions::text;
use crate::library::same_after_printing;
use crate::run::hold;
use crate::support;

/// Bound on the time for one small text, with a program that was not optimised, on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(5);

/// Bound for a text of 1 MB; something quadratic takes minutes.
const MOST_TIME_LONG: Duration = Duration::from_secs(20);

fn within(most: Duration, what: &str, started: Instant) -> Result<(), String> {
    let took = started.elapsed();
    if took < most { Ok(()) } else { Err(format!("took {took:?}: {}", start_of(what))) }
}

fn start_of(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Whether errors are told, each at a place inside the text.
fn are_placed(diagnostics: &[Diagnostic], length: usize, text: &str) -> Result<(), String> {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    if errors.is_empty() {
        return Err(format!("fails without an error: {}", start_of(text)));
    }
    for error in errors {
        let placed = error.span.is_some_and(|s| s.start <= s.end && s.end as usize <= length);
        if !placed || error.message.is_empty() || error.message.contains('\n') && !text.contains('\n') {
            return Err(format!("{error:?} is not placed in {length} bytes: {}", start_of(text)));
        }
    }
    Ok(())
}

/// Macros that tokens call.
fn library() -> Library {
    support::library(&[("m", &[], "a=1 OR b=2"), ("n", &["x"], "stats count by $x$"), ("loop", &[], "`loop`")])
}

/// Parses with macros and without.
fn survives(text: &str) -> Result<(), String> {
    let started = Instant::now();
    let mut sink = Sink::default();
    match spl::parse_expanded(text, &mut sink) {
        Ok(ast) => same_after_printing(&ast)?,
        Err(_) => are_placed(sink.diagnostics(), text.len(), text)?,
    }
    let map = ScalarMap::identity(0, text.len() as u32);
    let search = Search { text: text.to_owned(), map, span: Span::default() };
    let mut sink = Sink::default();
    match spl::parse(&search, &library(), &mut sink) {
        Ok(ast) => same_after_printing(&ast)?,
        Err(_) => are_placed(sink.diagnostics(), text.len(), text)?,
    }
    within(MOST_TIME, text, started)
}

/// What searches are made of.
const TOKENS: &[&str] = &[
    "|",
    "|",
    "|",
    "[",
    "]",
    "(",
    ")",
    "(",
    ")",
    ",",
    "=",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "%",
    ".",
    "\"",
    "'",
    "`",
    "```",
    "\\",
    "$",
    "{",
    "}",
    "<<FIELD>>",
    "AND",
    "OR",
    "NOT",
    "XOR",
    "IN",
    "LIKE",
    "as",
    "by",
    "where",
    "with",
    "in",
    "from",
    "OUTPUT",
    "sortby",
    "over",
    "search",
    "stats",
    "eval",
    "where",
    "rename",
    "table",
    "fields",
    "head",
    "sort",
    "dedup",
    "rex",
    "regex",
    "join",
    "append",
    "lookup",
    "inputlookup",
    "tstats",
    "top",
    "rare",
    "bin",
    "convert",
    "foreach",
    "replace",
    "streamstats",
    "mvexpand",
    "transaction",
    "timechart",
    "chart",
    "xyseries",
    "untable",
    "transpose",
    "appendpipe",
    "appendcols",
    "union",
    "set union",
    "multisearch",
    "mstats",
    "multikv",
    "addtotals",
    "autoregress",
    "delta",
    "rangemap",
    "extract",
    "tojson",
    "xpath",
    "makeresults",
    "fieldformat",
    "return",
    "map",
    "highlight",
    "field=",
    "span=5m",
    "datamodel=M.D",
    "type=left",
    "mode=sed",
    "max_match=0",
    "value=0",
    "limit=5",
    "limit=top3",
    "agg=count()",
    "agg=max",
    "startswith=(a=b)",
    "endswith=\"c\"",
    "startswith=eval(x>1)",
    "mvlist=\"t,\"",
    "maxspan=5m",
    "reset_before=(\"a=1\")",
    "time_window=1h",
    "p=1-3",
    "field=a",
    "low=-5--1",
    "in top5",
    "notin bottom2",
    "> 10",
    "format=csv",
    "data=\"a,b\"",
    "lookup:t",
    "$f",
    "eval(max(a)/count)",
    "per_hour(x)",
    "sparkline(count)",
    "str(a)",
    "fieldstr=X",
    "count",
    "dc(user)",
    "count(eval(a=1))",
    "perc95(x)",
    "values(*)",
    "ctime(t)",
    "CASE(x)",
    "TERM(y)",
    "user",
    "a.b{}.c",
    "_time",
    "*",
    "x*",
    "\"a b\"",
    "\"\"",
    "'a b'",
    "\"(?<g>x)\"",
    "10",
    "1.5",
    "0x1f",
    "1e999",
    "9223372036854775808",
    "lower(",
    "if(",
    "match(",
    "`m`",
    "`n(user)`",
    "`loop`",
    "`x_filter`",
    "`gone`",
    "é",
    "\u{a0}",
    "\n",
];

fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(TOKENS);
    vec((token, prop::sample::select(vec![" ", " ", " ", ""])), 0..30)
        .prop_map(|tokens| tokens.into_iter().flat_map(|(token, gap)| [token, gap]).collect())
}

/// A part of a text is left out, doubled, moved or replaced.
#[derive(Clone, Debug)]
enum Change {
    Delete,
    Double,
    Swap,
    Replace(String),
}

fn changes() -> impl Strategy<Value = Vec<(Change, f64, usize)>> {
    let change =
        prop_oneof![Just(Change::Delete), Just(Change::Double), Just(Change::Swap), text().prop_map(Change::Replace)];
    vec((change, 0.0..1.0, 1..25usize), 1..4)
}

fn changed(text: &str, changes: &[(Change, f64, usize)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (change, place, length) in changes {
        let start = (chars.len() as f64 * place) as usize;
        let end = (start + length).min(chars.len());
        let part: Vec<char> = chars[start..end].to_vec();
        match change {
            Change::Delete => drop(chars.drain(start..end)),
            Change::Double => drop(chars.splice(end..end, part)),
            Change::Swap => {
                chars.drain(start..end);
                let to = chars.len() - start.min(chars.len());
                chars.splice(to..to, part);
            }
            Change::Replace(new) => drop(chars.splice(start..end, new.chars())),
        }
    }
    chars.into_iter().collect()
}

/// Searches of the repository's rules, as they stand and expanded.
fn searches() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let library = support::read_library(&folder);
    let mut searches = Vec::new();
    for (_, rule) in crate::library::rules_of(&folder) {
        let ast = spl::parse(&rule.search, &library, &mut Sink::default()).expect("an example parses");
        searches.push(ast.to_string());
        searches.push(rule.search.text);
    }
    searches
}

#[test]
fn arbitrary_texts_are_survived() {
    hold(400, &any::<String>(), |text| survives(&text));
    hold(400, &vec(any::<u8>(), 0..60), |bytes| survives(&String::from_utf8_lossy(&bytes)));
    hold(600, &text(), |text| survives(&text));
}

#[test]
fn arbitrary_tokens_are_survived() {
    hold(3_000, &soup(), |text| survives(&text));
    hold(1_500, &soup(), |text| survives(&format!("index=a | {text}")));
}

#[test]
fn changed_searches_are_survived() {
    let searches = searches();
    let strategy = (prop::sample::select(searches), changes());
    hold(800, &strategy, |(search, changes)| survives(&changed(&search, &changes)));
}

fn compiler() -> Compiler {
    support::compiler(library())
}

/// Compiles for all targets; where there is no query, an error says why.
fn is_compiled(compiler: &Compiler, bytes: Vec<u8>) -> Result<(), String> {
    let started = Instant::now();
    let shown = start_of(&String::from_utf8_lossy(&bytes));
    let file = SourceFile::from_bytes("rule.yml", bytes);
    let compiled = compiler.compile(&file, &TargetId::ALL);
    for output in compiled.outputs.iter().filter(|o| o.query.is_none()) {
        let errors: Vec<&Diagnostic> = output.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        if errors.is_empty() {
            return Err(format!("no query for {} and no error: {shown}", output.target.name()));
        }
        let outside =
            errors.iter().find(|d| d.span.is_some_and(|s| s.start > s.end || s.end as usize > file.text().len()));
        if let Some(outside) = outside {
            return Err(format!("{outside:?} is outside the file: {shown}"));
        }
        if let Some(internal) = errors.iter().find(|d| d.code.name().contains("internal")) {
            return Err(format!("{internal:?}: {shown}"));
        }
    }
    within(MOST_TIME, &shown, started)
}

#[test]
fn rule_files_of_arbitrary_bytes_are_survived() {
    let compiler = compiler();
    hold(400, &vec(any::<u8>(), 0..120), |bytes| is_compiled(&compiler, bytes));
    let head = "name: N\nid: 0c6b3a5e-0000-4000-8000-000000000001\nsearch: ";
    let rule = (prop::sample::select(vec!["", "'", "\"", ">-\n  ", "|\n  "]), soup());
    hold(700, &rule, |(style, text)| is_compiled(&compiler, format!("{head}{style}{text}").into_bytes()));
    let bytes = vec(any::<u8>(), 0..40);
    hold(300, &bytes, |bytes| is_compiled(&compiler, [head.as_bytes(), &bytes, b"\n"].concat()));
}

#[test]
fn changed_rule_files_are_survived() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let compiler = support::compiler(support::read_library(&folder));
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("a readable file");
    let files: Vec<String> = support::yaml_files(&folder.join("detections")).iter().map(read).collect();
    let strategy = (prop::sample::select(files), changes());
    hold(250, &strategy, |(file, changes)| is_compiled(&compiler, changed(&file, &changes).into_bytes()));
}

/// Parses a text; what fails is placed, and the time is bounded.
fn ends(text: &str) -> Result<(), String> {
    let started = Instant::now();
    let mut sink = Sink::default();
    if spl::parse_expanded(text, &mut sink).is_err() {
        are_placed(sink.diagnostics(), text.len(), text)?;
    }
    within(MOST_TIME_LONG, text, started)
}

/// The same again and again, behind the beginning of each kind of list.
#[test]
fn long_lists_of_every_kind_end() {
    let pieces = [
        "(",
        "[",
        ")",
        "]",
        "|",
        "\"",
        "'",
        "`",
        "\\",
        ",",
        "-",
        "NOT ",
        "a ",
        "a=b ",
        "a OR ",
        "a OR b ",
        "(a ",
        "[search ",
        "x.y ",
        "1",
        "aé",
        "\u{a0}",
        "```",
        "``` ``` ",
        "\\\" ",
        "a=\"b\" ",
        "a IN (b) ",
        "a=(",
        "!",
        "x=1, ",
    ];
    let starts = [
        "",
        "| where ",
        "| eval x=",
        "| eval ",
        "| stats ",
        "| table ",
        "| sort ",
        "| rename a as b, ",
        "| foreach x [",
        "| rex \"",
        "| where x IN (",
        "a IN (",
        "| where lower(",
        "| stats count by ",
        "| join x [",
        "| tstats count where ",
    ];
    for (piece, start) in pieces.iter().flat_map(|p| starts.iter().map(move |s| (p, s))) {
        ends(&format!("{start}{}", piece.repeat(8_000 / piece.len()))).expect("it ends");
    }
}

/// 1 MB, where each byte costs the same as the one before.
#[test]
fn a_megabyte_takes_linear_time() {
    let million = |start: &str, piece: &str| format!("{start}{}", piece.repeat(1_000_000 / piece.len()));
    let texts = [
        million("", "a=bcdefgh "),
        million("", "abcdefgh OR "),
        million("| where ", "abcdefgh=1 OR "),
        million("| table ", "abcdefghi "),
        million("a IN (", "abcdefgh, "),
        million("", "x"),
        million("| rex \"", "\\\""),
        million("", "("),
        million("| eval x=", "-"),
        million("", "[search "),
        million("", "|"),
        million("", "\u{a0}"),
    ];
    texts.iter().for_each(|text| ends(text).expect("it ends"));
}

/// Stages that make an operator of each field: an operator more is a level more for all that reads the plan.
#[test]
fn long_lists_of_steps_are_refused() {
    let many = |piece: &dyn Fn(usize) -> String, joint: &str| (0..3_000).map(piece).collect::<Vec<_>>().join(joint);
    let fields = |n: usize| (0..n).map(|i| format!("f{i}")).collect::<Vec<_>>().join(" ");
    let searches = [
        format!("eval {}", many(&|i| format!("x{i}=eventName"), ", ")),
        format!("eval x=1, {}", many(&|_| "x=x+1".to_owned(), ", ")),
        format!("rename eventName as x0, {}", many(&|i| format!("x{i} as x{}", i + 1), ", ")),
        format!("convert {}", many(&|i| format!("ctime(eventName) as x{i}"), " ")),
        format!("replace a with b in {}", many(&|_| "eventName".to_owned(), " ")),
        format!("table {} | foreach f* [eval <<FIELD>>=1]", fields(600)),
    ];
    let compiler = compiler();
    for search in searches {
        let file = support::rule(&format!("`cloudtrail` | {search}"));
        let compiled = compiler.compile(&file, &TargetId::ALL);
        let said: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code.id).filter(|id| *id == "R008").collect();
        assert_eq!(said, ["R008"], "{}: {:?}", start_of(&search), compiled.diagnostics.last());
        assert!(compiled.outputs.iter().all(|o| o.query.is_none()));
    }
}
