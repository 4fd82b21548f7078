//! Searches in the guide: those marked `spl` have a query for Athena, those marked `spl refused` have none.

use rulecast::target::TargetId;

use super::content::{self, Extra};
use super::markdown::{blocks, read};

#[test]
fn the_guides_searches_are_what_they_say() {
    let mut wrong = Vec::new();
    for path in ["docs/guide.md", "docs/semantics.md"] {
        for block in blocks(&read(path)) {
            let compiles = match block.info {
                "spl" => true,
                "spl refused" => false,
                _ => continue,
            };
            let (compiler, _) = content::compiler(&Extra::default());
            let compiled = content::compile(&compiler, &content::rule(&block.text));
            let output = compiled.outputs.iter().find(|o| o.target == TargetId::Athena).expect("an output");
            if output.query.is_some() != compiles {
                let said: Vec<&str> = output.diagnostics.iter().map(|d| d.message.as_str()).collect();
                wrong.push(format!("{path}:{}: {said:?}", block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
