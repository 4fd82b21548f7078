//! Functions of texts that a template can't say.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::sql;
use super::typed::{Kind, Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Expr, Literal, Type};

impl Emitter<'_> {
    /// `substr(text, start[, length])`: SPL counts from 1, reads 0 as 1, and a negative start from the end; what would lie before the
    /// text's beginning is not there. Trino gives nothing for such a start.
    pub(super) fn substr(
        &mut self,
        text: &Expr,
        start: &Expr,
        length: Option<&Expr>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let text = self.scalar(text, "a part of a text", block)?.text();
        let wanted = integer(start);
        let length = match length {
            None => None,
            Some(length) => Some(match integer(length) {
                Some(n) => sql::integer(n),
                None => self.scalar(length, "a length", block)?.convert(Phys::BIGINT).sql,
            }),
        };
        let call = |start: Sql, length: Option<Sql>| {
            let mut args = vec![text.clone(), start];
            args.extend(length);
            sql::call("substr", args)
        };
        let count = || sql::call("length", vec![text.clone()]);
        // The last `back` characters, and how many of them.
        let from_end = |back: Sql, length: Option<Sql>| {
            let before = sql::subtract(back.clone(), sql::integer(1));
            let start = sql::call("greatest", vec![sql::subtract(count(), simple(before)), sql::integer(1)]);
            let length = length.map(|length| {
                let rest = sql::subtract(sql::add(count(), length.clone()), back);
                sql::call("least", vec![length, rest])
            });
            call(start, length)
        };
        let sql = match wanted {
            Some(n) if n >= 0 => call(sql::integer(n.max(1)), length),
            // Only of the empty text is there no last character.
            Some(-1) => call(sql::integer(-1), length),
            Some(n) => {
                let back = n.saturating_neg();
                // As many as the text's end has, or more.
                let length = length.filter(|l| super::typed::number_literal(l).is_none_or(|l| l < back as f64));
                from_end(sql::integer(back), length)
            }
            None => {
                let start = self.scalar(start, "a position", block)?.convert(Phys::BIGINT).sql;
                let back = sql::negative(start.clone());
                let negative = sql::cmp(start.clone(), CompareOp::Lt, sql::integer(0));
                let first = sql::call("greatest", vec![start, sql::integer(1)]);
                sql::case(vec![(negative, from_end(back, length.clone()))], Some(call(first, length)))
            }
        };
        Ok(Typed::new(sql, Phys::VARCHAR, e.ty.element(), e.nullable))
    }

    /// `tostring(number, "format")`.
    pub(super) fn tostring(&mut self, value: &Expr, format: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let format = match format.as_literal() {
            Some(Literal::String(format)) => format.to_lowercase(),
            _ => String::new(),
        };
        let value = self.scalar(value, "a number's text", block)?;
        let nullable = e.nullable;
        let number = value.number();
        let text = |sql| Ok(Typed::new(sql, Phys::VARCHAR, Type::STRING, nullable));
        match (format.as_str(), number.phys.kind) {
            ("commas", Kind::Bigint) => text(formatted("%,d", number)),
            // Two digits after the point, none of a whole number.
            ("commas", _) => {
                let whole = sql::eq(number.sql.clone(), sql::call("truncate", vec![number.sql.clone()]));
                let digits = formatted("%,.0f", Typed { nullable: false, ..number.clone() });
                text(sql::case(vec![(whole, digits)], Some(formatted("%,.2f", number))))
            }
            ("hex", _) => text(formatted("0x%X", number.convert(Phys::BIGINT))),
            ("binary", _) => {
                self.approximate(
                    e.span,
                    "a negative number has a sign in its binary form here, in SPL its 64 bits (differs)",
                    "keep negative numbers away from it",
                );
                text(sql::call("to_base", vec![number.convert(Phys::BIGINT).sql, sql::integer(2)]))
            }
            ("duration", _) => text(duration(number)),
            _ => Err(self.no_form("tostring", e, &format!("`tostring` with the format `{format}` is not implemented"))),
        }
    }
}

/// `00:10:15`, `1+01:02:03`, with the fraction of a second in six digits where there is one.
fn duration(number: Typed) -> Sql {
    let whole = number.phys.kind == Kind::Bigint;
    let negative = sql::cmp(number.sql.clone(), CompareOp::Lt, sql::integer(0));
    let sign = sql::case(vec![(negative, sql::string("-"))], Some(sql::string("")));
    let size = sql::call("abs", vec![number.sql.clone()]);
    let micros = sql::cast(sql::call("round", vec![sql::multiply(size.clone(), sql::integer(1_000_000))]), sql::BIGINT);
    let seconds = if whole { size } else { sql::divide(micros.clone(), sql::integer(1_000_000)) };
    let part = |by: i64, of: i64| {
        let units = if by == 1 { seconds.clone() } else { sql::divide(seconds.clone(), sql::integer(by)) };
        sql::modulo(units, sql::integer(of))
    };
    let clock = sql::call("format", vec![sql::string("%02d:%02d:%02d"), part(3600, 24), part(60, 60), part(1, 60)]);
    let days = sql::divide(seconds.clone(), sql::integer(86_400));
    let has_days = sql::cmp(seconds, CompareOp::Ge, sql::integer(86_400));
    let days = sql::case(
        vec![(has_days, sql::concat(vec![sql::cast(days, sql::VARCHAR), sql::string("+")]))],
        Some(sql::string("")),
    );
    // `format` would write a NULL out, the sign's case would not notice it.
    let mut parts = vec![sign, days, clock];
    if !whole {
        let fraction = sql::modulo(micros, sql::integer(1_000_000));
        let present = sql::cmp(fraction.clone(), CompareOp::Gt, sql::integer(0));
        let digits = sql::call("format", vec![sql::string(".%06d"), fraction]);
        parts.push(sql::case(vec![(present, digits)], Some(sql::string(""))));
    }
    let sql = sql::concat(parts);
    match (whole, number.nullable) {
        (true, false) => sql,
        (true, true) => sql::case(vec![(sql::is_not_null(number.sql), sql)], None),
        // So many that their millionths can be counted.
        (false, _) => {
            let size = sql::call("abs", vec![number.sql]);
            sql::case(vec![(sql::cmp(size, CompareOp::Lt, sql::integer(1_000_000_000_000)), sql)], None)
        }
    }
}

/// `format` gives text even for NULL, so that NULL is kept out of it.
fn formatted(pattern: &str, number: Typed) -> Sql {
    let call = sql::call("format", vec![sql::string(pattern), number.sql.clone()]);
    if number.nullable { sql::case(vec![(sql::is_not_null(number.sql), call)], None) } else { call }
}

/// A difference of two integer literals, computed.
fn simple(e: Sql) -> Sql {
    use sqlparser::ast::{BinaryOperator, Expr};
    if let Expr::BinaryOp { left, op: BinaryOperator::Minus, right } = &e
        && let (Some(l), Some(r)) = (super::typed::number_literal(left), super::typed::number_literal(right))
    {
        return sql::integer((l - r) as i64);
    }
    e
}

pub(super) fn integer(e: &Expr) -> Option<i64> {
    match e.as_literal() {
        Some(Literal::Integer(n)) => Some(*n),
        Some(Literal::Double(n)) if n.fract() == 0.0 && n.abs() < 1e15 => Some(*n as i64),
        _ => None,
    }
}
