//! Reads typed values from a mapping's keys; what has the wrong type is reported.

use super::model::Search;
use super::yaml::{Entry, Node, Plain, scalar_map};
use crate::diagnostic::{Diagnostic, Sink, code};
use crate::source::SourceFile;

pub(super) struct Reader<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) sink: &'a mut Sink,
}

impl Reader<'_> {
    pub(super) fn wrong_type(&mut self, what: &str, node: &Node, expected: &str, help: &str) {
        let message = format!("`{what}` is {}, where {expected} is expected", node.kind());
        self.sink.push(Diagnostic::new(&code::WRONG_TYPE, message).at(node.span).help(help));
    }

    /// Text that identifies something: a number or a boolean is no text. Empty where it is absent.
    pub(super) fn strict_text(&mut self, node: &Node, key: &str) -> String {
        let Some(value) = node.get(key) else { return String::new() };
        match value.scalar() {
            Some(scalar) if scalar.plain() == Plain::Text => scalar.text.clone(),
            Some(_) => {
                self.wrong_type(key, value, "text", "put it in quotes");
                String::new()
            }
            None => {
                self.wrong_type(key, value, "text", &format!("write `{key}: …` with one text"));
                String::new()
            }
        }
    }

    /// Any scalar's text. Empty where it is absent.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> String {
        let Some(value) = node.get(key) else { return String::new() };
        match value.scalar() {
            Some(scalar) => scalar.text.clone(),
            None => {
                self.wrong_type(key, value, "text", &format!("write `{key}: …` with one text"));
                String::new()
            }
        }
    }

    /// A list of scalars. Empty where it is absent.
    pub(super) fn list(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(value) = node.get(key) else { return Vec::new() };
        let help = format!("write each item in a line of its own behind `{key}:`, as `- item`");
        let Some(items) = value.items() else {
            self.wrong_type(key, value, "a list", &help);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter().filter(|i| !i.is_null()) {
            match item.scalar() {
                Some(scalar) => texts.push(scalar.text.clone()),
                None => self.wrong_type(key, item, "text as an item", &help),
            }
        }
        texts
    }

    /// A list of mappings. Empty where it is absent.
    pub(super) fn mappings<'n>(&mut self, node: &'n Node, key: &str) -> Vec<&'n Node> {
        let Some(value) = node.get(key) else { return Vec::new() };
        let help = format!("write each item of `{key}` as `- name: …`");
        let Some(items) = value.items() else {
            self.wrong_type(key, value, "a list", &help);
            return Vec::new();
        };
        let mut mappings = Vec::new();
        for item in items.iter().filter(|i| !i.is_null()) {
            if item.entries().is_some() {
                mappings.push(item);
            } else {
                self.wrong_type(key, item, "a mapping as an item", &help);
            }
        }
        mappings
    }

    /// A mapping; `None` where it is absent or something else.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        let value = node.get(key)?;
        if value.entries().is_none() {
            self.wrong_type(key, value, "a mapping", &format!("write the keys of `{key}` below it, indented"));
            return None;
        }
        Some(value)
    }

    /// A number, also one in quotes.
    pub(super) fn number(&mut self, node: &Node, key: &str) -> Option<f64> {
        let value = node.get(key)?;
        let number = value.scalar().and_then(|s| match s.plain() {
            Plain::Number(n) => Some(n),
            Plain::Text => s.text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Plain::Null | Plain::Boolean(_) => None,
        });
        if number.is_none() {
            self.wrong_type(key, value, "a number", &format!("write `{key}: 50`"));
        }
        number
    }

    /// A boolean, also as text, as the rule library often writes it.
    pub(super) fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        let value = node.get(key)?;
        let boolean = value.scalar().and_then(|s| match s.text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        });
        if boolean.is_none() {
            self.wrong_type(key, value, "a boolean", &format!("write `{key}: true` or `{key}: false`"));
        }
        boolean
    }

    /// A text with the map of its characters. Empty where it is absent.
    pub(super) fn search(&mut self, node: &Node, key: &str) -> Search {
        let text = self.strict_text(node, key);
        match node.get(key) {
            Some(value) => match value.scalar() {
                Some(scalar) if !text.is_empty() => {
                    let map = scalar_map(self.file.text(), scalar, value.span);
                    Search { text, map, span: value.span }
                }
                _ => Search { span: value.span, ..Search::default() },
            },
            None => Search::default(),
        }
    }

    /// Whether a required key has a text; else that is reported, at the empty key or at the top of the mapping.
    pub(super) fn require(&mut self, node: &Node, key: &str, help: &str) -> bool {
        let entry = node.entry(key);
        let is_empty = |e: &Entry| e.value.is_null() || e.value.scalar().is_some_and(|s| s.text.trim().is_empty());
        let (message, span) = match entry {
            Some(entry) if !is_empty(entry) => return true,
            Some(entry) => (format!("the key `{key}` is empty"), entry.key_span),
            None => {
                let first = node.entries().and_then(|e| e.first()).map_or(node.span, |e| e.key_span);
                (format!("the key `{key}` is missing"), first)
            }
        };
        self.sink.push(Diagnostic::new(&code::MISSING_KEY, message).at(span).help(help));
        false
    }
}
