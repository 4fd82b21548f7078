//! The AST, printed as SPL and parsed again, is the same AST: over the rules of the repository and of the shared corpus,
//! over their macros, and over searches that are made at random.

#[path = "support/mod.rs"]
mod support;

#[path = "roundtrip/library.rs"]
mod library;
