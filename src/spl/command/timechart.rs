//! `timechart`: aggregates by bins of time, and by a field as columns (Search Reference, `timechart`).

use super::Syntax;
use super::cells::{self, Cells, Item};
use super::series::{self, Grid, Series, Split};
use super::span::{self, BinOptions, Width, bound_expr};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{
    ArithmeticOp, Case, CompareOp, Continuous, Expr, ExprKind, Literal, Name, Rel, RelativeTime, Stride, TimeBound,
    TimeStep, TimeUnit, Type,
};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Timechart {
    pub items: Vec<Item>,
    pub bins: BinOptions,
    pub column: Option<Split>,
    pub series: Series,
    /// Bins without rows get one.
    pub continuous: bool,
    /// Such bins reach over the whole window of the search.
    pub fixed_range: bool,
    /// The first and the last bin stay where the window cuts them.
    pub partial: bool,
}

const OPTIONS: &[&str] = &["cont", "fixedrange", "partial"];
const HELP: &str = "write `timechart span=1h count by field`";

impl Syntax for Timechart {
    const NAMES: &'static [&'static str] = &["timechart", "sitimechart"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut chart = Timechart {
            items: Vec::new(),
            bins: BinOptions::default(),
            column: None,
            series: Series::default(),
            continuous: true,
            fixed_range: true,
            partial: true,
        };
        loop {
            while p.eat(",") {}
            if p.at_stage_end() || p.at_keyword("by") {
                break;
            }
            if !chart.option(p, None)? {
                chart.items.push(cells::parse(p, true)?);
            }
        }
        if chart.items.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        if p.eat_keyword("by") {
            let field = p.expect_name("a field name", HELP)?;
            let mut bins = BinOptions::default();
            while chart.option(p, Some(&mut bins))? {}
            chart.column = Some(Split { field, bins });
            chart.series.take_where(p)?;
            while !p.at_stage_end() {
                if !chart.option(p, Some(&mut BinOptions::default()))? {
                    return Err(p.expected("the end of the stage", "`timechart` splits by one field"));
                }
            }
        }
        Ok(chart)
    }

    fn print(&self, out: &mut Printer) {
        let Self { items, bins, column, series, continuous, fixed_range, partial } = self;
        out.flag("cont", *continuous, true);
        out.flag("fixedrange", *fixed_range, true);
        out.flag("partial", *partial, true);
        bins.print(out);
        series.print(out);
        items.iter().for_each(|item| item.print(out));
        if let Some(column) = column {
            out.word("by");
            column.print(out);
            series.print_where(out);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let time = lowering.field("_time", span);
        if time.is_null_literal() || time.ty.multivalue {
            let message = "`timechart` needs `_time`, which the rows here do not have";
            let help = "keep `_time` in the stages before";
            return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        }
        if time.nullable {
            lowering.filter(time.clone().is_not_null(), span)?;
        }
        let Some(width) = self.bins.width(true, lowering, span)? else { return Ok(()) };
        let key = self.bins.bin(Expr { nullable: false, ..time }, &width, lowering, span)?;
        let row: (Name, Expr) = ("_time".into(), Expr { nullable: false, ..key });
        let seconds = width.seconds();
        let window = lowering.scan_window().unwrap_or_default();
        // The bins of the window's ends, computed as those of the events.
        let (from, until) = if self.fixed_range { (window.earliest.clone(), window.latest.clone()) } else { (None, None) };
        let from = match &from {
            Some(bound) => Some(self.bins.bin(as_time(bound_expr(bound, span)), &width, lowering, span)?),
            None => None,
        };
        let until = match (&from, until) {
            (Some(_), None) => Some(bound_expr(&TimeBound::Relative(RelativeTime::default()), span)),
            (_, until) => until.map(|bound| bound_expr(&bound, span)),
        };
        let mut between = |lowering: &mut Lowering<'_>| {
            if self.continuous {
                let input = lowering.take_plan(span)?;
                for column in lowering.scope.columns.iter_mut().filter(|c| &*c.name != "_time") {
                    column.nullable = true;
                }
                lowering.put_plan(Rel::Continuous(Continuous {
                    input,
                    column: "_time".into(),
                    stride: width.stride(),
                    from: from.clone(),
                    until: until.clone(),
                    span,
                }));
            }
            if self.partial { Ok(()) } else { self.drop_partial(&width, lowering, span) }
        };
        if let Some(column) = &self.column {
            let grid = Grid { row, items: &self.items, seconds, span };
            return self.series.pivot(column, grid, &mut between, lowering);
        }
        let cells = Cells::new(&self.items, &["_time".into()], seconds, lowering)?;
        let zeros = cells.zeros.clone();
        cells.group(vec![row], lowering, span)?;
        between(lowering)?;
        if !self.continuous {
            return Ok(());
        }
        let zero = |name: Name| {
            let parts = vec![Expr::column(name.clone(), Type::INTEGER, true, span), Expr::integer(0, span)];
            (name, Expr::new(ExprKind::Coalesce(parts), Type::INTEGER, false, span))
        };
        lowering.extend(zeros.into_iter().map(zero).collect(), span)
    }
}

impl Timechart {
    /// Takes an option of the command, or of the field before.
    fn option(&mut self, p: &mut Parser<'_>, bins: Option<&mut BinOptions>) -> Result<bool, Reported> {
        if self.series.take_agg(p)? {
            return Ok(true);
        }
        let Some((option, value)) = p.option()? else { return Ok(false) };
        match option.text.as_str() {
            "cont" => self.continuous = p.boolean(&option, &value)?,
            "fixedrange" => self.fixed_range = p.boolean(&option, &value)?,
            "partial" => self.partial = p.boolean(&option, &value)?,
            _ => {
                let bins = match bins {
                    Some(of_column) => of_column,
                    None => &mut self.bins,
                };
                if !self.series.take(p, "timechart", &option, &value)? && !bins.take(p, &option, &value)? {
                    let known: Vec<&str> =
                        OPTIONS.iter().chain(series::OPTIONS).chain(span::OPTIONS).copied().collect();
                    return Err(p.unknown_option("timechart", &option, &known));
                }
            }
        }
        Ok(true)
    }

    /// Drops bins that begin before the window or end behind it.
    fn drop_partial(&self, width: &Width, lowering: &mut Lowering<'_>, span: Span) -> Result<(), Reported> {
        let window = lowering.scan_window().unwrap_or_default();
        let Some(earliest) = &window.earliest else {
            let message = "`partial=f` needs the window of the search, which is not known";
            return Err(super::unsupported(lowering, span, message, "set `earliest` and `latest`"));
        };
        let latest = window.latest.clone().unwrap_or(TimeBound::Relative(RelativeTime::default()));
        let start = lowering.field("_time", span);
        let next = Box::new(start.clone());
        let end = match width.stride() {
            Stride::Even(n) => {
                let right = Box::new(if n.fract() == 0.0 { Expr::integer(n as i64, span) } else { Expr::double(n, span) });
                Expr::new(ExprKind::Arithmetic { op: ArithmeticOp::Add, left: next, right }, start.ty, false, span)
            }
            Stride::Months(n) => {
                let shift = RelativeTime { steps: vec![TimeStep::Shift(i64::from(n), TimeUnit::Month)] };
                Expr::new(ExprKind::RelativeTime { time: next, shift }, Type::TIME, false, span)
            }
        };
        let whole = vec![
            Expr::compare(CompareOp::Ge, start, bound_expr(earliest, span), Case::Sensitive),
            Expr::compare(CompareOp::Le, end, bound_expr(&latest, span), Case::Sensitive),
        ];
        lowering.filter(Expr::and(whole, span), span)
    }
}

/// A constant as the time that it is.
fn as_time(bound: Expr) -> Expr {
    match bound.as_literal() {
        Some(Literal::Integer(_)) => Expr { ty: Type::TIME, ..bound },
        _ => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir, ir_from};

    #[test]
    fn bins_without_events_get_a_row() {
        insta::assert_snapshot!(ir("timechart span=5m count avg(x) as mean"), @r#"
        aggregate count = count(), mean = average(x)
            by _time = bin(_time, 300)
        continuous _time every 300 from bin(relative_time(now(), "-1h"), 300) until now()
        extend count = coalesce(count, 0)
        => _time: time, count: integer, mean: double?
        "#);
        insta::assert_snapshot!(ir("timechart span=5m cont=f count"), @r#"
        aggregate count = count()
            by _time = bin(_time, 300)
        => _time: time, count: integer
        "#);
        insta::assert_snapshot!(ir("timechart span=1mon fixedrange=f count"), @r#"
        aggregate count = count()
            by _time = relative_time(_time, "@mon")
        continuous _time every 1 months
        extend count = coalesce(count, 0)
        => _time: time, count: integer
        "#);
    }

    #[test]
    fn series_become_columns() {
        insta::assert_snapshot!(ir("timechart limit=0 span=5m count by awsRegion"), @r#"
        extend `(series)` = awsRegion
        aggregate count = count()
            by _time = bin(_time, 300), `(series)`
        continuous _time every 300 from bin(relative_time(now(), "-1h"), 300) until now()
        pivot count by `(series)` over _time, 0 for no count, NULL last
        => _time: time, and columns named by the data
        "#);
        insta::assert_snapshot!(ir("timechart span=1h sum(x) by errorCode limit=5 otherstr=rest | fields - rest"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        extend `(series)` = errorCode
        join left max 1 on (series)
        [
          scan cloudtrail earliest -1h latest now
              _time: time
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
              x: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          extend `(series)` = errorCode
          aggregate `sum(x)` = sum(x)
              by _time = bin(_time, 3600), `(series)`
          aggregate `(score)` = sum(`sum(x)`)
              by `(series)`
          sort `(score)` desc as number, `(series)` as text limit 5
          project `(series)`, `(chosen)` = true
        ]
        aggregate `sum(x)` = sum(x)
            by _time = bin(_time, 3600), `(series)` = case when `(chosen)` is null then "rest" else `(series)` end
        continuous _time every 3600 from bin(relative_time(now(), "-1h"), 3600) until now()
        pivot `sum(x)` by `(series)` over _time, NULL, rest last
        remove rest
        => _time: time, and columns named by the data
        "#);
    }

    #[test]
    fn the_span_follows_the_window() {
        insta::assert_snapshot!(ir_from("-24h", "timechart count cont=f"), @r#"
        aggregate count = count()
            by _time = bin(_time, 1800)
        => _time: time, count: integer
        "#);
        assert_eq!(codes("timechart count"), ["C403"]);
    }

    #[test]
    fn rates_are_per_time() {
        insta::assert_snapshot!(ir("timechart span=10m cont=f per_hour(x) as rate"), @r#"
        aggregate `(sum 0)` = sum(x)
            by _time = bin(_time, 600)
        extend rate = (`(sum 0)` * 6.0)
        project _time, rate
        => _time: time, rate: double?
        "#);
        assert_eq!(codes("timechart span=1mon per_hour(awsRegion)"), ["S211"]);
    }

    #[test]
    fn bins_that_the_window_cuts_can_be_dropped() {
        insta::assert_snapshot!(ir("timechart span=10m cont=f partial=f count"), @r#"
        filter
            bin(_time, 600) >= relative_time(now(), "-1h")
            and (bin(_time, 600) + 600) <= now()
        aggregate count = count()
            by _time = bin(_time, 600)
        => _time: time, count: integer
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("timechart span=5m"), ["S201"]);
        assert_eq!(codes("timechart span=5m count by awsRegion eventName"), ["S201"]);
        assert_eq!(codes("stats count by awsRegion | timechart span=5m count"), ["N304", "S206"]);
        assert_eq!(codes("timechart x=1 count"), ["S206"]);
    }
}
