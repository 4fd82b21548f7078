//! `iplocation`: adds where an IP address is, from a database that Splunk brings along (Search Reference, `iplocation`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::Type;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};

#[derive(Clone, PartialEq, Debug)]
pub struct Iplocation {
    pub field: Spanned,
    pub prefix: String,
}

impl Syntax for Iplocation {
    const NAMES: &'static [&'static str] = &["iplocation"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut prefix, mut field) = (String::new(), None);
        while !p.at_stage_end() {
            match p.option()? {
                Some((option, value)) => match option.text.as_str() {
                    "prefix" => prefix = value.text,
                    "allfields" | "lang" => {}
                    _ => return Err(p.unknown_option("iplocation", &option, &["prefix", "allfields", "lang"])),
                },
                None => field = Some(p.expect_name("a field name", "write `iplocation field`")?),
            }
        }
        match field {
            Some(field) => Ok(Iplocation { field, prefix }),
            None => Err(p.expected("a field name", "write `iplocation field`")),
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        for name in ["City", "Country", "Region", "lat", "lon"] {
            let name = format!("{}{name}", self.prefix);
            lowering.scope.declare(&name.as_str().into(), Type::UNKNOWN, true);
        }
        let message = "`iplocation` needs a database of IP locations, which is not in the query";
        let help = "filter by address blocks, or keep the rule in Splunk";
        Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(span).help(help)))
    }
}
