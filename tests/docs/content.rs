//! A compiler over the example content folder.

use std::path::Path;

use rulecast::diagnostic::{Diagnostic, Sink};
use rulecast::rule::Library;
use rulecast::schema::{Schema, Schemas};
use rulecast::target::TargetId;
use rulecast::{Compiled, Compiler, Options, SourceFile};

/// What an example brings along besides its search.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) macros: Vec<String>,
    pub(crate) schemas: Vec<String>,
    pub(crate) templates: Vec<String>,
}

/// A compiler with the macros, lookups and deployments of `rules/`, and what was wrong with the extra files.
pub(crate) fn compiler(extra: &Extra) -> (Compiler, Vec<Diagnostic>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut library = Library::default();
    let mut sink = Sink::default();
    for text in &extra.macros {
        library.add_macro(&SourceFile::new("macro.yml", text.as_str()), &mut sink);
    }
    for file in files(&root.join("macros")) {
        library.add_macro(&file, &mut sink);
    }
    for file in files(&root.join("deployments")) {
        library.add_deployment(&file, &mut sink);
    }
    for file in files(&root.join("lookups")) {
        let csv = Library::csv_of(&file).and_then(|name| std::fs::read_to_string(root.join("lookups").join(name)).ok());
        library.add_lookup(&file, csv.as_deref(), &mut sink);
    }
    let mut schemas = Schemas::builtin();
    for text in &extra.schemas {
        schemas.add(Schema::parse(text).unwrap_or_else(|e| panic!("{}\n{text}", e.message)));
    }
    let mut compiler = Compiler::new(library, schemas, Options::default());
    for text in &extra.templates {
        compiler.set_template(TargetId::Athena, text.clone()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    }
    (compiler, sink.into_diagnostics())
}

fn files(folder: &Path) -> Vec<SourceFile> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "yml"))
        .map(|p| SourceFile::new(p.display().to_string(), std::fs::read_to_string(p).expect("a file")))
        .collect()
}

/// A rule file with a search.
pub(crate) fn rule(search: &str) -> String {
    let lines: Vec<String> = search.lines().map(|l| format!("  {l}\n")).collect();
    format!("name: Example\nid: 1f2a3c40-0000-4000-8000-000000000001\ntype: TTP\nsearch: |-\n{}", lines.concat())
}

pub(crate) fn compile(compiler: &Compiler, text: &str) -> Compiled {
    compiler.compile(&SourceFile::new("example.yml", text), &TargetId::ALL)
}
