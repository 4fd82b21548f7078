//! Follows a plan from its scan upwards. Every operator that leaves rows out selects no more than its input, so what
//! Sigma can't say of it is left out and named; only a plan whose rows are no events of one log source is refused.

use super::flow::{Branch, Conjunct, Flow, Group, Others, Role, private};
use super::omission::Omission;
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::{Aggregate, Expr, ExprKind, Frame, Join, JoinKind, Literal, Name, Query, Rel, Type};
use crate::source::Span;

/// Larger definitions are not written out.
const LARGEST: usize = 60_000;

/// Follows the plan of a query.
///
/// # Errors
/// An operator that no Sigma rule can stand for; the sink has the reason.
pub(super) fn trace<'a>(query: &'a Query, sink: &mut Sink) -> Result<Flow<'a>, Reported> {
    let mut tracer = Tracer { sink, privates: 0, opaque: Vec::new() };
    let mut flow = tracer.rel(&query.plan)?;
    flow.opaque.extend(tracer.opaque);
    Ok(flow)
}

struct Tracer<'s> {
    sink: &'s mut Sink,
    /// How many private columns there are.
    privates: usize,
    opaque: Vec<(Name, String)>,
}

impl Tracer<'_> {
    fn rel<'a>(&mut self, rel: &'a Rel) -> Result<Flow<'a>, Reported> {
        match rel {
            Rel::Scan(scan) => Ok(Flow::new(scan)),
            Rel::Values(values) => {
                Err(self.unsupported(format!("rows of a lookup table (`inputlookup {}`)", values.table), values.span))
            }
            Rel::Filter { input, predicate } => {
                let mut flow = self.rel(input)?;
                self.filter(&mut flow, predicate);
                Ok(flow)
            }
            Rel::Extend { input, columns } => {
                let mut flow = self.rel(input)?;
                for branch in &mut flow.branches {
                    let defined = self.define(branch, columns);
                    branch.columns.extend(defined);
                }
                Ok(flow)
            }
            Rel::Project { input, columns } => {
                let mut flow = self.rel(input)?;
                flow.shape(None);
                for branch in &mut flow.branches {
                    branch.columns = self.define(branch, columns).into_iter().collect();
                    branch.others = Others::Null;
                }
                Ok(flow)
            }
            Rel::Aggregate { input, keys, aggregates, span } => {
                let flow = self.rel(input)?;
                Ok(self.aggregate(flow, keys, aggregates, *span))
            }
            Rel::Window { input, frame, columns, span, .. } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                let command = match frame {
                    Frame::Partition => "eventstats",
                    Frame::Running { .. } | Frame::Recent { .. } => "streamstats",
                };
                for (name, _) in columns {
                    self.hide(&mut flow, name, format!("condition on values over several events (`{command}`)"), true);
                }
                Ok(flow)
            }
            Rel::Unnest { input, column, span } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                self.unnest(&mut flow, column, *span);
                Ok(flow)
            }
            Rel::Join(join) => self.join(join),
            // Whether the other search finds such a row or must find none: it leaves rows of this one out.
            Rel::SemiJoin { input, span, .. } => {
                let mut flow = self.rel(input)?;
                let lack = "condition computed by another search (a subsearch)";
                flow.omissions.push(Omission::operator(lack, *span));
                flow.rows.fewer = true;
                Ok(flow)
            }
            Rel::Union { inputs, span } => self.union(inputs, *span),
            Rel::Sort { input, limit, span, .. } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                match limit {
                    // The limit that `sort` has without being asked.
                    Some(n) if *n >= 10_000 => {
                        let message = format!("`sort` keeps {n} rows in Splunk; Sigma selects all events");
                        self.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(*span));
                    }
                    Some(n) => {
                        self.widens(format!("the first {n} rows of `sort` are kept in SPL, all in Sigma"), *span);
                        flow.rows.fewer = true;
                    }
                    None => {}
                }
                Ok(flow)
            }
            Rel::Limit { input, count, last, span } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                flow.rows.fewer = true;
                let (command, which) = if *last { ("tail", "last") } else { ("head", "first") };
                self.widens(format!("the {which} {count} rows are kept in SPL (`{command}`), all in Sigma"), *span);
                Ok(flow)
            }
            Rel::Distinct { input, keys, span, .. } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                flow.rows.fewer = true;
                for branch in &mut flow.branches {
                    let keys: Vec<Expr> = keys.iter().map(|k| self.substitute(branch, k)).collect();
                    branch.mark_keys(&keys);
                }
                self.widens("repeated events are left out in SPL (`dedup`) and kept in Sigma".to_owned(), *span);
                Ok(flow)
            }
            Rel::Transaction(_)
            | Rel::Beside { .. }
            | Rel::Pivot(_)
            | Rel::Unpivot { .. }
            | Rel::Transpose(_)
            | Rel::Continuous(_)
            | Rel::Remove { .. }
            | Rel::Assign { .. } => Err(self.unsupported(format!("the rows of `{}`", rel.spl_name()), rel.span())),
            // Outputs replace columns of the same name, also by NULL; the rows stay.
            Rel::Lookup(lookup) => {
                let mut flow = self.rel(&lookup.input)?;
                flow.shape(Some(lookup.span));
                for output in &lookup.outputs {
                    let what = format!("condition on values of a lookup (`{}`)", lookup.table.name);
                    self.hide(&mut flow, &output.output, what, true);
                }
                Ok(flow)
            }
        }
    }

    fn filter(&mut self, flow: &mut Flow<'_>, predicate: &Expr) {
        let level = flow.groups.len();
        for part in conjuncts(predicate) {
            for branch in &mut flow.branches {
                let predicate = self.substitute(branch, &part);
                if predicate.is_literal_true() {
                    continue;
                }
                if predicate.columns().iter().any(|c| flow.aggregates.contains_key(c)) {
                    if !flow.thresholds.contains(&predicate) {
                        flow.thresholds.push(predicate);
                    }
                } else if is_window(&predicate) {
                    let message = "the condition on the event's time is not part of the rule: Sigma leaves the time window to whoever runs it";
                    self.sink.push(Diagnostic::new(&code::READING, message).at(part.span));
                } else {
                    branch.conjuncts.push(Conjunct { predicate, role: Role::Selects, level });
                }
            }
        }
    }

    fn aggregate<'a>(
        &mut self,
        mut flow: Flow<'a>,
        keys: &[(Name, Expr)],
        aggregates: &[(Name, Aggregate)],
        span: Span,
    ) -> Flow<'a> {
        flow.shape(Some(span));
        let level = flow.groups.len();
        let mut defined: Vec<Vec<(Name, Expr)>> = Vec::new();
        for branch in &mut flow.branches {
            let own = self.define(branch, keys);
            branch.mark_keys(&own.iter().map(|(_, e)| e.clone()).collect::<Vec<_>>());
            defined.push(own);
        }
        // Aggregates of several branches are those of the first: nothing is counted over them.
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for (name, aggregate) in aggregates {
            let argument = match (&aggregate.argument, flow.branches.first()) {
                (Some(argument), Some(branch)) => Some(self.substitute(branch, argument)),
                (argument, _) => argument.clone(),
            };
            let private = self.private();
            let column = Expr::column(private.clone(), aggregate.ty, aggregate.nullable, aggregate.span);
            flow.aggregates.insert(private, (level, Aggregate { argument, ..aggregate.clone() }));
            columns.push((name.clone(), column));
        }
        let first = defined.first().cloned().unwrap_or_default();
        let keys = first.into_iter().enumerate().map(|(i, (name, key))| {
            let same = defined.iter().all(|d| d.get(i).is_some_and(|(_, e)| *e == key));
            (name, same.then_some(key))
        });
        let rows = std::mem::take(&mut flow.rows);
        flow.groups.push(Group { keys: keys.collect(), span, rows });
        for (branch, own) in flow.branches.iter_mut().zip(defined) {
            branch.columns = own.into_iter().chain(columns.iter().cloned()).collect();
            branch.others = Others::Null;
        }
        flow
    }

    /// One row for each value; rows without one are dropped.
    fn unnest(&mut self, flow: &mut Flow<'_>, column: &Name, span: Span) {
        let level = flow.groups.len();
        let mut hide = false;
        for branch in &mut flow.branches {
            let value = branch.column(column, Type::UNKNOWN, span);
            let missing = Expr { nullable: true, ..value.clone() }.is_null();
            branch.conjuncts.push(Conjunct { predicate: missing.negate(), role: Role::Element, level });
            flow.rows.unnested.extend(value.columns());
            match &value.kind {
                ExprKind::Column(raw) if !super::flow::is_private(raw) => {
                    flow.elements.insert(raw.clone());
                    let element = Expr { ty: value.ty.element(), nullable: false, ..value };
                    branch.columns.insert(column.clone(), element);
                }
                _ => hide = true,
            }
        }
        if hide {
            let what = "condition on one value of a computed list (`mvexpand`)".to_owned();
            self.hide(flow, column, what, false);
        }
    }

    /// A left join keeps all rows; an inner one leaves some out.
    fn join<'a>(&mut self, join: &'a Join) -> Result<Flow<'a>, Reported> {
        let mut flow = self.rel(&join.left)?;
        flow.shape(Some(join.span));
        match join.kind {
            JoinKind::Inner => {
                let lack = "condition that another search has such a row too (`join`)";
                flow.omissions.push(Omission::operator(lack, join.span));
                flow.rows.fewer = true;
            }
            JoinKind::Left => {}
        }
        flow.rows.more |= join.max != Some(1);
        let what = "condition on values of another search (`join`)".to_owned();
        match columns_of(&join.right) {
            Some(names) => {
                for name in names.iter().filter(|n| !join.on.contains(n)) {
                    self.hide(&mut flow, name, what.clone(), true);
                }
            }
            // Whole events of the other search: each field can have another value now.
            None => {
                let private = self.private();
                for branch in &mut flow.branches {
                    let on = join.on.iter().map(|n| (n.clone(), branch.column(n, Type::UNKNOWN, join.span)));
                    branch.columns = on.collect();
                    branch.others = Others::Opaque(private.clone());
                }
                self.opaque.push((private, what));
            }
        }
        Ok(flow)
    }

    fn union<'a>(&mut self, inputs: &'a [Rel], span: Span) -> Result<Flow<'a>, Reported> {
        let mut all: Option<Flow<'a>> = None;
        let mut tables = Vec::new();
        for input in inputs {
            if let Some(table) = table_of(input) {
                tables.push((input, table));
                continue;
            }
            let flow = self.rel(input)?;
            let Some(united) = &mut all else {
                all = Some(flow);
                continue;
            };
            if united.scan.source != flow.scan.source {
                let what =
                    format!("rule over several log sources (`{}` and `{}`)", united.scan.source, flow.scan.source);
                return Err(self.unsupported(what, span));
            }
            united.unite(flow);
        }
        let Some(mut flow) = all else {
            return match tables.first() {
                Some((table, _)) => self.rel(table),
                None => Err(self.unsupported("union of nothing".to_owned(), span)),
            };
        };
        for (_, (table, span)) in tables {
            let message =
                format!("narrows: the rows that lookup `{table}` adds are no events, and no rule selects them");
            let help = "look the rows of the table up where the rule's alerts are read";
            self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
            flow.shape(Some(span));
            flow.rows.mixed = true;
        }
        Ok(flow)
    }

    fn define(&mut self, branch: &Branch, columns: &[(Name, Expr)]) -> Vec<(Name, Expr)> {
        columns.iter().map(|(name, e)| (name.clone(), self.substitute(branch, e))).collect()
    }

    /// The expression over raw and private columns. Where it would grow too large: a private column.
    fn substitute(&mut self, branch: &Branch, e: &Expr) -> Expr {
        let mut size = 0_usize;
        e.walk(&mut |node| {
            size += match &node.kind {
                ExprKind::Column(name) => branch.columns.get(name).map_or(1, Expr::size),
                _ => 1,
            };
        });
        if size > LARGEST {
            let private = self.private();
            self.opaque.push((private.clone(), "place for a calculated field that grows so large".to_owned()));
            return Expr::column(private, e.ty, true, e.span);
        }
        let span = e.span;
        e.clone().substitute(&|name| branch.lookup(name, span))
    }

    /// Defines a column whose values no event holds.
    fn hide(&mut self, flow: &mut Flow<'_>, name: &Name, what: String, nullable: bool) {
        let private = self.private();
        for branch in &mut flow.branches {
            let column = Expr::column(private.clone(), Type::UNKNOWN, nullable, Span::default());
            branch.columns.insert(name.clone(), column);
        }
        self.opaque.push((private, what));
    }

    fn private(&mut self) -> Name {
        self.privates += 1;
        private(self.privates)
    }

    fn widens(&mut self, message: String, span: Span) {
        let help = "what reads the rule's alerts has to choose among them";
        self.sink.push(Diagnostic::new(&code::APPROXIMATION, format!("widens: {message}")).at(span).help(help));
    }

    fn unsupported(&mut self, what: String, span: Span) -> Reported {
        let message = format!("Sigma has no {what}");
        let help = "a Sigma rule selects single events of one log source, or counts them";
        self.sink.fail(Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span).help(help))
    }
}

/// The members of a conjunction, of which a filter needs all to be true. `not (a or b)` is one too.
fn conjuncts(e: &Expr) -> Vec<Expr> {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        ExprKind::IsTrue(inner) => conjuncts(inner),
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::Not(inner) => conjuncts(inner),
            ExprKind::Or(parts) => parts.iter().flat_map(|p| conjuncts(&p.clone().negate())).collect(),
            // `is-true` goes into a disjunction: one is true where a member is.
            ExprKind::IsTrue(either) => match &either.kind {
                ExprKind::Or(parts) => parts.iter().flat_map(|p| conjuncts(&p.clone().is_true().negate())).collect(),
                _ => vec![e.clone()],
            },
            _ => vec![e.clone()],
        },
        _ => vec![e.clone()],
    }
}

/// A comparison of the event's time with a moment that no field has a part in.
fn is_window(e: &Expr) -> bool {
    let ExprKind::Compare { left, right, .. } = &e.kind else { return false };
    let is_time = |e: &Expr| matches!(&e.kind, ExprKind::Column(name) if &**name == "_time");
    let is_moment = |e: &Expr| {
        e.columns().is_empty()
            && !matches!(e.as_literal(), Some(Literal::Null | Literal::Boolean(_) | Literal::Strings(_)))
    };
    (is_time(left) && is_moment(right)) || (is_time(right) && is_moment(left))
}

/// The table that a plan's rows come from, where they are no events.
fn table_of(rel: &Rel) -> Option<(Name, Span)> {
    match rel {
        Rel::Scan(_) => None,
        Rel::Values(values) => Some((values.table.clone(), values.span)),
        Rel::Union { inputs, .. } => {
            let tables: Option<Vec<_>> = inputs.iter().map(table_of).collect();
            tables?.into_iter().next()
        }
        Rel::Join(join) => table_of(&join.left),
        Rel::SemiJoin { input, .. }
        | Rel::Filter { input, .. }
        | Rel::Extend { input, .. }
        | Rel::Project { input, .. }
        | Rel::Aggregate { input, .. }
        | Rel::Window { input, .. }
        | Rel::Unnest { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. } => table_of(input),
        Rel::Lookup(lookup) => table_of(&lookup.input),
        Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => rel.inputs().first().and_then(|input| table_of(input)),
    }
}

/// The names of a plan's columns, where they do not depend on the events.
fn columns_of(rel: &Rel) -> Option<Vec<Name>> {
    match rel {
        Rel::Scan(_) => None,
        Rel::Values(values) => Some(values.columns.clone()),
        Rel::Project { columns, .. } => Some(columns.iter().map(|(n, _)| n.clone()).collect()),
        Rel::Aggregate { keys, aggregates, .. } => {
            Some(keys.iter().map(|(n, _)| n.clone()).chain(aggregates.iter().map(|(n, _)| n.clone())).collect())
        }
        Rel::Extend { input, columns } => {
            let mut names = columns_of(input)?;
            names.extend(columns.iter().map(|(n, _)| n.clone()));
            Some(names)
        }
        Rel::Window { input, columns, .. } => {
            let mut names = columns_of(input)?;
            names.extend(columns.iter().map(|(n, _)| n.clone()));
            Some(names)
        }
        Rel::Lookup(lookup) => {
            let mut names = columns_of(&lookup.input)?;
            names.extend(lookup.outputs.iter().map(|o| o.output.clone()));
            Some(names)
        }
        Rel::Join(join) => {
            let mut names = columns_of(&join.left)?;
            names.extend(columns_of(&join.right)?);
            Some(names)
        }
        Rel::Union { inputs, .. } => {
            let mut names = Vec::new();
            for input in inputs {
                names.extend(columns_of(input)?);
            }
            Some(names)
        }
        Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => None,
        Rel::Filter { input, .. }
        | Rel::Unnest { input, .. }
        | Rel::SemiJoin { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. } => columns_of(input),
    }
}
