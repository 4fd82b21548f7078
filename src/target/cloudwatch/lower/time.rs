//! Times: Insights holds them as timestamps with milliseconds, SPL as seconds since the epoch.

use super::super::ast::{Expr, Operator, Unit};
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{self, RelativeTime, TimeStep, TimeUnit};
use crate::source::Span;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// Seconds since the epoch.
pub(super) fn seconds(value: Value) -> Expr {
    match value.form {
        Form::Timestamp => {
            let millis = Expr::call("toMillis", vec![value.expr]);
            Expr::binary(Operator::Divide, millis, Expr::integer(1000))
        }
        Form::Text | Form::Number | Form::Seconds | Form::Json | Form::List => value.expr,
    }
}

/// A timestamp as Insights' functions on times take it.
pub(super) fn timestamp(value: Value) -> Expr {
    match value.form {
        Form::Timestamp => value.expr,
        Form::Text | Form::Number | Form::Seconds | Form::Json | Form::List => {
            Expr::call("fromMillis", vec![Expr::binary(Operator::Multiply, value.expr, Expr::integer(1000))])
        }
    }
}

/// `x` rounded down to a multiple of `n`.
fn floor_to(x: Expr, n: f64) -> Expr {
    let quotient = Expr::binary(Operator::Divide, x, Expr::number(n));
    Expr::binary(Operator::Multiply, Expr::call("floor", vec![quotient]), Expr::number(n))
}

impl Lower<'_> {
    /// `bin`: rounds down to a multiple of the span, in seconds for times.
    pub(super) fn bin(&mut self, value: &ir::Expr, span: f64) -> Result<Value, Reported> {
        let inner = self.value(value)?;
        if inner.form != Form::Timestamp {
            let number = self.number(value)?;
            let form = if inner.form == Form::Seconds { Form::Seconds } else { Form::Number };
            return Ok(Value { expr: floor_to(number, span), form });
        }
        let expr = match period(span) {
            Some(period) if inner.expr == Expr::raw("@timestamp") && self.stats == 0 => Expr::call("bin", vec![period]),
            Some(period) => Expr::call("datefloor", vec![inner.expr, period]),
            None => {
                let millis = Expr::call("toMillis", vec![inner.expr]);
                Expr::call("fromMillis", vec![floor_to(millis, span * 1000.0)])
            }
        };
        Ok(Value { expr, form: Form::Timestamp })
    }

    /// `relative_time`, in UTC.
    pub(super) fn relative_time(
        &mut self,
        time: &ir::Expr,
        shift: &RelativeTime,
        span: Span,
    ) -> Result<Value, Reported> {
        let value = self.value(time)?;
        let mut t = seconds(value);
        for step in &shift.steps {
            t = match *step {
                TimeStep::Shift(n, unit) => match crate::time::seconds(unit) {
                    Some(length) => {
                        let seconds = n.saturating_mul(length);
                        let op = if seconds < 0 { Operator::Subtract } else { Operator::Add };
                        Expr::binary(op, t, Expr::integer(seconds.saturating_abs()))
                    }
                    None => return Err(self.no_calendar(span)),
                },
                TimeStep::Snap(TimeUnit::Second) => Expr::call("floor", vec![t]),
                TimeStep::Snap(TimeUnit::Week) => snap_weekday(t, 0),
                TimeStep::Snap(unit) => match crate::time::seconds(unit) {
                    Some(length) => floor_to(t, length as f64),
                    None => return Err(self.no_calendar(span)),
                },
                TimeStep::SnapWeekday(day) => snap_weekday(t, i64::from(day)),
            };
        }
        Ok(Value { expr: t, form: Form::Seconds })
    }

    fn no_calendar(&mut self, span: Span) -> Reported {
        self.unsupported(
            span,
            "Logs Insights can't move or snap a time by months, quarters or years",
            "use days or weeks",
        )
    }

    /// `strftime`.
    pub(super) fn format_time(&mut self, time: &ir::Expr, format: &str, span: Span) -> Result<Value, Reported> {
        self.need_newest("`strftime`", span)?;
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('F') => out.push_str("%Y-%m-%d"),
                Some('T') => out.push_str("%H:%M:%S"),
                Some('R') => out.push_str("%H:%M"),
                Some(c @ ('Y' | 'm' | 'd' | 'H' | 'M' | 'S' | 'y' | 'j' | 'b' | 'B' | 'a' | 'A' | 'p' | 'I' | '%')) => {
                    out.push('%');
                    out.push(c);
                }
                other => return Err(self.no_letter(other, span)),
            }
        }
        let value = self.value(time)?;
        let format = self.text_literal(&out, span)?;
        let expr = Expr::call("formatDate", vec![timestamp(value), format]);
        Ok(Value { expr, form: Form::Text })
    }

    /// `strptime`.
    pub(super) fn parse_time(&mut self, text: &ir::Expr, format: &str, span: Span) -> Result<Value, Reported> {
        self.need_newest("`strptime`", span)?;
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                // Letters are pattern letters in Java, so they are quoted.
                match c {
                    '\'' => out.push_str("''"),
                    c if c.is_ascii_alphabetic() => out.push_str(&["'", &c.to_string(), "'"].concat()),
                    c => out.push(c),
                }
                continue;
            }
            out.push_str(match chars.next() {
                Some('Y') => "yyyy",
                Some('m') => "MM",
                Some('d') => "dd",
                Some('H') => "HH",
                Some('M') => "mm",
                Some('S') => "ss",
                Some('y') => "yy",
                Some('j') => "DDD",
                Some('b') => "MMM",
                Some('B') => "MMMM",
                Some('I') => "hh",
                Some('p') => "a",
                Some('z') => "xx",
                Some('F') => "yyyy-MM-dd",
                Some('T') => "HH:mm:ss",
                Some('%') => "%",
                other => return Err(self.no_letter(other, span)),
            });
        }
        let value = self.operand(text)?;
        let format = self.text_literal(&out, span)?;
        let millis = Expr::call("parseDate", vec![value, format]);
        let expr = Expr::binary(Operator::Divide, millis, Expr::integer(1000));
        Ok(Value { expr, form: Form::Seconds })
    }

    fn no_letter(&mut self, letter: Option<char>, span: Span) -> Reported {
        let letter = letter.map(String::from).unwrap_or_default();
        self.unsupported(
            span,
            format!("the time format `%{letter}` has no equivalent in Logs Insights"),
            "use the letters Y m d H M S y j b B a A p I",
        )
    }
}

/// Back to the last such weekday (0: Sunday), midnight. The epoch began on a Thursday.
fn snap_weekday(t: Expr, weekday: i64) -> Expr {
    let offset = (4 - weekday) * DAY;
    if offset == 0 {
        return floor_to(t, WEEK as f64);
    }
    let moved = floor_to(Expr::binary(Operator::Add, t, Expr::integer(offset)), WEEK as f64);
    Expr::binary(Operator::Subtract, moved, Expr::integer(offset))
}

/// A span as Insights writes it. Numbers above a unit's maximum are cut silently there, and the zone of days and longer units
/// is not documented: such spans are computed.
fn period(span: f64) -> Option<Expr> {
    if span.fract() != 0.0 || !(1.0..86_400.0).contains(&span) {
        return None;
    }
    let n = span as u64;
    let (count, unit) = match n {
        n if n % 3600 == 0 => (n / 3600, Unit::Hour),
        n if n % 60 == 0 => (n / 60, Unit::Minute),
        n => (n, Unit::Second),
    };
    let most = if unit == Unit::Hour { 24 } else { 60 };
    // Bins that do not divide a day evenly may start elsewhere than SPL's.
    (count <= most && (DAY as u64).is_multiple_of(n)).then_some(Expr::Duration(count, unit))
}

/// A time modifier as SPL writes it.
pub(super) fn modifier(shift: &RelativeTime) -> String {
    let mut out = String::new();
    for step in &shift.steps {
        match step {
            TimeStep::Shift(n, unit) => {
                out.push(if *n < 0 { '-' } else { '+' });
                out.push_str(&n.unsigned_abs().to_string());
                out.push_str(letter(*unit));
            }
            TimeStep::Snap(unit) => {
                out.push('@');
                out.push_str(letter(*unit));
            }
            TimeStep::SnapWeekday(day) => {
                out.push_str("@w");
                out.push_str(&day.to_string());
            }
        }
    }
    if out.is_empty() { "now".to_owned() } else { out }
}

fn letter(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Minute => "m",
        TimeUnit::Hour => "h",
        TimeUnit::Day => "d",
        TimeUnit::Week => "w",
        TimeUnit::Month => "mon",
        TimeUnit::Quarter => "q",
        TimeUnit::Year => "y",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spans_take_the_largest_exact_unit() {
        assert_eq!(period(300.0), Some(Expr::Duration(5, Unit::Minute)));
        assert_eq!(period(3600.0), Some(Expr::Duration(1, Unit::Hour)));
        assert_eq!(period(86_400.0), None);
        // 90 minutes would be cut to 60; 50 minutes do not divide a day.
        assert_eq!(period(5400.0), None);
        assert_eq!(period(3000.0), None);
    }

    #[test]
    fn modifiers_print_as_spl_writes_them() {
        for text in ["-70m@m", "-1d@d+2h", "@w1", "now", "-1mon@mon"] {
            assert_eq!(modifier(&crate::time::parse_relative(text).unwrap()), text);
        }
    }
}
