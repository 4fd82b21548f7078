//! Conversion functions (Search Reference, "Conversion functions").
//!
//! Readings: `hex` and `binary` cut fractions off and write negative numbers as their 64 bits; `duration` writes fractions of a
//! second with six digits, days as `1+02:03:04`, and 10^12 seconds and more not at all.

use super::printf::group_digits;
use super::{Apply, Context, Value, as_integer, integer, literal_text, number, strict, text, whole};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("tostring", 1) => strict(|args, _| super::take(args, 0).into_text()),
        ("tostring", 2) => match literal_text(args, 1)?.to_ascii_lowercase().as_str() {
            "hex" => strict(|args, _| integer(args, 0).map(|n| format!("0x{n:X}")).into()),
            "binary" => strict(|args, _| integer(args, 0).map(|n| format!("{n:b}")).into()),
            "commas" => strict(|args, _| number(args, 0).map(commas).into()),
            "duration" => strict(|args, _| number(args, 0).filter(|n| n.abs() < 1e12).map(duration).into()),
            _ => None,
        },
        ("tonumber", 1) => strict(|args, _| number(args, 0).map_or(Value::Null, as_integer)),
        ("tonumber", 2) => strict(to_number),
        ("toint", 1) => strict(|args, _| to_integer(args, 10)),
        ("toint", 2) => strict(to_number),
        ("todouble", 1) => strict(|args, _| truth(&args[0]).map(f64::from).or(number(args, 0)).into()),
        ("tobool", 1) => strict(|args, _| to_bool(&args[0]).into()),
        _ => None,
    }
}

fn to_number<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    match integer(args, 1) {
        Some(base) if base != 10 => to_integer(args, base),
        Some(_) => number(args, 0).map_or(Value::Null, as_integer),
        None => Value::Null,
    }
}

/// The integer that a text is in some base.
fn to_integer<'e>(args: &[Value<'e>], base: i64) -> Value<'e> {
    let Some(radix) = u32::try_from(base).ok().filter(|b| (2..=36).contains(b)) else { return Value::Null };
    if radix == 10 {
        let n = truth(&args[0]).map(f64::from).or(number(args, 0));
        return n.and_then(whole).into();
    }
    let Some(text) = text(args, 0) else { return Value::Null };
    let text = &*text;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match radix {
        16 => digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits),
        _ => digits,
    };
    // A second sign is no digit.
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return Value::Null;
    }
    let number = i64::from_str_radix(digits, radix).ok();
    number.map(|n| if negative { -n } else { n }).into()
}

/// A truth value as a number.
fn truth(value: &Value<'_>) -> Option<u8> {
    match value {
        Value::Boolean(b) => Some(u8::from(*b)),
        _ => None,
    }
}

fn to_bool(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Boolean(b) => Some(*b),
        Value::Null | Value::List(_) => None,
        value => match value.to_text().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => value.as_number().map(|n| n != 0.0),
        },
    }
}

/// `12,345.68`: two decimals, none of a whole number.
fn commas(number: f64) -> String {
    if number == number.trunc() {
        return group_digits(&number.to_string());
    }
    group_digits(&format!("{:.2}", super::number::round_to(number, 2)))
}

/// `00:10:15`, `1+01:02:03`.
fn duration(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let micros = (seconds.abs() * 1e6).round();
    let total = (micros / 1e6).floor();
    let fraction = micros - total * 1e6;
    let (days, rest) = ((total / 86_400.0).floor(), total % 86_400.0);
    let rest = rest as u32;
    let days = if days > 0.0 { format!("{days:.0}+") } else { String::new() };
    let fraction = if fraction > 0.0 { format!(".{fraction:06.0}") } else { String::new() };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, exists, field};

    #[test]
    fn numbers_are_formatted() {
        assert_eq!(call!(tostring(15, "hex")), "0xF");
        assert_eq!(call!(tostring(9, "binary")), "1001");
        assert_eq!(call!(tostring(12345.6789, "commas")), "12,345.68");
        assert_eq!(call!(tostring(12345.6, "commas")), "12,345.60");
        assert_eq!(call!(tostring(-1_234_567, "commas")), "-1,234,567");
        assert_eq!(call!(tostring(999, "commas")), "999");
        assert_eq!(call!(tostring(field("x"), "commas")), "NULL");
        assert!(!exists("tostring", 2));
    }

    #[test]
    fn durations_have_days_and_fractions() {
        assert_eq!(call!(tostring(615, "duration")), "00:10:15");
        assert_eq!(call!(tostring(90_061, "duration")), "1+01:01:01");
        assert_eq!(call!(tostring(1.5, "duration")), "00:00:01.500000");
        assert_eq!(call!(tostring(0.9999999, "duration")), "00:00:01");
        assert_eq!(call!(tostring(-5, "duration")), "-00:00:05");
    }

    #[test]
    fn texts_are_read_in_a_base() {
        assert_eq!(call!(tonumber("0A4", 16)), "164");
        assert_eq!(call!(tonumber("0x1f", 16)), "31");
        assert_eq!(call!(tonumber("-101", 2)), "-5");
        assert_eq!(call!(tonumber("12", 2)), "NULL");
        assert_eq!(call!(tonumber("--1", 2)), "NULL");
        assert_eq!(call!(tonumber("", 16)), "NULL");
        assert_eq!(call!(tonumber("zz", 37)), "NULL");
        assert_eq!(call!(tonumber("1.5", 10)), "1.5");
    }

    #[test]
    fn values_become_other_types() {
        assert_eq!(call!(toint(field("3.9"))), "3");
        assert_eq!(call!(toint(true)), "1");
        assert_eq!(call!(todouble(field("1.50"))), "1.5");
        assert_eq!(call!(tobool("TRUE")), "True");
        assert_eq!(call!(tobool(0)), "False");
        assert_eq!(call!(tobool(7)), "True");
        assert_eq!(call!(tobool("x")), "NULL");
    }
}
