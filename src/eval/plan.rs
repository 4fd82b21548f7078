//! A query as operations: each gathers rows from branches of steps that work row by row.
//!
//! A branch begins at a scan, at known rows, or at another operation's rows. What can be said about a row by itself
//! (filters, definitions, lookups, joins with rows that are known by then) is a step; what needs all rows is an operation.

use crate::ir::{self, Expr, JoinKind, Name, Rel, SortKey};
use crate::source::Span;

use super::table::Table;

/// An operation's number in its plan.
pub(super) type OpId = usize;

/// The operations of a query, each after those that it reads.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) ops: Vec<Op>,
    /// What the user should know about the result.
    pub(super) notes: Vec<(String, Span)>,
}

#[derive(Debug)]
pub(super) struct Op {
    pub(super) branches: Vec<Branch>,
    pub(super) gather: Gather,
    /// What is done to the gathered rows.
    pub(super) work: Work,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) origin: Origin,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Origin {
    Scan(ir::Scan),
    Rows(Table),
    Op(OpId),
}

/// What happens to a row by itself.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Filter(Expr),
    Extend(Vec<(Name, Expr)>),
    Project(Vec<(Name, Expr)>),
    Unnest(Name),
    Lookup(Box<Lookup>),
    Semi { on: Vec<(Expr, Name)>, other: OpId, negated: bool },
    Join { on: Vec<Name>, kind: JoinKind, max: Option<u32>, right: OpId },
    Assign { name: Expr, value: Expr },
    Remove(Vec<Name>),
}

/// An [`ir::Lookup`] without its input.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub(super) table: std::sync::Arc<ir::LookupTable>,
    pub(super) on: Vec<(Name, Expr)>,
    pub(super) outputs: Vec<ir::LookupOutput>,
}

/// How rows are gathered.
#[derive(Clone, Debug)]
pub(super) enum Gather {
    /// All of them, in order, or the first or last so many.
    Rows {
        sort: Vec<SortKey>,
        limit: Option<u64>,
        last: bool,
    },
    Groups {
        keys: Vec<(Name, Expr)>,
        aggregates: Vec<(Name, ir::Aggregate)>,
    },
    /// The first rows of each combination of keys.
    Distinct {
        keys: Vec<Expr>,
        count: u64,
    },
}

/// What is done to all rows at once.
#[derive(Clone, Debug)]
pub(super) enum Work {
    None,
    Window { partition: Vec<Expr>, frame: ir::Frame, columns: Vec<(Name, ir::Aggregate)> },
    Transaction(Box<ir::Transaction>),
    Beside { right: OpId, replace: bool },
    Pivot(ir::Pivot),
    Unpivot { keep: Name, name: Name, value: Name },
    Transpose(ir::Transpose),
    Continuous(Box<ir::Continuous>),
}

impl Gather {
    pub(super) fn all() -> Self {
        Gather::Rows { sort: Vec::new(), limit: None, last: false }
    }
}

impl Plan {
    /// The operations of a plan; the last one gives its rows.
    pub(super) fn new(rel: &Rel) -> Plan {
        let mut builder = Builder { plan: Plan { ops: Vec::new(), notes: Vec::new() }, known: Vec::new() };
        let branches = builder.branches(rel);
        builder.op(branches, Gather::all(), Work::None, rel.span());
        builder.plan
    }

    /// The operations that must have their rows before a branch can begin.
    pub(super) fn needs(branch: &Branch) -> impl Iterator<Item = OpId> {
        let origin = match branch.origin {
            Origin::Op(id) => Some(id),
            Origin::Scan(_) | Origin::Rows(_) => None,
        };
        let sides = branch.steps.iter().filter_map(|step| match step {
            Step::Semi { other, .. } => Some(*other),
            Step::Join { right, .. } => Some(*right),
            _ => None,
        });
        origin.into_iter().chain(sides)
    }
}

struct Builder<'r> {
    plan: Plan,
    /// Plans that occur several times are run once.
    known: Vec<(&'r Rel, OpId)>,
}

impl<'r> Builder<'r> {
    fn op(&mut self, branches: Vec<Branch>, gather: Gather, work: Work, span: Span) -> OpId {
        self.plan.ops.push(Op { branches, gather, work, span });
        self.plan.ops.len() - 1
    }

    /// An operation that gathers all rows of a plan.
    fn rows(&mut self, rel: &'r Rel) -> OpId {
        if let Some((_, id)) = self.known.iter().find(|(known, _)| *known == rel) {
            return *id;
        }
        let branches = self.branches(rel);
        let id = match branches.as_slice() {
            [Branch { origin: Origin::Op(id), steps }] if steps.is_empty() => *id,
            _ => self.op(branches, Gather::all(), Work::None, rel.span()),
        };
        self.known.push((rel, id));
        id
    }

    /// The branches with one more step each.
    fn step(&mut self, input: &'r Rel, step: Step) -> Vec<Branch> {
        let mut branches = self.branches(input);
        for branch in &mut branches {
            branch.steps.push(step.clone());
        }
        branches
    }

    /// An operation over a plan's rows, as the origin of what follows.
    fn gathered(&mut self, rel: &'r Rel, input: &'r Rel, gather: Gather, work: Work) -> Vec<Branch> {
        let id = match self.known.iter().find(|(known, _)| *known == rel) {
            Some((_, id)) => *id,
            None => {
                let branches = self.branches(input);
                let id = self.op(branches, gather, work, rel.span());
                self.known.push((rel, id));
                id
            }
        };
        vec![Branch { origin: Origin::Op(id), steps: Vec::new() }]
    }

    fn branches(&mut self, rel: &'r Rel) -> Vec<Branch> {
        match rel {
            Rel::Scan(scan) => vec![Branch { origin: Origin::Scan(scan.clone()), steps: Vec::new() }],
            Rel::Values(values) => {
                if values.external {
                    self.note(
                        format!("the rows of the lookup `{}` are not known: there are none here", values.table),
                        values.span,
                    );
                }
                vec![Branch { origin: Origin::Rows(Table::of_values(values)), steps: Vec::new() }]
            }
            Rel::Filter { input, predicate } => self.step(input, Step::Filter(predicate.clone())),
            Rel::Extend { input, columns } => self.step(input, Step::Extend(columns.clone())),
            Rel::Project { input, columns } => self.step(input, Step::Project(columns.clone())),
            Rel::Unnest { input, column, .. } => self.step(input, Step::Unnest(column.clone())),
            Rel::Lookup(lookup) => {
                if lookup.table.external {
                    let message =
                        format!("the rows of the lookup `{}` are not known: nothing matches here", lookup.table.name);
                    self.note(message, lookup.span);
                }
                let step =
                    Lookup { table: lookup.table.clone(), on: lookup.on.clone(), outputs: lookup.outputs.clone() };
                self.step(&lookup.input, Step::Lookup(Box::new(step)))
            }
            Rel::SemiJoin { input, other, on, negated, .. } => {
                let other = self.rows(other);
                self.step(input, Step::Semi { on: on.clone(), other, negated: *negated })
            }
            Rel::Join(join) => {
                let right = self.rows(&join.right);
                let step = Step::Join { on: join.on.clone(), kind: join.kind, max: join.max, right };
                self.step(&join.left, step)
            }
            Rel::Assign { input, name, value, .. } => {
                // Which columns the rows have then depends on them all.
                let step = Step::Assign { name: name.clone(), value: value.clone() };
                let branches = self.step(input, step);
                let id = self.op(branches, Gather::all(), Work::None, rel.span());
                vec![Branch { origin: Origin::Op(id), steps: Vec::new() }]
            }
            Rel::Union { inputs, .. } => inputs.iter().flat_map(|input| self.branches(input)).collect(),
            Rel::Aggregate { input, keys, aggregates, .. } => {
                let gather = Gather::Groups { keys: keys.clone(), aggregates: aggregates.clone() };
                self.gathered(rel, input, gather, Work::None)
            }
            Rel::Distinct { input, keys, count, .. } => {
                self.gathered(rel, input, Gather::Distinct { keys: keys.clone(), count: *count }, Work::None)
            }
            Rel::Sort { input, keys, limit, .. } => {
                let gather = Gather::Rows { sort: keys.clone(), limit: *limit, last: false };
                self.gathered(rel, input, gather, Work::None)
            }
            Rel::Limit { input, count, last, .. } => {
                let gather = Gather::Rows { sort: Vec::new(), limit: Some(*count), last: *last };
                self.gathered(rel, input, gather, Work::None)
            }
            Rel::Window { input, partition, frame, columns, .. } => {
                let work = Work::Window { partition: partition.clone(), frame: *frame, columns: columns.clone() };
                self.gathered(rel, input, Gather::all(), work)
            }
            Rel::Transaction(transaction) => {
                let work = Work::Transaction(Box::new(transaction.clone()));
                self.gathered(rel, &transaction.input, Gather::all(), work)
            }
            Rel::Remove { input, columns, .. } => self.step(input, Step::Remove(columns.clone())),
            Rel::Continuous(continuous) => {
                let work = Work::Continuous(Box::new(continuous.clone()));
                self.gathered(rel, &continuous.input, Gather::all(), work)
            }
            Rel::Beside { left, right, replace, .. } => {
                let right = self.rows(right);
                self.gathered(rel, left, Gather::all(), Work::Beside { right, replace: *replace })
            }
            Rel::Pivot(pivot) => self.gathered(rel, &pivot.input, Gather::all(), Work::Pivot(pivot.clone())),
            Rel::Unpivot { input, keep, name, value, .. } => {
                let work = Work::Unpivot { keep: keep.clone(), name: name.clone(), value: value.clone() };
                self.gathered(rel, input, Gather::all(), work)
            }
            Rel::Transpose(transpose) => {
                self.gathered(rel, &transpose.input, Gather::all(), Work::Transpose(transpose.clone()))
            }
        }
    }

    fn note(&mut self, message: String, span: Span) {
        if !self.plan.notes.iter().any(|(m, _)| *m == message) {
            self.plan.notes.push((message, span));
        }
    }
}
