//! Simplification keeps rows: random plans give the same rows before and after, over every event of a small domain.

use std::collections::BTreeMap;

use super::simplify;
use crate::ir::{
    Case, Column, CompareOp, Expr, ExprKind, Literal, Name, Output, Pattern, Piece, Query, Rel, Scan, Type, Window,
};
use crate::source::Span;

type Row = BTreeMap<Name, Option<String>>;

/// A value of the little evaluator: text, truth, or NULL.
#[derive(Clone, PartialEq, Debug)]
enum Value {
    Null,
    Text(String),
    Truth(bool),
}

fn fold_case(text: &str, case: Case) -> String {
    if case == Case::Insensitive { text.to_lowercase() } else { text.to_owned() }
}

fn eval(e: &Expr, row: &Row) -> Value {
    let truth = |e: &Expr| eval(e, row);
    match &e.kind {
        ExprKind::Column(name) => row.get(name).cloned().flatten().map_or(Value::Null, Value::Text),
        ExprKind::Literal(Literal::String(text)) => Value::Text(text.clone()),
        ExprKind::Literal(Literal::Boolean(b)) => Value::Truth(*b),
        ExprKind::Literal(Literal::Null) => Value::Null,
        ExprKind::Compare { op, left, right, case } => match (truth(left), truth(right)) {
            (Value::Text(a), Value::Text(b)) => Value::Truth(op.holds(fold_case(&a, *case).cmp(&fold_case(&b, *case)))),
            _ => Value::Null,
        },
        ExprKind::OneOf { value, items, case } => match truth(value) {
            Value::Text(a) => Value::Truth(items.iter().any(|i| fold_case(i, *case) == fold_case(&a, *case))),
            _ => Value::Null,
        },
        ExprKind::Like { value, pattern, case } => match truth(value) {
            Value::Text(a) => Value::Truth(pattern.matches(&a, *case == Case::Insensitive)),
            _ => Value::Null,
        },
        ExprKind::IsNull(e) => Value::Truth(truth(e) == Value::Null),
        ExprKind::IsTrue(e) => Value::Truth(truth(e) == Value::Truth(true)),
        ExprKind::Not(e) => match truth(e) {
            Value::Truth(b) => Value::Truth(!b),
            _ => Value::Null,
        },
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let decides = matches!(e.kind, ExprKind::Or(_));
            let values: Vec<Value> = parts.iter().map(truth).collect();
            if values.contains(&Value::Truth(decides)) {
                Value::Truth(decides)
            } else if values.contains(&Value::Null) {
                Value::Null
            } else {
                Value::Truth(!decides)
            }
        }
        ExprKind::Case { arms, otherwise } => {
            let chosen = arms.iter().find(|(c, _)| truth(c) == Value::Truth(true)).map(|(_, v)| v);
            chosen.or(otherwise.as_deref()).map_or(Value::Null, truth)
        }
        ExprKind::Coalesce(parts) => parts.iter().map(truth).find(|v| *v != Value::Null).unwrap_or(Value::Null),
        other => panic!("the generator does not make {other:?}"),
    }
}

fn run(rel: &Rel, event: &Row) -> Option<Row> {
    match rel {
        Rel::Scan(_) => Some(event.clone()),
        Rel::Filter { input, predicate } => run(input, event).filter(|row| eval(predicate, row) == Value::Truth(true)),
        Rel::Extend { input, columns } | Rel::Project { input, columns } => {
            let row = run(input, event)?;
            let mut out = if matches!(rel, Rel::Extend { .. }) { row.clone() } else { Row::new() };
            for (name, e) in columns {
                let value = match eval(e, &row) {
                    Value::Text(text) => Some(text),
                    Value::Truth(b) => Some(b.to_string()),
                    Value::Null => None,
                };
                out.insert(name.clone(), value);
            }
            Some(out)
        }
        other => panic!("the generator does not make {}", other.name()),
    }
}

/// A small generator of numbers (xorshift), so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

const TEXTS: [&str; 4] = ["x", "X", "xy", "z"];

/// Columns `a` and `b` can be NULL, `c` can't.
fn column(n: &mut Numbers, names: &[(&'static str, bool)]) -> Expr {
    let (name, nullable) = names[n.below(names.len())];
    Expr::column(name, Type::STRING, nullable, Span::default())
}

fn text(n: &mut Numbers) -> Expr {
    Expr::string(TEXTS[n.below(TEXTS.len())], Span::default())
}

fn value(n: &mut Numbers, depth: usize, names: &[(&'static str, bool)]) -> Expr {
    let span = Span::default();
    match n.below(if depth == 0 { 4 } else { 7 }) {
        0..=2 => column(n, names),
        3 => text(n),
        4 => {
            let parts = vec![value(n, depth - 1, names), value(n, depth - 1, names)];
            let nullable = parts.iter().all(|p| p.nullable);
            Expr::new(ExprKind::Coalesce(parts), Type::STRING, nullable, span)
        }
        _ => {
            let arms = vec![
                (predicate(n, depth - 1, names), value(n, depth - 1, names)),
                (predicate(n, depth - 1, names), text(n)),
            ];
            let otherwise = (n.below(2) == 0).then(|| Box::new(text(n)));
            Expr::new(ExprKind::Case { arms, otherwise }, Type::STRING, true, span)
        }
    }
}

fn predicate(n: &mut Numbers, depth: usize, names: &[(&'static str, bool)]) -> Expr {
    let span = Span::default();
    let case = if n.below(2) == 0 { Case::Sensitive } else { Case::Insensitive };
    match n.below(if depth == 0 { 5 } else { 9 }) {
        0 => {
            let op = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt][n.below(3)];
            let left = value(n, depth.saturating_sub(1), names);
            let right = if n.below(4) == 0 { column(n, names) } else { text(n) };
            Expr::compare(op, left, right, case)
        }
        1 => {
            let value = value(n, depth.saturating_sub(1), names);
            let items = (0..1 + n.below(2)).map(|_| TEXTS[n.below(TEXTS.len())].to_owned()).collect();
            let nullable = value.nullable;
            Expr::new(ExprKind::OneOf { value: Box::new(value), items, case }, Type::BOOLEAN, nullable, span)
        }
        2 => {
            let value = value(n, depth.saturating_sub(1), names);
            let pattern = Pattern::new([Piece::Text(TEXTS[n.below(TEXTS.len())].to_owned()), Piece::Any]);
            let nullable = value.nullable;
            Expr::new(ExprKind::Like { value: Box::new(value), pattern, case }, Type::BOOLEAN, nullable, span)
        }
        3 | 4 => value(n, depth.saturating_sub(1), names).is_null(),
        5 => predicate(n, depth - 1, names).negate(),
        6 => predicate(n, depth - 1, names).is_true(),
        k => {
            let parts = (0..2 + n.below(2)).map(|_| predicate(n, depth - 1, names)).collect();
            if k == 7 { Expr::and(parts, span) } else { Expr::or(parts, span) }
        }
    }
}

fn plan(n: &mut Numbers) -> Query {
    let base: &[(&str, bool)] = &[("a", true), ("b", true), ("c", false)];
    let more: &[(&str, bool)] = &[("a", true), ("b", true), ("c", false), ("d", true)];
    let scan = Rel::Scan(Scan {
        source: "s".into(),
        fields: base
            .iter()
            .map(|(c, nullable)| Column { name: (*c).into(), ty: Type::STRING, nullable: *nullable })
            .collect(),
        window: Window::default(),
        span: Span::default(),
    });
    let filter = |input: Rel, predicate: Expr| Rel::Filter { input: Box::new(input), predicate };
    let mut rel = filter(scan, predicate(n, 2, base));
    // `a` is replaced too, so that names move.
    let columns = vec![("d".into(), value(n, 2, base)), ("a".into(), value(n, 1, base))];
    rel = Rel::Extend { input: Box::new(rel), columns };
    rel = filter(rel, predicate(n, 2, more));
    rel = filter(rel, predicate(n, 1, more));
    let output = more.iter().map(|(c, _)| Column { name: (*c).into(), ty: Type::STRING, nullable: true }).collect();
    Query { plan: rel, output: Output::Columns(output) }
}

#[test]
fn random_plans_keep_their_rows() {
    let values: Vec<Option<String>> =
        std::iter::once(None).chain(TEXTS.iter().map(|t| Some((*t).to_owned()))).collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..3_000 {
        let before = plan(&mut numbers);
        let after = simplify(before.clone());
        for a in &values {
            for b in &values {
                for c in &values[1..] {
                    let event: Row =
                        [("a", a), ("b", b), ("c", c)].iter().map(|(n, v)| (Name::from(*n), (*v).clone())).collect();
                    let shown =
                        |row: Option<Row>| row.map(|r| ["a", "b", "c", "d"].map(|n| r.get(n).cloned().flatten()));
                    let (x, y) = (shown(run(&before.plan, &event)), shown(run(&after.plan, &event)));
                    assert_eq!(x, y, "round {round}, event {event:?}\n{before}\n{after}");
                }
            }
        }
    }
}

#[test]
fn what_a_filter_says_simplifies_the_rest() {
    let span = Span::default();
    let name = Expr::column("eventName", Type::STRING, false, span);
    let is = |text: &str| Expr::compare(CompareOp::Eq, name.clone(), Expr::string(text, span), Case::Sensitive);
    let scan = Rel::Scan(Scan { source: "s".into(), fields: Vec::new(), window: Window::default(), span });
    let wanted = Expr::compare(CompareOp::Eq, name.clone(), Expr::string("stoplogging", span), Case::Insensitive);
    let kind = ExprKind::Case {
        arms: vec![(is("RunInstances"), Expr::string("ec2", span))],
        otherwise: Some(Box::new(Expr::string("other", span))),
    };
    let dest = Expr::new(kind, Type::STRING, false, span);
    let plan = Rel::Extend {
        input: Box::new(Rel::Filter { input: Box::new(scan), predicate: wanted }),
        columns: vec![("dest".into(), dest)],
    };
    let output = Output::Columns(vec![Column { name: "dest".into(), ty: Type::STRING, nullable: false }]);
    let text = simplify(Query { plan, output }).to_string();
    assert!(text.contains("extend dest = \"other\""), "{text}");
}

#[test]
fn choices_of_other_text_are_not_compared_with_a_number_one_by_one() {
    let span = Span::default();
    let column = |name: &str, ty| Expr::column(name, ty, true, span);
    let scan = Rel::Scan(Scan { source: "s".into(), fields: Vec::new(), window: Window::default(), span });
    let kind = ExprKind::Coalesce(vec![column("t", Type::STRING), column("u", Type::UNKNOWN)]);
    let either = Expr::new(kind, Type::UNKNOWN, true, span);
    let shown = |constant| {
        let predicate = Expr::compare(CompareOp::Lt, either.clone(), constant, Case::Sensitive);
        let plan = Rel::Filter { input: Box::new(scan.clone()), predicate };
        simplify(Query { plan, output: Output::Events { added: Vec::new(), removed: Vec::new() } }).to_string()
    };
    // `t` by itself would be compared as text.
    assert!(shown(Expr::integer(12, span)).contains("coalesce(t, u) < 12"));
    assert!(shown(Expr::string("12", span)).contains("t < \"12\" or"));
}
