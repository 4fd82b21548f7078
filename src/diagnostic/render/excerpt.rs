//! A line of the source and the marks below it.

use super::paint::{visible_char, width};

/// Columns of source that are shown at the most.
const MAX_WIDTH: usize = 110;
/// Columns that are shown before the marked part where a line is cut.
const LEAD: usize = 40;
const TAB: usize = 4;

/// A line as it is shown, and the blanks and marks below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) line: String,
    pub(super) indent: usize,
    pub(super) marks: usize,
}

/// Shows a line with a range of its bytes marked; an empty range marks one column.
pub(super) fn excerpt(line: &str, start: usize, end: usize) -> Excerpt {
    // Cells: what is shown for each character, and the columns it takes.
    let cells: Vec<(usize, char, usize)> = line
        .char_indices()
        .map(|(at, c)| if c == '\t' { (at, ' ', TAB) } else { (at, visible_char(c), width(visible_char(c))) })
        .collect();
    let column_of = |byte: usize| cells.iter().take_while(|(at, ..)| *at < byte).map(|(.., w)| w).sum::<usize>();
    let total: usize = cells.iter().map(|(.., w)| w).sum();
    let (from, to) = (column_of(start), column_of(end));
    let marked = (to - from.min(to)).max(1);
    let window = if total <= MAX_WIDTH { 0..total } else { window(total, from, marked) };
    let mut shown = String::new();
    let mut lead = 0;
    if window.start > 0 {
        shown.push('…');
        lead = 1;
    }
    let mut column = 0;
    // Where a wide character straddles the window's begin, the window begins behind it.
    let mut first = None;
    for (_, c, w) in &cells {
        if column >= window.start && column + w <= window.end {
            first.get_or_insert(column);
            shown.push(*c);
            if *w > 1 && *c == ' ' {
                shown.extend(std::iter::repeat_n(' ', w - 1));
            }
        }
        column += w;
    }
    if window.end < total {
        shown.push('…');
    }
    let first = first.unwrap_or(window.start);
    let visible_end = (from + marked).min(window.end.max(from + 1));
    Excerpt {
        line: shown.trim_end().to_owned(),
        indent: lead + from.saturating_sub(first),
        marks: visible_end.saturating_sub(from.max(first)).max(1),
    }
}

/// The part of a long line around the marked part.
fn window(total: usize, from: usize, marked: usize) -> std::ops::Range<usize> {
    let lead = LEAD.min(MAX_WIDTH.saturating_sub(marked.min(MAX_WIDTH)));
    let start = from.saturating_sub(lead).min(total.saturating_sub(MAX_WIDTH));
    start..(start + MAX_WIDTH).min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str, part: &str) -> String {
        let start = line.find(part).expect("the part");
        let e = excerpt(line, start, start + part.len());
        format!("{}\n{}{}", e.line, " ".repeat(e.indent), "^".repeat(e.marks))
    }

    #[test]
    fn short_lines_are_shown_whole() {
        assert_eq!(show("    | sats count", "sats"), "    | sats count\n      ^^^^");
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_marks_in_place() {
        assert_eq!(show("\ta sats", "sats"), "    a sats\n      ^^^^");
        assert_eq!(show("日本 sats", "sats"), "日本 sats\n     ^^^^");
        assert_eq!(show("e\u{301} x", "x"), "e\u{301} x\n  ^");
        assert_eq!(show("x 日本", "日本"), "x 日本\n  ^^^^");
    }

    #[test]
    fn an_empty_range_marks_one_column() {
        assert_eq!(excerpt("ab", 2, 2), Excerpt { line: "ab".to_owned(), indent: 2, marks: 1 });
        assert_eq!(excerpt("", 0, 0), Excerpt { line: String::new(), indent: 0, marks: 1 });
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let line = format!("{}sats{}", "a".repeat(300), "b".repeat(300));
        let shown = show(&line, "sats");
        let (text, marks) = shown.split_once('\n').expect("two lines");
        assert_eq!(text.chars().count(), MAX_WIDTH + 2);
        assert!(text.starts_with('…') && text.ends_with('…'));
        let at = text.chars().position(|c| c == 's').expect("the part");
        assert_eq!(marks, format!("{}^^^^", " ".repeat(at)));
        let end = show(&line, "bbb");
        assert!(end.starts_with('…') && end.contains("sats"));
    }

    #[test]
    fn marks_never_leave_the_window() {
        let line = "x".repeat(500);
        let e = excerpt(&line, 10, 500);
        assert!(e.indent + e.marks <= e.line.chars().count(), "{e:?}");
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(excerpt("a\u{1b}[2Jb", 0, 1).line, "a\u{fffd}[2Jb");
    }
}
