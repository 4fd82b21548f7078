//! Every query of the rules that come along passes the strict reader, at both levels. `RULECAST_RULES` names another
//! folder of rules to check, with its content folders.

use std::path::{Path, PathBuf};

use crate::compile::Compiler;
use crate::diagnostic::Sink;
use crate::options::{InsightsLevel, Options};
use crate::rule::Library;
use crate::schema::Schemas;
use crate::source::SourceFile;
use crate::target::TargetId;

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn source(path: &Path) -> SourceFile {
    SourceFile::new(path.display().to_string(), std::fs::read_to_string(path).unwrap())
}

fn library(root: &Path) -> Library {
    let (mut library, mut sink) = (Library::default(), Sink::default());
    for file in files(&root.join("macros")) {
        library.add_macro(&source(&file), &mut sink);
    }
    for file in files(&root.join("lookups")) {
        let source = source(&file);
        let csv =
            Library::csv_of(&source).and_then(|name| std::fs::read_to_string(root.join("lookups").join(name)).ok());
        library.add_lookup(&source, csv.as_deref(), &mut sink);
    }
    for file in files(&root.join("deployments")) {
        library.add_deployment(&source(&file), &mut sink);
    }
    library
}

/// Checks all queries of a folder's rules; how many there were.
fn check_all(root: &Path, level: InsightsLevel) -> usize {
    let options = Options { insights_level: level, ..Options::default() };
    let most = if level == InsightsLevel::Core { 2 } else { 10 };
    let compiler = Compiler::new(library(root), Schemas::builtin(), options);
    let mut count = 0;
    for file in files(&root.join("detections")) {
        let compiled = compiler.compile(&source(&file), &[TargetId::Cloudwatch]);
        for query in compiled.outputs.iter().filter_map(|o| o.query.as_ref()) {
            count += 1;
            if let Err(message) = super::super::check::check(query, most) {
                panic!("{}: {message}:\n{query}", file.display());
            }
        }
    }
    count
}

#[test]
fn all_queries_of_the_rules_are_well_formed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    assert!(check_all(&root, InsightsLevel::Y2026) >= 40);
    assert!(check_all(&root, InsightsLevel::Core) > 0);
    if let Some(other) = std::env::var_os("RULECAST_RULES") {
        assert!(check_all(Path::new(&other), InsightsLevel::Y2026) > 0);
        check_all(Path::new(&other), InsightsLevel::Core);
    }
}
