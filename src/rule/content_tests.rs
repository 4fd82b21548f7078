//! Macro, lookup and deployment files, good and broken.

use crate::diagnostic::Sink;
use crate::ir::{LookupTable, MatchType};
use crate::rule::{Library, LookupDefinition};
use crate::source::SourceFile;

fn said(file: &SourceFile, sink: &Sink) -> Vec<String> {
    let show = |d: &crate::diagnostic::Diagnostic| {
        let at = d.span.map_or_else(|| "-".to_owned(), |s| file.position(s.start).to_string());
        format!("{} {} {at} {} | {}", d.code.id, d.severity.name(), d.message, d.help.as_deref().unwrap_or("-"))
    };
    sink.diagnostics().iter().map(show).collect()
}

fn add_macro(library: &mut Library, text: &str) -> Vec<String> {
    let file = SourceFile::new("macros/m.yml", text);
    let mut sink = Sink::default();
    library.add_macro(&file, &mut sink);
    said(&file, &sink)
}

fn lookup(text: &str, csv: Option<&str>) -> (Option<LookupDefinition>, Vec<String>) {
    let file = SourceFile::new("lookups/l.yml", text);
    let mut sink = Sink::default();
    let mut library = Library::default();
    library.add_lookup(&file, csv, &mut sink);
    (library.lookups.into_values().next(), said(&file, &sink))
}

fn table(text: &str, csv: &str) -> LookupTable {
    match lookup(text, Some(csv)) {
        (Some(LookupDefinition::Table(table)), said) if said.is_empty() => (*table).clone(),
        other => panic!("{other:?}"),
    }
}

fn reason(text: &str, csv: Option<&str>) -> (String, Vec<String>) {
    match lookup(text, csv) {
        (Some(LookupDefinition::Unavailable { reason, .. }), said) => (reason, said),
        other => panic!("{other:?}"),
    }
}

#[test]
fn macros_are_kept_by_name_and_arity() {
    let mut library = Library::default();
    assert_eq!(add_macro(&mut library, "name: m\ndefinition: index=x\n"), [] as [&str; 0]);
    assert_eq!(
        add_macro(&mut library, "name: m(2)\narguments: a, b\ndefinition: f($a$)\niseval: 1\n"),
        [] as [&str; 0]
    );
    assert_eq!(add_macro(&mut library, "name: m\narguments: [a]\ndefinition: '$a$'\n"), [] as [&str; 0]);
    let arities: Vec<usize> = library.macros_named("m").map(|m| m.arguments.len()).collect();
    assert_eq!(arities, [0, 1, 2]);
    let two = &library.macros[&("m".to_owned(), 2)];
    assert!(two.iseval);
    assert_eq!((two.definition.as_str(), two.path.as_str()), ("f($a$)", "macros/m.yml"));
}

#[test]
fn a_macro_may_be_defined_as_nothing() {
    let mut library = Library::default();
    assert_eq!(add_macro(&mut library, "name: hook\ndefinition: ''\n"), [] as [&str; 0]);
    assert_eq!(library.macros.len(), 1);
}

#[test]
fn broken_macro_files_are_warnings_with_a_place() {
    let mut library = Library::default();
    assert_eq!(
        add_macro(&mut library, "name: m\n"),
        [
            "R010 warning 1:1 a macro file can't be read: the key `definition` is missing | a macro file has the keys `name`, `definition` and, where it takes arguments, `arguments`"
        ]
    );
    assert!(
        add_macro(&mut library, "name: 'm\ndefinition: x\n")[0]
            .starts_with("R010 warning 1:7 a macro file can't be read: the file is not valid YAML")
    );
    assert!(add_macro(&mut library, "name: m(2)\narguments: [a]\ndefinition: x\n")[0].contains("says 2 arguments"));
    assert!(add_macro(&mut library, "- a\n")[0].contains("a macro file is a mapping, not a list"));
    assert!(add_macro(&mut library, "")[0].starts_with("R010 warning 1:1 the file is empty"));
    assert!(add_macro(&mut library, "name: m\ndefinition: [a]\n")[0].contains("`definition` is a list"));
    assert!(library.macros.is_empty());
}

#[test]
fn the_first_of_two_definitions_stays() {
    let mut library = Library::default();
    add_macro(&mut library, "name: m\ndefinition: first\n");
    let said = add_macro(&mut library, "definition: second\nname: m\n");
    assert_eq!(said, ["R011 warning 2:7 the macro `m(0)` is defined already | the first stays: macros/m.yml"]);
    assert_eq!(library.macros[&("m".to_owned(), 0)].definition, "first");
}

#[test]
fn lookup_tables_have_splunks_defaults() {
    let table = table("name: l\nfilename: l.csv\n", "\u{feff}a,b\r\n1,\"x, y\"\r\n");
    assert_eq!((table.case_sensitive, table.max_matches, table.default_match), (true, 1000, None));
    assert_eq!(table.columns, ["a".into(), "b".into()]);
    assert_eq!(table.rows, [["1".to_owned(), "x, y".to_owned()]]);
}

#[test]
fn lookup_settings_are_read() {
    let table = table(
        "name: l\nfilename: l.csv\ncase_sensitive_match: 'false'\nmatch_type: WILDCARD(a), cidr(b),EXACT(c)\n\
         max_matches: 1\nmin_matches: 1\ndefault_match: 'false'\n",
        "a,b,c\n",
    );
    assert_eq!((table.case_sensitive, table.max_matches), (false, 1));
    assert_eq!(table.default_match.as_deref(), Some("false"));
    assert_eq!(table.matching, [("a".into(), MatchType::Wildcard), ("b".into(), MatchType::Cidr)]);
    assert!(table.rows.is_empty());
}

#[test]
fn a_default_without_minimum_is_not_used() {
    assert_eq!(table("name: l\nfilename: l.csv\ndefault_match: x\n", "a\n").default_match, None);
}

#[test]
fn lookups_without_rows_say_why() {
    let kv = "it is a KV-store collection, whose rows are in Splunk only";
    assert_eq!(reason("name: l\ncollection: c\n", None).0, kv);
    assert_eq!(reason("name: l\nexternal_type: kvstore\n", None).0, kv);
    assert_eq!(reason("name: l\nfilename: x.csv\n", None).0, "its CSV file `x.csv` is not in the content folder");
    assert_eq!(reason("name: l\nlookup_type: csv\n", None).0, "its CSV file `l.csv` is not in the content folder");
    assert_eq!(reason("name: l\nfilename: x.csv\n", Some("")).0, "its CSV file `x.csv` is empty");
    assert_eq!(reason("name: l\n", None).0, "it names no CSV file");
}

#[test]
fn ragged_rows_are_warned_of_and_kept() {
    let (definition, said) = lookup("name: l\nfilename: x.csv\n", Some("a,b\n1\n1,2,3\n4,5\n6\n"));
    assert_eq!(
        said,
        [
            "R010 warning 2:11 `x.csv` has 2 rows with fewer cells than columns, first in line 2 | the missing cells are taken as empty",
            "R010 warning 2:11 `x.csv` has a row with more cells than columns, first in line 3 | the cells without a column are not used; text with a comma belongs in double quotes",
        ]
    );
    match definition {
        Some(LookupDefinition::Table(table)) => assert_eq!(table.rows[0], ["1".to_owned(), String::new()]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_kind_of_match_makes_the_lookup_unavailable() {
    let (reason, said) = reason("name: l\nfilename: x.csv\nmatch_type: FUZZY(a)\n", Some("a\n"));
    assert_eq!(reason, "its definition is malformed");
    assert!(said[0].starts_with("R010 warning 3:13 `match_type` has `FUZZY(a)`"), "{said:?}");
}

#[test]
fn deployments_are_kept_by_type() {
    let text = "name: D\ntype: TTP\nscheduling:\n  earliest_time: -70m@m\n  latest_time: -10m@m\n";
    let file = SourceFile::new("d.yml", text);
    let (mut library, mut sink) = (Library::default(), Sink::default());
    library.add_deployment(&file, &mut sink);
    library.add_deployment(&SourceFile::new("e.yml", "type: Hunting\n"), &mut sink);
    let ttp = &library.deployments["ttp"];
    assert_eq!((ttp.earliest.as_str(), ttp.latest.as_str()), ("-70m@m", "-10m@m"));
    assert!(said(&file, &sink)[0].contains("the key `scheduling` is missing"));
}

#[test]
#[allow(clippy::print_stdout)]
fn the_corpus_content_is_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/escu");
    let files = |name: &str| {
        let entries = std::fs::read_dir(folder.join(name)).ok()?;
        let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
        paths.retain(|p| p.extension().is_some_and(|e| e == "yml"));
        Some(paths)
    };
    let (Some(macros), Some(lookups), Some(deployments)) = (files("macros"), files("lookups"), files("deployments"))
    else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    let read = |path: &std::path::Path| {
        SourceFile::from_bytes(path.display().to_string(), std::fs::read(path).expect("a readable file"))
    };
    let (mut library, mut sink) = (Library::default(), Sink::default());
    for path in &macros {
        library.add_macro(&read(path), &mut sink);
    }
    for path in &deployments {
        library.add_deployment(&read(path), &mut sink);
    }
    assert!(sink.diagnostics().is_empty(), "{:?}", sink.diagnostics());
    for path in &lookups {
        let file = read(path);
        let csv = Library::csv_of(&file).and_then(|name| std::fs::read_to_string(path.with_file_name(name)).ok());
        library.add_lookup(&file, csv.as_deref(), &mut sink);
    }
    assert_eq!((library.macros.len(), library.lookups.len(), library.deployments.len()), (189, 74, 5));
    let tables = library.lookups.values().filter(|l| matches!(l, LookupDefinition::Table(_))).count();
    assert!(tables >= 45, "{tables}");
    for said in sink.diagnostics() {
        assert!(said.message.contains("cells than columns"), "{said:?}");
    }
}
