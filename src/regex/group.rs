//! What a parenthesis can begin in PCRE, and references to groups.

use std::ops::Range;

use super::analysis::{Feature, FlagScope, RegexError};
use super::ast::{Condition, GroupKind, Node, NodeKind};
use super::parse::{Parser, Target};
use super::set;

impl Parser<'_> {
    /// A group, behind its parenthesis; `None` for what only sets flags.
    pub(super) fn group(&mut self, start: usize) -> Result<Option<Node>, RegexError> {
        if self.rest().starts_with('*') {
            return self.verb(start).map(Some);
        }
        if !self.eat("?") {
            if self.flags.no_auto_capture {
                let body = self.body(start)?;
                return Ok(Some(self.group_node(GroupKind::Plain, body, start)));
            }
            return self.capture(None, start).map(Some);
        }
        let simple: [(&str, GroupKind, Option<Feature>); 6] = [
            (":", GroupKind::Plain, None),
            (">", GroupKind::Atomic, Some(Feature::Atomic)),
            ("=", GroupKind::Look { ahead: true, negated: false }, Some(Feature::LookAhead { negated: false })),
            ("!", GroupKind::Look { ahead: true, negated: true }, Some(Feature::LookAhead { negated: true })),
            ("<=", GroupKind::Look { ahead: false, negated: false }, Some(Feature::LookBehind { negated: false })),
            ("<!", GroupKind::Look { ahead: false, negated: true }, Some(Feature::LookBehind { negated: true })),
        ];
        for (mark, kind, feature) in simple {
            if !self.eat(mark) {
                continue;
            }
            if let Some(feature) = feature {
                self.note(feature, start);
            }
            let body = self.body(start)?;
            if let GroupKind::Look { ahead: false, .. } = kind {
                fixed_length(&body)?;
            }
            return Ok(Some(self.group_node(kind, body, start)));
        }
        if self.eat("|") {
            self.note(Feature::BranchReset, start);
            return self.branch_reset(start).map(Some);
        }
        for (open, close, feature) in
            [("P<", '>', Feature::PythonName), ("<", '>', Feature::AngleName), ("'", '\'', Feature::QuoteName)]
        {
            if self.eat(open) {
                let name = self.name(close)?;
                self.note(feature, start);
                return self.capture(Some(&name), start).map(Some);
            }
        }
        if self.eat("P=") {
            let name = self.name(')')?;
            return Ok(Some(self.back_reference(Target::Name(name), start)));
        }
        if self.eat("P>") || self.eat("&") {
            let name = self.name(')')?;
            return Ok(Some(self.recursion(Target::Name(name), start)));
        }
        if self.eat("(") {
            return self.conditional(start).map(Some);
        }
        if let Some(node) = self.numbered_recursion(start)? {
            return Ok(Some(node));
        }
        self.flag_group(start)
    }

    fn capture(&mut self, name: Option<&str>, start: usize) -> Result<Node, RegexError> {
        let (index, slot) = self.open_group(name, start)?;
        let body = self.body(start)?;
        if let Some(group) = self.groups.get_mut(slot) {
            group.range = start..self.at;
        }
        Ok(self.group_node(GroupKind::Capture(index), body, start))
    }

    /// A name and the character that ends it.
    fn name(&mut self, close: char) -> Result<String, RegexError> {
        let start = self.at;
        let name = self.take_while(usize::MAX, |c| c.is_alphanumeric() || c == '_');
        let range = start..self.pattern.len().min(self.at + 1);
        if name.is_empty() {
            return Err(RegexError::malformed("a group needs a name of letters, digits and underscores", range));
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(RegexError::malformed("a group's name can't begin with a digit", range));
        }
        if self.peek() != Some(close) {
            let message = format!("a group's name has letters, digits and underscores, and ends in `{close}`");
            return Err(RegexError::malformed(message, range));
        }
        self.at += close.len_utf8();
        Ok(name.to_owned())
    }

    /// `(?|a|b)`: each alternative counts its groups from the same number.
    fn branch_reset(&mut self, start: usize) -> Result<Node, RegexError> {
        let outer = self.flags;
        let first = self.last_group;
        let mut highest = first;
        let body_start = self.at;
        let mut all = Vec::new();
        loop {
            self.last_group = first;
            all.push(self.sequence()?);
            highest = highest.max(self.last_group);
            if !self.eat("|") {
                break;
            }
        }
        self.last_group = highest;
        self.flags = outer;
        let body = Node::new(NodeKind::Alternate(all), body_start..self.at);
        self.close(start)?;
        Ok(self.group_node(GroupKind::Plain, body, start))
    }

    /// `(?i)`, `(?i:…)`
    fn flag_group(&mut self, start: usize) -> Result<Option<Node>, RegexError> {
        let letters = self.take_while(16, |c| c.is_ascii_alphabetic() || matches!(c, '-' | '^'));
        let outer = self.flags;
        match self.next() {
            Some(')') => {
                let scope = if start == self.leading_end() { FlagScope::Global } else { FlagScope::Rest };
                self.set_flags(letters, scope, start)?;
                Ok(None)
            }
            Some(':') if !letters.is_empty() => {
                self.set_flags(letters, FlagScope::Group, start)?;
                let body = self.body(start)?;
                self.flags = outer;
                Ok(Some(self.group_node(GroupKind::Plain, body, start)))
            }
            _ => {
                let message = "`(?` begins no group that PCRE knows";
                Err(RegexError::malformed(message, start..self.at))
            }
        }
    }

    /// Where the verbs and flags at the start of the pattern end.
    fn leading_end(&self) -> usize {
        self.uses.iter().fold(0, |end, u| match u.feature {
            Feature::StartOption | Feature::FlagReset | Feature::Flag { scope: FlagScope::Global, .. }
                if u.range.start <= end =>
            {
                end.max(u.range.end)
            }
            _ => end,
        })
    }

    /// `(*FAIL)` and the like.
    fn verb(&mut self, start: usize) -> Result<Node, RegexError> {
        let text = self.take_while(usize::MAX, |c| c != ')');
        self.close(start)?;
        self.note(Feature::Verb, start);
        let kind = match text {
            "*FAIL" | "*F" => NodeKind::Class(set::of(&[])),
            _ => NodeKind::Verb,
        };
        Ok(Node::new(kind, start..self.at))
    }

    pub(super) fn back_reference(&mut self, target: Target, start: usize) -> Node {
        self.note(Feature::BackReference, start);
        self.refer(target, start, |group, any_case| NodeKind::BackReference { group, any_case })
    }

    fn recursion(&mut self, target: Target, start: usize) -> Node {
        self.note(Feature::Recursion, start);
        self.refer(target, start, |group, _| NodeKind::Recursion(group))
    }

    /// A reference; a name's number is filled in by [`Parser::resolve`].
    fn refer(&mut self, target: Target, start: usize, kind: impl FnOnce(u32, bool) -> NodeKind) -> Node {
        let number = match &target {
            Target::Number(n) => *n,
            Target::Name(_) => u32::MAX,
        };
        self.references.push((target, start..self.at));
        Node::new(kind(number, self.flags.any_case), start..self.at)
    }

    /// `\k<n>`, `\k'n'`, `\k{n}`; `\g1`, `\g-1`, `\g{1}`, `\g{-1}`, `\g{n}`; `\g<1>` and `\g'n'` call the group.
    pub(super) fn reference(&mut self, letter: char, start: usize) -> Result<Node, RegexError> {
        let open = self.peek();
        let close = match open {
            Some('<') => '>',
            Some('\'') => '\'',
            Some('{') => '}',
            _ if letter == 'g' => {
                let signed = self.take_while(1, |c| matches!(c, '-' | '+')).to_owned();
                let digits = self.take_while(9, |c| c.is_ascii_digit()).to_owned();
                let number = self.relative(&signed, &digits, start)?;
                return Ok(self.back_reference(Target::Number(number), start));
            }
            _ => return Err(RegexError::malformed("`\\k` needs the name of a group", start..self.at)),
        };
        self.at += 1;
        let signed = self.take_while(1, |c| letter == 'g' && matches!(c, '-' | '+')).to_owned();
        let is_call = letter == 'g' && close != '}';
        let target = if letter == 'g' && self.peek().is_some_and(|c| c.is_ascii_digit()) {
            let digits = self.take_while(9, |c| c.is_ascii_digit()).to_owned();
            if self.next() != Some(close) {
                return Err(RegexError::malformed("`\\g` has no end", start..self.at));
            }
            if is_call && digits == "0" {
                Target::Number(0)
            } else {
                Target::Number(self.relative(&signed, &digits, start)?)
            }
        } else {
            Target::Name(self.name(close)?)
        };
        Ok(if is_call { self.recursion(target, start) } else { self.back_reference(target, start) })
    }

    /// A number, or a distance from here.
    fn relative(&self, sign: &str, digits: &str, start: usize) -> Result<u32, RegexError> {
        let n: Option<u32> = digits.parse().ok();
        let number = match (sign, n) {
            (_, None) => None,
            ("-", Some(n)) => (self.last_group + 1).checked_sub(n).filter(|_| n > 0),
            ("+", Some(n)) => self.last_group.checked_add(n),
            (_, n) => n,
        };
        number.filter(|n| *n > 0).ok_or_else(|| RegexError::malformed("a reference names no group", start..self.at))
    }

    /// `(?R)`, `(?1)`, `(?-1)`
    fn numbered_recursion(&mut self, start: usize) -> Result<Option<Node>, RegexError> {
        let behind = self.at;
        if self.eat("R)") || self.eat("0)") {
            return Ok(Some(self.recursion(Target::Number(0), start)));
        }
        let signed = self.take_while(1, |c| matches!(c, '-' | '+')).to_owned();
        let digits = self.take_while(9, |c| c.is_ascii_digit()).to_owned();
        if digits.is_empty() || !self.eat(")") {
            self.at = behind;
            return Ok(None);
        }
        let number = self.relative(&signed, &digits, start)?;
        Ok(Some(self.recursion(Target::Number(number), start)))
    }

    /// `(?(1)yes|no)`, behind the second parenthesis.
    fn conditional(&mut self, start: usize) -> Result<Node, RegexError> {
        self.note(Feature::Conditional, start);
        let condition = self.condition(start)?;
        let outer = self.flags;
        let yes = self.sequence()?;
        let no = if self.eat("|") { self.sequence()? } else { Node::new(NodeKind::Empty, self.at..self.at) };
        self.flags = outer;
        if self.rest().starts_with('|') {
            let message = "a conditional group has more than two alternatives";
            return Err(RegexError::malformed(message, start..self.at + 1));
        }
        self.close(start)?;
        let kind = NodeKind::Conditional { condition, yes: Box::new(yes), no: Box::new(no) };
        Ok(Node::new(kind, start..self.at))
    }

    fn condition(&mut self, start: usize) -> Result<Condition, RegexError> {
        let at = self.at;
        if self.rest().starts_with('?') {
            let node = self.nested(at - 1)?;
            let is_look = |n: &Node| matches!(n.kind, NodeKind::Group { kind: GroupKind::Look { .. }, .. });
            return match node.filter(is_look) {
                Some(look) => Ok(Condition::Look(Box::new(look))),
                None => Err(RegexError::malformed("a condition must be a group or a look-around", start..self.at)),
            };
        }
        if self.eat("DEFINE)") {
            return Ok(Condition::Define);
        }
        let signed = self.take_while(1, |c| matches!(c, '-' | '+')).to_owned();
        let digits = self.take_while(9, |c| c.is_ascii_digit()).to_owned();
        if !digits.is_empty() && self.eat(")") {
            let number = self.relative(&signed, &digits, start)?;
            self.references.push((Target::Number(number), start..self.at));
            return Ok(Condition::Group(number));
        }
        self.at = at;
        let quoted = self.eat("<") || self.eat("'");
        let close = match self.pattern.as_bytes().get(at) {
            Some(b'<') => '>',
            Some(b'\'') => '\'',
            _ => ')',
        };
        if !quoted && (self.rest().starts_with("R)") || self.rest().starts_with("R&") || is_recursion_test(self.rest()))
        {
            self.take_while(usize::MAX, |c| c != ')');
            self.close(start)?;
            return Ok(Condition::Recursion);
        }
        let name = self.name(close)?;
        if quoted {
            self.close(start)?;
        }
        self.references.push((Target::Name(name), start..self.at));
        Ok(Condition::Group(u32::MAX))
    }

    /// Fills in the numbers of named references, in the order in which they were read.
    pub(super) fn resolve(&mut self, root: &mut Node) -> Result<(), RegexError> {
        let mut numbers: Vec<(Range<usize>, u32)> = Vec::new();
        for (target, range) in &self.references {
            let number = match target {
                Target::Number(0) => Some(0),
                Target::Number(n) => self.groups.iter().any(|g| g.index == *n).then_some(*n),
                Target::Name(name) => {
                    self.groups.iter().find(|g| g.name.as_deref() == Some(name.as_str())).map(|g| g.index)
                }
            };
            let Some(number) = number else {
                let message = match target {
                    Target::Number(n) => format!("the pattern has no group {n}"),
                    Target::Name(name) => format!("the pattern has no group `{name}`"),
                };
                return Err(RegexError::malformed(message, range.clone()));
            };
            numbers.push((range.clone(), number));
        }
        if !numbers.is_empty() {
            fill(root, &numbers);
        }
        Ok(())
    }
}

/// `R1` in a condition.
fn is_recursion_test(rest: &str) -> bool {
    let Some(digits) = rest.strip_prefix('R').and_then(|r| r.split_once(')')).map(|(d, _)| d) else { return false };
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

fn fill(node: &mut Node, numbers: &[(Range<usize>, u32)]) {
    let start = node.range.start;
    let number = || numbers.iter().find(|(range, _)| range.start == start).map(|(_, n)| *n);
    match &mut node.kind {
        NodeKind::BackReference { group, .. } | NodeKind::Recursion(group) if *group == u32::MAX => {
            *group = number().unwrap_or(*group);
        }
        NodeKind::Group { body, .. } | NodeKind::Repeat { body, .. } => fill(body, numbers),
        NodeKind::Concat(parts) | NodeKind::Alternate(parts) => parts.iter_mut().for_each(|p| fill(p, numbers)),
        NodeKind::Conditional { condition, yes, no } => {
            match condition {
                Condition::Group(group) if *group == u32::MAX => *group = number().unwrap_or(*group),
                Condition::Look(look) => fill(look, numbers),
                Condition::Group(_) | Condition::Recursion | Condition::Define => {}
            }
            fill(yes, numbers);
            fill(no, numbers);
        }
        NodeKind::BackReference { .. }
        | NodeKind::Recursion(_)
        | NodeKind::Empty
        | NodeKind::Literal(_)
        | NodeKind::Class(_)
        | NodeKind::Assertion(_)
        | NodeKind::Keep
        | NodeKind::LineBreak
        | NodeKind::Grapheme
        | NodeKind::Byte
        | NodeKind::Verb => {}
    }
}

/// That each alternative of a look-behind has one length.
fn fixed_length(body: &Node) -> Result<(), RegexError> {
    let check = |node: &Node| match node.fixed_length() {
        Some(_) => Ok(()),
        None => Err(RegexError::malformed("a look-behind must have a fixed length", node.range.clone())),
    };
    match &body.kind {
        NodeKind::Alternate(all) => all.iter().try_for_each(check),
        _ => check(body),
    }
}
