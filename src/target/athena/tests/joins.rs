//! Operators with several inputs, and inline tables.

use super::*;

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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'a'
      ),
      events_2 AS (
        SELECT
          useridentity.arn AS user,
          sourceipaddress AS src
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
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
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
        GROUP BY useridentity.arn
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
      AND lower(useridentity.arn) IN (SELECT lower(user) FROM subsearch WHERE user IS NOT NULL)
    "#);
    insta::assert_snapshot!(emit(project(plan(true), vec![("e", col("eventName"))]), columns(&["e"])), @r#"
    WITH
      subsearch AS (
        SELECT
          useridentity.arn AS user
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
          AND lower(eventname) = 'b'
        GROUP BY useridentity.arn
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
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
          lower(eventname) AS wanted_a,
          lower(useragent) AS wanted_b
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      eventname AS e
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
      AND NOT EXISTS (
            SELECT
              1
            FROM subsearch
            WHERE lower(eventname) = wanted_a
              AND (wanted_b IS NULL OR lower(useragent) = wanted_b)
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
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        GROUP BY useridentity.arn
        UNION ALL
        SELECT
          useridentity.username AS user,
          json_extract_scalar(requestparameters, '$.n') AS n,
          eventname AS x
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
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
fn searches_that_share_no_event_read_the_table_once() {
    let part = |n: &str| filter(scan(), is("eventName", n));
    let union = |a, b| stats(Rel::Union { inputs: vec![a, b], span: AT }, vec![], vec![("n", count())]);
    insta::assert_snapshot!(emit(union(part("CreateUser"), part("CreateRole")), columns(&["n"])), @r#"
    SELECT
      count(*) AS n
    FROM cloudtrail_logs
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
      AND (lower(eventname) = 'createuser' OR lower(eventname) = 'createrole')
    "#);
    // The event of both is two rows.
    let twice = emit(union(part("CreateUser"), filter(scan(), is("awsRegion", "eu-west-1"))), columns(&["n"]));
    assert!(twice.contains("UNION ALL"), "{twice}");
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
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
        UNION ALL
        SELECT
          eventsource AS e,
          2 AS branch,
          row_number() OVER (ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth
        FROM cloudtrail_logs
        WHERE eventtime >= '2024-08-01T00:00:00'
          AND "timestamp" >= '2024/08/01'
      )
    SELECT
      e
    FROM combined
    ORDER BY branch, nth
    LIMIT 3
    "#);
}

#[test]
fn lookups_join_inline_rows() {
    insta::assert_snapshot!(emit(lookup(table(vec![]), false), columns(&["tool"])), @r#"
    WITH
      lookup_known_agents (lookup_agent, found_tool) AS (
        VALUES
          ('aws-cli*', 'cli'),
          ('kali_%', 'it''s')
      )
    SELECT
      found_tool AS tool
    FROM cloudtrail_logs
    LEFT JOIN lookup_known_agents
      ON lower(useragent) = lookup_agent
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn wildcard_lookups_take_the_first_entry() {
    let plan = lookup(table(vec![(name("agent"), MatchType::Wildcard)]), false);
    insta::assert_snapshot!(emit(plan, columns(&["tool"])), @r#"
    WITH
      lookup_known_agents AS (
        SELECT
          array_agg(CAST(row(agent, tool) AS ROW(agent VARCHAR, tool VARCHAR)) ORDER BY nth) AS known_agents_entries
        FROM (
          VALUES
            ('aws-cli%', 'cli', 1),
            ('kali\_\%', 'it''s', 2)
        ) AS known (agent, tool, nth)
      )
    SELECT
      element_at(
        transform(filter(known_agents_entries, x -> lower(useragent) LIKE x.agent ESCAPE '\'), x -> x.tool),
        1
      ) AS tool
    FROM cloudtrail_logs
    CROSS JOIN lookup_known_agents
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn large_lookups_are_tables_of_the_database() {
    let options =
        Options { max_inline_lookup_rows: Some(1), lookup_database: Some("lists".to_owned()), ..Options::default() };
    let (query, sink) = emit_with(lookup(table(vec![]), false), columns(&["tool"]), &options);
    assert_eq!(sink.diagnostics()[0].code.id, "C411");
    assert!(
        sink.diagnostics()[0].message.contains("`lists.known_agents` must hold them, with the columns `agent`, `tool`")
    );
    insta::assert_snapshot!(query.expect("a query"), @r#"
    WITH
      lookup_known_agents AS (
        SELECT
          lower(CAST(agent AS VARCHAR)) AS lookup_agent,
          CAST(tool AS VARCHAR) AS found_tool
        FROM lists.known_agents
      )
    SELECT
      found_tool AS tool
    FROM cloudtrail_logs
    LEFT JOIN lookup_known_agents
      ON lower(useragent) = lookup_agent
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn wildcards_of_a_table_are_read_as_patterns() {
    let options = Options { max_inline_lookup_rows: Some(1), ..Options::default() };
    let (query, _) =
        emit_with(lookup(table(vec![(name("agent"), MatchType::Wildcard)]), false), columns(&["tool"]), &options);
    insta::assert_snapshot!(query.expect("a query"), @r#"
    WITH
      lookup_known_agents AS (
        SELECT
          array_agg(
            CAST(row(agent, tool) AS ROW(agent VARCHAR, tool VARCHAR))
            ORDER BY agent, tool
          ) AS known_agents_entries
        FROM (
          SELECT
            replace(regexp_replace(lower(CAST(agent AS VARCHAR)), '([\\%_])', '\\$1'), '*', '%') AS agent,
            CAST(tool AS VARCHAR) AS tool
          FROM known_agents
        ) AS known
      )
    SELECT
      element_at(
        transform(filter(known_agents_entries, x -> lower(useragent) LIKE x.agent ESCAPE '\'), x -> x.tool),
        1
      ) AS tool
    FROM cloudtrail_logs
    CROSS JOIN lookup_known_agents
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
}

#[test]
fn several_rows_that_match_give_arrays() {
    let mut several = (*table(vec![(name("agent"), MatchType::Wildcard)])).clone();
    several.max_matches = 1000;
    several.default_match = Some("none".to_owned());
    several.rows.push(["aws-cli*", "again", "3"].map(str::to_owned).to_vec());
    let wild = Arc::new(several.clone());
    insta::assert_snapshot!(emit(lookup(wild, false), columns(&["tool"])), @r#"
    WITH
      lookup_known_agents AS (
        SELECT
          array_agg(CAST(row(agent, tool) AS ROW(agent VARCHAR, tool VARCHAR)) ORDER BY nth) AS known_agents_entries
        FROM (
          VALUES
            ('aws-cli%', 'cli', 1),
            ('kali\_\%', 'it''s', 2),
            ('aws-cli%', 'again', 3)
        ) AS known (agent, tool, nth)
      )
    SELECT
      coalesce(
        nullif(
          transform(filter(known_agents_entries, x -> lower(useragent) LIKE x.agent ESCAPE '\'), x -> x.tool),
          ARRAY[]
        ),
        ARRAY['none']
      ) AS tool
    FROM cloudtrail_logs
    CROSS JOIN lookup_known_agents
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
    several.matching.clear();
    insta::assert_snapshot!(emit(lookup(Arc::new(several), false), columns(&["tool"])), @r#"
    WITH
      lookup_known_agents (lookup_agent, found_tool) AS (
        VALUES
          ('aws-cli*', ARRAY['cli', 'again']),
          ('kali_%', ARRAY['it''s'])
      )
    SELECT
      CASE WHEN lookup_agent IS NULL THEN ARRAY['none'] ELSE found_tool END AS tool
    FROM cloudtrail_logs
    LEFT JOIN lookup_known_agents
      ON lower(useragent) = lookup_agent
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    "#);
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
