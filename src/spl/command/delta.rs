//! `delta`: the difference to the value of an earlier row (Search Reference, `delta`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{ArithmeticOp, Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, as_number};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Delta {
    pub field: Spanned,
    /// `delta(field)`, where none is named.
    pub output: Option<Spanned>,
    /// How many rows back.
    pub rows_back: u32,
}

const HELP: &str = "write `delta field as change p=1`";

impl Syntax for Delta {
    const NAMES: &'static [&'static str] = &["delta"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut output, mut rows_back) = (None, None, 1);
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                if !option.text.eq_ignore_ascii_case("p") {
                    return Err(p.unknown_option("delta", &option, &["p"]));
                }
                rows_back = super::rows_back(p, &value)?;
            } else if field.is_some() && p.eat_keyword("as") {
                output = Some(p.expect_name("the output's name", HELP)?);
            } else {
                let name = p.expect_name("a field name", HELP)?;
                p.once(&mut field, name, "delta", HELP)?;
            }
        }
        match field {
            Some(field) => Ok(Delta { field, output, rows_back }),
            None => Err(p.expected("a field name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, output, rows_back } = self;
        out.name(&field.text);
        out.output(output.as_ref());
        out.number_option("p", *rows_back, 1);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = super::single(lowering, "delta", &self.field)?;
        let number = as_number(value);
        let mut earlier = number.clone();
        for _ in 0..self.rows_back {
            earlier = lowering.values_before(&[earlier], span)?.pop().ok_or(Reported)?;
        }
        let integers = number.ty.scalar == Scalar::Integer;
        let ty = if integers { Type::INTEGER } else { Type::DOUBLE };
        let kind = ExprKind::Arithmetic { op: ArithmeticOp::Subtract, left: Box::new(number), right: Box::new(earlier) };
        let difference = Expr::new(kind, ty, true, span);
        let name = self.output.as_ref().map_or_else(|| format!("delta({})", self.field.text), |o| o.text.clone());
        lowering.extend(vec![(name.into(), difference)], span)?;
        lowering.drop_hidden(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn the_row_before_is_subtracted() {
        insta::assert_snapshot!(ir("stats count by awsRegion | delta count"), @r#"
        aggregate count = count()
            by awsRegion
        window `(before 1)` = first(count) over rows before, the last 1
        extend `delta(count)` = (count - `(before 1)`)
        project awsRegion, count, `delta(count)`
        => awsRegion: string, count: integer, `delta(count)`: integer?
        "#);
    }

    #[test]
    fn the_row_can_lie_further_back() {
        insta::assert_snapshot!(ir("table errorCode | delta errorCode as change p=2"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project errorCode
        window `(before 1)` = first(errorCode as double) over rows before, the last 1
        window `(before 2)` = first(`(before 1)`) over rows before, the last 1
        extend change = (errorCode as double - `(before 2)`)
        project errorCode, change
        => errorCode: string, change: double?
        "#);
    }

    #[test]
    fn the_distance_is_a_small_number() {
        insta::assert_snapshot!(faults("delta errorCode p=0"), @"S206 `p` counts the rows before the current one, from 1");
        insta::assert_snapshot!(faults("delta errorCode q=2"), @"S206 `delta` has no option `q`");
    }
}
