//! `stats`.

use super::super::ast::{Alias, Command, Expr, Field, Item, Operator};
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{self, Aggregate, AggregateFunction, Name};
use crate::options::InsightsLevel;
use crate::source::Span;

impl Lower<'_> {
    /// Groups rows. Afterwards only the keys and aggregates exist.
    pub(super) fn aggregate(
        &mut self,
        keys: &[(Name, ir::Expr)],
        aggregates: &[(Name, Aggregate)],
        span: Span,
    ) -> Result<(), Reported> {
        self.before_end("`stats`", span)?;
        self.count_stats(span)?;
        if !self.tail.sort.is_empty()
            && let Some((_, a)) = aggregates.iter().find(|(_, a)| depends_on_order(a.function))
        {
            return Err(self.unsupported(
                a.span,
                "Logs Insights sorts after the last `stats` only, so `first` and `last` behind `sort` have no equivalent",
                "use `earliest` and `latest`",
            ));
        }
        self.tail.sort.clear();
        let resolved: Vec<ir::Expr> = keys.iter().map(|(_, e)| self.resolve(e)).collect();
        self.check_groups(&resolved, span)?;
        if let Some((span, true)) =
            self.merged.map(|s| (s, aggregates.iter().any(|(_, a)| depends_on_order(a.function))))
        {
            self.approximate(
                span,
                "differs: `first` and `last` go by time over all searches, not search by search",
                "use `earliest` and `latest`",
            );
        }
        self.merged = None;
        self.name_repeated(&resolved, aggregates)?;
        let mut made = Made::default();
        let results: Vec<_> = keys.iter().map(|(name, e)| self.key(name, e, &mut made)).collect();
        results.into_iter().collect::<Result<Vec<()>, _>>()?;
        let results: Vec<_> = aggregates.iter().map(|(name, a)| self.one_aggregate(name, a, &mut made)).collect();
        results.into_iter().collect::<Result<Vec<()>, _>>()?;
        if keys.is_empty() {
            self.reading(
                Some(span),
                "over no events SPL gives one row with a count of 0; Logs Insights may give none",
                "the manual does not say",
            );
        }
        let only_constants = made.keys.is_empty() && !keys.is_empty();
        if only_constants || made.aggregates.is_empty() {
            let id = self.query.local("rows");
            made.aggregates.push(Item { expr: Expr::CountRows, alias: Some(Alias::Local(id)) });
            made.guard = only_constants.then_some(id);
        }
        self.query.commands.push(Command::Stats { aggregates: made.aggregates, keys: made.keys });
        self.stats += 1;
        self.forget_names();
        self.slots = made.slots.into_iter().collect();
        self.lists = made.lists.into_iter().map(|(name, argument)| (name, (argument, None))).collect();
        self.columns = made.columns.into_iter().collect();
        self.keys = made.fields;
        for (name, ty, span, origin) in made.missing {
            self.missing_column(&name, ty, span, None, &origin);
        }
        if let Some(id) = made.guard {
            // Grouping by constants makes no row where there is no event.
            self.push_filter(Expr::binary(Operator::Gt, Expr::local(id), Expr::integer(0)));
        }
        Ok(())
    }

    fn count_stats(&mut self, span: Span) -> Result<(), Reported> {
        if self.stats >= super::max_stats(self.options.insights_level) {
            return Err(self.unsupported(
                span,
                format!("a query has at most {} `stats`", super::max_stats(self.options.insights_level)),
                "group in fewer steps",
            ));
        }
        if self.stats >= super::max_stats(InsightsLevel::Core) {
            self.level = InsightsLevel::Y2026;
        }
        Ok(())
    }

    /// Gives names to larger values that several keys or aggregates read.
    fn name_repeated(&mut self, keys: &[ir::Expr], aggregates: &[(Name, Aggregate)]) -> Result<(), Reported> {
        let arguments: Vec<(&ir::Expr, ir::Expr)> =
            aggregates.iter().filter_map(|(_, a)| a.argument.as_ref()).map(|e| (e, self.resolve(e))).collect();
        for (i, (argument, value)) in arguments.iter().enumerate() {
            let elsewhere = keys.contains(value) || arguments.iter().skip(i + 1).any(|(_, other)| other == value);
            let nameable = !value.ty.multivalue && value.ty != ir::Type::BOOLEAN && self.missing_in(value).is_none();
            if elsewhere && nameable && super::value::is_large(value) {
                let hint = argument.as_column().map_or("value", |c| &**c);
                self.named(value, hint)?;
            }
        }
        Ok(())
    }

    fn key(&mut self, name: &Name, e: &ir::Expr, made: &mut Made) -> Result<(), Reported> {
        let resolved = self.resolve(e);
        // A constant does not group; it comes back as a definition.
        if resolved.as_literal().is_some_and(|l| *l != ir::Literal::Null) {
            made.columns.push((name.clone(), resolved));
            return Ok(());
        }
        if resolved.ty.multivalue {
            return Err(self.no_lists(e.span));
        }
        let value = self.value(&resolved)?;
        if matches!(value.form, Form::List | Form::Json) {
            return Err(self.no_lists(e.span));
        }
        let same = made.keys.iter().position(|k| k.expr == value.expr);
        let field = match same.and_then(|at| made.fields.get(at)) {
            Some(field) => field.clone(),
            None => {
                let (field, alias) = match &value.expr {
                    Expr::Field(field) => (field.clone(), None),
                    _ => {
                        let id = self.query.local(name);
                        (Field::Local(id), Some(Alias::Local(id)))
                    }
                };
                made.keys.push(Item { expr: value.expr, alias });
                made.fields.push(field.clone());
                field
            }
        };
        let kept = Value { expr: Expr::Field(field), form: value.form };
        made.add(name, kept, resolved.ty, false, e.span);
        Ok(())
    }

    fn one_aggregate(&mut self, name: &Name, a: &Aggregate, made: &mut Made) -> Result<(), Reported> {
        if let Some((_, origin)) = a.argument.as_ref().and_then(|e| self.missing_in(&self.resolve(e))) {
            made.missing.push((name.clone(), a.ty, a.span, origin));
            return Ok(());
        }
        let value = self.aggregate_value(a)?;
        let id = self.query.local(name);
        if let (Form::List, Expr::Call(_, args)) = (value.form, &value.expr) {
            made.lists.extend(args.first().map(|argument| (name.clone(), argument.clone())));
        }
        made.aggregates.push(Item { expr: value.expr, alias: Some(Alias::Local(id)) });
        made.add(name, Value { expr: Expr::local(id), form: value.form }, a.ty, a.nullable, a.span);
        Ok(())
    }

    fn aggregate_value(&mut self, a: &Aggregate) -> Result<Value, Reported> {
        let argument = a.argument.as_ref().map(|e| self.resolve(e));
        let Some(argument) = argument else {
            return match a.function {
                AggregateFunction::Count => Ok(number(Expr::CountRows)),
                other => Err(self.no_aggregate(other, a.span, "it needs a field")),
            };
        };
        if argument.ty.multivalue {
            return match a.function {
                AggregateFunction::Values => {
                    let text = self.list_text(&argument)?;
                    self.values(text, a.span)
                }
                _ => Err(self.unsupported(
                    a.span,
                    "Logs Insights can't aggregate the single values of a multivalue field",
                    "expand the field into rows by `mvexpand` before",
                )),
            };
        }
        match a.function {
            AggregateFunction::Count => {
                let value = self.argument(&argument)?;
                Ok(number(Expr::call("count", vec![value.expr])))
            }
            AggregateFunction::CountIf => {
                self.need_newest("`count(eval(…))`", a.span)?;
                let condition = self.truth(&argument, super::predicate::Want::True)?;
                Ok(number(match condition {
                    Expr::Bool(true) => Expr::CountRows,
                    condition => {
                        let one = Expr::call("if", vec![condition, Expr::integer(1), Expr::integer(0)]);
                        Expr::call("sum", vec![one])
                    }
                }))
            }
            AggregateFunction::DistinctCount | AggregateFunction::EstimatedDistinctCount => {
                if a.function == AggregateFunction::DistinctCount {
                    self.approximate(
                        a.span,
                        "Logs Insights estimates `dc` where a field has very many values",
                        "differs for very many distinct values only",
                    );
                }
                let value = self.distinct_argument(&argument)?;
                Ok(number(Expr::call("count_distinct", vec![value])))
            }
            AggregateFunction::Values => {
                let value = self.argument(&argument)?;
                self.values(value, a.span)
            }
            AggregateFunction::List => Err(self.no_aggregate(a.function, a.span, "`values` keeps the distinct ones")),
            AggregateFunction::Min => self.extreme("min", &argument, a),
            AggregateFunction::Max => self.extreme("max", &argument, a),
            AggregateFunction::Sum => Ok(number(Expr::call("sum", vec![self.number(&argument)?]))),
            AggregateFunction::Average => Ok(number(Expr::call("avg", vec![self.number(&argument)?]))),
            AggregateFunction::SumOfSquares => {
                let value = self.number(&argument)?;
                let square = Expr::binary(Operator::Multiply, value.clone(), value);
                Ok(number(Expr::call("sum", vec![square])))
            }
            AggregateFunction::StandardDeviation | AggregateFunction::PopulationStandardDeviation => {
                self.approximate(
                    a.span,
                    "whether `stddev` of Logs Insights is that of a sample or of a population is not documented",
                    "differs for few values",
                );
                Ok(number(Expr::call("stddev", vec![self.number(&argument)?])))
            }
            AggregateFunction::PopulationVariance => {
                self.need_newest("`varp`", a.span)?;
                Ok(number(Expr::call("variance", vec![self.number(&argument)?])))
            }
            AggregateFunction::Variance => {
                self.need_newest("`var`", a.span)?;
                self.approximate(
                    a.span,
                    "`variance` of Logs Insights is that of a population, `var` that of a sample",
                    "differs for few values",
                );
                Ok(number(Expr::call("variance", vec![self.number(&argument)?])))
            }
            AggregateFunction::Median => self.percentile(&argument, 50.0, a.span),
            AggregateFunction::Percentile(p, _) => self.percentile(&argument, p, a.span),
            AggregateFunction::Mode => {
                Err(self.no_aggregate(a.function, a.span, "count the values and sort by the count"))
            }
            AggregateFunction::Range => {
                let value = self.number(&argument)?;
                let max = Expr::call("max", vec![value.clone()]);
                Ok(number(Expr::binary(Operator::Subtract, max, Expr::call("min", vec![value]))))
            }
            // Events come newest first.
            AggregateFunction::First | AggregateFunction::Latest => self.by_time("latest", &argument, a),
            AggregateFunction::Last | AggregateFunction::Earliest => self.by_time("earliest", &argument, a),
            AggregateFunction::EarliestTime => self.time_of("min", &argument, a),
            AggregateFunction::LatestTime => self.time_of("max", &argument, a),
            AggregateFunction::Rate => Err(self.no_aggregate(a.function, a.span, "divide the range by the time")),
        }
    }

    /// An argument, which must be one value.
    fn argument(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        let value = self.value(e)?;
        match value.form {
            Form::List | Form::Json => {
                Err(self.unsupported(e.span, "Logs Insights can't aggregate lists again", "aggregate in one `stats`"))
            }
            Form::Text | Form::Number | Form::Timestamp | Form::Seconds => Ok(value),
        }
    }

    /// What is counted distinctly; a field that tells records apart stands for the whole text.
    fn distinct_argument(&mut self, e: &ir::Expr) -> Result<Expr, Reported> {
        if e.as_column().is_some_and(|c| &**c == "_raw")
            && self.stats == 0
            && let Some(id) = &self.binding.record_id
        {
            return Ok(Expr::raw(id.clone()));
        }
        Ok(self.argument(e)?.expr)
    }

    fn values(&mut self, value: Value, span: Span) -> Result<Value, Reported> {
        self.need_newest("`values`", span)?;
        self.reading(
            Some(span),
            "the order of the texts of `values` is not promised",
            "SPL sorts them; the set is the same",
        );
        let expr = match value.form {
            Form::Timestamp => super::time::seconds(value),
            Form::Text | Form::Number | Form::Seconds | Form::Json | Form::List => value.expr,
        };
        Ok(Value { expr: Expr::call("values", vec![expr]), form: Form::List })
    }

    fn extreme(&mut self, function: &str, argument: &ir::Expr, a: &Aggregate) -> Result<Value, Reported> {
        let value = self.argument(argument)?;
        if value.form == Form::Text {
            let numeric = argument.ty.is_numeric();
            if !numeric {
                self.approximate(
                    a.span,
                    format!("`{function}` of texts goes by the order of Logs Insights, which compares runs of digits as numbers"),
                    "differs where values are not all numbers",
                );
            }
        }
        Ok(Value { expr: Expr::call(function, vec![value.expr]), form: value.form })
    }

    fn percentile(&mut self, argument: &ir::Expr, p: f64, span: Span) -> Result<Value, Reported> {
        self.approximate(
            span,
            "how `pct` of Logs Insights computes percentiles is not documented",
            "differs slightly from SPL's value",
        );
        Ok(number(Expr::call("pct", vec![self.number(argument)?, Expr::number(p)])))
    }

    /// The value of the first or last event that has one.
    fn by_time(&mut self, function: &str, argument: &ir::Expr, a: &Aggregate) -> Result<Value, Reported> {
        if self.stats > 0 {
            return Err(self.no_aggregate(a.function, a.span, "the events' times are gone after `stats`"));
        }
        let value = self.argument(argument)?;
        if value.expr == Expr::raw("@timestamp") {
            let function = if function == "latest" { "max" } else { "min" };
            return Ok(Value { expr: Expr::call(function, vec![value.expr]), form: Form::Timestamp });
        }
        Ok(Value { expr: Expr::call(function, vec![value.expr]), form: value.form })
    }

    fn time_of(&mut self, function: &str, argument: &ir::Expr, a: &Aggregate) -> Result<Value, Reported> {
        if self.stats > 0 || argument.nullable {
            return Err(self.no_aggregate(
                a.function,
                a.span,
                "take `min(_time)` or `max(_time)` of events that have the field",
            ));
        }
        Ok(Value { expr: Expr::call(function, vec![Expr::raw("@timestamp")]), form: Form::Timestamp })
    }

    fn no_aggregate(&mut self, function: AggregateFunction, span: Span, help: &str) -> Reported {
        self.unsupported(span, format!("Logs Insights has no equivalent of `{}`", spl_name(function)), help)
    }
}

/// The parts of a `stats` while it is put together.
#[derive(Default)]
struct Made {
    keys: Vec<Item>,
    fields: Vec<Field>,
    aggregates: Vec<Item>,
    slots: Vec<(Name, Value)>,
    columns: Vec<(Name, ir::Expr)>,
    lists: Vec<(Name, Expr)>,
    guard: Option<usize>,
    /// Aggregates of columns that have no rendering.
    missing: Vec<(Name, ir::Type, Span, String)>,
}

impl Made {
    /// A column of the result.
    fn add(&mut self, name: &Name, value: Value, ty: ir::Type, nullable: bool, span: Span) {
        self.slots.push((name.clone(), value));
        self.columns.push((name.clone(), ir::Expr::column(name.clone(), ty, nullable, span)));
    }
}

fn number(expr: Expr) -> Value {
    Value { expr, form: Form::Number }
}

fn depends_on_order(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::First | AggregateFunction::Last | AggregateFunction::List)
}

/// As SPL writes it.
fn spl_name(function: AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Count => "count",
        AggregateFunction::CountIf => "count(eval(…))",
        AggregateFunction::DistinctCount => "dc",
        AggregateFunction::EstimatedDistinctCount => "estdc",
        AggregateFunction::Values => "values",
        AggregateFunction::List => "list",
        AggregateFunction::Min => "min",
        AggregateFunction::Max => "max",
        AggregateFunction::Sum => "sum",
        AggregateFunction::Average => "avg",
        AggregateFunction::StandardDeviation => "stdev",
        AggregateFunction::PopulationStandardDeviation => "stdevp",
        AggregateFunction::Variance => "var",
        AggregateFunction::PopulationVariance => "varp",
        AggregateFunction::SumOfSquares => "sumsq",
        AggregateFunction::Median => "median",
        AggregateFunction::Percentile(..) => "perc",
        AggregateFunction::Mode => "mode",
        AggregateFunction::Range => "range",
        AggregateFunction::First => "first",
        AggregateFunction::Last => "last",
        AggregateFunction::Earliest => "earliest",
        AggregateFunction::Latest => "latest",
        AggregateFunction::EarliestTime => "earliest_time",
        AggregateFunction::LatestTime => "latest_time",
        AggregateFunction::Rate => "rate",
    }
}
