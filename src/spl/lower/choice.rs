//! Which log sources a condition chooses, and what is left of the condition for each of them.
//!
//! `(sourcetype=a x=1) OR (source=b y=2)` reads two sources: of the first the events with `x=1`, of the second those with
//! `y=2`. Each selector becomes true, false or a condition of its own for a source; the rest stays as it stands.

use std::sync::Arc;

use super::Lowering;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{CompareOp, Pattern, Piece};
use crate::schema::Schema;
use crate::source::Span;
use crate::spl::search::{Search, Value};

/// Fields that choose where Splunk looks, not what an event says.
const SELECTORS: &[&str] = &["sourcetype", "source", "index", "host", "eventtype", "tag", "splunk_server", "datamodel"];

/// Selectors whose values are names of a site's own, so that a rule works without them.
const LOCAL: &[&str] = &["index", "host", "eventtype", "tag", "splunk_server"];

/// Whether a selector's values are names of a site's own.
pub(super) fn is_local(field: &str) -> bool {
    LOCAL.contains(&field)
}

/// Whether searches name a log source by this field, as opposed to a data model or the library's name for it.
pub(super) fn is_source(field: &str) -> bool {
    SELECTORS.contains(&field) && field != "datamodel"
}

/// What a condition says of the sources that are read.
pub(super) enum Choice<'s> {
    /// Nothing.
    Any,
    /// Only these.
    Only(Vec<Arc<Schema>>),
    /// There is a selector, but no schema has it.
    Unknown(&'s str, &'s Value),
}

/// Where a selector stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Conjunct,
    Alternative,
    Negated,
}

/// A selector of a condition: `field = value`, with any of the values.
struct Leaf<'s> {
    field: &'s str,
    values: Vec<&'s Value>,
    /// `field != value`.
    negated: bool,
}

impl<'s> Leaf<'s> {
    fn of(condition: &'s Search) -> Option<Self> {
        match condition {
            Search::Compare { field, op: op @ (CompareOp::Eq | CompareOp::Ne), value, .. } => {
                Some(Leaf { field: &field.text, values: vec![value], negated: *op == CompareOp::Ne })
            }
            Search::In { field, values, .. } => {
                Some(Leaf { field: &field.text, values: values.iter().collect(), negated: false })
            }
            Search::Compare { .. }
            | Search::CompareCall { .. }
            | Search::And(_)
            | Search::Or(_)
            | Search::Not(..)
            | Search::Term(_)
            | Search::Subsearch(..) => None,
        }
    }

    fn is_selector(&self) -> bool {
        SELECTORS.contains(&self.field)
    }
}

impl Lowering<'_> {
    /// The sources that a condition chooses.
    ///
    /// # Errors
    /// Two conditions that must both hold choose different sources.
    pub(super) fn choice<'s>(&mut self, condition: &'s Search) -> Result<Choice<'s>, Reported> {
        match condition {
            Search::And(parts) => {
                let mut all = Choice::Any;
                for part in parts {
                    let one = self.choice(part)?;
                    all = self.both(all, one, part)?;
                }
                Ok(all)
            }
            Search::Or(parts) => {
                let mut all: Vec<Arc<Schema>> = Vec::new();
                let mut unknown = None;
                for part in parts {
                    match self.choice(part)? {
                        Choice::Any => {}
                        Choice::Unknown(field, value) => unknown = unknown.or(Some((field, value))),
                        Choice::Only(schemas) => add(&mut all, schemas),
                    }
                }
                Ok(match (all.is_empty(), unknown) {
                    (false, _) => Choice::Only(all),
                    (true, Some((field, value))) => Choice::Unknown(field, value),
                    (true, None) => Choice::Any,
                })
            }
            Search::Compare { .. } | Search::In { .. } => Ok(self.leaf_choice(condition)),
            Search::Not(..) | Search::CompareCall { .. } | Search::Term(_) | Search::Subsearch(..) => Ok(Choice::Any),
        }
    }

    fn leaf_choice<'s>(&self, condition: &'s Search) -> Choice<'s> {
        let Some(leaf) = Leaf::of(condition).filter(|l| !l.negated) else { return Choice::Any };
        if leaf.values.iter().any(|v| v.pattern().is_any()) {
            return Choice::Any;
        }
        let mut schemas = Vec::new();
        for value in &leaf.values {
            add(&mut schemas, self.schemas.choose(leaf.field, &value.text).into_iter().map(|c| c.schema));
        }
        match (schemas.is_empty(), leaf.values.first()) {
            (false, _) => Choice::Only(schemas),
            (true, Some(value)) if leaf.is_selector() => Choice::Unknown(leaf.field, value),
            (true, _) => Choice::Any,
        }
    }

    fn both<'s>(&mut self, a: Choice<'s>, b: Choice<'s>, at: &Search) -> Result<Choice<'s>, Reported> {
        Ok(match (a, b) {
            (Choice::Any, other) | (other, Choice::Any) => other,
            (Choice::Only(a), Choice::Unknown(..)) | (Choice::Unknown(..), Choice::Only(a)) => Choice::Only(a),
            // What a sourcetype or source says is worth more than an index.
            (Choice::Unknown(a, _), Choice::Unknown(field, value)) if LOCAL.contains(&a) => {
                Choice::Unknown(field, value)
            }
            (unknown @ Choice::Unknown(..), Choice::Unknown(..)) => unknown,
            (Choice::Only(a), Choice::Only(b)) => {
                let common: Vec<_> = a.iter().filter(|s| b.iter().any(|o| o.id == s.id)).cloned().collect();
                match (common.is_empty(), a.first(), b.first()) {
                    (false, ..) => Choice::Only(common),
                    // Another field of the event happens to be a selector of some source.
                    (true, ..) if Leaf::of(at).is_some_and(|l| !l.is_selector()) => Choice::Only(a),
                    (true, Some(first), Some(other)) => {
                        let span = match at {
                            Search::Compare { value, .. } => value.span,
                            other => other.span(),
                        };
                        return Err(self.two_sources(first, other, span));
                    }
                    (true, _, _) => Choice::Any,
                }
            }
        })
    }

    fn two_sources(&mut self, first: &Schema, other: &Schema, at: Span) -> Reported {
        let message = format!("the search reads `{}` and `{}` at once, and no event is of both", first.id, other.id);
        let help = "join the sources by OR, or read the other one in `append` or `join`";
        self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(at).help(help))
    }

    /// The sources of a search that chooses none: those of the rule's `data_source`.
    pub(super) fn fallback(&mut self, span: Span) -> Option<Vec<Arc<Schema>>> {
        let mut schemas = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        // "Sysmon EventID 1 AND Sysmon EventID 3": each of them.
        for name in self.data_source.iter().flat_map(|d| d.split(" AND ")) {
            let chosen = self.schemas.choose("data_source", name.trim());
            if !chosen.is_empty() {
                names.push(name.trim());
            }
            add(&mut schemas, chosen.into_iter().map(|c| c.schema));
        }
        if schemas.is_empty() {
            return None;
        }
        let ids: Vec<&str> = schemas.iter().map(|s| &*s.id).collect();
        let message = format!(
            "the search names no log source that a schema describes; {} of the rule's `data_source` chooses {}",
            super::scope::list(&names),
            super::scope::list(&ids)
        );
        let help = "name the source in the search, e.g. by its `sourcetype`";
        self.sink.push(Diagnostic::new(&code::DATA_SOURCE, message).at(span).help(help));
        Some(schemas)
    }

    /// What is left of a condition for the events of one source. `datamodel`: the search names a data model, so that
    /// selectors are conditions on it, or are not checked.
    ///
    /// # Errors
    /// A selector is compared otherwise than by `=` and `!=`.
    pub(super) fn residual(
        &mut self,
        condition: &Search,
        schema: &Schema,
        datamodel: Option<&str>,
    ) -> Result<Search, Reported> {
        self.residual_at(condition, schema, datamodel, Place::Conjunct)
    }

    fn residual_at(
        &mut self,
        condition: &Search,
        schema: &Schema,
        datamodel: Option<&str>,
        place: Place,
    ) -> Result<Search, Reported> {
        match condition {
            Search::And(parts) => {
                let below = if place == Place::Alternative { Place::Conjunct } else { place };
                let parts: Vec<Search> =
                    parts.iter().map(|p| self.residual_at(p, schema, datamodel, below)).collect::<Result<_, _>>()?;
                Ok(and(parts))
            }
            Search::Or(parts) => {
                let below = match place {
                    _ if parts.len() == 1 => place,
                    Place::Negated => place,
                    Place::Conjunct | Place::Alternative => Place::Alternative,
                };
                let parts: Vec<Search> =
                    parts.iter().map(|p| self.residual_at(p, schema, datamodel, below)).collect::<Result<_, _>>()?;
                Ok(or(parts))
            }
            Search::Not(inner, span) => {
                let inner = self.residual_at(inner, schema, datamodel, Place::Negated)?;
                Ok(not(inner, *span))
            }
            Search::Compare { field, op, span, .. }
                if SELECTORS.contains(&field.text.as_str()) && !matches!(op, CompareOp::Eq | CompareOp::Ne) =>
            {
                let message = format!("`{}` chooses the data source; only `{}=…` is supported", field.text, field.text);
                Err(self.fail_syntax(message, *span, "name the source that the rule reads"))
            }
            Search::Compare { field, value, span, .. } if field.text == "nodename" => match datamodel {
                Some(model) => self.node(model, value, *span),
                None => Ok(condition.clone()),
            },
            Search::Compare { .. } | Search::In { .. } => {
                let Some(leaf) = Leaf::of(condition) else { return Ok(condition.clone()) };
                if !leaf.is_selector() {
                    return Ok(known(&leaf, schema).unwrap_or_else(|| condition.clone()));
                }
                let place = if leaf.negated { Place::Negated } else { place };
                let kept = self.selector(&leaf, condition, schema, datamodel.is_some(), place)?;
                Ok(if leaf.negated && kept != *condition { not(kept, condition.span()) } else { kept })
            }
            Search::CompareCall { .. } | Search::Term(_) | Search::Subsearch(..) => Ok(condition.clone()),
        }
    }

    /// What a selector says of the events of one source.
    fn selector(
        &mut self,
        leaf: &Leaf<'_>,
        condition: &Search,
        schema: &Schema,
        datamodel: bool,
        place: Place,
    ) -> Result<Search, Reported> {
        let mut alternatives = Vec::new();
        let mut described = false;
        let mut unknown = Vec::new();
        for value in &leaf.values {
            if value.pattern().is_any() {
                return Ok(yes());
            }
            let choices = if datamodel { Vec::new() } else { self.schemas.choose(leaf.field, &value.text) };
            if choices.is_empty() {
                unknown.push(*value);
                continue;
            }
            described = true;
            for choice in choices.into_iter().filter(|c| c.schema.id == schema.id) {
                match choice.condition {
                    None => return Ok(yes()),
                    Some(text) => alternatives.push(self.parse_condition(&text, value.span)?),
                }
            }
        }
        // Rows of a data model come from many sources, and a host is a fact of the event.
        let compared = leaf.field == "host" || datamodel && matches!(leaf.field, "source" | "sourcetype");
        if !unknown.is_empty() && !described && compared && schema.fields.contains_key(leaf.field) {
            return Ok(condition.clone());
        }
        for value in unknown {
            // Beside others, an alternative of which nothing is known is left out.
            if place == Place::Alternative || described {
                let message = format!(
                    "the search also reads `{}={}`, which no schema describes; its events are missing (narrows)",
                    leaf.field, value.text
                );
                let help = "add a schema file (`--schema`), or remove the alternative";
                self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(value.span).help(help));
            } else {
                self.note_selector(leaf.field, value, schema);
                if place == Place::Conjunct {
                    return Ok(yes());
                }
            }
        }
        Ok(or(alternatives))
    }

    /// `nodename=All_Changes.Account_Management`: the dataset of a data model that events are in.
    fn node(&mut self, model: &str, value: &Value, span: Span) -> Result<Search, Reported> {
        let model = model.split('.').next().unwrap_or(model);
        let dataset = value.text.rsplit('.').next().unwrap_or(&value.text);
        let name = format!("{model}.{dataset}");
        match self.schemas.selector("datamodel", &name) {
            Some((_, selector)) => match selector.condition.clone() {
                Some(text) => self.parse_condition(&text, span),
                None => Ok(yes()),
            },
            None => {
                let message = format!("no schema describes the dataset `{name}`");
                let help = "name the dataset behind the data model: `datamodel=Model.Dataset`";
                Err(self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(value.span).help(help)))
            }
        }
    }

    fn parse_condition(&mut self, text: &str, place: Span) -> Result<Search, Reported> {
        let text = crate::spl::text::Text::of_formula(text, place);
        let mut p = crate::spl::parser::Parser::new(&text, self.sink);
        crate::spl::search::parse(&mut p, &[])
    }
}

/// What a condition says of a source whose events all have one value in that field: `Channel=Security`.
fn known(leaf: &Leaf<'_>, schema: &Schema) -> Option<Search> {
    let fixed = schema.recognise.as_ref()?.values.get(leaf.field)?;
    let [value] = leaf.values.as_slice() else { return None };
    if leaf.negated || value.case_sensitive || value.text.contains('*') {
        return None;
    }
    let pieces = fixed.split('*').enumerate().flat_map(|(i, text)| {
        let star = (i > 0).then_some(Piece::Any);
        star.into_iter().chain([Piece::Text(text.to_owned())])
    });
    match (Pattern::new(pieces).matches(&value.text, true), fixed.contains('*')) {
        (false, _) => Some(no()),
        (true, false) => Some(yes()),
        (true, true) => None,
    }
}

/// The dataset that a condition on a data model asks for: the last part of its `nodename`.
pub(crate) fn node_of(condition: &Search) -> Option<&str> {
    match condition {
        Search::And(parts) => parts.iter().find_map(node_of),
        Search::Compare { field, op: CompareOp::Eq, value, .. } if field.text == "nodename" => {
            value.text.rsplit('.').next()
        }
        _ => None,
    }
}

fn add(all: &mut Vec<Arc<Schema>>, more: impl IntoIterator<Item = Arc<Schema>>) {
    for schema in more {
        if !all.iter().any(|s| s.id == schema.id) {
            all.push(schema);
        }
    }
}

/// The condition that always holds.
pub(super) fn yes() -> Search {
    Search::And(Vec::new())
}

/// The condition that never holds.
pub(super) fn no() -> Search {
    Search::Or(Vec::new())
}

fn and(parts: Vec<Search>) -> Search {
    if parts.contains(&no()) {
        return no();
    }
    let mut parts: Vec<Search> = parts.into_iter().filter(|p| *p != yes()).collect();
    if parts.len() == 1 { parts.remove(0) } else { Search::And(parts) }
}

fn or(parts: Vec<Search>) -> Search {
    if parts.contains(&yes()) {
        return yes();
    }
    let mut kept: Vec<Search> = Vec::new();
    for part in parts.into_iter().filter(|p| *p != no()) {
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    if kept.len() == 1 { kept.remove(0) } else { Search::Or(kept) }
}

fn not(inner: Search, span: Span) -> Search {
    if inner == yes() {
        no()
    } else if inner == no() {
        yes()
    } else {
        Search::Not(Box::new(inner), span)
    }
}
