//! Relational operators.

use super::*;

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
    WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
    WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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

#[test]
fn head_without_sort_takes_the_newest() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: false, span: AT };
    let plan = project(plan, vec![("eventName", col("eventName")), ("_time", col("_time"))]);
    insta::assert_snapshot!(emit(plan, columns(&["eventName", "_time"])), @r#"
    SELECT
      eventname AS "eventName",
      from_iso8601_timestamp(eventtime) AS _time
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
    WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    ORDER BY TRY_CAST(regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE),
      n
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
      nullif(
        CASE
          WHEN useridentity.arn IS NOT NULL THEN array_sort(
              array_distinct(filter(array_agg(errorcode) OVER (PARTITION BY useridentity.arn), x -> x IS NOT NULL))
            )
        END,
        ARRAY[]
      ) AS "all"
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
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
    WHERE eventtime >= '2024-08-01T00:00:00'
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
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    GROUP BY requestparameters_items_id
    "#);
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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

#[test]
fn eventstats_of_all_functions() {
    use AggregateFunction as F;
    let of = |f, ty| agg(f, Some(col("eventName")), ty);
    let plan = windowed(
        scan(),
        vec![col("eventSource")],
        Frame::Partition,
        vec![
            ("list", of(F::List, Type::many(Scalar::String))),
            ("first", of(F::First, Type::STRING)),
            ("latest", agg(F::Latest, Some(col("errorCode")), Type::STRING)),
        ],
    );
    insta::assert_snapshot!(emit(plan, columns(&["list", "first", "latest"])), @r#"
    SELECT
      nullif(
        slice(
          array_agg(
            eventname
          ) OVER (PARTITION BY eventsource ORDER BY from_iso8601_timestamp(eventtime) DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
          1,
          100
        ),
        ARRAY[]
      ) AS list,
      max_by(eventname, from_iso8601_timestamp(eventtime)) OVER (PARTITION BY eventsource) AS "first",
      max_by(
        errorcode,
        CASE WHEN errorcode IS NOT NULL THEN from_iso8601_timestamp(eventtime) END
      ) OVER (PARTITION BY eventsource) AS latest
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn keys_with_lambdas_become_columns_first() {
    let first = call("mvindex", vec![col("resources{}.ARN"), Expr::integer(0, AT)], Type::STRING);
    let plan = stats(scan(), vec![("arn", first)], vec![("n", count())]);
    insta::assert_snapshot!(emit(plan, columns(&["arn", "n"])), @r#"
    WITH
      events AS (
        SELECT
          element_at(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), 1) AS arn
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      arn,
      count(*) AS n
    FROM events
    GROUP BY arn
    "#);
}

#[test]
fn one_value_of_several_needs_no_list() {
    let plan = extend(
        scan(),
        vec![("item", call("mvindex", vec![col("resources{}.ARN"), Expr::integer(0, AT)], Type::STRING))],
    );
    insta::assert_snapshot!(emit(plan, columns(&["item"])), @r#"
    SELECT
      element_at(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), 1) AS item
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}
