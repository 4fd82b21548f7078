//! From offsets in a decoded YAML scalar back to bytes of the file.

use crate::source::Span;

/// Where each part of a decoded scalar stands in the file.
#[derive(Clone, Debug, Default)]
pub struct ScalarMap {
    /// Runs in order: (decoded offset, file offset). Within a run, offsets advance together.
    runs: Vec<(u32, u32)>,
    /// Length of the decoded text, and file offset behind its last character.
    end: (u32, u32),
}

impl ScalarMap {
    /// A map from runs (decoded offset, file offset), in increasing order, and the end of both texts.
    pub fn new(runs: Vec<(u32, u32)>, end: (u32, u32)) -> Self {
        Self { runs, end }
    }

    /// A text that stands in the file as it is, from an offset on.
    pub fn identity(file_offset: u32, len: u32) -> Self {
        Self { runs: vec![(0, file_offset)], end: (len, file_offset + len) }
    }

    /// A map for a text whose characters can't be placed: each offset is the scalar's start.
    pub fn coarse(file_offset: u32, len: u32) -> Self {
        Self { runs: Vec::new(), end: (len, file_offset) }
    }

    /// Whether it is the map of [`ScalarMap::coarse`].
    pub fn is_coarse(&self) -> bool {
        self.runs.is_empty() && self.end.0 > 0
    }

    /// The file offset of a decoded offset.
    pub fn offset(&self, decoded: u32) -> u32 {
        if decoded >= self.end.0 {
            return self.end.1;
        }
        let run = self.runs.partition_point(|(d, _)| *d <= decoded).saturating_sub(1);
        match self.runs.get(run) {
            Some((d, f)) => f + decoded.saturating_sub(*d),
            None => self.end.1,
        }
    }

    /// The file span of a decoded range.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let start_at = self.offset(clamp(start));
        // The end is taken from the last character, so that a line break behind it is not included.
        let mut end_at = if end > start { self.offset(clamp(end - 1)) + 1 } else { start_at };
        // A line break behind the text may not be in the file at all.
        if !self.runs.is_empty() {
            end_at = end_at.min(self.end.1).max(start_at);
        }
        Span::new(start_at as usize, end_at as usize)
    }
}
