//! Unions whose inputs are conditions on the same events: one scan with one condition.

use super::{Expr, Rel, Scan, exclusive};
use crate::source::Span;

/// What a union of conditions on the same events is.
#[derive(Clone, PartialEq, Debug)]
pub struct OneScan {
    /// Reads what all inputs read.
    pub scan: Scan,
    /// Holds for the events that some input takes.
    pub predicate: Expr,
    /// Whether no event is taken by two inputs. Else the union repeats it, and the one condition does not.
    pub exclusive: bool,
}

/// The inputs of a union as one scan, where each is nothing but conditions on the events of the same source and time.
pub fn one_scan(inputs: &[Rel], span: Span) -> Option<OneScan> {
    let branches: Vec<(&Scan, Vec<&Expr>)> = inputs.iter().map(filtered_scan).collect::<Option<_>>()?;
    let mut scan = branches.first().map(|(scan, _)| (*scan).clone())?;
    if branches.iter().any(|(other, _)| other.source != scan.source || other.window != scan.window) {
        return None;
    }
    for (other, _) in &branches {
        let new: Vec<_> = other.fields.iter().filter(|f| !scan.fields.iter().any(|s| s.name == f.name)).collect();
        scan.fields.extend(new.into_iter().cloned());
    }
    let mut branches: Vec<Vec<Expr>> = branches
        .into_iter()
        .map(|(_, predicates)| predicates.into_iter().flat_map(exclusive::conjuncts).cloned().collect())
        .collect();
    let exclusive = exclusive::pairwise(&branches);
    // What all inputs demand stands once.
    let shared: Vec<Expr> = match branches.split_first() {
        Some((first, rest)) => first.iter().filter(|p| rest.iter().all(|b| b.contains(p))).cloned().collect(),
        None => Vec::new(),
    };
    branches.iter_mut().for_each(|b| b.retain(|p| !shared.contains(p)));
    let either = Expr::or(branches.into_iter().map(|b| Expr::and(b, span).is_true()).collect(), span);
    let predicate = Expr::and(shared.into_iter().chain([either]).collect(), span);
    Some(OneScan { scan, predicate, exclusive })
}

/// The scan and the conditions, where an operator is nothing else.
fn filtered_scan(rel: &Rel) -> Option<(&Scan, Vec<&Expr>)> {
    match rel {
        Rel::Scan(scan) => Some((scan, Vec::new())),
        Rel::Filter { input, predicate } => {
            let (scan, mut predicates) = filtered_scan(input)?;
            predicates.push(predicate);
            Some((scan, predicates))
        }
        Rel::Values(_)
        | Rel::Extend { .. }
        | Rel::Project { .. }
        | Rel::Aggregate { .. }
        | Rel::Window { .. }
        | Rel::Unnest { .. }
        | Rel::Join(_)
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Sort { .. }
        | Rel::Limit { .. }
        | Rel::Distinct { .. }
        | Rel::Lookup(_)
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => None,
    }
}
