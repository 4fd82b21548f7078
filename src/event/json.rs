//! Reads the wanted paths of a JSON record in one pass; what nobody wants is skipped.

use super::path;
use super::scan::{Fault, Quoted, Scanner};
use super::state::{Piece, State};
use super::trie::{Node, Trie, Want};
use crate::eval::Text;

/// Reads a record, which must be one JSON object.
pub(super) fn read<'e>(trie: &Trie, record: &'e str, state: &mut State<'e, '_>) -> Result<(), Fault> {
    let mut reader = Reader { trie, scanner: Scanner::new(record), state };
    match reader.scanner.peek() {
        b'{' => reader.members(trie.root())?,
        0 => return reader.scanner.fault("the record is empty"),
        _ => return reader.scanner.fault("expected an object"),
    }
    if reader.scanner.is_done() { Ok(()) } else { reader.scanner.fault("something follows the object") }
}

struct Reader<'r, 'e, 's> {
    trie: &'r Trie,
    scanner: Scanner<'e>,
    state: &'r mut State<'e, 's>,
}

impl<'r, 'e> Reader<'r, 'e, '_> {
    /// The members of an object; its bracket is at hand.
    fn members(&mut self, node: &'r Node) -> Result<(), Fault> {
        self.scanner.open()?;
        if self.scanner.is_empty(b'}') {
            return Ok(());
        }
        loop {
            let name = self.scanner.name()?;
            match self.find(node, name) {
                None => self.scanner.skip()?,
                Some((number, is_path)) => {
                    let before = self.state.flat;
                    self.state.flat |= is_path;
                    self.value(self.trie.node(number))?;
                    self.state.flat = before;
                }
            }
            if !self.scanner.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// The node of a member, and whether its name is a path of several steps.
    #[inline]
    fn find(&self, node: &Node, name: Quoted<'e>) -> Option<(u32, bool)> {
        if name.has_escapes {
            let name = unescaped(name.inner);
            return self.lookup(node, &name);
        }
        self.lookup(node, name.inner)
    }

    #[inline]
    fn lookup(&self, node: &Node, name: &str) -> Option<(u32, bool)> {
        if let Some(number) = node.keys.get(name) {
            return Some((number, false));
        }
        if path::is_path(name) {
            return self.trie.walk(node, name).map(|number| (number, true));
        }
        None
    }

    /// A value that somebody wants, or something below it.
    fn value(&mut self, node: &'r Node) -> Result<(), Fault> {
        match self.scanner.peek() {
            b'"' => {
                let quoted = self.scanner.quoted()?;
                if !node.is_inner() {
                    self.give(node, Piece::Text(text(quoted)));
                }
                Ok(())
            }
            b'{' => self.object(node),
            b'[' => self.list(node),
            _ => {
                let word = self.scanner.word()?;
                match word {
                    "null" => node.wants.iter().for_each(|want| self.state.clear(want)),
                    "true" => self.give(node, Piece::Boolean(true)),
                    "false" => self.give(node, Piece::Boolean(false)),
                    number => self.give(node, Piece::Number(number)),
                }
                Ok(())
            }
        }
    }

    /// Most fields are wanted for one slot: its value is moved there.
    #[inline]
    fn give(&mut self, node: &'r Node, piece: Piece<'e>) {
        match (node.wants.as_slice(), node.each) {
            ([Want::Slot { slot, scalar, .. }], None) => self.state.fill(*slot, *scalar, piece),
            ([], None) => {}
            _ => self.single(node, &piece),
        }
    }

    fn single(&mut self, node: &'r Node, piece: &Piece<'e>) {
        for want in &node.wants {
            self.state.take(want, piece);
        }
        // Where no list is, `{}` is the thing itself.
        if let Some(each) = node.each {
            self.single(self.trie.node(each), piece);
        }
    }

    fn object(&mut self, node: &'r Node) -> Result<(), Fault> {
        let start = self.scanner.position();
        if node.keys.is_empty() {
            self.scanner.skip()?;
        } else {
            self.members(node)?;
        }
        let object = self.scanner.since(start);
        let piece = Piece::Structure(object);
        node.wants.iter().for_each(|want| self.state.take(want, &piece));
        match node.each {
            Some(each) => self.again(object, self.trie.node(each)),
            None => Ok(()),
        }
    }

    /// Reads a value a second time, for another node.
    fn again(&mut self, text: &'e str, node: &'r Node) -> Result<(), Fault> {
        Reader { trie: self.trie, scanner: Scanner::new(text), state: self.state }.value(node)
    }

    fn list(&mut self, node: &'r Node) -> Result<(), Fault> {
        let start = self.scanner.position();
        let takes_elements = |want: &Want, flat| matches!(want, Want::Slot { list, .. } if *list || flat);
        let flat = self.state.flat;
        let of_elements = node.wants.iter().any(|want| takes_elements(want, flat));
        if of_elements || node.each.is_some() || !node.elements.is_empty() {
            let outermost = !std::mem::replace(&mut self.state.within_list, true);
            if outermost {
                self.restart(node, flat);
            }
            let result = self.elements(node, of_elements, flat);
            self.state.within_list = !outermost;
            result?;
        } else {
            self.scanner.skip()?;
        }
        let piece = Piece::Structure(self.scanner.since(start));
        for want in node.wants.iter().filter(|want| !takes_elements(want, flat)) {
            self.state.take(want, &piece);
        }
        Ok(())
    }

    /// A list takes the place of what an earlier member of the same name gave.
    fn restart(&mut self, node: &Node, flat: bool) {
        let own = node.wants.iter().filter(|want| matches!(want, Want::Slot { list, .. } if *list || flat));
        let each = node.each.map_or(&[] as &[Want], |each| &self.trie.node(each).wants);
        own.chain(each).for_each(|want| self.state.restart(want));
    }

    fn elements(&mut self, node: &'r Node, of_elements: bool, flat: bool) -> Result<(), Fault> {
        self.scanner.open()?;
        if self.scanner.is_empty(b']') {
            return Ok(());
        }
        let mut number = 0;
        loop {
            self.scanner.peek();
            let start = self.scanner.position();
            match node.each {
                Some(each) => self.value(self.trie.node(each))?,
                None => self.scanner.skip()?,
            }
            let element = self.scanner.since(start);
            if let Some((_, child)) = node.elements.iter().find(|(n, _)| *n == number) {
                self.again(element, self.trie.node(*child))?;
            }
            if of_elements && let Some(piece) = piece(element) {
                let takes = |want: &&Want| matches!(want, Want::Slot { list, .. } if *list || flat);
                node.wants.iter().filter(takes).for_each(|want| self.state.take(want, &piece));
            }
            number += 1;
            if !self.scanner.more(b']')? {
                return Ok(());
            }
        }
    }
}

/// A JSON value as a piece; null is none.
pub(super) fn piece(raw: &str) -> Option<Piece<'_>> {
    match raw.as_bytes().first()? {
        b'"' => {
            let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            let has_escapes = memchr::memchr(b'\\', inner.as_bytes()).is_some();
            Some(Piece::Text(text(Quoted { inner, has_escapes })))
        }
        b'{' | b'[' => Some(Piece::Structure(raw)),
        b't' => Some(Piece::Boolean(true)),
        b'f' => Some(Piece::Boolean(false)),
        b'n' => None,
        _ => Some(Piece::Number(raw)),
    }
}

/// A text; it is only copied where it has escapes.
#[inline]
fn text(quoted: Quoted<'_>) -> Text<'_> {
    if quoted.has_escapes { Text::Shared(unescaped(quoted.inner).into()) } else { Text::Borrowed(quoted.inner) }
}

/// What a JSON text says whose escapes are in order. Halves of a pair that stand alone are no characters; they become the
/// replacement character.
fn unescaped(inner: &str) -> String {
    let unit = |text: &str| text.strip_prefix("\\u").and_then(|t| u16::from_str_radix(t.get(..4)?, 16).ok());
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (character, length) = match unit(escape) {
            Some(high @ 0xd800..0xdc00) => match escape.get(6..).and_then(unit) {
                Some(low @ 0xdc00..0xe000) => {
                    let code = 0x1_0000 + (u32::from(high) - 0xd800) * 0x400 + (u32::from(low) - 0xdc00);
                    (char::from_u32(code), 12)
                }
                _ => (None, 6),
            },
            Some(unit) => (char::from_u32(unit.into()), 6),
            None => {
                let byte = escape.as_bytes().get(1).copied().unwrap_or(b'\\');
                let character = match byte {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    other => other as char,
                };
                (Some(character), 2)
            }
        };
        out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
