//! Whether an answer of Trino has the rows that the evaluator gives: columns by name and type, values by the column's type.

use std::collections::HashMap;

use rulecast::eval::{Rows, Value};
use rulecast::ir::{AggregateFunction, Output, Query, Rel, Scalar, SortKey, Type};
use rulecast::synth::Record;
use serde_json::Value as Json;

use super::client::Answer;
use super::tables::{Table, Ty};

/// How far sums of floating-point numbers may differ, relative to their size: their order of adding is free.
const TOLERANCE: f64 = 1e-9;
/// Rows that are left over are paired one with another up to this number.
const MOST_PAIRED: usize = 3000;
/// Rows of each side that a report shows.
const SHOWN: usize = 3;

/// What a column of the answer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Number,
    Boolean,
    Moment,
    List,
    /// A struct, a map, or a list of structs.
    Other,
}

fn kind(ty: &str) -> Kind {
    let root = ty.split('(').next().unwrap_or(ty).trim();
    match root {
        "varchar" | "char" | "json" | "unknown" | "ipaddress" | "date" => Kind::Text,
        "bigint" | "integer" | "smallint" | "tinyint" | "double" | "real" | "decimal" => Kind::Number,
        "boolean" => Kind::Boolean,
        _ if root.starts_with("timestamp") => Kind::Moment,
        "array" if !ty.contains("row(") && !ty.contains("map(") => Kind::List,
        _ => Kind::Other,
    }
}

/// A value that can be compared.
#[derive(Clone, PartialEq, Debug)]
enum Cell {
    Null,
    Text(String),
    Number(f64),
    Boolean(bool),
    /// Milliseconds since the epoch.
    Moment(i64),
    List(Vec<Cell>),
    Other(Json),
    /// An evaluator's value that no value of the column can equal.
    Misfit(String),
}

impl Cell {
    /// Equal texts for equal cells, up to the tolerance of numbers and the order of lists.
    fn key(&self, key: &mut String) {
        match self {
            Cell::Null => key.push('~'),
            Cell::Text(t) => key.push_str(&format!("t{}:{t}", t.len())),
            Cell::Number(n) => key.push_str(&format!("n{:.7e};", if *n == 0.0 { 0.0 } else { *n })),
            Cell::Boolean(b) => key.push_str(if *b { "b1" } else { "b0" }),
            Cell::Moment(t) => key.push_str(&format!("m{t};")),
            Cell::List(cells) => {
                key.push_str(&format!("l{}:", cells.len()));
                cells.iter().for_each(|c| c.key(key));
            }
            Cell::Other(json) => key.push_str(&format!("j{json};")),
            Cell::Misfit(t) => key.push_str(&format!("x{}:{t}", t.len())),
        }
    }

    fn equals(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => {
                let whole = a.fract() == 0.0 && b.fract() == 0.0 && a.abs() < 9e15;
                a == b || !whole && (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
            }
            (Cell::List(a), Cell::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b)),
            (a, b) => a == b,
        }
    }

    fn shown(&self) -> String {
        match self {
            Cell::Null => "NULL".to_owned(),
            Cell::Text(t) => format!("{t:?}"),
            Cell::Number(n) => n.to_string(),
            Cell::Boolean(b) => b.to_string(),
            Cell::Moment(t) => rulecast::time::iso8601(t.div_euclid(1000)) + &format!("+{}ms", t.rem_euclid(1000)),
            Cell::List(cells) => format!("[{}]", cells.iter().map(Cell::shown).collect::<Vec<_>>().join(", ")),
            Cell::Other(json) => json.to_string(),
            Cell::Misfit(t) => format!("{t} (of another type)"),
        }
    }
}

/// What was asked, and of what tables.
pub(crate) struct Question<'a> {
    pub(crate) query: &'a Query,
    pub(crate) tables: &'a [Table],
    pub(crate) records: &'a [Record],
}

/// How many rows are equal, or where the two first differ.
///
/// # Errors
/// The differences, to be read.
pub(crate) fn compare(question: &Question<'_>, expected: &Rows, answer: &Answer) -> Result<usize, String> {
    let columns = columns(question.query, expected, answer)?;
    let unordered = !has_lists(&question.query.plan);
    let wanted = wanted(question, expected, answer, &columns, unordered)?;
    let kinds: Vec<Kind> = answer.columns.iter().map(|(_, ty)| kind(ty)).collect();
    let got: Vec<Vec<Cell>> = answer.rows.iter().map(|row| got(row, &kinds, unordered)).collect();
    let names: Vec<&str> = answer.columns.iter().map(|(n, _)| n.as_str()).collect();
    let (missing, surplus) = unpaired(&wanted, &got);
    if !missing.is_empty() || !surplus.is_empty() {
        return Err(differences(&names, &wanted, &got, &missing, &surplus));
    }
    if let Some(keys) = last_sort(&question.query.plan) {
        let shown: Vec<usize> = keys
            .iter()
            .map_while(|key| key.expr.as_column().and_then(|name| names.iter().position(|n| **n == **name)))
            .collect();
        let order = |rows: &[Vec<Cell>]| -> Vec<Vec<Cell>> {
            rows.iter().map(|row| shown.iter().map(|at| row[*at].clone()).collect()).collect()
        };
        let (a, b) = (order(&wanted), order(&got));
        let first = a.iter().zip(&b).position(|(a, b)| !a.iter().zip(b).all(|(a, b)| a.equals(b)));
        if let Some(at) = first {
            return Err(format!(
                "the rows come in another order, first at row {}:\n{}",
                at + 1,
                differences(&names, &wanted, &got, &[at], &[at])
            ));
        }
    }
    Ok(wanted.len())
}

/// Of each column of the answer: the evaluator's, by position, or a column of the table where events are shown whole.
enum Column {
    Own(usize),
    OfTable(String),
}

fn columns(query: &Query, expected: &Rows, answer: &Answer) -> Result<Vec<Column>, String> {
    let of = |name: &str| expected.table.columns.iter().position(|c| &**c == name);
    let types = |name: &str, columns: &[rulecast::ir::Column], sql: &str| -> Result<(), String> {
        let Some(column) = columns.iter().find(|c| &*c.name == name) else { return Ok(()) };
        if fits(column.ty, sql) { Ok(()) } else { Err(format!("column `{name}` is {sql}, the IR says {}", column.ty)) }
    };
    match &query.output {
        Output::Columns(shown) | Output::Open(shown) => {
            let mut out = Vec::new();
            for (name, sql) in &answer.columns {
                let Some(at) = of(name) else {
                    // A query needs a column, if the rule shows none.
                    if shown.is_empty() && expected.table.columns.is_empty() {
                        continue;
                    }
                    return Err(format!("column `{name}` is not among the evaluator's: {:?}", expected.table.columns));
                };
                types(name, shown, sql)?;
                out.push(Column::Own(at));
            }
            let has = |name: &str| answer.columns.iter().any(|(n, _)| n == name);
            match expected.table.columns.iter().find(|c| !has(c)) {
                Some(missing) => Err(format!("column `{missing}` is missing")),
                None => Ok(out),
            }
        }
        Output::Events { added, .. } => {
            let Some(of_table) = answer.columns.len().checked_sub(added.len()) else {
                return Err("columns are missing".to_owned());
            };
            let mut out: Vec<Column> =
                answer.columns[..of_table].iter().map(|(n, _)| Column::OfTable(n.clone())).collect();
            for (column, (name, sql)) in added.iter().zip(&answer.columns[of_table..]) {
                if &*column.name != name {
                    return Err(format!("column `{name}` stands where `{}` should", column.name));
                }
                types(name, added, sql)?;
                let Some(at) = of(name) else {
                    return Err(format!("the evaluator has no column `{name}`"));
                };
                out.push(Column::Own(at));
            }
            Ok(out)
        }
    }
}

/// Whether values of the IR's type can stand in a column of SQL's.
fn fits(ty: Type, sql: &str) -> bool {
    let kind = kind(sql);
    match (ty.multivalue, ty.scalar) {
        (_, Scalar::Unknown) => true,
        (true, _) => kind == Kind::List || kind == Kind::Text,
        (false, Scalar::String | Scalar::Json) => kind == Kind::Text,
        (false, Scalar::Integer | Scalar::Double) => kind == Kind::Number,
        (false, Scalar::Boolean) => kind == Kind::Boolean,
        (false, Scalar::Time) => matches!(kind, Kind::Moment | Kind::Number),
    }
}

/// The evaluator's rows in the form of the answer's columns.
fn wanted(
    question: &Question<'_>,
    expected: &Rows,
    answer: &Answer,
    columns: &[Column],
    unordered: bool,
) -> Result<Vec<Vec<Cell>>, String> {
    let sources: HashMap<&str, &Record> = question.records.iter().map(|r| (r.text.as_str(), r)).collect();
    let mut out = Vec::with_capacity(expected.table.rows.len());
    for row in &expected.table.rows {
        let raw = row.last().filter(|_| expected.events).map(|v| v.to_text().into_owned());
        let event = raw.as_deref().and_then(|raw| whole(question, &sources, raw));
        let mut cells = Vec::with_capacity(columns.len());
        for (column, (_, sql)) in columns.iter().zip(&answer.columns) {
            cells.push(match column {
                Column::Own(at) => fitted(&row[*at], kind(sql), unordered),
                Column::OfTable(name) => {
                    let event = event.as_ref().ok_or("an event is not of any table")?;
                    match event.get(name) {
                        Some(value) => of_json(value, kind(sql), true),
                        // A column of another table.
                        None if question.tables.iter().any(|t| t.columns.iter().any(|(n, _)| n == name)) => Cell::Null,
                        None => return Err(format!("no table has the column `{name}`")),
                    }
                }
            });
        }
        out.push(cells);
    }
    Ok(out)
}

/// The columns of the row that an event is in its table, as Trino's protocol writes them.
fn whole(question: &Question<'_>, sources: &HashMap<&str, &Record>, raw: &str) -> Option<HashMap<String, Json>> {
    let source = sources.get(raw).map(|record| &record.source);
    let of_source = |t: &&Table| t.source.is_some() && (source.is_none() || t.source.as_ref() == source);
    let table = question.tables.iter().find(of_source)?;
    let mut shaped = table.shape(raw)?;
    if let (Some(day), Some((name, _))) = (shaped.day, table.columns.last()) {
        shaped.row.insert(name.clone(), day.into());
    }
    let column = |(name, ty): &(String, Ty)| (name.clone(), protocol(shaped.row.get(name), ty));
    Some(table.columns.iter().map(column).collect())
}

/// A value of a table as the protocol has it: structs by the position of their members.
fn protocol(value: Option<&Json>, ty: &Ty) -> Json {
    match (value, ty) {
        (None | Some(Json::Null), _) => Json::Null,
        (Some(value), Ty::Row(members)) => {
            members.iter().map(|(name, ty)| protocol(value.get(name), ty)).collect::<Vec<_>>().into()
        }
        (Some(Json::Array(values)), Ty::Array(element)) => {
            values.iter().map(|v| protocol(Some(v), element)).collect::<Vec<_>>().into()
        }
        (Some(value), _) => value.clone(),
    }
}

/// A value of the evaluator as a column holds it.
fn fitted(value: &Value<'_>, kind: Kind, unordered: bool) -> Cell {
    let misfit = || Cell::Misfit(format!("{value:?}"));
    match (value, kind) {
        (Value::Null, _) => Cell::Null,
        (Value::List(values), Kind::List) => {
            sorted(values.iter().map(|v| fitted(v, Kind::Text, false)).collect(), unordered)
        }
        (Value::List(_), _) => misfit(),
        (single, Kind::List) => Cell::List(vec![fitted(single, Kind::Text, false)]),
        // SPL writes a number as text where a column holds both.
        (single, Kind::Text) => Cell::Text(single.to_text().into_owned()),
        (Value::Integer(n), Kind::Number) => Cell::Number(*n as f64),
        (Value::Double(n), Kind::Number) => Cell::Number(*n),
        (Value::Text(t), Kind::Number) => match value.as_number() {
            Some(n) if rulecast::eval::value::write_number(n) == **t => Cell::Number(n),
            _ => misfit(),
        },
        (Value::Boolean(b), Kind::Boolean) => Cell::Boolean(*b),
        (Value::Text(t), Kind::Boolean) if t.eq_ignore_ascii_case("true") => Cell::Boolean(true),
        (Value::Text(t), Kind::Boolean) if t.eq_ignore_ascii_case("false") => Cell::Boolean(false),
        (Value::Integer(_) | Value::Double(_), Kind::Moment) => {
            value.as_number().map_or_else(misfit, |t| Cell::Moment((t * 1e3).round() as i64))
        }
        _ => misfit(),
    }
}

fn sorted(mut cells: Vec<Cell>, unordered: bool) -> Cell {
    if unordered {
        cells.sort_by_cached_key(|c| {
            let mut key = String::new();
            c.key(&mut key);
            key
        });
    }
    Cell::List(cells)
}

fn got(row: &[Json], kinds: &[Kind], unordered: bool) -> Vec<Cell> {
    row.iter().zip(kinds).map(|(value, kind)| of_json(value, *kind, unordered)).collect()
}

/// A value as Trino's protocol writes it.
fn of_json(value: &Json, kind: Kind, unordered: bool) -> Cell {
    match (value, kind) {
        (Json::Null, _) => Cell::Null,
        (Json::String(t), Kind::Moment) => moment(t).map_or_else(|| Cell::Text(t.clone()), Cell::Moment),
        (Json::String(t), Kind::Number) => t.parse().map_or_else(|_| Cell::Text(t.clone()), Cell::Number),
        (Json::String(t), Kind::Text) => Cell::Text(t.clone()),
        (Json::Number(n), Kind::Number) => n.as_f64().map_or_else(|| Cell::Text(n.to_string()), Cell::Number),
        (Json::Bool(b), Kind::Boolean) => Cell::Boolean(*b),
        (Json::Array(values), Kind::List) => {
            let cell = |v: &Json| match v {
                Json::Null => Cell::Null,
                Json::String(t) => Cell::Text(t.clone()),
                Json::Number(n) => {
                    Cell::Text(n.as_f64().map_or_else(|| n.to_string(), rulecast::eval::value::write_number))
                }
                other => Cell::Text(other.to_string()),
            };
            sorted(values.iter().map(cell).collect(), unordered)
        }
        (other, _) => Cell::Other(other.clone()),
    }
}

/// `2024-08-01 13:52:02.000`, with ` UTC` behind it or not.
fn moment(text: &str) -> Option<i64> {
    let seconds = rulecast::event::parse_time(&text.replace(" UTC", "").replacen(' ', "T", 1))?.as_number()?;
    Some((seconds * 1e3).round() as i64)
}

/// The rows of each side that the other lacks.
fn unpaired(wanted: &[Vec<Cell>], got: &[Vec<Cell>]) -> (Vec<usize>, Vec<usize>) {
    let key = |row: &Vec<Cell>| {
        let mut key = String::new();
        row.iter().for_each(|c| c.key(&mut key));
        key
    };
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, row) in got.iter().enumerate().rev() {
        by_key.entry(key(row)).or_default().push(number);
    }
    let equal = |a: &[Cell], b: &[Cell]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b));
    let mut taken = vec![false; got.len()];
    let mut missing = Vec::new();
    for (number, row) in wanted.iter().enumerate() {
        let same = by_key.get_mut(&key(row)).and_then(|numbers| {
            let at = numbers.iter().rposition(|n| equal(row, &got[*n]))?;
            Some(numbers.remove(at))
        });
        match same {
            Some(at) => taken[at] = true,
            None => missing.push(number),
        }
    }
    let mut surplus: Vec<usize> = (0..got.len()).filter(|n| !taken[*n]).collect();
    // Keys of numbers that are equal up to the tolerance can differ.
    if missing.len() <= MOST_PAIRED && surplus.len() <= MOST_PAIRED {
        missing.retain(|number| match surplus.iter().position(|n| equal(&wanted[*number], &got[*n])) {
            Some(at) => {
                surplus.remove(at);
                false
            }
            None => true,
        });
    }
    (missing, surplus)
}

fn differences(
    names: &[&str],
    wanted: &[Vec<Cell>],
    got: &[Vec<Cell>],
    missing: &[usize],
    surplus: &[usize],
) -> String {
    let mut text = format!(
        "{} rows expected, {} given; {} missing, {} surplus\n",
        wanted.len(),
        got.len(),
        missing.len(),
        surplus.len()
    );
    let mut left: Vec<usize> = surplus.to_vec();
    for number in missing.iter().take(SHOWN) {
        let row = &wanted[*number];
        // The row that is nearest shows what is different.
        let distance = |n: &usize| row.iter().zip(&got[*n]).filter(|(a, b)| !a.equals(b)).count();
        let near = left.iter().position(|n| Some(distance(n)) == left.iter().map(distance).min());
        match near {
            Some(at) if distance(&left[at]) * 2 <= row.len().max(2) => {
                let other = &got[left.remove(at)];
                text.push_str(&format!("expected row {}, and the one nearest to it:\n", number + 1));
                for ((name, a), b) in names.iter().zip(row).zip(other) {
                    if a.equals(b) {
                        text.push_str(&format!("    {name}: {}\n", short(&a.shown())));
                    } else {
                        text.push_str(&format!(
                            "  ! {name}: {} expected, {} given\n",
                            short(&a.shown()),
                            short(&b.shown())
                        ));
                    }
                }
            }
            _ => text.push_str(&format!("missing row {}:\n{}", number + 1, listed(names, row))),
        }
    }
    for number in left.iter().take(SHOWN) {
        text.push_str(&format!("surplus row {}:\n{}", number + 1, listed(names, &got[*number])));
    }
    text
}

fn listed(names: &[&str], row: &[Cell]) -> String {
    let cells = names.iter().zip(row).filter(|(_, c)| **c != Cell::Null);
    cells.map(|(name, cell)| format!("    {name}: {}\n", short(&cell.shown()))).collect()
}

fn short(text: &str) -> String {
    if text.chars().count() <= 300 { text.to_owned() } else { text.chars().take(300).chain(['…']).collect() }
}

fn has_lists(rel: &Rel) -> bool {
    let lists = |function: &AggregateFunction| matches!(function, AggregateFunction::List);
    let own = match rel {
        Rel::Aggregate { aggregates, .. } | Rel::Window { columns: aggregates, .. } => {
            aggregates.iter().any(|(_, a)| lists(&a.function))
        }
        _ => false,
    };
    own || rel.inputs().into_iter().any(has_lists)
}

/// The keys of the sort that decides the order of the rows.
fn last_sort(rel: &Rel) -> Option<&[SortKey]> {
    match rel {
        Rel::Sort { keys, .. } => Some(keys),
        Rel::Filter { input, .. }
        | Rel::Extend { input, .. }
        | Rel::Project { input, .. }
        | Rel::Limit { input, .. } => last_sort(input),
        _ => None,
    }
}
