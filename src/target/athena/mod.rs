//! Amazon Athena SQL (engine version 3, Trino).
//!
//! The plan is walked from the result down to the scan and back: on the way down each operator says which columns it
//! reads and whether it cares for the rows' order ([`block::Needs`]), on the way up it extends the SELECT of its input
//! ([`block::Block`]) or, where SQL's order of clauses does not allow that, turns it into a CTE and begins the next.
//! Everything is built as `sqlparser`'s tree through the constructors in [`sql`] and [`select`], and printed by
//! [`print`]; no text is ever pasted into a query.

mod aggregate;
mod beside;
mod binding;
mod bins;
mod block;
mod call;
mod compare;
pub mod dialect;
mod emitter;
mod entries;
mod external;
mod functions;
mod ident;
mod join;
mod json;
mod kind;
mod lookup;
mod number;
mod order;
mod pairs;
mod pivot;
mod plan;
mod predicate;
mod print;
mod printf;
mod regex;
mod scalar;
mod select;
mod semi;
mod sql;
mod strptime;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod transaction;
mod typed;
mod window;

pub use dialect::parse;

use super::{Context, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;

/// Bytes that Athena accepts as a query (its service quotas, "Query string length").
const MAX_LENGTH: usize = 262_144;

/// The target `athena`.
#[derive(Debug)]
pub struct Athena;

impl Target for Athena {
    fn id(&self) -> TargetId {
        TargetId::Athena
    }

    fn summary(&self) -> &'static str {
        "Amazon Athena SQL (engine version 3, Trino)"
    }

    fn extension(&self) -> &'static str {
        "sql"
    }

    fn template(&self) -> &'static str {
        include_str!("../../../targets/athena/query.j2")
    }

    fn emit(&self, query: &Query, context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        let tree = emitter::Emitter::new(context, sink).query(query)?;
        let text = print::query(&tree);
        if text.len() > MAX_LENGTH {
            return Err(sink.fail(
                Diagnostic::new(
                    &code::QUERY_TOO_LONG,
                    format!("the query has {} bytes, Athena takes {MAX_LENGTH}", text.len()),
                )
                .help("shorten the rule's lists, or load lookup tables into Athena"),
            ));
        }
        Ok(text)
    }
}
