//! The intermediate representation: typed relational operators over predicates and aggregations.
//!
//! It knows neither SPL's syntax nor any target. What SPL leaves unsaid is said here: how letters compare,
//! what NULL does, which wildcard pieces a value has, whether some or all values of a multivalue field count.

pub mod check;
mod display;
mod exclusive;
mod expr;
mod fold;
pub mod letters;
pub mod merge;
mod path;
mod pattern;
mod rel;
pub mod rewrite;
mod ty;

pub use expr::{ArithmeticOp, Case, CompareOp, Expr, ExprKind, Literal, Name, RelativeTime, Step, TimeStep, TimeUnit};
pub use path::parse_path;
pub use pattern::{Pattern, Piece};
pub use rel::{
    Aggregate, AggregateFunction, Column, Continuous, Frame, Join, JoinKind, Lookup, LookupOutput, LookupTable,
    MatchType, NamePart, Output, Pivot, Query, Rel, Scan, SortKey, SortOrder, Stride, TimeBound, Transaction,
    Transpose, Values, Window, Within,
};
pub use ty::{Scalar, Type};
