//! What Sigma can't say is left out where that only widens, and refused where nothing else is left.

use super::*;

const LACKS_GROUPS: &str = "Sigma has no condition on values over several events other than one bound on a count";

/// A condition that Sigma lacks.
fn gap() -> Expr {
    Expr::compare(CompareOp::Lt, field("a"), field("b"), Case::Sensitive)
}

fn and(parts: Vec<Expr>) -> Expr {
    Expr::and(parts, span())
}

fn login() -> Rel {
    filter(scan(), eq(required("eventName"), "ConsoleLogin"))
}

fn src() -> [(&'static str, Expr); 1] {
    [("src", field("sourceIPAddress"))]
}

fn grouped(input: Rel, aggregate: Aggregate) -> Rel {
    stats(input, &src(), vec![("n", aggregate)])
}

/// The rule, and what it says to widen or narrow.
fn widened(plan: Rel) -> (String, Vec<String>) {
    let (text, said) = emit(plan);
    let text = text.unwrap_or_else(|| panic!("{said:?}"));
    (text, said.into_iter().filter(|d| d.starts_with("C403") && !d.contains("differs:")).collect())
}

fn refused(plan: Rel) -> Vec<String> {
    let (text, said) = emit(plan);
    assert_eq!(text, None);
    said
}

fn semi_join(input: Rel, negated: bool) -> Rel {
    let on = vec![(field("a"), "a".into())];
    Rel::SemiJoin { input: Box::new(input), other: Box::new(scan()), on, negated, span: span() }
}

fn table(columns: &[&str]) -> Rel {
    let columns = columns.iter().map(|c| (*c).into()).collect();
    Rel::Values(crate::ir::Values { table: "seen".into(), columns, rows: Vec::new(), external: true, span: span() })
}

fn join(left: Rel, right: Rel, kind: crate::ir::JoinKind, max: Option<u32>) -> Rel {
    let on = vec!["user".into()];
    Rel::Join(crate::ir::Join { left: Box::new(left), right: Box::new(right), kind, on, max, span: span() })
}

fn lookup(input: Rel) -> Rel {
    let table = crate::ir::LookupTable {
        name: "seen".into(),
        columns: vec!["user".into(), "first".into()],
        rows: Vec::new(),
        external: true,
        case_sensitive: false,
        matching: Vec::new(),
        max_matches: 1,
        default_match: None,
    };
    let output = crate::ir::LookupOutput { column: "first".into(), output: "first".into(), keep_existing: false };
    Rel::Lookup(crate::ir::Lookup {
        input: Box::new(input),
        table: std::sync::Arc::new(table),
        on: vec![("user".into(), field("user"))],
        outputs: vec![output],
        span: span(),
    })
}

fn unnest(input: Rel, column: &str) -> Rel {
    Rel::Unnest { input: Box::new(input), column: column.into(), span: span() }
}

#[test]
fn a_member_of_a_conjunction_is_left_out() {
    insta::assert_snapshot!(detection_of(and(vec![eq(field("c"), "x"), gap()])), @r"
    selection:
        c: 'x'
    condition: selection
    ");
    let (_, said) = widened(filter(scan(), and(vec![eq(field("c"), "x"), gap()])));
    assert_eq!(said, ["C403 widens: a condition is left out: Sigma has no order (`<`) between two fields"]);
}

#[test]
fn neither_of_two_is_two_conditions() {
    let neither = not(Expr::or(vec![gap(), eq(field("c"), "x")], span()));
    insta::assert_snapshot!(detection_of(neither), @r"
    filter_c:
        c: 'x'
    condition: not filter_c
    ");
}

#[test]
fn an_alternative_is_left_out_with_its_disjunction_only() {
    let either = Expr::or(vec![gap(), eq(field("c"), "x")], span());
    insta::assert_snapshot!(detection_of(and(vec![either.clone(), eq(field("d"), "y")])), @r"
    selection:
        d: 'y'
    condition: selection
    ");
    assert_eq!(refused(filter(scan(), either)), ["C402 Sigma has no order (`<`) between two fields"]);
    // `not (p and q)` is a disjunction too.
    let not_both = and(vec![gap(), eq(field("c"), "x")]).negate();
    assert_eq!(refused(filter(scan(), not_both)).len(), 1);
}

#[test]
fn what_is_left_out_says_nothing_else() {
    // The readings of the part that could be said go with it.
    let regex = regex(field("c"), r"(?<!x)y");
    let (_, said) = emit(filter(login(), Expr::or(vec![gap(), regex], span())));
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn presence_of_group_keys_alone_selects_nothing() {
    let said = refused(grouped(filter(scan(), gap()), count()));
    assert_eq!(said, ["C402 Sigma has no order (`<`) between two fields"]);
    // Also where the test of a key is pushed down to its fields.
    let key = coalesce(vec![field("c"), field("d")]);
    let pushed = Expr::or(vec![field("c").is_not_null(), field("d").is_not_null()], span());
    let plan = |condition| stats(filter(scan(), and(vec![condition, pushed.clone()])), &[("k", key.clone())], vec![]);
    assert_eq!(refused(plan(gap())), ["C402 Sigma has no order (`<`) between two fields"]);
    let (text, _) = widened(plan(eq(field("e"), "x")));
    assert!(text.contains("        e: 'x'\n    filter_c_absent:\n        c: null\n        d: null\n"), "{text}");
    // A test that the search asks for does select.
    let (text, _) = widened(filter(scan(), and(vec![gap(), field("c").is_not_null()])));
    assert!(text.contains("c|exists: true"), "{text}");
}

#[test]
fn a_search_without_conditions_keeps_its_rule() {
    let (text, _) = widened(over(grouped(scan(), count()), CompareOp::Gt, 100));
    assert!(text.contains("sourceIPAddress|exists: true") && text.contains("gt: 100"), "{text}");
}

#[test]
fn subsearches_are_left_out() {
    let message = "Sigma has no condition computed by another search (a subsearch)";
    for negated in [false, true] {
        let (text, said) = widened(semi_join(login(), negated));
        assert!(text.contains("eventName: 'ConsoleLogin'"), "{text}");
        assert_eq!(said, [format!("C403 widens: a condition is left out: {message}")]);
        assert_eq!(refused(semi_join(scan(), negated)), [format!("C402 {message}")]);
    }
}

#[test]
fn an_inner_join_is_left_out_and_a_left_one_changes_nothing() {
    let right = || table(&["user", "first"]);
    let (_, said) = widened(join(login(), right(), crate::ir::JoinKind::Inner, Some(1)));
    assert_eq!(
        said,
        [
            "C403 widens: a condition is left out: Sigma has no condition that another search has such a row too (`join`)"
        ]
    );
    assert_eq!(widened(join(login(), right(), crate::ir::JoinKind::Left, Some(1))).1, [""; 0]);
}

#[test]
fn a_join_hides_the_columns_that_it_brings() {
    let joined = |right| join(extend(login(), "c", field("x")), right, crate::ir::JoinKind::Left, Some(1));
    let on = |plan, name| widened(filter(plan, eq(field(name), "v")));
    let lost = "C403 widens: a condition is left out: Sigma has no condition on values of another search (`join`)";
    assert_eq!(on(joined(table(&["user", "c"])), "c").1, [lost]);
    assert!(on(joined(table(&["user", "first"])), "c").0.contains("x: 'v'"));
    // Whole events: every field but those joined on.
    assert_eq!(on(joined(scan()), "c").1, [lost]);
    assert_eq!(on(joined(scan()), "other").1, [lost]);
    assert!(on(joined(scan()), "user").0.contains("user: 'v'"));
}

#[test]
fn conditions_on_lookups_and_windows_are_left_out() {
    assert_eq!(widened(lookup(login())).1, [""; 0]);
    let newer = compare(CompareOp::Gt, call("min", vec![field("first")]), 5);
    let (_, said) = widened(filter(lookup(login()), newer));
    assert_eq!(said, ["C403 widens: a condition is left out: Sigma has no condition on values of a lookup (`seen`)"]);
    let window = Rel::Window {
        input: Box::new(login()),
        partition: vec![field("a")],
        frame: crate::ir::Frame::Partition,
        columns: vec![("n".into(), count())],
        span: span(),
    };
    let (_, said) = widened(over(window, CompareOp::Gt, 5));
    assert_eq!(
        said,
        ["C403 widens: a condition is left out: Sigma has no condition on values over several events (`eventstats`)"]
    );
}

#[test]
fn conditions_on_elements_of_a_text_are_left_out() {
    let json = |raw: &str| Expr::column(raw, Type::JSON, true, span());
    let member = |value: Expr, step: Step, ty| {
        Expr::new(ExprKind::JsonPath { value: Box::new(value), path: vec![step] }, ty, true, span())
    };
    let statements = member(json("requestParameters.policyDocument"), Step::Each, Type::many(Scalar::Json));
    let action = member(Expr::column("s", Type::JSON, false, span()), Step::Key("Action".to_owned()), Type::UNKNOWN);
    let (text, said) = widened(filter(unnest(extend(login(), "s", statements), "s"), eq(action, "*")));
    assert!(text.contains("    condition: selection\n"), "{text}");
    assert_eq!(
        said,
        [
            "C403 widens: events without a value in a computed list are left out in SPL, not in Sigma",
            "C403 widens: a condition is left out: Sigma has no condition on one value of a computed list (`mvexpand`)",
        ]
    );
}

#[test]
fn members_of_unnested_objects_have_names() {
    let name = "responseElements.findings{}";
    let member = |key: &str| {
        let value = Box::new(Expr::column("f", Type::UNKNOWN, false, span()));
        let kind = ExprKind::JsonPath { value, path: vec![Step::Key(key.to_owned())] };
        Expr::new(kind, Type::UNKNOWN, true, span())
    };
    let unnested = unnest(extend(login(), "f", list(name)), "f");
    let (text, said) = widened(filter(unnested, and(vec![eq(member("severity"), "HIGH"), eq(member("x"), "y")])));
    assert!(text.contains("        responseElements.findings.severity: 'HIGH'\n"), "{text}");
    assert!(said.iter().any(|d| d.contains("one value of `responseElements.findings{}` must meet all")), "{said:?}");
}

#[test]
fn conditions_on_groups_are_left_out_and_the_base_rule_stays() {
    let average = || aggregate(AggregateFunction::Average, Some(field("size")));
    let (text, said) = widened(over(grouped(login(), average()), CompareOp::Gt, 5));
    assert!(text.contains("eventName: 'ConsoleLogin'") && !text.contains("correlation"), "{text}");
    assert_eq!(
        said,
        ["C403 widens: a condition on groups is left out: Sigma has no bound on an aggregate other than a count"]
    );
    let values = aggregate(AggregateFunction::Values, Some(field("userAgent")));
    let n = Expr::column("n", Type::many(Scalar::Unknown), true, span());
    let said = widened(filter(grouped(login(), values), any(n, |v| eq(v, "curl")))).1;
    assert_eq!(said, [format!("C403 widens: a condition on groups is left out: {LACKS_GROUPS}")]);
    let nothing_else = over(grouped(scan(), average()), CompareOp::Gt, 5);
    assert_eq!(refused(nothing_else), ["C402 Sigma has no bound on an aggregate other than a count"]);
}

#[test]
fn one_bound_stays_and_the_others_are_left_out() {
    // The upper bound stands first in the search; the lower one says more.
    let twice = over(over(grouped(login(), count()), CompareOp::Lt, 50), CompareOp::Gt, 20);
    let (text, said) = widened(twice);
    assert!(text.contains("        gt: 20\n"), "{text}");
    assert_eq!(
        said,
        ["C403 widens: a condition on groups is left out: Sigma has no correlation with more than one bound"]
    );
    let n = || Expr::column("n", Type::INTEGER, false, span());
    let outlier = Expr::compare(CompareOp::Ge, n(), call("sqrt", vec![n()]), Case::Sensitive);
    let (text, said) = widened(filter(over(grouped(login(), count()), CompareOp::Gt, 20), outlier));
    assert!(text.contains("        gt: 20\n"), "{text}");
    assert_eq!(said, [format!("C403 widens: a condition on groups is left out: {LACKS_GROUPS}")]);
}

#[test]
fn a_bound_that_cannot_be_said_gives_the_base_rule() {
    let key = [("k", call("md5", vec![field("c")]))];
    let (text, said) = widened(over(stats(login(), &key, vec![("n", count())]), CompareOp::Gt, 5));
    assert!(!text.contains("correlation"), "{text}");
    assert_eq!(
        said,
        ["C403 widens: a condition on groups is left out: Sigma has no group by or count of calculated values"]
    );
    let all_time =
        Rel::Scan(Scan { source: "cloudtrail".into(), fields: Vec::new(), window: Window::default(), span: span() });
    let plan = grouped(filter(all_time, eq(required("eventName"), "ConsoleLogin")), count());
    let (text, said) = widened(over(plan, CompareOp::Gt, 5));
    assert!(!text.contains("correlation"), "{text}");
    assert!(said[0].contains("Sigma has no correlation without a time span"), "{said:?}");
    let counted = aggregate(AggregateFunction::CountIf, Some(gap()));
    let (text, said) = widened(over(grouped(login(), counted), CompareOp::Gt, 5));
    assert!(!text.contains("correlation"), "{text}");
    assert_eq!(said, ["C403 widens: a condition on groups is left out: Sigma has no order (`<`) between two fields"]);
}

#[test]
fn too_many_events_harm_an_upper_bound_only() {
    let wider = || grouped(filter(login(), gap()), count());
    assert!(widened(over(wider(), CompareOp::Gt, 5)).0.contains("        gt: 5\n"));
    let (text, said) = widened(over(wider(), CompareOp::Lt, 5));
    assert!(!text.contains("correlation"), "{text}");
    assert!(said.iter().any(|d| d.contains("Sigma has no upper bound on a count")), "{said:?}");
    // A condition above the groups is no part of their size.
    let above = filter(over(grouped(login(), count()), CompareOp::Lt, 5), {
        let key = || Expr::column("src", Type::UNKNOWN, false, span());
        Expr::compare(CompareOp::Lt, key(), call("lower", vec![key()]), Case::Sensitive)
    });
    assert!(widened(above).0.contains("        lt: 5\n"));
    let first = Rel::Limit { input: Box::new(login()), count: 9, last: false, span: span() };
    assert!(!widened(over(grouped(first, count()), CompareOp::Le, 5)).0.contains("correlation"));
    assert!(!widened(over(grouped(semi_join(login(), true), count()), CompareOp::Eq, 5)).0.contains("correlation"));
}

#[test]
fn rows_that_one_event_multiplies_are_not_counted() {
    let unnested = || unnest(extend(login(), "v", list("x{}.v")), "v");
    assert!(!widened(over(grouped(unnested(), count()), CompareOp::Gt, 5)).0.contains("correlation"));
    let distinct = || aggregate(AggregateFunction::DistinctCount, Some(field("userAgent")));
    assert!(widened(over(grouped(unnested(), distinct()), CompareOp::Gt, 5)).0.contains("value_count"));
    // Each value has a group of its own.
    let v = [("v", Expr::column("v", Type::UNKNOWN, false, span()))];
    let by_value = stats(unnested(), &v, vec![("n", count())]);
    assert!(widened(over(by_value, CompareOp::Gt, 5)).0.contains("event_count"));
    let joined = |max| join(login(), table(&["user", "c"]), crate::ir::JoinKind::Left, max);
    assert!(!widened(over(grouped(joined(None), count()), CompareOp::Gt, 5)).0.contains("correlation"));
    assert!(widened(over(grouped(joined(Some(1)), count()), CompareOp::Gt, 5)).0.contains("event_count"));
}

#[test]
fn rows_without_events_are_named() {
    let none = stats(login(), &[], vec![("n", aggregate(AggregateFunction::Count, Some(field("c"))))]);
    let (text, said) = widened(over(none, CompareOp::Lt, 1));
    assert!(!text.contains("correlation"), "{text}");
    assert!(said.iter().any(|d| d.starts_with("C403 narrows: a count of 0")), "{said:?}");
}

#[test]
fn rows_of_a_table_beside_events_are_no_events() {
    let union = |a, b| Rel::Union { inputs: vec![a, b], span: span() };
    let known = || table(&["src", "n"]);
    let narrows = "C403 narrows: the rows that lookup `seen` adds are no events, and no rule selects them";
    let (text, said) = widened(over(union(grouped(login(), count()), known()), CompareOp::Gt, 5));
    // The bound is on groups of events; the table's rows pass or not by themselves.
    assert!(text.contains("        gt: 5\n"), "{text}");
    assert_eq!(said, [narrows]);
    let (text, said) = widened(over(grouped(union(login(), known()), count()), CompareOp::Gt, 5));
    assert!(!text.contains("correlation"), "{text}");
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(refused(union(known(), known())), ["C402 Sigma has no rows of a lookup table (`inputlookup seen`)"]);
}

#[test]
fn unions_of_searches() {
    let union = |inputs| Rel::Union { inputs, span: span() };
    let search = |name: &str| filter(scan(), and(vec![eq(field("c"), name), gap()]));
    let (text, said) = widened(union(vec![search("x"), search("y")]));
    assert!(text.contains("        c:\n            - 'x'\n            - 'y'\n"), "{text}");
    assert_eq!(said.len(), 1);
    // An event in both would count twice.
    let (text, _) = widened(over(grouped(union(vec![search("x"), search("y")]), count()), CompareOp::Gt, 5));
    assert!(!text.contains("correlation"), "{text}");
    // A bound on the groups of one search says nothing of the other's.
    let groups = over(grouped(login(), count()), CompareOp::Gt, 5);
    let (text, said) = widened(union(vec![groups, search("x")]));
    assert!(!text.contains("correlation"), "{text}");
    assert!(said.iter().any(|d| d.contains("(a union)")), "{said:?}");
    // A search without conditions selects everything.
    assert_eq!(refused(union(vec![search("x"), filter(scan(), gap())])).len(), 1);
    assert_eq!(
        refused(union(vec![login(), scan()])),
        ["C402 Sigma has no union with a search that selects every event"]
    );
    let lake =
        Rel::Scan(Scan { source: "security_lake".into(), fields: Vec::new(), window: Window::default(), span: span() });
    assert_eq!(
        refused(union(vec![login(), lake])),
        ["C402 Sigma has no rule over several log sources (`cloudtrail` and `security_lake`)"]
    );
}

#[test]
fn a_calculated_field_that_grows_too_large_is_left_out() {
    let mut rel = login();
    for _ in 0..17 {
        let c = || Expr::column("c", Type::STRING, true, span());
        rel = extend(rel, "c", call("replace", vec![c(), c(), c()]));
    }
    let (_, said) = widened(filter(rel, eq(field("c"), "x")));
    assert_eq!(
        said,
        ["C403 widens: a condition is left out: Sigma has no place for a calculated field that grows so large"]
    );
}

#[test]
fn data_models_are_log_sources_of_their_own() {
    for source in ["authentication", "change"] {
        let scan =
            Rel::Scan(Scan { source: source.into(), fields: Vec::new(), window: Window::default(), span: span() });
        let (text, said) = emit(filter(scan, eq(field("action"), "success")));
        let text = text.unwrap();
        assert!(text.contains(&format!("logsource:\n    category: {source}\n")), "{text}");
        assert!(said.iter().any(|d| d.starts_with("C408 Sigma has no taxonomy")), "{said:?}");
    }
}
