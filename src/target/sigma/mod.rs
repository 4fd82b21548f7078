//! Sigma rules (rules specification 2.0, modifiers appendix 2.1, correlation rules specification 2.0).
//!
//! A Sigma rule selects events: it has no columns, no time window and, but for correlation rules, no aggregation. So the
//! conditions below a plan's first aggregation become the detection, a bound on a count above it a correlation rule, and
//! the rest is the shape of the output, which is not kept. A condition that Sigma can't say is left out and named, so that
//! a rule selects all events that the search does, and perhaps more (`omission`). `trace` sorts a plan into these
//! (`flow`); `widen` keeps the conditions that can be said; `lowering`, `predicate` and
//! `subject` turn predicates into conditions (`cond`) on fields; `layout` writes them as named selections.

mod binding;
mod cond;
mod correlation;
mod flow;
mod layout;
mod lowering;
mod metadata;
mod model;
mod omission;
mod predicate;
mod regex;
mod simplify;
mod subject;
mod trace;
mod value;
mod widen;
mod yaml;

#[cfg(test)]
mod tests;

use serde_yaml::Mapping;

use self::binding::Binding;
use self::cond::{Cond, Test};
use self::flow::Flow;
use self::lowering::Lowering;
use self::model::{About, Document, Logsource};
use super::{Context, Fidelity, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::Query;
use crate::rule::Rule;
use crate::schema::Schema;

#[derive(Debug)]
pub struct Sigma;

impl Target for Sigma {
    fn id(&self) -> TargetId {
        TargetId::Sigma
    }

    fn summary(&self) -> &'static str {
        "Sigma rules (specification v2)"
    }

    fn extension(&self) -> &'static str {
        "yml"
    }

    /// A rule selects the same events at best; the rows that SPL makes of them are another matter.
    fn best(&self) -> Fidelity {
        Fidelity::Events
    }

    fn template(&self) -> &'static str {
        include_str!("../../../targets/sigma/query.j2")
    }

    fn emit(&self, query: &Query, context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        let flow = trace::trace(query, sink)?;
        let (schema, binding) = Binding::of(context.schemas, &flow.scan.source, flow.scan.span, sink)?;
        let mut lowering = Lowering::new(schema, &binding, &flow.opaque, &flow.elements, sink);
        let mut kept = widen::keep(&flow, &mut lowering);
        let mut counting = correlation::correlate(&flow, context.options.now, &mut kept, &mut lowering);
        let omissions = kept.omissions.clone();
        let counted = counting.as_mut().map(|c| std::mem::take(&mut c.counted)).unwrap_or_default();
        let Some((selection, group_keys)) = kept.conditions(counted) else {
            widen::refuse(&omissions, flow.scan.span, sink);
            return Err(Reported);
        };
        if selection == Cond::False || group_keys == Cond::False {
            let message = "the condition can never be true, which no Sigma rule can say";
            let diagnostic = Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(flow.scan.span);
            return Err(sink.fail(diagnostic.help("see which of the search's conditions exclude each other")));
        }
        for omission in &omissions {
            omission.report(sink);
        }
        report_lists_and_keywords(&[&selection, &group_keys], &binding, sink);
        report_shape(&flow, counting.is_some(), !omissions.is_empty(), sink);
        if let Some(note) = &binding.note {
            sink.push(Diagnostic::new(&code::READING, note.clone()).at(flow.scan.span));
        }
        let fields = output_fields(&flow, query, schema, &binding);
        let detection = detection(selection, group_keys, schema, &binding);
        let documents = documents(context.rule, &binding, detection, fields, counting);
        print(&documents).map_err(|message| sink.fail(Diagnostic::new(&code::INTERNAL, message)))
    }
}

fn detection(selection: Cond, group_keys: Cond, schema: &Schema, binding: &Binding) -> Mapping {
    let selection = match (selection, &group_keys) {
        // A rule must test something: every event has a time.
        (Cond::True, Cond::True) => {
            let field = binding.field(schema, "_time").unwrap_or_else(|_| schema.time.clone());
            Cond::leaf(field, Test::Present)
        }
        (selection, _) => selection,
    };
    layout::detection(selection, group_keys)
}

/// Says where the meaning of the rule depends on who runs it.
fn report_lists_and_keywords(conditions: &[&Cond], binding: &Binding, sink: &mut Sink) {
    for condition in conditions {
        condition.walk(&mut |test| match test {
            Cond::Leaf(leaf) if leaf.list && !binding.any_lists => {
                let message = format!(
                    "differs: `{}` lies in a list, for which Sigma has no notation; whether one element is enough depends on the backend",
                    leaf.field
                );
                let help = "set `any_lists = true` in `[target.sigma]` of the schema where the backend looks for any element";
                sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(leaf.span).help(help));
            }
            Cond::Keyword(_, span) => {
                let message = "differs: a term matches whole words in SPL; a keyword in Sigma matches as the backend does";
                let help = "name the field that holds the term";
                sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(*span).help(help));
            }
            _ => {}
        });
    }
}

fn report_shape(flow: &Flow<'_>, correlates: bool, widened: bool, sink: &mut Sink) {
    let Some(span) = flow.shaped else { return };
    let message = if flow.groups.is_empty() && widened {
        "columns, order and repetition of the rows are left to whoever reads the rule's alerts"
    } else if flow.groups.is_empty() {
        "the rule selects the same events; columns, order and repetition of the rows are left to whoever reads them"
    } else if correlates {
        "the rule finds the groups; the columns of their rows are left to whoever reads them"
    } else if widened {
        "the groups that `stats` makes of the events are left to whoever reads the rule's alerts"
    } else {
        "the rule selects the events that `stats` groups; the groups are left to whoever reads them"
    };
    let diagnostic = Diagnostic::new(&code::SHAPE_NOT_KEPT, message);
    sink.push(match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    });
}

fn output_fields(flow: &Flow<'_>, query: &Query, schema: &Schema, binding: &Binding) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for raw in flow.output_fields(&query.output) {
        if let Ok(field) = binding.field(schema, &raw)
            && !out.contains(&field)
        {
            out.push(field);
        }
    }
    out
}

/// The rule, and the correlation that counts it, if there is one: then the rule itself says only what it selects.
fn documents(
    rule: &Rule,
    binding: &Binding,
    detection: Mapping,
    fields: Vec<String>,
    counting: Option<correlation::Counting>,
) -> Vec<Document> {
    let logsource = Logsource {
        category: binding.category.clone(),
        product: binding.product.clone(),
        service: binding.service.clone(),
        definition: binding.definition.clone(),
    };
    let mut selecting = Document {
        title: metadata::title(rule),
        id: metadata::id(rule, "rule"),
        related: metadata::related(rule),
        logsource: Some(logsource),
        detection: Some(detection),
        fields,
        ..Document::default()
    };
    let Some(counting) = counting else {
        selecting.about = metadata::about(rule);
        selecting.falsepositives = metadata::falsepositives(rule);
        selecting.level = Some(metadata::level(rule));
        return vec![selecting];
    };
    let name = metadata::base_name(rule);
    let correlation = Document {
        title: std::mem::replace(&mut selecting.title, metadata::base_title(rule)),
        id: metadata::id(rule, "correlation"),
        related: std::mem::take(&mut selecting.related),
        about: metadata::about(rule),
        correlation: Some(counting.of(name.clone())),
        falsepositives: metadata::falsepositives(rule),
        level: Some(metadata::level(rule)),
        ..Document::default()
    };
    selecting.name = Some(name);
    selecting.about = About::default();
    vec![selecting, correlation]
}

fn print(documents: &[Document]) -> Result<String, String> {
    let texts: Result<Vec<String>, String> = documents
        .iter()
        .map(|d| {
            serde_yaml::to_value(d).map(|v| yaml::print(&v)).map_err(|e| format!("the rule can't be written: {e}"))
        })
        .collect();
    Ok(texts?.join("---\n"))
}
