//! What fills the cells of `chart` and `timechart`: aggregations, rates over a bin, and expressions over aggregations
//! (Search Reference, `chart`, `timechart`).

use crate::diagnostic::{Reported, code};
use crate::ir::{self, AggregateFunction as F, ArithmeticOp, Column, Expr, ExprKind, Name, Type};
use crate::source::Span;
use crate::spl::eval::{self, Eval, EvalKind};
use crate::spl::lower::aggregate::{self, output_name, parse_argument, parse_one};
use crate::spl::lower::{Aggregation, Argument, Lowering};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::{Printer, spelled};

/// One series of cells.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    Aggregation(Aggregation),
    /// `per_hour(field)`: the sum, per so many seconds of the bin.
    Rate {
        sum: Aggregation,
        seconds: f64,
    },
    /// `eval(avg(a) * max(b))`: an expression over aggregations, which stand in it as fields of their names.
    Expression {
        value: Eval,
        aggregations: Vec<Aggregation>,
        name: Spanned,
    },
}

/// The name of a rate per so many seconds.
pub(crate) fn rate_name(seconds: f64) -> &'static str {
    RATES.iter().find(|(_, unit)| *unit == seconds).map_or("per_second", |(name, _)| name)
}

impl Item {
    pub(super) fn print(&self, out: &mut Printer) {
        match self {
            Item::Aggregation(aggregation) => out.aggregation(aggregation),
            Item::Rate { sum, seconds } => {
                out.named(&sum.name, |out| out.measure(rate_name(*seconds), &sum.argument));
            }
            Item::Expression { value, aggregations, name } => {
                out.named(name, |out| {
                    out.open("eval(");
                    out.nested(|out| out.eval(&written(value.clone(), aggregations)));
                    out.glued(")");
                });
            }
        }
    }
}

/// The expression with its aggregations in place of the fields that stand for them.
fn written(value: Eval, aggregations: &[Aggregation]) -> Eval {
    replace_fields(value, &|name, span| {
        let found = aggregations.iter().find(|a| a.name.text == name)?;
        let arguments = match &found.argument {
            Argument::Rows | Argument::Sparkline(_) => Vec::new(),
            Argument::Field(field) => vec![Eval { kind: EvalKind::Field(field.text.clone()), span }],
            Argument::Eval(eval) => {
                let name = Spanned { text: "eval".to_owned(), span };
                vec![Eval { kind: EvalKind::Call { name, arguments: vec![eval.clone()] }, span }]
            }
        };
        Some(EvalKind::Call { name: Spanned { text: spelled(found.function), span }, arguments })
    })
}

const RATES: [(&str, f64); 4] =
    [("per_second", 1.0), ("per_minute", 60.0), ("per_hour", 3_600.0), ("per_day", 86_400.0)];
const HELP: &str = "write e.g. `count by field`, `avg(field)` or `eval(sum(a)/sum(b))`";

/// One series. Rates are read where bins have a length.
pub(super) fn parse(p: &mut Parser<'_>, rates: bool) -> Result<Item, Reported> {
    p.skip_space();
    let start = p.pos();
    if let Some((name, seconds)) = RATES.into_iter().find(|(name, _)| rates && p.at_keyword(name)) {
        p.eat_keyword(name);
        let argument = if p.peek() == Some('(') { parse_argument(p, F::Sum)? } else { Argument::Rows };
        if argument == Argument::Rows {
            let span = p.span_from(start);
            return Err(p.fail(&code::WRONG_ARGUMENTS, format!("`{name}` needs a field"), span, HELP));
        }
        let name = named(p, start)?;
        let sum = Aggregation { function: F::Sum, argument, name, span: p.span_from(start) };
        return Ok(Item::Rate { sum, seconds });
    }
    let expression = p.peek() == Some('(') || {
        let is_eval = p.eat_keyword("eval") && p.peek() == Some('(');
        if !is_eval {
            p.set_pos(start);
        }
        is_eval
    };
    if !expression {
        return parse_one(p).map(Item::Aggregation);
    }
    p.expect("(", HELP)?;
    let parsed = p.nested(eval::parse)?;
    p.expect(")", HELP)?;
    let name = named(p, start)?;
    let mut aggregations = Vec::new();
    let value = take_aggregations(parsed, &mut aggregations);
    if aggregations.is_empty() {
        let message = "the expression aggregates nothing";
        return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, HELP));
    }
    Ok(Item::Expression { value, aggregations, name })
}

/// The name after `as`, else the text from a position on.
fn named(p: &mut Parser<'_>, start: usize) -> Result<Spanned, Reported> {
    let written = Spanned { text: p.src()[start..p.pos()].trim_end().to_owned(), span: p.span_from(start) };
    if p.eat_keyword("as") { output_name(p) } else { Ok(written) }
}

/// Puts fields in place of the aggregations of an expression.
fn take_aggregations(mut eval: Eval, out: &mut Vec<Aggregation>) -> Eval {
    eval.kind = match eval.kind {
        EvalKind::Call { name, arguments } => match aggregation(&name, &arguments, eval.span) {
            Some(mut found) => {
                found.name.text = format!("(aggregate {})", out.len());
                let field = EvalKind::Field(found.name.text.clone());
                out.push(found);
                field
            }
            None => {
                let arguments = arguments.into_iter().map(|a| take_aggregations(a, out)).collect();
                EvalKind::Call { name, arguments }
            }
        },
        EvalKind::Field(name) if name == "count" || name == "c" => {
            let name = Spanned { text: name, span: eval.span };
            match aggregation(&name, &[], eval.span) {
                Some(mut found) => {
                    found.name.text = format!("(aggregate {})", out.len());
                    let field = EvalKind::Field(found.name.text.clone());
                    out.push(found);
                    field
                }
                None => EvalKind::Field(name.text),
            }
        }
        EvalKind::Not(e) => EvalKind::Not(Box::new(take_aggregations(*e, out))),
        EvalKind::Negative(e) => EvalKind::Negative(Box::new(take_aggregations(*e, out))),
        EvalKind::Binary { op, left, right } => {
            let left = Box::new(take_aggregations(*left, out));
            EvalKind::Binary { op, left, right: Box::new(take_aggregations(*right, out)) }
        }
        EvalKind::In { value, items } => {
            let value = Box::new(take_aggregations(*value, out));
            EvalKind::In { value, items: items.into_iter().map(|i| take_aggregations(i, out)).collect() }
        }
        other => other,
    };
    eval
}

/// A call that aggregates: of one argument, under the name of an aggregation.
fn aggregation(name: &Spanned, arguments: &[Eval], span: Span) -> Option<Aggregation> {
    let function = aggregate::function(&name.text.to_ascii_lowercase())?;
    let argument = match arguments {
        [] if function == F::Count => Argument::Rows,
        [Eval { kind: EvalKind::Field(field), span }] => Argument::Field(Spanned { text: field.clone(), span: *span }),
        [Eval { kind: EvalKind::Call { name, arguments }, .. }] if name.text.eq_ignore_ascii_case("eval") => {
            let [only] = arguments.as_slice() else { return None };
            Argument::Eval(only.clone())
        }
        _ => return None,
    };
    Some(Aggregation { function, argument, name: name.clone(), span })
}

/// Cells on their way into the plan: aggregates first, what is computed from them after.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) aggregates: Vec<(Name, ir::Aggregate)>,
    /// Columns that are computed from the aggregates.
    computed: Vec<(Name, Computed)>,
    /// The columns that are shown, in order.
    pub(super) values: Vec<Name>,
    /// Those that hold 0 where there is no row.
    pub(super) zeros: Vec<Name>,
}

enum Computed {
    /// The aggregate of this name, times a factor.
    Scaled(Name, f64),
    Expression(Eval),
}

impl Cells {
    /// Lowers series over the rows of the current scope; bins are `seconds` long.
    pub(super) fn new(
        items: &[Item],
        keys: &[Name],
        seconds: Option<f64>,
        lowering: &mut Lowering<'_>,
    ) -> Result<Cells, Reported> {
        let mut cells = Cells::default();
        for (number, item) in items.iter().enumerate() {
            match item {
                Item::Aggregation(one) => {
                    for (name, aggregate) in aggregate::aggregate(lowering, std::slice::from_ref(one), keys)? {
                        let counts = [F::Count, F::CountIf, F::DistinctCount, F::EstimatedDistinctCount];
                        cells.zeros.extend(counts.contains(&aggregate.function).then(|| name.clone()));
                        cells.add(name, aggregate);
                    }
                }
                Item::Rate { sum, seconds: unit } => {
                    let Some(seconds) = seconds else {
                        let message = "rates over bins of the calendar are not supported: they differ in length";
                        return Err(super::unsupported(lowering, sum.span, message, "use a span in days"));
                    };
                    let hidden: Name = format!("(sum {number})").into();
                    for (_, aggregate) in aggregate::aggregate(lowering, std::slice::from_ref(sum), keys)? {
                        cells.aggregates.push((hidden.clone(), aggregate));
                    }
                    let name: Name = sum.name.text.as_str().into();
                    cells.computed.push((name.clone(), Computed::Scaled(hidden, unit / seconds)));
                    cells.values.push(name);
                }
                Item::Expression { value, aggregations, name } => {
                    let text = |name: &str| format!("{name} of {number}");
                    let hidden =
                        |field: &str, _| field.starts_with("(aggregate ").then(|| EvalKind::Field(text(field)));
                    let renamed: Vec<Aggregation> = aggregations
                        .iter()
                        .map(|a| {
                            let name = Spanned { text: text(&a.name.text), span: a.name.span };
                            Aggregation { name, ..a.clone() }
                        })
                        .collect();
                    cells.aggregates.extend(aggregate::aggregate(lowering, &renamed, keys)?);
                    let name: Name = name.text.as_str().into();
                    cells.computed.push((name.clone(), Computed::Expression(replace_fields(value.clone(), &hidden))));
                    cells.values.push(name);
                }
            }
        }
        Ok(cells)
    }

    fn add(&mut self, name: Name, aggregate: ir::Aggregate) {
        // The last of several of the same name stays.
        self.aggregates.retain(|(n, _)| *n != name);
        self.values.retain(|n| *n != name);
        self.aggregates.push((name.clone(), aggregate));
        self.values.push(name);
    }

    /// Groups the rows, and computes what depends on aggregates. The keys and the values are left.
    pub(super) fn group(
        self,
        keys: Vec<(Name, Expr)>,
        lowering: &mut Lowering<'_>,
        span: Span,
    ) -> Result<(), Reported> {
        let names: Vec<Name> = keys.iter().map(|(n, _)| n.clone()).chain(self.values.iter().cloned()).collect();
        lowering.group(keys, self.aggregates, span)?;
        if self.computed.is_empty() {
            return Ok(());
        }
        let mut columns = Vec::new();
        for (name, computed) in self.computed {
            let value = match computed {
                Computed::Expression(value) => lowering.eval(&value)?,
                Computed::Scaled(hidden, factor) => {
                    let sum = Box::new(lowering.field(&hidden, span));
                    let right = Box::new(Expr::double(factor, span));
                    let kind = ExprKind::Arithmetic { op: ArithmeticOp::Multiply, left: sum, right };
                    Expr::new(kind, Type::DOUBLE, true, span)
                }
            };
            columns.push((name, value));
        }
        lowering.extend(columns, span)?;
        let known = &lowering.scope;
        let kept: Vec<Column> = names.iter().filter_map(|n| known.column(n).cloned()).collect();
        let kept = kept.into_iter().map(|c| (c.name.clone(), Expr::column(c.name, c.ty, c.nullable, span))).collect();
        lowering.project(kept, span)
    }
}

/// Replaces fields.
fn replace_fields(mut eval: Eval, by: &dyn Fn(&str, Span) -> Option<EvalKind>) -> Eval {
    let span = eval.span;
    eval.kind = match eval.kind {
        EvalKind::Field(name) => by(&name, span).unwrap_or(EvalKind::Field(name)),
        EvalKind::Not(e) => EvalKind::Not(Box::new(replace_fields(*e, by))),
        EvalKind::Negative(e) => EvalKind::Negative(Box::new(replace_fields(*e, by))),
        EvalKind::Binary { op, left, right } => EvalKind::Binary {
            op,
            left: Box::new(replace_fields(*left, by)),
            right: Box::new(replace_fields(*right, by)),
        },
        EvalKind::In { value, items } => EvalKind::In {
            value: Box::new(replace_fields(*value, by)),
            items: items.into_iter().map(|i| replace_fields(i, by)).collect(),
        },
        EvalKind::Call { name, arguments } => {
            EvalKind::Call { name, arguments: arguments.into_iter().map(|a| replace_fields(a, by)).collect() }
        }
        other => other,
    };
    eval
}
