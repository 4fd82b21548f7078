//! One rule: its query on the engine, and the evaluator's rows beside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::Result;
use rulecast::ir::{Query, Rel};
use rulecast::schema::Schemas;
use rulecast::synth::{self, NOW, Record};
use rulecast::target::Fidelity;

use super::client::Answer;
use super::compare::{self, Question};
use super::differences::Differences;
use super::load::Place;
use super::rules::{Emitted, Rules, stem};
use super::server::Server;
use super::{Args, Events, evaluate, events, tables};

/// One query on one set of events.
pub(crate) struct Run {
    pub(crate) set: String,
    pub(crate) rule: String,
    /// Which events, over which time.
    pub(crate) what: &'static str,
    /// The sources that it reads.
    pub(crate) sources: String,
    pub(crate) fidelity: Fidelity,
    pub(crate) sql: String,
    pub(crate) events: usize,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    /// So many rows are equal.
    Equal(usize),
    /// Rows differ as an entry of `differences.toml` says.
    Listed,
    /// Rows differ.
    Mismatch(String),
    /// There are no rows to compare.
    Error(String),
    /// The rule has no query.
    NoQuery,
}

/// What checks one rule after the other, with a catalog of its own.
pub(crate) struct Worker<'a> {
    place: Place,
    real: &'a [Record],
    differences: &'a Differences,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(
        server: &Server,
        number: usize,
        real: &'a [Record],
        differences: &'a Differences,
    ) -> Result<Worker<'a>> {
        Ok(Worker { place: Place::new(server, number, "work")?, real, differences })
    }

    pub(crate) fn say_how_to_query(&self) {
        println!("the tables are in {}", self.place.name());
    }

    /// Checks a rule on all events that it is to be checked on.
    pub(crate) fn rule(&mut self, set: &Rules, file: &Path, args: &Args) -> Vec<Run> {
        let name = stem(file);
        let result = catch_unwind(AssertUnwindSafe(|| self.checked(set, file, &name, args)));
        let failed = |message: String| {
            vec![Run {
                set: set.title.clone(),
                rule: name.clone(),
                what: "compile",
                sources: "-".to_owned(),
                fidelity: Fidelity::Invalid,
                sql: String::new(),
                events: 0,
                outcome: Outcome::Error(message),
            }]
        };
        match result {
            Ok(Ok(runs)) => runs,
            Ok(Err(error)) => failed(format!("{error:#}")),
            Err(_) => failed("the compiler or the evaluator panics".to_owned()),
        }
    }

    fn checked(&mut self, set: &Rules, file: &Path, name: &str, args: &Args) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        let run = |emitted: &Emitted, what, events, outcome| Run {
            set: set.title.clone(),
            rule: name.to_owned(),
            what,
            sources: sources(&emitted.query),
            fidelity: emitted.fidelity,
            sql: emitted.sql.clone(),
            events,
            outcome,
        };
        let (Some(windowed), Some(all_time)) = (set.compile(file, true)?, set.compile(file, false)?) else {
            return Ok(vec![Run {
                set: set.title.clone(),
                rule: name.to_owned(),
                what: "compile",
                sources: "-".to_owned(),
                fidelity: Fidelity::Unsupported,
                sql: String::new(),
                events: 0,
                outcome: Outcome::NoQuery,
            }]);
        };
        if args.only != Some(Events::Real) {
            let seed = name.bytes().fold(args.seed, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
            let records = synth::events(&windowed.query, set.schemas(), seed, args.events);
            let records = events::comparable(&records, &windowed.query, set.schemas());
            let outcome = self.outcome(name, &windowed, set.schemas(), &records, true);
            runs.push(run(&windowed, "generated, in the window", records.len(), outcome));
            if windowed.query != all_time.query {
                let outcome = self.outcome(name, &all_time, set.schemas(), &records, false);
                runs.push(run(&all_time, "generated, all time", records.len(), outcome));
            }
        }
        if args.only != Some(Events::Generated)
            && !self.real.is_empty()
            && sources(&all_time.query).contains("cloudtrail")
        {
            let records = events::comparable(self.real, &all_time.query, set.schemas());
            let outcome = self.outcome(name, &all_time, set.schemas(), &records, true);
            runs.push(run(&all_time, "real, all time", records.len(), outcome));
        }
        Ok(runs)
    }

    fn outcome(&mut self, rule: &str, emitted: &Emitted, schemas: &Schemas, records: &[Record], load: bool) -> Outcome {
        match self.compared(&emitted.query, &emitted.sql, schemas, records, load) {
            Err(error) => Outcome::Error(error),
            Ok(Ok(rows)) => Outcome::Equal(rows),
            Ok(Err(difference)) => {
                let listed = self.differences.covers(rule, emitted.fidelity, &emitted.diagnostics);
                if listed { Outcome::Listed } else { Outcome::Mismatch(difference) }
            }
        }
    }

    /// Runs a query on records, and compares its rows with the evaluator's: how many are equal, or what differs. This is
    /// all that a check needs, wherever query and records come from. Without `load` the records are there already.
    ///
    /// # Errors
    /// The engine's message, or the evaluator's.
    pub(crate) fn compared(
        &mut self,
        query: &Query,
        sql: &str,
        schemas: &Schemas,
        records: &[Record],
        load: bool,
    ) -> Result<Result<usize, String>, String> {
        let tables = tables::tables(query, schemas, sql).map_err(|e| format!("{e:#}"))?;
        if load {
            self.place.load(&tables, records).map_err(|e| format!("{e:#}"))?;
        }
        let answer: Answer = self.place.run(sql)?;
        let expected = evaluate::rows(query, schemas, records, NOW).map_err(|e| format!("the evaluator: {e}"))?;
        Ok(compare::compare(&Question { query, tables: &tables, records }, &expected, &answer))
    }
}

/// The ids of the sources that a query reads.
fn sources(query: &Query) -> String {
    fn walk(rel: &Rel, found: &mut Vec<String>) {
        if let Rel::Scan(scan) = rel
            && !found.iter().any(|f| **f == *scan.source)
        {
            found.push(scan.source.to_string());
        }
        rel.inputs().into_iter().for_each(|r| walk(r, found));
    }
    let mut found = Vec::new();
    walk(&query.plan, &mut found);
    if found.is_empty() { "-".to_owned() } else { found.join("+") }
}
