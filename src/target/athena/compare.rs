//! Comparisons of two values, and the tests of text: lists, wildcards, networks, bare words.

use sqlparser::ast::Expr as Sql;

use super::binding::Letters;
use super::block::Block;
use super::emitter::Emitter;
use super::predicate::{Leaf, NullWhen, null_when};
use super::sql;
use super::typed::{Kind, Phys, Typed, text_literal};
use crate::diagnostic::Reported;
use crate::ir::{Case, CompareOp, Expr, Pattern, Piece, Scalar};
use crate::source::Span;

/// How a value takes part in a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Number,
    /// Text that is never read as a number.
    Text,
    /// Text that is a number where it reads as one.
    Unknown,
    Boolean,
}

fn class(value: &Typed) -> Class {
    match (value.ty.scalar, value.phys.kind) {
        (Scalar::Integer | Scalar::Double | Scalar::Time, _) => Class::Number,
        (Scalar::Boolean, Kind::Boolean) => Class::Boolean,
        (Scalar::Unknown, Kind::Bigint | Kind::Double | Kind::Timestamp) => Class::Number,
        (Scalar::Unknown, _) => Class::Unknown,
        (Scalar::String | Scalar::Json | Scalar::Boolean, _) => Class::Text,
    }
}

impl Emitter<'_> {
    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        left: &Expr,
        right: &Expr,
        case: Case,
        span: Span,
        block: &Block,
    ) -> Result<Leaf, Reported> {
        let whole = Expr::compare(op, left.clone(), right.clone(), case);
        let left = self.value(left, block)?;
        let right = self.value(right, block)?;
        if left.is_null_literal() || right.is_null_literal() {
            return Ok(Leaf::new(sql::cast(sql::null(), sql::BOOLEAN), NullWhen::Unknown));
        }
        for (value, other) in [(&left, &right), (&right, &left)] {
            if text_literal(&other.sql).is_some_and(|t| !is_caseless(t)) {
                self.spelling(value, case, span);
            }
        }
        // Of two multivalue fields some pair must compare.
        self.over_values(left, &whole, block, &mut |this, l| {
            this.over_values(right.clone(), &whole, block, &mut |_, r| Ok(compare_values(op, l.clone(), r, case)))
        })
    }

    /// Says so where a value is compared as the rule writes it, though SPL compares without case.
    pub(super) fn spelling(&mut self, value: &Typed, case: Case, span: Span) {
        if case == Case::Insensitive && value.letters == Some(Letters::AsWritten) {
            self.approximate(
                span,
                "the value is compared as it is written here, as the schema asks: events that have it in other letters are \
                 lost (narrows)",
                "write it as the source does, or remove `case` from the column in the schema",
            );
        }
    }

    /// A CIDR block with its host bits cleared, as Trino wants it.
    pub(super) fn network(&mut self, cidr: &str, span: Span) -> Result<String, Reported> {
        match network(cidr) {
            Some(network) => Ok(network),
            None => Err(self.unsupported(
                span,
                format!("`{cidr}` is no CIDR block"),
                "write it as an address and a prefix length, such as `10.0.0.0/8`",
            )),
        }
    }

    /// A bare word: the table has no raw record, only columns.
    pub(super) fn term(&mut self, pattern: &Pattern, span: Span, block: &Block) -> Result<Leaf, Reported> {
        let columns = block.binding.as_ref().map(|b| b.text.clone()).unwrap_or_default();
        if columns.is_empty() {
            return Err(self.unsupported(
                span,
                format!("the bare word `{pattern}` is sought in the raw event, which the table does not keep"),
                "name the field that holds it, or list text columns as `text` in the schema's `[target.athena]`",
            ));
        }
        self.approximate(
            span,
            format!(
                "the bare word `{pattern}` is sought in the text columns instead of the raw event: parts of words match \
                 too, other columns are not searched (differs)"
            ),
            "name the field that holds it",
        );
        let mut pieces = vec![Piece::Any];
        pieces.extend(pattern.pieces().iter().cloned());
        pieces.push(Piece::Any);
        let pattern = Pattern::new(pieces);
        let parts = columns
            .iter()
            .map(|c| like(Typed::plain(sql::column(c), Phys::VARCHAR, true), &pattern, Case::Insensitive).sql)
            .collect();
        Ok(Leaf::new(sql::or(parts), NullWhen::Unknown))
    }
}

fn compare_values(op: CompareOp, l: Typed, r: Typed, case: Case) -> Leaf {
    let null = null_when(&l).or(null_when(&r));
    match (class(&l), class(&r)) {
        (Class::Number, Class::Number) => numbers(op, l, r),
        (Class::Boolean, Class::Boolean) => Leaf::new(sql::cmp(l.sql, op, r.sql), null),
        (Class::Unknown, Class::Number) | (Class::Number, Class::Unknown) => either(op, l, r, Case::Sensitive),
        (Class::Unknown, Class::Unknown) if !matches!(op, CompareOp::Eq | CompareOp::Ne) => either(op, l, r, case),
        (Class::Text | Class::Number | Class::Unknown | Class::Boolean, _) => Leaf::new(texts(op, l, r, case), null),
    }
}

fn numbers(op: CompareOp, l: Typed, r: Typed) -> Leaf {
    if l.phys == r.phys && l.phys.kind != Kind::Varchar {
        let null = null_when(&l).or(null_when(&r));
        return Leaf::new(sql::cmp(l.sql, op, r.sql), null);
    }
    let (l, r) = (l.number(), r.number());
    let null = null_when(&l).or(null_when(&r));
    Leaf::new(sql::cmp(l.sql, op, r.sql), null)
}

/// As numbers where both read as such, else as texts.
fn either(op: CompareOp, l: Typed, r: Typed, case: Case) -> Leaf {
    let null = null_when(&l).or(null_when(&r));
    let numeric = sql::cmp(l.clone().number().sql, op, r.clone().number().sql);
    let textual = texts(op, l, r, case);
    let mut leaf = Leaf::new(sql::coalesce(vec![numeric.clone(), textual]), null);
    // A text that is no number differs from every number.
    if op == CompareOp::Eq {
        leaf.loose = Some(numeric);
    }
    leaf
}

fn texts(op: CompareOp, l: Typed, r: Typed, case: Case) -> Sql {
    let (left_letters, right_letters) = (l.letters, r.letters);
    let (l, r) = (l.text(), r.text());
    if case == Case::Sensitive {
        return sql::cmp(l, op, r);
    }
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let caseless = |e: &Sql| text_literal(e).is_some_and(is_caseless);
    if equality && (caseless(&l) || caseless(&r)) {
        return sql::cmp(l, op, r);
    }
    let ordered = |letters: Option<Letters>| letters.filter(|l| equality || *l == Letters::Lower);
    if let (Some(letters), Some(text)) = (ordered(left_letters), text_literal(&r).filter(|t| t.is_ascii())) {
        let text = spelled(text, letters);
        return sql::cmp(l, op, sql::string(text));
    }
    if let (Some(letters), Some(text)) = (ordered(right_letters), text_literal(&l).filter(|t| t.is_ascii())) {
        let text = spelled(text, letters);
        return sql::cmp(sql::string(text), op, r);
    }
    let folded = |e: Sql, letters: Option<Letters>| if letters == Some(Letters::Lower) { e } else { fold(e) };
    sql::cmp(folded(l, left_letters), op, folded(r, right_letters))
}

/// Whether a text has no letters that have case: what equals it without case equals it.
pub(super) fn is_caseless(text: &str) -> bool {
    text.chars().all(|c| !c.is_alphabetic())
}

/// The text in lower case; ASCII literals at once, others by the engine, whose tables differ from ours.
fn fold(e: Sql) -> Sql {
    match text_literal(&e) {
        Some(text) if text.is_ascii() => sql::string(text.to_ascii_lowercase()),
        _ => sql::call("lower", vec![e]),
    }
}

/// An ASCII text of the rule as a column with one spelling holds it.
fn spelled(text: &str, letters: Letters) -> String {
    match letters {
        Letters::Lower => text.to_ascii_lowercase(),
        Letters::Upper => text.to_ascii_uppercase(),
        Letters::AsWritten => text.to_owned(),
    }
}

/// How a value meets ASCII (or other) texts of the rule without regard to case: the value, and what makes a text comparable to it.
fn meeting(value: Typed, ascii: bool) -> (Sql, impl Fn(&str) -> Sql) {
    let letters = value.letters.filter(|_| ascii);
    let value = value.text();
    let value = if letters.is_some() { value } else { fold(value) };
    (value, move |text: &str| match letters {
        Some(letters) => sql::string(spelled(text, letters)),
        None => fold(sql::string(text)),
    })
}

pub(super) fn one_of(value: Typed, items: &[String], case: Case) -> Leaf {
    let null = null_when(&value);
    let (value, items): (Sql, Vec<Sql>) = if case == Case::Insensitive && !items.iter().all(|i| is_caseless(i)) {
        let (value, spell) = meeting(value, items.iter().all(|i| i.is_ascii()));
        (value, items.iter().map(|i| spell(i)).collect())
    } else {
        (value.text(), items.iter().map(|i| sql::string(i.clone())).collect())
    };
    let mut list: Vec<Sql> = Vec::new();
    for e in items {
        if !list.contains(&e) {
            list.push(e);
        }
    }
    let sql = match list.len() {
        0 => sql::boolean(false),
        1 => sql::eq(value, list.remove(0)),
        _ => sql::in_list(value, list),
    };
    Leaf::new(sql, null)
}

pub(super) fn like(value: Typed, pattern: &Pattern, case: Case) -> Leaf {
    if let Some(text) = pattern.as_text() {
        return one_of(value, &[text.to_owned()], case);
    }
    let null = null_when(&value);
    if pattern.is_any() {
        let value = value.text();
        let mut leaf = Leaf::new(sql::like(value.clone(), sql::string("%"), false), null);
        leaf.loose = Some(sql::is_not_null(value));
        return leaf;
    }
    let (text, escaped) = like_pattern(pattern);
    let (value, text) = if case == Case::Sensitive || is_caseless(&text) {
        (value.text(), sql::string(text))
    } else {
        let (value, spell) = meeting(value, text.is_ascii());
        let text = spell(&text);
        (value, text)
    };
    Leaf::new(sql::like(value, text, escaped), null)
}

/// A pattern in LIKE's notation, and whether it escapes something by `\`.
pub(super) fn like_pattern(pattern: &Pattern) -> (String, bool) {
    let special = |c: char| matches!(c, '%' | '_' | '\\');
    let escaped = pattern.pieces().iter().any(|p| matches!(p, Piece::Text(t) if t.contains(special)));
    let mut out = String::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::Any => out.push('%'),
            Piece::One => out.push('_'),
            Piece::Text(text) => {
                for c in text.chars() {
                    if special(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
    }
    (out, escaped)
}

/// A text that is no address is in no network.
pub(super) fn in_network(value: Typed, network: &str) -> Leaf {
    let null = null_when(&value);
    let value = value.text();
    let contains = contains(network, value.clone());
    let certain = sql::coalesce(vec![contains.clone(), sql::boolean(false)]);
    match null {
        NullWhen::Never => Leaf { sql: certain, loose: Some(contains), negation: None, null_when: NullWhen::Never },
        NullWhen::Null(_) | NullWhen::Unknown => {
            let present = sql::is_not_null(value);
            Leaf {
                sql: sql::case(vec![(present.clone(), certain.clone())], None),
                loose: Some(contains),
                negation: Some(sql::and(vec![present, sql::not(certain)])),
                null_when: NullWhen::Unknown,
            }
        }
    }
}

/// Whether an address is in a block; NULL where the text is no address.
fn contains(network: &str, address: Sql) -> Sql {
    let contains = sql::call("contains", vec![sql::string(network), sql::try_cast(address.clone(), sql::ip_address())]);
    if covers_mapped(network) { sql::and(vec![contains, is_ipv6(address)]) } else { contains }
}

/// Whether Trino, for which `10.0.0.1` is `::ffff:10.0.0.1`, finds addresses of version 4 in a block of version 6.
pub(super) fn covers_mapped(network: &str) -> bool {
    let Some((address, length)) = network.rsplit_once('/') else { return false };
    let short = length.parse::<u32>().is_ok_and(|length| length < 96);
    address.contains(':') && ((short && address.starts_with("::")) || address.starts_with("::ffff:"))
}

/// Whether the text of an address or block is one of version 6.
pub(super) fn is_ipv6(text: Sql) -> Sql {
    sql::cmp(sql::call("strpos", vec![text, sql::string(":")]), CompareOp::Gt, sql::integer(0))
}

/// `10.1.2.3/8` as `10.0.0.0/8`; an address alone is a network of one.
pub(super) fn network(cidr: &str) -> Option<String> {
    use std::net::IpAddr;
    let (address, length) = match cidr.trim().split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (cidr.trim(), None),
    };
    Some(match address.parse().ok()? {
        IpAddr::V4(ip) => {
            let length = length.unwrap_or(32);
            let mask = u32::MAX.checked_shl(32u32.checked_sub(length)?).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv4Addr::from(u32::from(ip) & mask))
        }
        IpAddr::V6(ip) => {
            let length = length.unwrap_or(128);
            let mask = u128::MAX.checked_shl(128u32.checked_sub(length)?).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv6Addr::from(u128::from(ip) & mask))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::print::expression;
    use super::*;
    use crate::ir::Type;

    fn field(name: &str, scalar: Scalar) -> Typed {
        Typed::new(sql::column(name), Phys::of(Type::one(scalar)), Type::one(scalar), true)
    }

    fn text(t: &str) -> Typed {
        Typed::plain(sql::string(t), Phys::VARCHAR, false)
    }

    fn number(n: i64) -> Typed {
        Typed::plain(sql::integer(n), Phys::BIGINT, false)
    }

    fn shown(op: CompareOp, l: Typed, r: Typed) -> String {
        expression(&compare_values(op, l, r, Case::Insensitive).sql)
    }

    #[test]
    fn text_compares_without_case() {
        let f = || field("f", Scalar::String);
        assert_eq!(shown(CompareOp::Eq, f(), text("Lambda")), "lower(f) = 'lambda'");
        assert_eq!(shown(CompareOp::Eq, f(), text("10.0.0.1")), "f = '10.0.0.1'");
        assert_eq!(shown(CompareOp::Eq, f(), text("É")), "lower(f) = lower('É')");
        assert_eq!(shown(CompareOp::Lt, f(), text("10")), "lower(f) < '10'");
        assert_eq!(shown(CompareOp::Eq, f(), field("g", Scalar::String)), "lower(f) = lower(g)");
    }

    #[test]
    fn unknown_text_compares_as_number_where_it_is_one() {
        let f = || field("f", Scalar::Unknown);
        assert_eq!(shown(CompareOp::Lt, f(), number(3)), "coalesce(TRY_CAST(f AS DOUBLE) < 3, f < '3')");
        assert_eq!(shown(CompareOp::Ne, f(), number(3)), "coalesce(TRY_CAST(f AS DOUBLE) <> 3, f <> '3')");
        let leaf = compare_values(CompareOp::Eq, f(), number(3), Case::Insensitive);
        assert_eq!(leaf.loose.map(|e| expression(&e)).as_deref(), Some("TRY_CAST(f AS DOUBLE) = 3"));
        assert_eq!(
            shown(CompareOp::Gt, f(), field("g", Scalar::Unknown)),
            "coalesce(TRY_CAST(f AS DOUBLE) > TRY_CAST(g AS DOUBLE), lower(f) > lower(g))"
        );
        assert_eq!(shown(CompareOp::Eq, f(), field("g", Scalar::Unknown)), "lower(f) = lower(g)");
    }

    #[test]
    fn strings_and_numbers_compare_as_text() {
        assert_eq!(shown(CompareOp::Eq, field("f", Scalar::String), number(3)), "f = '3'");
    }

    #[test]
    fn wildcards_are_escaped_in_like() {
        let pattern = Pattern::new([Piece::Text("a_b%\\".to_owned()), Piece::Any]);
        let leaf = like(field("f", Scalar::String), &pattern, Case::Sensitive);
        assert_eq!(expression(&leaf.sql), r"f LIKE 'a\_b\%\\%' ESCAPE '\'");
        let pattern = Pattern::new([Piece::Any, Piece::Text("Key".to_owned()), Piece::One]);
        let leaf = like(field("f", Scalar::String), &pattern, Case::Insensitive);
        assert_eq!(expression(&leaf.sql), "lower(f) LIKE '%key_'");
    }

    #[test]
    fn lists_are_folded_once() {
        let items = ["A".to_owned(), "a".to_owned(), "B".to_owned()];
        assert_eq!(
            expression(&one_of(field("f", Scalar::String), &items, Case::Insensitive).sql),
            "lower(f) IN ('a', 'b')"
        );
        assert_eq!(
            expression(&one_of(field("f", Scalar::String), &items, Case::Sensitive).sql),
            "f IN ('A', 'a', 'B')"
        );
    }

    #[test]
    fn a_column_with_one_spelling_is_compared_as_it_is() {
        let f = |letters| Typed { letters: Some(letters), ..field("f", Scalar::String) };
        let list = ["Ab".to_owned(), "aB".to_owned()];
        let shown_list = |letters| expression(&one_of(f(letters), &list, Case::Insensitive).sql);
        let pattern = Pattern::new([Piece::Text("Ab".to_owned()), Piece::Any]);
        let shown_like = |letters| expression(&like(f(letters), &pattern, Case::Insensitive).sql);
        assert_eq!(shown(CompareOp::Eq, f(Letters::Lower), text("Ab")), "f = 'ab'");
        assert_eq!(shown(CompareOp::Ne, text("Ab"), f(Letters::Upper)), "'AB' <> f");
        assert_eq!(shown(CompareOp::Eq, f(Letters::AsWritten), text("Ab")), "f = 'Ab'");
        assert_eq!(shown_list(Letters::Lower), "f = 'ab'");
        assert_eq!(shown_list(Letters::AsWritten), "f IN ('Ab', 'aB')");
        assert_eq!(shown_like(Letters::Upper), "f LIKE 'AB%'");
        // Their order is that of lower case, and other alphabets fold by the engine's tables.
        assert_eq!(shown(CompareOp::Lt, f(Letters::Lower), text("Ab")), "f < 'ab'");
        assert_eq!(shown(CompareOp::Lt, f(Letters::Upper), text("Ab")), "lower(f) < 'ab'");
        assert_eq!(shown(CompareOp::Eq, f(Letters::Lower), text("É")), "f = lower('É')");
        assert_eq!(shown(CompareOp::Eq, f(Letters::Upper), text("É")), "lower(f) = lower('É')");
        assert_eq!(shown(CompareOp::Eq, f(Letters::Lower), field("g", Scalar::String)), "f = lower(g)");
        assert_eq!(shown(CompareOp::Eq, f(Letters::Upper), f(Letters::AsWritten)), "lower(f) = lower(f)");
    }

    #[test]
    fn networks_lose_their_host_bits() {
        assert_eq!(network("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(network("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(network("2001:db8::1/32").as_deref(), Some("2001:db8::/32"));
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("host/8"), None);
    }

    #[test]
    fn no_address_is_in_no_network() {
        let leaf = in_network(field("f", Scalar::String), "10.0.0.0/8");
        assert_eq!(
            leaf.negation.map(|e| expression(&e)).as_deref(),
            Some("f IS NOT NULL AND NOT coalesce(contains('10.0.0.0/8', TRY_CAST(f AS ipaddress)), false)")
        );
    }
}
