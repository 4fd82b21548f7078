//! The `rulecast` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    rulecast::cli::main()
}
