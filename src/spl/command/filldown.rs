//! `filldown`: the last value so far in place of NULL (Search Reference, `filldown`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{AggregateFunction, Expr, ExprKind, Frame, Name};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Filldown {
    /// Empty: every field.
    pub fields: Vec<Spanned>,
}

impl Syntax for Filldown {
    const NAMES: &'static [&'static str] = &["filldown"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Filldown { fields: p.names(&[])? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { fields } = self;
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let every = [Spanned { text: "*".to_owned(), span }];
        let fields = if self.fields.is_empty() { &every[..] } else { &self.fields };
        let frame = Frame::Running { current: true, rows: None };
        let mut columns: Vec<(Name, _)> = Vec::new();
        let mut filled: Vec<(Name, Expr)> = Vec::new();
        for (name, value) in lowering.listed(fields)? {
            if value.is_null_literal() || !value.nullable {
                continue;
            }
            if value.ty.multivalue {
                let message = format!("`filldown` of the multivalue field `{name}` is not supported");
                return Err(super::unsupported(lowering, value.span, message, "use `mvjoin` to make one value of it"));
            }
            let last = lowering.typed_aggregate(AggregateFunction::Last, Some(value.clone()), span);
            let column = lowering.hidden("last");
            let ty = value.ty;
            // A row's own value stays, whatever rows of the same time a target takes for the last one.
            let parts = vec![value, Expr::column(column.clone(), last.ty, true, span)];
            filled.push((name, Expr::new(ExprKind::Coalesce(parts), ty, true, span)));
            columns.push((column, last));
        }
        if columns.is_empty() {
            return Ok(());
        }
        lowering.hidden_window(Vec::new(), frame, columns, span)?;
        lowering.extend(filled, span)?;
        lowering.drop_hidden(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn the_last_value_so_far_stands_for_null() {
        insta::assert_snapshot!(ir("table errorCode errorMessage | filldown errorCode"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project errorCode, errorMessage
        => errorCode: string, errorMessage: string?
        "#);
        insta::assert_snapshot!(ir("table errorCode errorMessage awsRegion | filldown"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project errorCode, errorMessage, awsRegion
        window `(last 1)` = last(errorMessage) over rows so far
        extend errorMessage = coalesce(errorMessage, `(last 1)`)
        project errorCode, errorMessage, awsRegion
        => errorCode: string, errorMessage: string?, awsRegion: string
        "#);
    }

    #[test]
    fn several_values_are_refused() {
        insta::assert_snapshot!(faults("stats values(errorMessage) as e by awsRegion | filldown e"), @"S211 `filldown` of the multivalue field `e` is not supported");
    }
}
