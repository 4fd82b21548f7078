//! The checker on searches, and on plans that no search gives.

use super::{Blame, check, describe, infer};
use crate::compile::{Compiled, Compiler};
use crate::ir::*;
use crate::options::Options;
use crate::rule::Library;
use crate::schema::Schemas;
use crate::source::{SourceFile, Span};

const AT: Span = Span { start: 0, end: 0 };

fn compiled(stages: &str) -> (Compiled, String) {
    let rule =
        format!("id: x\nname: x\nsearch: |-\n  sourcetype=aws:cloudtrail earliest=-1h latest=now\n  | {stages}\n");
    let compiler = Compiler::new(Library::default(), Schemas::builtin(), Options::default());
    (compiler.compile(&SourceFile::new("x.yml", rule.as_str()), &[]), rule)
}

/// Code, message and place of each error of a search.
fn errors(stages: &str) -> Vec<(&'static str, String, String)> {
    let (compiled, rule) = compiled(stages);
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error);
    let place = |d: &crate::diagnostic::Diagnostic| {
        d.span.and_then(|s| rule.get(s.start as usize..s.end as usize)).unwrap_or("").to_owned()
    };
    errors.map(|d| (d.code.id, d.message.clone(), place(d))).collect()
}

/// The columns of a search's result.
fn result(stages: &str) -> String {
    match compiled(stages).0.ir {
        Some(query) => columns(&infer(&query.plan)),
        None => "nothing".to_owned(),
    }
}

fn columns(layout: &super::Layout) -> String {
    let mut out: Vec<String> = layout.columns.iter().map(Column::to_string).collect();
    out.extend(layout.open.then(|| "…".to_owned()));
    out.join(", ")
}

fn scan(columns: &[(&str, Type, bool)]) -> Box<Rel> {
    let fields = columns.iter().map(|(n, ty, nullable)| Column { name: (*n).into(), ty: *ty, nullable: *nullable });
    Box::new(Rel::Scan(Scan { source: "s".into(), fields: fields.collect(), window: Window::default(), span: AT }))
}

fn some() -> Box<Rel> {
    scan(&[
        ("_time", Type::TIME, false),
        ("a", Type::STRING, true),
        ("b", Type::INTEGER, false),
        ("m", Type::many(Scalar::String), true),
    ])
}

fn column(name: &str, ty: Type, nullable: bool) -> Expr {
    Expr::column(name, ty, nullable, AT)
}

fn extend(input: Box<Rel>, name: &str, e: Expr) -> Box<Rel> {
    Box::new(Rel::Extend { input, columns: vec![(name.into(), e)] })
}

/// What the checker says of a plan.
fn faults(plan: Rel) -> Vec<(Blame, String)> {
    let output = Output::Open(Vec::new());
    check(&Query { plan, output }).into_iter().map(|f| (f.blame, f.message)).collect()
}

fn fault_of(e: Expr) -> Vec<(Blame, String)> {
    faults(*extend(some(), "x", e))
}

#[test]
fn searches_keep_to_their_types() {
    for stages in [
        "stats min(eventTime) as a values(awsRegion) as b count | eval c=mvcount(b).\"x\"",
        "streamstats current=f first(awsRegion) as a | table a",
        "streamstats window=3 first(awsRegion) as a | table a",
        "top awsRegion",
        "fillnull value=x requestParameters | table requestParameters",
        "replace a with b in requestParameters | table requestParameters",
        "eval a=mvfilter(match(split(userAgent,\"/\"),\"a\")) | table a",
        "eval t=strftime(_time,\"%H\") | eval u=t+1 | stats max(u) as m",
        "eval x=mvappend(awsRegion,userAgent) | mvexpand x | stats dc(x) as d by x",
        "spath input=requestParameters | stats count by foo",
        "eval x=if(isnull(userAgent), split(awsRegion,\"-\"), userAgent) | mvexpand x | table x",
        "append [search sourcetype=aws:cloudtrail | eval a=1] | table a",
        "join type=left awsRegion [search sourcetype=aws:cloudtrail | stats count by awsRegion] | table awsRegion count",
        "rex field=userAgent \"(?<a>.)\" max_match=3 | where a=\"x\" | stats count by a",
        "eval t=coalesce(userAgent, errorCode) | stats count by t",
        "transaction userAgent | table userAgent duration",
        "where NOT (isnull(userAgent) AND isnull(errorCode)) | eval x=coalesce(userAgent, errorCode) | stats count by x",
    ] {
        assert_eq!(errors(stages), [], "{stages}");
    }
}

#[test]
fn faults_of_the_rule_are_reported_at_their_place() {
    for (stages, message, place) in [
        (
            "stats sum(eval(awsRegion=\"x\")) as a",
            "this aggregation takes numbers, not a condition",
            "sum(eval(awsRegion=\"x\")) as a",
        ),
        (
            "eval a=isnull(userAgent) | eval b=strftime(a,\"%H\")",
            "`strftime` does not take a value of type boolean",
            "a",
        ),
        ("where userAgent", "a condition is expected here, not a value of type string", "userAgent"),
        ("eval a=isnull(userAgent) | eval b=1+a", "`+` does not take a value of type boolean", "a"),
    ] {
        let expected = [("N310", message.to_owned(), place.to_owned())];
        assert_eq!(errors(stages), expected, "{stages}");
    }
}

#[test]
fn an_aggregate_of_nothing_is_null() {
    assert_eq!(
        result("stats min(awsRegion) as a count values(awsRegion) as v"),
        "a: string?, count: integer, v: multivalue<unknown>?"
    );
    assert_eq!(result("stats min(awsRegion) as a by awsRegion"), "awsRegion: string, a: string");
    assert_eq!(result("streamstats current=f first(awsRegion) as a count as n | table a n"), "a: string?, n: integer");
    assert_eq!(result("streamstats first(awsRegion) as a | table a"), "a: string");
}

#[test]
fn a_filling_of_json_is_any_text() {
    assert_eq!(result("fillnull value=x requestParameters | table requestParameters"), "requestParameters: unknown");
    assert_eq!(result("fillnull value=x userAgent | table userAgent"), "userAgent: string");
}

#[test]
fn a_plan_that_contradicts_itself_is_found() {
    let text = |name| column(name, Type::STRING, true);
    let is = |plan: Vec<(Blame, String)>, message: &str| {
        assert_eq!(plan, [(Blame::Plan, message.to_owned())]);
    };
    is(fault_of(text("gone")), "there is no column `gone`");
    is(fault_of(column("a", Type::STRING, false)), "`a` is recorded as never NULL, and can be");
    is(fault_of(column("a", Type::INTEGER, true)), "column `a` of type string is read as integer");
    is(fault_of(column("m", Type::STRING, true)), "column `m` of type multivalue<string> is read as string");
    is(fault_of(Expr::new(ExprKind::Variable(1), Type::STRING, false, AT)), "there is no variable $1");
    let number = Expr::new(ExprKind::Literal(Literal::String("x".into())), Type::INTEGER, false, AT);
    is(fault_of(number), "`\"x\"` of type string is recorded as integer");
    let choice = Expr::new(ExprKind::Coalesce(vec![text("a"), Expr::integer(1, AT)]), Type::STRING, false, AT);
    is(fault_of(choice), "`1` of type integer is a choice in `coalesce(a, 1)` of type string");
    let divided = ExprKind::Arithmetic {
        op: ArithmeticOp::Divide,
        left: Box::new(Expr::integer(1, AT)),
        right: Box::new(column("b", Type::INTEGER, false)),
    };
    is(fault_of(Expr::new(divided, Type::DOUBLE, false, AT)), "`(1 / b)` is recorded as never NULL, and can be");
    let key = Rel::Aggregate { input: some(), keys: vec![("a".into(), text("a"))], aggregates: vec![], span: AT };
    is(faults(key), "the key `a` can be NULL");
    is(faults(Rel::Unnest { input: some(), column: "a".into(), span: AT }), "`a` is unnested, and has one value");
    let other = *scan(&[("m", Type::STRING, true)]);
    let union = Rel::Union { inputs: vec![*some(), other], span: AT };
    is(faults(union), "`m` has one value on one side and several on another");
    let listed = Output::Columns(vec![Column { name: "x".into(), ty: Type::STRING, nullable: true }]);
    let of_output = check(&Query { plan: *some(), output: listed });
    assert_eq!(of_output[0].message, "the output lists `x`, which no row has");
}

#[test]
fn conditions_must_be_conditions() {
    let filter = |predicate| faults(Rel::Filter { input: some(), predicate });
    let message = "a condition is expected here, not a value of type integer".to_owned();
    assert_eq!(filter(column("b", Type::INTEGER, false)), [(Blame::Rule, message)]);
    assert_eq!(filter(Expr::null(AT)), []);
}

/// A filter below lets a column be read as never NULL, and only such a filter.
#[test]
fn what_a_filter_says_is_known_above_it() {
    let a = || column("a", Type::STRING, true);
    let text = || Expr::string("x", AT);
    let equal = |e: Expr| Expr::compare(CompareOp::Eq, e, text(), Case::Sensitive);
    let lower = |e: Expr| {
        let nullable = e.nullable;
        Expr::new(ExprKind::Call { function: "lower", args: vec![e] }, Type::STRING, nullable, AT)
    };
    let known = |predicate: Expr| {
        let plan = extend(Box::new(Rel::Filter { input: some(), predicate }), "x", column("a", Type::STRING, false));
        faults(*plan).is_empty()
    };
    for says in [
        a().is_not_null(),
        equal(a()),
        equal(lower(a())),
        equal(a()).negate(),
        Expr::compare(CompareOp::Ne, a(), text(), Case::Sensitive),
        Expr::and(vec![equal(column("b", Type::INTEGER, false)), equal(a()).is_true()], AT),
        Expr::or(vec![equal(a()), a().is_not_null()], AT),
        Expr::boolean(false, AT),
    ] {
        assert!(known(says.clone()), "{says}");
    }
    for silent in [
        a().is_null(),
        equal(a()).is_true().negate(),
        Expr::or(vec![equal(a()), Expr::boolean(true, AT)], AT),
        Expr::boolean(true, AT),
    ] {
        assert!(!known(silent.clone()), "{silent}");
    }
}

#[test]
fn what_a_filter_says_goes_through_definitions() {
    let input = scan(&[("p", Type::STRING, true), ("q", Type::STRING, true)]);
    let column = |name| column(name, Type::STRING, true);
    let either = Expr::or(vec![column("p").is_not_null(), column("q").is_not_null()], AT);
    let filtered = Box::new(Rel::Filter { input, predicate: either });
    let renamed = extend(extend(filtered, "r", column("p")), "p", Expr::string("z", AT));
    // `r` is the old `p`.
    let joined = |parts: Vec<Expr>| Expr::new(ExprKind::Coalesce(parts), Type::STRING, false, AT);
    assert_eq!(faults(*extend(renamed.clone(), "x", joined(vec![column("r"), column("q")]))), []);
    assert_eq!(faults(*extend(renamed, "x", joined(vec![column("r"), column("r")]))).len(), 1);
}

#[test]
fn an_arm_whose_condition_holds_gives_its_value() {
    let condition =
        || Expr::compare(CompareOp::Eq, column("a", Type::STRING, true), Expr::string("x", AT), Case::Sensitive);
    let chosen = || {
        let kind = ExprKind::Case { arms: vec![(condition(), Expr::integer(1, AT))], otherwise: None };
        Expr::new(kind, Type::INTEGER, false, AT)
    };
    let filtered = Box::new(Rel::Filter { input: some(), predicate: condition() });
    assert_eq!(faults(*extend(filtered, "x", chosen())), []);
    assert_eq!(faults(*extend(some(), "x", chosen())).len(), 1);
}

#[test]
fn each_operator_has_its_columns() {
    let all = "_time: time, a: string?, b: integer, m: multivalue<string>?";
    let layout = |rel: Rel| columns(&infer(&rel));
    let right = || scan(&[("a", Type::INTEGER, false), ("z", Type::BOOLEAN, false)]);
    assert_eq!(layout(Rel::Limit { input: some(), count: 1, last: false, span: AT }), all);
    let unnest = Rel::Unnest { input: some(), column: "m".into(), span: AT };
    assert_eq!(layout(unnest), "_time: time, a: string?, b: integer, m: string");
    let beside = |replace| Rel::Beside { left: some(), right: right(), replace, span: AT };
    assert_eq!(layout(beside(false)), format!("{all}, z: boolean?"));
    assert_eq!(layout(beside(true)), format!("{}, z: boolean?", all.replace("a: string?", "a: unknown?")));
    let union = Rel::Union { inputs: vec![*some(), *right()], span: AT };
    assert_eq!(layout(union), "_time: time?, a: unknown?, b: integer?, m: multivalue<string>?, z: boolean?");
    let join = |kind| Join { left: some(), right: right(), kind, on: vec!["b".into()], max: Some(1), span: AT };
    assert_eq!(
        layout(Rel::Join(join(JoinKind::Inner))),
        format!("{}, z: boolean", all.replace("a: string?", "a: integer"))
    );
    assert_eq!(
        layout(Rel::Join(join(JoinKind::Left))),
        format!("{}, z: boolean?", all.replace("a: string?", "a: unknown?"))
    );
    let unpivot = Rel::Unpivot { input: some(), keep: "b".into(), name: "n".into(), value: "v".into(), span: AT };
    assert_eq!(layout(unpivot), "b: integer, n: string, v: multivalue<unknown>");
    let transpose =
        |rows, header| Transpose { input: some(), rows, names: "column".into(), header, include_empty: true, span: AT };
    assert_eq!(layout(Rel::Transpose(transpose(2, None))), "column: string, `row 1`: unknown?, `row 2`: unknown?");
    assert_eq!(layout(Rel::Transpose(transpose(2, Some("a".into())))), "column: string, …");
    let assign =
        Rel::Assign { input: some(), name: column("a", Type::STRING, true), value: Expr::integer(1, AT), span: AT };
    assert_eq!(layout(assign), "_time: time, a: unknown?, b: integer, m: multivalue<unknown>?, …");
}

#[test]
fn a_column_behind_a_pivot_may_be_one_that_the_data_names() {
    let (compiled, _) = compiled("stats count by awsRegion eventName | eval {awsRegion}=count | where isnotnull(foo)");
    // Whether or not the front end knows the command: no fault of the compiler.
    assert!(compiled.diagnostics.iter().all(|d| d.code.id != "T502"), "{:?}", compiled.diagnostics);
}

#[test]
fn types_are_described_by_what_each_operator_changes() {
    let (compiled, _) = compiled("where userAgent=\"x\" | eval n=len(awsRegion) | stats sum(n) as s by userAgent");
    let query = compiled.ir.expect("a query");
    insta::assert_snapshot!(describe(&query), @r"
    scan: awsRegion: string, userAgent: string?
    filter: userAgent: string
    extend: n: integer
    aggregate: s: integer, without awsRegion, n
    => userAgent: string, s: integer
    ");
}
