//! `join`: adds the fields of a subsearch's rows to rows with equal keys (Search Reference, `join`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Join as JoinRel, JoinKind, Name, Rel};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};

#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    pub left: bool,
    /// 0: all.
    pub max: u32,
    pub fields: Vec<Spanned>,
    pub subsearch: Pipeline,
}

const OPTIONS: &[&str] = &["type", "max", "overwrite", "usetime", "earlier", "keepsingle", "left", "right"];
const HELP: &str = "write `join type=left field [ search … ]`";

impl Syntax for Join {
    const NAMES: &'static [&'static str] = &["join"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut left, mut max, mut fields) = (false, 1, Vec::new());
        loop {
            while p.eat(",") {}
            if p.peek() == Some('[') {
                break;
            }
            if p.at_stage_end() {
                return Err(p.expected("a subsearch in brackets", HELP));
            }
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "type" => match value.text.to_ascii_lowercase().as_str() {
                        "inner" => left = false,
                        "left" | "outer" => left = true,
                        _ => {
                            let message = format!("`join` has no type `{}`", value.text);
                            return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, "types are `inner`, `left` and `outer`"));
                        }
                    },
                    "max" => max = p.number("max", &value)?,
                    "overwrite" if p.boolean(&option, &value)? => {}
                    "usetime" | "keepsingle" if !p.boolean(&option, &value)? => {}
                    name if OPTIONS.contains(&name) => return Err(p.unsupported_option("join", &option)),
                    _ => return Err(p.unknown_option("join", &option, OPTIONS)),
                }
                continue;
            }
            fields.push(p.expect_name("a field name", HELP)?);
        }
        let subsearch = crate::spl::parse_subsearch(p)?;
        Ok(Join { left, max, fields, subsearch })
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let right = lowering.beside(&self.subsearch)?;
        if !right.is_closed() {
            let message = "a `join` with whole events is not supported";
            return Err(super::unsupported(lowering, self.subsearch.span, message, "end the subsearch in `table` or `stats`"));
        }
        if right.open {
            let message = "a `join` with columns that the data names is not supported";
            return Err(super::unsupported(lowering, self.subsearch.span, message, "end the subsearch in `table` or `stats`"));
        }
        if self.fields.is_empty() {
            let message = "`join` without fields joins on all common ones, which is not supported";
            return Err(super::unsupported(lowering, span, message, "name the fields to join on"));
        }
        let mut on: Vec<Name> = Vec::new();
        for field in &self.fields {
            let name: Name = field.text.as_str().into();
            let here = lowering.field(&name, field.span);
            let Some(there) = right.column(&name) else {
                let message = format!("the subsearch has no field `{name}`, so no row is joined");
                let help = "join on a field that both sides have";
                return Err(lowering.sink.fail(Diagnostic::new(&code::TYPE_MISMATCH, message).at(field.span).help(help)));
            };
            if here.is_null_literal() || here.ty.multivalue || there.ty.multivalue {
                let message = format!("`join` on `{name}` needs one value on each side");
                return Err(super::unsupported(lowering, field.span, message, "use `mvexpand` before"));
            }
            if lowering.scope.column(&name).is_none() || here.as_column() != Some(&name) {
                lowering.extend(vec![(name.clone(), here)], span)?;
            }
            on.push(name);
        }
        let message = "Splunk joins at most 50,000 rows of a subsearch; here all of them count";
        lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        let left = lowering.take_plan(span)?;
        let Some(plan) = right.plan else { return Err(Reported) };
        for Column { name, ty, nullable } in &right.columns {
            if on.contains(name) {
                continue;
            }
            let before = lowering.scope.column(name).cloned();
            let ty = match (&before, self.left) {
                (Some(before), true) => before.ty.union(*ty),
                _ => *ty,
            };
            lowering.scope.declare(name, ty, *nullable || self.left);
        }
        let kind = if self.left { JoinKind::Left } else { JoinKind::Inner };
        let max = (self.max > 0).then_some(self.max);
        lowering.put_plan(Rel::Join(JoinRel { left, right: Box::new(plan), kind, on, max, span }));
        Ok(())
    }
}
