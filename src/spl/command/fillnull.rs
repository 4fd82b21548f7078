//! `fillnull`: a value in place of NULL, `0` where none is given (Search Reference, `fillnull`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, Name};
use crate::source::Span;
use crate::spl::lower::{Lowering, fill};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Fillnull {
    pub value: Spanned,
    /// Empty: every field that some row has.
    pub fields: Vec<Spanned>,
}

impl Syntax for Fillnull {
    const NAMES: &'static [&'static str] = &["fillnull"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut value = Spanned { text: "0".to_owned(), span: Span::default() };
        let mut fields = Vec::new();
        loop {
            if let Some((option, given)) = p.option()? {
                if option.text != "value" {
                    return Err(p.unknown_option("fillnull", &option, &["value"]));
                }
                value = given;
                continue;
            }
            while p.eat(",") {}
            if p.at_stage_end() {
                return Ok(Fillnull { value, fields });
            }
            fields.push(p.expect_name("a field name", "write `fillnull value=0 field …`")?);
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { value, fields } = self;
        if value.text != "0" {
            out.option("value", &value.text);
        }
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if !self.fields.is_empty() {
            let mut columns = Vec::new();
            for field in &self.fields {
                if field.text.contains('*') {
                    let message = "`fillnull` with a field wildcard is not supported";
                    return Err(super::unsupported(lowering, field.span, message, "name the fields"));
                }
                // A field that no row has is made.
                let value = lowering.find(&field.text, field.span).unwrap_or_else(|| Expr::null(field.span));
                columns.push((field.text.as_str().into(), self.filled(value, span)));
            }
            return lowering.extend(columns, span);
        }
        lowering.need_all_names("`fillnull` without fields", span)?;
        if let Some(origin) = &mut lowering.scope.origin {
            // Fields are filled as later stages name them; those that no row has stay absent in Splunk.
            origin.fill = Some(self.value.text.clone());
            let message = "`fillnull` without fields leaves a field null that no event of the result has; here it is filled all the same (widens)";
            let help = "name the fields: `fillnull value=… a b c`";
            lowering.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
        }
        let columns: Vec<(Name, Expr)> = lowering
            .scope
            .columns
            .clone()
            .into_iter()
            .filter(|c| c.nullable)
            .map(|c| {
                let value = Expr::column(c.name.clone(), c.ty, c.nullable, span);
                (c.name, self.filled(value, span))
            })
            .collect();
        lowering.extend(columns, span)
    }
}

impl Fillnull {
    fn filled(&self, value: Expr, span: Span) -> Expr {
        fill::fill(value, &self.value.text, span)
    }
}
