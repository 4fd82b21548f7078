//! Conditions.

use super::*;
use crate::ir::Literal;

#[test]
fn equality_ignores_case_by_an_anchored_expression() {
    assert_eq!(condition(is(field("eventName"), "a.b/c")), r"eventName like /(?i)^a\.b\/c$/");
}

#[test]
fn equality_of_where_is_plain() {
    let e = Expr::compare(CompareOp::Eq, field("eventName"), text("DeleteTrail"), Case::Sensitive);
    assert_eq!(condition(e), r#"eventName = "DeleteTrail""#);
}

#[test]
fn quotes_and_backslashes_of_a_rule_stay_inside_an_expression() {
    let e = Expr::compare(CompareOp::Eq, field("f"), text(r#"a" or "b\"#), Case::Sensitive);
    assert_eq!(condition(e), r#"f like /^a" or "b\\$/"#);
}

#[test]
fn a_number_may_be_held_as_number_or_text() {
    assert_eq!(condition(is(field("port"), "22")), r#"port = 22 or port = "22""#);
    assert_eq!(condition(is(typed("accountId", Type::STRING), "22")), r#"accountId = "22""#);
    assert_eq!(condition(is(field("f"), "007")), r#"f = "007""#);
}

#[test]
fn lists_become_one_alternation() {
    let e = one_of(field("eventName"), &["DeleteRule", "Delete.Trail"], Case::Insensitive);
    assert_eq!(condition(e), r"eventName like /(?i)^(DeleteRule|Delete\.Trail)$/");
    let e = one_of(field("eventName"), &["A", "B"], Case::Sensitive);
    assert_eq!(condition(e), r#"eventName in ["A", "B"]"#);
}

#[test]
fn wildcards_at_the_end_need_no_anchor() {
    assert_eq!(condition(wildcard(field("eventName"), "Update*")), "eventName like /(?i)^Update/");
    assert_eq!(condition(wildcard(field("a"), "x*y")), r"a like /(?i)^x[\s\S]*y$/");
}

#[test]
fn not_keeps_events_without_the_field() {
    let e = is(field("a"), "x").is_true().negate();
    assert_eq!(condition(e), "not (ispresent(a)) or a not like /(?i)^x$/");
}

#[test]
fn three_valued_negation_needs_the_field() {
    let e = is(field("a"), "x").negate();
    assert_eq!(condition(e), "ispresent(a) and a not like /(?i)^x$/".replace(" and ", "\n  and "));
    let e = Expr::compare(CompareOp::Ne, field("a"), text("x"), Case::Insensitive);
    assert_eq!(condition(e), "ispresent(a)\n  and a not like /(?i)^x$/");
}

#[test]
fn a_required_field_needs_no_guard() {
    let e = is(required("eventName"), "x").is_true().negate();
    assert_eq!(condition(e), "eventName not like /(?i)^x$/");
}

#[test]
fn negation_is_pushed_down_to_the_tests() {
    let e = some(vec![is(field("a"), "x"), is(field("b"), "1y")]).is_true().negate();
    assert_eq!(
        condition(e),
        "(not (ispresent(a)) or a not like /(?i)^x$/)\n  and (not (ispresent(b)) or b not like /(?i)^1y$/)"
    );
    let e = all(vec![is(field("a"), "x"), field("b").is_null()]).is_true().negate();
    assert_eq!(condition(e), "not (ispresent(a)) or a not like /(?i)^x$/ or ispresent(b)");
}

#[test]
fn presence_is_tested_by_ispresent() {
    assert_eq!(condition(field("a").is_not_null()), "ispresent(a)");
    assert_eq!(condition(field("a").is_null()), "not (ispresent(a))");
    assert_eq!(condition(coalesce(vec![field("a"), field("b")]).is_not_null()), "ispresent(a) or ispresent(b)");
}

#[test]
fn a_calculated_error_code_needs_no_case() {
    // What `errorCode=success` means: absent, and no failed console login.
    let failed = Expr::compare(CompareOp::Eq, field("responseElements.ConsoleLogin"), text("Failure"), Case::Sensitive);
    let e = all(vec![field("errorCode").is_null(), failed.is_true().negate()]);
    assert_eq!(
        condition(e),
        "not (ispresent(errorCode))\n  and (not (ispresent(responseElements.ConsoleLogin)) or responseElements.ConsoleLogin != \"Failure\")"
    );
}

#[test]
fn a_test_of_case_is_taken_apart() {
    let arms = vec![(is(field("a"), "x"), text("read")), (is(field("b"), "x"), text("deleted"))];
    let e = is(case_of(arms, Some(text("other"))), "deleted");
    let query = events(filter(scan(), e));
    let (text, _) = emit_at(InsightsLevel::Core, &query);
    assert_eq!(
        text.unwrap(),
        "filter (not (ispresent(a)) or a not like /(?i)^x$/)\n  and b like /(?i)^x$/\n| fields @timestamp, @message"
    );
}

#[test]
fn a_test_of_coalesce_with_a_constant_is_taken_apart() {
    let e = is(coalesce(vec![field("a"), text("success")]), "success");
    assert_eq!(condition(e), "a like /(?i)^success$/ or not (ispresent(a))");
}

#[test]
fn numbers_compare_as_numbers() {
    let e = Expr::compare(CompareOp::Gt, typed("n", Type::INTEGER), Expr::integer(5, span()), Case::Sensitive);
    assert_eq!(condition(e), "n > 5");
    let e = Expr::compare(CompareOp::Gt, field("n"), Expr::integer(5, span()), Case::Sensitive);
    let (body, diagnostics) = emit_at(InsightsLevel::Y2026, &events(filter(scan(), e)));
    assert_eq!(body.unwrap(), "filter isNumeric(n)\n  and n > 5\n| fields @timestamp, @message");
    assert_eq!(
        said(&diagnostics),
        ["C403 values that are no numbers never satisfy this comparison, while SPL compares them as text"]
    );
}

#[test]
fn a_negated_number_comparison_is_right_for_absent_fields() {
    let e = Expr::compare(CompareOp::Ne, typed("n", Type::INTEGER), Expr::integer(5, span()), Case::Sensitive);
    assert_eq!(condition(e), "ispresent(n)\n  and n != 5");
    let e = Expr::compare(CompareOp::Ne, field("n"), Expr::integer(5, span()), Case::Sensitive).is_true().negate();
    assert_eq!(condition(e), "not (ispresent(n)) or n = 5 or n = \"5\"");
}

#[test]
fn two_fields_need_both() {
    let e = Expr::compare(CompareOp::Eq, field("a"), field("b"), Case::Insensitive);
    assert_eq!(condition(e), "ispresent(a)\n  and ispresent(b)\n  and tolower(a) = tolower(b)");
}

#[test]
fn addresses_are_tested_by_block() {
    let kind = ExprKind::InCidr { value: Box::new(field("src")), cidr: "10.0.0.0/8".into() };
    let e = Expr::new(kind, Type::BOOLEAN, true, span());
    assert_eq!(condition(e.clone()), r#"isIpInSubnet(src, "10.0.0.0/8")"#);
    assert_eq!(condition(e.is_true().negate()), r#"not (ispresent(src)) or not (isIpInSubnet(src, "10.0.0.0/8"))"#);
}

#[test]
fn an_expression_that_the_engine_lacks_is_refused() {
    let kind = ExprKind::Regex { value: Box::new(field("a")), regex: "(?=x)y".into() };
    let e = Expr::new(kind, Type::BOOLEAN, true, span());
    assert_eq!(
        refusal(&events(filter(scan(), e)), InsightsLevel::Y2026),
        "C402 the regular expression has a lookahead, which the engine of Logs Insights lacks"
    );
}

#[test]
fn a_bare_word_widens() {
    let term = |want: bool| {
        let kind = ExprKind::Term { pattern: Pattern::new([Piece::Text("root".into())]) };
        let e = Expr::new(kind, Type::BOOLEAN, false, span());
        if want { e } else { e.negate() }
    };
    assert_eq!(condition(term(true)), "@message like /(?i)root/");
    assert_eq!(condition(term(false)), "@message not like /(?i)(^|[^A-Za-z0-9])root($|[^A-Za-z0-9])/");
}

#[test]
fn every_unsupported_part_of_a_condition_is_reported() {
    let bad = |re: &str| {
        let kind = ExprKind::Regex { value: Box::new(field("a")), regex: re.into() };
        Expr::new(kind, Type::BOOLEAN, true, span())
    };
    let (text, diagnostics) =
        emit_at(InsightsLevel::Y2026, &events(filter(scan(), all(vec![bad("(?=x)"), bad(r"\1")]))));
    assert_eq!(text, None);
    assert_eq!(said(&diagnostics).len(), 2);
}

#[test]
fn constants_disappear() {
    let e = some(vec![
        Expr::new(ExprKind::Literal(Literal::Boolean(false)), Type::BOOLEAN, false, span()),
        is(field("a"), "1"),
    ]);
    assert_eq!(condition(e), "a = 1 or a = \"1\"");
    let query = events(filter(scan(), Expr::boolean(true, span())));
    assert_eq!(emit(&query), "fields @timestamp, @message");
    assert_eq!(condition(Expr::boolean(false, span())), "ispresent(@timestamp) and not (ispresent(@timestamp))");
}

/// Evaluates emitted forms under both guesses about absent fields and compares them with three-valued logic.
mod forms {
    use super::super::super::ast::{Expr as Tree, Field, Operator};
    use super::*;
    use crate::target::cloudwatch::lower;

    /// `absent`: what a test of an absent field gives.
    fn holds(e: &Tree, a: Option<&str>, b: Option<&str>, absent: bool) -> bool {
        let value = |e: &Tree| match e {
            Tree::Field(Field::Raw(name)) if name == "a" => a,
            Tree::Field(Field::Raw(name)) if name == "b" => b,
            other => panic!("{other:?}"),
        };
        match e {
            Tree::Bool(b) => *b,
            Tree::Not(inner) => !holds(inner, a, b, absent),
            Tree::And(parts) => parts.iter().all(|p| holds(p, a, b, absent)),
            Tree::Or(parts) => parts.iter().any(|p| holds(p, a, b, absent)),
            Tree::Call(name, args) if name == "ispresent" => value(&args[0]).is_some(),
            Tree::Binary(op, left, right) => {
                let Tree::Text(constant) = &**right else { panic!("{right:?}") };
                match (value(left), op) {
                    (Some(v), Operator::Eq) => v == constant,
                    (Some(v), Operator::Ne) => v != constant,
                    // A negated test of an absent field is the open question; equality with it is never true.
                    (None, Operator::Ne) => absent,
                    (None, Operator::Eq) => false,
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// The three-valued outcome.
    fn outcome(e: &Expr, a: Option<&str>, b: Option<&str>) -> Option<bool> {
        match &e.kind {
            ExprKind::Compare { op, left, right, .. } => {
                let value = if left.as_column().unwrap().as_ref() == "a" { a } else { b };
                let Some(Literal::String(constant)) = right.as_literal() else { panic!() };
                value.map(|v| (v == constant) == (*op == CompareOp::Eq))
            }
            ExprKind::Not(inner) => outcome(inner, a, b).map(|t| !t),
            ExprKind::IsTrue(inner) => Some(outcome(inner, a, b) == Some(true)),
            ExprKind::IsNull(inner) => {
                let value = if inner.as_column().unwrap().as_ref() == "a" { a } else { b };
                Some(value.is_none())
            }
            ExprKind::And(parts) => {
                let all: Vec<_> = parts.iter().map(|p| outcome(p, a, b)).collect();
                if all.contains(&Some(false)) {
                    Some(false)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            ExprKind::Or(parts) => {
                let all: Vec<_> = parts.iter().map(|p| outcome(p, a, b)).collect();
                if all.contains(&Some(true)) {
                    Some(true)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn conditions_are_right_whatever_absent_fields_do() {
        let leaf = |name: &str, op| Expr::compare(op, typed(name, Type::STRING), text("x1"), Case::Sensitive);
        let leaves = [
            leaf("a", CompareOp::Eq),
            leaf("a", CompareOp::Ne),
            leaf("b", CompareOp::Eq),
            typed("b", Type::STRING).is_null(),
        ];
        let wrap: [fn(Expr) -> Expr; 4] = [|e| e, Expr::negate, |e| e.is_true(), |e| e.is_true().negate()];
        let schemas = Schemas::builtin();
        let mut tried = 0;
        for left in &leaves {
            for right in &leaves {
                for n in 0..64 {
                    let (f, g, h) = (wrap[n % 4], wrap[n / 4 % 4], wrap[n / 16]);
                    for join in [all as fn(Vec<Expr>) -> Expr, some] {
                        let e = h(join(vec![f(left.clone()), g(right.clone())]));
                        let query = events(filter(scan(), e.clone()));
                        let mut sink = Sink::default();
                        let lowered = lower::query(&query, &schemas, &Options::default(), &mut sink).unwrap().0;
                        let parts = lowered
                            .commands
                            .iter()
                            .find_map(|c| match c {
                                super::super::super::ast::Command::Filter(parts) => Some(parts.clone()),
                                _ => None,
                            })
                            .unwrap_or_default();
                        for a in [None, Some("x1"), Some("y")] {
                            for b in [None, Some("x1"), Some("y")] {
                                for absent in [false, true] {
                                    let kept = parts.iter().all(|p| match p {
                                        // The condition that never holds is about the event's time.
                                        Tree::Call(_, args) | Tree::And(args)
                                            if format!("{args:?}").contains("@timestamp") =>
                                        {
                                            false
                                        }
                                        p => holds(p, a, b, absent),
                                    });
                                    assert_eq!(
                                        kept,
                                        outcome(&e, a, b) == Some(true),
                                        "{e:?} {parts:?} {a:?} {b:?} {absent}"
                                    );
                                    tried += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(tried, 4 * 4 * 64 * 2 * 18);
    }
}
