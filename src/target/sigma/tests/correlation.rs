//! Bounds on counts.

use super::*;

fn correlation_of(plan: Rel) -> (String, Vec<String>) {
    let (text, said) = emit(plan);
    let text = text.unwrap_or_else(|| panic!("{said:?}"));
    let (base, correlation) = text.split_once("---\n").unwrap();
    assert!(base.contains("name: aws_lambda_updatefunctioncode_events\n"), "{base}");
    assert!(!base.contains("level:") && !base.contains("status:"), "{base}");
    let start = correlation.find("correlation:\n").unwrap();
    let end = correlation.find("falsepositives:").unwrap();
    (correlation[start..end].to_owned(), said)
}

fn grouped(aggregate: Aggregate, keys: &[(&str, Expr)]) -> Rel {
    let selected = filter(scan(), eq(required("eventName"), "ConsoleLogin"));
    stats(selected, keys, vec![("n", aggregate)])
}

#[test]
fn a_bound_on_a_count_becomes_a_correlation() {
    let keys = [("src", field("sourceIPAddress")), ("product", text("AWS CloudTrail"))];
    let (text, said) = correlation_of(over(grouped(count(), &keys), CompareOp::Gt, 5));
    insta::assert_snapshot!(text, @r"
    correlation:
        type: event_count
        rules:
            - aws_lambda_updatefunctioncode_events
        group-by:
            - sourceIPAddress
        timespan: 1h
        condition:
            gt: 5
    ");
    assert_eq!(
        said,
        [
            "C403 differs: SPL counts over the search's own time window, Sigma in any window of 1h",
            "C404 the rule finds the groups; the columns of their rows are left to whoever reads them",
        ]
    );
}

#[test]
fn a_bound_on_distinct_values_in_bins() {
    let time = Expr::column("_time", Type::TIME, false, span());
    let bin = Expr::new(ExprKind::Bin { value: Box::new(time), span: 300.0 }, Type::TIME, false, span());
    let keys = [("_time", bin), ("user", user_name())];
    let distinct = aggregate(AggregateFunction::DistinctCount, Some(field("requestParameters.bucketName")));
    let (text, said) = correlation_of(over(grouped(distinct, &keys), CompareOp::Ge, 10));
    insta::assert_snapshot!(text, @r"
    correlation:
        type: value_count
        rules:
            - aws_lambda_updatefunctioncode_events
        group-by:
            - userIdentity.arn
        timespan: 5m
        condition:
            field: requestParameters.bucketName
            gte: 10
    ");
    assert_eq!(
        said[..2],
        [
            "C403 differs: groups by `userIdentity.arn` in place of a calculated field that no event has",
            "C403 differs: SPL counts in fixed windows of 5m, Sigma in any window of that length",
        ]
    );
}

#[test]
fn a_conditional_count_counts_a_narrower_rule() {
    let failed = aggregate(AggregateFunction::CountIf, Some(eq_cased(field("errorCode"), "AccessDenied")));
    let plan = over(grouped(failed, &[("src", field("sourceIPAddress"))]), CompareOp::Gt, 3);
    let (text, _) = emit(plan);
    let text = text.unwrap();
    assert!(text.contains("        eventName: 'ConsoleLogin'\n        errorCode|cased: 'AccessDenied'\n"), "{text}");
    assert!(text.contains("type: event_count"));
}

#[test]
fn bounds_that_exclude_nothing_need_no_correlation() {
    let (text, _) = emit(over(grouped(count(), &[("src", field("sourceIPAddress"))]), CompareOp::Gt, 0));
    assert!(!text.unwrap().contains("correlation"));
}

#[test]
fn conditions_on_keys_select_events() {
    let plan = filter(grouped(count(), &[("src", field("sourceIPAddress"))]), not(eq(field("src"), "10.0.0.1")));
    let (text, _) = emit(plan);
    let text = text.unwrap();
    assert!(text.contains("    filter_source_ip_address:\n        sourceIPAddress: '10.0.0.1'\n"), "{text}");
}

#[test]
fn a_calculated_key_that_sigma_cannot_test_widens() {
    let key = call("mvfind", vec![field("a"), text("x")]);
    let (text, said) = emit(grouped(count(), &[("k", key)]));
    assert!(text.is_some());
    assert_eq!(said[0], "C403 widens: events that lack a calculated key are left out in SPL, not in Sigma");
}
