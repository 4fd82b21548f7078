//! Tests of one value: comparisons, lists, wildcards, regular expressions, networks.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::cond::{Cond, Number, Test};
use super::lowering::{Lowered, Lowering};
use super::regex;
use super::subject::{Atom, Subject, literal_text};
use crate::diagnostic::code;
use crate::ir::{Case, CompareOp, Expr, ExprKind, Literal, Pattern, Piece, Scalar};
use crate::source::Span;

impl Lowering<'_> {
    /// When a test is true (`polarity`) or false; where its value is absent it is neither.
    pub(super) fn test(&mut self, e: &Expr, polarity: bool) -> Lowered {
        match &e.kind {
            ExprKind::Compare { op, left, right, case } => self.compare(*op, left, right, *case, polarity, e.span),
            ExprKind::OneOf { value, items, case } => {
                let literals: Vec<Literal> = items.iter().cloned().map(Literal::String).collect();
                self.over(value, e.span, polarity, &mut |this, atom| {
                    let mut some = Vec::new();
                    for literal in &literals {
                        some.push(this.equality(atom, literal, *case, e.span)?);
                    }
                    Ok(Cond::or(some))
                })
            }
            ExprKind::Like { value, pattern, case } => {
                self.over(value, e.span, polarity, &mut |this, atom| this.like(atom, pattern, *case, e.span))
            }
            ExprKind::Regex { value, regex } => {
                self.over(value, e.span, polarity, &mut |this, atom| this.regex(atom, regex, e.span))
            }
            ExprKind::InCidr { value, cidr } => {
                self.over(value, e.span, polarity, &mut |this, atom| this.in_cidr(atom, cidr, e.span))
            }
            _ => Err(self.unsupported(super::lowering::describe(e), e.span)),
        }
    }

    /// When the regular expression matches the value.
    pub(super) fn matches(&mut self, value: &Expr, regex: &str, span: Span) -> Lowered {
        self.over(value, span, true, &mut |this, atom| this.regex(atom, regex, span))
    }

    /// Applies a positive test to each value that an expression can have.
    fn over(
        &mut self,
        value: &Expr,
        span: Span,
        polarity: bool,
        test: &mut dyn FnMut(&mut Self, &Atom) -> Lowered,
    ) -> Lowered {
        let mut some = Vec::new();
        for (guard, value) in self.values(value, &|_| true)? {
            let atom = self.atom(&value)?;
            if matches!(atom, Atom::Null) {
                continue;
            }
            let holds = test(self, &atom)?;
            let holds = if polarity { holds } else { self.negative(holds, &[&atom], span)? };
            some.push(Cond::and([guard, holds]));
        }
        Ok(Cond::or(some))
    }

    /// The opposite of a test, which like the test needs the field to be there.
    fn negative(&mut self, holds: Cond, atoms: &[&Atom], span: Span) -> Lowered {
        let mut parts = Vec::new();
        for atom in atoms {
            let Atom::Field(subject) = atom else { continue };
            if subject.element {
                let what = format!("test that some value of the list `{}` differs", subject.raw);
                return Err(self.unsupported(what, span));
            }
            if subject.number {
                let message = format!("widens: values of `{}` that are no numbers pass too", subject.raw);
                self.approximate(message, "compare the field itself, without `tonumber`", span);
            }
            parts.push(subject.present(span));
        }
        parts.push(holds.negate());
        Ok(Cond::and(parts))
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr, case: Case, polarity: bool, span: Span) -> Lowered {
        // A constant that can't be equal to the other, constant side needs no condition of its own.
        let equal = matches!((op, polarity), (CompareOp::Eq, true) | (CompareOp::Ne, false));
        let unequal = matches!((op, polarity), (CompareOp::Eq, false) | (CompareOp::Ne, true));
        let against = |other: &Expr| {
            let other = other.as_literal().cloned();
            move |literal: &Literal| match &other {
                Some(other) if equal || unequal => constant(CompareOp::Eq, literal, other, case) != Some(unequal),
                _ => true,
            }
        };
        let lefts = self.values(left, &against(right))?;
        let rights = self.values(right, &against(left))?;
        let mut some = Vec::new();
        for (guard, l) in &lefts {
            let l = self.atom(l)?;
            for (other_guard, r) in &rights {
                let r = self.atom(r)?;
                let holds = self.compare_atoms(op, &l, &r, case, polarity, span)?;
                some.push(Cond::and([guard.clone(), other_guard.clone(), holds]));
            }
        }
        Ok(Cond::or(some))
    }

    fn compare_atoms(
        &mut self,
        op: CompareOp,
        left: &Atom,
        right: &Atom,
        case: Case,
        polarity: bool,
        span: Span,
    ) -> Lowered {
        match (left, right) {
            (Atom::Null, _) | (_, Atom::Null) => Ok(Cond::False),
            (Atom::Constant(l), Atom::Constant(r)) => match constant(op, l, r, case) {
                Some(holds) => Ok(Cond::truth(holds == polarity)),
                None => Err(self.unsupported("comparison of such constants".to_owned(), span)),
            },
            (Atom::Constant(_), Atom::Field(_)) => self.compare_atoms(op.flipped(), right, left, case, polarity, span),
            (Atom::Field(subject), Atom::Constant(literal)) => match op {
                CompareOp::Eq | CompareOp::Ne => {
                    let holds = self.equality(left, literal, case, span)?;
                    if (op == CompareOp::Eq) == polarity { Ok(holds) } else { self.negative(holds, &[left], span) }
                }
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                    if subject.element && !polarity {
                        return self.negative(Cond::False, &[left], span);
                    }
                    self.order(if polarity { op } else { op.negated() }, subject, literal, span)
                }
            },
            (Atom::Field(subject), Atom::Field(other)) => match op {
                CompareOp::Eq | CompareOp::Ne => {
                    let holds = self.same(subject, other, case, span)?;
                    if (op == CompareOp::Eq) == polarity {
                        Ok(holds)
                    } else {
                        self.negative(holds, &[left, right], span)
                    }
                }
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                    Err(self.unsupported(format!("order (`{}`) between two fields", op.symbol()), span))
                }
            },
        }
    }

    /// The value equals a constant.
    fn equality(&mut self, atom: &Atom, literal: &Literal, case: Case, span: Span) -> Lowered {
        let subject = match atom {
            Atom::Null => return Ok(Cond::False),
            Atom::Constant(value) => {
                return match constant(CompareOp::Eq, value, literal, case) {
                    Some(holds) => Ok(Cond::truth(holds)),
                    None => Err(self.unsupported("comparison of such constants".to_owned(), span)),
                };
            }
            Atom::Field(subject) => subject,
        };
        self.spend(1, span)?;
        match literal {
            Literal::Null => Ok(Cond::False),
            Literal::Boolean(b) => Ok(subject.leaf(Test::Boolean(*b), span)),
            Literal::String(text) if subject.ty.scalar == Scalar::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" => Ok(subject.leaf(Test::Boolean(true), span)),
                "false" => Ok(subject.leaf(Test::Boolean(false), span)),
                _ => Ok(Cond::False),
            },
            Literal::String(text) => self.text(subject, &Pattern::new([Piece::Text(text.clone())]), case, span),
            Literal::Integer(n) => self.number(subject, Number::Integer(*n), literal, span),
            Literal::Double(n) => self.number(subject, Number::new(*n), literal, span),
            Literal::Strings(_) => Err(self.unsupported("comparison with a list".to_owned(), span)),
        }
    }

    fn number(&mut self, subject: &Subject, number: Number, literal: &Literal, span: Span) -> Lowered {
        if subject.tail.is_some() || subject.fold.is_some() {
            let text = literal_text(literal).unwrap_or_default();
            return self.text(subject, &Pattern::new([Piece::Text(text)]), Case::Insensitive, span);
        }
        if matches!(subject.ty.scalar, Scalar::Unknown | Scalar::Json) || subject.number {
            let message = format!(
                "`{}` equals a number in any spelling (`3`, `3.0`) in SPL; in Sigma as whoever runs the rule compares",
                subject.raw
            );
            self.push(&code::READING, message, span);
        }
        Ok(subject.leaf(Test::Number(vec![number]), span))
    }

    /// The whole value matches a pattern.
    fn like(&mut self, atom: &Atom, pattern: &Pattern, case: Case, span: Span) -> Lowered {
        let subject = match atom {
            Atom::Null => return Ok(Cond::False),
            Atom::Constant(literal) => {
                let holds = literal_text(literal).is_some_and(|t| pattern.matches(&t, case == Case::Insensitive));
                return Ok(Cond::truth(holds));
            }
            Atom::Field(subject) => subject,
        };
        self.spend(1, span)?;
        if pattern.is_any() {
            return Ok(subject.present(span));
        }
        if let Some(text) = pattern.as_text() {
            return self.equality(atom, &Literal::String(text.to_owned()), case, span);
        }
        self.text(subject, pattern, case, span)
    }

    /// A pattern against a field's text.
    fn text(&mut self, subject: &Subject, pattern: &Pattern, case: Case, span: Span) -> Lowered {
        let mut case = case;
        if let Some(fold) = subject.fold
            && case == Case::Sensitive
        {
            let folded = |p: &Piece| matches!(p, Piece::Text(t) if fold.apply(t) != *t);
            if pattern.pieces().iter().any(folded) {
                return Ok(Cond::False);
            }
            case = Case::Insensitive;
        }
        let mut cased = case == Case::Sensitive && pattern.pieces().iter().any(has_case);
        if cased && self.binding.single_spelling.iter().any(|f| **f == *subject.raw) {
            cased = false;
            let message = format!("values of `{}` have one spelling each, so they compare without case", subject.raw);
            self.push(&code::READING, message, span);
        }
        let patterns = match &subject.tail {
            None => vec![pattern.clone()],
            Some(separators) => self.tail_patterns(subject, separators, pattern, span),
        };
        if patterns.is_empty() {
            return Ok(Cond::False);
        }
        Ok(subject.leaf(Test::Text { patterns, cased }, span))
    }

    /// Patterns for the whole value, from one for what stands behind its last separator.
    fn tail_patterns(&mut self, subject: &Subject, separators: &[char], pattern: &Pattern, span: Span) -> Vec<Pattern> {
        let pieces = pattern.pieces();
        let has_separator = |p: &Piece| matches!(p, Piece::Text(t) if t.contains(separators));
        if pieces.iter().any(has_separator) {
            return Vec::new();
        }
        // `*text` is as good for the whole value.
        if let [Piece::Any, Piece::Text(_)] = pieces {
            return vec![pattern.clone()];
        }
        if pattern.as_text().is_none() {
            let message = format!(
                "differs: a wildcard in the last part of `{}` can match across its separators in Sigma",
                subject.raw
            );
            self.approximate(message, "compare the whole value of the field", span);
        }
        let behind = separators.iter().map(|c| {
            let start = [Piece::Any, Piece::Text(c.to_string())];
            Pattern::new(start.into_iter().chain(pieces.iter().cloned()))
        });
        std::iter::once(pattern.clone()).chain(behind).collect()
    }

    fn regex(&mut self, atom: &Atom, pattern: &str, span: Span) -> Lowered {
        let subject = match atom {
            Atom::Field(subject) if subject.fold.is_none() && subject.tail.is_none() => subject,
            Atom::Null => return Ok(Cond::False),
            Atom::Field(_) | Atom::Constant(_) => {
                return Err(self.unsupported("regular expression over a computed value".to_owned(), span));
            }
        };
        self.spend(1, span)?;
        match regex::translate(pattern) {
            Ok(translated) => {
                for what in translated.beyond {
                    let message = format!(
                        "differs: the regular expression uses {what}, which Sigma's specification leaves out; \
                         not every engine reads it alike"
                    );
                    self.approximate(message, "write the expression without it, or check the backend's engine", span);
                }
                let test = Test::Regex { patterns: vec![translated.pattern], flags: translated.flags };
                Ok(subject.leaf(test, span))
            }
            Err(what) => Err(self.unsupported(format!("regular expression with {what}"), span)),
        }
    }

    fn in_cidr(&mut self, atom: &Atom, cidr: &str, span: Span) -> Lowered {
        let subject = match atom {
            Atom::Field(subject) if subject.tail.is_none() => subject,
            Atom::Null => return Ok(Cond::False),
            Atom::Field(_) | Atom::Constant(_) => {
                return Err(self.unsupported("network test of a computed value".to_owned(), span));
            }
        };
        self.spend(1, span)?;
        match network(cidr) {
            Some(network) => Ok(subject.leaf(Test::Cidr(vec![network]), span)),
            None => Err(self.unsupported(format!("network `{cidr}`"), span)),
        }
    }

    /// A field in order to a number.
    fn order(&mut self, op: CompareOp, subject: &Subject, literal: &Literal, span: Span) -> Lowered {
        let number = match literal {
            Literal::Integer(n) => Number::Integer(*n),
            Literal::Double(n) => Number::new(*n),
            Literal::Null => return Ok(Cond::False),
            Literal::Boolean(_) | Literal::String(_) | Literal::Strings(_) => {
                return Err(self.unsupported(format!("order (`{}`) between texts", op.symbol()), span));
            }
        };
        if subject.tail.is_some() || subject.fold.is_some() || subject.ty.scalar == Scalar::String {
            return Err(self.unsupported(format!("order (`{}`) between texts", op.symbol()), span));
        }
        self.spend(1, span)?;
        if !subject.ty.is_numeric() {
            let message =
                format!("narrows: values of `{}` that are no numbers compare as text in SPL only", subject.raw);
            self.approximate(message, "give the field a numeric type in the schema", span);
        }
        Ok(subject.leaf(Test::Order(op, number), span))
    }

    fn same(&mut self, left: &Subject, right: &Subject, case: Case, span: Span) -> Lowered {
        let plain = |s: &Subject| s.tail.is_none() && (s.fold.is_none() || case == Case::Insensitive);
        if !plain(left) || !plain(right) {
            return Err(self.unsupported("comparison of computed values".to_owned(), span));
        }
        self.spend(1, span)?;
        let (ignores, name) = match case {
            Case::Sensitive => ("with", "sensitive"),
            Case::Insensitive => ("without", "insensitive"),
        };
        let message = format!(
            "SPL compares `{}` and `{}` {ignores} case; the specification of `fieldref` is silent, so it is read as case-{name}",
            left.raw, right.raw
        );
        self.push(&code::READING, message, span);
        Ok(left.leaf(Test::SameAs(right.field.clone()), span))
    }
}

fn has_case(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(t) if t.to_lowercase() != t.to_uppercase())
}

/// Compares constants; `None` where that has no meaning.
fn constant(op: CompareOp, left: &Literal, right: &Literal, case: Case) -> Option<bool> {
    let ordering = match (left, right) {
        (Literal::Integer(l), Literal::Integer(r)) => l.cmp(r),
        (Literal::Integer(_) | Literal::Double(_), Literal::Integer(_) | Literal::Double(_)) => {
            let number = |l: &Literal| match l {
                Literal::Integer(n) => Some(*n as f64),
                Literal::Double(n) => Some(*n),
                Literal::Null | Literal::Boolean(_) | Literal::String(_) | Literal::Strings(_) => None,
            };
            number(left)?.partial_cmp(&number(right)?)?
        }
        _ => {
            let (l, r) = (literal_text(left)?, literal_text(right)?);
            match case {
                Case::Sensitive => l.cmp(&r),
                Case::Insensitive => l.to_lowercase().cmp(&r.to_lowercase()),
            }
        }
    };
    Some(match op {
        CompareOp::Eq => ordering == Ordering::Equal,
        CompareOp::Ne => ordering != Ordering::Equal,
        other => other.holds(ordering),
    })
}

/// A CIDR block with its host bits cleared, as Sigma's readers want it; a lone address is a block of one.
fn network(cidr: &str) -> Option<String> {
    let (address, length) = match cidr.split_once('/') {
        Some((address, length)) => (address, Some(length.trim().parse::<u32>().ok()?)),
        None => (cidr, None),
    };
    match address.trim().parse().ok()? {
        IpAddr::V4(ip) => {
            let length = length.unwrap_or(32);
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv4Addr::from_bits(ip.to_bits() & mask)))
        }
        IpAddr::V6(ip) => {
            let length = length.unwrap_or(128);
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv6Addr::from_bits(ip.to_bits() & mask)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!(network("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(network("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(network("fe80::1/64").as_deref(), Some("fe80::/64"));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("x/8"), None);
    }

    #[test]
    fn constants_compare_as_spl_does() {
        let text = |t: &str| Literal::String(t.to_owned());
        assert_eq!(constant(CompareOp::Eq, &text("a"), &text("A"), Case::Insensitive), Some(true));
        assert_eq!(constant(CompareOp::Eq, &text("a"), &text("A"), Case::Sensitive), Some(false));
        assert_eq!(constant(CompareOp::Lt, &Literal::Integer(2), &Literal::Double(2.5), Case::Sensitive), Some(true));
        assert_eq!(constant(CompareOp::Eq, &text("a"), &Literal::Null, Case::Sensitive), None);
    }
}
