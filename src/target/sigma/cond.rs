//! The condition of a detection: a two-valued formula over tests of fields. A test is false where the field is absent.

use crate::ir::{CompareOp, Pattern};
use crate::source::Span;

/// A formula.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cond {
    True,
    False,
    Leaf(Leaf),
    /// The event's text contains one of these.
    Keyword(Vec<Pattern>, Span),
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
}

/// A test of one field, by its name in Sigma.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Leaf {
    pub(super) field: String,
    /// Whether the field can have several values, of which one must pass.
    pub(super) list: bool,
    pub(super) test: Test,
    /// The predicate that it comes from. Takes no part in equality.
    pub(super) span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Test {
    /// The whole value matches one of the patterns.
    Text {
        patterns: Vec<Pattern>,
        cased: bool,
    },
    /// The value is one of the numbers.
    Number(Vec<Number>),
    Boolean(bool),
    /// One of the regular expressions matches somewhere in the value. The flags are sub-modifiers of `re`.
    Regex {
        patterns: Vec<String>,
        flags: Vec<&'static str>,
    },
    /// The value is an address in one of the networks.
    Cidr(Vec<String>),
    /// The value is a number in this order to the other; never `Eq` or `Ne`.
    Order(CompareOp, Number),
    /// The value equals that of another field.
    SameAs(String),
    /// The event has the field.
    Present,
    /// The event does not have the field.
    Absent,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Number {
    Integer(i64),
    Double(f64),
}

impl Number {
    /// A number, as an integer where it is one.
    pub(super) fn new(value: f64) -> Self {
        // Up to 2^53 every integer has a double of its own.
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            Number::Integer(value as i64)
        } else {
            Number::Double(value)
        }
    }
}

impl Cond {
    /// A test of a field with one value.
    pub(super) fn leaf(field: impl Into<String>, test: Test) -> Cond {
        Cond::Leaf(Leaf { field: field.into(), list: false, test, span: Span::default() })
    }

    pub(super) fn truth(holds: bool) -> Cond {
        if holds { Cond::True } else { Cond::False }
    }

    /// The conjunction; nested ones are flattened, constants folded, repetitions left out.
    pub(super) fn and(parts: impl IntoIterator<Item = Cond>) -> Cond {
        let mut flat: Vec<Cond> = Vec::new();
        for part in parts {
            match part {
                Cond::True => {}
                Cond::False => return Cond::False,
                Cond::And(inner) => inner.into_iter().for_each(|c| push_new(&mut flat, c)),
                other => push_new(&mut flat, other),
            }
        }
        match flat.len() {
            0 => Cond::True,
            1 => flat.remove(0),
            _ => Cond::And(flat),
        }
    }

    /// The disjunction, likewise; tests of one field that fit in one list are merged.
    pub(super) fn or(parts: impl IntoIterator<Item = Cond>) -> Cond {
        let mut flat: Vec<Cond> = Vec::new();
        for part in parts {
            match part {
                Cond::False => {}
                Cond::True => return Cond::True,
                Cond::Or(inner) => inner.into_iter().for_each(|c| push_merged(&mut flat, c)),
                other => push_merged(&mut flat, other),
            }
        }
        match flat.len() {
            0 => Cond::False,
            1 => flat.remove(0),
            _ => Cond::Or(flat),
        }
    }

    /// The negation. It is pushed into disjunctions, since `not a and not b` reads better than `not (a or b)`, and into
    /// conjunctions of negations.
    pub(super) fn negate(self) -> Cond {
        match self {
            Cond::True => Cond::False,
            Cond::False => Cond::True,
            Cond::Not(inner) => *inner,
            Cond::Or(parts) => Cond::and(parts.into_iter().map(Cond::negate)),
            Cond::And(parts) if parts.iter().all(|p| matches!(p, Cond::Not(_))) => {
                Cond::or(parts.into_iter().map(Cond::negate))
            }
            Cond::Leaf(leaf) if leaf.test == Test::Present => Cond::Leaf(Leaf { test: Test::Absent, ..leaf }),
            Cond::Leaf(leaf) if leaf.test == Test::Absent => Cond::Leaf(Leaf { test: Test::Present, ..leaf }),
            other @ (Cond::Leaf(_) | Cond::Keyword(..) | Cond::And(_)) => Cond::Not(Box::new(other)),
        }
    }

    /// Calls `f` on each test of a field and each search for a keyword.
    pub(super) fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Cond)) {
        match self {
            Cond::True | Cond::False => {}
            Cond::Leaf(_) | Cond::Keyword(..) => f(self),
            Cond::And(parts) | Cond::Or(parts) => parts.iter().for_each(|p| p.walk(f)),
            Cond::Not(inner) => inner.walk(f),
        }
    }

    /// The members of a conjunction.
    pub(super) fn into_conjuncts(self) -> Vec<Cond> {
        match self {
            Cond::True => Vec::new(),
            Cond::And(parts) => parts,
            other => vec![other],
        }
    }
}

fn push_new(list: &mut Vec<Cond>, cond: Cond) {
    if !list.contains(&cond) {
        list.push(cond);
    }
}

/// Adds an alternative, to the list of a test of the same field where that is possible.
fn push_merged(list: &mut Vec<Cond>, cond: Cond) {
    if list.contains(&cond) {
        return;
    }
    if list.iter_mut().any(|present| merge_conds(present, &cond)) {
        return;
    }
    list.push(cond);
}

fn merge_conds(into: &mut Cond, from: &Cond) -> bool {
    match (into, from) {
        (Cond::Leaf(into), Cond::Leaf(from)) => into.field == from.field && merge(&mut into.test, &from.test),
        (Cond::Keyword(into, _), Cond::Keyword(from, _)) => {
            extend_new(into, from);
            true
        }
        _ => false,
    }
}

fn merge(into: &mut Test, from: &Test) -> bool {
    match (into, from) {
        (Test::Text { patterns, cased }, Test::Text { patterns: more, cased: other }) if cased == other => {
            extend_new(patterns, more);
            true
        }
        (Test::Number(numbers), Test::Number(more)) => {
            extend_new(numbers, more);
            true
        }
        (Test::Regex { patterns, flags }, Test::Regex { patterns: more, flags: other }) if flags == other => {
            extend_new(patterns, more);
            true
        }
        (Test::Cidr(networks), Test::Cidr(more)) => {
            extend_new(networks, more);
            true
        }
        _ => false,
    }
}

fn extend_new<T: Clone + PartialEq>(into: &mut Vec<T>, from: &[T]) {
    for item in from {
        if !into.contains(item) {
            into.push(item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Piece;

    fn equals(field: &str, value: &str) -> Cond {
        let patterns = vec![Pattern::new([Piece::Text(value.to_owned())])];
        Cond::leaf(field, Test::Text { patterns, cased: false })
    }

    #[test]
    fn alternatives_of_one_field_become_one_list() {
        let Cond::Leaf(leaf) = Cond::or([equals("a", "1"), equals("a", "2"), equals("a", "1")]) else {
            panic!("one test");
        };
        let Test::Text { patterns, .. } = leaf.test else { panic!("a text test") };
        assert_eq!(patterns.len(), 2);
        assert!(matches!(Cond::or([equals("a", "1"), equals("b", "2")]), Cond::Or(_)));
    }

    #[test]
    fn constants_are_folded() {
        assert_eq!(Cond::and([Cond::True, equals("a", "1")]), equals("a", "1"));
        assert_eq!(Cond::and([Cond::False, equals("a", "1")]), Cond::False);
        assert_eq!(Cond::or([Cond::False]), Cond::False);
        assert_eq!(Cond::and([]), Cond::True);
    }

    #[test]
    fn negation_goes_into_disjunctions_and_cancels_itself() {
        let either = Cond::or([equals("a", "1"), equals("b", "2")]);
        let neither = Cond::and([equals("a", "1").negate(), equals("b", "2").negate()]);
        assert_eq!(either.clone().negate(), neither);
        assert_eq!(equals("a", "1").negate().negate(), equals("a", "1"));
        assert_eq!(Cond::leaf("a", Test::Present).negate(), Cond::leaf("a", Test::Absent));
    }

    #[test]
    fn what_is_not_neither_is_either() {
        let both = |a: &str| Cond::and([equals(a, "1"), equals("b", "2")]);
        let neither = Cond::And(vec![both("a").negate(), both("c").negate()]);
        assert_eq!(neither.negate(), Cond::or([both("a"), both("c")]));
    }

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(Number::new(3.0), Number::Integer(3));
        assert_eq!(Number::new(0.5), Number::Double(0.5));
    }
}
