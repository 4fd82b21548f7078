//! Whether a value is NULL: tests of the fields that it is made of.

use super::super::ast::{self, Expr, Operator};
use super::predicate::Want;
use super::{Form, Lower};
use crate::diagnostic::Reported;
use crate::ir::{self, ArithmeticOp, ExprKind, Literal};

impl Lower<'_> {
    /// A condition that holds where the value is NULL (`absent`), or where it is not. Where that is impossible it holds in
    /// more rows, and a diagnostic says so.
    pub(super) fn null_test(&mut self, e: &ir::Expr, absent: bool) -> Result<Expr, Reported> {
        if !e.nullable {
            return Ok(Expr::Bool(!absent));
        }
        match &e.kind {
            ExprKind::Literal(Literal::Null) => Ok(Expr::Bool(absent)),
            ExprKind::Literal(_)
            | ExprKind::Now
            | ExprKind::Term { .. }
            | ExprKind::IsNull(_)
            | ExprKind::IsTrue(_) => Ok(Expr::Bool(!absent)),
            ExprKind::Column(_) | ExprKind::JsonPath { .. } if e.ty.multivalue => self.values_null_test(e, absent),
            ExprKind::Column(_) | ExprKind::JsonPath { .. } | ExprKind::Capture { .. } => {
                let value = self.raw_value(e)?;
                Ok(presence(value.expr, absent))
            }
            ExprKind::Coalesce(parts) => {
                let tests = self.null_tests(parts, absent)?;
                Ok(if absent { ast::and(tests) } else { ast::or(tests) })
            }
            ExprKind::Case { arms, otherwise } => {
                self.over_case(arms, otherwise.as_deref(), &mut |lower, value| match value {
                    Some(v) => lower.null_test(v, absent),
                    None => Ok(Expr::Bool(absent)),
                })
            }
            ExprKind::Arithmetic { op: ArithmeticOp::Divide | ArithmeticOp::Modulo, left, right } => {
                let mut tests = vec![self.null_test(left, absent)?, self.null_test(right, absent)?];
                if !matches!(right.as_literal(), Some(Literal::Integer(n)) if *n != 0) {
                    let divisor = self.number(right)?;
                    let op = if absent { Operator::Eq } else { Operator::Ne };
                    tests.push(Expr::binary(op, divisor, Expr::integer(0)));
                }
                Ok(if absent { ast::or(tests) } else { ast::and(tests) })
            }
            ExprKind::Arithmetic { left, right, .. } => self.strict(&[left, right], absent),
            ExprKind::Concat(parts) => self.strict(&parts.iter().collect::<Vec<_>>(), absent),
            ExprKind::Bin { value, .. } | ExprKind::RelativeTime { time: value, .. } => self.strict(&[value], absent),
            ExprKind::FormatTime { time, .. } => self.strict(&[time], absent),
            ExprKind::Cast { value, to } => match to {
                ir::Scalar::String | ir::Scalar::Unknown | ir::Scalar::Json => self.strict(&[value], absent),
                ir::Scalar::Integer | ir::Scalar::Double | ir::Scalar::Time if value.ty.is_numeric() => {
                    self.strict(&[value], absent)
                }
                ir::Scalar::Integer | ir::Scalar::Double | ir::Scalar::Time | ir::Scalar::Boolean => {
                    self.named_null_test(e, absent)
                }
            },
            ExprKind::Call { function: "mvindex" | "split", .. } | ExprKind::ParseTime { .. } => {
                self.named_null_test(e, absent)
            }
            ExprKind::Call { args, .. } => self.strict(&args.iter().collect::<Vec<_>>(), absent),
            ExprKind::Compare { .. }
            | ExprKind::OneOf { .. }
            | ExprKind::Like { .. }
            | ExprKind::Regex { .. }
            | ExprKind::InCidr { .. }
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Any { .. } => {
                if absent {
                    Ok(ast::and([self.truth(e, Want::NotTrue)?, self.truth(e, Want::NotFalse)?]))
                } else {
                    Ok(ast::or([self.truth(e, Want::True)?, self.truth(e, Want::False)?]))
                }
            }
            ExprKind::Variable(_) | ExprKind::MapValues { .. } | ExprKind::FilterValues { .. } => {
                Err(self.no_lists(e.span))
            }
        }
    }

    fn null_tests(&mut self, parts: &[ir::Expr], absent: bool) -> Result<Vec<Expr>, Reported> {
        parts.iter().map(|p| self.null_test(p, absent)).collect()
    }

    /// Of a function that gives NULL exactly where an operand is NULL.
    fn strict(&mut self, operands: &[&ir::Expr], absent: bool) -> Result<Expr, Reported> {
        let mut tests = Vec::with_capacity(operands.len());
        for operand in operands {
            tests.push(self.null_test(operand, absent)?);
        }
        Ok(if absent { ast::or(tests) } else { ast::and(tests) })
    }

    /// Of a function that may fail: its result gets a name, and the name is tested.
    fn named_null_test(&mut self, e: &ir::Expr, absent: bool) -> Result<Expr, Reported> {
        let value = self.named(e, "value")?;
        Ok(presence(value.expr, absent))
    }

    /// A column or path without the conversions of [`Lower::value`].
    fn raw_value(&mut self, e: &ir::Expr) -> Result<super::Value, Reported> {
        if let ExprKind::Column(name) = &e.kind {
            if let Some(slot) = self.slots.get(name) {
                return Ok(slot.clone());
            }
            if self.stats == 0 && self.binding.is_object(name) {
                let expr = self.record_member(&super::multivalue::path_steps(name));
                return Ok(super::Value { expr, form: Form::Json });
            }
        }
        self.value(e)
    }
}

fn presence(field: Expr, absent: bool) -> Expr {
    let present = Expr::present(field);
    if absent { ast::not(present) } else { present }
}
