//! Functions of SPL's evaluation language: by the table where a template can say them, else here.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::functions::{ArgumentType, Template, functions};
use super::text::integer;
use super::typed::{Kind, Phys, Typed, number_of, without_nulls};
use super::{regex, sql};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Expr, Literal, Scalar, Type};

impl Emitter<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        match (name, args) {
            ("trim" | "ltrim" | "rtrim", [text, set]) => self.trim(name, text, set, e, block),
            ("replace", [text, pattern, by]) => self.replace(text, pattern, by, e, block),
            ("substr", [text, start, rest @ ..]) => self.substr(text, start, rest.first(), e, block),
            ("round", [x, places]) => self.round(x, places, e, block),
            ("sum" | "avg", [_, ..]) => self.total(name, args, e, block),
            ("bit_and" | "bit_or" | "bit_xor" | "bit_not" | "bit_shift_left" | "bit_shift_right", _) => {
                self.bits(name, args, e, block)
            }
            ("printf", [_, ..]) => self.printf(args, e, block),
            ("ipmask", [mask, ip]) => self.masked(mask, ip, e, block),
            ("isdouble" | "ismv" | "isarray" | "isobject" | "json_valid", [value]) => {
                self.is_form(name, value, e, block)
            }
            ("tobool", [value]) => self.truth_of(value, e, block),
            ("tonumber" | "toint", [text, base]) => self.based(text, base, e, block),
            (
                "sqrt" | "ln" | "log" | "exp" | "pow" | "acos" | "asin" | "cosh" | "sinh" | "acosh" | "asinh" | "atanh",
                _,
            ) => match self.partial(name, args, e, block)? {
                Some(value) => Ok(value),
                None => self.template(name, args, e, block),
            },
            ("min" | "max", [_, ..]) => self.extreme(name, args, e, block),
            ("mvcount", [value]) => self.mvcount(value, e, block),
            ("mvindex", [value, start, rest @ ..]) => self.mvindex(value, start, rest.first(), e, block),
            ("mvfind", [value, pattern]) => self.mvfind(value, pattern, e, block),
            ("mvappend", [_, ..]) => self.mvappend(args, e, block),
            ("mvzip", [left, right, rest @ ..]) => self.mvzip(left, right, rest.first(), e, block),
            ("mvrange", [start, end, rest @ ..]) => self.mvrange(start, end, rest.first(), e, block),
            ("split", [text, delimiter]) if delimiter.as_literal() == Some(&Literal::String(String::new())) => {
                self.characters(text, e, block)
            }
            ("kv_field" | "kv_fields", [_, ..]) => self.pairs(args, name == "kv_fields", e, block),
            ("xml_field", [text, name]) => self.xml_field(text, name, e, block),
            ("isnum" | "isint" | "isstr", [value]) => self.is_kind(name, value, block),
            ("typeof", [value]) => self.type_of(value, e, block),
            ("tostring", [value, format]) => self.tostring(value, format, e, block),
            _ => self.template(name, args, e, block),
        }
    }

    pub(super) fn no_form(&mut self, name: &str, e: &Expr, message: &str) -> Reported {
        self.unsupported(e.span, message, format!("rewrite the expression without `{name}`"))
    }

    fn template(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let Some(forms) = functions().get(name) else {
            return Err(self.no_form(name, e, &format!("the function `{name}` has no counterpart in Athena")));
        };
        let Some(form) = forms.iter().find(|f| f.takes.len() == args.len()) else {
            let message = format!("the function `{name}` with {} arguments has no counterpart in Athena", args.len());
            return Err(self.no_form(name, e, &message));
        };
        let values: Vec<_> = args.iter().zip(&form.takes).map(|(a, t)| self.argument(a, *t, block)).collect();
        let values: Vec<Typed> = values.into_iter().collect::<Result<_, _>>()?;
        let parameter = self.parameter(block);
        Ok(filled(form, values, e, &parameter))
    }

    fn argument(&mut self, e: &Expr, ty: ArgumentType, block: &Block) -> Result<Typed, Reported> {
        let what = "a function";
        Ok(match ty {
            ArgumentType::Text => self.scalar(e, what, block)?.convert(Phys::VARCHAR),
            ArgumentType::Integer => self.scalar(e, what, block)?.convert(Phys::BIGINT),
            ArgumentType::Double => self.scalar(e, what, block)?.convert(Phys::DOUBLE),
            ArgumentType::Number => self.scalar(e, what, block)?.number(),
            ArgumentType::Boolean => self.scalar(e, what, block)?.convert(Phys::BOOLEAN),
            ArgumentType::Time => self.scalar(e, what, block)?.convert(Phys::TIMESTAMP),
            ArgumentType::Texts => self.value(e, block)?.convert(Phys::many(Kind::Varchar)).null_if_empty(),
            ArgumentType::Any | ArgumentType::Same => self.value(e, block)?,
        })
    }

    fn trim(&mut self, name: &str, text: &Expr, set: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let Some(Literal::String(set)) = set.as_literal() else {
            return Err(self.no_form(name, e, &format!("`{name}` with characters from a field is not implemented")));
        };
        let text = self.scalar(text, "a trimmed text", block)?;
        let nullable = text.nullable;
        let mut class = "[".to_owned();
        for c in set.chars() {
            if !c.is_alphanumeric() && c.is_ascii() && !c.is_ascii_whitespace() {
                class.push('\\');
            }
            class.push(c);
        }
        class.push_str("]+");
        if set.is_empty() {
            return Ok(text);
        }
        let pattern = match name {
            "ltrim" => format!("^{class}"),
            "rtrim" => format!("{class}\\z"),
            _ => format!("^{class}|{class}\\z"),
        };
        let sql = sql::call("regexp_replace", vec![text.text(), sql::string(pattern), sql::string("")]);
        Ok(Typed::new(sql, Phys::VARCHAR, Type::STRING, nullable))
    }

    fn replace(&mut self, text: &Expr, pattern: &Expr, by: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let text = self.scalar(text, "a replacement", block)?;
        let nullable = text.nullable;
        let (Some(Literal::String(pattern)), Some(Literal::String(by))) = (pattern.as_literal(), by.as_literal())
        else {
            return Err(self.no_form("replace", e, "`replace` with a pattern from a field is not implemented"));
        };
        let pattern = self.regex(pattern, e.span)?;
        let by = regex::replacement(by);
        let sql = sql::call("regexp_replace", vec![text.text(), sql::string(pattern), sql::string(by)]);
        Ok(Typed::new(sql, Phys::VARCHAR, e.ty.element(), nullable))
    }

    /// The smallest or greatest of several values of one row: numbers by their size and before texts.
    fn extreme(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.value(arg, block)?);
        }
        values.retain(|v| !v.is_null_literal());
        let Some(phys) = values.iter().map(|v| v.phys).reduce(Phys::union) else {
            return Ok(super::scalar::constant(&Literal::Null, e.ty));
        };
        let numbers = !matches!(phys.kind, Kind::Varchar | Kind::Boolean | Kind::Timestamp);
        let kind = if numbers { phys.kind } else { Kind::Varchar };
        let nullable = values.iter().any(|v| v.nullable || v.can_be_empty);
        if numbers && !phys.array && !nullable {
            let exprs = values.into_iter().map(|v| v.convert(Phys::one(kind)).sql).collect();
            let function = if name == "min" { "least" } else { "greatest" };
            return Ok(Typed::new(sql::call(function, exprs), Phys::one(kind), e.ty.element(), false));
        }
        let parameter = self.parameter(block);
        let list = match phys.array {
            false => sql::array(values.into_iter().map(|v| v.convert(Phys::one(kind)).sql).collect()),
            true => super::number::joined(values, kind),
        };
        let list = if nullable { without_nulls(list, &parameter) } else { list };
        let function = if name == "min" { "array_min" } else { "array_max" };
        let sql = if numbers {
            sql::call(function, vec![list])
        } else {
            let x = sql::column(&parameter);
            let number = number_of(x.clone());
            let size = sql::coalesce(vec![number.clone(), sql::integer(0)]);
            let key = sql::tuple(vec![sql::is_null(number), size, x]);
            let ranked = sql::call("transform", vec![list, sql::lambda(&[&parameter], key)]);
            sql::subscript(sql::call(function, vec![ranked]), 3)
        };
        let scalar = if numbers { e.ty.scalar } else { Scalar::Unknown };
        Ok(Typed::new(sql, Phys::one(kind), Type::one(scalar), nullable))
    }

    fn mvcount(&mut self, value: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.value(value, block)?;
        let sql = match (value.phys.array, value.nullable) {
            (true, _) if value.can_be_empty => {
                sql::call("nullif", vec![sql::call("cardinality", vec![value.sql]), sql::integer(0)])
            }
            (true, _) => sql::call("cardinality", vec![value.sql]),
            (false, true) => sql::case(vec![(sql::is_not_null(value.sql), sql::integer(1))], None),
            (false, false) => sql::integer(1),
        };
        Ok(Typed::plain(sql, Phys::BIGINT, e.nullable))
    }

    fn mvindex(
        &mut self,
        value: &Expr,
        start: &Expr,
        end: Option<&Expr>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let value = self.value(value, block)?;
        if !value.phys.array && end.is_none() && matches!(integer(start), Some(0 | -1)) {
            return Ok(value);
        }
        let value = value.convert_to_array();
        let (kind, ty) = (value.phys.kind, value.ty);
        let Some(end) = end else {
            let index = match integer(start) {
                Some(n) if n >= 0 => sql::integer(n.saturating_add(1)),
                Some(n) => sql::integer(n),
                None => {
                    let n = self.scalar(start, "an index", block)?.convert(Phys::BIGINT).sql;
                    let from_end = sql::cmp(n.clone(), CompareOp::Lt, sql::integer(0));
                    sql::case(vec![(from_end, n.clone())], Some(sql::add(n, sql::integer(1))))
                }
            };
            let sql = sql::call("element_at", vec![value.sql, index]);
            return Ok(Typed::new(sql, Phys::one(kind), ty.element(), true));
        };
        let (Some(from), Some(to)) = (integer(start), integer(end)) else {
            return Err(self.no_form("mvindex", e, "`mvindex` with a range from fields is not implemented for Athena"));
        };
        let count = || sql::call("cardinality", vec![value.sql.clone()]);
        let length = sql::integer(to.saturating_sub(from).saturating_add(1).max(0));
        // So many back from the end, where the list is so long, else its beginning.
        let start = sql::call("greatest", vec![offset(count(), from.saturating_add(1)), sql::integer(1)]);
        let (first, length) = match (from < 0, to < 0) {
            (false, false) => (sql::integer(from.saturating_add(1)), length),
            (false, true) => {
                let length = offset(count(), to.saturating_sub(from).saturating_add(1));
                (sql::integer(from.saturating_add(1)), sql::call("greatest", vec![length, sql::integer(0)]))
            }
            (true, true) if to == -1 => (start, length),
            (true, true) => {
                let most = sql::call("greatest", vec![offset(count(), to.saturating_add(1)), sql::integer(0)]);
                (start, sql::call("least", vec![length, most]))
            }
            (true, false) => {
                let length = sql::subtract(sql::integer(to.saturating_add(2)), start.clone());
                (start, sql::call("greatest", vec![length, sql::integer(0)]))
            }
        };
        let sql = sql::call("slice", vec![value.sql.clone(), first, length]);
        Ok(Typed::new(sql, Phys::many(kind), ty, true))
    }

    fn mvfind(&mut self, value: &Expr, pattern: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let array = self.value(value, block)?.convert(Phys::many(Kind::Varchar)).sql;
        let parameter = self.parameter(block);
        let matches = match pattern.as_literal() {
            Some(Literal::String(pattern)) => {
                let pattern = self.regex(pattern, e.span)?;
                sql::call("regexp_like", vec![sql::column(&parameter), sql::string(pattern)])
            }
            // A malformed expression matches nothing.
            _ => {
                let pattern = self.scalar(pattern, "a regular expression", block)?.text();
                sql::call("try", vec![sql::call("regexp_like", vec![sql::column(&parameter), pattern])])
            }
        };
        let hits = sql::call("transform", vec![array, sql::lambda(&[&parameter], matches)]);
        let position = sql::call("array_position", vec![hits, sql::boolean(true)]);
        let sql = sql::subtract(sql::call("nullif", vec![position, sql::integer(0)]), sql::integer(1));
        Ok(Typed::plain(sql, Phys::BIGINT, true))
    }

    fn mvappend(&mut self, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for arg in args {
            values.push(self.value(arg, block)?);
        }
        values.retain(|v| !v.is_null_literal());
        let Some(phys) = values.iter().map(|v| v.phys).reduce(Phys::union) else {
            return Ok(super::scalar::constant(&Literal::Null, e.ty));
        };
        let ty = Type::many(e.ty.scalar);
        let many = Phys::many(phys.kind);
        let parameter = self.parameter(block);
        let nullable = values.iter().any(|v| v.nullable);
        if !phys.array {
            let all = sql::array(values.into_iter().map(|v| v.convert(phys).sql).collect());
            let sql = if nullable { without_nulls(all, &parameter) } else { all };
            return Ok(Typed { can_be_empty: nullable, ..Typed::new(sql, many, ty, false) });
        }
        let can_be_empty = nullable || values.iter().all(|v| v.can_be_empty);
        let arrays = sql::array(values.into_iter().map(|v| v.convert(many).sql).collect());
        let arrays = if nullable { without_nulls(arrays, &parameter) } else { arrays };
        Ok(Typed { can_be_empty, ..Typed::new(sql::call("flatten", vec![arrays]), many, ty, false) })
    }

    fn mvzip(
        &mut self,
        left: &Expr,
        right: &Expr,
        delimiter: Option<&Expr>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let left = self.value(left, block)?.convert(Phys::many(Kind::Varchar)).sql;
        let right = self.value(right, block)?.convert(Phys::many(Kind::Varchar)).sql;
        let delimiter = match delimiter {
            Some(d) => self.scalar(d, "a delimiter", block)?.text(),
            None => sql::string(","),
        };
        let a = self.parameter(block);
        let b = self.inside(|this| this.parameter(block));
        let joined = sql::concat(vec![sql::column(&a), delimiter, sql::column(&b)]);
        let zipped = sql::call("zip_with", vec![left, right, sql::lambda(&[&a, &b], joined)]);
        // Beyond the end of the shorter list there is nothing to join.
        let sql = without_nulls(zipped, &a);
        Ok(Typed::new(sql, Phys::many(Kind::Varchar), Type::many(Scalar::String), e.nullable))
    }

    fn mvrange(
        &mut self,
        start: &Expr,
        end: &Expr,
        step: Option<&Expr>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let step = match step {
            None => Some(1),
            Some(step) => match step.as_literal() {
                Some(Literal::String(text)) => timespan(text),
                _ => integer(step),
            },
        };
        let Some(step) = step.filter(|n| *n != 0) else {
            return Err(self.no_form(
                "mvrange",
                e,
                "`mvrange` takes only whole numbers, or a span of up to weeks, as its step here",
            ));
        };
        let mut bounds = Vec::new();
        for bound in [start, end] {
            let bound = self.scalar(bound, "a range", block)?;
            if !matches!(bound.phys.kind, Kind::Bigint | Kind::Timestamp) && integer(start).is_none() {
                self.approximate(
                    e.span,
                    "`mvrange` counts from the whole part of its bounds here (differs)",
                    "use whole numbers",
                );
            }
            bounds.push(bound.convert(Phys::BIGINT).sql);
        }
        let (Some(end), Some(start)) = (bounds.pop(), bounds.pop()) else {
            return Err(self.internal(e.span, "a range lacks its bounds"));
        };
        // The end itself is left out.
        let last = offset(end.clone(), -step.signum());
        let mut args = vec![start.clone(), last];
        if step != 1 {
            args.push(sql::integer(step));
        }
        let forward = sql::cmp(start, if step > 0 { CompareOp::Lt } else { CompareOp::Gt }, end);
        let sql = sql::case(vec![(forward, sql::call("sequence", args))], None);
        let ty = Type::many(Scalar::Integer);
        Ok(Typed { can_be_empty: false, ..Typed::new(sql, Phys::many(Kind::Bigint), ty, true) })
    }

    /// `isnum`, `isint`, `isstr`: false of NULL.
    fn is_kind(&mut self, name: &str, value: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.scalar(value, "a type test", block)?;
        let present = sql::is_not_null(value.sql.clone());
        let as_number = number_of(value.sql.clone());
        let is_number = match (value.ty.scalar, value.phys.kind) {
            (_, Kind::Bigint | Kind::Double | Kind::Timestamp) => present.clone(),
            (_, Kind::Boolean) => sql::boolean(false),
            (Scalar::String | Scalar::Json, Kind::Varchar) if name == "isstr" => return Ok(truth(present)),
            (_, Kind::Varchar) => sql::is_not_null(as_number.clone()),
        };
        let sql = match name {
            "isnum" => is_number,
            "isint" => {
                let n = value.clone().number();
                match n.phys.kind {
                    Kind::Bigint => sql::is_not_null(n.sql),
                    _ => {
                        let whole = sql::eq(n.sql.clone(), sql::call("truncate", vec![n.sql]));
                        sql::coalesce(vec![whole, sql::boolean(false)])
                    }
                }
            }
            _ => match value.phys.kind {
                Kind::Varchar => sql::and(vec![present, sql::is_null(as_number)]),
                Kind::Bigint | Kind::Double | Kind::Boolean | Kind::Timestamp => sql::boolean(false),
            },
        };
        Ok(truth(sql))
    }

    fn type_of(&mut self, value: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.scalar(value, "a type", block)?;
        let absent = sql::is_null(value.sql.clone());
        let name = match (value.phys.kind, value.ty.scalar) {
            (Kind::Bigint | Kind::Double | Kind::Timestamp, _) => sql::string("Number"),
            (Kind::Boolean, _) => sql::string("Boolean"),
            (Kind::Varchar, Scalar::Unknown) => {
                let number = sql::is_not_null(number_of(value.sql.clone()));
                sql::case(vec![(number, sql::string("Number"))], Some(sql::string("String")))
            }
            (Kind::Varchar, _) => sql::string("String"),
        };
        let sql = if value.nullable { sql::case(vec![(absent, sql::string("Invalid"))], Some(name)) } else { name };
        Ok(Typed::new(sql, Phys::VARCHAR, e.ty.element(), false))
    }
}

/// Seconds of a span of time that always has the same length, e.g. `7d`.
fn timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let n: i64 = text[..letters].parse().ok()?;
    n.checked_mul(crate::time::seconds(crate::time::unit(&text[letters..])?)?)
}

/// `e + n`, or `e - n`; `e` alone where `n` is 0.
fn offset(e: Sql, n: i64) -> Sql {
    match n.signum() {
        0 => e,
        1 => sql::add(e, sql::integer(n)),
        _ => sql::subtract(e, sql::integer(n.saturating_neg())),
    }
}

fn truth(sql: Sql) -> Typed {
    Typed::plain(sql, Phys::BOOLEAN, false)
}

fn filled(form: &Template, values: Vec<Typed>, e: &Expr, parameter: &str) -> Typed {
    let first = values.first().map_or(Phys::VARCHAR, |v| v.phys);
    let nullable = form.nullable || e.nullable;
    let phys = match form.gives {
        ArgumentType::Text => Phys::VARCHAR,
        ArgumentType::Integer => Phys::BIGINT,
        ArgumentType::Double => Phys::DOUBLE,
        ArgumentType::Boolean => Phys::BOOLEAN,
        ArgumentType::Time => Phys::TIMESTAMP,
        ArgumentType::Texts => Phys::many(Kind::Varchar),
        ArgumentType::Number | ArgumentType::Any | ArgumentType::Same => first,
    };
    let args: Vec<Sql> = values.into_iter().map(|v| v.sql).collect();
    let ty = Type { scalar: e.ty.scalar, multivalue: phys.array };
    Typed { can_be_empty: false, ..Typed::new(form.fill(&args, parameter), phys, ty, nullable) }
}
