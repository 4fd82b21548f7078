//! `inputlookup`: the rows of a lookup table (Search Reference, `inputlookup`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Column, Rel, Type, Values};
use crate::source::Span;
use crate::spl::eval::{self, Eval};
use crate::spl::lower::{Lowering, Scope};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Inputlookup {
    /// `append=t`: below the rows so far.
    pub append: bool,
    pub table: Spanned,
    pub condition: Option<Eval>,
}

const OPTIONS: &[&str] = &["append", "start", "max", "strict"];
const HELP: &str = "write `inputlookup [append=t] table [where condition]`";

impl Syntax for Inputlookup {
    const NAMES: &'static [&'static str] = &["inputlookup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut append, mut table, mut condition) = (false, None, None);
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "append" => append = p.boolean(&option, &value)?,
                    "strict" => {
                        p.boolean(&option, &value)?;
                    }
                    name if OPTIONS.contains(&name) => return Err(p.unsupported_option("inputlookup", &option)),
                    _ => return Err(p.unknown_option("inputlookup", &option, OPTIONS)),
                }
            } else if table.is_some() && p.eat_keyword("where") {
                condition = Some(eval::parse(p)?);
            } else {
                let name = p.expect_name("the lookup's name", HELP)?;
                p.once(&mut table, name, "inputlookup", HELP)?;
            }
        }
        match table {
            Some(table) => Ok(Inputlookup { append, table, condition }),
            None => Err(p.expected("the lookup's name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        out.flag("append", self.append, false);
        out.name(&self.table.text);
        if let Some(condition) = &self.condition {
            out.word("where");
            out.eval(condition);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let table = lowering.lookup_table(&self.table)?;
        let rows = table
            .rows
            .iter()
            .map(|row| {
                let cell = |i: usize| row.get(i).filter(|v| !v.is_empty()).cloned();
                (0..table.columns.len()).map(cell).collect()
            })
            .collect();
        let columns = table.columns.clone();
        let declared = columns.iter().map(|c| Column { name: c.clone(), ty: Type::UNKNOWN, nullable: true }).collect();
        let open_table = (table.external && columns.is_empty()).then(|| table.name.clone());
        let external = table.external;
        let plan = Rel::Values(Values { table: table.name.clone(), columns, rows, external, span });
        let rows = Scope { plan: Some(plan), columns: declared, open_table, ..Scope::default() };
        let outer = std::mem::replace(&mut lowering.scope, rows);
        let filtered = match &self.condition {
            Some(condition) => lowering.predicate(condition).and_then(|c| lowering.filter(c, span)),
            None => Ok(()),
        };
        let rows = std::mem::replace(&mut lowering.scope, outer);
        filtered?;
        if lowering.scope.plan.is_none() {
            lowering.scope = rows;
            return Ok(());
        }
        if self.append {
            return lowering.union(rows, span);
        }
        let message = "`inputlookup` in the middle of a search replaces the rows so far";
        Err(super::unsupported(lowering, span, message, "write `append=t`, or begin the search with it"))
    }
}
