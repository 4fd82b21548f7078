//! Values: every expression that is no condition.

use super::binding::{ColumnType, Place};
use super::block::{Block, Slot};
use super::emitter::Emitter;
use super::json;
use super::predicate::Want;
use super::typed::{Kind, Phys, Typed, without_nulls};
use super::{regex, sql, strptime, time};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{ArithmeticOp, Expr, ExprKind, Literal, Name, RelativeTime, Scalar, Step, Type};
use crate::options::WindowStyle;
use crate::source::Span;

impl Emitter<'_> {
    /// An expression over the block's columns.
    pub(super) fn value(&mut self, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        match &e.kind {
            ExprKind::Column(name) => self.column(name, e.span, block),
            ExprKind::Variable(n) => match self.variables.get(n) {
                Some(value) => Ok(value.clone()),
                None => Err(self.internal(e.span, format!("the lambda variable {n} is not bound"))),
            },
            ExprKind::Literal(literal) => Ok(constant(literal, e.ty)),
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
            | ExprKind::Any { .. } => Ok(Typed::plain(self.logical(e, block)?, Phys::BOOLEAN, e.nullable)),
            ExprKind::MapValues { value, variable, body } => self.map_values(value, *variable, body, e, block),
            ExprKind::FilterValues { value, variable, predicate } => {
                self.filter_values(value, *variable, predicate, e, block)
            }
            ExprKind::Case { arms, otherwise } => self.case(arms, otherwise.as_deref(), e, block),
            ExprKind::Coalesce(parts) => self.coalesce(parts, e, block),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, e, block),
            ExprKind::Concat(parts) => {
                let mut texts = Vec::new();
                for part in parts {
                    texts.push(self.scalar(part, "a joined text", block)?.text());
                }
                Ok(Typed::new(sql::concat(texts), Phys::VARCHAR, e.ty.element(), e.nullable))
            }
            ExprKind::JsonPath { value, path } => self.json_path(value, path, e, block),
            ExprKind::Capture { value, regex, group, all, limit } => {
                self.capture(value, regex, group, all.then_some(*limit), e, block)
            }
            ExprKind::Cast { value, to } => self.cast(value, *to, e, block),
            ExprKind::RelativeTime { time, shift } => {
                let time = self.scalar(time, "a relative time", block)?;
                let nullable = time.nullable;
                Ok(Typed::plain(time::shift(time.timestamp(), shift), Phys::TIMESTAMP, nullable))
            }
            ExprKind::Now => Ok(Typed::plain(self.now(), Phys::TIMESTAMP, false)),
            ExprKind::Bin { value, span } => self.bin(value, *span, e, block),
            ExprKind::FormatTime { time, format } => {
                let time = self.scalar(time, "a formatted time", block)?;
                let nullable = time.nullable;
                match time::format(&time.timestamp(), format) {
                    Ok(sql) => Ok(Typed::new(sql, Phys::VARCHAR, Type::STRING, nullable)),
                    Err(letter) => Err(self.unknown_letter(e.span, &letter)),
                }
            }
            ExprKind::ParseTime { text, format } => {
                let text = self.scalar(text, "a parsed time", block)?.text();
                match strptime::parse(text, format, self.now()) {
                    Ok(parsed) => {
                        for note in parsed.notes {
                            self.approximate(e.span, note, "choose another time format");
                        }
                        Ok(Typed::plain(parsed.sql, Phys::TIMESTAMP, true))
                    }
                    Err(letter) => Err(self.unknown_letter(e.span, &letter)),
                }
            }
            ExprKind::Call { function, args } => self.call(function, args, e, block),
        }
    }

    /// A value that must not be multivalue.
    pub(super) fn scalar(&mut self, e: &Expr, what: &str, block: &Block) -> Result<Typed, Reported> {
        let value = self.value(e, block)?;
        if value.phys.array {
            return Err(self.unsupported(
                e.span,
                format!("{what} of a multivalue field is not implemented for Athena"),
                "expand the field with `mvexpand`, or pick one value with `mvindex`",
            ));
        }
        Ok(value)
    }

    fn unknown_letter(&mut self, span: Span, letter: &str) -> Reported {
        self.unsupported(
            span,
            format!("Trino's time formats have no counterpart for `{letter}`"),
            "choose another conversion in the time format",
        )
    }

    fn column(&mut self, name: &Name, span: Span, block: &Block) -> Result<Typed, Reported> {
        match block.slot(name) {
            Some(slot) => {
                let slot = slot.clone();
                self.read_slot(&slot, span, block)
            }
            None => Err(self.internal(span, format!("the column `{name}` is not there"))),
        }
    }

    /// The value of a column; raw fields are placed in the table here.
    pub(super) fn read_slot(&mut self, slot: &Slot, span: Span, block: &Block) -> Result<Typed, Reported> {
        match slot {
            Slot::Ready(value) => Ok(value.clone()),
            Slot::Record(_) => Err(self.unsupported(
                span,
                "the raw event `_raw` is not kept in the table",
                "name the fields that are needed; `dc(_raw)` alone can be said, by counting record ids",
            )),
            Slot::Raw { path, ty, nullable } => {
                let place = block.binding.as_ref().and_then(|b| b.place(path));
                let Some(place) = place else {
                    let message = format!("the field `{path}` has no place in the Athena table");
                    let help = "add it to the schema's `[target.athena]` section, if the table has a column for it";
                    return Err(self.sink.fail(Diagnostic::new(&code::UNPARSED_FIELD, message).at(span).help(help)));
                };
                Ok(self.read_place(place, *ty, *nullable, block))
            }
        }
    }

    fn read_place(&mut self, place: Place, ty: Type, nullable: bool, block: &Block) -> Typed {
        let parameter = self.parameter(block);
        match place {
            Place::Column { column, ty: held, case } => {
                let sql = sql::column(&column);
                let (sql, phys) = match held {
                    ColumnType::Varchar => (sql, Phys::VARCHAR),
                    ColumnType::Bigint => (sql, Phys::BIGINT),
                    ColumnType::Double => (sql, Phys::DOUBLE),
                    ColumnType::Boolean => (sql, Phys::BOOLEAN),
                    ColumnType::VarcharArray => (sql, Phys::many(Kind::Varchar)),
                    ColumnType::Iso8601 => (sql::call("from_iso8601_timestamp", vec![sql]), Phys::TIMESTAMP),
                    ColumnType::Timestamp => (utc(sql), Phys::TIMESTAMP),
                    ColumnType::EpochMillis => (from_millis(sql), Phys::TIMESTAMP),
                    ColumnType::EpochSeconds => (sql::call("from_unixtime", vec![sql]), Phys::TIMESTAMP),
                };
                let value = Typed::new(sql, phys, Type { scalar: ty.scalar, multivalue: phys.array }, nullable);
                Typed { letters: case.filter(|_| phys == Phys::VARCHAR), ..value }
            }
            Place::Json { column, path } => {
                let base = Typed::plain(sql::column(&column), Phys::VARCHAR, nullable);
                json::read(base, &path, ty, json::Leaf::Field, &parameter)
            }
            Place::Array { column, member } => {
                let mut parts = vec![super::ident::ident(&parameter)];
                parts.extend(super::ident::dotted(&member));
                let element = sqlparser::ast::Expr::CompoundIdentifier(parts);
                json::mapped(sql::column(&column), &parameter, element, Type::many(ty.scalar))
            }
            Place::MapSide { column, keys } => {
                let name = if keys { "map_keys" } else { "map_values" };
                let sql = sql::call(name, vec![sql::column(&column)]);
                Typed::new(sql, Phys::many(Kind::Varchar), Type::many(ty.scalar), nullable)
            }
            Place::Map { column, key } => {
                let sql = sql::call("element_at", vec![sql::column(&column), sql::string(key)]);
                Typed::new(sql, Phys::VARCHAR, ty.element(), true)
            }
        }
    }

    /// The moment of the search: a literal where the whole window is one, or where a search is replayed.
    fn now(&self) -> sqlparser::ast::Expr {
        if let Some(moment) = self.context.options.as_of {
            // With the precision of the engine's clock.
            let text = crate::time::iso8601(moment).replace('T', " ").replace('Z', ".000 UTC");
            return sql::typed_string(sql::TIMESTAMP, text);
        }
        match (self.context.options.window_style, self.context.options.now) {
            (WindowStyle::Literal, Some(now)) => sql::call("from_unixtime", vec![sql::integer(now)]),
            (WindowStyle::Literal | WindowStyle::Relative | WindowStyle::Parameter, _) => sql::current_timestamp(),
        }
    }

    /// A moment that may be snapped, from now.
    pub(super) fn relative(&self, shift: &RelativeTime) -> sqlparser::ast::Expr {
        time::shift(self.now(), shift)
    }

    /// A regular expression in Trino's notation.
    pub(super) fn regex(&mut self, pattern: &str, span: Span) -> Result<String, Reported> {
        regex::translate(pattern).map_err(|feature| self.unknown_regex(span, &feature))
    }

    fn unknown_regex(&mut self, span: Span, feature: &str) -> Reported {
        self.unsupported(
            span,
            format!("Trino's regular expressions have no `{feature}`"),
            "rewrite the regular expression without it",
        )
    }

    fn map_values(&mut self, value: &Expr, n: u32, body: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.value(value, block)?.convert_to_array();
        let parameter = self.parameter(block);
        let element = Typed::new(sql::column(&parameter), Phys::one(value.phys.kind), value.ty.element(), false);
        self.variables.insert(n, element);
        let body = self.inside(|this| this.value(body, block))?;
        let mapped = sql::call("transform", vec![value.sql, sql::lambda(&[&parameter], body.sql)]);
        let sql = match (body.phys.array, body.nullable) {
            // NULLs among the lists are passed over.
            (true, _) => sql::call("flatten", vec![mapped]),
            (false, true) => without_nulls(mapped, &parameter),
            (false, false) => mapped,
        };
        let phys = Phys::many(body.phys.kind);
        let ty = Type::many(body.ty.scalar);
        let can_be_empty = value.can_be_empty || body.nullable || body.can_be_empty;
        Ok(Typed { can_be_empty, ..Typed::new(sql, phys, ty, e.nullable) })
    }

    fn filter_values(
        &mut self,
        value: &Expr,
        n: u32,
        predicate: &Expr,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let value = self.value(value, block)?.convert_to_array();
        let parameter = self.parameter(block);
        let element = Typed::new(sql::column(&parameter), Phys::one(value.phys.kind), value.ty.element(), false);
        self.variables.insert(n, element);
        let keep = self.inside(|this| this.truth(predicate, Want::True, block))?;
        let sql = sql::call("filter", vec![value.sql, sql::lambda(&[&parameter], keep)]);
        Ok(Typed::new(sql, value.phys, value.ty, e.nullable))
    }

    fn case(
        &mut self,
        arms: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for (condition, value) in arms {
            conditions.push(self.truth(condition, Want::True, block)?);
            values.push(self.value(value, block)?);
        }
        if let Some(otherwise) = otherwise {
            values.push(self.value(otherwise, block)?);
        }
        let (values, shape) = aligned(values, e.ty);
        let mut values = values.into_iter();
        let arms = conditions.into_iter().zip(values.by_ref().map(|v| v.sql)).collect();
        // ELSE NULL goes without saying.
        let otherwise = values.next().filter(|v| !v.is_null_literal()).map(|v| v.sql);
        Ok(Typed { sql: sql::case(arms, otherwise), nullable: e.nullable, ..shape })
    }

    fn coalesce(&mut self, parts: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let mut values = Vec::new();
        for part in parts {
            values.push(self.value(part, block)?.null_if_empty());
        }
        values.retain(|v| !v.is_null_literal());
        if values.len() == 1 {
            return Ok(values.remove(0));
        }
        let (values, shape) = aligned(values, e.ty);
        if values.is_empty() {
            return Ok(constant(&Literal::Null, e.ty));
        }
        let sql = sql::coalesce(values.into_iter().map(|v| v.null_if_empty().sql).collect());
        Ok(Typed { sql, nullable: e.nullable, ..shape })
    }

    fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: &Expr,
        right: &Expr,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let l = self.scalar(left, "arithmetic", block)?;
        let r = self.scalar(right, "arithmetic", block)?;
        let nullable = e.nullable || l.phys.kind == Kind::Varchar || r.phys.kind == Kind::Varchar;
        if let (Kind::Timestamp, Some(Literal::Integer(n)), ArithmeticOp::Add | ArithmeticOp::Subtract) =
            (l.phys.kind, right.as_literal(), op)
        {
            let n = if op == ArithmeticOp::Add { *n } else { n.saturating_neg() };
            let sql = time::plus(l.sql, n, sqlparser::ast::DateTimeField::Second);
            return Ok(Typed::new(sql, Phys::TIMESTAMP, e.ty.element(), nullable));
        }
        let (l, r) = (l.number(), r.number());
        let whole = l.phys == Phys::BIGINT && r.phys == Phys::BIGINT;
        let typed = |sql, phys| Ok(Typed::new(sql, phys, e.ty.element(), nullable));
        let phys = if whole { Phys::BIGINT } else { Phys::DOUBLE };
        match op {
            ArithmeticOp::Add => typed(sql::add(l.sql, r.sql), phys),
            ArithmeticOp::Subtract => typed(sql::subtract(l.sql, r.sql), phys),
            ArithmeticOp::Multiply => typed(sql::multiply(l.sql, r.sql), phys),
            ArithmeticOp::Divide => {
                // One real operand makes the division real.
                let left = if r.phys == Phys::DOUBLE { l.sql } else { l.double() };
                typed(sql::divide(left, divisor(r.sql)), Phys::DOUBLE)
            }
            ArithmeticOp::Modulo => typed(sql::modulo(l.sql, divisor(r.sql)), phys),
        }
    }

    fn json_path(&mut self, value: &Expr, path: &[Step], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let base = self.value(value, block)?;
        let to = Phys { kind: Kind::Varchar, array: base.phys.array };
        let base = base.convert(to);
        let parameter = self.parameter(block);
        self.assume_plain_json(e.span);
        Ok(json::read(base, path, e.ty, json::Leaf::Any, &parameter))
    }

    /// Says once what reading below JSON texts relies on.
    fn assume_plain_json(&mut self, span: Span) {
        const ASSUMED: &str = "JSON texts are taken to have no blanks between their parts, and each key once";
        if !self.sink.diagnostics().iter().any(|d| d.message == ASSUMED) {
            self.reading(span, ASSUMED);
        }
    }

    /// `all`: every match, with their greatest number (0: no limit).
    fn capture(
        &mut self,
        value: &Expr,
        pattern: &str,
        group: &str,
        all: Option<u32>,
        e: &Expr,
        block: &Block,
    ) -> Result<Typed, Reported> {
        let (pattern, n) =
            regex::translate_with_group(pattern, group).map_err(|feature| self.unknown_regex(e.span, &feature))?;
        let value = self.value(value, block)?;
        let parameter = self.parameter(block);
        let x = sql::column(&parameter);
        let n = sql::integer(i64::try_from(n).unwrap_or(i64::MAX));
        let pattern_sql = sql::string(&*pattern);
        let function = if all.is_some() { "regexp_extract_all" } else { "regexp_extract" };
        let extract = |text| sql::call(function, vec![text, pattern_sql.clone(), n.clone()]);
        let array = value.phys.array;
        let text = value.text();
        let ty = Type::UNKNOWN;
        match (array, all) {
            (false, None) => Ok(Typed::new(extract(text), Phys::VARCHAR, ty, true)),
            (true, None) => {
                let mapped = sql::call("transform", vec![text, sql::lambda(&[&parameter], extract(x))]);
                let first = sql::call("element_at", vec![without_nulls(mapped, &parameter), sql::integer(1)]);
                Ok(Typed::new(first, Phys::VARCHAR, ty, true))
            }
            (array, Some(limit)) => {
                let mut sql = if array {
                    let mapped = sql::call("transform", vec![text, sql::lambda(&[&parameter], extract(x))]);
                    sql::call("flatten", vec![mapped])
                } else {
                    extract(text)
                };
                // A group that can be passed by gives NULL.
                if pattern.contains(['|', '?', '*', '{']) {
                    sql = without_nulls(sql, &parameter);
                }
                if limit > 0 {
                    sql = sql::call("slice", vec![sql, sql::integer(1), sql::integer(i64::from(limit))]);
                }
                Ok(Typed::new(sql, Phys::many(Kind::Varchar), Type::many(Scalar::Unknown), true))
            }
        }
    }

    fn cast(&mut self, value: &Expr, to: Scalar, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.value(value, block)?;
        let phys = Phys { kind: Phys::of(Type::one(to)).kind, array: value.phys.array };
        let ty = Type { scalar: to, multivalue: value.phys.array };
        // A computed truth value prints as `True`; JSON's `true` is text from the start.
        if value.phys == Phys::BOOLEAN && phys == Phys::VARCHAR && !sql::is_column(&value.sql) {
            let arms = vec![(value.sql.clone(), sql::string("True")), (sql::not(value.sql), sql::string("False"))];
            return Ok(Typed::new(sql::case(arms, None), phys, ty, e.nullable));
        }
        let value = value.convert(phys);
        Ok(Typed { ty, nullable: e.nullable, ..value })
    }

    fn bin(&mut self, value: &Expr, span: f64, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.scalar(value, "a bin", block)?;
        let nullable = e.nullable;
        if value.phys == Phys::TIMESTAMP {
            return Ok(Typed::plain(time::bin(value.sql, span), Phys::TIMESTAMP, nullable));
        }
        let value = value.double();
        let span = sql::double(span);
        let floor = sql::call("floor", vec![sql::divide(value, span.clone())]);
        Ok(Typed::plain(sql::multiply(floor, span), Phys::DOUBLE, nullable))
    }
}

impl Typed {
    pub(super) fn convert_to_array(self) -> Typed {
        let to = Phys::many(self.phys.kind);
        self.convert(to)
    }
}

/// A constant; NULL has the SQL type that its IR type asks for.
pub(super) fn constant(literal: &Literal, ty: Type) -> Typed {
    match literal {
        Literal::Null => Typed { can_be_empty: false, ..Typed::new(sql::null(), Phys::of(ty), ty, true) },
        Literal::Boolean(b) => Typed::plain(sql::boolean(*b), Phys::BOOLEAN, false),
        Literal::Integer(n) => Typed::plain(sql::integer(*n), Phys::BIGINT, false),
        Literal::Double(n) => Typed::plain(sql::double(*n), Phys::DOUBLE, false),
        Literal::String(text) => Typed::new(sql::string(text.clone()), Phys::VARCHAR, ty.element(), false),
        Literal::Strings(texts) => {
            let elements = texts.iter().map(|t| sql::string(t.clone())).collect();
            let can_be_empty = texts.is_empty();
            Typed { can_be_empty, ..Typed::new(sql::array(elements), Phys::many(Kind::Varchar), ty, false) }
        }
    }
}

/// The values as one SQL type, and that type as a value without an expression.
fn aligned(values: Vec<Typed>, ty: Type) -> (Vec<Typed>, Typed) {
    let known = values.iter().filter(|v| !v.is_null_literal());
    let phys = known.map(|v| v.phys).reduce(Phys::union).unwrap_or_else(|| Phys::of(ty));
    let can_be_empty = values.iter().any(|v| v.can_be_empty);
    let values: Vec<Typed> =
        values.into_iter().map(|v| if v.is_null_literal() { v } else { v.convert(phys) }).collect();
    // A number where the IR knows only "unknown" stays a number.
    let ty = Type { scalar: ty.scalar, multivalue: phys.array };
    (values, Typed { can_be_empty, ..Typed::new(sql::null(), phys, ty, true) })
}

fn divisor(e: sqlparser::ast::Expr) -> sqlparser::ast::Expr {
    match super::typed::number_literal(&e) {
        Some(n) if n != 0.0 => e,
        _ => sql::call("nullif", vec![e, sql::integer(0)]),
    }
}

/// A timestamp without zone as one in UTC.
pub(super) fn utc(e: sqlparser::ast::Expr) -> sqlparser::ast::Expr {
    sql::call("with_timezone", vec![e, sql::string("UTC")])
}

pub(super) fn from_millis(e: sqlparser::ast::Expr) -> sqlparser::ast::Expr {
    sql::call("from_unixtime", vec![sql::divide(e, sql::double(1000.0))])
}
