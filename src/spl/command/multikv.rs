//! `multikv`: rows of a table that an event prints as text (Search Reference, `multikv`). Where its columns begin is a guess of
//! Splunk's over the event's layout, which the manual does not define.

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Multikv {
    /// `conf=`, `copyattrs=`, `forceheader=`, `multitable=`, `noheader=`, `rmorig=`.
    pub options: Vec<(Spanned, Spanned)>,
    pub fields: Vec<Spanned>,
    pub filter: Vec<Spanned>,
}

const OPTIONS: &[&str] = &["conf", "copyattrs", "forceheader", "multitable", "noheader", "rmorig"];

impl Syntax for Multikv {
    const NAMES: &'static [&'static str] = &["multikv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut multikv = Multikv::default();
        while !p.at_stage_end() {
            if p.eat_keyword("fields") {
                multikv.fields = p.names(&["filter"])?;
            } else if p.eat_keyword("filter") {
                multikv.filter = p.names(&["fields"])?;
            } else {
                match p.option()? {
                    Some((option, value)) if OPTIONS.contains(&option.text.as_str()) => {
                        multikv.options.push((option, value));
                    }
                    Some((option, _)) => return Err(p.unknown_option("multikv", &option, OPTIONS)),
                    None => return Err(p.expected("an option", "write `multikv fields a b`")),
                }
            }
        }
        Ok(multikv)
    }

    fn print(&self, out: &mut Printer) {
        let Self { options, fields, filter } = self;
        for (option, value) in options {
            out.option(&option.text, &value.text);
        }
        out.with_stops(&["fields", "filter"], |out| {
            for (word, names) in [("fields", fields), ("filter", filter)] {
                if !names.is_empty() {
                    out.word(word);
                    out.names(names);
                }
            }
        });
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let message = "command `multikv` is not supported: where columns of a printed table begin is not defined";
        let help = "take the events apart with `rex max_match=0` and `mvexpand`";
        Err(lowering.sink.fail(Diagnostic::new(&code::UNSUPPORTED_COMMAND, message).at(span).help(help)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::codes;

    #[test]
    fn it_is_refused_by_name_and_its_syntax_is_read() {
        assert_eq!(codes("multikv noheader=t fields a b filter x | where (a="), ["S201"]);
        assert_eq!(codes("multikv"), ["S204"]);
        assert_eq!(codes("multikv x=1"), ["S206"]);
    }
}
