//! Fields of texts: the pairs of `extract` and the elements of `xmlkv`, by regular expressions.
//!
//! A pair is a name, a delimiter and a value, in double quotes or up to the end of the pair. Pairs are cut out from the left,
//! so that what stands inside a quoted value is none.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::sql;
use super::typed::{Kind, Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{Expr, Literal, Scalar, Type};

/// Between pairs, and between a name and its value, where the call does not say.
const BETWEEN: &str = " \t\r\n,;";
const WITHIN: &str = "=";

impl Emitter<'_> {
    /// `kv_field(text, name[, pairs, pair])`: the value of the first pair of a name; `all`: those of every one.
    pub(super) fn pairs(&mut self, args: &[Expr], all: bool, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let literal = |at: usize| match args.get(at).and_then(Expr::as_literal) {
            Some(Literal::String(text)) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        };
        let (Some(text), Some(name)) = (args.first(), literal(1)) else {
            return Err(self.unsupported(
                e.span,
                "a field of pairs whose name is not known before the query runs is not implemented for Athena",
                "name the field",
            ));
        };
        let between = class_of(literal(2).unwrap_or(BETWEEN));
        let within = class_of(literal(3).unwrap_or(WITHIN));
        let text = self.scalar(text, "pairs", block)?.text();
        let parameter = self.parameter(block);
        let pair = format!("[^{between}{within}]*[{within}](?:\"[^\"]*\"|[^{between}]*)");
        let pairs = sql::call("regexp_extract_all", vec![text, sql::string(pair)]);
        let of_name = format!("^\\s*\"*{}\"*\\s*[{within}]", escaped(name));
        let wanted = sql::call("regexp_like", vec![sql::column(&parameter), sql::string(of_name)]);
        let found = sql::call("filter", vec![pairs, sql::lambda(&[&parameter], wanted)]);
        // The name and the delimiter go, and the quotation marks where they stand on both sides.
        let outer = format!("^[^{within}]*[{within}](?:\"([^\"]*)\"$)?");
        let value = |pair: Sql| sql::call("regexp_replace", vec![pair, sql::string(&*outer), sql::string("$1")]);
        if all {
            let values =
                sql::call("transform", vec![found, sql::lambda(&[&parameter], value(sql::column(&parameter)))]);
            return Ok(Typed::new(values, Phys::many(Kind::Varchar), Type::many(Scalar::Unknown), true));
        }
        let first = sql::call("element_at", vec![found, sql::integer(1)]);
        Ok(Typed::new(value(first), Phys::VARCHAR, Type::UNKNOWN, true))
    }

    /// `xml_field(text, name)`: the text of the first element of a name that has no elements.
    pub(super) fn xml_field(&mut self, text: &Expr, name: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let Some(Literal::String(name)) = name.as_literal() else {
            return Err(self.unsupported(
                e.span,
                "an element whose name is not known before the query runs is not implemented for Athena",
                "name the field",
            ));
        };
        let text = self.scalar(text, "XML", block)?.text();
        let name = escaped(name);
        let element = format!("<{name}(?:[ \\t\\r\\n][^>]*)?(?<!/)>([^<]*)</{name}");
        let sql = sql::call("regexp_extract", vec![text, sql::string(element), sql::integer(1)]);
        Ok(Typed::new(sql, Phys::VARCHAR, Type::UNKNOWN, true))
    }

    /// `split` without a delimiter: the characters of a text.
    pub(super) fn characters(&mut self, text: &Expr, e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let text = self.scalar(text, "`split`", block)?.text();
        let sql = sql::call("regexp_extract_all", vec![text, sql::string("(?s).")]);
        let ty = Type::many(e.ty.scalar);
        Ok(Typed { nullable: e.nullable, ..Typed::new(sql, Phys::many(Kind::Varchar), ty, e.nullable) })
    }
}

/// A text as a regular expression that matches it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '_' | '-' | '"' | '\'' | '<' | '>' | '=' | ',' | ';' | ':' | '@') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Characters inside the brackets of a class.
pub(super) fn class_of(characters: &str) -> String {
    let mut out = String::new();
    for c in characters.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '[' | ']' | '\\' | '^' | '-' | '&' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_in_patterns() {
        assert_eq!(escaped("a.b(c)_d-e"), "a\\.b\\(c\\)_d-e");
        assert_eq!(class_of("]-;\t&"), "\\]\\-;\\t\\&");
    }
}
