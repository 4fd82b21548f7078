//! Comparison of two single values.

use std::cmp::Ordering;

use super::node::{How, Items};
use crate::eval::Value;
use crate::ir::{Case, CompareOp, letters};

/// Whether the operator holds between two values; `None` where one is NULL. Lists: whether some pair satisfies it.
pub(super) fn holds(op: CompareOp, left: &Value<'_>, right: &Value<'_>, case: Case, how: How) -> Option<bool> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::List(values), other) => Some(values.iter().any(|v| holds(op, v, other, case, how) == Some(true))),
        (other, Value::List(values)) => Some(values.iter().any(|v| holds(op, other, v, case, how) == Some(true))),
        (left, right) => Some(op.holds(order(op, left, right, case, how))),
    }
}

fn order(op: CompareOp, left: &Value<'_>, right: &Value<'_>, case: Case, how: How) -> Ordering {
    match how {
        How::Booleans => left.is_true().cmp(&right.is_true()),
        How::Numbers | How::Either => match (left.as_number(), right.as_number()) {
            (Some(l), Some(r)) => l.partial_cmp(&r).unwrap_or(Ordering::Equal),
            _ => texts(op, left, right, case),
        },
        How::Texts => texts(op, left, right, case),
    }
}

fn texts(op: CompareOp, left: &Value<'_>, right: &Value<'_>, case: Case) -> Ordering {
    let (left, right) = (left.to_text(), right.to_text());
    if case == Case::Sensitive {
        return left.cmp(&right);
    }
    if matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return if same_folded(&left, &right) { Ordering::Equal } else { Ordering::Less };
    }
    letters::lower(&left).cmp(&letters::lower(&right))
}

/// Whether two texts are the same without case.
pub(super) fn same_folded(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    letters::lower(left) == letters::lower(right)
}

/// Whether a text is, without case, one that is in lower case.
fn equals_folded(text: &str, lower: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(lower) } else { letters::lower(text) == lower }
}

impl Items {
    /// Whether one of the items is the text.
    pub(super) fn contain(&self, text: &str, fold: bool) -> bool {
        match self {
            Items::Few(items) if fold => items.iter().any(|item| equals_folded(text, item)),
            Items::Few(items) => items.iter().any(|item| item == text),
            Items::Many(items) if fold => items.contains(&letters::lower(text)),
            Items::Many(items) => items.contains(text),
        }
    }
}
