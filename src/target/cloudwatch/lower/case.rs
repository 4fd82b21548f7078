//! Tests of `case` and `coalesce`, taken apart into tests of their outcomes. So they need no `case()` function.

use super::super::ast::{self, Expr};
use super::Lower;
use super::predicate::Want;
use crate::diagnostic::Reported;
use crate::ir::{self, ExprKind};

/// Gives the condition on an outcome; `None`: no value.
pub(super) type OutcomeTest<'f, L> = &'f mut dyn FnMut(&mut L, Option<&ir::Expr>) -> Result<Expr, Reported>;

/// More arms than this are left to `case()`.
const MAX_ARMS: usize = 12;

impl Lower<'_> {
    /// A condition on the outcome of a `case`: `test` gives it for the value of an arm, or for no value.
    pub(super) fn over_case(
        &mut self,
        arms: &[(ir::Expr, ir::Expr)],
        otherwise: Option<&ir::Expr>,
        test: OutcomeTest<'_, Self>,
    ) -> Result<Expr, Reported> {
        let mut outcomes = Vec::with_capacity(arms.len() + 1);
        for (_, value) in arms {
            outcomes.push(test(self, Some(value))?);
        }
        let last = test(self, otherwise)?;
        // The last arms decide nothing where their outcome is that of no arm.
        while outcomes.last() == Some(&last) {
            outcomes.pop();
        }
        let arms = arms.get(..outcomes.len()).unwrap_or(arms);
        outcomes.push(last);
        let mut alternatives = Vec::new();
        for (i, outcome) in outcomes.iter().enumerate() {
            if *outcome == Expr::Bool(false) {
                continue;
            }
            let mut parts = Vec::new();
            // Earlier arms with the same outcome need not be excluded.
            for (j, (condition, _)) in arms.iter().enumerate().take(i) {
                if outcomes.get(j) != Some(outcome) {
                    parts.push(self.truth(condition, Want::NotTrue)?);
                }
            }
            if let Some((condition, _)) = arms.get(i) {
                parts.push(self.truth(condition, Want::True)?);
            }
            parts.push(outcome.clone());
            alternatives.push(ast::and(parts));
        }
        Ok(ast::or(alternatives))
    }

    /// The test of a `case`, as tests of its arms' values; `None` where the value is something else.
    pub(super) fn lift_case(
        &mut self,
        value: &ir::Expr,
        want: Want,
        test: &dyn Fn(&ir::Expr) -> ir::Expr,
    ) -> Result<Option<Expr>, Reported> {
        let (arms, otherwise) = match &value.kind {
            ExprKind::Case { arms, otherwise } => (arms.clone(), otherwise.as_deref()),
            ExprKind::Coalesce(parts) if parts.iter().any(is_case_or_constant) => {
                let Some((last, earlier)) = parts.split_last() else { return Ok(None) };
                (earlier.iter().map(|p| (p.clone().is_not_null(), p.clone())).collect(), Some(last))
            }
            _ => return Ok(None),
        };
        if arms.len() > MAX_ARMS {
            return Ok(None);
        }
        self.over_case(&arms, otherwise, &mut |lower, value| match value {
            Some(v) => lower.truth(&test(v), want),
            None => Ok(Expr::Bool(want.accepts(None))),
        })
        .map(Some)
    }

    /// The first condition that is not NULL decides.
    pub(super) fn coalesce_truth(&mut self, parts: &[ir::Expr], want: Want) -> Result<Expr, Reported> {
        let Some((first, rest)) = parts.split_first() else { return Ok(Expr::Bool(want.accepts(None))) };
        if rest.is_empty() || !first.nullable {
            return self.truth(first, want);
        }
        let decided = self.truth(first, if want.accepts(Some(true)) { Want::True } else { Want::False })?;
        let undecided = [self.truth(first, Want::NotTrue)?, self.truth(first, Want::NotFalse)?];
        let rest = self.coalesce_truth(rest, want)?;
        let later = ast::and(undecided.into_iter().chain([rest]));
        Ok(ast::or([decided, later]))
    }
}

/// What a test of `coalesce` can be decided by without the value.
fn is_case_or_constant(e: &ir::Expr) -> bool {
    matches!(e.kind, ExprKind::Case { .. } | ExprKind::Literal(_))
}
