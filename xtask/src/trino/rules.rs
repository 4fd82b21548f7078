//! Rules and the content that they refer to, read from folders and compiled.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rulecast::diagnostic::{Diagnostic, Sink};
use rulecast::ir::Query;
use rulecast::rule::Library;
use rulecast::schema::Schemas;
use rulecast::synth::NOW;
use rulecast::target::{Fidelity, TargetId};
use rulecast::{Compiler, Options, SourceFile};

/// A folder of rules, with its compilers.
pub(crate) struct Rules {
    /// What the folder is called in reports.
    pub(crate) title: String,
    /// In the order of their names.
    pub(crate) files: Vec<PathBuf>,
    windowed: Compiler,
    all_time: Compiler,
}

/// What a rule compiles to.
pub(crate) struct Emitted {
    pub(crate) query: Query,
    pub(crate) sql: String,
    pub(crate) fidelity: Fidelity,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Rules {
    /// The rules of a content folder.
    ///
    /// # Errors
    /// A file can't be read.
    pub(crate) fn read(title: &str, content: &Path) -> Result<Rules> {
        Self::with_schemas(title, content, Schemas::builtin())
    }

    /// The rules of a content folder, over other schemas.
    ///
    /// # Errors
    /// A file can't be read.
    pub(crate) fn with_schemas(title: &str, content: &Path, schemas: Schemas) -> Result<Rules> {
        let library = library(content)?;
        // Schedules are deployments; a search's own `earliest` stays.
        let unscheduled = Library { deployments: Default::default(), ..library.clone() };
        let options = |all_time| Options { as_of: Some(NOW), all_time, ..Options::default() };
        Ok(Rules {
            title: title.to_owned(),
            files: yaml_files(&content.join("detections")),
            windowed: Compiler::new(library, schemas.clone(), options(false)),
            all_time: Compiler::new(unscheduled, schemas, options(true)),
        })
    }

    /// Compiles a rule with its schedule's time window where it has one, or without. `None`: it has no query for Athena.
    pub(crate) fn compile(&self, file: &Path, window: bool) -> Result<Option<Emitted>> {
        if window {
            return match self.compiled(&self.windowed, file)? {
                None => self.compiled(&self.all_time, file),
                some => Ok(some),
            };
        }
        self.compiled(&self.all_time, file)
    }

    fn compiled(&self, compiler: &Compiler, file: &Path) -> Result<Option<Emitted>> {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let source = SourceFile::from_bytes(file.display().to_string(), bytes);
        let mut compiled = compiler.compile(&source, &[TargetId::Athena]);
        let (Some(query), Some(output)) = (compiled.ir.take(), compiled.outputs.pop()) else { return Ok(None) };
        let (fidelity, diagnostics) = (output.fidelity, output.diagnostics);
        Ok(output.query.map(|sql| Emitted { query, sql, fidelity, diagnostics }))
    }

    pub(crate) fn schemas(&self) -> &Schemas {
        &self.windowed.schemas
    }
}

pub(crate) fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn library(content: &Path) -> Result<Library> {
    let mut library = Library::default();
    let mut sink = Sink::default();
    let read = |path: &Path| -> Result<SourceFile> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        Ok(SourceFile::from_bytes(path.display().to_string(), bytes))
    };
    for path in yaml_files(&content.join("macros")) {
        library.add_macro(&read(&path)?, &mut sink);
    }
    for path in yaml_files(&content.join("deployments")) {
        library.add_deployment(&read(&path)?, &mut sink);
    }
    let lookups = content.join("lookups");
    for path in yaml_files(&lookups) {
        let file = read(&path)?;
        let csv = Library::csv_of(&file).and_then(|name| std::fs::read_to_string(lookups.join(name)).ok());
        library.add_lookup(&file, csv.as_deref(), &mut sink);
    }
    Ok(library)
}
