//! Types of a query that was lowered.

use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;
use crate::ir::check::{Blame, check};

/// Reports what the types of a query don't allow. A plan that contradicts itself is a fault of the compiler, which
/// builds with debug assertions report too.
///
/// # Errors
/// The rule is at fault.
pub(super) fn check_types(query: &Query, sink: &mut Sink) -> Result<(), Reported> {
    let mut result = Ok(());
    for fault in check(query) {
        match fault.blame {
            Blame::Rule => {
                let diagnostic = Diagnostic::new(&code::TYPE_MISMATCH, fault.message).at(fault.span).help(fault.help);
                result = Err(sink.fail(diagnostic));
            }
            Blame::Plan if cfg!(debug_assertions) => {
                sink.push(Diagnostic::new(&code::INTERNAL, fault.message).at(fault.span));
            }
            Blame::Plan => {}
        }
    }
    result
}
