//! One test.

use std::path::{Path, PathBuf};

use super::data::{DataMaps, beside};
use crate::cli::batch::Done;
use crate::cli::events::Events;
use crate::cli::input::Place;
use crate::cli::rows::Report;
use crate::cli::{evaluate, settings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::{self, Rows, Value};
use crate::event::Router;
use crate::rule::{Expect, Test, TestEvents};
use crate::schema::Schemas;
use crate::source::Position;

/// A test and what came of it.
pub(super) struct Case<'d> {
    pub(super) done: &'d Done,
    pub(super) test: &'d Test,
    pub(super) outcome: Outcome,
    /// The rows, as JSON objects; `None` where the rule was not run.
    pub(super) rows: Option<Vec<String>>,
    /// What is wrong with the events.
    pub(super) problems: Vec<(String, Option<Position>, Diagnostic)>,
    /// Why the rule could not be run.
    pub(super) diagnostic: Option<Diagnostic>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Passed,
    /// Why.
    Failed(String),
    /// Why it was not run.
    Skipped(String),
}

/// Runs a test.
pub(super) fn run<'d>(
    done: &'d Done,
    test: &'d Test,
    schemas: &Schemas,
    options: &eval::Options,
    maps: &DataMaps,
) -> Case<'d> {
    let mut case = Case { done, test, outcome: Outcome::Passed, rows: None, problems: Vec::new(), diagnostic: None };
    case.outcome = outcome(&mut case, schemas, options, maps).unwrap_or_else(|outcome| outcome);
    case
}

fn outcome(
    case: &mut Case<'_>,
    schemas: &Schemas,
    options: &eval::Options,
    maps: &DataMaps,
) -> Result<Outcome, Outcome> {
    let (done, test) = (case.done, case.test);
    let fail = |message: &str| Outcome::Failed(message.to_owned());
    let events = events(done, test, schemas, maps)?;
    if !evaluate::is_runnable(done) {
        return Err(fail("the rule can't be compiled"));
    }
    let mut options = options.clone();
    if !test.now.is_empty() {
        options.now = settings::now(&test.now).map_err(|f| Outcome::Failed(f.message))? as f64;
    }
    let (results, read) =
        evaluate::run(&[done], &events, schemas, &options, 1).map_err(|f| Outcome::Failed(f.message))?;
    let problems = read.problems.diagnostics().into_iter();
    case.problems = problems.map(|(file, at, d)| (events.shown(file).to_owned(), at, d)).collect();
    let rows = match results.into_iter().next() {
        Some(Ok(rows)) => rows,
        Some(Err(diagnostic)) => {
            let message = format!("the rule can't be run: {}", diagnostic.message);
            case.diagnostic = Some(diagnostic);
            return Err(Outcome::Failed(message));
        }
        None => return Err(fail("the rule was not run")),
    };
    let held = hold(test, &rows);
    case.rows = Some(Report::new(done, rows).json(None));
    held.map_err(Outcome::Failed)?;
    // A test whose events are not all read holds nothing.
    if let Some((path, at, diagnostic)) = case.problems.iter().find(|(.., d)| d.severity > Severity::Note) {
        let at = at.map_or_else(String::new, |p| format!(":{p}"));
        return Err(Outcome::Failed(format!("{path}{at}: {}", diagnostic.message)));
    }
    Ok(Outcome::Passed)
}

/// The events of a test.
fn events(done: &Done, test: &Test, schemas: &Schemas, maps: &DataMaps) -> Result<Events, Outcome> {
    let rule = match &done.place {
        Place::File(path) => path.clone(),
        Place::Stdin | Place::Nothing(..) => PathBuf::new(),
    };
    let mut events = Events::default();
    for (data, sourcetype, source) in &test.data {
        let Some(path) = maps.find(data, &rule) else {
            return Err(Outcome::Skipped(format!("the data set `{data}` is not on this machine")));
        };
        events.add_file(path, names(source, sourcetype, schemas)?);
    }
    let names = names(&test.source, &test.sourcetype, schemas)?;
    let mut inline = String::new();
    for item in &test.events {
        match item {
            TestEvents::File(path) => {
                let path = beside(&rule, path);
                if !path.is_file() {
                    return Err(Outcome::Failed(format!("the events `{}` do not exist", shown(&path))));
                }
                events.add_file(path, names.clone());
            }
            TestEvents::Record(record) => {
                inline.push_str(record);
                inline.push('\n');
            }
        }
    }
    if !inline.is_empty() {
        events.add_text(format!("{} (events of `{}`)", done.file.path(), test.name), inline, names);
    }
    if test.data.is_empty() && test.events.is_empty() {
        return Err(Outcome::Failed("the test has no events".to_owned()));
    }
    Ok(events)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What names the source of a test's events. Of several names that it gives, one must be a schema's.
fn names(source: &str, sourcetype: &str, schemas: &Schemas) -> Result<Vec<String>, Outcome> {
    let names: Vec<String> = [source, sourcetype].into_iter().filter(|n| !n.is_empty()).map(str::to_owned).collect();
    let router = Router::new(schemas, []);
    if !names.is_empty() && router.named(names.iter().map(String::as_str)).is_none() {
        return Err(Outcome::Failed(format!("no schema has the source of the events: `{}`", names.join("`, `"))));
    }
    Ok(names)
}

/// Whether the rows are those that the test expects; else what is not as it should be.
fn hold(test: &Test, rows: &Rows) -> Result<(), String> {
    let count = rows.table.rows.len();
    let got = || match count {
        0 => "got none".to_owned(),
        1 => "got one".to_owned(),
        n => format!("got {n}"),
    };
    match test.expect.as_ref().unwrap_or(&Expect::Fires) {
        Expect::Fires if count == 0 => Err("expected at least one row, got none".to_owned()),
        Expect::DoesNotFire if count > 0 => Err(format!("expected no row, {}", got())),
        Expect::Count(n) if *n != count as u64 => Err(format!("expected {n} rows, {}", got())),
        Expect::Rows(expected) if expected.len() != count => {
            Err(format!("expected {} rows, {}", expected.len(), got()))
        }
        Expect::Rows(expected) => {
            for (number, (expected, row)) in expected.iter().zip(&rows.table.rows).enumerate() {
                hold_row(rows, expected, row).map_err(|e| format!("row {}: {e}", number + 1))?;
            }
            Ok(())
        }
        Expect::Fires | Expect::DoesNotFire | Expect::Count(_) => Ok(()),
    }
}

fn hold_row(rows: &Rows, expected: &[(String, Vec<String>)], row: &[Value<'_>]) -> Result<(), String> {
    let columns = &rows.table.columns;
    let fields = match (rows.events, row.last()) {
        (true, Some(raw)) => crate::event::fields(&raw.to_text()),
        _ => Vec::new(),
    };
    for (name, values) in expected {
        let of_row = columns.iter().position(|c| **c == **name).and_then(|at| row.get(at));
        let of_event = || fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
        let value = of_row.or_else(of_event).unwrap_or(&Value::Null);
        let is_equal = value.values().len() == values.len()
            && value.values().iter().zip(values).all(|(value, text)| is_equal(value, text));
        if !is_equal {
            return Err(format!("`{name}` should be {}, is {}", list(values), list(&texts(value))));
        }
    }
    // A row of a table has no columns beyond those that are expected; whole events have as many as their record.
    if !rows.events {
        let is_expected = |column: &str| expected.iter().any(|(name, _)| name == column);
        let further = columns.iter().zip(row).find(|(column, value)| !value.is_null() && !is_expected(column));
        if let Some((column, value)) = further {
            return Err(format!("`{column}` is {}, and not expected", list(&texts(value))));
        }
    }
    Ok(())
}

fn is_equal(value: &Value<'_>, text: &str) -> bool {
    match value {
        Value::Boolean(truth) => text.eq_ignore_ascii_case(if *truth { "true" } else { "false" }),
        value => value.to_text() == text,
    }
}

fn texts(value: &Value<'_>) -> Vec<String> {
    value.values().iter().map(|v| v.to_text().into_owned()).collect()
}

fn list(texts: &[String]) -> String {
    match texts {
        [] => "empty".to_owned(),
        texts => texts.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Table;

    fn rows(columns: &[&str], cells: &[&[Value<'static>]], events: bool) -> Rows {
        let table = Table {
            columns: columns.iter().map(|c| (*c).into()).collect(),
            rows: cells.iter().map(|row| row.to_vec()).collect(),
        };
        Rows { table, events, ..Rows::default() }
    }

    fn held(expect: Expect, rows: &Rows) -> String {
        let test = Test { expect: Some(expect), ..Test::default() };
        hold(&test, rows).err().unwrap_or_default()
    }

    fn row(cells: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let texts = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
        cells.iter().map(|(name, values)| ((*name).to_owned(), texts(values))).collect()
    }

    #[test]
    fn numbers_of_rows() {
        let one = rows(&["a"], &[&["x".into()]], false);
        let none = rows(&["a"], &[], false);
        assert_eq!(held(Expect::Fires, &one), "");
        assert_eq!(held(Expect::Fires, &none), "expected at least one row, got none");
        assert_eq!(held(Expect::DoesNotFire, &one), "expected no row, got one");
        assert_eq!(held(Expect::Count(2), &one), "expected 2 rows, got one");
        assert_eq!(held(Expect::Count(0), &none), "");
        // A test that says nothing is one of the rule library's, which fire.
        assert!(hold(&Test::default(), &none).is_err());
    }

    #[test]
    fn rows_are_compared_as_texts_and_whole() {
        let cells = [Value::Integer(2), Value::list(["x".into(), "y".into()]), Value::Null, true.into()];
        let one = rows(&["n", "l", "none", "b"], &[&cells], false);
        let expect = |cells: &[(&str, &[&str])]| held(Expect::Rows(vec![row(cells)]), &one);
        assert_eq!(expect(&[("n", &["2"]), ("l", &["x", "y"]), ("b", &["true"])]), "");
        assert_eq!(expect(&[("n", &["2"]), ("l", &["x", "y"])]), "row 1: `b` is `True`, and not expected");
        assert_eq!(expect(&[("n", &["3"])]), "row 1: `n` should be `3`, is `2`");
        assert_eq!(expect(&[("gone", &["3"])]), "row 1: `gone` should be `3`, is empty");
        assert_eq!(expect(&[("l", &["y", "x"])]), "row 1: `l` should be `y`, `x`, is `x`, `y`");
        assert_eq!(held(Expect::Rows(Vec::new()), &one), "expected 0 rows, got one");
    }

    #[test]
    fn of_whole_events_only_what_is_named_is_compared() {
        let one = rows(&["_time", "_raw"], &[&[1.into(), "{\"a\": {\"b\": \"x\"}, \"c\": 1}".into()]], true);
        assert_eq!(held(Expect::Rows(vec![row(&[("a.b", &["x"]), ("_time", &["1"])])]), &one), "");
        assert_eq!(held(Expect::Rows(vec![row(&[("c", &["2"])])]), &one), "row 1: `c` should be `2`, is `1`");
    }
}
