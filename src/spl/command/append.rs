//! `append`: adds the rows of a subsearch below the rows so far (Search Reference, `append`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Rel, Type};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::{Lowering, Scope};
use crate::spl::parser::Parser;

#[derive(Clone, PartialEq, Debug)]
pub struct Append {
    pub subsearch: Pipeline,
}

/// How Splunk runs the subsearch, not what it returns.
const OPTIONS: &[&str] = &["maxtime", "maxout", "timeout", "extendtimerange"];

impl Syntax for Append {
    const NAMES: &'static [&'static str] = &["append"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        while let Some((option, _)) = p.option()? {
            match option.text.as_str() {
                "maxtime" | "timeout" => {}
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("append", &option)),
                _ => return Err(p.unknown_option("append", &option, OPTIONS)),
            }
        }
        Ok(Append { subsearch: crate::spl::parse_subsearch(p)? })
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let other = lowering.beside(&self.subsearch)?;
        lowering.union(other, span)
    }
}

impl Lowering<'_> {
    /// Puts another scope's rows below the current ones.
    pub(crate) fn union(&mut self, other: Scope, span: Span) -> Result<(), Reported> {
        match (&self.scope.origin, &other.origin) {
            (Some(a), Some(b)) if a.schema.id != b.schema.id || a.prefixes != b.prefixes => {
                let message = "joining whole events of different sources is not supported";
                return Err(super::unsupported(self, span, message, "end both sides in `table` or `stats`"));
            }
            (Some(_), None) | (None, Some(_)) => {
                let message = "one side has whole events and the other rows with fixed fields, which is not supported";
                return Err(super::unsupported(self, span, message, "end both sides in `table` or `stats`"));
            }
            _ => {}
        }
        let message = "Splunk appends at most 50,000 rows of a subsearch; here all of them count";
        self.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        let mut other = other;
        if let Some(table) = &other.open_table
            && let Some(plan) = &mut other.plan
        {
            // The table may hold each of the fields that the rows so far have.
            for column in &self.scope.columns {
                crate::spl::lower::scope::add_table_column(plan, table, &column.name);
                if other.columns.iter().all(|c| c.name != column.name) {
                    let ty = Type { multivalue: false, ..Type::UNKNOWN };
                    other.columns.push(Column { name: column.name.clone(), ty, nullable: true });
                }
            }
            self.scope.open_table = Some(table.clone());
        }
        for column in &mut self.scope.columns {
            match other.columns.iter().find(|c| c.name == column.name) {
                Some(there) if there.ty.multivalue != column.ty.multivalue => {
                    let message = format!("`{}` holds one value on one side and several on the other", column.name);
                    return Err(super::unsupported(self, span, message, "use `mvjoin` to make one value of it"));
                }
                Some(there) => {
                    column.ty = column.ty.union(there.ty);
                    column.nullable |= there.nullable;
                }
                None => column.nullable = true,
            }
        }
        for column in &other.columns {
            if self.scope.column(&column.name).is_none() {
                self.scope.columns.push(Column { nullable: true, ..column.clone() });
            }
        }
        self.scope.open |= other.open;
        self.scope.assigned.extend(other.assigned);
        if let (Some(a), Some(b)) = (&mut self.scope.origin, other.origin) {
            // A field that one side alone has removed is null in that side's rows only.
            a.removed.retain(|r| b.removed.contains(r));
        }
        let first = *self.take_plan(span)?;
        let Some(second) = other.plan else { return Err(Reported) };
        let inputs = match first {
            Rel::Union { mut inputs, .. } => {
                inputs.push(second);
                inputs
            }
            first => vec![first, second],
        };
        self.put_plan(Rel::Union { inputs, span });
        Ok(())
    }
}
