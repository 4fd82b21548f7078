//! Amazon Athena SQL (engine version 3, Trino).

mod binding;
pub mod dialect;
mod ident;
mod print;
mod select;
mod sql;

pub use dialect::parse;

use super::{Context, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;

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

    fn emit(&self, _query: &Query, _context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        Err(sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, "not there yet")))
    }
}
