//! `addcoltotals`: a last row with the sums of the columns (Search Reference, `addcoltotals`).

use super::Syntax;
use super::addtotals::summed;
use crate::diagnostic::Reported;
use crate::ir::{AggregateFunction, Expr, Name, Rel, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, as_number};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Addcoltotals {
    pub label_field: Option<Spanned>,
    pub label: String,
    /// Empty: every field.
    pub fields: Vec<Spanned>,
}

const OPTIONS: &[&str] = &["labelfield", "label"];
/// What stands in the label's field where the search says nothing.
pub(super) const LABEL: &str = "Total";

impl Syntax for Addcoltotals {
    const NAMES: &'static [&'static str] = &["addcoltotals"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut totals = Addcoltotals { label_field: None, label: LABEL.to_owned(), fields: Vec::new() };
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                return Ok(totals);
            }
            match p.option()? {
                Some((option, value)) => match option.text.to_ascii_lowercase().as_str() {
                    "labelfield" => totals.label_field = Some(value),
                    "label" => totals.label = value.text,
                    _ => return Err(p.unknown_option("addcoltotals", &option, OPTIONS)),
                },
                None => totals.fields.push(p.expect_name("a field name", "write `addcoltotals labelfield=a b c`")?),
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { label_field, label, fields } = self;
        out.option_of("labelfield", label_field.as_ref());
        out.text_option("label", label, LABEL);
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        column_totals(lowering, &self.fields, self.label_field.as_ref(), &self.label, span)
    }
}

/// Puts a row with the sum of each column below the rows; NULL where a column has no number.
pub(super) fn column_totals(
    lowering: &mut Lowering<'_>,
    fields: &[Spanned],
    label_field: Option<&Spanned>,
    label: &str,
    span: Span,
) -> Result<(), Reported> {
    if !lowering.scope.is_closed() {
        let message = "a row of totals below whole events is not supported";
        return Err(super::unsupported(lowering, span, message, "list the fields with `table` or `stats` before"));
    }
    let mut aggregates = Vec::new();
    for (name, value) in summed(lowering, "addcoltotals", fields, span)? {
        let number = as_number(value);
        if number.is_null_literal() || label_field.is_some_and(|l| *l.text == *name) {
            continue;
        }
        let sum = lowering.typed_aggregate(AggregateFunction::Sum, Some(number), span);
        aggregates.push((name, sum));
    }
    let rows = lowering.scope.clone();
    lowering.group(Vec::new(), aggregates, span)?;
    if let Some(field) = label_field {
        lowering.extend(vec![(field.text.as_str().into(), Expr::string(label, field.span))], span)?;
    }
    let totals = std::mem::replace(&mut lowering.scope, rows);
    for column in &totals.columns {
        let before = lowering.scope.column(&column.name).map(|c| (c.ty, c.nullable));
        let (ty, nullable) = match before {
            Some((ty, nullable)) => (ty.union(column.ty), nullable || column.nullable),
            None => (column.ty, true),
        };
        lowering.scope.declare(&column.name, ty, nullable);
    }
    // The last row has nothing else.
    let absent: Vec<(Name, Type)> = lowering
        .scope
        .columns
        .iter()
        .filter(|c| !totals.columns.iter().any(|t| t.name == c.name))
        .map(|c| (c.name.clone(), c.ty))
        .collect();
    for (name, ty) in &absent {
        lowering.scope.declare(name, *ty, true);
    }
    let first = *lowering.take_plan(span)?;
    let Some(second) = totals.plan else { return Err(Reported) };
    lowering.put_plan(Rel::Union { inputs: vec![first, second], span });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn a_last_row_has_the_sums() {
        insta::assert_snapshot!(ir("stats count by awsRegion | addcoltotals count labelfield=what label=Sum"), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
          aggregate count = sum(count)
          extend what = "Sum"
        ]
        => awsRegion: string?, count: integer?, what: string?
        "#);
    }

    #[test]
    fn without_fields_every_column_is_summed() {
        insta::assert_snapshot!(ir("stats count max(x) as m by awsRegion | addcoltotals"), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              x: unknown?
          aggregate count = count(), m = max(x)
              by awsRegion
        ]
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              x: unknown?
          aggregate count = count(), m = max(x)
              by awsRegion
          aggregate awsRegion = sum(awsRegion as double), count = sum(count), m = sum(m as double)
        ]
        => awsRegion: unknown?, count: integer?, m: unknown?
        "#);
    }

    #[test]
    fn events_have_no_row_of_totals() {
        insta::assert_snapshot!(faults("addcoltotals"), @"S211 a row of totals below whole events is not supported");
        insta::assert_snapshot!(faults("addcoltotals col=t"), @"S206 `addcoltotals` has no option `col`");
    }
}
