//! What is gathered from one record.

use super::time::parse_time;
use super::trie::{Label, Want};
use crate::eval::{Text, Value};
use crate::ir::Scalar;

/// A single value as the record writes it.
#[derive(Clone, Debug)]
pub(super) enum Piece<'e> {
    /// Text, without its quotes and escapes.
    Text(Text<'e>),
    /// A number, as it is written.
    Number(&'e str),
    Boolean(bool),
    /// An object or a list, as it is written.
    Structure(&'e str),
}

pub(super) struct State<'e, 's> {
    pub(super) slots: &'s mut [Value<'e>],
    /// Further values of slots that have several, in order.
    more: Vec<(u32, Value<'e>)>,
    /// A set of bits: what was seen of the marks of schemas.
    pub(super) seen: &'s mut [u64],
    pub(super) labels: [Option<Text<'e>>; 4],
    pub(super) raw: Option<Text<'e>>,
    own_time: Option<Value<'e>>,
    field_time: Option<Value<'e>>,
    /// A time was there and could not be read.
    pub(super) bad_time: bool,
    /// The record wraps others.
    pub(super) wraps: bool,
    /// Within the elements of a list: values are added, where else the last one wins.
    pub(super) within_list: bool,
    /// Lists are values: the member's own name says so (`"a{}": […]`).
    pub(super) flat: bool,
}

impl<'e, 's> State<'e, 's> {
    pub(super) fn new(slots: &'s mut [Value<'e>], seen: &'s mut [u64]) -> Self {
        Self {
            slots,
            more: Vec::new(),
            seen,
            labels: [const { None }; 4],
            raw: None,
            own_time: None,
            field_time: None,
            bad_time: false,
            wraps: false,
            within_list: false,
            flat: false,
        }
    }

    /// Does what is wanted with a value.
    #[inline]
    pub(super) fn take(&mut self, want: &Want, piece: &Piece<'e>) {
        match want {
            Want::Slot { slot, scalar, .. } => self.fill(*slot, *scalar, piece.clone()),
            Want::Time { own } => self.time(*own, piece),
            Want::Raw => self.raw = text(piece),
            Want::Exists { bit } => self.mark(*bit),
            Want::Matches { bit, pattern } => {
                if text(piece).is_some_and(|t| pattern.matches(&t)) {
                    self.mark(*bit);
                }
            }
            Want::Label(label) => self.label(*label, piece),
            Want::Wrapper => self.wraps |= matches!(piece, Piece::Structure(text) if text.starts_with('[')),
        }
    }

    /// Gives a slot its value.
    #[inline]
    pub(super) fn fill(&mut self, slot: u32, scalar: Scalar, piece: Piece<'e>) {
        if let Some(value) = convert(piece, scalar) {
            self.put(slot, value);
        }
    }

    /// A null: the field is absent, whatever an earlier member of the same name said.
    pub(super) fn clear(&mut self, want: &Want) {
        if let Want::Slot { slot, .. } = want
            && !self.within_list
        {
            self.put(*slot, Value::Null);
        }
    }

    #[inline]
    fn put(&mut self, slot: u32, value: Value<'e>) {
        let Some(place) = self.slots.get_mut(slot as usize) else { return };
        if self.within_list && !place.is_null() {
            self.more.push((slot, value));
            return;
        }
        if !self.more.is_empty() {
            self.more.retain(|(s, _)| *s != slot);
        }
        *place = value;
    }

    /// Forgets the values of a slot, before the elements of a list that takes their place.
    pub(super) fn restart(&mut self, want: &Want) {
        if let Want::Slot { slot, .. } = want {
            self.more.retain(|(s, _)| s != slot);
            if let Some(place) = self.slots.get_mut(*slot as usize) {
                *place = Value::Null;
            }
        }
    }

    fn mark(&mut self, bit: u32) {
        if let Some(word) = self.seen.get_mut(bit as usize / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    fn label(&mut self, label: Label, piece: &Piece<'e>) {
        self.labels[label as usize] = text(piece).filter(|t| !t.is_empty());
    }

    fn time(&mut self, own: bool, piece: &Piece<'e>) {
        let text = match piece {
            Piece::Text(text) => &**text,
            Piece::Number(text) => text,
            Piece::Boolean(_) | Piece::Structure(_) => return,
        };
        let time = parse_time(text);
        self.bad_time |= time.is_none() && !text.trim().is_empty();
        if own {
            self.own_time = time;
        } else {
            self.field_time = time;
        }
    }

    /// Puts the values of lists together, and the time in its slot.
    pub(super) fn finish(&mut self, time_slot: Option<usize>) {
        if !self.more.is_empty() {
            let more = std::mem::take(&mut self.more);
            for (slot, place) in self.slots.iter_mut().enumerate() {
                let own = more.iter().filter(|(s, _)| *s as usize == slot);
                if own.clone().next().is_some() {
                    let first = std::mem::take(place);
                    *place = Value::list(std::iter::once(first).chain(own.map(|(_, v)| v.clone())));
                }
            }
        }
        let time = self.own_time.take().or_else(|| self.field_time.take());
        self.bad_time &= time.is_none();
        if let (Some(time), Some(place)) = (time, time_slot.and_then(|slot| self.slots.get_mut(slot))) {
            *place = time;
        }
    }
}

fn text<'e>(piece: &Piece<'e>) -> Option<Text<'e>> {
    match piece {
        Piece::Text(text) => Some(text.clone()),
        Piece::Number(text) => Some(Text::Borrowed(text)),
        Piece::Boolean(truth) => Some(Text::Borrowed(if *truth { "true" } else { "false" })),
        Piece::Structure(_) => None,
    }
}

/// The value of a field of a type. Text of a typed field that does not read as its type stays text: SPL sees it so.
/// An object or a list is the value of `json` fields only.
#[inline]
fn convert<'e>(piece: Piece<'e>, scalar: Scalar) -> Option<Value<'e>> {
    Some(match (piece, scalar) {
        (Piece::Text(text), Scalar::String | Scalar::Unknown | Scalar::Json) => Value::Text(text),
        (Piece::Text(text), scalar) => read(&text, scalar).unwrap_or(Value::Text(text)),
        (Piece::Number(number), Scalar::Integer | Scalar::Double | Scalar::Time) => {
            read(number, scalar).unwrap_or_else(|| number.into())
        }
        (Piece::Number(number), _) => number.into(),
        (Piece::Boolean(truth), Scalar::Boolean) => Value::Boolean(truth),
        (Piece::Boolean(truth), _) => if truth { "true" } else { "false" }.into(),
        (Piece::Structure(text), Scalar::Json) => text.into(),
        (Piece::Structure(_), _) => return None,
    })
}

fn read(text: &str, scalar: Scalar) -> Option<Value<'static>> {
    let text = text.trim();
    match scalar {
        Scalar::Integer => match text.parse::<i64>() {
            Ok(whole) => Some(Value::Integer(whole)),
            // `1.0` and `1e3` are whole, too; what has a fraction keeps it.
            Err(_) => crate::eval::value::parse_number(text)
                .map(|n| if n == n.trunc() && n.abs() < 9e15 { Value::Integer(n as i64) } else { Value::Double(n) }),
        },
        Scalar::Double => crate::eval::value::parse_number(text).map(Value::Double),
        Scalar::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Boolean(true)),
        Scalar::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Boolean(false)),
        Scalar::Time => parse_time(text),
        Scalar::Boolean | Scalar::String | Scalar::Json | Scalar::Unknown => None,
    }
}
