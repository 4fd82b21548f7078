//! `rulecast compile`.

use super::args::{CompileArgs, Emit, Format};
use super::batch::{self, Done};
use super::console::Console;
use super::{Failure, NOT_COMPILED, NOT_RUN, OK, output, report};
use crate::diagnostic::render;
use crate::ir::Query;
use crate::ir::check::describe;

pub(super) fn run(args: &CompileArgs, console: &mut Console) -> Result<u8, Failure> {
    if args.emit != Emit::Query {
        return emit(args, console);
    }
    let mut batch = batch::run(&args.common, None, console)?;
    let mut status = OK;
    if let Some(path) = &args.out {
        let names = output::names(&batch.done);
        for (done, (_, diagnostic)) in batch.done.iter_mut().zip(&names) {
            if let Some(diagnostic) = diagnostic {
                add(done, diagnostic);
            }
        }
        let mut folder = output::Folder::create(path, &batch.done)?;
        for (done, (name, _)) in batch.done.iter().zip(&names) {
            for output in &done.compiled.outputs {
                let Some(query) = &output.query else { continue };
                if let Err(failure) = folder.write(name, output.target, query) {
                    console.failure(&failure);
                    status = NOT_RUN;
                }
            }
        }
        print(args, &batch.done, console);
        let files = if folder.written == 1 { "file" } else { "files" };
        let summary = report::summary(&batch);
        console.say(&format!("{summary}; {} {files} written, {} unchanged\n", folder.written, folder.unchanged));
    } else {
        print(args, &batch.done, console);
    }
    Ok(status.max(batch.status(args.common.strict, console)))
}

fn add(done: &mut Done, diagnostic: &crate::diagnostic::Diagnostic) {
    done.compiled.diagnostics.push(diagnostic.clone());
    for output in &mut done.compiled.outputs {
        output.diagnostics.push(diagnostic.clone());
    }
}

fn print(args: &CompileArgs, results: &[Done], console: &mut Console) {
    for done in results {
        match args.common.format {
            Format::Json => {
                for output in &done.compiled.outputs {
                    console.print(&report::json_line(done, output, true));
                }
            }
            Format::Text => {
                for diagnostic in report::diagnostics(done) {
                    console.diagnostic(diagnostic, &done.file);
                }
                for output in done.compiled.outputs.iter().filter(|_| args.out.is_none()) {
                    console.print(&report::header(done, output));
                    if let Some(query) = &output.query {
                        console.print(query.trim_end());
                        console.print("\n");
                    }
                    console.print("\n");
                }
            }
        }
    }
}

/// `--emit ir`, `types`, `ast` and `spl`: one text per rule.
fn emit(args: &CompileArgs, console: &mut Console) -> Result<u8, Failure> {
    if args.common.format == Format::Json || args.out.is_some() {
        return Err(Failure::new("`--emit ir`, `types`, `ast` and `spl` print text")
            .help("leave `--format json` and `--out` out"));
    }
    let batch = batch::run(&args.common, Some(&[]), console)?;
    let mut status = batch.status(false, console);
    for done in &batch.done {
        for diagnostic in &done.compiled.diagnostics {
            console.diagnostic(diagnostic, &done.file);
        }
        let text = match args.emit {
            Emit::Ir => done.compiled.ir.as_ref().map(ir_text),
            Emit::Types => done.compiled.ir.as_ref().map(describe),
            // One stage a line.
            Emit::Spl => done.compiled.ast.as_ref().map(|ast| format!("{ast:#}")),
            Emit::Ast | Emit::Query => done.compiled.ast.as_ref().map(|ast| format!("{ast:#?}")),
        };
        match text {
            Some(text) => {
                console.print(&format!("==> {}\n{}\n\n", render::visible(done.file.path()), text.trim_end()));
            }
            None => status = status.max(NOT_COMPILED),
        }
    }
    Ok(status)
}

/// The intermediate representation as people read it.
fn ir_text(query: &Query) -> String {
    query.to_string()
}
