//! Running many queries over the same events, in as few passes as their subsearches and joins allow.

use std::sync::Arc;

use super::dispatch::Dispatch;
use super::error::Error;
use super::expr::{Context, RAW};
use super::gather::{self, BoundGather, Gathered};
use super::layout::{Layout, Row};
use super::order::Place;
use super::plan::{Branch, OpId, Origin, Plan, Work};
use super::stage::Stages;
use super::table::Table;
use super::{Options, TIME, Value, work};
use crate::ir::{self, Column, Expr, ExprKind, Name, Output, Query, Type};
use crate::schema::{Schema, Schemas};
use crate::source::Span;
use crate::time;

/// A query that can be run.
pub struct Program {
    plan: Plan,
    output: Output,
    /// By operation: its rows, once they are known.
    tables: Vec<Option<Arc<Table>>>,
    /// By operation and branch: what was gathered.
    gathered: Vec<Vec<Option<(BoundGather, Gathered)>>>,
    schemas: Vec<Arc<Schema>>,
    reads_raw: bool,
    error: Option<Error>,
}

/// The rows of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub table: Table,
    /// For whole events: the position of the column with the raw record, which is the last one.
    pub events: bool,
    /// For whole events: fields that the search has removed or renamed away.
    pub removed: Vec<Name>,
    /// What the reader should know, with its place in the rule.
    pub notes: Vec<(String, Span)>,
}

/// Programs that share passes over the events.
pub struct Session {
    programs: Vec<Program>,
    options: Options,
}

/// What a pass reads of one source.
#[derive(Clone, Debug)]
pub struct SourceNeeds {
    pub schema: Arc<Schema>,
    /// In the order of the slots. The first one is `_time`.
    pub fields: Vec<Column>,
}

/// One reading of all events.
pub struct Pass {
    jobs: Jobs,
}

struct Jobs {
    sources: Vec<SourceNeeds>,
    /// By source.
    jobs: Vec<Vec<Job>>,
    /// By source: which of its jobs an event can concern.
    dispatch: Vec<Dispatch>,
    now: f64,
}

struct Job {
    program: usize,
    op: OpId,
    branch: usize,
    earliest: Option<f64>,
    latest: Option<f64>,
    stages: Stages,
    gather: BoundGather,
}

/// Takes events in, on one thread.
pub struct Worker<'p> {
    jobs: &'p Jobs,
    states: Vec<Vec<Gathered>>,
    context: Context,
    fault: Option<(usize, String)>,
    /// Room for the dispatch.
    candidates: Vec<usize>,
    buffer: String,
}

/// What a worker has gathered.
pub struct Harvest {
    states: Vec<Vec<Gathered>>,
    fault: Option<(usize, String)>,
}

impl Program {
    /// Prepares a query.
    ///
    /// # Errors
    /// It reads a source that no schema describes.
    pub fn new(query: &Query, schemas: &Schemas) -> Result<Program, Error> {
        let plan = Plan::new(&query.plan);
        let mut used = Vec::new();
        let branches = plan.ops.iter().flat_map(|op| &op.branches);
        for branch in branches {
            if let Origin::Scan(scan) = &branch.origin {
                let Some(schema) = schemas.get(&scan.source) else {
                    return Err(Error::new(format!("no schema describes `{}`", scan.source), scan.span));
                };
                used.push(schema.clone());
            }
        }
        let tables = plan.ops.iter().map(|_| None).collect();
        let gathered = plan.ops.iter().map(|op| op.branches.iter().map(|_| None).collect()).collect();
        let reads_raw = matches!(query.output, Output::Events { .. }) || reads_terms(&query.plan);
        let output = query.output.clone();
        Ok(Program { plan, output, tables, gathered, schemas: used, reads_raw, error: None })
    }

    /// Whether a query can be run: binds everything in its plan, by running it over no events.
    ///
    /// # Errors
    /// It reads a source that no schema describes, or the evaluator has no operation for something in it.
    pub fn check(query: &Query, schemas: &Schemas) -> Result<(), Error> {
        let mut session = Session::new(vec![Program::new(query, schemas)?], Options::default());
        while let Some(pass) = session.next_pass() {
            let harvest = pass.worker().finish();
            session.finish_pass(pass, vec![harvest]);
        }
        session.into_results().into_iter().try_for_each(|result| result.map(drop))
    }

    fn is_done(&self) -> bool {
        self.error.is_some() || self.tables.last().is_none_or(Option::is_some)
    }

    /// Does what can be done without events, and gives the scans that can begin.
    fn advance(&mut self, options: &Options) -> Result<Vec<(OpId, usize)>, Error> {
        let mut ready = Vec::new();
        for id in 0..self.plan.ops.len() {
            if self.tables[id].is_some() {
                continue;
            }
            for index in 0..self.plan.ops[id].branches.len() {
                if self.gathered[id][index].is_some() {
                    continue;
                }
                let branch = &self.plan.ops[id].branches[index];
                if !Plan::needs(branch).all(|need| self.tables[need].is_some()) {
                    continue;
                }
                match &branch.origin {
                    Origin::Scan(_) => ready.push((id, index)),
                    Origin::Rows(table) => {
                        let table = Arc::new(table.clone());
                        self.gathered[id][index] = Some(self.run_table(id, index, &table, options)?);
                    }
                    Origin::Op(origin) => {
                        let Some(table) = self.tables[*origin].clone() else { continue };
                        self.gathered[id][index] = Some(self.run_table(id, index, &table, options)?);
                    }
                }
            }
            let extra = match &self.plan.ops[id].work {
                Work::Beside { right, .. } => Some(*right),
                _ => None,
            };
            let complete = self.gathered[id].iter().all(Option::is_some);
            if complete && extra.is_none_or(|id| self.tables[id].is_some()) {
                let branches = self.gathered[id].iter_mut().filter_map(Option::take).collect();
                let table = gather::finish(branches)?;
                let op = &self.plan.ops[id];
                let right = extra.and_then(|id| self.tables[id].clone());
                let table = work::run(&op.work, table, right.as_deref(), options, op.span)?;
                self.tables[id] = Some(Arc::new(table));
            }
        }
        Ok(ready)
    }

    fn bind(
        &self,
        id: OpId,
        index: usize,
        mut layout: Layout,
        options: &Options,
    ) -> Result<(Stages, BoundGather), Error> {
        let op = &self.plan.ops[id];
        let now = options.now;
        let rows_of = |id: OpId| self.tables[id].clone().unwrap_or_default();
        let stages = Stages::bind(&op.branches[index].steps, &mut layout, now, &rows_of)?;
        let gather = BoundGather::bind(&op.gather, &layout, now, options.max_rows, op.span)?;
        Ok((stages, gather))
    }

    /// Runs the rows of a table through a branch.
    fn run_table(
        &self,
        id: OpId,
        index: usize,
        table: &Table,
        options: &Options,
    ) -> Result<(BoundGather, Gathered), Error> {
        let layout = Layout::of(table.columns.iter().cloned());
        let (stages, gather) = self.bind(id, index, layout, options)?;
        let context = Context::new(options.now);
        let mut state = gather.start();
        let mut own = Vec::new();
        for (number, row) in table.rows.iter().enumerate() {
            let mut place = Place { branch: index as u32, ..Place::default() };
            place.record.0 = u64::MAX - number as u64;
            stages.run(row, &mut own, &context, &mut |row| {
                gather.take(&mut state, row, place, &context);
                place.part += 1;
            });
        }
        if let Some(fault) = context.take_fault() {
            return Err(Error::new(fault, self.plan.ops[id].span));
        }
        drop(own);
        Ok((gather, state))
    }

    fn scan(&self, id: OpId, index: usize) -> Option<&ir::Scan> {
        match &self.plan.ops[id].branches[index] {
            Branch { origin: Origin::Scan(scan), .. } => Some(scan),
            _ => None,
        }
    }

    fn rows(mut self) -> Result<Rows, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let table = self.tables.pop().flatten().map(|t| Arc::try_unwrap(t).unwrap_or_else(|t| (*t).clone()));
        let table = table.unwrap_or_default();
        Ok(super::rows::shown(table, &self.output, self.plan.notes))
    }
}

impl Session {
    pub fn new(programs: Vec<Program>, options: Options) -> Session {
        Session { programs, options }
    }

    /// The next pass over the events; `None` when all rows are known.
    pub fn next_pass(&mut self) -> Option<Pass> {
        let mut wanted = Vec::new();
        for (number, program) in self.programs.iter_mut().enumerate() {
            if program.is_done() {
                continue;
            }
            match program.advance(&self.options) {
                Ok(ready) => wanted.extend(ready.into_iter().map(|(op, branch)| (number, op, branch))),
                Err(error) => program.error = Some(error),
            }
        }
        let mut sources: Vec<SourceNeeds> = Vec::new();
        for (number, op, branch) in &wanted {
            let program = &self.programs[*number];
            if let Some(scan) = program.scan(*op, *branch) {
                add_needs(&mut sources, scan, program);
            }
        }
        let mut jobs: Vec<Vec<Job>> = sources.iter().map(|_| Vec::new()).collect();
        for (number, op, branch) in wanted {
            match self.job(&sources, number, op, branch) {
                Ok(Some((source, job))) => jobs[source].push(job),
                Ok(None) => {}
                Err(error) => self.programs[number].error = Some(error),
            }
        }
        if jobs.iter().all(Vec::is_empty) {
            return None;
        }
        let dispatch = jobs.iter().zip(&sources).map(|(jobs, source)| {
            let demands: Vec<_> = jobs.iter().map(|job| job.stages.demands(source.fields.len())).collect();
            Dispatch::new(&demands)
        });
        let dispatch = dispatch.collect();
        Some(Pass { jobs: Jobs { sources, jobs, dispatch, now: self.options.now } })
    }

    fn job(
        &self,
        sources: &[SourceNeeds],
        number: usize,
        op: OpId,
        branch: usize,
    ) -> Result<Option<(usize, Job)>, Error> {
        let program = &self.programs[number];
        let Some(scan) = program.scan(op, branch) else { return Ok(None) };
        let Some(source) = sources.iter().position(|s| s.schema.id == scan.source) else { return Ok(None) };
        let fields = &sources[source].fields;
        let mut layout = Layout::of_width(fields.len());
        for (slot, field) in fields.iter().enumerate() {
            if scan.fields.iter().any(|f| f.name == field.name) {
                layout.name(field.name.clone(), slot);
            }
            match &*field.name {
                "_time" => layout.name(TIME.into(), slot),
                "_raw" if program.reads_raw => layout.name(RAW.into(), slot),
                _ => {}
            }
        }
        let (stages, gather) = program.bind(op, branch, layout, &self.options)?;
        let bound = |bound: &Option<ir::TimeBound>| {
            bound.as_ref().map(|bound| match bound {
                ir::TimeBound::Absolute(t) => *t as f64,
                ir::TimeBound::Relative(shift) => time::apply(shift, self.options.now.floor() as i64) as f64,
            })
        };
        let (earliest, latest) = (bound(&scan.window.earliest), bound(&scan.window.latest));
        Ok(Some((source, Job { program: number, op, branch, earliest, latest, stages, gather })))
    }

    /// Takes in what the workers of a pass have gathered, at least one of them.
    pub fn finish_pass(&mut self, pass: Pass, harvests: Vec<Harvest>) {
        let jobs = pass.jobs;
        let mut merged: Option<Vec<Vec<Gathered>>> = None;
        for harvest in harvests {
            if let Some((program, message)) = harvest.fault
                && let Some(program) = self.programs.get_mut(program)
            {
                let span = program.plan.ops.last().map(|op| op.span).unwrap_or_default();
                program.error.get_or_insert_with(|| Error::new(message, span));
            }
            match &mut merged {
                None => merged = Some(harvest.states),
                Some(all) => {
                    let pairs = all.iter_mut().flatten().zip(harvest.states.into_iter().flatten());
                    for ((into, other), job) in pairs.zip(jobs.jobs.iter().flatten()) {
                        job.gather.merge(into, other);
                    }
                }
            }
        }
        let states = merged.into_iter().flatten().flatten();
        for (job, state) in jobs.jobs.into_iter().flatten().zip(states) {
            if let Some(program) = self.programs.get_mut(job.program) {
                program.gathered[job.op][job.branch] = Some((job.gather, state));
            }
        }
    }

    /// The rows of each program, or why there are none.
    pub fn into_results(self) -> Vec<Result<Rows, Error>> {
        self.programs.into_iter().map(Program::rows).collect()
    }
}

fn add_needs(sources: &mut Vec<SourceNeeds>, scan: &ir::Scan, program: &Program) {
    let Some(schema) = program.schemas.iter().find(|s| s.id == scan.source) else { return };
    let source = match sources.iter().position(|s| s.schema.id == schema.id) {
        Some(source) => source,
        None => {
            let time = Column { name: "_time".into(), ty: Type::TIME, nullable: true };
            sources.push(SourceNeeds { schema: schema.clone(), fields: vec![time] });
            sources.len() - 1
        }
    };
    let fields = &mut sources[source].fields;
    let raw = Column { name: "_raw".into(), ty: Type::STRING, nullable: false };
    for field in scan.fields.iter().chain(program.reads_raw.then_some(&raw)) {
        if !fields.iter().any(|f| f.name == field.name) {
            fields.push(field.clone());
        }
    }
}

impl Pass {
    /// What is to be read of each source's records.
    pub fn sources(&self) -> &[SourceNeeds] {
        &self.jobs.sources
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        let states = self.jobs.jobs.iter().map(|jobs| jobs.iter().map(|job| job.gather.start()).collect()).collect();
        Worker {
            jobs: &self.jobs,
            states,
            context: Context::new(self.jobs.now),
            fault: None,
            candidates: Vec::new(),
            buffer: String::new(),
        }
    }
}

impl<'p> Worker<'p> {
    /// Takes in an event of a source. `slots` has a value for each of the source's fields; `record` is the event's
    /// number in the whole input.
    pub fn feed<'e>(&mut self, source: usize, slots: &[Value<'e>], record: u64)
    where
        'p: 'e,
    {
        let jobs: &'e Jobs = self.jobs;
        let (Some(of_source), Some(states)) = (jobs.jobs.get(source), self.states.get_mut(source)) else { return };
        let time = slots.first().and_then(Value::as_number);
        let micros = time.map(|t| (t * 1e6).round() as i64);
        let mut own: Vec<Value<'e>> = Vec::new();
        jobs.dispatch[source].candidates(slots, &mut self.buffer, &mut self.candidates);
        for index in &self.candidates {
            let (job, state) = (&of_source[*index], &mut states[*index]);
            let inside = job.earliest.is_none_or(|earliest| time.is_some_and(|t| earliest <= t))
                && job.latest.is_none_or(|latest| time.is_some_and(|t| t < latest));
            if !inside {
                continue;
            }
            let mut place = Place { branch: job.branch as u32, ..Place::default() };
            place.time.0 = micros;
            place.record.0 = record;
            let context = &self.context;
            job.stages.run(slots, &mut own, context, &mut |row: Row<'_, 'e>| {
                job.gather.take(state, row, place, context);
                place.part += 1;
            });
            if let Some(fault) = context.take_fault() {
                self.fault.get_or_insert((job.program, fault));
            }
        }
    }

    /// What was gathered.
    pub fn finish(self) -> Harvest {
        Harvest { states: self.states, fault: self.fault }
    }
}

/// Whether a plan looks for words in raw events.
fn reads_terms(rel: &ir::Rel) -> bool {
    let term = |e: &Expr| {
        let mut found = false;
        e.walk(&mut |e| found |= matches!(e.kind, ExprKind::Term { .. }));
        found
    };
    let own = match rel {
        ir::Rel::Filter { predicate, .. } => term(predicate),
        ir::Rel::Extend { columns, .. } | ir::Rel::Project { columns, .. } => columns.iter().any(|(_, e)| term(e)),
        ir::Rel::Aggregate { aggregates, .. } | ir::Rel::Window { columns: aggregates, .. } => {
            aggregates.iter().filter_map(|(_, a)| a.argument.as_ref()).any(term)
        }
        ir::Rel::Transaction(t) => t.starts_with.iter().chain(&t.ends_with).any(term),
        _ => false,
    };
    own || rel.inputs().into_iter().any(reads_terms)
}
