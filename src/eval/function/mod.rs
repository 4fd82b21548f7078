//! The functions of SPL's evaluation language that the IR keeps as calls (Search Reference, "Evaluation functions"), on values.
//!
//! [`bind`] looks a call up once and prepares what its literal arguments say (regular expressions, formats). Unless a function
//! says otherwise it is NULL where an argument is NULL; a number is read from text where the text is one.

mod bits;
mod conversion;
mod crypto;
mod fields;
mod json;
mod kind;
mod multivalue;
mod network;
mod number;
mod pattern;
mod printf;
mod statistics;
mod text;
mod tree;
mod xml;
mod xpath;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use super::{Text, Value};
use crate::ir::{Expr, Literal};

/// A function bound to a call of a plan.
pub(crate) trait Apply: Send + Sync {
    /// The function's value. The arguments may be taken out of their places; there are as many as the call has.
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e>;
}

/// The function that a call means; `None`: there is none of this name that takes so many arguments.
pub(crate) fn bind(function: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    let groups = [
        text::bind,
        number::bind,
        multivalue::bind,
        kind::bind,
        statistics::bind,
        conversion::bind,
        json::bind,
        crypto::bind,
        bits::bind,
        network::bind,
        fields::bind,
        xpath::bind,
    ];
    groups.iter().find_map(|bind| bind(function, args))
}

/// What a worker's functions share.
#[derive(Debug)]
pub(crate) struct Context {
    /// The moment of the search, in seconds since the epoch.
    pub(crate) now: f64,
    /// The first thing that went wrong while values were computed, e.g. a regular expression that gave up: one line.
    pub(crate) fault: RefCell<Option<String>>,
    random: Cell<u64>,
}

impl Context {
    /// `seed`: where `random()` begins.
    pub(crate) fn new(now: f64, seed: u64) -> Self {
        Self { now, fault: RefCell::new(None), random: Cell::new(seed) }
    }

    /// Notes that something went wrong; the first message stays.
    pub(crate) fn fail(&self, message: impl Into<String>) {
        self.fault.borrow_mut().get_or_insert_with(|| message.into());
    }

    /// The next of a sequence of random bits (SplitMix64).
    fn random(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

type Function = for<'e> fn(&mut [Value<'e>], &Context) -> Value<'e>;

/// A function without anything prepared.
struct Plain {
    function: Function,
    /// NULL where an argument is NULL.
    strict: bool,
}

impl Apply for Plain {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], context: &Context) -> Value<'e> {
        if self.strict && args.iter().any(Value::is_null) {
            return Value::Null;
        }
        (self.function)(args, context)
    }
}

/// A function that is NULL where an argument is NULL.
fn strict(function: Function) -> Option<Box<dyn Apply>> {
    Some(Box::new(Plain { function, strict: true }))
}

/// A function that sees NULLs.
fn lenient(function: Function) -> Option<Box<dyn Apply>> {
    Some(Box::new(Plain { function, strict: false }))
}

/// Takes an argument out of its place.
fn take<'e>(args: &mut [Value<'e>], index: usize) -> Value<'e> {
    args.get_mut(index).map(std::mem::take).unwrap_or_default()
}

/// An argument as text; `None`: NULL.
fn text<'v>(args: &'v [Value<'_>], index: usize) -> Option<Cow<'v, str>> {
    match args.get(index)? {
        Value::Null => None,
        value => Some(value.to_text()),
    }
}

/// An argument as a number; a multivalue field counts by its only value.
fn number(args: &[Value<'_>], index: usize) -> Option<f64> {
    match args.get(index)?.values() {
        [single] => single.as_number(),
        _ => None,
    }
}

/// An argument as an integer; fractions are cut off.
fn integer(args: &[Value<'_>], index: usize) -> Option<i64> {
    if let Some(Value::Integer(n)) = args.get(index) {
        return Some(*n);
    }
    whole(number(args, index)?)
}

/// The integer part of a number that is not too large for one.
fn whole(number: f64) -> Option<i64> {
    // 2^63 itself is beyond the range.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number).then_some(number as i64)
}

/// A whole number as an integer, if it is not too large for one.
fn as_integer(number: f64) -> Value<'static> {
    whole(number).filter(|n| *n as f64 == number).map_or_else(|| number.into(), Value::Integer)
}

/// A part of a text, without a copy where the text is borrowed.
fn slice<'e>(value: Value<'e>, part: impl for<'t> FnOnce(&'t str) -> &'t str) -> Value<'e> {
    match value.into_text() {
        Value::Text(Text::Borrowed(text)) => part(text).into(),
        Value::Text(Text::Shared(text)) => {
            let rest = part(&text);
            if rest.len() == text.len() { Value::Text(Text::Shared(text)) } else { rest.to_owned().into() }
        }
        other => slice(other.to_text().into_owned().into(), part),
    }
}

/// The text of a literal argument.
fn literal_text(args: &[Expr], index: usize) -> Option<Cow<'_, str>> {
    match args.get(index)?.as_literal()? {
        Literal::String(text) => Some(text.into()),
        Literal::Integer(n) => Some(n.to_string().into()),
        Literal::Double(n) => Some(super::value::write_number(*n).into()),
        Literal::Null | Literal::Boolean(_) | Literal::Strings(_) => None,
    }
}

#[cfg(test)]
mod testing;
