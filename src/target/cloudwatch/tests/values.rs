//! Scalar expressions and multivalue fields.

use super::*;
use crate::ir::{ArithmeticOp, RelativeTime, Scalar, Step};

/// The expression as the only column of a result.
fn shown(e: Expr) -> String {
    let text = emit(&columns(extend(scan(), "x", e), &["x"]));
    let text = text.strip_suffix(" as x").unwrap();
    text.strip_prefix("display ").map(str::to_owned).unwrap_or_else(|| text.to_owned())
}

fn any(f: Expr, predicate: impl Fn(Expr) -> Expr) -> Expr {
    let variable = Expr::new(ExprKind::Variable(1), Type::UNKNOWN, false, span());
    let kind = ExprKind::Any { value: Box::new(f), variable: 1, predicate: Box::new(predicate(variable)) };
    Expr::new(kind, Type::BOOLEAN, true, span())
}

#[test]
fn functions_come_from_the_table() {
    assert_eq!(shown(call("lower", vec![field("a")], Type::STRING)), "tolower(a)");
    let args = vec![field("a"), Expr::integer(1, span()), Expr::integer(4, span())];
    assert_eq!(shown(call("substr", args, Type::STRING)), "substr(a, 0, 4)");
}

#[test]
fn a_function_without_an_entry_is_refused() {
    let query = columns(extend(scan(), "x", call("sha512", vec![field("a")], Type::STRING)), &["x"]);
    assert_eq!(
        refusal(&query, InsightsLevel::Y2026),
        "C402 Logs Insights has no equivalent of `sha512` with 1 arguments"
    );
    let query = columns(extend(scan(), "x", call("md5", vec![field("a")], Type::STRING)), &["x"]);
    assert_eq!(refusal(&query, InsightsLevel::Core), "C402 `md5` has no equivalent at language level `core`");
}

#[test]
fn case_needs_no_more_than_ten_branches_at_once() {
    let arms = (0..11).map(|n| (is(field("a"), &format!("x{n}")), text("v"))).collect();
    let out = shown(case_of(arms, Some(text("w"))));
    assert_eq!(out.matches("case(").count(), 1);
    assert!(out.ends_with(r#"if(a like /(?i)^x10$/, "v", "w"))"#), "{out}");
}

#[test]
fn an_arm_without_a_value_takes_its_rows_away() {
    let arms = vec![(is(field("a"), "x"), Expr::null(span())), (is(field("a"), "y"), text("v"))];
    assert_eq!(
        shown(case_of(arms, None)),
        r#"case((not (ispresent(a)) or a not like /(?i)^x$/) and a like /(?i)^y$/, "v")"#
    );
}

#[test]
fn arithmetic_is_parenthesised() {
    let arithmetic = |op, a, b| {
        Expr::new(ExprKind::Arithmetic { op, left: Box::new(a), right: Box::new(b) }, Type::DOUBLE, true, span())
    };
    let sum = arithmetic(ArithmeticOp::Add, typed("a", Type::INTEGER), typed("b", Type::INTEGER));
    let e = arithmetic(ArithmeticOp::Multiply, sum, Expr::double(1.5, span()));
    assert_eq!(shown(e), "(a + b) * 1.5");
}

#[test]
fn times_move_in_seconds() {
    let shift = crate::time::parse_relative("-1d@w1").unwrap();
    let kind = |shift: RelativeTime| ExprKind::RelativeTime { time: Box::new(time()), shift };
    let e = Expr::new(kind(shift), Type::TIME, false, span());
    assert_eq!(shown(e), "(floor((((toMillis(@timestamp) / 1000) - 86400) + 259200) / 604800) * 604800) - 259200");
    let e = Expr::new(kind(crate::time::parse_relative("-1mon").unwrap()), Type::TIME, false, span());
    let query = columns(extend(scan(), "x", e), &["x"]);
    assert!(refusal(&query, InsightsLevel::Y2026).contains("months"));
}

#[test]
fn named_groups_are_fields_of_one_parse() {
    let capture = |group: &str| {
        let kind = ExprKind::Capture {
            value: Box::new(field("userIdentity.arn")),
            regex: "(assumed-role|role)/(?<role>[^/]+)/(?<session>.+)".into(),
            group: group.into(),
            all: false,
            limit: 1,
        };
        Expr::new(kind, Type::UNKNOWN, true, span())
    };
    let plan = extend(extend(scan(), "role", capture("role")), "session", capture("session"));
    let plan = filter(plan, field("role").is_not_null());
    assert_eq!(
        emit(&columns(plan, &["role", "session"])),
        "parse userIdentity.arn /(?:assumed-role|role)\\/(?<role>[^\\/]+)\\/(?<session>.+)/\n\
         | filter ispresent(role)\n| display role, session"
    );
}

#[test]
fn parts_of_a_split_are_parsed() {
    let split = Expr::new(
        ExprKind::Call { function: "split", args: vec![field("userIdentity.arn"), text("/")] },
        Type::many(Scalar::Unknown),
        true,
        span(),
    );
    let e = call("mvindex", vec![split, Expr::integer(-1, span())], Type::UNKNOWN);
    assert_eq!(emit(&columns(extend(scan(), "x", e), &["x"])), "parse userIdentity.arn /(?<x>[^\\/]*)$/\n| display x");
}

#[test]
fn json_text_is_parsed_once() {
    let path = |key: &str| {
        let kind = ExprKind::JsonPath {
            value: Box::new(field("requestParameters.policyDocument")),
            path: vec![Step::Key("Statement".into()), Step::Index(0), Step::Key(key.into())],
        };
        Expr::new(kind, Type::UNKNOWN, true, span())
    };
    let plan = extend(extend(scan(), "e", path("Effect")), "odd", path("aws:x"));
    assert_eq!(
        emit(&columns(plan, &["e", "odd"])),
        "fields jsonParse(requestParameters.policyDocument) as json\n\
         | display json.Statement[0].Effect as e, json.Statement[0].`aws:x` as odd"
    );
}

#[test]
fn paths_of_the_record_are_discovered_fields() {
    let kind = ExprKind::JsonPath {
        value: Box::new(Expr::column("_raw", Type::JSON, false, span())),
        path: vec![Step::Key("requestParameters".into()), Step::Key("x-amz".into()), Step::Index(2)],
    };
    let e = Expr::new(kind, Type::UNKNOWN, true, span());
    assert_eq!(shown(e), "`requestParameters.x-amz.2`");
}

#[test]
fn a_large_expression_used_again_gets_a_name() {
    let parts: Vec<Expr> = (0..8).map(|n| field(&format!("f{n}"))).collect();
    let user = coalesce(parts);
    let plan = filter(extend(scan(), "user", user), some(vec![is(field("user"), "x"), is(field("user"), "y")]));
    let text = emit(&columns(plan, &["user"]));
    assert_eq!(text.matches("coalesce").count(), 2, "{text}");
    assert!(text.ends_with("| display user"), "{text}");
}

#[test]
fn some_value_of_a_list_is_looked_for_in_the_text() {
    let e = any(field("requestParameters.launchPermission.add.items{}.group"), |v| is(v, "all"));
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &events(filter(scan(), e.is_true())));
    assert_eq!(text.unwrap(), "filter @message like /(?i)\"group\"\\s*:\\s*\"all\"/\n| fields @timestamp, @message");
    assert_eq!(
        said(&diagnostics),
        [
            "C403 `requestParameters.launchPermission.add.items{}.group` is looked for by its last key and value in the record's text"
        ]
    );
}

#[test]
fn the_presence_of_a_list_is_that_of_its_key() {
    let e = field("requestParameters.items{}.userId").is_not_null();
    assert_eq!(condition(e), "@message like /\"userId\"\\s*:\\s*/");
}

#[test]
fn exclusion_by_a_list_looks_at_the_first_positions() {
    let e = any(field("a{}.b"), |v| is(v, "x")).is_true().negate();
    let text = condition(e);
    assert!(
        text.starts_with("(not (ispresent(a.b)) or a.b not like /(?i)^x$/)\n  and (not (ispresent(a.0.b)) or"),
        "{text}"
    );
    assert!(text.contains("a.4.b"), "{text}");
}

#[test]
fn a_backtick_in_a_name_is_refused() {
    for e in [field("a`b").is_null(), any(field("a{}.b`c"), |v| is(v, "x")).is_true().negate()] {
        let query = events(filter(scan(), e));
        assert!(refusal(&query, InsightsLevel::Y2026).contains("backtick"));
    }
}

#[test]
fn a_list_is_expanded_by_unnest() {
    let name = "requestParameters.ipPermissions.items{}.ipRanges.items{}.cidrIp";
    let plan = Rel::Unnest { input: Box::new(scan()), column: name.into(), span: span() };
    let plan = filter(plan, field(name).is_not_null());
    let plan = stats(plan, vec![("cidr", field(name))], vec![("count", AggregateFunction::Count, None)]);
    insta::assert_snapshot!(emit(&columns(plan, &["cidr", "count"])), @r"
    fields jsonParse(@message) as json
    | filter ispresent(json.requestParameters.ipPermissions.items)
    | unnest json.requestParameters.ipPermissions.items into item
    | filter ispresent(item.ipRanges.items)
    | unnest item.ipRanges.items into item_1
    | filter ispresent(item_1.cidrIp)
    | stats count(*) as count by item_1.cidrIp as cidr
    | display cidr, count
    ");
}

#[test]
fn paths_go_on_below_an_expanded_element() {
    let statements = ExprKind::JsonPath {
        value: Box::new(field("requestParameters.policyDocument")),
        path: vec![Step::Key("Statement".into()), Step::Each],
    };
    let plan = extend(scan(), "s", Expr::new(statements, Type::many(Scalar::Json), true, span()));
    let plan = Rel::Unnest { input: Box::new(plan), column: "s".into(), span: span() };
    let action = ExprKind::JsonPath { value: Box::new(field("s")), path: vec![Step::Key("Action".into())] };
    let plan = extend(plan, "action", Expr::new(action, Type::UNKNOWN, true, span()));
    let star = Expr::compare(CompareOp::Eq, field("action"), text("*"), Case::Sensitive);
    let plan = stats(
        filter(plan, star),
        vec![("u", field("u"))],
        vec![("s", AggregateFunction::Values, Some(typed("s", Type::UNKNOWN)))],
    );
    insta::assert_snapshot!(emit(&columns(plan, &["u", "s"])), @r#"
    fields jsonParse(requestParameters.policyDocument) as json
    | filter ispresent(json.Statement)
    | unnest json.Statement into item
    | filter ispresent(item)
      and item.Action = "*"
    | stats values(jsonStringify(item)) as s by u
    | display u, s
    "#);
}

#[test]
fn values_of_a_list_show_its_json_text() {
    let name = "resources{}.ARN";
    let plan = stats(scan(), vec![("u", field("u"))], vec![("arn", AggregateFunction::Values, Some(field(name)))]);
    let (text, diagnostics) = emit_at(InsightsLevel::Y2026, &columns(plan, &["u", "arn"]));
    assert_eq!(
        text.unwrap(),
        "fields jsonParse(@message) as json\n| stats values(jsonStringify(json.resources)) as arn by u\n| display u, arn"
    );
    assert!(said(&diagnostics)[0].starts_with("C404 the values of `resources{}.ARN`"));
}

#[test]
fn whole_objects_are_read_from_the_record() {
    assert_eq!(
        emit(&events(filter(scan(), field("requestParameters").is_not_null()))),
        "fields jsonParse(@message) as json\n| filter ispresent(json.requestParameters)\n| display @timestamp, @message"
    );
}

#[test]
fn text_of_rules_never_becomes_syntax() {
    let texts = [
        "\"",
        "\\",
        "\\\"",
        "a\" | limit 1 | fields \"b",
        "x/ | limit 1",
        "`",
        "a` | limit 1",
        "#",
        "\n| limit 1",
        "$",
        "(?i)",
        "é\u{2028}",
    ];
    let mut emitted = 0;
    for t in texts {
        let sensitive = Expr::compare(CompareOp::Eq, field("f"), text(t), Case::Sensitive);
        let term =
            Expr::new(ExprKind::Term { pattern: Pattern::new([Piece::Text(t.into())]) }, Type::BOOLEAN, false, span());
        let regex =
            Expr::new(ExprKind::Regex { value: Box::new(field("f")), regex: t.into() }, Type::BOOLEAN, true, span());
        let conditions = [
            sensitive,
            is(field("f"), t),
            is(field("f"), t).is_true().negate(),
            wildcard(field("f"), &format!("*{t}*{t}")),
            one_of(field("f"), &[t, "b"], Case::Sensitive),
            is(call("lower", vec![field(t)], Type::STRING), t),
            any(field("a{}.b"), |v| is(v, t)),
            any(field(&format!("a{{}}.{t}")), |v| is(v, t)).is_true().negate(),
            term,
            regex,
        ];
        for condition in conditions {
            let (body, _) = emit_at(InsightsLevel::Y2026, &events(filter(scan(), condition)));
            let Some(body) = body else { continue };
            emitted += 1;
            assert_eq!(crate::target::cloudwatch::check::commands(&body).unwrap(), ["filter", "fields"], "{body}");
        }
        let plan = extend(extend(scan(), t, text(t)), "y", call("upper", vec![text(t)], Type::STRING));
        let (body, _) = emit_at(InsightsLevel::Y2026, &columns(plan, &[t, "y"]));
        if let Some(body) = body {
            emitted += 1;
            assert_eq!(crate::target::cloudwatch::check::commands(&body).unwrap(), ["display"], "{body}");
        }
    }
    assert!(emitted > 100, "{emitted}");
}
