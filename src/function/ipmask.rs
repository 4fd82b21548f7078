//! `ipmask(mask, ip)`: the address with only the bits of the mask, IPv4; NULL for other texts (conversion functions).

use super::{Call, Fault, Function, no_condition};
use std::net::Ipv4Addr;

use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "ipmask", usage: "ipmask(\"255.255.255.0\", ip)", arity: (2, 2), condition: no_condition, lower };

fn lower(mut call: Call<'_>) -> Result<Expr, Fault> {
    let mask = call.literal_text(0, "the mask")?;
    if mask.parse::<Ipv4Addr>().is_err() {
        let message = format!("`{mask}` is no mask of IPv4");
        return Err(Fault::arguments(message, "write e.g. `255.255.255.0`", call.arguments[0].span));
    }
    let ip = call.take(1);
    call.single(&ip)?;
    call.arguments[1] = super::to_text(ip);
    call.pass_nullable(Type::STRING)
}
