//! `strptime`.
//!
//! Readings: blanks in the format stand for any number of blanks but none, and others are not passed by, except at the start; text behind what the format covers is ignored, as C's
//! `strptime` does; letters of names compare without case; a fraction may have any number of digits, of which those count that the format names
//! (`%3N`); years of two digits go from 1970 to 2069; a time without a date is
//! of the day of the search, a date without a year of its year, and a date without a day is none.

use super::{DAYS, Field, MONTHS, Moment, Part, TimeFormat};

/// What a text said.
#[derive(Default)]
struct Parsed {
    epoch: Option<i64>,
    year: Option<i64>,
    short_year: Option<i64>,
    century: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    hour12: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanos: u32,
    /// Minutes east of UTC.
    offset: i64,
}

impl TimeFormat {
    /// The time that a text says; `now` gives the date where the format has none. `None` where the text does not fit.
    pub(crate) fn parse(&self, text: &str, now: f64) -> Option<f64> {
        let mut parsed = Parsed::default();
        let mut rest = text.trim_start();
        for part in &self.parts {
            rest = match part {
                Part::Text(text) => literal(rest, text)?,
                Part::Fraction(digits) => fraction(rest, *digits, &mut parsed)?,
                Part::Field(field, _) => parsed.take(*field, rest)?,
            };
        }
        parsed.time(now)
    }
}

fn literal<'t>(mut rest: &'t str, text: &str) -> Option<&'t str> {
    for c in text.chars() {
        rest = if c.is_whitespace() { blanks(rest)? } else { rest.strip_prefix(c)? };
    }
    Some(rest)
}

/// At least one blank.
fn blanks(rest: &str) -> Option<&str> {
    let after = rest.trim_start();
    (after.len() < rest.len()).then_some(after)
}

fn fraction<'t>(rest: &'t str, digits: usize, parsed: &mut Parsed) -> Option<&'t str> {
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    let kept = &rest[..end.min(digits)];
    let nanos: u32 = kept.parse().ok()?;
    parsed.nanos = nanos * 10_u32.pow(9 - kept.len() as u32);
    Some(&rest[end..])
}

/// At most so many digits.
fn digits(rest: &str, most: usize) -> Option<(i64, &str)> {
    let end = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

/// A name in full or its first three letters; its position.
fn name<'t>(rest: &'t str, names: &[&str]) -> Option<(i64, &'t str)> {
    let begins = |name: &str| rest.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(str::len);
    names.iter().enumerate().find_map(|(i, name)| {
        let length = begins(name).or_else(|| begins(&name[..3]))?;
        Some((i as i64, &rest[length..]))
    })
}

/// `Z`, `+0100`, `+01:00`, `+01`: minutes east of UTC.
fn offset(rest: &str) -> Option<(i64, &str)> {
    if let Some(after) = rest.strip_prefix(['Z', 'z']) {
        return Some((0, after));
    }
    let sign = match rest.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let two = |text: &str| {
        text.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_digit())).and_then(|d| d.parse::<i64>().ok())
    };
    let hours = two(&rest[1..])?;
    let rest = &rest[3..];
    let after = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = match two(after) {
        Some(minutes) => (minutes, &after[2..]),
        None => (0, rest),
    };
    (hours < 24 && minutes < 60).then_some((sign * (hours * 60 + minutes), rest))
}

/// An abbreviation of a time zone; minutes east of UTC.
fn zone(rest: &str) -> Option<(i64, &str)> {
    let end = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let minutes = match rest[..end].to_ascii_uppercase().as_str() {
        "UTC" | "GMT" | "UCT" | "WET" | "Z" => 0,
        "" => return offset(rest),
        "EST" => -300,
        "EDT" => -240,
        "CST" => -360,
        "CDT" => -300,
        "MST" => -420,
        "MDT" => -360,
        "PST" => -480,
        "PDT" => -420,
        "AKST" => -540,
        "AKDT" => -480,
        "HST" => -600,
        "WEST" | "BST" | "CET" | "MET" => 60,
        "CEST" | "MEST" | "EET" => 120,
        "EEST" | "MSK" => 180,
        "JST" | "KST" => 540,
        "AEST" => 600,
        "AEDT" => 660,
        _ => return None,
    };
    Some((minutes, &rest[end..]))
}

impl Parsed {
    fn take<'t>(&mut self, field: Field, rest: &'t str) -> Option<&'t str> {
        let number = |most, low, high| digits(rest, most).filter(|(n, _)| (low..=high).contains(n));
        let (value, after) = match field {
            Field::Year => number(4, 0, 9_999)?,
            Field::ShortYear => number(2, 0, 99)?,
            Field::Century => number(2, 0, 99)?,
            Field::Month => number(2, 1, 12)?,
            Field::Day | Field::DaySpaced => number(2, 1, 31)?,
            Field::Hour | Field::HourSpaced => number(2, 0, 23)?,
            Field::Hour12 | Field::Hour12Spaced => number(2, 1, 12)?,
            Field::Minute => number(2, 0, 59)?,
            // Leap seconds.
            Field::Second => number(2, 0, 61)?,
            Field::DayOfYear => number(3, 1, 366)?,
            Field::WeekFromSunday | Field::WeekFromMonday | Field::IsoWeek => number(2, 0, 53)?,
            Field::IsoYear => number(4, 0, 9_999)?,
            Field::ShortIsoYear => number(2, 0, 99)?,
            Field::Weekday | Field::WeekdayFromSunday => number(1, 0, 7)?,
            Field::HalfDay | Field::HalfDaySmall => half_day(rest)?,
            Field::MonthName | Field::ShortMonthName => name(rest, &MONTHS)?,
            Field::DayName | Field::ShortDayName => name(rest, &DAYS)?,
            Field::Zone => zone(rest)?,
            Field::Offset(_) => offset(rest)?,
            Field::OffsetMinutes => signed(rest)?,
            Field::Epoch => signed(rest)?,
        };
        match field {
            Field::Year => self.year = Some(value),
            Field::ShortYear => self.short_year = Some(value),
            Field::Century => self.century = Some(value),
            Field::Month => self.month = Some(value),
            Field::MonthName | Field::ShortMonthName => self.month = Some(value + 1),
            Field::Day | Field::DaySpaced => self.day = Some(value),
            Field::DayOfYear => self.day_of_year = Some(value),
            Field::Hour | Field::HourSpaced => self.hour = Some(value),
            Field::Hour12 | Field::Hour12Spaced => self.hour12 = Some(value),
            Field::HalfDay | Field::HalfDaySmall => self.afternoon = Some(value == 1),
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
            Field::Zone | Field::Offset(_) | Field::OffsetMinutes => self.offset = value,
            Field::Epoch => self.epoch = Some(value),
            // A date says these already.
            Field::WeekFromSunday
            | Field::WeekFromMonday
            | Field::IsoWeek
            | Field::IsoYear
            | Field::ShortIsoYear
            | Field::Weekday
            | Field::WeekdayFromSunday
            | Field::DayName
            | Field::ShortDayName => {}
        }
        Some(after)
    }

    fn time(&self, now: f64) -> Option<f64> {
        let fraction = f64::from(self.nanos) / 1e9;
        if let Some(epoch) = self.epoch {
            return Some(epoch as f64 + fraction).filter(|t| super::seconds(*t).is_some());
        }
        let today = Moment::new(now)?;
        let year = self.year.or_else(|| match (self.short_year, self.century) {
            (Some(year), Some(century)) => Some(century * 100 + year),
            (Some(year), None) => Some(if year < 70 { 2000 + year } else { 1900 + year }),
            (None, _) => None,
        });
        let days = match (year, self.month, self.day, self.day_of_year) {
            (None, None, None, None) => today.epoch.div_euclid(86_400),
            (year, _, _, Some(day)) => {
                let year = year.unwrap_or(today.year);
                let days = crate::time::days_from_civil(year, 1, 1) + day - 1;
                (crate::time::civil_from_days(days).0 == year).then_some(days)?
            }
            (year, Some(month), Some(day), None) => {
                let days = crate::time::days_from_civil(year.unwrap_or(today.year), month, day);
                // There is no 31st of June.
                (crate::time::civil_from_days(days).2 == day).then_some(days)?
            }
            _ => return None,
        };
        let hour = match (self.hour, self.hour12) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour % 12 + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        let seconds = days * 86_400 + hour * 3_600 + self.minute * 60 + self.second - self.offset * 60;
        Some(seconds as f64 + fraction)
    }
}

fn half_day(rest: &str) -> Option<(i64, &str)> {
    let letters = rest.get(..2)?;
    let afternoon = letters.eq_ignore_ascii_case("pm");
    (afternoon || letters.eq_ignore_ascii_case("am")).then(|| (i64::from(afternoon), &rest[2..]))
}

/// A number with a sign.
fn signed(rest: &str) -> Option<(i64, &str)> {
    let sign = usize::from(rest.starts_with(['+', '-']));
    let end = sign + rest[sign..].bytes().take(15).take_while(u8::is_ascii_digit).count();
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday, 2024-08-01T13:52:02Z.
    const NOW: f64 = 1_722_520_322.0;

    fn read(text: &str, format: &str) -> Option<f64> {
        TimeFormat::new(format).parse(text, NOW)
    }

    #[test]
    fn dates_and_clocks() {
        assert_eq!(read("2024-08-01T13:52:02Z", "%Y-%m-%dT%H:%M:%SZ"), Some(NOW));
        assert_eq!(read("2024-08-01 13:52:02", "%F %T"), Some(NOW));
        assert_eq!(read("Thu Aug  1 13:52:02 2024", "%c"), Some(NOW));
        assert_eq!(read("1/8/24 1:52:02 pm", "%d/%m/%y %I:%M:%S %p"), Some(NOW));
        assert_eq!(read("12:00 AM 01/08/2024", "%I:%M %p %d/%m/%Y"), Some(1_722_470_400.0));
        assert_eq!(read("2024 214", "%Y %j"), Some(1_722_470_400.0));
        assert_eq!(read("thursday, 1 AUGUST 2024", "%A, %d %B %Y"), Some(1_722_470_400.0));
        assert_eq!(read("20240801135202", "%Y%m%d%H%M%S"), Some(NOW));
        assert_eq!(read("01/01/70", "%D"), Some(0.0));
        assert_eq!(read("2100-05-05", "%Y-%m-%d"), Some(4_113_158_400.0));
    }

    #[test]
    fn fractions_may_have_any_number_of_digits() {
        assert_eq!(read("2024-08-01T13:52:02.125Z", "%Y-%m-%dT%H:%M:%S.%3NZ"), Some(NOW + 0.125));
        assert_eq!(read("2024-08-01T13:52:02.125000", "%Y-%m-%dT%H:%M:%S.%3N"), Some(NOW + 0.125));
        assert_eq!(read("2024-08-01T13:52:02.5", "%Y-%m-%dT%H:%M:%S.%Q"), Some(NOW + 0.5));
        assert_eq!(read("1722520322.25", "%s.%Q"), Some(NOW + 0.25));
        assert_eq!(read("2024-08-01T13:52:02.1234567890123", "%Y-%m-%dT%H:%M:%S.%f"), Some(NOW + 0.123456));
    }

    #[test]
    fn offsets_are_taken_off() {
        assert_eq!(read("2024-08-01T15:52:02+02:00", "%Y-%m-%dT%H:%M:%S%z"), Some(NOW));
        assert_eq!(read("2024-08-01T08:22:02-0530", "%Y-%m-%dT%H:%M:%S%:z"), Some(NOW));
        assert_eq!(read("2024-08-01T13:52:02Z", "%Y-%m-%dT%H:%M:%S%z"), Some(NOW));
        assert_eq!(read("2024-08-01 09:52:02 EDT", "%Y-%m-%d %H:%M:%S %Z"), Some(NOW));
        assert_eq!(read("2024-08-01 09:52:02 XYZ", "%Y-%m-%d %H:%M:%S %Z"), None);
        assert_eq!(read("2024-08-01 13:52:02 +", "%Y-%m-%d %H:%M:%S %z"), None);
    }

    #[test]
    fn text_that_does_not_fit_is_none() {
        for text in ["", "x", "2024-13-01", "2024-02-30", "2024/08/01", "2024-08"] {
            assert_eq!(read(text, "%Y-%m-%d"), None, "{text}");
        }
        assert_eq!(read("25:00", "%H:%M"), None);
        assert_eq!(read("2023-366", "%Y-%j"), None);
        assert_eq!(read("ä", "%a"), None);
        assert_eq!(read("+ää", "%z"), None);
    }

    #[test]
    fn what_is_missing_comes_from_the_search() {
        assert_eq!(read("00:10", "%H:%M"), Some(1_722_470_400.0 + 600.0));
        assert_eq!(read("02/03", "%d/%m"), Some(1_709_337_600.0));
        assert_eq!(read("2024-08", "%Y-%m"), None);
        assert_eq!(read("2024", "%Y"), None);
    }

    #[test]
    fn text_behind_the_format_is_ignored() {
        assert_eq!(read("2024-08-01T13:52:02Z", "%Y-%m-%d"), Some(1_722_470_400.0));
        assert_eq!(read("  2024-08-01", "%Y-%m-%d"), Some(1_722_470_400.0));
        assert_eq!(read("1722520322", "%s"), Some(NOW));
        assert_eq!(read("-5", "%s"), Some(-5.0));
    }

    #[test]
    fn formats_are_read_back() {
        for format in ["%Y-%m-%d %H:%M:%S.%6N %z", "%c.%N", "%s.%3Q", "%A %e %B %Y, %l:%M:%S.%f %p", "%+ .%N"] {
            let format = TimeFormat::new(format);
            let text = format.format(NOW + 0.125).expect("a date");
            assert_eq!(format.parse(&text, NOW), Some(NOW + 0.125), "{text}");
        }
    }
}
