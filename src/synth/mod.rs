//! Events for a plan: records that satisfy its conditions, and near misses that break one of them.
//!
//! What a query asks of each scan is gathered by walking down the plan (`reading`); `solve` gives the raw fields values for
//! which a condition is true, or false; `vary` breaks things; `record` writes the JSON text that the source's decoder reads.
//! Everything comes from a seed, so that the same call gives the same records. Fields that a schema promises (`required`)
//! are always there and valid: rewrites and targets rely on it.

mod given;
mod reading;
mod record;
mod regex;
mod rng;
mod solve;
#[cfg(test)]
mod tests;
mod time;
mod vary;

use std::sync::Arc;

use crate::ir::Query;
use crate::schema::Schemas;
use given::Env;
use reading::Reading;
use rng::Rng;
use time::Clock;

/// The moment of the search around which events lie: 2026-01-02T00:00:00Z, in seconds since the epoch. Run queries with it.
pub const NOW: i64 = 1_767_312_000;

/// Rounds over the conditions: a later one may break what an earlier one had set.
const ROUNDS: usize = 3;

/// A generated record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The schema's id.
    pub source: Arc<str>,
    /// A JSON object.
    pub text: String,
}

/// Makes `count` records for the scans of a query; none where it scans nothing that a schema describes. About half of them
/// are meant to pass the query's filters, the others miss one condition. Some come in bursts that differ in little.
pub fn events(query: &Query, schemas: &Schemas, seed: u64, count: usize) -> Vec<Record> {
    let readings: Vec<Reading> =
        reading::readings(&query.plan).into_iter().filter(|r| schemas.get(&r.scan.source).is_some()).collect();
    let mut rng = Rng::new(seed);
    let mut cache = regex::Cache::default();
    let mut out = Vec::with_capacity(count);
    if readings.is_empty() {
        return out;
    }
    while out.len() < count {
        let reading = &readings[rng.below(readings.len())];
        let Some(schema) = schemas.get(&reading.scan.source) else { continue };
        let mut clock = Clock::new(reading, &mut rng);
        let mut env = Env::new(&reading.scan.fields, &mut cache, &mut rng);
        let misses = env.rng.chance(45) && !reading.conditions.is_empty();
        satisfy(reading, &mut env);
        if misses {
            vary::miss(reading, &mut env);
        }
        env.fill();
        let burst = match reading.thresholds.as_slice() {
            [] => 1 + env.rng.below(3),
            some => {
                let threshold = some[env.rng.below(some.len())];
                if env.rng.chance(40) { 1 } else { threshold + env.rng.below(3) }
            }
        };
        for number in 0..burst {
            if out.len() == count {
                break;
            }
            if number > 0 {
                vary::neighbour(reading, &mut env);
            }
            let time = clock.next(env.rng);
            let text = record::text(schema, &env, time);
            out.push(Record { source: reading.scan.source.clone(), text });
        }
    }
    out
}

/// Gives values for which the conditions hold, as far as that can be seen.
fn satisfy(reading: &Reading, env: &mut Env<'_>) {
    if !reading.wishes.is_empty() && env.rng.chance(50) {
        let wish = env.rng.below(reading.wishes.len());
        let truth = env.rng.chance(75);
        solve::want(&reading.wishes[wish], truth, env);
    }
    for _ in 0..ROUNDS {
        for condition in &reading.conditions {
            solve::want(condition, true, env);
        }
    }
}
