//! The end of lowering: scans get the fields that were read, and types are checked.

use super::{Lowering, Uses};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::check::{Blame, check};
use crate::ir::{Expr, Name, Output, Query, Rel};

impl Lowering<'_> {
    /// The query of the current scope, as it stands in the rule.
    pub(super) fn finish(self) -> Query {
        let output = match &self.scope.origin {
            None => Output::Columns(self.scope.columns.clone()),
            Some(origin) => Output::Events { added: self.scope.columns.clone(), removed: origin.removed.clone() },
        };
        let mut plan = self.scope.plan.unwrap_or(Rel::Values(crate::ir::Values {
            table: "".into(),
            columns: Vec::new(),
            rows: Vec::new(),
            external: false,
            span: Default::default(),
        }));
        let uses = self.uses;
        complete_scans(&mut plan, &|source| uses.get(source));
        Query { plan, output }
    }
}

/// Gives each scan the raw fields of its schema that the query reads anywhere, with the calculated fields on top;
/// what a scan's own pipeline does not need is pruned afterwards.
fn complete_scans<'u>(plan: &mut Rel, uses: &dyn Fn(&str) -> Option<&'u Uses>) {
    if let Rel::Scan(scan) = plan {
        let Some(uses) = uses(&scan.source) else { return };
        scan.fields = uses.raw.values().cloned().collect();
        if uses.calculated.is_empty() {
            return;
        }
        let columns: Vec<(Name, Expr)> = uses.calculated.iter().map(|(n, e)| (n.clone(), e.clone())).collect();
        let scan = Rel::Scan(scan.clone());
        *plan = Rel::Extend { input: Box::new(scan), columns };
        return;
    }
    for input in plan.inputs_mut() {
        complete_scans(input, uses);
    }
}

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
