//! `regex`: keeps rows whose field matches a regular expression, or does not (Search Reference, `regex`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::regex;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Regex {
    pub field: Option<Spanned>,
    pub negated: bool,
    pub regex: Spanned,
}

const HELP: &str = "write `regex field=\"…\"` or `regex field!=\"…\"`";

impl Syntax for Regex {
    const NAMES: &'static [&'static str] = &["regex"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        p.skip_space();
        let at = p.pos();
        if let Some(regex) = p.quoted()? {
            regex::check(p, at, &regex.text)?;
            return Ok(Regex { field: None, negated: false, regex });
        }
        let field = match p.peek() {
            Some('\'') => p.single_quoted()?,
            _ => p.bare(&['|', '[', ']', '(', ')', ',', '=', '"', '!']),
        };
        let Some(field) = field else { return Err(p.expected("a field name", HELP)) };
        let negated = p.eat("!=");
        if !negated {
            p.expect("=", HELP)?;
        }
        p.skip_space();
        let at = p.pos();
        match p.quoted()? {
            Some(regex) => {
                regex::check(p, at, &regex.text)?;
                Ok(Regex { field: Some(field), negated, regex })
            }
            None => Err(p.expected("a regular expression in quotes", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, negated, regex } = self;
        if let Some(field) = field {
            // In double quotes it would be the regular expression.
            out.single_quoted_name(&field.text);
            out.glued(if *negated { "!=" } else { "=" });
            out.quoted_glued(&regex.text);
        } else {
            out.quoted(&regex.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let (name, at) = self.field.as_ref().map_or(("_raw", span), |f| (f.text.as_str(), f.span));
        let value = lowering.field(name, at);
        let regex = self.regex.text.clone();
        let test = lowering.for_some(value, span, |value| {
            let nullable = value.nullable;
            Expr::new(ExprKind::Regex { value: Box::new(value), regex }, Type::BOOLEAN, nullable, span)
        });
        // `field!="…"` keeps rows without the field.
        let predicate = if self.negated { test.is_true().negate() } else { test };
        lowering.filter(predicate, span)
    }
}
