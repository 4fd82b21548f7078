//! `chart`, `timechart` and their bins, series and cells at random.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rulecast::ir::{AggregateFunction, ArithmeticOp, TimeStep, TimeUnit};
use rulecast::source::Span;
use rulecast::spl::command::*;
use rulecast::spl::eval::{Eval as Expression, EvalKind, Operator};
use rulecast::spl::{Aggregation, Argument};

use crate::commands::value;
use crate::expressions::{aggregation, eval, function, name, spanned, text};

fn units() -> impl Strategy<Value = TimeUnit> {
    use TimeUnit::*;
    prop::sample::select(vec![Second, Minute, Hour, Day, Week, Month, Quarter, Year])
}

pub(crate) fn width() -> impl Strategy<Value = BinSpan> {
    let number = prop_oneof![Just(5.0), Just(0.25), any::<f64>().prop_map(|n| n.abs())];
    let snap = prop_oneof![units().prop_map(TimeStep::Snap), (0..7u8).prop_map(TimeStep::SnapWeekday)];
    prop_oneof![
        3 => (1..i64::MAX, units()).prop_map(|(n, unit)| BinSpan::Time(n, unit)),
        2 => number.prop_filter("a width", |n| n.is_finite() && *n > 0.0).prop_map(BinSpan::Number),
        1 => (1..9i64, units(), snap).prop_map(|(n, unit, snap)| BinSpan::Snapped(n, unit, snap)),
        1 => "[1-9]{0,1}log[1-9]{0,2}".prop_map(|text| BinSpan::Logarithmic(spanned(text))),
    ]
}

pub(crate) fn bins() -> impl Strategy<Value = BinOptions> {
    let more = (option::of(1..u64::MAX), option::of(width()), option::of(value()), option::of(value()));
    let full = (option::of(width()), more, option::of(value()))
        .prop_map(|(span, (bins, min_span, start, end), align)| BinOptions { span, bins, min_span, start, end, align });
    let usual = option::of(width()).prop_map(|span| BinOptions { span, ..BinOptions::default() });
    prop_oneof![3 => usual, 1 => full]
}

pub(crate) fn naming() -> impl Strategy<Value = Naming> {
    (option::of(text()), option::of(text())).prop_map(|(sep, format)| Naming { sep, format })
}

fn node(kind: EvalKind) -> Expression {
    Expression { kind, span: Span::default() }
}

/// Expressions with at least one aggregation, in whose place stands a field.
fn expression() -> impl Strategy<Value = (Expression, Vec<Aggregation>)> {
    let leaf = prop_oneof![
        4 => Just(EvalKind::Field(String::new())),
        1 => Just(EvalKind::Field("a b".to_owned())),
        1 => (-9..9i64).prop_map(EvalKind::Integer),
        1 => text().prop_map(EvalKind::String),
    ];
    let op = prop::sample::select(vec![
        Operator::Arithmetic(ArithmeticOp::Divide),
        Operator::Arithmetic(ArithmeticOp::Add),
        Operator::And,
        Operator::Or,
        Operator::Like,
    ]);
    let tree = leaf.prop_map(node).prop_recursive(3, 12, 2, move |inner| {
        prop_oneof![
            3 => (op.clone(), inner.clone(), inner.clone()).prop_map(|(op, left, right)| EvalKind::Binary {
                op,
                left: Box::new(left),
                right: Box::new(right)
            }),
            1 => inner.clone().prop_map(|e| EvalKind::Not(Box::new(e))),
            1 => (inner.clone(), vec(inner.clone(), 1..3))
                .prop_map(|(value, items)| EvalKind::In { value: Box::new(value), items }),
            1 => vec(inner, 2..4)
                .prop_map(|arguments| EvalKind::Call { name: spanned("round"), arguments }),
        ]
        .prop_map(node)
    });
    let field = (function(), name()).prop_map(|(function, field)| (function, Argument::Field(field)));
    let of_eval = (function(), eval()).prop_map(|(function, e)| (function, Argument::Eval(e)));
    let one = prop_oneof![4 => field, 1 => of_eval, 1 => Just((AggregateFunction::Count, Argument::Rows))];
    (tree, vec(one, 16)).prop_filter_map("an aggregation", |(tree, list)| {
        let count = Cell::new(0);
        let value = numbered(tree, &count);
        let number = |(i, (function, argument)): (usize, (AggregateFunction, Argument))| Aggregation {
            function,
            argument,
            name: spanned(format!("(aggregate {i})")),
            span: Span::default(),
        };
        let aggregations: Vec<Aggregation> = list.into_iter().enumerate().map(number).take(count.get()).collect();
        (aggregations.len() == count.get() && count.get() > 0).then_some((value, aggregations))
    })
}

/// Gives the fields of no name the numbers of aggregations, in the order of the text.
fn numbered(mut eval: Expression, count: &Cell<usize>) -> Expression {
    eval.kind = match eval.kind {
        EvalKind::Field(name) if name.is_empty() => {
            let n = count.replace(count.get() + 1);
            EvalKind::Field(format!("(aggregate {n})"))
        }
        EvalKind::Not(e) => EvalKind::Not(Box::new(numbered(*e, count))),
        EvalKind::Binary { op, left, right } => {
            let left = Box::new(numbered(*left, count));
            EvalKind::Binary { op, left, right: Box::new(numbered(*right, count)) }
        }
        EvalKind::In { value, items } => {
            let value = Box::new(numbered(*value, count));
            EvalKind::In { value, items: items.into_iter().map(|i| numbered(i, count)).collect() }
        }
        EvalKind::Call { name, arguments } => {
            EvalKind::Call { name, arguments: arguments.into_iter().map(|a| numbered(a, count)).collect() }
        }
        other => other,
    };
    eval
}

fn item(rates: bool) -> impl Strategy<Value = Item> {
    let argument = prop_oneof![name().prop_map(Argument::Field), eval().prop_map(Argument::Eval)];
    let seconds = prop::sample::select(vec![1.0, 60.0, 3_600.0, 86_400.0]);
    let rate = (argument, name(), seconds).prop_map(|(argument, name, seconds)| Item::Rate {
        sum: Aggregation { function: AggregateFunction::Sum, argument, name, span: Span::default() },
        seconds,
    });
    prop_oneof![
        4 => aggregation().prop_map(Item::Aggregation),
        2 => (expression(), name())
            .prop_map(|((value, aggregations), name)| Item::Expression { value, aggregations, name }),
        u32::from(rates) * 2 => rate,
    ]
}

/// With `columns`, also what `where` alone can say.
fn series(columns: bool) -> impl Strategy<Value = Series> {
    let of_cells = function().prop_filter("a score", |f| *f != AggregateFunction::Count);
    let score = prop_oneof![of_cells.prop_map(Score::Cells), aggregation().prop_map(|one| Score::Rows(Box::new(one))),];
    let bound = || any::<f64>().prop_filter("a number", |n| n.is_finite());
    let choice = prop_oneof![
        2 => Just(Choice::Ranked { count: 10, bottom: false, others: false }),
        1 => Just(Choice::All),
        2 => (1..u64::MAX, any::<bool>(), any::<bool>())
            .prop_map(|(count, bottom, others)| Choice::Ranked { count, bottom, others }),
        1 => bound().prop_map(Choice::Over),
        1 => bound().prop_map(Choice::Under),
    ];
    let text_of = |usual: &'static str| prop_oneof![2 => Just(usual.to_owned()), 1 => text()];
    let shown = (any::<[bool; 2]>(), text_of("NULL"), text_of("OTHER"), naming());
    (choice, option::of(score), shown).prop_map(
        move |(choice, score, ([use_null, use_other], null_text, other_text, naming))| {
            let choice = match choice {
                Choice::All | Choice::Ranked { others: false, .. } => choice,
                other if columns && score.is_some() => other,
                _ => Choice::All,
            };
            Series { choice, score, use_null, null_text, use_other, other_text, naming }
        },
    )
}

fn split() -> impl Strategy<Value = Split> {
    (name(), bins()).prop_map(|(field, bins)| Split { field, bins })
}

/// `chart` and `timechart`.
pub(crate) fn chart() -> impl Strategy<Value = Command> {
    let by_two = (vec(item(false).boxed(), 1..3), split(), split(), series(true).boxed()).prop_map(
        |(items, row, column, series)| Command::Chart(Chart { items, row: Some(row), column: Some(column), series }),
    );
    let by_one = (vec(item(false).boxed(), 1..3), option::of(split()), series(false).boxed())
        .prop_map(|(items, row, series)| Command::Chart(Chart { items, row, column: None, series }));
    let timed = |column: BoxedStrategy<Option<Split>>, series: BoxedStrategy<Series>| {
        (vec(item(true).boxed(), 1..3), bins(), column, series, any::<[bool; 3]>()).prop_map(
            |(items, bins, column, series, [continuous, fixed_range, partial])| {
                Command::Timechart(Timechart { items, bins, column, series, continuous, fixed_range, partial })
            },
        )
    };
    prop_oneof![
        by_two.boxed(),
        by_one.boxed(),
        timed(split().prop_map(Some).boxed(), series(true).boxed()).boxed(),
        timed(Just(None).boxed(), series(false).boxed()).boxed(),
    ]
}
