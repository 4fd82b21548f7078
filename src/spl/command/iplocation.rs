//! `iplocation`: adds where an IP address is, from a database that Splunk brings along (Search Reference, `iplocation`).

use std::sync::Arc;

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Lookup, LookupOutput, LookupTable, MatchType, Name, Rel, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

/// Most addresses of a multivalue field that are looked up.
const MOST_ADDRESSES: u32 = 1000;

/// The fields that it adds.
const FIELDS: [&str; 5] = ["City", "Country", "Region", "lat", "lon"];

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
                None => {
                    let name = p.expect_name("a field name", "write `iplocation field`")?;
                    p.once(&mut field, name, "iplocation", "write `iplocation field`")?;
                }
            }
        }
        match field {
            Some(field) => Ok(Iplocation { field, prefix }),
            None => Err(p.expected("a field name", "write `iplocation field`")),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, prefix } = self;
        if !prefix.is_empty() {
            out.option("prefix", prefix);
        }
        out.name(&field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        let many = value.ty.multivalue;
        let message = "Splunk brings its own database of IP locations; a table `iplocation` of address blocks stands for it (differs)";
        let help = "keep a table `iplocation` with the columns `network`, `city`, `country`, `region`, `lat` and `lon` beside the logs";
        lowering.sink.push(Diagnostic::new(&code::LOOKUP_TABLE, message).at(span).help(help));
        let network: Name = "network".into();
        let columns: Vec<Name> = FIELDS.iter().map(|f| Name::from(*f)).collect();
        let table = LookupTable {
            name: "iplocation".into(),
            columns: std::iter::once(network.clone()).chain(columns.iter().cloned()).collect(),
            rows: Vec::new(),
            external: true,
            case_sensitive: true,
            matching: vec![(network.clone(), MatchType::Cidr)],
            // One place for each address.
            max_matches: if many { MOST_ADDRESSES } else { 1 },
            default_match: None,
        };
        let mut outputs = Vec::new();
        for column in columns {
            let output: Name = format!("{}{column}", self.prefix).into();
            lowering.scope.declare(&output, Type { multivalue: many, ..Type::UNKNOWN }, true);
            outputs.push(LookupOutput { column, output, keep_existing: false });
        }
        let input = lowering.take_plan(span)?;
        let on = vec![(network, value)];
        lowering.put_plan(Rel::Lookup(Lookup { input, table: Arc::new(table), on, outputs, span }));
        Ok(())
    }
}
