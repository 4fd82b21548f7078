//! `strftime`.

use std::fmt::Write as _;

use super::{DAYS, Field, MONTHS, Moment, Pad, Part, TimeFormat};

impl TimeFormat {
    /// The text of a time; `None` where it has no date.
    pub(crate) fn format(&self, time: f64) -> Option<String> {
        let moment = Moment::new(time)?;
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Fraction(digits) => {
                    let all = format!("{:06}000", moment.micros);
                    out.push_str(&all[..(*digits).min(all.len())]);
                }
                Part::Field(field, pad) => write(*field, *pad, &moment, &mut out),
            }
        }
        Some(out)
    }
}

fn write(field: Field, pad: Pad, m: &Moment, out: &mut String) {
    let (hour, hour12) = (m.second_of_day / 3600, (m.second_of_day / 3600 + 11) % 12 + 1);
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|i| names.get(i)).copied().unwrap_or("")
    };
    let short = |name: &'static str| &name[..name.len().min(3)];
    let (number, width, fill) = match field {
        Field::Year => (m.year, 4, '0'),
        Field::ShortYear => (m.year.rem_euclid(100), 2, '0'),
        Field::Century => (m.year.div_euclid(100), 2, '0'),
        Field::Month => (m.month, 2, '0'),
        Field::Day => (m.day, 2, '0'),
        Field::DaySpaced => (m.day, 2, ' '),
        Field::Hour => (hour, 2, '0'),
        Field::HourSpaced => (hour, 2, ' '),
        Field::Hour12 => (hour12, 2, '0'),
        Field::Hour12Spaced => (hour12, 2, ' '),
        Field::Minute => (m.second_of_day / 60 % 60, 2, '0'),
        Field::Second => (m.second_of_day % 60, 2, '0'),
        Field::DayOfYear => (m.day_of_year + 1, 3, '0'),
        Field::WeekFromSunday => ((m.day_of_year + 7 - m.weekday) / 7, 2, '0'),
        Field::WeekFromMonday => ((m.day_of_year + 7 - (m.weekday + 6) % 7) / 7, 2, '0'),
        Field::IsoWeek => (m.iso_week().1, 2, '0'),
        Field::IsoYear => (m.iso_week().0, 4, '0'),
        Field::ShortIsoYear => (m.iso_week().0.rem_euclid(100), 2, '0'),
        Field::Weekday => ((m.weekday + 6) % 7 + 1, 1, '0'),
        Field::WeekdayFromSunday => (m.weekday, 1, '0'),
        Field::Epoch => (m.epoch, 1, '0'),
        Field::HalfDay => return out.push_str(if hour < 12 { "AM" } else { "PM" }),
        Field::HalfDaySmall => return out.push_str(if hour < 12 { "am" } else { "pm" }),
        Field::MonthName => return out.push_str(name(&MONTHS, m.month - 1)),
        Field::ShortMonthName => return out.push_str(short(name(&MONTHS, m.month - 1))),
        Field::DayName => return out.push_str(name(&DAYS, m.weekday)),
        Field::ShortDayName => return out.push_str(short(name(&DAYS, m.weekday))),
        Field::Zone => return out.push_str("UTC"),
        Field::Offset(none) => return out.push_str(none),
        Field::OffsetMinutes => return out.push_str("+0"),
    };
    let fill = match pad {
        Pad::Default => fill,
        Pad::Space => ' ',
        Pad::Zero => '0',
        Pad::None => {
            let _ = write!(out, "{number}");
            return;
        }
    };
    let _ = if fill == '0' { write!(out, "{number:0width$}") } else { write!(out, "{number:width$}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(format: &str, time: f64) -> String {
        TimeFormat::new(format).format(time).unwrap_or_else(|| "NULL".to_owned())
    }

    /// Thursday, 2024-08-01T13:52:02.125Z.
    const T: f64 = 1_722_520_322.125;

    #[test]
    fn dates_and_clocks() {
        assert_eq!(show("%Y-%m-%dT%H:%M:%S", T), "2024-08-01T13:52:02");
        assert_eq!(show("%F %T|%D %R|%r", T), "2024-08-01 13:52:02|08/01/24 13:52|01:52:02 PM");
        assert_eq!(show("%y %C %e %k %I %l %p %P", T), "24 20  1 13 01  1 PM pm");
        assert_eq!(show("%c|%+|%x|%X", T), "Thu Aug  1 13:52:02 2024|Thu Aug  1 13:52:02 UTC 2024|08/01/24|13:52:02");
        assert_eq!(show("%I:%M %p", 0.0), "12:00 AM");
        assert_eq!(show("%-d/%-m/%_H/%0e", 3_600.0), "1/1/ 1/01");
    }

    #[test]
    fn names_and_numbers_of_days() {
        assert_eq!(show("%b %B %h %a %A %j %w %u", T), "Aug August Aug Thu Thursday 214 4 4");
        assert_eq!(show("%w %u", 1_722_729_600.0), "0 7");
        // 2024 begins on a Monday, 2023 on a Sunday; 2021-01-01 is a Friday in the last week of 2020.
        assert_eq!(show("%U %W %V %G", 1_704_067_200.0), "00 01 01 2024");
        assert_eq!(show("%U %W %V %G %g", 1_672_531_200.0), "01 00 52 2022 22");
        assert_eq!(show("%V %G", 1_609_459_200.0), "53 2020");
    }

    #[test]
    fn fractions_are_cut_to_their_digits() {
        assert_eq!(show("%S.%3N|%6N|%9N|%N|%Q|%3Q|%f|%1N", T), "02.125|125000|125000000|125000000|125|125|125000|1");
        // What the number stands for, not what its bits are.
        assert_eq!(show("%3N", 1_722_520_322.123), "123");
        assert_eq!(show("%S.%3N", -0.25), "59.750");
    }

    #[test]
    fn everything_is_utc() {
        assert_eq!(show("%z %:z %::z %:::z %Z %Ez %s", T), "+0000 +00:00 +00:00:00 +00 UTC +0 1722520322");
        assert_eq!(show("%s", -0.5), "-1");
    }

    #[test]
    fn other_text_stays() {
        assert_eq!(show("100%% é%n%t%", T), "100% é\n\t%");
        assert_eq!(show("%é%E%3x", T), "%é%E%3x");
        assert_eq!(show("", T), "");
    }

    #[test]
    fn times_without_a_date_are_none() {
        assert_eq!(show("%Y", 1e14), "NULL");
        assert_eq!(show("%Y", 1_722_520_322_125.0), "56554");
    }
}
