//! Lookup tables of the service, for tables whose rows are not known or too many.

use super::*;
use crate::ir::{Join, JoinKind, Lookup, LookupOutput, LookupTable, MatchType, Values};

fn external(name: &str, columns: &[&str]) -> LookupTable {
    LookupTable {
        name: name.into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        rows: Vec::new(),
        external: true,
        case_sensitive: true,
        matching: Vec::new(),
        max_matches: 1,
        default_match: None,
    }
}

fn output(column: &str, output: &str) -> LookupOutput {
    LookupOutput { column: column.into(), output: output.into(), keep_existing: false }
}

fn lookup_in(input: Rel, table: LookupTable, on: Vec<(&str, Expr)>, outputs: Vec<LookupOutput>) -> Rel {
    Rel::Lookup(Lookup {
        input: Box::new(input),
        table: shared(table),
        on: on.into_iter().map(|(c, e)| (c.into(), e)).collect(),
        outputs,
        span: span(),
    })
}

fn owners(input: Rel) -> Rel {
    let on = vec![("id", field("recipientAccountId"))];
    lookup_in(input, external("our-accounts", &["id", "owner"]), on, vec![output("owner", "team")])
}

#[test]
fn unknown_rows_are_looked_up() {
    let plan = filter(owners(scan()), field("team").is_null());
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["team", "eventName"]));
    assert_eq!(
        text.unwrap(),
        "lookup our_accounts id as recipientAccountId OUTPUT owner\n\
         | filter not (ispresent(owner))\n\
         | display owner as team, eventName"
    );
    assert_eq!(
        said(&diagnostics),
        ["C408 `lookup` reads lookup table `our_accounts` with the columns `id`, `owner`, and matches with case"]
    );
}

#[test]
fn a_computed_key_gets_a_name() {
    let key = call("lower", vec![field("userAgent")], Type::STRING);
    let plan = lookup_in(scan(), external("t", &["k", "v"]), vec![("k", key)], vec![output("v", "v")]);
    assert_eq!(
        emit(&columns(plan, &["v"])),
        "fields tolower(userAgent) as key\n| lookup t k as key OUTPUT v\n| display v"
    );
}

#[test]
fn a_value_that_is_there_stays() {
    let keep = LookupOutput { keep_existing: true, ..output("owner", "team") };
    let on = || vec![("id", field("a"))];
    let known = extend(scan(), "team", text("x"));
    let plan = lookup_in(known, external("t", &["id", "owner"]), on(), vec![keep.clone()]);
    assert_eq!(emit(&columns(plan, &["team"])), "display concat(\"x\", \"\") as team");
    let maybe = extend(scan(), "team", field("b"));
    let plan = lookup_in(maybe, external("t", &["id", "owner"]), on(), vec![keep]);
    assert_eq!(emit(&columns(plan, &["team"])), "lookup t id as a OUTPUT owner\n| display coalesce(b, owner) as team");
}

#[test]
fn the_default_stands_where_nothing_matches() {
    let table = LookupTable { default_match: Some("none".into()), ..external("t", &["id", "owner"]) };
    let plan = lookup_in(scan(), table, vec![("id", field("a"))], vec![output("owner", "owner")]);
    assert_eq!(
        emit(&columns(plan, &["owner"])),
        "lookup t id as a OUTPUT owner\n| display coalesce(owner, \"none\") as owner_1"
    );
}

#[test]
fn address_blocks_are_looked_up_by_cidrlookup() {
    let table = || LookupTable {
        matching: vec![("network".into(), MatchType::Cidr)],
        ..external("iplocation", &["network", "City"])
    };
    let on = || vec![("network", required("sourceIPAddress"))];
    let plan = lookup_in(scan(), table(), on(), vec![output("City", "city")]);
    let query = columns(filter(plan, field("city").is_not_null()), &["city"]);
    assert_eq!(
        emit(&query),
        "cidrlookup iplocation sourceIPAddress as network OUTPUT City as city\n| filter ispresent(city)\n| display city"
    );
    assert!(
        refusal(&query, InsightsLevel::Core)
            .starts_with("C402 a lookup of address blocks has no equivalent at language level")
    );
}

#[test]
fn wildcards_can_not_be_looked_up() {
    let table = LookupTable { matching: vec![("id".into(), MatchType::Wildcard)], ..external("t", &["id", "owner"]) };
    let plan = lookup_in(scan(), table, vec![("id", field("a"))], vec![output("owner", "owner")]);
    assert!(
        refusal(&columns(plan, &["owner"]), InsightsLevel::Y2026).starts_with("C402 Logs Insights has no lookup by")
    );
}

#[test]
fn a_column_must_not_hide_a_field_that_the_query_reads() {
    let plan = lookup_in(scan(), external("t", &["id", "user"]), vec![("id", field("a"))], vec![output("user", "u")]);
    let query = columns(filter(plan, is(field("user.name"), "x")), &["u"]);
    assert!(refusal(&query, InsightsLevel::Y2026).starts_with("C402 column `user` of a lookup table has the name of"));
}

#[test]
fn columns_of_two_tables_keep_their_values() {
    let once = |input, key, out| {
        lookup_in(input, external("t", &["id", "owner"]), vec![("id", field(key))], vec![output("owner", out)])
    };
    let plan = once(once(scan(), "a", "first"), "b", "second");
    assert_eq!(
        emit(&columns(plan, &["first", "second"])),
        "lookup t id as a OUTPUT owner\n| fields owner as first\n| lookup t id as b OUTPUT owner\n\
         | fields owner as second\n| display first, second"
    );
}

#[test]
fn a_large_known_table_is_looked_up() {
    let rows = (0..61).map(|n| vec![format!("id{n}"), "x".to_owned()]).collect();
    let table = LookupTable { external: false, case_sensitive: false, rows, ..external("t", &["id", "owner"]) };
    let plan = lookup_in(scan(), table, vec![("id", field("a"))], vec![output("owner", "owner")]);
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["owner"]));
    assert_eq!(text.unwrap(), "lookup t id as a OUTPUT owner\n| display owner");
    assert_eq!(
        said(&diagnostics)[0],
        "C403 the 61 rows of table `t` are too many for a query, so a lookup table of that name stands for them, and \
         letters must match in case"
    );
}

fn left_join(left: Rel, right: Rel) -> Rel {
    Rel::Join(Join {
        left: Box::new(left),
        right: Box::new(right),
        kind: JoinKind::Left,
        on: vec!["user".into()],
        max: Some(1),
        span: span(),
    })
}

/// `inputlookup seen | stats min(firstTime) as earliest by user`.
fn seen() -> Rel {
    let rows = Rel::Values(Values {
        table: "seen".into(),
        columns: vec!["user".into(), "firstTime".into()],
        external: true,
        rows: Vec::new(),
        span: span(),
    });
    let rows = filter(rows, field("user").is_not_null());
    stats(rows, vec![("user", field("user"))], vec![("earliest", AggregateFunction::Min, Some(field("firstTime")))])
}

#[test]
fn an_outer_join_with_a_table_is_a_lookup() {
    let users = stats(
        scan(),
        vec![("user", field("userIdentity.arn"))],
        vec![("firstTime", AggregateFunction::Min, Some(time()))],
    );
    let plan = filter(left_join(users, seen()), field("earliest").is_null());
    let (text, diagnostics) = emit_at(InsightsLevel::Core, &columns(plan, &["user", "earliest"]));
    assert_eq!(
        text.unwrap(),
        "stats min(@timestamp) as firstTime_1 by userIdentity.arn\n\
         | lookup seen user as userIdentity.arn OUTPUT firstTime\n\
         | filter not (ispresent(firstTime))\n\
         | display userIdentity.arn as user, firstTime as earliest"
    );
    assert!(said(&diagnostics)[0].starts_with("C403 where several rows of the table have the key"));
}

#[test]
fn an_inner_join_with_unknown_rows_is_refused() {
    let Rel::Join(join) = left_join(scan(), seen()) else { panic!() };
    let plan = Rel::Join(Join { kind: JoinKind::Inner, ..join });
    assert!(refusal(&columns(plan, &["user"]), InsightsLevel::Y2026).starts_with("C402 Logs Insights can't join"));
}
