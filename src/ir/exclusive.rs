//! Whether two conditions exclude each other, by what they demand of one column.

use super::{Case, CompareOp, Expr, ExprKind, Literal, Name};

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(e: &Expr) -> &[Expr] {
    match &e.kind {
        ExprKind::And(parts) => parts,
        ExprKind::IsTrue(inner) => conjuncts(inner),
        _ => std::slice::from_ref(e),
    }
}

/// Whether no row meets two of these conditions, each a list of conjuncts. `false` where that is not plain.
pub(super) fn pairwise(branches: &[Vec<Expr>]) -> bool {
    branches.iter().enumerate().all(|(i, a)| branches.iter().skip(i + 1).all(|b| exclude(a, b)))
}

fn exclude(a: &[Expr], b: &[Expr]) -> bool {
    a.iter().any(|p| b.iter().any(|q| contradict(p, q)))
}

/// What a conjunct demands of a column.
enum Demand<'e> {
    /// One of these texts.
    Among(Vec<(&'e str, Case)>),
    /// Another text than these.
    Not(Vec<(&'e str, Case)>),
    Null,
    Present,
}

fn contradict(p: &Expr, q: &Expr) -> bool {
    let (Some((left, a)), Some((right, b))) = (demand(p), demand(q)) else { return false };
    if left != right {
        return false;
    }
    match (&a, &b) {
        (Demand::Among(some), Demand::Among(others)) => {
            some.iter().all(|(s, _)| others.iter().all(|(o, _)| s.to_lowercase() != o.to_lowercase()))
        }
        (Demand::Among(some), Demand::Not(others)) | (Demand::Not(others), Demand::Among(some)) => {
            some.iter().all(|s| others.iter().any(|o| covers(*o, *s)))
        }
        (Demand::Null, Demand::Among(_) | Demand::Not(_) | Demand::Present)
        | (Demand::Among(_) | Demand::Not(_) | Demand::Present, Demand::Null) => true,
        (Demand::Not(_) | Demand::Present, Demand::Not(_) | Demand::Present)
        | (Demand::Among(_), Demand::Present)
        | (Demand::Present, Demand::Among(_))
        | (Demand::Null, Demand::Null) => false,
    }
}

/// Whether every value that equals the second text equals the first.
fn covers((text, case): (&str, Case), (other, other_case): (&str, Case)) -> bool {
    match case {
        Case::Insensitive => text.to_lowercase() == other.to_lowercase(),
        Case::Sensitive => text == other && other_case == Case::Sensitive,
    }
}

fn demand(e: &Expr) -> Option<(&Name, Demand<'_>)> {
    match &e.kind {
        ExprKind::IsTrue(inner) => demand(inner),
        ExprKind::Compare { op, left, right, case } => {
            let (name, Some(Literal::String(text))) = (left.as_column()?, right.as_literal()) else { return None };
            match op {
                CompareOp::Eq => Some((name, Demand::Among(vec![(text, *case)]))),
                CompareOp::Ne => Some((name, Demand::Not(vec![(text, *case)]))),
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => None,
            }
        }
        ExprKind::OneOf { value, items, case } => {
            let items = items.iter().map(|i| (i.as_str(), *case)).collect();
            Some((value.as_column()?, Demand::Among(items)))
        }
        ExprKind::Or(parts) => {
            let mut all: Option<(&Name, Vec<(&str, Case)>)> = None;
            for part in parts {
                let (name, Demand::Among(items)) = demand(part)? else { return None };
                match &mut all {
                    None => all = Some((name, items)),
                    Some((first, list)) if *first == name => list.extend(items),
                    Some(_) => return None,
                }
            }
            all.map(|(name, items)| (name, Demand::Among(items)))
        }
        ExprKind::IsNull(inner) => Some((inner.as_column()?, Demand::Null)),
        ExprKind::Not(inner) => {
            // A negated test that may be NULL is no demand on what is there; one of `is-true` may hold for NULL.
            let (inner, strict) = match &inner.kind {
                ExprKind::IsTrue(inner) => (inner, false),
                _ => (inner, true),
            };
            match (demand(inner)?, strict) {
                ((name, Demand::Among(items)), true) => Some((name, Demand::Not(items))),
                ((name, Demand::Null), _) => Some((name, Demand::Present)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Type;
    use crate::source::Span;

    fn column() -> Expr {
        Expr::column("x", Type::STRING, true, Span::default())
    }

    fn test(op: CompareOp, text: &str, case: Case) -> Expr {
        Expr::compare(op, column(), Expr::string(text, Span::default()), case)
    }

    fn excluded(a: Expr, b: Expr) -> bool {
        pairwise(&[vec![a], vec![b]])
    }

    #[test]
    fn a_value_excludes_its_opposite_and_other_values() {
        let is = |t: &str| test(CompareOp::Eq, t, Case::Insensitive);
        let is_not = |t: &str| test(CompareOp::Ne, t, Case::Insensitive);
        assert!(excluded(is("v"), is_not("V")));
        assert!(excluded(is("v"), is("w")));
        assert!(excluded(is("v"), Expr::or(vec![is("w"), is("u")], Span::default())));
        assert!(excluded(is("v"), column().is_null()));
        assert!(!excluded(is("v"), is("V")));
        assert!(!excluded(is("v"), is_not("w")));
        assert!(!excluded(is("v"), column().is_not_null()));
        assert!(!excluded(is_not("v"), is_not("w")));
    }

    #[test]
    fn a_value_with_case_does_not_exclude_its_other_spellings() {
        let is_not = test(CompareOp::Ne, "v", Case::Sensitive);
        assert!(!excluded(test(CompareOp::Eq, "v", Case::Insensitive), is_not.clone()));
        assert!(excluded(test(CompareOp::Eq, "v", Case::Sensitive), is_not));
    }

    #[test]
    fn what_null_may_pass_excludes_little() {
        let not_true = test(CompareOp::Eq, "v", Case::Insensitive).is_true().negate();
        assert!(!excluded(not_true.clone(), column().is_null()));
        // Not claimed, though it would be right.
        assert!(!excluded(not_true, test(CompareOp::Eq, "v", Case::Insensitive)));
    }
}
