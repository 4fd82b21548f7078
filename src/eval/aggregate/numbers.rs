//! Aggregates of numbers. Values that are no numbers are skipped.

use std::collections::BTreeMap;

use super::exact::ExactSum;
use crate::eval::Value;

/// For `sum` and `avg`: integers stay integers.
#[derive(Default, Debug)]
pub(super) struct Total {
    count: u64,
    integers: i128,
    /// `None`: there were only integers.
    others: Option<ExactSum>,
}

impl Total {
    pub(super) fn take(&mut self, value: &Value<'_>) {
        match value {
            Value::Integer(n) => self.integers += i128::from(*n),
            value => {
                let Some(n) = value.as_number() else { return };
                self.others.get_or_insert_default().add(n);
            }
        }
        self.count += 1;
    }

    pub(super) fn merge(&mut self, other: Total) {
        self.count += other.count;
        self.integers += other.integers;
        if let Some(others) = other.others {
            self.others.get_or_insert_default().merge(&others);
        }
    }

    fn total(&self) -> f64 {
        let mut sum = self.others.clone().unwrap_or_default();
        add_integer(&mut sum, self.integers);
        sum.total()
    }

    pub(super) fn value(&self) -> Value<'static> {
        if self.count == 0 {
            return Value::Null;
        }
        match (&self.others, i64::try_from(self.integers)) {
            (None, Ok(n)) => Value::Integer(n),
            _ => self.total().into(),
        }
    }

    pub(super) fn average(&self) -> Value<'static> {
        if self.count == 0 { Value::Null } else { (self.total() / self.count as f64).into() }
    }
}

/// An integer in parts that are numbers.
fn add_integer(sum: &mut ExactSum, integer: i128) {
    let mut rest = integer;
    while rest != 0 {
        let part = rest as f64;
        sum.add(part);
        rest -= part as i128;
    }
}

/// For `sumsq`.
#[derive(Default, Debug)]
pub(super) struct Squares {
    any: bool,
    sum: ExactSum,
}

impl Squares {
    pub(super) fn take(&mut self, value: &Value<'_>) {
        if let Some(n) = value.as_number() {
            self.any = true;
            self.sum.add_product(n, n);
        }
    }

    pub(super) fn merge(&mut self, other: &Squares) {
        self.any |= other.any;
        self.sum.merge(&other.sum);
    }

    pub(super) fn value(&self) -> Value<'static> {
        if self.any { self.sum.total().into() } else { Value::Null }
    }
}

/// For `var`, `stdev` and their kin.
#[derive(Default, Debug)]
pub(super) struct Moments {
    count: u64,
    sum: ExactSum,
    squares: ExactSum,
}

impl Moments {
    pub(super) fn take(&mut self, value: &Value<'_>) {
        if let Some(n) = value.as_number() {
            self.count += 1;
            self.sum.add(n);
            self.squares.add_product(n, n);
        }
    }

    pub(super) fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// Of a sample or of the whole population; 0 for a single value.
    pub(super) fn variance(&self, sample: bool) -> Option<f64> {
        let n = self.count as f64;
        match self.count {
            0 => return None,
            1 => return Some(0.0),
            _ if self.sum.overflows() || self.squares.overflows() => return None,
            _ => {}
        }
        // n * (sum of squares) - (square of the sum), without rounding: the two are nearly equal where values are large and close.
        let mut spread = ExactSum::default();
        for part in self.squares.parts() {
            spread.add_product(n, *part);
        }
        for a in self.sum.parts() {
            for b in self.sum.parts() {
                spread.add_product(-a, *b);
            }
        }
        let divisor = if sample { n - 1.0 } else { n };
        Some((spread.total() / n / divisor).max(0.0)).filter(|v| v.is_finite())
    }
}

/// For `median` and `perc<n>`: how often each number was there.
#[derive(Debug)]
pub(super) struct Distribution(pub(super) BTreeMap<Key, u64>);

/// A number in an order of integers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(i64);

impl Key {
    fn new(number: f64) -> Self {
        // Adding 0 makes one of the two zeros.
        let bits = (number + 0.0).to_bits() as i64;
        Key(bits ^ (((bits >> 63) as u64) >> 1) as i64)
    }

    fn number(self) -> f64 {
        f64::from_bits((self.0 ^ (((self.0 >> 63) as u64) >> 1) as i64) as u64)
    }
}

impl Distribution {
    pub(super) fn take(&mut self, value: &Value<'_>) {
        if let Some(n) = value.as_number() {
            *self.0.entry(Key::new(n)).or_default() += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Distribution) {
        for (key, n) in other.0 {
            *self.0.entry(key).or_default() += n;
        }
    }

    fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The value at a position of the sorted values, counted from 0.
    fn at(&self, position: u64) -> Value<'static> {
        let mut before = 0;
        for (key, n) in &self.0 {
            before += n;
            if before > position {
                return key.number().into();
            }
        }
        Value::Null
    }

    pub(super) fn median(&self) -> Value<'static> {
        self.at(self.count() / 2)
    }

    /// The nearest rank of a percentage.
    pub(super) fn percentile(&self, percent: f64) -> Value<'static> {
        let rank = (percent * self.count() as f64 / 100.0).ceil().max(1.0);
        self.at(rank as u64 - 1)
    }
}

/// For `range`.
#[derive(Default, Debug)]
pub(super) struct Range {
    bounds: Option<(f64, f64)>,
    fractions: bool,
}

impl Range {
    pub(super) fn take(&mut self, value: &Value<'_>) {
        let Some(n) = value.as_number() else { return };
        self.fractions |= !matches!(value, Value::Integer(_));
        self.widen(n, n);
    }

    fn widen(&mut self, low: f64, high: f64) {
        let (a, b) = self.bounds.unwrap_or((low, high));
        self.bounds = Some((a.min(low), b.max(high)));
    }

    pub(super) fn merge(&mut self, other: &Range) {
        if let Some((low, high)) = other.bounds {
            self.widen(low, high);
        }
        self.fractions |= other.fractions;
    }

    pub(super) fn value(&self) -> Value<'static> {
        let Some((low, high)) = self.bounds else { return Value::Null };
        let range = high - low;
        if !self.fractions && range < 9e15 { Value::Integer(range as i64) } else { range.into() }
    }
}
