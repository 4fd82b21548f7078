//! The conditions of a flow's branches: each is lowered as a whole or left out as a whole. A branch is a conjunction, so
//! what is left out makes the rule select more events, never fewer.

use super::cond::Cond;
use super::flow::{Branch, Conjunct, Flow, Role};
use super::lowering::Lowering;
use super::omission::Omission;
use super::simplify;
use crate::diagnostic::{Diagnostic, Sink, code};
use crate::ir::Expr;
use crate::source::Span;

/// What Sigma can say of a flow's conditions.
pub(super) struct Kept {
    /// One for each branch.
    branches: Vec<Parts>,
    pub(super) omissions: Vec<Omission>,
    /// The number of aggregations below each condition that is left out, or that became wider.
    pub(super) widened: Vec<usize>,
}

/// What selects events, and what is asked of them as members of groups.
#[derive(Default)]
struct Parts {
    selection: Vec<Cond>,
    keys: Vec<Cond>,
}

/// Lowers the conditions of each branch.
pub(super) fn keep(flow: &Flow<'_>, lowering: &mut Lowering<'_>) -> Kept {
    let mut kept = Kept { branches: Vec::new(), omissions: flow.omissions.clone(), widened: Vec::new() };
    for branch in &flow.branches {
        let parts = kept.branch(branch, lowering);
        kept.branches.push(parts);
    }
    kept
}

impl Kept {
    fn branch(&mut self, branch: &Branch, lowering: &mut Lowering<'_>) -> Parts {
        let mut parts = Parts::default();
        let mut said: Vec<&Expr> = Vec::new();
        for conjunct in &branch.conjuncts {
            let lowered = lowering.attempt(|l| l.truth(&conjunct.predicate));
            match (conjunct.role, lowered) {
                (Role::Selects, Ok((cond, exact))) => {
                    said.push(&conjunct.predicate);
                    parts.selection.push(cond);
                    if !exact {
                        self.widened.push(conjunct.level);
                    }
                }
                (Role::Key, Ok((cond, _))) => {
                    said.push(&conjunct.predicate);
                    parts.keys.push(cond);
                }
                (Role::Element, Ok((cond, _))) => parts.keys.push(cond),
                (Role::Selects, Err(reasons)) => {
                    let reasons = because_of_columns(&conjunct.predicate, lowering).unwrap_or(reasons);
                    self.omissions.push(Omission::on_events(reasons, conjunct.predicate.span));
                    self.widened.push(conjunct.level);
                }
                // Only events without the key are selected too: they make a group of their own.
                (Role::Key, Err(_)) => widens_by_key(conjunct, lowering),
                (Role::Element, Err(_)) => widens_by_element(conjunct, lowering),
            }
        }
        if lowering.check_same_element(&mut said.into_iter()) {
            self.widened.push(0);
        }
        parts
    }

    /// What selects events, with more conditions of all branches, and what is asked of them as members of groups.
    /// `None` where nothing is left to choose among events by.
    pub(super) fn conditions(mut self, more: Vec<Cond>) -> Option<(Cond, Cond)> {
        let chooses = |parts: &Parts| Cond::and(parts.selection.iter().chain(&more).cloned()) != Cond::True;
        let all_choose = self.branches.iter().all(chooses);
        // A search without conditions selects every event, and so does its rule.
        if !all_choose && (!self.omissions.is_empty() || self.branches.len() > 1) {
            return None;
        }
        if self.branches.len() == 1
            && let Some(parts) = self.branches.pop()
        {
            let selection = simplify::simplify(Cond::and(parts.selection.into_iter().chain(more)));
            let keys = simplify::given(Cond::and(parts.keys), &selection);
            return Some((selection, keys));
        }
        let alternatives = self
            .branches
            .into_iter()
            .map(|parts| Cond::and(parts.selection.into_iter().chain(parts.keys).chain(more.iter().cloned())));
        Some((simplify::simplify(Cond::or(alternatives)), Cond::True))
    }
}

/// What makes the values that no event holds, if a predicate looks at some: that says more than what it does to them.
fn because_of_columns(predicate: &Expr, lowering: &Lowering<'_>) -> Option<Vec<(String, Span)>> {
    let lacks: Vec<String> = predicate.columns().iter().filter_map(|c| lowering.opaque(c)).collect();
    let reasons = lacks.into_iter().map(|lack| (format!("Sigma has no {lack}"), predicate.span));
    Some(reasons.collect()).filter(|reasons: &Vec<_>| !reasons.is_empty())
}

/// Says why there is no rule where no condition is left.
pub(super) fn refuse(omissions: &[Omission], span: Span, sink: &mut Sink) {
    for omission in omissions {
        omission.refuse(sink);
    }
    if omissions.is_empty() {
        let message = "Sigma has no union with a search that selects every event";
        let help = "give each search of the union a condition on fields of the event";
        sink.push(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span).help(help));
    }
}

fn widens_by_key(conjunct: &Conjunct, lowering: &mut Lowering<'_>) {
    let message = "widens: events that lack a calculated key are left out in SPL, not in Sigma".to_owned();
    let help = "group by a raw field, or leave such events out where the alerts are read";
    lowering.approximate(message, help, conjunct.predicate.span);
}

fn widens_by_element(conjunct: &Conjunct, lowering: &mut Lowering<'_>) {
    let message = "widens: events without a value in a computed list are left out in SPL, not in Sigma".to_owned();
    let help = "expand a raw field, or leave such events out where the alerts are read";
    lowering.approximate(message, help, conjunct.predicate.span);
}
