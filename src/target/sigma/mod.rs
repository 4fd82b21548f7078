//! Sigma rules (specification v2).

use super::{Context, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;

#[derive(Debug)]
pub struct Sigma;

impl Target for Sigma {
    fn id(&self) -> TargetId {
        TargetId::Sigma
    }

    fn summary(&self) -> &'static str {
        "Sigma rules (specification v2)"
    }

    fn extension(&self) -> &'static str {
        "yml"
    }

    fn template(&self) -> &'static str {
        include_str!("../../../targets/sigma/query.j2")
    }

    fn emit(&self, _query: &Query, _context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        Err(sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, "not there yet")))
    }
}
