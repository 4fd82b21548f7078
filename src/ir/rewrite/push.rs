//! Filters go down towards the scan that their columns come from.

use super::fold;
use crate::ir::{Expr, ExprKind, Name, Rel};

/// A condition may grow to this many nodes when definitions are put in for its columns.
const MOST_NODES: usize = 120;

pub(super) fn push_filters(mut rel: Rel) -> Rel {
    for input in rel.inputs_mut() {
        let inner = std::mem::replace(input, Rel::Union { inputs: Vec::new(), span: Default::default() });
        *input = push_filters(inner);
    }
    match rel {
        Rel::Filter { input, predicate } => {
            let parts = fold::conjuncts(predicate);
            parts.into_iter().fold(*input, push)
        }
        rel => rel,
    }
}

/// Puts one conjunct as low as it can go.
fn push(input: Rel, part: Expr) -> Rel {
    match input {
        Rel::Filter { input, predicate } if passes_filters(&input, &part) => {
            let below = push(*input, part);
            Rel::Filter { input: Box::new(below), predicate }
        }
        Rel::Filter { input, predicate } => {
            let span = predicate.span;
            Rel::Filter { input, predicate: Expr::and(vec![predicate, part], span) }
        }
        Rel::Extend { input, columns } => match substituted(&part, &columns) {
            Some(below) => Rel::Extend { input: Box::new(push(*input, below)), columns },
            None => Rel::Filter { input: Box::new(Rel::Extend { input, columns }), predicate: part },
        },
        Rel::Project { input, columns } => match substituted(&part, &columns) {
            Some(below) => Rel::Project { input: Box::new(push(*input, below)), columns },
            None => Rel::Filter { input: Box::new(Rel::Project { input, columns }), predicate: part },
        },
        Rel::Sort { input, keys, limit: None, span } => {
            Rel::Sort { input: Box::new(push(*input, part)), keys, limit: None, span }
        }
        // With keys, a condition on them alone keeps or drops whole groups.
        Rel::Aggregate { input, keys, aggregates, span }
            if !keys.is_empty() && part.columns().iter().all(|c| keys.iter().any(|(k, _)| k == c)) =>
        {
            match substituted(&part, &keys) {
                Some(below) => Rel::Aggregate { input: Box::new(push(*input, below)), keys, aggregates, span },
                None => {
                    Rel::Filter { input: Box::new(Rel::Aggregate { input, keys, aggregates, span }), predicate: part }
                }
            }
        }
        Rel::Unnest { input, column, span } if !part.columns().contains(&column) => {
            Rel::Unnest { input: Box::new(push(*input, part)), column, span }
        }
        other => Rel::Filter { input: Box::new(other), predicate: part },
    }
}

/// Whether a condition can go below the operator that a filter stands on.
fn passes_filters(below: &Rel, part: &Expr) -> bool {
    match below {
        Rel::Filter { input, .. } => passes_filters(input, part),
        Rel::Extend { columns, .. } | Rel::Project { columns, .. } => substituted(part, columns).is_some(),
        Rel::Sort { limit, .. } => limit.is_none(),
        Rel::Aggregate { keys, .. } => {
            !keys.is_empty() && part.columns().iter().all(|c| keys.iter().any(|(k, _)| k == c))
        }
        Rel::Unnest { column, .. } => !part.columns().contains(column),
        _ => false,
    }
}

/// The condition over the columns below; `None` where it would grow too large, or where a column is another one each time
/// that it is computed.
fn substituted(part: &Expr, columns: &[(Name, Expr)]) -> Option<Expr> {
    let read = part.columns();
    if columns.iter().any(|(name, definition)| read.contains(name) && is_volatile(definition)) {
        return None;
    }
    let below = part.clone().substitute(&|name| columns.iter().rev().find(|(n, _)| n == name).map(|(_, e)| e.clone()));
    (below.size() <= MOST_NODES.max(part.size())).then_some(below)
}

fn is_volatile(expr: &Expr) -> bool {
    let mut volatile = false;
    expr.walk(&mut |e| volatile |= matches!(e.kind, ExprKind::Call { function: "random", .. }));
    volatile
}
