//! `xmlkv`: the elements of an XML text become fields (Search Reference, `xmlkv`), as later stages name them.

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::lower::{Lowering, Reader};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Xmlkv {
    /// `None`: the raw event.
    pub field: Option<Spanned>,
}

const HELP: &str = "write `xmlkv` or `xmlkv field`";

impl Syntax for Xmlkv {
    const NAMES: &'static [&'static str] = &["xmlkv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut field = None;
        while !p.at_stage_end() {
            match p.option()? {
                // How many rows Splunk hands over at a time.
                Some((option, value)) if option.text == "maxinputs" => drop(p.number::<u64>("maxinputs", &value)?),
                Some((option, _)) => return Err(p.unknown_option("xmlkv", &option, &["maxinputs"])),
                None => {
                    let name = p.expect_name("a field name", HELP)?;
                    p.once(&mut field, name, "xmlkv", HELP)?;
                }
            }
        }
        Ok(Xmlkv { field })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field } = self;
        if let Some(field) = field {
            out.name(&field.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        lowering.open_field("xmlkv", self.field.as_ref(), Reader::Xml, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn elements_are_read_where_they_are_named() {
        insta::assert_snapshot!(ir("table userAgent | xmlkv userAgent maxinputs=100 | stats count by Command"), @r#"
        filter xml_field(userAgent, "Command") is not null
        project userAgent
        extend `(xml 1)` = userAgent
        aggregate count = count()
            by Command = xml_field(`(xml 1)`, "Command")
        => Command: unknown, count: integer
        "#);
    }

    #[test]
    fn what_an_earlier_text_holds_stays() {
        insta::assert_snapshot!(ir("table userAgent errorMessage | xmlkv userAgent | fromjson errorMessage | table Command"), @r#"
        project userAgent, errorMessage
        extend `(xml 1)` = userAgent
        extend `(json 2)` = errorMessage
        project Command = coalesce(json(`(json 2)`, "Command"), xml_field(`(xml 1)`, "Command"))
        => Command: unknown?
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("xmlkv a b"), ["S206"]);
        assert_eq!(codes("xmlkv x=1"), ["S206"]);
    }
}
