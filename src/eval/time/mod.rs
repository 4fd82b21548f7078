//! Times of the evaluator: seconds since the epoch with a fraction, in UTC.
//!
//! Times are kept to the microsecond: a number of this size holds no more.

mod format;
mod parse;

use crate::ir::{RelativeTime, TimeStep};

/// Where the calendar ends, in seconds (about the year 65,000); it begins at the negative of it.
const FARTHEST: f64 = 2e12;
/// Longest way that one step of a time modifier goes, in its units.
const LONGEST: u64 = 10_000_000_000;

/// A time moved and snapped (Search Reference, `relative_time`). Moving keeps the fraction of the second, snapping drops it
/// (reading). `None` where that leads out of the calendar.
pub(crate) fn relative_time(time: f64, shift: &RelativeTime) -> Option<f64> {
    let mut seconds = seconds(time)?;
    let mut fraction = time - time.floor();
    for step in &shift.steps {
        match step {
            TimeStep::Shift(n, _) if n.unsigned_abs() > LONGEST => return None,
            TimeStep::Shift(..) => {}
            TimeStep::Snap(_) | TimeStep::SnapWeekday(_) => fraction = 0.0,
        }
        seconds = crate::time::apply_step(*step, seconds);
        self::seconds(seconds as f64)?;
    }
    Some(seconds as f64 + fraction)
}

/// The whole seconds of a time that has a date.
fn seconds(time: f64) -> Option<i64> {
    (time.abs() < FARTHEST).then(|| time.floor() as i64)
}

/// A number rounded down to a multiple of the span (Search Reference, "bin"); for times the span is in seconds.
pub(crate) fn bin(number: f64, span: f64) -> f64 {
    (number / span).floor() * span
}

/// A format in C's strftime notation, read once (Search Reference, "Date and time format variables").
///
/// Readings: `%c`, `%x`, `%X` and `%+` are those of C's own locale, `%N` has nine digits and `%Q` three where none are given, a
/// conversion that does not exist stands for itself.
#[derive(Debug)]
pub(crate) struct TimeFormat {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Debug)]
enum Part {
    Text(String),
    Field(Field, Pad),
    /// So many digits of the second's fraction.
    Fraction(usize),
}

/// How a number is filled up to its width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pad {
    /// By the field's own rule.
    Default,
    /// `%-d`.
    None,
    /// `%_d`.
    Space,
    /// `%0e`.
    Zero,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Year,
    ShortYear,
    Century,
    Month,
    Day,
    /// `%e`.
    DaySpaced,
    Hour,
    /// `%k`.
    HourSpaced,
    Hour12,
    /// `%l`.
    Hour12Spaced,
    Minute,
    Second,
    HalfDay,
    HalfDaySmall,
    MonthName,
    ShortMonthName,
    DayName,
    ShortDayName,
    DayOfYear,
    /// Weeks from the first Sunday on.
    WeekFromSunday,
    /// Weeks from the first Monday on.
    WeekFromMonday,
    IsoWeek,
    IsoYear,
    ShortIsoYear,
    /// 1 is Monday, 7 Sunday.
    Weekday,
    /// 0 is Sunday.
    WeekdayFromSunday,
    Zone,
    /// The distance from UTC, in one of the four forms, as which none at all is written: `+0000`, `+00:00`, `+00:00:00`, `+00`.
    Offset(&'static str),
    OffsetMinutes,
    Epoch,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl TimeFormat {
    pub(crate) fn new(format: &str) -> Self {
        let mut parts = Vec::new();
        read(format, &mut parts);
        Self { parts }
    }
}

fn read(format: &str, parts: &mut Vec<Part>) {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        push_text(parts, &rest[..at]);
        let conversion = &rest[at + 1..];
        rest = match read_conversion(conversion, parts) {
            Some(length) => &conversion[length..],
            None => {
                push_text(parts, "%");
                conversion
            }
        };
    }
    push_text(parts, rest);
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Reads what follows a `%`; its length in bytes, or `None` where there is no such conversion.
fn read_conversion(text: &str, parts: &mut Vec<Part>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let pad = match bytes.first()? {
        b'-' => Pad::None,
        b'_' => Pad::Space,
        b'0' => Pad::Zero,
        _ => Pad::Default,
    };
    if pad != Pad::Default {
        at += 1;
    }
    let digits = bytes.get(at).filter(|b| matches!(b, b'1'..=b'9') && matches!(bytes.get(at + 1), Some(b'N' | b'Q')));
    if let Some(digits) = digits {
        parts.push(Part::Fraction(usize::from(digits - b'0')));
        return Some(at + 2);
    }
    if bytes[at..].starts_with(b"Ez") {
        parts.push(Part::Field(Field::OffsetMinutes, pad));
        return Some(at + 2);
    }
    const OFFSETS: [(&str, &str); 3] = [(":z", "+00:00"), ("::z", "+00:00:00"), (":::z", "+00")];
    for (letters, none) in OFFSETS {
        if text[at..].starts_with(letters) {
            parts.push(Part::Field(Field::Offset(none), pad));
            return Some(at + letters.len());
        }
    }
    let field = match bytes.get(at)? {
        b'Y' => Field::Year,
        b'y' => Field::ShortYear,
        b'C' => Field::Century,
        b'm' => Field::Month,
        b'd' => Field::Day,
        b'e' => Field::DaySpaced,
        b'H' => Field::Hour,
        b'k' => Field::HourSpaced,
        b'I' => Field::Hour12,
        b'l' => Field::Hour12Spaced,
        b'M' => Field::Minute,
        b'S' => Field::Second,
        b'p' => Field::HalfDay,
        b'P' => Field::HalfDaySmall,
        b'B' => Field::MonthName,
        b'b' | b'h' => Field::ShortMonthName,
        b'A' => Field::DayName,
        b'a' => Field::ShortDayName,
        b'j' => Field::DayOfYear,
        b'U' => Field::WeekFromSunday,
        b'W' => Field::WeekFromMonday,
        b'V' => Field::IsoWeek,
        b'G' => Field::IsoYear,
        b'g' => Field::ShortIsoYear,
        b'u' => Field::Weekday,
        b'w' => Field::WeekdayFromSunday,
        b'Z' => Field::Zone,
        b'z' => Field::Offset("+0000"),
        b's' => Field::Epoch,
        other => {
            match other {
                b'N' => parts.push(Part::Fraction(9)),
                b'Q' => parts.push(Part::Fraction(3)),
                b'f' => parts.push(Part::Fraction(6)),
                b'%' => push_text(parts, "%"),
                b'n' => push_text(parts, "\n"),
                b't' => push_text(parts, "\t"),
                b'T' | b'X' => read("%H:%M:%S", parts),
                b'F' => read("%Y-%m-%d", parts),
                b'D' | b'x' => read("%m/%d/%y", parts),
                b'R' => read("%H:%M", parts),
                b'r' => read("%I:%M:%S %p", parts),
                b'c' => read("%a %b %e %H:%M:%S %Y", parts),
                b'+' => read("%a %b %e %H:%M:%S %Z %Y", parts),
                _ => return None,
            }
            return Some(at + 1);
        }
    };
    parts.push(Part::Field(field, pad));
    Some(at + 1)
}

/// A moment's calendar.
#[derive(Clone, Copy, Debug)]
struct Moment {
    epoch: i64,
    micros: u32,
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// From 0.
    day_of_year: i64,
}

impl Moment {
    /// `None` where the time has no date.
    fn new(time: f64) -> Option<Self> {
        seconds(time)?;
        // The fraction alone: of the whole time a number holds fewer digits the farther it is.
        let micros = ((time - time.floor()) * 1e6).round() as u32;
        let (epoch, micros) = (time.floor() as i64 + i64::from(micros / 1_000_000), micros % 1_000_000);
        let (days, second_of_day) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
        let (year, month, day) = crate::time::civil_from_days(days);
        Some(Self {
            epoch,
            micros,
            year,
            month,
            day,
            second_of_day,
            // 1970-01-01 was a Thursday.
            weekday: (days + 4).rem_euclid(7),
            day_of_year: days - crate::time::days_from_civil(year, 1, 1),
        })
    }

    /// Year and week by ISO 8601: weeks begin on Monday and belong to the year of their Thursday.
    fn iso_week(&self) -> (i64, i64) {
        let from_monday = (self.weekday + 6) % 7;
        let thursday = self.epoch.div_euclid(86_400) - from_monday + 3;
        let (year, ..) = crate::time::civil_from_days(thursday);
        (year, (thursday - crate::time::days_from_civil(year, 1, 1)) / 7 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_relative;

    fn moved(time: f64, modifier: &str) -> Option<f64> {
        relative_time(time, &parse_relative(modifier).expect("a modifier"))
    }

    #[test]
    fn moves_keep_the_fraction_and_snaps_drop_it() {
        assert_eq!(moved(1_722_520_322.75, "-1h"), Some(1_722_516_722.75));
        assert_eq!(moved(1_722_520_322.75, "@s"), Some(1_722_520_322.0));
        assert_eq!(moved(1_722_520_322.75, "-1h@h+5m"), Some(1_722_513_900.0));
        assert_eq!(moved(-0.25, "-1s"), Some(-1.25));
    }

    #[test]
    fn times_beyond_the_calendar_are_none() {
        assert_eq!(moved(f64::MAX, "-1h"), None);
        assert_eq!(moved(0.0, "+9000000000000000000mon"), None);
        assert_eq!(moved(0.0, "+9999999999y+9999999999y"), None);
    }

    #[test]
    fn bins_round_down() {
        assert_eq!(bin(1_722_520_322.75, 300.0), 1_722_520_200.0);
        assert_eq!(bin(-1.0, 10.0), -10.0);
        assert_eq!(bin(7.3, 0.5), 7.0);
    }
}
