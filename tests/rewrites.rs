//! Rewrites of the IR keep its rows, and the rows do not depend on how events were split among workers: for the rules of this
//! repository, those of the shared corpus (skipped where it is absent), and random plans.
//!
//! Of the corpus, every eighth rule is run; all of them with `RULECAST_ALL_RULES=1`. `RULECAST_PLANS=n` sets the number of
//! random plans.

// Numbers are printed, so that a run shows how much is reached.
#![allow(clippy::print_stdout)]

mod support;

#[path = "rewrites/plans.rs"]
mod plans;
#[path = "rewrites/rules.rs"]
mod rules;
#[path = "rewrites/run.rs"]
mod run;
