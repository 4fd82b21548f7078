//! Reads the wanted paths of a JSON record in one pass; what nobody wants is skipped.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::path;
use super::state::{Piece, State};
use super::trie::{Node, Trie, Want};
use crate::eval::Text;

/// Reads a record, which must be one JSON object.
pub(super) fn read<'e>(trie: &Trie, record: &'e str, state: &mut State<'e, '_>) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(record);
    let members = Members { trie, node: trie.root(), state };
    (&mut json).deserialize_map(members)?;
    json.end()
}

/// The members of an object, or nothing where the value is something else.
struct Members<'t, 's, 'e, 'x> {
    trie: &'t Trie,
    node: &'t Node,
    state: &'s mut State<'e, 'x>,
}

impl<'e> Visitor<'e> for Members<'_, '_, 'e, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'e>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(hit) = map.next_key_seed(Key { trie: self.trie, node: self.node })? {
            let Some((number, is_path)) = hit else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let before = self.state.flat;
            self.state.flat |= is_path;
            map.next_value_seed(Member { trie: self.trie, node: self.trie.node(number), state: self.state })?;
            self.state.flat = before;
        }
        Ok(())
    }
}

/// Looks a member's name up without copying it: the number of its node, and whether the name is a path of several steps.
struct Key<'t> {
    trie: &'t Trie,
    node: &'t Node,
}

impl<'e> DeserializeSeed<'e> for Key<'_> {
    type Value = Option<(u32, bool)>;

    fn deserialize<D: Deserializer<'e>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<(u32, bool)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if let Some(number) = self.node.keys.get(name) {
            return Ok(Some((number, false)));
        }
        if path::is_path(name) {
            return Ok(self.trie.walk(self.node, name).map(|number| (number, true)));
        }
        Ok(None)
    }
}

/// The value of a member, or an element of a list.
struct Member<'t, 's, 'e, 'x> {
    trie: &'t Trie,
    node: &'t Node,
    state: &'s mut State<'e, 'x>,
}

impl<'e> DeserializeSeed<'e> for Member<'_, '_, 'e, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'e>>(self, json: D) -> Result<(), D::Error> {
        if self.node.is_inner() {
            return json.deserialize_any(Inner(Members { trie: self.trie, node: self.node, state: self.state }));
        }
        // The text as it is written: numbers keep their form, objects stay whole.
        let raw = <&'e RawValue as serde::Deserialize>::deserialize(json)?;
        apply(self.trie, self.node, raw.get(), self.state).map_err(serde::de::Error::custom)
    }
}

/// An object is read, everything else is skipped.
struct Inner<'t, 's, 'e, 'x>(Members<'t, 's, 'e, 'x>);

impl<'e> Visitor<'e> for Inner<'_, '_, 'e, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    #[inline]
    fn visit_map<A: MapAccess<'e>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'e>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Does what a node wants with the text of a value.
fn apply<'e>(trie: &Trie, node: &Node, raw: &'e str, state: &mut State<'e, '_>) -> serde_json::Result<()> {
    match raw.as_bytes().first() {
        Some(b'"') => single(trie, node, &Piece::Text(unquoted(raw)?), state),
        Some(b'{') => {
            let piece = Piece::Structure(raw);
            node.wants.iter().for_each(|want| state.take(want, &piece));
            if !node.keys.is_empty() {
                nested(raw, Members { trie, node, state })?;
            }
            // Where no list is, `{}` is the thing itself.
            if let Some(each) = node.each {
                apply(trie, trie.node(each), raw, state)?;
            }
        }
        Some(b'[') => list(trie, node, raw, state)?,
        Some(b't') => single(trie, node, &Piece::Boolean(true), state),
        Some(b'f') => single(trie, node, &Piece::Boolean(false), state),
        Some(b'n') => node.wants.iter().for_each(|want| state.clear(want)),
        _ => single(trie, node, &Piece::Number(raw), state),
    }
    Ok(())
}

#[inline]
fn single<'e>(trie: &Trie, node: &Node, piece: &Piece<'e>, state: &mut State<'e, '_>) {
    for want in &node.wants {
        state.take(want, piece);
    }
    if let Some(each) = node.each {
        single(trie, trie.node(each), piece, state);
    }
}

fn nested<'e>(raw: &'e str, members: Members<'_, '_, 'e, '_>) -> serde_json::Result<()> {
    serde_json::Deserializer::from_str(raw).deserialize_map(members)
}

fn list<'e>(trie: &Trie, node: &Node, raw: &'e str, state: &mut State<'e, '_>) -> serde_json::Result<()> {
    let whole = Piece::Structure(raw);
    let takes_elements = |want: &Want| matches!(want, Want::Slot { list, .. } if *list || state.flat);
    let of_elements: Vec<&Want> = node.wants.iter().filter(|w| takes_elements(w)).collect();
    for want in node.wants.iter().filter(|w| !of_elements.iter().any(|e| std::ptr::eq(*e, *w))) {
        state.take(want, &whole);
    }
    if of_elements.is_empty() && node.each.is_none() && node.elements.is_empty() {
        return Ok(());
    }
    let outermost = !std::mem::replace(&mut state.within_list, true);
    if outermost {
        restart(trie, node, &of_elements, state);
    }
    let mut json = serde_json::Deserializer::from_str(raw);
    let result = (&mut json).deserialize_seq(Elements { trie, node, of_elements: &of_elements, state });
    state.within_list = !outermost;
    result
}

/// A list takes the place of what an earlier member of the same name gave.
fn restart(trie: &Trie, node: &Node, of_elements: &[&Want], state: &mut State<'_, '_>) {
    of_elements.iter().for_each(|want| state.restart(want));
    if let Some(each) = node.each {
        trie.node(each).wants.iter().for_each(|want| state.restart(want));
    }
}

struct Elements<'t, 's, 'e, 'x> {
    trie: &'t Trie,
    node: &'t Node,
    of_elements: &'t [&'t Want],
    state: &'s mut State<'e, 'x>,
}

impl<'e> Visitor<'e> for Elements<'_, '_, 'e, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'e>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(raw) = seq.next_element::<&'e RawValue>()? {
            let fault = |e: serde_json::Error| serde::de::Error::custom(e);
            if let Some(each) = self.node.each {
                apply(self.trie, self.trie.node(each), raw.get(), self.state).map_err(fault)?;
            }
            if let Some((_, child)) = self.node.elements.iter().find(|(n, _)| *n == number) {
                apply(self.trie, self.trie.node(*child), raw.get(), self.state).map_err(fault)?;
            }
            if !self.of_elements.is_empty()
                && let Some(piece) = piece(raw.get()).map_err(fault)?
            {
                self.of_elements.iter().for_each(|want| self.state.take(want, &piece));
            }
            number += 1;
        }
        Ok(())
    }
}

/// A value as a piece; null is none.
pub(super) fn piece(raw: &str) -> serde_json::Result<Option<Piece<'_>>> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => Some(Piece::Text(unquoted(raw)?)),
        Some(b'{' | b'[') => Some(Piece::Structure(raw)),
        Some(b't') => Some(Piece::Boolean(true)),
        Some(b'f') => Some(Piece::Boolean(false)),
        Some(b'n') | None => None,
        Some(_) => Some(Piece::Number(raw)),
    })
}

/// The text of a JSON string; it is only copied where it has escapes.
#[inline]
fn unquoted(raw: &str) -> serde_json::Result<Text<'_>> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Text::Borrowed(inner));
    }
    let text = serde_json::from_str::<String>(raw).or_else(|_| serde_json::from_str(&without_lone_surrogates(raw)))?;
    Ok(Text::Shared(text.into()))
}

/// A JSON string in which escapes that are no character, halves of a pair, stand as the replacement character.
fn without_lone_surrogates(raw: &str) -> String {
    let unit = |text: &str| text.strip_prefix("\\u").and_then(|t| u16::from_str_radix(t.get(..4)?, 16).ok());
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match unit(escape) {
            Some(0xd800..0xdc00) if escape.get(6..).and_then(unit).is_some_and(|u| (0xdc00..0xe000).contains(&u)) => 12,
            Some(0xd800..0xe000) => {
                out.push('\u{fffd}');
                rest = &escape[6..];
                continue;
            }
            Some(_) => 6,
            None => 2,
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        out.push_str(escape);
        rest = behind;
    }
    out + rest
}
