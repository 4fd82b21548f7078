//! Whole queries, from hand-made IR to text. Every one that is emitted must pass the strict reader.
#![allow(clippy::unwrap_used)]

mod library;
mod plan;
mod predicate;
mod rows;
mod tables;
mod values;
mod widen;

use std::sync::Arc;

use super::Cloudwatch;
use crate::diagnostic::{Diagnostic, Sink};
use crate::ir::{
    Aggregate, AggregateFunction, Case, Column, CompareOp, Expr, ExprKind, Output, Pattern, Piece, Query, Rel, Scan,
    Type, Window,
};
use crate::options::{InsightsLevel, Options};
use crate::rule::Rule;
use crate::schema::Schemas;
use crate::source::Span;
use crate::target::{Context, Target};

fn span() -> Span {
    Span::default()
}

/// A field that an event may lack.
fn field(name: &str) -> Expr {
    let ty = if name.contains("{}") { Type::many(crate::ir::Scalar::Unknown) } else { Type::UNKNOWN };
    Expr::column(name, ty, true, span())
}

fn typed(name: &str, ty: Type) -> Expr {
    Expr::column(name, ty, true, span())
}

/// A field that every event has.
fn required(name: &str) -> Expr {
    Expr::column(name, Type::STRING, false, span())
}

fn time() -> Expr {
    Expr::column("_time", Type::TIME, false, span())
}

fn text(s: &str) -> Expr {
    Expr::string(s, span())
}

/// `search f=v`.
fn is(f: Expr, v: &str) -> Expr {
    Expr::compare(CompareOp::Eq, f, text(v), Case::Insensitive)
}

fn wildcard(f: Expr, pattern: &str) -> Expr {
    let pieces = pattern.chars().map(|c| match c {
        '*' => Piece::Any,
        c => Piece::Text(c.to_string()),
    });
    let nullable = f.nullable;
    let kind = ExprKind::Like { value: Box::new(f), pattern: Pattern::new(pieces), case: Case::Insensitive };
    Expr::new(kind, Type::BOOLEAN, nullable, span())
}

fn one_of(f: Expr, items: &[&str], case: Case) -> Expr {
    let items = items.iter().map(|i| (*i).to_owned()).collect();
    let nullable = f.nullable;
    Expr::new(ExprKind::OneOf { value: Box::new(f), items, case }, Type::BOOLEAN, nullable, span())
}

fn coalesce(parts: Vec<Expr>) -> Expr {
    let nullable = parts.iter().all(|p| p.nullable);
    Expr::new(ExprKind::Coalesce(parts), Type::UNKNOWN, nullable, span())
}

fn case_of(arms: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let nullable = otherwise.is_none() || arms.iter().any(|(_, v)| v.nullable);
    Expr::new(ExprKind::Case { arms, otherwise: otherwise.map(Box::new) }, Type::UNKNOWN, nullable, span())
}

fn call(function: &'static str, args: Vec<Expr>, ty: Type) -> Expr {
    let nullable = args.iter().any(|a| a.nullable);
    Expr::new(ExprKind::Call { function, args }, ty, nullable, span())
}

fn all(parts: Vec<Expr>) -> Expr {
    Expr::and(parts, span())
}

fn some(parts: Vec<Expr>) -> Expr {
    Expr::or(parts, span())
}

fn scan() -> Rel {
    let bound = |s| crate::time::parse_relative(s).map(crate::ir::TimeBound::Relative);
    Rel::Scan(Scan {
        source: "cloudtrail".into(),
        fields: Vec::new(),
        window: Window { earliest: bound("-70m@m"), latest: bound("-10m@m") },
        span: span(),
    })
}

fn filter(input: Rel, predicate: Expr) -> Rel {
    Rel::Filter { input: Box::new(input), predicate }
}

fn extend(input: Rel, name: &str, e: Expr) -> Rel {
    Rel::Extend { input: Box::new(input), columns: vec![(name.into(), e)] }
}

fn stats(input: Rel, keys: Vec<(&str, Expr)>, aggregates: Vec<(&str, AggregateFunction, Option<Expr>)>) -> Rel {
    Rel::Aggregate {
        input: Box::new(input),
        keys: keys.into_iter().map(|(n, e)| (n.into(), e)).collect(),
        aggregates: aggregates
            .into_iter()
            .map(|(n, function, argument)| {
                let ty = match function {
                    AggregateFunction::Values => Type::many(crate::ir::Scalar::Unknown),
                    AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::Latest => {
                        argument.as_ref().map_or(Type::UNKNOWN, |a| a.ty)
                    }
                    _ => Type::INTEGER,
                };
                let nullable = !matches!(function, AggregateFunction::Count | AggregateFunction::CountIf);
                (n.into(), Aggregate { function, argument, ty, nullable, span: span() })
            })
            .collect(),
        span: span(),
    }
}

fn columns(plan: Rel, names: &[&str]) -> Query {
    let columns = names.iter().map(|n| Column { name: (*n).into(), ty: Type::UNKNOWN, nullable: true }).collect();
    Query { plan, output: Output::Columns(columns) }
}

fn events(plan: Rel) -> Query {
    Query { plan, output: Output::Events { added: vec![], removed: vec![] } }
}

/// Emits at a level; gives the query without its comments, or nothing, and the diagnostics.
fn emit_at(level: InsightsLevel, query: &Query) -> (Option<String>, Vec<Diagnostic>) {
    let options = Options { insights_level: level, ..Options::default() };
    emit_with(&options, query)
}

fn emit_with(options: &Options, query: &Query) -> (Option<String>, Vec<Diagnostic>) {
    let (schemas, rule) = (Schemas::builtin(), Rule::default());
    let mut sink = Sink::default();
    let context = Context { rule: &rule, schemas: &schemas, options };
    let text = Cloudwatch.emit(query, &context, &mut sink).ok();
    if let Some(text) = &text {
        let most = if options.insights_level == InsightsLevel::Core { 2 } else { 10 };
        if let Err(message) = super::check::check(text, most) {
            panic!("{message}:\n{text}");
        }
    }
    let body = text.map(|t| t.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n"));
    (body, sink.into_diagnostics())
}

fn emit(query: &Query) -> String {
    let (text, diagnostics) = emit_at(InsightsLevel::Y2026, query);
    text.unwrap_or_else(|| panic!("{diagnostics:#?}"))
}

/// The condition as it stands in `filter`, at the newest level.
fn condition(e: Expr) -> String {
    let text = emit(&events(filter(scan(), e)));
    let text = text.strip_prefix("filter ").unwrap();
    text.strip_suffix("\n| fields @timestamp, @message").unwrap().to_owned()
}

/// Codes and messages that concern the meaning.
fn said(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .filter(|d| d.span.is_some() || d.severity > crate::diagnostic::Severity::Note)
        .map(|d| format!("{} {}", d.code.id, d.message))
        .collect()
}

fn refusal(query: &Query, level: InsightsLevel) -> String {
    let (text, diagnostics) = emit_at(level, query);
    assert_eq!(text, None);
    said(&diagnostics).pop().unwrap()
}

fn shared<T>(t: T) -> Arc<T> {
    Arc::new(t)
}
