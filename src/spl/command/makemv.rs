//! `makemv`: splits a field into a multivalue one (Search Reference, `makemv`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Makemv {
    pub delimiter: String,
    pub field: Spanned,
}

const OPTIONS: &[&str] = &["delim", "tokenizer", "allowempty", "setsv"];

impl Syntax for Makemv {
    const NAMES: &'static [&'static str] = &["makemv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut delimiter = " ".to_owned();
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "delim" => delimiter = value.text,
                "allowempty" | "setsv" if !p.boolean(&option, &value)? => {}
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("makemv", &option)),
                _ => return Err(p.unknown_option("makemv", &option, OPTIONS)),
            }
        }
        let field = p.expect_name("a field name", "write `makemv delim=\",\" field`")?;
        Ok(Makemv { delimiter, field })
    }

    fn print(&self, out: &mut Printer) {
        if self.delimiter != " " {
            out.option("delim", &self.delimiter);
        }
        out.name(&self.field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        if value.is_null_literal() || value.ty.multivalue {
            return Ok(());
        }
        let nullable = value.nullable;
        let args = vec![value, Expr::string(self.delimiter.clone(), span)];
        let parts = Expr::new(ExprKind::Call { function: "split", args }, Type::many(Scalar::Unknown), nullable, span);
        // Empty parts are left out.
        let variable = lowering.variable();
        let element = Expr::new(ExprKind::Variable(variable), Type::UNKNOWN, false, span);
        let filled = Expr::compare(crate::ir::CompareOp::Ne, element, Expr::string("", span), crate::ir::Case::Sensitive);
        let kind = ExprKind::FilterValues { value: Box::new(parts), variable, predicate: Box::new(filled) };
        let values = Expr::new(kind, Type::many(Scalar::Unknown), true, span);
        lowering.extend(vec![(self.field.text.as_str().into(), values)], span)
    }
}
