//! What the runs have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use rulecast::target::Fidelity;

use super::check::{Outcome, Run};

/// Failures that are named on standard output; all of them are in the folder.
const NAMED: usize = 60;

#[derive(Default)]
struct Line {
    rules: BTreeSet<String>,
    queries: usize,
    events: usize,
    rows: usize,
    equal: usize,
    listed: usize,
    mismatches: usize,
    errors: usize,
}

/// Prints a table, and writes the details of each failure into the folder. Whether all is well.
///
/// # Errors
/// The folder can't be written.
pub(crate) fn report(runs: &[Run], stale: &[String], folder: &Path) -> Result<bool> {
    fs::create_dir_all(folder)?;
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let mut all = Line::default();
    for run in runs.iter().filter(|r| !matches!(r.outcome, Outcome::NoQuery)) {
        let group = group(&run.sources);
        for line in [lines.entry(group.to_owned()).or_default(), &mut all] {
            line.rules.insert(format!("{}/{}", run.set, run.rule));
            line.queries += 1;
            line.events += run.events;
            match &run.outcome {
                Outcome::Equal(rows) => {
                    line.equal += 1;
                    line.rows += rows;
                }
                Outcome::Listed => line.listed += 1,
                Outcome::Mismatch(_) => line.mismatches += 1,
                Outcome::Error(_) => line.errors += 1,
                Outcome::NoQuery => {}
            }
        }
    }
    println!(
        "{:<34}{:>7}{:>9}{:>9}{:>9}{:>8}{:>8}{:>12}{:>8}",
        "sources", "rules", "queries", "events", "rows", "equal", "listed", "mismatches", "errors"
    );
    for (name, line) in lines.iter().map(|(n, l)| (n.as_str(), l)).chain([("all", &all)]) {
        println!(
            "{name:<34}{:>7}{:>9}{:>9}{:>9}{:>8}{:>8}{:>12}{:>8}",
            line.rules.len(),
            line.queries,
            line.events,
            line.rows,
            line.equal,
            line.listed,
            line.mismatches,
            line.errors
        );
    }
    say_reached(runs, folder)?;
    let failures: Vec<&Run> =
        runs.iter().filter(|r| matches!(r.outcome, Outcome::Mismatch(_) | Outcome::Error(_))).collect();
    let mut index = String::new();
    for (number, run) in failures.iter().enumerate() {
        let (kind, text) = match &run.outcome {
            Outcome::Mismatch(text) => ("mismatch", text),
            Outcome::Error(text) => ("error", text),
            Outcome::Equal(_) | Outcome::Listed | Outcome::NoQuery => continue,
        };
        let name = format!("{}.{}", run.rule, run.what.replace(", ", "-").replace(' ', "-"));
        let query = folder.join(format!("{name}.sql"));
        fs::write(&query, &run.sql)?;
        fs::write(
            folder.join(format!("{name}.txt")),
            format!("{kind}: {}, {}, {}\n{}\n\n{text}\n", run.rule, run.what, run.fidelity.name(), query.display()),
        )?;
        let first = text.lines().find(|l| l.starts_with("  ! ")).or(text.lines().next()).unwrap_or_default().trim();
        let line = format!("{kind} [{}] {} ({}): {first}", run.fidelity.name(), run.rule, run.what);
        index.push_str(&line);
        index.push('\n');
        if number < NAMED {
            println!("{}", line.chars().take(220).collect::<String>());
        }
    }
    if failures.len() > NAMED {
        println!("… and {} more", failures.len() - NAMED);
    }
    fs::write(folder.join("failures.txt"), index)?;
    for entry in stale {
        println!("stale in differences.toml: {entry}");
    }
    if !failures.is_empty() {
        println!("{} failures; details: {}", failures.len(), folder.display());
    }
    Ok(failures.is_empty() && stale.is_empty())
}

/// How many rules have a query, and how many of those had a row: without one, little is shown.
fn say_reached(runs: &[Run], folder: &Path) -> Result<()> {
    let rules: BTreeSet<(&str, &str)> = runs.iter().map(|r| (r.set.as_str(), r.rule.as_str())).collect();
    let with = |holds: &dyn Fn(&Run) -> bool| -> BTreeSet<(&str, &str)> {
        runs.iter().filter(|r| holds(r)).map(|r| (r.set.as_str(), r.rule.as_str())).collect()
    };
    let queries = with(&|r| !matches!(r.outcome, Outcome::NoQuery));
    let exact = with(&|r| r.fidelity == Fidelity::Exact && !matches!(r.outcome, Outcome::NoQuery));
    let rows = with(&|r| {
        matches!(r.outcome, Outcome::Equal(n) if n > 0) || matches!(r.outcome, Outcome::Listed | Outcome::Mismatch(_))
    });
    println!(
        "{} rules, {} with a query ({} exact); {} of these had rows",
        rules.len(),
        queries.len(),
        exact.len(),
        rows.len()
    );
    let without: String = queries.difference(&rows).map(|(set, rule)| format!("{set}/{rule}\n")).collect();
    fs::write(folder.join("without-rows.txt"), without)?;
    let none: String = rules.difference(&queries).map(|(set, rule)| format!("{set}/{rule}\n")).collect();
    fs::write(folder.join("without-query.txt"), none)?;
    Ok(())
}

/// Sources of one kind stand in one line.
fn group(sources: &str) -> &str {
    let kind = |source: &str| match source {
        "cloudtrail" => "CloudTrail",
        "security_lake" => "Security Lake",
        "-" => "none",
        s if s.starts_with("windows_") => "Windows",
        s if s.starts_with("endpoint_") => "data model Endpoint",
        s if s.starts_with("linux_") || s == "unix" => "Linux",
        s if s.starts_with("o365") || s.starts_with("azure") || s.starts_with("ms_") => "Microsoft cloud",
        s if s.starts_with("aws_") => "other AWS sources",
        s if s.starts_with("kubernetes") || s.starts_with("gcp") || s.starts_with("google") => "Google and Kubernetes",
        "change"
        | "authentication"
        | "web"
        | "network_traffic"
        | "network_resolution"
        | "risk"
        | "email"
        | "intrusion_detection"
        | "network_sessions"
        | "updates"
        | "certificates" => "other data models",
        _ => "others",
    };
    let mut kinds = sources.split('+').map(kind);
    let first = kinds.next().unwrap_or("others");
    if kinds.all(|k| k == first) { first } else { "several" }
}
