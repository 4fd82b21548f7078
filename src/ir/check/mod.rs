//! Types along a plan: which columns there are at each point, of which type, and whether they can be NULL; and whether a
//! query keeps to that.

mod describe;
mod layout;
mod present;
#[cfg(test)]
mod tests;
mod value;

pub use describe::describe;

use super::{Column, Output, Query, Rel};
use crate::source::Span;
use layout::Checker;

/// The columns at a point of a plan.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layout {
    /// In order.
    pub columns: Vec<Column>,
    /// There are others, named by values of the data.
    pub open: bool,
}

impl Layout {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| &*c.name == name)
    }

    /// Adds a column, or gives the one of this name another type.
    fn put(&mut self, column: Column) {
        match self.columns.iter_mut().find(|c| c.name == column.name) {
            Some(there) => *there = column,
            None => self.columns.push(column),
        }
    }
}

/// Whose fault it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blame {
    /// The rule asks for something that its types don't allow.
    Rule,
    /// The plan contradicts itself: a fault of the compiler.
    Plan,
}

/// A place where types don't fit.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeFault {
    pub blame: Blame,
    pub span: Span,
    /// One line, lower case, without full stop.
    pub message: String,
    pub help: String,
}

/// The columns that an operator gives.
pub fn infer(rel: &Rel) -> Layout {
    Checker::default().rel(rel).layout
}

/// Where a query's expressions and operators contradict the columns that they read, or their own types.
pub fn check(query: &Query) -> Vec<TypeFault> {
    // What is known of NULL takes time by the square of a rule's length, and tells faults of the plan only.
    let mut checker = Checker { types_only: !cfg!(debug_assertions), ..Checker::default() };
    let rows = checker.rel(&query.plan);
    let (columns, open) = match &query.output {
        Output::Columns(columns) => (columns, false),
        Output::Open(columns) => (columns, true),
        Output::Events { added, .. } => (added, false),
    };
    for column in columns {
        checker.output(column, &rows, open, query.plan.span());
    }
    checker.faults
}
