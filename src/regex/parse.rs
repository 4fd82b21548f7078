//! Parses PCRE patterns (pcrepattern) into the tree of `ast`, and notes what each uses.
//!
//! Where PCRE and PCRE2 differ the more lenient reading is taken: what only one of them refuses is no error here.

use std::ops::Range;
use std::sync::Arc;

use regex_syntax::hir::ClassUnicode;

use super::analysis::{Analysis, Feature, Flag, FlagScope, Group, RegexError, Use};
use super::ast::{Assertion, GroupKind, Node, NodeKind, RepeatMode};
use super::set;

/// How deep groups nest at the most, as in `fancy-regex`. PCRE goes to 250 (`parens_nest_limit`); real patterns stay below ten.
const MAX_DEPTH: usize = 64;
/// PCRE's limit on the numbers of a quantifier.
const MAX_REPEAT: u32 = 65_535;

/// The flags in force at a place.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) any_case: bool,
    pub(super) multi_line: bool,
    pub(super) dot_all: bool,
    pub(super) extended: bool,
    pub(super) swap_greed: bool,
    pub(super) duplicate_names: bool,
    pub(super) no_auto_capture: bool,
}

pub(super) struct Parser<'p> {
    pub(super) pattern: &'p str,
    /// In bytes.
    pub(super) at: usize,
    pub(super) flags: Flags,
    /// `(*UCP)`
    pub(super) unicode: bool,
    pub(super) groups: Vec<Group>,
    pub(super) uses: Vec<Use>,
    /// The number of the last group.
    pub(super) last_group: u32,
    /// References to look at when all groups are known.
    pub(super) references: Vec<(Target, Range<usize>)>,
    depth: usize,
}

/// What a reference names.
#[derive(Clone)]
pub(super) enum Target {
    Number(u32),
    Name(String),
}

/// An item, or something that leaves nothing in the tree and can't be repeated.
enum Item {
    Node(Node),
    /// Can't be repeated: an anchor, `\K`.
    Fixed(Node),
    Nothing,
}

impl<'p> Parser<'p> {
    pub(super) fn parse(pattern: &'p str) -> Result<Analysis, RegexError> {
        let mut p = Parser {
            pattern,
            at: 0,
            flags: Flags::default(),
            unicode: false,
            groups: Vec::new(),
            uses: Vec::new(),
            last_group: 0,
            references: Vec::new(),
            depth: 0,
        };
        p.leading_verbs();
        let mut root = p.alternatives()?;
        if p.peek() == Some(')') {
            return Err(RegexError::malformed("a parenthesis closes that was not opened", p.at..p.at + 1));
        }
        p.resolve(&mut root)?;
        Ok(Analysis { root, groups: p.groups, uses: p.uses })
    }

    pub(super) fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let hit = self.rest().starts_with(text);
        if hit {
            self.at += text.len();
        }
        hit
    }

    pub(super) fn note(&mut self, feature: Feature, start: usize) {
        self.uses.push(Use { feature, range: start..self.at });
    }

    /// The characters while they are of a kind.
    pub(super) fn take_while(&mut self, most: usize, is: impl Fn(char) -> bool) -> &'p str {
        let rest = self.rest();
        let end = rest.char_indices().take(most).find(|(_, c)| !is(*c)).map(|(i, _)| i);
        let end = end.unwrap_or_else(|| rest.char_indices().nth(most).map_or(rest.len(), |(i, _)| i));
        self.at += end;
        &rest[..end]
    }

    /// `(*UTF8)`, `(*UCP)` at the very start.
    fn leading_verbs(&mut self) {
        loop {
            let start = self.at;
            let is_verb = ["(*UTF8)", "(*UTF)", "(*UCP)"].iter().find(|v| self.eat(v));
            match is_verb {
                Some(verb) => self.unicode |= *verb == "(*UCP)",
                None => return,
            }
            self.note(Feature::StartOption, start);
        }
    }

    /// Alternatives up to the end of the group or pattern.
    pub(super) fn alternatives(&mut self) -> Result<Node, RegexError> {
        let start = self.at;
        let mut all = vec![self.sequence()?];
        while self.eat("|") {
            all.push(self.sequence()?);
        }
        let range = start..self.at;
        Ok(match all.len() {
            1 => all.remove(0),
            _ => Node::new(NodeKind::Alternate(all), range),
        })
    }

    pub(super) fn sequence(&mut self) -> Result<Node, RegexError> {
        let start = self.at;
        let mut parts: Vec<Node> = Vec::new();
        // Whether the last part may be repeated.
        let mut open = false;
        loop {
            self.skip_blank()?;
            let before = self.at;
            let Some(c) = self.peek() else { break };
            if matches!(c, '|' | ')') {
                break;
            }
            if let Some((min, max)) = self.quantifier()? {
                let mode = self.repeat_mode(before);
                let Some(body) = parts.pop().filter(|_| open) else {
                    return Err(RegexError::malformed("a quantifier has nothing to repeat", before..self.at));
                };
                let range = body.range.start..self.at;
                parts.push(Node::new(NodeKind::Repeat { body: Box::new(body), min, max, mode }, range));
                open = false;
                continue;
            }
            if self.rest().starts_with("\\Q") {
                open |= self.quoted(&mut parts);
                continue;
            }
            if self.rest().starts_with("\\E") {
                self.at += 2;
                self.note(Feature::Quote, before);
                continue;
            }
            match self.item()? {
                Item::Node(node) => {
                    parts.push(node);
                    open = true;
                }
                Item::Fixed(node) => {
                    parts.push(node);
                    open = false;
                }
                Item::Nothing => open = false,
            }
        }
        let range = start..self.at;
        Ok(match parts.len() {
            0 => Node::new(NodeKind::Empty, range),
            1 => parts.remove(0),
            _ => Node::new(NodeKind::Concat(parts), range),
        })
    }

    /// Comments, and blanks under `(?x)`.
    fn skip_blank(&mut self) -> Result<(), RegexError> {
        loop {
            let start = self.at;
            if self.eat("(?#") {
                match self.rest().find(')') {
                    Some(end) => self.at += end + 1,
                    None => return Err(RegexError::malformed("a comment `(?#` has no end", start..self.pattern.len())),
                }
                self.note(Feature::Comment, start);
                continue;
            }
            if !self.flags.extended {
                return Ok(());
            }
            match self.peek() {
                Some(' ' | '\t'..='\r') => self.at += 1,
                Some('#') => self.at += self.rest().find('\n').map_or(self.rest().len(), |e| e + 1),
                _ => return Ok(()),
            }
        }
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}`, `{2,3}`. Other braces are literal.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let start = self.at;
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.braces(start),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(bounds))
    }

    fn braces(&mut self, start: usize) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        self.at += 1;
        let low = self.take_while(usize::MAX, |c| c.is_ascii_digit());
        let comma = self.eat(",");
        let high = self.take_while(usize::MAX, |c| c.is_ascii_digit());
        if low.is_empty() || (!comma && !high.is_empty()) || !self.eat("}") {
            self.at = start;
            return Ok(None);
        }
        let range = start..self.at;
        let number = |digits: &str| match digits.parse::<u32>() {
            Ok(n) if n <= MAX_REPEAT => Ok(n),
            _ => Err(RegexError::malformed("a number of repeats is above 65535", range.clone())),
        };
        let low = number(low)?;
        let high = match (comma, high) {
            (false, _) => Some(low),
            (true, "") => None,
            (true, high) => Some(number(high)?),
        };
        if high.is_some_and(|high| high < low) {
            return Err(RegexError::malformed("the numbers of repeats are out of order", range));
        }
        Ok(Some((low, high)))
    }

    fn repeat_mode(&mut self, start: usize) -> RepeatMode {
        if self.eat("+") {
            self.note(Feature::Possessive, start);
            return RepeatMode::Possessive;
        }
        let lazy = self.eat("?");
        if lazy {
            self.note(Feature::Lazy, start);
        }
        if lazy == self.flags.swap_greed { RepeatMode::Greedy } else { RepeatMode::Lazy }
    }

    /// `\Q…\E`; gives whether it holds a character.
    fn quoted(&mut self, parts: &mut Vec<Node>) -> bool {
        let start = self.at;
        let end = self.rest().find("\\E").map_or(self.pattern.len(), |e| self.at + e);
        self.at += 2;
        let mut some = false;
        while self.at < end
            && let Some(c) = self.peek()
        {
            let from = self.at;
            self.at += c.len_utf8();
            parts.push(self.literal(c, from));
            some = true;
        }
        self.eat("\\E");
        self.note(Feature::Quote, start);
        some
    }

    /// A character for itself.
    pub(super) fn literal(&self, c: char, start: usize) -> Node {
        let range = start..self.at;
        if self.flags.any_case {
            let folded = set::any_case(set::of(&[(c, c)]));
            if folded.ranges().len() > 1 {
                return Node::new(NodeKind::Class(folded), range);
            }
        }
        Node::new(NodeKind::Literal(c), range)
    }

    fn class_node(&self, class: ClassUnicode, start: usize) -> Node {
        Node::new(NodeKind::Class(class), start..self.at)
    }

    fn item(&mut self) -> Result<Item, RegexError> {
        let start = self.at;
        let Some(c) = self.next() else { return Ok(Item::Nothing) };
        match c {
            '.' => {
                let class = if self.flags.dot_all { set::all() } else { set::not_newline() };
                Ok(Item::Node(self.class_node(class, start)))
            }
            '^' => {
                self.note(Feature::Caret, start);
                let kind = if self.flags.multi_line { Assertion::LineStart } else { Assertion::TextStart };
                Ok(self.assertion(kind, start))
            }
            '$' => {
                self.note(Feature::Dollar, start);
                let kind = if self.flags.multi_line { Assertion::LineEnd } else { Assertion::TextEndOrNewline };
                Ok(self.assertion(kind, start))
            }
            '[' => {
                if [":", ".", "="].iter().any(|mark| self.is_posix_at(mark)) {
                    let end = self.at + self.rest().find(']').map_or(0, |e| e + 1);
                    let message = "a POSIX class such as `[:alpha:]` stands inside brackets: `[[:alpha:]]`";
                    return Err(RegexError::malformed(message, start..end));
                }
                let class = self.class(start)?;
                Ok(Item::Node(self.class_node(class, start)))
            }
            '(' => Ok(self.nested(start)?.map_or(Item::Nothing, Item::Node)),
            '\\' => self.escape(start),
            c => Ok(Item::Node(self.literal(c, start))),
        }
    }

    /// A group, unless groups are nested too deeply.
    pub(super) fn nested(&mut self, start: usize) -> Result<Option<Node>, RegexError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RegexError::unsupported("the groups are nested too deeply", start..self.at));
        }
        let node = self.group(start)?;
        self.depth -= 1;
        Ok(node)
    }

    fn assertion(&self, kind: Assertion, start: usize) -> Item {
        Item::Fixed(Node::new(NodeKind::Assertion(kind), start..self.at))
    }

    /// An escape outside of a class, behind its backslash.
    fn escape(&mut self, start: usize) -> Result<Item, RegexError> {
        let Some(c) = self.next() else {
            return Err(RegexError::malformed("the pattern ends in a backslash", start..self.at));
        };
        let anchor = |p: &mut Self, feature, kind| {
            p.note(feature, start);
            Ok(p.assertion(kind, start))
        };
        let special = |p: &mut Self, feature, kind| {
            p.note(feature, start);
            Ok(Item::Node(Node::new(kind, start..p.at)))
        };
        match c {
            'A' => anchor(self, Feature::TextStart, Assertion::TextStart),
            'z' => anchor(self, Feature::TextEnd, Assertion::TextEnd),
            'Z' => anchor(self, Feature::TextEndOrNewline, Assertion::TextEndOrNewline),
            'G' => anchor(self, Feature::SearchStart, Assertion::SearchStart),
            'b' | 'B' => {
                let kind = Assertion::Word { negated: c == 'B', unicode: self.unicode };
                anchor(self, Feature::WordBoundary, kind)
            }
            'K' => {
                self.note(Feature::Keep, start);
                Ok(Item::Fixed(Node::new(NodeKind::Keep, start..self.at)))
            }
            'R' => special(self, Feature::LineBreak, NodeKind::LineBreak),
            'X' => special(self, Feature::Grapheme, NodeKind::Grapheme),
            'C' => special(self, Feature::Byte, NodeKind::Byte),
            'k' | 'g' => self.reference(c, start).map(Item::Node),
            '1'..='9' => {
                let digits = self.take_while(usize::MAX, |c| c.is_ascii_digit());
                let number = [c.to_string().as_str(), digits].concat().parse::<u32>().ok();
                if let Some(n) = number.filter(|n| *n < 10 || *n <= self.last_group) {
                    return Ok(Item::Node(self.back_reference(Target::Number(n), start)));
                }
                self.at = start + 1;
                self.character(start).map(|c| Item::Node(self.literal(c, start)))
            }
            _ => {
                self.at = start + 1;
                if let Some(class) = self.set_escape(start)? {
                    return Ok(Item::Node(self.class_node(class, start)));
                }
                self.character(start).map(|c| Item::Node(self.literal(c, start)))
            }
        }
    }

    /// Notes a group; gives its number.
    pub(super) fn open_group(&mut self, name: Option<&str>, start: usize) -> Result<(u32, usize), RegexError> {
        self.last_group += 1;
        let index = self.last_group;
        if let Some(name) = name {
            let twin = self.groups.iter().any(|g| g.name.as_deref() == Some(name) && g.index != index);
            if twin && !self.flags.duplicate_names {
                let message = format!("two groups are called `{name}`");
                return Err(RegexError::malformed(message, start..self.at));
            }
        }
        self.groups.push(Group { name: name.map(Arc::from), index, range: start..self.at });
        Ok((index, self.groups.len() - 1))
    }

    /// What stands in a group, and its closing parenthesis.
    pub(super) fn body(&mut self, start: usize) -> Result<Node, RegexError> {
        let outer = self.flags;
        let body = self.alternatives()?;
        self.flags = outer;
        self.close(start)?;
        Ok(body)
    }

    pub(super) fn close(&mut self, start: usize) -> Result<(), RegexError> {
        if self.eat(")") {
            return Ok(());
        }
        Err(RegexError::malformed("a parenthesis is not closed", start..start + 1))
    }

    pub(super) fn group_node(&self, kind: GroupKind, body: Node, start: usize) -> Node {
        Node::new(NodeKind::Group { kind, body: Box::new(body) }, start..self.at)
    }

    /// `i`, `m-s` and so on: which flags, and whether each is set.
    pub(super) fn set_flags(&mut self, letters: &str, scope: FlagScope, start: usize) -> Result<(), RegexError> {
        let mut on = true;
        let mut found = Vec::new();
        for c in letters.chars() {
            let flag = match c {
                '-' if on => {
                    on = false;
                    continue;
                }
                '^' => {
                    self.flags = Flags { duplicate_names: self.flags.duplicate_names, ..Flags::default() };
                    found.push(Feature::FlagReset);
                    continue;
                }
                'i' => Flag::AnyCase,
                'm' => Flag::MultiLine,
                's' => Flag::DotAll,
                'x' => Flag::Extended,
                'U' => Flag::SwapGreed,
                'J' => Flag::DuplicateNames,
                'n' => Flag::NoAutoCapture,
                'X' => Flag::Extra,
                _ => {
                    let message = format!("`{c}` is no flag of a regular expression");
                    return Err(RegexError::malformed(message, start..self.at));
                }
            };
            match flag {
                Flag::AnyCase => self.flags.any_case = on,
                Flag::MultiLine => self.flags.multi_line = on,
                Flag::DotAll => self.flags.dot_all = on,
                Flag::Extended => self.flags.extended = on,
                Flag::SwapGreed => self.flags.swap_greed = on,
                Flag::DuplicateNames => self.flags.duplicate_names = on,
                Flag::NoAutoCapture => self.flags.no_auto_capture = on,
                Flag::Extra => {}
            }
            found.push(Feature::Flag { flag, on, scope });
        }
        for feature in found {
            self.note(feature, start);
        }
        Ok(())
    }
}
