//! Functions of numbers. What has no number as its result is NULL in SPL, where Trino gives NaN or infinity, and decimals round as they
//! are written.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::sql;
use super::typed::{Kind, Phys, Typed, number_literal, without_nulls};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Expr, Literal, Scalar, Type};

/// The greatest number of bits that SPL's bitwise functions take.
const MOST_BITS: i64 = (1 << 53) - 1;

impl Emitter<'_> {
    fn double_of(&mut self, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        Ok(self.scalar(e, "a function", block)?.convert(Phys::DOUBLE))
    }

    /// `round(x, n)`: Trino rounds the double, SPL the digits that it is written with; `format` does too.
    pub(super) fn round(&mut self, x: &Expr, places: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let x = self.scalar(x, "a function", block)?.number();
        let typed = |sql, phys| Ok(Typed::new(sql, phys, e.ty.element(), e.nullable));
        match places.as_literal() {
            Some(Literal::Integer(0..)) if x.phys == Phys::BIGINT => Ok(x.convert(Phys::DOUBLE)),
            Some(Literal::Integer(n @ 0..=20)) => {
                let text = sql::call("format", vec![sql::string(format!("%.{n}f")), x.double()]);
                typed(sql::try_cast(text, sql::DOUBLE), Phys::DOUBLE)
            }
            _ => {
                let places = self.scalar(places, "a function", block)?.convert(Phys::BIGINT).sql;
                // In decimals a half is a half.
                let x = sql::try_cast(x.sql, sql::decimal(38, 15));
                let places = sql::try_cast(places, sqlparser::ast::DataType::Integer(None));
                typed(sql::cast(sql::call("round", vec![x, places]), sql::DOUBLE), Phys::DOUBLE)
            }
        }
    }

    /// A function that has no number for some of its arguments; `None` where the name is no such function's.
    pub(super) fn partial(
        &mut self,
        name: &str,
        args: &[Expr],
        e: &Expr,
        block: &Block,
    ) -> Result<Option<Typed>, Reported> {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.double_of(arg, block)?.sql);
        }
        let sql = match (name, values.as_slice()) {
            ("sqrt", [x]) => bounded("sqrt", x, |x| at_least(x, CompareOp::Ge, 0.0), |n| n >= 0.0),
            ("ln", [x]) => bounded("ln", x, |x| at_least(x, CompareOp::Gt, 0.0), |n| n > 0.0),
            ("log", [x]) => bounded("log10", x, |x| at_least(x, CompareOp::Gt, 0.0), |n| n > 0.0),
            ("log", [x, base]) => match number_literal(base) {
                Some(10.0) => bounded("log10", x, |x| at_least(x, CompareOp::Gt, 0.0), |n| n > 0.0),
                Some(2.0) => bounded("log2", x, |x| at_least(x, CompareOp::Gt, 0.0), |n| n > 0.0),
                _ => finite(sql::call("log", vec![base.clone(), x.clone()])),
            },
            ("acos" | "asin", [x]) => bounded(
                name,
                x,
                |x| sql::cmp(sql::call("abs", vec![x]), CompareOp::Le, sql::integer(1)),
                |n| n.abs() <= 1.0,
            ),
            ("exp", [x]) => match number_literal(x) {
                Some(n) if n < 700.0 => sql::call("exp", vec![x.clone()]),
                _ => finite(sql::call("exp", vec![x.clone()])),
            },
            ("pow", [x, power]) => {
                let call = sql::call("power", vec![x.clone(), power.clone()]);
                match (number_literal(x), number_literal(power)) {
                    (Some(x), Some(power)) if x.powf(power).is_finite() => call,
                    // The squares and cubes of what reads as a number are in range.
                    (None, Some(power)) if [0.0, 1.0, 2.0, 3.0].contains(&power) => call,
                    _ => finite(call),
                }
            }
            ("cosh" | "sinh", [x]) => finite(sql::call(name, vec![x.clone()])),
            ("acosh", [x]) => {
                let square = sql::multiply(x.clone(), x.clone());
                let root = sql::call("sqrt", vec![sql::subtract(square, sql::integer(1))]);
                let value = sql::call("ln", vec![sql::add(x.clone(), root)]);
                sql::case(vec![(at_least(x.clone(), CompareOp::Ge, 1.0), value)], None)
            }
            ("asinh", [x]) => {
                // Of the absolute value: of a negative one the difference would lose digits.
                let size = sql::call("abs", vec![x.clone()]);
                let square = sql::multiply(x.clone(), x.clone());
                let root = sql::call("sqrt", vec![sql::add(square, sql::integer(1))]);
                let value = sql::call("ln", vec![sql::add(size, root)]);
                sql::multiply(sql::call("sign", vec![x.clone()]), value)
            }
            ("atanh", [x]) => {
                let over = sql::divide(sql::add(sql::integer(1), x.clone()), sql::subtract(sql::integer(1), x.clone()));
                let value = sql::divide(sql::call("ln", vec![over]), sql::integer(2));
                let inside = sql::cmp(sql::call("abs", vec![x.clone()]), CompareOp::Lt, sql::integer(1));
                sql::case(vec![(inside, value)], None)
            }
            _ => return Ok(None),
        };
        if matches!(name, "acosh" | "asinh" | "atanh") {
            self.approximate(
                e.span,
                format!("`{name}` is computed by logarithms here: its last digits can differ (differs)"),
                "round the result",
            );
        }
        Ok(Some(Typed::new(sql, Phys::DOUBLE, e.ty.element(), true)))
    }

    /// The bitwise functions: of whole numbers from 0 to 2^53-1, else NULL.
    pub(super) fn bits(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for arg in args {
            let value = self.scalar(arg, "a function", block)?.number();
            values.push(bits_of(value));
        }
        let mut values = values.into_iter();
        let (Some(first), second) = (values.next(), values.next()) else {
            return Err(self.internal(e.span, "a bitwise function lacks its argument"));
        };
        let most = sql::integer(MOST_BITS);
        let sql = match (name, second) {
            ("bit_not", None) => sql::subtract(most, first),
            ("bit_not", Some(mask)) => sql::call("bitwise_and", vec![sql::call("bitwise_not", vec![first]), mask]),
            ("bit_shift_right", Some(n)) => sql::call("bitwise_right_shift", vec![first, n]),
            ("bit_shift_left", Some(n)) => {
                let fits = sql::call("bitwise_right_shift", vec![most, n.clone()]);
                let shifted = sql::call("bitwise_left_shift", vec![first.clone(), n]);
                sql::case(vec![(sql::cmp(first, CompareOp::Le, fits), shifted)], None)
            }
            (name, second) => {
                let function = name.replace("bit_", "bitwise_");
                second.into_iter().chain(values).fold(first, |a, b| sql::call(&function, vec![a, b]))
            }
        };
        Ok(Typed::new(sql, Phys::BIGINT, e.ty.element(), true))
    }

    /// `sum` and `avg` of a row's arguments: of those that are numbers.
    pub(super) fn total(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.value(arg, block)?);
        }
        let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
        let parameter = self.parameter(block);
        if values.iter().all(|v| !v.phys.array && !v.nullable && v.phys.kind != Kind::Varchar) {
            let whole = name == "sum" && values.iter().all(|v| v.phys == Phys::BIGINT);
            let phys = if whole { Phys::BIGINT } else { Phys::DOUBLE };
            let sum = values.into_iter().map(|v| v.convert(phys).sql).reduce(sql::add).unwrap_or_else(sql::null);
            let sql = if name == "sum" { sum } else { sql::divide(sum, sql::integer(count)) };
            return Ok(Typed::new(sql, phys, e.ty.element(), false));
        }
        let several = values.iter().any(|v| v.phys.array);
        let numbers = if several {
            joined(values, Kind::Double)
        } else {
            sql::array(values.into_iter().map(|v| v.convert(Phys::DOUBLE).sql).collect())
        };
        let state = format!("{parameter}_sum");
        let (s, x) = (sql::column(&state), sql::column(&parameter));
        // A NULL leaves the sum as it is.
        let step = sql::coalesce(vec![sql::add(s.clone(), x.clone()), s.clone(), x]);
        let none = sql::cast(sql::null(), sql::DOUBLE);
        let sum = sql::call(
            "reduce",
            vec![numbers.clone(), none, sql::lambda(&[&state, &parameter], step), sql::lambda(&[&state], s)],
        );
        let sql = match name {
            "sum" => sum,
            _ => sql::divide(sum, sql::call("cardinality", vec![without_nulls(numbers, &parameter)])),
        };
        Ok(Typed::new(sql, Phys::DOUBLE, e.ty.element(), true))
    }

    /// `tonumber(text, base)`: the integer that the text is.
    pub(super) fn based(&mut self, text: &Expr, base: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let base = match base.as_literal() {
            Some(Literal::Integer(n @ 2..=36)) => *n,
            Some(Literal::String(text)) if text.parse().is_ok_and(|n: i64| (2..=36).contains(&n)) => {
                text.parse().unwrap_or(10)
            }
            _ => {
                return Err(self.unsupported(
                    e.span,
                    "the base of `tonumber` must be a number from 2 to 36 in Athena",
                    "write the base as a number",
                ));
            }
        };
        let mut text = self.scalar(text, "a number", block)?.text();
        if base == 16 {
            let prefix = sql::string(r"^([-+]?)0[xX]");
            text = sql::call("regexp_replace", vec![text, prefix, sql::string("$1")]);
        }
        let sql = sql::call("try", vec![sql::call("from_base", vec![text, sql::integer(base)])]);
        Ok(Typed::new(sql, Phys::BIGINT, Type::one(Scalar::Integer), true))
    }
}

/// The values of several fields as one list.
pub(super) fn joined(values: Vec<Typed>, kind: Kind) -> Sql {
    let list = |v: Typed| {
        let list = v.convert(Phys::many(kind));
        if list.nullable { sql::coalesce(vec![list.sql, sql::array(vec![])]) } else { list.sql }
    };
    let mut lists: Vec<Sql> = values.into_iter().map(list).collect();
    if lists.len() == 1 { lists.remove(0) } else { sql::call("concat", lists) }
}

fn at_least(x: Sql, op: CompareOp, bound: f64) -> Sql {
    sql::cmp(x, op, sql::integer(bound as i64))
}

/// A call where a condition on its argument holds, else NULL; bare where a literal shows that it does.
fn bounded(function: &str, x: &Sql, holds: impl Fn(Sql) -> Sql, literal: impl Fn(f64) -> bool) -> Sql {
    let call = sql::call(function, vec![x.clone()]);
    match number_literal(x) {
        Some(n) if literal(n) => call,
        _ => sql::case(vec![(holds(x.clone()), call)], None),
    }
}

/// NULL where the value is NaN or infinite.
fn finite(e: Sql) -> Sql {
    sql::case(vec![(sql::call("is_finite", vec![e.clone()]), e)], None)
}

/// A number that can be taken as bits, else NULL.
fn bits_of(value: Typed) -> Sql {
    let most = sql::integer(MOST_BITS);
    match (number_literal(&value.sql), value.phys.kind) {
        (Some(n), _) if n.fract() == 0.0 && (0.0..=MOST_BITS as f64).contains(&n) => sql::integer(n as i64),
        (_, Kind::Bigint) => {
            let x = value.sql;
            let inside =
                sql::and(vec![at_least(x.clone(), CompareOp::Ge, 0.0), sql::cmp(x.clone(), CompareOp::Le, most)]);
            sql::case(vec![(inside, x)], None)
        }
        _ => {
            let x = value.clone().sql;
            let inside = sql::and(vec![
                at_least(x.clone(), CompareOp::Ge, 0.0),
                sql::cmp(x.clone(), CompareOp::Le, most),
                sql::eq(x.clone(), sql::call("truncate", vec![x.clone()])),
            ]);
            sql::case(vec![(inside, sql::cast(x, sql::BIGINT))], None)
        }
    }
}
