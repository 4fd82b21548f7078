//! CloudWatch Logs Insights QL.

use super::{Context, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;

#[derive(Debug)]
pub struct Cloudwatch;

impl Target for Cloudwatch {
    fn id(&self) -> TargetId {
        TargetId::Cloudwatch
    }

    fn summary(&self) -> &'static str {
        "CloudWatch Logs Insights QL"
    }

    fn extension(&self) -> &'static str {
        "cwli"
    }

    fn template(&self) -> &'static str {
        include_str!("../../../targets/cloudwatch/query.j2")
    }

    fn emit(&self, _query: &Query, _context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        Err(sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, "not there yet")))
    }
}
