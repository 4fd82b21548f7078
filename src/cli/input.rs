//! From the paths of the command line to rule files.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::Failure;
use crate::diagnostic::{Diagnostic, code};
use crate::rule::MAX_BYTES;
use crate::source::SourceFile;

/// The name under which standard input is shown.
pub(super) const STDIN: &str = "<stdin>";

/// Subfolders of a content folder that hold no rules.
const CONTENT_FOLDERS: &[&str] = &[
    "app_template",
    "baselines",
    "dashboards",
    "data_sources",
    "deployments",
    "investigations",
    "lookups",
    "macros",
    "playbooks",
    "response_templates",
    "stories",
];

/// Where a rule is to be read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Stdin,
    File(PathBuf),
    /// Nothing to read: the path as it was given, and why.
    Nothing(String, Problem),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Problem {
    Unreadable(String),
    NoRule(&'static str),
}

/// Expands folders and patterns. Each file comes once, in the order of the paths; within a folder sorted by name.
pub(super) fn places(paths: &[PathBuf]) -> Result<Vec<Place>, Failure> {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            if !found.places.contains(&Place::Stdin) {
                found.places.push(Place::Stdin);
            }
        } else if path.symlink_metadata().is_err() && is_pattern(path) {
            found.pattern(path)?;
        } else if path.is_dir() {
            if found.folder(path, true) == 0 {
                found.nothing(path, Problem::NoRule("the folder holds no rule"));
            }
        } else {
            found.file(path);
        }
    }
    Ok(found.places)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

#[derive(Default)]
struct Found {
    places: Vec<Place>,
    files: HashSet<PathBuf>,
    folders: HashSet<PathBuf>,
}

impl Found {
    fn nothing(&mut self, path: &Path, problem: Problem) {
        let place = Place::Nothing(path.display().to_string(), problem);
        if !self.places.contains(&place) {
            self.places.push(place);
        }
    }

    /// Adds a file, unless it is there already under any name.
    fn file(&mut self, path: &Path) {
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.files.insert(identity) {
            self.places.push(Place::File(path.to_owned()));
        }
    }

    /// Adds the rules below a folder; gives their number, those that were known included.
    fn folder(&mut self, folder: &Path, is_root: bool) -> usize {
        if is_root {
            self.folders.clear();
        }
        let Ok(identity) = folder.canonicalize() else { return 0 };
        // A symbolic link to a folder above.
        if !self.folders.insert(identity) {
            return 0;
        }
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.nothing(folder, Problem::Unreadable(format!("the folder can't be read: {}", reason(&error))));
                return 1;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| !is_hidden(p)).collect();
        paths.sort();
        let mut count = 0;
        for path in paths {
            if path.is_dir() {
                if !is_content_folder(&path) {
                    count += self.folder(&path, false);
                }
            } else if is_yaml(&path) {
                self.file(&path);
                count += 1;
            }
        }
        count
    }

    fn pattern(&mut self, pattern: &Path) -> Result<(), Failure> {
        let text = pattern.to_string_lossy();
        let matches =
            glob::glob(&text).map_err(|e| Failure::new(format!("the pattern `{text}` is malformed: {}", e.msg)))?;
        // Folders that the pattern names itself are wanted, whatever their name.
        let fixed = pattern.components().take_while(|c| !is_pattern(Path::new(c.as_os_str()))).count();
        let mut count = 0;
        for path in matches {
            let path = match path {
                Ok(path) => path,
                Err(error) => {
                    let what = format!("the folder can't be read: {}", reason(error.error()));
                    self.nothing(error.path(), Problem::Unreadable(what));
                    count += 1;
                    continue;
                }
            };
            let beyond: Vec<PathBuf> = path
                .components()
                .skip(fixed)
                .filter(|c| matches!(c, Component::Normal(_)))
                .map(|c| PathBuf::from(c.as_os_str()))
                .collect();
            if beyond.iter().any(|part| is_hidden(part))
                || beyond.iter().take(beyond.len().saturating_sub(1)).any(|part| is_content_folder(part))
            {
                continue;
            }
            if path.is_dir() {
                if !is_content_folder(&path) {
                    count += self.folder(&path, true);
                }
            } else if is_yaml(&path) {
                self.file(&path);
                count += 1;
            }
        }
        if count == 0 {
            self.nothing(pattern, Problem::NoRule("the pattern matches no rule"));
        }
        Ok(())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'))
}

fn is_content_folder(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(|n| CONTENT_FOLDERS.contains(&n))
}

pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"))
}

/// Reads a rule's file. A file that can't be read has no text, and a diagnostic.
pub(super) fn read(place: &Place) -> (SourceFile, Option<Diagnostic>) {
    let (path, bytes) = match place {
        Place::Stdin => (STDIN.to_owned(), limited(io::stdin().lock())),
        Place::File(path) => (path.display().to_string(), std::fs::File::open(path).and_then(limited)),
        Place::Nothing(path, problem) => {
            let diagnostic = match problem {
                Problem::Unreadable(message) => Diagnostic::new(&code::UNREADABLE_FILE, message.as_str()),
                Problem::NoRule(message) => Diagnostic::new(&code::NO_RULE, *message)
                    .help("rules are files that end in `.yml` or `.yaml`, outside of folders such as `macros`"),
            };
            return (SourceFile::new(path.as_str(), ""), Some(diagnostic));
        }
    };
    match bytes {
        Ok(bytes) => (SourceFile::from_bytes(path, bytes), None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let diagnostic = Diagnostic::new(&code::UNREADABLE_FILE, "the path does not exist")
                .help("name a rule file, a folder, a pattern in quotes, or `-` for standard input");
            (SourceFile::new(path, ""), Some(diagnostic))
        }
        Err(error) => {
            let message = format!("the file can't be read: {}", reason(&error));
            let diagnostic = Diagnostic::new(&code::UNREADABLE_FILE, message).help("check its permissions");
            (SourceFile::new(path, ""), Some(diagnostic))
        }
    }
}

/// Reads no more than is needed to see that a file is too large.
pub(super) fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the operating system says, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        root
    }

    fn names(root: &Path, paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|p| root.join(p)).collect();
        let show = |place: Place| match place {
            Place::File(path) => path.strip_prefix(root).expect("below the root").display().to_string(),
            Place::Stdin => "-".to_owned(),
            Place::Nothing(_, problem) => format!("{problem:?}"),
        };
        places(&paths).expect("places").into_iter().map(show).collect()
    }

    #[test]
    fn folders_are_walked_in_order_without_content_and_hidden_files() {
        let root =
            tree(&["b/y.yaml", "a/x.yml", "z.YML", "macros/m.yml", "a/lookups/l.yml", ".git/c.yml", ".h.yml", "r.md"]);
        assert_eq!(names(root.path(), &["."]), ["./a/x.yml", "./b/y.yaml", "./z.YML"].map(|n| n.replace("./", "")));
        assert_eq!(names(root.path(), &["macros"]), ["macros/m.yml"]);
    }

    #[test]
    fn files_come_once() {
        let root = tree(&["a/x.yml", "a/y.yml"]);
        assert_eq!(names(root.path(), &["a/y.yml", "a", "a/../a/x.yml"]), ["a/y.yml", "a/x.yml"]);
    }

    #[test]
    fn patterns_skip_content_folders_that_they_do_not_name() {
        let root = tree(&["r/x.yml", "r/macros/m.yml", "r/d/aws_y.yml", "r/n.txt"]);
        assert_eq!(names(root.path(), &["r/**/*.yml"]), ["r/d/aws_y.yml", "r/x.yml"]);
        assert_eq!(names(root.path(), &["r/macros/*.yml"]), ["r/macros/m.yml"]);
        assert_eq!(names(root.path(), &["r/*"]), ["r/d/aws_y.yml", "r/x.yml"]);
    }

    #[test]
    fn nothing_found_is_a_problem() {
        let root = tree(&["r/n.txt"]);
        assert_eq!(names(root.path(), &["r"]), ["NoRule(\"the folder holds no rule\")"]);
        assert_eq!(names(root.path(), &["r/*.yml"]), ["NoRule(\"the pattern matches no rule\")"]);
        assert!(places(&[PathBuf::from("a***b")]).is_err());
    }

    #[test]
    fn a_missing_file_is_unreadable() {
        let (file, diagnostic) = read(&Place::File(PathBuf::from("gone.yml")));
        assert_eq!((file.path(), diagnostic.expect("a diagnostic").code.id), ("gone.yml", "R009"));
    }

    #[test]
    fn system_errors_lose_their_number() {
        assert_eq!(reason(&io::Error::from_raw_os_error(13)), "permission denied");
    }
}
