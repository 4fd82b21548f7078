//! Simplification of expressions.

use std::collections::HashSet;

use super::facts::{Facts, text_pattern};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Literal, Scalar, Type};

/// Conditions over `case` expressions are spread over its arms up to this size.
const MOST_ARMS: usize = 40;

/// Among so many parts of a connective, equal ones are found and left out; longer ones are searched no further.
pub(super) const MOST_COMPARED: usize = 200;

/// Simplifies an expression for rows of which `facts` hold; its value, NULL included, stays the same.
pub(super) fn fold(expr: Expr, facts: &Facts) -> Expr {
    if facts.holds(&expr) {
        return Expr::boolean(true, expr.span);
    }
    let expr = expr.map_children(&mut |child| fold(child, facts));
    let span = expr.span;
    let mut folded = match expr.kind {
        ExprKind::Column(ref name) if facts.is_present(name) => Expr { nullable: false, ..expr },
        ExprKind::Not(inner) => return fold_not(*inner, expr.nullable, span),
        ExprKind::IsNull(inner) => return fold_is_null(*inner, span),
        ExprKind::IsTrue(inner) if matches!(inner.as_literal(), Some(Literal::Null)) => Expr::boolean(false, span),
        ExprKind::IsTrue(inner) => inner.is_true(),
        ExprKind::And(parts) => return fold_connective(parts, true, span),
        ExprKind::Or(parts) => return fold_connective(parts, false, span),
        ExprKind::Compare { op, left, right, case } => fold_compare(op, *left, *right, case, expr.ty, facts, span),
        ExprKind::OneOf { value, items, case } => {
            if let Some(Literal::String(text)) = value.as_literal() {
                return Expr::boolean(items.iter().any(|i| equal(i, text, case)), span);
            }
            let kept: Vec<String> = items.into_iter().filter(|i| !facts.excludes(&value, &text_pattern(i))).collect();
            if kept.is_empty() && !value.nullable {
                return Expr::boolean(false, span);
            }
            if let [one] = kept.as_slice() {
                let mut same = Expr::compare(CompareOp::Eq, *value, Expr::string(one.clone(), span), case);
                same.span = span;
                return if facts.holds(&same) { Expr::boolean(true, span) } else { same };
            }
            let nullable = value.nullable;
            Expr::new(ExprKind::OneOf { value, items: kept, case }, Type::BOOLEAN, nullable, span)
        }
        ExprKind::Like { value, pattern, case } => {
            if let Some(Literal::String(text)) = value.as_literal() {
                return Expr::boolean(pattern.matches(text, case == Case::Insensitive), span);
            }
            if !value.nullable && facts.excludes(&value, &pattern) {
                return Expr::boolean(false, span);
            }
            let nullable = value.nullable;
            Expr::new(ExprKind::Like { value, pattern, case }, Type::BOOLEAN, nullable, span)
        }
        ExprKind::Coalesce(parts) => return fold_coalesce(parts, expr.ty, span),
        ExprKind::Case { arms, otherwise } => return fold_case(arms, otherwise, expr.ty, span),
        kind => Expr { kind, ..expr },
    };
    refresh(&mut folded);
    folded
}

/// Sets whether a node can be NULL from its operands, where they alone decide it.
fn refresh(expr: &mut Expr) {
    expr.nullable = match &expr.kind {
        ExprKind::Compare { left, right, .. } => left.nullable || right.nullable,
        ExprKind::Regex { value, .. } | ExprKind::InCidr { value, .. } | ExprKind::Any { value, .. } => value.nullable,
        ExprKind::Concat(parts) => parts.iter().any(|p| p.nullable),
        ExprKind::Cast { value, to: Scalar::String } => value.nullable,
        ExprKind::FormatTime { time, .. } if !time.ty.is_text() => time.nullable,
        ExprKind::Bin { value, .. } if !value.ty.is_text() => value.nullable,
        _ => return,
    };
}

fn fold_not(inner: Expr, nullable: bool, span: crate::source::Span) -> Expr {
    match inner.kind {
        ExprKind::Literal(Literal::Boolean(b)) => Expr::boolean(!b, span),
        ExprKind::Literal(Literal::Null) => inner,
        ExprKind::Not(inner) => *inner,
        ExprKind::Compare { op: op @ (CompareOp::Eq | CompareOp::Ne), left, right, case } => {
            let mut negated = Expr::compare(op.negated(), *left, *right, case);
            negated.span = span;
            negated
        }
        kind => {
            let nullable = nullable && inner.nullable;
            Expr::new(ExprKind::Not(Box::new(Expr { kind, ..inner })), Type::BOOLEAN, nullable, span)
        }
    }
}

fn fold_is_null(inner: Expr, span: crate::source::Span) -> Expr {
    match inner.kind {
        ExprKind::Literal(Literal::Null) => Expr::boolean(true, span),
        _ if !inner.nullable => Expr::boolean(false, span),
        // Writing out a value keeps whether there is one.
        ExprKind::Cast { value, to: Scalar::String } => fold_is_null(*value, span),
        ExprKind::FormatTime { time, .. } if !time.ty.is_text() => fold_is_null(*time, span),
        ExprKind::Bin { value, .. } if !value.ty.is_text() => fold_is_null(*value, span),
        ExprKind::Coalesce(parts) => Expr::and(parts.into_iter().map(|p| fold_is_null(p, span)).collect(), span),
        // Of text, these give a text always.
        ExprKind::Call {
            function: "lower" | "upper" | "replace" | "trim" | "ltrim" | "rtrim" | "len",
            args: parts,
        }
        | ExprKind::Concat(parts) => {
            let nullable = parts.into_iter().filter(|p| p.nullable);
            Expr::or(nullable.map(|p| fold_is_null(p, span)).collect(), span)
        }
        kind => Expr { kind, ..inner }.is_null(),
    }
}

fn fold_connective(parts: Vec<Expr>, and: bool, span: crate::source::Span) -> Expr {
    let mut kept: Vec<Expr> = Vec::new();
    let flat = match if and { Expr::and(parts, span) } else { Expr::or(parts, span) }.kind {
        ExprKind::And(parts) if and => parts,
        ExprKind::Or(parts) if !and => parts,
        kind => {
            let ty = Type::BOOLEAN;
            let nullable = true;
            let mut one = Expr::new(kind, ty, nullable, span);
            refresh_single(&mut one);
            return one;
        }
    };
    for part in flat {
        match part.as_literal() {
            Some(Literal::Boolean(b)) if *b == and => continue,
            Some(Literal::Boolean(_)) => return Expr::boolean(!and, span),
            _ if kept.len() < MOST_COMPARED && kept.contains(&part) => continue,
            _ => kept.push(part),
        }
    }
    if and { Expr::and(kept, span) } else { Expr::or(merge_texts(kept), span) }
}

/// Texts of one column under one case rule, gathered from the parts of an OR.
struct Texts {
    /// Where the first part stands.
    at: usize,
    value: Expr,
    case: Case,
    items: Vec<String>,
    seen: HashSet<String>,
    span: crate::source::Span,
    parts: usize,
}

impl Texts {
    fn add(&mut self, texts: Vec<String>, span: crate::source::Span) {
        for text in texts {
            let key = match self.case {
                Case::Sensitive => text.clone(),
                Case::Insensitive => crate::ir::letters::lower(&text),
            };
            if self.seen.insert(key) {
                self.items.push(text);
            }
        }
        self.span = self.span.to(span);
        self.parts += 1;
    }
}

/// `f = a or f = b` is `f in (a, b)`, under the same case rule.
fn merge_texts(parts: Vec<Expr>) -> Vec<Expr> {
    let mut out: Vec<Expr> = Vec::new();
    let mut groups: Vec<Texts> = Vec::new();
    for part in parts {
        let span = part.span;
        let Some((value, texts, case)) = texts_of(&part) else {
            out.push(part);
            continue;
        };
        if let Some(group) = groups.iter_mut().find(|g| g.value == *value && g.case == case) {
            group.add(texts, span);
            continue;
        }
        let value = value.clone();
        let mut group = Texts { at: out.len(), value, case, items: Vec::new(), seen: HashSet::new(), span, parts: 0 };
        group.add(texts, span);
        groups.push(group);
        out.push(part);
    }
    for group in groups.into_iter().filter(|g| g.parts > 1) {
        let nullable = group.value.nullable;
        let kind = ExprKind::OneOf { value: Box::new(group.value), items: group.items, case: group.case };
        out[group.at] = Expr::new(kind, Type::BOOLEAN, nullable, group.span);
    }
    out
}

/// The texts that a column is compared with.
fn texts_of(e: &Expr) -> Option<(&Expr, Vec<String>, Case)> {
    match &e.kind {
        ExprKind::Compare { op: CompareOp::Eq, left, right, case } => match (&left.kind, right.as_literal()) {
            (ExprKind::Column(_), Some(Literal::String(text))) if left.ty.is_text() => {
                Some((left, vec![text.clone()], *case))
            }
            _ => None,
        },
        ExprKind::OneOf { value, items, case } if matches!(value.kind, ExprKind::Column(_)) => {
            Some((value, items.clone(), *case))
        }
        _ => None,
    }
}

/// A connective of one part lost its flags on the way; they follow from the part itself.
fn refresh_single(expr: &mut Expr) {
    expr.nullable = match &expr.kind {
        ExprKind::Literal(l) => *l == Literal::Null,
        ExprKind::IsNull(_) | ExprKind::IsTrue(_) => false,
        ExprKind::Not(inner) => inner.nullable,
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().any(|p| p.nullable),
        ExprKind::OneOf { value, .. } | ExprKind::Like { value, .. } => value.nullable,
        _ => true,
    };
    refresh(expr);
}

fn fold_compare(
    op: CompareOp,
    left: Expr,
    right: Expr,
    case: Case,
    ty: Type,
    facts: &Facts,
    span: crate::source::Span,
) -> Expr {
    let known = match (left.as_literal(), right.as_literal()) {
        (Some(Literal::Null), _) | (_, Some(Literal::Null)) => return Expr::null(span),
        (Some(a), Some(b)) => compare_literals(op, a, b, case),
        _ => None,
    };
    if let Some(known) = known {
        return Expr::boolean(known, span);
    }
    if let (CompareOp::Eq | CompareOp::Ne, false, Some(Literal::String(text))) = (op, left.nullable, right.as_literal())
        && facts.excludes(&left, &text_pattern(text))
    {
        return Expr::boolean(op == CompareOp::Ne, span);
    }
    let nullable = left.nullable || right.nullable;
    Expr::new(ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), case }, ty, nullable, span)
}

fn equal(a: &str, b: &str, case: Case) -> bool {
    match case {
        Case::Sensitive => a == b,
        Case::Insensitive => crate::ir::letters::lower(a) == crate::ir::letters::lower(b),
    }
}

fn compare_literals(op: CompareOp, a: &Literal, b: &Literal, case: Case) -> Option<bool> {
    match (a, b) {
        (Literal::String(a), Literal::String(b)) => match op {
            CompareOp::Eq => Some(equal(a, b, case)),
            CompareOp::Ne => Some(!equal(a, b, case)),
            // The order of letters is left to the engines.
            _ => None,
        },
        (Literal::Integer(a), Literal::Integer(b)) => Some(op.holds(a.cmp(b))),
        (Literal::Boolean(a), Literal::Boolean(b)) => Some(op.holds(a.cmp(b))),
        (Literal::Double(a), Literal::Double(b)) => a.partial_cmp(b).map(|o| op.holds(o)),
        (Literal::Integer(a), Literal::Double(b)) => (*a as f64).partial_cmp(b).map(|o| op.holds(o)),
        (Literal::Double(a), Literal::Integer(b)) => a.partial_cmp(&(*b as f64)).map(|o| op.holds(o)),
        _ => None,
    }
}

fn fold_coalesce(parts: Vec<Expr>, ty: Type, span: crate::source::Span) -> Expr {
    let mut kept: Vec<Expr> = Vec::new();
    for part in parts {
        match part.kind {
            ExprKind::Coalesce(inner) if part.ty == ty => kept.extend(inner),
            ExprKind::Literal(Literal::Null) => continue,
            _ => kept.push(part),
        }
        if kept.last().is_some_and(|p| !p.nullable) {
            break;
        }
    }
    if kept.len() == 1 && kept[0].ty == ty {
        return kept.remove(0);
    }
    if kept.is_empty() {
        return Expr::null(span);
    }
    let nullable = kept.iter().all(|p| p.nullable);
    Expr::new(ExprKind::Coalesce(kept), ty, nullable, span)
}

fn fold_case(arms: Vec<(Expr, Expr)>, otherwise: Option<Box<Expr>>, ty: Type, span: crate::source::Span) -> Expr {
    let mut kept = Vec::new();
    let mut otherwise = otherwise;
    for (condition, value) in arms {
        match condition.as_literal() {
            Some(Literal::Boolean(false) | Literal::Null) => continue,
            Some(Literal::Boolean(true)) => {
                otherwise = Some(Box::new(value));
                break;
            }
            _ => kept.push((condition, value)),
        }
    }
    if kept.is_empty() {
        return match otherwise {
            Some(value) if value.ty == ty || matches!(value.as_literal(), Some(Literal::Null)) => *value,
            Some(value) => {
                let nullable = value.nullable;
                Expr::new(ExprKind::Coalesce(vec![*value]), ty, nullable, span)
            }
            None => Expr::null(span),
        };
    }
    let nullable = otherwise.as_ref().is_none_or(|o| o.nullable) || kept.iter().any(|(_, v)| v.nullable);
    Expr::new(ExprKind::Case { arms: kept, otherwise }, ty, nullable, span)
}

/// The parts of an AND.
pub(super) fn conjuncts(expr: Expr) -> Vec<Expr> {
    match expr.kind {
        ExprKind::And(parts) => parts,
        _ => vec![expr],
    }
}

/// Simplifies a condition of which only counts whether it is true: NULL and false are the same.
pub(super) fn truth(expr: Expr, facts: &Facts) -> Expr {
    let span = expr.span;
    match expr.kind {
        ExprKind::Literal(Literal::Null) => Expr::boolean(false, span),
        ExprKind::IsTrue(inner) => truth(*inner, facts),
        ExprKind::And(parts) => {
            let parts = parts.into_iter().map(|p| truth(p, facts)).collect();
            fold_connective(parts, true, span)
        }
        ExprKind::Or(parts) => {
            let parts = parts.into_iter().map(|p| truth(p, facts)).collect();
            fold_connective(parts, false, span)
        }
        ExprKind::Not(inner) => match inner.kind {
            ExprKind::IsTrue(inner) => not_true(truth(*inner, facts), span),
            // Without NULL, negation reaches the parts.
            ExprKind::And(parts) if parts.iter().all(|p| !p.nullable) => {
                let parts = parts.into_iter().map(|p| truth(fold(p.negate(), facts), facts)).collect();
                fold_connective(parts, false, span)
            }
            ExprKind::Or(parts) if parts.iter().all(|p| !p.nullable) => {
                let parts = parts.into_iter().map(|p| truth(fold(p.negate(), facts), facts)).collect();
                fold_connective(parts, true, span)
            }
            kind => fold_not(Expr { kind, ..*inner }, expr.nullable, span),
        },
        ExprKind::Compare { op, left, right, case } => match (&left.kind, right.as_literal()) {
            (ExprKind::Coalesce(_) | ExprKind::Case { .. }, Some(_)) => {
                let constant = *right;
                // Against a number, `unknown` text is read as one, and other text is not.
                let exact = !constant.ty.is_text();
                let test = |value: Expr| {
                    let mut compared = Expr::compare(op, value, constant.clone(), case);
                    compared.span = span;
                    compared
                };
                spread(*left, &test, exact, facts, span)
            }
            _ => Expr { kind: ExprKind::Compare { op, left, right, case }, ..expr },
        },
        ExprKind::Like { value, pattern, case } => {
            let test =
                |value: Expr| leaf(value, span, |value| ExprKind::Like { value, pattern: pattern.clone(), case });
            spread(*value, &test, false, facts, span)
        }
        ExprKind::OneOf { value, items, case } => {
            let test = |value: Expr| leaf(value, span, |value| ExprKind::OneOf { value, items: items.clone(), case });
            spread(*value, &test, false, facts, span)
        }
        kind => Expr { kind, ..expr },
    }
}

fn leaf(value: Expr, span: crate::source::Span, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Expr {
    let nullable = value.nullable;
    Expr::new(kind(Box::new(value)), Type::BOOLEAN, nullable, span)
}

fn not_true(inner: Expr, span: crate::source::Span) -> Expr {
    let mut negated = fold_not(inner.is_true(), false, span);
    negated.span = span;
    negated
}

/// A test of a value that is chosen by `coalesce` or `case`: the test of each choice where it is chosen. `exact`: the test
/// minds which kind of text the value is.
fn spread(value: Expr, test: &dyn Fn(Expr) -> Expr, exact: bool, facts: &Facts, span: crate::source::Span) -> Expr {
    match value.kind {
        ExprKind::Coalesce(parts) if parts.iter().all(|p| same_comparison(p, &value.ty, exact)) => {
            let mut alternatives = Vec::new();
            let mut absent: Vec<Expr> = Vec::new();
            for part in parts {
                let hit = spread(part.clone(), test, exact, facts, span);
                let mut all = absent.clone();
                all.push(hit);
                alternatives.push(fold_connective(all, true, span));
                absent.push(fold_is_null(part, span));
            }
            fold_connective(alternatives, false, span)
        }
        ExprKind::Case { arms, otherwise }
            if arms.len() <= MOST_ARMS
                && arms
                    .iter()
                    .map(|(_, v)| v)
                    .chain(otherwise.as_deref())
                    .all(|v| same_comparison(v, &value.ty, exact)) =>
        {
            let mut alternatives = Vec::new();
            let mut before: Vec<Expr> = Vec::new();
            let last = otherwise.map(|o| (Expr::boolean(true, span), *o));
            for (condition, chosen) in arms.into_iter().chain(last) {
                let hit = spread(chosen, test, exact, facts, span);
                let condition = truth(condition, facts);
                let mut all = before.clone();
                all.push(condition.clone());
                all.push(hit);
                alternatives.push(fold_connective(all, true, span));
                before.push(truth(not_true(condition, span), facts));
            }
            fold_connective(alternatives, false, span)
        }
        _ => fold(test(value), facts),
    }
}

/// Whether a choice is compared as the whole is: its type does not change the meaning of the test.
fn same_comparison(choice: &Expr, whole: &Type, exact: bool) -> bool {
    let same_text = || (choice.ty.scalar == Scalar::Unknown) == (whole.scalar == Scalar::Unknown);
    matches!(choice.as_literal(), Some(Literal::Null))
        || choice.ty.is_numeric() == whole.is_numeric()
            && choice.ty.multivalue == whole.multivalue
            && (!exact || same_text())
}
