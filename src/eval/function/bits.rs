//! Bitwise functions (Search Reference, "Bitwise functions"): on integers from 0 to 2^53-1; NULL of any other number.
//!
//! Readings: a result beyond 53 bits is NULL; `bit_not` without a mask flips all 53 bits.

use super::{Apply, Value, number, strict};
use crate::ir::Expr;

const MOST: u64 = (1 << 53) - 1;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("bit_and", 1..) => strict(|args, _| fold(args, |a, b| a & b)),
        ("bit_or", 1..) => strict(|args, _| fold(args, |a, b| a | b)),
        ("bit_xor", 1..) => strict(|args, _| fold(args, |a, b| a ^ b)),
        ("bit_not", 1) => strict(|args, _| value(bits(args, 0).map(|a| !a & MOST))),
        ("bit_not", 2) => strict(|args, _| fold(args, |a, mask| !a & mask)),
        ("bit_shift_left", 2) => {
            strict(|args, _| shift(args, |a, n| a.checked_shl(n).filter(|r| r >> n == a).or((a == 0).then_some(0))))
        }
        ("bit_shift_right", 2) => strict(|args, _| shift(args, |a, n| Some(a.checked_shr(n).unwrap_or(0)))),
        _ => None,
    }
}

fn bits(args: &[Value<'_>], index: usize) -> Option<u64> {
    number(args, index).filter(|n| n.fract() == 0.0 && (0.0..=MOST as f64).contains(n)).map(|n| n as u64)
}

fn value<'e>(bits: Option<u64>) -> Value<'e> {
    bits.filter(|b| *b <= MOST).map(|b| b as i64).into()
}

fn fold<'e>(args: &[Value<'e>], combine: fn(u64, u64) -> u64) -> Value<'e> {
    let all: Option<Vec<u64>> = (0..args.len()).map(|i| bits(args, i)).collect();
    value(all.and_then(|all| all.into_iter().reduce(combine)))
}

fn shift<'e>(args: &[Value<'e>], by: fn(u64, u32) -> Option<u64>) -> Value<'e> {
    let offset = bits(args, 1).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    value(bits(args, 0).zip(offset).and_then(|(a, n)| by(a, n)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn bits_are_combined() {
        assert_eq!(call!(bit_and(12, 9)), "8");
        assert_eq!(call!(bit_and(12, 9, field("4"))), "0");
        assert_eq!(call!(bit_or(4, 2)), "6");
        assert_eq!(call!(bit_xor(7, 2)), "5");
        assert_eq!(call!(bit_not(0)), "9007199254740991");
        assert_eq!(call!(bit_not(5, 7)), "2");
        assert_eq!(call!(bit_shift_left(5, 2)), "20");
        assert_eq!(call!(bit_shift_right(5, 2)), "1");
        assert_eq!(call!(bit_shift_right(5, 99)), "0");
    }

    #[test]
    fn other_numbers_are_null() {
        assert_eq!(call!(bit_and(-1, 1)), "NULL");
        assert_eq!(call!(bit_or(1.5, 1)), "NULL");
        assert_eq!(call!(bit_or(9_007_199_254_740_992, 1)), "NULL");
        assert_eq!(call!(bit_shift_left(1, 53)), "NULL");
        assert_eq!(call!(bit_shift_left(1, 64)), "NULL");
        assert_eq!(call!(bit_and("x", 1)), "NULL");
    }
}
