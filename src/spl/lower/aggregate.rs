//! Aggregations of `stats` and its relatives: their AST, parser and lowering
//! (Search Reference, `stats`, "Statistical and charting functions").

use super::Lowering;
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::ir::{self, AggregateFunction as F, Expr, ExprKind, Name, Scalar, Type};
use crate::source::Span;
use crate::spl::eval::{self, Eval};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::aggregate_name;

/// `function(argument) as name`.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregation {
    pub function: F,
    pub argument: Argument,
    /// The output column: what `as` says, else the text as it stands.
    pub name: Spanned,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Argument {
    /// `count`.
    Rows,
    Field(Spanned),
    /// `count(eval(…))`.
    Eval(Eval),
    /// `sparkline(…)`: a drawing of the values, in place of the aggregate. The text in its parentheses.
    Sparkline(Spanned),
}

const NAMES: &[&str] = &[
    "avg",
    "c",
    "count",
    "dc",
    "distinct_count",
    "earliest",
    "earliest_time",
    "estdc",
    "exactperc95",
    "first",
    "last",
    "latest",
    "latest_time",
    "list",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "perc95",
    "range",
    "rate",
    "stdev",
    "stdevp",
    "sum",
    "sumsq",
    "upperperc95",
    "values",
    "var",
    "varp",
];

/// The names of all aggregations: each with whether it is implemented, aliases by the name that stands for them.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, bool)> {
    let known = NAMES.iter().filter_map(|name| function(name)).map(|f| (aggregate_name(f), true));
    // Those that belong to `timechart` are implemented there.
    let refused = REFUSED.iter().map(|(name, _)| (*name, name.starts_with("per_")));
    known.chain(refused).chain([("sparkline", false)])
}

/// The aggregate function of a name.
pub(crate) fn function(name: &str) -> Option<F> {
    let percentile = |prefixes: &[&str]| {
        prefixes.iter().find_map(|p| name.strip_prefix(p)?.parse::<f64>().ok()).filter(|n| (0.0..=100.0).contains(n))
    };
    Some(match name {
        "count" | "c" => F::Count,
        "dc" | "distinct_count" => F::DistinctCount,
        "estdc" => F::EstimatedDistinctCount,
        "values" => F::Values,
        "list" => F::List,
        "min" => F::Min,
        "max" => F::Max,
        "sum" => F::Sum,
        "avg" | "mean" => F::Average,
        "stdev" => F::StandardDeviation,
        "stdevp" => F::PopulationStandardDeviation,
        "var" => F::Variance,
        "varp" => F::PopulationVariance,
        "sumsq" => F::SumOfSquares,
        "median" => F::Median,
        "mode" => F::Mode,
        "range" => F::Range,
        "first" => F::First,
        "last" => F::Last,
        "earliest" => F::Earliest,
        "latest" => F::Latest,
        "earliest_time" => F::EarliestTime,
        "latest_time" => F::LatestTime,
        "rate" => F::Rate,
        _ => {
            if let Some(n) = percentile(&["exactperc"]) {
                F::Percentile(n, true)
            } else {
                F::Percentile(percentile(&["perc", "p", "upperperc"])?, false)
            }
        }
    })
}

/// Aggregations of SPL that are not implemented, and why.
const REFUSED: &[(&str, &str)] = &[
    ("estdc_error", "it tells how far Splunk's own estimate may be off"),
    ("per_second", "it belongs to `timechart`, which knows the span"),
    ("per_minute", "it belongs to `timechart`, which knows the span"),
    ("per_hour", "it belongs to `timechart`, which knows the span"),
    ("per_day", "it belongs to `timechart`, which knows the span"),
    ("rate_avg", "it belongs to metric indexes"),
    ("rate_sum", "it belongs to metric indexes"),
];

const HELP: &str = "aggregations are written `function(field) as name`, e.g. `dc(user) as users`";

/// Aggregations up to `by` or the end of the stage.
pub(crate) fn parse(p: &mut Parser<'_>, stops: &[&str]) -> Result<Vec<Aggregation>, Reported> {
    let mut out = Vec::new();
    loop {
        while p.eat(",") {}
        if p.at_stage_end() || stops.iter().any(|w| p.at_keyword(w)) {
            return Ok(out);
        }
        out.push(parse_one(p)?);
    }
}

/// One aggregation, with its name.
pub(crate) fn parse_one(p: &mut Parser<'_>) -> Result<Aggregation, Reported> {
    p.skip_space();
    let start = p.pos();
    let Some(word) = p.bare(&['|', '[', ']', '(', ')', ',', '=', '"']) else {
        return Err(p.expected("an aggregation", HELP));
    };
    let lower = word.text.to_ascii_lowercase();
    if lower == "sparkline" {
        return parse_sparkline(p, start);
    }
    let Some(function) = function(&lower) else {
        if let Some((_, why)) = REFUSED.iter().find(|(name, _)| *name == lower) {
            let message = format!("aggregation `{lower}` is not supported: {why}");
            return Err(p.fail(
                &code::UNSUPPORTED_FUNCTION,
                message,
                word.span,
                "leave it out, or keep the rule in Splunk",
            ));
        }
        let help = did_you_mean(&lower, NAMES.iter().copied()).unwrap_or_else(|| HELP.to_owned());
        return Err(p.fail(&code::UNKNOWN_FUNCTION, format!("unknown aggregation `{}`", word.text), word.span, &help));
    };
    let argument = if p.peek() == Some('(') { parse_argument(p, function)? } else { Argument::Rows };
    if argument == Argument::Rows && function != F::Count {
        let message = format!("`{}` needs a field", word.text);
        return Err(p.fail(&code::WRONG_ARGUMENTS, message, word.span, HELP));
    }
    let span = p.span_from(start);
    let text: String = p.src()[start..p.pos()].trim_end().to_owned();
    let name = if p.eat_keyword("as") {
        output_name(p)?
    } else {
        let text = if argument == Argument::Rows { "count".to_owned() } else { text };
        Spanned { text, span }
    };
    Ok(Aggregation { function, argument, name, span: p.span_from(start) })
}

/// `sparkline(count(field), 1h) as name`.
fn parse_sparkline(p: &mut Parser<'_>, start: usize) -> Result<Aggregation, Reported> {
    let open = p.pos();
    let mut text = Spanned { text: String::new(), span: p.span_from(start) };
    if p.eat("(") {
        let inside = p.pos();
        let mut depth = 1;
        while depth > 0 {
            match p.rest().chars().next() {
                Some('(') => depth += 1,
                Some(')') => depth -= 1,
                Some(c) if !matches!(c, '|' | '[' | ']') => {}
                _ => {
                    let span = p.span(open, open + 1);
                    return Err(p.fail(&code::UNBALANCED_BRACKET, "`(` has no partner", span, HELP));
                }
            }
            p.set_pos(p.pos() + p.rest().chars().next().map_or(1, char::len_utf8));
        }
        text = Spanned { text: p.src()[inside..p.pos() - 1].to_owned(), span: p.span_from(start) };
    }
    let written = p.src()[start..p.pos()].trim_end().to_owned();
    let span = p.span_from(start);
    let name = if p.eat_keyword("as") { output_name(p)? } else { Spanned { text: written, span } };
    Ok(Aggregation { function: F::Count, argument: Argument::Sparkline(text), name, span: p.span_from(start) })
}

/// The name after `as`; a bare one may hold parentheses.
pub(crate) fn output_name(p: &mut Parser<'_>) -> Result<Spanned, Reported> {
    match p.peek() {
        Some('"' | '\'') => p.expect_name("the output's name after `as`", HELP),
        _ => match p.bare(&['|', '[', ']', ',', '=', '"']) {
            Some(name) => Ok(name),
            None => Err(p.expected("the output's name after `as`", HELP)),
        },
    }
}

pub(crate) fn parse_argument(p: &mut Parser<'_>, function: F) -> Result<Argument, Reported> {
    p.eat("(");
    if p.eat(")") {
        return Ok(Argument::Rows);
    }
    let start = p.pos();
    if p.eat_keyword("eval") {
        if p.eat("(") {
            let inner = eval::parse(p)?;
            p.expect(")", HELP)?;
            p.expect(")", HELP)?;
            return Ok(Argument::Eval(inner));
        }
        p.set_pos(start);
    }
    if function == F::Count && p.eat("*") {
        p.expect(")", HELP)?;
        return Ok(Argument::Rows);
    }
    let field = p.expect_name("a field", HELP)?;
    p.expect(")", HELP)?;
    Ok(Argument::Field(field))
}

/// Lowers aggregations over the current scope: output columns with their aggregates, wildcards expanded to all fields
/// but the keys.
pub(crate) fn aggregate(
    lowering: &mut Lowering<'_>,
    aggregations: &[Aggregation],
    keys: &[Name],
) -> Result<Vec<(Name, ir::Aggregate)>, Reported> {
    let mut out: Vec<(Name, ir::Aggregate)> = Vec::new();
    let mut result = Ok(());
    for aggregation in aggregations {
        match &aggregation.argument {
            Argument::Field(field) if field.text.contains('*') => {
                match lowering.wildcard_aggregates(aggregation, field, keys) {
                    Ok(more) => out.extend(more),
                    Err(Reported) => result = Err(Reported),
                }
            }
            _ => match lowering.one_aggregate(aggregation) {
                Ok(one) => out.push((aggregation.name.text.as_str().into(), one)),
                Err(Reported) => result = Err(Reported),
            },
        }
    }
    // The last of several of the same name stays.
    let mut kept: Vec<(Name, ir::Aggregate)> = Vec::new();
    for (name, aggregate) in out {
        kept.retain(|(n, _)| *n != name);
        kept.push((name, aggregate));
    }
    result.map(|()| kept)
}

impl Lowering<'_> {
    fn one_aggregate(&mut self, aggregation: &Aggregation) -> Result<ir::Aggregate, Reported> {
        let span = aggregation.span;
        let (function, argument) = match &aggregation.argument {
            Argument::Rows => (F::Count, None),
            Argument::Sparkline(drawn) => {
                let help = "leave the sparkline out: it only draws";
                let message = "`sparkline` is not supported";
                let fault = Diagnostic::new(&code::UNSUPPORTED_FUNCTION, message).at(drawn.span).help(help);
                return Err(self.sink.fail(fault));
            }
            Argument::Field(field) => {
                let value = self.field(&field.text, field.span);
                (aggregation.function, Some(value))
            }
            Argument::Eval(eval) => {
                let value = self.eval(eval)?;
                if value.ty == Type::BOOLEAN && aggregation.function == F::Count {
                    (F::CountIf, Some(value))
                } else {
                    (aggregation.function, Some(value))
                }
            }
        };
        Ok(self.typed_aggregate(function, argument, span))
    }

    /// An aggregate with the type of its result.
    pub(crate) fn typed_aggregate(&mut self, function: F, argument: Option<Expr>, span: Span) -> ir::Aggregate {
        let element = argument.as_ref().map_or(Type::UNKNOWN, |a| a.ty.element());
        let present = argument.as_ref().is_some_and(|a| !a.nullable);
        let (ty, nullable) = match function {
            F::Count | F::CountIf | F::DistinctCount | F::EstimatedDistinctCount => (Type::INTEGER, false),
            F::Values => (Type::many(Scalar::Unknown), !present),
            F::List => (Type::many(element.scalar), !present),
            F::Min | F::Max | F::First | F::Last | F::Earliest | F::Latest | F::Mode => (element, !present),
            F::Sum if element == Type::INTEGER => (Type::INTEGER, !present),
            F::Range if element == Type::INTEGER => (Type::INTEGER, !present),
            F::Sum
            | F::Average
            | F::StandardDeviation
            | F::PopulationStandardDeviation
            | F::Variance
            | F::PopulationVariance
            | F::SumOfSquares
            | F::Median
            | F::Percentile(..)
            | F::Range
            | F::Rate => (Type::DOUBLE, true),
            F::EarliestTime | F::LatestTime => (Type::TIME, !present),
        };
        ir::Aggregate { function, argument, ty, nullable, span }
    }

    /// `values(a.*) as *`: one aggregate for each field that the wildcard stands for.
    fn wildcard_aggregates(
        &mut self,
        aggregation: &Aggregation,
        field: &Spanned,
        keys: &[Name],
    ) -> Result<Vec<(Name, ir::Aggregate)>, Reported> {
        if let Some(whole) = self.whole_object(aggregation, field) {
            return Ok(vec![whole]);
        }
        let names = self.matching_fields(&field.text, field.span)?;
        let renamed = aggregation.name.text != aggregation.name.text.replace('*', "")
            && aggregation.name.span.start != aggregation.span.start;
        let mut out = Vec::new();
        // Keys are not aggregated.
        for name in names.into_iter().filter(|n| !keys.contains(n)) {
            let output = if renamed {
                super::wildcard::rename(&field.text, &aggregation.name.text, &name).unwrap_or_else(|| name.to_string())
            } else {
                aggregation.name.text.replacen(&field.text, &name, 1)
            };
            let value = self.field(&name, field.span);
            let aggregate = self.typed_aggregate(aggregation.function, Some(value), aggregation.span);
            out.push((output.into(), aggregate));
        }
        Ok(out)
    }

    /// `values(requestParameters.*)`: members of an object that no schema lists are shown as the object's JSON text.
    fn whole_object(&mut self, aggregation: &Aggregation, field: &Spanned) -> Option<(Name, ir::Aggregate)> {
        let root = field.text.strip_suffix(".*")?;
        let origin = self.scope.origin.as_ref()?;
        let open = origin.schemas().any(|s| s.open.iter().any(|o| o == root));
        if !matches!(aggregation.function, F::Values | F::List) || !open {
            return None;
        }
        let value = self.find(root, field.span)?;
        let message = format!(
            "the columns that `{}` gives depend on the events; here one column `{root}` has the JSON text of the whole object (differs)",
            field.text
        );
        let help = "name the members that the rule shows";
        self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(field.span).help(help));
        let aggregate = self.typed_aggregate(aggregation.function, Some(value), aggregation.span);
        Some((root.into(), aggregate))
    }

    /// Keys of a `by` clause: multivalue keys become a row for each value, rows without a key are dropped.
    pub(crate) fn group_keys(&mut self, by: &[Spanned], span: Span) -> Result<Vec<(Name, Expr)>, Reported> {
        let mut keys: Vec<(Name, Expr)> = Vec::new();
        for field in by {
            if field.text.contains('*') {
                for name in self.matching_fields(&field.text, field.span)? {
                    let key = self.group_key(&name, field.span, span)?;
                    keys.push((name, key));
                }
                continue;
            }
            if keys.iter().any(|(n, _)| **n == *field.text) {
                continue;
            }
            let key = self.group_key(&field.text, field.span, span)?;
            keys.push((field.text.as_str().into(), key));
        }
        Ok(keys)
    }

    fn group_key(&mut self, name: &str, at: Span, span: Span) -> Result<Expr, Reported> {
        let mut value = self.field(name, at);
        if value.is_null_literal() && self.faulty {
            return Ok(value);
        }
        if value.is_null_literal() {
            let message = format!("no row has `{name}`, so grouping by it drops every row");
            let help = "remove the key, or make the field before";
            self.sink.push(Diagnostic::new(&code::EMPTY_RESULT, message).at(at).help(help));
            self.filter(Expr::boolean(false, at), span)?;
            return Ok(value);
        }
        if value.ty.multivalue {
            value = self.unnest(name, value, at)?;
        } else if value.nullable {
            self.filter(value.clone().is_not_null(), span)?;
        }
        value.nullable = false;
        Ok(value)
    }

    /// Makes one row for each value of a multivalue field; rows without a value are dropped.
    pub(crate) fn unnest(&mut self, name: &str, value: Expr, span: Span) -> Result<Expr, Reported> {
        let column: Name = name.into();
        let element = value.ty.element();
        if value.kind != ExprKind::Column(column.clone()) || self.scope.column(name).is_none() {
            self.extend(vec![(column.clone(), value)], span)?;
        }
        let input = self.take_plan(span)?;
        self.put_plan(ir::Rel::Unnest { input, column: column.clone(), span });
        self.scope.declare(&column, element, false);
        Ok(Expr::column(column, element, false, span))
    }
}
