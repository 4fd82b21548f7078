//! Functions in whole rules: types, refusals, and targets without a form.

use crate::compile::{Compiled, Compiler};
use crate::options::Options;
use crate::rule::Library;
use crate::schema::Schemas;
use crate::source::SourceFile;
use crate::target::TargetId;

fn compile(expression: &str, targets: &[TargetId]) -> Compiled {
    let search = format!("sourcetype=aws:cloudtrail | eval x={expression} | table x").replace('\'', "''");
    let options = Options { all_time: true, ..Options::default() };
    let compiler = Compiler::new(Library::default(), Schemas::builtin(), options);
    compiler.compile(&SourceFile::new("x.yml", format!("name: x\nid: y\nsearch: '{search}'\n")), targets)
}

/// The expression and its type in the IR, else the codes of the faults.
fn lowered(expression: &str) -> String {
    let compiled = compile(expression, &[]);
    let Some(ir) = compiled.ir else {
        return compiled.diagnostics.iter().map(|d| d.code.id).filter(|c| !c.starts_with('R')).collect();
    };
    let text = ir.to_string();
    let part = |mark: &str| text.lines().find_map(|l| Some(l.trim().split_once(mark)?.1.to_owned()));
    format!("{} {}", part("x = ").unwrap_or_default(), part("=> x:").unwrap_or_default().trim())
}

#[test]
fn results_have_the_types_of_the_manual() {
    let calls = [
        "acos(x)",
        "atan2(1, 2.5)",
        "bit_and(1, 2)",
        "bit_not(userAgent)",
        "sum(1, 2)",
        "sum(1, userAgent)",
        "avg(1, 2)",
        "printf(\"%s-%d\", userAgent, 3)",
        "ipmask(\"255.255.255.0\", sourceIPAddress)",
        "json_object(\"a\", errorMessage)",
        "json_array(1, 2)",
        "json_valid(userAgent)",
        "json_keys(userAgent)",
        "json_set(userAgent, \"a\", 1)",
        "json_extract(userAgent, \"a.b{0}\")",
        "json_extract(userAgent, \"a{}.b\")",
        "json_extract(userAgent, \"a\", \"b\")",
        "json_extract_exact(userAgent, \"a.b\")",
        "json_array_to_mv(userAgent)",
        "mv_to_json_array(split(userAgent, \" \"))",
        "toint(userAgent)",
        "tobool(userAgent)",
        "tomv(userAgent)",
        "isarray(userAgent)",
    ];
    let shown: Vec<String> = calls.into_iter().map(lowered).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
        acos(x) double?
        atan2(1, 2.5) double
        bit_and(1, 2) integer?
        bit_not(userAgent) integer?
        sum(1, 2) integer
        sum(1, userAgent) double?
        avg(1, 2) double
        printf("%s-%d", userAgent, 3) string?
        ipmask("255.255.255.0", sourceIPAddress) string?
        json_object("a", errorMessage) json
        json_array(1, 2) json
        json_valid(userAgent) boolean?
        json_keys(userAgent) json?
        json_set(userAgent, "a", 1) json?
        json(userAgent, "a.b{0}") unknown?
        json_extract(userAgent, "a{}.b") unknown?
        json_extract(userAgent, "a", "b") json?
        json(userAgent, "a.b") unknown?
        json_array_to_mv(userAgent) multivalue<unknown>?
        mv_to_json_array(split(userAgent, " ")) json?
        toint(userAgent) integer?
        tobool(userAgent) boolean?
        tomv(userAgent) multivalue<unknown>?
        isarray(userAgent) boolean?
        "#);
}

#[test]
fn faults_are_named() {
    assert_eq!(lowered("json_object(\"a\")"), "S206");
    assert_eq!(lowered("json_set(userAgent, \"a\")"), "S206");
    assert_eq!(lowered("ipmask(\"255.255\", sourceIPAddress)"), "S206");
    assert_eq!(lowered("ipmask(userAgent, sourceIPAddress)"), "S211");
    assert_eq!(lowered("printf(1)"), "N310");
    assert_eq!(lowered("sin(true())"), "N310");
    assert_eq!(lowered("lookup(\"a\", \"b\")"), "S208");
    assert_eq!(lowered("commands(\"a\")"), "S208");
}

#[test]
fn what_a_target_can_not_spell_it_refuses() {
    for name in super::names() {
        let function = super::find(name).expect("a function");
        let arguments: Vec<&str> = (0..function.arity.0)
            .map(|i| match i {
                _ if (function.condition)(i, function.arity.0) => "userAgent=\"a\"",
                0 => "userAgent",
                _ => "\"1\"",
            })
            .collect();
        let compiled = compile(&format!("{name}({})", arguments.join(", ")), &TargetId::ALL);
        for output in &compiled.outputs {
            let known = output.query.is_some() || compiled.ir.is_none();
            let refused = output.diagnostics.iter().any(|d| d.code.id == "C402");
            let internal = output.diagnostics.iter().any(|d| d.code.id == "T502");
            assert!((known || refused) && !internal, "{name} for {:?}: {:?}", output.target, output.diagnostics);
        }
    }
}
