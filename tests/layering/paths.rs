//! Finds the paths that a Rust file names, without a parser of the whole language: comments, texts and character literals are
//! skipped, `use` trees are followed, `super` and `self` are resolved by the file's place and by the modules within it.

/// A path in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// From the crate's root: `crate::ir::Expr`. Paths into other crates stay as they are: `std::fs`. A macro's call ends in
    /// an exclamation mark: `println!`.
    pub(crate) path: Vec<String>,
    /// The module that names it, without `crate`.
    pub(crate) module: Vec<String>,
    /// Counted from 1.
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug)]
struct Token<'t> {
    text: &'t str,
    line: usize,
}

/// The paths that a file names; `module` is the file's place in the crate, e.g. `["ir", "expr"]`.
pub(crate) fn named(text: &str, module: &[String]) -> Vec<Named> {
    let tokens = tokens(text);
    let at = |i: usize| tokens.get(i).map_or("", |t| t.text);
    let mut found = Vec::new();
    // The name that each open brace gives to its module, if it is one.
    let mut braces: Vec<Option<&str>> = Vec::new();
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let before = if i == 0 { "" } else { at(i - 1) };
        match token.text {
            "{" => braces.push((i >= 2 && at(i - 2) == "mod").then_some(before)),
            "}" => {
                braces.pop();
            }
            name if is_name(name) && !matches!(before, "::" | "." | "mod" | "fn") => {
                let place: Vec<String> =
                    module.iter().cloned().chain(braces.iter().flatten().map(|m| (*m).to_owned())).collect();
                let mut paths = Vec::new();
                let next = tree(&tokens, i, &[], &mut paths);
                for (path, line) in paths.into_iter().filter(|(p, _)| p.len() > 1 || p[0].ends_with('!')) {
                    found.push(Named { path: resolved(&path, &place), module: place.clone(), line });
                }
                i = next;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Follows a path or a `use` tree that begins at a name; gives the index behind it.
fn tree<'t>(tokens: &[Token<'t>], start: usize, prefix: &[&'t str], found: &mut Vec<(Vec<String>, usize)>) -> usize {
    let at = |i: usize| tokens.get(i).map_or("", |t| t.text);
    let mut path = prefix.to_vec();
    let mut i = start;
    let line = tokens.get(start).map_or(0, |t| t.line);
    let owned = |path: &[&str]| path.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    loop {
        path.push(at(i));
        i += 1;
        if at(i) != "::" {
            break;
        }
        match at(i + 1) {
            "{" => {
                i += 2;
                while !matches!(at(i), "}" | "") {
                    // Anything else here is a comma, or a new name behind `as`.
                    let is_element = is_name(at(i)) && matches!(at(i - 1), "{" | ",");
                    i = if is_element { tree(tokens, i, &path, found) } else { i + 1 };
                }
                return i + 1;
            }
            name if is_name(name) => i += 1,
            // `::*`, `::<T>`
            _ => {
                i += 1;
                break;
            }
        }
    }
    let mut path = owned(&path);
    if at(i) == "!"
        && at(i + 1) != "="
        && let Some(last) = path.last_mut()
    {
        last.push('!');
    }
    found.push((path, line));
    i
}

fn resolved(path: &[String], module: &[String]) -> Vec<String> {
    let crate_name = "crate".to_owned();
    match path.first().map(String::as_str) {
        Some("self") => {
            [&crate_name].into_iter().chain(module).chain(path.iter().filter(|s| *s != "self")).cloned().collect()
        }
        Some("super") => {
            let up = path.iter().take_while(|s| *s == "super").count();
            let kept = module.len().saturating_sub(up);
            [&crate_name].into_iter().chain(&module[..kept]).chain(&path[up..]).cloned().collect()
        }
        _ => path.to_vec(),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, numbers, `::` and single characters of punctuation.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (length, is_token) = match c {
            _ if c.is_whitespace() => (c.len_utf8(), false),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (quoted(rest), false),
            '\'' => (character(rest), false),
            ':' if rest.starts_with("::") => (2, true),
            _ => match raw_text(rest) {
                Some(length) => (length, false),
                None => (word.max(c.len_utf8()), true),
            },
        };
        let (token, after) = rest.split_at(length);
        if is_token {
            tokens.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// A text in double quotes, with escapes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`.
fn raw_text(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let body = behind[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// A character literal, or only the quote of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 3),
        Some((at, c)) if text[at + c.len_utf8()..].starts_with('\'') => at + c.len_utf8() + 1,
        _ => 1,
    }
}
