//! `transpose`: rows become columns (Search Reference, `transpose`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Name, Rel, Transpose as TransposeRel, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Transpose {
    /// How many rows become columns; 0: all.
    pub rows: u64,
    pub column_name: String,
    pub header_field: Option<Spanned>,
    pub include_empty: bool,
}

const OPTIONS: &[&str] = &["column_name", "header_field", "include_empty"];
/// How many rows become columns where the search says nothing.
const ROWS: u64 = 5;
/// The field of the old columns' names where the search says nothing.
const COLUMN_NAME: &str = "column";

impl Syntax for Transpose {
    const NAMES: &'static [&'static str] = &["transpose"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let column_name = COLUMN_NAME.to_owned();
        let mut transpose = Transpose { rows: ROWS, column_name, header_field: None, include_empty: true };
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "column_name" => transpose.column_name = value.text,
                    "header_field" => transpose.header_field = Some(value),
                    "include_empty" => transpose.include_empty = p.boolean(&option, &value)?,
                    "int" => transpose.rows = p.number("int", &value)?,
                    _ => return Err(p.unknown_option("transpose", &option, OPTIONS)),
                }
                continue;
            }
            let count = p.expect_name("a number of rows", "write `transpose 10 header_field=name`")?;
            transpose.rows = p.number("transpose", &count)?;
        }
        Ok(transpose)
    }

    fn print(&self, out: &mut Printer) {
        let Self { rows, column_name, header_field, include_empty } = self;
        if *rows != ROWS {
            out.number(rows);
        }
        out.text_option("column_name", column_name, COLUMN_NAME);
        out.option_of("header_field", header_field.as_ref());
        out.flag("include_empty", *include_empty, true);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        lowering.only_columns("transpose", span)?;
        let header = match &self.header_field {
            Some(field) if lowering.find(&field.text, field.span).is_some() => Some(Name::from(field.text.as_str())),
            Some(field) => {
                let message = format!("no row has `{}`, so no row gets a column of its own", field.text);
                let help = "name a field that exists at this point";
                return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(field.span).help(help)));
            }
            None => None,
        };
        let names: Name = self.column_name.as_str().into();
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Transpose(TransposeRel {
            input,
            rows: self.rows,
            names: names.clone(),
            header,
            include_empty: self.include_empty,
            span,
        }));
        lowering.close_open(vec![Column { name: names, ty: Type::STRING, nullable: false }]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn rows_become_columns() {
        insta::assert_snapshot!(ir("stats count by awsRegion | transpose"), @r#"
        aggregate count = count()
            by awsRegion
        project awsRegion, count
        transpose 5 rows, names in column
        => column: string, and columns named by the data
        "#);
        insta::assert_snapshot!(ir(r#"stats count by awsRegion | transpose 0 header_field=awsRegion column_name=what include_empty=f | where 'us-east-1' > 3 | fields - column"#), @r#"
        aggregate count = count()
            by awsRegion
        project awsRegion, count
        transpose 0 rows, names in what, called by awsRegion, without empty ones
        filter us-east-1 > 3
        remove column
        => what: string, and columns named by the data
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("transpose"), ["S211"]);
        assert_eq!(codes("stats count by awsRegion | transpose header_field=nothing"), ["S206"]);
        assert_eq!(codes("stats count by awsRegion | transpose x=1"), ["S206"]);
    }
}
