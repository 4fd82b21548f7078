//! Expressions: bound to slots once, then run on each row.

mod bind;
mod compare;
mod node;
mod run;

use super::Value;
pub(super) use bind::{Binder, constant};
pub(super) use node::Node;
pub(super) use run::Context;

/// The hidden column of the raw event.
pub(super) const RAW: &str = "(raw)";

/// A number, as an integer where it is whole.
pub(super) fn number(n: f64) -> Value<'static> {
    if n == n.trunc() && n.abs() < 9e15 { Value::Integer(n as i64) } else { n.into() }
}
