//! Records: real ones, and the choice among records where a rule's rows depend on their order.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use rulecast::eval::Value;
use rulecast::event::{Decoder, Splitter};
use rulecast::ir::{AggregateFunction, Column, Frame, Query, Rel, Type};
use rulecast::schema::Schemas;
use rulecast::synth::Record;

/// The CloudTrail records of a folder, in files of JSON.
///
/// # Errors
/// A file can't be read.
pub(crate) fn real(folder: &Path) -> Result<Vec<Record>> {
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "json"));
    files.sort();
    let mut records = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut found = Vec::new();
        Splitter::new(["Records"]).split(text.as_bytes(), true, &mut found);
        for range in found {
            // As CloudTrail writes them: without blanks between the members.
            let value: serde_json::Value =
                serde_json::from_str(&text[range]).with_context(|| path.display().to_string())?;
            records.push(Record { source: "cloudtrail".into(), text: value.to_string() });
        }
    }
    Ok(records)
}

/// Those of the records that a query can be compared on: where its rows depend on the order of the events, and neither Splunk
/// nor SQL says which of two events of the same moment comes first, only one of them is kept.
pub(crate) fn comparable(records: &[Record], query: &Query, schemas: &Schemas) -> Vec<Record> {
    // Of records with the same raw text, a row of the result could be any.
    let mut texts = HashSet::new();
    let raw = |record: &Record| {
        let value: Option<serde_json::Value> = serde_json::from_str(&record.text).ok();
        value.and_then(|v| v.get("_raw")?.as_str().map(str::to_owned))
    };
    let records: Vec<Record> =
        records.iter().filter(|record| raw(record).is_none_or(|text| texts.insert(text))).cloned().collect();
    if !depends_on_order(&query.plan) {
        return records;
    }
    let time = [Column { name: "_time".into(), ty: Type::TIME, nullable: true }];
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for record in &records {
        let Some(schema) = schemas.get(&record.source) else { continue };
        let mut slots: Vec<Value<'_>> = Vec::new();
        let moment = match Decoder::new(schema, &time).decode(&record.text, &mut slots) {
            Ok(()) => slots.first().and_then(Value::as_number).map(|t| (t * 1e3).round() as i64),
            Err(_) => None,
        };
        if seen.insert(moment) {
            kept.push(record.clone());
        }
    }
    kept
}

fn depends_on_order(rel: &Rel) -> bool {
    use AggregateFunction::{Earliest, First, Last, Latest, List, Mode, Rate};
    let ordered = |f: &AggregateFunction| matches!(f, First | Last | Earliest | Latest | List | Mode | Rate);
    let own = match rel {
        Rel::Aggregate { aggregates, .. } => aggregates.iter().any(|(_, a)| ordered(&a.function)),
        Rel::Window { frame, columns, .. } => {
            *frame != Frame::Partition || columns.iter().any(|(_, a)| ordered(&a.function))
        }
        Rel::Join(join) => join.max.is_some(),
        Rel::Sort { limit, .. } => limit.is_some(),
        Rel::Limit { .. }
        | Rel::Distinct { .. }
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Transpose(_) => true,
        Rel::Scan(_)
        | Rel::Values(_)
        | Rel::Filter { .. }
        | Rel::Extend { .. }
        | Rel::Project { .. }
        | Rel::Unnest { .. }
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Lookup(_)
        | Rel::Unpivot { .. }
        | Rel::Assign { .. }
        | Rel::Continuous(_)
        | Rel::Remove { .. } => false,
    };
    own || rel.inputs().into_iter().any(depends_on_order)
}
