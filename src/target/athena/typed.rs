//! SQL expressions with their SQL types, and how one type is read as another.
//!
//! SPL has two kinds of value, texts and numbers, and times are numbers. Where the physical type differs:
//! - a text read as a number is NULL where it is none, see [`number_of`];
//! - a number read as a text has no exponent and no trailing zeros: `1`, `1.5`. Trino's `format` writes the digits that tell
//!   doubles apart; 20 after the point are all of them from a thousandth on. Its `null`, `NaN` and `Infinity` hold no digit and so
//!   become NULL;
//! - a time read as a number is its seconds since the epoch;
//! - no value of a multivalue field is NULL or an empty array, with the same meaning.

use sqlparser::ast::{DataType, Expr};

use super::binding::Letters;
use super::sql;
use crate::ir::{CompareOp, Scalar, Type};

/// Seconds from the epoch to the farthest moments that have a date (Trino's end a little later, in the year 73326).
const FARTHEST: f64 = 2e12;

/// The SQL type of one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Varchar,
    Bigint,
    Double,
    Boolean,
    /// `timestamp(3) with time zone`, in UTC.
    Timestamp,
}

/// An SQL type: a scalar, or an array of such scalars.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Phys {
    pub(super) kind: Kind,
    pub(super) array: bool,
}

impl Phys {
    pub(super) const VARCHAR: Phys = Phys::one(Kind::Varchar);
    pub(super) const BIGINT: Phys = Phys::one(Kind::Bigint);
    pub(super) const DOUBLE: Phys = Phys::one(Kind::Double);
    pub(super) const BOOLEAN: Phys = Phys::one(Kind::Boolean);
    pub(super) const TIMESTAMP: Phys = Phys::one(Kind::Timestamp);

    pub(super) const fn one(kind: Kind) -> Phys {
        Phys { kind, array: false }
    }

    pub(super) const fn many(kind: Kind) -> Phys {
        Phys { kind, array: true }
    }

    /// The type that values of an IR type have where nothing asks for another.
    pub(super) fn of(ty: Type) -> Phys {
        let kind = match ty.scalar {
            Scalar::String | Scalar::Unknown | Scalar::Json => Kind::Varchar,
            Scalar::Integer => Kind::Bigint,
            Scalar::Double => Kind::Double,
            Scalar::Boolean => Kind::Boolean,
            Scalar::Time => Kind::Timestamp,
        };
        Phys { kind, array: ty.multivalue }
    }

    pub(super) fn data_type(self) -> DataType {
        let element = match self.kind {
            Kind::Varchar => sql::VARCHAR,
            Kind::Bigint => sql::BIGINT,
            Kind::Double => sql::DOUBLE,
            Kind::Boolean => sql::BOOLEAN,
            Kind::Timestamp => DataType::Timestamp(Some(3), sqlparser::ast::TimezoneInfo::WithTimeZone),
        };
        if self.array { sql::array_of(element) } else { element }
    }

    /// A type that holds values of both.
    pub(super) fn union(self, other: Phys) -> Phys {
        let kind = match (self.kind, other.kind) {
            (a, b) if a == b => a,
            (Kind::Bigint | Kind::Double | Kind::Timestamp, Kind::Bigint | Kind::Double | Kind::Timestamp) => {
                Kind::Double
            }
            _ => Kind::Varchar,
        };
        Phys { kind, array: self.array || other.array }
    }
}

/// The elements of an array before a last step is taken on each: lets `any` look at them without building the array.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    /// The array that is walked.
    pub(super) items: Expr,
    /// The lambda's parameter in `element`.
    pub(super) parameter: String,
    /// The value made of one item; NULL where the item has none.
    pub(super) element: Expr,
}

/// An SQL expression with what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) sql: Expr,
    pub(super) phys: Phys,
    /// What the value means.
    pub(super) ty: Type,
    pub(super) nullable: bool,
    /// Whether "no value" can be an empty array.
    pub(super) can_be_empty: bool,
    pub(super) elements: Option<Box<Elements>>,
    /// Of a text with one spelling: in which letters it is.
    pub(super) letters: Option<Letters>,
}

impl Typed {
    pub(super) fn new(sql: Expr, phys: Phys, ty: Type, nullable: bool) -> Self {
        Self { sql, phys, ty, nullable, can_be_empty: phys.array, elements: None, letters: None }
    }

    /// A value whose IR type is the plain one of its SQL type; text is `string`.
    pub(super) fn plain(sql: Expr, phys: Phys, nullable: bool) -> Self {
        let scalar = match phys.kind {
            Kind::Varchar => Scalar::String,
            Kind::Bigint => Scalar::Integer,
            Kind::Double => Scalar::Double,
            Kind::Boolean => Scalar::Boolean,
            Kind::Timestamp => Scalar::Time,
        };
        Self::new(sql, phys, Type { scalar, multivalue: phys.array }, nullable)
    }

    pub(super) fn is_null_literal(&self) -> bool {
        matches!(&self.sql, Expr::Value(v) if v.value == sqlparser::ast::Value::Null)
    }

    /// The value as another SQL type. Scalars become arrays of one; arrays never become scalars.
    pub(super) fn convert(self, to: Phys) -> Typed {
        if self.phys == to {
            return self;
        }
        if self.is_null_literal() {
            return Typed { sql: sql::cast(self.sql, to.data_type()), phys: to, ..self };
        }
        match (self.phys.array, to.array) {
            (false, false) => {
                let sql = convert_scalar(self.sql, self.phys.kind, to.kind, self.ty.scalar);
                Typed { sql, phys: to, elements: None, letters: None, ..self }
            }
            (false, true) => {
                let nullable = self.nullable;
                let one = self.convert(Phys::one(to.kind));
                let array = sql::array(vec![one.sql.clone()]);
                let sql = if nullable { sql::case(vec![(sql::is_not_null(one.sql), array)], None) } else { array };
                Typed { sql, phys: to, ty: one.ty, nullable, can_be_empty: false, elements: None, letters: None }
            }
            (true, _) => {
                let element = Phys::one(to.kind);
                let parameter = "v";
                let body = convert_scalar(sql::column(parameter), self.phys.kind, element.kind, self.ty.scalar);
                let mapped = sql::call("transform", vec![self.sql, sql::lambda(&[parameter], body)]);
                // A failed cast leaves no value.
                let sql = match (self.phys.kind, to.kind) {
                    (Kind::Varchar, Kind::Varchar) => mapped,
                    (Kind::Varchar, _) => without_nulls(mapped, parameter),
                    _ => mapped,
                };
                Typed { sql, phys: Phys::many(to.kind), elements: None, letters: None, ..self }
            }
        }
    }

    pub(super) fn text(self) -> Expr {
        let to = Phys { kind: Kind::Varchar, array: self.phys.array };
        self.convert(to).sql
    }

    pub(super) fn double(self) -> Expr {
        let to = Phys { kind: Kind::Double, array: self.phys.array };
        self.convert(to).sql
    }

    /// The value as a number of whichever SQL type.
    pub(super) fn number(self) -> Typed {
        match self.phys.kind {
            Kind::Bigint | Kind::Double => self,
            Kind::Varchar | Kind::Boolean | Kind::Timestamp => {
                let to = Phys { kind: Kind::Double, array: self.phys.array };
                self.convert(to)
            }
        }
    }

    /// The value as a moment.
    pub(super) fn timestamp(self) -> Expr {
        self.convert(Phys::TIMESTAMP).sql
    }

    /// An array that is NULL where it has no value.
    pub(super) fn null_if_empty(self) -> Typed {
        if !(self.phys.array && self.can_be_empty) {
            return self;
        }
        let sql = sql::call("nullif", vec![self.sql, sql::array(vec![])]);
        Typed { sql, nullable: true, can_be_empty: false, elements: None, ..self }
    }

    /// TRUE where there is no value, never NULL.
    pub(super) fn absent(self) -> Expr {
        sql::is_null(self.null_if_empty().sql)
    }
}

/// `filter(array, v -> v IS NOT NULL)`
pub(super) fn without_nulls(array: Expr, parameter: &str) -> Expr {
    let keep = sql::is_not_null(sql::column(parameter));
    sql::call("filter", vec![array, sql::lambda(&[parameter], keep)])
}

/// What reads as a number in SPL. Trino's cast also takes `12d`, `NaN`, `Infinity`, `0x1p3` and blanks around digits, and reads
/// `1e4567` as infinity.
const NUMBER: &str = r"^[-+.\d]+([eE][-+]?\d\d?)?\z";

/// The number that a text is, as a double; NULL where it is none.
pub(super) fn number_of(text: Expr) -> Expr {
    match text_literal(&text) {
        Some(literal) => match literal_number(literal) {
            Some(n) => sql::double(n),
            None => sql::cast(sql::null(), sql::DOUBLE),
        },
        None => sql::try_cast(sql::call("regexp_extract", vec![text, sql::string(NUMBER)]), sql::DOUBLE),
    }
}

fn literal_number(text: &str) -> Option<f64> {
    let exponent = text.find(['e', 'E']).map_or("", |at| text[at + 1..].trim_start_matches(['-', '+']));
    let plain = !text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E'));
    text.parse().ok().filter(|n: &f64| plain && exponent.len() < 3 && n.is_finite())
}

/// `ty`: what the value means. Text that a schema declares as a number is one.
fn convert_scalar(e: Expr, from: Kind, to: Kind, ty: Scalar) -> Expr {
    let number = |text: Expr| match ty {
        Scalar::Integer | Scalar::Double | Scalar::Time if text_literal(&text).is_none() => {
            sql::try_cast(text, sql::DOUBLE)
        }
        _ => number_of(text),
    };
    match (from, to) {
        (a, b) if a == b => e,
        (Kind::Varchar, Kind::Double) => number(e),
        (Kind::Varchar, Kind::Bigint) => to_bigint(number(e)),
        (Kind::Varchar, Kind::Boolean) => sql::try_cast(e, sql::BOOLEAN),
        (Kind::Varchar, Kind::Timestamp) => moment(number(e)),
        (Kind::Bigint, Kind::Double) => match number_literal(&e) {
            Some(n) => sql::double(n),
            None => sql::cast(e, sql::DOUBLE),
        },
        (Kind::Bigint, Kind::Varchar) => match integer_literal(&e) {
            Some(n) => sql::string(n),
            None => sql::cast(e, sql::VARCHAR),
        },
        (Kind::Double, Kind::Varchar) => {
            let digits = sql::call("format", vec![sql::string("%.20f"), e]);
            sql::call("regexp_extract", vec![digits, sql::string(r"-?\d+(\.\d*[1-9])?")])
        }
        (Kind::Double, Kind::Bigint) => to_bigint(e),
        (Kind::Bigint | Kind::Double, Kind::Boolean) => sql::cast(e, sql::BOOLEAN),
        (Kind::Bigint | Kind::Double, Kind::Timestamp) => moment(e),
        (Kind::Boolean, Kind::Varchar) => match &e {
            Expr::Value(v) if matches!(v.value, sqlparser::ast::Value::Boolean(_)) => sql::string(v.to_string()),
            _ => sql::cast(e, sql::VARCHAR),
        },
        (Kind::Boolean, Kind::Bigint) => sql::cast(e, sql::BIGINT),
        (Kind::Boolean, Kind::Double) => sql::cast(e, sql::DOUBLE),
        (Kind::Boolean, Kind::Timestamp) => sql::call("from_unixtime", vec![sql::cast(e, sql::DOUBLE)]),
        (Kind::Timestamp, Kind::Double) => sql::call("to_unixtime", vec![e]),
        (Kind::Timestamp, Kind::Bigint) => to_bigint(sql::call("to_unixtime", vec![e])),
        (Kind::Timestamp, Kind::Varchar) => {
            convert_scalar(sql::call("to_unixtime", vec![e]), Kind::Double, Kind::Varchar, ty)
        }
        (Kind::Timestamp, Kind::Boolean) => sql::is_not_null(e),
        // Equal kinds are caught above.
        (Kind::Varchar, Kind::Varchar)
        | (Kind::Bigint, Kind::Bigint)
        | (Kind::Double, Kind::Double)
        | (Kind::Boolean, Kind::Boolean)
        | (Kind::Timestamp, Kind::Timestamp) => e,
    }
}

/// The moment so many seconds after the epoch. Trino fails where the number is no date, so that those are kept from it.
fn moment(seconds: Expr) -> Expr {
    if number_literal(&seconds).is_some_and(|n| n.abs() < FARTHEST) {
        return sql::call("from_unixtime", vec![seconds]);
    }
    let near = sql::cmp(sql::call("abs", vec![seconds.clone()]), CompareOp::Lt, sql::integer(FARTHEST as i64));
    sql::call("from_unixtime", vec![sql::case(vec![(near, seconds)], None)])
}

/// Whole part of a double; a bare cast would round.
fn to_bigint(e: Expr) -> Expr {
    sql::try_cast(sql::call("truncate", vec![e]), sql::BIGINT)
}

/// The text of a literal.
pub(super) fn text_literal(e: &Expr) -> Option<&str> {
    match e {
        Expr::Value(v) => match &v.value {
            sqlparser::ast::Value::SingleQuotedString(s) => Some(s),
            _ => None,
        },
        _ => None,
    }
}

fn integer_literal(e: &Expr) -> Option<String> {
    match e {
        Expr::Value(v) => match &v.value {
            sqlparser::ast::Value::Number(digits, _) => Some(digits.clone()),
            _ => None,
        },
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => {
            integer_literal(expr).map(|digits| format!("-{digits}"))
        }
        _ => None,
    }
}

/// The value of a number literal.
pub(super) fn number_literal(e: &Expr) -> Option<f64> {
    integer_literal(e)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::print::expression;
    use super::*;

    fn typed(phys: Phys) -> Typed {
        Typed::plain(sql::column("x"), phys, true)
    }

    fn converted(from: Phys, to: Phys) -> String {
        expression(&typed(from).convert(to).sql)
    }

    #[test]
    fn numbers_become_text_as_spl_prints_them() {
        assert_eq!(converted(Phys::BIGINT, Phys::VARCHAR), "CAST(x AS VARCHAR)");
        assert_eq!(converted(Phys::DOUBLE, Phys::VARCHAR), r"regexp_extract(format('%.20f', x), '-?\d+(\.\d*[1-9])?')");
    }

    #[test]
    fn text_becomes_a_number_or_null() {
        let number = r"TRY_CAST(regexp_extract(x, '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE)";
        assert_eq!(converted(Phys::VARCHAR, Phys::DOUBLE), number);
        let literal =
            |text: &str| expression(&Typed::plain(sql::string(text), Phys::VARCHAR, false).convert(Phys::DOUBLE).sql);
        assert_eq!(literal("3"), "3E0");
        for text in ["3d", " 3", "NaN", "inf", "1e400", "1e100", "x", ""] {
            assert_eq!(literal(text), "CAST(NULL AS DOUBLE)", "{text}");
        }
    }

    #[test]
    fn text_that_is_declared_a_number_is_only_cast() {
        let declared = Typed::new(sql::column("x"), Phys::VARCHAR, Type::INTEGER, true);
        assert_eq!(expression(&declared.convert(Phys::DOUBLE).sql), "TRY_CAST(x AS DOUBLE)");
    }

    #[test]
    fn numbers_beyond_the_calendar_are_no_moment() {
        assert_eq!(
            converted(Phys::DOUBLE, Phys::TIMESTAMP),
            "from_unixtime(CASE WHEN abs(x) < 2000000000000 THEN x END)"
        );
        let now = Typed::plain(sql::integer(1_722_520_322), Phys::BIGINT, false);
        assert_eq!(expression(&now.timestamp()), "from_unixtime(1722520322)");
    }

    #[test]
    fn nullable_scalars_become_arrays_of_one_or_null() {
        assert_eq!(converted(Phys::VARCHAR, Phys::many(Kind::Varchar)), "CASE WHEN x IS NOT NULL THEN ARRAY[x] END");
    }

    #[test]
    fn array_elements_that_fail_to_convert_are_dropped() {
        assert_eq!(
            converted(Phys::many(Kind::Varchar), Phys::many(Kind::Double)),
            r"filter(transform(x, v -> TRY_CAST(regexp_extract(v, '^[-+.\d]+([eE][-+]?\d\d?)?\z') AS DOUBLE)), v -> v IS NOT NULL)"
        );
    }

    #[test]
    fn empty_arrays_count_as_absent() {
        assert_eq!(expression(&typed(Phys::many(Kind::Varchar)).absent()), "nullif(x, ARRAY[]) IS NULL");
        assert_eq!(expression(&typed(Phys::VARCHAR).absent()), "x IS NULL");
    }
}
