//! Runs a query on records, with as many workers as wanted, and compares rows.

use rulecast::eval::{Options, Program, Rows, Session, Table, Value};
use rulecast::event::Decoder;
use rulecast::ir::Query;
use rulecast::schema::Schemas;
use rulecast::synth::{NOW, Record};

/// How the records come to the workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) workers: usize,
    /// 0: in order.
    pub(crate) shuffle: u64,
}

pub(crate) const ONE: Split = Split { workers: 1, shuffle: 0 };

/// The rows, or the message of the evaluator.
pub(crate) fn rows(query: &Query, schemas: &Schemas, records: &[Record], split: Split) -> Result<Rows, String> {
    let options = Options { now: NOW as f64, ..Options::default() };
    let program = Program::new(query, schemas).map_err(|e| e.message)?;
    let mut session = Session::new(vec![program], options);
    while let Some(pass) = session.next_pass() {
        let decoders: Vec<Decoder> = pass.sources().iter().map(|s| Decoder::new(&s.schema, &s.fields)).collect();
        let mut workers: Vec<_> = (0..split.workers).map(|_| pass.worker()).collect();
        for number in order(records.len(), split.shuffle) {
            let record = &records[number];
            let Some(source) = pass.sources().iter().position(|s| s.schema.id == record.source) else { continue };
            let mut slots: Vec<Value<'_>> = Vec::new();
            decoders[source].decode(&record.text, &mut slots).expect("a JSON object");
            let worker = (number * 7 + split.shuffle as usize) % workers.len();
            workers[worker].feed(source, &slots, number as u64);
        }
        let harvests = workers.into_iter().map(|w| w.finish()).collect();
        session.finish_pass(pass, harvests);
    }
    session.into_results().remove(0).map_err(|e| e.message)
}

/// The numbers below `count`, shuffled.
fn order(count: usize, shuffle: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = shuffle;
    if shuffle > 0 {
        for at in (1..count).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (state >> 33) as usize % (at + 1));
        }
    }
    order
}

/// Where two results differ first; `None` where they are the same. Columns are compared by name: pruning may drop those that
/// nothing shows, so that only shown ones are here.
pub(crate) fn difference(a: &Result<Rows, String>, b: &Result<Rows, String>) -> Option<String> {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (&a.table, &b.table),
        (Err(_), Err(_)) => return None,
        (a, b) => return Some(format!("{:?} against {:?}", a.as_ref().err(), b.as_ref().err())),
    };
    if a.columns != b.columns {
        return Some(format!("columns {:?} against {:?}", a.columns, b.columns));
    }
    let count = a.rows.len().max(b.rows.len());
    (0..count).find_map(|n| {
        let (x, y) = (a.rows.get(n), b.rows.get(n));
        let same = match (x, y) {
            (Some(x), Some(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
            _ => false,
        };
        (!same)
            .then(|| format!("row {n} of {} and {}:\n  {}\n  {}", a.rows.len(), b.rows.len(), shown(a, x), shown(b, y)))
    })
}

/// Exactly equal, in type too.
fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits() || a == b,
        (Value::Text(a), Value::Text(b)) => **a == **b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        _ => false,
    }
}

fn shown(table: &Table, row: Option<&Vec<Value<'static>>>) -> String {
    let Some(row) = row else { return "-".to_owned() };
    let cells = table.columns.iter().zip(row).filter(|(_, v)| !v.is_null()).map(|(c, v)| format!("{c}={v:?}"));
    cells.collect::<Vec<_>>().join(" ")
}
