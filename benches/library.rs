//! How fast a whole library compiles: every rule of ../shared for every target, on one thread, beside the time that reading
//! the same files as YAML takes. `cargo bench --bench library`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

#[path = "../tests/content/mod.rs"]
mod content;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use rulecast::diagnostic::Sink;
use rulecast::rule::{Library, Rule};
use rulecast::schema::Schemas;
use rulecast::target::TargetId;
use rulecast::{Compiler, Options, SourceFile};

const ROUNDS: usize = 7;
/// Bytes of stack, as the command line gives each of its threads.
const STACK: usize = 16 * 1024 * 1024;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/corpus/escu");
    let paths = content::yaml_files(&folder.join("detections"));
    if paths.is_empty() {
        println!("skipped: there are no rules in ../shared/corpus/escu/detections");
        return;
    }
    let files: Vec<SourceFile> = paths.iter().map(|p| content::source_file(p, &folder)).collect();
    let (library, _) = content::library(&folder, &folder);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || measure(&files, library));
    thread.expect("a thread").join().expect("no panic");
}

fn measure(files: &[SourceFile], library: Library) {
    let compiler = Compiler::new(library, Schemas::builtin(), Options::default());
    let bytes: usize = files.iter().map(|f| f.text().len()).sum();
    println!("{} rules, {} KiB, best of {ROUNDS} rounds on one thread", files.len(), bytes / 1024);

    let yaml = best(|| {
        for file in files {
            let _ = black_box(serde_yaml::from_str::<serde_yaml::Value>(file.text()));
        }
    });
    let rules = best(|| {
        for file in files {
            black_box(Rule::parse(file, &mut Sink::default()));
        }
    });
    let front = best(|| {
        for file in files {
            black_box(compiler.compile(file, &[]));
        }
    });
    let all = best(|| {
        for file in files {
            black_box(compiler.compile(file, &TargetId::ALL));
        }
    });

    let line = |what: &str, time: Duration| {
        let ratio = time.as_secs_f64() / yaml.as_secs_f64();
        let per_rule = time.as_secs_f64() * 1e6 / files.len() as f64;
        println!("{what:34} {:9.1} ms {per_rule:9.1} µs per rule {ratio:6.2} x", time.as_secs_f64() * 1e3);
    };
    line("parse as plain YAML (serde_yaml)", yaml);
    line("read as rules", rules);
    line("up to the IR", front);
    line("compile for all targets", all);
    let emitted = files.iter().flat_map(|f| compiler.compile(f, &TargetId::ALL).outputs);
    println!("{} queries", emitted.filter(|o| o.query.is_some()).count());
}

/// The shortest time of several rounds: others on the machine can only add to it.
fn best(mut work: impl FnMut()) -> Duration {
    let mut times = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    let first = times.next().unwrap_or_default();
    times.fold(first, Duration::min)
}
