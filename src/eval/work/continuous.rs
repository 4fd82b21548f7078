//! `timechart` and `makecontinuous`: rows for the bins that no row has.

use crate::eval::error::Error;
use crate::eval::expr::{Binder, Context, number};
use crate::eval::layout::{Layout, Row};
use crate::eval::table::Table;
use crate::eval::{Options, Value};
use crate::ir::{Continuous, Expr, RelativeTime, Stride, TimeStep, TimeUnit};
use crate::time;

/// Adds the missing bins. Rows come sorted by the column; those without it are dropped.
///
/// # Errors
/// There would be more rows than may be held.
pub(super) fn run(mut table: Table, continuous: &Continuous, options: &Options) -> Result<Table, Error> {
    let Some(place) = table.position(&continuous.column) else { return Ok(Table { rows: Vec::new(), ..table }) };
    table.rows.retain(|row| row[place].as_number().is_some());
    table.rows.sort_by(|a, b| a[place].order(&b[place]));
    let start_of = |row: Option<&Vec<Value<'static>>>| row.and_then(|row| row[place].as_number());
    let given = |e: &Option<Expr>| -> Result<Option<f64>, Error> {
        let Some(e) = e else { return Ok(None) };
        let layout = Layout::default();
        let node = Binder::new(&layout, options.now).bind(e)?;
        let context = Context::new(options.now);
        Ok(node.value(Row { base: &[], own: &[] }, &context).as_number())
    };
    let (least, greatest) = (start_of(table.rows.first()), start_of(table.rows.last()));
    let from = given(&continuous.from)?.or(least);
    let until = given(&continuous.until)?;
    let Some(mut bin) = from else { return Ok(table) };
    let mut rows = Vec::new();
    let width = table.columns.len();
    let mut known = std::mem::take(&mut table.rows).into_iter().peekable();
    loop {
        let inside = match (until, greatest) {
            (Some(until), _) => bin < until,
            (None, Some(greatest)) => bin <= greatest,
            (None, None) => false,
        };
        if !inside {
            break;
        }
        while let Some(row) = known.next_if(|row| row[place].as_number().is_some_and(|n| n < bin)) {
            rows.push(row);
        }
        let mut found = false;
        while let Some(row) = known.next_if(|row| row[place].as_number() == Some(bin)) {
            rows.push(row);
            found = true;
        }
        if !found {
            let mut row = vec![Value::Null; width];
            row[place] = number(bin);
            rows.push(row);
        }
        if rows.len() > options.max_rows {
            let message = format!("more than {} rows would have to be held in memory", options.max_rows);
            return Err(Error::new(message, continuous.span));
        }
        let next = after(bin, continuous.stride);
        if next <= bin {
            break;
        }
        bin = next;
    }
    rows.extend(known);
    table.rows = rows;
    Ok(table)
}

fn after(bin: f64, stride: Stride) -> f64 {
    match stride {
        Stride::Even(width) => bin + width,
        Stride::Months(months) => {
            let step = TimeStep::Shift(i64::from(months), TimeUnit::Month);
            time::apply(&RelativeTime { steps: vec![step] }, bin.floor() as i64) as f64
        }
    }
}
