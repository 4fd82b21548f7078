//! Writes queries to a folder, one file per rule and target.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Failure;
use super::batch::Done;
use super::input::{Place, reason};
use crate::diagnostic::{Diagnostic, code};
use crate::target::{TARGETS, TargetId};

/// The output folder.
pub(super) struct Folder {
    path: PathBuf,
    /// The rule files, which are never overwritten.
    inputs: HashSet<PathBuf>,
    pub(super) written: usize,
    pub(super) unchanged: usize,
}

impl Folder {
    pub(super) fn create(path: &Path, done: &[Done]) -> Result<Self, Failure> {
        std::fs::create_dir_all(path)
            .map_err(|e| Failure::new(format!("the folder `{}` can't be created: {}", path.display(), reason(&e))))?;
        let canonical = |done: &Done| match &done.place {
            Place::File(path) => path.canonicalize().ok(),
            Place::Stdin | Place::Nothing(..) => None,
        };
        let inputs = done.iter().filter_map(canonical).collect();
        Ok(Self { path: path.to_owned(), inputs, written: 0, unchanged: 0 })
    }

    /// Writes a query, unless the file has it already.
    ///
    /// # Errors
    /// The file can't be written, or is one of the rules.
    pub(super) fn write(&mut self, name: &str, target: TargetId, query: &str) -> Result<(), Failure> {
        let extension = TARGETS.iter().find(|t| t.id() == target).map_or("txt", |t| t.extension());
        let path = self.path.join(format!("{name}.{extension}"));
        if path.canonicalize().is_ok_and(|p| self.inputs.contains(&p)) {
            return Err(Failure::new(format!("`{}` is a rule and is not overwritten", path.display()))
                .help("choose another folder for `--out`"));
        }
        let query = if query.ends_with('\n') { query.to_owned() } else { format!("{query}\n") };
        if std::fs::read(&path).is_ok_and(|old| old == query.as_bytes()) {
            self.unchanged += 1;
            return Ok(());
        }
        let failure =
            |e: &std::io::Error| Failure::new(format!("`{}` can't be written: {}", path.display(), reason(e)));
        let mut file = temporary(&self.path).map_err(|e| failure(&e))?;
        file.write_all(query.as_bytes()).map_err(|e| failure(&e))?;
        file.persist(&path).map_err(|e| failure(&e.error))?;
        self.written += 1;
        Ok(())
    }
}

/// A new file in the folder, so that it can take its name in one step.
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rulecast-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the process's mask takes away from this.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// The name of each rule's outputs: its file's stem. Rules of the same stem get the folder's name before it, and a
/// number where that is not enough; each such rule has a diagnostic.
pub(super) fn names(done: &[Done]) -> Vec<(String, Option<Diagnostic>)> {
    let paths: Vec<PathBuf> = done
        .iter()
        .map(|d| match &d.place {
            Place::File(path) => path.clone(),
            Place::Stdin => PathBuf::from("stdin"),
            Place::Nothing(..) => PathBuf::new(),
        })
        .collect();
    name_paths(&paths)
}

fn name_paths(paths: &[PathBuf]) -> Vec<(String, Option<Diagnostic>)> {
    let stem = |path: &Path| path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    // Without case, as some file systems compare.
    let mut counts: HashMap<String, usize> = HashMap::new();
    for path in paths {
        *counts.entry(stem(path).to_lowercase()).or_default() += 1;
    }
    let is_unique = |path: &Path| counts.get(&stem(path).to_lowercase()).is_none_or(|n| *n == 1);
    let mut taken: HashSet<String> = paths.iter().filter(|p| is_unique(p)).map(|p| stem(p).to_lowercase()).collect();
    let mut names = Vec::new();
    for path in paths {
        let own = stem(path);
        if own.is_empty() || is_unique(path) {
            names.push((own, None));
            continue;
        }
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or(folder);
        let base = format!("{}-{own}", stem(&folder));
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.to_lowercase()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        let diagnostic = Diagnostic::new(&code::DUPLICATE_NAME, format!("several rule files are named `{own}`"))
            .help(format!("the output of this one is named `{name}`"));
        names.push((name, Some(diagnostic)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        name_paths(&paths).into_iter().map(|(n, d)| if d.is_some() { n + "!" } else { n }).collect()
    }

    fn folder(path: &Path) -> Folder {
        Folder { path: path.to_owned(), inputs: HashSet::new(), written: 0, unchanged: 0 }
    }

    #[test]
    fn equal_stems_get_their_folders_name() {
        assert_eq!(stems(&["a/x.yml", "b/x.yaml", "y.yml"]), ["a-x!", "b-x!", "y"]);
        assert_eq!(stems(&["a/x.yml", "b/X.yml"]), ["a-x!", "b-X!"]);
    }

    #[test]
    fn names_are_never_given_twice() {
        assert_eq!(stems(&["q/a/x.yml", "r/a/x.yml", "a-x.yml"]), ["a-x-2!", "a-x-3!", "a-x"]);
    }

    #[test]
    fn unchanged_files_are_not_rewritten() {
        let root = tempfile::tempdir().expect("a folder");
        let mut folder = folder(root.path());
        for _ in 0..2 {
            folder.write("x", TargetId::Athena, "SELECT 1").unwrap_or_else(|f| panic!("{f:?}"));
        }
        assert_eq!((folder.written, folder.unchanged), (1, 1));
        assert_eq!(std::fs::read_dir(root.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_rule_is_never_overwritten() {
        let root = tempfile::tempdir().expect("a folder");
        let extension = TARGETS.iter().find(|t| t.id() == TargetId::Sigma).expect("sigma").extension();
        let rule = root.path().join(format!("x.{extension}"));
        std::fs::write(&rule, "name: x").expect("a file");
        let mut folder = folder(root.path());
        folder.inputs.insert(rule.canonicalize().expect("a path"));
        assert!(folder.write("x", TargetId::Sigma, "title: x").is_err());
        assert_eq!(std::fs::read_to_string(rule).expect("a file"), "name: x");
    }
}
