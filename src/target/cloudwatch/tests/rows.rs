//! Tables whose rows are known and few.

use super::*;
use crate::ir::{Lookup, LookupOutput, LookupTable, MatchType, Values};

fn table(rows: &[[&str; 2]]) -> LookupTable {
    LookupTable {
        name: "accounts".into(),
        columns: vec!["id".into(), "owner".into()],
        external: false,
        rows: rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect(),
        case_sensitive: true,
        matching: Vec::new(),
        max_matches: 1000,
        default_match: None,
    }
}

fn lookup(table: LookupTable) -> Rel {
    Rel::Lookup(Lookup {
        input: Box::new(scan()),
        table: shared(table),
        on: vec![("id".into(), field("recipientAccountId"))],
        outputs: vec![LookupOutput { column: "owner".into(), output: "owner".into(), keep_existing: false }],
        span: span(),
    })
}

#[test]
fn a_condition_on_a_lookup_needs_no_case() {
    let plan = filter(lookup(table(&[["a1", "x"], ["a2", "y"]])), field("owner").is_not_null());
    let (text, _) = emit_at(InsightsLevel::Core, &events(plan));
    assert_eq!(
        text.unwrap(),
        "filter recipientAccountId = \"a1\" or recipientAccountId = \"a2\"\n| fields @timestamp, @message"
    );
}

#[test]
fn an_output_of_a_lookup_is_a_case() {
    let plan = lookup(table(&[["a1", "x"], ["a2", "y"]]));
    assert_eq!(
        emit(&columns(plan, &["owner"])),
        "display case(recipientAccountId = \"a1\", \"x\", recipientAccountId = \"a2\", \"y\") as owner"
    );
}

#[test]
fn several_matching_rows_are_declared() {
    let mut wild = table(&[["a*", "x"], ["ab*", "y"]]);
    wild.matching = vec![("id".into(), MatchType::Wildcard)];
    let (text, diagnostics) = emit_at(InsightsLevel::Y2026, &columns(lookup(wild), &["owner"]));
    assert!(text.unwrap().contains("like /^a/"));
    assert!(said(&diagnostics)[0].starts_with("C403 where several rows of table `accounts` match"));
}

#[test]
fn a_join_with_a_known_table_is_a_case() {
    let right = Rel::Values(Values {
        table: "t".into(),
        columns: vec!["user".into(), "seen".into()],
        external: false,
        rows: vec![vec![Some("Ann".into()), Some("1".into())], vec![Some("Bob".into()), None]],
        span: span(),
    });
    let join = |kind| {
        Rel::Join(crate::ir::Join {
            left: Box::new(scan()),
            right: Box::new(right.clone()),
            kind,
            on: vec!["user".into()],
            max: Some(1),
            span: span(),
        })
    };
    let left = filter(join(crate::ir::JoinKind::Left), field("seen").is_null());
    assert_eq!(emit(&events(left)), "filter not (ispresent(user)) or user != \"Ann\"\n| fields @timestamp, @message");
    assert_eq!(
        emit(&columns(join(crate::ir::JoinKind::Inner), &["seen"])),
        "filter user = \"Ann\" or user = \"Bob\"\n| display case(user = \"Ann\", \"1\") as seen"
    );
}

fn subsearch(columns: &[&str], rows: &[&[&str]], negated: bool) -> Rel {
    let other = Rel::Values(Values {
        table: "t".into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        external: false,
        rows: rows.iter().map(|r| r.iter().map(|c| Some((*c).to_owned())).collect()).collect(),
        span: span(),
    });
    Rel::SemiJoin {
        input: Box::new(scan()),
        other: Box::new(other),
        on: columns.iter().map(|c| (field(c), (*c).into())).collect(),
        negated,
        span: span(),
    }
}

#[test]
fn a_subsearch_of_a_known_table_is_a_list() {
    let query = events(subsearch(&["user"], &[&["Ann"], &["Bob"]], false));
    assert_eq!(emit(&query), "filter user like /(?i)^(Ann|Bob)$/\n| fields @timestamp, @message");
    let query = events(subsearch(&["user"], &[&["Ann"]], true));
    assert_eq!(
        emit(&query),
        "filter not (ispresent(user)) or user not like /(?i)^Ann$/\n| fields @timestamp, @message"
    );
}

#[test]
fn a_subsearch_of_several_columns_pairs_them() {
    let query = events(subsearch(&["user", "src"], &[&["Ann", "h1"], &["Bob", "h2"]], false));
    assert_eq!(
        emit(&query),
        "filter (user like /(?i)^Ann$/ and src like /(?i)^h1$/) or (user like /(?i)^Bob$/ and src like /(?i)^h2$/)\n\
         | fields @timestamp, @message"
    );
}
