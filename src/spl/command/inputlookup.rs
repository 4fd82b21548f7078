//! `inputlookup`: the rows of a lookup table (Search Reference, `inputlookup`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Case, Column, CompareOp, Expr, Rel, Type, Values};
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
    /// How many rows to leave out at the beginning.
    pub start: u64,
    /// The most rows.
    pub max: Option<u64>,
}

impl Inputlookup {
    /// All rows of a table.
    pub(super) fn all_of(table: &Spanned) -> Self {
        Inputlookup { append: false, table: table.clone(), condition: None, start: 0, max: None }
    }
}

const OPTIONS: &[&str] = &["append", "start", "max", "strict"];
const HELP: &str = "write `inputlookup [append=t] table [where condition]`";

impl Syntax for Inputlookup {
    const NAMES: &'static [&'static str] = &["inputlookup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut append, mut table, mut condition) = (false, None, None);
        let (mut start, mut max) = (0, None);
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "append" => append = p.boolean(&option, &value)?,
                    // Whether a table that can't be read fails the search: here it always does.
                    "strict" => {
                        p.boolean(&option, &value)?;
                    }
                    "start" => start = p.number("start", &value)?,
                    "max" => max = Some(p.number("max", &value)?),
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
            Some(table) => Ok(Inputlookup { append, table, condition, start, max }),
            None => Err(p.expected("the lookup's name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { append, table, condition, start, max } = self;
        out.flag("append", *append, false);
        out.number_option("start", *start, 0);
        if let Some(max) = max {
            out.option("max", &max.to_string());
        }
        out.name(&table.text);
        if let Some(condition) = condition {
            out.word("where");
            out.eval(condition);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let table = lowering.lookup_table(&self.table)?;
        // Without a condition the rows can be counted now.
        let counted = self.condition.is_none() && !table.external;
        let (skipped, most) = if counted { (self.start, self.max) } else { (0, None) };
        let rows = table
            .rows
            .iter()
            .skip(usize::try_from(skipped).unwrap_or(usize::MAX))
            .take(most.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX))
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
        let filtered = filtered.and_then(|()| if counted { Ok(()) } else { self.bound(span, lowering) });
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

impl Inputlookup {
    /// Leaves out the first rows, and those behind the last.
    fn bound(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if self.start > 0 {
            let row = lowering.row_number(span)?;
            let start = Expr::integer(i64::try_from(self.start).unwrap_or(i64::MAX), span);
            lowering.filter(Expr::compare(CompareOp::Gt, row, start, Case::Sensitive), span)?;
            lowering.drop_hidden(span)?;
        }
        if let Some(count) = self.max {
            let input = lowering.take_plan(span)?;
            lowering.put_plan(Rel::Limit { input, count, last: false, span });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_table;

    #[test]
    fn known_rows_are_counted_out() {
        insta::assert_snapshot!(with_table("| inputlookup start=1 max=1 strict=t tools"), @r#"
        values tools (id, name) 1 rows
        => id: unknown?, name: unknown?
        "#);
    }

    #[test]
    fn rows_behind_a_condition_are_counted_when_the_query_runs() {
        insta::assert_snapshot!(with_table("| inputlookup start=1 max=1 tools where id>1"), @r#"
        values tools (id, name) 3 rows
        filter id > 1
        window `(row 1)` = count() over rows so far
        filter `(row 1)` > 1
        project id, name
        first 1
        => id: unknown?, name: unknown?
        "#);
    }
}
