//! `transaction`: rows that belong together become one (Search Reference, "transaction").
//!
//! Splunk reads events newest first and gathers backwards in time; the rules below are read from that: a row joins the
//! first open transaction that it agrees with in the fields that both have, as long as the limits hold. A row for which
//! `startswith` is true is a transaction's oldest event and closes it; one for which `endswith` is true is its newest and
//! opens it.

use std::collections::HashMap;

use crate::eval::error::Error;
use crate::eval::expr::{Binder, Context, Node, number};
use crate::eval::layout::{Layout, Row};
use crate::eval::table::Table;
use crate::eval::{Options, Value};
use crate::ir::{Name, Transaction};

/// A transaction on its way: its rows, newest first.
struct Open {
    rows: Vec<usize>,
    newest: f64,
    oldest: f64,
    /// Its value of each field, once a row had one.
    fields: Vec<Option<String>>,
    closed: bool,
}

pub(super) fn run(table: Table, transaction: &Transaction, options: &Options) -> Result<Table, Error> {
    let layout = Layout::of(table.columns.iter().cloned());
    let context = Context::new(options.now);
    let mut binder = Binder::new(&layout, options.now);
    let starts = transaction.starts_with.as_ref().map(|e| binder.bind(e)).transpose()?;
    let ends = transaction.ends_with.as_ref().map(|e| binder.bind(e)).transpose()?;
    let time = table.position("_time");
    let fields: Vec<Option<usize>> = transaction.fields.iter().map(|name| table.position(name)).collect();

    // Newest first; rows without a time take part in no transaction.
    let time_of = |at: usize| time.and_then(|t| table.rows[at][t].as_number());
    let mut order: Vec<usize> = (0..table.rows.len()).filter(|at| time_of(*at).is_some()).collect();
    order.sort_by(|a, b| time_of(*b).partial_cmp(&time_of(*a)).unwrap_or(std::cmp::Ordering::Equal));

    let mut all: Vec<Open> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut orphans: Vec<usize> = Vec::new();
    let truth = |node: &Option<Node>, at: usize| {
        node.as_ref().map(|node| node.is_true(Row { base: &table.rows[at], own: &[] }, &context))
    };
    for at in order {
        let Some(moment) = time_of(at) else { continue };
        let values: Vec<Option<String>> = fields
            .iter()
            .map(|place| place.map(|p| &table.rows[at][p]).filter(|v| !v.is_null()).map(|v| v.to_text().into_owned()))
            .collect();
        if !fields.is_empty() && values.iter().all(Option::is_none) {
            orphans.push(at);
            continue;
        }
        // What no later row can join any more is closed.
        open.retain(|id| {
            let t = &all[*id];
            let late = transaction.max_pause.is_some_and(|pause| t.oldest - moment > pause)
                || transaction.max_span.is_some_and(|span| t.newest - moment > span);
            !late
        });
        let (is_start, is_end) = (truth(&starts, at), truth(&ends, at));
        let agrees = |t: &Open| {
            let mut shared = fields.is_empty() || !transaction.connected;
            for (own, other) in t.fields.iter().zip(&values) {
                if let (Some(own), Some(other)) = (own, other) {
                    if own != other {
                        return false;
                    }
                    shared = true;
                }
            }
            shared
        };
        let found = match is_end {
            // Begins a transaction of its own, seen backwards.
            Some(true) => None,
            _ => open.iter().rev().copied().find(|id| agrees(&all[*id])),
        };
        let id = match found {
            Some(id) => id,
            None => {
                if ends.is_some() && is_end != Some(true) {
                    // Nothing that it could belong to has ended.
                    orphans.push(at);
                    continue;
                }
                if is_end == Some(true) {
                    // What is open for the same fields was never started.
                    open.retain(|id| !agrees(&all[*id]));
                }
                let fields = vec![None; fields.len()];
                all.push(Open { rows: Vec::new(), newest: moment, oldest: moment, fields, closed: false });
                open.push(all.len() - 1);
                all.len() - 1
            }
        };
        let t = &mut all[id];
        t.rows.push(at);
        t.oldest = moment;
        for (own, value) in t.fields.iter_mut().zip(values) {
            if own.is_none() {
                *own = value;
            }
        }
        let full = t.rows.len() >= transaction.max_events as usize;
        if is_start == Some(true) {
            t.closed = true;
        }
        if is_start == Some(true) || full {
            open.retain(|o| *o != id);
        }
    }
    // Without a start, a transaction is whole when its limits are.
    if starts.is_none() {
        all.iter_mut().for_each(|t| t.closed = true);
    }
    if let Some(fault) = context.take_fault() {
        return Err(Error::new(fault, transaction.span));
    }
    all.retain(|t| t.closed || transaction.keep_evicted);
    Ok(written(&table, transaction, all, if transaction.keep_orphans { orphans } else { Vec::new() }))
}

/// The transactions as rows, the one with the newest start first.
fn written(table: &Table, transaction: &Transaction, all: Vec<Open>, orphans: Vec<usize>) -> Table {
    let made = ["_time", "duration", "eventcount", "closed_txn"];
    let kept: Vec<&Name> = transaction.columns.iter().filter(|name| !made.contains(&&***name)).collect();
    let mut out = Table { columns: made.iter().map(|n| Name::from(*n)).collect(), rows: Vec::new() };
    out.columns.extend(kept.iter().map(|n| (*n).clone()));
    let mut rows: Vec<(f64, Vec<Value<'static>>)> = Vec::new();
    for t in all {
        let mut row = vec![
            number(t.oldest),
            number(t.newest - t.oldest),
            Value::Integer(t.rows.len() as i64),
            Value::Integer(i64::from(t.closed)),
        ];
        for name in &kept {
            // Oldest first.
            let cells = t.rows.iter().rev().filter_map(|at| table.position(name).map(|p| &table.rows[*at][p]));
            let list = transaction.lists.contains(name);
            row.push(gathered(cells, list));
        }
        rows.push((t.oldest, row));
    }
    let time = table.position("_time");
    for at in orphans {
        let moment = time.map(|t| table.rows[at][t].clone()).unwrap_or_default();
        let order = moment.as_number().unwrap_or(f64::NEG_INFINITY);
        let mut row = vec![moment, Value::Null, Value::Null, Value::Null];
        row.extend(kept.iter().map(|name| table.position(name).map(|p| table.rows[at][p].clone()).unwrap_or_default()));
        rows.push((order, row));
    }
    rows.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    out.rows = rows.into_iter().map(|(_, row)| row).collect();
    out
}

/// All values in order, or the distinct ones sorted as text. A single one is no list.
fn gathered<'v>(cells: impl Iterator<Item = &'v Value<'static>>, list: bool) -> Value<'static> {
    let mut values: Vec<Value<'static>> = Vec::new();
    let mut seen: HashMap<String, ()> = HashMap::new();
    for value in cells.flat_map(|cell| cell.values()) {
        if list || seen.insert(value.to_text().into_owned(), ()).is_none() {
            values.push(value.clone());
        }
    }
    if !list {
        values.sort_by(|a, b| a.to_text().cmp(&b.to_text()));
    }
    if values.len() == 1 { values.remove(0) } else { Value::list(values) }
}
