//! Running a bound expression on a row.

use std::cell::RefCell;

use super::compare;
use super::node::Node;
use crate::eval::layout::Row;
use crate::eval::time::{bin, relative_time};
use crate::eval::{Text, Value, function, json};
use crate::ir::{ArithmeticOp, Scalar};
use crate::regex::MatchError;

/// Where `random()` begins: a run can be repeated.
const SEED: u64 = 0x5eed;

/// What running needs besides the row.
pub(in crate::eval) struct Context {
    pub(in crate::eval) functions: function::Context,
    /// Room for the key of a group.
    pub(in crate::eval) key: RefCell<Vec<u8>>,
}

impl Context {
    pub(in crate::eval) fn new(now: f64) -> Self {
        Self { functions: function::Context::new(now, SEED), key: RefCell::default() }
    }

    /// Notes why a value could not be computed; the first reason counts.
    fn note(&self, error: &MatchError) {
        self.functions.fail(error.to_string());
    }

    /// What went wrong since the last time.
    pub(in crate::eval) fn take_fault(&self) -> Option<String> {
        self.functions.fault.borrow_mut().take()
    }
}

/// One evaluation: the row and the values of the lambdas' parameters.
struct Run<'r, 'e> {
    row: Row<'r, 'e>,
    variables: Vec<Value<'e>>,
    context: &'r Context,
}

impl Node {
    /// The value on a row.
    pub(in crate::eval) fn value<'e>(&'e self, row: Row<'_, 'e>, context: &Context) -> Value<'e> {
        match self {
            Node::Slot(slot) => row.get(*slot).clone(),
            _ => Run { row, variables: Vec::new(), context }.value(self),
        }
    }

    /// Whether the condition is true on a row.
    pub(in crate::eval) fn is_true<'e>(&'e self, row: Row<'_, 'e>, context: &Context) -> bool {
        Run { row, variables: Vec::new(), context }.truth(self) == Some(true)
    }
}

impl<'e> Run<'_, 'e> {
    /// Calls `f` on the node's value, without a copy where it is a slot.
    fn with<T>(&mut self, node: &'e Node, f: impl FnOnce(&mut Self, &Value<'e>) -> T) -> T {
        match node {
            Node::Slot(slot) => {
                let row = self.row;
                f(self, row.get(*slot))
            }
            Node::Constant(value) => f(self, value),
            _ => {
                let value = self.value(node);
                f(self, &value)
            }
        }
    }

    /// The truth of a condition; `None`: NULL.
    fn truth(&mut self, node: &'e Node) -> Option<bool> {
        match node {
            Node::Compare { op, left, right, case, how } => {
                self.with(left, |this, l| this.with(right, |_, r| compare::holds(*op, l, r, *case, *how)))
            }
            Node::OneOf { value, items, fold } => self.some(value, &mut |_, text| items.contain(text, *fold)),
            Node::Like { value, pattern } => self.some(value, &mut |_, text| pattern.is_match(text)),
            Node::Regex { value, matcher } => self.some(value, &mut |this, text| match matcher.is_match(text) {
                Ok(matches) => matches,
                Err(e) => {
                    this.context.note(&e);
                    false
                }
            }),
            Node::InCidr { value, network } => self.some(value, &mut |_, text| network.contains(text)),
            Node::Term { raw, term } => match self.row.get(*raw) {
                Value::Text(raw) => Some(term.is_match(raw)),
                _ => Some(false),
            },
            Node::IsNull(inner) => Some(self.with(inner, |_, value| value.is_null())),
            Node::IsTrue(inner) => Some(self.truth(inner) == Some(true)),
            Node::Not(inner) => self.truth(inner).map(|truth| !truth),
            Node::And(parts) => self.all(parts, false),
            Node::Or(parts) => self.all(parts, true),
            Node::Any { value, predicate } => {
                let value = self.value(value);
                if value.is_null() {
                    return None;
                }
                Some(value.values().iter().any(|v| self.lambda(v, |this| this.truth(predicate)) == Some(true)))
            }
            other => match self.value(other) {
                Value::Boolean(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// An `or` (one part decides by being true) or an `and` (by being false).
    fn all(&mut self, parts: &'e [Node], decides: bool) -> Option<bool> {
        let mut unknown = false;
        for part in parts {
            match self.truth(part) {
                Some(truth) if truth == decides => return Some(decides),
                Some(_) => {}
                None => unknown = true,
            }
        }
        (!unknown).then_some(!decides)
    }

    /// Whether the text of some value satisfies a test.
    fn some(&mut self, node: &'e Node, test: &mut dyn FnMut(&mut Self, &str) -> bool) -> Option<bool> {
        self.with(node, |this, value| match value {
            Value::Null => None,
            Value::Text(text) => Some(test(this, text)),
            value => Some(value.values().iter().any(|v| test(this, &v.to_text()))),
        })
    }

    fn lambda<T>(&mut self, value: &Value<'e>, f: impl FnOnce(&mut Self) -> T) -> T {
        self.variables.push(value.clone());
        let result = f(self);
        self.variables.pop();
        result
    }

    fn value(&mut self, node: &'e Node) -> Value<'e> {
        match node {
            Node::Slot(slot) => self.row.get(*slot).clone(),
            Node::Variable(n) => self.variables.get(*n).cloned().unwrap_or_default(),
            Node::Constant(value) => value.clone(),
            Node::Map { value, body } => {
                let value = self.value(value);
                let values: Vec<Value<'e>> =
                    value.values().iter().map(|v| self.lambda(v, |this| this.value(body))).collect();
                Value::list(values)
            }
            Node::Keep { value, predicate } => {
                let value = self.value(value);
                let keep = |v: &&Value<'e>| self.lambda(v, |this| this.truth(predicate)) == Some(true);
                let kept: Vec<Value<'e>> = value.values().iter().filter(keep).cloned().collect();
                Value::list(kept)
            }
            Node::Case { arms, otherwise } => {
                for (condition, value) in arms {
                    if self.truth(condition) == Some(true) {
                        return self.value(value);
                    }
                }
                otherwise.as_ref().map(|o| self.value(o)).unwrap_or_default()
            }
            Node::Coalesce(parts) => {
                parts.iter().map(|part| self.value(part)).find(|v| !v.is_null()).unwrap_or_default()
            }
            Node::Arithmetic { op, left, right } => {
                let (left, right) = (self.value(left), self.value(right));
                arithmetic(*op, &left, &right)
            }
            Node::Concat(parts) => self.concat(parts),
            Node::JsonPath { value, path } => match self.value(value) {
                Value::Null => Value::Null,
                // Of several texts each is read.
                Value::List(texts) => {
                    let read = texts.iter().map(|text| json::read(&text.to_text(), path).into_static());
                    Value::list(read)
                }
                Value::Text(Text::Borrowed(text)) => json::read(text, path),
                other => json::read(&other.to_text(), path).into_static(),
            },
            Node::Capture { value, matcher, group, all } => {
                let value = self.value(value);
                let mut found = Vec::new();
                for value in value.values() {
                    match value {
                        Value::Text(Text::Borrowed(text)) => self.capture(text, matcher, group, *all, &mut found),
                        other => {
                            found.extend(self.captured(&other.to_text(), matcher, group, *all));
                        }
                    }
                    if all.is_none() && !found.is_empty() {
                        break;
                    }
                }
                if all.is_some() { Value::list(found) } else { found.into_iter().next().unwrap_or_default() }
            }
            Node::Cast { value, to } => {
                let value = self.value(value);
                cast(value, *to)
            }
            Node::RelativeTime { time, shift } => self
                .with(time, |_, time| time.as_number().and_then(|t| relative_time(t, shift)))
                .map(super::number)
                .unwrap_or_default(),
            Node::Bin { value, span } => {
                let span = *span;
                let binned = self.with(value, |_, value| value.as_number().map(|n| bin(n, span)));
                binned.map(super::number).unwrap_or_default()
            }
            Node::FormatTime { time, format } => {
                let time = self.with(time, |_, time| time.as_number());
                time.and_then(|t| format.format(t)).into()
            }
            Node::ParseTime { text, format } => {
                let time = self.with(text, |this, text| match text {
                    Value::Null | Value::List(_) => None,
                    text => format.parse(&text.to_text(), this.context.functions.now),
                });
                time.map(super::number).unwrap_or_default()
            }
            Node::Call { function, args } => {
                let mut args: Vec<Value<'e>> = args.iter().map(|a| self.value(a)).collect();
                function.apply(&mut args, &self.context.functions)
            }
            Node::Compare { .. }
            | Node::OneOf { .. }
            | Node::Like { .. }
            | Node::Regex { .. }
            | Node::InCidr { .. }
            | Node::Term { .. }
            | Node::IsNull(_)
            | Node::IsTrue(_)
            | Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Any { .. } => self.truth(node).into(),
        }
    }

    fn concat(&mut self, parts: &'e [Node]) -> Value<'e> {
        let mut out = String::new();
        for part in parts {
            let present = self.with(part, |_, value| {
                out.push_str(&value.to_text());
                !value.is_null()
            });
            if !present {
                return Value::Null;
            }
        }
        out.into()
    }

    /// What is captured of a text that does not live long.
    fn captured(
        &self,
        text: &str,
        matcher: &crate::regex::Matcher,
        group: &str,
        all: Option<u32>,
    ) -> Vec<Value<'static>> {
        let mut out = Vec::new();
        self.capture(text, matcher, group, all, &mut out);
        out.into_iter().map(|value| value.into_static()).collect()
    }

    fn capture<'t>(
        &self,
        text: &'t str,
        matcher: &crate::regex::Matcher,
        group: &str,
        all: Option<u32>,
        out: &mut Vec<Value<'t>>,
    ) {
        let found = match all {
            None => matcher.captures(text, group).map(|found| out.extend(found.map(Value::from))),
            Some(limit) => {
                let limit = if limit == 0 { usize::MAX } else { limit as usize };
                matcher.captures_all(text, group, limit).map(|found| out.extend(found.into_iter().map(Value::from)))
            }
        };
        if let Err(e) = found {
            self.context.note(&e);
        }
    }
}

/// Numbers by SPL's rules: text counts as the number that it reads as; NULL where one is none, and for a divisor of 0.
fn arithmetic(op: ArithmeticOp, left: &Value<'_>, right: &Value<'_>) -> Value<'static> {
    if let (Value::Integer(l), Value::Integer(r)) = (left, right) {
        let exact = match op {
            ArithmeticOp::Add => l.checked_add(*r),
            ArithmeticOp::Subtract => l.checked_sub(*r),
            ArithmeticOp::Multiply => l.checked_mul(*r),
            ArithmeticOp::Modulo => l.checked_rem(*r),
            ArithmeticOp::Divide => None,
        };
        if let Some(n) = exact {
            return Value::Integer(n);
        }
    }
    let (Some(l), Some(r)) = (left.as_number(), right.as_number()) else { return Value::Null };
    match op {
        ArithmeticOp::Add => super::number(l + r),
        ArithmeticOp::Subtract => super::number(l - r),
        ArithmeticOp::Multiply => super::number(l * r),
        ArithmeticOp::Divide | ArithmeticOp::Modulo if r == 0.0 => Value::Null,
        ArithmeticOp::Divide => super::number(l / r),
        ArithmeticOp::Modulo => super::number(l % r),
    }
}

/// The value as another type; NULL where that fails.
fn cast(value: Value<'_>, to: Scalar) -> Value<'_> {
    if let Value::List(values) = &value {
        return Value::list(values.iter().cloned().map(|v| cast(v, to)));
    }
    match to {
        Scalar::String | Scalar::Json | Scalar::Unknown => value.into_text(),
        Scalar::Double | Scalar::Time => value.as_number().map(super::number).unwrap_or_default(),
        Scalar::Integer => value.as_number().map(|n| super::number(n.trunc())).unwrap_or_default(),
        Scalar::Boolean => match value {
            Value::Boolean(_) => value,
            Value::Null => Value::Null,
            other => match other.to_text().to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Value::Boolean(true),
                "false" | "f" | "0" => Value::Boolean(false),
                _ => Value::Null,
            },
        },
    }
}
