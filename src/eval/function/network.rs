//! Functions of IP addresses (Search Reference, "Conversion functions", `ipmask`; "Comparison and Conditional functions", `cidrmatch`).

use std::net::Ipv4Addr;

use super::{Apply, Context, Value, literal_text, strict};
use crate::eval::address::Block;
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("ipmask", 2) => strict(ipmask),
        ("cidrmatch", 2) => Some(Box::new(CidrMatch(literal_text(args, 0).map(|block| Block::parse(&block))))),
        _ => None,
    }
}

/// The bits of an IPv4 address that the mask has; NULL where one is no address.
fn ipmask<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let address = |value: &Value<'_>| value.to_text().parse::<Ipv4Addr>().ok().map(u32::from);
    let masked = address(&args[0]).zip(address(&args[1])).map(|(mask, ip)| Ipv4Addr::from(mask & ip).to_string());
    masked.into()
}

/// `cidrmatch(block, address)`; the block where it is a literal. A malformed block holds no address.
struct CidrMatch(Option<Option<Block>>);

impl Apply for CidrMatch {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        if args.iter().any(Value::is_null) {
            return Value::Null;
        }
        let of_row;
        let block = match &self.0 {
            Some(block) => block,
            None => {
                of_row = Block::parse(&args[0].to_text());
                &of_row
            }
        };
        let Some(block) = block else { return false.into() };
        args[1].values().iter().any(|a| block.contains(&a.to_text())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn masks_keep_their_bits() {
        assert_eq!(call!(ipmask("255.255.255.0", "10.20.30.120")), "10.20.30.0");
        assert_eq!(call!(ipmask("0.255.0.224", field("10.20.30.120"))), "0.20.0.96");
        assert_eq!(call!(ipmask("255.255.255.0", "x")), "NULL");
    }

    #[test]
    fn blocks_may_come_from_rows() {
        assert_eq!(call!(cidrmatch(field("10.0.0.0/8"), field("10.1.2.3"))), "True");
        assert_eq!(call!(cidrmatch("10.0.0.0/8", field("11.1.2.3"))), "False");
        assert_eq!(call!(cidrmatch(field("10.0.0.0/99"), field("10.1.2.3"))), "False");
        assert_eq!(call!(cidrmatch("10.0.0.0/8", ["1.1.1.1", "10.0.0.1"])), "True");
        assert_eq!(call!(cidrmatch("10.0.0.0/8", ())), "NULL");
    }
}
