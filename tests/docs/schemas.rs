//! `docs/schemas.md`: the table of schemas is generated, and its example is a schema.

use std::fmt::Write;

use rulecast::schema::{Schema, Schemas};

use super::markdown::{between, blocks, hold, read};

const PATH: &str = "docs/schemas.md";

#[test]
fn the_table_of_schemas_is_current() {
    let mut table = String::from("| id | source | chosen by |\n|---|---|---|\n");
    for schema in Schemas::builtin().iter() {
        let shown: Vec<String> = schema.select.iter().take(3).map(|s| format!("`{}={}`", s.field, s.value)).collect();
        let more = if schema.select.len() > shown.len() { " and others" } else { "" };
        let _ = writeln!(table, "| `{}` | {} | {}{more} |", schema.id, schema.title, shown.join(", "));
    }
    hold(PATH, &between(&read(PATH), "schemas", &table));
}

#[test]
fn the_complete_example_is_a_schema() {
    let text = read(PATH);
    let example = blocks(&text).into_iter().find(|b| b.info == "toml").expect("an example");
    let schema = Schema::parse(&example.text).unwrap_or_else(|e| panic!("{}", e.message));
    assert_eq!(&*schema.id, "vpn");
}
