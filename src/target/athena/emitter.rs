//! What a compilation to Athena carries along: the query parts made so far, and where complaints go.

use std::collections::HashMap;

use sqlparser::ast::Cte;

use super::block::Block;
use super::ident::Names;
use super::typed::Typed;
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::source::Span;
use crate::target::Context;

pub(super) struct Emitter<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) sink: &'a mut Sink,
    pub(super) ctes: Vec<Cte>,
    /// Names of relations: tables and CTEs.
    pub(super) relations: Names,
    /// The IR's lambda variables in scope.
    pub(super) variables: HashMap<u32, Typed>,
    /// How many lambdas stand around the expression at hand.
    pub(super) depth: usize,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(context: &'a Context<'a>, sink: &'a mut Sink) -> Self {
        Self { context, sink, ctes: Vec::new(), relations: Names::default(), variables: HashMap::new(), depth: 0 }
    }

    /// There is no query: Athena can't say this.
    pub(super) fn unsupported(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Reported {
        self.sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span).help(help))
    }

    /// The result can differ; the message says how and in which direction.
    pub(super) fn approximate(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
    }

    /// A reading that was chosen.
    pub(super) fn reading(&mut self, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::new(&code::READING, message).at(span));
    }

    /// A fault of the compiler.
    pub(super) fn internal(&mut self, span: Span, message: impl Into<String>) -> Reported {
        self.sink.fail(Diagnostic::new(&code::INTERNAL, message).at(span))
    }

    /// A name for a lambda's parameter that hides neither a column nor an enclosing parameter.
    pub(super) fn parameter(&self, block: &Block) -> String {
        let mut depth = self.depth;
        loop {
            let name = match depth {
                0 => "x".to_owned(),
                1 => "y".to_owned(),
                2 => "z".to_owned(),
                n => format!("x{n}"),
            };
            if !block.names.contains(&name) {
                return name;
            }
            // Names above the plain ones: no other depth arrives there.
            depth += 100;
        }
    }

    /// Does something inside one more lambda.
    pub(super) fn inside<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }
}
