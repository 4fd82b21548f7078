//! `append`: adds the rows of a subsearch below the rows so far (Search Reference, `append`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Rel, Type};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::{Lowering, Scope};
use crate::spl::print::Printer;
use crate::spl::parser::{Parser, Spanned};

#[derive(Clone, PartialEq, Debug)]
pub struct Append {
    pub limits: Limits,
    pub subsearch: Pipeline,
}

/// Bounds on a subsearch. Those on its time change nothing in what it returns.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Limits {
    /// The most rows (Splunk's default: 50,000).
    pub most_rows: Option<u64>,
}

impl Limits {
    /// Takes an option, where it is one of these.
    pub(super) fn option(&mut self, p: &mut Parser<'_>, option: &Spanned, value: &Spanned) -> Result<bool, Reported> {
        match option.text.to_ascii_lowercase().as_str() {
            "maxtime" | "timeout" => {}
            "maxout" => self.most_rows = Some(p.number("maxout", value)?).filter(|n| *n > 0),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn print(&self, out: &mut Printer) {
        let Self { most_rows } = self;
        if let Some(most) = most_rows {
            out.option("maxout", &most.to_string());
        }
    }

    /// The subsearch's rows within the bound; a note says where Splunk has one that the rule does not name.
    pub(super) fn apply(&self, mut scope: Scope, verb: &str, span: Span, lowering: &mut Lowering<'_>) -> Scope {
        match self.most_rows {
            Some(count) => {
                scope.plan =
                    scope.plan.map(|plan| Rel::Limit { input: Box::new(plan), count, last: false, span });
            }
            None => {
                let message = format!("Splunk {verb} at most 50,000 rows of a subsearch; here all of them count");
                lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
            }
        }
        scope
    }
}

const OPTIONS: &[&str] = &["maxtime", "maxout", "timeout", "extendtimerange"];

impl Syntax for Append {
    const NAMES: &'static [&'static str] = &["append"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut limits = Limits::default();
        while let Some((option, value)) = p.option()? {
            match option.text.to_ascii_lowercase().as_str() {
                // Which time range Splunk shows for the whole search.
                "extendtimerange" => {
                    p.boolean(&option, &value)?;
                }
                _ if limits.option(p, &option, &value)? => {}
                _ => return Err(p.unknown_option("append", &option, OPTIONS)),
            }
        }
        Ok(Append { limits, subsearch: crate::spl::parse_subsearch(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { limits, subsearch } = self;
        limits.print(out);
        out.subsearch(subsearch);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let other = lowering.beside(&self.subsearch)?;
        let other = self.limits.apply(other, "appends", span, lowering);
        lowering.union(other, span)
    }
}

impl Lowering<'_> {
    /// Puts another scope's rows below the current ones.
    pub(crate) fn union(&mut self, other: Scope, span: Span) -> Result<(), Reported> {
        if self.scope.grouped.is_some() || other.grouped.is_some() {
            let message = "rows of transactions together with other rows are not supported where their fields are not listed";
            return Err(super::unsupported(self, span, message, "end both sides in `table` or `stats`"));
        }
        match (&self.scope.origin, &other.origin) {
            (Some(a), Some(b)) if !a.schemas().map(|s| &s.id).eq(b.schemas().map(|s| &s.id)) || a.prefixes != b.prefixes => {
                let message = "joining whole events of different sources is not supported";
                return Err(super::unsupported(self, span, message, "end both sides in `table` or `stats`"));
            }
            (Some(_), None) | (None, Some(_)) => {
                let message = "one side has whole events and the other rows with fixed fields, which is not supported";
                return Err(super::unsupported(self, span, message, "end both sides in `table` or `stats`"));
            }
            _ => {}
        }
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

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir, notes};

    const OTHER: &str = "sourcetype=aws:cloudtrail errorCode=* | stats count by awsRegion";

    #[test]
    fn rows_of_the_subsearch_come_last() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | append extendtimerange=t [search {OTHER}]")), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        => awsRegion: string, count: integer
        "#);
        insta::assert_snapshot!(notes(&format!("stats count by awsRegion | append [search {OTHER}]")), @"C406 Splunk appends at most 50,000 rows of a subsearch; here all of them count");
    }

    #[test]
    fn the_bound_on_rows_is_kept() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | append maxout=10 [search {OTHER}]")), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail
              awsRegion: string
          aggregate count = count()
              by awsRegion
          first 10
        ]
        => awsRegion: string, count: integer
        "#);
    }

    #[test]
    fn unknown_options_are_refused() {
        insta::assert_snapshot!(faults(&format!("stats count by awsRegion | append most=10 [search {OTHER}]")), @"S206 `append` has no option `most`");
    }
}
