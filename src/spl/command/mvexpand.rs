//! `mvexpand`: one row for each value of a multivalue field; rows without it are dropped (Search Reference, `mvexpand`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Mvexpand {
    pub field: Spanned,
}

impl Syntax for Mvexpand {
    const NAMES: &'static [&'static str] = &["mvexpand"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let field = p.expect_name("a field name", "write `mvexpand field`")?;
        while let Some((option, value)) = p.option()? {
            if option.text != "limit" {
                return Err(p.unknown_option("mvexpand", &option, &["limit"]));
            }
            if value.text != "0" {
                return Err(p.unsupported_option("mvexpand", &option));
            }
        }
        Ok(Mvexpand { field })
    }

    fn print(&self, out: &mut Printer) {
        out.name(&self.field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        if value.ty.multivalue {
            return lowering.unnest(&self.field.text, value, span).map(|_| ());
        }
        // A single value is expanded to itself.
        lowering.filter(value.is_not_null(), span)
    }
}
