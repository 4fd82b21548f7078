//! Targets: each renders the IR in its own language, from the same query.

pub mod athena;
pub mod cloudwatch;
pub mod sigma;

use crate::diagnostic::{Reported, Sink};
use crate::ir::Query;
use crate::options::Options;
use crate::rule::Rule;
use crate::schema::Schemas;

/// A target's name on the command line and in the JSON output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TargetId {
    Athena,
    Cloudwatch,
    Sigma,
}

impl TargetId {
    pub const ALL: [TargetId; 3] = [TargetId::Athena, TargetId::Cloudwatch, TargetId::Sigma];

    pub fn name(self) -> &'static str {
        match self {
            TargetId::Athena => "athena",
            TargetId::Cloudwatch => "cloudwatch",
            TargetId::Sigma => "sigma",
        }
    }

    pub fn parse(name: &str) -> Option<TargetId> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// What an emitter may look at besides the query.
pub struct Context<'a> {
    pub rule: &'a Rule,
    pub schemas: &'a Schemas,
    pub options: &'a Options,
}

/// A target: one static of this in [`TARGETS`], and a folder under `src/target` and `targets/`.
pub trait Target: Sync {
    fn id(&self) -> TargetId;

    /// One line for `rulecast targets`.
    fn summary(&self) -> &'static str;

    /// File extension of its queries, without a dot.
    fn extension(&self) -> &'static str;

    /// The best that an output of this target can be where nothing is lost.
    fn best(&self) -> Fidelity {
        Fidelity::Exact
    }

    /// The skeleton around a query: a minijinja template.
    fn template(&self) -> &'static str;

    /// Renders the query, without the skeleton. What the target can't say, or says differently, goes to the sink.
    ///
    /// # Errors
    /// The query can't be rendered; the sink has the reason.
    fn emit(&self, query: &Query, context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported>;
}

/// All targets.
pub static TARGETS: &[&dyn Target] = &[&athena::Athena, &cloudwatch::Cloudwatch, &sigma::Sigma];

/// How faithful an output is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fidelity {
    /// The same rows.
    Exact,
    /// The same events are selected; the rows have another shape.
    Events,
    /// Rows can differ; every difference is a diagnostic.
    Approximate,
    /// The target can't say it.
    Unsupported,
    /// The rule itself is broken.
    Invalid,
}

impl Fidelity {
    pub fn name(self) -> &'static str {
        match self {
            Fidelity::Exact => "exact",
            Fidelity::Events => "events",
            Fidelity::Approximate => "approximate",
            Fidelity::Unsupported => "unsupported",
            Fidelity::Invalid => "invalid",
        }
    }
}
