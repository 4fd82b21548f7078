//! Columns named by values, and back: `xyseries`, `chart … by`, `untable`.

use std::collections::HashMap;

use crate::eval::Value;
use crate::eval::table::Table;
use crate::ir::{Name, NamePart, Pivot};

/// One row for each value of the row column, one column for each value of the other. Rows without the former are left out, those
/// without the latter make a row without cells of their own.
pub(super) fn pivot(table: Table, pivot: &Pivot) -> Table {
    let (Some(row), Some(column)) = (table.position(&pivot.row), table.position(&pivot.column)) else {
        return Table { columns: vec![pivot.row.clone()], rows: Vec::new() };
    };
    let values: Vec<(Name, Option<usize>)> =
        pivot.values.iter().map(|name| (name.clone(), table.position(name))).collect();
    let mut names: Vec<Value<'static>> = Vec::new();
    for cells in &table.rows {
        if !cells[column].is_null() && !cells[row].is_null() && !names.contains(&cells[column]) {
            names.push(cells[column].clone());
        }
    }
    // Values that come last have an order of their own.
    let late = |name: &Value<'_>| {
        let text = name.to_text();
        pivot.last.iter().position(|l| **l == *text).map_or(0, |at| at + 1)
    };
    names.sort_by(|a, b| late(a).cmp(&late(b)).then_with(|| a.order(b)));
    let mut out = Table { columns: vec![pivot.row.clone()], rows: Vec::new() };
    let mut zeros: Vec<usize> = Vec::new();
    let mut places: HashMap<(usize, String), usize> = HashMap::new();
    for (number, (value, _)) in values.iter().enumerate() {
        for name in &names {
            let text = name.to_text();
            let shown: String = pivot
                .naming
                .iter()
                .map(|part| match part {
                    NamePart::Text(text) => text.as_str(),
                    NamePart::Value => value,
                    NamePart::Column => &text,
                })
                .collect();
            let place = out.position_or_add(&shown.into());
            if pivot.zeros.contains(value) {
                zeros.push(place);
            }
            places.insert((number, text.into_owned()), place);
        }
    }
    zeros.sort_unstable();
    let mut rows: HashMap<Vec<u8>, usize> = HashMap::new();
    for cells in table.rows {
        if cells[row].is_null() {
            continue;
        }
        let mut key = Vec::new();
        cells[row].write_key(&mut key);
        let at = *rows.entry(key).or_insert_with(|| {
            let mut fresh = vec![Value::Null; out.columns.len()];
            zeros.iter().for_each(|place| fresh[*place] = Value::Integer(0));
            fresh[0] = cells[row].clone();
            out.rows.push(fresh);
            out.rows.len() - 1
        });
        if cells[column].is_null() {
            continue;
        }
        for (number, (_, from)) in values.iter().enumerate() {
            let place = places.get(&(number, cells[column].to_text().into_owned()));
            if let (Some(place), Some(from)) = (place, from) {
                out.rows[at][*place] = cells[*from].clone();
            }
        }
    }
    out.rows.sort_by(|a, b| a[0].order(&b[0]));
    out
}

/// A row for each other column that has a value.
pub(super) fn unpivot(table: Table, keep: &Name, name: &Name, value: &Name) -> Table {
    let kept = table.position(keep);
    let mut out = Table { columns: vec![keep.clone(), name.clone(), value.clone()], rows: Vec::new() };
    for row in &table.rows {
        let key = kept.map(|k| row[k].clone()).unwrap_or_default();
        for (place, column) in table.columns.iter().enumerate() {
            if Some(place) != kept && !row[place].is_null() {
                out.rows.push(vec![key.clone(), Value::from(column.to_string()), row[place].clone()]);
            }
        }
    }
    out
}
