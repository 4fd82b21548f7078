//! Columns that nobody reads are dropped, down to the fields of the scans.

use std::collections::BTreeSet;

use crate::ir::{Aggregate, Expr, Frame, Name, Output, Rel, Within};

type Needed = BTreeSet<Name>;

pub(super) fn prune(plan: Rel, output: &Output) -> Rel {
    let needed: Needed = match output {
        Output::Columns(columns) | Output::Open(columns) => columns.iter().map(|c| c.name.clone()).collect(),
        Output::Events { added, .. } => added.iter().map(|c| c.name.clone()).collect(),
    };
    // Where names come from the data, what a later stage reads can't be told.
    if matches!(output, Output::Open(_)) || names_by_data(&plan) {
        return prune_below(plan);
    }
    prune_rel(plan, &needed)
}

fn names_by_data(rel: &Rel) -> bool {
    matches!(rel, Rel::Pivot(_) | Rel::Unpivot { .. } | Rel::Transpose(_) | Rel::Remove { .. } | Rel::Assign { .. })
        || rel.inputs().into_iter().any(names_by_data)
}

/// What a pivot reads is known, whatever the names of the columns that it makes.
fn prune_below(mut rel: Rel) -> Rel {
    if let Rel::Pivot(p) = &mut rel
        && !names_by_data(&p.input)
    {
        let needed: Needed = p.values.iter().chain([&p.row, &p.column]).cloned().collect();
        let input = std::mem::replace(&mut *p.input, Rel::Union { inputs: Vec::new(), span: Default::default() });
        *p.input = prune_rel(input, &needed);
        return rel;
    }
    for input in rel.inputs_mut() {
        let inner = std::mem::replace(input, Rel::Union { inputs: Vec::new(), span: Default::default() });
        *input = prune_below(inner);
    }
    rel
}

fn read<'e>(needed: &Needed, expressions: impl IntoIterator<Item = &'e Expr>) -> Needed {
    let mut out = needed.clone();
    for expression in expressions {
        out.extend(expression.columns());
    }
    out
}

/// `_time`, where an aggregate goes by it.
fn time_of(aggregates: &[(Name, Aggregate)]) -> Option<Name> {
    aggregates.iter().any(|(_, a)| a.function.reads_time()).then(|| "_time".into())
}

fn prune_rel(rel: Rel, needed: &Needed) -> Rel {
    match rel {
        Rel::Scan(mut scan) => {
            scan.fields.retain(|f| needed.contains(&f.name));
            Rel::Scan(scan)
        }
        Rel::Values(values) => Rel::Values(values),
        Rel::Filter { input, predicate } => {
            let below = read(needed, [&predicate]);
            Rel::Filter { input: Box::new(prune_rel(*input, &below)), predicate }
        }
        Rel::Extend { input, mut columns } => {
            // A column that is its own name adds nothing.
            columns.retain(|(n, e)| needed.contains(n) && e.as_column() != Some(n));
            let mut below: Needed = needed.iter().filter(|n| !columns.iter().any(|(c, _)| c == *n)).cloned().collect();
            below = read(&below, columns.iter().map(|(_, e)| e));
            let input = Box::new(prune_rel(*input, &below));
            if columns.is_empty() { *input } else { Rel::Extend { input, columns } }
        }
        Rel::Project { input, mut columns } => {
            columns.retain(|(n, _)| needed.contains(n));
            let below = read(&Needed::new(), columns.iter().map(|(_, e)| e));
            Rel::Project { input: Box::new(prune_rel(*input, &below)), columns }
        }
        Rel::Aggregate { input, keys, mut aggregates, span } => {
            aggregates.retain(|(n, _)| needed.contains(n));
            let arguments = aggregates.iter().filter_map(|(_, a)| a.argument.as_ref());
            let mut below = read(&Needed::new(), keys.iter().map(|(_, e)| e).chain(arguments));
            below.extend(time_of(&aggregates));
            Rel::Aggregate { input: Box::new(prune_rel(*input, &below)), keys, aggregates, span }
        }
        Rel::Window { input, partition, frame, mut columns, span } => {
            columns.retain(|(n, _)| needed.contains(n));
            let rest: Needed = needed.iter().filter(|n| !columns.iter().any(|(c, _)| c == *n)).cloned().collect();
            let arguments = columns.iter().filter_map(|(_, a)| a.argument.as_ref());
            let mut below = read(&rest, partition.iter().chain(arguments));
            below.extend(time_of(&columns));
            if matches!(frame, Frame::Recent { within: Within::Seconds(_), .. }) && !columns.is_empty() {
                below.insert("_time".into());
            }
            let input = Box::new(prune_rel(*input, &below));
            if columns.is_empty() { *input } else { Rel::Window { input, partition, frame, columns, span } }
        }
        Rel::Unnest { input, column, span } => {
            let mut below = needed.clone();
            below.insert(column.clone());
            Rel::Unnest { input: Box::new(prune_rel(*input, &below)), column, span }
        }
        Rel::Join(mut join) => {
            let mut below = needed.clone();
            below.extend(join.on.iter().cloned());
            join.left = Box::new(prune_rel(*join.left, &below));
            join.right = Box::new(prune_rel(*join.right, &below));
            Rel::Join(join)
        }
        Rel::SemiJoin { input, other, on, negated, span } => {
            let below = read(needed, on.iter().map(|(e, _)| e));
            let inside: Needed = on.iter().map(|(_, n)| n.clone()).collect();
            Rel::SemiJoin {
                input: Box::new(prune_rel(*input, &below)),
                other: Box::new(prune_rel(*other, &inside)),
                on,
                negated,
                span,
            }
        }
        Rel::Union { inputs, span } => {
            Rel::Union { inputs: inputs.into_iter().map(|i| prune_rel(i, needed)).collect(), span }
        }
        Rel::Sort { input, keys, limit, span } => {
            let below = read(needed, keys.iter().map(|k| &k.expr));
            Rel::Sort { input: Box::new(prune_rel(*input, &below)), keys, limit, span }
        }
        Rel::Limit { input, count, last, span } => {
            Rel::Limit { input: Box::new(prune_rel(*input, needed)), count, last, span }
        }
        Rel::Distinct { input, keys, count, span } => {
            let below = read(needed, &keys);
            Rel::Distinct { input: Box::new(prune_rel(*input, &below)), keys, count, span }
        }
        Rel::Transaction(mut t) => {
            t.columns.retain(|n| needed.contains(n));
            t.lists.retain(|n| needed.contains(n));
            let mut below = read(&t.columns.iter().cloned().collect(), t.starts_with.iter().chain(&t.ends_with));
            below.extend(t.fields.iter().cloned());
            below.insert("_time".into());
            t.input = Box::new(prune_rel(*t.input, &below));
            Rel::Transaction(t)
        }
        Rel::Beside { left, right, replace, span } => Rel::Beside {
            left: Box::new(prune_rel(*left, needed)),
            right: Box::new(prune_rel(*right, needed)),
            replace,
            span,
        },
        // Every column of their input is read.
        Rel::Pivot(_) | Rel::Unpivot { .. } | Rel::Transpose(_) | Rel::Remove { .. } | Rel::Assign { .. } => rel,
        Rel::Continuous(mut c) => {
            let mut below = read(needed, c.from.iter().chain(&c.until));
            below.insert(c.column.clone());
            c.input = Box::new(prune_rel(*c.input, &below));
            Rel::Continuous(c)
        }
        Rel::Lookup(mut lookup) => {
            lookup.outputs.retain(|o| needed.contains(&o.output));
            let made = |n: &&Name| !lookup.outputs.iter().any(|o| o.output == **n && !o.keep_existing);
            let rest: Needed = needed.iter().filter(made).cloned().collect();
            let below = read(&rest, lookup.on.iter().map(|(_, e)| e));
            lookup.input = Box::new(prune_rel(*lookup.input, &below));
            if lookup.outputs.is_empty() { *lookup.input } else { Rel::Lookup(lookup) }
        }
    }
}
