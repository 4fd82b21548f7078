//! What the tests of commands share.

use crate::compile::{Compiled, Compiler};
use crate::options::Options;
use crate::rule::Library;
use crate::schema::Schemas;
use crate::source::SourceFile;

fn compile(stages: &str, from: &str) -> Compiled {
    let search = format!("sourcetype=aws:cloudtrail earliest={from} latest=now | {stages}").replace('\'', "''");
    let rule = format!("name: x\nsearch: '{search}'\n");
    let options = Options { all_time: true, ..Options::default() };
    let compiler = Compiler::new(Library::default(), Schemas::builtin(), options);
    compiler.compile(&SourceFile::new("x.yml", rule), &[])
}

/// The IR of the stages behind a source, without the scan.
pub(super) fn ir(stages: &str) -> String {
    ir_from("-1h", stages)
}

/// As [`ir`], in the window from `from` to now.
pub(super) fn ir_from(from: &str, stages: &str) -> String {
    let compiled = compile(stages, from);
    let text = compiled.ir.map_or_else(|| format!("{:?}", compiled.diagnostics), |query| query.to_string());
    text.lines().skip_while(|l| l.starts_with("scan") || l.starts_with(' ')).collect::<Vec<_>>().join("\n")
}

/// The codes of what is wrong or differs, without those of the rule's layout and notes.
pub(super) fn codes(stages: &str) -> Vec<&'static str> {
    let compiled = compile(stages, "-1h");
    let of_search = compiled.diagnostics.iter().filter(|d| !d.code.id.starts_with('R') && d.code.id != "N303");
    of_search.map(|d| d.code.id).collect()
}

/// The messages of what is wrong or differs.
pub(super) fn messages(stages: &str) -> Vec<String> {
    compile(stages, "-1h").diagnostics.into_iter().filter(|d| !d.code.id.starts_with('R')).map(|d| d.message).collect()
}
