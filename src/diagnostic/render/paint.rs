//! Colours, and text that can't command a terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::diagnostic::Severity;

/// Whether text gets colours (ANSI escapes).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Paint {
    #[default]
    Plain,
    Colour,
}

impl Paint {
    pub fn severity(self, severity: Severity, text: impl Display) -> String {
        let colour = match severity {
            Severity::Error => AnsiColor::BrightRed,
            Severity::Warning => AnsiColor::BrightYellow,
            Severity::Note => AnsiColor::BrightCyan,
        };
        self.style(colour.on_default().bold(), text)
    }

    pub fn bold(self, text: impl Display) -> String {
        self.style(Style::new().bold(), text)
    }

    /// For line numbers and other furniture.
    pub fn frame(self, text: impl Display) -> String {
        self.style(AnsiColor::BrightBlue.on_default().bold(), text)
    }

    fn style(self, style: Style, text: impl Display) -> String {
        match self {
            Paint::Plain => text.to_string(),
            Paint::Colour => format!("{style}{text}{style:#}"),
        }
    }
}

/// Text with a replacement character for each character that would act on a terminal: control characters and those
/// that reverse the direction of writing. Tabs become a blank.
pub fn visible(text: &str) -> String {
    text.chars().map(visible_char).collect()
}

pub(super) fn visible_char(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// Columns that a character takes in a terminal.
pub fn width(c: char) -> usize {
    match c as u32 {
        // Combining marks, joiners and variation selectors.
        0x0300..=0x036f | 0x200b..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        // East Asian wide and full-width blocks, and emoji.
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0x33ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xa000..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_commanded() {
        assert_eq!(visible("a\u{1b}[31m\tb\u{202e}\u{9b}\n"), "a\u{fffd}[31m b\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn colours_only_where_asked() {
        assert_eq!(Paint::Plain.severity(Severity::Error, "x"), "x");
        assert!(Paint::Colour.severity(Severity::Error, "x").contains("\u{1b}["));
    }
}
