//! Expressions that are bound to the slots of a row.

use std::collections::HashSet;

use crate::eval::Value;
use crate::eval::address::Block;
use crate::eval::function::Apply;
use crate::eval::time::TimeFormat;
use crate::eval::token::Term;
use crate::eval::wildcard::Wildcard;
use crate::ir::{ArithmeticOp, Case, CompareOp, RelativeTime, Scalar, Step, letters};
use crate::regex::Matcher;

/// A bound expression.
pub(in crate::eval) enum Node {
    Slot(usize),
    /// The parameter of an enclosing lambda, counted from the outermost one.
    Variable(usize),
    Constant(Value<'static>),
    Compare {
        op: CompareOp,
        left: Box<Node>,
        right: Box<Node>,
        case: Case,
        how: How,
    },
    OneOf {
        value: Box<Node>,
        items: Items,
        fold: bool,
    },
    Like {
        value: Box<Node>,
        pattern: Wildcard,
    },
    Regex {
        value: Box<Node>,
        matcher: Box<Matcher>,
    },
    InCidr {
        value: Box<Node>,
        network: Block,
    },
    Term {
        raw: usize,
        term: Box<Term>,
    },
    IsNull(Box<Node>),
    IsTrue(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Any {
        value: Box<Node>,
        predicate: Box<Node>,
    },
    Map {
        value: Box<Node>,
        body: Box<Node>,
    },
    Keep {
        value: Box<Node>,
        predicate: Box<Node>,
    },
    Case {
        arms: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
    },
    Coalesce(Vec<Node>),
    Arithmetic {
        op: ArithmeticOp,
        left: Box<Node>,
        right: Box<Node>,
    },
    Concat(Vec<Node>),
    JsonPath {
        value: Box<Node>,
        path: Vec<Step>,
    },
    Capture {
        value: Box<Node>,
        matcher: Box<Matcher>,
        group: String,
        /// `None`: the first match; else that of every match, at most so many of them (0: no limit).
        all: Option<u32>,
    },
    Cast {
        value: Box<Node>,
        to: Scalar,
    },
    RelativeTime {
        time: Box<Node>,
        shift: RelativeTime,
    },
    Bin {
        value: Box<Node>,
        span: f64,
    },
    FormatTime {
        time: Box<Node>,
        format: TimeFormat,
    },
    ParseTime {
        text: Box<Node>,
        format: TimeFormat,
    },
    Call {
        function: Box<dyn Apply>,
        args: Vec<Node>,
    },
}

/// How two values compare, by their types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::eval) enum How {
    Numbers,
    /// As numbers where both read as such, else as texts.
    Either,
    Texts,
    Booleans,
}

/// The items of a list of texts; folded to lower case where case does not count.
pub(in crate::eval) enum Items {
    Few(Vec<String>),
    Many(HashSet<String>),
}

impl Node {
    /// Where the condition is that a slot has one of some texts: the slot and the texts, in lower case.
    pub(in crate::eval) fn asked(&self) -> Option<(usize, Vec<String>)> {
        match self {
            Node::Any { value, predicate } => match (&**value, &**predicate) {
                // The parameter of the only lambda is the value.
                (Node::Slot(slot), predicate) => {
                    predicate.texts_of(&|n| matches!(n, Node::Variable(0))).map(|t| (*slot, t))
                }
                _ => None,
            },
            Node::Compare { left, .. } | Node::OneOf { value: left, .. } => match &**left {
                Node::Slot(slot) => self.texts_of(&|n| matches!(n, Node::Slot(_))).map(|t| (*slot, t)),
                _ => None,
            },
            _ => None,
        }
    }

    fn texts_of(&self, subject: &dyn Fn(&Node) -> bool) -> Option<Vec<String>> {
        match self {
            Node::Compare { op: CompareOp::Eq, left, right, how: How::Texts, .. } if subject(left) => match &**right {
                Node::Constant(Value::Text(text)) => Some(vec![letters::lower(text)]),
                _ => None,
            },
            Node::OneOf { value, items, .. } if subject(value) => Some(match items {
                Items::Few(items) => items.iter().map(|i| letters::lower(i)).collect(),
                Items::Many(items) => items.iter().map(|i| letters::lower(i)).collect(),
            }),
            _ => None,
        }
    }
}
