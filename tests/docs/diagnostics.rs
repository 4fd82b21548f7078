//! `docs/diagnostics.md`: the table is generated, and each code's example raises it.

use std::fmt::Write;

use rulecast::diagnostic::{Code, Effect, code};

use super::content::{self, Extra};
use super::markdown::{between, blocks, hold, read, sections};

const PATH: &str = "docs/diagnostics.md";

/// Codes without an example, and why.
const NO_EXAMPLE: [(&str, &str); 15] = [
    ("R006", "bytes that no document can hold"),
    ("R007", "a file of some megabytes"),
    ("R008", "a long file"),
    ("R009", "the file system's"),
    ("R011", "several files"),
    ("M105", "a long search"),
    ("C407", "a long search"),
    ("C411", "a setting and a lookup of several rows"),
    ("T502", "no example is known"),
    ("E601", RUN),
    ("E602", RUN),
    ("E603", RUN),
    ("E604", RUN),
    ("E605", RUN),
    ("E606", RUN),
];

const RUN: &str = "of a run over events, not of a compilation; see tests/run.rs";

#[test]
fn the_table_of_codes_is_current() {
    let mut table = String::from("| code | name | severity | effect | meaning |\n|---|---|---|---|---|\n");
    for code in code::ALL {
        let effect = match code.effect {
            Effect::None => "none",
            Effect::Approximate => "approximate",
            Effect::Unsupported => "unsupported",
            Effect::Invalid => "invalid",
        };
        let anchor = heading(code).replace(' ', "-").to_lowercase();
        let _ = writeln!(
            table,
            "| [{}](#{anchor}) | {} | {} | {effect} | {} |",
            code.id,
            code.name(),
            code.severity.name(),
            code.summary
        );
    }
    hold(PATH, &between(&read(PATH), "codes", &table));
}

#[test]
fn the_levels_of_the_codes_are_current() {
    let mut table = String::from("| level | codes |\n|---|---|\n");
    let levels = [
        ("`invalid`", Effect::Invalid),
        ("`unsupported`", Effect::Unsupported),
        ("`approximate`", Effect::Approximate),
        ("no change", Effect::None),
    ];
    for (level, effect) in levels {
        let codes: Vec<&str> = code::ALL.iter().filter(|c| c.effect == effect).map(|c| c.id).collect();
        let _ = writeln!(table, "| {level} | {} |", codes.join(", "));
    }
    let path = "docs/fidelity.md";
    hold(path, &between(&read(path), "levels", &table));
}

fn heading(code: &Code) -> String {
    format!("{} {}", code.id, code.name())
}

#[test]
fn every_code_has_its_section() {
    let text = read(PATH);
    let found: Vec<&str> = sections(&text, 3).iter().map(|(title, _)| *title).collect();
    let wanted: Vec<String> = code::ALL.iter().map(|c| heading(c)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_example_raises_its_code() {
    let text = read(PATH);
    let mut wrong = Vec::new();
    for (title, body) in sections(&text, 3) {
        let id = title.split(' ').next().unwrap_or_default();
        let mut extra = Extra::default();
        let mut rules = Vec::new();
        for block in blocks(body) {
            match block.info {
                "yaml macro" => extra.macros.push(block.text),
                "toml" => extra.schemas.push(block.text),
                "jinja" => extra.templates.push(block.text),
                "yaml" => rules.push(block.text),
                "spl" => rules.push(content::rule(&block.text)),
                other => panic!("{title}: a block of kind `{other}`"),
            }
        }
        let (compiler, mut raised) = content::compiler(&extra);
        for rule in &rules {
            let compiled = content::compile(&compiler, rule);
            raised.extend(compiled.diagnostics);
            raised.extend(compiled.outputs.into_iter().flat_map(|o| o.diagnostics));
        }
        let raises = raised.iter().any(|d| d.code.id == id);
        if raises == NO_EXAMPLE.iter().any(|(code, _)| *code == id) {
            let found: Vec<String> = raised.iter().map(|d| format!("{} {}", d.code.id, d.message)).collect();
            wrong.push(format!("{title}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
