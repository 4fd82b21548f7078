//! `mvexpand`: one row for each value of a multivalue field, at most `limit`; rows without it are dropped (Search
//! Reference, `mvexpand`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Mvexpand {
    pub field: Spanned,
    /// How many of a row's values become rows; 0: all.
    pub limit: u32,
}

impl Syntax for Mvexpand {
    const NAMES: &'static [&'static str] = &["mvexpand"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let field = p.expect_name("a field name", "write `mvexpand field`")?;
        let mut limit = 0;
        while let Some((option, value)) = p.option()? {
            if option.text != "limit" {
                return Err(p.unknown_option("mvexpand", &option, &["limit"]));
            }
            limit = p.number("limit", &value)?;
        }
        Ok(Mvexpand { field, limit })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, limit } = self;
        out.name(&field.text);
        out.number_option("limit", *limit, 0);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        if value.ty.multivalue {
            let value = self.first_values(value, span);
            return lowering.unnest(&self.field.text, value, span).map(|_| ());
        }
        // A single value is expanded to itself.
        lowering.filter(value.is_not_null(), span)
    }
}

impl Mvexpand {
    /// The values that become rows.
    fn first_values(&self, value: Expr, span: Span) -> Expr {
        if self.limit == 0 {
            return value;
        }
        let (ty, nullable) = (value.ty, value.nullable);
        let last = Expr::integer(i64::from(self.limit) - 1, span);
        let args = vec![value, Expr::integer(0, span), last];
        Expr::new(ExprKind::Call { function: "mvindex", args }, ty, nullable, span)
    }
}
