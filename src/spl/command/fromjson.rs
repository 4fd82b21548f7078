//! `fromjson`: the members of a JSON object become fields (Search Reference, `fromjson`), as later stages name them.

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::lower::{Lowering, Reader};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Fromjson {
    pub field: Spanned,
    /// What the new fields' names begin with.
    pub prefix: String,
}

const HELP: &str = "write `fromjson field prefix=x_`";

impl Syntax for Fromjson {
    const NAMES: &'static [&'static str] = &["fromjson"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut prefix) = (None, String::new());
        while !p.at_stage_end() {
            match p.option()? {
                Some((option, value)) if option.text == "prefix" => prefix = value.text,
                Some((option, _)) => return Err(p.unknown_option("fromjson", &option, &["prefix"])),
                None => {
                    let name = p.expect_name("a field name", HELP)?;
                    p.once(&mut field, name, "fromjson", HELP)?;
                }
            }
        }
        match field {
            Some(field) => Ok(Fromjson { field, prefix }),
            None => Err(p.expected("a field name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, prefix } = self;
        out.text_option("prefix", prefix, "");
        out.name(&field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let reader = Reader::JsonObject { prefix: self.prefix.clone() };
        lowering.open_field("fromjson", Some(&self.field), reader, span)
    }
}

impl Lowering<'_> {
    /// Makes the members of a field's text fields of the rows; without a field, those of the raw event.
    pub(super) fn open_field(
        &mut self,
        command: &str,
        field: Option<&Spanned>,
        reader: Reader,
        span: Span,
    ) -> Result<(), Reported> {
        let (name, at) = field.map_or(("_raw", span), |f| (f.text.as_str(), f.span));
        let value = self.field(name, at);
        if value.is_null_literal() {
            return Ok(());
        }
        if value.ty.multivalue {
            let message = format!("`{command}` over the multivalue field `{name}` is not supported");
            return Err(super::unsupported(self, at, message, "use `mvexpand` before"));
        }
        self.open_text(value, reader, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn members_are_read_where_they_are_named() {
        insta::assert_snapshot!(ir("eval data=replace(userAgent, \"x\", \"y\") | table data | fromjson data prefix=d_ | where 'd_a.b'=1 | rename d_c as c"), @r#"
        filter json(replace(userAgent, "x", "y"), "a.b") = 1
        extend data = replace(userAgent, "x", "y")
        project data
        extend `(json 1)` = data
        project data, c = json(`(json 1)`, "c")
        => data: unknown?, c: unknown?
        "#);
    }

    #[test]
    fn without_the_prefix_a_name_is_none_of_the_objects() {
        assert_eq!(codes("table userAgent | fromjson userAgent prefix=d_ | where c=1"), ["N304", "C410"]);
        assert_eq!(codes("fromjson"), ["S201"]);
        assert_eq!(codes("fromjson a b"), ["S206"]);
    }
}
