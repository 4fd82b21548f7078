//! The rows that Splunk would give, by the reference evaluator.

use rulecast::eval::{Options, Program, Rows, Session, Value};
use rulecast::event::Decoder;
use rulecast::ir::Query;
use rulecast::schema::Schemas;
use rulecast::synth::Record;

/// Runs a query on records as of a moment, in seconds since the epoch.
///
/// # Errors
/// The evaluator's message.
pub(crate) fn rows(query: &Query, schemas: &Schemas, records: &[Record], now: i64) -> Result<Rows, String> {
    let program = Program::new(query, schemas).map_err(|e| e.message)?;
    let mut session = Session::new(vec![program], Options { now: now as f64, ..Options::default() });
    while let Some(pass) = session.next_pass() {
        let decoders: Vec<Decoder> = pass.sources().iter().map(|s| Decoder::new(&s.schema, &s.fields)).collect();
        let mut worker = pass.worker();
        for (number, record) in records.iter().enumerate() {
            let Some(source) = pass.sources().iter().position(|s| s.schema.id == record.source) else { continue };
            let mut slots: Vec<Value<'_>> = Vec::new();
            decoders[source].decode(&record.text, &mut slots).map_err(|e| format!("{e:?}"))?;
            worker.feed(source, &slots, number as u64);
        }
        let harvest = worker.finish();
        session.finish_pass(pass, vec![harvest]);
    }
    let mut results = session.into_results();
    results.pop().unwrap_or_else(|| Ok(Rows::default())).map_err(|e| e.message)
}
