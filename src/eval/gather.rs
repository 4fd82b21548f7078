//! Gathering the rows of a branch: as rows, as groups, or the first rows of each combination of keys.
//!
//! States are filled by workers side by side and merged; what they give does not depend on who saw which row.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Value;
use super::aggregate::Accumulator;
use super::error::Error;
use super::expr::{Binder, Context, Node};
use super::layout::{Layout, Row};
use super::order::Place;
use super::plan::Gather;
use super::stage::is_hidden;
use super::table::Table;
use crate::ir::{self, Name, SortOrder};
use crate::source::Span;

/// A gathering that is bound to the rows of a branch.
pub(super) struct BoundGather {
    how: How,
    /// The columns that rows keep, and their slots.
    columns: Vec<(Name, usize)>,
    most_rows: usize,
    span: Span,
}

enum How {
    Rows {
        sort: Vec<Key>,
        limit: Option<usize>,
        last: bool,
    },
    Groups {
        keys: Vec<(Name, Node)>,
        /// Which keys are texts that are never read as numbers.
        texts: Vec<bool>,
        aggregates: Vec<(Name, ir::Aggregate)>,
        arguments: Vec<Option<Node>>,
        time: Vec<usize>,
    },
    Distinct {
        keys: Vec<Node>,
        count: usize,
    },
}

struct Key {
    value: Node,
    descending: bool,
    order: SortOrder,
}

/// What has been gathered so far.
pub(super) enum Gathered {
    Rows(Vec<Entry>),
    Groups {
        index: HashMap<Box<[u8]>, usize>,
        groups: Vec<Group>,
    },
    Distinct(HashMap<Box<[u8]>, Vec<Entry>>),
    /// There were more rows than may be held.
    Failed(Error),
}

pub(super) struct Entry {
    keys: Vec<Value<'static>>,
    place: Place,
    row: Vec<Value<'static>>,
}

pub(super) struct Group {
    keys: Vec<Value<'static>>,
    accumulators: Vec<Accumulator>,
}

impl BoundGather {
    pub(super) fn bind(
        gather: &Gather,
        layout: &Layout,
        now: f64,
        most_rows: usize,
        span: Span,
    ) -> Result<BoundGather, Error> {
        let mut binder = Binder::new(layout, now);
        let how = match gather {
            Gather::Rows { sort, limit, last } => {
                let mut keys = Vec::new();
                for key in sort {
                    keys.push(Key { value: binder.bind(&key.expr)?, descending: key.descending, order: key.order });
                }
                let limit = limit.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
                How::Rows { sort: keys, limit, last: *last }
            }
            Gather::Groups { keys, aggregates } => {
                let mut bound = Vec::new();
                for (name, e) in keys {
                    bound.push((name.clone(), binder.bind(e)?));
                }
                let mut arguments = Vec::new();
                for (_, aggregate) in aggregates {
                    arguments.push(aggregate.argument.as_ref().map(|a| binder.bind(a)).transpose()?);
                }
                let texts = keys.iter().map(|(_, e)| e.ty.scalar == ir::Scalar::String).collect();
                How::Groups { keys: bound, texts, aggregates: aggregates.clone(), arguments, time: layout.times() }
            }
            Gather::Distinct { keys, count } => {
                How::Distinct { keys: binder.all(keys)?, count: usize::try_from(*count).unwrap_or(usize::MAX) }
            }
        };
        Ok(BoundGather { how, columns: layout.columns().to_vec(), most_rows, span })
    }

    pub(super) fn start(&self) -> Gathered {
        match self.how {
            How::Rows { .. } => Gathered::Rows(Vec::new()),
            How::Groups { .. } => Gathered::Groups { index: HashMap::new(), groups: Vec::new() },
            How::Distinct { .. } => Gathered::Distinct(HashMap::new()),
        }
    }

    /// Takes a row in.
    pub(super) fn take<'e>(&'e self, state: &mut Gathered, row: Row<'_, 'e>, place: Place, context: &Context) {
        let full = match (&self.how, &mut *state) {
            (How::Rows { sort, limit, .. }, Gathered::Rows(rows)) => {
                let keys = sort.iter().map(|key| key.value.value(row, context).into_static()).collect();
                rows.push(Entry { keys, place, row: self.keep(row) });
                if let Some(limit) = limit
                    && rows.len() >= limit.saturating_mul(2).saturating_add(1024)
                {
                    self.cut(rows);
                }
                rows.len() > self.most_rows
            }
            (How::Groups { keys, aggregates, arguments, time, .. }, Gathered::Groups { index, groups }) => {
                let mut key = context.key.borrow_mut();
                key.clear();
                let values: Vec<Value<'e>> = keys.iter().map(|(_, node)| node.value(row, context)).collect();
                values.iter().for_each(|value| value.write_key(&mut key));
                let at = match index.get(key.as_slice()) {
                    Some(at) => *at,
                    None => {
                        let accumulators = aggregates.iter().map(|(_, a)| Accumulator::new(a)).collect();
                        let keys = values.into_iter().map(Value::into_static).collect();
                        groups.push(Group { keys, accumulators });
                        index.insert(key.as_slice().into(), groups.len() - 1);
                        groups.len() - 1
                    }
                };
                let time = time.iter().map(|slot| row.get(*slot)).find(|v| !v.is_null()).and_then(Value::as_number);
                for (accumulator, argument) in groups[at].accumulators.iter_mut().zip(arguments) {
                    match argument {
                        Some(node) => accumulator.update(&node.value(row, context), place, time),
                        None => accumulator.update_row(time),
                    }
                }
                groups.len() > self.most_rows
            }
            (How::Distinct { keys, count }, Gathered::Distinct(rows)) => {
                let mut key = context.key.borrow_mut();
                key.clear();
                for node in keys {
                    node.value(row, context).write_key(&mut key);
                }
                let of_key = match rows.get_mut(key.as_slice()) {
                    Some(of_key) => of_key,
                    None => rows.entry(key.as_slice().into()).or_default(),
                };
                let at = of_key.partition_point(|entry| entry.place <= place);
                if at < *count {
                    of_key.insert(at, Entry { keys: Vec::new(), place, row: self.keep(row) });
                    of_key.truncate(*count);
                }
                rows.len() > self.most_rows
            }
            _ => false,
        };
        if full {
            *state = Gathered::Failed(self.too_many());
        }
    }

    fn keep(&self, row: Row<'_, '_>) -> Vec<Value<'static>> {
        self.columns.iter().map(|(_, slot)| row.get(*slot).clone().into_static()).collect()
    }

    fn too_many(&self) -> Error {
        Error::new(format!("more than {} rows would have to be held in memory", self.most_rows), self.span)
    }

    /// Merges what another worker has gathered.
    pub(super) fn merge(&self, into: &mut Gathered, other: Gathered) {
        let full = match (&mut *into, other) {
            (Gathered::Failed(_), _) => false,
            (state, Gathered::Failed(error)) => {
                *state = Gathered::Failed(error);
                false
            }
            (Gathered::Rows(rows), Gathered::Rows(others)) => {
                rows.extend(others);
                self.cut(rows);
                rows.len() > self.most_rows
            }
            (Gathered::Groups { index, groups }, Gathered::Groups { index: other_index, groups: mut others }) => {
                let mut others: Vec<Option<Group>> = others.drain(..).map(Some).collect();
                for (key, at) in other_index {
                    let Some(group) = others.get_mut(at).and_then(Option::take) else { continue };
                    match index.get(&key) {
                        Some(at) => {
                            let own = &mut groups[*at];
                            for (a, b) in own.accumulators.iter_mut().zip(group.accumulators) {
                                a.merge(b);
                            }
                        }
                        None => {
                            groups.push(group);
                            index.insert(key, groups.len() - 1);
                        }
                    }
                }
                groups.len() > self.most_rows
            }
            (Gathered::Distinct(rows), Gathered::Distinct(others)) => {
                let How::Distinct { count, .. } = self.how else { return };
                for (key, entries) in others {
                    let own = rows.entry(key).or_default();
                    own.extend(entries);
                    own.sort_by_key(|entry| entry.place);
                    own.truncate(count);
                }
                rows.len() > self.most_rows
            }
            _ => false,
        };
        if full {
            *into = Gathered::Failed(self.too_many());
        }
    }

    /// Puts rows in order, and drops those beyond the limit.
    fn cut(&self, rows: &mut Vec<Entry>) {
        let How::Rows { sort, limit, last } = &self.how else { return };
        rows.sort_by(|a, b| self.compare(sort, a, b));
        if let Some(limit) = limit {
            if *last {
                rows.drain(..rows.len().saturating_sub(*limit));
            } else {
                rows.truncate(*limit);
            }
        }
    }

    fn compare(&self, sort: &[Key], a: &Entry, b: &Entry) -> Ordering {
        for (key, (a, b)) in sort.iter().zip(a.keys.iter().zip(&b.keys)) {
            let ordering = key.compare(a, b);
            if ordering.is_ne() {
                return ordering;
            }
        }
        a.place.cmp(&b.place)
    }
}

impl Key {
    /// Rows without a value come last, whatever the direction.
    fn compare(&self, a: &Value<'_>, b: &Value<'_>) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let ordering = match self.order {
            SortOrder::Auto => a.order(b),
            SortOrder::Number => match (a.as_number(), b.as_number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                // What is no number comes last, whatever the direction.
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
            SortOrder::Text => a.to_text().cmp(&b.to_text()),
            SortOrder::Ip => match (address(a), address(b)) {
                (Some(x), Some(y)) => x.cmp(&y),
                // As for numbers.
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (None, None) => a.to_text().cmp(&b.to_text()),
            },
        };
        if self.descending { ordering.reverse() } else { ordering }
    }
}

/// The address that a value reads as.
fn address(value: &Value<'_>) -> Option<std::net::IpAddr> {
    value.to_text().trim().parse().ok()
}

/// The rows of all branches of an operation, in order.
///
/// # Errors
/// One of the branches had more rows than may be held.
pub(super) fn finish(branches: Vec<(BoundGather, Gathered)>) -> Result<Table, Error> {
    let mut branches = branches.into_iter();
    let Some((first, mut state)) = branches.next() else { return Ok(Table::default()) };
    match &first.how {
        How::Groups { keys, texts, aggregates, .. } => {
            for (_, other) in branches {
                first.merge(&mut state, other);
            }
            groups(keys, texts, aggregates, state)
        }
        How::Rows { .. } | How::Distinct { .. } => {
            let (mut columns, mut entries) = first.entries(state)?;
            let places: Vec<(BoundGather, Gathered)> = branches.collect();
            for (gather, state) in places {
                let (names, others) = gather.entries(state)?;
                align(&mut columns, &mut entries, names, others);
            }
            let entries = match &first.how {
                How::Distinct { count, .. } => first_of_each(*count, entries),
                How::Rows { .. } | How::Groups { .. } => entries,
            };
            let mut rows: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
            match &first.how {
                How::Rows { last, .. } => {
                    first.cut(&mut rows);
                    // `tail` gives the last row first (Search Reference, "tail").
                    if *last {
                        rows.reverse();
                    }
                }
                How::Distinct { .. } | How::Groups { .. } => rows.sort_by_key(|entry| entry.place),
            }
            Ok(Table { columns, rows: rows.into_iter().map(|entry| entry.row).collect() })
        }
    }
}

type Keyed = Vec<(Box<[u8]>, Entry)>;

impl BoundGather {
    fn entries(&self, state: Gathered) -> Result<(Vec<Name>, Keyed), Error> {
        let names = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let entries = match state {
            Gathered::Failed(error) => return Err(error),
            Gathered::Rows(rows) => rows.into_iter().map(|entry| (Box::default(), entry)).collect(),
            Gathered::Distinct(rows) => {
                let with_key = |(key, entries): (Box<[u8]>, Vec<Entry>)| {
                    entries.into_iter().map(move |entry| (key.clone(), entry))
                };
                rows.into_iter().flat_map(with_key).collect()
            }
            Gathered::Groups { .. } => Vec::new(),
        };
        Ok((names, entries))
    }
}

/// Adds rows of another branch; what one side lacks is NULL.
fn align(columns: &mut Vec<Name>, entries: &mut Keyed, names: Vec<Name>, others: Keyed) {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = columns.iter().position(|c| *c == name).unwrap_or_else(|| {
            columns.push(name);
            columns.len() - 1
        });
        places.push(place);
    }
    for (_, entry) in entries.iter_mut() {
        entry.row.resize(columns.len(), Value::Null);
    }
    for (key, mut entry) in others {
        let mut row = vec![Value::Null; columns.len()];
        for (value, place) in entry.row.into_iter().zip(&places) {
            row[*place] = value;
        }
        entry.row = row;
        entries.push((key, entry));
    }
}

/// Over all branches, the first rows of each key again.
fn first_of_each(count: usize, mut entries: Keyed) -> Keyed {
    entries.sort_by_key(|(_, entry)| entry.place);
    let mut seen: HashMap<Box<[u8]>, usize> = HashMap::new();
    entries.retain(|(key, _)| {
        let n = seen.entry(key.clone()).or_default();
        *n += 1;
        *n <= count
    });
    entries
}

/// The groups as rows, sorted by their keys. Without keys there is one row, whatever the input.
fn groups(
    keys: &[(Name, Node)],
    texts: &[bool],
    aggregates: &[(Name, ir::Aggregate)],
    state: Gathered,
) -> Result<Table, Error> {
    let mut groups = match state {
        Gathered::Groups { groups, .. } => groups,
        Gathered::Failed(error) => return Err(error),
        Gathered::Rows(_) | Gathered::Distinct(_) => Vec::new(),
    };
    if keys.is_empty() && groups.is_empty() {
        let accumulators = aggregates.iter().map(|(_, a)| Accumulator::new(a)).collect();
        groups.push(Group { keys: Vec::new(), accumulators });
    }
    groups.sort_by(|a, b| {
        // Of texts that are one number (`12`, `012`) the text decides, so that the order is not that of the events.
        let compared = |a: &Value<'_>, b: &Value<'_>, text: bool| match (a, b) {
            (Value::Text(a), Value::Text(b)) if text => a.as_bytes().cmp(b.as_bytes()),
            _ => a.order(b).then_with(|| a.to_text().cmp(&b.to_text())),
        };
        let pairs = a.keys.iter().zip(&b.keys).zip(texts);
        let unequal = pairs.map(|((a, b), text)| compared(a, b, *text)).find(|o| o.is_ne());
        unequal.unwrap_or(Ordering::Equal)
    });
    let mut table = Table::default();
    // An aggregate that takes a key's name replaces it.
    let kept: Vec<bool> = keys.iter().map(|(name, _)| !aggregates.iter().any(|(a, _)| a == name)).collect();
    table.columns.extend(keys.iter().zip(&kept).filter(|(_, kept)| **kept).map(|((name, _), _)| name.clone()));
    table.columns.extend(aggregates.iter().map(|(name, _)| name.clone()));
    for group in groups {
        let keys = group.keys.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(value, _)| value);
        table.rows.push(keys.chain(group.accumulators.iter().map(Accumulator::value)).collect());
    }
    Ok(table)
}

/// Columns that a user sees.
pub(super) fn visible(table: Table) -> Table {
    let keep: Vec<bool> = table.columns.iter().map(|name| !is_hidden(name)).collect();
    if keep.iter().all(|k| *k) {
        return table;
    }
    let only = |row: Vec<Value<'static>>| row.into_iter().zip(&keep).filter(|(_, k)| **k).map(|(v, _)| v).collect();
    Table {
        columns: table.columns.into_iter().zip(&keep).filter(|(_, k)| **k).map(|(n, _)| n).collect(),
        rows: table.rows.into_iter().map(only).collect(),
    }
}
