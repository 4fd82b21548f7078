//! Links between documents lead to files and headings that are there.

use std::path::Path;

use super::markdown::{blocks, read};

const DOCUMENTS: [&str; 13] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "rules/README.md",
    "docs/architecture.md",
    "docs/attacks.md",
    "docs/coverage.md",
    "docs/diagnostics.md",
    "docs/fidelity.md",
    "docs/guide.md",
    "docs/performance.md",
    "docs/schemas.md",
    "docs/semantics.md",
];

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        for target in targets(&text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(document).parent().unwrap_or(Path::new(""));
            let path = if file.is_empty() { document.into() } else { folder.join(file) };
            if !root.join(&path).exists() {
                wrong.push(format!("{document}: {target}"));
            } else if !anchor.is_empty() && !anchors(&read(&path.display().to_string())).iter().any(|a| a == anchor) {
                wrong.push(format!("{document}: {target} (no such heading)"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where the links of a text lead, those to the web left out.
fn targets(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(t, _)| t)
        .filter(|t| !t.contains("://"))
        .collect()
}

/// The anchors of the headings.
fn anchors(text: &str) -> Vec<String> {
    let fenced: Vec<(usize, usize)> = blocks(text).iter().map(|b| (b.line, b.line + b.text.lines().count())).collect();
    text.lines()
        .enumerate()
        .filter(|(i, line)| line.starts_with('#') && !fenced.iter().any(|(from, to)| (from..=to).contains(&&(i + 1))))
        .map(|(_, line)| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn anchors_are_made_as_readers_make_them() {
    assert_eq!(
        anchors("# C403 `dc`: why?\n```\n# no\n```\n## The JSON contract\n"),
        ["c403-dc-why", "the-json-contract"]
    );
    assert_eq!(targets("[a](b.md#c) [d](https://e) [f](#g)"), ["b.md#c", "#g"]);
}
