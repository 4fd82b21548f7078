//! `stats`: one row of aggregates for each combination of keys (Search Reference, `stats`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Column, Expr, ExprKind, Rel};
use crate::source::Span;
use crate::spl::lower::{Aggregation, Lowering, aggregate, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Stats {
    pub aggregations: Vec<Aggregation>,
    pub by: Vec<Spanned>,
    /// Whether each value of a multivalue key counts once in a row.
    pub dedup_keys: bool,
}

const OPTIONS: &[&str] = &["partitions", "allnum", "delim", "dedup_splitvals"];

impl Syntax for Stats {
    const NAMES: &'static [&'static str] = &["stats", "sistats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut dedup_keys = false;
        while let Some((option, value)) = p.option()? {
            match option.text.to_ascii_lowercase().as_str() {
                // How Splunk divides the work, and how it shows multivalue fields.
                "partitions" | "delim" => {}
                "dedup_splitvals" => dedup_keys = p.boolean(&option, &value)?,
                "allnum" if !p.boolean(&option, &value)? => {}
                "allnum" => return Err(p.unsupported_option("stats", &option)),
                _ => return Err(p.unknown_option("stats", &option, OPTIONS)),
            }
        }
        let aggregations = parse_aggregations(p, &["by"])?;
        let by = if p.eat_keyword("by") { p.names(&[])? } else { Vec::new() };
        if aggregations.is_empty() && by.is_empty() {
            return Err(p.expected("an aggregation", "write e.g. `stats count by user`"));
        }
        Ok(Stats { aggregations, by, dedup_keys })
    }

    fn print(&self, out: &mut Printer) {
        let Self { aggregations, by, dedup_keys } = self;
        out.flag("dedup_splitvals", *dedup_keys, false);
        out.aggregations(aggregations);
        out.by(by);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if self.dedup_keys {
            self.dedup_values(span, lowering)?;
        }
        let keys = lowering.group_keys(&self.by, span)?;
        let names: Vec<_> = keys.iter().map(|(n, _)| n.clone()).collect();
        let aggregates = aggregate(lowering, &self.aggregations, &names)?;
        lowering.group(keys, aggregates, span)
    }
}

impl Stats {
    /// Takes repeated values out of multivalue keys.
    fn dedup_values(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut columns = Vec::new();
        for (name, value) in lowering.listed(&self.by)? {
            if value.ty.multivalue {
                let (ty, nullable) = (value.ty, value.nullable);
                let kind = ExprKind::Call { function: "mvdedup", args: vec![value] };
                columns.push((name, Expr::new(kind, ty, nullable, span)));
            }
        }
        lowering.extend(columns, span)
    }
}

impl Lowering<'_> {
    /// Groups by keys whose null rows were dropped; exactly the keys and aggregates are left.
    pub(crate) fn group(
        &mut self,
        mut keys: Vec<(crate::ir::Name, crate::ir::Expr)>,
        mut aggregates: Vec<(crate::ir::Name, crate::ir::Aggregate)>,
        span: Span,
    ) -> Result<(), Reported> {
        // Without keys there is a row even where nothing is aggregated.
        if keys.is_empty() {
            aggregates.iter_mut().for_each(|(_, a)| a.nullable |= a.function.is_null_of_nothing());
        }
        // An aggregate that takes a key's name replaces it in the output; the rows are grouped all the same.
        let shadowed: Vec<crate::ir::Name> =
            keys.iter().map(|(n, _)| n.clone()).filter(|n| aggregates.iter().any(|(a, _)| a == n)).collect();
        for (name, _) in &mut keys {
            if shadowed.contains(name) {
                *name = format!("{name} (key)").into();
            }
        }
        let input = self.take_plan(span)?;
        let columns: Vec<Column> = keys
            .iter()
            .map(|(n, e)| Column { name: n.clone(), ty: e.ty, nullable: false })
            .chain(aggregates.iter().map(|(n, a)| Column { name: n.clone(), ty: a.ty, nullable: a.nullable }))
            .collect();
        self.close(columns);
        self.put_plan(Rel::Aggregate { input, keys, aggregates, span });
        if !shadowed.is_empty() {
            let kept: Vec<_> = self
                .scope
                .columns
                .iter()
                .filter(|c| !c.name.ends_with(" (key)"))
                .map(|c| (c.name.clone(), crate::ir::Expr::column(c.name.clone(), c.ty, c.nullable, span)))
                .collect();
            self.project(kept, span)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn values_of_multivalue_keys_can_count_once() {
        let make = r#"eval parts=split(userAgent, " ")"#;
        insta::assert_snapshot!(ir(&format!("{make} | stats dedup_splitvals=t partitions=3 delim=x count by parts")), @r#"
        extend parts = split(userAgent, " ")
        extend parts = mvdedup(parts)
        unnest parts
        aggregate count = count()
            by parts
        => parts: unknown, count: integer
        "#);
    }

    #[test]
    fn unsupported_options_are_named() {
        insta::assert_snapshot!(faults("stats allnum=t sum(x)"), @"S207 option `allnum` of `stats` is not supported");
        insta::assert_snapshot!(faults("stats most=3 sum(x)"), @"S206 `stats` has no option `most`");
    }
}
