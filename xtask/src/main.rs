//! Work on the repository itself, as `cargo xtask <task>`.

mod trino;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Work on the repository itself")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the emitted Athena queries on a Trino and compares their rows with the evaluator's
    Trino(trino::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Trino(args) => trino::run(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
