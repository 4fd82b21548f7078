//! `printf(format, value, …)` (Search Reference, "Conversion functions", `printf`): C's conversions, without C's lengths, with
//! `'` and `,` for thousands.
//!
//! Readings: NULL where an argument is NULL, missing, or no number where one is needed; fractions are cut off by `%d`, and
//! rounded by `%f` as `round` does.

use super::{Apply, Context, Value, literal_text, text, whole};
use crate::ir::Expr;

/// Widest field, and most digits.
const MOST: usize = 4_096;

pub(super) fn bind(args: &[Expr]) -> Box<dyn Apply> {
    Box::new(Printf(literal_text(args, 0).map(|format| parse(&format))))
}

/// The format, where it is a literal.
struct Printf(Option<Result<Vec<Part>, String>>);

impl Apply for Printf {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        let Some(format) = text(args, 0) else { return Value::Null };
        let of_row;
        let parts = match &self.0 {
            Some(parts) => parts,
            None => {
                of_row = parse(&format);
                &of_row
            }
        };
        match parts {
            Ok(parts) => render(parts, &args[1..]).into(),
            Err(conversion) => {
                context.fail(format!("`printf` has no conversion `{conversion}`"));
                Value::Null
            }
        }
    }
}

#[derive(Debug)]
enum Part {
    Text(String),
    Conversion(Conversion),
}

#[derive(Debug, Default)]
struct Conversion {
    left: bool,
    sign: Option<char>,
    zeros: bool,
    alternative: bool,
    thousands: bool,
    width: Size,
    precision: Size,
    letter: char,
}

#[derive(Debug, Default, Clone, Copy)]
enum Size {
    #[default]
    Absent,
    Fixed(usize),
    /// `*`: the next argument.
    Argument,
}

/// # Errors
/// The conversion that does not exist.
fn parse(format: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars().peekable();
        let mut c = Conversion::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0#',".contains(*c)) {
            match flag {
                '-' => c.left = true,
                '+' => c.sign = Some('+'),
                ' ' => c.sign = c.sign.or(Some(' ')),
                '0' => c.zeros = true,
                '#' => c.alternative = true,
                _ => c.thousands = true,
            }
        }
        c.width = size(&mut chars);
        if chars.next_if_eq(&'.').is_some() {
            c.precision = match size(&mut chars) {
                Size::Absent => Size::Fixed(0),
                size => size,
            };
        }
        let letter = chars.next();
        let after: String = chars.collect();
        let written = &rest[at..rest.len() - after.len()];
        match letter {
            Some('%') => text.push('%'),
            Some(letter) if "aAcdieEfFgGosuzxXp".contains(letter) => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Conversion(Conversion { letter, ..c }));
            }
            _ => return Err(written.to_owned()),
        }
        rest = &rest[rest.len() - after.len()..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

fn size(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Size {
    if chars.next_if_eq(&'*').is_some() {
        return Size::Argument;
    }
    let mut size = Size::Absent;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let before = if let Size::Fixed(n) = size { n } else { 0 };
        size = Size::Fixed((before * 10 + digit as usize).min(MOST));
    }
    size
}

fn render(parts: &[Part], args: &[Value<'_>]) -> Option<String> {
    let mut out = String::new();
    let mut args = args.iter();
    let length = |size: Size, args: &mut std::slice::Iter<'_, Value<'_>>| match size {
        Size::Absent => Some(None),
        Size::Fixed(n) => Some(Some(n as i64)),
        Size::Argument => Some(Some(whole(args.next()?.as_number()?)?.clamp(-(MOST as i64), MOST as i64))),
    };
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Conversion(c) => {
                let width = length(c.width, &mut args)?;
                let precision = length(c.precision, &mut args)?.and_then(|n| usize::try_from(n).ok());
                let value = args.next().filter(|v| !v.is_null())?;
                let (sign, body, number) = convert(c, precision, value)?;
                // A negative width is a width to the left.
                let left = c.left || width.is_some_and(|n| n < 0);
                let width = width.map_or(0, i64::unsigned_abs) as usize;
                let fill = width.saturating_sub(sign.chars().count() + body.chars().count());
                let zeros = number && c.zeros && !left;
                match () {
                    () if left => out.extend([sign.as_str(), &body, &" ".repeat(fill)]),
                    () if zeros => out.extend([sign.as_str(), &"0".repeat(fill), &body]),
                    () => out.extend([" ".repeat(fill).as_str(), &sign, &body]),
                }
            }
        }
    }
    Some(out)
}

/// The sign or prefix, the rest, and whether zeros may fill between them.
fn convert(c: &Conversion, precision: Option<usize>, value: &Value<'_>) -> Option<(String, String, bool)> {
    match c.letter {
        's' | 'z' => {
            let text = value.to_text();
            let cut = precision.map_or(text.len(), |n| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at));
            Some((String::new(), text[..cut].to_owned(), false))
        }
        'c' => {
            let character = match value {
                Value::Integer(_) | Value::Double(_) => {
                    char::from_u32(u32::try_from(whole(value.as_number()?)?).ok()?)?
                }
                other => other.to_text().chars().next()?,
            };
            Some((String::new(), character.to_string(), false))
        }
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' | 'p' => {
            let n = match value {
                Value::Integer(n) => *n,
                other => whole(other.as_number()?)?,
            };
            let (negative, digits) = match c.letter {
                'd' | 'i' => (n < 0, n.unsigned_abs().to_string()),
                'u' => (false, (n as u64).to_string()),
                'o' => (false, format!("{n:o}")),
                'x' => (false, format!("{n:x}")),
                _ => (false, format!("{n:X}")),
            };
            let digits = match precision {
                Some(least) => format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len()))),
                None => digits,
            };
            let prefix = match c.letter {
                'd' | 'i' => return Some((sign(c, negative), grouped(c, digits), precision.is_none())),
                'o' if c.alternative && !digits.starts_with('0') => "0",
                'x' if c.alternative && n != 0 => "0x",
                'X' | 'p' if c.alternative && n != 0 => "0X",
                _ => "",
            };
            Some((prefix.to_owned(), if c.letter == 'u' { grouped(c, digits) } else { digits }, precision.is_none()))
        }
        letter => {
            let n = value.as_number()?;
            let (negative, n) = (n.is_sign_negative(), n.abs());
            let body = match letter.to_ascii_lowercase() {
                'f' => {
                    let digits = precision.unwrap_or(6);
                    // As `round` does, by the digits that the number is written with.
                    let rounded = super::number::round_to(n, digits as i64);
                    grouped(c, format!("{rounded:.digits$}"))
                }
                'e' => exponent(n, precision.unwrap_or(6)),
                'g' => grouped(c, general(n, precision.unwrap_or(6).max(1), c.alternative)),
                _ => {
                    let body = hexadecimal(n, precision);
                    let prefix = format!("{}0x", sign(c, negative));
                    let upper = letter == 'A';
                    let up = |t: String| if upper { t.to_uppercase() } else { t };
                    return Some((up(prefix), up(body), true));
                }
            };
            let body = if letter.is_ascii_uppercase() { body.to_uppercase() } else { body };
            Some((sign(c, negative), body, true))
        }
    }
}

fn sign(c: &Conversion, negative: bool) -> String {
    if negative { "-".to_owned() } else { c.sign.map(String::from).unwrap_or_default() }
}

fn grouped(c: &Conversion, digits: String) -> String {
    if c.thousands { group_digits(&digits) } else { digits }
}

/// A number with commas between its thousands.
pub(super) fn group_digits(number: &str) -> String {
    let start = number.find(|c: char| c.is_ascii_digit()).unwrap_or(number.len());
    let end = number[start..].find(|c: char| !c.is_ascii_digit()).map_or(number.len(), |at| start + at);
    let mut out = number[..start].to_owned();
    for (i, digit) in number[start..end].char_indices() {
        if i > 0 && (end - start - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&number[end..]);
    out
}

/// `1.500000e+00`.
fn exponent(n: f64, precision: usize) -> String {
    let written = format!("{n:.precision$e}");
    let Some((mantissa, exponent)) = written.split_once('e') else { return written };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The shorter of the two notations, with so many significant digits.
fn general(n: f64, digits: usize, keep_zeros: bool) -> String {
    let scientific = exponent(n, digits - 1);
    let magnitude: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let small = |text: &str| {
        if keep_zeros || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if magnitude < -4 || magnitude >= digits as i64 {
        return match scientific.split_once('e') {
            Some((mantissa, exponent)) => format!("{}e{exponent}", small(mantissa)),
            None => scientific,
        };
    }
    small(&format!("{n:.*}", (digits as i64 - 1 - magnitude).max(0) as usize))
}

/// `1.921fb54442d18p+1`.
fn hexadecimal(n: f64, precision: Option<usize>) -> String {
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = n.to_bits();
    let biased = (bits >> 52) as i64 & 0x7ff;
    let mut mantissa = bits & FRACTION;
    let exponent = match biased {
        0 if mantissa == 0 => 0,
        0 => -1022,
        _ => {
            mantissa |= 1 << 52;
            biased - 1023
        }
    };
    let digits = precision.unwrap_or(13);
    if digits < 13 {
        // Rounds half to even, as C does.
        let dropped = 4 * (13 - digits);
        let (half, rest) = (1_u64 << (dropped - 1), mantissa & ((1 << dropped) - 1));
        mantissa >>= dropped;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= dropped;
    }
    let fraction = format!("{:013x}", mantissa & FRACTION);
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(digits) if digits <= 13 => fraction[..digits].to_owned(),
        Some(digits) => format!("{fraction}{}", "0".repeat(digits - 13)),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}p{exponent:+}", mantissa >> 52)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn integers() {
        assert_eq!(call!(printf("%d items, 100%%", 12)), "12 items, 100%");
        assert_eq!(call!(printf("%5d|%-5d|%05d|%+d|% d", 42, 42, -42, 42, 42)), "   42|42   |-0042|+42| 42");
        assert_eq!(call!(printf("%'d %,d", 1_234_567, 99)), "1,234,567 99");
        assert_eq!(call!(printf("%x,%X,%p,%#x,%o", 10, 10, 10, 255, 8)), "a,A,A,0xff,10");
        assert_eq!(call!(printf("%.3d", 7)), "007");
        assert_eq!(call!(printf("%d", field("3.9"))), "3");
        assert_eq!(call!(printf("%*d", 4, 7)), "   7");
    }

    #[test]
    fn texts_and_characters() {
        assert_eq!(call!(printf("%s-%-4s|%4s|%.2s", "a", "b", "c", "äöü")), "a-b   |   c|äö");
        assert_eq!(call!(printf("%c,%c", 65, "Foo")), "A,F");
        assert_eq!(call!(printf("plain")), "plain");
    }

    #[test]
    fn fractions() {
        assert_eq!(
            call!(printf("%f|%.2f|%8.1f|%'.2f", 1.5, 2.005, -1.25, 12345.678)),
            "1.500000|2.01|    -1.3|12,345.68"
        );
        assert_eq!(call!(printf("%e|%.1E", 12345.678, 0.00012)), "1.234568e+04|1.2E-04");
        assert_eq!(
            call!(printf("%g|%g|%g|%G|%#g", 0.0001, 100000, 1000000, 0.00001, 1)),
            "0.0001|100000|1e+06|1E-05|1.00000"
        );
        assert_eq!(call!(printf("%.3A|%a|%.0a", std::f64::consts::PI, 0.5, 1.5)), "0X1.922P+1|0x1p-1|0x2p+0");
    }

    #[test]
    fn what_is_missing_makes_null() {
        assert_eq!(call!(printf("%d")), "NULL");
        assert_eq!(call!(printf("%s", ())), "NULL");
        assert_eq!(call!(printf("%d", "x")), "NULL");
        assert_eq!(call!(printf("%y", 1)), "fault: `printf` has no conversion `%y`");
        assert_eq!(call!(printf("50%")), "fault: `printf` has no conversion `%`");
        assert_eq!(call!(printf("%999999999999d", 1)).len(), 4_096);
    }
}
