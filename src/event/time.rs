//! The times of events, as logs write them.

use crate::eval::Value;
use crate::time::days_from_civil;

/// Numbers from here on are milliseconds since the epoch (in seconds: the year 5138).
const MILLISECONDS_FROM: f64 = 1e11;
const MICROSECONDS_FROM: f64 = 1e14;
const NANOSECONDS_FROM: f64 = 1e17;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads an event's time as seconds since the epoch, with the fraction where there is one; `None` where it is no time.
///
/// Epoch seconds, and milliseconds, microseconds or nanoseconds by their size; ISO 8601 with any offset and fraction (which
/// Windows' `SystemTime` is as well); `08/01/2024 01:52:02 PM` (Windows) and its form with 24 hours; `01/Aug/2024:13:52:02
/// +0000` (web servers). Without an offset a time is in UTC.
pub fn parse_time(text: &str) -> Option<Value<'static>> {
    let text = text.trim();
    let first = *text.as_bytes().first()?;
    if !first.is_ascii_digit() && !matches!(first, b'-' | b'+') {
        return None;
    }
    number(text).or_else(|| date_time(text))
}

/// A number's time.
fn number(text: &str) -> Option<Value<'static>> {
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>()
        && (whole.unsigned_abs() as f64) < MILLISECONDS_FROM
    {
        return Some(Value::Integer(whole));
    }
    let number: f64 = text.parse().ok().filter(|n: &f64| n.is_finite())?;
    let scale = match number.abs() {
        n if n < MILLISECONDS_FROM => 1.0,
        n if n < MICROSECONDS_FROM => 1e3,
        n if n < NANOSECONDS_FROM => 1e6,
        _ => 1e9,
    };
    Some(seconds(number / scale))
}

fn seconds(number: f64) -> Value<'static> {
    if number == number.trunc() && number.abs() < 1e15 { Value::Integer(number as i64) } else { Value::Double(number) }
}

/// Reads from the begin of a text.
struct Scan<'t>(&'t [u8]);

impl Scan<'_> {
    /// A number of at least `least` and at most `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let number = self.0[..count].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        self.0 = &self.0[count..];
        Some(number)
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let first = *self.0.first().filter(|b| bytes.contains(b))?;
        self.0 = &self.0[1..];
        Some(first)
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn month_name(&mut self) -> Option<i64> {
        let name = self.0.get(..3)?;
        let month = MONTHS.iter().position(|m| m.as_bytes().eq_ignore_ascii_case(name))?;
        self.0 = &self.0[3..];
        Some(month as i64 + 1)
    }
}

fn date_time(text: &str) -> Option<Value<'static>> {
    let mut scan = Scan(text.as_bytes());
    let (year, month, day) = date(&mut scan)?;
    let mut second = 0.0;
    let mut whole = days_from_civil(year, month, day) * 86_400;
    if scan.one_of(b"Tt :").is_some() {
        scan.blanks();
        if !scan.0.is_empty() {
            let (seconds, fraction) = clock(&mut scan)?;
            whole += seconds;
            second = fraction;
        }
    }
    scan.blanks();
    whole -= offset(&mut scan)?;
    scan.blanks();
    if !scan.0.is_empty() {
        return None;
    }
    Some(if second == 0.0 { Value::Integer(whole) } else { Value::Double(whole as f64 + second) })
}

fn date(scan: &mut Scan<'_>) -> Option<(i64, i64, i64)> {
    let before = scan.0.len();
    let first = scan.digits(1, 4)?;
    let (year, month, day) = if before - scan.0.len() == 4 {
        // 2024-08-01, 2024/08/01, 20240801
        match scan.one_of(b"-/") {
            Some(separator) => {
                let month = scan.digits(1, 2)?;
                scan.one_of(&[separator])?;
                (first, month, scan.digits(1, 2)?)
            }
            None => (first, scan.digits(2, 2)?, scan.digits(2, 2)?),
        }
    } else {
        let separator = scan.one_of(b"/-. ")?;
        match scan.month_name() {
            // 01/Aug/2024
            Some(month) => {
                scan.one_of(&[separator])?;
                (scan.digits(4, 4)?, month, first)
            }
            // 08/01/2024: the month first
            None => {
                let day = scan.digits(1, 2)?;
                scan.one_of(&[separator])?;
                (scan.digits(4, 4)?, first, day)
            }
        }
    };
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day))
}

/// Seconds of the day, and their fraction.
fn clock(scan: &mut Scan<'_>) -> Option<(i64, f64)> {
    let mut hour = scan.digits(1, 2)?;
    let extended = scan.one_of(b":").is_some();
    let minute = scan.digits(2, 2)?;
    let separated = !extended || scan.one_of(b":").is_some();
    let second = if separated { scan.digits(2, 2).or((!extended).then_some(0))? } else { 0 };
    let mut fraction = 0.0;
    if scan.one_of(b".,").is_some() {
        let count = scan.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let digits = count.min(15);
        let value = scan.digits(digits, digits)?;
        fraction = value as f64 / 10f64.powi(digits as i32);
        scan.0 = &scan.0[count - digits..];
    }
    scan.blanks();
    if let Some(half) = scan.one_of(b"AaPp") {
        scan.one_of(b"Mm")?;
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if half.eq_ignore_ascii_case(&b'p') { 12 } else { 0 };
    }
    // 60: a leap second. 24:00 is the end of the day.
    let valid = (hour < 24 || hour == 24 && minute == 0 && second == 0) && minute < 60 && second <= 60;
    valid.then_some((hour * 3_600 + minute * 60 + second, fraction))
}

/// Seconds east of UTC.
fn offset(scan: &mut Scan<'_>) -> Option<i64> {
    if scan.one_of(b"Zz").is_some() || scan.0.is_empty() {
        return Some(0);
    }
    for name in [&b"UTC"[..], b"GMT"] {
        if let Some(rest) = scan.0.strip_prefix(name) {
            scan.0 = rest;
            return Some(0);
        }
    }
    let sign = if scan.one_of(b"+-")? == b'-' { -1 } else { 1 };
    let hours = scan.digits(2, 2)?;
    scan.one_of(b":");
    let minutes = scan.digits(2, 2).unwrap_or(0);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_722_520_322; // 2024-08-01T13:52:02Z

    fn text(time: &str) -> String {
        parse_time(time).map_or_else(|| "none".to_owned(), |t| t.to_text().into_owned())
    }

    #[test]
    fn iso_times_with_offsets_and_fractions() {
        for form in [
            "2024-08-01T13:52:02Z",
            "2024-08-01 13:52:02",
            "2024-08-01T15:52:02+02:00",
            "2024-08-01T08:22:02-0530",
            "20240801T135202Z",
            "2024/08/01 13:52:02 UTC",
            "2024-08-01T13:52:02.000+0000",
            "2024-08-01t13:52:02z",
        ] {
            assert_eq!(text(form), AT.to_string(), "{form}");
        }
        assert_eq!(text("2024-08-01T13:52:02.25Z"), "1722520322.25");
        assert_eq!(text("2024-08-01T13:52:02,5+00:00"), "1722520322.5");
        assert_eq!(text("2024-08-01T13:52:02.1234567Z"), "1722520322.1234567");
        assert_eq!(text("2024-08-01"), "1722470400");
        assert_eq!(text("2024-08-01T13:52Z"), (AT - 2).to_string());
        assert_eq!(text("1969-12-31T23:59:59.5Z"), "-0.5");
    }

    #[test]
    fn epochs_by_their_size() {
        assert_eq!(text("1722520322"), AT.to_string());
        assert_eq!(text("1722520322.75"), "1722520322.75");
        assert_eq!(text("1722520322000"), AT.to_string());
        assert_eq!(text("1722520322250"), "1722520322.25");
        assert_eq!(text("1722520322000000"), AT.to_string());
        assert_eq!(text("1722520322000000000"), AT.to_string());
        assert_eq!(text("99999999999"), "99999999999");
        assert_eq!(text("0"), "0");
    }

    #[test]
    fn times_of_windows_and_web_servers() {
        assert_eq!(text("08/01/2024 01:52:02 PM"), AT.to_string());
        assert_eq!(text("08/01/2024 12:00:00 AM"), "1722470400");
        assert_eq!(text("08/01/2024 13:52:02"), AT.to_string());
        assert_eq!(text("01/Aug/2024:13:52:02 +0000"), AT.to_string());
    }

    #[test]
    fn other_texts_are_no_times() {
        for no in [
            "",
            "yesterday",
            "2024-13-01",
            "2024-08-01T25:00:00Z",
            "2024-08-01T13:52:02.Z",
            "12:30",
            "1e",
            "2024-08-01Tx",
        ] {
            assert_eq!(text(no), "none", "{no}");
        }
    }
}
