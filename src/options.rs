//! Settings of a compilation.

use std::collections::BTreeMap;

use crate::ir::{TimeBound, Window};

/// Settings; the defaults are those of a plain `rulecast compile`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Overrides the time window of the library's deployments.
    pub window: Window,
    /// Allows queries without a time bound.
    pub all_time: bool,
    pub window_style: WindowStyle,
    /// The moment that relative times are computed from where they become literals; seconds since the epoch.
    pub now: Option<i64>,
    /// The moment, in seconds since the epoch, that stands in queries where else the engine's clock would: a scheduled
    /// search is replayed as it would have run then. `None`: queries ask the engine.
    pub as_of: Option<i64>,
    /// Field profile by schema id.
    pub profiles: BTreeMap<String, String>,
    pub insights_level: InsightsLevel,
    /// The database of the tables that stand for lookups whose rows are not known; `None`: that of the query.
    pub lookup_database: Option<String>,
    /// Rows up to which a lookup table is written into the query.
    pub max_inline_lookup_rows: Option<usize>,
}

/// How a time window stands in a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WindowStyle {
    /// Relative bounds as expressions over the current time, absolute ones as literals.
    #[default]
    Relative,
    /// Both as literals, computed from `now`.
    Literal,
    /// Placeholders, to be filled when the query runs.
    Parameter,
}

/// Language level of Logs Insights: `core` is what every Region has, `y2026` the newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum InsightsLevel {
    Core,
    #[default]
    Y2026,
}

impl Options {
    /// A bound as seconds since the epoch, where `now` is known or not needed.
    pub fn literal_bound(&self, bound: &TimeBound) -> Option<i64> {
        match bound {
            TimeBound::Absolute(t) => Some(*t),
            TimeBound::Relative(shift) => Some(crate::time::apply(shift, self.now?)),
        }
    }
}
