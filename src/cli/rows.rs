//! Prints rows: as a table for people, as JSON lines, as CSV.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Failure;
use super::args::RowFormat;
use super::batch::Done;
use super::console::Console;
use crate::diagnostic::render;
use crate::eval::{Rows, Value};
use crate::event;
use crate::time::iso8601;

/// Columns between those of a table.
const GAP: &str = "  ";
const MAX_LAST_RULE: usize = 80;

/// A rule and its rows.
pub(super) struct Report<'d> {
    done: &'d Done,
    rows: Rows,
}

impl<'d> Report<'d> {
    pub(super) fn new(done: &'d Done, rows: Rows) -> Self {
        Self { done, rows }
    }

    pub(super) fn count(&self) -> usize {
        self.rows.table.rows.len()
    }

    /// The rule's name; its path where it has none.
    fn name(&self) -> &str {
        let name = self.done.compiled.rule.as_ref().map(|r| r.name.as_str()).filter(|n| !n.is_empty());
        name.unwrap_or_else(|| self.done.file.path())
    }

    /// The rows' columns and values. Whole events have the fields of their record too, unless `table`.
    fn cells(&self, with_fields: bool) -> (Vec<String>, Cow<'_, [Vec<Value<'static>>]>) {
        let table = &self.rows.table;
        let columns: Vec<String> = table.columns.iter().map(|c| c.to_string()).collect();
        if self.rows.events && with_fields {
            let (columns, rows) = self.with_fields(columns);
            (columns, Cow::Owned(rows))
        } else {
            (columns, Cow::Borrowed(&table.rows))
        }
    }

    fn with_fields(&self, columns: Vec<String>) -> (Vec<String>, Vec<Vec<Value<'static>>>) {
        let removed = &self.rows.removed;
        let own = columns.len();
        let mut columns = columns;
        let mut places: HashMap<String, usize> = columns.iter().enumerate().map(|(i, c)| (c.clone(), i)).collect();
        let mut rows = Vec::new();
        for row in &self.rows.table.rows {
            let mut out = row.clone();
            let raw = row.last().map(|raw| raw.to_text().into_owned()).unwrap_or_default();
            for (name, value) in event::fields(&raw) {
                if removed.iter().any(|r| **r == *name) {
                    continue;
                }
                let place = *places.entry(name).or_insert_with_key(|name| {
                    columns.push(name.clone());
                    columns.len() - 1
                });
                // What the rule has computed stands before what the record says.
                if place < own {
                    continue;
                }
                if out.len() <= place {
                    out.resize(place + 1, Value::Null);
                }
                out[place] = value;
            }
            rows.push(out);
        }
        rows.iter_mut().for_each(|row: &mut Vec<_>| row.resize(columns.len(), Value::Null));
        (columns, rows)
    }

    /// The rows as JSON objects.
    pub(super) fn json(&self, rule: Option<&str>) -> Vec<String> {
        let mut objects = Vec::new();
        self.each_json(rule, |object| objects.push(object));
        objects
    }

    fn each_json(&self, rule: Option<&str>, mut take: impl FnMut(String)) {
        let (columns, rows) = self.cells(true);
        let names: Vec<String> = columns.iter().map(|name| json_text(name)).collect();
        let rule = rule.map(json_text);
        rows.iter().for_each(|row| take(json_object(rule.as_deref(), &names, row)));
    }
}

pub(super) struct Printer {
    pub(super) format: RowFormat,
    /// There are several rules, so that each row says whose it is.
    pub(super) several: bool,
}

impl Printer {
    pub(super) fn print(&mut self, reports: &[Report<'_>], console: &mut Console) -> Result<(), Failure> {
        match self.format {
            RowFormat::Table => self.tables(reports, console),
            RowFormat::Json => {
                for report in reports {
                    report.each_json(self.several.then(|| report.name()), |line| console.print(&(line + "\n")));
                }
            }
            RowFormat::Csv => {
                let text = self.csv(reports).map_err(|e| Failure::new(format!("the rows can't be written: {e}")))?;
                console.print(&text);
            }
        }
        Ok(())
    }

    fn tables(&self, reports: &[Report<'_>], console: &mut Console) {
        for report in reports {
            if self.several {
                let rows = if report.count() == 1 { "row" } else { "rows" };
                let path = render::visible(report.done.file.path());
                let name = render::visible(report.name());
                console.print(&format!("==> {path} ({name}): {} {rows}\n", report.count()));
            }
            if report.count() > 0 {
                let (columns, rows) = report.cells(false);
                console.print(&table(&columns, &rows));
                if self.several {
                    console.print("\n");
                }
            }
        }
    }

    /// One table; of several rules with the columns of all.
    fn csv(&self, reports: &[Report<'_>]) -> Result<String, csv::Error> {
        let mut columns: Vec<String> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut tables = Vec::new();
        for report in reports {
            let (own, rows) = report.cells(true);
            let own: Vec<usize> = own
                .into_iter()
                .map(|name| {
                    *places.entry(name).or_insert_with_key(|name| {
                        columns.push(name.clone());
                        columns.len() - 1
                    })
                })
                .collect();
            tables.push((report.name(), own, rows));
        }
        if columns.is_empty() {
            return Ok(String::new());
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rule = self.several.then_some("_rule");
        writer.write_record(rule.into_iter().chain(columns.iter().map(String::as_str)))?;
        for (name, own, rows) in &tables {
            for row in rows.iter() {
                let mut cells = vec![Cow::Borrowed(""); columns.len()];
                for (place, value) in own.iter().zip(row) {
                    cells[*place] = value.to_text();
                }
                writer.write_record(self.several.then_some(*name).into_iter().chain(cells.iter().map(|c| &**c)))?;
            }
        }
        let bytes = writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The rule and the names of the columns are JSON texts.
fn json_object(rule: Option<&str>, names: &[String], row: &[Value<'_>]) -> String {
    let mut out = String::with_capacity(256);
    out.push('{');
    if let Some(rule) = rule {
        out.extend(["\"_rule\":", rule]);
    }
    for (name, value) in names.iter().zip(row).filter(|(_, v)| !v.is_null()) {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(name);
        out.push(':');
        write_json(value, &mut out);
    }
    out.push('}');
    out
}

fn json_text(text: &str) -> String {
    // Writing a text can't fail.
    serde_json::to_string(text).unwrap_or_default()
}

fn write_json(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(_) | Value::Double(_) => out.push_str(&value.to_text()),
        Value::Text(text) => out.push_str(&json_text(text)),
        Value::List(values) => {
            out.push('[');
            for (number, value) in values.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_json(value, out);
            }
            out.push(']');
        }
    }
}

/// A table for people. Times are written out, JSON texts on one line, multivalue fields with a line for each value.
fn table(columns: &[String], rows: &[Vec<Value<'_>>]) -> String {
    let header: Vec<Vec<String>> = columns.iter().map(|name| vec![render::visible(name)]).collect();
    let cells: Vec<Vec<Vec<String>>> =
        rows.iter().map(|row| columns.iter().zip(row).map(|(column, value)| lines(column, value)).collect()).collect();
    let is_number = |at: usize| {
        let mut values = rows.iter().map(|row| &row[at]).filter(|v| !v.is_null()).peekable();
        columns[at] != "_time"
            && values.peek().is_some()
            && values.all(|v| matches!(v, Value::Integer(_) | Value::Double(_)))
    };
    let right: Vec<bool> = (0..columns.len()).map(is_number).collect();
    let widest = |at: usize| {
        let of_rows = cells.iter().flat_map(|row| &row[at]).chain(&header[at]);
        of_rows.map(|line| width(line)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let rule: Vec<Vec<String>> = widths
        .iter()
        .enumerate()
        // The last column is not filled up, and can be very wide.
        .map(|(at, w)| vec!["-".repeat(if at + 1 == widths.len() { (*w).min(MAX_LAST_RULE) } else { *w })])
        .collect();
    let mut out = String::new();
    for row in [&header, &rule].into_iter().chain(&cells) {
        let height = row.iter().map(Vec::len).max().unwrap_or(1).max(1);
        for line in 0..height {
            let mut text = String::new();
            for (at, cell) in row.iter().enumerate() {
                let piece = cell.get(line).map_or("", String::as_str);
                let fill = " ".repeat(widths[at].saturating_sub(width(piece)));
                if at > 0 {
                    text.push_str(GAP);
                }
                let (before, behind) = if right[at] { (fill.as_str(), "") } else { ("", fill.as_str()) };
                text.extend([before, piece, behind]);
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
    out
}

fn width(text: &str) -> usize {
    text.chars().map(render::width).sum()
}

/// The lines of a cell.
fn lines(column: &str, value: &Value<'_>) -> Vec<String> {
    let line = |value: &Value<'_>| match (column, value) {
        ("_time", Value::Integer(_) | Value::Double(_)) => vec![value.as_number().map(time).unwrap_or_default()],
        ("_raw", Value::Text(text)) => vec![render::visible(&compact(text))],
        (_, value) => value.to_text().lines().map(render::visible).collect(),
    };
    value.values().iter().flat_map(line).collect()
}

/// A moment with as many digits of its fraction as it has, six at the most.
fn time(seconds: f64) -> String {
    let micros = (seconds * 1e6).round() as i64;
    let whole = iso8601(micros.div_euclid(1_000_000));
    match micros.rem_euclid(1_000_000) {
        0 => whole,
        fraction => {
            let digits = format!("{fraction:06}");
            format!("{}.{}Z", whole.trim_end_matches('Z'), digits.trim_end_matches('0'))
        }
    }
}

/// A JSON text without the blanks between its parts.
fn compact(text: &str) -> String {
    if !text.starts_with(['{', '[']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        if !inside && c.is_ascii_whitespace() {
            continue;
        }
        out.push(c);
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn tables_are_aligned() {
        let rows = vec![
            vec![
                Value::Integer(1_722_520_322),
                "日本".into(),
                Value::Integer(5),
                Value::list(["a".into(), "b".into()]),
            ],
            vec![Value::Double(0.5), Value::Null, Value::Double(12.25), "c\u{1b}".into()],
        ];
        insta::assert_snapshot!(table(&names(&["_time", "user", "n", "values"]), &rows), @r"
        _time                   user      n  values
        ----------------------  ----  -----  ------
        2024-08-01T13:52:02Z    日本      5  a
                                             b
        1970-01-01T00:00:00.5Z        12.25  c�
        ");
    }

    #[test]
    fn json_leaves_absent_fields_out() {
        let row =
            [Value::Null, Value::Double(3.0), Value::list(["a".into(), Value::Integer(2)]), "x\"y".into(), true.into()];
        assert_eq!(
            json_object(Some("\"R\""), &names(&["\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\""]), &row),
            r#"{"_rule":"R","b":3,"c":["a",2],"d":"x\"y","e":true}"#
        );
    }

    #[test]
    fn json_texts_lose_their_blanks() {
        assert_eq!(compact("{\n \"a b\": [1, \"\\\" x\"]\n}"), "{\"a b\":[1,\"\\\" x\"]}");
        assert_eq!(compact("plain text"), "plain text");
    }
}
