//! Texts that a regular expression matches.

use std::collections::HashMap;
use std::rc::Rc;

use super::rng::Rng;
use crate::regex::{Analysis, Condition, GroupKind, Matcher, Node, NodeKind};

/// Texts that are tried before a pattern is given up.
const TRIES: usize = 8;

/// A sample is cut off here.
const LONGEST: usize = 400;

/// Patterns that were read already.
#[derive(Default)]
pub(super) struct Cache {
    known: HashMap<String, Option<Rc<Pattern>>>,
}

pub(super) struct Pattern {
    analysis: Analysis,
    matcher: Matcher,
}

impl Cache {
    pub(super) fn get(&mut self, pattern: &str) -> Option<Rc<Pattern>> {
        if let Some(known) = self.known.get(pattern) {
            return known.clone();
        }
        let read = Analysis::new(pattern).ok().zip(Matcher::new(pattern).ok());
        let made = read.map(|(analysis, matcher)| Rc::new(Pattern { analysis, matcher }));
        self.known.insert(pattern.to_owned(), made.clone());
        made
    }
}

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text).unwrap_or(false)
    }

    /// A text that matches; `None` where none was found.
    pub(super) fn sample(&self, rng: &mut Rng) -> Option<String> {
        (0..TRIES).find_map(|_| {
            let mut out = String::new();
            write(&self.analysis.root, None, rng, &mut out, 0);
            // Something around it, where the pattern is not tied to the ends.
            let around = format!("a {out} z");
            if rng.chance(30) && self.matches(&around) {
                return Some(around);
            }
            self.matches(&out).then_some(out)
        })
    }

    /// A text in which a group has this text.
    pub(super) fn with_group(&self, group: &str, text: &str, rng: &mut Rng) -> Option<String> {
        let index = self.analysis.groups.iter().find(|g| g.name.as_deref() == Some(group))?.index;
        (0..TRIES).find_map(|_| {
            let mut out = String::new();
            write(&self.analysis.root, Some((index, text)), rng, &mut out, 0);
            let captured = self.matcher.first(&out).ok()??;
            (captured.name(group) == Some(text)).then_some(out)
        })
    }
}

fn write(node: &Node, fixed: Option<(u32, &str)>, rng: &mut Rng, out: &mut String, depth: u32) {
    if out.len() > LONGEST || depth > 60 {
        return;
    }
    match &node.kind {
        NodeKind::Literal(c) => out.push(*c),
        NodeKind::Class(class) => {
            let wanted = rng.below(96) as u32 + 32;
            let inside = |c: u32| class.ranges().iter().any(|r| (r.start() as u32..=r.end() as u32).contains(&c));
            // The next printable character from a random one on; else the first of the class.
            let found = (0..96).map(|n| 32 + (wanted - 32 + n) % 96).filter(|c| *c < 127).find(|c| inside(*c));
            let first = class.ranges().first().map(|r| r.start());
            out.extend(found.and_then(char::from_u32).or(first));
        }
        NodeKind::Group { kind, body } => match kind {
            GroupKind::Look { ahead: false, negated: false } => write(body, fixed, rng, out, depth + 1),
            GroupKind::Look { .. } => {}
            GroupKind::Capture(number) => match fixed {
                Some((wanted, text)) if wanted == *number => out.push_str(text),
                _ => write(body, fixed, rng, out, depth + 1),
            },
            GroupKind::Plain | GroupKind::Atomic => write(body, fixed, rng, out, depth + 1),
        },
        NodeKind::Repeat { body, min, max, .. } => {
            let most = max.unwrap_or(u32::MAX).min(min.saturating_add(4));
            let count = *min as usize + rng.below((most.saturating_sub(*min)) as usize + 1);
            (0..count.min(LONGEST)).for_each(|_| write(body, fixed, rng, out, depth + 1));
        }
        NodeKind::Concat(parts) => parts.iter().for_each(|p| write(p, fixed, rng, out, depth + 1)),
        NodeKind::Alternate(parts) => {
            if let Some(part) = rng.pick(parts) {
                write(part, fixed, rng, out, depth + 1);
            }
        }
        NodeKind::Conditional { condition, yes, no } => {
            let branch = if matches!(condition, Condition::Group(_)) { yes } else { no };
            write(branch, fixed, rng, out, depth + 1);
        }
        NodeKind::LineBreak => out.push('\n'),
        NodeKind::Grapheme | NodeKind::Byte => out.push('g'),
        NodeKind::Empty
        | NodeKind::Assertion(_)
        | NodeKind::BackReference { .. }
        | NodeKind::Recursion(_)
        | NodeKind::Keep
        | NodeKind::Verb => {}
    }
}
