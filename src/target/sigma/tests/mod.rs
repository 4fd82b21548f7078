//! Whole queries, built by hand.
#![allow(clippy::unwrap_used)]

mod correlation;
mod detection;
mod meaning;
mod plan;
mod seed;
mod widening;

use super::*;
use crate::ir::{
    Aggregate, AggregateFunction, ArithmeticOp, Case, Column, CompareOp, Expr, ExprKind, Literal, Output, Pattern,
    Piece, Rel, Scalar, Scan, Step, TimeBound, Type, Window,
};
use crate::options::Options;
use crate::schema::Schemas;
use crate::source::Span;

fn span() -> Span {
    Span::default()
}

fn required(name: &str) -> Expr {
    Expr::column(name, Type::STRING, false, span())
}

fn field(name: &str) -> Expr {
    Expr::column(name, Type::UNKNOWN, true, span())
}

fn list(name: &str) -> Expr {
    Expr::column(name, Type::many(Scalar::Unknown), true, span())
}

/// `field=value` of `search`.
fn eq(value: Expr, text: &str) -> Expr {
    Expr::compare(CompareOp::Eq, value, Expr::string(text, span()), Case::Insensitive)
}

/// `field="value"` of `where`.
fn eq_cased(value: Expr, text: &str) -> Expr {
    Expr::compare(CompareOp::Eq, value, Expr::string(text, span()), Case::Sensitive)
}

fn compare(op: CompareOp, value: Expr, n: i64) -> Expr {
    Expr::compare(op, value, Expr::integer(n, span()), Case::Sensitive)
}

fn predicate(kind: ExprKind, nullable: bool) -> Expr {
    Expr::new(kind, Type::BOOLEAN, nullable, span())
}

/// `*` is a wildcard.
fn like(value: Expr, text: &str, case: Case) -> Expr {
    let pieces = text.split_inclusive('*').flat_map(|part| match part.strip_suffix('*') {
        Some(text) => vec![Piece::Text(text.to_owned()), Piece::Any],
        None => vec![Piece::Text(part.to_owned())],
    });
    let nullable = value.nullable;
    predicate(ExprKind::Like { value: Box::new(value), pattern: Pattern::new(pieces), case }, nullable)
}

fn one_of(value: Expr, items: &[&str]) -> Expr {
    let items = items.iter().map(|i| (*i).to_owned()).collect();
    let nullable = value.nullable;
    predicate(ExprKind::OneOf { value: Box::new(value), items, case: Case::Insensitive }, nullable)
}

fn regex(value: Expr, regex: &str) -> Expr {
    let nullable = value.nullable;
    predicate(ExprKind::Regex { value: Box::new(value), regex: regex.to_owned() }, nullable)
}

fn call(function: &'static str, args: Vec<Expr>) -> Expr {
    let nullable = args.iter().any(|a| a.nullable);
    Expr::new(ExprKind::Call { function, args }, Type::STRING, nullable, span())
}

fn coalesce(parts: Vec<Expr>) -> Expr {
    let nullable = parts.iter().all(|p| p.nullable);
    Expr::new(ExprKind::Coalesce(parts), Type::STRING, nullable, span())
}

fn if_else(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    let nullable = then.nullable || otherwise.nullable;
    let kind = ExprKind::Case { arms: vec![(condition, then)], otherwise: Some(Box::new(otherwise)) };
    Expr::new(kind, Type::STRING, nullable, span())
}

fn text(t: &str) -> Expr {
    Expr::string(t, span())
}

fn not(e: Expr) -> Expr {
    e.is_true().negate()
}

fn any(value: Expr, predicate_of: impl FnOnce(Expr) -> Expr) -> Expr {
    let variable = Expr::new(ExprKind::Variable(7), value.ty.element(), false, span());
    let kind = ExprKind::Any { value: Box::new(value), variable: 7, predicate: Box::new(predicate_of(variable)) };
    predicate(kind, true)
}

fn scan() -> Rel {
    let window = Window {
        earliest: crate::time::parse_relative("-70m@m").map(TimeBound::Relative),
        latest: crate::time::parse_relative("-10m@m").map(TimeBound::Relative),
    };
    Rel::Scan(Scan { source: "cloudtrail".into(), fields: Vec::new(), window, span: span() })
}

fn filter(input: Rel, predicate: Expr) -> Rel {
    Rel::Filter { input: Box::new(input), predicate }
}

fn extend(input: Rel, name: &str, e: Expr) -> Rel {
    Rel::Extend { input: Box::new(input), columns: vec![(name.into(), e)] }
}

fn aggregate(function: AggregateFunction, argument: Option<Expr>) -> Aggregate {
    let (ty, nullable) = match function {
        AggregateFunction::Count | AggregateFunction::CountIf | AggregateFunction::DistinctCount => {
            (Type::INTEGER, false)
        }
        AggregateFunction::Values => (Type::many(Scalar::Unknown), true),
        _ => (Type::UNKNOWN, true),
    };
    Aggregate { function, argument, ty, nullable, span: span() }
}

/// `stats` with the filters of null keys below it.
fn stats(input: Rel, keys: &[(&str, Expr)], aggregates: Vec<(&str, Aggregate)>) -> Rel {
    let input = keys.iter().fold(input, |rel, (_, key)| filter(rel, key.clone().is_not_null()));
    Rel::Aggregate {
        input: Box::new(input),
        keys: keys.iter().map(|(n, e)| ((*n).into(), e.clone())).collect(),
        aggregates: aggregates.into_iter().map(|(n, a)| (n.into(), a)).collect(),
        span: span(),
    }
}

fn count() -> Aggregate {
    aggregate(AggregateFunction::Count, None)
}

fn query(plan: Rel) -> Query {
    Query { plan, output: Output::Events { added: Vec::new(), removed: Vec::new() } }
}

fn rule() -> Rule {
    Rule {
        id: "211b80d3-6340-4345-11ad-212bf3d0d111".to_owned(),
        name: "AWS Lambda UpdateFunctionCode".to_owned(),
        version: "9".to_owned(),
        status: "production".to_owned(),
        kind: "Hunting".to_owned(),
        author: "Bhavin Patel, Splunk".to_owned(),
        description: "Identifies IAM users who: update Lambda code\nvia the CLI.".to_owned(),
        date: "2022-02-28".to_owned(),
        modified: "2026-05-13".to_owned(),
        references: vec!["https://sysdig.com/blog/exploit-mitigate-aws-lambdas-mitre/".to_owned()],
        known_false_positives: "An administrator's update.".to_owned(),
        mitre_attack_id: vec!["T1204".to_owned()],
        ..Rule::default()
    }
}

fn emit_with(query: &Query, schemas: &Schemas) -> (Option<String>, Vec<String>) {
    let (rule, options) = (rule(), Options::default());
    let mut sink = Sink::default();
    let context = Context { rule: &rule, schemas, options: &options };
    let text = Sigma.emit(query, &context, &mut sink).ok();
    let diagnostics = sink.diagnostics().iter().map(|d| format!("{} {}", d.code.id, d.message)).collect();
    (text, diagnostics)
}

fn emit(plan: Rel) -> (Option<String>, Vec<String>) {
    emit_with(&query(plan), &Schemas::builtin())
}

/// The detection section of a filter over the scan, without what is always the same.
fn detection_of(predicate: Expr) -> String {
    let (text, diagnostics) = emit(filter(scan(), predicate));
    let text = text.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let start = text.find("detection:\n").unwrap() + "detection:\n".len();
    let end = text.find("fields:").or(text.find("falsepositives:")).unwrap();
    let lines: Vec<&str> = text[start..end].lines().map(|l| l.strip_prefix("    ").unwrap_or(l)).collect();
    lines.join("\n")
}

fn diagnostics_of(predicate: Expr) -> Vec<String> {
    emit(filter(scan(), predicate)).1
}

fn user_name() -> Expr {
    let session_issuer = field("userIdentity.sessionContext.sessionIssuer.userName");
    let tail = |e: Expr| call("replace", vec![e, text("^.*[:/]"), text("")]);
    coalesce(vec![
        field("userIdentity.userName"),
        session_issuer,
        tail(field("userIdentity.arn")),
        tail(field("requestParameters.roleArn")),
    ])
}

fn over(rel: Rel, op: CompareOp, n: i64) -> Rel {
    filter(rel, compare(op, Expr::column("n", Type::INTEGER, false, span()), n))
}
