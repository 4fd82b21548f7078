//! The tree of a PCRE pattern. Inline flags are gone from it: the parser applied them to the nodes they reach.

use std::ops::Range;

use regex_syntax::hir::ClassUnicode;

/// A node and its bytes in the pattern.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: NodeKind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug)]
pub enum NodeKind {
    Empty,
    Literal(char),
    /// One character of a set: `.`, `[…]`, `\d`, `\p{…}`, a letter under `(?i)`.
    Class(ClassUnicode),
    Assertion(Assertion),
    Group {
        kind: GroupKind,
        body: Box<Node>,
    },
    Repeat {
        body: Box<Node>,
        min: u32,
        /// `None`: without end.
        max: Option<u32>,
        mode: RepeatMode,
    },
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    /// The text of a group again, by its number.
    BackReference {
        group: u32,
        any_case: bool,
    },
    /// The pattern of a group again; 0: the whole pattern.
    Recursion(u32),
    Conditional {
        condition: Condition,
        yes: Box<Node>,
        no: Box<Node>,
    },
    /// `\K`: the match begins here.
    Keep,
    /// `\R`
    LineBreak,
    /// `\X`
    Grapheme,
    /// `\C`
    Byte,
    /// `(*PRUNE)` and the like.
    Verb,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupKind {
    Plain,
    /// By its number, counted from 1. After a branch reset several groups have the same.
    Capture(u32),
    Atomic,
    Look {
        ahead: bool,
        negated: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RepeatMode {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assertion {
    /// `\A`, and `^` without `(?m)`.
    TextStart,
    /// `^` under `(?m)`: also behind each newline but one that ends the text.
    LineStart,
    /// `\z`, and `$` under `(?D)`.
    TextEnd,
    /// `\Z`, and `$` without `(?m)`: also before a newline that ends the text.
    TextEndOrNewline,
    /// `$` under `(?m)`
    LineEnd,
    /// `\G`
    SearchStart,
    /// `\b`, `\B`; whether letters beyond ASCII are letters (`(*UCP)`).
    Word { negated: bool, unicode: bool },
}

#[derive(Clone, Debug)]
pub enum Condition {
    /// The group took part in the match.
    Group(u32),
    /// A look-around.
    Look(Box<Node>),
    /// `R`, `R1`: inside a recursion.
    Recursion,
    /// `DEFINE`: never.
    Define,
}

impl Node {
    pub(super) fn new(kind: NodeKind, range: Range<usize>) -> Self {
        Self { kind, range }
    }

    /// The nodes directly below.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Group { body, .. } | NodeKind::Repeat { body, .. } => vec![body],
            NodeKind::Concat(parts) | NodeKind::Alternate(parts) => parts.iter().collect(),
            NodeKind::Conditional { condition, yes, no } => {
                let look = match condition {
                    Condition::Look(look) => Some(&**look),
                    Condition::Group(_) | Condition::Recursion | Condition::Define => None,
                };
                look.into_iter().chain([&**yes, &**no]).collect()
            }
            NodeKind::Empty
            | NodeKind::Literal(_)
            | NodeKind::Class(_)
            | NodeKind::Assertion(_)
            | NodeKind::BackReference { .. }
            | NodeKind::Recursion(_)
            | NodeKind::Keep
            | NodeKind::LineBreak
            | NodeKind::Grapheme
            | NodeKind::Byte
            | NodeKind::Verb => vec![],
        }
    }

    /// How many characters every match has, where that is one number.
    pub(super) fn fixed_length(&self) -> Option<u64> {
        match &self.kind {
            NodeKind::Empty | NodeKind::Assertion(_) | NodeKind::Keep | NodeKind::Verb => Some(0),
            NodeKind::Literal(_) | NodeKind::Class(_) => Some(1),
            NodeKind::Group { kind: GroupKind::Look { .. }, .. } => Some(0),
            NodeKind::Group { body, .. } => body.fixed_length(),
            NodeKind::Repeat { body, min, max, .. } => {
                (Some(*min) == *max).then_some(())?;
                body.fixed_length()?.checked_mul(u64::from(*min))
            }
            NodeKind::Concat(parts) => parts.iter().try_fold(0_u64, |sum, p| sum.checked_add(p.fixed_length()?)),
            NodeKind::Alternate(parts) => {
                let first = parts.first()?.fixed_length()?;
                parts.iter().all(|p| p.fixed_length() == Some(first)).then_some(first)
            }
            NodeKind::Conditional { condition: Condition::Define, .. } => Some(0),
            NodeKind::Conditional { yes, no, .. } => yes.fixed_length().filter(|n| no.fixed_length() == Some(*n)),
            NodeKind::BackReference { .. }
            | NodeKind::Recursion(_)
            | NodeKind::LineBreak
            | NodeKind::Grapheme
            | NodeKind::Byte => None,
        }
    }
}

impl Node {
    /// Whether a newline at the end of the text changes what an anchor means.
    pub(super) fn minds_last_newline(&self) -> bool {
        match self.kind {
            NodeKind::Assertion(Assertion::LineStart | Assertion::TextEndOrNewline) => true,
            NodeKind::Assertion(
                Assertion::TextStart
                | Assertion::TextEnd
                | Assertion::LineEnd
                | Assertion::SearchStart
                | Assertion::Word { .. },
            ) => false,
            _ => self.children().into_iter().any(Node::minds_last_newline),
        }
    }
}
