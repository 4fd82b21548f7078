//! `xyseries`: rows for the values of one field, columns for those of another (Search Reference, `xyseries`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Column, Expr, Name, NamePart, Pivot, Rel};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Xyseries {
    pub row: Spanned,
    pub column: Spanned,
    pub values: Vec<Spanned>,
    pub naming: Naming,
}

/// `sep=` and `format=`: what the columns of several values are called.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Naming {
    pub sep: Option<String>,
    pub format: Option<String>,
}

impl Naming {
    pub(super) fn print(&self, out: &mut Printer) {
        for (option, text) in [("sep", &self.sep), ("format", &self.format)] {
            if let Some(text) = text {
                out.option(option, text);
            }
        }
    }

    /// The name's parts; with one value a column is called by its value alone. A format wins over a separator.
    pub(super) fn parts(&self, several: bool) -> Vec<NamePart> {
        if !several {
            return vec![NamePart::Column];
        }
        let Some(format) = &self.format else {
            let sep = self.sep.clone().unwrap_or_else(|| ": ".to_owned());
            return vec![NamePart::Value, NamePart::Text(sep), NamePart::Column];
        };
        let mut parts = Vec::new();
        let mut rest = format.as_str();
        while let Some(at) = rest.find('$') {
            let known = [("$AGG$", NamePart::Value), ("$VAL$", NamePart::Column)];
            let found = known.into_iter().find(|(marker, _)| rest[at..].starts_with(marker));
            let (text, after, part) = match found {
                Some((marker, part)) => (&rest[..at], &rest[at + marker.len()..], Some(part)),
                None => (&rest[..=at], &rest[at + 1..], None),
            };
            parts.extend((!text.is_empty()).then(|| NamePart::Text(text.to_owned())));
            parts.extend(part);
            rest = after;
        }
        parts.extend((!rest.is_empty()).then(|| NamePart::Text(rest.to_owned())));
        parts
    }
}

const OPTIONS: &[&str] = &["grouped", "sep", "format"];
const HELP: &str = "write `xyseries row_field column_field value_field`";

impl Syntax for Xyseries {
    const NAMES: &'static [&'static str] = &["xyseries", "maketable"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut fields = Vec::new();
        let mut naming = Naming::default();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            match p.option()? {
                Some((option, value)) => match option.text.as_str() {
                    // That the rows come sorted already.
                    "grouped" => drop(p.boolean(&option, &value)?),
                    "sep" => naming.sep = Some(value.text),
                    "format" => naming.format = Some(value.text),
                    _ => return Err(p.unknown_option("xyseries", &option, OPTIONS)),
                },
                None => fields.push(p.expect_name("a field name", HELP)?),
            }
        }
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next(), fields.collect::<Vec<_>>()) {
            (Some(row), Some(column), values) if !values.is_empty() => Ok(Xyseries { row, column, values, naming }),
            _ => Err(p.expected("three fields or more", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { row, column, values, naming } = self;
        naming.print(out);
        out.name(&row.text);
        out.name(&column.text);
        out.names(values);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for field in [&self.row, &self.column].into_iter().chain(&self.values) {
            if columns.iter().any(|(n, _)| **n == *field.text) {
                let message = format!("`xyseries` takes `{}` twice", field.text);
                let fault = crate::diagnostic::Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(field.span);
                return Err(lowering.sink.fail(fault.help(HELP)));
            }
            let value = lowering.field(&field.text, field.span);
            columns.push((field.text.as_str().into(), value));
        }
        for (field, (_, value)) in [&self.row, &self.column].into_iter().zip(&columns) {
            if value.ty.multivalue {
                let message = format!("`xyseries` by the multivalue field `{}` is not supported", field.text);
                return Err(super::unsupported(lowering, field.span, message, "use `mvexpand` before"));
            }
        }
        let row = Column { name: self.row.text.as_str().into(), ty: columns[0].1.ty, nullable: false };
        lowering.project(columns, span)?;
        let pivot = |input| Pivot {
            input,
            row: row.name.clone(),
            column: self.column.text.as_str().into(),
            values: self.values.iter().map(|v| v.text.as_str().into()).collect(),
            naming: self.naming.parts(self.values.len() > 1),
            zeros: Vec::new(),
            last: Vec::new(),
            span,
        };
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Pivot(pivot(input)));
        lowering.close_open(vec![row]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};
    use super::*;

    #[test]
    fn values_of_a_field_become_columns() {
        insta::assert_snapshot!(ir("stats count by awsRegion eventName | xyseries awsRegion eventName count"), @r#"
        aggregate count = count()
            by awsRegion, eventName
        project awsRegion, eventName, count
        pivot count by eventName over awsRegion
        => awsRegion: string, and columns named by the data
        "#);
    }

    #[test]
    fn columns_of_several_values_carry_the_values_name() {
        insta::assert_snapshot!(ir(r#"stats count dc(userAgent) as agents by awsRegion eventName | xyseries awsRegion eventName count agents format="$VAL$/$AGG$" | where 'x/count' > 1"#), @r#"
        aggregate count = count(), agents = distinct_count(userAgent)
            by awsRegion, eventName
        project awsRegion, eventName, count, agents
        pivot count, agents by eventName over awsRegion called column + "/" + value
        filter `x/count` > 1
        => awsRegion: string, and columns named by the data
        "#);
    }

    #[test]
    fn formats_are_taken_apart() {
        let naming = Naming { sep: None, format: Some("a$AGG$$VAL$ $5".to_owned()) };
        let text = |t: &str| NamePart::Text(t.to_owned());
        assert_eq!(naming.parts(true), [text("a"), NamePart::Value, NamePart::Column, text(" $"), text("5")]);
        assert_eq!(naming.parts(false), [NamePart::Column]);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("xyseries a b"), ["S201"]);
        assert_eq!(codes("xyseries awsRegion awsRegion eventName"), ["S206"]);
        assert_eq!(codes("xyseries awsRegion eventName userAgent x=1"), ["S206"]);
        assert_eq!(codes("xyseries awsRegion eventName userAgent | fields u*"), ["N309"]);
    }
}
