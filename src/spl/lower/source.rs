//! Which log source a search reads, and in which time window.

use std::sync::Arc;

use super::choice::{self, Choice};
use super::{Lowering, Origin, Scope};
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::ir::{CompareOp, Expr, ExprKind, Literal, Rel, Scan, SortKey, SortOrder, TimeBound, Window};
use crate::options::Options;
use crate::rule::{Library, Rule};
use crate::schema::Schema;
use crate::source::Span;
use crate::spl::search::{Search, Value};
use crate::time;

/// Whether no row can pass a filter on top of a plan.
fn is_empty(plan: &Rel) -> bool {
    fn never(predicate: &Expr) -> bool {
        match &predicate.kind {
            ExprKind::Literal(Literal::Boolean(b)) => !b,
            ExprKind::And(parts) => parts.iter().any(never),
            ExprKind::Or(parts) => parts.iter().all(never),
            _ => false,
        }
    }
    match plan {
        Rel::Filter { input, predicate } => never(predicate) || is_empty(input),
        Rel::SemiJoin { input, .. } => is_empty(input),
        _ => false,
    }
}

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

impl Lowering<'_> {
    /// Lowers the conditions of the first `search`: chooses the sources, then filters their events.
    pub(crate) fn scan_search(&mut self, condition: &Search, span: Span) -> Result<(), Reported> {
        let mut window = self.window.clone();
        let condition = self.take_window(condition, &mut window)?;
        let schemas = self.choose_schemas(&condition, span)?;
        let mut parts = Vec::new();
        for schema in &schemas {
            let rest = self.residual(&condition, schema, None)?;
            if rest != choice::no() {
                parts.push((schema.clone(), rest));
            }
        }
        if parts.is_empty() {
            // The conditions contradict each other.
            parts.extend(schemas.into_iter().take(1).map(|s| (s, choice::no())));
        }
        let mut scopes = Vec::new();
        self.siblings = parts.iter().map(|(schema, _)| schema.clone()).collect();
        for (schema, rest) in parts {
            self.scan(schema, window.clone(), Vec::new(), span);
            let filtered = self.search_filter(&rest);
            let scope = std::mem::take(&mut self.scope);
            if let Err(reported) = filtered {
                self.siblings.clear();
                return Err(reported);
            }
            scopes.push(scope);
        }
        self.siblings.clear();
        // A source whose events can't satisfy the condition, for want of a field, is not read.
        let found = scopes.iter().filter(|s| !s.plan.as_ref().is_some_and(is_empty)).count();
        if found > 0 {
            scopes.retain(|s| !s.plan.as_ref().is_some_and(is_empty));
        }
        scopes.truncate(found.max(1));
        self.several(scopes, span)
    }

    /// Puts the events of several sources together, the newest first.
    fn several(&mut self, mut scopes: Vec<Scope>, span: Span) -> Result<(), Reported> {
        if scopes.len() == 1 {
            self.scope = scopes.remove(0);
            return Ok(());
        }
        let mut origins = scopes.iter().filter_map(|s| s.origin.clone());
        let Some(mut origin) = origins.next() else { return Err(Reported) };
        origin.others = origins.collect();
        let inputs = scopes.into_iter().filter_map(|s| s.plan).collect();
        self.scope = Scope { plan: Some(Rel::Union { inputs, span }), origin: Some(origin), ..Scope::default() };
        let expr = self.field("_time", span);
        let input = self.take_plan(span)?;
        let keys = vec![SortKey { expr, descending: true, order: SortOrder::Number }];
        self.put_plan(Rel::Sort { input, keys, limit: None, span });
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
        let mut window = self.window.clone();
        let condition = self.take_window(condition, &mut window)?;
        let condition = self.residual(&condition, &schema, Some(name))?;
        let model = name.split('.').next().unwrap_or(name);
        let listed = schema.select.iter().filter(|s| s.field == "datamodel").filter_map(|s| s.value.split_once('.'));
        let datasets = listed.filter(|(m, _)| m.eq_ignore_ascii_case(model)).map(|(_, d)| d.to_owned()).collect();
        self.scan(schema, window, datasets, span);
        self.search_filter(&condition)
    }

    /// Filters by a condition in SPL that does not stand in the rule.
    pub(crate) fn formula_filter(&mut self, condition: &str, place: Span) -> Result<(), Reported> {
        let text = crate::spl::text::Text::of_formula(condition, place);
        let mut p = crate::spl::parser::Parser::new(&text, self.sink);
        let parsed = crate::spl::search::parse(&mut p, &[])?;
        self.search_filter(&parsed)
    }

    pub(super) fn note_selector(&mut self, field: &str, value: &Value, schema: &Schema) {
        let message = format!("`{field}={}` is not checked: the schema `{}` chooses the table", value.text, schema.id);
        self.sink.push(Diagnostic::new(&code::SOURCE_CONSTRAINT, message).at(value.span));
    }

    /// Takes the bounds of the time window out of a condition's conjuncts.
    fn take_window(&mut self, condition: &Search, window: &mut Window) -> Result<Search, Reported> {
        match condition {
            Search::And(parts) => {
                let parts: Vec<Search> = parts.iter().map(|p| self.take_window(p, window)).collect::<Result<_, _>>()?;
                Ok(Search::And(parts.into_iter().filter(|p| !p.is_empty()).collect()))
            }
            Search::Compare { field, op, value, span } => match field.text.as_str() {
                "earliest" | "latest" | "starttime" | "endtime" if *op == CompareOp::Eq => {
                    self.time_bound(&field.text, value, window)?;
                    Ok(choice::yes())
                }
                "_index_earliest" | "_index_latest" => {
                    let message =
                        format!("`{}` needs the time of indexing, which other platforms do not keep", field.text);
                    Err(self.fail_syntax(message, *span, "use `earliest` and `latest`"))
                }
                _ => Ok(condition.clone()),
            },
            Search::Or(parts) if parts.len() == 1 => self.take_window(&parts[0], window),
            _ => Ok(condition.clone()),
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

    fn choose_schemas(&mut self, condition: &Search, span: Span) -> Result<Vec<Arc<Schema>>, Reported> {
        let unknown = match self.choice(condition)? {
            Choice::Only(schemas) => return Ok(schemas),
            Choice::Unknown(field, value) if choice::is_local(field) => match self.fallback(span) {
                Some(schemas) => return Ok(schemas),
                None => Some((field, value)),
            },
            Choice::Unknown(field, value) => Some((field, value)),
            Choice::Any => match self.fallback(span) {
                Some(schemas) => return Ok(schemas),
                None => None,
            },
        };
        let described: Vec<String> = self
            .schemas
            .iter()
            .flat_map(|s| {
                s.select.iter().filter(|x| choice::is_source(&x.field)).map(|x| format!("{}={}", x.field, x.value))
            })
            .collect();
        Err(match unknown {
            Some((field, value)) => {
                let message = format!("no schema describes the log source `{field}={}`", value.text);
                let help = did_you_mean(&format!("{field}={}", value.text), described.iter().map(String::as_str))
                    .unwrap_or_else(|| {
                        "add a schema file (`--schema`); `rulecast targets` lists the sources that have one".to_owned()
                    });
                self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(value.span).help(help))
            }
            None => {
                let message = "the search names no log source";
                let help = "begin with a source macro, or with one of the conditions that `rulecast targets` lists";
                self.sink.fail(Diagnostic::new(&code::NO_SOURCE, message).at(span).help(help))
            }
        })
    }
}
