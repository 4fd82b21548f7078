//! Times of records: within the window of their scan, at its edges, and around the edges of bins.

use super::NOW;
use super::reading::Reading;
use super::rng::Rng;
use crate::event::parse_time;
use crate::ir::{Scalar, TimeBound};
use crate::schema::{FieldType, Schema};
use crate::time;

/// The window where a scan has none, in seconds before [`NOW`].
const DAY: i64 = 86_400;

pub(super) struct Clock<'r> {
    reading: &'r Reading,
    earliest: i64,
    latest: i64,
    /// Records of a burst lie near this.
    anchor: i64,
}

impl<'r> Clock<'r> {
    pub(super) fn new(reading: &'r Reading, rng: &mut Rng) -> Self {
        let bound = |bound: &Option<TimeBound>| {
            bound.as_ref().map(|bound| match bound {
                TimeBound::Absolute(t) => *t,
                TimeBound::Relative(shift) => time::apply(shift, NOW),
            })
        };
        let latest = bound(&reading.scan.window.latest).unwrap_or(NOW);
        let earliest = bound(&reading.scan.window.earliest).unwrap_or(latest - DAY).min(latest);
        let width = (latest - earliest).max(1);
        // Few moments, so that records of different bursts meet.
        let anchor = earliest + width / 8 * rng.below(8) as i64;
        Self { reading, earliest, latest, anchor }
    }

    /// The next time, in milliseconds since the epoch.
    pub(super) fn next(&mut self, rng: &mut Rng) -> i64 {
        let width = (self.latest - self.earliest).max(1);
        let span = rng.pick(&self.reading.spans).copied().filter(|s| (1.0..=1e9).contains(s)).map(|s| s as i64);
        let at = match (rng.below(20), span) {
            (0, _) => self.earliest,
            (1, _) => self.latest - 1,
            (2, _) => {
                if rng.chance(50) {
                    self.latest
                } else {
                    self.earliest - 1
                }
            }
            (3 | 4, _) => self.earliest + (rng.next() % width as u64) as i64,
            (5..=9, Some(span)) => {
                let edge = self.anchor.div_euclid(span) * span + span * rng.below(2) as i64;
                edge + [-1, 0, 1][rng.below(3)]
            }
            // The same moment again.
            (10..=12, _) => self.anchor,
            _ => self.anchor + rng.below(600) as i64,
        };
        at * 1000 + if rng.below(12) == 0 { rng.below(1000) as i64 } else { 0 }
    }
}

/// A moment as the records of a source write it, in milliseconds since the epoch. A source has one form: records with a
/// time in text write whole seconds in UTC, those with a number milliseconds; a field that may be either has epoch seconds.
pub(super) fn written(schema: &Schema, millis: i64) -> (String, Scalar) {
    let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let fraction = |text: String| if rest == 0 { text } else { format!("{text}.{rest:03}") };
    match schema.fields.get(&schema.time).map(|f| f.scalar) {
        Some(FieldType::Integer | FieldType::Double) => (millis.to_string(), Scalar::Integer),
        Some(FieldType::Unknown | FieldType::Json | FieldType::Boolean) => {
            (fraction(seconds.to_string()), Scalar::Double)
        }
        Some(FieldType::Time) => {
            let text = time::iso8601(seconds);
            (fraction(text.trim_end_matches('Z').to_owned()) + "Z", Scalar::String)
        }
        Some(FieldType::String) | None => (time::iso8601(seconds), Scalar::String),
    }
}

/// A text that a condition wants as the time; `None` where it is no time.
pub(super) fn read(text: &str) -> Option<i64> {
    parse_time(text)?.as_number().map(|seconds| (seconds * 1e3).round() as i64)
}
