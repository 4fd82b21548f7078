//! `eval`: computes fields, one after the other (Search Reference, `eval`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::eval::{self, Eval as Expression};
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Eval {
    pub assignments: Vec<(Spanned, Expression)>,
}

const HELP: &str = "write `eval name = expression`, several separated by commas";

impl Syntax for Eval {
    const NAMES: &'static [&'static str] = &["eval"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut assignments = Vec::new();
        loop {
            p.skip_space();
            let name = match p.peek() {
                Some('"') => p.quoted()?,
                Some('\'') => p.single_quoted()?,
                _ => Some(eval::identifier(p)).filter(|n| !n.text.is_empty()),
            };
            let Some(name) = name else { return Err(p.expected("a field name", HELP)) };
            if name.text.starts_with('{') && name.text.ends_with('}') {
                let message = format!("`eval {}=…` names a field by another field's value", name.text);
                let help = "name the fields that the rule needs";
                return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, name.span, help));
            }
            p.expect("=", HELP)?;
            assignments.push((name, eval::parse(p)?));
            if !p.eat(",") {
                return Ok(Eval { assignments });
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        for (i, (name, value)) in self.assignments.iter().enumerate() {
            out.comma(i);
            out.eval_field(&name.text);
            out.word("=");
            out.eval(value);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut result = Ok(());
        for (name, expression) in &self.assignments {
            match lowering.eval(expression) {
                Ok(value) => lowering.extend(vec![(name.text.as_str().into(), value)], span)?,
                Err(Reported) => {
                    // Later stages may use the field: it exists, whatever it holds.
                    lowering.scope.declare(&name.text.as_str().into(), crate::ir::Type::UNKNOWN, true);
                    result = Err(Reported);
                }
            }
        }
        result
    }
}
