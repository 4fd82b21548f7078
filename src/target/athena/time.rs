//! Times: moves and snaps, spans, and strftime formats in Trino's notations. Everything is UTC.

use sqlparser::ast::{DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::sql;
use crate::ir::{RelativeTime, TimeStep, TimeUnit};

/// A timestamp moved and snapped, as `crate::time::apply` does with epoch seconds.
pub(super) fn shift(time: Expr, shift: &RelativeTime) -> Expr {
    shift.steps.iter().fold(time, |t, step| match *step {
        TimeStep::Shift(n, unit) => move_by(t, n, unit),
        TimeStep::Snap(unit) => snap(t, unit),
        TimeStep::SnapWeekday(weekday) => {
            // Trino's weeks begin on Monday.
            let after_monday = (i64::from(weekday) + 6) % 7;
            snap_week(t, after_monday)
        }
    })
}

fn move_by(t: Expr, n: i64, unit: TimeUnit) -> Expr {
    let (factor, field) = match unit {
        TimeUnit::Second => (1, DateTimeField::Second),
        TimeUnit::Minute => (1, DateTimeField::Minute),
        TimeUnit::Hour => (1, DateTimeField::Hour),
        TimeUnit::Day => (1, DateTimeField::Day),
        TimeUnit::Week => (7, DateTimeField::Day),
        TimeUnit::Month => (1, DateTimeField::Month),
        TimeUnit::Quarter => (3, DateTimeField::Month),
        TimeUnit::Year => (1, DateTimeField::Year),
    };
    plus(t, n.saturating_mul(factor), field)
}

/// `t + INTERVAL 'n' unit`, or minus; nothing where `n` is 0.
pub(super) fn plus(t: Expr, n: i64, unit: DateTimeField) -> Expr {
    let interval = sql::interval(n.unsigned_abs(), unit);
    match n.signum() {
        0 => t,
        1 => sql::add(t, interval),
        _ => sql::subtract(t, interval),
    }
}

fn trunc(unit: &str, t: Expr) -> Expr {
    sql::call("date_trunc", vec![sql::string(unit), t])
}

fn snap(t: Expr, unit: TimeUnit) -> Expr {
    match unit {
        TimeUnit::Second => trunc("second", t),
        TimeUnit::Minute => trunc("minute", t),
        TimeUnit::Hour => trunc("hour", t),
        TimeUnit::Day => trunc("day", t),
        TimeUnit::Week => snap_week(t, 6),
        TimeUnit::Month => trunc("month", t),
        TimeUnit::Quarter => trunc("quarter", t),
        TimeUnit::Year => trunc("year", t),
    }
}

/// Back to the weekday that comes so many days after Monday.
fn snap_week(t: Expr, after_monday: i64) -> Expr {
    // One day forth is the same as six days back, and shorter to read.
    let days = if after_monday == 6 { -1 } else { after_monday };
    plus(trunc("week", plus(t, -days, DateTimeField::Day)), days, DateTimeField::Day)
}

/// A timestamp rounded down to a multiple of so many seconds since the epoch.
pub(super) fn bin(t: Expr, span: f64) -> Expr {
    for (seconds, unit) in [(1.0, "second"), (60.0, "minute"), (3_600.0, "hour"), (86_400.0, "day")] {
        if span == seconds {
            return trunc(unit, t);
        }
    }
    let span = if span.fract() == 0.0 && span.abs() < 1e15 { sql::integer(span as i64) } else { sql::double(span) };
    let seconds = sql::call("to_unixtime", vec![t]);
    let floor = sql::call("floor", vec![sql::divide(seconds, span.clone())]);
    sql::call("from_unixtime", vec![sql::multiply(floor, span)])
}

/// The text of a timestamp in C's strftime notation.
///
/// # Errors
/// The conversion that Trino has no counterpart for, e.g. `%U`.
pub(super) fn format(t: &Expr, format: &str) -> Result<Expr, String> {
    let t = &extreme_without_zone(t).unwrap_or_else(|| t.clone());
    let mut pieces = Vec::new();
    let mut run = String::new();
    let flush = |run: &mut String, pieces: &mut Vec<Expr>| {
        if !run.is_empty() {
            let run = std::mem::take(run);
            // A run without conversions is plain text.
            let plain = run.replace("%%", "");
            pieces.push(if plain.contains('%') {
                sql::call("date_format", vec![t.clone(), sql::string(run)])
            } else {
                sql::string(run.replace("%%", "%"))
            });
        }
    };
    for part in conversions(format)? {
        match part {
            Part::Text('%') => run.push_str("%%"),
            Part::Text(c) => run.push(c),
            Part::Letters(letters) => run.push_str(letters),
            Part::Fraction(digits) => {
                flush(&mut run, &mut pieces);
                pieces.push(sql::call("format_datetime", vec![t.clone(), sql::string("S".repeat(digits))]));
            }
            Part::Other(c) => {
                flush(&mut run, &mut pieces);
                pieces.push(special(t.clone(), c));
            }
            Part::Filled(c, fill) => {
                flush(&mut run, &mut pieces);
                pieces.push(number(t.clone(), c, fill));
            }
        }
    }
    flush(&mut run, &mut pieces);
    Ok(sql::concat(pieces))
}

/// The least or greatest of times that are timestamps in UTC with the zone put on: of the timestamps themselves, since the text
/// is the same. Other times stay: a group's key must be written as it stands in GROUP BY.
fn extreme_without_zone(t: &Expr) -> Option<Expr> {
    match t {
        Expr::Function(call) if matches!(call.name.to_string().as_str(), "min" | "max") => without_zone(t),
        _ => None,
    }
}

fn without_zone(t: &Expr) -> Option<Expr> {
    let Expr::Function(call) = t else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    let name = call.name.to_string();
    let argument = match (name.as_str(), list.args.as_slice()) {
        ("with_timezone", [FunctionArg::Unnamed(FunctionArgExpr::Expr(plain)), _]) => return Some(plain.clone()),
        ("min" | "max", [FunctionArg::Unnamed(FunctionArgExpr::Expr(value))]) => value,
        ("date_trunc", [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(value))]) => value,
        _ => return None,
    };
    let plain = without_zone(argument)?;
    let mut call = call.clone();
    if let FunctionArguments::List(list) = &mut call.args
        && let Some(last) = list.args.last_mut()
    {
        *last = FunctionArg::Unnamed(FunctionArgExpr::Expr(plain));
    }
    Some(Expr::Function(call))
}

/// A conversion that is no letter of `date_format`.
fn special(t: Expr, letter: char) -> Expr {
    match letter {
        'P' => sql::call("lower", vec![sql::call("date_format", vec![t, sql::string("%p")])]),
        'e' => number(t, 'd', Some(' ')),
        'k' => number(t, 'H', Some(' ')),
        'l' => number(t, 'I', Some(' ')),
        'w' | 'u' | 's' => number(t, letter, None),
        _ => number(t, letter, Some('0')),
    }
}

/// A number of a time, filled up to its usual width by a character, or as it is.
fn number(t: Expr, letter: char, fill: Option<char>) -> Expr {
    let part = |name: &str| sql::call(name, vec![t.clone()]);
    let weeks = |days: Expr| sql::divide(days, sql::integer(7));
    let week_day = sql::modulo(part("day_of_week"), sql::integer(7));
    let six_on = sql::add(part("day_of_year"), sql::integer(6));
    let (value, width) = match letter {
        'Y' => (part("year"), 4),
        'y' => (sql::modulo(part("year"), sql::integer(100)), 2),
        'C' => (sql::divide(part("year"), sql::integer(100)), 2),
        'm' => (part("month"), 2),
        'd' | 'e' => (part("day"), 2),
        'H' | 'k' => (part("hour"), 2),
        'I' | 'l' => {
            let before = sql::modulo(sql::add(part("hour"), sql::integer(11)), sql::integer(12));
            (sql::add(before, sql::integer(1)), 2)
        }
        'M' => (part("minute"), 2),
        'S' => (part("second"), 2),
        'j' => (part("day_of_year"), 3),
        // Weeks from the first Sunday, or from the first Monday.
        'U' => (weeks(sql::subtract(six_on, week_day)), 2),
        'W' => (weeks(sql::subtract(sql::add(six_on, sql::integer(1)), part("day_of_week"))), 2),
        'V' => (part("week"), 2),
        'G' => (part("year_of_week"), 4),
        'g' => (sql::modulo(part("year_of_week"), sql::integer(100)), 2),
        'u' => (part("day_of_week"), 1),
        'w' => (week_day, 1),
        _ => (sql::cast(sql::call("floor", vec![part("to_unixtime")]), sql::BIGINT), 1),
    };
    let text = sql::cast(value, sql::VARCHAR);
    match fill {
        Some(fill) if width > 1 => sql::call("lpad", vec![text, sql::integer(width), sql::string(fill.to_string())]),
        _ => text,
    }
}

enum Part {
    Text(char),
    /// Conversions of `date_format`, with text between them.
    Letters(&'static str),
    /// So many digits of the second's fraction.
    Fraction(usize),
    /// See [`special`].
    Other(char),
    /// A number that is filled up by this character, or not at all: `%_d`, `%0e`, `%-d`.
    Filled(char, Option<char>),
}

/// Conversions that stand for several others.
fn compound(letter: char) -> Option<&'static str> {
    Some(match letter {
        'c' => "%a %b %e %H:%M:%S %Y",
        '+' => "%a %b %e %H:%M:%S %Z %Y",
        'r' => "%I:%M:%S %p",
        _ => return None,
    })
}

/// Conversions that are numbers.
const NUMBERS: &str = "YyCmdeHkIlMSjUWVGguws";

fn conversions(format: &str) -> Result<Vec<Part>, String> {
    let mut out = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(Part::Text(c));
            continue;
        }
        let Some(letter) = chars.next() else {
            out.push(Part::Text('%'));
            break;
        };
        let fill = match letter {
            '-' => Some(None),
            '_' => Some(Some(' ')),
            '0' => Some(Some('0')),
            _ => None,
        };
        if let (Some(fill), Some(number)) = (fill, chars.peek().filter(|c| NUMBERS.contains(**c))) {
            out.push(Part::Filled(*number, fill));
            chars.next();
            continue;
        }
        let rest: String = chars.clone().take(3).collect();
        let offset = [(':', "::z", "+00"), (':', ":z", "+00:00:00"), ('E', "z", "+0")];
        if let Some((_, tail, text)) = offset.iter().find(|(first, tail, _)| *first == letter && rest.starts_with(tail))
        {
            for _ in 0..tail.len() {
                chars.next();
            }
            out.extend(text.chars().map(Part::Text));
            continue;
        }
        if let Some(parts) = compound(letter) {
            out.extend(conversions(parts)?);
            continue;
        }
        let digits = match letter {
            '1'..='9' if matches!(chars.peek(), Some('N' | 'Q')) => {
                chars.next();
                letter.to_digit(10)
            }
            _ => None,
        };
        if let Some(digits) = digits {
            out.push(Part::Fraction(digits as usize));
            continue;
        }
        out.push(match letter {
            'Y' => Part::Letters("%Y"),
            'y' => Part::Letters("%y"),
            'm' => Part::Letters("%m"),
            'd' => Part::Letters("%d"),
            'H' => Part::Letters("%H"),
            'I' => Part::Letters("%h"),
            'M' => Part::Letters("%i"),
            'S' => Part::Letters("%s"),
            'p' => Part::Letters("%p"),
            'a' => Part::Letters("%a"),
            'A' => Part::Letters("%W"),
            'b' | 'h' => Part::Letters("%b"),
            'B' => Part::Letters("%M"),
            'j' => Part::Letters("%j"),
            'V' => Part::Letters("%v"),
            'G' => Part::Letters("%x"),
            'T' | 'X' => Part::Letters("%H:%i:%s"),
            'F' => Part::Letters("%Y-%m-%d"),
            'D' | 'x' => Part::Letters("%m/%d/%y"),
            'R' => Part::Letters("%H:%i"),
            'f' => Part::Letters("%f"),
            'Q' => Part::Fraction(3),
            'N' => Part::Fraction(9),
            's' | 'w' | 'u' | 'e' | 'k' | 'l' | 'P' | 'C' | 'U' | 'W' | 'g' => Part::Other(letter),
            'z' => {
                out.extend("+0000".chars().map(Part::Text));
                continue;
            }
            ':' if chars.peek() == Some(&'z') => {
                chars.next();
                out.extend("+00:00".chars().map(Part::Text));
                continue;
            }
            'Z' => {
                out.extend("UTC".chars().map(Part::Text));
                continue;
            }
            '%' => Part::Text('%'),
            'n' => Part::Text('\n'),
            't' => Part::Text('\t'),
            other => return Err(format!("%{other}")),
        });
    }
    Ok(out)
}

/// The text of a moment at compile time, for the formats that partitions have: numbers of year to second.
///
/// # Errors
/// A conversion that is no such number.
pub(super) fn literal(epoch: i64, format: &str) -> Result<String, String> {
    let (days, second) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
    let (year, month, day) = crate::time::civil_from_days(days);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('Y') => out.push_str(&format!("{year:04}")),
            Some('m') => out.push_str(&format!("{month:02}")),
            Some('d') => out.push_str(&format!("{day:02}")),
            Some('H') => out.push_str(&format!("{:02}", second / 3_600)),
            Some('M') => out.push_str(&format!("{:02}", second / 60 % 60)),
            Some('S') => out.push_str(&format!("{:02}", second % 60)),
            Some('F') => out.push_str(&format!("{year:04}-{month:02}-{day:02}")),
            Some('T') => {
                out.push_str(&format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60));
            }
            Some('%') => out.push('%'),
            Some(other) => return Err(format!("%{other}")),
            None => return Err("%".to_owned()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::print::expression;
    use super::*;

    fn shifted(modifier: &str) -> String {
        expression(&shift(sql::column("t"), &crate::time::parse_relative(modifier).expect("a modifier")))
    }

    #[test]
    fn modifiers_become_intervals_and_truncations() {
        assert_eq!(shifted("-70m@m"), "date_trunc('minute', t - INTERVAL '70' MINUTE)");
        assert_eq!(shifted("-2w"), "t - INTERVAL '14' DAY");
        assert_eq!(shifted("+1q"), "t + INTERVAL '3' MONTH");
        assert_eq!(shifted("now"), "t");
    }

    #[test]
    fn weeks_begin_on_sunday() {
        assert_eq!(shifted("@w"), "date_trunc('week', t + INTERVAL '1' DAY) - INTERVAL '1' DAY");
        assert_eq!(shifted("@w0"), shifted("@w"));
        assert_eq!(shifted("@w1"), "date_trunc('week', t)");
        assert_eq!(shifted("@w3"), "date_trunc('week', t - INTERVAL '2' DAY) + INTERVAL '2' DAY");
    }

    #[test]
    fn strftime_letters_become_date_formats() {
        let show = |f: &str| format(&sql::column("t"), f).map(|e| expression(&e));
        assert_eq!(show("%Y-%m-%dT%H:%M:%S").as_deref(), Ok("date_format(t, '%Y-%m-%dT%H:%i:%s')"));
        assert_eq!(show("100%% %z").as_deref(), Ok("'100% +0000'"));
        assert_eq!(show("%s").as_deref(), Ok("CAST(CAST(floor(to_unixtime(t)) AS BIGINT) AS VARCHAR)"));
        assert_eq!(show("%H.%3N").as_deref(), Ok("date_format(t, '%H.') || format_datetime(t, 'SSS')"));
        assert_eq!(
            show("%U").as_deref(),
            Ok("lpad(CAST((day_of_year(t) + 6 - day_of_week(t) % 7) / 7 AS VARCHAR), 2, '0')")
        );
        assert_eq!(show("%-d").as_deref(), Ok("CAST(day(t) AS VARCHAR)"));
        assert_eq!(
            show("%c").as_deref(),
            Ok("date_format(t, '%a %b ') || lpad(CAST(day(t) AS VARCHAR), 2, ' ') || date_format(t, ' %H:%i:%s %Y')")
        );
        assert_eq!(show("%E"), Err("%E".to_owned()));
    }

    #[test]
    fn the_text_of_a_first_or_last_time_needs_no_zone() {
        let utc = |e| sql::call("with_timezone", vec![e, sql::string("UTC")]);
        let show = |e: Expr| format(&e, "%Y").map(|e| expression(&e));
        let hour = sql::call("date_trunc", vec![sql::string("hour"), utc(sql::column("t"))]);
        assert_eq!(show(sql::call("min", vec![hour])).as_deref(), Ok("date_format(min(date_trunc('hour', t)), '%Y')"));
        let hour = sql::call("date_trunc", vec![sql::string("hour"), utc(sql::column("t"))]);
        let kept = "date_format(date_trunc('hour', with_timezone(t, 'UTC')), '%Y')";
        assert_eq!(show(hour).as_deref(), Ok(kept), "it may be a key of GROUP BY");
    }

    #[test]
    fn odd_spans_use_epoch_seconds() {
        assert_eq!(expression(&bin(sql::column("t"), 3600.0)), "date_trunc('hour', t)");
        assert_eq!(expression(&bin(sql::column("t"), 300.0)), "from_unixtime(floor(to_unixtime(t) / 300) * 300)");
    }

    #[test]
    fn partition_values_are_computed() {
        assert_eq!(literal(1_722_520_322, "%Y/%m/%d").as_deref(), Ok("2024/08/01"));
        assert!(literal(0, "%j").is_err());
    }
}
