//! Follows a plan from its scan upwards: which conditions select events, what groups them, what is asked of groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::{Aggregate, Expr, ExprKind, Frame, JoinKind, Literal, Name, Output, Query, Rel, Scan, Type};
use crate::source::Span;

/// Larger definitions are not written out.
const LARGEST: usize = 60_000;

/// A plan as Sigma sees it.
pub(super) struct Flow<'a> {
    pub(super) scan: &'a Scan,
    /// Alternatives (of a union); usually one.
    pub(super) branches: Vec<Branch>,
    /// The aggregations, from below.
    pub(super) groups: Vec<Group>,
    /// Conditions on aggregates, over the columns in `aggregates`.
    pub(super) thresholds: Vec<Expr>,
    /// By their private column: the aggregation they belong to, and what they compute over raw columns.
    pub(super) aggregates: BTreeMap<Name, (usize, Aggregate)>,
    /// Private columns that are neither fields nor aggregates, and what makes them.
    pub(super) opaque: BTreeMap<Name, String>,
    /// Lists that were unnested.
    pub(super) elements: BTreeSet<Name>,
    /// The first operator that only shapes rows.
    pub(super) shaped: Option<Option<Span>>,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Branch {
    columns: BTreeMap<Name, Expr>,
    /// Whether columns that are not among `columns` are gone, rather than raw.
    closed: bool,
    pub(super) conjuncts: Vec<Conjunct>,
}

#[derive(Clone, Debug)]
pub(super) struct Conjunct {
    /// Over raw and private columns.
    pub(super) predicate: Expr,
    /// Whether it only says that a key has a value.
    pub(super) key: bool,
}

pub(super) struct Group {
    /// Over raw columns; `None` where the branches of a union differ.
    pub(super) keys: Vec<(Name, Option<Expr>)>,
    pub(super) span: Span,
}

/// Follows the plan of a query.
///
/// # Errors
/// An operator that no Sigma rule can stand for; the sink has the reason.
pub(super) fn trace<'a>(query: &'a Query, sink: &mut Sink) -> Result<Flow<'a>, Reported> {
    Tracer { sink }.rel(&query.plan)
}

struct Tracer<'s> {
    sink: &'s mut Sink,
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
                self.filter(&mut flow, predicate)?;
                Ok(flow)
            }
            Rel::Extend { input, columns } => {
                let mut flow = self.rel(input)?;
                for i in 0..flow.branches.len() {
                    let defined = self.define(&flow.branches[i], columns)?;
                    flow.branches[i].columns.extend(defined);
                }
                Ok(flow)
            }
            Rel::Project { input, columns } => {
                let mut flow = self.rel(input)?;
                flow.shape(None);
                for i in 0..flow.branches.len() {
                    let defined = self.define(&flow.branches[i], columns)?;
                    flow.branches[i].columns = defined.into_iter().collect();
                    flow.branches[i].closed = true;
                }
                Ok(flow)
            }
            Rel::Aggregate { input, keys, aggregates, span } => {
                let flow = self.rel(input)?;
                self.aggregate(flow, keys, aggregates, *span)
            }
            Rel::Window { input, frame, columns, span, .. } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                let command = match frame {
                    Frame::Partition => "eventstats",
                    Frame::Running { .. } => "streamstats",
                };
                for (name, _) in columns {
                    flow.hide(name, format!("condition on values over several events (`{command}`)"), true);
                }
                Ok(flow)
            }
            Rel::Unnest { input, column, span } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                self.unnest(&mut flow, column, *span);
                Ok(flow)
            }
            Rel::Join(join) => {
                match join.kind {
                    JoinKind::Inner => Err(self
                        .unsupported("join of events with the rows of another search (`join`)".to_owned(), join.span)),
                    JoinKind::Left => {
                        let mut flow = self.rel(&join.left)?;
                        flow.shape(Some(join.span));
                        let Some(names) = columns_of(&join.right) else {
                            let what = "join of events with all fields of other events (`join`)".to_owned();
                            return Err(self.unsupported(what, join.span));
                        };
                        for name in names.iter().filter(|n| !join.on.contains(n)) {
                            flow.hide(name, "condition on values of another search (`join`)".to_owned(), true);
                        }
                        Ok(flow)
                    }
                }
            }
            Rel::SemiJoin { span, .. } => {
                Err(self.unsupported("condition computed by another search (a subsearch)".to_owned(), *span))
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
                        self.widens(format!("the first {n} rows of `sort` are kept in SPL, all in Sigma"), *span)
                    }
                    None => {}
                }
                Ok(flow)
            }
            Rel::Limit { input, count, last, span } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                let (command, which) = if *last { ("tail", "last") } else { ("head", "first") };
                self.widens(format!("the {which} {count} rows are kept in SPL (`{command}`), all in Sigma"), *span);
                Ok(flow)
            }
            Rel::Distinct { input, keys, span, .. } => {
                let mut flow = self.rel(input)?;
                flow.shape(Some(*span));
                let keys: Vec<Expr> = keys.clone();
                for i in 0..flow.branches.len() {
                    let keys = self.substitute_all(&flow.branches[i], &keys)?;
                    flow.branches[i].mark_keys(&keys);
                }
                self.widens("repeated events are left out in SPL (`dedup`) and kept in Sigma".to_owned(), *span);
                Ok(flow)
            }
            Rel::Lookup(lookup) => {
                let mut flow = self.rel(&lookup.input)?;
                flow.shape(Some(lookup.span));
                for output in &lookup.outputs {
                    let what = format!("condition on values of a lookup (`{}`)", lookup.table.name);
                    flow.hide(&output.output, what, true);
                }
                Ok(flow)
            }
        }
    }

    fn filter(&mut self, flow: &mut Flow<'_>, predicate: &Expr) -> Result<(), Reported> {
        for part in conjuncts(predicate) {
            for i in 0..flow.branches.len() {
                let predicate = self.substitute(&flow.branches[i], part)?;
                if predicate.is_literal_true() {
                    continue;
                }
                let columns = predicate.columns();
                if columns.iter().any(|c| flow.aggregates.contains_key(c)) {
                    if !flow.thresholds.contains(&predicate) {
                        flow.thresholds.push(predicate);
                    }
                } else if is_window(&predicate) {
                    let message = "the condition on the event's time is not part of the rule: Sigma leaves the time window to whoever runs it";
                    self.sink.push(Diagnostic::new(&code::READING, message).at(part.span));
                } else {
                    flow.branches[i].conjuncts.push(Conjunct { predicate, key: false });
                }
            }
        }
        Ok(())
    }

    fn aggregate<'a>(
        &mut self,
        mut flow: Flow<'a>,
        keys: &[(Name, Expr)],
        aggregates: &[(Name, Aggregate)],
        span: Span,
    ) -> Result<Flow<'a>, Reported> {
        flow.shape(Some(span));
        let level = flow.groups.len();
        let mut defined: Vec<Vec<(Name, Expr)>> = Vec::new();
        for branch in &mut flow.branches {
            let own = self.define(branch, keys)?;
            branch.mark_keys(&own.iter().map(|(_, e)| e.clone()).collect::<Vec<_>>());
            defined.push(own);
        }
        // Aggregates of several branches are those of the first: a threshold is refused for them later.
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for (name, aggregate) in aggregates {
            let argument = match (&aggregate.argument, flow.branches.first()) {
                (Some(argument), Some(branch)) => Some(self.substitute(branch, argument)?),
                (argument, _) => argument.clone(),
            };
            let private = private(flow.aggregates.len() + flow.opaque.len());
            let column = Expr::column(private.clone(), aggregate.ty, aggregate.nullable, aggregate.span);
            flow.aggregates.insert(private, (level, Aggregate { argument, ..aggregate.clone() }));
            columns.push((name.clone(), column));
        }
        let first = defined.first().cloned().unwrap_or_default();
        let keys = first.into_iter().enumerate().map(|(i, (name, key))| {
            let same = defined.iter().all(|d| d.get(i).is_some_and(|(_, e)| *e == key));
            (name, same.then_some(key))
        });
        flow.groups.push(Group { keys: keys.collect(), span });
        for (branch, own) in flow.branches.iter_mut().zip(defined) {
            branch.columns = own.into_iter().chain(columns.iter().cloned()).collect();
            branch.closed = true;
        }
        Ok(flow)
    }

    /// One row for each value; rows without one are dropped.
    fn unnest(&mut self, flow: &mut Flow<'_>, column: &Name, span: Span) {
        let mut hide = false;
        for branch in &mut flow.branches {
            let value = branch.column(column, Type::UNKNOWN, span);
            let missing = Expr { nullable: true, ..value.clone() }.is_null();
            branch.conjuncts.push(Conjunct { predicate: missing.negate(), key: true });
            match &value.kind {
                ExprKind::Column(raw) if !is_private(raw) => {
                    flow.elements.insert(raw.clone());
                    let element = Expr { ty: value.ty.element(), nullable: false, ..value };
                    branch.columns.insert(column.clone(), element);
                }
                _ => hide = true,
            }
        }
        if hide {
            flow.hide(column, "condition on one value of a computed list (`mvexpand`)".to_owned(), false);
        }
    }

    fn union<'a>(&mut self, inputs: &'a [Rel], span: Span) -> Result<Flow<'a>, Reported> {
        let mut all: Option<Flow<'a>> = None;
        for input in inputs {
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
            let plain = |f: &Flow<'_>| f.groups.is_empty() && f.opaque.is_empty() && f.elements.is_empty();
            if !plain(united) || !plain(&flow) {
                return Err(self.unsupported("union of rows that are no events (`append`, `union`)".to_owned(), span));
            }
            united.branches.extend(flow.branches);
            united.shaped = united.shaped.or(flow.shaped);
        }
        all.ok_or_else(|| self.unsupported("union of nothing".to_owned(), span))
    }

    fn define(&mut self, branch: &Branch, columns: &[(Name, Expr)]) -> Result<Vec<(Name, Expr)>, Reported> {
        columns.iter().map(|(name, e)| Ok((name.clone(), self.substitute(branch, e)?))).collect()
    }

    fn substitute_all(&mut self, branch: &Branch, all: &[Expr]) -> Result<Vec<Expr>, Reported> {
        all.iter().map(|e| self.substitute(branch, e)).collect()
    }

    /// The expression over raw and private columns.
    fn substitute(&mut self, branch: &Branch, e: &Expr) -> Result<Expr, Reported> {
        let mut size = 0_usize;
        e.walk(&mut |node| {
            size += match &node.kind {
                ExprKind::Column(name) => branch.columns.get(name).map_or(1, Expr::size),
                _ => 1,
            };
        });
        if size > LARGEST {
            let message = "a calculated field grows too large for a Sigma rule";
            let diagnostic = Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(e.span);
            return Err(self.sink.fail(diagnostic.help("compare raw fields of the log source instead")));
        }
        let span = e.span;
        Ok(e.clone().substitute(&|name| branch.lookup(name, span)))
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

impl<'a> Flow<'a> {
    fn new(scan: &'a Scan) -> Self {
        Self {
            scan,
            branches: vec![Branch::default()],
            groups: Vec::new(),
            thresholds: Vec::new(),
            aggregates: BTreeMap::new(),
            opaque: BTreeMap::new(),
            elements: BTreeSet::new(),
            shaped: None,
        }
    }

    fn shape(&mut self, span: Option<Span>) {
        if self.shaped.is_none() || self.shaped == Some(None) {
            self.shaped = Some(span);
        }
    }

    /// Defines a column whose values no event holds.
    fn hide(&mut self, name: &Name, what: String, nullable: bool) {
        let private = private(self.aggregates.len() + self.opaque.len());
        for branch in &mut self.branches {
            let column = Expr::column(private.clone(), Type::UNKNOWN, nullable, Span::default());
            branch.columns.insert(name.clone(), column);
        }
        self.opaque.insert(private, what);
    }

    /// The raw fields that the output shows, by their path, each once.
    pub(super) fn output_fields(&self, output: &Output) -> Vec<Name> {
        let columns = match output {
            Output::Columns(columns) => columns,
            Output::Events { added, .. } => added,
        };
        let mut out: Vec<Name> = Vec::new();
        for column in columns {
            let Some(branch) = self.branches.first() else { continue };
            for name in branch.column(&column.name, column.ty, Span::default()).columns() {
                let read = match self.aggregates.get(&name) {
                    Some((_, aggregate)) => aggregate.argument.as_ref().map(Expr::columns).unwrap_or_default(),
                    None => vec![name],
                };
                for name in read {
                    if !is_private(&name) && &*name != "_raw" && !out.contains(&name) {
                        out.push(name);
                    }
                }
            }
        }
        out
    }
}

impl Branch {
    /// What a column of the current rows is over raw columns; `None`: it is raw.
    fn lookup(&self, name: &Name, span: Span) -> Option<Expr> {
        match self.columns.get(name) {
            Some(e) => Some(e.clone()),
            None if self.closed => Some(Expr::null(span)),
            None => None,
        }
    }

    fn column(&self, name: &Name, ty: Type, span: Span) -> Expr {
        self.lookup(name, span).unwrap_or_else(|| Expr::column(name.clone(), ty, true, span))
    }

    /// Marks the conditions that only say that one of the keys has a value.
    fn mark_keys(&mut self, keys: &[Expr]) {
        for conjunct in &mut self.conjuncts {
            if let ExprKind::Not(inner) = &conjunct.predicate.kind
                && let ExprKind::IsNull(key) = &inner.kind
                && keys.contains(key)
            {
                conjunct.key = true;
            }
        }
    }
}

/// Names that no field has.
fn private(n: usize) -> Name {
    format!("\u{1}{n}").into()
}

pub(super) fn is_private(name: &Name) -> bool {
    name.starts_with('\u{1}')
}

/// The members of a conjunction, of which a filter needs all to be true.
pub(super) fn conjuncts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        ExprKind::IsTrue(inner) => conjuncts(inner),
        _ => vec![e],
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
        Rel::Filter { input, .. }
        | Rel::Unnest { input, .. }
        | Rel::SemiJoin { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. } => columns_of(input),
    }
}
