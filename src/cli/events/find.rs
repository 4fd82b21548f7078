//! From the paths of the command line to files of events.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::input::{STDIN, reason};

/// What a file of events is called within folders, `.gz` aside.
const EXTENSIONS: &[&str] = &["json", "jsonl", "ndjson", "log", "csv"];

/// The input of a run, in order.
#[derive(Default, Debug)]
pub(in crate::cli) struct Events {
    pub(super) inputs: Vec<Input>,
    /// Files in folders that do not look like events.
    pub(in crate::cli) passed_over: usize,
    /// Standard input, kept for further passes; it goes with this.
    kept: Option<tempfile::NamedTempFile>,
}

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) from: From,
    /// As it is named in diagnostics.
    pub(super) shown: String,
    /// What names its source, the most specific first; nothing: its records say it.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum From {
    File(PathBuf),
    Text(String),
}

/// Which sourcetype files have.
#[derive(Default, Debug)]
pub(in crate::cli) struct Sourcetypes {
    /// For all files.
    pub(in crate::cli) all: Option<String>,
    /// By pattern; the first that fits decides.
    pub(in crate::cli) patterns: Vec<(glob::Pattern, String)>,
}

impl Sourcetypes {
    fn of(&self, path: &Path) -> Vec<String> {
        let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let by_pattern = || self.patterns.iter().find(|(p, _)| p.matches_path(path) || p.matches_path(&absolute));
        self.all.clone().or_else(|| by_pattern().map(|(_, name)| name.clone())).into_iter().collect()
    }
}

impl Events {
    /// The files of some paths; folders with all below them, sorted. Each file comes once.
    pub(in crate::cli) fn find(paths: &[PathBuf], sourcetypes: &Sourcetypes) -> Result<Self, Failure> {
        let mut events = Self::default();
        let mut known = HashSet::new();
        for path in paths {
            if path.as_os_str() == "-" {
                if events.kept.is_none() {
                    events.keep_stdin(sourcetypes)?;
                }
            } else if path.is_dir() {
                let before = events.inputs.len();
                let mut folders = HashSet::new();
                events.folder(path, &mut folders, &mut known, sourcetypes)?;
                if events.inputs.len() == before && known.is_empty() {
                    return Err(Failure::new(format!("the folder `{}` holds no events", path.display()))
                        .help(format!("events are files that end in {}, or in these and `.gz`", endings())));
                }
            } else if path.exists() {
                events.file(path, &mut known, sourcetypes);
            } else {
                return Err(Failure::new(format!("the events `{}` do not exist", path.display()))
                    .help("name a file, a folder, or `-` for standard input"));
            }
        }
        Ok(events)
    }

    /// A file whose source is known.
    pub(in crate::cli) fn add_file(&mut self, path: PathBuf, names: Vec<String>) {
        self.inputs.push(Input { shown: path.display().to_string(), from: From::File(path), names });
    }

    /// Records as text, one per line.
    pub(in crate::cli) fn add_text(&mut self, shown: String, text: String, names: Vec<String>) {
        self.inputs.push(Input { from: From::Text(text), shown, names });
    }

    fn file(&mut self, path: &Path, known: &mut HashSet<PathBuf>, sourcetypes: &Sourcetypes) {
        if known.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            self.add_file(path.to_owned(), sourcetypes.of(path));
        }
    }

    fn folder(
        &mut self,
        folder: &Path,
        folders: &mut HashSet<PathBuf>,
        known: &mut HashSet<PathBuf>,
        sourcetypes: &Sourcetypes,
    ) -> Result<(), Failure> {
        let failure =
            |e: io::Error| Failure::new(format!("the folder `{}` can't be read: {}", folder.display(), reason(&e)));
        // A symbolic link to a folder above.
        if !folders.insert(folder.canonicalize().map_err(failure)?) {
            return Ok(());
        }
        let entries = std::fs::read_dir(folder).map_err(failure)?;
        let hidden = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| !hidden(p)).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.folder(&path, folders, known, sourcetypes)?;
            } else if is_events(&path) {
                self.file(&path, known, sourcetypes);
            } else {
                self.passed_over += 1;
            }
        }
        Ok(())
    }

    fn keep_stdin(&mut self, sourcetypes: &Sourcetypes) -> Result<(), Failure> {
        let failure = |e: io::Error| Failure::new(format!("standard input can't be kept: {}", reason(&e)));
        let mut file = tempfile::NamedTempFile::new().map_err(failure)?;
        io::copy(&mut io::stdin().lock(), &mut file).map_err(failure)?;
        let input = Input {
            from: From::File(file.path().to_owned()),
            shown: STDIN.to_owned(),
            names: sourcetypes.all.clone().into_iter().collect(),
        };
        self.inputs.push(input);
        self.kept = Some(file);
        Ok(())
    }
}

fn endings() -> String {
    EXTENSIONS.iter().map(|e| format!("`.{e}`")).collect::<Vec<_>>().join(", ")
}

fn is_events(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    // What is compressed and has no further ending is likely to be events: nothing else is kept so beside them.
    inner.rsplit_once('.').map_or(inner.len() < name.len(), |(_, ending)| EXTENSIONS.contains(&ending))
}

/// Whether a file is a table, by its name.
pub(super) fn is_table(shown: &str) -> bool {
    let name = shown.to_lowercase();
    name.strip_suffix(".gz").unwrap_or(&name).ends_with(".csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order() {
        let root = tempfile::tempdir().expect("a folder");
        for file in ["b.json", "a/x.json.gz", "a/notes.md", "c.csv", ".hidden.json", "LICENSE", "d.gz", "e.CSV.GZ"] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let sourcetypes = Sourcetypes {
            all: None,
            patterns: vec![(glob::Pattern::new("**/a/*").expect("a pattern"), "st".to_owned())],
        };
        let paths = [root.path().join("c.csv"), root.path().to_owned()];
        let events = Events::find(&paths, &sourcetypes).unwrap_or_else(|f| panic!("{f:?}"));
        let shown: Vec<String> = events
            .inputs
            .iter()
            .map(|i| {
                let path = Path::new(&i.shown).strip_prefix(root.path()).expect("below the root");
                format!("{} {}", path.display(), i.names.join(","))
            })
            .collect();
        assert_eq!(shown, ["c.csv ", "a/x.json.gz st", "b.json ", "d.gz ", "e.CSV.GZ "]);
        assert_eq!(events.passed_over, 2);
    }

    #[test]
    fn a_missing_path_and_an_empty_folder_are_failures() {
        let root = tempfile::tempdir().expect("a folder");
        let none = Sourcetypes::default();
        assert!(Events::find(&[root.path().join("gone")], &none).is_err());
        assert!(Events::find(&[root.path().to_owned()], &none).is_err());
    }

    #[test]
    fn tables_are_known_by_their_name() {
        assert!(is_table("x/y.csv") && is_table("Y.CSV.gz") && !is_table("csv") && !is_table("a.json"));
    }
}
