//! The AST, printed as SPL and parsed again, is the same AST: over the rules of the repository and of the shared corpus,
//! over their macros, and over searches that are made at random.

// What is skipped is said.
#![allow(clippy::print_stdout)]

#[path = "support/mod.rs"]
mod support;

#[path = "roundtrip/library.rs"]
mod library;
#[path = "roundtrip/run.rs"]
mod run;

#[path = "roundtrip/expressions.rs"]
mod expressions;

#[path = "roundtrip/charts.rs"]
mod charts;
#[path = "roundtrip/commands.rs"]
mod commands;
#[path = "roundtrip/named.rs"]
mod named;

#[path = "roundtrip/generated.rs"]
mod generated;

#[path = "roundtrip/hostile.rs"]
mod hostile;
