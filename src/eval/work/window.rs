//! `eventstats` and `streamstats`: aggregates beside the rows that they are made of.

use std::collections::HashMap;

use crate::eval::aggregate::Accumulator;
use crate::eval::error::Error;
use crate::eval::expr::{Binder, Context, Node};
use crate::eval::layout::{Layout, Row};
use crate::eval::order::Place;
use crate::eval::table::Table;
use crate::eval::{Options, Value};
use crate::ir::{Aggregate, Expr, Frame, Name, Within};
use crate::source::Span;

/// The aggregates' arguments on a row.
struct Arguments {
    nodes: Vec<Option<Node>>,
    time: Vec<usize>,
}

impl Arguments {
    fn add(&self, accumulators: &mut [Accumulator], row: &[Value<'static>], at: usize, context: &Context) {
        let mut place = Place::default();
        place.record.0 = u64::MAX - at as u64;
        let time = self.time_of(row);
        for (accumulator, node) in accumulators.iter_mut().zip(&self.nodes) {
            match node {
                Some(node) => accumulator.update(&node.value(Row { base: row, own: &[] }, context), place, time),
                None => accumulator.update_row(time),
            }
        }
    }

    fn time_of(&self, row: &[Value<'static>]) -> Option<f64> {
        self.time.iter().filter_map(|slot| row.get(*slot)).find(|v| !v.is_null()).and_then(Value::as_number)
    }
}

/// Adds the columns to the rows. A row that lacks a key belongs to no partition and gets NULLs.
pub(super) fn run(
    mut table: Table,
    partition: &[Expr],
    frame: Frame,
    columns: &[(Name, Aggregate)],
    options: &Options,
    span: Span,
) -> Result<Table, Error> {
    let layout = Layout::of(table.columns.iter().cloned());
    let context = Context::new(options.now);
    let mut binder = Binder::new(&layout, options.now);
    let keys = binder.all(partition)?;
    let mut nodes = Vec::new();
    for (_, aggregate) in columns {
        nodes.push(aggregate.argument.as_ref().map(|a| binder.bind(a)).transpose()?);
    }
    let arguments = Arguments { nodes, time: layout.times() };

    let mut partitions: Vec<Vec<usize>> = Vec::new();
    let mut by_key: HashMap<Vec<u8>, usize> = HashMap::new();
    for (at, row) in table.rows.iter().enumerate() {
        let values: Vec<Value<'_>> = keys.iter().map(|key| key.value(Row { base: row, own: &[] }, &context)).collect();
        if values.iter().any(Value::is_null) {
            continue;
        }
        let mut key = Vec::new();
        values.iter().for_each(|value| value.write_key(&mut key));
        let number = *by_key.entry(key).or_insert_with(|| {
            partitions.push(Vec::new());
            partitions.len() - 1
        });
        partitions[number].push(at);
    }

    let mut results: Vec<Option<Vec<Value<'static>>>> = vec![None; table.rows.len()];
    for members in &partitions {
        match frame {
            Frame::Partition => whole(&table, members, columns, &arguments, &context, &mut results),
            Frame::Running { current, rows } => {
                running(&table, members, current, rows, columns, &arguments, &context, &mut results);
            }
            Frame::Recent { current, within } => {
                recent(&table, members, current, within, columns, &arguments, &context, &mut results);
            }
        }
    }
    if let Some(fault) = context.take_fault() {
        return Err(Error::new(fault, span));
    }
    let places: Vec<usize> = columns.iter().map(|(name, _)| table.position_or_add(name)).collect();
    for (row, result) in table.rows.iter_mut().zip(results) {
        let result = result.unwrap_or_else(|| vec![Value::Null; places.len()]);
        for (place, value) in places.iter().zip(result) {
            row[*place] = value;
        }
    }
    Ok(table)
}

fn fresh(columns: &[(Name, Aggregate)]) -> Vec<Accumulator> {
    columns.iter().map(|(_, a)| Accumulator::new(a)).collect()
}

fn values(accumulators: &[Accumulator]) -> Vec<Value<'static>> {
    accumulators.iter().map(Accumulator::value).collect()
}

fn whole(
    table: &Table,
    members: &[usize],
    columns: &[(Name, Aggregate)],
    arguments: &Arguments,
    context: &Context,
    results: &mut [Option<Vec<Value<'static>>>],
) {
    let mut accumulators = fresh(columns);
    for at in members {
        arguments.add(&mut accumulators, &table.rows[*at], *at, context);
    }
    let values = values(&accumulators);
    for at in members {
        results[*at] = Some(values.clone());
    }
}

#[allow(clippy::too_many_arguments)] // the window, its rows and where the results go
fn running(
    table: &Table,
    members: &[usize],
    current: bool,
    rows: Option<u32>,
    columns: &[(Name, Aggregate)],
    arguments: &Arguments,
    context: &Context,
    results: &mut [Option<Vec<Value<'static>>>],
) {
    let mut accumulators = fresh(columns);
    for (number, at) in members.iter().enumerate() {
        if let Some(rows) = rows {
            let end = number + usize::from(current);
            let start = end.saturating_sub(rows as usize);
            let mut accumulators = fresh(columns);
            for at in &members[start..end] {
                arguments.add(&mut accumulators, &table.rows[*at], *at, context);
            }
            results[*at] = Some(values(&accumulators));
            continue;
        }
        if current {
            arguments.add(&mut accumulators, &table.rows[*at], *at, context);
        }
        results[*at] = Some(values(&accumulators));
        if !current {
            arguments.add(&mut accumulators, &table.rows[*at], *at, context);
        }
    }
}

#[allow(clippy::too_many_arguments)] // as above
fn recent(
    table: &Table,
    members: &[usize],
    current: bool,
    within: Within,
    columns: &[(Name, Aggregate)],
    arguments: &Arguments,
    context: &Context,
    results: &mut [Option<Vec<Value<'static>>>],
) {
    let time_of = |at: usize| arguments.time_of(&table.rows[at]);
    for (number, at) in members.iter().enumerate() {
        let near = |other: usize| match within {
            // The number of a row is its place among those of all partitions.
            Within::Rows(rows) => other + rows as usize >= *at + usize::from(current),
            Within::Seconds(seconds) => match (time_of(*at), time_of(other)) {
                (Some(a), Some(b)) => (a - b).abs() < f64::from(seconds),
                _ => false,
            },
        };
        let mut accumulators = fresh(columns);
        for other in members[..number + usize::from(current)].iter().filter(|other| near(**other)) {
            arguments.add(&mut accumulators, &table.rows[*other], *other, context);
        }
        results[*at] = Some(values(&accumulators));
    }
}
