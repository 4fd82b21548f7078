//! `mstats`: aggregates over a metric index (Search Reference, `mstats`). The schema `metrics` describes it: a record for each
//! measurement, with the metric's name, its value and dimensions. An aggregation of a metric sees the values of that name.

use super::Syntax;
use super::span::{BinOptions, BinSpan, parse_span};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Name, Type};
use crate::source::Span;
use crate::spl::lower::aggregate::Argument;
use crate::spl::lower::wildcard::{pattern, rename};
use crate::spl::lower::{Aggregation, Lowering, aggregate, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::{self, Search};

#[derive(Clone, PartialEq, Debug)]
pub struct Mstats {
    pub aggregations: Vec<Aggregation>,
    pub condition: Search,
    pub by: Vec<Spanned>,
    pub span: Option<BinSpan>,
    /// `fillnull_value=`: what stands for a dimension that is absent.
    pub fill: Option<String>,
}

const OPTIONS: &[&str] =
    &["span", "prestats", "append", "backfill", "update_period", "fillnull_value", "chart", "chunk_size", "every"];
const HELP: &str = "write `mstats avg(metric) where index=… by dimension span=1m`";

impl Syntax for Mstats {
    const NAMES: &'static [&'static str] = &["mstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut span, mut fill) = (None, None);
        let mut options = |p: &mut Parser<'_>| options(p, &mut span, &mut fill);
        options(p)?;
        let aggregations = parse_aggregations(p, &["where", "by", "groupby", "span"])?;
        if aggregations.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        options(p)?;
        let stops = &["by", "groupby", "span"];
        let condition = if p.eat_keyword("where") { search::parse(p, stops)? } else { Search::And(Vec::new()) };
        options(p)?;
        let by = if p.eat_keyword("by") || p.eat_keyword("groupby") { p.names(&["span"])? } else { Vec::new() };
        options(p)?;
        Ok(Mstats { aggregations, condition, by, span, fill })
    }

    fn print(&self, out: &mut Printer) {
        let Self { aggregations, condition, by, span, fill } = self;
        if let Some(fill) = fill {
            out.option("fillnull_value", fill);
        }
        if let Some(span) = span {
            out.option("span", &span.to_string());
        }
        out.aggregations(aggregations);
        // Behind the conditions and behind the keys it would be the option.
        out.with_stops(&["by", "groupby", "span"], |out| {
            if !condition.is_empty() {
                out.word("where");
                out.search(condition);
            }
            out.by(by);
        });
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`mstats` in the middle of a search is not supported";
            return Err(super::unsupported(lowering, span, message, "begin the search with it"));
        }
        let Some(schema) = lowering.schemas.iter().find(|s| &*s.id == METRICS).cloned() else {
            let message = "no schema describes the metric index";
            let help = "add a schema of the id `metrics` (`--schema`)";
            return Err(lowering.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(span).help(help)));
        };
        let aggregations = self.of_metrics(&schema.metrics, lowering)?;
        lowering.scan_dataset(schema, METRICS, &self.condition, span)?;
        self.columns(&aggregations, span, lowering)?;
        if let Some(fill) = &self.fill {
            let mut filled = Vec::new();
            for key in self.by.iter().filter(|key| key.text != "_time") {
                let value = lowering.field(&key.text, key.span);
                if value.nullable && !value.ty.multivalue && !value.is_null_literal() {
                    filled.push((key.text.as_str().into(), crate::spl::lower::fill::fill(value, fill, span)));
                }
            }
            lowering.extend(filled, span)?;
        }
        let mut by = self.by.clone();
        if self.span.is_some() && !by.iter().any(|key| key.text == "_time") {
            by.push(Spanned { text: "_time".to_owned(), span });
        }
        let mut keys = lowering.group_keys(&by, span)?;
        if let Some((_, key)) = keys.iter_mut().find(|(name, _)| &**name == "_time") {
            let options = BinOptions { span: self.span.clone(), ..BinOptions::default() };
            if let Some(width) = options.width(true, lowering, span)? {
                *key = options.bin(key.clone(), &width, lowering, span)?;
            }
        }
        let names: Vec<Name> = keys.iter().map(|(name, _)| name.clone()).collect();
        let aggregations: Vec<Aggregation> = aggregations.into_iter().map(|(_, a)| a).collect();
        let aggregates = aggregate(lowering, &aggregations, &names)?;
        lowering.group(keys, aggregates, span)
    }
}

/// The id of the schema that describes metric indexes.
const METRICS: &str = "metrics";
/// The field that holds a measurement's value.
const VALUE: &str = "_value";

/// The hidden column with the values of a metric.
fn column_of(metric: &str) -> String {
    format!("(metric {metric})")
}

impl Mstats {
    /// The aggregations with the metric that each is of; a wildcard becomes one for each metric that the schema lists.
    fn of_metrics(
        &self,
        listed: &[String],
        lowering: &mut Lowering<'_>,
    ) -> Result<Vec<(Option<String>, Aggregation)>, Reported> {
        let mut out = Vec::new();
        for aggregation in &self.aggregations {
            let field = match &aggregation.argument {
                Argument::Rows => {
                    out.push((None, aggregation.clone()));
                    continue;
                }
                Argument::Field(field) if field.text == VALUE => {
                    out.push((None, aggregation.clone()));
                    continue;
                }
                Argument::Field(field) => field,
                Argument::Eval(_) | Argument::Sparkline(_) => {
                    let message = "`mstats` aggregates metrics, not expressions";
                    return Err(super::unsupported(lowering, aggregation.span, message, "name a metric"));
                }
            };
            if !field.text.contains('*') {
                out.push((Some(field.text.clone()), of_metric(aggregation, field, &field.text)));
                continue;
            }
            let pattern = pattern(&field.text);
            let metrics: Vec<&String> = listed.iter().filter(|m| pattern.matches(m, false)).collect();
            let names: Vec<String> = metrics.iter().map(|m| format!("`{m}`")).collect();
            if metrics.is_empty() {
                let message = format!("the schema `{METRICS}` lists no metric that `{}` could stand for", field.text);
                let help = "name the metrics, or list them in a schema of your own (`--schema`)";
                return Err(lowering.sink.fail(Diagnostic::new(&code::WILDCARD_FIELDS, message).at(field.span).help(help)));
            }
            let message = format!("`{}` stands for the metrics that the schema lists: {}", field.text, names.join(", "));
            lowering.sink.push(Diagnostic::new(&code::READING, message).at(field.span));
            out.extend(metrics.into_iter().map(|m| (Some(m.clone()), of_metric(aggregation, field, m))));
        }
        Ok(out)
    }

    /// Keeps the measurements of the metrics that are read, and gives each metric a column.
    fn columns(
        &self,
        aggregations: &[(Option<String>, Aggregation)],
        span: Span,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Reported> {
        let mut metrics: Vec<String> = Vec::new();
        for metric in aggregations.iter().filter_map(|(metric, _)| metric.clone()) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        if metrics.is_empty() {
            return Ok(());
        }
        let name = lowering.field("metric_name", span);
        if aggregations.iter().all(|(metric, _)| metric.is_some()) {
            let kind = ExprKind::OneOf { value: Box::new(name.clone()), items: metrics.clone(), case: Case::Sensitive };
            lowering.filter(Expr::new(kind, Type::BOOLEAN, name.nullable, span), span)?;
        }
        let value = lowering.field(VALUE, span);
        let only = metrics.len() == 1 && aggregations.len() == 1;
        let columns = metrics.iter().map(|metric| {
            let is = Expr::compare(CompareOp::Eq, name.clone(), Expr::string(metric.as_str(), span), Case::Sensitive);
            let (ty, arms) = (value.ty, vec![(is, value.clone())]);
            let of_metric = match only {
                true => value.clone(),
                false => Expr::new(ExprKind::Case { arms, otherwise: None }, ty, true, span),
            };
            (column_of(metric).into(), of_metric)
        });
        lowering.extend(columns.collect(), span)
    }
}

/// An aggregation of one metric, under the name that the rule gives.
fn of_metric(aggregation: &Aggregation, field: &Spanned, metric: &str) -> Aggregation {
    let name = &aggregation.name;
    let renamed = name.span.start != aggregation.span.start;
    let text = match field.text.contains('*') {
        false => name.text.clone(),
        true if renamed => rename(&field.text, &name.text, metric).unwrap_or_else(|| metric.to_owned()),
        true => name.text.replacen(&field.text, metric, 1),
    };
    Aggregation {
        argument: Argument::Field(Spanned { text: column_of(metric), span: field.span }),
        name: Spanned { text, span: name.span },
        ..aggregation.clone()
    }
}

fn options(p: &mut Parser<'_>, span: &mut Option<BinSpan>, fill: &mut Option<String>) -> Result<(), Reported> {
    while let Some((option, value)) = p.option()? {
        match option.text.as_str() {
            "span" if value.text != "auto" => *span = Some(parse_span(p, &value)?),
            "fillnull_value" => *fill = Some(value.text),
            "prestats" | "append" | "chart" if p.boolean(&option, &value)? => {
                return Err(p.unsupported_option("mstats", &option));
            }
            "every" => return Err(p.unsupported_option("mstats", &option)),
            name if OPTIONS.contains(&name) => {}
            _ => return Err(p.unknown_option("mstats", &option, OPTIONS)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::codes;
    use crate::compile::Compiler;
    use crate::options::Options;
    use crate::rule::Library;
    use crate::schema::Schemas;
    use crate::source::SourceFile;

    fn ir(search: &str) -> String {
        let options = Options { all_time: true, ..Options::default() };
        let compiler = Compiler::new(Library::default(), Schemas::builtin(), options);
        let compiled = compiler.compile(&SourceFile::new("x.yml", format!("name: x\nsearch: '{search}'\n")), &[]);
        compiled.ir.map_or_else(|| format!("{:?}", compiled.diagnostics), |query| query.to_string())
    }

    #[test]
    fn options_that_change_the_rows_are_refused() {
        assert_eq!(codes("append [| mstats prestats=t count(x) where index=m span=auto]"), ["S207"]);
        assert_eq!(codes("append [| mstats where index=m]"), ["S201"]);
        assert_eq!(codes("append [| mstats avg(x) y=1]"), ["S205"]);
        assert_eq!(codes("append [| mstats y=1 avg(x)]"), ["S206"]);
        assert_eq!(codes("append [| mstats avg(nothing.*) where index=m]"), ["N309"]);
    }

    #[test]
    fn a_metric_is_the_values_of_its_name() {
        insta::assert_snapshot!(ir("| mstats avg(cpu.busy) as busy max(_value) as most where index=m host=a* by host span=10s"), @r#"
        scan metrics
            _time: time
            _value: double
            host: string?
            metric_name: string
        filter host like "a*" (any case)
        extend `(metric cpu.busy)` = case when metric_name = "cpu.busy" then _value end
        aggregate busy = average(`(metric cpu.busy)`), most = max(_value)
            by host, _time = bin(_time, 10)
        => host: string, _time: time, busy: double?, most: double
        "#);
    }
}
