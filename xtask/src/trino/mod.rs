//! `cargo xtask trino`: runs each emitted Athena query on a Trino, and compares its rows with the evaluator's.
//!
//! `server` fetches, starts and ends the engine; `tables` says what tables queries read, `shape` how a record becomes a row,
//! `load` puts rows where the engine finds them; `evaluate` has the rows that Splunk would give, `compare` says where an
//! answer differs; `check` does all of it for one rule, `report` tells. `cost` compares what queries cost. docs/verification.md describes the whole.

mod check;
mod client;
mod compare;
pub(crate) mod cost;
mod differences;
mod documented;
mod evaluate;
mod events;
mod load;
mod report;
mod rules;
mod server;
mod shape;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;

use check::{Run, Worker};
use differences::Differences;
use rules::Rules;
use server::{Server, Started};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Only rules whose file is called so, without its extension; `*` stands for any text
    #[arg(long = "rule", value_name = "NAME")]
    rules: Vec<String>,
    /// Only real or only generated events
    #[arg(long)]
    only: Option<Events>,
    /// How many events are generated for each rule
    #[arg(long, value_name = "N", default_value_t = 200)]
    events: usize,
    /// Other events with another number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Leave the server and its data, and say how to query them; ends with Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Rules that are checked at the same time [default: the number of processors]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Events {
    Real,
    Generated,
}

/// Checks all rules; whether all is well.
///
/// # Errors
/// The check could not be done.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let begin = Instant::now();
    let root = root()?;
    let home = root.join("target/trino");
    let available = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let jobs = args.jobs.unwrap_or(available).max(1);
    let mut server = match Server::start(&home, &root.join("verify/trino"), jobs, args.keep)? {
        Started::Running(server) => server,
        Started::Unavailable(reason) => {
            println!("skipped: {reason}");
            return Ok(true);
        }
    };
    println!("Trino runs after {} s", begin.elapsed().as_secs());
    let shared = root.parent().unwrap_or(&root).join("shared/corpus");
    let corpus = std::env::var_os("RULECAST_CORPUS").map_or_else(|| shared.join("escu"), PathBuf::from);
    let mut sets = vec![Rules::read("rules", &root.join("rules"))?];
    if corpus.join("detections").is_dir() {
        sets.push(Rules::read("library", &corpus)?);
    } else {
        println!("skipped: there is no rule library at ../shared/corpus/escu");
    }
    let real = events::real(&shared.join("cloudtrail"))?;
    if real.is_empty() {
        println!("skipped: there are no real events at ../shared/corpus/cloudtrail");
    }
    let differences = Differences::read(&root.join("verify/trino/differences.toml"))?;
    let todo: Vec<(&Rules, &PathBuf)> = sets
        .iter()
        .flat_map(|set| set.files.iter().map(move |f| (set, f)))
        .filter(|(_, f)| is_chosen(f, args))
        .collect();
    let next = AtomicUsize::new(0);
    let runs: Mutex<Vec<Run>> = Mutex::default();
    let work = |number: usize| -> Result<()> {
        let mut worker = Worker::new(&server, number, &real, &differences)?;
        while let Some((set, file)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let done = worker.rule(set, file, args);
            if args.keep {
                worker.say_how_to_query();
            }
            runs.lock().map_err(|_| anyhow::anyhow!("a thread has panicked"))?.extend(done);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs)
            .map(|number| {
                let work = &work;
                std::thread::Builder::new().stack_size(32 << 20).spawn_scoped(scope, move || work(number))
            })
            .collect();
        for thread in threads {
            thread?.join().map_err(|_| anyhow::anyhow!("a thread has panicked"))??;
        }
        anyhow::Ok(())
    })?;
    let mut runs = runs.into_inner().unwrap_or_default();
    runs.sort_by(|a, b| (&a.set, &a.rule, a.what).cmp(&(&b.set, &b.rule, b.what)));
    let folder = home.join("report");
    let _ = fs::remove_dir_all(&folder);
    // A part of the runs does not show that an entry is not needed.
    let whole = args.rules.is_empty() && args.only.is_none() && sets.len() == 2 && !real.is_empty();
    let stale = if whole { differences.stale() } else { Vec::new() };
    let well = report::report(&runs, &stale, &folder)?;
    println!("{} s", begin.elapsed().as_secs());
    if args.keep {
        println!("http://{}:{} serves until Ctrl-C; data: {}", server.host, server.port, server.data().display());
        server.wait();
    }
    Ok(well)
}

/// The repository.
fn root() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no parent folder")?.to_owned())
}

fn is_chosen(file: &Path, args: &Args) -> bool {
    let name = rules::stem(file);
    let fits = |pattern: &String| {
        let pieces = pattern.split('*').enumerate().flat_map(|(i, text)| {
            let star = (i > 0).then_some(rulecast::ir::Piece::Any);
            star.into_iter().chain([rulecast::ir::Piece::Text(text.to_owned())])
        });
        rulecast::ir::Pattern::new(pieces).matches(&name, true)
    };
    args.rules.is_empty() || args.rules.iter().any(fits)
}
