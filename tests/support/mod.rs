//! A rule and a library in memory, compiled by the library: what the tests of meaning share.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::path::PathBuf;

use rulecast::diagnostic::{Diagnostic, Severity, Sink};
use rulecast::ir::{TimeBound, Window};
use rulecast::rule::{Library, Macro};
use rulecast::schema::Schemas;
use rulecast::target::{Fidelity, TargetId};
use rulecast::{Compiled, Compiler, Options, Output, SourceFile};

/// 2026-01-02T00:00:00Z; the window of every test begins a day before.
const LATEST: i64 = 1_767_312_000;

pub(crate) fn options() -> Options {
    let bound = |t| Some(TimeBound::Absolute(t));
    Options { window: Window { earliest: bound(LATEST - 86_400), latest: bound(LATEST) }, ..Options::default() }
}

/// A library of macros: name, arguments, definition.
pub(crate) fn library(macros: &[(&str, &[&str], &str)]) -> Library {
    let mut library = Library::default();
    for (name, arguments, definition) in macros {
        let entry = Macro {
            name: (*name).to_owned(),
            arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
            definition: (*definition).to_owned(),
            iseval: false,
            path: format!("macros/{name}.yml"),
        };
        library.macros.insert(((*name).to_owned(), arguments.len()), entry);
    }
    library
}

pub(crate) fn compiler(library: Library) -> Compiler {
    Compiler::new(library, Schemas::builtin(), options())
}

/// A rule file around a search.
pub(crate) fn rule(search: &str) -> SourceFile {
    rule_named("A rule", "What it finds.", search)
}

/// A rule file; the texts stand in double-quoted YAML scalars.
pub(crate) fn rule_named(name: &str, description: &str, search: &str) -> SourceFile {
    let text = format!(
        "name: {}\nid: 0c6b3a5e-0000-4000-8000-000000000001\ntype: TTP\ndescription: {}\nsearch: {}\n",
        yaml_text(name),
        yaml_text(description),
        yaml_text(search)
    );
    SourceFile::new("rule.yml", text)
}

/// A text as a double-quoted YAML scalar. What YAML forbids as a character stands as an escape.
pub(crate) fn yaml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One search, compiled for all targets.
pub(crate) struct Case {
    pub(crate) compiled: Compiled,
    pub(crate) file: SourceFile,
}

/// Compiles a search with the source macro `cloudtrail` and no other library.
pub(crate) fn compile(search: &str) -> Case {
    compile_with(&[], search)
}

pub(crate) fn compile_with(macros: &[(&str, &[&str], &str)], search: &str) -> Case {
    compile_file(&compiler(library(macros)), rule(search))
}

pub(crate) fn compile_file(compiler: &Compiler, file: SourceFile) -> Case {
    let compiled = compiler.compile(&file, &TargetId::ALL);
    Case { compiled, file }
}

/// Whether what an output reports is not only remarks.
fn is_serious(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity > Severity::Note
}

impl Case {
    /// The IR, without the lines on the source and its raw fields.
    pub(crate) fn ir(&self) -> String {
        let Some(ir) = &self.compiled.ir else { panic!("no IR: {}", self.said()) };
        let text = ir.to_string();
        let is_field = |line: &str| {
            line.starts_with("    ") && line.trim_start().split_once(": ").is_some_and(|(name, _)| !name.contains(' '))
        };
        let kept: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("scan ") && !is_field(l)).collect();
        kept.join("\n")
    }

    pub(crate) fn output(&self, target: TargetId) -> &Output {
        match self.compiled.outputs.iter().find(|o| o.target == target) {
            Some(output) => output,
            None => panic!("no output for {}", target.name()),
        }
    }

    /// The whole text of a target's query.
    pub(crate) fn text(&self, target: TargetId) -> &str {
        match &self.output(target).query {
            Some(query) => query,
            None => panic!("no query for {}: {:?}", target.name(), self.output(target).diagnostics),
        }
    }

    /// Athena's query in one line, from `SELECT` or `WITH` on.
    pub(crate) fn sql(&self) -> String {
        one_line(self.text(TargetId::Athena).lines().skip_while(|l| l.starts_with("--")))
    }

    /// Athena's conditions besides those on the time, in one line.
    pub(crate) fn sql_where(&self) -> String {
        let sql = self.sql();
        let tail = sql.split_once("'%Y/%m/%d')").map_or(sql.as_str(), |(_, tail)| tail);
        tail.split_once("'2026/01/02'").map_or(tail, |(_, tail)| tail).trim().to_owned()
    }

    /// The Logs Insights query without its comments, in one line.
    pub(crate) fn insights(&self) -> String {
        one_line(self.text(TargetId::Cloudwatch).lines().filter(|l| !l.starts_with('#')))
    }

    /// Sigma's `detection` sections (one for each document), in one line each, without indentation.
    pub(crate) fn sigma(&self) -> String {
        let mut inside = false;
        let kept = self.text(TargetId::Sigma).lines().filter(|line| {
            if !line.starts_with([' ', '#']) {
                inside = line.starts_with("detection:") || line.starts_with("correlation:");
            }
            inside
        });
        one_line(kept)
    }

    /// Diagnostics of every target and of the front end that are more than notes: `C403 2:3 message`.
    pub(crate) fn said(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        let own = self.compiled.outputs.iter().flat_map(|o| &o.diagnostics);
        for diagnostic in self.compiled.diagnostics.iter().chain(own).filter(|d| is_serious(d)) {
            let at = diagnostic.span.map_or_else(|| "-".to_owned(), |s| self.file.position(s.start).to_string());
            let target = diagnostic.target.map_or_else(String::new, |t| format!("[{}] ", t.name()));
            let line = format!("{target}{} {at} {}", diagnostic.code.id, diagnostic.message);
            if !said.contains(&line) {
                said.push(line);
            }
        }
        said.join("\n")
    }

    /// The front end's diagnostics that are more than notes: `S203 message`.
    pub(crate) fn front(&self) -> Vec<String> {
        let said = self.compiled.diagnostics.iter().filter(|d| is_serious(d));
        said.map(|d| format!("{} {}", d.code.id, d.message)).collect()
    }

    pub(crate) fn fidelity(&self, target: TargetId) -> Fidelity {
        self.output(target).fidelity
    }
}

fn one_line<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The shared corpus of real rules, where it is.
pub(crate) fn corpus() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/escu");
    let folder = std::env::var_os("RULECAST_CORPUS").map_or_else(beside, PathBuf::from);
    folder.join("detections").is_dir().then_some(folder)
}

/// The YAML files in a folder and in the folders below it, sorted.
pub(crate) fn yaml_files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|e| e == "yml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The library of a content folder.
pub(crate) fn read_library(folder: &std::path::Path) -> Library {
    let mut library = Library::default();
    let mut sink = Sink::default();
    let read = |path: &std::path::Path| {
        let bytes = std::fs::read(path).expect("a readable file");
        SourceFile::from_bytes(path.display().to_string(), bytes)
    };
    for path in yaml_files(&folder.join("macros")) {
        library.add_macro(&read(&path), &mut sink);
    }
    for path in yaml_files(&folder.join("deployments")) {
        library.add_deployment(&read(&path), &mut sink);
    }
    for path in yaml_files(&folder.join("lookups")) {
        let file = read(&path);
        let csv =
            Library::csv_of(&file).and_then(|name| std::fs::read_to_string(folder.join("lookups").join(name)).ok());
        library.add_lookup(&file, csv.as_deref(), &mut sink);
    }
    library
}
