//! The end of lowering: scans get the fields that were read.

use super::{Lowering, Uses};
use crate::diagnostic::{Diagnostic, code};
use crate::ir::{Expr, Name, Output, Query, Rel};

impl Lowering<'_> {
    /// The query of the current scope, as it stands in the rule.
    pub(super) fn finish(self) -> Query {
        let output = match &self.scope.origin {
            None if self.scope.open || !self.scope.assigned.is_empty() => Output::Open(self.scope.columns.clone()),
            None => Output::Columns(self.scope.columns.clone()),
            // Rows of transactions are no events.
            Some(_) if self.scope.grouped.is_some() => {
                let message = "the rows of `transaction` show the fields that the rule names; Splunk shows every field of their events";
                let help = "end the rule in `table` with the fields to show";
                let place = self.scope.plan.as_ref().map(Rel::span).unwrap_or_default();
                self.sink.push(Diagnostic::new(&code::SHAPE_NOT_KEPT, message).at(place).help(help));
                Output::Columns(self.scope.columns.clone())
            }
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
