//! `replace`: whole values replaced, with wildcards (Search Reference, `replace`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Case, Expr, ExprKind, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, wildcard};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Replace {
    pub pairs: Vec<(Spanned, Spanned)>,
    pub fields: Vec<Spanned>,
}

const HELP: &str = "write `replace old with new in field`";

impl Syntax for Replace {
    const NAMES: &'static [&'static str] = &["replace"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut pairs = Vec::new();
        let mut fields = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if p.eat_keyword("in") {
                fields = p.names(&[])?;
                break;
            }
            let old = p.expect_name("a value", HELP)?;
            if !p.eat_keyword("with") {
                return Err(p.expected("`with`", HELP));
            }
            let new = p.expect_name("the new value", HELP)?;
            let (stars, of) = (new.text.matches('*').count(), old.text.matches('*').count());
            if stars > 0 && stars != of {
                let message = format!("the wildcards of `{}` and `{}` do not pair", old.text, new.text);
                let help = "write as many `*` in the new value as in the old one, or none";
                return Err(p.fail(&code::WRONG_ARGUMENTS, message, new.span, help));
            }
            pairs.push((old, new));
        }
        if pairs.is_empty() || fields.is_empty() {
            return Err(p.expected("values and fields", HELP));
        }
        Ok(Replace { pairs, fields })
    }

    fn print(&self, out: &mut Printer) {
        let Self { pairs, fields } = self;
        for (i, (old, new)) in pairs.iter().enumerate() {
            out.comma(i);
            out.name(&old.text);
            out.word("with");
            out.name(&new.text);
        }
        out.word("in");
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        for field in &self.fields {
            let value = lowering.field(&field.text, field.span);
            if value.is_null_literal() {
                continue;
            }
            if value.ty.multivalue || !value.ty.is_text() {
                let message = format!("`replace` in `{}` of type {} is not supported", field.text, value.ty);
                return Err(super::unsupported(lowering, field.span, message, "use `eval` with `if()`"));
            }
            let mut arms = Vec::new();
            for (old, new) in &self.pairs {
                let kind = ExprKind::Like {
                    value: Box::new(value.clone()),
                    pattern: wildcard::pattern(&old.text),
                    case: Case::Sensitive,
                };
                let matches = Expr::new(kind, Type::BOOLEAN, value.nullable, span);
                arms.push((matches, new_value(&value, old, new)));
            }
            let (ty, nullable) = (value.ty.union(Type::STRING), value.nullable);
            let kind = ExprKind::Case { arms, otherwise: Some(Box::new(value)) };
            lowering.extend(vec![(field.text.as_str().into(), Expr::new(kind, ty, nullable, span))], span)?;
        }
        Ok(())
    }
}

/// The new value: wildcards in it stand for what those of the old one matched, each for as little as can be.
fn new_value(value: &Expr, old: &Spanned, new: &Spanned) -> Expr {
    if !new.text.contains('*') {
        return Expr::string(new.text.clone(), new.span);
    }
    let parts: Vec<String> = old.text.split('*').map(escape).collect();
    let last = parts.len() - 1;
    let mut regex = "^".to_owned();
    for (number, part) in parts.iter().enumerate() {
        regex.push_str(part);
        if number < last {
            regex.push_str(if number + 1 == last && parts[last].is_empty() { "([\\s\\S]*)" } else { "([\\s\\S]*?)" });
        }
    }
    regex.push('$');
    let mut replacement = String::new();
    for (number, part) in new.text.split('*').enumerate() {
        if number > 0 {
            replacement.push_str(&format!("\\{number}"));
        }
        replacement.push_str(&part.replace('\\', "\\\\"));
    }
    let args = vec![value.clone(), Expr::string(regex, old.span), Expr::string(replacement, new.span)];
    Expr::new(ExprKind::Call { function: "replace", args }, value.ty, value.nullable, new.span)
}

/// A text as a regular expression that matches it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() && c.is_ascii() && !c.is_whitespace() && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn wildcards_of_the_new_value_hold_what_the_old_ones_matched() {
        insta::assert_snapshot!(ir(r#"replace "::ffff:*" with * in sourceIPAddress | table sourceIPAddress"#), @r#"
        extend sourceIPAddress = case when sourceIPAddress like "::ffff:*" then replace(sourceIPAddress, "^\\:\\:ffff\\:([\\s\\S]*)$", "\\1") else sourceIPAddress end
        project sourceIPAddress
        => sourceIPAddress: string
        "#);
        insta::assert_snapshot!(ir(r#"replace *.b* with "*/*" in userAgent | table userAgent"#), @r#"
        extend userAgent = case when userAgent like "*.b*" then replace(userAgent, "^([\\s\\S]*?)\\.b([\\s\\S]*)$", "\\1/\\2") else userAgent end
        project userAgent
        => userAgent: string?
        "#);
    }

    #[test]
    fn wildcards_pair() {
        assert_eq!(codes("replace a* with *b* in userAgent"), ["S206"]);
    }
}
