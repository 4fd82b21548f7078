//! Search text that still knows where each stretch of it comes from.

use std::sync::Arc;

use crate::rule::ScalarMap;
use crate::source::Span;

/// Where a stretch of text comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// The rule's own text, from a decoded offset on.
    Search(u32),
    /// The definition of a macro that is called at a place of the rule.
    Macro(Span, Arc<str>),
}

#[derive(Clone, Debug)]
struct Segment {
    /// Offset of the segment's first byte in the text.
    start: usize,
    origin: Origin,
}

/// Search text after (or during) macro expansion.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    text: String,
    segments: Vec<Segment>,
    map: Arc<ScalarMap>,
}

impl Text {
    /// A rule's search, as it stands.
    pub(crate) fn of_search(text: &str, map: Arc<ScalarMap>) -> Self {
        let segments = vec![Segment { start: 0, origin: Origin::Search(0) }];
        Self { text: text.to_owned(), segments, map }
    }

    /// An empty text that can take parts of a search.
    pub(crate) fn empty_like(other: &Text) -> Self {
        Self { text: String::new(), segments: Vec::new(), map: other.map.clone() }
    }

    /// A formula of a schema file: its positions mean nothing in the rule file, so all of it stands for one place there.
    pub(crate) fn of_formula(text: &str, place: Span) -> Self {
        let segments = vec![Segment { start: 0, origin: Origin::Macro(place, "".into()) }];
        Self { text: text.to_owned(), segments, map: Arc::default() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends text of a macro that is called at `call`.
    pub(crate) fn push_macro(&mut self, text: &str, call: Span, name: &Arc<str>) {
        self.segments.push(Segment { start: self.text.len(), origin: Origin::Macro(call, name.clone()) });
        self.text.push_str(text);
    }

    /// Appends a part of another text; the parts keep their origins.
    pub(crate) fn push_part(&mut self, other: &Text, start: usize, end: usize) {
        let Some(part) = other.text.get(start..end) else { return };
        if part.is_empty() {
            return;
        }
        let first = other.segments.partition_point(|s| s.start <= start).saturating_sub(1);
        for segment in other.segments.iter().skip(first).take_while(|s| s.start < end) {
            let from = segment.start.max(start);
            let origin = match &segment.origin {
                Origin::Search(offset) => Origin::Search(offset + (from - segment.start) as u32),
                macro_text => macro_text.clone(),
            };
            self.segments.push(Segment { start: self.text.len() + (from - start), origin });
        }
        self.text.push_str(part);
    }

    fn segment(&self, offset: usize) -> Option<&Segment> {
        self.segments.get(self.segments.partition_point(|s| s.start <= offset).saturating_sub(1))
    }

    /// The place of a range in the rule file; text from a macro stands where the macro is called.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let last = end.saturating_sub(1).max(start);
        let ends = |offset: usize| match self.segment(offset) {
            Some(Segment { start, origin: Origin::Search(decoded) }) => {
                let at = *decoded as usize + offset.saturating_sub(*start);
                self.map.span(at, at + 1)
            }
            Some(Segment { origin: Origin::Macro(call, _), .. }) => *call,
            None => Span::default(),
        };
        if end <= start {
            let at = ends(start);
            return Span { start: at.start, end: at.start };
        }
        let (a, b) = (ends(start), ends(last));
        if a.start <= b.start { a.to(b) } else { a }
    }

    /// The macro that the text at an offset comes from.
    pub(crate) fn macro_at(&self, offset: usize) -> Option<&str> {
        match self.segment(offset) {
            Some(Segment { origin: Origin::Macro(_, name), .. }) if !name.is_empty() => Some(name),
            _ => None,
        }
    }
}
