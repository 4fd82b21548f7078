//! SPL time modifiers (Search Reference, "Time modifiers"), in UTC.

use crate::ir::{RelativeTime, TimeStep, TimeUnit};

/// Days since 1970-01-01 of a civil date (proleptic Gregorian).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Year, month and day of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// `2024-08-01T13:52:02Z` of seconds since the epoch.
pub fn iso8601(epoch: i64) -> String {
    let (days, second) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
    let (y, m, d) = civil_from_days(days);
    format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// A time moved and snapped, in UTC; seconds since the epoch.
pub fn apply(shift: &RelativeTime, epoch: i64) -> i64 {
    shift.steps.iter().fold(epoch, |t, step| apply_step(*step, t))
}

/// One step of [`apply`].
pub fn apply_step(step: TimeStep, t: i64) -> i64 {
    match step {
        TimeStep::Shift(n, unit) => shift_by(t, n, unit),
        TimeStep::Snap(unit) => snap(t, unit),
        TimeStep::SnapWeekday(weekday) => {
            let days = t.div_euclid(86_400);
            // 1970-01-01 was a Thursday.
            let since = (days + 4 - i64::from(weekday)).rem_euclid(7);
            (days - since) * 86_400
        }
    }
}

/// Seconds of a unit that always has the same length.
pub fn seconds(unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Second => Some(1),
        TimeUnit::Minute => Some(60),
        TimeUnit::Hour => Some(3_600),
        TimeUnit::Day => Some(86_400),
        TimeUnit::Week => Some(604_800),
        TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => None,
    }
}

fn shift_by(t: i64, n: i64, unit: TimeUnit) -> i64 {
    if let Some(seconds) = seconds(unit) {
        return t.saturating_add(n.saturating_mul(seconds));
    }
    let months = match unit {
        TimeUnit::Year => n.saturating_mul(12),
        TimeUnit::Quarter => n.saturating_mul(3),
        _ => n,
    };
    let (days, second) = (t.div_euclid(86_400), t.rem_euclid(86_400));
    let (y, m, d) = civil_from_days(days);
    let total = (y * 12 + m - 1).saturating_add(months);
    let (y, m) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let next = if m == 12 { days_from_civil(y + 1, 1, 1) } else { days_from_civil(y, m + 1, 1) };
    let last = next - days_from_civil(y, m, 1);
    days_from_civil(y, m, d.min(last)) * 86_400 + second
}

fn snap(t: i64, unit: TimeUnit) -> i64 {
    let days = t.div_euclid(86_400);
    let (y, m, _) = civil_from_days(days);
    match unit {
        TimeUnit::Second => t,
        TimeUnit::Minute => t - t.rem_euclid(60),
        TimeUnit::Hour => t - t.rem_euclid(3_600),
        TimeUnit::Day => days * 86_400,
        TimeUnit::Week => (days - (days + 4).rem_euclid(7)) * 86_400,
        TimeUnit::Month => days_from_civil(y, m, 1) * 86_400,
        TimeUnit::Quarter => days_from_civil(y, (m - 1) / 3 * 3 + 1, 1) * 86_400,
        TimeUnit::Year => days_from_civil(y, 1, 1) * 86_400,
    }
}

/// Parses `-1d@d+2h`, `@w1`, `now`; `None` where it is no time modifier.
pub fn parse_relative(text: &str) -> Option<RelativeTime> {
    let mut rest = text.trim();
    let mut steps = Vec::new();
    if let Some(after) = rest.strip_prefix("now") {
        rest = after;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('@') {
            let end = after.find(['+', '-', '@']).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            rest = tail;
            let weekday = name.strip_prefix('w').and_then(|n| n.parse::<u8>().ok()).filter(|n| *n <= 7);
            steps.push(match weekday {
                Some(n) => TimeStep::SnapWeekday(n % 7),
                None => TimeStep::Snap(unit(name)?),
            });
        } else {
            let sign = if rest.starts_with('-') {
                -1
            } else if rest.starts_with('+') {
                1
            } else {
                return None;
            };
            let after = &rest[1..];
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let n: i64 = if digits == 0 { 1 } else { after[..digits].parse().ok()? };
            let after = &after[digits..];
            let end = after.find(['+', '-', '@']).unwrap_or(after.len());
            steps.push(TimeStep::Shift(sign * n, unit(&after[..end])?));
            rest = &after[end..];
        }
    }
    Some(RelativeTime { steps })
}

/// A unit by any of the names that SPL takes; the empty name is seconds.
pub fn unit(name: &str) -> Option<TimeUnit> {
    Some(match name.to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => TimeUnit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => TimeUnit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => TimeUnit::Hour,
        "d" | "day" | "days" => TimeUnit::Day,
        "w" | "week" | "weeks" => TimeUnit::Week,
        "mon" | "month" | "months" => TimeUnit::Month,
        "q" | "qtr" | "qtrs" | "quarter" | "quarters" => TimeUnit::Quarter,
        "y" | "yr" | "yrs" | "year" | "years" => TimeUnit::Year,
        _ => return None,
    })
}

/// A unit's shortest name.
pub fn symbol(unit: TimeUnit) -> &'static str {
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

/// An absolute time: epoch seconds, `%m/%d/%Y:%H:%M:%S` (Splunk's own form) or ISO 8601 in UTC.
pub fn parse_absolute(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let numbers: Vec<i64> = text
        .trim_end_matches('Z')
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse().ok())
        .collect::<Option<_>>()?;
    let (y, m, d, clock) = match numbers.as_slice() {
        [y, m, d, clock @ ..] if *y > 31 => (*y, *m, *d, clock),
        [m, d, y, clock @ ..] if *y > 31 => (*y, *m, *d, clock),
        _ => return None,
    };
    let (hour, minute, second) = match clock {
        [] => (0, 0, 0),
        [h, m] => (*h, *m, 0),
        [h, m, s] => (*h, *m, *s),
        _ => return None,
    };
    let valid = (1..=12).contains(&m) && (1..=31).contains(&d) && hour < 24 && minute < 60 && second < 61;
    valid.then(|| days_from_civil(y, m, d) * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(modifier: &str, iso: &str) -> String {
        iso8601(apply(&parse_relative(modifier).expect("a modifier"), parse_absolute(iso).expect("a time")))
    }

    #[test]
    fn modifiers_move_then_snap() {
        let now = "2024-08-01T13:52:02Z"; // a Thursday
        assert_eq!(at("-70m@m", now), "2024-08-01T12:42:00Z");
        assert_eq!(at("-1d@d+2h", now), "2024-07-31T02:00:00Z");
        assert_eq!(at("@w1", now), "2024-07-29T00:00:00Z");
        assert_eq!(at("-1mon@mon", now), "2024-07-01T00:00:00Z");
        assert_eq!(at("-6mon", "2024-08-31T00:00:00Z"), "2024-02-29T00:00:00Z");
        assert_eq!(at("now", now), now);
        assert_eq!(parse_relative("yesterday"), None);
    }

    #[test]
    fn absolute_times() {
        assert_eq!(parse_absolute("1722520322"), Some(1_722_520_322));
        assert_eq!(parse_absolute("08/01/2024:13:52:02"), Some(1_722_520_322));
        assert_eq!(parse_absolute("2024-08-01"), Some(1_722_470_400));
        assert_eq!(parse_absolute("-5m"), None);
    }
}
