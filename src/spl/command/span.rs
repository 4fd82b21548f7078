//! The bins of `bin`, `chart`, `timechart` and `tstats`: their options, and the span that Splunk picks where none is given
//! (Search Reference, `bin`, "Bin options"; `timechart`, "bins and span arguments").

use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{
    ArithmeticOp, Expr, ExprKind, Rel, RelativeTime, Scalar, Stride, TimeBound, TimeStep, TimeUnit, Type, Window,
};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::lower::source::parse_bound;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::time;

/// Options of bins. With a span the others mean nothing, `aligntime` aside.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BinOptions {
    pub span: Option<BinSpan>,
    /// The greatest number of bins.
    pub bins: Option<u64>,
    pub min_span: Option<BinSpan>,
    pub start: Option<Spanned>,
    pub end: Option<Spanned>,
    /// `earliest`, `latest` or a time that a bin begins at.
    pub align: Option<Spanned>,
}

/// The width of a bin, as it is written.
#[derive(Clone, PartialEq, Debug)]
pub enum BinSpan {
    Number(f64),
    /// So many units of time.
    Time(i64, TimeUnit),
    /// `1w@w1`: bins begin where a time snaps to.
    Snapped(i64, TimeUnit, TimeStep),
    /// `2log10`: each bin is so many times as wide as the one before.
    Logarithmic(Spanned),
}

impl std::fmt::Display for BinSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BinSpan::Number(n) => write!(f, "{n}"),
            BinSpan::Time(n, unit) => write!(f, "{n}{}", time::symbol(*unit)),
            BinSpan::Snapped(n, unit, step) => {
                let snap = RelativeTime { steps: vec![*step] };
                write!(f, "{n}{}{snap}", time::symbol(*unit))
            }
            BinSpan::Logarithmic(text) => f.write_str(&text.text),
        }
    }
}

/// The width of a bin, as it is computed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Width {
    /// Seconds, where the value is a time.
    Even(f64),
    /// A unit of the calendar and its length in months; a week has none.
    Calendar(TimeStep, Option<u32>),
}

impl Width {
    /// How far bins are apart.
    pub(super) fn stride(self) -> Stride {
        match self {
            Width::Even(n) => Stride::Even(n),
            Width::Calendar(_, Some(months)) => Stride::Months(months),
            Width::Calendar(_, None) => Stride::Even(604_800.0),
        }
    }

    /// Seconds, where they are the same for each bin.
    pub(super) fn seconds(self) -> Option<f64> {
        match self.stride() {
            Stride::Even(n) => Some(n),
            Stride::Months(_) => None,
        }
    }
}

pub(super) const OPTIONS: &[&str] = &["span", "bins", "minspan", "start", "end", "aligntime"];

/// The greatest number of bins where the search says nothing.
const BINS: u64 = 100;

/// The spans that Splunk picks from, in seconds.
const SPANS: [(f64, i64, TimeUnit); 11] = [
    (1.0, 1, TimeUnit::Second),
    (5.0, 5, TimeUnit::Second),
    (10.0, 10, TimeUnit::Second),
    (30.0, 30, TimeUnit::Second),
    (60.0, 1, TimeUnit::Minute),
    (300.0, 5, TimeUnit::Minute),
    (600.0, 10, TimeUnit::Minute),
    (1_800.0, 30, TimeUnit::Minute),
    (3_600.0, 1, TimeUnit::Hour),
    (86_400.0, 1, TimeUnit::Day),
    (2_592_000.0, 1, TimeUnit::Month),
];

impl BinOptions {
    /// Takes an option, if it is one of bins.
    pub(super) fn take(&mut self, p: &mut Parser<'_>, option: &Spanned, value: &Spanned) -> Result<bool, Reported> {
        match option.text.as_str() {
            "span" if value.text == "auto" => {}
            "span" => self.span = Some(parse_span(p, value)?),
            "minspan" => self.min_span = Some(parse_span(p, value)?),
            "bins" => {
                let bins: u64 = p.number("bins", value)?;
                if bins == 0 {
                    let message = "`bins` is at least 1";
                    return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, "write e.g. `bins=100`"));
                }
                self.bins = Some(bins);
            }
            "start" => self.start = Some(value.clone()),
            "end" => self.end = Some(value.clone()),
            "aligntime" => self.align = Some(value.clone()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The options as they stand before a field.
    pub(super) fn print(&self, out: &mut Printer) {
        let Self { span, bins, min_span, start, end, align } = self;
        for (name, width) in [("span", span), ("minspan", min_span)] {
            if let Some(width) = width {
                out.option(name, &width.to_string());
            }
        }
        if let Some(bins) = bins {
            out.option("bins", &bins.to_string());
        }
        for (name, value) in [("start", start), ("end", end), ("aligntime", align)] {
            out.option_of(name, value.as_ref());
        }
    }

    /// Whether some option says how wide bins are.
    pub(super) fn says_width(&self) -> bool {
        self.span.is_some() || self.bins.is_some() || self.min_span.is_some()
    }

    /// The width of bins. Of times it follows from the window of the search where no span is given, which is reported;
    /// of numbers it is not known then.
    pub(super) fn width(
        &self,
        is_time: bool,
        lowering: &mut Lowering<'_>,
        at: Span,
    ) -> Result<Option<Width>, Reported> {
        match &self.span {
            Some(span) => span.width(lowering, at).map(Some),
            None if is_time => self.automatic(lowering, at).map(Some),
            None => Ok(None),
        }
    }

    /// The span that Splunk picks for the search's window: the least of its spans that makes no more than so many bins.
    fn automatic(&self, lowering: &mut Lowering<'_>, at: Span) -> Result<Width, Reported> {
        let least = match &self.min_span {
            Some(span) => span.width(lowering, at)?.seconds().unwrap_or(2_592_000.0),
            None => 0.0,
        };
        let range = lowering.scan_window().as_ref().and_then(seconds);
        let bins = self.bins.unwrap_or(BINS);
        let fits = |(width, ..): &&(f64, i64, TimeUnit)| {
            *width >= least && range.is_none_or(|range| range <= *width * bins as f64)
        };
        let (_, count, unit) = match range {
            Some(_) => SPANS.iter().find(fits).copied().unwrap_or(SPANS[SPANS.len() - 1]),
            // A day is what most windows of rules get.
            None => SPANS.iter().skip(9).find(fits).copied().unwrap_or(SPANS[SPANS.len() - 1]),
        };
        let written = RelativeTime { steps: vec![TimeStep::Shift(count, unit)] }.to_string();
        let why = match range {
            Some(range) => format!("from a window of {range} seconds"),
            None => "since the window is not known".to_owned(),
        };
        let message = format!(
            "Splunk picks the span of the bins from the time range that it searches; here it is `{}` {why} (differs)",
            written.trim_start_matches('+')
        );
        let help = "write the span: `span=1h`";
        lowering.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(at).help(help));
        BinSpan::Time(count, unit).width(lowering, at)
    }

    /// The value rounded down. A number that meets a time is a number of seconds.
    pub(super) fn bin(
        &self,
        value: Expr,
        width: &Width,
        lowering: &mut Lowering<'_>,
        span: Span,
    ) -> Result<Expr, Reported> {
        let short = width.seconds().filter(|n| *n < 86_400.0);
        let (Some(align), Some(short), true) = (&self.align, short, value.ty.scalar == Scalar::Time) else {
            return bin_expr(lowering, value, width, span);
        };
        let bound = match align.text.as_str() {
            "earliest" => lowering.scan_window().and_then(|w| w.earliest),
            "latest" => {
                lowering.scan_window().map(|w| w.latest.unwrap_or(TimeBound::Relative(RelativeTime::default())))
            }
            text => match text.parse::<f64>() {
                Ok(n) => Some(TimeBound::Absolute(n as i64)),
                Err(_) => parse_bound(text),
            },
        };
        let Some(bound) = bound else {
            let message = format!("`aligntime={}` names no time that is known here", align.text);
            return Err(super::unsupported(
                lowering,
                align.span,
                message,
                "write a time modifier, or leave the option out",
            ));
        };
        let origin = match bound {
            TimeBound::Absolute(t) => Expr::integer((t as f64).rem_euclid(short) as i64, align.span),
            TimeBound::Relative(_) => bound_expr(&bound, align.span),
        };
        let of = |op, left: Expr, right: Expr, ty| {
            let nullable = left.nullable || right.nullable;
            Expr::new(ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, ty, nullable, span)
        };
        let ty = if origin.ty == Type::TIME { Type::DOUBLE } else { Type::TIME };
        let since = of(ArithmeticOp::Subtract, value, origin.clone(), ty);
        let binned = bin_expr(lowering, since, width, span)?;
        let (left, right) = if ty == Type::DOUBLE { (origin, binned) } else { (binned, origin) };
        Ok(of(ArithmeticOp::Add, left, right, Type::TIME))
    }
}

impl BinSpan {
    fn width(&self, lowering: &mut Lowering<'_>, at: Span) -> Result<Width, Reported> {
        let (count, unit, snap) = match self {
            BinSpan::Number(n) => return Ok(Width::Even(*n)),
            BinSpan::Logarithmic(written) => {
                let message = format!("the logarithmic span `{}` is not supported", written.text);
                return Err(super::unsupported(lowering, written.span, message, "use `pow` and `log` in an `eval`"));
            }
            BinSpan::Time(count, unit) => (*count, *unit, None),
            BinSpan::Snapped(count, unit, snap) => (*count, *unit, Some(*snap)),
        };
        let same = |step: TimeStep| match step {
            TimeStep::Snap(to) => to == unit,
            TimeStep::SnapWeekday(_) => unit == TimeUnit::Week,
            TimeStep::Shift(..) => false,
        };
        if snap.is_some_and(|step| !(same(step) && count == 1)) {
            let message = "a span that snaps to another unit than its own is not supported";
            return Err(super::unsupported(lowering, at, message, "leave the `@…` out"));
        }
        let months = match unit {
            TimeUnit::Week => None,
            TimeUnit::Month => Some(1),
            TimeUnit::Quarter => Some(3),
            TimeUnit::Year => Some(12),
            other => {
                let seconds = time::seconds(other).unwrap_or(1);
                return Ok(Width::Even(count as f64 * seconds as f64));
            }
        };
        if count != 1 {
            let message = "spans of several weeks, months or years are not supported: where they begin is not defined";
            return Err(super::unsupported(lowering, at, message, "use one week, month or year, or a span in days"));
        }
        let step = match (unit, snap) {
            (TimeUnit::Week, None) => {
                let message = "bins of a week begin on Sunday, as `@w` does";
                lowering.sink.push(Diagnostic::new(&code::READING, message).at(at));
                TimeStep::SnapWeekday(0)
            }
            (TimeUnit::Week, Some(TimeStep::SnapWeekday(day))) => TimeStep::SnapWeekday(day),
            (TimeUnit::Week, Some(_)) => TimeStep::SnapWeekday(0),
            (unit, _) => TimeStep::Snap(unit),
        };
        Ok(Width::Calendar(step, months))
    }
}

/// `10m`, `1h`, `5`, `1w@w1`, `2log10`.
pub(super) fn parse_span(p: &mut Parser<'_>, value: &Spanned) -> Result<BinSpan, Reported> {
    let (text, snap) = match value.text.split_once('@') {
        Some((text, snap)) => (text, Some(snap)),
        None => (value.text.as_str(), None),
    };
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let parsed = if unit.is_empty() {
        number.parse().ok().filter(|n: &f64| *n > 0.0 && n.is_finite()).map(BinSpan::Number)
    } else if let Some(base) = unit.strip_prefix("log") {
        let fits = |text: &str| text.is_empty() || text.parse().is_ok_and(|n: f64| n > 0.0);
        (fits(number) && fits(base)).then(|| BinSpan::Logarithmic(value.clone()))
    } else {
        let number = if number.is_empty() { Some(1) } else { number.parse().ok() };
        number.filter(|n| *n > 0).zip(time::unit(unit)).map(|(n, unit)| BinSpan::Time(n, unit))
    };
    let parsed = match (parsed, snap) {
        (Some(BinSpan::Time(n, unit)), Some(snap)) => {
            let steps = time::parse_relative(&format!("@{snap}")).map(|shift| shift.steps);
            match steps.as_deref() {
                Some([step]) => Some(BinSpan::Snapped(n, unit, *step)),
                _ => None,
            }
        }
        (_, Some(_)) => None,
        (parsed, None) => parsed,
    };
    match parsed {
        Some(span) => Ok(span),
        None => {
            let message = format!("`{}` is no span", value.text);
            Err(p.fail(
                &code::UNSUPPORTED_OPTION,
                message,
                value.span,
                "write e.g. `span=10m`, `span=5` or `span=1w@w1`",
            ))
        }
    }
}

/// The value rounded down to the start of its bin.
pub(super) fn bin_expr(lowering: &mut Lowering<'_>, value: Expr, width: &Width, span: Span) -> Result<Expr, Reported> {
    if value.is_null_literal() {
        return Ok(value);
    }
    if value.ty.multivalue || value.ty.scalar == Scalar::Boolean {
        return Err(super::unsupported(lowering, span, "`bin` takes a number or a time", "convert the field before"));
    }
    let seconds = match width {
        Width::Even(seconds) => *seconds,
        Width::Calendar(step, _) if value.ty.is_numeric() => {
            let nullable = value.nullable;
            let shift = RelativeTime { steps: vec![*step] };
            return Ok(Expr::new(ExprKind::RelativeTime { time: Box::new(value), shift }, Type::TIME, nullable, span));
        }
        Width::Calendar(..) => {
            let message = "a span of the calendar takes a time";
            return Err(super::unsupported(lowering, span, message, "make a number of it before, with `tonumber`"));
        }
    };
    let ty = match value.ty.scalar {
        Scalar::Time => Type::TIME,
        Scalar::Integer if seconds.fract() == 0.0 => Type::INTEGER,
        _ => Type::DOUBLE,
    };
    let nullable = value.nullable || value.ty.is_text();
    Ok(Expr::new(ExprKind::Bin { value: Box::new(value), span: seconds }, ty, nullable, span))
}

/// A bound of a time window: seconds since the epoch, or a time relative to now.
pub(super) fn bound_expr(bound: &TimeBound, span: Span) -> Expr {
    match bound {
        TimeBound::Absolute(t) => Expr::integer(*t, span),
        TimeBound::Relative(shift) => {
            let now = Expr::new(ExprKind::Now, Type::TIME, false, span);
            if shift.steps.is_empty() {
                return now;
            }
            let kind = ExprKind::RelativeTime { time: Box::new(now), shift: shift.clone() };
            Expr::new(kind, Type::TIME, false, span)
        }
    }
}

/// How long a window is, if that can be told without knowing when the search runs.
fn seconds(window: &Window) -> Option<f64> {
    // Months differ in length; any moment will do for a choice among spans so far apart.
    const SOME_MOMENT: i64 = 1_700_000_000;
    let now = TimeBound::Relative(RelativeTime::default());
    let range = match (window.earliest.as_ref()?, window.latest.as_ref().unwrap_or(&now)) {
        (TimeBound::Absolute(from), TimeBound::Absolute(to)) => to - from,
        (TimeBound::Relative(from), TimeBound::Relative(to)) => {
            time::apply(to, SOME_MOMENT) - time::apply(from, SOME_MOMENT)
        }
        _ => return None,
    };
    (range > 0).then_some(range as f64)
}

impl Lowering<'_> {
    /// The window of the events that the plan reads first.
    pub(super) fn scan_window(&self) -> Option<Window> {
        fn first(rel: &Rel) -> Option<&Window> {
            match rel {
                Rel::Scan(scan) => Some(&scan.window),
                other => other.inputs().into_iter().find_map(first),
            }
        }
        self.scope.plan.as_ref().and_then(first).cloned()
    }
}
