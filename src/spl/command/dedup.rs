//! `dedup`: keeps the first rows of each combination of fields (Search Reference, `dedup`). Rows lacking a field are dropped.

use super::Syntax;
use super::sort::{self, Key};
use crate::diagnostic::{Reported, code};
use crate::ir::Rel;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Dedup {
    pub count: u64,
    pub fields: Vec<Spanned>,
    pub sort_by: Vec<Key>,
}

const OPTIONS: &[&str] = &["keepevents", "keepempty", "consecutive"];
const HELP: &str = "write `dedup [N] field … [sortby -field]`";

impl Syntax for Dedup {
    const NAMES: &'static [&'static str] = &["dedup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut count = 1;
        let mut fields = Vec::new();
        p.skip_space();
        let start = p.pos();
        if let Some(word) = p.bare(&['|', '[', ']', ',', '=', '"']) {
            match word.text.parse::<u64>() {
                Ok(n) if n > 0 => count = n,
                _ => p.set_pos(start),
            }
        }
        loop {
            while p.eat(",") {}
            if p.at_stage_end() || p.at_keyword("sortby") {
                break;
            }
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    name if OPTIONS.contains(&name) => {
                        if p.boolean(&option, &value)? {
                            return Err(p.unsupported_option("dedup", &option));
                        }
                    }
                    _ => return Err(p.unknown_option("dedup", &option, OPTIONS)),
                }
                continue;
            }
            fields.push(p.expect_name("a field name", HELP)?);
        }
        if fields.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        if let Some(wildcard) = fields.iter().find(|f| f.text.contains('*')) {
            let span = wildcard.span;
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, "`dedup` with a field wildcard is not supported", span, HELP));
        }
        let sort_by = if p.eat_keyword("sortby") { sort::parse_keys(p)? } else { Vec::new() };
        Ok(Dedup { count, fields, sort_by })
    }

    fn print(&self, out: &mut Printer) {
        if self.count != 1 {
            out.number(self.count);
        }
        out.names(&self.fields);
        if !self.sort_by.is_empty() {
            out.word("sortby");
            sort::print_keys(&self.sort_by, out);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut keys = Vec::new();
        for field in &self.fields {
            let key = lowering.field(&field.text, field.span);
            if key.ty.multivalue {
                let message = format!("`dedup` by the multivalue field `{}` is not supported", field.text);
                return Err(super::unsupported(lowering, field.span, message, "use `mvjoin` to make one value of it"));
            }
            if key.nullable {
                lowering.filter(key.clone().is_not_null(), span)?;
            }
            keys.push(key);
        }
        // `sortby` orders the rows that are kept, after the choice.
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Distinct { input, keys, count: self.count, span });
        if self.sort_by.is_empty() { Ok(()) } else { sort::sort(lowering, &self.sort_by, None, span) }
    }
}
