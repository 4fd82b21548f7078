//! Times of records: within the window of their scan, at its edges, and around the edges of bins.

use super::NOW;
use super::reading::Reading;
use super::rng::Rng;
use crate::ir::TimeBound;
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

    /// The next time, as the text of a record.
    pub(super) fn next(&mut self, rng: &mut Rng) -> String {
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
        match rng.below(12) {
            0 => format!("{}", at),
            1 => format!("{}.{:03}Z", time::iso8601(at).trim_end_matches('Z'), rng.below(1000)),
            _ => time::iso8601(at),
        }
    }
}
