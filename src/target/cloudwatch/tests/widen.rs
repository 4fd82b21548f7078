//! Conditions that are left out.

use super::*;
use crate::ir::{Frame, Values};

fn window(input: Rel, partition: Vec<Expr>, frame: Frame, name: &str, of: Expr) -> Rel {
    let aggregate = Aggregate {
        function: AggregateFunction::Average,
        argument: Some(of),
        ty: Type::DOUBLE,
        nullable: true,
        span: span(),
    };
    Rel::Window { input: Box::new(input), partition, frame, columns: vec![(name.into(), aggregate)], span: span() }
}

fn number(name: &str) -> Expr {
    typed(name, Type::DOUBLE)
}

fn above(e: Expr, n: i64) -> Expr {
    Expr::compare(CompareOp::Gt, e, Expr::integer(n, span()), Case::Sensitive)
}

/// `search a=x | stats count by user | eventstats avg(count) as mean`.
fn counted() -> Rel {
    let plan = filter(scan(), is(field("a"), "x"));
    let plan = stats(plan, vec![("user", required("user"))], vec![("count", AggregateFunction::Count, None)]);
    window(plan, vec![], Frame::Partition, "mean", number("count"))
}

#[test]
fn a_condition_on_an_aggregate_beside_the_rows_is_left_out() {
    let over = Expr::compare(CompareOp::Gt, number("count"), number("mean"), Case::Sensitive);
    let plan = filter(counted(), all(vec![above(number("count"), 20), over]));
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["user", "count", "mean"]));
    assert_eq!(
        text.unwrap(),
        "filter a like /(?i)^x$/\n| stats count(*) as count by user\n| filter count > 20\n| display user, count"
    );
    assert_eq!(
        said(&diagnostics),
        [
            "C403 widens: the condition on `mean` is left out, since Logs Insights has no equivalent of `eventstats`",
            "C403 the column `mean` is not shown, for want of `eventstats`",
        ]
    );
}

#[test]
fn whole_conjuncts_go_never_parts_of_alternatives() {
    let either = some(vec![above(number("count"), 20), above(number("mean"), 5)]);
    let not = all(vec![above(number("count"), 30), above(number("mean"), 6)]).negate();
    let plan = filter(counted(), all(vec![either, not, above(number("count"), 40)]));
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["user"]));
    assert!(text.unwrap().contains("| filter count > 40\n| display"));
    assert_eq!(said(&diagnostics).len(), 1, "{diagnostics:?}");
}

#[test]
fn columns_made_of_left_out_ones_are_not_shown() {
    let plan = extend(counted(), "flag", case_of(vec![(above(number("mean"), 1), text("high"))], Some(text("low"))));
    let (text, diagnostics) = emit_at(InsightsLevel::Y2026, &columns(plan, &["user", "mean", "flag"]));
    assert!(text.unwrap().ends_with("| display user"));
    assert_eq!(said(&diagnostics), ["C403 the columns `mean`, `flag` are not shown, for want of `eventstats`"]);
}

#[test]
fn nothing_but_left_out_conditions_is_refused() {
    let plan = window(scan(), vec![field("user")], Frame::Partition, "mean", number("size"));
    let plan = filter(plan, all(vec![above(number("mean"), 1), field("user").is_not_null()]));
    let refused = refusal(&columns(plan, &["user"]), InsightsLevel::Y2026);
    assert_eq!(refused, "C402 without the conditions that can't be said every event would be found");
}

#[test]
fn groups_can_be_left_in_but_not_counted_events() {
    let plan = |frame, key: &str| {
        let plan = window(filter(scan(), is(field("a"), "x")), vec![required("user")], frame, "mean", number("size"));
        let plan = filter(plan, above(number("mean"), 1));
        columns(stats(plan, vec![(key, required(key))], vec![("n", AggregateFunction::Count, None)]), &["n"])
    };
    let running = Frame::Running { current: false, rows: None };
    assert!(
        emit(&plan(Frame::Partition, "user")).starts_with("filter a like /(?i)^x$/\n| stats count(*) as n by user")
    );
    for query in [plan(Frame::Partition, "eventName"), plan(running, "user")] {
        assert!(refusal(&query, InsightsLevel::Y2026).starts_with("C402 `stats` would count the events"));
    }
}

#[test]
fn rows_that_are_picked_differ() {
    let plan = filter(counted(), above(number("mean"), 1));
    let plan = Rel::Limit { input: Box::new(plan), count: 5, last: false, span: span() };
    let (_, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["user"]));
    assert!(said(&diagnostics).iter().any(|d| d.starts_with("C403 differs: `head` picks among more rows")));
}

#[test]
fn sorting_by_a_column_that_is_not_there_is_left_out() {
    let keys = vec![crate::ir::SortKey { expr: number("mean"), descending: true, order: crate::ir::SortOrder::Number }];
    let sorted = |limit| Rel::Sort { input: Box::new(counted()), keys: keys.clone(), limit, span: span() };
    assert!(emit(&columns(sorted(None), &["user"])).ends_with("by user\n| display user"));
    let refused = refusal(&columns(sorted(Some(3)), &["user"]), InsightsLevel::Y2026);
    assert!(refused.starts_with("C402 `mean` comes from `eventstats`"));
}

fn subsearch(input: Rel, other: Rel, negated: bool) -> Rel {
    Rel::SemiJoin {
        input: Box::new(input),
        other: Box::new(other),
        on: vec![(field("user"), "user".into())],
        negated,
        span: span(),
    }
}

#[test]
fn a_condition_by_unknown_rows_is_left_out() {
    let table = Rel::Values(Values {
        table: "known_users".into(),
        columns: vec!["user".into()],
        external: true,
        rows: Vec::new(),
        span: span(),
    });
    let input = || filter(scan(), is(field("a"), "x"));
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &events(subsearch(input(), table.clone(), true)));
    assert_eq!(text.unwrap(), "filter a like /(?i)^x$/\n| fields @timestamp, @message");
    assert_eq!(
        said(&diagnostics),
        ["C403 widens: the exclusion by a subsearch is left out, since the rows of table `known_users` are not known"]
    );
    // That the field is there stays.
    let text = emit(&events(subsearch(input(), scan(), false)));
    assert_eq!(text, "filter a like /(?i)^x$/\n  and ispresent(user)\n| fields @timestamp, @message");
    let refused = refusal(&events(subsearch(scan(), table, false)), InsightsLevel::Y2026);
    assert!(refused.starts_with("C402 without the conditions"));
}
