//! From events to the tree, with limits.

use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::decode::trimmed;
use super::node::{Entry, Node, Scalar, Style, Value};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::source::{SourceFile, Span};

/// How deep collections may be nested, aliases included.
pub(super) const MAX_DEPTH: usize = 64;
/// How large a document may be once its aliases are written out: values, and 32 bytes of text count as one more.
const MAX_SIZE: usize = 600_000;
/// Duplicate keys up to which reading goes on.
const MAX_DUPLICATES: usize = 20;

/// An open collection.
struct Frame {
    start: Span,
    anchor: usize,
    content: Content,
    /// Levels below this one.
    height: usize,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(OpenMapping),
}

#[derive(Default)]
struct OpenMapping {
    entries: Vec<Entry>,
    /// Where each key stands first.
    keys: HashMap<String, Span>,
    /// The key whose value comes next; the flag: keep it (it is no duplicate).
    pending: Option<(String, Span, bool)>,
}

/// Builds the tree from events, within limits.
pub(super) struct Builder<'a> {
    file: &'a SourceFile,
    pub(super) sink: &'a mut Sink,
    frames: Vec<Frame>,
    /// Node, height and size by anchor.
    anchors: HashMap<usize, (Node, usize, usize)>,
    size: usize,
    duplicates: usize,
    pub(super) root: Option<Node>,
    /// End of the event before.
    after: u32,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: &'a SourceFile, sink: &'a mut Sink) -> Self {
        Self { file, sink, frames: Vec::new(), anchors: HashMap::new(), size: 0, duplicates: 0, root: None, after: 0 }
    }

    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Reported> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
            Event::Alias(id) => {
                // The parser has refused aliases without an anchor; what is not here yet is an alias to its own parent.
                let Some((node, height, size)) = self.anchors.get(&id).cloned() else {
                    return Err(self.sink.fail(
                        Diagnostic::new(&code::INVALID_YAML, "an alias stands within the value that it names")
                            .at(span)
                            .help("write the value out"),
                    ));
                };
                self.grow(size, span)?;
                self.check_depth(height, span)?;
                self.add(node, 0, height)?;
                self.after = span.end;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.grow(1 + text.len() / 32, span)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let is_str = tag.as_deref().is_some_and(is_str_tag);
                let span = trimmed(self.file.text(), style, span);
                let scalar = Scalar { text: text.into_owned(), style, is_str, after: self.after };
                self.after = span.end;
                self.add(Node { span, value: Value::Scalar(scalar) }, anchor, 0)?;
            }
            Event::SequenceStart(anchor, _) => self.open(span, anchor, Content::Sequence(Vec::new()))?,
            Event::MappingStart(anchor, _) => self.open(span, anchor, Content::Mapping(OpenMapping::default()))?,
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
        }
        Ok(())
    }

    fn grow(&mut self, size: usize, span: Span) -> Result<(), Reported> {
        self.size = self.size.saturating_add(size);
        if self.size <= MAX_SIZE {
            return Ok(());
        }
        Err(self.sink.fail(
            Diagnostic::new(&code::NESTED_TOO_DEEP, "the YAML has too many values, with its aliases written out")
                .at(span)
                .help("a rule has some hundred values; write it without aliases"),
        ))
    }

    fn check_depth(&mut self, below: usize, span: Span) -> Result<(), Reported> {
        if self.frames.len() + below > MAX_DEPTH {
            return Err(self.sink.fail(too_deep(span)));
        }
        Ok(())
    }

    fn open(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Reported> {
        self.grow(1, span)?;
        self.check_depth(1, span)?;
        if let Some(Frame { content: Content::Mapping(OpenMapping { pending: None, .. }), .. }) = self.frames.last() {
            return Err(self.sink.fail(key_type(span)));
        }
        self.after = span.end;
        self.frames.push(Frame { start: span, anchor, content, height: 1 });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Reported> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let (value, last) = match frame.content {
            Content::Sequence(items) => {
                let last = items.last().map(|n| n.span.end);
                (Value::Sequence(items), last)
            }
            Content::Mapping(OpenMapping { entries, .. }) => {
                let last = entries.last().map(|e| e.value.span.end);
                (Value::Mapping(entries), last)
            }
        };
        // The end of a block collection is only seen at the token behind it; flow collections have a bracket.
        let end = if end.end > end.start { end.end } else { last.unwrap_or(frame.start.end).max(frame.start.end) };
        let span = Span { start: frame.start.start, end };
        self.after = self.after.max(end);
        self.add(Node { span, value }, frame.anchor, frame.height)
    }

    fn add(&mut self, node: Node, anchor: usize, height: usize) -> Result<(), Reported> {
        if anchor > 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), height, size));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height + 1);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(mapping) => match mapping.pending.take() {
                Some((key, key_span, true)) => mapping.entries.push(Entry { key, key_span, value: node }),
                Some((_, _, false)) => {}
                None => {
                    let Some(scalar) = node.scalar() else {
                        return Err(self.sink.fail(key_type(node.span)));
                    };
                    let key = scalar.text.clone();
                    let first = mapping.keys.get(&key).copied();
                    match first {
                        Some(first) => {
                            let line = self.file.position(first.start).line;
                            let duplicate = Diagnostic::new(
                                &code::DUPLICATE_KEY,
                                format!("the key `{key}` stands twice in one mapping"),
                            )
                            .at(node.span)
                            .help(format!("it stands in line {line} already; remove one of the two"));
                            let reported = self.sink.fail(duplicate);
                            self.duplicates += 1;
                            if self.duplicates > MAX_DUPLICATES {
                                return Err(reported);
                            }
                        }
                        None => {
                            mapping.keys.insert(key.clone(), node.span);
                        }
                    }
                    mapping.pending = Some((key, node.span, first.is_none()));
                }
            },
        }
        Ok(())
    }
}

fn is_str_tag(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

fn key_type(span: Span) -> Diagnostic {
    Diagnostic::new(&code::WRONG_TYPE, "a key is text, not a list or a mapping")
        .at(span)
        .help("put text that begins with `[` or `{` in quotes")
}

/// The size of a tree, as [`MAX_SIZE`] counts; its depth is limited.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(scalar) => 1 + scalar.text.len() / 32,
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(entries) => 1 + entries.iter().map(|e| 1 + e.key.len() / 32 + size(&e.value)).sum::<usize>(),
    }
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(&code::NESTED_TOO_DEEP, format!("the YAML is nested deeper than {MAX_DEPTH} levels"))
        .at(span)
        .help("a rule needs no more than five levels")
}
