//! The canonical spelling; that it is parsed to the same AST is held by `tests/roundtrip.rs`.

use crate::diagnostic::Sink;
use crate::spl::parse_expanded;

fn printed(search: &str) -> String {
    let mut sink = Sink::default();
    match parse_expanded(search, &mut sink) {
        Ok(ast) => ast.to_string(),
        Err(_) => {
            sink.diagnostics().iter().map(|d| format!("{} {}", d.code.id, d.message)).collect::<Vec<_>>().join("; ")
        }
    }
}

#[test]
fn conditions_have_parentheses_where_precedence_or_readers_need_them() {
    assert_eq!(printed("search a=1 OR b=2 AND c=3"), "(a=1 OR b=2) c=3");
    assert_eq!(printed("a=1 OR (b=2 c=3) NOT (d=4 OR (e=5))"), "(a=1 OR (b=2 c=3)) NOT (d=4 OR e=5)");
    assert_eq!(printed("(((a=1)))"), "a=1");
    assert_eq!(printed("(a b) c ()"), "(a b) c ()");
    assert_eq!(printed("(a) IN (b OR c)"), "a (IN) (b OR c)");
}

#[test]
fn values_keep_their_quotation_marks_and_escapes() {
    assert_eq!(printed(r#"a="x y" b=x* "c d"=C:\\x\"y* e IN (1,"2")"#), r#"a="x y" b=x* "c d"=C:\x\"y* e IN (1, "2")"#);
    assert_eq!(printed(r#"path="C:\\" re="\d\\\\""#), r#"path="C:\\" re="\d\\\\""#);
    assert_eq!(printed("a= =b c==d e=CASE(X) TERM(f-g)"), "a= =b c=d e=CASE(X) TERM(f-g)");
}

#[test]
fn expressions_have_the_parentheses_that_their_tree_needs() {
    let of = |expression: &str| printed(&format!("| where {expression}"))[8..].to_owned();
    assert_eq!(of("(a+(b*c))-(d-e)"), "a + b * c - (d - e)");
    assert_eq!(of("((a=1 and b=2) or not (c=3))"), "a = 1 AND b = 2 OR NOT c = 3");
    assert_eq!(of("(a or b) and c or (d or e)"), "(a OR b) AND c OR (d OR e)");
    assert_eq!(of("a AND b AND c AND d AND e"), "a AND b AND c AND d AND e");
    assert_eq!(of("a AND (b AND c)"), "a AND (b AND c)");
    assert_eq!(of("(NOT a) = (x NOT IN (1)) XOR -(b)"), "(NOT a) = (NOT x IN (1)) XOR -b");
    assert_eq!(of("x NOT IN (1) = true()"), "x NOT IN (1) = true()");
    assert_eq!(of(r#"a.b . "c\d" . 1.0 . 0x10 . -5"#), r#"'a.b' . "c\d" . 1.0 . 16 . -5"#);
}

#[test]
fn parentheses_for_readers_are_left_out_where_they_would_nest_too_deep() {
    let deep = format!("y {}a OR b c{}", "(x ".repeat(100), ")".repeat(100));
    assert!(printed(&deep).contains("(x a OR b c)"), "{}", printed(&deep));
    let flat = format!("y {}a OR b c{}", "(x ".repeat(99), ")".repeat(99));
    assert!(printed(&flat).contains("(x (a OR b) c)"), "{}", printed(&flat));
}

#[test]
fn options_are_left_out_where_they_say_the_default() {
    assert_eq!(
        printed(
            "a | join type=inner max=1 u [search b] | sort limit=10000 +u, -num(v) | head limit=10 | rex max_match=1 \"(?<x>.)\""
        ),
        "a | join u [search b] | sort u -num(v) | head 10 | rex \"(?<x>.)\""
    );
    assert_eq!(
        printed(
            "a | join type=outer max=0 u [ | inputlookup t ] | sort 0 - u | rare 3 showperc=f u | bucket _time span=1hr AS t"
        ),
        "a | join type=left max=0 u [| inputlookup t] | sort 0 -u | rare limit=3 showperc=f u | bin span=1h _time as t"
    );
}

#[test]
fn aggregates_keep_the_names_of_their_columns() {
    assert_eq!(
        printed("a | stats c, distinct_count(u), sum(x) as \"a b\" p95(t) count(eval(x = 1)) count(eval(x=1)) BY u"),
        "a | stats count dc(u) as distinct_count(u) sum(x) as \"a b\" perc95(t) as p95(t) count(eval(x = 1)) \
         count(eval(x = 1)) as \"count(eval(x=1))\" by u"
            .replace("distinct_count(u)", "\"distinct_count(u)\"")
            .replace("as p95(t)", "as \"p95(t)\"")
    );
}

#[test]
fn names_are_quoted_as_each_command_reads_them() {
    assert_eq!(printed("a | eval 'b c'='d e'.\"f\""), "a | eval 'b c' = 'd e' . \"f\"");
    assert_eq!(
        printed("a | strcat 'b c' \"d\" e | regex 'b c'!=\"x\""),
        "a | strcat 'b c' \"d\" e | regex 'b c'!=\"x\""
    );
    assert_eq!(printed("a | rename \"by\" as 'b c', d as \"10\""), "a | rename \"by\" as \"b c\", \"d\" as \"10\"");
    assert_eq!(printed("search search | fields - a,b"), "search search | fields - a b");
}

#[test]
fn charts_say_which_series_get_columns() {
    assert_eq!(
        printed("a | chart limit=top5 agg=count() count over r span=10 by c bins=5 usenull=f"),
        "a | chart limit=5 agg=count() usenull=f count over r span=10 by c bins=5"
    );
    assert_eq!(
        printed("a | timechart span=5min per_hour(x), (sum(a)/count) by c where max(x) notin bottom 3"),
        "a | timechart span=5m per_hour(x) eval(sum(a) / count()) as \"(sum(a)/count)\" by c where max(x) notin bottom3"
    );
    assert_eq!(printed("a | chart sparkline, sparkline(dc(x)) by r"), "a | chart sparkline sparkline(dc(x)) by r");
    assert_eq!(printed("a | chart count by r c where sum > nan"), "S206 `nan` is no number to compare with");
}

#[test]
fn conditions_of_options_are_quoted_where_they_need_it() {
    assert_eq!(
        printed("a | transaction u startswith=\"x y\" endswith=eval(z>1) maxspan=2m mvlist=\"t,\" maxopentxn=5"),
        "a | transaction u maxspan=120s startswith=(x y) endswith=eval(z > 1) mvlist=\"t,\" maxopentxn=5"
    );
    let deep = format!("a | transaction u startswith=\"{}x\"", "NOT ".repeat(100));
    assert_eq!(printed(&deep), deep);
    assert_eq!(
        printed("a | transaction u maxspan=9223372036854775807w"),
        "S206 `9223372036854775807w` of `maxspan` is no length of time"
    );
    assert_eq!(
        printed("a | streamstats reset_before=((\"x\"=y)) reset_after=(\"z>1\") count"),
        "a | streamstats reset_before=(\"\\\"x\\\" = y\") reset_after=(z > 1) count"
    );
    assert!(
        printed("a | streamstats reset_after=(\"z>1 w\") count").starts_with("S201 expected the end of the condition")
    );
}

#[test]
fn names_are_quoted_where_a_list_would_end() {
    assert_eq!(printed("a | sort a \"asc\""), "a | sort a \"asc\"");
    assert_eq!(printed("a | sort asc"), "a | sort asc");
    assert_eq!(
        printed("| mstats avg(x) where \"span\"=1 by \"span\" span=1m"),
        "| mstats span=1m avg(x) where \"span\"=1 by \"span\""
    );
    assert_eq!(printed("a | multikv filter \"fields\" noheader=t"), "S201 expected a field name, found `=`");
    assert_eq!(printed("a | multikv noheader=t filter \"fields\" x"), "a | multikv noheader=t filter \"fields\" x");
    assert_eq!(printed("a | eval \"{ 0 }\"=1, \"{b}\"=2, 'c{}'=3"), "a | eval \"{ 0 }\" = 1, \"{b}\" = 2, 'c{}' = 3");
    assert_eq!(
        printed("| union lookup:t \"lookup:b c\" d:"),
        "S201 expected the data set's name, found the end of the search"
    );
    assert_eq!(printed("| union lookup:t \"lookup:b c\" \"e f:\" g"), "| union lookup:t lookup:\"b c\" \"e f:\"g");
}

#[test]
fn arguments_that_are_kept_as_text_stand_as_they_do() {
    assert_eq!(
        printed("a | map  search=\"x | y\"  maxsearches=5 | head"),
        "a | map search=\"x | y\"  maxsearches=5 | head 10"
    );
    assert_eq!(printed("a [b | tags x\\ ]"), "a [search b | tags x\\ ]");
    assert_eq!(printed("a | foreach fieldstr=X a* [ eval X=1 ]"), "a | foreach fieldstr=X a* [ eval X=1 ]");
}

#[test]
fn subsearches_stand_as_each_command_reads_them() {
    assert_eq!(
        printed(
            "a | appendpipe [stats count | eval x=1] | append maxout=5 [search b] | appendcols override=t [| makeresults]"
        ),
        "a | appendpipe [stats count | eval x = 1] | append maxout=5 [search b] | appendcols override=t [| makeresults]"
    );
    assert_eq!(
        printed("| set diff [search a] [| inputlookup t start=2 max=3]"),
        "| set diff [search a] [| inputlookup start=2 max=3 t]"
    );
}

#[test]
fn each_stage_can_stand_on_a_line_of_its_own() {
    let ast = parse_expanded("a [search b | head] | where c=\"x|y\"", &mut Sink::default()).expect("a search");
    assert_eq!(format!("{ast:#}"), "a [search b | head 10]\n| where c = \"x|y\"");
}

#[test]
fn operators_in_capitals_are_no_operands() {
    for search in ["OR a=1", "a=1 OR OR b=2", "NOT AND a", "(OR)"] {
        assert!(printed(search).starts_with("S201 expected a condition, found `"), "{search}: {}", printed(search));
    }
    assert_eq!(printed("NOT.x=1 \"OR\" OR-y"), "NOT.x=1 \"OR\" OR-y");
    assert_eq!(printed("| tstats count where a=1 OR by x"), "S201 expected a condition, found `by`");
    assert_eq!(printed("| where x=1e999"), "S201 `1e999` is no number");
}
