//! Operators.

use super::*;
use crate::ir::{Scalar, SortKey, SortOrder, TimeBound};
use crate::options::WindowStyle;

fn formatted(column: &str) -> Expr {
    let kind = ExprKind::FormatTime {
        time: Box::new(Expr::column(column, Type::TIME, true, span())),
        format: "%Y-%m-%dT%H:%M:%S".into(),
    };
    Expr::new(kind, Type::STRING, true, span())
}

/// `eventSource=lambda… eventName=Update* errorCode=success user_type=IAMUser | stats … by … | ctime`.
fn lambda_rule() -> Query {
    let failed = Expr::compare(CompareOp::Eq, field("responseElements.ConsoleLogin"), text("Failure"), Case::Sensitive);
    let conditions = all(vec![
        is(required("eventSource"), "lambda.amazonaws.com"),
        wildcard(required("eventName"), "UpdateFunctionCode*"),
        field("errorCode").is_null(),
        failed.is_true().negate(),
        is(field("userIdentity.type"), "IAMUser").is_true(),
    ]);
    let user = coalesce(vec![field("userIdentity.userName"), field("userIdentity.principalId")]);
    let plan = filter(scan(), conditions);
    let plan = filter(plan, all(vec![user.clone().is_not_null(), field("userAgent").is_not_null()]));
    let plan = stats(
        plan,
        vec![
            ("signature", required("eventName")),
            ("user", user),
            ("user_agent", field("userAgent")),
            ("vendor_product", text("AWS CloudTrail")),
        ],
        vec![
            ("count", AggregateFunction::Count, None),
            ("firstTime", AggregateFunction::Min, Some(time())),
            ("lastTime", AggregateFunction::Max, Some(time())),
        ],
    );
    let plan = extend(plan, "firstTime", formatted("firstTime"));
    let plan = extend(plan, "lastTime", formatted("lastTime"));
    columns(plan, &["signature", "user", "user_agent", "vendor_product", "count", "firstTime", "lastTime"])
}

#[test]
fn a_rule_becomes_filter_stats_and_display() {
    insta::assert_snapshot!(emit(&lambda_rule()), @r#"
    filter eventSource like /(?i)^lambda\.amazonaws\.com$/
      and eventName like /(?i)^UpdateFunctionCode/
      and not (ispresent(errorCode))
      and (not (ispresent(responseElements.ConsoleLogin)) or responseElements.ConsoleLogin != "Failure")
      and userIdentity.type like /(?i)^IAMUser$/
      and (ispresent(userIdentity.userName) or ispresent(userIdentity.principalId))
      and ispresent(userAgent)
    | stats
      count(*) as count,
      min(@timestamp) as firstTime_1,
      max(@timestamp) as lastTime_1
      by eventName,
        coalesce(userIdentity.userName, userIdentity.principalId) as user,
        userAgent
    | display
      eventName as signature,
      user,
      userAgent as user_agent,
      concat("AWS CloudTrail", "") as vendor_product,
      count,
      formatDate(firstTime_1, "%Y-%m-%dT%H:%M:%S") as firstTime,
      formatDate(lastTime_1, "%Y-%m-%dT%H:%M:%S") as lastTime
    "#);
}

#[test]
fn the_header_names_range_source_and_level() {
    let (schemas, rule, options) = (Schemas::builtin(), Rule::default(), Options::default());
    let mut sink = Sink::default();
    let context = Context { rule: &rule, schemas: &schemas, options: &options };
    let text = Cloudwatch.emit(&events(scan()), &context, &mut sink).unwrap();
    assert_eq!(
        text,
        "# Time range: -70m@m to -10m@m\n# Source: CloudTrail log group\n# Language level: core\nfields @timestamp, @message"
    );
}

#[test]
fn the_skeleton_adds_comments_only() {
    let (schemas, options) = (Schemas::builtin(), Options::default());
    let context = Context { rule: &Rule::default(), schemas: &schemas, options: &options };
    let query = Cloudwatch.emit(&lambda_rule(), &context, &mut Sink::default()).unwrap();
    let mut environment = minijinja::Environment::new();
    environment.set_syntax(
        minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .unwrap(),
    );
    let text = environment
        .render_str(
            Cloudwatch.template(),
            minijinja::context! {
                query => query,
                fidelity => "exact",
                notes => ["C408 reading: x", "C408 reading: y"],
                rule => minijinja::context! { name => "N", id => "i", version => "3" },
            },
        )
        .unwrap();
    assert!(
        text.starts_with(
            "# Rule: N (i), version 3\n# Fidelity: exact\n# Note: C408 reading: x\n# Note: C408 reading: y\n# Time range: "
        ),
        "{text}"
    );
    assert!(text.ends_with(" as lastTime\n"), "{text}");
    assert_eq!(super::super::check::check(&text, 2), Ok(()));
}

#[test]
fn the_core_level_shows_times_in_its_own_form() {
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &lambda_rule());
    assert!(text.unwrap().ends_with("  count,\n  firstTime,\n  lastTime"));
    assert!(said(&diagnostics)[0].starts_with("C404 a time is shown as Logs Insights writes it"));
}

#[test]
fn absolute_times_print_as_dates() {
    let mut plan = scan();
    if let Rel::Scan(scan) = &mut plan {
        scan.window.earliest = Some(TimeBound::Absolute(1_722_520_322));
    }
    let options = Options { window_style: WindowStyle::Literal, now: Some(1_722_520_922), ..Options::default() };
    let (schemas, rule) = (Schemas::builtin(), Rule::default());
    let context = Context { rule: &rule, schemas: &schemas, options: &options };
    let text = Cloudwatch.emit(&events(plan), &context, &mut Sink::default()).unwrap();
    assert!(text.starts_with("# Time range: 2024-08-01T13:52:02Z to 2024-08-01T13:52:00Z\n"), "{text}");
}

#[test]
fn a_name_that_the_query_reads_is_not_assigned_again() {
    let plan = stats(
        scan(),
        vec![("user", field("userIdentity.arn"))],
        vec![("eventName", AggregateFunction::Values, Some(required("eventName")))],
    );
    assert_eq!(
        emit(&columns(plan, &["user", "eventName"])),
        "stats values(eventName) as eventName_1 by userIdentity.arn\n\
         | display userIdentity.arn as user, eventName_1 as eventName"
    );
}

#[test]
fn unaliased_aggregates_keep_their_name_as_heading() {
    let plan = stats(scan(), vec![], vec![("values(userAgent)", AggregateFunction::Values, Some(field("userAgent")))]);
    assert_eq!(
        emit(&columns(plan, &["values(userAgent)"])),
        "stats values(userAgent) as values_userAgent\n| display values_userAgent as `values(userAgent)`"
    );
}

#[test]
fn a_condition_on_aggregates_follows_stats() {
    let plan = stats(
        scan(),
        vec![("src", field("sourceIPAddress"))],
        vec![(
            "failed_attempts",
            AggregateFunction::DistinctCount,
            Some(Expr::column("_raw", Type::JSON, false, span())),
        )],
    );
    let many = Expr::compare(
        CompareOp::Gt,
        Expr::column("failed_attempts", Type::INTEGER, false, span()),
        Expr::integer(20, span()),
        Case::Sensitive,
    );
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(filter(plan, many), &["src", "failed_attempts"]));
    assert_eq!(
        text.unwrap(),
        "stats count_distinct(eventID) as failed_attempts by sourceIPAddress\n| filter failed_attempts > 20\n\
         | display sourceIPAddress as src, failed_attempts"
    );
    assert_eq!(said(&diagnostics), ["C403 Logs Insights estimates `dc` where a field has very many values"]);
}

#[test]
fn time_bins_are_keys() {
    let bin = Expr::new(ExprKind::Bin { value: Box::new(time()), span: 600.0 }, Type::TIME, false, span());
    let plan = extend(scan(), "_time", bin);
    let plan = stats(plan, vec![("_time", time())], vec![("count", AggregateFunction::Count, None)]);
    assert_eq!(
        emit(&columns(plan, &["_time", "count"])),
        "stats count(*) as count by bin(10m) as _time\n| display _time, count"
    );
}

#[test]
fn times_show_as_seconds() {
    let plan = stats(scan(), vec![("u", field("u"))], vec![("t", AggregateFunction::Latest, Some(time()))]);
    assert_eq!(
        emit(&columns(plan, &["u", "t"])),
        "stats max(@timestamp) as t_1 by u\n| display u, toMillis(t_1) / 1000 as t"
    );
}

#[test]
fn groups_by_constants_make_no_row_without_events() {
    let plan = stats(scan(), vec![("k", text("x"))], vec![("count", AggregateFunction::Count, None)]);
    assert_eq!(
        emit(&columns(plan, &["k", "count"])),
        "stats count(*) as count, count(*) as rows\n| filter rows > 0\n| display concat(\"x\", \"\") as k, count"
    );
}

#[test]
fn conditional_counts_sum_ones() {
    let plan =
        stats(scan(), vec![("u", field("u"))], vec![("n", AggregateFunction::CountIf, Some(is(field("a"), "x")))]);
    let query = columns(plan, &["u", "n"]);
    assert_eq!(emit(&query), "stats sum(if(a like /(?i)^x$/, 1, 0)) as n by u\n| display u, n");
    assert_eq!(
        refusal(&query, InsightsLevel::Core),
        "C402 `count(eval(…))` has no equivalent at language level `core`"
    );
}

#[test]
fn two_stats_are_the_most_at_the_core_level() {
    let mut plan = scan();
    for _ in 0..3 {
        plan = stats(plan, vec![("u", field("u"))], vec![("count", AggregateFunction::Count, None)]);
    }
    let query = columns(plan, &["u", "count"]);
    assert_eq!(refusal(&query, InsightsLevel::Core), "C402 a query has at most 2 `stats`");
    assert_eq!(emit(&query).matches("stats").count(), 3);
}

#[test]
fn lists_are_not_aggregated_again() {
    let plan = stats(scan(), vec![("u", field("u"))], vec![("v", AggregateFunction::Values, Some(field("a")))]);
    let plan = stats(
        plan,
        vec![("u", field("u"))],
        vec![("n", AggregateFunction::Count, Some(typed("v", Type::many(Scalar::Unknown))))],
    );
    assert_eq!(
        refusal(&columns(plan, &["u", "n"]), InsightsLevel::Y2026),
        "C402 Logs Insights can't aggregate the single values of a multivalue field"
    );
}

#[test]
fn the_values_of_a_list_are_counted_beside_it() {
    let list = || typed("v", Type::many(Scalar::Unknown));
    let plan = stats(scan(), vec![("u", field("u"))], vec![("v", AggregateFunction::Values, Some(field("a")))]);
    let count = call("mvcount", vec![list()], Type::INTEGER);
    let several = Expr::compare(CompareOp::Gt, count, Expr::integer(1, span()), Case::Sensitive);
    let plan = filter(plan, all(vec![several, list().is_not_null()]));
    assert_eq!(
        emit(&columns(plan, &["u", "v"])),
        "stats values(a) as v, count_distinct(a) as v_count by u\n| filter v_count > 1\n  and v_count > 0\n| display u, v"
    );
}

fn sort(input: Rel, e: Expr, descending: bool, limit: Option<u64>) -> Rel {
    let keys = vec![SortKey { expr: e, descending, order: SortOrder::Auto }];
    Rel::Sort { input: Box::new(input), keys, limit, span: span() }
}

#[test]
fn order_and_number_of_rows_come_last() {
    let plan = stats(scan(), vec![("u", field("u"))], vec![("count", AggregateFunction::Count, None)]);
    let plan = sort(plan, Expr::column("count", Type::INTEGER, false, span()), true, Some(10));
    let plan = extend(plan, "double", Expr::column("count", Type::INTEGER, false, span()));
    assert_eq!(
        emit(&columns(plan, &["u", "count", "double"])),
        "stats count(*) as count by u\n| sort count desc\n| limit 10\n| display u, count, count as double"
    );
}

#[test]
fn a_sort_before_stats_plays_no_part() {
    let plan = sort(scan(), field("a"), false, None);
    let plan = stats(plan, vec![("u", field("u"))], vec![("count", AggregateFunction::Count, None)]);
    assert_eq!(emit(&columns(plan, &["u", "count"])), "stats count(*) as count by u\n| display u, count");
}

#[test]
fn head_before_stats_is_refused() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: false, span: span() };
    let plan = stats(plan, vec![], vec![("count", AggregateFunction::Count, None)]);
    assert_eq!(
        refusal(&columns(plan, &["count"]), InsightsLevel::Y2026),
        "C402 `stats` can't follow `limit` in Logs Insights"
    );
}

#[test]
fn head_takes_the_newest_events() {
    let plan = Rel::Limit { input: Box::new(scan()), count: 5, last: false, span: span() };
    assert_eq!(emit(&events(plan)), "sort @timestamp desc\n| limit 5\n| fields @timestamp, @message");
}

#[test]
fn dedup_is_the_last_but_limit() {
    let plan = Rel::Distinct { input: Box::new(scan()), keys: vec![field("userIdentity.arn")], count: 1, span: span() };
    let plan = Rel::Limit { input: Box::new(plan), count: 5, last: false, span: span() };
    let plan = extend(plan, "user", field("userIdentity.arn"));
    assert_eq!(
        emit(&columns(plan, &["user", "eventName"])),
        "fields userIdentity.arn as user\n| sort @timestamp desc\n| display user, eventName\n| dedup user\n| limit 5"
    );
}

#[test]
fn what_has_no_equivalent_is_refused_with_its_name() {
    let union = Rel::Union {
        inputs: vec![scan(), stats(scan(), vec![], vec![("count", AggregateFunction::Count, None)])],
        span: span(),
    };
    assert_eq!(
        refusal(&events(union), InsightsLevel::Y2026),
        "C402 Logs Insights can't append the rows of another search, so `append` and `union` have no equivalent"
    );
    let tail = Rel::Limit { input: Box::new(scan()), count: 5, last: true, span: span() };
    assert!(refusal(&events(tail), InsightsLevel::Y2026).contains("`tail`"));
}

#[test]
fn searches_of_the_same_events_become_one_condition() {
    let union = Rel::Union {
        inputs: vec![filter(scan(), is(field("a"), "x")), filter(scan(), is(field("b"), "y"))],
        span: span(),
    };
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &events(union));
    assert_eq!(text.unwrap(), "filter a like /(?i)^x$/ or b like /(?i)^y$/\n| fields @timestamp, @message");
    assert!(said(&diagnostics)[0].starts_with("C403 narrows: the searches become one condition"));
}

#[test]
fn searches_that_exclude_each_other_share_their_conditions() {
    let branch = |e: Expr| filter(scan(), all(vec![is(field("c"), "z"), e]));
    let differs = Expr::compare(CompareOp::Ne, field("a"), text("x"), Case::Insensitive);
    let union = Rel::Union {
        inputs: vec![branch(is(field("a"), "x")), branch(all(vec![differs, is(field("b"), "y")]))],
        span: span(),
    };
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &events(union));
    assert_eq!(
        text.unwrap(),
        "filter c like /(?i)^z$/\n  and (a like /(?i)^x$/ or (ispresent(a) and a not like /(?i)^x$/ and b like /(?i)^y$/))\n\
         | fields @timestamp, @message"
    );
    assert_eq!(said(&diagnostics), [""; 0]);
}

#[test]
fn picking_rows_of_joined_searches_goes_by_time() {
    let union = Rel::Union {
        inputs: vec![filter(scan(), is(field("a"), "x")), filter(scan(), is(field("a"), "y"))],
        span: span(),
    };
    let plan = Rel::Limit { input: Box::new(union), count: 5, last: false, span: span() };
    let (_, diagnostics) = emit_at(InsightsLevel::Core, &events(plan));
    assert!(said(&diagnostics)[0].starts_with("C403 differs: the rows of all searches are taken newest first"));
}

#[test]
fn a_query_that_is_too_long_is_refused() {
    let items: Vec<String> = (0..1500).map(|n| format!("Action{n:05}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let query = events(filter(scan(), one_of(field("eventName"), &items, Case::Insensitive)));
    assert!(refusal(&query, InsightsLevel::Y2026).starts_with("C407 the query has 18"));
}

#[test]
fn a_source_without_a_section_is_refused() {
    let mut plan = scan();
    if let Rel::Scan(scan) = &mut plan {
        scan.source = "nowhere".into();
    }
    assert_eq!(
        refusal(&events(plan), InsightsLevel::Y2026),
        "C402 source `nowhere` has no section `[target.cloudwatch]`"
    );
}
