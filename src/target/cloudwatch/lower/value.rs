//! Scalar expressions.

use super::super::ast::{self, Expr, Operator};
use super::predicate::Want;
use super::{Form, Lower, Value};
use crate::diagnostic::{Reported, code};
use crate::ir::{self, ArithmeticOp, ExprKind, Literal, Scalar};
use crate::source::Span;

/// From this size on an expression that is needed a second time gets a name.
const WORTH_A_NAME: usize = 8;

/// How much text an expression makes, in nodes.
pub(super) fn weight(e: &ir::Expr) -> usize {
    let mut total = 0;
    e.walk(&mut |e| {
        total += match &e.kind {
            ExprKind::OneOf { items, .. } => items.len(),
            _ => 1,
        }
    });
    total
}

/// Whether a second use of the expression reads a name.
pub(super) fn is_large(e: &ir::Expr) -> bool {
    weight(e) >= WORTH_A_NAME
}

impl Lower<'_> {
    /// An expression over base columns as a value.
    pub(super) fn value(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        if let Some((_, made)) = self.made.iter().find(|(have, _)| have == e) {
            return Ok(made.clone());
        }
        if is_large(e) {
            if self.seen.contains(e) {
                return self.named(e, "value");
            }
            self.seen.push(e.clone());
        }
        self.fresh_value(e)
    }

    /// An expression under a name of its own.
    pub(super) fn named(&mut self, e: &ir::Expr, hint: &str) -> Result<Value, Reported> {
        if let Some((_, made)) = self.made.iter().find(|(have, _)| have == e) {
            return Ok(made.clone());
        }
        let value = self.fresh_value(e)?;
        if matches!(value.expr, Expr::Field(_)) {
            return Ok(value);
        }
        let field = self.name_expr(value.expr, hint);
        let value = Value { expr: Expr::Field(field), form: value.form };
        self.made.push((e.clone(), value.clone()));
        Ok(value)
    }

    fn fresh_value(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        match &e.kind {
            ExprKind::Column(name) => self.column(name, e),
            ExprKind::Literal(literal) => self.literal(literal, e.span),
            ExprKind::Compare { .. }
            | ExprKind::OneOf { .. }
            | ExprKind::Like { .. }
            | ExprKind::Regex { .. }
            | ExprKind::InCidr { .. }
            | ExprKind::Term { .. }
            | ExprKind::IsNull(_)
            | ExprKind::IsTrue(_)
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Any { .. } => self.boolean(e),
            ExprKind::Case { arms, otherwise } => self.case(arms, otherwise.as_deref(), e),
            ExprKind::Coalesce(parts) => self.coalesce(parts, e),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right),
            ExprKind::Concat(parts) => self.concat(parts, e),
            ExprKind::JsonPath { .. } => self.json_path(e),
            ExprKind::Capture { value, regex, group, all, .. } => {
                if *all {
                    return Err(self.unsupported(
                        e.span,
                        "Logs Insights makes a row of each match, so `rex` with `max_match` has no equivalent",
                        "take the first match",
                    ));
                }
                let translated = self.translated_without_numbers(regex, e.span)?;
                self.capture(value, &translated, group, e.span)
            }
            ExprKind::Cast { value, to } => self.cast(value, *to, e.span),
            ExprKind::RelativeTime { time, shift } => self.relative_time(time, shift, e.span),
            ExprKind::Now => {
                let clock = || Expr::call("now", vec![]);
                let expr = self.options.as_of.map_or_else(clock, Expr::integer);
                Ok(Value { expr, form: Form::Seconds })
            }
            ExprKind::Bin { value, span } => self.bin(value, *span),
            ExprKind::FormatTime { time, format } => self.format_time(time, format, e.span),
            ExprKind::ParseTime { text, format } => self.parse_time(text, format, e.span),
            ExprKind::Call { function, args } => self.call(function, args, e),
            ExprKind::Variable(_) | ExprKind::MapValues { .. } | ExprKind::FilterValues { .. } => {
                Err(self.no_lists(e.span))
            }
        }
    }

    pub(super) fn no_lists(&mut self, span: Span) -> Reported {
        self.unsupported(
            span,
            "Logs Insights has no functions on the values of a multivalue field",
            "expand the field into rows by `mvexpand` before",
        )
    }

    fn column(&mut self, name: &ir::Name, e: &ir::Expr) -> Result<Value, Reported> {
        if let Some(slot) = self.slots.get(name) {
            let slot = slot.clone();
            return Ok(match slot.form {
                Form::Json => Value { expr: Expr::call("jsonStringify", vec![slot.expr]), form: Form::Text },
                _ => slot,
            });
        }
        if let Some((names, origin)) = self.missing_in(e) {
            return Err(self.unsupported(
                e.span,
                format!("{} comes from {origin}, of which Logs Insights has no equivalent", super::widen::list(&names)),
                "only whole conditions that must hold, and columns of the result, can be left out",
            ));
        }
        if self.stats > 0 || name.starts_with('\u{0}') {
            return Err(self.fail(
                &code::INTERNAL,
                e.span,
                format!("column `{name}` is not there after `stats`"),
                "please report the rule",
            ));
        }
        if name.contains('`') || name.chars().any(char::is_control) {
            return Err(self.unsupported(
                e.span,
                "Logs Insights documents no spelling for a backtick in a field name",
                "use another field",
            ));
        }
        if name.contains("{}") {
            return Err(self.unsupported(
                e.span,
                format!("Logs Insights reads fixed positions of a list only, so `{name}` has no equivalent as a value"),
                "expand the field into rows by `mvexpand`, or use it as a grouping key",
            ));
        }
        if self.binding.is_object(name) {
            let member = self.record_member(&super::multivalue::path_steps(name));
            return Ok(Value { expr: Expr::call("jsonStringify", vec![member]), form: Form::Text });
        }
        let form = if e.ty.is_numeric() { Form::Number } else { Form::Text };
        Ok(Value { expr: Expr::raw(self.binding.path(name)), form })
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Result<Value, Reported> {
        Ok(match literal {
            Literal::String(text) => Value { expr: self.text_literal(text, span)?, form: Form::Text },
            Literal::Integer(n) => Value { expr: Expr::integer(*n), form: Form::Number },
            Literal::Double(n) if n.is_finite() => Value { expr: Expr::number(*n), form: Form::Number },
            Literal::Boolean(b) => Value { expr: Expr::Text(spl_boolean(*b).to_owned()), form: Form::Text },
            Literal::Double(_) | Literal::Null => {
                return Err(self.unsupported(
                    span,
                    "Logs Insights has no constant for an absent value",
                    "leave the value out, or use a text in its place",
                ));
            }
            Literal::Strings(_) => return Err(self.no_lists(span)),
        })
    }

    /// A condition as a value: `True`, `False`, or absent.
    fn boolean(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        self.need_newest("a condition as a value", e.span)?;
        let holds = self.truth(e, Want::True)?;
        let mut args = vec![holds, Expr::Text(spl_boolean(true).to_owned())];
        if e.nullable {
            args.push(self.truth(e, Want::False)?);
        }
        args.push(Expr::Text(spl_boolean(false).to_owned()));
        let name = if e.nullable { "case" } else { "if" };
        Ok(Value { expr: Expr::call(name, args), form: Form::Text })
    }

    /// `case`, `if`. Where no arm is true the value is absent.
    fn case(
        &mut self,
        arms: &[(ir::Expr, ir::Expr)],
        otherwise: Option<&ir::Expr>,
        e: &ir::Expr,
    ) -> Result<Value, Reported> {
        self.need_newest("`case` or `if`", e.span)?;
        let mut excluded: Vec<Expr> = Vec::new();
        let mut values: Vec<(Expr, Value)> = Vec::new();
        for (condition, value) in arms {
            // An arm without a value only takes its rows away from the later ones.
            if value.as_literal() == Some(&Literal::Null) {
                excluded.push(self.truth(condition, Want::NotTrue)?);
                continue;
            }
            let holds = self.truth(condition, Want::True)?;
            let value = self.value(value)?;
            values.push((ast::and(excluded.iter().cloned().chain([holds])), value));
        }
        let last = match otherwise {
            Some(o) if o.as_literal() != Some(&Literal::Null) => Some(self.value(o)?),
            _ => None,
        };
        let last = match last {
            Some(value) if !excluded.is_empty() => {
                values.push((ast::and(excluded), value));
                None
            }
            other => other,
        };
        let forms: Vec<Form> = values.iter().map(|(_, v)| v.form).chain(last.iter().map(|v| v.form)).collect();
        let form = common_form(&forms);
        let values: Vec<(Expr, Expr)> = values.into_iter().map(|(c, v)| (c, as_form(v, form))).collect();
        let last = last.map(|v| as_form(v, form));
        match nested_case(&values, last) {
            Some(expr) => Ok(Value { expr, form }),
            None => {
                Err(self.unsupported(e.span, "Logs Insights has no constant for an absent value", "remove the column"))
            }
        }
    }

    fn coalesce(&mut self, parts: &[ir::Expr], e: &ir::Expr) -> Result<Value, Reported> {
        let mut values = Vec::new();
        for part in parts.iter().filter(|p| p.as_literal() != Some(&Literal::Null)) {
            values.push(self.value(part)?);
            if !part.nullable {
                break;
            }
        }
        let form = common_form(&values.iter().map(|v| v.form).collect::<Vec<_>>());
        let mut args: Vec<Expr> = values.into_iter().map(|v| as_form(v, form)).collect();
        match args.len() {
            0 => self.literal(&Literal::Null, e.span),
            1 => Ok(Value { expr: args.remove(0), form }),
            _ => Ok(Value { expr: Expr::call("coalesce", args), form }),
        }
    }

    /// A value as a number; a time as seconds since the epoch.
    pub(super) fn number(&mut self, e: &ir::Expr) -> Result<Expr, Reported> {
        let value = self.value(e)?;
        match value.form {
            Form::Number | Form::Seconds => Ok(value.expr),
            Form::Timestamp => Ok(super::time::seconds(value)),
            Form::Text if self.newest() => Ok(Expr::call("toNumber", vec![value.expr])),
            // At the core level a field's text that looks like a number is taken as one.
            Form::Text => Ok(value.expr),
            Form::Json | Form::List => Err(self.no_lists(e.span)),
        }
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: &ir::Expr, right: &ir::Expr) -> Result<Value, Reported> {
        let a = self.number(left)?;
        let b = self.number(right)?;
        let op = match op {
            ArithmeticOp::Add => Operator::Add,
            ArithmeticOp::Subtract => Operator::Subtract,
            ArithmeticOp::Multiply => Operator::Multiply,
            ArithmeticOp::Divide => Operator::Divide,
            ArithmeticOp::Modulo => Operator::Modulo,
        };
        if op == Operator::Divide && right.as_literal().is_none() {
            self.reading(
                Some(right.span),
                "a division by zero is taken to have no result",
                "the manual does not say what Logs Insights gives",
            );
        }
        Ok(Value { expr: Expr::binary(op, a, b), form: Form::Number })
    }

    fn concat(&mut self, parts: &[ir::Expr], e: &ir::Expr) -> Result<Value, Reported> {
        let mut args = Vec::with_capacity(parts.len());
        for part in parts {
            args.push(self.operand(part)?);
        }
        let joined = Expr::call("concat", args);
        if !e.nullable {
            return Ok(Value { expr: joined, form: Form::Text });
        }
        if self.newest() {
            let present = self.null_test(e, false)?;
            return Ok(Value { expr: Expr::call("case", vec![present, joined]), form: Form::Text });
        }
        self.reading(
            Some(e.span),
            "joining a text with an absent one is taken to have no result",
            "the manual does not say what `concat` gives",
        );
        Ok(Value { expr: joined, form: Form::Text })
    }

    fn cast(&mut self, value: &ir::Expr, to: Scalar, span: Span) -> Result<Value, Reported> {
        match to {
            // Insights reads numbers as text where text is needed.
            Scalar::String | Scalar::Unknown | Scalar::Json => {
                Ok(Value { expr: self.operand(value)?, form: Form::Text })
            }
            Scalar::Integer | Scalar::Double | Scalar::Time => {
                let inner = self.value(value)?;
                let form = if to == Scalar::Time { Form::Seconds } else { Form::Number };
                match inner.form {
                    Form::Number | Form::Seconds => Ok(Value { form, ..inner }),
                    Form::Timestamp => Ok(Value { expr: super::time::seconds(inner), form }),
                    Form::Text => {
                        self.need_newest("`tonumber`", span)?;
                        Ok(Value { expr: Expr::call("toNumber", vec![inner.expr]), form })
                    }
                    Form::Json | Form::List => Err(self.no_lists(span)),
                }
            }
            Scalar::Boolean => Err(self.unsupported(
                span,
                "Logs Insights has no conversion to a truth value",
                "compare the value with something",
            )),
        }
    }
}

fn spl_boolean(b: bool) -> &'static str {
    if b { "True" } else { "False" }
}

/// The form that holds values of all these.
fn common_form(forms: &[Form]) -> Form {
    match forms.split_first() {
        None => Form::Text,
        Some((first, rest)) if rest.iter().all(|f| f == first) => *first,
        Some(_) if forms.iter().all(|f| matches!(f, Form::Number | Form::Seconds | Form::Timestamp)) => Form::Seconds,
        Some(_) => Form::Text,
    }
}

fn as_form(value: Value, form: Form) -> Expr {
    if value.form == Form::Timestamp && form != Form::Timestamp { super::time::seconds(value) } else { value.expr }
}

/// `if` for one arm, `case` for more; ten arms at the most, the rest inside.
fn nested_case(arms: &[(Expr, Expr)], last: Option<Expr>) -> Option<Expr> {
    match (arms, last) {
        ([], last) => last,
        ([(c, v)], Some(last)) => Some(Expr::call("if", vec![c.clone(), v.clone(), last])),
        (arms, last) => {
            let (now, later) = arms.split_at(arms.len().min(10));
            let last = if later.is_empty() { last } else { nested_case(later, last) };
            let args = now.iter().flat_map(|(c, v)| [c.clone(), v.clone()]).chain(last);
            Some(Expr::call("case", args.collect()))
        }
    }
}
