//! Tests of text: equality with and without case, lists, regular expressions.

use super::super::ast::{self, Expr, Operator};
use super::super::regex::{self, Translated};
use super::Lower;
use super::predicate::boolean_equals;
use crate::diagnostic::Reported;
use crate::ir::{self, Case, Scalar};
use crate::source::Span;

impl Lower<'_> {
    /// The value is this text.
    pub(super) fn text_equals(&mut self, value: Expr, text: &str, case: Case, ty: ir::Type) -> Expr {
        if ty.scalar == Scalar::Boolean && (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")) {
            return boolean_equals(value, text.eq_ignore_ascii_case("true"));
        }
        let folds = case == Case::Insensitive && regex::has_letters(text);
        if ty.scalar == Scalar::Unknown && (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")) {
            self.reading(
                None,
                "a JSON `true` or `false` is taken to be seen as text",
                "the manual does not say how Logs Insights compares it",
            );
        }
        if folds || !is_plain(text) {
            return Expr::like(value, regex::one_of(&[text.to_owned()], case));
        }
        let as_text = Expr::binary(Operator::Eq, value.clone(), Expr::Text(text.to_owned()));
        match as_number(text, ty) {
            Some(n) => ast::or([Expr::binary(Operator::Eq, value, n), as_text]),
            None => as_text,
        }
    }

    /// The value is one of these texts.
    pub(super) fn one_of(&mut self, value: Expr, items: &[String], case: Case, ty: ir::Type) -> Expr {
        if let [only] = items {
            return self.text_equals(value, only, case, ty);
        }
        let folds = case == Case::Insensitive && items.iter().any(|i| regex::has_letters(i));
        let numbers: Vec<Expr> = items.iter().filter_map(|i| as_number(i, ty)).collect();
        let as_text = if folds || !items.iter().all(|i| is_plain(i)) {
            Expr::like(value.clone(), regex::one_of(items, case))
        } else {
            list(value.clone(), items.iter().map(|i| Expr::Text(i.clone())).collect())
        };
        if numbers.is_empty() { as_text } else { ast::or([list(value, numbers), as_text]) }
    }

    /// `field=null`: Splunk reads a JSON null as this text; whether Insights sees the field then is not documented.
    pub(super) fn null_text(&mut self, left: &ir::Expr, test: Expr) -> Expr {
        let ir::ExprKind::Column(name) = &left.kind else { return test };
        if self.stats > 0 || self.slots.contains_key(name) {
            return test;
        }
        let Some(key) = name.rsplit('.').next() else { return test };
        self.approximate(
            left.span,
            format!("a JSON null is looked for as `\"{key}\": null` in the record's text"),
            "widens: also where another object of the record has such a member",
        );
        let source = ["\"", &regex::json_text(key), r#""\s*:\s*null"#].concat();
        ast::or([test, Expr::like(Expr::raw("@message"), source)])
    }

    /// A text as a literal.
    pub(super) fn text_literal(&mut self, text: &str, span: Span) -> Result<Expr, Reported> {
        if text.chars().any(char::is_control) {
            return Err(self.unsupported(
                span,
                "Logs Insights documents no spelling for a line break or another control character in a text",
                "leave the character out",
            ));
        }
        if text.contains('#') {
            self.reading(
                Some(span),
                "`#` inside a text is taken as part of the text",
                "outside of texts it begins a comment; the manual does not say how it is read inside",
            );
        }
        Ok(Expr::Text(text.to_owned()))
    }

    /// A regular expression in the engine's dialect.
    pub(super) fn translated(&mut self, pcre: &str, span: Span) -> Result<Translated, Reported> {
        regex::translate(pcre).map_err(|part| {
            self.unsupported(
                span,
                format!("the regular expression has {part}, which the engine of Logs Insights lacks"),
                "write it with classes, groups, alternatives and plain quantifiers",
            )
        })
    }
}

/// Whether a literal of this text is read the same under every guess about escapes and comments.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\\' | '"' | '#'))
}

/// A number's literal beside its text: a field of unknown type may hold either.
fn as_number(text: &str, ty: ir::Type) -> Option<Expr> {
    if ty.scalar != Scalar::Unknown {
        return None;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.len() < 16 && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    if whole && canonical { text.parse().ok().map(Expr::integer) } else { None }
}

fn list(value: Expr, items: Vec<Expr>) -> Expr {
    Expr::In { value: Box::new(value), items, negated: false }
}
