//! `streamstats`: adds aggregates of the rows so far, in their current order (Search Reference, `streamstats`).

use super::{Syntax, eventstats};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, Frame, Within};
use crate::source::Span;
use crate::spl::eval::{self, Eval, EvalKind};
use crate::spl::lower::{Aggregation, Lowering, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::time;

#[derive(Clone, PartialEq, Debug)]
pub struct Streamstats {
    pub aggregations: Vec<Aggregation>,
    pub by: Vec<Spanned>,
    /// Whether the row itself counts.
    pub current: bool,
    /// How many rows count at the most; 0: all.
    pub window: u32,
    /// Whether the window slides over the rows of all groups together.
    pub global: bool,
    /// Only rows at most so many seconds away count.
    pub time_window: Option<(u32, Span)>,
    /// Begins anew where the keys change.
    pub reset_on_change: bool,
    /// Begins anew with a row for which this is true.
    pub reset_before: Option<Eval>,
    /// Begins anew behind a row for which this is true.
    pub reset_after: Option<Eval>,
}

const OPTIONS: &[&str] =
    &["current", "window", "global", "reset_on_change", "reset_before", "reset_after", "time_window", "allnum"];
const HELP: &str = "write e.g. `streamstats count by user`";

impl Syntax for Streamstats {
    const NAMES: &'static [&'static str] = &["streamstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut stats = Streamstats {
            aggregations: Vec::new(),
            by: Vec::new(),
            current: true,
            window: 0,
            global: true,
            time_window: None,
            reset_on_change: false,
            reset_before: None,
            reset_after: None,
        };
        loop {
            if let Some(condition) = reset(p, "reset_before")? {
                stats.reset_before = Some(condition);
                continue;
            }
            if let Some(condition) = reset(p, "reset_after")? {
                stats.reset_after = Some(condition);
                continue;
            }
            let Some((option, value)) = p.option()? else { break };
            match option.text.to_ascii_lowercase().as_str() {
                "current" => stats.current = p.boolean(&option, &value)?,
                "window" => stats.window = p.number("window", &value)?,
                "global" => stats.global = p.boolean(&option, &value)?,
                "reset_on_change" => stats.reset_on_change = p.boolean(&option, &value)?,
                "time_window" => stats.time_window = Some((seconds(p, &value)?, option.span.to(value.span))),
                "allnum" if !p.boolean(&option, &value)? => {}
                "allnum" => return Err(p.unsupported_option("streamstats", &option)),
                _ => return Err(p.unknown_option("streamstats", &option, OPTIONS)),
            }
        }
        stats.aggregations = parse_aggregations(p, &["by"])?;
        if p.eat_keyword("by") {
            stats.by = p.names(&[])?;
        }
        if stats.aggregations.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        Ok(stats)
    }

    fn print(&self, out: &mut Printer) {
        let Self {
            aggregations,
            by,
            current,
            window,
            global,
            time_window,
            reset_on_change,
            reset_before,
            reset_after,
        } = self;
        out.flag("current", *current, true);
        out.number_option("window", *window, 0);
        out.flag("global", *global, true);
        if let Some((seconds, _)) = time_window {
            out.option("time_window", &format!("{seconds}s"));
        }
        out.flag("reset_on_change", *reset_on_change, false);
        for (option, condition) in [("reset_before", reset_before), ("reset_after", reset_after)] {
            if let Some(condition) = condition {
                out.word(option);
                out.open_glued("=");
                out.condition_in_group(|out| out.eval(condition));
            }
        }
        out.aggregations(aggregations);
        out.by(by);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let frame = self.frame(lowering)?;
        let runs = self.runs(span, lowering)?;
        eventstats::window_in_runs(lowering, &self.aggregations, &self.by, runs.clone(), frame, span)?;
        if runs.is_empty() { Ok(()) } else { lowering.drop_hidden(span) }
    }
}

impl Streamstats {
    fn frame(&self, lowering: &mut Lowering<'_>) -> Result<Frame, Reported> {
        let current = self.current;
        if let Some((seconds, at)) = self.time_window {
            if self.window > 0 {
                let message = "`time_window` together with `window` is not supported";
                return Err(super::unsupported(lowering, at, message, "leave one of them out"));
            }
            let time = lowering.find("_time", at).filter(|t| !t.is_null_literal());
            if time.is_none_or(|t| t.as_column().is_none_or(|name| **name != *"_time")) {
                let message = "`time_window` needs the rows' `_time`, which they do not have here";
                return Err(super::unsupported(lowering, at, message, "keep `_time` in the rows"));
            }
            let message = format!("rows count that lie less than {seconds} seconds from the current one");
            lowering.sink.push(Diagnostic::new(&code::READING, message).at(at));
            return Ok(Frame::Recent { current, within: Within::Seconds(seconds) });
        }
        Ok(match self.window {
            0 => Frame::Running { current, rows: None },
            // With keys, one window slides over the rows of all groups, unless each has its own.
            rows if self.global && self.has_groups() => Frame::Recent { current, within: Within::Rows(rows) },
            rows => Frame::Running { current, rows: Some(rows) },
        })
    }

    fn has_groups(&self) -> bool {
        !self.by.is_empty() || self.reset_on_change || self.reset_before.is_some() || self.reset_after.is_some()
    }

    /// Numbers of runs of rows, where the aggregates begin anew with each.
    fn runs(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<Vec<Expr>, Reported> {
        let mut runs = Vec::new();
        if self.reset_on_change && !self.by.is_empty() {
            let mut keys = Vec::new();
            for field in &self.by {
                keys.push(super::single(lowering, "streamstats", field)?);
            }
            runs.push(lowering.runs_by(&keys, span)?);
        }
        if let Some(condition) = &self.reset_before {
            let starts = self.reset_condition(condition, lowering)?;
            runs.push(lowering.run_of(starts, true, span)?);
        }
        if let Some(condition) = &self.reset_after {
            let ends = self.reset_condition(condition, lowering)?;
            runs.push(lowering.run_of(ends, false, span)?);
        }
        Ok(runs)
    }

    fn reset_condition(&self, condition: &Eval, lowering: &mut Lowering<'_>) -> Result<Expr, Reported> {
        let own = |name: &str| self.aggregations.iter().any(|a| a.name.text == name);
        if let Some(name) = names(condition).into_iter().find(|n| own(n)) {
            let message = format!("a reset by `{name}`, which the same `streamstats` computes, is not supported");
            let help = "reset by a field of the rows";
            return Err(super::unsupported(lowering, condition.span, message, help));
        }
        Ok(lowering.predicate(condition)?.is_true())
    }
}

/// The fields that an expression names.
fn names(eval: &Eval) -> Vec<&str> {
    match &eval.kind {
        EvalKind::Field(name) => vec![name],
        EvalKind::String(_) | EvalKind::Integer(_) | EvalKind::Double(_) => vec![],
        EvalKind::Not(e) | EvalKind::Negative(e) => names(e),
        EvalKind::Binary { left, right, .. } => names(left).into_iter().chain(names(right)).collect(),
        EvalKind::In { value, items } => names(value).into_iter().chain(items.iter().flat_map(names)).collect(),
        EvalKind::Call { arguments, .. } => arguments.iter().flat_map(names).collect(),
    }
}

/// `reset_before=(condition)`.
fn reset(p: &mut Parser<'_>, option: &str) -> Result<Option<Eval>, Reported> {
    p.skip_space();
    let start = p.pos();
    if !p.eat_keyword(option) || !p.eat("=") {
        p.set_pos(start);
        return Ok(None);
    }
    let help = "write e.g. `reset_before=(count>5)`";
    // The manual's own form: the parentheses are quoted, the condition is not.
    if p.eat("\"(\"") {
        let condition = p.nested(eval::parse)?;
        p.expect("\")\"", help)?;
        return Ok(Some(condition));
    }
    p.eat_keyword("eval");
    p.expect("(", help)?;
    // The condition may stand in quotation marks.
    let quoted = p.quoted()?;
    let condition = match quoted {
        Some(text) => {
            let inner = crate::spl::text::Text::of_formula(&text.text, text.span);
            let mut inner = Parser::new(&inner, p.sink);
            let condition = eval::parse(&mut inner)?;
            if inner.peek().is_some() {
                return Err(inner.expected("the end of the condition", help));
            }
            condition
        }
        None => p.nested(eval::parse)?,
    };
    p.expect(")", help)?;
    Ok(Some(condition))
}

/// `30s`, `5m`; a bare number counts seconds.
fn seconds(p: &mut Parser<'_>, value: &Spanned) -> Result<u32, Reported> {
    let digits = value.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.text.len());
    let (number, unit) = value.text.split_at(digits);
    let unit = if unit.is_empty() { Some(1) } else { time::unit(unit).and_then(time::seconds) };
    let length = number.parse::<i64>().ok().zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    match length.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0) {
        Some(seconds) => Ok(seconds),
        None => {
            let message = format!("`{}` is no length of time", value.text);
            Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, "write e.g. `30s`, `5m` or `1h`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    const ROWS: &str = "table _time awsRegion errorCode";

    #[test]
    fn one_window_slides_over_all_groups_unless_each_has_its_own() {
        insta::assert_snapshot!(ir(&format!("{ROWS} | streamstats window=2 range(_time) as d by awsRegion")), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode
        window d = range(_time) by awsRegion over rows so far, of the last 2 of all groups
        => _time: time, awsRegion: string, errorCode: string, d: double?
        "#);
        insta::assert_snapshot!(ir(&format!("{ROWS} | streamstats window=2 global=f current=f count by awsRegion")), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode
        window count = count() by awsRegion over rows before, the last 2
        => _time: time, awsRegion: string, errorCode: string, count: integer
        "#);
        insta::assert_snapshot!(ir(&format!("{ROWS} | streamstats window=2 count")), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode
        window count = count() over rows so far, the last 2
        => _time: time, awsRegion: string, errorCode: string, count: integer
        "#);
    }

    #[test]
    fn a_window_can_be_one_of_time() {
        insta::assert_snapshot!(ir(&format!("{ROWS} | streamstats time_window=5m count by awsRegion")), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode
        window count = count() by awsRegion over rows so far, less than 300s away
        => _time: time, awsRegion: string, errorCode: string, count: integer
        "#);
    }

    #[test]
    fn a_change_of_keys_begins_anew() {
        insta::assert_snapshot!(ir(&format!("{ROWS} errorMessage | streamstats reset_on_change=t count by errorMessage awsRegion")), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode, errorMessage
        window `(before 1)` = last(case when errorMessage is not null then errorMessage end), `(before 2)` = last(case when errorMessage is not null then awsRegion end) over rows before
        window `(run 3)` = count_if(errorMessage is not null and not (is-true(`(before 1)` = errorMessage and `(before 2)` = awsRegion))) over rows so far
        window count = count() by errorMessage, awsRegion, `(run 3)` over rows so far
        project _time, awsRegion, errorCode, errorMessage, count
        => _time: time, awsRegion: string, errorCode: string, errorMessage: string?, count: integer?
        "#);
    }

    #[test]
    fn conditions_begin_anew_before_and_behind_a_row() {
        insta::assert_snapshot!(ir(&format!(r#"{ROWS} | streamstats reset_before=(errorCode="a") reset_after=("errorCode=\"b\"") count"#)), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        project _time, awsRegion, errorCode
        window `(run 1)` = count_if(errorCode = "a") over rows so far
        window `(run 2)` = count_if(errorCode = "b") over rows before
        window count = count() by `(run 1)`, `(run 2)` over rows so far
        project _time, awsRegion, errorCode, count
        => _time: time, awsRegion: string, errorCode: string, count: integer
        "#);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        insta::assert_snapshot!(faults(&format!("{ROWS} | streamstats reset_after=(n>5) count as n")), @"S211 a reset by `n`, which the same `streamstats` computes, is not supported");
        insta::assert_snapshot!(faults(&format!("{ROWS} | streamstats time_window=5m window=3 count as n")), @"S211 `time_window` together with `window` is not supported");
        insta::assert_snapshot!(faults("stats count by awsRegion | streamstats time_window=5m count as n"), @"S211 `time_window` needs the rows' `_time`, which they do not have here");
        insta::assert_snapshot!(faults(&format!("{ROWS} | streamstats time_window=soon count")), @"S206 `soon` is no length of time");
        insta::assert_snapshot!(faults(&format!("{ROWS} | streamstats allnum=t sum(a)")), @"S207 option `allnum` of `streamstats` is not supported");
    }
}
