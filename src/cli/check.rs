//! `rulecast check`: diagnostics are the result, so they go to standard output.

use super::args::{CheckArgs, Format};
use super::console::Console;
use super::{Failure, batch, report};

pub(super) fn run(args: &CheckArgs, console: &mut Console) -> Result<u8, Failure> {
    let batch = batch::run(&args.common, None, console)?;
    for done in &batch.done {
        match args.common.format {
            Format::Json => {
                for output in &done.compiled.outputs {
                    console.print(&report::json_line(done, output, false));
                }
            }
            Format::Text => {
                for diagnostic in report::diagnostics(done) {
                    console.print_diagnostic(diagnostic, &done.file);
                }
            }
        }
    }
    let summary = report::summary(&batch);
    console.say(&format!("{summary}\n"));
    Ok(batch.status(args.common.strict, console))
}
