//! `printf` by Trino's `format`, which is Java's: most conversions are C's, with other rules for what may stand together.

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::emitter::Emitter;
use super::sql;
use super::typed::{Kind, Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{Expr, Literal, Type};

/// One conversion of a format, in Java's notation, and what its argument is.
struct Conversion {
    java: String,
    takes: Takes,
}

#[derive(Clone, Copy)]
enum Takes {
    Text,
    /// The first character of a text, or that of a number.
    Character,
    Whole,
    Number,
}

impl Emitter<'_> {
    pub(super) fn printf(&mut self, args: &[Expr], e: &Expr, block: &Block) -> Result<Typed, Reported> {
        let Some((Some(Literal::String(format)), args)) = args.split_first().map(|(f, rest)| (f.as_literal(), rest))
        else {
            return Err(self.no_form("printf", e, "`printf` with a format from a field is not implemented for Athena"));
        };
        let (java, conversions) = match translate(format) {
            Ok(translated) => translated,
            Err(conversion) => {
                let message = format!("the conversion `{conversion}` of `printf` has no counterpart in Athena");
                return Err(self.no_form("printf", e, &message));
            }
        };
        let typed = |sql, nullable| Ok(Typed::new(sql, Phys::VARCHAR, Type::STRING, nullable));
        if args.len() < conversions.len() {
            return typed(sql::cast(sql::null(), sql::VARCHAR), true);
        }
        if conversions.is_empty() {
            return typed(sql::string(java.replace("%%", "%")), false);
        }
        let mut parts = vec![sql::string(java)];
        let mut present = Vec::new();
        for (conversion, arg) in conversions.iter().zip(args) {
            let value = self.scalar(arg, "a written value", block)?;
            let value = match conversion.takes {
                Takes::Text => value.convert(Phys::VARCHAR),
                Takes::Whole => value.convert(Phys::BIGINT),
                Takes::Number => value.convert(Phys::DOUBLE),
                Takes::Character => character(value),
            };
            if value.nullable || arg.nullable || !matches!(conversion.takes, Takes::Text) {
                present.push(sql::is_not_null(value.sql.clone()));
            }
            parts.push(value.sql);
        }
        present.retain(|p| !matches!(p, Sql::IsNotNull(inner) if super::typed::number_literal(inner).is_some()));
        let call = sql::call("format", parts);
        match present.is_empty() {
            true => typed(call, false),
            false => typed(sql::case(vec![(sql::and(present), call)], None), true),
        }
    }
}

fn character(value: Typed) -> Typed {
    match value.phys.kind {
        Kind::Bigint | Kind::Double => {
            let code = value.convert(Phys::BIGINT).sql;
            Typed::plain(sql::call("try", vec![sql::call("chr", vec![code])]), Phys::VARCHAR, true)
        }
        Kind::Varchar | Kind::Boolean | Kind::Timestamp => {
            let first = sql::call("substr", vec![value.text(), sql::integer(1), sql::integer(1)]);
            // The empty text has no character.
            let some = sql::call("nullif", vec![first, sql::string("")]);
            Typed::plain(some, Phys::VARCHAR, true)
        }
    }
}

/// # Errors
/// The conversion that Java has no counterpart for.
fn translate(format: &str) -> Result<(String, Vec<Conversion>), String> {
    let mut out = String::new();
    let mut conversions = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = after.find(|c: char| !"-+ 0#',.*123456789".contains(c)).unwrap_or(after.len());
        let Some(letter) = after[length..].chars().next() else { return Err(rest[at..].to_owned()) };
        let written = &rest[at..at + 1 + length + letter.len_utf8()];
        rest = &rest[at + written.len()..];
        if letter == '%' {
            out.push_str("%%");
            continue;
        }
        let conversion = convert(&after[..length], letter).ok_or_else(|| written.to_owned())?;
        out.push_str(&conversion.java);
        conversions.push(conversion);
    }
    out.push_str(rest);
    Ok((out, conversions))
}

fn convert(options: &str, letter: char) -> Option<Conversion> {
    let flags_end = options.find(|c: char| !"-+ 0#',".contains(c)).unwrap_or(options.len());
    let (flags, sizes) = options.split_at(flags_end);
    // Widths from arguments are not Java's; the alternative forms are others.
    if sizes.contains('*') || flags.contains('#') {
        return None;
    }
    let (width, precision) = match sizes.split_once('.') {
        Some((width, precision)) => (width, Some(if precision.is_empty() { "0" } else { precision })),
        None => (sizes, None),
    };
    let (takes, java) = match letter {
        's' | 'z' => (Takes::Text, 's'),
        'c' => (Takes::Character, 's'),
        'd' | 'i' => (Takes::Whole, 'd'),
        'o' | 'x' | 'X' => (Takes::Whole, letter),
        'p' => (Takes::Whole, 'X'),
        'f' | 'F' => (Takes::Number, 'f'),
        'e' | 'E' => (Takes::Number, letter),
        _ => return None,
    };
    if precision.is_some() && matches!(takes, Takes::Whole) {
        return None;
    }
    // Java refuses flags that mean nothing, C passes them by.
    let signed = matches!(java, 'd' | 'f' | 'e' | 'E');
    let left = flags.contains('-') && !width.is_empty();
    let mut kept = String::new();
    if left {
        kept.push('-');
    }
    if signed && flags.contains('+') {
        kept.push('+');
    } else if signed && flags.contains(' ') {
        kept.push(' ');
    }
    if !left && flags.contains('0') && !width.is_empty() && !matches!(takes, Takes::Text | Takes::Character) {
        kept.push('0');
    }
    if matches!(java, 'd' | 'f') && flags.contains([',', '\'']) {
        kept.push(',');
    }
    let precision = match (takes, precision) {
        (Takes::Character, _) | (_, None) => String::new(),
        (_, Some(digits)) => format!(".{digits}"),
    };
    Some(Conversion { java: format!("%{kept}{width}{precision}{java}"), takes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn java(format: &str) -> Result<String, String> {
        translate(format).map(|(java, _)| java)
    }

    #[test]
    fn conversions_are_javas() {
        assert_eq!(java("%s: %5.2f of %d%%").as_deref(), Ok("%s: %5.2f of %d%%"));
        assert_eq!(java("%i %'d %F %p").as_deref(), Ok("%d %,d %f %X"));
        assert_eq!(java("%-05d|%0d|%+x|%+ d|%05s").as_deref(), Ok("%-5d|%d|%x|%+d|%5s"));
    }

    #[test]
    fn what_java_lacks_is_named() {
        for (format, conversion) in [("a%g", "%g"), ("%*d", "%*d"), ("%.3d", "%.3d"), ("%#x", "%#x"), ("%", "%")] {
            assert_eq!(java(format), Err(conversion.to_owned()));
        }
    }
}
