#![doc = include_str!("../docs/architecture.md")]

pub mod compile;
pub mod diagnostic;
pub mod eval;
pub mod event;
pub mod function;
pub mod ir;
pub mod options;
pub mod regex;
pub mod rule;
pub mod schema;
pub mod source;
pub mod spl;
pub mod synth;
pub mod target;
pub mod time;

#[cfg(feature = "cli")]
pub mod cli;

pub use compile::{Compiled, Compiler, Output};
pub use options::Options;
pub use source::SourceFile;
