//! `untable`: columns become rows, the inverse of `xyseries` (Search Reference, `untable`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Column, Expr, Name, Rel, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Untable {
    pub row: Spanned,
    /// Holds the columns' names.
    pub name: Spanned,
    /// Holds their values.
    pub value: Spanned,
}

const HELP: &str = "write `untable row_field name_field value_field`";

impl Syntax for Untable {
    const NAMES: &'static [&'static str] = &["untable"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let fields: [Spanned; 3] = match p.names(&[])?.try_into() {
            Ok(fields) => fields,
            Err(_) => return Err(p.expected("three fields", HELP)),
        };
        let [row, name, value] = fields;
        Ok(Untable { row, name, value })
    }

    fn print(&self, out: &mut Printer) {
        let Self { row, name, value } = self;
        for field in [row, name, value] {
            out.name(&field.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        lowering.only_columns("untable", span)?;
        let row = lowering.field(&self.row.text, self.row.span);
        if row.as_column().is_none_or(|c| **c != *self.row.text) {
            lowering.extend(vec![(self.row.text.as_str().into(), row.clone())], span)?;
        }
        let [keep, name, value]: [Name; 3] = [&self.row, &self.name, &self.value].map(|f| f.text.as_str().into());
        // A column of one of the new names would stand twice.
        let cells: Vec<&Column> = lowering.scope.columns.iter().filter(|c| c.name != keep).collect();
        let ty = cells.iter().map(|c| c.ty).reduce(Type::union).filter(|_| !lowering.scope.open);
        let columns = vec![
            Column { name: keep.clone(), ty: row.ty, nullable: row.nullable },
            Column { name: name.clone(), ty: Type::STRING, nullable: false },
            Column { name: value.clone(), ty: ty.unwrap_or(Type::UNKNOWN), nullable: false },
        ];
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Unpivot { input, keep, name, value, span });
        lowering.close(columns);
        Ok(())
    }
}

impl Lowering<'_> {
    /// Leaves the rows with nothing but their columns: for commands that read all of them.
    ///
    /// # Errors
    /// The rows are whole events, whose fields are not listed anywhere.
    pub(super) fn only_columns(&mut self, command: &str, span: Span) -> Result<(), Reported> {
        if !self.scope.is_closed() {
            let message = format!("`{command}` of whole events is not supported: their fields differ from event to event");
            return Err(super::unsupported(self, span, message, "name the fields before, with `table` or `stats`"));
        }
        if self.scope.open {
            let hidden = self.scope.lazy_inputs.drain(..).map(|i| i.column).collect();
            return self.remove_columns(hidden, span);
        }
        let columns = self.scope.columns.clone();
        let kept = columns.into_iter().map(|c| (c.name.clone(), Expr::column(c.name, c.ty, c.nullable, span))).collect();
        self.project(kept, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn columns_become_rows() {
        insta::assert_snapshot!(ir("stats count dc(userAgent) as agents by awsRegion | untable awsRegion what n"), @r#"
        aggregate count = count(), agents = distinct_count(userAgent)
            by awsRegion
        project awsRegion, count, agents
        unpivot into what and n keeping awsRegion
        => awsRegion: string, what: string, n: integer
        "#);
        insta::assert_snapshot!(ir("stats count by awsRegion eventName | xyseries awsRegion eventName count | untable awsRegion what n | where n > 2"), @r#"
        aggregate count = count()
            by awsRegion, eventName
        project awsRegion, eventName, count
        pivot count by eventName over awsRegion
        unpivot into what and n keeping awsRegion
        filter n > 2
        => awsRegion: string, what: string, n: unknown
        "#);
    }

    #[test]
    fn whole_events_have_no_list_of_columns() {
        assert_eq!(codes("untable awsRegion what n"), ["S211"]);
        assert_eq!(codes("untable awsRegion what"), ["S201"]);
    }
}
