//! What is known of the rows at a point of the plan, because a filter below let only such rows pass.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Case, CompareOp, Expr, ExprKind, Literal, Name, Pattern, Piece, Type};

/// Conditions that are remembered; more would only cost time.
const MOST_CONDITIONS: usize = 40;

/// Facts about columns.
#[derive(Clone, Default, Debug)]
pub(super) struct Facts {
    non_null: BTreeSet<Name>,
    /// Texts of which the column has one, letters compared without case.
    texts: BTreeMap<Name, Vec<Pattern>>,
    /// Conditions that hold.
    holds: Vec<Expr>,
}

impl Facts {
    /// Adds what a condition that holds says.
    pub(super) fn learn(&mut self, condition: &Expr) {
        let is_test = !matches!(condition.kind, ExprKind::And(_) | ExprKind::IsTrue(_) | ExprKind::Literal(_));
        if is_test && self.holds.len() < MOST_CONDITIONS {
            self.holds.push(condition.clone());
        }
        match &condition.kind {
            ExprKind::And(parts) => parts.iter().for_each(|p| self.learn(p)),
            ExprKind::IsTrue(inner) => self.learn(inner),
            ExprKind::Not(inner) => {
                if let ExprKind::IsNull(value) = &inner.kind {
                    self.learn_present(value);
                } else if inner.nullable {
                    self.learn_strict(inner);
                }
            }
            ExprKind::Compare { op: CompareOp::Ne, left, right, .. } => {
                self.learn_present_anew(left);
                self.learn_present_anew(right);
            }
            ExprKind::Compare { op, left, right, .. } => {
                self.learn_present(left);
                self.learn_present(right);
                if *op == CompareOp::Eq
                    && let (ExprKind::Column(name), Some(Literal::String(text))) = (&left.kind, right.as_literal())
                {
                    self.learn_texts(name, vec![Pattern::new([Piece::Text(text.clone())])]);
                }
            }
            ExprKind::OneOf { value, items, .. } => {
                self.learn_present(value);
                if let ExprKind::Column(name) = &value.kind {
                    let patterns = items.iter().map(|i| Pattern::new([Piece::Text(i.clone())])).collect();
                    self.learn_texts(name, patterns);
                }
            }
            ExprKind::Like { value, pattern, .. } => {
                self.learn_present(value);
                if let ExprKind::Column(name) = &value.kind {
                    self.learn_texts(name, vec![pattern.clone()]);
                }
            }
            ExprKind::Regex { value, .. } | ExprKind::InCidr { value, .. } | ExprKind::Any { value, .. } => {
                self.learn_present(value);
            }
            ExprKind::Or(parts) => self.learn_alternatives(parts),
            _ => {}
        }
    }

    /// An OR says what all its parts say: texts of one column.
    fn learn_alternatives(&mut self, parts: &[Expr]) {
        let mut all: Option<(Name, Vec<Pattern>)> = None;
        for part in parts {
            let mut one = Facts::default();
            one.learn(part);
            let Some((name, patterns)) = one.texts.into_iter().next() else { return };
            match &mut all {
                None => all = Some((name, patterns)),
                Some((first, list)) if *first == name => list.extend(patterns),
                Some(_) => return,
            }
        }
        if let Some((name, patterns)) = all {
            self.non_null.insert(name.clone());
            self.learn_texts(&name, patterns);
        }
    }

    /// A negated comparison that is not NULL needs its operands.
    fn learn_strict(&mut self, inner: &Expr) {
        match &inner.kind {
            ExprKind::Compare { left, right, .. } => {
                self.learn_present_anew(left);
                self.learn_present_anew(right);
            }
            ExprKind::OneOf { value, .. }
            | ExprKind::Like { value, .. }
            | ExprKind::Regex { value, .. }
            | ExprKind::InCidr { value, .. } => self.learn_present_anew(value),
            _ => {}
        }
    }

    /// What a negated test says of its operand, unless that was taken for present already: then another condition says
    /// so, which must stay, since targets without three-valued logic let an absent field pass a negated test.
    fn learn_present_anew(&mut self, value: &Expr) {
        if value.nullable {
            self.learn_present(value);
        }
    }

    fn learn_present(&mut self, value: &Expr) {
        match &value.kind {
            ExprKind::Column(name) => {
                self.non_null.insert(name.clone());
            }
            ExprKind::Cast { value, .. } => self.learn_present(value),
            _ => {}
        }
    }

    fn learn_texts(&mut self, name: &Name, patterns: Vec<Pattern>) {
        self.texts.entry(name.clone()).or_insert(patterns);
    }

    /// Whether the condition is one that holds, or follows from one: equality with case implies equality without.
    pub(super) fn holds(&self, condition: &Expr) -> bool {
        condition.ty == Type::BOOLEAN && self.holds.iter().any(|h| h == condition || implies_folded(h, condition))
    }

    pub(super) fn is_present(&self, name: &Name) -> bool {
        self.non_null.contains(name)
    }

    /// Whether the column can't match the pattern, given the texts that it may have.
    pub(super) fn excludes(&self, value: &Expr, pattern: &Pattern) -> bool {
        let ExprKind::Column(name) = &value.kind else { return false };
        self.texts.get(name).is_some_and(|texts| texts.iter().all(|t| disjoint(t, pattern)))
    }

    /// Behind an `extend`.
    pub(super) fn extended(&self, columns: &[(Name, Expr)]) -> Facts {
        let mut facts = self.clone();
        for (name, _) in columns {
            facts.non_null.remove(name);
            facts.texts.remove(name);
        }
        facts.holds.retain(|c| !c.columns().iter().any(|read| columns.iter().any(|(name, _)| name == read)));
        self.copy_into(&mut facts, columns);
        facts
    }

    /// Behind a `project` or an `aggregate` with these keys.
    pub(super) fn projected(&self, columns: &[(Name, Expr)]) -> Facts {
        let mut facts = Facts::default();
        self.copy_into(&mut facts, columns);
        facts
    }

    pub(super) fn without(mut self, column: &Name) -> Facts {
        self.texts.remove(column);
        self.holds.retain(|c| !c.columns().contains(column));
        self.non_null.insert(column.clone());
        self
    }

    fn copy_into(&self, facts: &mut Facts, columns: &[(Name, Expr)]) {
        for (name, expr) in columns {
            if !expr.nullable {
                facts.non_null.insert(name.clone());
            }
            if let ExprKind::Column(from) = &expr.kind {
                if self.non_null.contains(from) {
                    facts.non_null.insert(name.clone());
                }
                if let Some(texts) = self.texts.get(from) {
                    facts.texts.insert(name.clone(), texts.clone());
                }
            }
        }
    }
}

/// Whether `f = "Text"` with case stands against `f = "text"` without.
fn implies_folded(known: &Expr, asked: &Expr) -> bool {
    let parts = |e: &Expr| match &e.kind {
        ExprKind::Compare { op: CompareOp::Eq, left, right, case } => match right.as_literal() {
            Some(Literal::String(text)) => Some((left.clone(), crate::ir::letters::lower(text), *case)),
            _ => None,
        },
        _ => None,
    };
    match (parts(known), parts(asked)) {
        (Some((a, x, Case::Sensitive)), Some((b, y, Case::Insensitive))) => a == b && x == y,
        _ => false,
    }
}

/// Whether no text matches both, letters compared without case. Two texts are compared; of wildcard patterns, their
/// fixed beginnings and ends.
fn disjoint(a: &Pattern, b: &Pattern) -> bool {
    match (a.as_text(), b.as_text()) {
        (Some(text), _) => !b.matches(text, true),
        (_, Some(text)) => !a.matches(text, true),
        (None, None) => {
            let clash = |x: &str, y: &str| !x.starts_with(y) && !y.starts_with(x);
            let (start_a, end_a) = ends(a);
            let (start_b, end_b) = ends(b);
            clash(&start_a, &start_b) || clash(&end_a, &end_b)
        }
    }
}

/// The fixed beginning, and the fixed end read backwards, in lower case.
fn ends(pattern: &Pattern) -> (String, String) {
    let text = |piece: Option<&Piece>| match piece {
        Some(Piece::Text(t)) => crate::ir::letters::lower(t),
        _ => String::new(),
    };
    (text(pattern.pieces().first()), text(pattern.pieces().last()).chars().rev().collect())
}

/// The pattern of a plain text.
pub(super) fn text_pattern(text: &str) -> Pattern {
    Pattern::new([Piece::Text(text.to_owned())])
}
