//! Which log source a search reads, and in which time window.

use std::sync::Arc;

use super::{Lowering, Origin, Scope};
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::ir::{CompareOp, Rel, Scan, TimeBound, Window};
use crate::options::Options;
use crate::rule::{Library, Rule};
use crate::schema::Schema;
use crate::source::Span;
use crate::spl::search::{Search, Value};
use crate::time;

/// Fields that choose where Splunk looks, not what an event says.
const SELECTORS: &[&str] = &["sourcetype", "source", "index", "host", "eventtype", "tag", "splunk_server", "datamodel"];

/// The window of `--earliest` and `--latest`, else that of the library's deployment for the rule's type.
pub(super) fn default_window(rule: &Rule, library: &Library, options: &Options) -> Window {
    if options.all_time || options.window != Window::default() {
        return options.window.clone();
    }
    match library.deployments.get(&rule.kind.to_lowercase()) {
        Some(deployment) => {
            Window { earliest: parse_bound(&deployment.earliest), latest: parse_bound(&deployment.latest) }
        }
        None => Window::default(),
    }
}

/// A time modifier or an absolute time.
pub(crate) fn parse_bound(text: &str) -> Option<TimeBound> {
    if text.is_empty() {
        return None;
    }
    time::parse_absolute(text).map(TimeBound::Absolute).or_else(|| time::parse_relative(text).map(TimeBound::Relative))
}

/// What the first `search` of a pipeline says about its source.
#[derive(Default)]
struct Selection<'s> {
    /// Conditions on the event itself.
    conditions: Vec<&'s Search>,
    /// Groups of alternative selectors: `sourcetype=a OR source=b`.
    selectors: Vec<Vec<(&'s str, &'s Value)>>,
    window: Window,
}

impl Lowering<'_> {
    /// Lowers the conditions of the first `search`: chooses the schema, then filters its events.
    pub(crate) fn scan_search(&mut self, condition: &Search, span: Span) -> Result<(), Reported> {
        let mut selection = Selection { window: self.window.clone(), ..Selection::default() };
        let parts = match condition {
            Search::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts {
            self.sort_condition(part, &mut selection)?;
        }
        let schema = self.choose_schema(&selection, span)?;
        self.scan(schema, selection.window, Vec::new(), span);
        for part in selection.conditions {
            self.search_filter(part)?;
        }
        Ok(())
    }

    /// Puts a scan of a schema's events as the plan.
    pub(crate) fn scan(&mut self, schema: Arc<Schema>, window: Window, datasets: Vec<String>, span: Span) {
        let profile = self.options.profiles.get(&*schema.id).or_else(|| self.options.profiles.get("*")).cloned();
        let profile = profile.filter(|p| schema.profiles.contains_key(p));
        let plan = Rel::Scan(Scan { source: schema.id.clone(), fields: Vec::new(), window, span });
        let origin = Origin { datasets, ..Origin::new(schema, profile) };
        self.scope = Scope { plan: Some(plan), origin: Some(origin), ..Scope::default() };
    }

    /// Reads a data model, or a dataset of it (`Model.Dataset`); conditions on the source are not checked, the schema chooses it.
    pub(crate) fn scan_dataset(
        &mut self,
        schema: Arc<Schema>,
        name: &str,
        condition: &Search,
        span: Span,
    ) -> Result<(), Reported> {
        let mut selection = Selection { window: self.window.clone(), ..Selection::default() };
        self.sort_condition(condition, &mut selection)?;
        for (field, value) in selection.selectors.iter().flatten() {
            self.note_selector(field, value, &schema);
        }
        let model = name.split('.').next().unwrap_or(name);
        let listed = schema.select.iter().filter(|s| s.field == "datamodel").filter_map(|s| s.value.split_once('.'));
        let datasets = listed.filter(|(m, _)| m.eq_ignore_ascii_case(model)).map(|(_, d)| d.to_owned()).collect();
        self.scan(schema, selection.window, datasets, span);
        selection.conditions.into_iter().try_for_each(|part| self.search_filter(part))
    }

    /// Filters by a condition in SPL that does not stand in the rule.
    pub(crate) fn formula_filter(&mut self, condition: &str, place: Span) -> Result<(), Reported> {
        let text = crate::spl::text::Text::of_formula(condition, place);
        let mut p = crate::spl::parser::Parser::new(&text, self.sink);
        let parsed = crate::spl::search::parse(&mut p, &[])?;
        self.search_filter(&parsed)
    }

    fn note_selector(&mut self, field: &str, value: &Value, schema: &Schema) {
        let message = format!("`{field}={}` is not checked: the schema `{}` chooses the table", value.text, schema.id);
        self.sink.push(Diagnostic::new(&code::SOURCE_CONSTRAINT, message).at(value.span));
    }

    /// Tells conditions on the source and the time from conditions on the event.
    fn sort_condition<'s>(&mut self, part: &'s Search, selection: &mut Selection<'s>) -> Result<(), Reported> {
        match part {
            Search::And(parts) => parts.iter().try_for_each(|p| self.sort_condition(p, selection)),
            Search::Compare { field, op, value, span } => match field.text.as_str() {
                "earliest" | "latest" | "starttime" | "endtime" if *op == CompareOp::Eq => {
                    self.time_bound(&field.text, value, &mut selection.window)
                }
                "_index_earliest" | "_index_latest" => {
                    let message =
                        format!("`{}` needs the time of indexing, which other platforms do not keep", field.text);
                    Err(self.fail_syntax(message, *span, "use `earliest` and `latest`"))
                }
                name if SELECTORS.contains(&name) => {
                    if *op != CompareOp::Eq {
                        let message = format!("`{name}` chooses the data source; only `{name}=…` is supported");
                        return Err(self.fail_syntax(message, *span, "name the source that the rule reads"));
                    }
                    selection.selectors.push(vec![(name, value)]);
                    Ok(())
                }
                _ => {
                    selection.conditions.push(part);
                    Ok(())
                }
            },
            Search::In { field, values, .. } if SELECTORS.contains(&field.text.as_str()) => {
                selection.selectors.push(values.iter().map(|v| (field.text.as_str(), v)).collect());
                Ok(())
            }
            Search::Or(_) => {
                match alternatives(part) {
                    Some(group) => selection.selectors.push(group),
                    None => selection.conditions.push(part),
                }
                Ok(())
            }
            _ => {
                selection.conditions.push(part);
                Ok(())
            }
        }
    }

    fn time_bound(&mut self, field: &str, value: &Value, window: &mut Window) -> Result<(), Reported> {
        let Some(bound) = parse_bound(&value.text) else {
            let message = format!("`{}` is no time", value.text);
            let help = "write a time modifier such as `-24h@h`, or `%m/%d/%Y:%H:%M:%S`";
            return Err(self.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(value.span).help(help)));
        };
        if matches!(field, "earliest" | "starttime") {
            window.earliest = Some(bound);
        } else {
            window.latest = Some(bound);
        }
        Ok(())
    }

    /// The schema that a group of alternatives chooses. Alternatives beside it that no schema describes are reported.
    fn one_schema(&mut self, group: &[(&str, &Value)]) -> Result<Option<Arc<Schema>>, Reported> {
        let found = |(field, value): &(&str, &Value)| self.schemas.select(field, &value.text).cloned();
        let choices: Vec<Option<Arc<Schema>>> = group.iter().map(found).collect();
        let Some(first) = choices.iter().flatten().next().cloned() else { return Ok(None) };
        for ((field, value), choice) in group.iter().zip(choices) {
            match choice {
                Some(other) if other.id == first.id => {}
                Some(other) => return Err(self.two_sources(&first, &other, value.span)),
                None => {
                    let message = format!(
                        "the search also reads `{field}={}`, which no schema describes; its events are missing (narrows)",
                        value.text
                    );
                    let help = "add a schema file (`--schema`), or remove the alternative";
                    self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(value.span).help(help));
                }
            }
        }
        Ok(Some(first))
    }

    fn two_sources(&mut self, first: &Schema, other: &Schema, at: Span) -> Reported {
        let message = format!("the search reads `{}` and `{}` at once", first.id, other.id);
        let help = "a rule reads one log source; join others with `append` or `join`";
        self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(at).help(help))
    }

    fn choose_schema(&mut self, selection: &Selection<'_>, span: Span) -> Result<Arc<Schema>, Reported> {
        let mut chosen: Option<Arc<Schema>> = None;
        let mut unmatched = Vec::new();
        for group in &selection.selectors {
            let found = self.one_schema(group)?;
            match (found, &chosen) {
                (Some(found), None) => chosen = Some(found),
                (Some(found), Some(first)) if found.id == first.id => {}
                (Some(found), Some(first)) => return Err(self.two_sources(first, &found, group[0].1.span)),
                (None, _) => unmatched.push(group),
            }
        }
        let described: Vec<String> = self
            .schemas
            .iter()
            .flat_map(|s| {
                s.select.iter().filter(|x| x.field != "datamodel").map(|x| format!("{}={}", x.field, x.value))
            })
            .collect();
        let Some(schema) = chosen else {
            return Err(match unmatched.first() {
                Some(group) => {
                    let (field, value) = group[0];
                    let message = format!("no schema describes the log source `{field}={}`", value.text);
                    let help = did_you_mean(&format!("{field}={}", value.text), described.iter().map(String::as_str))
                        .unwrap_or_else(|| {
                            format!("add a schema file (`--schema`); there are schemas for {}", described.join(", "))
                        });
                    self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(value.span).help(help))
                }
                None => {
                    let message = "the search names no log source";
                    let help = format!("begin with a source macro or one of {}", described.join(", "));
                    self.sink.fail(Diagnostic::new(&code::NO_SOURCE, message).at(span).help(help))
                }
            });
        };
        for group in unmatched {
            let (field, value) = group[0];
            self.note_selector(field, value, &schema);
        }
        Ok(schema)
    }
}

/// An OR of selectors alone.
fn alternatives(part: &Search) -> Option<Vec<(&str, &Value)>> {
    match part {
        Search::Or(parts) => {
            let groups: Option<Vec<_>> = parts.iter().map(alternatives).collect();
            groups.map(|g| g.into_iter().flatten().collect())
        }
        Search::And(parts) if parts.len() == 1 => alternatives(&parts[0]),
        Search::Compare { field, op: CompareOp::Eq, value, .. } if SELECTORS.contains(&field.text.as_str()) => {
            Some(vec![(field.text.as_str(), value)])
        }
        _ => None,
    }
}
