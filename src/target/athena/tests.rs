//! Whole queries from plans built by hand. Each is read back by the dialect and must print the same again.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::*;
use crate::ir::{
    Aggregate, AggregateFunction, ArithmeticOp, Case, Column, CompareOp, Expr, ExprKind, Frame, Join, JoinKind,
    Literal, Lookup, LookupOutput, LookupTable, MatchType, Name, Output, Pattern, Piece, Rel, RelativeTime, Scalar,
    Scan, SortKey, SortOrder, Step, TimeBound, Type, Values, Window,
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
    WHERE from_iso8601_timestamp(eventtime) >= date_trunc('minute', current_timestamp - INTERVAL '70' MINUTE)
      AND from_iso8601_timestamp(eventtime) < date_trunc('minute', current_timestamp - INTERVAL '10' MINUTE)
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
fn literal_windows_compare_text() {
    let window = Window { earliest: Some(TimeBound::Absolute(1_722_470_400)), latest: relative("@d") };
    let plan = || stats(scan_in(window.clone()), vec![], vec![("count", count())]);
    let options = Options { window_style: WindowStyle::Literal, now: Some(1_722_520_322), ..Options::default() };
    let (query, _) = emit_with(plan(), columns(&["count"]), &options);
    insta::assert_snapshot!(query.expect("a query"), @r#"
    SELECT
      count(*) AS count
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND eventtime < '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND "timestamp" <= '2024/08/01'
    "#);
    let options = Options { window_style: WindowStyle::Literal, ..Options::default() };
    let (query, sink) = emit_with(plan(), columns(&["count"]), &options);
    assert!(query.is_err());
    assert_eq!(sink.diagnostics()[0].code.id, "C405");
}

#[test]
fn parameters_stand_for_bounds() {
    let window = Window { earliest: relative("-1d"), latest: relative("now") };
    let plan = stats(scan_in(window), vec![], vec![("count", count())]);
    let options = Options { window_style: WindowStyle::Parameter, ..Options::default() };
    let (query, sink) = emit_with(plan, columns(&["count"]), &options);
    insta::assert_snapshot!(query.expect("a query"), @"
    SELECT
      count(*) AS count
    FROM cloudtrail_logs
    WHERE eventtime >= ?
      AND eventtime < ?
    ");
    assert_eq!(sink.diagnostics()[0].code.id, "C408");
}

#[test]
fn a_scan_without_earliest_time_is_refused() {
    let plan = || stats(scan_in(Window::default()), vec![], vec![("count", count())]);
    let (query, sink) = emit_with(plan(), columns(&["count"]), &Options::default());
    assert!(query.is_err());
    assert_eq!(sink.diagnostics()[0].code.id, "C401");
    let options = Options { all_time: true, ..Options::default() };
    let (query, _) = emit_with(plan(), columns(&["count"]), &options);
    insta::assert_snapshot!(query.expect("a query"), @"
    SELECT
      count(*) AS count
    FROM cloudtrail_logs
    ");
}

#[test]
fn negated_search_conditions_keep_rows_without_the_field() {
    insta::assert_snapshot!(condition(is("errorCode", "AccessDenied").is_true().negate()), @"(errorcode IS NULL OR lower(errorcode) <> 'accessdenied')");
    insta::assert_snapshot!(condition(is("errorCode", "AccessDenied").negate()), @"lower(errorcode) <> 'accessdenied'");
    insta::assert_snapshot!(condition(is("eventName", "X").is_true().negate()), @"lower(eventname) <> 'x'");
    let either = Expr::or(vec![is("errorCode", "A").is_true(), is("userAgent", "b").is_true()], AT);
    insta::assert_snapshot!(condition(either.clone().negate()), @"
    (errorcode IS NULL OR lower(errorcode) <> 'a')
      AND (useragent IS NULL OR lower(useragent) <> 'b')
    ");
    insta::assert_snapshot!(condition(Expr::and(vec![either, is("eventName", "c")], AT)), @"
    (lower(errorcode) = 'a' OR lower(useragent) = 'b')
      AND lower(eventname) = 'c'
    ");
    let computed = Expr::compare(CompareOp::Eq, error_code(), col("userAgent"), Case::Insensitive);
    insta::assert_snapshot!(condition(computed.is_true().negate()), @"
    (
            useragent IS NULL
            OR lower(
                coalesce(
                  errorcode,
                  CASE
                    WHEN json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' THEN 'failure'
                    ELSE 'success'
                  END
                )
              ) <> lower(useragent)
          )
    ");
}

#[test]
fn null_tests_are_direct() {
    insta::assert_snapshot!(condition(col("errorCode").is_null()), @"errorcode IS NULL");
    insta::assert_snapshot!(condition(col("errorCode").is_not_null()), @"errorcode IS NOT NULL");
    insta::assert_snapshot!(condition(col("requestParameters.items{}.id").is_null()), @"
    coalesce(
            cardinality(
              filter(
                transform(
                  coalesce(
                    TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                    ARRAY[json_extract(requestparameters, '$.items')]
                  ),
                  x -> json_extract_scalar(x, '$.id')
                ),
                x -> x IS NOT NULL
              )
            ),
            0
          ) = 0
    ");
    insta::assert_snapshot!(condition(col("requestParameters.items{}.id").is_not_null()), @"
    cardinality(
            filter(
              transform(
                coalesce(
                  TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                  ARRAY[json_extract(requestparameters, '$.items')]
                ),
                x -> json_extract_scalar(x, '$.id')
              ),
              x -> x IS NOT NULL
            )
          ) > 0
    ");
}

fn any(value: Expr, predicate: impl Fn(Expr) -> Expr) -> Expr {
    let variable = Expr::new(ExprKind::Variable(7), value.ty.element(), false, AT);
    let predicate = Box::new(predicate(variable));
    let nullable = value.nullable;
    Expr::new(ExprKind::Any { value: Box::new(value), variable: 7, predicate }, Type::BOOLEAN, nullable, AT)
}

#[test]
fn some_value_of_a_list_matches() {
    let equals = |v| Expr::compare(CompareOp::Eq, v, text("i-1"), Case::Insensitive);
    let items = || any(col("requestParameters.items{}.id"), equals);
    insta::assert_snapshot!(condition(items()), @"
    any_match(
            coalesce(
              TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
              ARRAY[json_extract(requestparameters, '$.items')]
            ),
            x -> lower(json_extract_scalar(x, '$.id')) = 'i-1'
          )
    ");
    insta::assert_snapshot!(condition(items().is_true().negate()), @"
    NOT coalesce(
            any_match(
              coalesce(
                TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                ARRAY[json_extract(requestparameters, '$.items')]
              ),
              x -> lower(json_extract_scalar(x, '$.id')) = 'i-1'
            ),
            false
          )
    ");
    insta::assert_snapshot!(condition(items().negate()), @"
    cardinality(
            filter(
              transform(
                coalesce(
                  TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                  ARRAY[json_extract(requestparameters, '$.items')]
                ),
                x -> json_extract_scalar(x, '$.id')
              ),
              x -> x IS NOT NULL
            )
          ) > 0
      AND NOT any_match(
            filter(
              transform(
                coalesce(
                  TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                  ARRAY[json_extract(requestparameters, '$.items')]
                ),
                x -> json_extract_scalar(x, '$.id')
              ),
              x -> x IS NOT NULL
            ),
            x -> lower(x) = 'i-1'
          )
    ");
    insta::assert_snapshot!(condition(any(col("resources{}.ARN"), equals)), @"any_match(resources, x -> lower(x.arn) = 'i-1')");
}

#[test]
fn conditions_of_all_kinds() {
    let regex =
        |re: &str| new(ExprKind::Regex { value: Box::new(col("userAgent")), regex: re.to_owned() }, Type::BOOLEAN);
    insta::assert_snapshot!(condition(regex(r"(?i)^aws-cli/\d+")), @r"regexp_like(useragent, '(?i)^aws-cli/\d+')");
    let cidr =
        new(ExprKind::InCidr { value: Box::new(col("sourceIPAddress")), cidr: "10.0.0.0/8".to_owned() }, Type::BOOLEAN);
    insta::assert_snapshot!(condition(cidr.clone()), @"contains('10.0.0.0/8', TRY_CAST(sourceipaddress AS ipaddress))");
    insta::assert_snapshot!(condition(cidr.is_true().negate()), @"NOT coalesce(contains('10.0.0.0/8', TRY_CAST(sourceipaddress AS ipaddress)), false)");
    let one_of = new(
        ExprKind::OneOf {
            value: Box::new(col("eventName")),
            items: vec!["PutKeyPolicy".to_owned(), "it's".to_owned()],
            case: Case::Insensitive,
        },
        Type::BOOLEAN,
    );
    insta::assert_snapshot!(condition(one_of), @"lower(eventname) IN ('putkeypolicy', 'it''s')");
    let n = |op, value| Expr::compare(op, col("requestParameters.n"), Expr::integer(value, AT), Case::Sensitive);
    insta::assert_snapshot!(condition(n(CompareOp::Gt, 5)), @"
    coalesce(
            TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) > 5,
            json_extract_scalar(requestparameters, '$.n') > '5'
          )
    ");
    insta::assert_snapshot!(condition(n(CompareOp::Eq, 5)), @"TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) = 5");
    insta::assert_snapshot!(condition(is("readOnly", "false")), @"lower(readonly) = 'false'");
    let recent = Expr::compare(
        CompareOp::Ge,
        col("_time"),
        new(
            ExprKind::RelativeTime {
                time: Box::new(Expr::new(ExprKind::Now, Type::TIME, false, AT)),
                shift: crate::time::parse_relative("-1d@d").unwrap_or_default(),
            },
            Type::TIME,
        ),
        Case::Sensitive,
    );
    insta::assert_snapshot!(condition(recent), @"from_iso8601_timestamp(eventtime) >= date_trunc('day', current_timestamp - INTERVAL '1' DAY)");
}

#[test]
fn bare_words_are_approximated() {
    let term = Expr::new(
        ExprKind::Term { pattern: Pattern::new([Piece::Text("Kali_1".to_owned())]) },
        Type::BOOLEAN,
        false,
        AT,
    );
    let (query, sink) = emit_with(
        stats(filter(scan(), term), vec![], vec![("count", count())]),
        columns(&["count"]),
        &Options::default(),
    );
    insta::assert_snapshot!(query.expect("a query"), @r#"
    SELECT
      count(*) AS count
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND (lower(eventname) LIKE '%kali\_1%' ESCAPE '\' OR lower(useragent) LIKE '%kali\_1%' ESCAPE '\')
    "#);
    assert_eq!(sink.diagnostics()[0].code.id, "C403");
}

#[test]
fn fields_without_a_place_are_named() {
    assert_eq!(
        complaints(filter(scan(), is("managementEvent", "true")), Output::Events { added: vec![], removed: vec![] }),
        ["N312 the field `managementEvent` has no place in the Athena table"]
    );
}

#[test]
fn whole_events_show_the_tables_columns() {
    let plan = extend(filter(scan(), is("eventName", "X")), vec![("who", col("userIdentity.arn"))]);
    let added = vec![Column { name: name("who"), ty: Type::STRING, nullable: true }];
    let (query, sink) = emit_with(plan, Output::Events { added, removed: vec![] }, &Options::default());
    insta::assert_snapshot!(query.expect("a query"), @r#"
    SELECT
      *,
      useridentity.arn AS who
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND lower(eventname) = 'x'
    "#);
    assert_eq!(sink.diagnostics()[0].code.id, "C408");
}

#[test]
fn deduplicated_events_list_the_tables_columns() {
    let plan = Rel::Distinct { input: Box::new(scan()), keys: vec![col("eventName")], count: 1, span: AT };
    let (query, _) = emit_with(plan, Output::Events { added: vec![], removed: vec![] }, &Options::default());
    insta::assert_snapshot!(query.expect("a query"), @r#"
    WITH
      ranked AS (
        SELECT
          eventtime,
          awsregion,
          errorcode,
          eventname,
          eventsource,
          readonly,
          recipientaccountid,
          sourceipaddress,
          useragent,
          useridentity,
          requestparameters,
          responseelements,
          resources,
          "timestamp",
          row_number() OVER (PARTITION BY eventname ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      eventtime,
      awsregion,
      errorcode,
      eventname,
      eventsource,
      readonly,
      recipientaccountid,
      sourceipaddress,
      useragent,
      useridentity,
      requestparameters,
      responseelements,
      resources,
      "timestamp"
    FROM ranked
    WHERE nth = 1
    "#);
}

#[test]
fn conditions_on_aggregates_are_having() {
    let plan = stats(scan(), vec![("user", col("userIdentity.arn"))], vec![("n", count())]);
    let many = Expr::compare(CompareOp::Gt, typed("n", Type::INTEGER), Expr::integer(10, AT), Case::Sensitive);
    let plan = sort(filter(plan, many), typed("n", Type::INTEGER), true, Some(20));
    insta::assert_snapshot!(emit(plan, columns(&["user", "n"])), @r#"
    SELECT
      useridentity.arn AS user,
      count(*) AS n
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    GROUP BY useridentity.arn
    HAVING count(*) > 10
    ORDER BY n DESC
    LIMIT 20
    "#);
}

#[test]
fn a_second_aggregation_reads_a_cte() {
    let inner = stats(
        scan(),
        vec![("user", col("userIdentity.arn")), ("eventName", col("eventName"))],
        vec![("n", count()), ("unused", agg(AggregateFunction::Max, Some(col("userAgent")), Type::STRING))],
    );
    let plan = stats(
        inner,
        vec![("user", typed("user", Type::STRING))],
        vec![
            (
                "actions",
                agg(AggregateFunction::Values, Some(typed("eventName", Type::STRING)), Type::many(Scalar::String)),
            ),
            ("total", agg(AggregateFunction::Sum, Some(typed("n", Type::INTEGER)), Type::INTEGER)),
        ],
    );
    insta::assert_snapshot!(emit(plan, columns(&["user", "actions", "total"])), @r#"
    WITH
      grouped AS (
        SELECT
          useridentity.arn AS user,
          eventname,
          count(*) AS n
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        GROUP BY useridentity.arn, eventname
      )
    SELECT
      user,
      array_sort(array_agg(DISTINCT eventname)) AS actions,
      sum(n) AS total
    FROM grouped
    GROUP BY user
    "#);
}

fn aggregate_shown(a: Aggregate) -> String {
    let query = emit(stats(scan(), vec![], vec![("v", a)]), columns(&["v"]));
    let (items, _) = query.split_once("\nFROM").expect("a FROM");
    items.trim_start_matches("SELECT\n  ").trim_end_matches(" AS v").to_owned()
}

#[test]
fn aggregates_of_scalars() {
    use AggregateFunction as F;
    let show = |f, e: Expr, ty| aggregate_shown(agg(f, Some(e), ty));
    insta::assert_snapshot!(show(F::Count, col("errorCode"), Type::INTEGER), @"count(errorcode)");
    insta::assert_snapshot!(show(F::CountIf, is("errorCode", "X"), Type::INTEGER), @"count_if(lower(errorcode) = 'x')");
    insta::assert_snapshot!(show(F::DistinctCount, col("errorCode"), Type::INTEGER), @"count(DISTINCT errorcode)");
    insta::assert_snapshot!(show(F::DistinctCount, col("_raw"), Type::INTEGER), @"count(DISTINCT eventid)");
    insta::assert_snapshot!(show(F::Values, col("errorCode"), Type::many(Scalar::String)), @"array_sort(array_agg(DISTINCT errorcode) FILTER (WHERE errorcode IS NOT NULL))");
    insta::assert_snapshot!(show(F::List, col("eventName"), Type::many(Scalar::String)), @"slice(array_agg(eventname ORDER BY from_iso8601_timestamp(eventtime) DESC), 1, 100)");
    insta::assert_snapshot!(show(F::Min, col("eventName"), Type::STRING), @"min(eventname)");
    insta::assert_snapshot!(show(F::Max, col("requestParameters.n"), Type::UNKNOWN), @"
    CASE
        WHEN count(json_extract_scalar(requestparameters, '$.n')) = count(
            TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)
          ) THEN max_by(
            json_extract_scalar(requestparameters, '$.n'),
            TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)
          )
        ELSE max(json_extract_scalar(requestparameters, '$.n'))
      END
    ");
    insta::assert_snapshot!(show(F::Sum, col("requestParameters.n"), Type::DOUBLE), @"sum(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE))");
    insta::assert_snapshot!(show(F::Average, col("requestParameters.n"), Type::DOUBLE), @"avg(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE))");
    insta::assert_snapshot!(show(F::StandardDeviation, col("requestParameters.n"), Type::DOUBLE), @"
    CASE
        WHEN count(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)) = 1 THEN 0E0
        ELSE stddev_samp(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE))
      END
    ");
    insta::assert_snapshot!(show(F::Median, col("requestParameters.n"), Type::DOUBLE), @"
    element_at(
        array_sort(
          array_agg(
            TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)
          ) FILTER (WHERE TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) IS NOT NULL)
        ),
        count(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)) / 2 + 1
      )
    ");
    insta::assert_snapshot!(show(F::Percentile(95.0, true), col("requestParameters.n"), Type::DOUBLE), @"
    element_at(
        array_sort(
          array_agg(
            TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)
          ) FILTER (WHERE TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) IS NOT NULL)
        ),
        greatest(
          CAST(
            ceiling(count(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)) * 9.5E-1) AS BIGINT
          ),
          1
        )
      )
    ");
    insta::assert_snapshot!(show(F::Mode, col("eventName"), Type::STRING), @"
    element_at(
        array_sort(
          map_entries(histogram(eventname)),
          (x, y) -> CASE WHEN x[2] > y[2] THEN -1 WHEN x[2] < y[2] THEN 1 ELSE 0 END
        ),
        1
      )[1]
    ");
    insta::assert_snapshot!(show(F::Range, col("requestParameters.n"), Type::DOUBLE), @"
    max(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)) - min(
        TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)
      )
    ");
    insta::assert_snapshot!(show(F::First, col("errorCode"), Type::STRING), @"max_by(errorcode, from_iso8601_timestamp(eventtime)) FILTER (WHERE errorcode IS NOT NULL)");
    insta::assert_snapshot!(show(F::Last, col("eventName"), Type::STRING), @"min_by(eventname, from_iso8601_timestamp(eventtime))");
    insta::assert_snapshot!(show(F::Latest, col("errorCode"), Type::STRING), @"max_by(errorcode, from_iso8601_timestamp(eventtime)) FILTER (WHERE errorcode IS NOT NULL)");
    insta::assert_snapshot!(show(F::EarliestTime, col("errorCode"), Type::TIME), @"to_unixtime(min(from_iso8601_timestamp(eventtime)) FILTER (WHERE errorcode IS NOT NULL))");
}

#[test]
fn aggregates_of_lists_take_each_value() {
    use AggregateFunction as F;
    let items = || Some(col("resources{}.ARN"));
    insta::assert_snapshot!(aggregate_shown(agg(F::Count, items(), Type::INTEGER)), @"coalesce(sum(cardinality(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL))), 0)");
    insta::assert_snapshot!(aggregate_shown(agg(F::Values, items(), Type::many(Scalar::String))), @"
    array_sort(
        array_distinct(flatten(array_agg(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL))))
      )
    ");
    insta::assert_snapshot!(aggregate_shown(agg(F::DistinctCount, items(), Type::INTEGER)), @"
    coalesce(
        cardinality(
          array_distinct(flatten(array_agg(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL))))
        ),
        0
      )
    ");
}

#[test]
fn estimates_are_declared() {
    use AggregateFunction as F;
    for f in [F::EstimatedDistinctCount, F::Percentile(90.0, false)] {
        let plan = stats(scan(), vec![], vec![("v", agg(f, Some(col("requestParameters.n")), Type::DOUBLE))]);
        let all = complaints(plan, columns(&["v"]));
        assert!(all.len() == 1 && all[0].starts_with("C403"), "{all:?}");
    }
}

#[test]
fn rates_are_unsupported() {
    let plan = stats(
        scan(),
        vec![],
        vec![("v", agg(AggregateFunction::Rate, Some(col("requestParameters.n")), Type::DOUBLE))],
    );
    assert_eq!(complaints(plan, columns(&["v"])), ["C402 `rate` is not implemented for Athena"]);
}

#[test]
fn times_in_results_are_epoch_seconds() {
    let bin = |span| new(ExprKind::Bin { value: Box::new(col("_time")), span }, Type::TIME);
    let plan = stats(
        scan(),
        vec![("_time", bin(3600.0)), ("slot", bin(300.0))],
        vec![("last", agg(AggregateFunction::Max, Some(col("_time")), Type::TIME))],
    );
    insta::assert_snapshot!(emit(plan, columns(&["_time", "slot", "last"])), @r#"
    SELECT
      date_trunc('hour', from_iso8601_timestamp(eventtime)) AS _time,
      to_unixtime(from_unixtime(floor(to_unixtime(from_iso8601_timestamp(eventtime)) / 300) * 300)) AS slot,
      to_unixtime(max(from_iso8601_timestamp(eventtime))) AS "last"
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    GROUP BY 1, from_unixtime(floor(to_unixtime(from_iso8601_timestamp(eventtime)) / 300) * 300)
    "#);
}

#[test]
fn head_without_sort_takes_the_newest() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: false, span: AT };
    let plan = project(plan, vec![("eventName", col("eventName")), ("_time", col("_time"))]);
    insta::assert_snapshot!(emit(plan, columns(&["eventName", "_time"])), @r#"
    SELECT
      eventname AS "eventName",
      from_iso8601_timestamp(eventtime) AS _time
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    ORDER BY _time DESC
    LIMIT 5
    "#);
}

#[test]
fn a_condition_after_head_reads_a_cte() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: false, span: AT };
    let plan = project(filter(plan, is("eventName", "X")), vec![("eventName", col("eventName"))]);
    insta::assert_snapshot!(emit(plan, columns(&["eventName"])), @r#"
    WITH
      first_rows AS (
        SELECT
          eventname
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        ORDER BY from_iso8601_timestamp(eventtime) DESC
        LIMIT 5
      )
    SELECT
      eventname AS "eventName"
    FROM first_rows
    WHERE lower(eventname) = 'x'
    "#);
}

#[test]
fn tail_takes_the_oldest() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: true, span: AT };
    insta::assert_snapshot!(emit(project(plan, vec![("e", col("eventName"))]), columns(&["e"])), @r#"
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    ORDER BY from_iso8601_timestamp(eventtime)
    LIMIT 5
    "#);
}

#[test]
fn labels_never_capture_columns_of_the_order() {
    let plan = sort(scan(), col("eventName"), false, None);
    let lower = new(ExprKind::Call { function: "lower", args: vec![col("userAgent")] }, Type::STRING);
    let plan = project(plan, vec![("eventname", lower)]);
    insta::assert_snapshot!(emit(plan, columns(&["eventname"])), @r#"
    WITH
      events AS (
        SELECT
          lower(useragent) AS eventname,
          eventname AS eventname_2
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      eventname
    FROM events
    ORDER BY eventname_2
    "#);
}

#[test]
fn sorting_unknown_text_puts_numbers_first() {
    let plan = sort(scan(), col("requestParameters.n"), false, None);
    insta::assert_snapshot!(emit(project(plan, vec![("n", col("requestParameters.n"))]), columns(&["n"])), @r#"
    SELECT
      json_extract_scalar(requestparameters, '$.n') AS n
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    ORDER BY TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE), n
    "#);
}

#[test]
fn dedup_keeps_the_newest_of_each_key() {
    let plan = Rel::Distinct {
        input: Box::new(filter(scan(), is("eventName", "X"))),
        keys: vec![col("userIdentity.arn")],
        count: 1,
        span: AT,
    };
    let plan = project(plan, vec![("user", col("userIdentity.arn")), ("when", col("_time"))]);
    insta::assert_snapshot!(emit(plan, columns(&["user", "when"])), @r#"
    WITH
      ranked AS (
        SELECT
          from_iso8601_timestamp(eventtime) AS _time,
          useridentity.arn AS useridentity_arn,
          row_number() OVER (PARTITION BY useridentity.arn ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'x'
      )
    SELECT
      useridentity_arn AS user,
      to_unixtime(_time) AS "when"
    FROM ranked
    WHERE nth = 1
    "#);
}

fn windowed(input: Rel, partition: Vec<Expr>, frame: Frame, aggregates: Vec<(&str, Aggregate)>) -> Rel {
    let columns = aggregates.into_iter().map(|(n, a)| (name(n), a)).collect();
    Rel::Window { input: Box::new(input), partition, frame, columns, span: AT }
}

#[test]
fn eventstats_adds_aggregates_of_the_group() {
    use AggregateFunction as F;
    let plan = stats(scan(), vec![("user", col("userIdentity.arn"))], vec![("n", count())]);
    let plan = windowed(
        plan,
        vec![],
        Frame::Partition,
        vec![
            ("avg", agg(F::Average, Some(typed("n", Type::INTEGER)), Type::DOUBLE)),
            ("stdev", agg(F::StandardDeviation, Some(typed("n", Type::INTEGER)), Type::DOUBLE)),
        ],
    );
    let limit = Expr::new(
        ExprKind::Arithmetic {
            op: ArithmeticOp::Add,
            left: Box::new(typed("avg", Type::DOUBLE)),
            right: Box::new(typed("stdev", Type::DOUBLE)),
        },
        Type::DOUBLE,
        false,
        AT,
    );
    let plan = filter(plan, Expr::compare(CompareOp::Gt, typed("n", Type::INTEGER), limit, Case::Sensitive));
    insta::assert_snapshot!(emit(plan, columns(&["user", "n", "avg"])), @r#"
    WITH
      grouped AS (
        SELECT
          useridentity.arn AS user,
          count(*) AS n
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        GROUP BY useridentity.arn
      ),
      windowed AS (
        SELECT
          user,
          n,
          avg(CAST(n AS DOUBLE)) OVER () AS avg,
          CASE
            WHEN count(CAST(n AS DOUBLE)) OVER () = 1 THEN 0E0
            ELSE stddev_samp(CAST(n AS DOUBLE)) OVER ()
          END AS stdev
        FROM grouped
      )
    SELECT
      user,
      n,
      avg
    FROM windowed
    WHERE n > avg + stdev
    "#);
}

#[test]
fn eventstats_skips_rows_without_the_key() {
    use AggregateFunction as F;
    let plan = windowed(
        scan(),
        vec![col("userIdentity.arn")],
        Frame::Partition,
        vec![
            ("n", agg(F::DistinctCount, Some(col("errorCode")), Type::INTEGER)),
            ("all", agg(F::Values, Some(col("errorCode")), Type::many(Scalar::String))),
        ],
    );
    insta::assert_snapshot!(emit(plan, columns(&["n", "all"])), @r#"
    SELECT
      CASE
        WHEN useridentity.arn IS NOT NULL THEN coalesce(
            cardinality(
              array_distinct(filter(array_agg(errorcode) OVER (PARTITION BY useridentity.arn), x -> x IS NOT NULL))
            ),
            0
          )
      END AS n,
      CASE
        WHEN useridentity.arn IS NOT NULL THEN array_sort(
            array_distinct(filter(array_agg(errorcode) OVER (PARTITION BY useridentity.arn), x -> x IS NOT NULL))
          )
      END AS "all"
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn streamstats_runs_in_the_current_order() {
    use AggregateFunction as F;
    let plan = windowed(
        sort(scan(), col("_time"), false, None),
        vec![col("eventName")],
        Frame::Running { current: false, rows: Some(3) },
        vec![("n", count()), ("before", agg(F::Last, Some(col("eventSource")), Type::STRING))],
    );
    insta::assert_snapshot!(emit(plan, columns(&["n", "before"])), @r#"
    SELECT
      count(*) OVER (PARTITION BY eventname ORDER BY from_iso8601_timestamp(eventtime) ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) AS n,
      max_by(
        eventsource,
        from_iso8601_timestamp(eventtime)
      ) OVER (PARTITION BY eventname ORDER BY from_iso8601_timestamp(eventtime) ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) AS before
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    ORDER BY from_iso8601_timestamp(eventtime)
    "#);
}

#[test]
fn unnested_lists_are_cross_joined() {
    let plan = Rel::Unnest { input: Box::new(scan()), column: name("requestParameters.items{}.id"), span: AT };
    let plan = stats(plan, vec![("id", typed("requestParameters.items{}.id", Type::UNKNOWN))], vec![("n", count())]);
    insta::assert_snapshot!(emit(plan, columns(&["id", "n"])), @r#"
    SELECT
      requestparameters_items_id AS id,
      count(*) AS n
    FROM cloudtrail_logs
    CROSS JOIN UNNEST(
      filter(
        transform(
          coalesce(
            TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
            ARRAY[json_extract(requestparameters, '$.items')]
          ),
          x -> json_extract_scalar(x, '$.id')
        ),
        x -> x IS NOT NULL
      )
    ) AS expanded (requestparameters_items_id)
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    GROUP BY requestparameters_items_id
    "#);
}

#[test]
fn joins_take_at_most_so_many_rows_of_the_right() {
    let left = project(
        filter(scan(), is("eventName", "A")),
        vec![("user", col("userIdentity.arn")), ("agent", col("userAgent")), ("_time", col("_time"))],
    );
    let right = project(
        filter(scan(), is("eventName", "B")),
        vec![("user", col("userIdentity.arn")), ("agent", col("userAgent")), ("src", col("sourceIPAddress"))],
    );
    let plan = |kind, max| {
        Rel::Join(Join {
            left: Box::new(left.clone()),
            right: Box::new(right.clone()),
            kind,
            on: vec![name("user")],
            max,
            span: AT,
        })
    };
    insta::assert_snapshot!(emit(plan(JoinKind::Inner, Some(1)), columns(&["user", "agent", "src"])), @r#"
    WITH
      events AS (
        SELECT
          useridentity.arn AS user,
          useragent AS agent
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'a'
      ),
      ranked AS (
        SELECT
          useridentity.arn AS user,
          useragent AS agent,
          sourceipaddress AS src,
          row_number() OVER (PARTITION BY useridentity.arn ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
      )
    SELECT
      events.user AS user,
      coalesce(ranked.agent, events.agent) AS agent,
      ranked.src AS src
    FROM events
    JOIN ranked
      ON events.user = ranked.user
        AND ranked.nth = 1
    "#);
    insta::assert_snapshot!(emit(plan(JoinKind::Left, None), columns(&["user", "src"])), @r#"
    WITH
      events AS (
        SELECT
          useridentity.arn AS user
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'a'
      ),
      events_2 AS (
        SELECT
          useridentity.arn AS user,
          sourceipaddress AS src
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
      )
    SELECT
      events.user AS user,
      events_2.src AS src
    FROM events
    LEFT JOIN events_2
      ON events.user = events_2.user
    "#);
}

#[test]
fn grouped_right_sides_are_unique_already() {
    let right = stats(scan(), vec![("eventName", col("eventName"))], vec![("n", count())]);
    let plan = Rel::Join(Join {
        left: Box::new(scan()),
        right: Box::new(right),
        kind: JoinKind::Inner,
        on: vec![name("eventName")],
        max: Some(1),
        span: AT,
    });
    let query = emit(plan, columns(&["eventName", "n"]));
    assert!(!query.contains("row_number"), "{query}");
}

#[test]
fn subsearches_are_sets() {
    let other = stats(filter(scan(), is("eventName", "B")), vec![("user", col("userIdentity.arn"))], vec![]);
    let plan = |negated| Rel::SemiJoin {
        input: Box::new(scan()),
        other: Box::new(other.clone()),
        on: vec![(col("userIdentity.arn"), name("user"))],
        negated,
        span: AT,
    };
    insta::assert_snapshot!(emit(project(plan(false), vec![("e", col("eventName"))]), columns(&["e"])), @r#"
    WITH
      subsearch AS (
        SELECT
          useridentity.arn AS user
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
        GROUP BY useridentity.arn
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND lower(useridentity.arn) IN (SELECT lower(user) FROM subsearch WHERE user IS NOT NULL)
    "#);
    insta::assert_snapshot!(emit(project(plan(true), vec![("e", col("eventName"))]), columns(&["e"])), @r#"
    WITH
      subsearch AS (
        SELECT
          useridentity.arn AS user
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
        GROUP BY useridentity.arn
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND (
            useridentity.arn IS NULL
            OR lower(useridentity.arn) NOT IN (SELECT lower(user) FROM subsearch WHERE user IS NOT NULL)
          )
    "#);
}

#[test]
fn subsearches_over_several_fields_compare_rows() {
    let other = project(scan(), vec![("a", col("eventName")), ("b", col("userAgent"))]);
    let plan = Rel::SemiJoin {
        input: Box::new(scan()),
        other: Box::new(other),
        on: vec![(col("eventName"), name("a")), (col("userAgent"), name("b"))],
        negated: true,
        span: AT,
    };
    insta::assert_snapshot!(emit(project(plan, vec![("e", col("eventName"))]), columns(&["e"])), @r#"
    WITH
      subsearch AS (
        SELECT
          eventname AS a,
          useragent AS b
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
      AND NOT coalesce(
            (lower(eventname), lower(useragent)) IN (SELECT lower(a), lower(b) FROM subsearch WHERE b IS NOT NULL),
            false
          )
    "#);
}

#[test]
fn unions_align_columns() {
    let a = stats(scan(), vec![("user", col("userIdentity.arn"))], vec![("n", count())]);
    let b = project(
        scan(),
        vec![("user", col("userIdentity.userName")), ("n", col("requestParameters.n")), ("x", col("eventName"))],
    );
    let plan = Rel::Union { inputs: vec![a, b], span: AT };
    insta::assert_snapshot!(emit(plan, columns(&["user", "n", "x"])), @r#"
    WITH
      combined AS (
        SELECT
          useridentity.arn AS user,
          CAST(count(*) AS VARCHAR) AS n,
          CAST(NULL AS VARCHAR) AS x
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        GROUP BY useridentity.arn
        UNION ALL
        SELECT
          useridentity.username AS user,
          json_extract_scalar(requestparameters, '$.n') AS n,
          eventname AS x
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      user,
      n,
      x
    FROM combined
    "#);
}

#[test]
fn unions_keep_their_order_where_it_counts() {
    let part = |n: &str| project(scan(), vec![("e", col(n))]);
    let plan = Rel::Union { inputs: vec![part("eventName"), part("eventSource")], span: AT };
    let plan = Rel::Limit { input: Box::new(plan), count: 3, last: false, span: AT };
    insta::assert_snapshot!(emit(plan, columns(&["e"])), @r#"
    WITH
      combined AS (
        SELECT
          eventname AS e,
          1 AS branch,
          row_number() OVER (ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        UNION ALL
        SELECT
          eventsource AS e,
          2 AS branch,
          row_number() OVER (ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      e
    FROM combined
    ORDER BY branch, nth
    LIMIT 3
    "#);
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

#[test]
fn lookups_join_inline_rows() {
    insta::assert_snapshot!(emit(lookup(table(vec![]), false), columns(&["tool"])), @r#"
    WITH
      lookup_known_agents (lookup_agent, found_tool, lookup_nth) AS (
        VALUES
          ('aws-cli*', 'cli', 1),
          ('kali_%', 'it''s', 2)
      )
    SELECT
      found_tool AS tool
    FROM cloudtrail_logs
    LEFT JOIN lookup_known_agents
      ON lower(useragent) = lookup_agent
    WHERE eventtime >= '2024-08-01T00:00:00Z'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn wildcard_lookups_take_the_first_row() {
    let plan = lookup(table(vec![(name("agent"), MatchType::Wildcard)]), false);
    insta::assert_snapshot!(emit(plan, columns(&["tool"])), @r#"
    WITH
      events AS (
        SELECT
          useragent,
          row_number() OVER () AS row_id
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      ),
      lookup_known_agents (lookup_agent, found_tool, lookup_nth) AS (
        VALUES
          ('aws-cli%', 'cli', 1),
          ('kali\_\%', 'it''s', 2)
      ),
      ranked AS (
        SELECT
          found_tool AS tool,
          row_number() OVER (PARTITION BY row_id ORDER BY lookup_nth) AS nth
        FROM events
        LEFT JOIN lookup_known_agents
          ON lower(useragent) LIKE lookup_agent ESCAPE '\'
      )
    SELECT
      tool
    FROM ranked
    WHERE nth = 1
    "#);
}

#[test]
fn large_lookups_are_refused() {
    let options = Options { max_inline_lookup_rows: Some(1), ..Options::default() };
    let (query, sink) = emit_with(lookup(table(vec![]), false), columns(&["tool"]), &options);
    assert!(query.is_err());
    assert_eq!(sink.diagnostics()[0].code.id, "C402");
}

#[test]
fn inline_tables_are_values() {
    let values = Values {
        table: Arc::from("list"),
        columns: vec![name("a"), name("b")],
        external: false,
        rows: vec![vec![Some("x".to_owned()), None], vec![Some("y'".to_owned()), Some("z".to_owned())]],
        span: AT,
    };
    insta::assert_snapshot!(emit(Rel::Values(values), columns(&["a", "b"])), @"
    SELECT
      a,
      b
    FROM (
      VALUES
        ('x', CAST(NULL AS VARCHAR), 1),
        ('y''', 'z', 2)
    ) AS list (a, b, nth)
    ");
}

#[test]
fn names_that_differ_in_case_only_stay_apart() {
    let inner = stats(scan(), vec![("Name", col("eventName")), ("name", col("eventSource"))], vec![("n", count())]);
    let plan = stats(
        inner,
        vec![("Name", typed("Name", Type::STRING)), ("name", typed("name", Type::STRING))],
        vec![("n", agg(AggregateFunction::Sum, Some(typed("n", Type::INTEGER)), Type::INTEGER))],
    );
    insta::assert_snapshot!(emit(plan, columns(&["Name", "name", "n"])), @r#"
    WITH
      grouped AS (
        SELECT
          eventname AS name,
          eventsource AS name_2,
          count(*) AS n
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
        GROUP BY eventname, eventsource
      )
    SELECT
      name AS "Name",
      name_2 AS name,
      sum(n) AS n
    FROM grouped
    GROUP BY name, name_2
    "#);
}

#[test]
fn large_expressions_are_named_once() {
    let large = Expr::new(
        ExprKind::Coalesce(vec![col("errorCode"), error_code(), col("userAgent"), text("none")]),
        Type::STRING,
        false,
        AT,
    );
    let plan = extend(scan(), vec![("big", large)]);
    let big = || typed("big", Type::STRING);
    let plan = stats(
        filter(plan, Expr::compare(CompareOp::Eq, big(), text("x"), Case::Sensitive)),
        vec![("big", big())],
        vec![
            ("a", agg(AggregateFunction::Min, Some(big()), Type::STRING)),
            ("b", agg(AggregateFunction::Max, Some(big()), Type::STRING)),
        ],
    );
    insta::assert_snapshot!(emit(plan, columns(&["big", "a", "b"])), @r#"
    WITH
      events AS (
        SELECT
          coalesce(
            errorcode,
            coalesce(
              errorcode,
              CASE
                WHEN json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' THEN 'failure'
                ELSE 'success'
              END
            ),
            useragent,
            'none'
          ) AS big
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00Z'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      big,
      min(big) AS a,
      max(big) AS b
    FROM events
    WHERE big = 'x'
    GROUP BY big
    "#);
}

fn call(function: &'static str, args: Vec<Expr>, ty: Type) -> Expr {
    new(ExprKind::Call { function, args }, ty)
}

#[test]
fn functions_of_text_and_numbers() {
    let agent = || col("userAgent");
    let int = |n| Expr::integer(n, AT);
    insta::assert_snapshot!(shown(call("lower", vec![agent()], Type::STRING)), @"lower(useragent)");
    insta::assert_snapshot!(shown(call("substr", vec![agent(), int(0), int(3)], Type::STRING)), @"substr(useragent, 1, 3)");
    insta::assert_snapshot!(shown(call("trim", vec![agent(), text("[]")], Type::STRING)), @r"regexp_replace(useragent, '^[\[\]]+|[\[\]]+\z', '')");
    insta::assert_snapshot!(shown(call("replace", vec![agent(), text(r"^(\w+)/"), text(r"\1 $")], Type::STRING)), @r"regexp_replace(useragent, '^(\w+)/', '$1 \$')");
    insta::assert_snapshot!(shown(call("round", vec![col("requestParameters.n"), int(2)], Type::DOUBLE)), @"round(TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE), 2)");
    insta::assert_snapshot!(shown(call("max", vec![int(1), int(2)], Type::INTEGER)), @"greatest(1, 2)");
    insta::assert_snapshot!(shown(call("log", vec![int(8), int(2)], Type::DOUBLE)), @"log(2E0, 8E0)");
    insta::assert_snapshot!(shown(call("md5", vec![agent()], Type::STRING)), @"lower(to_hex(md5(to_utf8(useragent))))");
    insta::assert_snapshot!(shown(call("isnum", vec![col("requestParameters.n")], Type::BOOLEAN)), @"TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) IS NOT NULL");
    insta::assert_snapshot!(shown(call("tostring", vec![int(12345), text("commas")], Type::STRING)), @"format('%,d', 12345)");
}

#[test]
fn functions_of_lists() {
    let parts = || call("split", vec![col("userAgent"), text("/")], Type::many(Scalar::Unknown));
    let items = || col("requestParameters.items{}.id");
    let int = |n| Expr::integer(n, AT);
    let many = Type::many(Scalar::Unknown);
    insta::assert_snapshot!(shown(call("mvindex", vec![parts(), int(0)], Type::UNKNOWN)), @"element_at(split(useragent, '/'), 1)");
    insta::assert_snapshot!(shown(call("mvindex", vec![parts(), int(-1)], Type::UNKNOWN)), @"element_at(split(useragent, '/'), -1)");
    insta::assert_snapshot!(shown(call("mvindex", vec![parts(), int(1), int(-1)], many)), @"slice(split(useragent, '/'), 2, greatest(cardinality(split(useragent, '/')) - 1, 0))");
    insta::assert_snapshot!(shown(call("mvcount", vec![parts()], Type::INTEGER)), @"cardinality(split(useragent, '/'))");
    insta::assert_snapshot!(shown(call("mvjoin", vec![parts(), text(",")], Type::STRING)), @"array_join(split(useragent, '/'), ',')");
    insta::assert_snapshot!(shown(call("mvfind", vec![parts(), text("^x")], Type::INTEGER)), @"nullif(array_position(transform(split(useragent, '/'), x -> regexp_like(x, '^x')), true), 0) - 1");
    insta::assert_snapshot!(shown(call("mvappend", vec![col("errorCode"), text("b")], many)), @"filter(ARRAY[errorcode, 'b'], x -> x IS NOT NULL)");
    insta::assert_snapshot!(shown(call("mvappend", vec![items(), text("b")], many)), @"
    flatten(
        filter(
          ARRAY[
            filter(
              transform(
                coalesce(
                  TRY_CAST(json_extract(requestparameters, '$.items') AS ARRAY(JSON)),
                  ARRAY[json_extract(requestparameters, '$.items')]
                ),
                x -> json_extract_scalar(x, '$.id')
              ),
              x -> x IS NOT NULL
            ),
            ARRAY['b']
          ],
          x -> x IS NOT NULL
        )
      )
    ");
    insta::assert_snapshot!(shown(call("mvzip", vec![parts(), parts()], many)), @"
    filter(
        zip_with(split(useragent, '/'), split(useragent, '/'), (x, y) -> x || ',' || y),
        x -> x IS NOT NULL
      )
    ");
    insta::assert_snapshot!(shown(call("mvrange", vec![int(1), int(9), int(3)], Type::many(Scalar::Integer))), @"CASE WHEN 1 < 9 THEN sequence(1, 9 - 1, 3) END");
}

#[test]
fn unknown_functions_are_named() {
    assert_eq!(
        complaints(project(scan(), vec![("v", call("sigfig", vec![col("errorCode")], Type::DOUBLE))]), columns(&["v"])),
        ["C402 the function `sigfig` has no counterpart in Athena"]
    );
}

#[test]
fn values_of_all_kinds() {
    let boxed = |n: &str| Box::new(col(n));
    let n = || boxed("requestParameters.n");
    let arithmetic = |op, right| new(ExprKind::Arithmetic { op, left: n(), right: Box::new(right) }, Type::DOUBLE);
    insta::assert_snapshot!(shown(arithmetic(ArithmeticOp::Divide, Expr::integer(2, AT))), @"TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) / 2");
    insta::assert_snapshot!(shown(arithmetic(ArithmeticOp::Modulo, col("requestParameters.m"))), @"
    TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE) % nullif(
        TRY_CAST(json_extract_scalar(requestparameters, '$.m') AS DOUBLE),
        0
      )
    ");
    let parts = vec![col("errorCode"), text("-"), Expr::integer(1, AT)];
    insta::assert_snapshot!(shown(new(ExprKind::Concat(parts), Type::STRING)), @"errorcode || '-' || '1'");
    let capture = |all, limit| {
        new(
            ExprKind::Capture {
                value: boxed("userIdentity.arn"),
                regex: r"(\w+)/(?<role>[^/]+)".to_owned(),
                group: Arc::from("role"),
                all,
                limit,
            },
            Type { scalar: Scalar::Unknown, multivalue: all },
        )
    };
    insta::assert_snapshot!(shown(capture(false, 1)), @r"regexp_extract(useridentity.arn, '(\w+)/(?<role>[^/]+)', 2)");
    insta::assert_snapshot!(shown(capture(true, 5)), @r"slice(filter(regexp_extract_all(useridentity.arn, '(\w+)/(?<role>[^/]+)', 2), x -> x IS NOT NULL), 1, 5)");
    let path =
        |steps, ty| new(ExprKind::JsonPath { value: boxed("requestParameters.policyDocument"), path: steps }, ty);
    let key = |k: &str| Step::Key(k.to_owned());
    insta::assert_snapshot!(shown(path(vec![key("Version")], Type::UNKNOWN)), @"
    coalesce(
        json_extract_scalar(json_extract_scalar(requestparameters, '$.policyDocument'), '$.Version'),
        nullif(
          json_format(json_extract(json_extract_scalar(requestparameters, '$.policyDocument'), '$.Version')),
          'null'
        )
      )
    ");
    insta::assert_snapshot!(shown(path(vec![key("Statement"), Step::Each, key("Action")], Type::many(Scalar::Unknown))), @"
    filter(
        transform(
          coalesce(
            TRY_CAST(
              json_extract(
                json_extract_scalar(requestparameters, '$.policyDocument'),
                '$.Statement'
              ) AS ARRAY(JSON)
            ),
            ARRAY[json_extract(json_extract_scalar(requestparameters, '$.policyDocument'), '$.Statement')]
          ),
          x -> coalesce(
            json_extract_scalar(x, '$.Action'),
            nullif(json_format(json_extract(x, '$.Action')), 'null')
          )
        ),
        x -> x IS NOT NULL
      )
    ");
    insta::assert_snapshot!(shown(new(ExprKind::Cast { value: n(), to: Scalar::Double }, Type::DOUBLE)), @"TRY_CAST(json_extract_scalar(requestparameters, '$.n') AS DOUBLE)");
    let truth = new(ExprKind::Cast { value: Box::new(is("errorCode", "x")), to: Scalar::String }, Type::STRING);
    insta::assert_snapshot!(shown(truth), @"CASE WHEN lower(errorcode) = 'x' THEN 'True' WHEN lower(errorcode) <> 'x' THEN 'False' END");
    let minute_ago = new(
        ExprKind::Arithmetic {
            op: ArithmeticOp::Subtract,
            left: boxed("_time"),
            right: Box::new(Expr::integer(60, AT)),
        },
        Type::TIME,
    );
    insta::assert_snapshot!(shown(minute_ago), @"to_unixtime(from_iso8601_timestamp(eventtime) - INTERVAL '60' SECOND)");
    let parsed = new(ExprKind::ParseTime { text: boxed("userAgent"), format: "%Y-%m-%d".to_owned() }, Type::TIME);
    insta::assert_snapshot!(shown(parsed), @"to_unixtime(with_timezone(try(date_parse(useragent, '%Y-%m-%d')), 'UTC'))");
    let nothing = new(ExprKind::Literal(Literal::Null), Type::UNKNOWN);
    insta::assert_snapshot!(shown(nothing), @"CAST(NULL AS VARCHAR)");
    let _ = RelativeTime::default();
}

#[test]
fn lists_are_mapped_and_filtered() {
    let variable = Expr::new(ExprKind::Variable(3), Type::UNKNOWN, false, AT);
    let body = Box::new(call("lower", vec![variable.clone()], Type::STRING));
    let value = Box::new(col("resources{}.ARN"));
    let mapped = new(ExprKind::MapValues { value: value.clone(), variable: 3, body }, Type::many(Scalar::String));
    insta::assert_snapshot!(shown(mapped), @"
    filter(
        transform(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), x -> lower(x)),
        x -> x IS NOT NULL
      )
    ");
    let predicate = Box::new(Expr::compare(CompareOp::Ne, variable, text("x"), Case::Sensitive));
    let filtered = new(ExprKind::FilterValues { value, variable: 3, predicate }, Type::many(Scalar::String));
    insta::assert_snapshot!(shown(filtered), @"filter(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), x -> x <> 'x')");
}

#[test]
fn features_of_pcre_that_trino_lacks_are_named() {
    let regex = new(ExprKind::Regex { value: Box::new(col("userAgent")), regex: r"a\Kb".to_owned() }, Type::BOOLEAN);
    assert_eq!(
        complaints(filter(scan(), regex), Output::Events { added: vec![], removed: vec![] })[0],
        r"C402 Trino's regular expressions have no `\K`"
    );
}
