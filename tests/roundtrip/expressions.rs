//! Conditions and expressions at random: every tree that the parser can make, of little depth.

use proptest::collection::vec;
use proptest::prelude::*;
use rulecast::ir::{AggregateFunction, ArithmeticOp, CompareOp};
use rulecast::source::Span;
use rulecast::spl::eval::{Eval, EvalKind, Operator};
use rulecast::spl::search::{Search, Value};
use rulecast::spl::{Aggregation, Argument, Spanned};

pub(crate) fn spanned(text: impl Into<String>) -> Spanned {
    Spanned { text: text.into(), span: Span::default() }
}

/// Texts with what SPL's syntax is made of.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,3}",
        2 => r#"[ \\"'`*|,()=<>!\[\]{}$@.:;#%&^+/-]"#,
        1 => prop::sample::select(vec!["\\\\", "\\\"", "\n", "\t", "\u{a0}", "é", "日本", "😀", "\u{2028}", "0", "42", "as", "BY", "search"])
            .prop_map(str::to_owned),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Regular expressions with what needs escapes in quotation marks.
pub(crate) fn regex() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", " ", ".*", "\\d+", "\\\\", "\"", "\\\"", "[|\\]]", "(?:x|y)", "\\|", "é", "'", "`", "$",
    ]);
    let group = prop::sample::select(vec!["", "(?<g>[^\"]+)"]);
    (group, vec(piece, 0..5)).prop_map(|(group, p)| group.to_owned() + &p.concat())
}

/// Names: mostly plain ones, and what the syntax might take for something else.
pub(crate) fn name() -> impl Strategy<Value = Spanned> {
    let special = vec![
        "and", "AS", "by", "d", "desc", "eval", "in", "IN", "NOT", "OR", "output", "search", "where", "with", "xor",
        "10", "0x1f", "-x", "+1", "true", "a.b{}.c", "NOT.x", "by-x", "tstats", "_time", "*", "x*", "a", "asc", "span",
        "span-x", "fields", "filter", "agg", "notin", "count", "eval", "t", "$x",
    ];
    prop_oneof![3 => "[a-z_][a-z0-9_.]{0,5}", 1 => prop::sample::select(special).prop_map(str::to_owned), 1 => text()]
        .prop_map(spanned)
}

/// A name without wildcards.
pub(crate) fn plain_name() -> impl Strategy<Value = Spanned> {
    name().prop_map(|n| spanned(n.text.replace('*', "_")))
}

pub(crate) fn names(least: usize) -> impl Strategy<Value = Vec<Spanned>> {
    vec(name(), least..4)
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
}

fn value_of(text: String, quoted: bool) -> Value {
    Value { text, quoted, case_sensitive: false, whole_term: false, span: Span::default() }
}

/// A text that can stand without quotation marks in a place where some characters end it.
fn bare(stops: &'static str) -> impl Strategy<Value = String> {
    let operators = ["AND", "OR", "NOT"];
    text()
        .prop_map(move |t| {
            t.chars().filter(|c| !c.is_whitespace() && !"()[]|".contains(*c) && !stops.contains(*c)).collect::<String>()
        })
        .prop_filter("a bare word", move |t| !t.is_empty() && !t.ends_with(',') && !operators.contains(&t.as_str()))
}

fn quoted_value() -> impl Strategy<Value = Value> {
    text().prop_map(|t| value_of(t, true))
}

/// `CASE(…)` and `TERM(…)`.
fn directive() -> impl Strategy<Value = Value> {
    // Nothing is an escape in there, so a quotation mark can't begin the text.
    let inner = prop_oneof![quoted_value(), bare("\"").prop_map(|t| value_of(t, false)),];
    (inner, any::<bool>()).prop_map(|(value, case_sensitive)| Value {
        case_sensitive,
        whole_term: !case_sensitive,
        ..value
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![3 => bare("").prop_map(|t| value_of(t, false)), 2 => quoted_value(), 1 => directive()]
}

fn listed_value() -> impl Strategy<Value = Value> {
    prop_oneof![bare(",").prop_map(|t| value_of(t, false)), quoted_value()]
}

/// A word of its own; `by` would end the conditions of `tstats`.
fn term() -> impl Strategy<Value = Value> {
    let ends = |t: &str| ["by", "groupby"].contains(&t.to_lowercase().as_str());
    let word = bare("=<>,").prop_filter("a word", move |t| !ends(t));
    let special = prop::sample::select(vec!["IN", "in", "search", "tstats", "CASE", "NOT.x", "OR-y", "AND*"]);
    prop_oneof![
        3 => word.prop_map(|t| value_of(t, false)),
        1 => special.prop_map(|t| value_of(t.to_owned(), false)),
        2 => quoted_value(),
        1 => directive(),
    ]
}

/// Conditions without subsearches; those are made where pipelines are.
pub(crate) fn search() -> impl Strategy<Value = Search> {
    let span = Span::default();
    let call = (prop::sample::select(vec!["lower", "if", "now"]), vec(eval(), 0..3)).prop_map(|(name, arguments)| {
        Eval { kind: EvalKind::Call { name: spanned(name), arguments }, span: Span::default() }
    });
    let leaf = prop_oneof![
        4 => (name(), compare_op(), value()).prop_map(move |(field, op, value)| Search::Compare { field, op, value, span }),
        2 => (name(), vec(listed_value(), 1..4)).prop_map(move |(field, values)| Search::In { field, values, span }),
        1 => (name(), compare_op(), call).prop_map(move |(field, op, call)| Search::CompareCall { field, op, call, span }),
        2 => term().prop_map(Search::Term),
        1 => Just(Search::And(Vec::new())),
    ];
    leaf.prop_recursive(4, 16, 3, move |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Search::And),
            vec(inner.clone(), 2..4).prop_map(Search::Or),
            inner.prop_map(move |part| Search::Not(Box::new(part), span)),
        ]
    })
}

fn operator() -> impl Strategy<Value = Operator> {
    use ArithmeticOp::*;
    prop_oneof![
        3 => Just(Operator::And),
        3 => Just(Operator::Or),
        1 => Just(Operator::Xor),
        2 => compare_op().prop_map(Operator::Compare),
        1 => Just(Operator::Like),
        2 => prop::sample::select(vec![Add, Subtract, Multiply, Divide, Modulo]).prop_map(Operator::Arithmetic),
        1 => Just(Operator::Concat),
    ]
}

pub(crate) fn eval() -> impl Strategy<Value = Eval> {
    let node = |kind| Eval { kind, span: Span::default() };
    let double = any::<f64>().prop_filter("a finite number", |n| n.is_finite());
    let leaf = prop_oneof![
        3 => name().prop_map(|n| EvalKind::Field(n.text)),
        2 => text().prop_map(EvalKind::String),
        1 => any::<i64>().prop_map(|n| EvalKind::Integer(n.max(-i64::MAX))),
        1 => prop::sample::select(vec![0, 1, -1, 10]).prop_map(EvalKind::Integer),
        1 => prop_oneof![double, prop::sample::select(vec![0.5, -2.0, 1e21, 1e-7, 100.0])].prop_map(EvalKind::Double),
    ];
    leaf.prop_map(node).prop_recursive(5, 24, 3, move |inner| {
        let call = prop::sample::select(vec!["lower", "if", "in", "and", "unknown_function", "like", "mvmap"]);
        let negative = inner.clone().prop_map(|e| match e.kind {
            // A sign belongs to its number.
            EvalKind::Integer(n) => EvalKind::Integer(-n),
            EvalKind::Double(n) => EvalKind::Double(-n),
            kind => EvalKind::Negative(Box::new(Eval { kind, span: e.span })),
        });
        prop_oneof![
            6 => (operator(), inner.clone(), inner.clone()).prop_map(|(op, left, right)| EvalKind::Binary {
                op,
                left: Box::new(left),
                right: Box::new(right)
            }),
            2 => inner.clone().prop_map(|e| EvalKind::Not(Box::new(e))),
            1 => negative,
            1 => (inner.clone(), vec(inner.clone(), 0..3))
                .prop_map(|(value, items)| EvalKind::In { value: Box::new(value), items }),
            2 => (call, vec(inner, 0..3))
                .prop_map(|(name, arguments)| EvalKind::Call { name: spanned(name), arguments }),
        ]
        .prop_map(node)
    })
}

pub(crate) fn function() -> impl Strategy<Value = AggregateFunction> {
    use AggregateFunction::*;
    let plain = vec![
        Count,
        DistinctCount,
        EstimatedDistinctCount,
        Values,
        List,
        Min,
        Max,
        Sum,
        Average,
        StandardDeviation,
        PopulationStandardDeviation,
        Variance,
        PopulationVariance,
        SumOfSquares,
        Median,
        Mode,
        Range,
        First,
        Last,
        Earliest,
        Latest,
        EarliestTime,
        LatestTime,
        Rate,
    ];
    let percentile = (0.0..=100.0, any::<bool>()).prop_map(|(n, exact)| Percentile(n, exact));
    prop_oneof![4 => prop::sample::select(plain), 1 => percentile]
}

/// What `sparkline(…)` holds, which is kept as it stands.
fn drawn() -> impl Strategy<Value = Argument> {
    let text = prop::sample::select(vec!["", "count", "avg(x), 1h", " dc(a.b) "]);
    text.prop_map(|t| Argument::Sparkline(spanned(t)))
}

pub(crate) fn aggregation() -> impl Strategy<Value = Aggregation> {
    let of_rows = name().prop_map(|name| (AggregateFunction::Count, Argument::Rows, name));
    let of_field =
        (function(), name(), name()).prop_map(|(function, field, name)| (function, Argument::Field(field), name));
    let of_eval = (function(), eval(), name()).prop_map(|(function, e, name)| (function, Argument::Eval(e), name));
    let of_drawing = (drawn(), name()).prop_map(|(drawn, name)| (AggregateFunction::Count, drawn, name));
    prop_oneof![2 => of_rows, 6 => of_field, 2 => of_eval, 1 => of_drawing]
        .prop_map(|(function, argument, name)| Aggregation { function, argument, name, span: Span::default() })
}

pub(crate) fn aggregations(least: usize) -> impl Strategy<Value = Vec<Aggregation>> {
    vec(aggregation(), least..4)
}
