//! Lowering of `search` conditions. Each leaf is true or false, never NULL: an event without the field fails `f=v`
//! and `f!=v`, and passes `NOT f=v`.

use super::Lowering;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Piece, Scalar, Type};
use crate::source::Span;
use crate::spl::search::{Search, Value};

impl Lowering<'_> {
    /// Filters by a condition; subsearches at its top become semi-joins.
    pub(crate) fn search_filter(&mut self, condition: &Search) -> Result<(), Reported> {
        match condition {
            Search::And(parts) => {
                let mut result = Ok(());
                for part in parts {
                    if self.search_filter(part).is_err() {
                        result = Err(Reported);
                    }
                }
                result
            }
            Search::Subsearch(pipeline, span) => self.subsearch(pipeline, false, *span),
            Search::Not(inner, span) => match peel(inner) {
                Search::Subsearch(pipeline, _) => self.subsearch(pipeline, true, *span),
                _ => self.condition_filter(condition),
            },
            _ => self.condition_filter(condition),
        }
    }

    fn condition_filter(&mut self, condition: &Search) -> Result<(), Reported> {
        let predicate = self.search(condition)?;
        self.filter(predicate, condition.span())
    }

    /// A condition as a predicate that is never NULL.
    pub(crate) fn search(&mut self, condition: &Search) -> Result<Expr, Reported> {
        match condition {
            Search::And(parts) | Search::Or(parts) => {
                let lowered: Vec<_> = parts.iter().map(|p| self.search(p)).collect();
                let lowered = lowered.into_iter().collect::<Result<Vec<_>, _>>()?;
                let span = condition.span();
                Ok(if matches!(condition, Search::And(_)) { Expr::and(lowered, span) } else { Expr::or(lowered, span) })
            }
            Search::Not(inner, span) => {
                let mut negated = self.search(inner)?.negate();
                negated.span = *span;
                Ok(negated)
            }
            Search::Compare { field, span, .. }
                if matches!(field.text.as_str(), "earliest" | "latest") && self.scope.column(&field.text).is_none() =>
            {
                let message = format!(
                    "`{}` sets the time window, which only the first search can do, outside OR and NOT",
                    field.text
                );
                Err(self.fail_syntax(message, *span, "move it into the first search, or compare `_time`"))
            }
            Search::Compare { field, op, value, span } => {
                let target = self.field(&field.text, field.span);
                self.comparison(target, *op, value, *span)
            }
            Search::In { field, values, span } => {
                let target = self.field(&field.text, field.span);
                self.membership(target, values, *span)
            }
            Search::CompareCall { field, op, call, span } => {
                let target = self.field(&field.text, field.span);
                let value = self.eval(call)?;
                let message = "`search` does not evaluate functions: Splunk compares with the text; here the value is compared, as `where` does (differs)";
                let help = "use `where` for conditions with functions";
                self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(call.span).help(help));
                Ok(self.compare_values(*op, target, value, *span).is_true())
            }
            Search::Term(value) => self.term(value),
            Search::Subsearch(pipeline, span) => self.constant_subsearch(pipeline, *span),
        }
    }

    /// `field op value`, on each value of a multivalue field.
    pub(crate) fn comparison(
        &mut self,
        target: Expr,
        op: CompareOp,
        value: &Value,
        span: Span,
    ) -> Result<Expr, Reported> {
        if target.is_null_literal() {
            return Ok(Expr::boolean(false, span));
        }
        let pattern = value.pattern();
        if op == CompareOp::Eq && pattern.is_any() {
            let mut present = if target.nullable { target.is_not_null() } else { Expr::boolean(true, span) };
            present.span = span;
            return Ok(present);
        }
        if op == CompareOp::Ne && pattern.is_any() {
            return Ok(Expr::boolean(false, span));
        }
        let value = value.clone();
        let mut test = self.for_some(target, span, |element| compare(element, op, &value, span));
        test.span = span;
        Ok(test.is_true())
    }

    /// `field IN (…)`: an OR of equalities. Plain texts stand in one list.
    fn membership(&mut self, target: Expr, values: &[Value], span: Span) -> Result<Expr, Reported> {
        let plain = |v: &&Value| v.pattern().as_text().is_some() && !v.case_sensitive && cidr(&v.text).is_none();
        let as_text = matches!(target.ty.scalar, Scalar::String | Scalar::Unknown | Scalar::Json);
        let mut parts = Vec::new();
        let texts: Vec<&Value> = if as_text { values.iter().filter(plain).collect() } else { Vec::new() };
        if texts.len() > 1 && !target.is_null_literal() {
            let mut items: Vec<String> = Vec::new();
            for text in &texts {
                if !items.iter().any(|i| i.eq_ignore_ascii_case(&text.text)) {
                    items.push(text.text.clone());
                }
            }
            let test = self.for_some(target.clone(), span, |element| {
                let nullable = element.nullable;
                let kind = ExprKind::OneOf { value: Box::new(element), items, case: Case::Insensitive };
                Expr::new(kind, Type::BOOLEAN, nullable, span)
            });
            parts.push(test.is_true());
        }
        for value in values {
            if texts.len() > 1 && plain(&value) {
                continue;
            }
            parts.push(self.comparison(target.clone(), CompareOp::Eq, value, value.span)?);
        }
        Ok(Expr::or(parts, span))
    }

    /// A word or phrase in the raw text.
    fn term(&mut self, value: &Value) -> Result<Expr, Reported> {
        let pattern = value.pattern();
        if pattern.is_any() {
            return Ok(Expr::boolean(true, value.span));
        }
        if self.scope.is_closed() || self.scope.grouped.is_some() {
            return self.term_of_fields(value);
        }
        if value.case_sensitive {
            let message = format!("`CASE({})` is looked for without case", value.text);
            self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(value.span));
        }
        Ok(Expr::new(ExprKind::Term { pattern }, Type::BOOLEAN, false, value.span))
    }
}

/// Characters that end a word in a field's text.
const BREAKERS: &str = r#"\[\]<>(){}|!;,'"*\s&?+/:=@.\-$\#%\\_"#;

impl Lowering<'_> {
    /// A word in rows that are no events any more: sought in each of their fields (reading).
    fn term_of_fields(&mut self, value: &Value) -> Result<Expr, Reported> {
        let span = value.span;
        if self.scope.open || self.scope.grouped.is_some() || self.scope.open_table.is_some() {
            let message = format!("the rows here have no raw event in which `{}` could be sought", value.text);
            let help = "compare a field: `field=\"*…*\"`";
            return Err(self.fail_syntax(message, span, help));
        }
        let message = format!("the rows here have no raw event: `{}` is sought in each of their fields", value.text);
        self.sink.push(Diagnostic::new(&code::READING, message).at(span));
        let names: Vec<String> = self.scope.columns.iter().map(|c| c.name.to_string()).collect();
        let regex = word_regex(value);
        let mut parts = Vec::new();
        for name in names.iter().filter(|name| !name.starts_with(['_', '('])) {
            let field = self.field(name, span);
            if field.is_null_literal() || field.ty.scalar == Scalar::Boolean {
                continue;
            }
            let test = self.for_some(field, span, |element| {
                let text = crate::function::to_text(element);
                let nullable = text.nullable;
                let kind = ExprKind::Regex { value: Box::new(text), regex: regex.clone() };
                Expr::new(kind, Type::BOOLEAN, nullable, span)
            });
            parts.push(test.is_true());
        }
        Ok(Expr::or(parts, span))
    }
}

/// A word as a regular expression, its ends at those of words.
fn word_regex(value: &Value) -> String {
    let pattern = value.pattern();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || !c.is_ascii());
    let mut out = if value.case_sensitive { String::new() } else { "(?i)".to_owned() };
    let last = pattern.pieces().len().saturating_sub(1);
    for (i, piece) in pattern.pieces().iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                if i == 0 && is_word(text.chars().next()) {
                    out.push_str(&format!("(?:^|[{BREAKERS}])"));
                }
                out.push_str(&escaped(text));
                if i == last && is_word(text.chars().last()) {
                    out.push_str(&format!("(?:[{BREAKERS}]|$)"));
                }
            }
            Piece::Any if i == 0 || i == last => {}
            Piece::Any => out.push_str(r#"[^\[\]<>(){}|!;,'"*\s&?+]*"#),
            Piece::One => out.push('.'),
        }
    }
    out
}

/// A text as a regular expression that matches it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Removes groups of one.
fn peel(condition: &Search) -> &Search {
    match condition {
        Search::And(parts) | Search::Or(parts) if parts.len() == 1 => peel(&parts[0]),
        other => other,
    }
}

/// A comparison of one value; three-valued.
fn compare(element: Expr, op: CompareOp, value: &Value, span: Span) -> Expr {
    let case = if value.case_sensitive { Case::Sensitive } else { Case::Insensitive };
    let number = literal_number(&value.text, value.span);
    let nullable = element.nullable;
    match (element.ty.scalar, op, number) {
        (Scalar::Integer | Scalar::Double | Scalar::Time, _, Some(number)) => {
            return Expr::compare(op, element, number, case);
        }
        (Scalar::Boolean, CompareOp::Eq | CompareOp::Ne, _) => {
            let text = value.text.to_ascii_lowercase();
            if matches!(text.as_str(), "true" | "false") {
                return Expr::compare(op, element, Expr::boolean(text == "true", value.span), case);
            }
        }
        // Order: numbers where both sides are.
        (Scalar::Unknown, CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge, Some(number)) => {
            return Expr::compare(op, element, number, case);
        }
        _ => {}
    }
    let element = as_text(element);
    let pattern = value.pattern();
    if let (CompareOp::Eq | CompareOp::Ne, None) = (op, pattern.as_text()) {
        let kind = ExprKind::Like { value: Box::new(element), pattern, case };
        let like = Expr::new(kind, Type::BOOLEAN, nullable, span);
        return if op == CompareOp::Eq { like } else { like.negate() };
    }
    let text = Expr::string(value.text.clone(), value.span);
    if let (CompareOp::Eq | CompareOp::Ne, Some(block)) = (op, cidr(&value.text)) {
        // An address inside the block, or a field that holds the block's own text.
        let inside = ExprKind::InCidr { value: Box::new(element.clone()), cidr: block.to_owned() };
        let inside = Expr::new(inside, Type::BOOLEAN, nullable, span);
        let same = Expr::compare(CompareOp::Eq, element, text, case);
        let either = Expr::or(vec![inside, same], span);
        return if op == CompareOp::Eq { either } else { either.negate() };
    }
    let mut compared = Expr::compare(op, element, text, case);
    compared.span = span;
    compared
}

/// Numbers, times and booleans as SPL writes them.
pub(super) fn as_text(element: Expr) -> Expr {
    match element.ty.scalar {
        Scalar::String | Scalar::Unknown | Scalar::Json => element,
        Scalar::Integer | Scalar::Double | Scalar::Boolean | Scalar::Time => {
            let (nullable, span) = (element.nullable, element.span);
            let kind = ExprKind::Cast { value: Box::new(element), to: Scalar::String };
            Expr::new(kind, Type::STRING, nullable, span)
        }
    }
}

/// A number, where the whole text is one.
pub(crate) fn literal_number(text: &str, span: Span) -> Option<Expr> {
    let looks = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    if !looks {
        return None;
    }
    if let Ok(n) = text.parse::<i64>() {
        return Some(Expr::integer(n, span));
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| Expr::double(n, span))
}

/// The text, where it is an IPv4 or IPv6 block such as `10.0.0.0/8`.
pub(crate) fn cidr(text: &str) -> Option<&str> {
    let (address, bits) = text.split_once('/')?;
    let bits: u8 = bits.parse().ok()?;
    let valid = match address.parse::<std::net::IpAddr>().ok()? {
        std::net::IpAddr::V4(_) => bits <= 32,
        std::net::IpAddr::V6(_) => bits <= 128,
    };
    valid.then_some(text)
}

impl Expr {
    pub(crate) fn is_null_literal(&self) -> bool {
        matches!(self.kind, ExprKind::Literal(crate::ir::Literal::Null))
    }
}
