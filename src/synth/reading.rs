//! What a query asks of the records of each scan.

use crate::ir::{AggregateFunction, CompareOp, Expr, ExprKind, Literal, Name, Piece, Rel, Scan, Stride};

/// A condition may grow to this many nodes; larger ones are forgotten.
const MOST_NODES: usize = 600;

/// Wishes that are kept.
const MOST_WISHES: usize = 60;

/// Bursts have at most so many records.
const LARGEST_BURST: usize = 40;

/// A scan, and what the operators above it ask of its columns.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) scan: Scan,
    /// What must be true for a row to get to the end. Those that say what a field is come first.
    pub(super) conditions: Vec<Expr>,
    /// Conditions that decide values, not rows.
    pub(super) wishes: Vec<Expr>,
    /// Seconds between edges of bins.
    pub(super) spans: Vec<f64>,
    /// Numbers of rows that conditions on aggregates speak of.
    pub(super) thresholds: Vec<usize>,
}

#[derive(Clone, Default)]
struct Asked {
    conditions: Vec<Expr>,
    wishes: Vec<Expr>,
}

/// The scans of a plan with what is asked of each.
pub(super) fn readings(plan: &Rel) -> Vec<Reading> {
    let mut out = Vec::new();
    walk(plan, Asked::default(), &mut out);
    let (mut spans, mut thresholds) = (Vec::new(), Vec::new());
    collect(plan, &mut spans, &mut thresholds);
    for reading in &mut out {
        reading.spans.clone_from(&spans);
        reading.thresholds.clone_from(&thresholds);
        reading.conditions.sort_by_key(is_negative);
    }
    out
}

fn is_negative(condition: &Expr) -> u8 {
    match &condition.kind {
        ExprKind::IsTrue(inner) => is_negative(inner),
        ExprKind::Not(_) | ExprKind::Compare { op: CompareOp::Ne, .. } => 2,
        ExprKind::Or(_) | ExprKind::Case { .. } => 1,
        _ => 0,
    }
}

impl Asked {
    /// Below an operator that defines columns.
    fn below(self, columns: &[(Name, Expr)]) -> Asked {
        let down = |list: Vec<Expr>| {
            let put = |e: Expr| {
                let lookup = |name: &Name| columns.iter().rev().find(|(n, _)| n == name).map(|(_, d)| d.clone());
                e.substitute(&lookup)
            };
            list.into_iter().map(put).filter(|e| e.size() <= MOST_NODES).collect()
        };
        Asked { conditions: down(self.conditions), wishes: down(self.wishes) }
    }

    /// Without what speaks of columns that the operator makes in a way that can't be followed.
    fn without(mut self, made: &dyn Fn(&Name) -> bool) -> Asked {
        let free = |e: &Expr| !e.columns().iter().any(made);
        self.conditions.retain(free);
        self.wishes.retain(free);
        self
    }

    /// Adds the conditions within an expression that decide its value.
    fn wish(&mut self, e: &Expr) {
        e.walk(&mut |node| {
            let of_rows = matches!(
                node.kind,
                ExprKind::Compare { .. }
                    | ExprKind::OneOf { .. }
                    | ExprKind::Like { .. }
                    | ExprKind::Regex { .. }
                    | ExprKind::InCidr { .. }
                    | ExprKind::And(_)
                    | ExprKind::IsNull(_)
                    | ExprKind::Capture { .. }
            );
            if of_rows && self.wishes.len() < MOST_WISHES && !reads_variable(node) {
                self.wishes.push(node.clone());
            }
        });
    }
}

fn reads_variable(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |node| found |= matches!(node.kind, ExprKind::Variable(_)));
    found
}

fn walk(rel: &Rel, mut asked: Asked, out: &mut Vec<Reading>) {
    match rel {
        Rel::Scan(scan) => {
            let known = |name: &Name| !scan.fields.iter().any(|f| f.name == *name);
            let asked = asked.without(&known);
            let Asked { conditions, wishes } = asked;
            out.push(Reading { scan: scan.clone(), conditions, wishes, spans: Vec::new(), thresholds: Vec::new() });
        }
        Rel::Values(_) => {}
        Rel::Filter { input, predicate } => {
            conjuncts(predicate, &mut asked.conditions);
            walk(input, asked, out);
        }
        Rel::Extend { input, columns } => {
            let mut asked = asked.below(columns);
            columns.iter().for_each(|(_, e)| asked.wish(e));
            walk(input, asked, out);
        }
        Rel::Project { input, columns } => {
            let mut asked = asked.without(&|n| !columns.iter().any(|(c, _)| c == n)).below(columns);
            columns.iter().for_each(|(_, e)| asked.wish(e));
            walk(input, asked, out);
        }
        Rel::Aggregate { input, keys, aggregates, .. } => {
            let mut asked = asked.without(&|n| !keys.iter().any(|(k, _)| k == n)).below(keys);
            for (_, aggregate) in aggregates {
                if let Some(argument) = &aggregate.argument {
                    asked.wish(argument);
                    if aggregate.function == AggregateFunction::CountIf {
                        asked.wishes.push(argument.clone());
                    }
                }
            }
            walk(input, asked, out);
        }
        Rel::Window { input, columns, .. } => {
            walk(input, asked.without(&|n| columns.iter().any(|(c, _)| c == n)), out);
        }
        // What is asked of one value is asked of the field.
        Rel::Unnest { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. }
        | Rel::Remove { input, .. }
        | Rel::Assign { input, .. } => walk(input, asked, out),
        Rel::Join(join) => {
            walk(&join.left, asked.clone(), out);
            walk(&join.right, asked, out);
        }
        Rel::SemiJoin { input, other, .. } => {
            walk(input, asked, out);
            walk(other, Asked::default(), out);
        }
        Rel::Union { inputs, .. } => inputs.iter().for_each(|input| walk(input, asked.clone(), out)),
        Rel::Lookup(lookup) => {
            let mut asked = asked.without(&|n| lookup.outputs.iter().any(|o| o.output == *n));
            for (column, e) in &lookup.on {
                let Some(at) = lookup.table.columns.iter().position(|c| c == column) else { continue };
                let items = lookup.table.rows.iter().take(200).filter_map(|row| row.get(at));
                // A wildcard of the table is written with `*`.
                let items: Vec<String> = items.filter(|i| !i.is_empty()).map(|i| i.replace('*', "Any1")).collect();
                if !items.is_empty() {
                    let kind = ExprKind::OneOf { value: Box::new(e.clone()), items, case: crate::ir::Case::Sensitive };
                    let hit = Expr::new(kind, crate::ir::Type::BOOLEAN, true, lookup.span);
                    asked.wishes.extend([hit.clone(), hit]);
                }
            }
            walk(&lookup.input, asked, out);
        }
        Rel::Transaction(t) => {
            let mut asked = asked.without(&|n| matches!(&**n, "duration" | "eventcount" | "closed_txn"));
            asked.wishes.extend(t.starts_with.iter().chain(&t.ends_with).cloned());
            walk(&t.input, asked, out);
        }
        Rel::Beside { left, right, .. } => {
            walk(left, asked, out);
            walk(right, Asked::default(), out);
        }
        Rel::Pivot(p) => walk(&p.input, Asked::default(), out),
        Rel::Unpivot { input, .. } => walk(input, Asked::default(), out),
        Rel::Transpose(t) => walk(&t.input, Asked::default(), out),
        Rel::Continuous(c) => walk(&c.input, asked.without(&|n| *n == c.column), out),
    }
}

fn conjuncts(e: &Expr, out: &mut Vec<Expr>) {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().for_each(|p| conjuncts(p, out)),
        ExprKind::IsTrue(inner) => conjuncts(inner, out),
        _ => out.push(e.clone()),
    }
}

/// Spans of bins, and numbers that conditions above aggregations compare with.
fn collect(rel: &Rel, spans: &mut Vec<f64>, thresholds: &mut Vec<usize>) {
    let mut see = |e: &Expr, counts: bool| {
        e.walk(&mut |node| match &node.kind {
            ExprKind::Bin { span, .. } if *span >= 1.0 && spans.len() < 20 => spans.push(*span),
            ExprKind::Compare { right, left, .. } if counts => {
                let number = [left, right].into_iter().find_map(|side| match side.as_literal() {
                    Some(Literal::Integer(n)) => Some(*n as f64),
                    Some(Literal::Double(n)) => Some(*n),
                    _ => None,
                });
                if let Some(n) = number.filter(|n| (1.0..LARGEST_BURST as f64).contains(n)) {
                    thresholds.push(n as usize);
                }
            }
            _ => {}
        });
    };
    match rel {
        Rel::Filter { input, predicate } => see(predicate, is_above_aggregate(input)),
        Rel::Extend { columns, .. } | Rel::Project { columns, .. } => columns.iter().for_each(|(_, e)| see(e, false)),
        Rel::Aggregate { keys, .. } => keys.iter().for_each(|(_, e)| see(e, false)),
        Rel::Continuous(c) => {
            if let Stride::Even(seconds) = c.stride {
                spans.push(seconds);
            }
        }
        _ => {}
    }
    rel.inputs().into_iter().for_each(|input| collect(input, spans, thresholds));
}

fn is_above_aggregate(rel: &Rel) -> bool {
    matches!(rel, Rel::Aggregate { .. } | Rel::Window { .. } | Rel::Transaction(_))
        || rel.inputs().into_iter().any(is_above_aggregate)
}

/// A text that the pieces of a pattern match; `fill` gives the text of a wildcard.
pub(super) fn sample(pieces: &[Piece], fill: &mut dyn FnMut() -> String) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Any => fill(),
            Piece::One => "q".to_owned(),
        })
        .collect()
}
