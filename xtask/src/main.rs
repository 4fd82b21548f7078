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
    /// Compares the cost of emitted Athena queries with that of queries written by hand
    Cost,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Trino(args) => trino::run(&args),
        Task::Cost => trino::cost::run(),
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
