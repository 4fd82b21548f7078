//! As much Markdown as the tests need: headings and fenced blocks.

/// A fenced block: the words behind the fence, and the text.
pub(crate) struct Block<'a> {
    pub(crate) info: &'a str,
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The fenced blocks of a text, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut out: Vec<Block<'_>> = Vec::new();
    let mut open: Option<&str> = None;
    for (number, line) in text.lines().enumerate() {
        let mark = &line[..line.len() - line.trim_start_matches(['`', '~']).len()];
        match open {
            Some(fence) if line.trim_end() == fence => open = None,
            Some(_) => {
                if let Some(block) = out.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            None if mark.len() >= 3 => {
                open = Some(mark);
                out.push(Block { info: line[mark.len()..].trim(), text: String::new(), line: number + 1 });
            }
            None => {}
        }
    }
    out
}

/// The sections below headings of a level: title and text.
pub(crate) fn sections(text: &str, level: usize) -> Vec<(&str, &str)> {
    let mark = format!("{} ", "#".repeat(level));
    let mut starts: Vec<(usize, bool)> = Vec::new();
    let mut at = 0;
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
        }
        let depth = line.len() - line.trim_start_matches('#').len();
        if !fenced && depth > 0 && depth <= level && line[depth..].starts_with(' ') {
            starts.push((at, depth == level));
        }
        at += line.len();
    }
    let ends: Vec<usize> = starts.iter().skip(1).map(|(s, _)| *s).chain([text.len()]).collect();
    starts
        .iter()
        .zip(ends)
        .filter(|((_, wanted), _)| *wanted)
        .map(|((start, _), end)| {
            let (title, body) = text[*start..end].split_once('\n').unwrap_or((&text[*start..end], ""));
            (title.trim_start_matches(&mark).trim(), body)
        })
        .collect()
}

/// The text with what stands between two markers replaced.
pub(crate) fn between(text: &str, name: &str, new: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no marker {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no marker {end}"));
    format!("{before}{begin}{new}{end}{after}")
}

/// Fails where a document is not what it should be, or writes it where that was asked for.
pub(crate) fn hold(path: &str, expected: &str) {
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let old = read(path);
    if old == expected {
        return;
    }
    if std::env::var_os("RULECAST_UPDATE_DOCS").is_some_and(|v| v == "1") {
        std::fs::write(&place, expected).expect("the document can be written");
        return;
    }
    let line = old.lines().zip(expected.lines()).position(|(a, b)| a != b).unwrap_or_default() + 1;
    let of = |text: &str| text.lines().nth(line - 1).unwrap_or("(the end)").to_owned();
    panic!(
        "{path}:{line} is stale; run `RULECAST_UPDATE_DOCS=1 cargo test --test docs`\n  is     {}\n  should {}",
        of(&old),
        of(expected)
    );
}

pub(crate) fn read(path: &str) -> String {
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&place).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn headings_and_fences_are_found() {
    let text = "# A\n## B\nx\n```spl\n# no heading\n```\n### C\n## D\n";
    let found: Vec<&str> = sections(text, 2).iter().map(|(t, _)| *t).collect();
    assert_eq!(found, ["B", "D"]);
    let block = &blocks(text)[0];
    assert_eq!((block.info, block.text.as_str(), block.line), ("spl", "# no heading\n", 4));
    assert_eq!(
        between("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb", "x", "new\n"),
        "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb"
    );
}
