//! Whole queries from plans built by hand. Each is read back by the dialect and must print the same again.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

mod conditions;
mod joins;
mod plans;
mod rows;
mod values;

use super::*;
use crate::ir::{
    Aggregate, AggregateFunction, ArithmeticOp, Case, Column, CompareOp, Expr, ExprKind, Frame, Join, JoinKind,
    Literal, Lookup, LookupOutput, LookupTable, MatchType, Name, Output, Pattern, Piece, Rel, Scalar, Scan, SortKey,
    SortOrder, Step, TimeBound, Type, Values, Window,
};
use crate::options::{Options, WindowStyle};
use crate::rule::Rule;
use crate::schema::{Schema, Schemas};
use crate::source::Span;

const AT: Span = Span { start: 0, end: 0 };

/// A schema of its own, so that changes of the shipped ones are no matter here.
const SCHEMA: &str = r#"
id = "cloudtrail"
title = "test"
json = true
time = "eventTime"
select = []
[fields]
[target.athena]
table = "cloudtrail_logs"
time = "eventtime"
time_type = "iso8601"
partitions = [{ column = "timestamp", format = "%Y/%m/%d" }]
record_id = "eventid"
text = ["eventname", "useragent"]
[target.athena.columns]
eventName = "eventname"
eventSource = "eventsource"
awsRegion = "awsregion"
sourceIPAddress = "sourceipaddress"
userAgent = "useragent"
errorCode = "errorcode"
recipientAccountId = "recipientaccountid"
readOnly = "readonly"
"userIdentity.*" = "useridentity.*"
[target.athena.json]
requestParameters = "requestparameters"
responseElements = "responseelements"
[target.athena.arrays."resources{}"]
column = "resources"
members = { ARN = "arn" }
"#;

/// Fields of the scans: all that the tests read.
const FIELDS: &[(&str, Scalar, bool)] = &[
    ("eventName", Scalar::String, false),
    ("eventSource", Scalar::String, false),
    ("awsRegion", Scalar::String, false),
    ("sourceIPAddress", Scalar::String, true),
    ("userAgent", Scalar::String, true),
    ("errorCode", Scalar::String, true),
    ("recipientAccountId", Scalar::String, true),
    ("readOnly", Scalar::Boolean, true),
    ("userIdentity.type", Scalar::String, true),
    ("userIdentity.userName", Scalar::String, true),
    ("userIdentity.arn", Scalar::String, true),
    ("userIdentity.accountId", Scalar::String, true),
    ("requestParameters.n", Scalar::Unknown, true),
    ("requestParameters.m", Scalar::Unknown, true),
    ("requestParameters.userName", Scalar::Unknown, true),
    ("requestParameters.policyDocument", Scalar::Unknown, true),
    ("responseElements.ConsoleLogin", Scalar::Unknown, true),
    ("requestParameters.items{}.id", Scalar::Unknown, true),
    ("resources{}.ARN", Scalar::String, true),
    ("managementEvent", Scalar::Boolean, true),
];

fn name(n: &str) -> Name {
    Name::from(n)
}

fn scan_in(window: Window) -> Rel {
    let fields = FIELDS
        .iter()
        .map(|(n, scalar, nullable)| Column {
            name: name(n),
            ty: Type { scalar: *scalar, multivalue: n.contains("{}") },
            nullable: *nullable,
        })
        .collect();
    Rel::Scan(Scan { source: Arc::from("cloudtrail"), fields, window, span: AT })
}

fn scan() -> Rel {
    scan_in(Window { earliest: Some(TimeBound::Absolute(1_722_470_400)), latest: None })
}

fn col(n: &str) -> Expr {
    if n == "_time" {
        return Expr::column(n, Type::TIME, false, AT);
    }
    match FIELDS.iter().find(|(f, _, _)| *f == n) {
        Some((_, scalar, nullable)) => {
            Expr::column(n, Type { scalar: *scalar, multivalue: n.contains("{}") }, *nullable, AT)
        }
        None => Expr::column(n, Type::UNKNOWN, true, AT),
    }
}

fn typed(n: &str, ty: Type) -> Expr {
    Expr::column(n, ty, false, AT)
}

fn text(t: &str) -> Expr {
    Expr::string(t, AT)
}

fn new(kind: ExprKind, ty: Type) -> Expr {
    Expr::new(kind, ty, true, AT)
}

fn is(n: &str, value: &str) -> Expr {
    Expr::compare(CompareOp::Eq, col(n), text(value), Case::Insensitive)
}

fn starts(n: &str, prefix: &str) -> Expr {
    let value = Box::new(col(n));
    let nullable = value.nullable;
    let pattern = Pattern::new([Piece::Text(prefix.to_owned()), Piece::Any]);
    Expr::new(ExprKind::Like { value, pattern, case: Case::Insensitive }, Type::BOOLEAN, nullable, AT)
}

fn filter(input: Rel, predicate: Expr) -> Rel {
    Rel::Filter { input: Box::new(input), predicate }
}

fn extend(input: Rel, columns: Vec<(&str, Expr)>) -> Rel {
    let columns = columns.into_iter().map(|(n, e)| (name(n), e)).collect();
    Rel::Extend { input: Box::new(input), columns }
}

fn project(input: Rel, columns: Vec<(&str, Expr)>) -> Rel {
    let columns = columns.into_iter().map(|(n, e)| (name(n), e)).collect();
    Rel::Project { input: Box::new(input), columns }
}

fn agg(function: AggregateFunction, argument: Option<Expr>, ty: Type) -> Aggregate {
    Aggregate { function, argument, ty, nullable: true, span: AT }
}

fn count() -> Aggregate {
    agg(AggregateFunction::Count, None, Type::INTEGER)
}

fn stats(input: Rel, keys: Vec<(&str, Expr)>, aggregates: Vec<(&str, Aggregate)>) -> Rel {
    Rel::Aggregate {
        input: Box::new(input),
        keys: keys.into_iter().map(|(n, e)| (name(n), e)).collect(),
        aggregates: aggregates.into_iter().map(|(n, a)| (name(n), a)).collect(),
        span: AT,
    }
}

fn sort(input: Rel, key: Expr, descending: bool, limit: Option<u64>) -> Rel {
    let keys = vec![SortKey { expr: key, descending, order: SortOrder::Auto }];
    Rel::Sort { input: Box::new(input), keys, limit, span: AT }
}

fn columns(names: &[&str]) -> Output {
    Output::Columns(names.iter().map(|n| Column { name: name(n), ty: Type::UNKNOWN, nullable: true }).collect())
}

fn emit_with(plan: Rel, output: Output, options: &Options) -> (Result<String, Reported>, Sink) {
    let mut schemas = Schemas::default();
    schemas.add(Schema::parse(SCHEMA).expect("a schema"));
    let rule = Rule::default();
    let context = Context { rule: &rule, schemas: &schemas, options };
    let mut sink = Sink::default();
    let result = Athena.emit(&Query { plan, output }, &context, &mut sink);
    if let Ok(text) = &result {
        let tree = parse(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(print::query(&tree), *text, "the printed query reads back as another");
        // With this variable set, every query is kept in a folder, to be run on an engine.
        if let Ok(folder) = std::env::var("RULECAST_KEEP_SQL") {
            let test = std::thread::current().name().unwrap_or("x").rsplit("::").next().unwrap_or("x").to_owned();
            let n = (0..).find(|n| !std::path::Path::new(&format!("{folder}/{test}_{n}.sql")).exists()).unwrap_or(0);
            std::fs::write(format!("{folder}/{test}_{n}.sql"), text).expect("written");
        }
    }
    (result, sink)
}

/// The query, which must be free of errors and approximations.
fn emit(plan: Rel, output: Output) -> String {
    let (result, sink) = emit_with(plan, output, &Options::default());
    assert_eq!(sink.effect(), crate::diagnostic::Effect::None, "{:?}", sink.diagnostics());
    result.expect("a query")
}

/// The codes and messages of the diagnostics.
fn complaints(plan: Rel, output: Output) -> Vec<String> {
    let (_, sink) = emit_with(plan, output, &Options::default());
    sink.diagnostics().iter().map(|d| format!("{} {}", d.code.id, d.message)).collect()
}

/// The query's WHERE clause without the time window, for one predicate.
fn condition(predicate: Expr) -> String {
    let query = emit(project(filter(scan(), predicate), vec![("n", col("eventName"))]), columns(&["n"]));
    let (_, condition) = query.split_once("'2024/08/01'\n").expect("a window");
    condition.trim_start().trim_start_matches("AND ").to_owned()
}

/// How one expression is written.
fn shown(e: Expr) -> String {
    let query = emit(project(scan(), vec![("v", e)]), columns(&["v"]));
    let (items, _) = query.split_once("\nFROM").expect("a FROM");
    items.trim_start_matches("SELECT\n  ").trim_end_matches(" AS v").to_owned()
}

fn error_code() -> Expr {
    let failed = Expr::compare(CompareOp::Eq, col("responseElements.ConsoleLogin"), text("Failure"), Case::Sensitive);
    let computed = new(
        ExprKind::Case { arms: vec![(failed, text("failure"))], otherwise: Some(Box::new(text("success"))) },
        Type::STRING,
    );
    Expr::new(ExprKind::Coalesce(vec![col("errorCode"), computed]), Type::STRING, false, AT)
}

/// The rule "AWS Lambda UpdateFunctionCode".
fn seed(window: Window) -> (Rel, Output) {
    let keep = Expr::and(
        vec![
            is("eventSource", "lambda.amazonaws.com"),
            starts("eventName", "UpdateFunctionCode"),
            Expr::compare(CompareOp::Eq, error_code(), text("success"), Case::Insensitive),
            is("userIdentity.type", "IAMUser"),
        ],
        AT,
    );
    let user = Expr::new(
        ExprKind::Coalesce(vec![col("userIdentity.userName"), col("requestParameters.userName")]),
        Type::STRING,
        true,
        AT,
    );
    let keys = vec![
        ("signature", col("eventName")),
        ("dest", col("eventSource")),
        ("user", user.clone()),
        ("user_agent", col("userAgent")),
        ("src", col("sourceIPAddress")),
        ("vendor_account", col("recipientAccountId")),
        ("vendor_region", col("awsRegion")),
        ("vendor_product", text("AWS CloudTrail")),
    ];
    let present = Expr::and(
        vec![
            user.is_not_null(),
            col("userAgent").is_not_null(),
            col("sourceIPAddress").is_not_null(),
            col("recipientAccountId").is_not_null(),
        ],
        AT,
    );
    let grouped = stats(
        filter(filter(scan_in(window), keep), present),
        keys,
        vec![
            ("count", count()),
            ("firstTime", agg(AggregateFunction::Min, Some(col("_time")), Type::TIME)),
            ("lastTime", agg(AggregateFunction::Max, Some(col("_time")), Type::TIME)),
        ],
    );
    let ctime = |n: &str| {
        new(
            ExprKind::FormatTime { time: Box::new(typed(n, Type::TIME)), format: "%Y-%m-%dT%H:%M:%S".to_owned() },
            Type::STRING,
        )
    };
    let plan = extend(grouped, vec![("firstTime", ctime("firstTime")), ("lastTime", ctime("lastTime"))]);
    let shown = [
        "signature",
        "dest",
        "user",
        "user_agent",
        "src",
        "vendor_account",
        "vendor_region",
        "vendor_product",
        "count",
        "firstTime",
        "lastTime",
    ];
    (plan, columns(&shown))
}

fn relative(modifier: &str) -> Option<TimeBound> {
    crate::time::parse_relative(modifier).map(TimeBound::Relative)
}

fn any(value: Expr, predicate: impl Fn(Expr) -> Expr) -> Expr {
    let variable = Expr::new(ExprKind::Variable(7), value.ty.element(), false, AT);
    let predicate = Box::new(predicate(variable));
    let nullable = value.nullable;
    Expr::new(ExprKind::Any { value: Box::new(value), variable: 7, predicate }, Type::BOOLEAN, nullable, AT)
}

fn aggregate_shown(a: Aggregate) -> String {
    let query = emit(stats(scan(), vec![], vec![("v", a)]), columns(&["v"]));
    let (items, _) = query.split_once("\nFROM").expect("a FROM");
    items.trim_start_matches("SELECT\n  ").trim_end_matches(" AS v").to_owned()
}

fn windowed(input: Rel, partition: Vec<Expr>, frame: Frame, aggregates: Vec<(&str, Aggregate)>) -> Rel {
    let columns = aggregates.into_iter().map(|(n, a)| (name(n), a)).collect();
    Rel::Window { input: Box::new(input), partition, frame, columns, span: AT }
}

fn table(matching: Vec<(Name, MatchType)>) -> Arc<LookupTable> {
    let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect();
    Arc::new(LookupTable {
        name: Arc::from("known agents"),
        columns: vec![name("agent"), name("tool"), name("risk")],
        external: false,
        rows: vec![row(&["aws-cli*", "cli", "1"]), row(&["Kali_%", "it's", ""])],
        case_sensitive: false,
        matching,
        max_matches: 1,
        default_match: None,
    })
}

fn lookup(table: Arc<LookupTable>, keep_existing: bool) -> Rel {
    Rel::Lookup(Lookup {
        input: Box::new(scan()),
        table,
        on: vec![(name("agent"), col("userAgent"))],
        outputs: vec![LookupOutput { column: name("tool"), output: name("tool"), keep_existing }],
        span: AT,
    })
}

fn call(function: &'static str, args: Vec<Expr>, ty: Type) -> Expr {
    new(ExprKind::Call { function, args }, ty)
}

#[test]
fn the_seed_rule_is_one_select() {
    let (plan, output) = seed(Window { earliest: relative("-70m@m"), latest: relative("-10m@m") });
    insta::assert_snapshot!(emit(plan, output), @r#"
    SELECT
      eventname AS signature,
      eventsource AS dest,
      coalesce(useridentity.username, json_extract_scalar(requestparameters, '$.userName')) AS user,
      useragent AS user_agent,
      sourceipaddress AS src,
      recipientaccountid AS vendor_account,
      awsregion AS vendor_region,
      'AWS CloudTrail' AS vendor_product,
      count(*) AS count,
      date_format(min(from_iso8601_timestamp(eventtime)), '%Y-%m-%dT%H:%i:%s') AS "firstTime",
      date_format(max(from_iso8601_timestamp(eventtime)), '%Y-%m-%dT%H:%i:%s') AS "lastTime"
    FROM cloudtrail_logs
    WHERE eventtime >= to_iso8601(date_trunc('minute', current_timestamp - INTERVAL '70' MINUTE))
      AND eventtime < to_iso8601(date_trunc('minute', current_timestamp - INTERVAL '10' MINUTE))
      AND "timestamp" >= date_format(date_trunc('minute', current_timestamp - INTERVAL '70' MINUTE), '%Y/%m/%d')
      AND "timestamp" <= date_format(date_trunc('minute', current_timestamp - INTERVAL '10' MINUTE), '%Y/%m/%d')
      AND lower(eventsource) = 'lambda.amazonaws.com'
      AND lower(eventname) LIKE 'updatefunctioncode%'
      AND lower(
            coalesce(
              errorcode,
              CASE
                WHEN json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' THEN 'failure'
                ELSE 'success'
              END
            )
          ) = 'success'
      AND lower(useridentity.type) = 'iamuser'
      AND coalesce(useridentity.username, json_extract_scalar(requestparameters, '$.userName')) IS NOT NULL
      AND useragent IS NOT NULL
      AND sourceipaddress IS NOT NULL
      AND recipientaccountid IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    "#);
}

#[test]
fn the_header_keeps_texts_in_their_comment_lines() {
    let mut environment = minijinja::Environment::new();
    let syntax = minijinja::syntax::SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment.add_template("athena", Athena.template()).expect("a template");
    let text = environment
        .get_template("athena")
        .and_then(|t| {
            t.render(minijinja::context! {
                query => "SELECT 1",
                fidelity => "exact",
                notes => vec!["C408 reading: a", "C406 search-limit: b"],
                rule => minijinja::context! { name => "N", id => "i", version => "3", mitre_attack_id => vec!["T1", "T2"] },
            })
        })
        .expect("a text");
    insta::assert_snapshot!(text, @"
    -- Rule: N (i), version 3
    -- ATT&CK: T1, T2
    -- Fidelity: exact
    -- C408 reading: a
    -- C406 search-limit: b
    SELECT 1
    ");
    assert!(text.ends_with("SELECT 1\n"));
}

#[test]
fn the_shipped_schemas_have_sections_of_the_right_form() {
    let schemas = Schemas::builtin();
    for id in ["cloudtrail", "security_lake"] {
        let section = schemas.get(id).and_then(|s| s.section::<binding::Binding>("athena"));
        match section {
            Some(Ok(binding)) => assert!(binding.columns.len() > 20, "{id}"),
            Some(Err(message)) => panic!("{id}: {message}"),
            None => panic!("{id} has no section"),
        }
    }
}
