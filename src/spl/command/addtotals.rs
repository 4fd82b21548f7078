//! `addtotals`: sums of the numbers of each row, and on demand of each column (Search Reference, `addtotals`).

use super::Syntax;
use super::addcoltotals::{LABEL, column_totals};
use crate::diagnostic::{Reported, code};
use crate::ir::{ArithmeticOp, Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, as_number};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Addtotals {
    /// Whether each row gets the sum of its fields.
    pub row: bool,
    /// Whether a last row has the sums of the columns.
    pub column: bool,
    /// The field of the row's sum.
    pub total: String,
    pub label_field: Option<Spanned>,
    pub label: String,
    /// Empty: every field.
    pub fields: Vec<Spanned>,
}

const OPTIONS: &[&str] = &["row", "col", "fieldname", "labelfield", "label"];
/// The field of the sum where the search says nothing.
const TOTAL: &str = "Total";

impl Syntax for Addtotals {
    const NAMES: &'static [&'static str] = &["addtotals"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut totals = Addtotals {
            row: true,
            column: false,
            total: TOTAL.to_owned(),
            label_field: None,
            label: LABEL.to_owned(),
            fields: Vec::new(),
        };
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                return Ok(totals);
            }
            match p.option()? {
                Some((option, value)) => match option.text.to_ascii_lowercase().as_str() {
                    "row" => totals.row = p.boolean(&option, &value)?,
                    "col" => totals.column = p.boolean(&option, &value)?,
                    "fieldname" => totals.total = value.text,
                    "labelfield" => totals.label_field = Some(value),
                    "label" => totals.label = value.text,
                    _ => return Err(p.unknown_option("addtotals", &option, OPTIONS)),
                },
                None => totals.fields.push(p.expect_name("a field name", "write `addtotals fieldname=sum a b`")?),
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { row, column, total, label_field, label, fields } = self;
        out.flag("row", *row, true);
        out.flag("col", *column, false);
        out.text_option("fieldname", total, TOTAL);
        out.option_of("labelfield", label_field.as_ref());
        out.text_option("label", label, LABEL);
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if self.row {
            let sum = self.sum(span, lowering)?;
            lowering.extend(vec![(self.total.as_str().into(), sum)], span)?;
        }
        if self.column {
            let mut fields = self.fields.clone();
            if self.row && !fields.is_empty() {
                fields.push(Spanned { text: self.total.clone(), span });
            }
            column_totals(lowering, &fields, self.label_field.as_ref(), &self.label, span)?;
        }
        Ok(())
    }
}

impl Addtotals {
    /// The sum of a row's numbers; values that are none count 0.
    fn sum(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<Expr, Reported> {
        let mut parts: Vec<Expr> = Vec::new();
        for (name, value) in summed(lowering, "addtotals", &self.fields, span)? {
            // A sum of an earlier `addtotals` is replaced, not added.
            if *name == *self.total && self.fields.is_empty() {
                continue;
            }
            let number = as_number(value);
            parts.push(if number.nullable {
                let (ty, zero) = match number.ty {
                    Type { scalar: Scalar::Integer, .. } => (Type::INTEGER, Expr::integer(0, span)),
                    _ => (Type::DOUBLE, Expr::double(0.0, span)),
                };
                Expr::new(ExprKind::Coalesce(vec![number, zero]), ty, false, span)
            } else {
                number
            });
        }
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else { return Ok(Expr::integer(0, span)) };
        Ok(parts.fold(first, |sum, part| {
            let ty = sum.ty.union(part.ty);
            let kind = ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(sum), right: Box::new(part) };
            Expr::new(kind, ty, false, span)
        }))
    }
}

/// The fields that are summed: those named, else every one but internal fields. Multivalue and boolean fields are no numbers.
pub(super) fn summed(
    lowering: &mut Lowering<'_>,
    command: &str,
    fields: &[Spanned],
    span: Span,
) -> Result<Vec<(crate::ir::Name, Expr)>, Reported> {
    let every = [Spanned { text: "*".to_owned(), span }];
    let named = !fields.is_empty();
    if !named && !lowering.scope.is_closed() {
        let message = format!("`{command}` without fields sums every field of the events, which are not listed here");
        let help = "name the fields to sum";
        let fault = crate::diagnostic::Diagnostic::new(&code::WILDCARD_FIELDS, message).at(span).help(help);
        return Err(lowering.sink.fail(fault));
    }
    let mut columns = lowering.listed(if named { fields } else { &every })?;
    if let Some((name, value)) = columns.iter().find(|(_, value)| named && value.ty.multivalue) {
        let message = format!("`{command}` of the multivalue field `{name}` is not supported");
        let at = value.span;
        return Err(super::unsupported(lowering, at, message, "use `mvexpand` or `mvindex` before"));
    }
    columns.retain(|(name, value)| {
        (named || !name.starts_with('_')) && !value.ty.multivalue && value.ty.scalar != Scalar::Boolean
    });
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn numbers_of_a_row_are_added() {
        insta::assert_snapshot!(ir("stats count dc(errorCode) as errors by awsRegion | addtotals fieldname=sum count, errors"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        aggregate count = count(), errors = distinct_count(errorCode)
            by awsRegion
        extend sum = (count + errors)
        => awsRegion: string, count: integer, errors: integer, sum: integer
        "#);
    }

    #[test]
    fn without_fields_all_columns_are_added_and_texts_count_nothing() {
        insta::assert_snapshot!(ir("stats count by awsRegion | addtotals"), @r#"
        aggregate count = count()
            by awsRegion
        extend Total = (coalesce(awsRegion as double, 0.0) + count)
        => awsRegion: string, count: integer, Total: double
        "#);
    }

    #[test]
    fn a_last_row_has_the_sums_of_the_columns() {
        insta::assert_snapshot!(ir("stats count by awsRegion | addtotals row=f col=t labelfield=awsRegion label=All"), @r#"
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
          extend awsRegion = "All"
        ]
        => awsRegion: string, count: integer?
        "#);
        insta::assert_snapshot!(ir("stats count dc(errorCode) as errors by awsRegion | addtotals col=t count errors"), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          aggregate count = count(), errors = distinct_count(errorCode)
              by awsRegion
          extend Total = (count + errors)
        ]
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          aggregate count = count(), errors = distinct_count(errorCode)
              by awsRegion
          extend Total = (count + errors)
          aggregate count = sum(count), errors = sum(errors), Total = sum(Total)
        ]
        => awsRegion: string?, count: integer?, errors: integer?, Total: integer?
        "#);
    }

    #[test]
    fn events_need_a_list_of_fields() {
        insta::assert_snapshot!(faults("addtotals"), @"N309 `addtotals` without fields sums every field of the events, which are not listed here");
        insta::assert_snapshot!(faults("addtotals foo=bar"), @"S206 `addtotals` has no option `foo`");
    }
}
