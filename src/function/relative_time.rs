//! `relative_time(time, modifier)`: the time moved and snapped, e.g. by `-1d@d` (date and time functions).

use super::call::to_text;
use super::{Call, Fault, Function, no_condition};
use crate::ir::{ArithmeticOp, Expr, ExprKind, Literal, RelativeTime, Scalar, TimeStep, TimeUnit, Type};

pub(super) static FUNCTION: Function =
    Function { name: "relative_time", usage: "relative_time(time, \"modifier\")", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let time = call.take(0);
    call.single(&time)?;
    let nullable = time.nullable || time.ty.is_text();
    let span = call.span;
    let relative = |time: Expr, shift, nullable| {
        Expr::new(ExprKind::RelativeTime { time: Box::new(time), shift }, Type::TIME, nullable, span)
    };
    if let Some(computed) = Computed::of(&call.arguments[1]) {
        let Computed { sign, count, seconds, rest } = computed;
        // Only digits count as a number of units.
        let digits = ExprKind::Regex { value: Box::new(count.clone()), regex: "^[0-9]+$".to_owned() };
        let digits = Expr::new(digits, Type::BOOLEAN, count.nullable, span);
        let count = Expr::new(ExprKind::Cast { value: Box::new(count), to: Scalar::Double }, Type::DOUBLE, true, span);
        let arithmetic = |op, left: Expr, right: Expr, ty| {
            Expr::new(ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, ty, true, span)
        };
        let shift = arithmetic(ArithmeticOp::Multiply, count, Expr::integer(seconds, span), Type::DOUBLE);
        let time = relative(time, RelativeTime::default(), nullable);
        let moved = relative(arithmetic(sign, time, shift, Type::TIME), rest, true);
        return Ok(Expr::new(ExprKind::Case { arms: vec![(digits, moved)], otherwise: None }, Type::TIME, true, span));
    }
    let text = call.literal_text(1, "the time modifier")?;
    let Some(shift) = crate::time::parse_relative(&text) else {
        let message = format!("`{text}` is no time modifier");
        return Err(Fault::arguments(message, "write e.g. `-1d@d`", call.arguments[1].span));
    };
    Ok(relative(time, shift, nullable))
}

/// A modifier that is put together, `"+".days."d@d"`: a number of units of fixed length that the row brings along.
struct Computed {
    sign: ArithmeticOp,
    count: Expr,
    /// Length of the unit.
    seconds: i64,
    /// What stands behind the unit.
    rest: RelativeTime,
}

impl Computed {
    fn of(modifier: &Expr) -> Option<Self> {
        let ExprKind::Concat(parts) = &modifier.kind else { return None };
        let [sign, count, unit] = parts.as_slice() else { return None };
        let text = |e: &Expr| match e.as_literal() {
            Some(Literal::String(text)) => Some(text.clone()),
            _ => None,
        };
        let sign = match text(sign)?.as_str() {
            "+" => ArithmeticOp::Add,
            "-" => ArithmeticOp::Subtract,
            _ => return None,
        };
        // The unit as it would stand behind a number.
        let shift = crate::time::parse_relative(&format!("+1{}", text(unit)?))?;
        let (first, rest) = shift.steps.split_first()?;
        let TimeStep::Shift(1, unit) = first else { return None };
        let seconds = match unit {
            TimeUnit::Second => 1,
            TimeUnit::Minute => 60,
            TimeUnit::Hour => 3600,
            TimeUnit::Day => 86_400,
            TimeUnit::Week => 604_800,
            TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => return None,
        };
        Some(Computed { sign, count: to_text(count.clone()), seconds, rest: RelativeTime { steps: rest.to_vec() } })
    }
}
