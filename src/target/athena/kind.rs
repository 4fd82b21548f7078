//! Questions about what a value is, and values read as another kind.

use super::block::Block;
use super::emitter::Emitter;
use super::sql;
use super::typed::{Kind, Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Expr, Literal, Type};

impl Emitter<'_> {
    /// `isdouble`, `ismv`, `isarray`, `isobject`: false of NULL; `json_valid`: NULL of it.
    pub(super) fn is_form(&mut self, name: &str, value: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        if name == "ismv" {
            let value = self.value(value, block)?;
            let sql = match value.phys.array {
                true => {
                    let several = sql::cmp(sql::call("cardinality", vec![value.sql]), CompareOp::Gt, sql::integer(1));
                    sql::coalesce(vec![several, sql::boolean(false)])
                }
                false => sql::boolean(false),
            };
            return Ok(Typed::plain(sql, Phys::BOOLEAN, false));
        }
        let value = self.scalar(value, "a question", block)?;
        if name == "isdouble" {
            let n = value.number();
            let sql = match n.phys.kind {
                Kind::Bigint => sql::boolean(false),
                _ => {
                    let whole = sql::call("truncate", vec![n.sql.clone()]);
                    sql::coalesce(vec![sql::cmp(n.sql, CompareOp::Ne, whole), sql::boolean(false)])
                }
            };
            return Ok(Typed::plain(sql, Phys::BOOLEAN, false));
        }
        let nullable = value.nullable;
        let text = value.text();
        let json = sql::call("try", vec![sql::call("json_parse", vec![text.clone()])]);
        let begins = |json, start: &str| {
            let text = sql::call("json_format", vec![json]);
            sql::coalesce(vec![sql::like(text, sql::string(format!("{start}%")), false), sql::boolean(false)])
        };
        let is = match name {
            "isarray" => begins(json, "["),
            "isobject" => begins(json, "{"),
            _ => sql::is_not_null(json),
        };
        let null = name == "json_valid" && nullable;
        let sql = if null { sql::case(vec![(sql::is_not_null(text), is)], None) } else { is };
        Ok(Typed::new(sql, Phys::BOOLEAN, e.ty.element(), null))
    }

    /// `tobool`: of `true` and `false` in any letters, and of numbers.
    pub(super) fn truth_of(&mut self, value: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let value = self.scalar(value, "a truth value", block)?;
        if value.phys == Phys::BOOLEAN {
            return Ok(value);
        }
        let is_not_zero = sql::cmp(value.clone().number().sql, CompareOp::Ne, sql::integer(0));
        let sql = match value.phys.kind {
            Kind::Varchar => {
                let text = sql::call("lower", vec![value.text()]);
                let arms = ["true", "false"]
                    .map(|word| (sql::eq(text.clone(), sql::string(word)), sql::boolean(word == "true")));
                sql::case(arms.into(), Some(is_not_zero))
            }
            Kind::Bigint | Kind::Double | Kind::Boolean | Kind::Timestamp => is_not_zero,
        };
        Ok(Typed::new(sql, Phys::BOOLEAN, e.ty.element(), true))
    }

    /// `ipmask(mask, ip)`: the bits of an address of IPv4 that the mask has.
    pub(super) fn masked(&mut self, mask: &Expr, ip: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let octets = match mask.as_literal() {
            Some(Literal::String(mask)) => mask.parse().ok().map(|m: std::net::Ipv4Addr| m.octets()),
            _ => None,
        };
        let Some(octets) = octets else {
            return Err(self.no_form("ipmask", e, "`ipmask` with a mask from a field is not implemented for Athena"));
        };
        let ip = self.scalar(ip, "an address", block)?.text();
        let a = self.parameter(block);
        let b = self.inside(|this| this.parameter(block));
        let parts = sql::call("split", vec![ip.clone(), sql::string(".")]);
        let mask = sql::array(octets.iter().map(|o| sql::integer(i64::from(*o))).collect());
        let bits = sql::call("bitwise_and", vec![sql::cast(sql::column(&a), sql::BIGINT), sql::column(&b)]);
        let masked = sql::call("zip_with", vec![parts, mask, sql::lambda(&[&a, &b], bits)]);
        let text = sql::call("array_join", vec![masked, sql::string(".")]);
        // An address of IPv6 has colons.
        let is_address = sql::is_not_null(sql::try_cast(ip.clone(), sql::ip_address()));
        let is_v4 = sql::and(vec![is_address, sql::not(sql::like(ip, sql::string("%:%"), false))]);
        Ok(Typed::new(sql::case(vec![(is_v4, text)], None), Phys::VARCHAR, Type::STRING, true))
    }
}
