//! `rex`: named groups of a regular expression become fields; where it does not match, fields stay as they were
//! (Search Reference, `rex`).

use std::sync::Arc;

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Name, Type};
use crate::regex::Analysis;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::regex;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Rex {
    pub field: Option<Spanned>,
    pub regex: Spanned,
    /// 1: the first match; 0: all of them; else so many.
    pub max_match: u32,
    /// `mode=sed`: replaces in the field.
    pub sed: bool,
}

const OPTIONS: &[&str] = &["field", "max_match", "mode", "offset_field"];
const HELP: &str = "write `rex field=name \"…(?<group>…)…\"`";

impl Syntax for Rex {
    const NAMES: &'static [&'static str] = &["rex"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut regex, mut max_match, mut sed) = (None, None, 1, false);
        let mut regex_at = 0;
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "field" => field = Some(value),
                    "max_match" => max_match = p.number("max_match", &value)?,
                    "mode" if value.text == "sed" => sed = true,
                    "offset_field" => return Err(p.unsupported_option("rex", &option)),
                    _ => return Err(p.unknown_option("rex", &option, OPTIONS)),
                }
                continue;
            }
            p.skip_space();
            let at = p.pos();
            match p.quoted()? {
                Some(text) => {
                    regex_at = at;
                    p.once(&mut regex, text, "rex", HELP)?;
                }
                None => return Err(p.expected("a regular expression in quotes", HELP)),
            }
        }
        match regex {
            Some(regex) => {
                if !sed {
                    regex::check(p, regex_at, &regex.text)?;
                }
                Ok(Rex { field, regex, max_match, sed })
            }
            None => Err(p.expected("a regular expression in quotes", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        if let Some(field) = &self.field {
            out.option("field", &field.text);
        }
        out.number_option("max_match", self.max_match, 1);
        if self.sed {
            out.option("mode", "sed");
        }
        out.quoted(&self.regex.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let (name, at) = match &self.field {
            Some(field) => (field.text.as_str(), field.span),
            None => ("_raw", span),
        };
        let value = lowering.field(name, at);
        if self.sed {
            return self.replace(value, span, lowering);
        }
        let groups = named_groups(&self.regex.text);
        if groups.is_empty() {
            let message = "the regular expression of `rex` has no named group";
            return Err(lowering.sink.fail(Diagnostic::new(&code::INVALID_REGEX, message).at(self.regex.span).help(HELP)));
        }
        if value.is_null_literal() {
            return Ok(());
        }
        let many = self.max_match != 1;
        if value.ty.multivalue {
            let message = format!("`rex` over the multivalue field `{name}` is not supported");
            return Err(super::unsupported(lowering, at, message, "use `mvexpand` before"));
        }
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for group in groups {
            let kind = ExprKind::Capture {
                value: Box::new(value.clone()),
                regex: self.regex.text.clone(),
                group: group.clone(),
                all: many,
                limit: if many { self.max_match } else { 1 },
            };
            let ty = Type { multivalue: many, ..Type::UNKNOWN };
            let mut captured = Expr::new(kind, ty, true, span);
            // Where nothing matches, a field of that name keeps its value.
            if let Some(old) = lowering.existing(&group, self.regex.span) {
                if old.ty.multivalue != many {
                    let message = format!("`{group}` would hold one value in some rows and several in others");
                    return Err(super::unsupported(lowering, span, message, "capture into a new field"));
                }
                let (ty, nullable) = (captured.ty.union(old.ty), old.nullable);
                captured = Expr::new(ExprKind::Coalesce(vec![captured, old]), ty, nullable, span);
            }
            columns.push((group, captured));
        }
        lowering.extend(columns, span)
    }
}

impl Rex {
    /// `mode=sed "s/regex/replacement/g"`.
    fn replace(&self, value: Expr, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let text = &self.regex.text;
        let parts: Vec<&str> = match text.strip_prefix('s').and_then(|r| r.chars().next().map(|d| (r, d))) {
            Some((rest, delimiter)) if !delimiter.is_alphanumeric() => rest[delimiter.len_utf8()..].split(delimiter).collect(),
            _ => Vec::new(),
        };
        let [regex, replacement, "g"] = parts.as_slice() else {
            let message = "only `s/…/…/g` is supported in `rex mode=sed`";
            return Err(super::unsupported(lowering, self.regex.span, message, "write `eval field=replace(field, …)`"));
        };
        let Some(field) = &self.field else {
            return Err(super::unsupported(lowering, span, "`rex mode=sed` on `_raw` is not supported", "name a field"));
        };
        if value.is_null_literal() {
            return Ok(());
        }
        if value.ty.multivalue {
            let message = "`rex mode=sed` over a multivalue field is not supported";
            return Err(super::unsupported(lowering, field.span, message, "use `mvexpand` before"));
        }
        let nullable = value.nullable;
        let args = vec![value, Expr::string(*regex, span), Expr::string(*replacement, span)];
        let replaced = Expr::new(ExprKind::Call { function: "replace", args }, Type::UNKNOWN, nullable, span);
        lowering.extend(vec![(field.text.as_str().into(), replaced)], span)
    }
}

/// Names of the groups, in order; the pattern was checked when it was parsed.
fn named_groups(regex: &str) -> Vec<Arc<str>> {
    Analysis::new(regex).map_or_else(|_| Vec::new(), |analysis| analysis.names().into_iter().cloned().collect())
}
