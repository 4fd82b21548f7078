//! Sums without rounding until the end, so that a result does not depend on the order in which rows come or workers merge.

/// A sum as a list of parts that do not overlap, smallest first (Shewchuk's expansions). What goes beyond the range of
/// numbers makes the sum NULL.
#[derive(Clone, Default, Debug)]
pub(super) struct ExactSum {
    parts: Vec<f64>,
    overflow: bool,
}

impl ExactSum {
    pub(super) fn add(&mut self, number: f64) {
        let mut x = number;
        let mut kept = 0;
        for i in 0..self.parts.len() {
            let (high, low) = two_sum(x, self.parts[i]);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x != 0.0 {
            self.parts.push(x);
        }
        self.overflow |= !x.is_finite();
        if self.overflow {
            self.parts.clear();
        }
    }

    /// Adds the product of two numbers, exactly.
    pub(super) fn add_product(&mut self, a: f64, b: f64) {
        let high = a * b;
        self.add(high);
        if high.is_finite() {
            self.add(a.mul_add(b, -high));
        }
    }

    pub(super) fn merge(&mut self, other: &ExactSum) {
        other.parts.iter().for_each(|p| self.add(*p));
        self.overflow |= other.overflow;
    }

    /// The sum, rounded once; NaN where it went beyond the range of numbers.
    pub(super) fn total(&self) -> f64 {
        if self.overflow {
            return f64::NAN;
        }
        let mut parts = self.parts.iter().rev().copied();
        let mut total = parts.next().unwrap_or(0.0);
        while let Some(part) = parts.next() {
            let (high, low) = two_sum(total, part);
            total = high;
            if low != 0.0 {
                // Half of the last digit is left: what comes behind it says to which side it rounds.
                let twice = low * 2.0;
                if parts.next().is_some_and(|next| (next < 0.0) == (low < 0.0)) && (total + twice) - total == twice {
                    total += twice;
                }
                break;
            }
        }
        total
    }

    pub(super) fn parts(&self) -> &[f64] {
        &self.parts
    }

    pub(super) fn overflows(&self) -> bool {
        self.overflow
    }
}

/// The rounded sum of two numbers, and what rounding left over.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let low = (a - (sum - b_part)) + (b - b_part);
    (sum, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|n| sum.add(*n));
        sum.total()
    }

    #[test]
    fn sums_do_not_depend_on_the_order() {
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[1e100, 1.0, -1e100]), 1.0);
        assert_eq!(sum(&[1e16, 1.0, 1e-16]), 10_000_000_000_000_002.0);
        assert_eq!(sum(&[1e-16, 1e16, 1.0]), 10_000_000_000_000_002.0);
        assert_eq!(sum(&[]), 0.0);
    }

    #[test]
    fn products_are_exact() {
        let mut sum = ExactSum::default();
        sum.add_product(1e9 + 0.5, 1e9 + 0.5);
        sum.add_product(1e9, -1e9);
        assert_eq!(sum.total(), 1e9 + 0.25);
    }

    #[test]
    fn what_is_out_of_range_is_no_number() {
        assert!(sum(&[1e308, 1e308, -1e308]).is_nan());
    }
}
