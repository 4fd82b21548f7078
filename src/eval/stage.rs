//! Steps that are bound to the slots of a branch's rows, and how a row runs through them.

use std::sync::Arc;

use super::Value;
use super::dispatch::Demand;
use super::error::Error;
use super::expr::{Binder, Context, Node};
use super::join::{JoinTable, Joined};
use super::layout::{Layout, Row};
use super::lookup::BoundLookup;
use super::membership::Members;
use super::plan::{OpId, Step};
use super::table::Table;

/// A bound step. Each adds its slots behind those that are there.
enum Stage {
    Filter(Node),
    Extend(Vec<Node>),
    /// The value that a row is made for.
    Unnest(usize),
    Lookup(Box<BoundLookup>),
    Semi {
        on: Vec<Node>,
        members: Members,
        negated: bool,
    },
    Join(Box<Joined>),
    /// The name and the value of the column that the row names itself.
    Assign {
        name: Node,
        value: Node,
    },
}

/// The bound steps of a branch.
pub(super) struct Stages {
    stages: Vec<Stage>,
}

impl Stages {
    /// Binds steps over a layout, which becomes that of the rows at the end.
    ///
    /// # Errors
    /// An expression that can't be bound.
    pub(super) fn bind(
        steps: &[Step],
        layout: &mut Layout,
        now: f64,
        rows_of: &dyn Fn(OpId) -> Arc<Table>,
    ) -> Result<Stages, Error> {
        let mut stages = Vec::with_capacity(steps.len());
        for step in steps {
            stages.extend(bind(step, layout, now, rows_of)?);
        }
        Ok(Stages { stages })
    }

    /// What the slots that rows come with must have for any row to come through.
    pub(super) fn demands(&self, width: usize) -> Vec<Demand> {
        let mut out = Vec::new();
        for stage in &self.stages {
            match stage {
                Stage::Filter(predicate) => predicate.demands(width, &mut out),
                // What adds slots leaves those below alone.
                Stage::Extend(_) | Stage::Lookup(_) | Stage::Semi { .. } | Stage::Unnest(_) | Stage::Join(_) => {}
                Stage::Assign { .. } => {}
            }
        }
        out
    }

    /// Runs a row through the steps.
    pub(super) fn run<'e>(
        &'e self,
        base: &[Value<'e>],
        own: &mut Vec<Value<'e>>,
        context: &Context,
        sink: &mut dyn FnMut(Row<'_, 'e>),
    ) {
        own.clear();
        self.from(0, base, own, context, sink);
    }

    fn from<'e>(
        &'e self,
        at: usize,
        base: &[Value<'e>],
        own: &mut Vec<Value<'e>>,
        context: &Context,
        sink: &mut dyn FnMut(Row<'_, 'e>),
    ) {
        for (at, stage) in self.stages.iter().enumerate().skip(at) {
            match stage {
                Stage::Filter(predicate) => {
                    if !predicate.is_true(Row { base, own }, context) {
                        return;
                    }
                }
                Stage::Extend(nodes) => {
                    for node in nodes {
                        let value = node.value(Row { base, own }, context);
                        own.push(value);
                    }
                }
                Stage::Unnest(slot) => {
                    let value = Row { base, own }.get(*slot).clone();
                    let length = own.len();
                    for single in value.values() {
                        own.push(single.clone());
                        self.from(at + 1, base, own, context, sink);
                        own.truncate(length);
                    }
                    return;
                }
                Stage::Lookup(lookup) => {
                    let values = lookup.outputs(Row { base, own }, context);
                    own.extend(values);
                }
                Stage::Semi { on, members, negated } => {
                    let row = Row { base, own };
                    let found = members.contain(on.iter().map(|node| node.value(row, context)));
                    if found == *negated {
                        return;
                    }
                }
                Stage::Join(join) => {
                    let length = own.len();
                    let matches = join.matches(Row { base, own });
                    for index in matches {
                        join.extend(*index, base, own);
                        self.from(at + 1, base, own, context, sink);
                        own.truncate(length);
                    }
                    if matches.is_empty() && join.keeps_all() {
                        join.extend_unmatched(base, own);
                        self.from(at + 1, base, own, context, sink);
                        own.truncate(length);
                    }
                    return;
                }
                Stage::Assign { name, value } => {
                    let row = Row { base, own };
                    let (name, value) = (name.value(row, context), value.value(row, context));
                    own.push(name);
                    own.push(value);
                }
            }
        }
        sink(Row { base, own });
    }
}

/// Hidden columns that an [`Step::Assign`] leaves for the gathering operation.
pub(super) const ASSIGNED: [&str; 2] = ["(assigned name)", "(assigned value)"];

fn bind(
    step: &Step,
    layout: &mut Layout,
    now: f64,
    rows_of: &dyn Fn(OpId) -> Arc<Table>,
) -> Result<Option<Stage>, Error> {
    Ok(match step {
        Step::Filter(predicate) => Some(Stage::Filter(Binder::new(layout, now).bind(predicate)?)),
        Step::Extend(columns) => {
            let nodes = Binder::new(layout, now).all(columns.iter().map(|(_, e)| e))?;
            columns.iter().for_each(|(name, _)| {
                layout.add(name.clone());
            });
            Some(Stage::Extend(nodes))
        }
        Step::Project(columns) => project(columns, layout, now)?,
        Step::Unnest(column) => {
            // Without the column no row has a value of it.
            let slot = layout.slot(column).unwrap_or(usize::MAX);
            layout.add(column.clone());
            Some(Stage::Unnest(slot))
        }
        Step::Lookup(lookup) => Some(Stage::Lookup(Box::new(BoundLookup::bind(lookup, layout, now)?))),
        Step::Remove(columns) => {
            columns.iter().for_each(|name| layout.remove(name));
            None
        }
        Step::Semi { on, other, negated } => {
            let nodes = Binder::new(layout, now).all(on.iter().map(|(e, _)| e))?;
            let members = Members::new(&rows_of(*other), on.iter().map(|(_, name)| name));
            Some(Stage::Semi { on: nodes, members, negated: *negated })
        }
        Step::Join { on, kind, max, right } => {
            let table = JoinTable::new(rows_of(*right), on, *max);
            Some(Stage::Join(Box::new(Joined::bind(table, on, *kind, layout))))
        }
        Step::Assign { name, value } => {
            let mut binder = Binder::new(layout, now);
            let (name, value) = (binder.bind(name)?, binder.bind(value)?);
            ASSIGNED.iter().for_each(|column| {
                layout.add((*column).into());
            });
            Some(Stage::Assign { name, value })
        }
    })
}

/// A projection: columns that stay as they are keep their slots. Hidden columns stay.
fn project(
    columns: &[(crate::ir::Name, crate::ir::Expr)],
    layout: &mut Layout,
    now: f64,
) -> Result<Option<Stage>, Error> {
    let mut nodes = Vec::new();
    let mut kept = Vec::new();
    for (name, e) in columns {
        let node = Binder::new(layout, now).bind(e)?;
        match node {
            Node::Slot(slot) => kept.push((name.clone(), Some(slot))),
            node => {
                nodes.push(node);
                kept.push((name.clone(), None));
            }
        }
    }
    let hidden: Vec<_> = layout.columns().iter().filter(|(name, _)| is_hidden(name)).cloned().collect();
    layout.clear_names();
    for (name, slot) in hidden {
        layout.name(name, slot);
    }
    for (name, slot) in kept {
        match slot {
            Some(slot) => layout.name(name, slot),
            None => {
                layout.add(name);
            }
        }
    }
    Ok((!nodes.is_empty()).then_some(Stage::Extend(nodes)))
}

/// Whether a column is the evaluator's own.
pub(super) fn is_hidden(name: &str) -> bool {
    name == super::expr::RAW || name == super::TIME || ASSIGNED.contains(&name)
}
