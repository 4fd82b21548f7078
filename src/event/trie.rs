//! The paths that a reader wants, as a tree of steps.

use super::path;
use crate::ir::{Scalar, Step};

/// What is to be done with the value at a path.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Want {
    /// It becomes the value of a slot. `list`: elements of a list are its values, without a `{}` in the path.
    Slot { slot: u32, scalar: Scalar, list: bool },
    /// It is the event's time; the record's own `_time` goes before the schema's field.
    Time { own: bool },
    /// It is the event's text.
    Raw,
    /// That it is there says something about the record's schema.
    Exists { bit: u32 },
    /// That its text matches this pattern does.
    Matches { bit: u32, pattern: Wildcard },
    /// It names the record's source.
    Label(Label),
    /// Where it is a list, it holds records, and the record is only the wrapper.
    Wrapper,
}

/// Members of a record that name its source, as Splunk does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Label {
    Source,
    Sourcetype,
    Eventtype,
    Datamodel,
}

impl Label {
    /// The most specific first.
    pub(super) const ALL: [Label; 4] = [Label::Source, Label::Sourcetype, Label::Eventtype, Label::Datamodel];

    pub(super) fn name(self) -> &'static str {
        match self {
            Label::Source => "source",
            Label::Sourcetype => "sourcetype",
            Label::Eventtype => "eventtype",
            Label::Datamodel => "datamodel",
        }
    }
}

/// A text with `*` for anything; compares without case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wildcard(Vec<String>);

impl Wildcard {
    pub(super) fn new(text: &str) -> Self {
        Self(text.split('*').map(str::to_lowercase).collect())
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        // Most marks are plain texts, looked at in every record.
        if let [only] = self.0.as_slice()
            && text.is_ascii()
        {
            return text.eq_ignore_ascii_case(only);
        }
        let text = text.to_lowercase();
        let (first, rest) = match self.0.as_slice() {
            [] => return text.is_empty(),
            [only] => return text == *only,
            [first, rest @ ..] => (first, rest),
        };
        let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
        let (last, middle) = match rest {
            [middle @ .., last] => (last, middle),
            [] => return text.is_empty(),
        };
        for piece in middle {
            match text.find(piece.as_str()) {
                Some(at) => text = &text[at + piece.len()..],
                None => return false,
            }
        }
        text.ends_with(last.as_str())
    }
}

/// A place in records. Node 0 of a [`Trie`] is the record.
#[derive(Default, Debug)]
pub(super) struct Node {
    pub(super) wants: Vec<Want>,
    pub(super) keys: Keys,
    pub(super) each: Option<u32>,
    pub(super) elements: Vec<(u32, u32)>,
}

impl Node {
    /// Whether only members of an object are wanted.
    pub(super) fn is_inner(&self) -> bool {
        self.wants.is_empty() && self.each.is_none() && self.elements.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Trie {
    pub(super) fn add(&mut self, path: &str, want: Want) {
        let mut at = 0usize;
        for step in path::steps(path) {
            at = self.child_or_new(at, &step);
        }
        self.nodes[at].wants.push(want);
    }

    pub(super) fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// A node by the number that its parent has.
    pub(super) fn node(&self, number: u32) -> &Node {
        &self.nodes[number as usize]
    }

    /// Where a member's own name leads that holds dots or braces.
    pub(super) fn walk(&self, from: &Node, name: &str) -> Option<u32> {
        let mut node = from;
        let mut found = None;
        for step in path::steps(name) {
            let next = match step {
                Step::Key(key) => node.keys.get(&key),
                Step::Each => node.each,
                Step::Index(n) => node.elements.iter().find(|(i, _)| *i == n).map(|(_, child)| *child),
            };
            found = Some(next?);
            node = self.node(next?);
        }
        found
    }

    fn child_or_new(&mut self, at: usize, step: &Step) -> usize {
        let new = self.nodes.len() as u32;
        let node = &mut self.nodes[at];
        let child = match step {
            Step::Key(key) => node.keys.get_or_insert(key, new),
            Step::Each => *node.each.get_or_insert(new),
            Step::Index(n) => match node.elements.iter().find(|(i, _)| i == n) {
                Some((_, child)) => *child,
                None => {
                    node.elements.push((*n, new));
                    new
                }
            },
        };
        if child == new {
            self.nodes.push(Node::default());
        }
        child as usize
    }
}

/// Names of members and what they lead to: a small open hash table, because each member of each record is looked up.
#[derive(Default, Debug)]
pub(super) struct Keys {
    names: Vec<(Box<str>, u32)>,
    /// Numbers of names plus one, 0 where free; a power of two of places, at most half of them taken.
    places: Vec<u32>,
}

impl Keys {
    #[inline]
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let mask = self.places.len() - 1;
        let mut place = hash(name.as_bytes()) as usize & mask;
        loop {
            match self.places[place] {
                0 => return None,
                number => {
                    let (known, child) = &self.names[number as usize - 1];
                    if **known == *name {
                        return Some(*child);
                    }
                }
            }
            place = (place + 1) & mask;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn get_or_insert(&mut self, name: &str, child: u32) -> u32 {
        if let Some(known) = self.get(name) {
            return known;
        }
        self.names.push((name.into(), child));
        let size = (self.names.len() * 2).next_power_of_two().max(4);
        self.places = vec![0; size];
        for (number, (name, _)) in self.names.iter().enumerate() {
            let mut place = hash(name.as_bytes()) as usize & (size - 1);
            while self.places[place] != 0 {
                place = (place + 1) & (size - 1);
            }
            self.places[place] = number as u32 + 1;
        }
        child
    }
}

/// Of the length and both ends: enough to tell the names of fields apart.
#[inline]
fn hash(name: &[u8]) -> u64 {
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (name.iter().fold(0, |n, b| n << 8 | u64::from(*b)), 0),
    };
    let mixed = (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_are_not() {
        let mut keys = Keys::default();
        let names: Vec<String> = (0..200).map(|n| format!("userIdentity.sessionContext.{n}.arn")).collect();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(keys.get_or_insert(name, n as u32), n as u32);
        }
        assert_eq!(keys.get_or_insert(&names[7], 999), 7);
        for (n, name) in names.iter().enumerate() {
            assert_eq!(keys.get(name), Some(n as u32));
        }
        assert_eq!(keys.get("userIdentity.sessionContext.7.arx"), None);
        assert_eq!(keys.get(""), None);
    }

    #[test]
    fn wildcards_match_without_case() {
        for (pattern, text, matches) in [
            ("Microsoft-Windows-*/Operational", "microsoft-windows-sysmon/operational", true),
            ("*", "", true),
            ("a", "A", true),
            ("a", "ab", false),
            ("a*", "b", false),
            ("*a*b", "xaybzb", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn dotted_names_lead_to_the_same_place() {
        let mut trie = Trie::default();
        trie.add("a.b{}.c", Want::Raw);
        let found = trie.walk(trie.root(), "a.b{}.c").expect("a node");
        assert_eq!(trie.node(found).wants, [Want::Raw]);
        assert_eq!(trie.walk(trie.root(), "a.x"), None);
    }
}
