//! `foreach`: runs a template of commands for each field that matches (Search Reference, `foreach`). The fields are
//! known when the rule is compiled, so that the template is written out for each.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Foreach {
    pub fields: Vec<Spanned>,
    /// The text between the brackets, with `<<FIELD>>`, `<<MATCHSTR>>` and `<<MATCHSEG1>>` in it.
    pub template: Spanned,
    pub tokens: Tokens,
}

/// What stands for the field's name, for what the wildcards match, and for what each of them matches.
#[derive(Clone, PartialEq, Debug)]
pub struct Tokens {
    pub field: String,
    pub matched: String,
    pub segments: [String; 3],
}

impl Default for Tokens {
    fn default() -> Self {
        Tokens {
            field: "<<FIELD>>".to_owned(),
            matched: "<<MATCHSTR>>".to_owned(),
            segments: ["<<MATCHSEG1>>".to_owned(), "<<MATCHSEG2>>".to_owned(), "<<MATCHSEG3>>".to_owned()],
        }
    }
}

impl Tokens {
    /// Takes an option that names a token.
    fn set(&mut self, option: &str, value: &str) -> bool {
        let slot = match option {
            "fieldstr" => &mut self.field,
            "matchstr" => &mut self.matched,
            "matchseg1" => &mut self.segments[0],
            "matchseg2" => &mut self.segments[1],
            "matchseg3" => &mut self.segments[2],
            _ => return false,
        };
        value.clone_into(slot);
        true
    }

    fn print(&self, out: &mut Printer) {
        let (Self { field, matched, segments: [first, second, third] }, usual) = (self, Self::default());
        out.text_option("fieldstr", field, &usual.field);
        out.text_option("matchstr", matched, &usual.matched);
        for (n, token) in [first, second, third].into_iter().enumerate() {
            out.text_option(&format!("matchseg{}", n + 1), token, &usual.segments[n]);
        }
    }

    /// The template for a field.
    fn write(&self, template: &str, pattern: &str, name: &str) -> String {
        let parts = segments(pattern, name).unwrap_or_default();
        let matched = if pattern.contains('*') { parts.concat() } else { name.to_owned() };
        let mut text = template.replace(&self.field, name).replace(&self.matched, &matched);
        for (n, token) in self.segments.iter().enumerate() {
            match parts.get(n) {
                Some(part) => text = text.replace(token, part),
                None if n == 0 => text = text.replace(token, &matched),
                None => {}
            }
        }
        text
    }
}

/// What each `*` of a pattern stands for in a name, the first ones as little as they can.
fn segments(pattern: &str, name: &str) -> Option<Vec<String>> {
    let mut pieces = pattern.split('*');
    let mut rest = name.strip_prefix(pieces.next()?)?;
    let pieces: Vec<&str> = pieces.collect();
    let mut out = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let at = if i + 1 == pieces.len() {
            if !rest.ends_with(piece) {
                return None;
            }
            rest.len() - piece.len()
        } else {
            rest.find(piece)?
        };
        out.push(rest.get(..at)?.to_owned());
        rest = rest.get(at + piece.len()..)?;
    }
    Some(out)
}

const OPTIONS: &[&str] = &["mode", "fieldstr", "matchstr", "matchseg1", "matchseg2", "matchseg3", "itemstr", "iterstr"];
const HELP: &str = "write `foreach a* b [ eval <<FIELD>> = … ]`";

/// `foreach` over what a row holds: the template runs once for each value of a row.
fn other_mode(p: &mut Parser<'_>, value: &Spanned) -> Reported {
    match value.text.as_str() {
        "multivalue" | "json_array" | "auto_collections" => {
            let message = format!(
                "`foreach mode={}` runs its template for each value that a row holds, which is not supported",
                value.text
            );
            let help = "use `mvmap`, or `mvexpand` and `stats`";
            p.fail(&code::UNSUPPORTED_OPTION, message, value.span, help)
        }
        _ => {
            let message = format!("`foreach` has no mode `{}`", value.text);
            let help = "modes are `multifield`, `multivalue`, `json_array` and `auto_collections`";
            p.fail(&code::WRONG_ARGUMENTS, message, value.span, help)
        }
    }
}

impl Syntax for Foreach {
    const NAMES: &'static [&'static str] = &["foreach"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut fields, mut tokens) = (Vec::new(), Tokens::default());
        loop {
            while p.eat(",") {}
            match p.peek() {
                Some('[') => break,
                None | Some('|' | ']') => return Err(p.expected("a template in brackets", HELP)),
                _ => {}
            }
            match p.option()? {
                Some((option, value)) if option.text == "mode" && value.text == "multifield" => {}
                Some((option, value)) if option.text == "mode" => return Err(other_mode(p, &value)),
                Some((option, value)) if !value.text.is_empty() && tokens.set(&option.text, &value.text) => {}
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
        Ok(Foreach { fields, template, tokens })
    }

    fn print(&self, out: &mut Printer) {
        let Self { fields, template, tokens } = self;
        tokens.print(out);
        out.names(fields);
        // The template is text: it is read when the fields are known.
        out.word(&format!("[{}]", template.text));
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
                let text = self.tokens.write(&self.template.text, &field.text, &name);
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

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};
    use super::segments;

    #[test]
    fn each_wildcard_has_its_part() {
        assert_eq!(segments("a_*_b_*", "a_x_b_y_b_z"), Some(vec!["x".to_owned(), "y_b_z".to_owned()]));
        assert_eq!(segments("*", "abc"), Some(vec!["abc".to_owned()]));
        assert_eq!(segments("a*", "bc"), None);
        assert_eq!(segments("abc", "abc"), Some(vec![]));
    }

    #[test]
    fn tokens_can_have_other_names() {
        let stages = "stats count as in_x count as in_y by awsRegion | foreach in_* fieldstr=\"#f#\" matchstr=\"#m#\" [eval \"out_#m#\"='#f#'+1]";
        insta::assert_snapshot!(ir(stages), @r#"
        aggregate in_x = count(), in_y = count()
            by awsRegion
        extend out_x = (in_x + 1)
        extend out_y = (in_y + 1)
        => awsRegion: string, in_x: integer, in_y: integer, out_x: integer, out_y: integer
        "#);
        insta::assert_snapshot!(ir("stats count as a_x_1 by awsRegion | foreach *_x_* [eval <<MATCHSEG1>>_<<MATCHSEG2>>=<<FIELD>>]"), @r#"
        aggregate a_x_1 = count()
            by awsRegion
        extend a_1 = a_x_1
        => awsRegion: string, a_x_1: integer, a_1: integer
        "#);
    }

    #[test]
    fn modes_that_run_in_a_row_are_named() {
        insta::assert_snapshot!(faults("foreach mode=multivalue parts [eval n=n+<<ITEM>>]"), @"S207 `foreach mode=multivalue` runs its template for each value that a row holds, which is not supported");
        insta::assert_snapshot!(faults("foreach mode=all parts [eval n=n+<<ITEM>>]"), @"S206 `foreach` has no mode `all`");
        insta::assert_snapshot!(faults("table awsRegion | foreach aws* [eval x=<<ITEM>>]"), @"S211 `<<ITEM>>` in the template of `foreach` is not supported");
    }
}
