//! Operators that only shape rows, or that Sigma lacks.

use super::*;

#[test]
fn rows_that_spl_leaves_out_widen() {
    let distinct = Rel::Distinct {
        input: Box::new(filter(scan(), eq(field("a"), "x"))),
        keys: vec![field("b")],
        count: 1,
        span: span(),
    };
    let plan = Rel::Limit { input: Box::new(distinct), count: 10, last: false, span: span() };
    assert_eq!(
        emit(plan).1[..2],
        [
            "C403 widens: repeated events are left out in SPL (`dedup`) and kept in Sigma",
            "C403 widens: the first 10 rows are kept in SPL (`head`), all in Sigma",
        ]
    );
}

#[test]
fn a_union_of_searches_is_a_disjunction() {
    let one = filter(scan(), Expr::and(vec![eq(field("a"), "x"), eq(field("b"), "y")], span()));
    let other = filter(scan(), eq(field("c"), "z"));
    let (text, _) = emit(Rel::Union { inputs: vec![one, other], span: span() });
    let text = text.unwrap();
    assert!(text.contains("condition: selection_a or selection_c\n"), "{text}");
}

#[test]
fn unnested_values_are_elements() {
    let name = "requestParameters.instancesSet.items{}.instanceId";
    let unnested =
        Rel::Unnest { input: Box::new(extend(scan(), "dest", list(name))), column: "dest".into(), span: span() };
    let dest = || Expr::column("dest", Type::UNKNOWN, false, span());
    let (text, said) = emit(filter(unnested.clone(), eq(dest(), "i-1")));
    assert!(text.unwrap().contains("        requestParameters.instancesSet.items.instanceId: 'i-1'\n"));
    assert!(said.iter().any(|d| d.starts_with("C403 differs")), "{said:?}");
    let (text, _) = emit(filter(unnested, not(eq(dest(), "i-1"))));
    assert_eq!(text, None);
}

#[test]
fn a_source_without_a_section_is_refused() {
    let mut schemas = Schemas::default();
    let bare = "id = \"cloudtrail\"\ntitle = \"C\"\ntime = \"t\"\nselect = []\n[fields]\n";
    schemas.add(crate::schema::Schema::parse(bare).unwrap());
    let (text, said) = emit_with(&query(filter(scan(), eq(field("a"), "x"))), &schemas);
    assert_eq!(text, None);
    assert_eq!(said, ["C402 Sigma has no name for the log source `cloudtrail`"]);
}

#[test]
fn security_lake_has_a_note() {
    let lake =
        Rel::Scan(Scan { source: "security_lake".into(), fields: Vec::new(), window: Window::default(), span: span() });
    let (text, said) = emit(filter(lake, eq(field("api.operation"), "ConsoleLogin")));
    assert!(text.unwrap().contains("    service: security_lake\n"));
    assert!(said[0].starts_with("C408"), "{said:?}");
}
