//! Operators that look at several rows at once: transactions, rows side by side, columns named by data, missing bins.

use super::*;
use crate::ir::{Continuous, NamePart, Pivot, Stride, Transaction, Transpose, Within};

fn transaction(input: Rel, fields: &[&str], columns: &[&str]) -> Transaction {
    Transaction {
        input: Box::new(input),
        fields: fields.iter().map(|n| name(n)).collect(),
        columns: columns.iter().map(|n| name(n)).collect(),
        max_span: None,
        max_pause: None,
        max_events: 1000,
        starts_with: None,
        ends_with: None,
        keep_evicted: false,
        keep_orphans: false,
        connected: true,
        lists: vec![],
        span: AT,
    }
}

fn open(names: &[&str]) -> Output {
    match columns(names) {
        Output::Columns(columns) => Output::Open(columns),
        other => other,
    }
}

fn approximate(plan: Rel, output: Output) -> String {
    let (result, sink) = emit_with(plan, output, &Options::default());
    assert_eq!(sink.effect(), crate::diagnostic::Effect::Approximate, "{:?}", sink.diagnostics());
    result.expect("a query")
}

#[test]
fn a_transaction_is_a_match_from_its_newest_row_on() {
    let t = Transaction {
        max_span: Some(7200.0),
        max_pause: Some(90.0),
        starts_with: Some(is("eventName", "a").is_true()),
        ends_with: Some(is("eventName", "z").is_true()),
        lists: vec![name("awsRegion")],
        ..transaction(scan(), &["userAgent"], &["userAgent", "eventName", "awsRegion"])
    };
    let output = columns(&["userAgent", "duration", "eventcount", "eventName", "awsRegion"]);
    insta::assert_snapshot!(emit(Rel::Transaction(t), output), @r#"
    WITH
      candidates AS (
        SELECT
          eventname,
          awsregion,
          useragent,
          lower(eventname) = 'a' AS starts,
          lower(eventname) = 'z' AS ends,
          from_iso8601_timestamp(eventtime) AS _time
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
          AND useragent IS NOT NULL
      )
    SELECT
      useragent AS "userAgent",
      to_unixtime(max(_time)) - to_unixtime(min(_time)) AS duration,
      count(*) AS eventcount,
      array_sort(array_agg(DISTINCT eventname)) AS "eventName",
      array_agg(awsregion ORDER BY _time) AS "awsRegion"
    FROM candidates MATCH_RECOGNIZE (
      PARTITION BY useragent
      ORDER BY _time DESC
      MEASURES match_number() AS txn
      ALL ROWS PER MATCH
      AFTER MATCH SKIP PAST LAST ROW
      PATTERN (newest older*)
      DEFINE
        newest AS ends,
        older AS NOT ends
          AND NOT prev(starts)
          AND first(_time) - _time <= INTERVAL '2' HOUR
          AND prev(_time) - _time <= INTERVAL '90' SECOND
          AND count(older.*) <= 999
    )
    GROUP BY useragent, txn
    HAVING bool_or(starts)
    "#);
}

#[test]
fn rows_of_no_transaction_stay_where_they_are_kept() {
    let t = Transaction {
        ends_with: Some(is("eventName", "z").is_true()),
        keep_orphans: true,
        ..transaction(scan(), &["userAgent"], &["userAgent"])
    };
    insta::assert_snapshot!(emit(Rel::Transaction(t), columns(&["userAgent", "eventcount"])), @r#"
    WITH
      candidates AS (
        SELECT
          useragent,
          lower(eventname) = 'z' AS ends,
          from_iso8601_timestamp(eventtime) AS _time
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      ),
      matched AS (
        SELECT
          useragent,
          _time,
          txn,
          CASE WHEN txn IS NULL THEN row_number() OVER (ORDER BY _time DESC) END AS orphan
        FROM candidates MATCH_RECOGNIZE (
          PARTITION BY useragent
          ORDER BY _time DESC
          MEASURES match_number() AS txn
          ALL ROWS PER MATCH WITH UNMATCHED ROWS
          AFTER MATCH SKIP PAST LAST ROW
          PATTERN (newest older*)
          DEFINE
            newest AS ends AND useragent IS NOT NULL,
            older AS NOT ends AND count(older.*) <= 999
        )
      )
    SELECT
      useragent AS "userAgent",
      CASE WHEN txn IS NOT NULL THEN count(*) END AS eventcount
    FROM matched
    GROUP BY useragent, txn, orphan
    "#);
}

#[test]
fn fields_that_rows_may_lack_make_a_transaction_approximate() {
    let t = transaction(scan(), &["userAgent", "errorCode"], &[]);
    let found = complaints(Rel::Transaction(t), columns(&["eventcount"]));
    assert!(found[0].starts_with("C403 rows that lack one of `userAgent`, `errorCode`"), "{found:?}");
    let t = transaction(scan(), &["eventName", "awsRegion"], &[]);
    assert_eq!(complaints(Rel::Transaction(t), columns(&["eventcount"])), Vec::<String>::new());
}

#[test]
fn rows_stand_side_by_side() {
    let beside = |replace| Rel::Beside {
        left: Box::new(sort(
            project(scan(), vec![("a", col("eventName")), ("b", col("awsRegion"))]),
            col("a"),
            false,
            None,
        )),
        right: Box::new(project(scan(), vec![("b", col("userAgent")), ("c", col("errorCode"))])),
        replace,
        span: AT,
    };
    insta::assert_snapshot!(emit(beside(true), columns(&["a", "b", "c"])), @r#"
    WITH
      events AS (
        SELECT
          eventname AS a,
          awsregion AS b,
          row_number() OVER (ORDER BY eventname) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      ),
      events_2 AS (
        SELECT
          useragent AS b,
          errorcode AS c,
          row_number() OVER (ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      events.a AS a,
      CASE WHEN events_2.nth IS NOT NULL THEN events_2.b ELSE events.b END AS b,
      events_2.c AS c
    FROM events
    LEFT JOIN events_2
      ON events.nth = events_2.nth
    ORDER BY a
    "#);
    let kept = emit(beside(false), columns(&["a", "b"]));
    assert!(kept.contains("  events.b AS b\nFROM"), "{kept}");
}

#[test]
fn single_rows_need_no_numbers_to_stand_side_by_side() {
    let one = |n: &str| Box::new(stats(scan(), vec![], vec![(n, count())]));
    let plan = Rel::Beside { left: one("a"), right: one("b"), replace: false, span: AT };
    insta::assert_snapshot!(emit(plan, columns(&["a", "b"])), @r#"
    WITH
      grouped AS (
        SELECT
          count(*) AS a,
          1 AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      ),
      grouped_2 AS (
        SELECT
          count(*) AS b,
          1 AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      grouped.a AS a,
      grouped_2.b AS b
    FROM grouped
    LEFT JOIN grouped_2
      ON true
    "#);
}

fn pivot(zeros: &[&str]) -> Rel {
    let input = stats(scan(), vec![("region", col("awsRegion")), ("name", col("eventName"))], vec![("count", count())]);
    Rel::Pivot(Pivot {
        input: Box::new(input),
        row: name("region"),
        column: name("name"),
        values: vec![name("count")],
        naming: vec![NamePart::Column],
        zeros: zeros.iter().map(|n| name(n)).collect(),
        last: vec![],
        span: AT,
    })
}

#[test]
fn columns_of_a_pivot_that_are_named_are_columns() {
    insta::assert_snapshot!(emit(pivot(&["count"]), columns(&["region", "GetUser"])), @r#"
    WITH
      grouped AS (
        SELECT
          awsregion AS region,
          eventname AS name,
          count(*) AS count
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY awsregion, eventname
      )
    SELECT
      region,
      coalesce(
        max(count) FILTER (WHERE name = 'GetUser'),
        CASE WHEN sum(count_if(name = 'GetUser')) OVER () > 0 THEN 0 END
      ) AS "GetUser"
    FROM grouped
    GROUP BY region
    ORDER BY region
    "#);
}

#[test]
fn columns_of_a_pivot_that_only_the_data_names_are_members_of_a_text() {
    insta::assert_snapshot!(approximate(pivot(&[]), open(&["region", "GetUser"])), @r#"
    WITH
      grouped AS (
        SELECT
          awsregion AS region,
          eventname AS name,
          count(*) AS count
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY awsregion, eventname
      )
    SELECT
      region,
      max(count) FILTER (WHERE name = 'GetUser') AS "GetUser",
      json_format(CAST(map_agg(name, count) FILTER (WHERE name NOT IN ('GetUser')) AS JSON)) AS columns
    FROM grouped
    GROUP BY region
    ORDER BY region
    "#);
}

#[test]
fn of_several_rows_for_a_cell_the_last_counts() {
    let Rel::Pivot(p) = pivot(&[]) else { panic!("no pivot") };
    let columns_of = vec![("region", col("awsRegion")), ("name", col("eventName")), ("count", col("userAgent"))];
    let plan = Rel::Pivot(Pivot { input: Box::new(project(scan(), columns_of)), ..p });
    let query = emit(plan, columns(&["region", "GetUser"]));
    assert!(query.contains("row_number() OVER (PARTITION BY"), "{query}");
}

#[test]
fn missing_bins_are_joined() {
    let bin = new(ExprKind::Bin { value: Box::new(col("_time")), span: 300.0 }, Type::TIME);
    let bin = Expr { nullable: false, ..bin };
    let counted = stats(scan(), vec![("_time", bin)], vec![("count", count())]);
    let continuous = Continuous {
        input: Box::new(counted),
        column: name("_time"),
        stride: Stride::Even(300.0),
        from: None,
        until: None,
        span: AT,
    };
    insta::assert_snapshot!(emit(Rel::Continuous(continuous.clone()), columns(&["_time", "count"])), @r#"
    WITH
      grouped AS (
        SELECT
          from_unixtime(floor(to_unixtime(from_iso8601_timestamp(eventtime)) / 300) * 300) AS _time,
          count(*) AS count
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY 1
      ),
      bins AS (
        SELECT
          from_unixtime(step) AS bin
        FROM (
          SELECT
            CAST(to_unixtime(min(_time)) AS BIGINT) AS first_bin,
            CAST(to_unixtime(max(_time)) AS BIGINT) AS last_bin
          FROM grouped
        ) AS ends
        CROSS JOIN UNNEST(sequence(first_bin, last_bin, 300)) AS steps (step)
      )
    SELECT
      coalesce(grouped._time, bins.bin) AS _time,
      grouped.count AS count
    FROM grouped
    FULL JOIN bins
      ON grouped._time = bins.bin
    ORDER BY _time
    "#);
    let given = Continuous {
        stride: Stride::Months(1),
        until: Some(Expr::new(ExprKind::Now, Type::TIME, false, AT)),
        ..continuous
    };
    let query = emit(Rel::Continuous(given), columns(&["_time", "count"]));
    assert!(query.contains("CAST(current_timestamp - INTERVAL '0.001' SECOND AS TIMESTAMP)"), "{query}");
}

#[test]
fn columns_become_rows_and_rows_columns() {
    let grouped = || stats(scan(), vec![("region", col("awsRegion"))], vec![("count", count()), ("n", count())]);
    let (keep, label, value) = (name("region"), name("what"), name("value"));
    let unpivot = Rel::Unpivot { input: Box::new(grouped()), keep, name: label, value, span: AT };
    insta::assert_snapshot!(emit(unpivot, columns(&["region", "what", "value"])), @r#"
    WITH
      grouped AS (
        SELECT
          awsregion AS region,
          count(*) AS count,
          count(*) AS n
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY awsregion
      )
    SELECT
      region,
      what,
      value
    FROM grouped
    CROSS JOIN UNNEST(ARRAY['count', 'n'], ARRAY[count, n]) AS cells (what, value)
    WHERE value IS NOT NULL
    "#);
    let transpose = |header: Option<&str>| {
        Rel::Transpose(Transpose {
            input: Box::new(grouped()),
            rows: 2,
            names: name("column"),
            header: header.map(name),
            include_empty: true,
            span: AT,
        })
    };
    insta::assert_snapshot!(emit(transpose(None), open(&["column"])), @r#"
    WITH
      first_rows AS (
        SELECT
          awsregion AS region,
          count(*) AS count,
          count(*) AS n
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY awsregion
        ORDER BY region
        LIMIT 2
      ),
      numbered AS (
        SELECT
          region,
          count,
          n,
          row_number() OVER (ORDER BY region) AS nth
        FROM first_rows
      )
    SELECT
      column,
      max(
        CASE
          WHEN place = 1 THEN numbered.region
          WHEN place = 2 THEN CAST(numbered.count AS VARCHAR)
          WHEN place = 3 THEN CAST(numbered.n AS VARCHAR)
        END
      ) FILTER (WHERE numbered.nth = 1) AS "row 1",
      max(
        CASE
          WHEN place = 1 THEN numbered.region
          WHEN place = 2 THEN CAST(numbered.count AS VARCHAR)
          WHEN place = 3 THEN CAST(numbered.n AS VARCHAR)
        END
      ) FILTER (WHERE numbered.nth = 2) AS "row 2"
    FROM (
      VALUES
        ('region', 1),
        ('count', 2),
        ('n', 3)
    ) AS names (column, place)
    LEFT JOIN numbered
      ON true
    GROUP BY column, place
    ORDER BY place
    "#);
    let query = approximate(transpose(Some("region")), open(&["column"]));
    assert!(query.contains("map_agg(") && query.contains("numbered.region"), "{query}");
}

#[test]
fn a_column_may_be_named_by_the_row() {
    let input = Box::new(project(scan(), vec![("k", col("eventName")), ("v", col("userAgent"))]));
    let plan = || Rel::Assign { input: input.clone(), name: col("k"), value: col("v"), span: AT };
    insta::assert_snapshot!(emit(plan(), columns(&["red"])), @r#"
    SELECT
      CASE WHEN eventname = 'red' THEN useragent END AS red
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
    insta::assert_snapshot!(approximate(plan(), open(&["k"])), @r#"
    SELECT
      CASE WHEN eventname = 'k' THEN useragent ELSE eventname END AS k,
      CASE WHEN eventname = 'v' THEN useragent ELSE useragent END AS v,
      CASE
        WHEN NOT regexp_like(eventname, '^[_(]|^$') AND eventname NOT IN ('k', 'v') THEN json_format(
            CAST(map(ARRAY[eventname], ARRAY[useragent]) AS JSON)
          )
      END AS columns
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn removed_columns_are_no_members() {
    let plan = Rel::Remove { input: Box::new(pivot(&[])), columns: vec![name("GetUser")], span: AT };
    let query = approximate(plan, open(&["region"]));
    assert!(query.contains("name <> 'GetUser'") || query.contains("NOT IN ('GetUser')"), "{query}");
}

#[test]
fn windows_slide_over_the_rows_of_all_groups() {
    let frame = Frame::Recent { current: true, within: Within::Rows(2) };
    let plan = windowed(scan(), vec![col("eventName")], frame, vec![("n", count())]);
    insta::assert_snapshot!(emit(plan, columns(&["n"])), @r#"
    WITH
      numbered AS (
        SELECT
          eventname,
          row_number() OVER (ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      count(*) OVER (PARTITION BY eventname ORDER BY nth RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS n
    FROM numbered
    "#);
}

#[test]
fn windows_of_time_need_rows_in_the_order_of_time() {
    let frame = Frame::Recent { current: true, within: Within::Seconds(300) };
    let query = approximate(windowed(scan(), vec![], frame, vec![("n", count())]), columns(&["n"]));
    assert!(query.contains("DESC RANGE BETWEEN INTERVAL '299.999' SECOND PRECEDING AND CURRENT ROW"), "{query}");
    let sorted = sort(scan(), col("eventName"), false, None);
    let found = complaints(windowed(sorted, vec![], frame, vec![("n", count())]), columns(&["n"]));
    assert_eq!(found, ["C402 `time_window` needs the rows in the order of `_time`"]);
}

#[test]
fn fields_of_texts_are_cut_out_by_patterns() {
    let args = |list: &[&str]| [vec![col("userAgent")], list.iter().map(|t| text(t)).collect()].concat();
    insta::assert_snapshot!(shown(call("kv_field", args(&["a.b", ";", ":"]), Type::UNKNOWN)), @r#"
    regexp_replace(
        element_at(
          filter(
            regexp_extract_all(useragent, '[^;:]*[:](?:"[^"]*"|[^;]*)'),
            x -> regexp_like(x, '^\s*"*a\.b"*\s*[:]')
          ),
          1
        ),
        '^[^:]*[:](?:"([^"]*)"$)?',
        '$1'
      )
    "#);
    insta::assert_snapshot!(shown(call("xml_field", args(&["name"]), Type::UNKNOWN)), @r#"regexp_extract(useragent, '<name(?:[ \t\r\n][^>]*)?(?<!/)>([^<]*)</name', 1)"#);
    insta::assert_snapshot!(shown(call("split", args(&[""]), Type::many(Scalar::String))), @"nullif(regexp_extract_all(useragent, '(?s).'), ARRAY[])");
}

#[test]
fn the_earliest_of_rows_without_a_time_is_none() {
    let grouped = stats(scan(), vec![("a", col("eventName"))], vec![("n", count())]);
    let latest = agg(AggregateFunction::Latest, Some(typed("n", Type::INTEGER)), Type::INTEGER);
    let query = emit(stats(grouped, vec![], vec![("v", latest)]), columns(&["v"]));
    assert!(query.starts_with("WITH") && query.contains("CAST(NULL AS BIGINT) AS v"), "{query}");
}
