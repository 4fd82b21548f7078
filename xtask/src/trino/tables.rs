//! The tables that queries read: CloudTrail's and Security Lake's as AWS documents them, all others by the conventions of
//! their schemas (docs/schemas.md).

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use rulecast::ir::{LookupTable, Name, Query, Rel, Scan};
use rulecast::schema::{Schema, Schemas};
use serde::Deserialize;

use super::documented;

/// The type of a column or of what is inside one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Ty {
    Varchar,
    Integer,
    Bigint,
    Double,
    Boolean,
    /// In UTC, to the millisecond.
    Timestamp,
    /// From text to text.
    Map,
    Array(Box<Ty>),
    Row(Vec<(String, Ty)>),
}

impl Ty {
    fn ddl(&self) -> String {
        match self {
            Ty::Varchar => "varchar".to_owned(),
            Ty::Integer => "integer".to_owned(),
            Ty::Bigint => "bigint".to_owned(),
            Ty::Double => "double".to_owned(),
            Ty::Boolean => "boolean".to_owned(),
            Ty::Timestamp => "timestamp(3)".to_owned(),
            Ty::Map => "map(varchar, varchar)".to_owned(),
            Ty::Array(element) => format!("array({})", element.ddl()),
            Ty::Row(members) => {
                let members: Vec<String> = members.iter().map(|(n, t)| format!("{} {}", quoted(n), t.ddl())).collect();
                format!("row({})", members.join(", "))
            }
        }
    }
}

/// What fills a place of a table.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum From {
    /// The first of these raw fields that the record has.
    Fields(Vec<String>),
    /// The text of the whole record.
    Raw,
    /// The event's time, in the form of the time column.
    Time(TimeForm),
    /// A list of objects: which member of an element becomes which member of the struct, both dotted.
    Elements { list: String, members: Vec<(String, String)> },
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimeForm {
    Iso8601,
    Timestamp,
    EpochMillis,
    EpochSeconds,
}

/// How records become rows.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Shape {
    /// As AWS's reader does it: by the names of the columns and of their members, without case.
    ByName,
    /// Dotted place in the table, and what fills it.
    ByPlace(Vec<(String, Ty, From)>),
    /// Rows that are known: a lookup's.
    Rows(Vec<Vec<String>>),
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Table {
    /// The schema's id; a lookup has none.
    pub(crate) source: Option<Arc<str>>,
    /// The database where the query names it, and the table.
    pub(crate) database: Option<String>,
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Ty)>,
    pub(crate) shape: Shape,
    /// A partition column of days, named by the last of `columns`: rows lie in a folder for each.
    pub(crate) by_day: bool,
    /// The raw field with the event's time.
    pub(crate) time: String,
}

/// A lookup's name, columns and rows.
type Known = (Arc<str>, Vec<Name>, Vec<Vec<String>>);

/// `[target.athena]`, as far as it says what the table is like.
#[derive(Deserialize)]
struct Section {
    table: String,
    time: String,
    time_type: TimeForm,
    #[serde(default)]
    partitions: Vec<Partition>,
    #[serde(default)]
    columns: BTreeMap<String, Column>,
    #[serde(default)]
    json: BTreeMap<String, String>,
    #[serde(default)]
    arrays: BTreeMap<String, ArrayColumn>,
    #[serde(default)]
    maps: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Partition {
    column: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Column {
    Text(String),
    Typed {
        column: String,
        #[serde(rename = "type")]
        ty: String,
    },
}

#[derive(Deserialize)]
struct ArrayColumn {
    column: String,
    members: BTreeMap<String, String>,
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables that a query reads.
///
/// # Errors
/// A schema's section does not say what its table is like.
pub(crate) fn tables(query: &Query, schemas: &Schemas, sql: &str) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    let mut scans: Vec<&Scan> = Vec::new();
    let mut lookups: Vec<Known> = Vec::new();
    walk(&query.plan, &mut |rel| match rel {
        Rel::Scan(scan) => scans.push(scan),
        Rel::Lookup(lookup) => lookups.push(lookup_table(&lookup.table)),
        Rel::Values(values) => {
            let text = |row: &Vec<Option<String>>| row.iter().map(|c| c.clone().unwrap_or_default()).collect();
            let rows = if values.external { Vec::new() } else { values.rows.iter().map(text).collect() };
            lookups.push((values.table.clone(), values.columns.clone(), rows));
        }
        _ => {}
    });
    for scan in &scans {
        if tables.iter().any(|t| t.source.as_ref() == Some(&scan.source)) {
            continue;
        }
        let schema = schemas.get(&scan.source).with_context(|| format!("no schema `{}`", scan.source))?;
        let of_source = scans.iter().filter(|s| s.source == scan.source);
        let fields: Vec<&str> = of_source.flat_map(|s| &s.fields).map(|f| &*f.name).collect();
        tables.push(table(schema, &fields)?);
    }
    for (name, columns, rows) in lookups {
        add_lookup(&mut tables, &name, &columns, rows, sql);
    }
    Ok(tables)
}

fn walk<'q>(rel: &'q Rel, see: &mut impl FnMut(&'q Rel)) {
    see(rel);
    for input in rel.inputs() {
        walk(input, see);
    }
}

fn lookup_table(table: &LookupTable) -> Known {
    let rows = if table.external { Vec::new() } else { table.rows.clone() };
    (table.name.clone(), table.columns.clone(), rows)
}

/// The column of `column AS VARCHAR)…`, in lower case.
fn cast_to_text(text: &str) -> Option<String> {
    let (column, _) = text.split_once(" AS VARCHAR)")?;
    let column = column.trim_matches('"');
    let plain = !column.is_empty()
        && column.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '{' | '}'));
    plain.then(|| column.to_lowercase())
}

/// A table for a lookup that the query reads as one: text columns, and the rows that are known.
fn add_lookup(tables: &mut Vec<Table>, lookup: &str, columns: &[Name], rows: Vec<Vec<String>>, sql: &str) {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = lookup.chars().map(plain).collect();
    let is_read = sql.match_indices(&name).any(|(at, _)| {
        let before = sql[..at].trim_end().to_ascii_lowercase();
        (before.ends_with("from")
            || before.ends_with("join")
            || before.ends_with("from \"")
            || before.ends_with("join \""))
            && !sql[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    });
    if !is_read {
        return;
    }
    let mut names: Vec<String> = columns.iter().map(|c| c.to_lowercase()).collect();
    if names.is_empty() {
        // Of a table about which nothing is known, the query itself says what it reads.
        names = sql.split("CAST(").skip(1).filter_map(cast_to_text).collect();
    }
    if rows.is_empty() {
        names.sort();
        names.dedup();
    }
    if let Some(known) = tables.iter_mut().find(|t| t.source.is_none() && t.name == name) {
        // Another use of it may read other columns, where they are not known.
        for column in names {
            if !known.columns.iter().any(|(n, _)| *n == column) {
                known.columns.push((column, Ty::Varchar));
            }
        }
        return;
    }
    let columns = names.into_iter().map(|n| (n, Ty::Varchar)).collect();
    let shape = Shape::Rows(rows);
    tables.push(Table { source: None, database: None, name, columns, shape, by_day: false, time: String::new() });
}

/// The table of a log source. `fields` are those that are read: a convention that gives each field a column has these too.
fn table(schema: &Schema, fields: &[&str]) -> Result<Table> {
    let section: Section = match schema.section("athena") {
        Some(section) => section.map_err(|e| anyhow!("{}: {e}", schema.id))?,
        None => return Err(anyhow!("{} has no table", schema.id)),
    };
    let pieces = dotted(&section.table);
    let (name, database) = match pieces.as_slice() {
        [name] => (name.clone(), None),
        [.., database, name] => (name.clone(), Some(database.clone())),
        [] => return Err(anyhow!("{} has no table", schema.id)),
    };
    let source = Some(schema.id.clone());
    let time = schema.time.clone();
    if let Some((columns, by_day)) = documented::columns(&section.table) {
        return Ok(Table { source, database, name, columns, shape: Shape::ByName, by_day, time });
    }
    let places = places(schema, &section, fields)?;
    let mut columns = Vec::new();
    for (place, ty, _) in &places {
        put(&mut columns, place, ty);
    }
    for partition in &section.partitions {
        put(&mut columns, &partition.column, &Ty::Varchar);
    }
    Ok(Table { source, database, name, columns, shape: Shape::ByPlace(places), by_day: false, time })
}

/// Every place of a table by its dotted name.
fn places(schema: &Schema, section: &Section, fields: &[&str]) -> Result<Vec<(String, Ty, From)>> {
    let mut places: Vec<(String, Ty, From)> = Vec::new();
    let mut add = |place: &str, ty: Ty, from: From| match places.iter_mut().find(|(p, ..)| p == place) {
        // Names of columns have no case, so that fields can share one.
        Some((_, _, From::Fields(of))) => {
            if let From::Fields(more) = from {
                of.extend(more.into_iter().filter(|f| !of.contains(f)).collect::<Vec<_>>());
            }
        }
        Some(_) => {}
        None => places.push((place.to_owned(), ty, from)),
    };
    let field = |path: &str| From::Fields(vec![path.to_owned()]);
    let time_type = match section.time_type {
        TimeForm::Iso8601 => Ty::Varchar,
        TimeForm::Timestamp => Ty::Timestamp,
        TimeForm::EpochMillis | TimeForm::EpochSeconds => Ty::Bigint,
    };
    add(&section.time, time_type, From::Time(section.time_type));
    for (path, column) in &section.columns {
        match column {
            Column::Text(column) if path == "*" || column.ends_with('*') => {}
            Column::Text(column) if path == "_raw" => add(column, Ty::Varchar, From::Raw),
            Column::Text(column) => add(column, Ty::Varchar, field(path)),
            Column::Typed { column, ty } => {
                let ty = match ty.as_str() {
                    "varchar" | "iso8601" => Ty::Varchar,
                    "bigint" | "epoch_millis" | "epoch_seconds" => Ty::Bigint,
                    "double" => Ty::Double,
                    "boolean" => Ty::Boolean,
                    "timestamp" => Ty::Timestamp,
                    "varchar_array" => Ty::Array(Box::new(Ty::Varchar)),
                    other => return Err(anyhow!("{}: unknown type `{other}`", schema.id)),
                };
                add(column, ty, field(path));
            }
        }
    }
    for (path, column) in &section.json {
        add(column, Ty::Varchar, field(path));
    }
    for (path, column) in &section.maps {
        add(column, Ty::Map, field(path));
    }
    for (path, array) in &section.arrays {
        let members: Vec<(String, String)> = array.members.iter().map(|(a, b)| (a.clone(), b.clone())).collect();
        let mut element = Vec::new();
        members.iter().for_each(|(_, place)| put(&mut element, place, &Ty::Varchar));
        let list = path.trim_end_matches("{}").to_owned();
        add(&array.column, Ty::Array(Box::new(Ty::Row(element))), From::Elements { list, members });
    }
    let below = |path: &str, root: &str| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '{']))
    };
    let wild: Vec<(&str, &str)> = section
        .columns
        .iter()
        .filter_map(|(path, column)| match column {
            Column::Text(column) => Some((path.strip_suffix('*')?, column.strip_suffix('*')?)),
            Column::Typed { .. } => None,
        })
        .collect();
    let all = schema.fields.keys().map(String::as_str).chain(fields.iter().copied());
    for path in all {
        let is_placed = path.starts_with("_time")
            || path == "_raw"
            || section.columns.contains_key(path)
            || section.json.keys().chain(section.maps.keys()).chain(section.arrays.keys()).any(|r| below(path, r));
        let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        // A dotted name stands for a member of a struct only where no column is in the way.
        for (from, to) in wild.iter().filter(|_| plain && !is_placed) {
            if let Some(rest) = path.strip_prefix(from)
                && !(from.is_empty() && rest.contains('.') && schema.fields.contains_key(path))
            {
                add(&format!("{to}{}", rest.to_ascii_lowercase()), Ty::Varchar, field(path));
            }
        }
    }
    Ok(places)
}

/// Adds a dotted place to a table's columns, or a struct's members.
fn put(columns: &mut Vec<(String, Ty)>, place: &str, ty: &Ty) {
    let (root, rest) = match place.split_once('.') {
        Some((root, rest)) => (root, Some(rest)),
        None => (place, None),
    };
    let at = columns.iter().position(|(name, _)| name == root);
    match (at, rest) {
        (None, None) => columns.push((root.to_owned(), ty.clone())),
        (None, Some(rest)) => {
            let mut members = Vec::new();
            put(&mut members, rest, ty);
            columns.push((root.to_owned(), Ty::Row(members)));
        }
        (Some(at), Some(rest)) => {
            if let Ty::Row(members) = &mut columns[at].1 {
                put(members, rest, ty);
            }
        }
        (Some(_), None) => {}
    }
}

/// The pieces of a dotted name; one in double quotes may hold dots.
fn dotted(name: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut inside = false;
    for c in name.chars() {
        match (c, pieces.last_mut()) {
            ('"', _) => inside = !inside,
            ('.', _) if !inside => pieces.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    pieces
}

impl Table {
    /// The statement that makes the table in Hive over a folder. `days`: the first and the last one that rows have.
    pub(crate) fn ddl(&self, schema: &str, location: &str, days: Option<&(String, String)>) -> String {
        let column = |(position, (name, ty)): (usize, &(String, Ty))| {
            let mut text = format!("{} {}", quoted(name), ty.ddl());
            if self.by_day && position + 1 == self.columns.len() {
                let (first, last) = days.cloned().unwrap_or_else(|| ("2020/01/01".to_owned(), "2020/01/02".to_owned()));
                // As in AWS's statement, with the days that there are.
                text.push_str(&format!(
                    " WITH (partition_projection_type = 'date', partition_projection_format = 'yyyy/MM/dd', \
                     partition_projection_range = ARRAY['{first}', '{last}'], partition_projection_interval = 1, \
                     partition_projection_interval_unit = 'DAYS')"
                ));
            }
            text
        };
        let columns: Vec<String> = self.columns.iter().enumerate().map(column).collect();
        let mut with = format!("format = 'JSON', external_location = '{location}'");
        if let Some((partition, _)) = self.columns.last().filter(|_| self.by_day) {
            with.push_str(&format!(
                ", partitioned_by = ARRAY['{partition}'], partition_projection_enabled = true, \
                 partition_projection_location_template = '{location}/${{{partition}}}'"
            ));
        }
        let name = format!("{}.{}", quoted(self.database.as_deref().unwrap_or(schema)), quoted(&self.name));
        format!("CREATE TABLE {name} ({}) WITH ({with})", columns.join(", "))
    }
}
