//! Reads a content folder for the tests and the benchmark that use the library itself.

use std::path::{Path, PathBuf};

use rulecast::SourceFile;
use rulecast::diagnostic::Sink;
use rulecast::rule::Library;

/// The files below a folder, sorted by path.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The YAML files below a folder, sorted by path.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|f| f.extension().is_some_and(|e| e == "yml")).collect()
}

/// A file under the path that diagnostics shall show: below `root`, with slashes.
pub(crate) fn source_file(path: &Path, root: &Path) -> SourceFile {
    let shown = path.strip_prefix(root).unwrap_or(path);
    let shown = shown.iter().map(|c| c.to_string_lossy()).collect::<Vec<_>>().join("/");
    SourceFile::from_bytes(shown, std::fs::read(path).expect("a readable file"))
}

/// The macros, lookups and deployments of a content folder, and what is wrong with them.
pub(crate) fn library(folder: &Path, root: &Path) -> (Library, Sink) {
    let mut library = Library::default();
    let mut sink = Sink::default();
    for path in yaml_files(&folder.join("macros")) {
        library.add_macro(&source_file(&path, root), &mut sink);
    }
    for path in yaml_files(&folder.join("deployments")) {
        library.add_deployment(&source_file(&path, root), &mut sink);
    }
    for path in yaml_files(&folder.join("lookups")) {
        let file = source_file(&path, root);
        let csv = Library::csv_of(&file).and_then(|name| std::fs::read_to_string(path.with_file_name(name)).ok());
        library.add_lookup(&file, csv.as_deref(), &mut sink);
    }
    (library, sink)
}
