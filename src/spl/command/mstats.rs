//! `mstats`: aggregates over a metric index (Search Reference, `mstats`). Measurements are no events of a log source, so that
//! the stage is understood and refused.

use super::Syntax;
use super::span::{BinSpan, parse_span};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::{Aggregation, Lowering, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::{self, Search};

#[derive(Clone, PartialEq, Debug)]
pub struct Mstats {
    pub aggregations: Vec<Aggregation>,
    pub condition: Search,
    pub by: Vec<Spanned>,
    pub span: Option<BinSpan>,
}

const OPTIONS: &[&str] =
    &["span", "prestats", "append", "backfill", "update_period", "fillnull_value", "chart", "chunk_size", "every"];
const HELP: &str = "write `mstats avg(metric) where index=… by dimension span=1m`";

impl Syntax for Mstats {
    const NAMES: &'static [&'static str] = &["mstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut span = None;
        options(p, &mut span)?;
        let aggregations = parse_aggregations(p, &["where", "by", "groupby", "span"])?;
        if aggregations.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        options(p, &mut span)?;
        let stops = &["by", "groupby", "span"];
        let condition = if p.eat_keyword("where") { search::parse(p, stops)? } else { Search::And(Vec::new()) };
        options(p, &mut span)?;
        let by = if p.eat_keyword("by") || p.eat_keyword("groupby") { p.names(&["span"])? } else { Vec::new() };
        options(p, &mut span)?;
        Ok(Mstats { aggregations, condition, by, span })
    }

    fn print(&self, out: &mut Printer) {
        let Self { aggregations, condition, by, span } = self;
        if let Some(span) = span {
            out.option("span", &span.to_string());
        }
        out.aggregations(aggregations);
        // Behind the conditions and behind the keys it would be the option.
        out.with_stops(&["by", "groupby", "span"], |out| {
            if !condition.is_empty() {
                out.word("where");
                out.search(condition);
            }
            out.by(by);
        });
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = "`mstats` needs a metric index, which is not in the query";
        let help = "read the measurements from events of a log source with `stats`";
        Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(span).help(help)))
    }
}

fn options(p: &mut Parser<'_>, span: &mut Option<BinSpan>) -> Result<(), Reported> {
    while let Some((option, value)) = p.option()? {
        match option.text.as_str() {
            "span" if value.text != "auto" => *span = Some(parse_span(p, &value)?),
            name if OPTIONS.contains(&name) => {}
            _ => return Err(p.unknown_option("mstats", &option, OPTIONS)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::codes;

    #[test]
    fn it_is_understood_and_refused() {
        assert_eq!(codes("append [| mstats avg(cpu.*) as cpu.* where index=m earliest=-1h by host span=10s]"), ["C405"]);
        assert_eq!(codes("append [| mstats prestats=t count(x) where index=m span=auto]"), ["C405"]);
        assert_eq!(codes("append [| mstats where index=m]"), ["S201"]);
        assert_eq!(codes("append [| mstats avg(x) y=1]"), ["S205"]);
        assert_eq!(codes("append [| mstats y=1 avg(x)]"), ["S206"]);
    }
}
