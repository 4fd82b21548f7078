//! `accum`: a running total of a field (Search Reference, `accum`). Rows whose field is no number keep what they have.

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{AggregateFunction, Expr, ExprKind, Frame};
use crate::source::Span;
use crate::spl::lower::{Lowering, as_number};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Accum {
    pub field: Spanned,
    /// The field itself, where no other is named.
    pub output: Option<Spanned>,
}

const HELP: &str = "write `accum field as total`";

impl Syntax for Accum {
    const NAMES: &'static [&'static str] = &["accum"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let field = p.expect_name("a field name", HELP)?;
        let output = if p.eat_keyword("as") { Some(p.expect_name("the output's name", HELP)?) } else { None };
        Ok(Accum { field, output })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, output } = self;
        out.name(&field.text);
        out.output(output.as_ref());
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = super::single(lowering, "accum", &self.field)?;
        let number = as_number(value);
        let output = self.output.as_ref().unwrap_or(&self.field);
        let total = lowering.typed_aggregate(AggregateFunction::Sum, Some(number.clone()), span);
        let ty = total.ty;
        let name = lowering.hidden("total");
        let frame = Frame::Running { current: true, rows: None };
        let nullable = total.nullable;
        lowering.hidden_window(Vec::new(), frame, vec![(name.clone(), total)], span)?;
        let sum = Expr::column(name, ty, nullable, span);
        let value = match (number.nullable, lowering.existing(&output.text, output.span)) {
            (false, _) => sum,
            // The total stands in rows that have a number.
            (true, before) => {
                let before = before.filter(|b| !b.ty.multivalue);
                let ty = before.as_ref().map_or(ty, |b| b.ty.union(ty));
                let arms = vec![(number.is_not_null(), sum)];
                Expr::new(ExprKind::Case { arms, otherwise: before.map(Box::new) }, ty, true, span)
            }
        };
        lowering.extend(vec![(output.text.as_str().into(), value)], span)?;
        lowering.drop_hidden(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn numbers_are_added_up() {
        insta::assert_snapshot!(ir("stats count by awsRegion | accum count as total"), @r#"
        aggregate count = count()
            by awsRegion
        window `(total 1)` = sum(count) over rows so far
        extend total = `(total 1)`
        project awsRegion, count, total
        => awsRegion: string, count: integer, total: integer
        "#);
    }

    #[test]
    fn rows_without_a_number_get_no_total() {
        insta::assert_snapshot!(ir("table errorCode | accum errorCode"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project errorCode
        window `(total 1)` = sum(errorCode as double) over rows so far
        extend errorCode = case when errorCode as double is not null then `(total 1)` else errorCode end
        project errorCode
        => errorCode: unknown?
        "#);
    }

    #[test]
    fn several_values_are_refused() {
        insta::assert_snapshot!(faults("stats values(awsRegion) as r | accum r"), @"S211 `accum` of the multivalue field `r` is not supported");
        insta::assert_snapshot!(faults("accum"), @"S201 expected a field name, found the end of the search");
    }
}
