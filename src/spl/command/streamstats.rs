//! `streamstats`: adds aggregates of the rows so far, in their current order (Search Reference, `streamstats`).

use super::{Syntax, eventstats};
use crate::diagnostic::Reported;
use crate::ir::Frame;
use crate::source::Span;
use crate::spl::lower::{Aggregation, Lowering, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Streamstats {
    pub aggregations: Vec<Aggregation>,
    pub by: Vec<Spanned>,
    /// Whether the row itself counts.
    pub current: bool,
    /// How many rows count at the most; 0: all.
    pub window: u32,
}

const OPTIONS: &[&str] =
    &["current", "window", "global", "reset_on_change", "reset_before", "reset_after", "time_window", "allnum"];

impl Syntax for Streamstats {
    const NAMES: &'static [&'static str] = &["streamstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut current, mut window, mut global) = (true, 0, None);
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "current" => current = p.boolean(&option, &value)?,
                "window" => window = p.number("window", &value)?,
                "global" => global = Some((p.boolean(&option, &value)?, option)),
                "reset_on_change" | "allnum" if !p.boolean(&option, &value)? => {}
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("streamstats", &option)),
                _ => return Err(p.unknown_option("streamstats", &option, OPTIONS)),
            }
        }
        let aggregations = parse_aggregations(p, &["by"])?;
        let by = if p.eat_keyword("by") { p.names(&[])? } else { Vec::new() };
        if aggregations.is_empty() {
            return Err(p.expected("an aggregation", "write e.g. `streamstats count by user`"));
        }
        // With `global`, one window slides over the rows of all groups together.
        if let Some((true, option)) = global
            && window > 0
            && !by.is_empty()
        {
            return Err(p.unsupported_option("streamstats", &option));
        }
        Ok(Streamstats { aggregations, by, current, window })
    }

    fn print(&self, out: &mut Printer) {
        out.flag("current", self.current, true);
        out.number_option("window", self.window, 0);
        out.aggregations(&self.aggregations);
        out.by(&self.by);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if self.window > 0 && !self.by.is_empty() {
            let message = "`window` with `by` slides over the rows of all groups together, which is not supported";
            return Err(super::unsupported(lowering, span, message, "set `global=f` if each group has a window of its own"));
        }
        let rows = (self.window > 0).then_some(self.window);
        let frame = Frame::Running { current: self.current, rows };
        eventstats::window(lowering, &self.aggregations, &self.by, frame, span)
    }
}
