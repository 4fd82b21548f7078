//! Rewrites of the IR that keep its meaning: filters go down towards their scan, conditions are simplified by what is
//! known of the rows that reach them, columns that nobody reads are dropped, and what the inputs of a union share moves
//! above it.

mod facts;
mod fold;
mod prune;
mod push;
#[cfg(test)]
mod tests;
mod union;

use super::{Expr, Name, Query, Rel};
use facts::Facts;

/// Simplifies a query. Its rows stay the same.
pub fn simplify(query: Query) -> Query {
    let plan = push::push_filters(query.plan);
    let plan = simplify_rel(plan).0;
    let plan = push::push_filters(plan);
    let plan = simplify_rel(plan).0;
    let plan = prune::prune(plan, &query.output);
    // Inputs of unions are more alike without the columns that nobody reads.
    let (mut plan, moved) = union::hoist(plan);
    if moved {
        plan = simplify_rel(push::push_filters(plan)).0;
        plan = prune::prune(plan, &query.output);
    }
    Query { plan, output: query.output }
}

/// Simplifies expressions from the scans upwards, and gives what is known of the rows.
fn simplify_rel(rel: Rel) -> (Rel, Facts) {
    match rel {
        Rel::Filter { input, predicate } => {
            let (input, facts) = simplify_rel(*input);
            let (predicate, facts) = simplify_filter(predicate, facts);
            if predicate.is_literal_true() {
                return (input, facts);
            }
            (Rel::Filter { input: Box::new(input), predicate }, facts)
        }
        Rel::Extend { input, columns } => {
            let (input, facts) = simplify_rel(*input);
            let columns: Vec<(Name, Expr)> = columns.into_iter().map(|(n, e)| (n, fold::fold(e, &facts))).collect();
            let facts = facts.extended(&columns);
            (Rel::Extend { input: Box::new(input), columns }, facts)
        }
        Rel::Project { input, columns } => {
            let (input, facts) = simplify_rel(*input);
            let columns: Vec<(Name, Expr)> = columns.into_iter().map(|(n, e)| (n, fold::fold(e, &facts))).collect();
            let facts = facts.projected(&columns);
            (Rel::Project { input: Box::new(input), columns }, facts)
        }
        Rel::Aggregate { input, keys, mut aggregates, span } => {
            let (input, facts) = simplify_rel(*input);
            let keys: Vec<(Name, Expr)> = keys.into_iter().map(|(n, e)| (n, fold::fold(e, &facts))).collect();
            for (_, aggregate) in &mut aggregates {
                aggregate.argument = aggregate.argument.take().map(|a| fold::fold(a, &facts));
            }
            let facts = facts.projected(&keys);
            (Rel::Aggregate { input: Box::new(input), keys, aggregates, span }, facts)
        }
        Rel::Unnest { input, column, span } => {
            let (input, facts) = simplify_rel(*input);
            let facts = facts.without(&column);
            (Rel::Unnest { input: Box::new(input), column, span }, facts)
        }
        Rel::Sort { input, keys, limit, span } => {
            let (input, facts) = simplify_rel(*input);
            (Rel::Sort { input: Box::new(input), keys, limit, span }, facts)
        }
        Rel::Limit { input, count, last, span } => {
            let (input, facts) = simplify_rel(*input);
            (Rel::Limit { input: Box::new(input), count, last, span }, facts)
        }
        Rel::Distinct { input, keys, count, span } => {
            let (input, facts) = simplify_rel(*input);
            let keys = keys.into_iter().map(|k| fold::fold(k, &facts)).collect();
            (Rel::Distinct { input: Box::new(input), keys, count, span }, facts)
        }
        Rel::Scan(_) | Rel::Values(_) => (rel, Facts::default()),
        Rel::Window { .. }
        | Rel::Join(_)
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Lookup(_)
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => {
            let mut rel = rel;
            for input in rel.inputs_mut() {
                let inner = std::mem::replace(input, Rel::Union { inputs: Vec::new(), span: Default::default() });
                *input = simplify_rel(inner).0;
            }
            (rel, Facts::default())
        }
    }
}

/// Simplifies a filter's conjuncts, each by what the rows below and the other conjuncts say.
fn simplify_filter(predicate: Expr, below: Facts) -> (Expr, Facts) {
    let span = predicate.span;
    let mut parts = fold::conjuncts(fold::truth(fold::fold(predicate, &below), &below));
    // In a very long list, conjuncts are not simplified by one another: that takes time by the square of its length.
    let compared = if parts.len() <= fold::MOST_COMPARED { parts.len() } else { 0 };
    for i in 0..compared {
        let mut facts = below.clone();
        for (j, part) in parts.iter().enumerate() {
            if j != i {
                facts.learn(part);
            }
        }
        let part = std::mem::replace(&mut parts[i], Expr::boolean(true, span));
        parts[i] = fold::truth(fold::fold(part, &facts), &facts);
    }
    let mut facts = below;
    let mut kept: Vec<Expr> = Vec::new();
    for part in parts.into_iter().flat_map(fold::conjuncts) {
        if !part.is_literal_true() && (kept.len() >= fold::MOST_COMPARED || !kept.contains(&part)) {
            facts.learn(&part);
            kept.push(part);
        }
    }
    (fold::truth(Expr::and(kept, span), &Facts::default()), facts)
}
