//! Wildcards in field names: `fields a*`, `rename a.* as *`, `values(a.*)`.

use super::Lowering;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Name, Pattern, Piece};
use crate::source::Span;

/// The pattern of field names that a word with `*` stands for.
pub(crate) fn pattern(text: &str) -> Pattern {
    let mut pieces = Vec::new();
    for (i, part) in text.split('*').enumerate() {
        if i > 0 {
            pieces.push(Piece::Any);
        }
        pieces.push(Piece::Text(part.to_owned()));
    }
    Pattern::new(pieces)
}

/// The name that `rename from as to` gives a field; `None` where `from` does not match it. One `*` is supported on each side.
pub(crate) fn rename(from: &str, to: &str, name: &str) -> Option<String> {
    let (before, after) = from.split_once('*')?;
    let middle = name.strip_prefix(before)?.strip_suffix(after)?;
    Some(to.replacen('*', middle, 1))
}

impl Lowering<'_> {
    /// The fields that a wildcard stands for: those that stages have made, and those that the schema lists.
    ///
    /// # Errors
    /// Not all of them are known: the wildcard reaches into open objects of the event.
    pub(crate) fn matching_fields(&mut self, text: &str, span: Span) -> Result<Vec<Name>, Reported> {
        self.need_all_names(&format!("`{text}`"), span)?;
        let pattern = pattern(text);
        let mut names: Vec<Name> =
            self.scope.columns.iter().filter(|c| pattern.matches(&c.name, false)).map(|c| c.name.clone()).collect();
        let Some(origin) = &self.scope.origin else { return Ok(names) };
        let prefix = text.split('*').next().unwrap_or("");
        let listed = origin.schemas().any(|s| s.fields.keys().any(|f| pattern.matches(f, false)));
        let reaches_open = |root: &String| {
            let open = format!("{root}.");
            open.starts_with(prefix) || prefix.starts_with(&open)
        };
        let renamed = origin.prefixes.iter().any(|(_, to)| to.starts_with(prefix) || prefix.starts_with(to.as_str()));
        let open = origin.schemas().any(|s| s.open.iter().any(reaches_open));
        if renamed || (!listed && open) {
            let message = format!("which fields `{text}` stands for is not known before the query runs");
            let help = "name the fields that the rule needs";
            return Err(self.sink.fail(Diagnostic::new(&code::WILDCARD_FIELDS, message).at(span).help(help)));
        }
        if open {
            let message = format!(
                "`{text}` stands for the fields that the schema lists; others that events have are missing (narrows)"
            );
            self.sink.push(
                Diagnostic::new(&code::APPROXIMATION, message).at(span).help("name the fields that the rule needs"),
            );
        }
        let Some(origin) = &self.scope.origin else { return Ok(names) };
        let named = |d: &&String| text.strip_prefix(d.as_str()).is_some_and(|r| r.starts_with('.'));
        let dataset = origin.datasets.iter().find(named).map(|d| format!("{d}.")).unwrap_or_default();
        let mut known: Vec<String> = origin
            .schemas()
            .flat_map(|s| s.fields.keys())
            .map(|f| format!("{dataset}{f}"))
            .filter(|f| pattern.matches(f, false) && !origin.removed.iter().any(|r| **r == **f))
            .collect();
        known.sort();
        for name in known {
            if !names.iter().any(|n| **n == *name) {
                names.push(name.into());
            }
        }
        Ok(names)
    }
}
