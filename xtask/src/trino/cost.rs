//! What emitted queries cost beside queries that a person wrote: ten rules over a table in Parquet with a partition for each day.
//!
//! The table has generated events of all rules in `rules/` on several days. Each pair of queries must give the same rows; the
//! engine's statistics give the bytes and rows that were read and the processor time, and the plan shows which partitions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use rulecast::schema::{Schema, Schemas};
use rulecast::synth::{self, Record};
use serde_json::Value;

use super::client::{Answer, Session};
use super::load::Place;
use super::rules::{Rules, stem};
use super::server::{Server, Started};
use super::tables;

/// Days of events: a search needs the last or the last two of them.
const DAYS: i64 = 8;
/// Events of each rule on each day.
const EVENTS: usize = 400;
/// How often an event stands in the table.
const COPIES: usize = 8;
/// Runs of each query. The least time counts, since whatever else the machine does only adds to it.
const RUNS: usize = 9;
/// An emitted query may cost so many times what the other costs.
const LIMIT: f64 = 1.05;
/// Processor time that is not told apart from the next run's.
const NOISE: f64 = 10.0;
const SCHEMA: &str = "cost";
const TABLE: &str = "cloudtrail_logs";

/// Compares the cost of each query in `verify/trino/cost` with that of the rule's emitted one; whether all is well.
///
/// # Errors
/// The comparison could not be done.
pub(crate) fn run() -> Result<bool> {
    let root = super::root()?;
    let server = match Server::start(&root.join("target/trino"), &root.join("verify/trino"), 1, false)? {
        Started::Running(server) => server,
        Started::Unavailable(reason) => {
            println!("skipped: {reason}");
            return Ok(true);
        }
    };
    compared(&server, &root)
}

fn compared(server: &Server, root: &Path) -> Result<bool> {
    let rules = Rules::read("rules", &root.join("rules"))?;
    let records = records(&rules)?;
    let session = fill(server, &rules, &records)?;
    println!("{} events, {COPIES} times each, on {DAYS} days", records.len());
    println!(
        "{:<40}{:>6}{:>14}{:>14}{:>9}{:>12}{:>12}{:>9}  partitions",
        "rule", "rows", "bytes by hand", "bytes emitted", "ratio", "ms by hand", "ms emitted", "ratio"
    );
    let mut well = true;
    for (file, by_hand) in pairs(root, &rules)? {
        let name = stem(&file);
        let emitted = rules.compile(&file, true)?.with_context(|| format!("{name} has no query"))?.sql;
        let hand = fs::read_to_string(&by_hand)?;
        let (a, b) = match measured(&session, &hand, &emitted) {
            Ok(pair) => pair,
            Err(error) => {
                well = false;
                println!("{name:<40}  {error:#}");
                continue;
            }
        };
        let days = days(&session, &emitted)?;
        let bytes = ratio(b.bytes as f64, a.bytes as f64);
        let time = if b.millis - a.millis <= NOISE { ratio(b.millis, a.millis).min(1.0) } else { b.millis / a.millis };
        let fine = bytes <= LIMIT && time <= LIMIT && b.rows_read <= a.rows_read && days.len() < DAYS as usize;
        well &= fine;
        println!(
            "{name:<40}{:>6}{:>14}{:>14}{bytes:>9.2}{:>12.0}{:>12.0}{:>9.2}  {} of {DAYS}{}",
            a.rows,
            a.bytes,
            b.bytes,
            a.millis,
            b.millis,
            ratio(b.millis, a.millis),
            days.len(),
            if fine { "" } else { "  DEARER" }
        );
    }
    well &= exactly(&session, root)?;
    Ok(well)
}

fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { if a == 0.0 { 1.0 } else { f64::INFINITY } } else { a / b }
}

/// Each rule with a query by hand.
fn pairs(root: &Path, rules: &Rules) -> Result<Vec<(PathBuf, PathBuf)>> {
    let folder = root.join("verify/trino/cost");
    let mut hands: Vec<PathBuf> = fs::read_dir(&folder)?.flatten().map(|e| e.path()).collect();
    hands.retain(|p| p.extension().is_some_and(|e| e == "sql"));
    hands.sort();
    let of = |hand: PathBuf| {
        let rule = rules.files.iter().find(|f| stem(f) == stem(&hand));
        rule.map(|r| (r.clone(), hand.clone())).with_context(|| format!("{} belongs to no rule", hand.display()))
    };
    hands.into_iter().map(of).collect()
}

/// Generated events of all rules on CloudTrail, on each day.
fn records(rules: &Rules) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for (number, file) in rules.files.iter().enumerate() {
        let Some(emitted) = rules.compile(file, true)? else { continue };
        let made = synth::events(&emitted.query, rules.schemas(), number as u64, EVENTS);
        records.extend(made.into_iter().filter(|r| *r.source == *"cloudtrail"));
    }
    let today = records.clone();
    for back in 1..DAYS {
        records.extend(today.iter().map(|record| earlier(record, back)));
    }
    Ok(records)
}

/// A record as if it had happened so many days before.
fn earlier(record: &Record, days: i64) -> Record {
    let moved = |text: &str| -> Option<String> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let time = value.get_mut("eventTime")?;
        let seconds = rulecast::time::parse_absolute(time.as_str()?)?;
        *time = rulecast::time::iso8601(seconds - days * 86_400).into();
        Some(value.to_string())
    };
    Record { text: moved(&record.text).unwrap_or_else(|| record.text.clone()), ..record.clone() }
}

/// Makes the table in Parquet, sorted by the events' source within each day, as a nightly job would leave it.
fn fill(server: &Server, rules: &Rules, records: &[Record]) -> Result<Session> {
    let mut place = Place::new(server, 0, "lines")?;
    let any = rules.files.first().context("no rules")?;
    let emitted = rules.compile(any, true)?.context("no query")?;
    let tables = tables::tables(&emitted.query, rules.schemas(), &emitted.sql)?;
    place.load(&tables, records)?;
    let session = Session::new(server, "hive0", SCHEMA)?;
    let must = |sql: &str| session.run(sql).map_err(|e| anyhow!("{e}\n{sql}"));
    must(&format!("CREATE SCHEMA {SCHEMA}"))?;
    must(&format!(
        "CREATE TABLE {TABLE} WITH (format = 'PARQUET', partitioned_by = ARRAY['timestamp']) AS \
         SELECT * FROM lines.{TABLE} WHERE false"
    ))?;
    for _ in 0..COPIES {
        must(&format!("INSERT INTO {TABLE} SELECT * FROM lines.{TABLE} ORDER BY eventsource, eventtime"))?;
    }
    Ok(session)
}

/// What the engine says of a query.
struct Cost {
    rows: usize,
    bytes: u64,
    rows_read: u64,
    millis: f64,
}

/// Both queries, run in turns.
fn measured(session: &Session, hand: &str, emitted: &str) -> Result<(Cost, Cost)> {
    let mut costs: [Option<Cost>; 2] = [None, None];
    let mut answers: [Option<Vec<String>>; 2] = [None, None];
    for _ in 0..RUNS {
        for (at, sql) in [hand, emitted].into_iter().enumerate() {
            let answer = session.run(sql).map_err(|e| anyhow!("{e}\n{sql}"))?;
            let millis = answer.statistics.cpu_millis as f64;
            let before = costs[at].as_ref().map_or(f64::INFINITY, |c| c.millis);
            costs[at] = Some(Cost {
                rows: answer.rows.len(),
                bytes: answer.statistics.bytes,
                rows_read: answer.statistics.rows,
                millis: millis.min(before),
            });
            answers[at].get_or_insert(sorted(&answer));
        }
    }
    let [Some(a), Some(b)] = costs else { bail!("no run") };
    if answers[0] != answers[1] {
        let rows = answers.map(|a| a.unwrap_or_default());
        let only = rows[0].iter().find(|r| !rows[1].contains(r)).or(rows[1].iter().find(|r| !rows[0].contains(r)));
        bail!(
            "the rows differ: {} by hand, {} emitted; for example {}",
            a.rows,
            b.rows,
            only.map_or("", String::as_str)
        );
    }
    if a.rows == 0 {
        bail!("the queries find nothing, so that they show nothing");
    }
    Ok((a, b))
}

/// An answer's rows as texts with the columns' names, in an order of their own.
fn sorted(answer: &Answer) -> Vec<String> {
    let named = |row: &Vec<Value>| {
        let mut cells: Vec<String> = answer
            .columns
            .iter()
            .zip(row)
            .map(|((name, _), value)| format!("{}={}", name.to_lowercase(), rounded(value)))
            .collect();
        cells.sort();
        cells.join(" ")
    };
    let mut rows: Vec<String> = answer.rows.iter().map(named).collect();
    rows.sort();
    rows
}

/// Means and deviations may differ in their last digits, by the order of the summands.
fn rounded(value: &Value) -> String {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(number) => format!("{number:.9e}"),
        None => value.to_string(),
    }
}

/// The partitions that the plan reads.
fn days(session: &Session, sql: &str) -> Result<Vec<String>> {
    let plan = explained(session, "EXPLAIN (TYPE IO, FORMAT JSON)", sql)?;
    let plan: Value = serde_json::from_str(&plan)?;
    let mut found = Vec::new();
    collect_days(&plan, &mut found);
    found.sort();
    found.dedup();
    Ok(found)
}

/// The values of the partition column's constraint, wherever it stands in the plan.
fn collect_days(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Object(members) => {
            if members.get("columnName").and_then(Value::as_str) == Some("timestamp") {
                let ranges = plan.pointer("/domain/ranges").and_then(Value::as_array);
                for range in ranges.into_iter().flatten() {
                    for end in ["low", "high"] {
                        found
                            .extend(range.pointer(&format!("/{end}/value")).and_then(Value::as_str).map(str::to_owned));
                    }
                }
            }
            members.values().for_each(|v| collect_days(v, found));
        }
        Value::Array(values) => values.iter().for_each(|v| collect_days(v, found)),
        _ => {}
    }
}

fn explained(session: &Session, how: &str, sql: &str) -> Result<String> {
    let answer = session.run(&format!("{how} {sql}")).map_err(|e| anyhow!("{e}\n{sql}"))?;
    let text = answer.rows.first().and_then(|r| r.first()).and_then(Value::as_str);
    text.map(str::to_owned).context("the engine explains nothing")
}

/// A column that the schema declares to have one spelling is compared as it is: the plan shows a range of its values, and
/// fewer rows are read.
fn exactly(session: &Session, root: &Path) -> Result<bool> {
    let text = fs::read_to_string(root.join("targets/sources/cloudtrail.toml"))?;
    let declared =
        text.replace("eventSource = \"eventsource\"", "eventSource = { column = \"eventsource\", case = \"lower\" }");
    if declared == text {
        bail!("the schema of CloudTrail has no column `eventsource`");
    }
    let mut schemas = Schemas::builtin();
    schemas.add(Schema::parse(&declared).map_err(|e| anyhow!("{e:?}"))?);
    let rules = Rules::with_schemas("rules", &root.join("rules"), schemas)?;
    let plain = Rules::read("rules", &root.join("rules"))?;
    let file = plain.files.iter().find(|f| stem(f) == "secrets_manager_bulk_read").context("no such rule")?;
    let mut read = Vec::new();
    for set in [&plain, &rules] {
        let sql = set.compile(file, true)?.context("no query")?.sql;
        let plan = explained(session, "EXPLAIN", &sql)?;
        let pruned =
            plan.lines().any(|l| l.contains("eventsource:string:REGULAR") || l.contains("eventsource := eventsource"))
                && plan.contains(":: [[secretsmanager.amazonaws.com]]");
        let answer = session.run(&sql).map_err(|e| anyhow!("{e}"))?;
        read.push((pruned, answer.statistics.rows, sorted(&answer)));
    }
    let [(plain_pruned, all, rows), (pruned, few, same)] = read.as_slice() else { bail!("two queries") };
    println!(
        "eventsource compared without case: {all} rows read; as it is: {few}; in the plan: {plain_pruned}, {pruned}"
    );
    Ok(!plain_pruned && *pruned && few < all && rows == same)
}
