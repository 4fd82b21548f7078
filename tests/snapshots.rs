//! What each rule of rules/ compiles to, held in snapshots/<rule>/: a changed snapshot is a changed detection somewhere.
//!
//! `INSTA_UPDATE=always cargo test --test snapshots` writes them anew; the differences are then read one by one. The folder of
//! a rule that is gone has to be removed by hand.

#[path = "content/mod.rs"]
mod content;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rulecast::compile::Compiled;
use rulecast::diagnostic::Diagnostic;
use rulecast::schema::Schemas;
use rulecast::target::TargetId;
use rulecast::{Compiler, Options, SourceFile};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A rule's result.
struct Case {
    /// The file's stem.
    name: String,
    file: SourceFile,
    compiled: Compiled,
}

fn cases() -> Vec<Case> {
    let (library, sink) = content::library(&root().join("rules"), root());
    assert!(sink.diagnostics().is_empty(), "{:#?}", sink.diagnostics());
    let compiler = Compiler::new(library, Schemas::builtin(), Options::default());
    let case = |path: &PathBuf| {
        let file = content::source_file(path, root());
        let compiled = compiler.compile(&file, &TargetId::ALL);
        Case { name: stem(path), file, compiled }
    };
    content::yaml_files(&root().join("rules/detections")).iter().map(case).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
}

impl Case {
    /// Each snapshot's name and text.
    fn snapshots(&self) -> Vec<(&'static str, String)> {
        let ir = self.compiled.ir.as_ref().map(ToString::to_string);
        let mut snapshots = vec![("ir", self.text("ir", "", &self.compiled.diagnostics, ir.as_deref()))];
        snapshots.extend(self.compiled.outputs.iter().map(|o| {
            let name = o.target.name();
            (name, self.text(name, o.fidelity.name(), &o.diagnostics, o.query.as_deref()))
        }));
        snapshots
    }

    /// All that a reviewer needs to judge a result: what was asked, what was said, what came out.
    fn text(&self, what: &str, fidelity: &str, diagnostics: &[Diagnostic], query: Option<&str>) -> String {
        let mut text = format!("{} [{what}] {fidelity}", self.name).trim_end().to_owned() + "\n";
        for diagnostic in diagnostics {
            let start = diagnostic.span.map_or_else(|| "-".to_owned(), |s| self.file.position(s.start).to_string());
            let (severity, code) = (diagnostic.severity.name(), diagnostic.code.id);
            let _ = writeln!(text, "{severity}[{code}] {start}: {}", diagnostic.message);
        }
        text.push('\n');
        for line in self.compiled.rule.iter().flat_map(|rule| rule.search.text.lines()) {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        }
        let _ = write!(text, "\n{}", query.unwrap_or("(no query)").trim_end());
        text
    }
}

#[test]
fn rules_compile_to_their_snapshots() {
    let mut failed = Vec::new();
    let cases = cases();
    assert!(!cases.is_empty(), "there are no rules");
    for case in &cases {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(root().join("snapshots").join(&case.name));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (name, text) in case.snapshots() {
            let compared = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(name, text))));
            if compared.is_err() {
                failed.push(format!("snapshots/{}/{name}.snap", case.name));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} snapshots differ; `INSTA_UPDATE=always cargo test --test snapshots` writes them anew:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn no_snapshot_is_left_of_a_rule_that_is_gone() {
    let rules: BTreeSet<String> =
        content::yaml_files(&root().join("rules/detections")).iter().map(|r| stem(r)).collect();
    let names: BTreeSet<&str> = ["ir"].into_iter().chain(TargetId::ALL.map(TargetId::name)).collect();
    let is_known = |file: &Path| {
        let folder = file.parent().map(stem).unwrap_or_default();
        // A difference that was just found is kept beside its snapshot as `.snap.new`.
        let is_snapshot = file.extension().is_some_and(|e| e == "snap" || e == "new");
        let name = stem(file);
        rules.contains(&folder) && is_snapshot && names.contains(name.trim_end_matches(".snap"))
    };
    let files = content::files(&root().join("snapshots"));
    let stale: Vec<&PathBuf> = files.iter().filter(|f| !is_known(f)).collect();
    assert!(stale.is_empty(), "to be removed: {stale:#?}");
}

#[test]
fn names_of_rules_are_unique() {
    let rules = content::yaml_files(&root().join("rules/detections"));
    let names: BTreeSet<String> = rules.iter().map(|r| stem(r)).collect();
    assert_eq!(names.len(), rules.len());
}

#[test]
fn snapshots_hold_nothing_of_this_machine_or_version() {
    for case in cases() {
        for (name, text) in case.snapshots() {
            for word in [env!("CARGO_MANIFEST_DIR"), concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"))] {
                assert!(!text.contains(word), "`{word}` in {}/{name}", case.name);
            }
        }
    }
}
