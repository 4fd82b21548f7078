//! Conditions on events.

use super::*;

#[test]
fn search_compares_without_case_and_where_with() {
    insta::assert_snapshot!(detection_of(eq(field("a"), "Xy")), @r"
    selection:
        a: 'Xy'
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(eq_cased(field("a"), "Xy")), @r"
    selection:
        a|cased: 'Xy'
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(eq_cased(field("a"), "10-2")), @r"
    selection:
        a: '10-2'
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(like(field("a"), "*Xy", Case::Sensitive)), @r"
    selection:
        a|endswith|cased: 'Xy'
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(eq_cased(call("lower", vec![field("a")]), "xy")), @r"
    selection:
        a: 'xy'
    condition: selection
    ");
}

#[test]
fn search_not_keeps_events_without_the_field_and_unequal_does_not() {
    insta::assert_snapshot!(detection_of(not(eq(field("a"), "x"))), @r"
    filter_a:
        a: 'x'
    condition: not filter_a
    ");
    let unequal = Expr::compare(CompareOp::Ne, field("a"), text("x"), Case::Insensitive);
    insta::assert_snapshot!(detection_of(unequal), @r"
    selection:
        a|exists: true
    filter_a:
        a: 'x'
    condition: selection and not filter_a
    ");
    let three_valued = Expr::or(vec![eq(field("a"), "x"), eq(field("b"), "y")], span()).negate();
    insta::assert_snapshot!(detection_of(three_valued), @r"
    selection:
        a|exists: true
        b|exists: true
    filter_a:
        a: 'x'
    filter_b:
        b: 'y'
    condition: selection and not filter_a and not filter_b
    ");
    let required_field = Expr::compare(CompareOp::Ne, required("eventName"), text("x"), Case::Insensitive);
    insta::assert_snapshot!(detection_of(required_field), @r"
    filter_event_name:
        eventName: 'x'
    condition: not filter_event_name
    ");
}

#[test]
fn lists_of_values_with_and_without_wildcards() {
    let e = Expr::or(vec![one_of(field("a"), &["x", "y"]), like(field("a"), "z*", Case::Insensitive)], span());
    insta::assert_snapshot!(detection_of(e), @r"
    selection:
        a:
            - 'x'
            - 'y'
            - 'z*'
    condition: selection
    ");
    let e =
        Expr::or(vec![like(field("a"), "x*", Case::Insensitive), like(field("a"), "y*", Case::Insensitive)], span());
    insta::assert_snapshot!(detection_of(e), @r"
    selection:
        a|startswith:
            - 'x'
            - 'y'
    condition: selection
    ");
}

#[test]
fn presence_and_absence() {
    insta::assert_snapshot!(detection_of(field("a").is_null()), @r"
    selection:
        a: null
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(like(field("a"), "*", Case::Insensitive)), @r"
    selection:
        a|exists: true
    condition: selection
    ");
}

#[test]
fn numbers_networks_and_other_fields() {
    let e = Expr::and(
        vec![
            compare(CompareOp::Ge, Expr::column("n", Type::INTEGER, true, span()), 5),
            predicate(ExprKind::InCidr { value: Box::new(field("ip")), cidr: "10.1.0.0/8".to_owned() }, true),
            Expr::compare(CompareOp::Eq, field("a.b"), field("c.d"), Case::Sensitive),
            regex(field("arn"), r"(?i)^arn:\w+:"),
            compare(CompareOp::Eq, field("port"), 22),
        ],
        span(),
    );
    insta::assert_snapshot!(detection_of(e), @r"
    selection:
        n|gte: 5
        ip|cidr: '10.0.0.0/8'
        a.b|fieldref: 'c.d'
        arn|re|i: '^arn:[A-Za-z0-9_]+:'
        port: 22
    condition: selection
    ");
}

#[test]
fn nasty_values_stay_in_their_literals() {
    for value in ["*", "a: b # c", "it's \"x\"", "two\nlines", r"C:\*", "- x", "日本🦀", "{{ rule }}", "%x%", "yes"]
    {
        let (text, _) = emit(filter(scan(), eq(field("a"), value)));
        let read: serde_yaml::Value = serde_yaml::from_str(&text.unwrap()).unwrap();
        let expected = super::value::with_wildcards(&Pattern::new([Piece::Text(value.to_owned())]));
        assert_eq!(read["detection"]["selection"]["a"].as_str(), Some(expected.as_str()), "{value}");
        assert_eq!(read["detection"]["condition"].as_str(), Some("selection"));
    }
}

#[test]
fn the_last_part_of_an_arn_is_compared_as_an_ending() {
    let user = || {
        coalesce(vec![field("userIdentity.userName"), call("replace", vec![field("arn"), text("^.*[:/]"), text("")])])
    };
    insta::assert_snapshot!(detection_of(eq(user(), "root").is_true()), @r"
    selection_user_name:
        userIdentity.userName: 'root'
    selection_user_name_absent:
        userIdentity.userName: null
        arn:
            - 'root'
            - '*:root'
            - '*/root'
    condition: selection_user_name or selection_user_name_absent
    ");
    assert_eq!(diagnostics_of(like(user(), "adm*", Case::Insensitive)).len(), 1);
    assert_eq!(diagnostics_of(like(user(), "*adm", Case::Insensitive)), Vec::<String>::new());
}

#[test]
fn a_table_of_outcomes_becomes_the_conditions_that_lead_to_it() {
    let arms = vec![
        (one_of(required("eventName"), &["CreateUser", "RunInstances"]), text("created")),
        (one_of(required("eventName"), &["DeleteUser"]), text("deleted")),
        (eq(required("eventName"), "Other"), text("other")),
    ];
    let kind = ExprKind::Case { arms, otherwise: None };
    let action = Expr::new(kind, Type::STRING, true, span());
    insta::assert_snapshot!(detection_of(eq(action.clone(), "deleted")), @r"
    selection:
        eventName: 'DeleteUser'
    condition: selection
    ");
    insta::assert_snapshot!(detection_of(action.is_null()), @r"
    filter_event_name:
        eventName:
            - 'CreateUser'
            - 'RunInstances'
            - 'DeleteUser'
            - 'Other'
    condition: not filter_event_name
    ");
}

#[test]
fn some_element_of_a_list_is_approximate() {
    let cidr = "requestParameters.ipPermissions.items{}.ipRanges.items{}.cidrIp";
    let e = any(list(cidr), |v| eq(v, "0.0.0.0/0")).is_true();
    insta::assert_snapshot!(detection_of(e.clone()), @r"
    selection:
        requestParameters.ipPermissions.items.ipRanges.items.cidrIp: '0.0.0.0/0'
    condition: selection
    ");
    let said = diagnostics_of(e);
    assert!(
        matches!(said.as_slice(), [d] if d.starts_with("C403 differs: `requestParameters.ipPermissions")),
        "{said:?}"
    );
    let both = any(list("a{}.b"), |v| {
        Expr::and(vec![like(v.clone(), "x*", Case::Insensitive), like(v, "*y", Case::Insensitive)], span())
    });
    assert!(diagnostics_of(both).iter().any(|d| d.starts_with("C403 widens: one value of `a{}.b`")));
}

#[test]
fn some_element_that_differs_is_refused() {
    let differs = any(list("a{}.b"), |v| Expr::compare(CompareOp::Ne, v, text("x"), Case::Insensitive));
    let (text, said) = emit(filter(scan(), differs));
    assert_eq!(text, None);
    assert_eq!(said, ["C402 Sigma has no test that some value of the list `a{}.b` differs"]);
    // No element that equals is fine.
    let none = not(any(list("a{}.b"), |v| eq(v, "x")));
    insta::assert_snapshot!(detection_of(none), @r"
    filter_b:
        a.b: 'x'
    condition: not filter_b
    ");
}

#[test]
fn members_of_raw_objects_have_names_and_those_of_texts_do_not() {
    let member = |raw: &str| {
        let value = Box::new(Expr::column(raw, Type::JSON, true, span()));
        let path = vec![Step::Key("tags".to_owned()), Step::Each, Step::Key("key".to_owned())];
        Expr::new(ExprKind::JsonPath { value, path }, Type::many(Scalar::Unknown), true, span())
    };
    insta::assert_snapshot!(detection_of(any(member("requestParameters"), |v| eq(v, "x"))), @r"
    selection:
        requestParameters.tags.key: 'x'
    condition: selection
    ");
    let inside = any(member("requestParameters.policyDocument"), |v| eq(v, "x"));
    assert_eq!(diagnostics_of(inside), ["C402 Sigma has no access to values inside a JSON text (`spath`)"]);
}

#[test]
fn what_sigma_lacks_is_named() {
    let sum = Expr::new(
        ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(field("a")), right: Box::new(field("b")) },
        Type::DOUBLE,
        true,
        span(),
    );
    let e = Expr::and(
        vec![
            compare(CompareOp::Gt, sum, 3),
            compare(CompareOp::Gt, call("len", vec![field("a")]), 3),
            regex(field("a"), r"\p{L}"),
            Expr::compare(CompareOp::Lt, field("a"), field("b"), Case::Sensitive),
        ],
        span(),
    );
    assert_eq!(
        diagnostics_of(e),
        [
            "C402 Sigma has no arithmetic (`+`) in a condition",
            "C402 Sigma has no function like `len` in a condition",
            "C402 Sigma has no regular expression with an escape without an equivalent",
            "C402 Sigma has no order (`<`) between two fields",
        ]
    );
}

#[test]
fn texts_that_may_be_numbers_narrow_an_order() {
    let said = diagnostics_of(compare(CompareOp::Gt, field("size"), 10));
    assert_eq!(said, ["C403 narrows: values of `size` that are no numbers compare as text in SPL only"]);
}

#[test]
fn terms_become_keywords() {
    let pattern = Pattern::new([Piece::Text("Security Group".to_owned())]);
    let e = Expr::and(vec![predicate(ExprKind::Term { pattern }, false), eq(field("a"), "x")], span());
    insta::assert_snapshot!(detection_of(e.clone()), @r"
    selection:
        a: 'x'
    keywords:
        - 'Security Group'
    condition: selection and keywords
    ");
    assert!(diagnostics_of(e)[0].starts_with("C403"));
}

#[test]
fn a_contradiction_is_no_rule() {
    let e = Expr::and(vec![field("a").is_null(), eq(field("a"), "x")], span());
    let (text, said) = emit(filter(scan(), e));
    assert_eq!((text, said.len()), (None, 1));
    let (text, _) = emit(filter(scan(), eq(text_constant(), "b")));
    assert_eq!(text, None);
}

fn text_constant() -> Expr {
    text("a")
}

#[test]
fn a_rule_without_a_condition_selects_every_event() {
    let (text, _) = emit(stats(scan(), &[], vec![("count", count())]));
    assert!(text.unwrap().contains("        eventTime|exists: true\n"));
}

#[test]
fn a_condition_on_the_time_is_left_to_the_window() {
    let time = Expr::column("_time", Type::TIME, false, span());
    let now = Expr::new(ExprKind::Now, Type::TIME, false, span());
    let e = Expr::and(vec![Expr::compare(CompareOp::Lt, time, now, Case::Sensitive), eq(field("a"), "x")], span());
    insta::assert_snapshot!(detection_of(e.clone()), @r"
    selection:
        a: 'x'
    condition: selection
    ");
    assert!(diagnostics_of(e)[0].starts_with("C408"));
}

#[test]
fn null_constants_are_never_true() {
    let null = Expr::new(ExprKind::Literal(Literal::Null), Type::UNKNOWN, true, span());
    let e = Expr::or(vec![Expr::compare(CompareOp::Eq, null, text("x"), Case::Sensitive), eq(field("a"), "y")], span());
    insta::assert_snapshot!(detection_of(e), @r"
    selection:
        a: 'y'
    condition: selection
    ");
}
