//! Aggregates of `stats` and its relatives (Search Reference, "Statistical and charting functions").
//!
//! Results do not depend on how rows were spread over workers: sums are exact until the end, and what goes by order goes by
//! the rows' places. Readings: the deviation of one value is 0; `median` of an even number of values is the higher of the two
//! in the middle; percentiles are the exact nearest rank; of several most frequent values the least as text is the mode; rows
//! without a time count for neither `earliest` nor `latest`; of events of one moment `latest` takes the first in the
//! rows' order and `earliest` the last.

mod exact;
mod numbers;
mod ordered;
mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use numbers::{Distribution, Moments, Total};
use ordered::{Bound, First, Moment};
use texts::Extreme;

use super::{Place, Value};
use crate::ir::{self, AggregateFunction as F};

/// How many values `list` keeps.
const LIST_LIMIT: usize = 100;

/// The state of one aggregate over the rows so far.
#[derive(Debug)]
pub(crate) struct Accumulator {
    function: F,
    state: State,
}

#[derive(Debug)]
enum State {
    Count(i64),
    Distinct(HashSet<Box<str>>),
    Values(BTreeSet<Arc<str>>),
    List(First),
    Extreme(Extreme),
    Total(Total),
    Squares(numbers::Squares),
    Moments(Moments),
    Distribution(Distribution),
    Frequencies(HashMap<Box<str>, (u64, Value<'static>)>),
    Range(numbers::Range),
    Ordered(First),
    Timed(Bound),
    Time(Option<f64>),
    Rate { earliest: Bound, latest: Bound },
}

impl Accumulator {
    pub(crate) fn new(aggregate: &ir::Aggregate) -> Self {
        let function = aggregate.function;
        let state = match function {
            F::Count | F::CountIf => State::Count(0),
            F::DistinctCount | F::EstimatedDistinctCount => State::Distinct(HashSet::new()),
            F::Values => State::Values(BTreeSet::new()),
            F::List => State::List(First::new(LIST_LIMIT, false)),
            F::Min => State::Extreme(Extreme::new(false)),
            F::Max => State::Extreme(Extreme::new(true)),
            F::Sum | F::Average => State::Total(Total::default()),
            F::StandardDeviation | F::PopulationStandardDeviation | F::Variance | F::PopulationVariance => {
                State::Moments(Moments::default())
            }
            F::SumOfSquares => State::Squares(numbers::Squares::default()),
            F::Median | F::Percentile(..) => State::Distribution(Distribution(BTreeMap::new())),
            F::Mode => State::Frequencies(HashMap::new()),
            F::Range => State::Range(numbers::Range::default()),
            F::First => State::Ordered(First::new(1, false)),
            F::Last => State::Ordered(First::new(1, true)),
            F::Earliest => State::Timed(Bound::new(Moment::Earliest)),
            F::Latest => State::Timed(Bound::new(Moment::Latest)),
            F::EarliestTime | F::LatestTime => State::Time(None),
            F::Rate => State::Rate { earliest: Bound::new(Moment::Earliest), latest: Bound::new(Moment::Latest) },
        };
        Self { function, state }
    }

    /// Takes a row's value of the argument; each value of a multivalue field counts, NULL does not.
    pub(crate) fn update(&mut self, value: &Value<'_>, place: Place, time: Option<f64>) {
        match &mut self.state {
            State::Count(n) if self.function == F::CountIf => *n += i64::from(value.is_true()),
            State::Count(n) => *n += value.values().len() as i64,
            State::Time(bound) if !value.is_null() => widen(bound, time, self.function == F::LatestTime),
            _ => value.values().iter().for_each(|v| self.take(v, place, time)),
        }
    }

    /// Takes a row for an aggregate without an argument.
    pub(crate) fn update_row(&mut self, time: Option<f64>) {
        match &mut self.state {
            State::Count(n) => *n += 1,
            State::Time(bound) => widen(bound, time, self.function == F::LatestTime),
            // All others have an argument.
            _ => {}
        }
    }

    fn take(&mut self, value: &Value<'_>, place: Place, time: Option<f64>) {
        match &mut self.state {
            State::Count(_) | State::Time(_) => {}
            State::Distinct(texts) => {
                let text = value.to_text();
                if !texts.contains(&*text) {
                    texts.insert(text.into());
                }
            }
            State::Values(texts) => {
                let text = value.to_text();
                if !texts.contains(&*text) {
                    texts.insert(text.into());
                }
            }
            State::Frequencies(texts) => {
                let text = value.to_text();
                match texts.get_mut(&*text) {
                    Some((n, _)) => *n += 1,
                    None => {
                        texts.insert(text.as_ref().into(), (1, value.clone().into_static()));
                    }
                }
            }
            State::List(first) | State::Ordered(first) => first.take(value, place),
            State::Extreme(extreme) => extreme.take(value),
            State::Total(total) => total.take(value),
            State::Squares(squares) => squares.take(value),
            State::Moments(moments) => moments.take(value),
            State::Distribution(distribution) => distribution.take(value),
            State::Range(range) => range.take(value),
            State::Timed(bound) => bound.take(value, place, time),
            State::Rate { earliest, latest } => {
                earliest.take(value, place, time);
                latest.take(value, place, time);
            }
        }
    }

    /// Adds what another accumulator of the same aggregate has seen.
    pub(crate) fn merge(&mut self, other: Accumulator) {
        match (&mut self.state, other.state) {
            (State::Count(a), State::Count(b)) => *a += b,
            (State::Distinct(a), State::Distinct(b)) => a.extend(b),
            (State::Values(a), State::Values(b)) => a.extend(b),
            (State::Frequencies(a), State::Frequencies(b)) => {
                for (text, (n, value)) in b {
                    a.entry(text).or_insert((0, value)).0 += n;
                }
            }
            (State::List(a), State::List(b)) | (State::Ordered(a), State::Ordered(b)) => a.merge(b),
            (State::Extreme(a), State::Extreme(b)) => a.merge(b),
            (State::Total(a), State::Total(b)) => a.merge(b),
            (State::Squares(a), State::Squares(b)) => a.merge(&b),
            (State::Moments(a), State::Moments(b)) => a.merge(&b),
            (State::Distribution(a), State::Distribution(b)) => a.merge(b),
            (State::Range(a), State::Range(b)) => a.merge(&b),
            (State::Timed(a), State::Timed(b)) => a.merge(b),
            (State::Time(a), State::Time(b)) => widen(a, b, self.function == F::LatestTime),
            (State::Rate { earliest: a, latest: b }, State::Rate { earliest: c, latest: d }) => {
                a.merge(c);
                b.merge(d);
            }
            // Accumulators of two aggregates have nothing in common.
            _ => {}
        }
    }

    /// The result over the rows so far.
    pub(crate) fn value(&self) -> Value<'static> {
        match &self.state {
            State::Count(n) => Value::Integer(*n),
            State::Distinct(texts) => Value::Integer(texts.len() as i64),
            State::Values(texts) => Value::list(texts.iter().map(|t| Value::Text(super::Text::Shared(t.clone())))),
            State::List(first) => Value::list(first.values()),
            State::Ordered(first) => first.values().next().unwrap_or_default(),
            State::Extreme(extreme) => extreme.value(),
            State::Total(total) if self.function == F::Average => total.average(),
            State::Total(total) => total.value(),
            State::Squares(squares) => squares.value(),
            State::Moments(moments) => {
                let sample = matches!(self.function, F::StandardDeviation | F::Variance);
                let root = matches!(self.function, F::StandardDeviation | F::PopulationStandardDeviation);
                let variance = moments.variance(sample);
                variance.map(|v| if root { v.sqrt() } else { v }).into()
            }
            State::Distribution(distribution) => match self.function {
                F::Percentile(p, _) => distribution.percentile(p),
                _ => distribution.median(),
            },
            State::Frequencies(texts) => {
                let best = texts.iter().max_by(|(a, (n, _)), (b, (m, _))| n.cmp(m).then_with(|| b.cmp(a)));
                best.map(|(_, (_, value))| value.clone()).unwrap_or_default()
            }
            State::Range(range) => range.value(),
            State::Timed(bound) => bound.value(),
            State::Time(bound) => (*bound).into(),
            State::Rate { earliest, latest } => rate(earliest, latest).into(),
        }
    }
}

fn widen(bound: &mut Option<f64>, time: Option<f64>, later: bool) {
    let Some(time) = time else { return };
    let further = bound.is_none_or(|b| if later { time > b } else { time < b });
    if further {
        *bound = Some(time);
    }
}

/// The change per second; NULL without two moments.
fn rate(earliest: &Bound, latest: &Bound) -> Option<f64> {
    let (from, start) = earliest.number()?;
    let (to, end) = latest.number()?;
    (end > start).then(|| (to - from) / (end - start))
}

#[cfg(test)]
mod tests;
