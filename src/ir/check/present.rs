//! Which expressions have a value in the rows that a filter lets pass.

use std::collections::BTreeMap;

use crate::ir::{CompareOp, Expr, ExprKind, Literal, Name, Type};
use crate::source::Span;

/// Of several clauses joined by OR, at most so many are kept; each has at most so many members.
const MOST_CLAUSES: usize = 64;
const MOST_MEMBERS: usize = 12;

/// Expressions of which at least one is not NULL.
pub(super) type Clause = Vec<Expr>;

/// What is known: all clauses hold. `None`: no row gets here, so that everything holds.
type Known = Option<Vec<Clause>>;

/// Functions that are NULL just where an argument is NULL.
const TOTAL: &[&str] = &[
    "len", "lower", "ltrim", "md5", "mvcount", "mvdedup", "mvjoin", "mvsort", "mvzip", "replace", "rtrim", "sha1",
    "sha256", "sha512", "split", "substr", "trim", "upper",
];

pub(super) fn is_total(function: &str) -> bool {
    TOTAL.contains(&function)
}

/// Larger definitions are not put in for their columns.
const MOST_NODES: usize = 200;

/// What columns stand for, in terms of what the lowest operators give. A column that is not listed stands for itself.
#[derive(Clone, Default)]
pub(super) struct Definitions {
    of: BTreeMap<Name, Expr>,
    opaque: usize,
}

impl Definitions {
    /// An expression in those terms, without what is recorded about NULL: the same value is the same expression
    /// wherever it stands.
    pub(super) fn root(&self, e: &Expr) -> Expr {
        self.rooted(e.clone())
    }

    fn rooted(&self, e: Expr) -> Expr {
        if let Some(definition) = e.as_column().and_then(|name| self.of.get(name)) {
            return definition.clone();
        }
        let mut e = e.map_children(&mut |child| self.rooted(child));
        e.nullable = true;
        e
    }

    /// Gives columns their values.
    pub(super) fn define(&mut self, columns: &[(Name, Expr)]) {
        let roots: Vec<Expr> = columns.iter().map(|(_, e)| self.root(e)).collect();
        for ((name, _), root) in columns.iter().zip(roots) {
            if root.size() > MOST_NODES {
                self.forget(name);
            } else {
                self.of.insert(name.clone(), root);
            }
        }
    }

    /// Gives a column a value of which nothing is known.
    pub(super) fn forget(&mut self, name: &Name) {
        self.opaque += 1;
        let value: Name = format!("{name} #{}", self.opaque).into();
        self.of.insert(name.clone(), Expr::column(value, Type::UNKNOWN, true, Span::default()));
    }

    /// Only these columns, as defined here.
    pub(super) fn only(&self, columns: &[(Name, Expr)]) -> Definitions {
        let mut out = self.clone();
        out.define(columns);
        out.of.retain(|name, _| columns.iter().any(|(n, _)| n == name));
        out
    }
}

/// What a condition that is true says. `anew`: what a negated test says of an operand that it takes for present already
/// does not count, since something else must say so.
pub(super) fn when_true(e: &Expr, anew: bool, defs: &Definitions) -> Known {
    match &e.kind {
        ExprKind::Literal(Literal::Boolean(true)) => Some(Vec::new()),
        ExprKind::Literal(_) => None,
        ExprKind::And(parts) => all(parts.iter().map(|p| when_true(p, anew, defs))),
        ExprKind::Or(parts) => either(parts.iter().map(|p| when_true(p, anew, defs))),
        ExprKind::Not(inner) => when_false(inner, anew, defs),
        ExprKind::IsTrue(inner) => when_true(inner, anew, defs),
        ExprKind::IsNull(_) => Some(Vec::new()),
        ExprKind::Compare { op: CompareOp::Ne, .. } => known(e, anew, defs),
        _ => known(e, false, defs),
    }
}

/// What a condition that is false says.
pub(super) fn when_false(e: &Expr, anew: bool, defs: &Definitions) -> Known {
    match &e.kind {
        ExprKind::Literal(Literal::Boolean(false)) => Some(Vec::new()),
        ExprKind::Literal(_) => None,
        ExprKind::And(parts) => either(parts.iter().map(|p| when_false(p, anew, defs))),
        ExprKind::Or(parts) => all(parts.iter().map(|p| when_false(p, anew, defs))),
        ExprKind::Not(inner) => when_true(inner, anew, defs),
        ExprKind::IsTrue(_) => Some(Vec::new()),
        ExprKind::IsNull(inner) => known(inner, false, defs),
        _ => known(e, anew, defs),
    }
}

/// What follows where an expression is not NULL.
fn known(e: &Expr, anew: bool, defs: &Definitions) -> Known {
    let itself = if anew && !e.nullable { Vec::new() } else { vec![vec![defs.root(e)]] };
    let below = match &e.kind {
        ExprKind::Literal(Literal::Null) => None,
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
            all([left, right].into_iter().map(|p| known(p, anew, defs)))
        }
        ExprKind::OneOf { value, .. }
        | ExprKind::Like { value, .. }
        | ExprKind::Regex { value, .. }
        | ExprKind::InCidr { value, .. }
        | ExprKind::JsonPath { value, .. }
        | ExprKind::Capture { value, .. }
        | ExprKind::Cast { value, .. }
        | ExprKind::Bin { value, .. }
        | ExprKind::RelativeTime { time: value, .. }
        | ExprKind::FormatTime { time: value, .. }
        | ExprKind::ParseTime { text: value, .. }
        | ExprKind::Any { value, .. }
        | ExprKind::MapValues { value, .. }
        | ExprKind::FilterValues { value, .. }
        | ExprKind::Not(value) => known(value, anew, defs),
        ExprKind::Concat(parts) => all(parts.iter().map(|p| known(p, anew, defs))),
        ExprKind::Coalesce(parts) => either(parts.iter().map(|p| known(p, anew, defs))),
        ExprKind::Call { function, args } if is_total(function) => all(args.iter().map(|p| known(p, anew, defs))),
        // What a column stands for has a value too.
        ExprKind::Column(_) => match defs.root(e) {
            root if root.as_column().is_some() => Some(Vec::new()),
            root => known(&root, false, &Definitions::default()),
        },
        ExprKind::Variable(_)
        | ExprKind::Literal(_)
        | ExprKind::Term { .. }
        | ExprKind::IsNull(_)
        | ExprKind::IsTrue(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Case { .. }
        | ExprKind::Now
        | ExprKind::Call { .. } => Some(Vec::new()),
    };
    below.map(|mut clauses| {
        clauses.extend(itself);
        clauses
    })
}

/// Conditions of which at least one is true, for each part of a condition that is.
pub(super) fn truths(e: &Expr, defs: &Definitions) -> Vec<Clause> {
    let root = |parts: &[Expr]| parts.iter().map(|p| defs.root(p)).collect::<Clause>();
    match &e.kind {
        ExprKind::And(parts) => parts.iter().flat_map(|p| truths(p, defs)).collect(),
        ExprKind::IsTrue(inner) => truths(inner, defs),
        ExprKind::Or(parts) if parts.len() <= MOST_MEMBERS => vec![root(parts)],
        ExprKind::Or(_) | ExprKind::Literal(_) => Vec::new(),
        _ => vec![root(std::slice::from_ref(e))],
    }
}

fn all(parts: impl Iterator<Item = Known>) -> Known {
    let mut out: Vec<Clause> = Vec::new();
    for part in parts {
        for clause in part? {
            if !out.contains(&clause) {
                out.push(clause);
            }
        }
    }
    Some(out)
}

/// What holds whichever of the parts holds. Too much of it is left out, the weakest first.
fn either(parts: impl Iterator<Item = Known>) -> Known {
    let mut out: Known = None;
    for clauses in parts.flatten() {
        out = Some(match out {
            None => clauses,
            Some(before) => {
                let mut joined: Vec<Clause> = before.iter().filter(|a| clauses.contains(a)).cloned().collect();
                let others = |all: &[Clause]| -> Vec<Clause> {
                    all.iter().filter(|c| !joined.contains(c)).take(MOST_CLAUSES).cloned().collect()
                };
                let (before, clauses) = (others(&before), others(&clauses));
                for (a, b) in before.iter().flat_map(|a| clauses.iter().map(move |b| (a, b))) {
                    let mut clause = a.clone();
                    clause.extend(b.iter().filter(|m| !a.contains(m)).cloned());
                    if clause.len() <= MOST_MEMBERS {
                        joined.push(clause);
                    }
                }
                joined.sort_by_key(Vec::len);
                joined.truncate(MOST_CLAUSES);
                joined
            }
        });
    }
    out
}
