//! `makeresults`: rows out of nothing, with the moment of the search as `_time`, or rows of data in the search itself
//! (Search Reference, `makeresults`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Expr, ExprKind, Name, Rel, Type, Values};
use crate::source::Span;
use crate::spl::lower::{Lowering, Scope};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Makeresults {
    pub count: usize,
    pub data: Option<(Format, Spanned)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Csv,
    Json,
}

const OPTIONS: &[&str] = &["count", "annotate", "splunk_server", "splunk_server_group", "format", "data"];
/// Bound on the rows that are written out.
const MOST_ROWS: usize = 10_000;
const HELP: &str = "write `| makeresults count=1`, or `| makeresults format=csv data=\"a,b\n1,2\"`";

impl Syntax for Makeresults {
    const NAMES: &'static [&'static str] = &["makeresults"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut count, mut format, mut data) = (1, None, None);
        while let Some((option, value)) = p.option()? {
            match option.text.to_ascii_lowercase().as_str() {
                "count" => {
                    count = p.number("count", &value)?;
                    if count > MOST_ROWS {
                        let message = format!("`makeresults` of more than {MOST_ROWS} rows is not supported");
                        return Err(p.fail(&code::UNSUPPORTED_OPTION, message, value.span, "ask for fewer rows"));
                    }
                }
                "annotate" if !p.boolean(&option, &value)? => {}
                "splunk_server" if value.text == "local" => {}
                "format" => {
                    format = match value.text.to_ascii_lowercase().as_str() {
                        "csv" => Some((Format::Csv, option)),
                        "json" => Some((Format::Json, option)),
                        _ => {
                            let message = format!("`makeresults` has no format `{}`", value.text);
                            let help = "formats are `csv` and `json`";
                            return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, help));
                        }
                    }
                }
                "data" => data = Some(value),
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("makeresults", &option)),
                _ => return Err(p.unknown_option("makeresults", &option, OPTIONS)),
            }
        }
        match (format, data) {
            (None, None) => Ok(Makeresults { count, data: None }),
            (Some((format, _)), Some(data)) => Ok(Makeresults { count, data: Some((format, data)) }),
            (Some((_, at)), None) | (None, Some(at)) => {
                let message = "`format` and `data` of `makeresults` stand together";
                Err(p.fail(&code::WRONG_ARGUMENTS, message, at.span, HELP))
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { count, data } = self;
        out.number_option("count", *count, 1);
        if let Some((format, data)) = data {
            let format = match format {
                Format::Csv => "csv",
                Format::Json => "json",
            };
            out.option("format", format);
            out.option("data", &data.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`makeresults` makes rows, so that it begins a search";
            let help = "use `append [| makeresults …]` to add rows";
            return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        }
        let Some((format, data)) = &self.data else {
            let column = lowering.hidden("row");
            let rows = (1..=self.count).map(|n| vec![Some(n.to_string())]).collect();
            put_rows(lowering, vec![column], rows, span);
            let now = Expr::new(ExprKind::Now, Type::TIME, false, span);
            return lowering.project(vec![("_time".into(), now)], span);
        };
        let read = match format {
            Format::Csv => csv_rows(&data.text),
            Format::Json => json_rows(&data.text),
        };
        match read {
            Ok((columns, rows)) => {
                put_rows(lowering, columns, rows, span);
                Ok(())
            }
            Err(reason) => {
                let message = format!("the data of `makeresults` can't be read: {reason}");
                Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(data.span).help(HELP)))
            }
        }
    }
}

fn put_rows(lowering: &mut Lowering<'_>, columns: Vec<Name>, rows: Vec<Vec<Option<String>>>, span: Span) {
    let declared = columns.iter().map(|c| Column { name: c.clone(), ty: Type::UNKNOWN, nullable: true }).collect();
    let plan = Rel::Values(Values { table: "makeresults".into(), columns, rows, external: false, span });
    lowering.scope = Scope { plan: Some(plan), columns: declared, ..Scope::default() };
}

type Table = (Vec<Name>, Vec<Vec<Option<String>>>);

/// A header line and rows; an empty cell is NULL.
fn csv_rows(text: &str) -> Result<Table, String> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(csv::Trim::All);
    let mut reader = builder.from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(Ok(header)) => header,
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("there is no header".to_owned()),
    };
    let columns: Vec<Name> = header.iter().map(Name::from).collect();
    if columns.iter().any(|c| c.is_empty()) {
        return Err("a column has no name".to_owned());
    }
    if (1..columns.len()).any(|i| columns[..i].contains(&columns[i])) {
        return Err("a column stands twice in the header".to_owned());
    }
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(|error| error.to_string())?;
        if record.len() > columns.len() {
            return Err(format!("row {} has more cells than the header", rows.len() + 1));
        }
        let cell = |i: usize| record.get(i).filter(|c| !c.is_empty()).map(str::to_owned);
        rows.push((0..columns.len()).map(cell).collect());
    }
    Ok((columns, rows))
}

/// A list of objects; their members are the columns. Objects and lists inside are refused.
fn json_rows(text: &str) -> Result<Table, String> {
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let serde_json::Value::Array(items) = parsed else { return Err("it is no list of objects".to_owned()) };
    let mut columns: Vec<Name> = Vec::new();
    let mut objects = Vec::new();
    for item in items {
        let serde_json::Value::Object(object) = item else { return Err("it is no list of objects".to_owned()) };
        for key in object.keys() {
            if !columns.iter().any(|c| **c == **key) {
                columns.push(key.as_str().into());
            }
        }
        objects.push(object);
    }
    let mut rows = Vec::new();
    for object in &objects {
        let mut row = Vec::new();
        for column in &columns {
            row.push(match object.get(&**column) {
                None | Some(serde_json::Value::Null) => None,
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => Some(value.to_string()),
                Some(_) => return Err(format!("`{column}` holds a list or an object")),
            });
        }
        rows.push(row);
    }
    Ok((columns, rows))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir_of};

    #[test]
    fn rows_have_the_moment_of_the_search() {
        insta::assert_snapshot!(ir_of("| makeresults count=3 | eval x=1"), @r#"
        values makeresults ((row 1)) 3 rows
        project _time = now()
        extend x = 1
        => _time: time, x: integer
        "#);
    }

    #[test]
    fn data_of_the_search_become_rows() {
        insta::assert_snapshot!(ir_of("| makeresults format=csv data=\"a,b\n1,2\n3,\" | where a>1"), @r#"
        values makeresults (a, b) 2 rows
        filter a > 1
        => a: unknown?, b: unknown?
        "#);
        insta::assert_snapshot!(ir_of(r#"| makeresults format=json data="[{\"a\":1}, {\"b\":\"x\"}]""#), @r#"
        values makeresults (a, b) 2 rows
        => a: unknown?, b: unknown?
        "#);
    }

    #[test]
    fn cells_are_read_as_they_stand() {
        let rows = super::csv_rows("a, b\n1,\n\"x,y\",z\n").expect("well-formed");
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(rows.1, [vec![text("1"), None], vec![text("x,y"), text("z")]]);
        let rows = super::json_rows(r#"[{"a":1},{"b":true,"a":null}]"#).expect("well-formed");
        assert_eq!(rows.1, [vec![text("1"), None], vec![None, text("true")]]);
    }

    #[test]
    fn what_is_not_read_is_named() {
        insta::assert_snapshot!(ir_of("| makeresults annotate=t"), @"S207 option `annotate` of `makeresults` is not supported");
        insta::assert_snapshot!(ir_of("| makeresults format=csv"), @"S206 `format` and `data` of `makeresults` stand together");
        insta::assert_snapshot!(ir_of("| makeresults count=1000000"), @"S207 `makeresults` of more than 10000 rows is not supported");
        insta::assert_snapshot!(ir_of(r#"| makeresults format=json data="[{\"a\":[1]}]""#), @"S206 the data of `makeresults` can't be read: `a` holds a list or an object");
        insta::assert_snapshot!(faults("makeresults"), @"S206 `makeresults` makes rows, so that it begins a search");
    }
}
