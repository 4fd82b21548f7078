//! `rex`: named groups of a regular expression become fields; where it does not match, fields stay as they were
//! (Search Reference, `rex`).

use std::sync::Arc;

use super::Syntax;
use super::sed::{self, Sed, Which};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Name, Type};
use crate::regex::Analysis;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::regex;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Rex {
    pub field: Option<Spanned>,
    pub regex: Spanned,
    /// 1: the first match; 0: all of them; else so many.
    pub max_match: u32,
    /// `mode=sed`: replaces in the field.
    pub sed: bool,
    /// Gets where the matches of the groups begin and end.
    pub offset_field: Option<Spanned>,
}

const OPTIONS: &[&str] = &["field", "max_match", "mode", "offset_field"];
const HELP: &str = "write `rex field=name \"…(?<group>…)…\"`";

impl Syntax for Rex {
    const NAMES: &'static [&'static str] = &["rex"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut regex, mut max_match, mut sed) = (None, None, 1, false);
        let mut regex_at = 0;
        let mut offset_field = None;
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "field" => field = Some(value),
                    "max_match" => max_match = p.number("max_match", &value)?,
                    "mode" if value.text == "sed" => sed = true,
                    "offset_field" => offset_field = Some(value),
                    _ => return Err(p.unknown_option("rex", &option, OPTIONS)),
                }
                continue;
            }
            p.skip_space();
            let at = p.pos();
            match p.quoted()? {
                Some(text) => {
                    regex_at = at;
                    p.once(&mut regex, text, "rex", HELP)?;
                }
                None => return Err(p.expected("a regular expression in quotes", HELP)),
            }
        }
        match regex {
            Some(regex) => {
                if !sed {
                    regex::check(p, regex_at, &regex.text)?;
                }
                Ok(Rex { field, regex, max_match, sed, offset_field })
            }
            None => Err(p.expected("a regular expression in quotes", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, regex, max_match, sed, offset_field } = self;
        out.option_of("field", field.as_ref());
        out.number_option("max_match", *max_match, 1);
        if *sed {
            out.option("mode", "sed");
        }
        out.option_of("offset_field", offset_field.as_ref());
        out.quoted(&regex.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let (name, at) = match &self.field {
            Some(field) => (field.text.as_str(), field.span),
            None => ("_raw", span),
        };
        let value = lowering.field(name, at);
        if self.sed {
            return self.replace(value, span, lowering);
        }
        let groups = named_groups(&self.regex.text);
        if groups.is_empty() {
            let message = "the regular expression of `rex` has no named group";
            return Err(lowering.sink.fail(Diagnostic::new(&code::INVALID_REGEX, message).at(self.regex.span).help(HELP)));
        }
        if value.is_null_literal() {
            return Ok(());
        }
        // Several matches, or a match in each of several values.
        let all = self.max_match != 1;
        let many = all || value.ty.multivalue;
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        if let Some(offsets) = &self.offset_field {
            if value.ty.multivalue {
                let message = format!("`offset_field` over the multivalue field `{name}` is not supported");
                return Err(super::unsupported(lowering, offsets.span, message, "use `mvexpand` before"));
            }
            let limit = i64::from(self.max_match);
            let regex = Expr::string(self.regex.text.clone(), self.regex.span);
            let args = vec![value.clone(), regex, Expr::integer(limit, span)];
            let kind = ExprKind::Call { function: "rex_offsets", args };
            columns.push((offsets.text.as_str().into(), Expr::new(kind, Type::STRING, true, span)));
        }
        for group in groups {
            let capture = |one: Expr| {
                let kind = ExprKind::Capture {
                    value: Box::new(one),
                    regex: self.regex.text.clone(),
                    group: group.clone(),
                    all,
                    limit: self.max_match,
                };
                let ty = Type { multivalue: all, ..Type::UNKNOWN };
                Expr::new(kind, ty, true, span)
            };
            // All matches of all values are one list.
            let mut captured = if all { capture(value.clone()) } else { lowering.each_value(value.clone(), span, capture) };
            // Where nothing matches, a field of that name keeps its value.
            if let Some(old) = lowering.existing(&group, self.regex.span) {
                // One value is a list of one where the other side has several.
                let (captured_first, old) = match (many, old.ty.multivalue) {
                    (true, false) => (captured, listed(old)),
                    (false, true) => (listed(captured), old),
                    _ => (captured, old),
                };
                captured = captured_first;
                let (ty, nullable) = (captured.ty.union(old.ty), old.nullable);
                captured = Expr::new(ExprKind::Coalesce(vec![captured, old]), ty, nullable, span);
            }
            columns.push((group, captured));
        }
        lowering.extend(columns, span)
    }
}

impl Rex {
    /// `mode=sed "s/regex/replacement/g"`.
    fn replace(&self, value: Expr, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let at = self.regex.span;
        let sed = match Sed::parse(&self.regex.text) {
            Ok(sed) => sed,
            Err(reason) => {
                let message = format!("`{}` is no sed expression: {reason}", self.regex.text);
                let help = "write `s/regex/replacement/g` or `y/abc/xyz/`";
                return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(at).help(help)));
            }
        };
        let Some(field) = &self.field else {
            return Err(super::unsupported(lowering, span, "`rex mode=sed` on `_raw` is not supported", "name a field"));
        };
        if value.is_null_literal() {
            return Ok(());
        }
        let steps = match steps(sed) {
            Ok(steps) => steps,
            Err(message) => {
                return Err(super::unsupported(lowering, at, message, "write `eval field=replace(field, …)`"));
            }
        };
        let replaced = lowering.each_value(value, span, |one| {
            steps.iter().fold(crate::function::to_text(one), |text, (regex, replacement)| {
                let nullable = text.nullable;
                let args = vec![text, Expr::string(regex.clone(), at), Expr::string(replacement.clone(), at)];
                Expr::new(ExprKind::Call { function: "replace", args }, Type::UNKNOWN, nullable, span)
            })
        });
        lowering.extend(vec![(field.text.as_str().into(), replaced)], span)
    }
}

/// Names of the groups, in order; the pattern was checked when it was parsed.
fn named_groups(regex: &str) -> Vec<Arc<str>> {
    Analysis::new(regex).map_or_else(|_| Vec::new(), |analysis| analysis.names().into_iter().cloned().collect())
}

/// Replacements of all matches, one after the other, that do what a sed expression does.
fn steps(sed: Sed) -> Result<Vec<(String, String)>, &'static str> {
    match sed {
        Sed::Substitute { regex, replacement, which: Which::All } => Ok(vec![(regex, replacement)]),
        Sed::Substitute { regex, replacement, which: Which::Nth(n) } => match sed::only(&regex, &replacement, n) {
            Some(step) => Ok(vec![step]),
            None => Err("a sed expression for one match whose groups are named or referred to is not supported"),
        },
        Sed::Transliterate { from, to } => {
            // One after the other does the same where no new character is an old one further on.
            let clash = |i: usize| from.iter().skip(i + 1).any(|c| *c == to[i]);
            if (0..from.len()).any(clash) {
                return Err("`y` that exchanges characters with each other is not supported");
            }
            let escaped = |c: char| if c.is_alphanumeric() { c.to_string() } else { format!("[{}]", class(c)) };
            let by = |c: char| if c == '\\' { "\\\\".to_owned() } else { c.to_string() };
            // The first of a repeated character counts.
            let first = |i: usize| !from[..i].contains(&from[i]);
            Ok((0..from.len()).filter(|i| first(*i)).map(|i| (escaped(from[i]), by(to[i]))).collect())
        }
    }
}

/// A character inside brackets.
fn class(c: char) -> String {
    if matches!(c, '\\' | ']' | '[' | '^' | '-') { format!("\\{c}") } else { c.to_string() }
}

/// The value as a multivalue field of one.
fn listed(value: Expr) -> Expr {
    let (ty, nullable, span) = (Type::many(value.ty.scalar), value.nullable, value.span);
    Expr::new(ExprKind::Call { function: "mvappend", args: vec![value] }, ty, nullable, span)
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn each_value_of_a_multivalue_field_is_searched() {
        insta::assert_snapshot!(ir(r#"eval words=split(userAgent, " ") | rex field=words "(?<head>[a-z]+)/" | table head"#), @r#"
        extend words = split(userAgent, " ")
        extend head = each $1 of words as (capture($1, "(?<head>[a-z]+)/", head))
        project head
        => head: multivalue<unknown>?
        "#);
        insta::assert_snapshot!(ir(r#"eval words=split(userAgent, " ") | rex field=words max_match=0 "(?<head>x)" | table head"#), @r#"
        extend words = split(userAgent, " ")
        extend head = capture_all(words, "(?<head>x)", head)
        project head
        => head: multivalue<unknown>?
        "#);
    }

    #[test]
    fn where_nothing_matches_one_value_is_a_list_of_one() {
        insta::assert_snapshot!(ir(r#"eval head="x" | rex field=userAgent max_match=0 "(?<head>[a-z]+)/" | table head"#), @r#"
        extend head = "x"
        extend head = coalesce(capture_all(userAgent, "(?<head>[a-z]+)/", head), mvappend(head))
        project head
        => head: multivalue<unknown>
        "#);
        insta::assert_snapshot!(ir(r#"eval head=split("x y", " ") | rex field=userAgent "(?<head>[a-z]+)/" | table head"#), @r#"
        extend head = split("x y", " ")
        extend head = coalesce(mvappend(capture(userAgent, "(?<head>[a-z]+)/", head)), head)
        project head
        => head: multivalue<unknown>
        "#);
    }

    #[test]
    fn places_of_matches_have_a_field() {
        insta::assert_snapshot!(ir(r#"rex field=userAgent offset_field=at "(?<head>[a-z]+)/" | table head at"#), @r#"
        extend at = rex_offsets(userAgent, "(?<head>[a-z]+)/", 1), head = capture(userAgent, "(?<head>[a-z]+)/", head)
        project head, at
        => head: unknown?, at: string?
        "#);
    }

    #[test]
    fn sed_replaces() {
        insta::assert_snapshot!(ir(r#"rex field=userAgent mode=sed "s/(a)b/\1/g" | table userAgent"#), @r#"
        extend userAgent = replace(userAgent, "(a)b", "\\1")
        project userAgent
        => userAgent: unknown?
        "#);
        insta::assert_snapshot!(ir(r#"rex field=userAgent mode=sed "s/(a)b/\1/2" | table userAgent"#), @r#"
        extend userAgent = replace(userAgent, "\\A((?:(?:[\\s\\S]*?)(?:(a)b)){1}(?:[\\s\\S]*?))(?:(a)b)", "\\1\\3")
        project userAgent
        => userAgent: unknown?
        "#);
        insta::assert_snapshot!(ir(r#"rex field=userAgent mode=sed "y/a./b-/" | table userAgent"#), @r#"
        extend userAgent = replace(replace(userAgent, "a", "b"), "[.]", "-")
        project userAgent
        => userAgent: unknown?
        "#);
        insta::assert_snapshot!(ir(r#"eval words=split(userAgent, " ") | rex field=words mode=sed "s/a/b/g" | table words"#), @r#"
        extend words = split(userAgent, " ")
        extend words = each $1 of words as (replace($1, "a", "b"))
        project words
        => words: multivalue<unknown>?
        "#);
    }

    #[test]
    fn faults_of_sed_are_named() {
        assert_eq!(codes(r#"rex field=userAgent mode=sed "s/a/b""#), ["S206"]);
        assert_eq!(codes(r#"rex field=userAgent mode=sed "s/(a)\1/b/""#), ["S211"]);
        assert_eq!(codes(r#"rex field=userAgent mode=sed "y/ab/ba/""#), ["S211"]);
    }
}
