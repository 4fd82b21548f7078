//! The command line: reads files, starts threads, prints. One file per subcommand.
//!
//! Exit status: 0 all compiled; 1 a rule can't be compiled for a target (or is approximate under `--strict`);
//! 2 wrong usage, or an input that can't be read; 3 `run --fail-on-hits` found rows.

mod args;
mod batch;
mod check;
mod compile;
mod config;
mod console;
mod content;
mod coverage;
mod evaluate;
mod events;
mod input;
mod output;
mod report;
mod rows;
mod run;
mod settings;
mod targets;
mod test;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use console::Console;

/// A reason to stop before any rule is compiled; exit status 2.
#[derive(Debug)]
struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Exit statuses.
const OK: u8 = 0;
const NOT_COMPILED: u8 = 1;
const NOT_RUN: u8 = 2;
const HITS: u8 = 3;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are "errors" with status 0. That nobody reads the text is no error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { NOT_RUN } else { OK });
        }
    };
    batch::keep_panics_quiet();
    let mut console = Console::new(cli.color);
    let result = match &cli.command {
        Command::Compile(args) => compile::run(args, &mut console),
        Command::Check(args) => check::run(args, &mut console),
        Command::Coverage(args) => coverage::run(args, &mut console),
        Command::Run(args) => run::run(args, &mut console),
        Command::Test(args) => test::run(args, &mut console),
        Command::Targets(args) => targets::run(args, &mut console),
    };
    let status = result.unwrap_or_else(|failure| {
        console.failure(&failure);
        NOT_RUN
    });
    let finished = console.finish();
    ExitCode::from(if finished == OK { status } else { finished })
}
