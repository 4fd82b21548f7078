//! `table`: keeps exactly the listed fields, in that order (Search Reference, `table`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, Name};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    pub fields: Vec<Spanned>,
}

impl Syntax for Table {
    const NAMES: &'static [&'static str] = &["table"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let fields = p.names(&[])?;
        if fields.is_empty() {
            return Err(p.expected("a field name", "write `table a b c`"));
        }
        Ok(Table { fields })
    }

    fn print(&self, out: &mut Printer) {
        let Self { fields } = self;
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let columns = lowering.listed(&self.fields)?;
        lowering.project(columns, span)
    }
}

impl Lowering<'_> {
    /// Fields of a list, wildcards expanded, each once.
    pub(crate) fn listed(&mut self, fields: &[Spanned]) -> Result<Vec<(Name, Expr)>, Reported> {
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for field in fields {
            let names = if field.text.contains('*') {
                self.matching_fields(&field.text, field.span)?
            } else {
                vec![field.text.as_str().into()]
            };
            for name in names {
                if !columns.iter().any(|(n, _)| *n == name) {
                    let value = self.field(&name, field.span);
                    columns.push((name, value));
                }
            }
        }
        Ok(columns)
    }
}
