//! Mathematical, trigonometric and hyperbolic functions (Search Reference, "Mathematical functions", "Trig and hyperbolic functions").
//!
//! What is no number (the root of -1, the logarithm of 0) is NULL. `round` rounds halves away from zero, by the decimal digits
//! that the number is written with: `round(2.555, 2)` is 2.56, as the manual has it.

use super::{Apply, Context, Value, as_integer, integer, lenient, number, strict};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    let one = |function: fn(f64) -> f64| Some(Box::new(One(function)) as Box<dyn Apply>);
    match (name, args.len()) {
        ("abs", 1) => strict(abs),
        ("ceiling" | "ceil", 1) => strict(|args, _| whole(args, f64::ceil)),
        ("floor", 1) => strict(|args, _| whole(args, f64::floor)),
        ("round", 1) => strict(|args, _| whole(args, f64::round)),
        ("round", 2) => strict(round),
        ("exact", 1) => strict(|args, _| number(args, 0).into()),
        ("sqrt", 1) => one(f64::sqrt),
        ("exp", 1) => one(f64::exp),
        ("ln", 1) => one(f64::ln),
        ("log", 1) => one(f64::log10),
        ("log", 2) => strict(log),
        ("pow", 2) => strict(pow),
        ("hypot", 2) => strict(|args, _| two(args, f64::hypot)),
        ("pi", 0) => lenient(|_, _| std::f64::consts::PI.into()),
        ("random", 0) => lenient(|_, context| Value::Integer((context.random() >> 33) as i64)),
        ("sin", 1) => one(f64::sin),
        ("cos", 1) => one(f64::cos),
        ("tan", 1) => one(f64::tan),
        ("asin", 1) => one(f64::asin),
        ("acos", 1) => one(f64::acos),
        ("atan", 1) => one(f64::atan),
        ("atan2", 2) => strict(|args, _| two(args, f64::atan2)),
        ("sinh", 1) => one(f64::sinh),
        ("cosh", 1) => one(f64::cosh),
        ("tanh", 1) => one(f64::tanh),
        ("asinh", 1) => one(f64::asinh),
        ("acosh", 1) => one(f64::acosh),
        ("atanh", 1) => one(f64::atanh),
        _ => None,
    }
}

/// A function of one number.
struct One(fn(f64) -> f64);

impl Apply for One {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        number(args, 0).map(self.0).into()
    }
}

fn two<'e>(args: &[Value<'e>], function: fn(f64, f64) -> f64) -> Value<'e> {
    match (number(args, 0), number(args, 1)) {
        (Some(x), Some(y)) => function(x, y).into(),
        _ => Value::Null,
    }
}

fn abs<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    match &args[0] {
        Value::Integer(n) => n.checked_abs().map_or_else(|| (*n as f64).abs().into(), Value::Integer),
        _ => number(args, 0).map(f64::abs).into(),
    }
}

/// Rounded to an integer.
fn whole<'e>(args: &[Value<'e>], round: fn(f64) -> f64) -> Value<'e> {
    match &args[0] {
        Value::Integer(n) => Value::Integer(*n),
        _ => number(args, 0).map_or(Value::Null, |n| as_integer(round(n))),
    }
}

fn round<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    match (number(args, 0), integer(args, 1)) {
        (Some(n), Some(places)) => round_to(n, places).into(),
        _ => Value::Null,
    }
}

/// A number rounded to so many decimals, halves away from zero.
pub(super) fn round_to(number: f64, places: i64) -> f64 {
    let written = format!("{:e}", number.abs());
    let Some((mantissa, exponent)) = written.split_once('e') else { return number };
    let Ok(exponent) = exponent.parse::<i64>() else { return number };
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let Some(keep) = exponent.checked_add(1).and_then(|n| n.checked_add(places)) else { return number };
    if keep >= digits.len() as i64 {
        return number;
    }
    let Ok(keep) = usize::try_from(keep) else { return 0.0 };
    let mut kept = digits[..keep].to_vec();
    if digits[keep] >= b'5' {
        let nines = kept.iter().rev().take_while(|d| **d == b'9').count();
        let at = kept.len() - nines;
        kept[at..].fill(b'0');
        match at.checked_sub(1) {
            Some(before) => kept[before] += 1,
            None => kept.insert(0, b'1'),
        }
    }
    let kept = if kept.is_empty() { "0".to_owned() } else { String::from_utf8_lossy(&kept).into_owned() };
    let rounded: f64 = format!("{kept}e{}", -places).parse().unwrap_or(0.0);
    rounded.copysign(number)
}

fn log<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    two(args, |x, base| match base {
        // These are exact for powers of the base.
        10.0 => x.log10(),
        2.0 => x.log2(),
        base => x.ln() / base.ln(),
    })
}

fn pow<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    two(args, f64::powf)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, exists, field};
    use super::*;

    #[test]
    fn rounding_gives_integers() {
        assert_eq!(call!(ceiling(1.2)), "2");
        assert_eq!(call!(floor(-1.2)), "-2");
        assert_eq!(call!(round(2.5)), "3");
        assert_eq!(call!(round(-2.5)), "-3");
        assert_eq!(call!(round(field("3.7"))), "4");
        assert_eq!(call!(round(field("x"))), "NULL");
        assert_eq!(call!(abs(-5)), "5");
        assert_eq!(call!(abs(i64::MIN)), "9223372036854776000");
    }

    #[test]
    fn decimals_round_as_they_are_written() {
        assert_eq!(call!(round(2.555, 2)), "2.56");
        assert_eq!(call!(round(1.005, 2)), "1.01");
        assert_eq!(call!(round(9.99, 1)), "10");
        assert_eq!(call!(round(0.04, 1)), "0");
        assert_eq!(call!(round(0.05, 1)), "0.1");
        assert_eq!(call!(round(-0.05, 1)), "-0.1");
        assert_eq!(call!(round(1234.5, -2)), "1200");
        assert_eq!(call!(round(96, -2)), "100");
        assert_eq!(call!(round(4, -2)), "0");
        assert_eq!(call!(round(3.25, 10)), "3.25");
        assert_eq!(round_to(1e300, i64::MAX), 1e300);
        assert_eq!(round_to(5.0, i64::MIN), 0.0);
        assert_eq!(round_to(0.0, 2), 0.0);
    }

    #[test]
    fn what_is_no_number_is_null() {
        assert_eq!(call!(sqrt(-1)), "NULL");
        assert_eq!(call!(ln(0)), "NULL");
        assert_eq!(call!(log(100)), "2");
        assert_eq!(call!(log(8, 2)), "3");
        assert_eq!(call!(log(8, 1)), "NULL");
        assert_eq!(call!(pow(2, 10)), "1024");
        assert_eq!(call!(pow(0, -1)), "NULL");
        assert_eq!(call!(exp(1000)), "NULL");
        assert_eq!(call!(acos(2)), "NULL");
        assert_eq!(call!(hypot(3, 4)), "5");
        assert_eq!(call!(hypot(3, ())), "NULL");
    }

    #[test]
    fn angles_are_in_radians() {
        assert_eq!(call!(sin(0)), "0");
        assert_eq!(call!(cos(0)), "1");
        assert_eq!(call!(atan2(0, -1)), std::f64::consts::PI.to_string());
        assert_eq!(call!(acosh(1)), "0");
    }

    #[test]
    fn random_numbers_have_31_bits() {
        let context = Context::new(0.0, 7);
        let random = bind("random", &[]).expect("random");
        let mut values: Vec<i64> = Vec::new();
        for _ in 0..100 {
            if let Value::Integer(n) = random.apply(&mut [], &context) {
                values.push(n);
            }
        }
        assert!(values.iter().all(|n| (0..=0x7fff_ffff).contains(n)));
        values.dedup();
        assert_eq!(values.len(), 100);
        assert!(!exists("random", 1));
    }
}
