use super::*;
use crate::eval::{Options, Program, Session};
use crate::event::Decoder;
use crate::ir::{Case, Column, CompareOp, Expr, ExprKind, Output, Pattern, Piece, Rel, Scan, Type};
use crate::source::Span;

fn column(name: &str, ty: Type) -> Expr {
    Expr::column(name, ty, true, Span::default())
}

fn scan() -> Rel {
    let field = |name: &str, ty, nullable| Column { name: name.into(), ty, nullable };
    let fields = vec![
        field("eventName", Type::STRING, false),
        field("errorCode", Type::STRING, true),
        field("requestParameters.n", Type::UNKNOWN, true),
        field("userAgent{}", Type { scalar: crate::ir::Scalar::String, multivalue: true }, true),
    ];
    Rel::Scan(Scan { source: "cloudtrail".into(), fields, window: Default::default(), span: Span::default() })
}

fn filtered(conditions: Vec<Expr>) -> Query {
    let plan = Rel::Filter { input: Box::new(scan()), predicate: Expr::and(conditions, Span::default()) };
    Query { plan, output: Output::Events { added: Vec::new(), removed: Vec::new() } }
}

fn test(kind: ExprKind) -> Expr {
    Expr::new(kind, Type::BOOLEAN, true, Span::default())
}

/// How many of the generated events pass.
fn passing(query: &Query, count: usize) -> usize {
    let schemas = Schemas::builtin();
    let records = events(query, &schemas, 7, count);
    assert_eq!(records.len(), count);
    let program = Program::new(query, &schemas).expect("a program");
    let mut session = Session::new(vec![program], Options { now: NOW as f64, ..Options::default() });
    while let Some(pass) = session.next_pass() {
        let source = &pass.sources()[0];
        let decoder = Decoder::new(&source.schema, &source.fields);
        let mut worker = pass.worker();
        for (number, record) in records.iter().enumerate() {
            let mut slots = Vec::new();
            decoder.decode(&record.text, &mut slots).expect("a JSON object");
            worker.feed(0, &slots, number as u64);
        }
        let harvest = worker.finish();
        session.finish_pass(pass, vec![harvest]);
    }
    session.into_results().remove(0).expect("rows").table.rows.len()
}

#[test]
fn a_part_of_the_events_passes_and_a_part_does_not() {
    let text = |t: &str| Expr::string(t, Span::default());
    let name = || column("eventName", Type::STRING);
    let equal = Expr::compare(CompareOp::Eq, name(), text("StopLogging"), Case::Insensitive);
    let pattern = Pattern::new([Piece::Any, Piece::Text("Den".into()), Piece::Any]);
    let like =
        test(ExprKind::Like { value: Box::new(column("errorCode", Type::STRING)), pattern, case: Case::Sensitive });
    let number = column("requestParameters.n", Type::UNKNOWN);
    let more = Expr::compare(CompareOp::Gt, number, Expr::integer(5, Span::default()), Case::Sensitive);
    let list = column("userAgent{}", Type { scalar: crate::ir::Scalar::String, multivalue: true });
    let variable = Expr::new(ExprKind::Variable(1), Type::STRING, false, Span::default());
    let regex = test(ExprKind::Regex { value: Box::new(variable), regex: "^aws-(cli|sdk)/\\d+".into() });
    let any = test(ExprKind::Any { value: Box::new(list), variable: 1, predicate: Box::new(regex) });
    let parts = vec![equal.clone(), like, more, any, column("errorCode", Type::STRING).is_null().negate()];
    for conditions in [vec![equal], parts] {
        let passed = passing(&filtered(conditions), 200);
        assert!((50..190).contains(&passed), "{passed} of 200 pass");
    }
}

#[test]
fn a_seed_gives_the_same_events() {
    let query = filtered(vec![column("errorCode", Type::STRING).is_null()]);
    let schemas = Schemas::builtin();
    assert_eq!(events(&query, &schemas, 1, 50), events(&query, &schemas, 1, 50));
    assert_ne!(events(&query, &schemas, 1, 50), events(&query, &schemas, 2, 50));
}

#[test]
fn what_a_schema_promises_is_always_there() {
    let query = filtered(vec![column("eventName", Type::STRING).is_null().negate()]);
    for record in events(&query, &Schemas::builtin(), 3, 200) {
        let value: serde_json::Value = serde_json::from_str(&record.text).expect("JSON");
        assert!(value["eventName"].is_string() && value["eventTime"].is_string(), "{}", record.text);
    }
}

#[test]
fn what_several_conditions_ask_of_one_field_is_put_together() {
    let like = |pieces: [Piece; 3]| {
        let value = Box::new(column("errorCode", Type::STRING));
        test(ExprKind::Like { value, pattern: Pattern::new(pieces), case: Case::Insensitive })
    };
    let around = |text: &str| like([Piece::Any, Piece::Text(text.into()), Piece::Any]);
    let start = like([Piece::Text("Client.".into()), Piece::Any, Piece::Any]);
    let passed = passing(&filtered(vec![around("denied"), around("explicit"), start]), 200);
    assert!(passed > 60, "{passed} of 200 pass");
}
