//! Tolerates quoted scalars whose lines are not indented.

use std::collections::BTreeMap;

use super::decode::closing_quote;

/// A copy of the text whose quoted scalars are indented as the scanner wants it. YAML demands this, but the parsers that
/// the rule library is written for do not, and folding drops the indentation again.
#[derive(Default)]
pub(super) struct Indented {
    pub(super) text: Option<String>,
    /// Lines of the original text that have one more indentation, by offset, with the scalar's own indentation.
    lines: BTreeMap<usize, usize>,
    /// Offset of each such line in the padded text, the line's original offset, and the blanks up to its content.
    starts: Vec<(usize, usize, usize)>,
    scalars: usize,
}

impl Indented {
    /// How many scalars are treated, since each costs another reading.
    const MAX_SCALARS: usize = 32;

    /// Indents the lines of the quoted scalar at an offset; `false` where that can't help.
    pub(super) fn indent(&mut self, text: &str, at: usize) -> bool {
        let double = text.get(at..).is_some_and(|t| t.starts_with('"'));
        let Some(end) = closing_quote(text, at + 1, double) else { return false };
        let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let width = text[line_start..at].chars().take_while(|c| matches!(c, ' ' | '-')).count() + 1;
        let known = self.lines.len();
        for (i, _) in text.get(at..end).unwrap_or("").match_indices('\n') {
            let is_empty = text[at + i + 1..].trim_start_matches(' ').starts_with(['\n', '\r']);
            if !is_empty {
                self.lines.insert(at + i + 1, width);
            }
        }
        self.scalars += 1;
        let mut padded = String::with_capacity(text.len() + self.lines.len() * 4);
        let (mut from, mut added) = (0, 0);
        self.starts.clear();
        for (line, width) in &self.lines {
            padded.push_str(&text[from..*line]);
            self.starts.push((line + added, *line, added + width));
            added += width;
            padded.extend(std::iter::repeat_n(' ', *width));
            from = *line;
        }
        padded.push_str(&text[from..]);
        self.text = Some(padded);
        self.lines.len() > known && self.scalars <= Self::MAX_SCALARS
    }

    /// The offset in the original text.
    pub(super) fn original(&self, offset: usize) -> usize {
        let behind = self.starts.partition_point(|(start, ..)| *start <= offset);
        match behind.checked_sub(1).and_then(|i| self.starts.get(i)) {
            Some((_, line, added)) => (*line).max(offset.saturating_sub(*added)),
            None => offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_to_the_original() {
        let text = "a: 'x\ny\n\nz'\nb: 1\n";
        let mut indented = Indented::default();
        assert!(indented.indent(text, 3));
        let padded = indented.text.clone().expect("a padded text");
        assert_eq!(padded, "a: 'x\n y\n\n z'\nb: 1\n");
        for (at, c) in padded.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            assert_eq!(text[indented.original(at)..].chars().next(), Some(c), "at {at}");
        }
        assert!(!indented.indent(text, 3));
    }
}
