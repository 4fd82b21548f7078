//! `extract`, `kv`: pairs in the raw event become fields (Search Reference, `extract`), as later stages name them.

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::{Lowering, Reader};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Extract {
    /// Characters between pairs; `None`: what Splunk's own extraction takes.
    pub pair_delimiters: Option<String>,
    /// Characters between a name and its value.
    pub value_delimiters: Option<String>,
    /// A name that stands several times gets all its values.
    pub all: bool,
    /// How many pairs are read.
    pub limit: Option<u64>,
    /// How many characters of the event are read.
    pub max_characters: Option<u64>,
    /// Stanzas of `transforms.conf`.
    pub extractors: Vec<Spanned>,
}

const OPTIONS: &[&str] = &[
    "pairdelim", "kvdelim", "mv_add", "limit", "maxchars", "clean_keys", "auto", "reload", "segment",
];
const HELP: &str = "write `extract pairdelim=\"|;\" kvdelim=\"=:\"`";
/// Between pairs, where the search says nothing.
const PAIR_DELIMITERS: &str = " ,;|\t\n\r";
const LIMIT: u64 = 50;
const MAX_CHARACTERS: u64 = 10_240;

impl Syntax for Extract {
    const NAMES: &'static [&'static str] = &["extract", "kv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut extract = Extract {
            pair_delimiters: None,
            value_delimiters: None,
            all: false,
            limit: None,
            max_characters: None,
            extractors: Vec::new(),
        };
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                return Ok(extract);
            }
            let Some((option, value)) = p.option()? else {
                extract.extractors.push(p.expect_name("an extraction's name", HELP)?);
                continue;
            };
            match option.text.as_str() {
                "pairdelim" => extract.pair_delimiters = Some(value.text),
                "kvdelim" => extract.value_delimiters = Some(value.text),
                "mv_add" => extract.all = p.boolean(&option, &value)?,
                "limit" => extract.limit = Some(p.number("limit", &value)?),
                "maxchars" => extract.max_characters = Some(p.number("maxchars", &value)?),
                // Whether definitions are read anew, and whether the words of the event are marked.
                "reload" | "segment" => drop(p.boolean(&option, &value)?),
                "clean_keys" | "auto" if p.boolean(&option, &value)? => {}
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("extract", &option)),
                _ => return Err(p.unknown_option("extract", &option, OPTIONS)),
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { pair_delimiters, value_delimiters, all, limit, max_characters, extractors } = self;
        for (option, value) in [("pairdelim", pair_delimiters), ("kvdelim", value_delimiters)] {
            if let Some(value) = value {
                out.option(option, value);
            }
        }
        out.flag("mv_add", *all, false);
        for (option, value) in [("limit", limit), ("maxchars", max_characters)] {
            if let Some(value) = value {
                out.option(option, &value.to_string());
            }
        }
        out.names(extractors);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if let Some(extractor) = self.extractors.first() {
            let message = format!(
                "`extract {}` needs a definition of `transforms.conf`, which is not in the query",
                extractor.text
            );
            let help = "write the extraction out with `rex`";
            return Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(extractor.span).help(help)));
        }
        if self.limit.is_some() || self.max_characters.is_some() {
            let limit = self.limit.unwrap_or(LIMIT);
            let characters = self.max_characters.unwrap_or(MAX_CHARACTERS);
            let message = format!("Splunk reads at most {limit} pairs in {characters} characters; here all are read");
            lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        }
        let reader = Reader::Pairs {
            pair_delimiters: self.pair_delimiters.clone().unwrap_or_else(|| PAIR_DELIMITERS.to_owned()),
            value_delimiters: self.value_delimiters.clone().unwrap_or_else(|| "=".to_owned()),
            all: self.all,
        };
        lowering.open_field("extract", None, reader, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn pairs_are_read_where_they_are_named() {
        insta::assert_snapshot!(ir(r#"table _raw | extract pairdelim=";" kvdelim=":" | where tool="x""#), @r#"
        filter kv_field(_raw, "tool", ";", ":") = "x"
        project _raw
        => _raw: string
        "#);
        insta::assert_snapshot!(ir(r#"table _raw | kv mv_add=t limit=10 | stats count by tool"#), @r#"
        project _raw
        extend `(pairs 1)` = _raw
        extend tool = kv_fields(`(pairs 1)`, "tool", " ,;|\t\n\r", "=")
        unnest tool
        aggregate count = count()
            by tool
        => tool: unknown, count: integer
        "#);
    }

    #[test]
    fn definitions_elsewhere_are_named() {
        assert_eq!(codes("extract my_stanza"), ["C405"]);
        assert_eq!(codes("extract auto=f"), ["S207"]);
        assert_eq!(codes("extract limit=many"), ["S206"]);
        assert_eq!(codes("extract x=1"), ["S206"]);
    }
}
