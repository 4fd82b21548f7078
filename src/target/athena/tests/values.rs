//! Values and aggregates.

use super::*;

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
    insta::assert_snapshot!(show(F::Max, col("requestParameters.n"), Type::UNKNOWN), @r"
    CASE
        WHEN count(json_extract_scalar(requestparameters, '$.n')) = count(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          ) THEN max_by(
            json_extract_scalar(requestparameters, '$.n'),
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          )
        ELSE max(json_extract_scalar(requestparameters, '$.n'))
      END
    ");
    insta::assert_snapshot!(show(F::Sum, col("requestParameters.n"), Type::DOUBLE), @r"
    sum(
        TRY_CAST(
          regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
        )
      )
    ");
    insta::assert_snapshot!(show(F::Average, col("requestParameters.n"), Type::DOUBLE), @r"
    avg(
        TRY_CAST(
          regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
        )
      )
    ");
    insta::assert_snapshot!(show(F::StandardDeviation, col("requestParameters.n"), Type::DOUBLE), @r"
    CASE
        WHEN count(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          ) = 1 THEN 0E0
        ELSE stddev_samp(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          )
      END
    ");
    insta::assert_snapshot!(show(F::Median, col("requestParameters.n"), Type::DOUBLE), @r"
    element_at(
        array_sort(
          array_agg(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          ) FILTER (WHERE TRY_CAST(regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE) IS NOT NULL)
        ),
        count(
          TRY_CAST(
            regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
          )
        ) / 2 + 1
      )
    ");
    insta::assert_snapshot!(show(F::Percentile(95.0, true), col("requestParameters.n"), Type::DOUBLE), @r"
    element_at(
        array_sort(
          array_agg(
            TRY_CAST(
              regexp_extract(
                json_extract_scalar(requestparameters, '$.n'),
                '^[-+.\d]+([eE][-+]?\d\d?)?\z'
              ) AS DOUBLE
            )
          ) FILTER (WHERE TRY_CAST(regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE) IS NOT NULL)
        ),
        CAST(
          ceiling(
            count(
              TRY_CAST(
                regexp_extract(
                  json_extract_scalar(requestparameters, '$.n'),
                  '^[-+.\d]+([eE][-+]?\d\d?)?\z'
                ) AS DOUBLE
              )
            ) * 95 / 1E2
          ) AS BIGINT
        )
      )
    ");
    insta::assert_snapshot!(show(F::Mode, col("eventName"), Type::STRING), @"array_min(transform(map_entries(histogram(eventname)), x -> (-x[2], x[1])))[2]");
    insta::assert_snapshot!(show(F::Range, col("requestParameters.n"), Type::DOUBLE), @r"
    max(
        TRY_CAST(
          regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
        )
      ) - min(
        TRY_CAST(
          regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
        )
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
    nullif(
        array_sort(
          array_distinct(flatten(array_agg(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL))))
        ),
        ARRAY[]
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
    let f = F::EstimatedDistinctCount;
    let plan = stats(scan(), vec![], vec![("v", agg(f, Some(col("requestParameters.n")), Type::DOUBLE))]);
    let all = complaints(plan, columns(&["v"]));
    assert!(all.len() == 1 && all[0].starts_with("C403"), "{all:?}");
}

#[test]
fn a_rate_is_the_change_over_the_time() {
    let rate = agg(AggregateFunction::Rate, Some(typed("requestParameters.n", Type::INTEGER)), Type::DOUBLE);
    let query = aggregate_shown(rate);
    assert!(query.contains("max_by(") && query.contains("/ nullif("), "{query}");
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
    WHERE eventtime >= '2024-08-01T00:00:00'
      AND "timestamp" >= '2024/08/01'
    GROUP BY 1, from_unixtime(floor(to_unixtime(from_iso8601_timestamp(eventtime)) / 300) * 300)
    "#);
}

#[test]
fn functions_of_text_and_numbers() {
    let agent = || col("userAgent");
    let int = |n| Expr::integer(n, AT);
    insta::assert_snapshot!(shown(call("lower", vec![agent()], Type::STRING)), @"lower(useragent)");
    insta::assert_snapshot!(shown(call("substr", vec![agent(), int(0), int(3)], Type::STRING)), @"substr(useragent, 1, 3)");
    insta::assert_snapshot!(shown(call("trim", vec![agent(), text("[]")], Type::STRING)), @r"regexp_replace(useragent, '^[\[\]]+|[\[\]]+\z', '')");
    insta::assert_snapshot!(shown(call("replace", vec![agent(), text(r"^(\w+)/"), text(r"\1 $")], Type::STRING)), @r"regexp_replace(useragent, '^(\w+)/', '$1 \$')");
    insta::assert_snapshot!(shown(call("round", vec![col("requestParameters.n"), int(2)], Type::DOUBLE)), @r"
    TRY_CAST(
        format(
          '%.2f',
          TRY_CAST(
            regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
          )
        ) AS DOUBLE
      )
    ");
    insta::assert_snapshot!(shown(call("max", vec![int(1), int(2)], Type::INTEGER)), @"greatest(1, 2)");
    insta::assert_snapshot!(shown(call("log", vec![int(8), int(2)], Type::DOUBLE)), @"log2(8E0)");
    insta::assert_snapshot!(shown(call("md5", vec![agent()], Type::STRING)), @"lower(to_hex(md5(to_utf8(useragent))))");
    insta::assert_snapshot!(shown(call("isnum", vec![col("requestParameters.n")], Type::BOOLEAN)), @r"
    TRY_CAST(
        regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
      ) IS NOT NULL
    ");
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
    insta::assert_snapshot!(shown(call("mvindex", vec![parts(), int(1), int(-1)], many)), @"nullif(slice(split(useragent, '/'), 2, greatest(cardinality(split(useragent, '/')) - 1, 0)), ARRAY[])");
    insta::assert_snapshot!(shown(call("mvcount", vec![parts()], Type::INTEGER)), @"cardinality(split(useragent, '/'))");
    insta::assert_snapshot!(shown(call("mvjoin", vec![parts(), text(",")], Type::STRING)), @"array_join(split(useragent, '/'), ',')");
    insta::assert_snapshot!(shown(call("mvfind", vec![parts(), text("^x")], Type::INTEGER)), @"nullif(array_position(transform(split(useragent, '/'), x -> regexp_like(x, '^x')), true), 0) - 1");
    insta::assert_snapshot!(shown(call("mvappend", vec![col("errorCode"), text("b")], many)), @"nullif(filter(ARRAY[errorcode, 'b'], x -> x IS NOT NULL), ARRAY[])");
    insta::assert_snapshot!(shown(call("mvappend", vec![items(), text("b")], many)), @"
    nullif(
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
        ),
        ARRAY[]
      )
    ");
    insta::assert_snapshot!(shown(call("mvzip", vec![parts(), parts()], many)), @"
    nullif(
        filter(zip_with(split(useragent, '/'), split(useragent, '/'), (x, y) -> x || ',' || y), x -> x IS NOT NULL),
        ARRAY[]
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
    insta::assert_snapshot!(shown(arithmetic(ArithmeticOp::Divide, Expr::integer(2, AT))), @r"
    TRY_CAST(
        regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
      ) / 2
    ");
    insta::assert_snapshot!(shown(arithmetic(ArithmeticOp::Modulo, col("requestParameters.m"))), @r"
    TRY_CAST(
        regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
      ) % nullif(
        TRY_CAST(
          regexp_extract(json_extract_scalar(requestparameters, '$.m'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
        ),
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
    insta::assert_snapshot!(shown(capture(true, 5)), @r"
    nullif(
        slice(filter(regexp_extract_all(useridentity.arn, '(\w+)/(?<role>[^/]+)', 2), x -> x IS NOT NULL), 1, 5),
        ARRAY[]
      )
    ");
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
    nullif(
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
        ),
        ARRAY[]
      )
    ");
    insta::assert_snapshot!(shown(new(ExprKind::Cast { value: n(), to: Scalar::Double }, Type::DOUBLE)), @r"
    TRY_CAST(
        regexp_extract(json_extract_scalar(requestparameters, '$.n'), '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE
      )
    ");
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
    insta::assert_snapshot!(shown(parsed), @r"
    to_unixtime(
        with_timezone(
          try(date_parse(regexp_extract(useragent, '^\s*(\d{1,4}-\d{1,2}-\d{1,2})', 1), '%Y-%m-%d')),
          'UTC'
        )
      )
    ");
    let nothing = new(ExprKind::Literal(Literal::Null), Type::UNKNOWN);
    insta::assert_snapshot!(shown(nothing), @"CAST(NULL AS VARCHAR)");
}

#[test]
fn lists_are_mapped_and_filtered() {
    let variable = Expr::new(ExprKind::Variable(3), Type::UNKNOWN, false, AT);
    let body = Box::new(call("lower", vec![variable.clone()], Type::STRING));
    let value = Box::new(col("resources{}.ARN"));
    let mapped = new(ExprKind::MapValues { value: value.clone(), variable: 3, body }, Type::many(Scalar::String));
    insta::assert_snapshot!(shown(mapped), @"
    nullif(
        filter(
          transform(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), x -> lower(x)),
          x -> x IS NOT NULL
        ),
        ARRAY[]
      )
    ");
    let predicate = Box::new(Expr::compare(CompareOp::Ne, variable, text("x"), Case::Sensitive));
    let filtered = new(ExprKind::FilterValues { value, variable: 3, predicate }, Type::many(Scalar::String));
    insta::assert_snapshot!(shown(filtered), @"nullif(filter(filter(transform(resources, x -> x.arn), x -> x IS NOT NULL), x -> x <> 'x'), ARRAY[])");
}
