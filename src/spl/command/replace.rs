//! `replace`: whole values replaced, with wildcards (Search Reference, `replace`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Case, Expr, ExprKind, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, wildcard};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Replace {
    pub pairs: Vec<(Spanned, Spanned)>,
    pub fields: Vec<Spanned>,
}

const HELP: &str = "write `replace old with new in field`";

impl Syntax for Replace {
    const NAMES: &'static [&'static str] = &["replace"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut pairs = Vec::new();
        let mut fields = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if p.eat_keyword("in") {
                fields = p.names(&[])?;
                break;
            }
            let old = p.expect_name("a value", HELP)?;
            if !p.eat_keyword("with") {
                return Err(p.expected("`with`", HELP));
            }
            let new = p.expect_name("the new value", HELP)?;
            if new.text.contains('*') {
                let message = "a wildcard in the new value of `replace` is not supported";
                return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, new.span, "use `eval` with `replace()`"));
            }
            pairs.push((old, new));
        }
        if pairs.is_empty() || fields.is_empty() {
            return Err(p.expected("values and fields", HELP));
        }
        Ok(Replace { pairs, fields })
    }

    fn print(&self, out: &mut Printer) {
        for (i, (old, new)) in self.pairs.iter().enumerate() {
            out.comma(i);
            out.name(&old.text);
            out.word("with");
            out.name(&new.text);
        }
        out.word("in");
        out.names(&self.fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        for field in &self.fields {
            let value = lowering.field(&field.text, field.span);
            if value.is_null_literal() {
                continue;
            }
            if value.ty.multivalue || !value.ty.is_text() {
                let message = format!("`replace` in `{}` of type {} is not supported", field.text, value.ty);
                return Err(super::unsupported(lowering, field.span, message, "use `eval` with `if()`"));
            }
            let mut arms = Vec::new();
            for (old, new) in &self.pairs {
                let kind = ExprKind::Like {
                    value: Box::new(value.clone()),
                    pattern: wildcard::pattern(&old.text),
                    case: Case::Sensitive,
                };
                let matches = Expr::new(kind, Type::BOOLEAN, value.nullable, span);
                arms.push((matches, Expr::string(new.text.clone(), new.span)));
            }
            let (ty, nullable) = (value.ty.union(Type::STRING), value.nullable);
            let kind = ExprKind::Case { arms, otherwise: Some(Box::new(value)) };
            lowering.extend(vec![(field.text.as_str().into(), Expr::new(kind, ty, nullable, span))], span)?;
        }
        Ok(())
    }
}
