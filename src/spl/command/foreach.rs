//! `foreach`: runs a template of commands for each field that matches (Search Reference, `foreach`). The fields are
//! known when the rule is compiled, so that the template is written out for each.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::lower::{Lowering, wildcard};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Foreach {
    pub fields: Vec<Spanned>,
    /// The text between the brackets, with `<<FIELD>>`, `<<MATCHSTR>>` and `<<MATCHSEG1>>` in it.
    pub template: Spanned,
}

const OPTIONS: &[&str] = &["mode", "fieldstr", "matchstr", "matchseg1", "matchseg2", "matchseg3", "itemstr", "iterstr"];
const HELP: &str = "write `foreach a* b [ eval <<FIELD>> = … ]`";

impl Syntax for Foreach {
    const NAMES: &'static [&'static str] = &["foreach"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut fields = Vec::new();
        loop {
            while p.eat(",") {}
            match p.peek() {
                Some('[') => break,
                None | Some('|' | ']') => return Err(p.expected("a template in brackets", HELP)),
                _ => {}
            }
            match p.option()? {
                Some((option, value)) if option.text == "mode" && value.text == "multifield" => {}
                Some((option, _)) if OPTIONS.contains(&option.text.as_str()) => {
                    return Err(p.unsupported_option("foreach", &option));
                }
                Some((option, _)) => return Err(p.unknown_option("foreach", &option, OPTIONS)),
                None => fields.push(p.expect_name("a field name", HELP)?),
            }
        }
        let open = p.pos();
        p.eat("[");
        let start = p.pos();
        p.close_bracket();
        let text = p.src()[start..p.pos()].to_owned();
        let template = Spanned { text, span: p.span(start, p.pos().max(start + 1)) };
        if !p.eat("]") {
            let span = p.span(open, open + 1);
            return Err(p.fail(&code::UNBALANCED_BRACKET, "`[` has no partner", span, "close the template with `]`"));
        }
        if fields.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        Ok(Foreach { fields, template })
    }

    fn print(&self, out: &mut Printer) {
        out.names(&self.fields);
        // The template is text: it is read when the fields are known.
        out.word(&format!("[{}]", self.template.text));
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut done: Vec<String> = Vec::new();
        for field in &self.fields {
            let names = if field.text.contains('*') {
                lowering.matching_fields(&field.text, field.span)?.iter().map(ToString::to_string).collect()
            } else {
                vec![field.text.clone()]
            };
            for name in names {
                if done.contains(&name) {
                    continue;
                }
                let matched = wildcard::rename(&field.text, "*", &name).unwrap_or_else(|| name.clone());
                let text = self
                    .template
                    .text
                    .replace("<<FIELD>>", &name)
                    .replace("<<MATCHSTR>>", &matched)
                    .replace("<<MATCHSEG1>>", &matched);
                if let Some(at) = text.find("<<") {
                    let rest = text[at..].split(">>").next().unwrap_or("");
                    let message = format!("`{rest}>>` in the template of `foreach` is not supported");
                    return Err(super::unsupported(lowering, self.template.span, message, "use `<<FIELD>>`"));
                }
                done.push(name);
                lowering.template(&text, self.template.span)?;
            }
        }
        if done.is_empty() {
            let message = "`foreach` matches no field, so it does nothing";
            let fault = crate::diagnostic::Diagnostic::new(&code::ABSENT_FIELD, message).at(span);
            lowering.sink.push(fault.help("name fields that exist at this point"));
        }
        Ok(())
    }
}
