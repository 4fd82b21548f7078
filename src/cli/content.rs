//! Finds and reads content folders.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use super::Failure;
use super::input::{Place, is_yaml, limited, reason};
use super::settings::Settings;
use crate::compile::Compiler;
use crate::diagnostic::{Diagnostic, Sink, code};
use crate::rule::Library;
use crate::source::{SourceFile, Span};

/// A CSV file up to this size is read.
const MAX_CSV_BYTES: u64 = 64 * 1024 * 1024;

/// A compiler per content folder; `None` is the one without a folder.
pub(super) struct Contents {
    compilers: BTreeMap<Option<PathBuf>, Compiler>,
    /// What is wrong with the content's files.
    pub(super) diagnostics: Vec<(SourceFile, Vec<Diagnostic>)>,
    /// The content folder of each place.
    roots: Vec<Option<PathBuf>>,
}

impl Contents {
    /// Reads the content folders that some rules need.
    pub(super) fn load(settings: &Settings, places: &[Place]) -> Result<Self, Failure> {
        let mut finder = Finder::default();
        let roots: Vec<Option<PathBuf>> = places
            .iter()
            .map(|place| match (&settings.content, place) {
                (Some(folder), _) => Some(folder.clone()),
                (None, Place::Stdin) => std::env::current_dir().ok().filter(|d| is_content(d)),
                (None, Place::File(path)) => finder.nearest(path),
                (None, Place::Nothing(..)) => None,
            })
            .collect();
        let mut contents = Self { compilers: BTreeMap::new(), diagnostics: Vec::new(), roots: Vec::new() };
        for root in &roots {
            if !contents.compilers.contains_key(root) {
                let library = root.as_ref().map_or_else(Library::default, |r| contents.read(r));
                contents.compilers.insert(root.clone(), settings.compiler(library)?);
            }
        }
        contents.roots = roots;
        Ok(contents)
    }

    /// The compiler for the place with a number.
    pub(super) fn compiler(&self, place: usize) -> Option<&Compiler> {
        self.compilers.get(self.roots.get(place)?)
    }

    fn read(&mut self, root: &Path) -> Library {
        let mut library = Library::default();
        for path in yaml_files(&root.join("macros")) {
            self.with_file(&path, |file, sink| library.add_macro(file, sink));
        }
        for path in yaml_files(&root.join("deployments")) {
            self.with_file(&path, |file, sink| library.add_deployment(file, sink));
        }
        for path in yaml_files(&root.join("lookups")) {
            self.with_file(&path, |file, sink| {
                let csv = Library::csv_of(file).and_then(|name| read_csv(&name, &path, &root.join("lookups"), sink));
                library.add_lookup(file, csv.as_deref(), sink);
            });
        }
        library
    }

    fn with_file(&mut self, path: &Path, add: impl FnOnce(&SourceFile, &mut Sink)) {
        let shown = shown(path);
        let mut sink = Sink::default();
        let file = match std::fs::File::open(path).and_then(limited) {
            Ok(bytes) => SourceFile::from_bytes(shown, bytes),
            Err(error) => {
                let message = format!("the file can't be read: {}", reason(&error));
                sink.push(Diagnostic::new(&code::INVALID_CONTENT, message));
                SourceFile::new(shown, "")
            }
        };
        if sink.diagnostics().is_empty() {
            add(&file, &mut sink);
        }
        let diagnostics = sink.into_diagnostics();
        if !diagnostics.is_empty() {
            self.diagnostics.push((file, diagnostics));
        }
    }
}

/// A path as people would write it: from the current folder where it is below that.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|d| d.canonicalize()).ok();
    let short = here.and_then(|here| path.strip_prefix(here).ok());
    short.unwrap_or(path).display().to_string()
}

fn is_content(folder: &Path) -> bool {
    ["macros", "lookups", "deployments"].iter().any(|name| folder.join(name).is_dir())
}

/// Finds the content folder of a rule, once per folder.
#[derive(Default)]
struct Finder {
    known: HashMap<PathBuf, Option<PathBuf>>,
}

impl Finder {
    /// The nearest folder above a file that has content.
    fn nearest(&mut self, file: &Path) -> Option<PathBuf> {
        let folder = file.canonicalize().ok()?.parent()?.to_owned();
        let search = |folder: &PathBuf| folder.ancestors().find(|f| is_content(f)).map(Path::to_owned);
        self.known.entry(folder.clone()).or_insert_with(|| search(&folder)).clone()
    }
}

/// The YAML files below a folder, sorted. Links are not followed into folders.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                folders.push(path);
            } else if is_yaml(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The text of a lookup's CSV file, beside the lookup or in the folder of lookups; never from elsewhere.
fn read_csv(name: &str, lookup: &Path, lookups: &Path, sink: &mut Sink) -> Option<String> {
    let is_plain_name = matches!(Path::new(name).components().collect::<Vec<_>>().as_slice(), [Component::Normal(_)]);
    if !is_plain_name {
        return None;
    }
    let path = [lookup.with_file_name(name), lookups.join(name)].into_iter().find(|p| p.is_file())?;
    let mut warn = |message: String| sink.push(Diagnostic::new(&code::INVALID_CONTENT, message).at(Span::new(0, 0)));
    if path.metadata().is_ok_and(|m| m.len() > MAX_CSV_BYTES) {
        warn(format!("the CSV file `{name}` is larger than {} MiB and is not read", MAX_CSV_BYTES / 1024 / 1024));
        return None;
    }
    match std::fs::read(&path) {
        Ok(bytes) => Some(String::from_utf8(bytes).unwrap_or_else(|error| {
            let line =
                error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            warn(format!("the CSV file `{name}` is not valid UTF-8 in line {line}; such bytes are replaced"));
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        })),
        Err(error) => {
            warn(format!("the CSV file `{name}` can't be read: {}", reason(&error)));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: impl AsRef<[u8]>) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn empty() -> Contents {
        Contents { compilers: BTreeMap::new(), diagnostics: Vec::new(), roots: Vec::new() }
    }

    #[test]
    fn the_nearest_folder_above_with_content_is_found() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().canonicalize().expect("a path");
        write(&root, "outer/macros/m.yml", "");
        write(&root, "outer/inner/lookups/l.yml", "");
        write(&root, "outer/inner/detections/cloud/x.yml", "");
        write(&root, "outer/y.yml", "");
        write(&root, "z.yml", "");
        let mut finder = Finder::default();
        assert_eq!(finder.nearest(&root.join("outer/inner/detections/cloud/x.yml")), Some(root.join("outer/inner")));
        assert_eq!(finder.nearest(&root.join("outer/y.yml")), Some(root.join("outer")));
        assert_eq!(finder.nearest(&root.join("z.yml")), None);
    }

    #[test]
    fn a_folder_is_read_with_its_tables() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "macros/deep/m.yml", "name: m\ndefinition: x\n");
        write(root.path(), "macros/bad.yml", "name: [");
        write(root.path(), "lookups/l.yml", "name: l\nfilename: l.csv\n");
        write(root.path(), "lookups/l.csv", b"a\nx\xff\n");
        write(root.path(), "lookups/evil.yml", "name: e\nfilename: ../macros/bad.yml\n");
        let mut contents = empty();
        let library = contents.read(root.path());
        assert_eq!(library.macros.len(), 1);
        let shape: Vec<(&str, bool)> = library
            .lookups
            .iter()
            .map(|(n, l)| (n.as_str(), matches!(l, crate::rule::LookupDefinition::Table(_))))
            .collect();
        assert_eq!(shape, [("e", false), ("l", true)]);
        let said: Vec<&str> = contents.diagnostics.iter().map(|(_, d)| d[0].message.as_str()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("a macro file can't be read"));
        assert_eq!(said[1], "the CSV file `l.csv` is not valid UTF-8 in line 2; such bytes are replaced");
    }
}
