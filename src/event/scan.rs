//! Steps through JSON text without copying it.
//!
//! A reader of its own, because it must give the text of any value as it stands (numbers keep their form, objects stay
//! text) while it goes on below it, in one pass. It takes exactly what JSON (RFC 8259) allows, down to a depth of 127.

/// Nesting beyond this is refused.
const MAX_DEPTH: u32 = 127;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// What is no JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// A place in a text.
pub(super) struct Scanner<'e> {
    text: &'e str,
    bytes: &'e [u8],
    at: usize,
    depth: u32,
}

/// A text between quotation marks, as it is written.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'e> {
    pub(super) inner: &'e str,
    pub(super) has_escapes: bool,
}

impl<'e> Scanner<'e> {
    pub(super) fn new(text: &'e str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The text from a position up to here.
    pub(super) fn since(&self, start: usize) -> &'e str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, what })
    }

    /// The next byte that is no blank; 0 at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Whether only blanks are left.
    pub(super) fn is_done(&mut self) -> bool {
        self.peek();
        self.at >= self.bytes.len()
    }

    /// Goes into an object or a list.
    #[inline]
    pub(super) fn open(&mut self) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return self.fault("nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Behind a member or an element: passes a comma or the closing bracket; whether there is more.
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Fault> {
        match self.peek() {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => self.fault(if close == b'}' { "expected `,` or `}`" } else { "expected `,` or `]`" }),
        }
    }

    /// Behind an opening bracket: whether the closing one follows, which is passed.
    #[inline]
    pub(super) fn is_empty(&mut self, close: u8) -> bool {
        let is_empty = self.peek() == close;
        if is_empty {
            self.at += 1;
            self.depth -= 1;
        }
        is_empty
    }

    /// A member's name and the colon behind it.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Quoted<'e>, Fault> {
        if self.peek() != b'"' {
            return self.fault("expected a name in quotation marks");
        }
        let name = self.quoted()?;
        if self.peek() != b':' {
            return self.fault("expected `:`");
        }
        self.at += 1;
        Ok(name)
    }

    /// A text; the quotation mark is at hand.
    #[inline]
    pub(super) fn quoted(&mut self) -> Result<Quoted<'e>, Fault> {
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.plain();
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let inner = self.since(start);
                    self.at += 1;
                    return Ok(Quoted { inner, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(_) => return self.fault("a control character in a text"),
                None => return self.fault("a text without its closing quotation mark"),
            }
        }
    }

    /// Passes what needs no attention in a text, eight bytes at a time.
    #[inline]
    fn plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*chunk);
            let equals = |byte: u8| {
                let different = word ^ (LOW * u64::from(byte));
                different.wrapping_sub(LOW) & !different
            };
            let control = word.wrapping_sub(LOW * 0x20) & !word;
            // The lowest mark is right; a borrow may set wrong ones above it.
            let marks = (equals(b'"') | equals(b'\\') | control) & HIGH;
            if marks != 0 {
                self.at += marks.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.bytes.get(self.at).is_some_and(|b| *b >= 0x20 && !matches!(b, b'"' | b'\\')) {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fault("an escape that is none of JSON's");
                }
                self.at += 6;
            }
            _ => return self.fault("an escape that is none of JSON's"),
        }
        Ok(())
    }

    /// A number, `true`, `false` or `null`, as it is written.
    #[inline]
    pub(super) fn word(&mut self) -> Result<&'e str, Fault> {
        let start = self.at;
        let known: &[u8] = match self.bytes.get(self.at) {
            Some(b't') => b"true",
            Some(b'f') => b"false",
            Some(b'n') => b"null",
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                return Ok(self.since(start));
            }
            Some(_) => return self.fault("expected a value"),
            None => return self.fault("the record ends where a value is expected"),
        };
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(known) {
            return self.fault("expected a value");
        }
        self.at += known.len();
        Ok(self.since(start))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { self.fault("expected a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
            if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return self.fault("a number with a leading zero");
            }
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Passes a value of any kind.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let base = self.depth;
        // A bit for each level: whether it is an object.
        let mut objects: u128 = 0;
        loop {
            // A value begins here.
            match self.peek() {
                b'{' => {
                    self.open()?;
                    objects = objects << 1 | 1;
                    if !self.is_empty(b'}') {
                        self.name()?;
                        continue;
                    }
                    objects >>= 1;
                }
                b'[' => {
                    self.open()?;
                    objects <<= 1;
                    if !self.is_empty(b']') {
                        continue;
                    }
                    objects >>= 1;
                }
                b'"' => {
                    self.quoted()?;
                }
                _ => {
                    self.word()?;
                }
            }
            // A value has ended: what is around it goes on or ends too.
            loop {
                if self.depth == base {
                    return Ok(());
                }
                let is_object = objects & 1 == 1;
                if self.more(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.name()?;
                    }
                    break;
                }
                objects >>= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn skip(text: &str) -> Result<(), String> {
        let mut scanner = Scanner::new(text);
        scanner.skip().map_err(|f| format!("{} at {}", f.what, f.at))?;
        if scanner.is_done() { Ok(()) } else { Err(format!("more at {}", scanner.position())) }
    }

    /// Whether the text is JSON for the scanner and for serde_json.
    fn both(text: &str) -> (bool, bool) {
        (skip(text).is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
    }

    #[test]
    fn exactly_json_is_taken() {
        for text in [
            "{}",
            "[]",
            " [ 1 , -0.5e+3 , \"a\\u00e9\\\\\" , true , null , {\"a\" : [ ] } ] ",
            "0",
            "-0",
            "1E5",
            "\"\"",
            "{\"a\":{\"b\":[[],{}]},\"c\":1}",
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "tru",
            "nul",
            "truex",
            "\"a",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "[1 2]",
            "[1}",
            "{\"a\":1]",
            "]",
            "1 2",
            "\"0123456789abcdef\u{1}\"",
            "\"0123456\\\"89abcde\"",
            "\u{feff}{}",
            "[\"\u{7f}é\"]",
        ] {
            let (ours, theirs) = both(text);
            assert_eq!(ours, theirs, "{text:?}: {:?}", skip(text));
        }
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(skip(&nested(127)), Ok(()));
        assert_eq!(skip(&nested(128)), Err("nested too deeply at 127".to_owned()));
    }

    proptest! {
        #[test]
        fn damaged_json_is_judged_as_serde_does(at in 0usize..200, byte in 0u8..128, cut in any::<bool>()) {
            let text = r#"{"eventName": "A\u00e9\n", "n": [-1.5e-3, 0, 12, true, false, null], "o": {"x{}": {"y": "z\"\\"}}, "long": "abcdefghijklmnopqrstuvwxyz"}"#;
            let at = at % text.len();
            let mut bytes = text.as_bytes().to_vec();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let text = String::from_utf8(bytes).expect("ASCII");
            let (ours, theirs) = both(&text);
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
