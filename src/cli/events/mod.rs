//! Feeds files of events to the evaluator, on all processors.
//!
//! A file is a [`stream::Stream`] of chunks of whole records. Workers take a stream from a common queue, read its next
//! chunk, put the stream back so that others can go on with it, and decode and feed the chunk. So small files are read at
//! the same time, a large one is decoded at the same time, and no more than a chunk per worker is in memory.

mod find;
mod problem;
mod queue;
mod stream;
mod work;

pub(super) use find::{Events, Sourcetypes};
pub(super) use problem::Problems;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::{Failure, batch};
use crate::diagnostic::Diagnostic;
use crate::eval::{Harvest, Pass, Session};
use crate::event::{Router, Splitter};
use crate::schema::Schemas;
use queue::Queue;

/// Bytes of stack per thread: regular expressions may go deep.
const STACK: usize = 16 * 1024 * 1024;

/// Why a run has come to no end.
#[derive(Debug)]
pub(super) enum Stop {
    Failure(Failure),
    /// A fault of the program, in some rule.
    Fault(Diagnostic),
}

/// What a run has read.
#[derive(Default, Debug)]
pub(super) struct Read {
    pub(super) problems: Problems,
    /// Records of a known schema, wanted or not.
    pub(super) records: u64,
}

impl Read {
    /// Takes in what was read of the same events once more.
    pub(super) fn merge(&mut self, other: Read) {
        self.problems.merge_pass(other.problems);
        self.records = self.records.max(other.records);
    }
}

impl Events {
    /// Reads the events as often as the session needs.
    ///
    /// # Errors
    /// No threads can be started, or one has failed.
    pub(super) fn feed(&self, session: &mut Session, schemas: &Schemas, jobs: usize) -> Result<Read, Stop> {
        let mut read = Read::default();
        while let Some(pass) = session.next_pass() {
            let (harvests, of_pass) = self.pass(&pass, schemas, jobs)?;
            session.finish_pass(pass, harvests);
            read.merge(of_pass);
        }
        Ok(read)
    }

    fn pass(&self, pass: &Pass, schemas: &Schemas, jobs: usize) -> Result<(Vec<Harvest>, Read), Stop> {
        let wanted = pass.sources().iter().map(|s| (&*s.schema.id, s.fields.as_slice()));
        let router = Router::new(schemas, wanted);
        let of_schema: Vec<usize> = router
            .schemas()
            .iter()
            .map(|schema| pass.sources().iter().position(|s| s.schema.id == schema.id).unwrap_or(usize::MAX))
            .collect();
        let plan = work::Plan {
            events: self,
            router: &router,
            of_schema: &of_schema,
            splitter: Splitter::new(router.wrappers()),
            queue: Queue::new(self.inputs.len()),
            records: AtomicU64::new(0),
        };
        // Not more workers than there can be chunks: each holds the whole state of every rule.
        let jobs = if self.is_small() { 1 } else { jobs.max(1) };
        let results: Vec<Result<(Harvest, Problems), Diagnostic>> = std::thread::scope(|scope| {
            let plan = &plan;
            let work = move || {
                let result = batch::caught(|| work::run(plan, pass.worker()));
                if result.is_err() {
                    plan.queue.stop();
                }
                result
            };
            let start = |_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok();
            let handles: Vec<_> = (0..jobs).filter_map(start).collect();
            handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
        });
        let mut harvests = Vec::new();
        let mut problems = Problems::default();
        for result in results {
            let (harvest, of_worker) = result.map_err(Stop::Fault)?;
            harvests.push(harvest);
            problems.merge(of_worker);
        }
        if harvests.is_empty() {
            return Err(Stop::Failure(Failure::new("no threads can be started")));
        }
        Ok((harvests, Read { problems, records: plan.records.into_inner() }))
    }

    fn is_small(&self) -> bool {
        match self.inputs.as_slice() {
            [] => true,
            [only] => match &only.from {
                find::From::Text(_) => true,
                find::From::File(path) => path.metadata().is_ok_and(|m| m.len() < 1 << 20),
            },
            _ => false,
        }
    }

    /// The name of a file in diagnostics.
    pub(super) fn shown(&self, file: usize) -> &str {
        self.inputs.get(file).map_or("", |input| &input.shown)
    }
}

/// The columns of a table's rows.
type Header = Arc<Vec<String>>;
