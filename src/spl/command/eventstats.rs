//! `eventstats`: adds aggregates of a row's group to each row (Search Reference, `eventstats`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, Frame, Rel};
use crate::source::Span;
use crate::spl::lower::{Aggregation, Lowering, aggregate, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Eventstats {
    pub aggregations: Vec<Aggregation>,
    pub by: Vec<Spanned>,
}

impl Syntax for Eventstats {
    const NAMES: &'static [&'static str] = &["eventstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "allnum" if !p.boolean(&option, &value)? => {}
                "allnum" => return Err(p.unsupported_option("eventstats", &option)),
                _ => return Err(p.unknown_option("eventstats", &option, &["allnum"])),
            }
        }
        let aggregations = parse_aggregations(p, &["by"])?;
        let by = if p.eat_keyword("by") { p.names(&[])? } else { Vec::new() };
        if aggregations.is_empty() {
            return Err(p.expected("an aggregation", "write e.g. `eventstats avg(count) as mean by user`"));
        }
        Ok(Eventstats { aggregations, by })
    }

    fn print(&self, out: &mut Printer) {
        let Self { aggregations, by } = self;
        out.aggregations(aggregations);
        out.by(by);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        window(lowering, &self.aggregations, &self.by, Frame::Partition, span)
    }
}

/// Adds window aggregates. Rows without a key stay and get no aggregate.
pub(super) fn window(
    lowering: &mut Lowering<'_>,
    aggregations: &[Aggregation],
    by: &[Spanned],
    frame: Frame,
    span: Span,
) -> Result<(), Reported> {
    window_in_runs(lowering, aggregations, by, Vec::new(), frame, span)
}

/// The same, where aggregates begin anew with each of the runs.
pub(super) fn window_in_runs(
    lowering: &mut Lowering<'_>,
    aggregations: &[Aggregation],
    by: &[Spanned],
    runs: Vec<Expr>,
    frame: Frame,
    span: Span,
) -> Result<(), Reported> {
    let mut partition = Vec::new();
    for field in by {
        // A multivalue key is the whole list.
        partition.push(lowering.field(&field.text, field.span));
    }
    partition.extend(runs);
    let keys: Vec<_> = by.iter().map(|f| f.text.as_str().into()).collect();
    let mut columns = aggregate(lowering, aggregations, &keys)?;
    // The first row has none before it.
    if matches!(frame, Frame::Running { current: false, .. } | Frame::Recent { current: false, .. }) {
        columns.iter_mut().for_each(|(_, a)| a.nullable |= a.function.is_null_of_nothing());
    }
    for (name, aggregate) in &columns {
        // A row without a key belongs to no group.
        let nullable = aggregate.nullable || partition.iter().any(|k| k.nullable);
        lowering.scope.declare(name, aggregate.ty, nullable);
    }
    let input = lowering.take_plan(span)?;
    lowering.put_plan(Rel::Window { input, partition, frame, columns, span });
    Ok(())
}
