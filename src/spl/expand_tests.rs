//! Tests of macro expansion.

use super::*;
use crate::rule::ScalarMap;

fn library(macros: &[(&str, &[&str], &str)]) -> Library {
    let mut library = Library::default();
    for (name, arguments, definition) in macros {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let key = ((*name).to_owned(), arguments.len());
        let definition = (*definition).to_owned();
        library.macros.insert(key, Macro { name: (*name).to_owned(), arguments, definition, ..Macro::default() });
    }
    library
}

fn run(search: &str, macros: &[(&str, &[&str], &str)]) -> Result<String, String> {
    let mut sink = Sink::default();
    let map = Arc::new(ScalarMap::identity(0, search.len() as u32));
    match expand(&Text::of_search(search, map), &library(macros), &mut sink) {
        Ok(text) => Ok(text.as_str().to_owned()),
        Err(Reported) => Err(format!("{} {}", sink.diagnostics()[0].code.id, sink.diagnostics()[0].message)),
    }
}

#[test]
fn arguments_are_text() {
    let ctime: (&str, &[&str], &str) = ("ctime", &["f"], "convert ctime($f$)");
    assert_eq!(run("a | `ctime(firstTime)`", &[ctime]).as_deref(), Ok("a | convert ctime(firstTime)"));
    let two: (&str, &[&str], &str) = ("in2", &["f", "v"], "$f$ IN ($v$) $other$");
    assert_eq!(run("`in2(a, \"x, y\")`", &[two]).as_deref(), Ok("a IN (x, y) $other$"));
}

#[test]
fn definitions_nest_and_arity_chooses() {
    let macros: &[(&str, &[&str], &str)] = &[("a", &[], "`a(1)`"), ("a", &["x"], "f=$x$")];
    assert_eq!(run("`a`", macros).as_deref(), Ok("f=1"));
    assert_eq!(run("`a(1,2)`", macros).err().as_deref(), Some("M102 macro `a` takes 0 or 1 arguments, not 2"));
    assert_eq!(run("`b`", macros).err().as_deref(), Some("M101 unknown macro `b`"));
}

#[test]
fn recursion_is_found() {
    let macros: &[(&str, &[&str], &str)] = &[("a", &[], "`b`"), ("b", &[], "`a`")];
    assert_eq!(run("`a`", macros).err().as_deref(), Some("M103 macro `a` expands to itself: a → b → a"));
}

#[test]
fn hooks_keep_every_row() {
    assert_eq!(run("a=1 | `my_rule_filter`", &[]).as_deref(), Ok("a=1 | search *"));
    assert_eq!(run("a=1 `my_rule_filter` | stats count", &[]).as_deref(), Ok("a=1 * | stats count"));
}

#[test]
fn comments_vanish_and_quotes_protect() {
    assert_eq!(run("a=1 ```why``` b=\"`c`\"", &[]).as_deref(), Ok("a=1  b=\"`c`\""));
    assert_eq!(run("a=1 ```why", &[]).err().as_deref(), Some("S202 the comment has no closing ` ``` `"));
}

#[test]
fn positions_lead_to_the_rule() {
    let mut sink = Sink::default();
    let search = "x `m(val)` y";
    let map = Arc::new(ScalarMap::identity(100, search.len() as u32));
    let text =
        expand(&Text::of_search(search, map), &library(&[("m", &["a"], "f=$a$ g")]), &mut sink).expect("expands");
    assert_eq!(text.as_str(), "x f=val g y");
    let of = |part: &str| {
        let start = text.as_str().find(part).expect("part");
        let span = text.span(start, start + part.len());
        (span.start, span.end)
    };
    assert_eq!(of("f="), (102, 110));
    assert_eq!(of("val"), (105, 108));
    assert_eq!(of("y"), (111, 112));
}

/// As [`run`], where the macro `m` is computed.
fn computed(search: &str, arguments: &[&str], definition: &str) -> Result<String, String> {
    let mut library = library(&[("m", arguments, definition), ("inner", &[], "\"in\"")]);
    for found in library.macros.values_mut().filter(|m| m.name == "m") {
        found.iseval = true;
    }
    let mut sink = Sink::default();
    let map = Arc::new(ScalarMap::identity(0, search.len() as u32));
    match expand(&Text::of_search(search, map), &library, &mut sink) {
        Ok(text) => Ok(text.as_str().to_owned()),
        Err(Reported) => Err(format!("{} {}", sink.diagnostics()[0].code.id, sink.diagnostics()[0].message)),
    }
}

#[test]
fn computed_macros_expand_to_their_value() {
    let definition = r#"if("$x$"="a", "f=1 OR g=2", "`missing`")"#;
    assert_eq!(computed("x (`m(a)`)", &["x"], definition).as_deref(), Ok("x (f=1 OR g=2)"));
    // The text that it gives may call macros itself.
    let error = computed("x `m(b)`", &["x"], r#"if("$x$"="a", "f=1", "`" . "missing" . "`")"#).err();
    assert_eq!(error.as_deref(), Some("M101 unknown macro `missing`"));
    assert_eq!(computed("x | head `m(3)`", &["n"], "$n$*2").as_deref(), Ok("x | head 6"));
    assert_eq!(computed("x `m`", &[], "`inner` . \"side\"").as_deref(), Ok("x inside"));
}

#[test]
fn what_a_computed_macro_needs_is_named() {
    let start = "M106 macro `m` is computed by `eval`, and can't be here: ";
    let of = |definition: &str| computed("`m`", &[], definition).err().unwrap_or_default().replace(start, "");
    assert_eq!(of("strftime(now(), \"%F\")"), "the function `now` has no value before the query runs");
    assert_eq!(of("user"), "the field `user` has no value before the query runs");
    assert_eq!(of("null()"), "it is NULL for these arguments");
    assert_eq!(of("1 +"), "it is no well-formed expression");
    assert_eq!(of("`m`"), "a macro in it can't be expanded");
}

#[test]
fn macros_stand_for_any_part_of_a_search() {
    let macros: &[(&str, &[&str], &str)] = &[
        ("list", &[], "a, \"b c\", d*"),
        ("stages", &["n"], "stats count by user | where count > $n$"),
        ("fields", &[], "user, src"),
        ("condition", &[], "(x=1 OR y=2)"),
    ];
    let search = "`condition` NOT f IN (`list`) | `stages(3)` ```then``` | table `fields` ```the ] end```";
    assert_eq!(
        run(search, macros).as_deref(),
        Ok("(x=1 OR y=2) NOT f IN (a, \"b c\", d*) | stats count by user | where count > 3  | table user, src ")
    );
}
