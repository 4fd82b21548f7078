//! Holds the direction in which modules may know each other, as docs/architecture.md draws it, by reading the sources.

use std::path::{Path, PathBuf};

#[path = "layering/paths.rs"]
mod paths;

use paths::{Named, named};

/// Each layer, and those that it may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("regex", &[]),
    ("time", &["source", "diagnostic"]),
    ("ir", &["source", "diagnostic", "time"]),
    ("options", &["source", "diagnostic", "time", "ir"]),
    ("function", &["source", "diagnostic", "regex", "time", "ir"]),
    ("schema", &["source", "diagnostic", "time", "ir"]),
    // Runs the IR; how records become values is a layer of its own.
    ("eval", &["source", "time", "ir", "regex", "schema"]),
    ("event", &["source", "time", "ir", "schema", "eval"]),
    ("synth", &["source", "time", "ir", "schema", "regex", "eval", "event"]),
    ("rule", &["source", "diagnostic", "time", "ir"]),
    ("spl", &["source", "diagnostic", "time", "ir", "options", "function", "schema", "rule", "regex"]),
    // What SPL says has become the IR before a target sees it.
    ("target", &["source", "diagnostic", "time", "ir", "options", "schema", "rule", "regex"]),
    ("compile", &["source", "diagnostic", "time", "ir", "options", "function", "schema", "rule", "spl", "target"]),
    (
        "cli",
        &[
            "source",
            "diagnostic",
            "time",
            "ir",
            "options",
            "function",
            "schema",
            "rule",
            "spl",
            "target",
            "compile",
            "regex",
            "eval",
            "event",
        ],
    ),
];

/// What only the command line may name: the library builds for WebAssembly, has no clock and prints nothing.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::process",
    "std::thread",
    "std::time",
    "clap",
    "glob",
    "rayon",
    "tempfile",
];
const PRINTING: &[&str] = &["print!", "println!", "eprint!", "eprintln!"];

/// Names that may go against the direction.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        from: "diagnostic",
        to: "target::TargetId",
        reason: "a diagnostic says which target it concerns; the id is a plain name",
    },
    Exception { from: "time", to: "ir::RelativeTime", reason: TIME_IN_IR },
    Exception { from: "time", to: "ir::TimeStep", reason: TIME_IN_IR },
    Exception { from: "time", to: "ir::TimeUnit", reason: TIME_IN_IR },
];

const TIME_IN_IR: &str = "what `-7d@w1` says is a piece of the IR; `time` reads and applies it";

struct Exception {
    /// The module that names it, and those below.
    from: &'static str,
    to: &'static str,
    reason: &'static str,
}

/// Why a name may not stand where it does; `targets` are the folders of src/target.
fn fault(name: &Named, targets: &[String]) -> Option<String> {
    let path: Vec<&str> = name.path.iter().map(String::as_str).collect();
    let module = name.module.join("::");
    let own = name.module.first().map_or("", String::as_str);
    let full = path.join("::");
    if path.first() != Some(&"crate") {
        let is_outer = OUTSIDE.iter().any(|o| full == *o || full.starts_with(&format!("{o}::")));
        let is_free = matches!(own, "cli" | "main") || is_test(&name.module);
        let forbidden = !is_free && (is_outer || PRINTING.contains(&full.as_str()));
        return forbidden.then(|| format!("only the command line may name `{full}`"));
    }
    if is_test(&name.module) {
        // A test beside a stage may run the later ones.
        return None;
    }
    let layer = match path.get(1).copied() {
        // The crate's root names some things again.
        Some("Compiled" | "Compiler" | "Output") => "compile",
        Some("Options") => "options",
        Some("SourceFile") => "source",
        other => other.unwrap_or(""),
    };
    if let (Some("target"), Some(other), ["target", mine, ..]) =
        (path.get(1).copied(), path.get(2).copied(), &name.module.iter().map(String::as_str).collect::<Vec<_>>()[..])
        && other != *mine
        && [other, mine].iter().all(|t| targets.iter().any(|known| known == t))
    {
        return Some(format!("the target `{mine}` knows the target `{other}`: `{full}`"));
    }
    let Some((_, known)) = LAYERS.iter().find(|(l, _)| *l == own) else {
        return (own != "main").then(|| format!("the module `{module}` has no layer"));
    };
    let is_known = layer == own || known.contains(&layer);
    let is_excepted = EXCEPTIONS.iter().any(|e| e.covers(name));
    (!is_known && !is_excepted).then(|| format!("`{own}` may not know `{layer}`: `{full}`"))
}

impl Exception {
    fn covers(&self, name: &Named) -> bool {
        let module = name.module.join("::");
        let to = format!("crate::{}", self.to);
        let full = name.path.join("::");
        is_at_or_below(&module, self.from) && is_at_or_below(&full, &to)
    }
}

fn is_at_or_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Tests beside the code: `mod tests`, `tests.rs`, `read_tests.rs`.
fn is_test(module: &[String]) -> bool {
    module.iter().any(|m| m == "tests" || m.ends_with("_tests"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// A file's place in the crate: `src/ir/mod.rs` is `["ir"]`.
fn module(file: &Path) -> Vec<String> {
    let inner = file.strip_prefix(root()).expect("a file of the crate").with_extension("");
    let mut module: Vec<String> = inner.iter().map(|c| c.to_string_lossy().into_owned()).collect();
    module.pop_if(|last| last == "mod");
    module
}

/// All names in the crate with their files; the root, which only lists the modules, is left out.
fn all() -> Vec<(PathBuf, Named)> {
    let mut all = Vec::new();
    for file in rust_files(&root()).into_iter().filter(|f| !f.ends_with("src/lib.rs")) {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        all.extend(named(&text, &module(&file)).into_iter().map(|n| (file.clone(), n)));
    }
    all
}

fn targets() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("target")).expect("a folder").map(|e| e.expect("an entry"));
    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn modules_know_only_those_below_them() {
    let all = all();
    assert!(all.len() > 500, "only {} names were found", all.len());
    let targets = targets();
    let faults: Vec<String> = all
        .iter()
        .filter_map(|(file, name)| {
            let file = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(file).display();
            fault(name, &targets).map(|f| format!("{file}:{}: {f}", name.line))
        })
        .collect();
    assert!(faults.is_empty(), "{}\nsee docs/architecture.md\n", faults.join("\n"));
}

#[test]
fn exceptions_are_needed() {
    let all = all();
    for exception in EXCEPTIONS {
        let used = all.iter().any(|(_, name)| exception.covers(name));
        assert!(used, "nothing in `{}` names `{}` ({}) any more", exception.from, exception.to, exception.reason);
    }
}

#[test]
fn each_module_of_the_root_has_a_layer() {
    let root = std::fs::read_to_string(root().join("lib.rs")).expect("a readable file");
    let modules: Vec<&str> =
        root.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    let mut layers: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    layers.sort_unstable();
    let mut sorted = modules.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, layers);
}

#[test]
fn layers_know_only_layers_above_them_in_the_table() {
    for (i, (layer, known)) in LAYERS.iter().enumerate() {
        for other in *known {
            assert!(LAYERS[..i].iter().any(|(l, _)| l == other), "`{layer}` knows `{other}`, which is not below it");
        }
    }
}

/// The faults of a made-up file.
fn faults(module: &str, text: &str) -> Vec<String> {
    let module: Vec<String> = module.split("::").map(str::to_owned).collect();
    let targets = ["athena", "sigma"].map(str::to_owned);
    named(text, &module).iter().filter_map(|n| fault(n, &targets).map(|f| format!("{}: {f}", n.line))).collect()
}

#[test]
fn a_name_against_the_direction_is_found() {
    assert_eq!(
        faults("ir::expr", "use crate::source::Span;\nuse crate::spl::Pipeline;"),
        ["2: `ir` may not know `spl`: `crate::spl::Pipeline`"]
    );
    assert_eq!(
        faults("ir", "fn f() -> crate::Compiler { todo() }"),
        ["1: `ir` may not know `compile`: `crate::Compiler`"]
    );
    assert_eq!(faults("target::sigma", "use crate::spl;"), ["1: `target` may not know `spl`: `crate::spl`"]);
    assert_eq!(faults("strange", "use crate::ir::Expr;"), ["1: the module `strange` has no layer"]);
}

#[test]
fn trees_and_relative_paths_are_followed() {
    let text = "use crate::{\n  ir::{self, Expr as E},\n  time::{\n    iso,\n  },\n  cli::*,\n};";
    assert_eq!(faults("rule::read", text), ["6: `rule` may not know `cli`: `crate::cli`"]);
    assert_eq!(
        faults("schema::x", "use super::super::target::Target;"),
        ["1: `schema` may not know `target`: `crate::target::Target`"]
    );
    assert_eq!(
        faults("schema::x", "mod inner { use super::super::y; } use super::super::rule;"),
        ["1: `schema` may not know `rule`: `crate::rule`"]
    );
    assert_eq!(
        faults("schema::x", "fn f() { self::g(); super::h::<crate::rule::Rule>() }"),
        ["1: `schema` may not know `rule`: `crate::rule::Rule`"]
    );
}

#[test]
fn targets_do_not_know_each_other() {
    assert_eq!(
        faults("target::athena::lower", "use crate::target::sigma::yaml;\nuse crate::target::Context;"),
        ["1: the target `athena` knows the target `sigma`: `crate::target::sigma::yaml`"]
    );
    assert_eq!(faults("target::athena", "use super::sigma::yaml;").len(), 1);
    assert_eq!(faults("target", "use self::sigma::Sigma; use crate::target::athena::Athena;"), [""; 0]);
}

#[test]
fn the_outside_is_for_the_command_line() {
    let text = "use std::{collections::HashMap, fs};\nfn f() { std::process::exit(1); println!(\"x\") }\nuse rayon::prelude::*;";
    assert_eq!(
        faults("ir", text),
        [
            "1: only the command line may name `std::fs`",
            "2: only the command line may name `std::process::exit`",
            "2: only the command line may name `println!`",
            "3: only the command line may name `rayon::prelude`",
        ]
    );
    assert_eq!(faults("cli::batch", text), [""; 0]);
}

#[test]
fn tests_beside_the_code_are_free() {
    let text =
        "mod tests { fn f() { println!(\"skipped\"); crate::compile::Compiler::new() } } fn g() { std::fs::read(x) }";
    assert_eq!(faults("ir", text), ["1: only the command line may name `std::fs::read`"]);
    assert_eq!(faults("rule::read_tests", text), [""; 0]);
}

#[test]
fn comments_and_texts_name_nothing() {
    let text = r##"
        //! crate::spl
        /* crate::spl /* std::fs */ crate::spl */
        const A: &str = "crate::spl \" crate::spl";
        const B: &str = r#"crate::spl " std::fs"#;
        const C: [char; 3] = ['"', '\'', '\\'];
        fn f<'a>(x: &'a str) -> &'a str { if x != "y" { x } else { x } }
        use crate::spl;
    "##;
    assert_eq!(faults("ir", text), ["8: `ir` may not know `spl`: `crate::spl`"]);
}
