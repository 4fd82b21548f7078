//! Conditions.
//!
//! What a test of an absent field gives in Insights (false, true or nothing) is not documented. So nothing that can be
//! absent is ever negated: negation is pushed down to the tests, and each test is written for the truth value that is
//! wanted, with `ispresent` where that matters. The forms are right whatever Insights answers for an absent field.

use super::super::ast::{self, Expr, Operator};
use super::super::regex;
use super::{Form, Lower};
use crate::diagnostic::Reported;
use crate::ir::{self, Case, CompareOp, ExprKind, Literal};
use crate::source::Span;

/// For which truth values of a three-valued condition the rendered one holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Want {
    True,
    False,
    /// False or NULL.
    NotTrue,
    /// True or NULL.
    NotFalse,
}

impl Want {
    /// What is wanted of the operand of `not`.
    fn negated(self) -> Want {
        match self {
            Want::True => Want::False,
            Want::False => Want::True,
            Want::NotTrue => Want::NotFalse,
            Want::NotFalse => Want::NotTrue,
        }
    }

    /// Whether the condition holds for this truth value (`None`: NULL).
    pub(super) fn accepts(self, truth: Option<bool>) -> bool {
        match self {
            Want::True => truth == Some(true),
            Want::False => truth == Some(false),
            Want::NotTrue => truth != Some(true),
            Want::NotFalse => truth != Some(false),
        }
    }

    /// Whether the value's presence takes part in what is wanted as a condition (else as an alternative).
    fn strict(self) -> bool {
        matches!(self, Want::True | Want::False)
    }

    /// Whether the test itself is wanted, not its opposite.
    fn positive(self) -> bool {
        matches!(self, Want::True | Want::NotFalse)
    }
}

impl Lower<'_> {
    /// A condition that holds exactly where the expression has a wanted truth value. Where that is impossible it holds
    /// in more rows, and a diagnostic says so.
    pub(super) fn truth(&mut self, e: &ir::Expr, want: Want) -> Result<Expr, Reported> {
        match &e.kind {
            ExprKind::Literal(Literal::Boolean(b)) => Ok(Expr::Bool(want.accepts(Some(*b)))),
            ExprKind::Literal(Literal::Null) => Ok(Expr::Bool(want.accepts(None))),
            ExprKind::Not(inner) => self.truth(inner, want.negated()),
            ExprKind::IsTrue(inner) => self.truth(inner, if want.positive() { Want::True } else { Want::NotTrue }),
            ExprKind::And(parts) => {
                let parts = self.truths(parts, want)?;
                Ok(if want.positive() { ast::and(parts) } else { ast::or(parts) })
            }
            ExprKind::Or(parts) => {
                let parts = self.truths(&joined_values(parts), want)?;
                Ok(if want.positive() { ast::or(parts) } else { ast::and(parts) })
            }
            ExprKind::IsNull(inner) => self.null_test(inner, want.positive()),
            ExprKind::Compare { op, left, right, case } => self.compare(*op, left, right, *case, want, e.span),
            ExprKind::OneOf { value, items, case } => {
                if items.is_empty() {
                    return Ok(Expr::Bool(want.accepts(Some(false))));
                }
                if let Some(lifted) = self.lift_case(value, want, &|v| with_value(e, v))? {
                    return Ok(lifted);
                }
                let operand = self.operand(value)?;
                let positive = self.one_of(operand, items, *case, value.ty);
                self.test(&[value], want, positive, None)
            }
            ExprKind::Like { value, pattern, case } => {
                if let Some(lifted) = self.lift_case(value, want, &|v| with_value(e, v))? {
                    return Ok(lifted);
                }
                if pattern.is_any() {
                    return self.test(&[value], want, Expr::Bool(true), None);
                }
                let operand = self.operand(value)?;
                let positive = match pattern.as_text() {
                    Some(text) => self.text_equals(operand, text, *case, value.ty),
                    None => Expr::like(operand, regex::pattern(pattern, *case)),
                };
                self.test(&[value], want, positive, None)
            }
            ExprKind::Regex { value, regex } => {
                if let Some(lifted) = self.lift_case(value, want, &|v| with_value(e, v))? {
                    return Ok(lifted);
                }
                let source = self.translated(regex, e.span)?.source;
                let operand = self.operand(value)?;
                self.test(&[value], want, Expr::like(operand, source), None)
            }
            ExprKind::InCidr { value, cidr } => {
                let operand = self.operand(value)?;
                let block = self.text_literal(cidr, e.span)?;
                let positive = Expr::call("isIpInSubnet", vec![operand, block]);
                self.test(&[value], want, positive, None)
            }
            ExprKind::Term { pattern } => self.term(pattern, want, e.span),
            ExprKind::Any { value, variable, predicate } => self.any(value, *variable, predicate, want, e.span),
            ExprKind::Case { arms, otherwise } => {
                self.over_case(arms, otherwise.as_deref(), &mut |lower, value| match value {
                    Some(v) => lower.truth(v, want),
                    None => Ok(Expr::Bool(want.accepts(None))),
                })
            }
            ExprKind::Coalesce(parts) => self.coalesce_truth(parts, want),
            ExprKind::Call { function: "match", args } if args.len() == 2 => self.matches_field(args, want, e.span),
            ExprKind::Call { function, args } => {
                let gives = super::super::function::find(function, args.len()).map(|f| f.result);
                let value = self.value(e)?.expr;
                let positive = match gives {
                    Some(super::super::function::Gives::Boolean) => value,
                    _ => boolean_equals(value, true),
                };
                let args: Vec<&ir::Expr> = args.iter().collect();
                self.test(&args, want, positive, None)
            }
            ExprKind::Column(_) | ExprKind::JsonPath { .. } | ExprKind::Capture { .. } | ExprKind::Cast { .. } => {
                let value = self.operand(e)?;
                self.test(&[e], want, boolean_equals(value, true), None)
            }
            ExprKind::Literal(_)
            | ExprKind::Variable(_)
            | ExprKind::MapValues { .. }
            | ExprKind::FilterValues { .. }
            | ExprKind::Arithmetic { .. }
            | ExprKind::Concat(_)
            | ExprKind::RelativeTime { .. }
            | ExprKind::Now
            | ExprKind::Bin { .. }
            | ExprKind::FormatTime { .. }
            | ExprKind::ParseTime { .. } => Err(self.unsupported(
                e.span,
                "a value that is no condition can't stand for one in Logs Insights",
                "compare it with something",
            )),
        }
    }

    /// `match` with an expression that is a field's value.
    fn matches_field(&mut self, args: &[ir::Expr], want: Want, span: Span) -> Result<Expr, Reported> {
        self.approximate(
            span,
            "differs: the expression of `match` is a field's value, and is looked for as plain text",
            "Logs Insights takes constant expressions only; letters, digits and `-` mean themselves in both",
        );
        let mut operands = Vec::with_capacity(args.len());
        for arg in args {
            operands.push(self.operand(arg)?);
        }
        let holds = Expr::call("strcontains", operands);
        let test = |n| Expr::binary(Operator::Eq, holds.clone(), Expr::integer(n));
        let args: Vec<&ir::Expr> = args.iter().collect();
        self.test(&args, want, test(1), Some(test(0)))
    }

    /// Renders all parts, so that every one that can't be said is reported.
    fn truths(&mut self, parts: &[ir::Expr], want: Want) -> Result<Vec<Expr>, Reported> {
        let results: Vec<_> = parts.iter().map(|p| self.truth(p, want)).collect();
        results.into_iter().collect()
    }

    /// A test of values with the guards that the wanted truth value needs. `negative`: the opposite where the values are
    /// present, if it is not simply the negated test. NULL is the outcome where one value is NULL.
    pub(super) fn test(
        &mut self,
        operands: &[&ir::Expr],
        want: Want,
        positive: Expr,
        negative: Option<Expr>,
    ) -> Result<Expr, Reported> {
        let test = if want.positive() { positive } else { negative.unwrap_or_else(|| ast::negated_test(positive)) };
        // One absent value can't equal a constant; but it may differ from one, and two absent ones may be equal.
        let safe = operands.len() < 2 && want.strict() && !is_negative(&test);
        let mut guards = Vec::new();
        for operand in operands {
            if !safe {
                guards.push(self.null_test(operand, !want.strict())?);
            }
        }
        guards.push(test);
        Ok(if want.strict() { ast::and(guards) } else { ast::or(guards) })
    }

    fn compare(
        &mut self,
        op: CompareOp,
        left: &ir::Expr,
        right: &ir::Expr,
        case: Case,
        want: Want,
        span: Span,
    ) -> Result<Expr, Reported> {
        if left.as_literal().is_some() && right.as_literal().is_none() {
            return self.compare(op.flipped(), right, left, case, want, span);
        }
        if left.as_literal() == Some(&Literal::Null) || right.as_literal() == Some(&Literal::Null) {
            return Ok(Expr::Bool(want.accepts(None)));
        }
        if let (Some(a), Some(b)) = (left.as_literal(), right.as_literal())
            && let Some(truth) = constant(op, a, b, case)
        {
            return Ok(Expr::Bool(want.accepts(Some(truth))));
        }
        let compared = |v: &ir::Expr| ir::Expr::compare(op, v.clone(), right.clone(), case);
        if let Some(lifted) = self.lift_case(left, want, &compared)? {
            return Ok(lifted);
        }
        let compared = |v: &ir::Expr| ir::Expr::compare(op, left.clone(), v.clone(), case);
        if let Some(lifted) = self.lift_case(right, want, &compared)? {
            return Ok(lifted);
        }
        let times = left.ty == ir::Type::TIME || right.ty == ir::Type::TIME;
        let both_numeric = left.ty.is_numeric() && right.ty.is_numeric();
        if times || both_numeric {
            let a = self.number(left)?;
            let b = self.number(right)?;
            let operands: Vec<&ir::Expr> = [left, right].into_iter().filter(|e| e.as_literal().is_none()).collect();
            return self.test(&operands, want, Expr::binary(op.into(), a, b), None);
        }
        match right.as_literal() {
            Some(Literal::String(text)) => self.compare_text(op, left, text, case, want),
            Some(Literal::Integer(n)) => self.compare_number(op, left, Expr::integer(*n), &n.to_string(), want),
            Some(Literal::Double(n)) => self.compare_number(op, left, Expr::number(*n), &n.to_string(), want),
            Some(Literal::Boolean(b)) => {
                let value = self.operand(left)?;
                let positive = boolean_equals(value, *b == (op == CompareOp::Eq));
                self.test(&[left], want, positive, None)
            }
            Some(Literal::Null | Literal::Strings(_)) | None => self.compare_values(op, left, right, case, want, span),
        }
    }

    fn compare_text(
        &mut self,
        op: CompareOp,
        left: &ir::Expr,
        text: &str,
        case: Case,
        want: Want,
    ) -> Result<Expr, Reported> {
        if left.ty.is_numeric()
            && let Ok(n) = text.trim().parse::<f64>()
        {
            let value = self.number(left)?;
            return self.test(&[left], want, Expr::binary(op.into(), value, Expr::number(n)), None);
        }
        let value = self.operand(left)?;
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let mut positive = self.text_equals(value.clone(), text, case, left.ty);
                let mut negative = None;
                if op == CompareOp::Ne {
                    negative = Some(positive.clone());
                    positive = ast::negated_test(positive);
                } else if text.eq_ignore_ascii_case("null") && want.positive() {
                    positive = self.null_text(left, positive);
                }
                self.test(&[left], want, positive, negative)
            }
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                self.text_order(left.span);
                let constant = self.text_literal(text, left.span)?;
                self.test(&[left], want, Expr::binary(op.into(), value, constant), None)
            }
        }
    }

    fn compare_number(
        &mut self,
        op: CompareOp,
        left: &ir::Expr,
        n: Expr,
        as_text: &str,
        want: Want,
    ) -> Result<Expr, Reported> {
        let value = self.operand(left)?;
        if left.ty.is_numeric() {
            return self.test(&[left], want, Expr::binary(op.into(), value, n), None);
        }
        let text = Expr::Text(as_text.to_owned());
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let equal = match left.ty.scalar {
                    ir::Scalar::String => Expr::binary(Operator::Eq, value, text),
                    _ => {
                        ast::or([Expr::binary(Operator::Eq, value.clone(), n), Expr::binary(Operator::Eq, value, text)])
                    }
                };
                if op == CompareOp::Eq {
                    return self.test(&[left], want, equal, None);
                }
                let differs = ast::negated_test(equal.clone());
                self.test(&[left], want, differs, Some(equal))
            }
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                self.approximate(
                    left.span,
                    "values that are no numbers never satisfy this comparison, while SPL compares them as text",
                    "narrows where the field holds other text",
                );
                let operator: Operator = op.into();
                let mut positive = Expr::binary(operator, value.clone(), n.clone());
                let mut negative = ast::negated_test(positive.clone());
                if self.newest() {
                    let numeric = Expr::call("isNumeric", vec![value]);
                    positive = ast::and([numeric.clone(), positive]);
                    negative = ast::and([numeric, negative]);
                }
                self.test(&[left], want, positive, Some(negative))
            }
        }
    }

    /// Two fields, or computed values.
    fn compare_values(
        &mut self,
        op: CompareOp,
        left: &ir::Expr,
        right: &ir::Expr,
        case: Case,
        want: Want,
        span: Span,
    ) -> Result<Expr, Reported> {
        let mut a = self.operand(left)?;
        let mut b = self.operand(right)?;
        match op {
            CompareOp::Eq | CompareOp::Ne if case == Case::Insensitive => {
                a = Expr::call("tolower", vec![a]);
                b = Expr::call("tolower", vec![b]);
            }
            CompareOp::Eq | CompareOp::Ne => {}
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => self.text_order(span),
        }
        self.test(&[left, right], want, Expr::binary(op.into(), a, b), None)
    }

    fn text_order(&mut self, span: Span) {
        self.approximate(
            span,
            "how Logs Insights orders texts is not documented",
            "differs where values are not all numbers",
        );
    }

    /// A bare word or phrase: found in the record's text.
    fn term(&mut self, pattern: &ir::Pattern, want: Want, span: Span) -> Result<Expr, Reported> {
        if self.stats > 0 {
            return Err(self.unsupported(
                span,
                "the record's text is gone after `stats`",
                "search for the term before `stats`",
            ));
        }
        let letters = pattern.pieces().iter().any(|p| matches!(p, ir::Piece::Text(t) if regex::has_letters(t)));
        let mut inner = String::new();
        for piece in pattern.pieces() {
            match piece {
                ir::Piece::Text(t) => inner.push_str(&regex::escape(t)),
                ir::Piece::Any => inner.push_str(r#"[^\s"]*"#),
                ir::Piece::One => inner.push_str(r"[\s\S]"),
            }
        }
        let flag = regex::flag(Case::Insensitive, letters);
        let message = Expr::raw("@message");
        if want.positive() {
            self.approximate(
                span,
                "the term is also found inside longer words of the record",
                "widens: Logs Insights has no tokens",
            );
            return Ok(Expr::like(message, [flag, &inner].concat()));
        }
        self.approximate(
            span,
            "the term counts as found only between characters that are no letters or digits",
            "widens: fewer events are excluded than by SPL's tokens",
        );
        let edge = |piece: Option<&ir::Piece>, at: &str| match piece {
            Some(ir::Piece::Any) => String::new(),
            _ => ["(", at, "|[^A-Za-z0-9])"].concat(),
        };
        let pieces = pattern.pieces();
        let source = [flag, &edge(pieces.first(), "^"), &inner, &edge(pieces.last(), "$")].concat();
        Ok(Expr::Like { value: Box::new(message), regex: source, negated: true })
    }

    /// A value as the left side of a test.
    pub(super) fn operand(&mut self, e: &ir::Expr) -> Result<Expr, Reported> {
        let value = self.value(e)?;
        match value.form {
            Form::List => Err(self.unsupported(
                e.span,
                "Logs Insights has no conditions on the values of a list",
                "put the condition before `stats`",
            )),
            Form::Json => Ok(Expr::call("jsonStringify", vec![value.expr])),
            Form::Timestamp => Ok(super::time::seconds(value)),
            Form::Text | Form::Number | Form::Seconds => Ok(value.expr),
        }
    }
}

/// Whether a test may hold where the value is absent, whatever the manual leaves open.
fn is_negative(test: &Expr) -> bool {
    match test {
        Expr::Bool(b) => *b,
        Expr::Binary(Operator::Ne, ..) | Expr::Not(_) => true,
        Expr::Like { negated, .. } | Expr::In { negated, .. } => *negated,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(is_negative),
        Expr::Field(_)
        | Expr::Member(..)
        | Expr::Text(_)
        | Expr::Number(_)
        | Expr::Duration(..)
        | Expr::Call(..)
        | Expr::CountRows
        | Expr::Binary(..) => false,
    }
}

/// Alternatives, those that compare one column with texts as one list.
fn joined_values(parts: &[ir::Expr]) -> Vec<ir::Expr> {
    let mut out: Vec<ir::Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        let Some((column, texts, case)) = listed(part) else {
            out.push(part.clone());
            continue;
        };
        let same = |e: &&mut ir::Expr| listed(e).is_some_and(|(c, _, k)| c == column && k == case);
        match out.iter_mut().find(same) {
            None => out.push(part.clone()),
            Some(first) => {
                let mut items = listed(first).map(|(_, t, _)| t).unwrap_or_default();
                items.extend(texts.into_iter().filter(|t| !items.contains(t)).collect::<Vec<_>>());
                let (nullable, span) = (first.nullable || part.nullable, first.span.to(part.span));
                let kind = ExprKind::OneOf { value: Box::new(column.clone()), items, case };
                *first = ir::Expr::new(kind, ir::Type::BOOLEAN, nullable, span);
            }
        }
    }
    out
}

/// A column of text and the texts that it is compared with.
fn listed(e: &ir::Expr) -> Option<(&ir::Expr, Vec<String>, Case)> {
    let (column, texts, case) = match &e.kind {
        ExprKind::Compare { op: CompareOp::Eq, left, right, case } => match right.as_literal() {
            Some(Literal::String(text)) => (&**left, vec![text.clone()], *case),
            _ => return None,
        },
        ExprKind::OneOf { value, items, case } => (&**value, items.clone(), *case),
        _ => return None,
    };
    // Other types, and these words, are compared in ways of their own.
    let plain = |t: &String| !["null", "true", "false"].contains(&t.to_lowercase().as_str());
    let text = matches!(column.ty.scalar, ir::Scalar::String | ir::Scalar::Unknown) && !column.ty.multivalue;
    (column.as_column().is_some() && text && texts.iter().all(plain)).then_some((column, texts, case))
}

/// The test `e` of another value.
fn with_value(e: &ir::Expr, v: &ir::Expr) -> ir::Expr {
    let mut test = e.clone();
    match &mut test.kind {
        ExprKind::OneOf { value, .. } | ExprKind::Like { value, .. } | ExprKind::Regex { value, .. } => {
            **value = v.clone();
        }
        // Only those three are lifted by this function.
        _ => {}
    }
    test.nullable = v.nullable;
    test
}

/// A Boolean member of a record: whether Insights holds it as text or as a number is not documented.
pub(super) fn boolean_equals(value: Expr, b: bool) -> Expr {
    let text = Expr::Text(b.to_string());
    ast::or([
        Expr::binary(Operator::Eq, value.clone(), text),
        Expr::binary(Operator::Eq, value, Expr::integer(i64::from(b))),
    ])
}

/// The outcome of a comparison of constants, where it is plain.
fn constant(op: CompareOp, a: &Literal, b: &Literal, case: Case) -> Option<bool> {
    match (a, b) {
        (Literal::String(a), Literal::String(b)) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
            let equal = match case {
                Case::Sensitive => a == b,
                Case::Insensitive => a.to_lowercase() == b.to_lowercase(),
            };
            Some(equal == (op == CompareOp::Eq))
        }
        (Literal::Integer(a), Literal::Integer(b)) => Some(op.holds(a.cmp(b))),
        (Literal::Boolean(a), Literal::Boolean(b)) => Some(op.holds(a.cmp(b))),
        _ => None,
    }
}
