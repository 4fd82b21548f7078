//! Functions of SPL's evaluation language: by the table where a template can say them, else here.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::functions::{ArgumentType, Template, functions};
use super::typed::{Kind, Phys, Typed, without_nulls};
use super::{regex, sql};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Expr, Literal, Scalar, Type};

impl Emitter<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        match (name, args) {
            ("trim" | "ltrim" | "rtrim", [text, set]) => self.trim(name, text, set, e, block),
            ("replace", [text, pattern, by]) => self.replace(text, pattern, by, e, block),
            ("substr", [text, start, rest @ ..]) if start.as_literal() == Some(&Literal::Integer(0)) => {
                // Position 0 is read as 1.
                let mut args = vec![text.clone(), Expr::integer(1, start.span)];
                args.extend(rest.iter().cloned());
                self.template(name, &args, e, block)
            }
            ("min" | "max", [_, ..]) => self.extreme(name, args, e, block),
            ("mvcount", [value]) => self.mvcount(value, e, block),
            ("mvindex", [value, start, rest @ ..]) => self.mvindex(value, start, rest.first(), e, block),
            ("mvfind", [value, pattern]) => self.mvfind(value, pattern, e, block),
            ("mvappend", [_, ..]) => self.mvappend(args, e, block),
            ("mvzip", [left, right, rest @ ..]) => self.mvzip(left, right, rest.first(), e, block),
            ("mvrange", [start, end, rest @ ..]) => self.mvrange(start, end, rest.first(), e, block),
            ("split", [text, delimiter]) if delimiter.as_literal() == Some(&Literal::String(String::new())) => {
                let text = self.scalar(text, "a split text", block)?;
                let nullable = text.nullable;
                let characters = sql::call("regexp_extract_all", vec![text.text(), sql::string("(?s).")]);
                Ok(Typed::new(characters, Phys::many(Kind::Varchar), e.ty, nullable))
            }
            ("isnum" | "isint" | "isstr", [value]) => self.is_kind(name, value, block),
            ("typeof", [value]) => self.type_of(value, e, block),
            ("tostring", [value, format]) => self.tostring(value, format, e, block),
            _ => self.template(name, args, e, block),
        }
    }

    fn no_form(&mut self, name: &str, e: &Expr, message: &str) -> Reported {
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

    /// The smallest or greatest of several values of one row.
    fn extreme(&mut self, name: &str, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for arg in args {
            let value = self.scalar(arg, "an extreme", block)?;
            if value.phys.kind == Kind::Varchar {
                self.approximate(
                    arg.span,
                    format!("`{name}` leaves out texts that are no numbers, which SPL orders after them (differs)"),
                    "convert the field with `tonumber`",
                );
            }
            let value = value.number();
            let nullable =
                value.nullable || !matches!(arg.as_literal(), Some(Literal::Integer(_) | Literal::Double(_)));
            values.push(Typed { nullable: nullable && (value.nullable || arg.nullable), ..value });
        }
        let whole = values.iter().all(|v| v.phys == Phys::BIGINT);
        let phys = if whole { Phys::BIGINT } else { Phys::DOUBLE };
        let nullable = values.iter().any(|v| v.nullable);
        let exprs: Vec<Sql> = values.into_iter().map(|v| v.convert(phys).sql).collect();
        let sql = if nullable {
            let parameter = self.parameter(block);
            let present = without_nulls(sql::array(exprs), &parameter);
            sql::call(if name == "min" { "array_min" } else { "array_max" }, vec![present])
        } else {
            sql::call(if name == "min" { "least" } else { "greatest" }, exprs)
        };
        Ok(Typed::new(sql, phys, e.ty.element(), nullable))
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
        let value = self.value(value, block)?.convert_to_array();
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
        let length = to.saturating_sub(from).saturating_add(1);
        let (first, length) = match (from < 0, to < 0) {
            (false, false) => (from.saturating_add(1), sql::integer(length.max(0))),
            (true, true) => (from, sql::integer(length.max(0))),
            (false, true) => {
                let count = sql::call("cardinality", vec![value.sql.clone()]);
                let length = sql::subtract(count, sql::integer(from.saturating_sub(to).saturating_sub(1)));
                (from.saturating_add(1), sql::call("greatest", vec![length, sql::integer(0)]))
            }
            (true, false) => {
                return Err(self.no_form("mvindex", e, "`mvindex` from the end to the start is not implemented"));
            }
        };
        let sql = sql::call("slice", vec![value.sql, sql::integer(first), length]);
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
        let step = match step.map(integer) {
            None => 1,
            Some(Some(n)) if n > 0 => n,
            Some(_) => return Err(self.no_form("mvrange", e, "`mvrange` takes only a positive number as step here")),
        };
        let start = self.scalar(start, "a range", block)?.convert(Phys::BIGINT).sql;
        let end = self.scalar(end, "a range", block)?.convert(Phys::BIGINT).sql;
        let last = sql::subtract(end.clone(), sql::integer(1));
        let mut args = vec![start.clone(), last];
        if step != 1 {
            args.push(sql::integer(step));
        }
        let forward = sql::cmp(start, CompareOp::Lt, end);
        let sql = sql::case(vec![(forward, sql::call("sequence", args))], None);
        let ty = Type::many(Scalar::Integer);
        Ok(Typed { can_be_empty: false, ..Typed::new(sql, Phys::many(Kind::Bigint), ty, true) })
    }

    /// `isnum`, `isint`, `isstr`: false of NULL.
    fn is_kind(&mut self, name: &str, value: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.scalar(value, "a type test", block)?;
        let present = sql::is_not_null(value.sql.clone());
        let as_number = sql::try_cast(value.sql.clone(), sql::DOUBLE);
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
                let number = sql::is_not_null(sql::try_cast(value.sql.clone(), sql::DOUBLE));
                sql::case(vec![(number, sql::string("Number"))], Some(sql::string("String")))
            }
            (Kind::Varchar, _) => sql::string("String"),
        };
        let sql = if value.nullable { sql::case(vec![(absent, sql::string("Invalid"))], Some(name)) } else { name };
        Ok(Typed::new(sql, Phys::VARCHAR, e.ty.element(), false))
    }

    fn tostring(&mut self, value: &Expr, format: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
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
                let digits = formatted("%,d", number.clone().convert(Phys::BIGINT));
                text(sql::case(vec![(whole, digits)], Some(formatted("%,.2f", number))))
            }
            ("hex", _) => {
                let digits = sql::call("to_base", vec![number.convert(Phys::BIGINT).sql, sql::integer(16)]);
                text(sql::concat(vec![sql::string("0x"), sql::call("upper", vec![digits])]))
            }
            _ => Err(self.no_form("tostring", e, &format!("`tostring` with the format `{format}` is not implemented"))),
        }
    }
}

/// `format` gives text even for NULL, so that NULL is kept out of it.
fn formatted(pattern: &str, number: Typed) -> Sql {
    let call = sql::call("format", vec![sql::string(pattern), number.sql.clone()]);
    if number.nullable { sql::case(vec![(sql::is_not_null(number.sql), call)], None) } else { call }
}

fn truth(sql: Sql) -> Typed {
    Typed::plain(sql, Phys::BOOLEAN, false)
}

fn integer(e: &Expr) -> Option<i64> {
    match e.as_literal() {
        Some(Literal::Integer(n)) => Some(*n),
        Some(Literal::Double(n)) if n.fract() == 0.0 && n.abs() < 1e15 => Some(*n as i64),
        _ => None,
    }
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
