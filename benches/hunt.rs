//! How fast `rulecast run` hunts through events: one rule and many, on all processors, beside a pass that only reads the
//! file and one that only parses its JSON. `cargo bench --bench hunt`; the numbers and how to read them:
//! docs/performance.md.
//!
//! Every measurement is a process of its own, so that its peak of memory is its own, and rules are run by the program
//! itself, so that what is measured is what users get.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

#[path = "../tests/content/mod.rs"]
#[allow(dead_code, reason = "only the names of files are asked for here")]
mod content;
#[path = "hunt/generate.rs"]
mod generate;
#[path = "hunt/pass.rs"]
mod pass;

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use content::yaml_files;

/// A setting of the environment: MiB of events to run through.
const SIZE: &str = "RULECAST_HUNT_MIB";
/// How often each measurement is made.
const ROUNDS: &str = "RULECAST_HUNT_ROUNDS";
/// The moment of the search, so that a run can be repeated.
const NOW: &str = "2024-09-01T00:00:00Z";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, kind, file] = arguments.as_slice()
        && flag == "--pass"
    {
        return pass::run(kind, Path::new(file));
    }
    // `cargo test --all-targets` runs benchmarks too, without this.
    if !arguments.iter().any(|a| a == "--bench") {
        println!("skipped: `cargo bench --bench hunt` measures");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/corpus/cloudtrail");
    let templates = generate::templates(&folder);
    if templates.is_empty() {
        println!("skipped: there are no events in ../shared/corpus/cloudtrail");
        return;
    }
    let size = setting(SIZE, 1024) * 1024 * 1024;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hunt-{size}.ndjson"));
    let Input { events, bytes } = input(&file, &templates, size);
    let rounds = setting(ROUNDS, 5).max(1);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{events} events, {} MiB, {rounds} rounds, {processors} processors", bytes / (1024 * 1024));

    let mut rows: Vec<(String, Measured)> = Vec::new();
    for (name, kind) in
        [("read the file", "read"), ("parse (serde_json, ignored)", "ignore"), ("parse (Value)", "value")]
    {
        let this = std::env::current_exe().expect("the path of this program");
        let arguments = ["--pass".into(), kind.into(), file.clone().into_os_string()];
        rows.push((name.to_owned(), measure(&this, &arguments, rounds)));
    }
    for (name, rules) in hunts(root) {
        let mut arguments = rules;
        arguments.extend(["--now".into(), NOW.into(), "--format".into(), "json".into(), "--events".into()]);
        arguments.insert(0, "run".into());
        arguments.push(file.clone().into_os_string());
        rows.push((name, measure(Path::new(env!("CARGO_BIN_EXE_rulecast")), &arguments, rounds)));
    }

    let parse = rows[1].1.processor;
    println!(
        "{:28} {:>7} {:>8} {:>8} {:>9} {:>6} {:>7} {:>8} {:>8}",
        "", "best s", "median s", "CPU s", "events/s", "MB/s", "MB/CPUs", "x parse", "peak MiB"
    );
    for (name, measured) in &rows {
        let best = measured.best().as_secs_f64();
        println!(
            "{name:28} {best:7.2} {:8.2} {:8.2} {:9.0} {:6.0} {:7.0} {:8.2} {:8.0}",
            measured.median().as_secs_f64(),
            measured.processor,
            events as f64 / best,
            bytes as f64 / 1e6 / best,
            bytes as f64 / 1e6 / measured.processor,
            measured.processor / parse,
            measured.peak as f64 / 1024.0,
        );
    }
    for (name, measured) in rows.iter().filter(|(_, m)| !m.said.is_empty()) {
        println!("{name}: {}", measured.said);
    }
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

struct Input {
    events: usize,
    bytes: u64,
}

/// Makes the file where it is not there, and counts.
fn input(file: &Path, templates: &[generate::Template], size: usize) -> Input {
    if !file.exists() {
        println!("writing {}", file.display());
        // Under its name only once it is whole.
        let part = file.with_extension("part");
        generate::write(&part, templates, size).expect("a writable folder");
        std::fs::rename(&part, file).expect("a writable folder");
    }
    let reader = BufReader::with_capacity(1 << 20, std::fs::File::open(file).expect("the events"));
    let events = reader.split(b'\n').count();
    Input { events, bytes: file.metadata().expect("the events").len() }
}

/// Names of runs, and their arguments that say which rules.
fn hunts(root: &Path) -> Vec<(String, Vec<OsString>)> {
    let shared = root.join("../shared");
    let content = shared.join("corpus/escu");
    let all = |paths: &[PathBuf]| -> Vec<OsString> {
        let paths = paths.iter().map(|p| p.clone().into_os_string());
        paths.chain(["--content".into(), content.clone().into_os_string()]).collect()
    };
    let mut hunts = Vec::new();
    let seed = shared.join("seed/aws_lambda_updatefunctioncode.yml");
    if seed.exists() {
        hunts.push(("one rule".to_owned(), all(&[seed])));
    }
    let mentions = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_default().to_lowercase();
        text.contains("cloudtrail") || text.contains("amazon_security_lake")
    };
    let library: Vec<PathBuf> = yaml_files(&content.join("detections")).into_iter().filter(mentions).collect();
    if !library.is_empty() {
        hunts.push((format!("{} rules of the corpus", library.len()), all(&library)));
    }
    let own = root.join("rules");
    let count = yaml_files(&own.join("detections")).len();
    hunts.push((format!("{count} rules of `rules/`"), vec!["--all".into(), own.into_os_string()]));
    hunts
}

struct Measured {
    times: Vec<Duration>,
    /// The least of all rounds, in seconds of one processor: on a machine that others use too it tells more than the time.
    processor: f64,
    /// The highest of all rounds, in KiB.
    peak: u64,
    /// The last line on standard error.
    said: String,
}

impl Measured {
    /// Others on the machine can only add to a time.
    fn best(&self) -> Duration {
        self.times.first().copied().unwrap_or_default()
    }

    fn median(&self) -> Duration {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }
}

fn measure(program: &Path, arguments: &[OsString], rounds: usize) -> Measured {
    let mut measured = Measured { times: Vec::new(), processor: f64::INFINITY, peak: 0, said: String::new() };
    for _ in 0..rounds {
        let (begin, processor) = (Instant::now(), processor_of_children());
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let id = child.id();
        let ended = AtomicBool::new(false);
        let (output, time, peak) = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut peak = 0;
                while !ended.load(Ordering::Relaxed) {
                    peak = peak.max(peak_of(id).unwrap_or(0));
                    std::thread::sleep(Duration::from_millis(5));
                }
                peak
            });
            let output = child.wait_with_output().expect("the program ends");
            let time = begin.elapsed();
            ended.store(true, Ordering::Relaxed);
            (output, time, watch.join().expect("no panic"))
        });
        let said = String::from_utf8_lossy(&output.stderr);
        // 1: some rule can't be run, or there are broken records; that is said.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {said}", program.display());
        said.lines().last().unwrap_or_default().clone_into(&mut measured.said);
        measured.times.push(time);
        measured.processor = measured.processor.min(processor_of_children() - processor);
        measured.peak = measured.peak.max(peak);
    }
    measured.times.sort();
    measured
}

/// The time that processes which have ended took of the processors, in seconds; 0 where the system does not tell.
fn processor_of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name, which can hold blanks: `cutime` and `cstime`, the 14th and 15th field, in 1/100 s.
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
    fields.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The peak of a process's memory up to now, in KiB; `None` where the system does not tell.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
