//! Operators: filters, definitions, order and number of rows.

use super::super::ast::{Direction, Expr, Field};
use super::super::binding::Binding;
use super::predicate::Want;
use super::{Form, Lower, Value};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{self, Name, Rel, Scan, SortKey, SortOrder, TimeBound};
use crate::options::WindowStyle;
use crate::source::Span;

/// From this size on a definition gets a name at once, so that definitions over definitions can't grow without bound.
const LARGE_DEFINITION: usize = 150;

/// A definition of more nodes than this can be part of no query: Logs Insights takes 10,000 characters.
const MOST_NODES: usize = 5_000;

impl Lower<'_> {
    pub(super) fn rel(&mut self, rel: &Rel) -> Result<(), Reported> {
        match rel {
            Rel::Scan(scan) => self.scan(scan),
            Rel::Filter { input, predicate } => {
                self.rel(input)?;
                self.filter(predicate)
            }
            Rel::Extend { input, columns } => {
                self.rel(input)?;
                let defined = self.define(columns)?;
                self.columns.extend(defined);
                Ok(())
            }
            Rel::Project { input, columns } => {
                self.rel(input)?;
                self.columns = self.define(columns)?.into_iter().collect();
                self.open = false;
                Ok(())
            }
            Rel::Aggregate { input, keys, aggregates, span } => {
                self.rel(input)?;
                self.aggregate(keys, aggregates, *span)
            }
            Rel::Unnest { input, column, span } => {
                self.rel(input)?;
                self.before_end("`mvexpand`", *span)?;
                self.unnest(column, *span)
            }
            Rel::Sort { input, keys, limit, span } => {
                self.rel(input)?;
                self.sort(keys, *limit, *span)
            }
            Rel::Limit { input, count, last, span } => {
                self.rel(input)?;
                self.limit(*count, *last, *span)
            }
            Rel::Distinct { input, keys, count, span } => {
                self.rel(input)?;
                self.distinct(keys, *count, *span)
            }
            Rel::Lookup(lookup) => {
                self.rel(&lookup.input)?;
                self.lookup(lookup)
            }
            Rel::SemiJoin { input, other, on, negated, span } => {
                self.rel(input)?;
                self.semi_join(other, on, *negated, *span)
            }
            Rel::Union { inputs, span } => self.union(inputs, *span),
            Rel::Transaction(_)
            | Rel::Beside { .. }
            | Rel::Pivot(_)
            | Rel::Unpivot { .. }
            | Rel::Transpose(_)
            | Rel::Continuous(_)
            | Rel::Remove { .. }
            | Rel::Assign { .. } => {
                let message = format!("Logs Insights has no command for `{}`", rel.spl_name());
                Err(self.unsupported(
                    rel.span(),
                    message,
                    "write the rule without the stage, or run it with `rulecast run`",
                ))
            }
            Rel::Values(values) => Err(self.unsupported(
                values.span,
                format!(
                    "Logs Insights can't make rows, so `inputlookup {}` has no equivalent as a source",
                    values.table
                ),
                "use the table in a condition on events instead",
            )),
            Rel::Window { input, partition, frame, columns, span } => {
                self.rel(input)?;
                self.window(partition, *frame, columns, *span);
                Ok(())
            }
            Rel::Join(join) => {
                self.rel(&join.left)?;
                self.join(join)
            }
        }
    }

    fn scan(&mut self, scan: &Scan) -> Result<(), Reported> {
        let section = self.schemas.get(&scan.source).and_then(|s| s.section::<Binding>("cloudwatch"));
        self.binding = match section {
            Some(Ok(binding)) => binding,
            Some(Err(message)) => {
                return Err(self.fail(
                    &code::INVALID_SCHEMA,
                    scan.span,
                    format!("section `[target.cloudwatch]` of source `{}`: {message}", scan.source),
                    "see the sources that come with the program for its keys",
                ));
            }
            None => {
                return Err(self.unsupported(
                    scan.span,
                    format!("source `{}` has no section `[target.cloudwatch]`", scan.source),
                    "a schema file says where the source's fields are in a log group",
                ));
            }
        };
        let window = self.window_text(&scan.window);
        self.query.comments.push(["Time range: ", &window].concat());
        let source = match &self.binding.log_group {
            Some(group) => [&self.binding.log, ", ", group].concat(),
            None => self.binding.log.clone(),
        };
        self.query.comments.push(["Source: ", &source].concat());
        self.slots.insert("_time".into(), Value { expr: Expr::raw("@timestamp"), form: Form::Timestamp });
        self.slots.insert("_raw".into(), Value { expr: Expr::raw("@message"), form: Form::Text });
        for column in &scan.fields {
            let path = self.binding.path(&column.name).to_owned();
            let set = if column.nullable { &mut self.optional } else { &mut self.required };
            set.insert(path);
        }
        let times = scan.fields.iter().any(|c| &*c.name == "_time");
        if times || scan.window.earliest.is_some() || scan.window.latest.is_some() {
            self.reading(
                None,
                "`@timestamp` stands for `_time`",
                "CloudWatch takes it from the record at ingestion, with milliseconds",
            );
        }
        Ok(())
    }

    /// The time range as the header shows it; it is a parameter of the query, not part of its text.
    fn window_text(&self, window: &ir::Window) -> String {
        if self.options.window_style == WindowStyle::Parameter {
            return "as given when the query runs".to_owned();
        }
        if window.earliest.is_none() && window.latest.is_none() {
            return "any".to_owned();
        }
        let bound = |bound: &Option<TimeBound>, open: &str| match bound {
            None => open.to_owned(),
            Some(TimeBound::Absolute(t)) => crate::time::iso8601(*t),
            Some(TimeBound::Relative(shift)) => match (self.options.window_style, self.options.now) {
                (WindowStyle::Literal, Some(now)) => crate::time::iso8601(crate::time::apply(shift, now)),
                _ => super::time::modifier(shift),
            },
        };
        [&bound(&window.earliest, "the first event"), " to ", &bound(&window.latest, "now")].concat()
    }

    fn filter(&mut self, predicate: &ir::Expr) -> Result<(), Reported> {
        self.before_end("a condition", predicate.span)?;
        let resolved = self.resolve(predicate);
        let parts = self.sayable(resolved);
        if self.stats > 0 && !parts.is_empty() && self.selects_more_events() {
            self.approximate(
                predicate.span,
                "the groups also count events that SPL leaves out, so that this condition can drop groups too",
                "differs: see what widens the events above",
            );
        }
        let condition = self.truth(&ir::Expr::and(parts, predicate.span), Want::True)?;
        self.push_filter(condition);
        Ok(())
    }

    /// Whether a condition on the events was said in a form that lets more of them pass.
    fn selects_more_events(&self) -> bool {
        let widens = |d: &crate::diagnostic::Diagnostic| {
            std::ptr::eq(d.code, &crate::diagnostic::code::APPROXIMATION)
                && d.help.as_deref().is_some_and(|h| h.starts_with("widens"))
        };
        self.sink.diagnostics().iter().any(widens)
    }

    fn define(&mut self, columns: &[(Name, ir::Expr)]) -> Result<Vec<(Name, ir::Expr)>, Reported> {
        let mut out = Vec::with_capacity(columns.len());
        for (name, expr) in columns {
            let mut resolved = self.resolve(expr);
            let weight = super::value::weight(&resolved);
            if weight > MOST_NODES {
                // Definitions that name one another several times multiply with each step.
                let message = format!("the definition of `{name}` grows beyond what a query can hold");
                let help = "compute the field in fewer steps, or keep the rule in another target";
                let too_long = &code::QUERY_TOO_LONG;
                return Err(self.sink.fail(Diagnostic::new(too_long, message).at(expr.span).help(help)));
            }
            let large = weight > LARGE_DEFINITION && !resolved.ty.multivalue;
            if large && self.missing_in(&resolved).is_none() {
                let value = self.named(&resolved, name)?;
                resolved = self.base(value, resolved.ty, resolved.nullable, resolved.span);
            }
            out.push((name.clone(), resolved));
        }
        Ok(out)
    }

    /// Refuses what can't follow `limit` and `dedup`.
    pub(super) fn before_end(&mut self, what: &str, span: Span) -> Result<(), Reported> {
        let before = match &self.tail {
            tail if tail.dedup.is_some() => "dedup",
            tail if tail.limit.is_some() => "limit",
            _ => return Ok(()),
        };
        Err(self.unsupported(
            span,
            format!("{what} can't follow `{before}` in Logs Insights"),
            "`limit` and `dedup` work on the rows that the query ends with",
        ))
    }

    fn sort(&mut self, keys: &[SortKey], limit: Option<u64>, span: Span) -> Result<(), Reported> {
        self.before_end("`sort`", span)?;
        let mut sort = Vec::new();
        for key in keys {
            let resolved = self.resolve(&key.expr);
            if let (Some((names, _)), None) = (self.missing_in(&resolved), limit) {
                self.shape(
                    Some(span),
                    format!("the rows are not sorted by {}, which is not there", super::widen::list(&names)),
                    "the rows are the same",
                );
                continue;
            }
            let field = self.field(&resolved, "sort_key", "`sort`")?;
            let exact = match key.order {
                SortOrder::Auto | SortOrder::Number => resolved.ty.is_numeric(),
                SortOrder::Text | SortOrder::Ip => false,
            };
            if !exact && limit.is_some() {
                self.approximate(
                    key.expr.span,
                    "Logs Insights orders text by its own rules, so other rows can come first before `limit`",
                    "differs where values are not all numbers",
                );
            }
            let direction = if key.descending { Direction::Descending } else { Direction::Ascending };
            sort.push((field, direction));
        }
        if limit.is_some() {
            self.check_picked("`sort` with a number", span);
        }
        self.tail.sort = sort;
        self.tail.limit = limit;
        Ok(())
    }

    fn limit(&mut self, count: u64, last: bool, span: Span) -> Result<(), Reported> {
        if last {
            return Err(self.unsupported(
                span,
                "Logs Insights can't take the last rows, so `tail` has no equivalent",
                "sort the other way and use `head`",
            ));
        }
        self.check_picked("`head`", span);
        self.explicit_order();
        self.tail.limit = Some(self.tail.limit.map_or(count, |have| have.min(count)));
        Ok(())
    }

    /// Writes down the order that SPL has where nothing was sorted: newest event first, groups by their keys.
    fn explicit_order(&mut self) {
        if self.tail.sort.is_empty() {
            if let (Some(span), 0) = (self.merged, self.stats) {
                self.approximate(
                    span,
                    "differs: the rows of all searches are taken newest first, not search by search",
                    "sort before the rows are picked",
                );
            }
            self.tail.sort = match self.stats {
                0 => vec![(Field::Raw("@timestamp".to_owned()), Direction::Descending)],
                _ => self.keys.iter().map(|k| (k.clone(), Direction::Ascending)).collect(),
            };
        }
    }

    fn distinct(&mut self, keys: &[ir::Expr], count: u64, span: Span) -> Result<(), Reported> {
        self.before_end("`dedup`", span)?;
        if count != 1 {
            return Err(self.unsupported(
                span,
                "Logs Insights keeps one row of each key, so `dedup` with a number has no equivalent",
                "keep one row",
            ));
        }
        let mut fields = Vec::new();
        for key in keys {
            let resolved = self.resolve(key);
            fields.push(self.field(&resolved, "key", "`dedup`")?);
        }
        self.check_picked("`dedup`", span);
        self.explicit_order();
        self.tail.dedup = Some((fields, span));
        Ok(())
    }

    /// A value that has a plain name, as `sort` and `dedup` need it.
    pub(super) fn field(&mut self, e: &ir::Expr, hint: &str, what: &str) -> Result<Field, Reported> {
        let value = self.value(e)?;
        match (value.form, value.expr) {
            (Form::List | Form::Json, _) => Err(self.unsupported(
                e.span,
                format!("Logs Insights has no {what} on a list or an object"),
                "use a field with one value",
            )),
            (_, Expr::Field(field)) => Ok(field),
            _ => match self.named(e, hint)?.expr {
                Expr::Field(field) => Ok(field),
                other => Ok(self.name_expr(other, hint)),
            },
        }
    }

    /// `append`, `union`, `multisearch`: one filter, where all inputs are conditions on the same events.
    fn union(&mut self, inputs: &[Rel], span: Span) -> Result<(), Reported> {
        let Some(merged) = ir::merge::one_scan(inputs, span) else { return Err(self.union_unsupported(span)) };
        self.scan(&merged.scan)?;
        if !merged.exclusive {
            self.approximate(
                span,
                "narrows: the searches become one condition, so an event that several of them find is one row",
                "SPL repeats such an event",
            );
        }
        self.merged = Some(span);
        self.filter(&merged.predicate)
    }

    fn union_unsupported(&mut self, span: Span) -> Reported {
        self.unsupported(
            span,
            "Logs Insights can't append the rows of another search, so `append` and `union` have no equivalent",
            "conditions on the same events can be joined by OR in one search",
        )
    }
}
