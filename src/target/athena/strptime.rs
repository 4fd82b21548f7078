//! `strptime`: the text that the format covers is taken out by a regular expression, as SPL ignores what stands behind it, and
//! then parsed. What SPL takes from the moment of the search (a date, a year) is put before the text.
//!
//! Tried on Trino 435: `date_parse` and `parse_datetime` (Joda-Time both) take one digit for two, names of months in full or
//! short and in any letters, `Z`, `+02`, `+0200` and `+02:00` for an offset, and up to nine digits of a fraction, of which
//! they keep three. A day of the week that does not fit the date moves it, so that it is left out.

use sqlparser::ast::Expr;

use super::sql;
use super::typed::{Phys, Typed};

/// A parsed time, and how it can differ from SPL's.
pub(super) struct Parsed {
    pub(super) sql: Expr,
    pub(super) notes: Vec<&'static str>,
}

/// A piece of a format in the three notations.
struct Piece {
    /// The regular expression of its text.
    text: String,
    /// For `date_parse`.
    plain: String,
    /// For `parse_datetime`.
    joda: String,
}

#[derive(Default)]
struct Format {
    pieces: Vec<Piece>,
    /// How many of the pieces are days of the week and what stands up to the next conversion: they come first and are left out.
    skipped: usize,
    year: bool,
    month: bool,
    day: bool,
    day_of_year: bool,
    zone: bool,
    blanks: bool,
    /// `%s`: seconds since the epoch.
    epoch: bool,
    notes: Vec<&'static str>,
}

/// A moment from text in C's strftime notation; NULL where it does not fit. `now`: the moment of the search.
///
/// # Errors
/// The conversion that Trino has no counterpart for.
pub(super) fn parse(text: Expr, format: &str, now: Expr) -> Result<Parsed, String> {
    let mut read = Format::default();
    read.read(format)?;
    let Format { skipped, year, month, day, day_of_year, zone, blanks, epoch, notes, .. } = read;
    let join = |pick: fn(&Piece) -> &str| read.pieces.iter().skip(skipped).map(pick).collect::<String>();
    let before: String = read.pieces.iter().take(skipped).map(|p| p.text.as_str()).collect();
    // Several blanks in the text are one of the format.
    let text =
        if blanks { sql::call("regexp_replace", vec![text, sql::string(r"\s+"), sql::string(" ")]) } else { text };
    let pattern = format!(r"^\s*{before}({})", join(|p| &p.text));
    let covered = sql::call("regexp_extract", vec![text, sql::string(pattern), sql::integer(1)]);
    if epoch {
        let seconds = sql::try_cast(covered, sql::DOUBLE);
        return Ok(Parsed { sql: Typed::plain(seconds, Phys::DOUBLE, true).timestamp(), notes });
    }
    // What the search's moment gives, in front of the text.
    let (given, plain, joda) = match (year, month, day, day_of_year) {
        (true, true, true, _) | (true, _, _, true) => (None, "", ""),
        (false, false, false, false) => (Some("%Y-%m-%d "), "%Y-%m-%d ", "yyyy-MM-dd "),
        (false, true, true, false) | (false, _, _, true) => (Some("%Y "), "%Y ", "yyyy "),
        // A date without a day is none.
        (true, _, _, false) | (false, _, _, false) => {
            let sql = sql::cast(sql::null(), Phys::TIMESTAMP.data_type());
            return Ok(Parsed { sql, notes });
        }
    };
    let covered = match given {
        Some(format) => sql::concat(vec![sql::call("date_format", vec![now, sql::string(format)]), covered]),
        None => covered,
    };
    let sql = if zone {
        let pattern = sql::string(format!("{joda}{}", join(|p| &p.joda)));
        let parsed = sql::call("try", vec![sql::call("parse_datetime", vec![covered, pattern])]);
        sql::call("at_timezone", vec![parsed, sql::string("UTC")])
    } else {
        let pattern = sql::string(format!("{plain}{}", join(|p| &p.plain)));
        let parsed = sql::call("try", vec![sql::call("date_parse", vec![covered, pattern])]);
        sql::call("with_timezone", vec![parsed, sql::string("UTC")])
    };
    Ok(Parsed { sql, notes })
}

impl Format {
    fn push(&mut self, text: &str, plain: &str, joda: &str) {
        self.pieces.push(Piece { text: text.to_owned(), plain: plain.to_owned(), joda: joda.to_owned() });
    }

    fn literal(&mut self, c: char) {
        if c.is_whitespace() {
            self.blanks = true;
            return self.push(" ", " ", " ");
        }
        let text = if r".^$*+?()[]{}|\".contains(c) { format!("\\{c}") } else { c.to_string() };
        let plain = if c == '%' { "%%".to_owned() } else { c.to_string() };
        let joda = match c {
            '\'' => "''".to_owned(),
            c if c.is_ascii_alphabetic() => format!("'{c}'"),
            c => c.to_string(),
        };
        self.push(&text, &plain, &joda);
    }

    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn fraction(&mut self, digits: u32) {
        if digits > 3 {
            self.note("fractions of a second are kept to three digits here (differs)");
        }
        self.push(r"\d{1,9}", "%f", "SSSSSSSSS");
    }

    fn read(&mut self, format: &str) -> Result<(), String> {
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                self.literal(c);
                continue;
            }
            let Some(mut letter) = chars.next() else {
                self.literal('%');
                return Ok(());
            };
            // How a number is filled up is no matter to who reads it.
            if matches!(letter, '-' | '_' | '0') && chars.peek().is_some_and(char::is_ascii_alphabetic) {
                letter = chars.next().unwrap_or(letter);
            }
            if let Some(digits @ 1..) = letter.to_digit(10)
                && matches!(chars.peek(), Some('N' | 'Q'))
            {
                chars.next();
                self.fraction(digits);
                continue;
            }
            if letter == ':' {
                while chars.next_if_eq(&':').is_some() {}
                if chars.next() != Some('z') {
                    return Err("%:".to_owned());
                }
                letter = 'z';
            }
            self.conversion(letter)?;
        }
        Ok(())
    }

    fn conversion(&mut self, letter: char) -> Result<(), String> {
        const TWO: &str = r"\d{1,2}";
        match letter {
            'Y' => {
                self.year = true;
                self.push(r"\d{1,4}", "%Y", "yyyy");
            }
            'y' => {
                self.year = true;
                self.push(r"\d\d", "%y", "yy");
            }
            'm' => {
                self.month = true;
                self.push(TWO, "%m", "MM");
            }
            'b' | 'B' | 'h' => {
                self.month = true;
                self.push("[A-Za-z]{3,9}", "%b", "MMM");
            }
            'd' | 'e' => {
                self.day = true;
                self.push(TWO, "%d", "dd");
            }
            'j' => {
                self.day_of_year = true;
                self.push(r"\d{1,3}", "%j", "DDD");
            }
            'H' | 'k' => self.push(TWO, "%H", "HH"),
            'I' | 'l' => self.push(TWO, "%h", "hh"),
            'M' => self.push(TWO, "%i", "mm"),
            'S' => self.push(TWO, "%s", "ss"),
            'p' | 'P' => self.push("(?i:[ap]m)", "%p", "a"),
            'a' | 'A' => {
                // Left out, with what was before it, where it comes before all else.
                if self.pieces.iter().skip(self.skipped).any(|p| p.plain.starts_with('%')) {
                    self.note("a day of the week that does not fit the date moves it here (differs)");
                    self.push("[A-Za-z]{3,9}", "%a", "EEE");
                } else {
                    self.push("(?i:sun|mon|tue|wed|thu|fri|sat)[a-z]*", "", "");
                    self.skipped = self.pieces.len();
                }
            }
            'f' => self.fraction(6),
            'N' => self.fraction(9),
            'Q' => self.fraction(3),
            'z' => {
                self.zone = true;
                self.push(r"(?:Z|[-+]\d\d(?::?\d\d)?)", "", "Z");
            }
            'Z' => {
                self.zone = true;
                self.note("of the abbreviations of zones only UTC, GMT and those of the USA are read here (narrows)");
                self.push("[A-Za-z]+", "", "z");
            }
            's' => {
                self.epoch = true;
                self.push(r"[-+]?\d{1,15}", "", "");
            }
            'T' | 'X' => return self.read("%H:%M:%S"),
            'F' => return self.read("%Y-%m-%d"),
            'D' | 'x' => return self.read("%m/%d/%y"),
            'R' => return self.read("%H:%M"),
            'r' => return self.read("%I:%M:%S %p"),
            'c' => return self.read("%a %b %e %H:%M:%S %Y"),
            '+' => return self.read("%a %b %e %H:%M:%S %Z %Y"),
            '%' | 'n' | 't' => self.literal(match letter {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            other => return Err(format!("%{other}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::print::expression;
    use super::*;

    fn show(format: &str) -> Result<String, String> {
        parse(sql::column("x"), format, sql::column("now")).map(|p| expression(&p.sql))
    }

    #[test]
    fn what_the_format_covers_is_parsed() {
        assert_eq!(
            show("%Y-%m-%dT%H:%M:%SZ").as_deref(),
            Ok(
                r"with_timezone(try(date_parse(regexp_extract(x, '^\s*(\d{1,4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{1,2}:\d{1,2}Z)', 1), '%Y-%m-%dT%H:%i:%sZ')), 'UTC')"
            )
        );
    }

    #[test]
    fn offsets_are_taken_off() {
        assert_eq!(
            show("%F %T%z").as_deref(),
            Ok(
                r"at_timezone(try(parse_datetime(regexp_extract(regexp_replace(x, '\s+', ' '), '^\s*(\d{1,4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(?:Z|[-+]\d\d(?::?\d\d)?))', 1), 'yyyy-MM-dd HH:mm:ssZ')), 'UTC')"
            )
        );
    }

    #[test]
    fn what_is_missing_comes_from_the_search() {
        assert_eq!(
            show("%H:%M").as_deref(),
            Ok(
                r"with_timezone(try(date_parse(date_format(now, '%Y-%m-%d ') || regexp_extract(x, '^\s*(\d{1,2}:\d{1,2})', 1), '%Y-%m-%d %H:%i')), 'UTC')"
            )
        );
        assert_eq!(show("%Y-%m").as_deref(), Ok("CAST(NULL AS TIMESTAMP(3) WITH TIME ZONE)"));
    }

    #[test]
    fn days_of_the_week_are_left_out() {
        let sql = show("%a, %d %b %Y").expect("a format that Trino has");
        assert!(sql.contains(r"'^\s*(?i:sun|mon|tue|wed|thu|fri|sat)[a-z]*(, \d{1,2}"), "{sql}");
        assert!(!sql.contains("%a"), "{sql}");
    }

    #[test]
    fn what_can_differ_is_noted() {
        let notes = |format: &str| parse(sql::column("x"), format, sql::column("now")).map(|p| p.notes.len());
        assert_eq!(notes("%F %T.%3N"), Ok(0));
        assert_eq!(notes("%F %T.%6N %Z"), Ok(2));
        assert_eq!(notes("%F %U"), Err("%U".to_owned()));
    }
}
