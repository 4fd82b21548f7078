//! `makemv`: splits a field into a multivalue one (Search Reference, `makemv`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Makemv {
    pub by: By,
    /// Empty parts are values too.
    pub allow_empty: bool,
    pub field: Spanned,
}

/// Where the values are.
#[derive(Clone, PartialEq, Debug)]
pub enum By {
    /// Between delimiters.
    Delimiter(String),
    /// The first group of each match of a regular expression.
    Tokenizer(Spanned),
}

const OPTIONS: &[&str] = &["delim", "tokenizer", "allowempty", "setsv"];

impl Syntax for Makemv {
    const NAMES: &'static [&'static str] = &["makemv"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut by = By::Delimiter(" ".to_owned());
        let mut allow_empty = false;
        let mut field = None;
        while !p.at_stage_end() {
            let Some((option, value)) = p.option()? else {
                let help = "write `makemv delim=\",\" field`";
                let name = p.expect_name("a field name", help)?;
                p.once(&mut field, name, "makemv", help)?;
                continue;
            };
            match option.text.as_str() {
                "delim" => by = By::Delimiter(value.text),
                "tokenizer" => by = By::Tokenizer(value),
                "allowempty" => allow_empty = p.boolean(&option, &value)?,
                "setsv" if !p.boolean(&option, &value)? => {}
                name if OPTIONS.contains(&name) => return Err(p.unsupported_option("makemv", &option)),
                _ => return Err(p.unknown_option("makemv", &option, OPTIONS)),
            }
        }
        match field {
            Some(field) => Ok(Makemv { by, allow_empty, field }),
            None => Err(p.expected("a field name", "write `makemv delim=\",\" field`")),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { by, allow_empty, field } = self;
        match by {
            By::Delimiter(delimiter) if delimiter == " " => {}
            By::Delimiter(delimiter) => out.option("delim", delimiter),
            By::Tokenizer(regex) => out.option("tokenizer", &regex.text),
        }
        if *allow_empty {
            out.option("allowempty", "t");
        }
        out.name(&field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        if value.is_null_literal() || value.ty.multivalue {
            return Ok(());
        }
        let nullable = value.nullable;
        let many = Type::many(Scalar::Unknown);
        let parts = match &self.by {
            By::Delimiter(delimiter) => {
                let args = vec![value, Expr::string(delimiter.clone(), span)];
                Expr::new(ExprKind::Call { function: "split", args }, many, nullable, span)
            }
            By::Tokenizer(regex) => {
                let Some(named) = name_first_group(&regex.text) else {
                    let message = "the tokenizer of `makemv` has no group";
                    let help = "put the value into parentheses: `tokenizer=\"([^,]+),?\"`";
                    let fault = Diagnostic::new(&code::INVALID_REGEX, message).at(regex.span).help(help);
                    return Err(lowering.sink.fail(fault));
                };
                let kind = ExprKind::Capture {
                    value: Box::new(value),
                    regex: named,
                    group: "token".into(),
                    all: true,
                    limit: 0,
                };
                Expr::new(kind, many, true, span)
            }
        };
        let values = if self.allow_empty {
            parts
        } else {
            let variable = lowering.variable();
            let element = Expr::new(ExprKind::Variable(variable), Type::UNKNOWN, false, span);
            let filled =
                Expr::compare(crate::ir::CompareOp::Ne, element, Expr::string("", span), crate::ir::Case::Sensitive);
            let kind = ExprKind::FilterValues { value: Box::new(parts), variable, predicate: Box::new(filled) };
            Expr::new(kind, many, true, span)
        };
        lowering.extend(vec![(self.field.text.as_str().into(), values)], span)
    }
}

/// The regular expression with its first group called `token`.
fn name_first_group(regex: &str) -> Option<String> {
    let mut escaped = false;
    let mut in_class = false;
    for (at, c) in regex.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let rest = &regex[at + 1..];
                if !rest.starts_with(['?', '*']) {
                    return Some(format!("{}(?<token>{rest}", &regex[..at]));
                }
                // A group that has a name already is the first all the same.
                let named = rest.strip_prefix("?P<").or_else(|| rest.strip_prefix("?<"));
                if let Some((name, behind)) = named.and_then(|n| n.split_once('>'))
                    && !name.starts_with(['=', '!'])
                {
                    return Some(format!("{}(?<token>{behind}", &regex[..at]));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};
    use super::*;

    #[test]
    fn tokens_are_the_first_group_of_each_match() {
        insta::assert_snapshot!(ir(r#"makemv tokenizer="([a-z]+)/" userAgent | table userAgent"#), @r#"
        extend userAgent = those $1 of capture_all(userAgent, "(?<token>[a-z]+)/", token) with ($1 != "")
        project userAgent
        => userAgent: multivalue<unknown>?
        "#);
        insta::assert_snapshot!(ir(r#"makemv allowempty=t userAgent delim="/" | table userAgent"#), @r#"
        extend userAgent = split(userAgent, "/")
        project userAgent
        => userAgent: multivalue<unknown>?
        "#);
        assert_eq!(name_first_group(r"\((?:x)[(](?<n>a)(b)").as_deref(), Some(r"\((?:x)[(](?<token>a)(b)"));
        assert_eq!(name_first_group(r"(?<=a)b"), None);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes(r#"makemv tokenizer="a" userAgent"#), ["S210"]);
        assert_eq!(codes("makemv setsv=t userAgent"), ["S207"]);
        assert_eq!(codes("makemv delim=x"), ["S201"]);
    }
}
