//! A PCRE tree in the notation of the crates that run it. Nothing is left to their own flags and classes: sets are
//! written out as ranges, groups have numbers only.

use std::fmt::Write;

use regex_syntax::hir::ClassUnicode;

use super::analysis::{Analysis, RegexError};
use super::ast::{Assertion, Condition, GroupKind, Node, NodeKind, RepeatMode};
use super::set;

/// Which crate the pattern is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// `regex`, for texts that don't end in a newline: `$` and `^` then mean what they mean there.
    Linear,
    /// `fancy-regex`
    Backtracking,
}

/// Prints a pattern, each group in parentheses of its own and in order.
///
/// # Errors
/// What the engine can't run.
pub(super) fn print(analysis: &Analysis, engine: Engine) -> Result<String, RegexError> {
    let mut printer = Printer { out: String::new(), engine, analysis };
    printer.node(&analysis.root)?;
    Ok(printer.out)
}

struct Printer<'a> {
    out: String,
    engine: Engine,
    analysis: &'a Analysis,
}

impl Printer<'_> {
    fn node(&mut self, node: &Node) -> Result<(), RegexError> {
        match &node.kind {
            NodeKind::Empty => {}
            NodeKind::Literal(c) => self.literal(*c),
            NodeKind::Class(class) => self.class(class),
            NodeKind::Assertion(assertion) => self.assertion(*assertion, node)?,
            NodeKind::Group { kind, body } => self.group(kind, body, node)?,
            NodeKind::Repeat { body, min, max, mode } => self.repeat(body, *min, *max, *mode, node)?,
            NodeKind::Concat(parts) => {
                for part in parts {
                    match part.kind {
                        NodeKind::Alternate(_) => self.wrapped("(?:", part, ")")?,
                        _ => self.node(part)?,
                    }
                }
            }
            NodeKind::Alternate(all) => {
                for (i, one) in all.iter().enumerate() {
                    if i > 0 {
                        self.out.push('|');
                    }
                    self.node(one)?;
                }
            }
            NodeKind::BackReference { group, any_case } => {
                self.needs_backtracking("a back reference", node)?;
                let number = self.slot(*group, node)?;
                let _ = match any_case {
                    true => write!(self.out, "(?i:\\k<{number}>)"),
                    false => write!(self.out, "\\k<{number}>"),
                };
            }
            NodeKind::Conditional { condition, yes, no } => self.conditional(condition, yes, no, node)?,
            NodeKind::Keep => {
                self.needs_backtracking("`\\K`", node)?;
                self.out.push_str("\\K");
            }
            NodeKind::LineBreak => {
                self.needs_backtracking("`\\R`", node)?;
                self.out.push_str(r"(?>\r\n|[\n\x0B\x0C\r\x{85}\x{2028}\x{2029}])");
            }
            NodeKind::Recursion(_) => return Err(unsupported("a recursion", node)),
            NodeKind::Grapheme => return Err(unsupported("`\\X`", node)),
            NodeKind::Byte => return Err(unsupported("`\\C`", node)),
            NodeKind::Verb => return Err(unsupported("a verb `(*…)`", node)),
        }
        Ok(())
    }

    fn needs_backtracking(&self, what: &str, node: &Node) -> Result<(), RegexError> {
        match self.engine {
            Engine::Linear => Err(unsupported(what, node)),
            Engine::Backtracking => Ok(()),
        }
    }

    /// Where the group of a number stands among all groups, counted from 1.
    fn slot(&self, group: u32, node: &Node) -> Result<usize, RegexError> {
        let mut slots = self.analysis.groups.iter().enumerate().filter(|(_, g)| g.index == group);
        match (slots.next(), slots.next()) {
            (Some((slot, _)), None) => Ok(slot + 1),
            _ => Err(unsupported("a reference to one of several groups", node)),
        }
    }

    fn wrapped(&mut self, open: &str, body: &Node, close: &str) -> Result<(), RegexError> {
        self.out.push_str(open);
        self.node(body)?;
        self.out.push_str(close);
        Ok(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric()) {
            self.out.push(c);
        } else {
            let _ = write!(self.out, "\\x{{{:X}}}", u32::from(c));
        }
    }

    fn class(&mut self, class: &ClassUnicode) {
        // What matches nothing at all.
        if class.ranges().is_empty() {
            self.out.push_str(r"[^\x{0}-\x{10FFFF}]");
            return;
        }
        self.out.push('[');
        for range in class.ranges() {
            self.literal(range.start());
            if range.start() != range.end() {
                self.out.push('-');
                self.literal(range.end());
            }
        }
        self.out.push(']');
    }

    fn assertion(&mut self, assertion: Assertion, node: &Node) -> Result<(), RegexError> {
        let linear = self.engine == Engine::Linear;
        let text = match assertion {
            Assertion::TextStart => r"\A",
            Assertion::TextEnd => r"\z",
            Assertion::LineStart if linear => "(?m:^)",
            Assertion::LineStart => r"(?:\A|(?<=\n)(?!\z))",
            Assertion::LineEnd if linear => "(?m:$)",
            Assertion::LineEnd => r"(?:\z|(?=\n))",
            Assertion::TextEndOrNewline if linear => r"\z",
            Assertion::TextEndOrNewline => r"(?:\z|(?=\n\z))",
            Assertion::SearchStart => {
                self.needs_backtracking("`\\G`", node)?;
                r"\G"
            }
            Assertion::Word { negated: false, unicode: false } if linear => r"(?-u:\b)",
            Assertion::Word { negated: true, unicode: false } if linear => r"(?-u:\B)",
            Assertion::Word { negated, unicode } => {
                self.needs_backtracking("`\\b` of Unicode", node)?;
                let word = set::shorthand('w', unicode).unwrap_or_else(set::all);
                let parts: [&str; 4] = match negated {
                    false => ["(?:(?<=", ")(?!", ")|(?<!", ")(?="],
                    true => ["(?:(?<=", ")(?=", ")|(?<!", ")(?!"],
                };
                for part in parts {
                    self.out.push_str(part);
                    self.class(&word);
                }
                "))"
            }
        };
        self.out.push_str(text);
        Ok(())
    }

    fn group(&mut self, kind: &GroupKind, body: &Node, node: &Node) -> Result<(), RegexError> {
        match kind {
            GroupKind::Plain => self.wrapped("(?:", body, ")"),
            GroupKind::Capture(_) => self.wrapped("(", body, ")"),
            GroupKind::Atomic => {
                self.needs_backtracking("an atomic group", node)?;
                self.wrapped("(?>", body, ")")
            }
            GroupKind::Look { ahead, negated } => {
                self.needs_backtracking("a look-around", node)?;
                match (ahead, negated) {
                    // PCRE does not go back into a look-ahead that has matched.
                    (true, false) => self.wrapped("(?=(?>", body, "))"),
                    (true, true) => self.wrapped("(?!", body, ")"),
                    (false, false) => self.wrapped("(?<=", body, ")"),
                    (false, true) => self.wrapped("(?<!", body, ")"),
                }
            }
        }
    }

    fn repeat(
        &mut self,
        body: &Node,
        min: u32,
        max: Option<u32>,
        mode: RepeatMode,
        node: &Node,
    ) -> Result<(), RegexError> {
        // `fancy-regex` repeats nothing that has no width; more than once makes no difference.
        if let NodeKind::Group { kind: GroupKind::Look { .. }, .. } = body.kind {
            return match (min, mode) {
                (0, RepeatMode::Lazy) => self.wrapped("(?:|", body, ")"),
                (0, _) => self.wrapped("(?:", body, "|)"),
                _ => self.node(body),
            };
        }
        if mode == RepeatMode::Possessive {
            self.needs_backtracking("a possessive quantifier", node)?;
            self.out.push_str("(?>");
        }
        match body.kind {
            NodeKind::Literal(_) | NodeKind::Class(_) => self.node(body)?,
            NodeKind::Group { kind: GroupKind::Capture(_), .. } => self.node(body)?,
            _ => self.wrapped("(?:", body, ")")?,
        }
        match (min, max) {
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (0, Some(1)) => self.out.push('?'),
            (min, None) => {
                let _ = write!(self.out, "{{{min},}}");
            }
            (min, Some(max)) => {
                let _ = write!(self.out, "{{{min},{max}}}");
            }
        }
        match mode {
            RepeatMode::Greedy => {}
            RepeatMode::Lazy => self.out.push('?'),
            RepeatMode::Possessive => self.out.push(')'),
        }
        Ok(())
    }

    fn conditional(&mut self, condition: &Condition, yes: &Node, no: &Node, node: &Node) -> Result<(), RegexError> {
        self.needs_backtracking("a conditional group", node)?;
        match condition {
            Condition::Group(group) => {
                let number = self.slot(*group, node)?;
                let _ = write!(self.out, "(?({number})");
                self.wrapped("(?:", yes, ")")?;
                self.wrapped("|(?:", no, "))")
            }
            Condition::Look(look) => {
                if captures(look) {
                    return Err(unsupported("a condition with a group", node));
                }
                let NodeKind::Group { kind: GroupKind::Look { ahead, negated }, body } = &look.kind else {
                    return Err(unsupported("a conditional group", node));
                };
                self.out.push_str("(?:");
                self.group(&GroupKind::Look { ahead: *ahead, negated: *negated }, body, node)?;
                self.wrapped("(?:", yes, ")|")?;
                self.group(&GroupKind::Look { ahead: *ahead, negated: !negated }, body, node)?;
                self.wrapped("(?:", no, "))")
            }
            Condition::Recursion => Err(unsupported("a recursion", node)),
            // Only recursion reaches what is defined, but its groups count.
            Condition::Define if captures(yes) => Err(unsupported("a group `(?(DEFINE)…)`", node)),
            Condition::Define => Ok(()),
        }
    }
}

fn captures(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Group { kind: GroupKind::Capture(_), .. })
        || node.children().into_iter().any(captures)
}

fn unsupported(what: &str, node: &Node) -> RegexError {
    RegexError::unsupported(format!("{what} is not supported in a regular expression"), node.range.clone())
}
