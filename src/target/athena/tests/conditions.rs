//! Conditions, time windows, and what is refused.

use super::*;

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
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND eventtime < '2024-08-01T00:00:00'
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
    nullif(
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
            ARRAY[]
          ) IS NULL
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
    insta::assert_snapshot!(condition(n(CompareOp::Gt, 5)), @r"
    coalesce(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            ) > 5,
            json_extract_scalar(requestparameters, '$.n') > '5'
          )
    ");
    insta::assert_snapshot!(condition(n(CompareOp::Eq, 5)), @r"
    TRY_CAST(
            regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
          ) = 5
    ");
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
    WHERE eventtime >= '2024-08-01T00:00:00'
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
fn features_of_pcre_that_trino_lacks_are_named() {
    let regex = new(ExprKind::Regex { value: Box::new(col("userAgent")), regex: r"a\Kb".to_owned() }, Type::BOOLEAN);
    assert_eq!(
        complaints(filter(scan(), regex), Output::Events { added: vec![], removed: vec![] })[0],
        r"C402 Trino's regular expressions have no `\K`"
    );
}
