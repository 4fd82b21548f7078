//! The `search` language: its AST and parser (Search Reference, `search`; Search Manual, "Boolean expressions").
//!
//! Precedence is parentheses, NOT, OR, AND: OR binds tighter than AND, and words side by side are AND-ed.
//! AND, OR and NOT are operators in capitals only.

use super::Pipeline;
use super::eval::{self, Eval};
use super::parser::{Parser, Spanned};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{CompareOp, Pattern, Piece};
use crate::source::Span;

/// A condition of the `search` language.
#[derive(Clone, PartialEq, Debug)]
pub enum Search {
    And(Vec<Search>),
    Or(Vec<Search>),
    Not(Box<Search>, Span),
    Compare {
        field: Spanned,
        op: CompareOp,
        value: Value,
        span: Span,
    },
    In {
        field: Spanned,
        values: Vec<Value>,
        span: Span,
    },
    /// `field op function(…)`: Splunk does not evaluate functions here, but rules write it all the same.
    CompareCall {
        field: Spanned,
        op: CompareOp,
        call: Eval,
        span: Span,
    },
    /// A word or phrase that the raw event must contain.
    Term(Value),
    Subsearch(Box<Pipeline>, Span),
}

/// A value, unquoted and with its escapes read. `*` in it is a wildcard, quoted or not.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    pub text: String,
    pub quoted: bool,
    /// `CASE(…)`.
    pub case_sensitive: bool,
    /// `TERM(…)`.
    pub whole_term: bool,
    pub span: Span,
}

impl Value {
    pub fn pattern(&self) -> Pattern {
        let mut pieces = Vec::new();
        for (i, text) in self.text.split('*').enumerate() {
            if i > 0 {
                pieces.push(Piece::Any);
            }
            pieces.push(Piece::Text(text.to_owned()));
        }
        Pattern::new(pieces)
    }
}

impl Search {
    /// Whether nothing is asked: no condition at all.
    pub fn is_empty(&self) -> bool {
        matches!(self, Search::And(parts) if parts.is_empty())
    }

    pub fn span(&self) -> Span {
        match self {
            Search::And(parts) | Search::Or(parts) => {
                parts.iter().map(Search::span).reduce(Span::to).unwrap_or_default()
            }
            Search::Not(_, span)
            | Search::Compare { span, .. }
            | Search::In { span, .. }
            | Search::CompareCall { span, .. }
            | Search::Subsearch(_, span) => *span,
            Search::Term(value) => value.span,
        }
    }
}

/// Options that `search` conditions of other commands take, and that end the condition there.
pub(crate) type StopWords<'a> = &'a [&'a str];

/// Parses conditions until the stage ends or a stop word comes; no condition at all is an empty `And`.
pub(crate) fn parse(p: &mut Parser<'_>, stops: StopWords<'_>) -> Result<Search, Reported> {
    let mut parts = Vec::new();
    loop {
        while eat_operator(p, "AND") {
            if p.at_stage_end() {
                return Err(p.expected("a condition after `AND`", "remove the operator or add a condition"));
            }
        }
        if p.at_stage_end() || p.peek() == Some(')') || at_stop_word(p, stops) {
            break;
        }
        parts.push(parse_or(p, stops)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Search::And(parts) })
}

fn parse_or(p: &mut Parser<'_>, stops: StopWords<'_>) -> Result<Search, Reported> {
    let mut parts = vec![parse_not(p, stops)?];
    while eat_operator(p, "OR") {
        parts.push(parse_not(p, stops)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Search::Or(parts) })
}

fn parse_not(p: &mut Parser<'_>, stops: StopWords<'_>) -> Result<Search, Reported> {
    p.skip_space();
    let start = p.pos();
    if eat_operator(p, "NOT") {
        let inner = p.nested(|p| parse_not(p, stops))?;
        return Ok(Search::Not(Box::new(inner), p.span_from(start)));
    }
    if at_stop_word(p, stops) || ["AND", "OR"].contains(&bare_word(p)) {
        return Err(p.expected("a condition", "put the word into quotation marks if the events have to hold it"));
    }
    parse_primary(p, stops)
}

/// The bare word that stands here, as [`bare_left`] reads it; empty where there is none.
fn bare_word<'a>(p: &mut Parser<'a>) -> &'a str {
    p.skip_space();
    let rest = p.rest();
    rest.get(..bare_length(rest)).unwrap_or("")
}

/// Takes AND, OR or NOT, in capitals and as a word of its own: `NOT.x=1` compares a field.
fn eat_operator(p: &mut Parser<'_>, operator: &str) -> bool {
    let hit = bare_word(p) == operator;
    if hit {
        p.set_pos(p.pos() + operator.len());
    }
    hit
}

fn at_stop_word(p: &mut Parser<'_>, stops: StopWords<'_>) -> bool {
    let word = bare_word(p);
    stops.iter().any(|stop| stop.eq_ignore_ascii_case(word))
}

const HELP: &str = "conditions are `field=value`, `field IN (a, b)`, words, and groups in parentheses";

fn parse_primary(p: &mut Parser<'_>, stops: StopWords<'_>) -> Result<Search, Reported> {
    match p.peek() {
        Some('(') => {
            let open = p.pos();
            p.eat("(");
            let inner = p.nested(|p| parse(p, stops))?;
            if !p.eat(")") {
                if p.at_stage_end() {
                    let span = p.span(open, open + 1);
                    return Err(p.fail(&code::UNBALANCED_BRACKET, "`(` has no partner", span, "close it with `)`"));
                }
                return Err(p.expected("`)`", "close the parenthesis"));
            }
            Ok(inner)
        }
        Some('[') => {
            let start = p.pos();
            let pipeline = super::parse_subsearch(p)?;
            Ok(Search::Subsearch(Box::new(pipeline), p.span_from(start)))
        }
        Some(')') => {
            let span = p.span(p.pos(), p.pos() + 1);
            Err(p.fail(&code::UNBALANCED_BRACKET, "`)` has no partner", span, "remove it, or open the group with `(`"))
        }
        _ => parse_comparison(p),
    }
}

/// `field op value`, `field IN (…)`, or a bare term.
fn parse_comparison(p: &mut Parser<'_>) -> Result<Search, Reported> {
    p.skip_space();
    let start = p.pos();
    let quoted = p.quoted()?;
    let is_quoted = quoted.is_some();
    let word = match quoted {
        Some(word) => word,
        None => match bare_left(p) {
            Some(word) => word,
            None => return Err(p.expected("a condition", HELP)),
        },
    };
    if !is_quoted && p.rest().starts_with('(') {
        if let Some(value) = directive(p, &word)? {
            return Ok(Search::Term(value));
        }
        let message = format!("`{}(…)` is a function call, which `search` does not evaluate", word.text);
        let help = "use `where` for conditions with functions";
        return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, word.span, help));
    }
    if let Some(op) = operator(p) {
        if let Some(call) = function_call(p)? {
            return Ok(Search::CompareCall { field: word, op, call, span: p.span_from(start) });
        }
        let value = value(p)?;
        return Ok(Search::Compare { field: word, op, value, span: p.span_from(start) });
    }
    let before_in = p.pos();
    if p.eat_keyword("IN") {
        if p.peek() == Some('(') {
            let values = value_list(p)?;
            return Ok(Search::In { field: word, values, span: p.span_from(start) });
        }
        p.set_pos(before_in);
    }
    Ok(Search::Term(Value {
        text: if is_quoted { word.text } else { unescape(&word.text) },
        quoted: is_quoted,
        case_sensitive: false,
        whole_term: false,
        span: word.span,
    }))
}

/// A word on the left: a field name or a term. Operators end it.
fn bare_left(p: &mut Parser<'_>) -> Option<Spanned> {
    let word = bare_word(p);
    let start = p.pos();
    if word.is_empty() {
        return None;
    }
    p.set_pos(start + word.len());
    Some(Spanned { text: word.to_owned(), span: p.span(start, start + word.len()) })
}

fn bare_length(rest: &str) -> usize {
    let mut length = 0;
    let mut escaped = false;
    for (i, c) in rest.char_indices() {
        if escaped {
            escaped = false;
            length = i + c.len_utf8();
            continue;
        }
        escaped = c == '\\' && rest[i + 1..].starts_with(['\\', '"']);
        let ends = c.is_whitespace()
            || matches!(c, '(' | ')' | '[' | ']' | '|' | '"' | '=' | '<' | '>' | ',')
            || (c == '!' && rest[i + 1..].starts_with('='));
        if ends {
            break;
        }
        length = i + c.len_utf8();
    }
    length
}

fn operator(p: &mut Parser<'_>) -> Option<CompareOp> {
    const OPERATORS: [(&str, CompareOp); 7] = [
        ("!=", CompareOp::Ne),
        ("<=", CompareOp::Le),
        (">=", CompareOp::Ge),
        ("==", CompareOp::Eq),
        ("=", CompareOp::Eq),
        ("<", CompareOp::Lt),
        (">", CompareOp::Gt),
    ];
    OPERATORS.iter().find(|(token, _)| p.eat(token)).map(|(_, op)| *op)
}

/// A call of an evaluation function in the place of a value.
fn function_call(p: &mut Parser<'_>) -> Result<Option<Eval>, Reported> {
    p.skip_space();
    let rest = p.rest();
    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let name = &rest[..length];
    // In capitals, CASE is the directive and not the function.
    let is_directive = ["CASE", "TERM"].contains(&name);
    if is_directive || !rest[length..].starts_with('(') || crate::function::find(name).is_none() {
        return Ok(None);
    }
    eval::parse_operand(p).map(Some)
}

fn value(p: &mut Parser<'_>) -> Result<Value, Reported> {
    if let Some(quoted) = p.quoted()? {
        // `"a"*` and the like: what follows without a blank belongs to the value.
        let Spanned { mut text, span } = quoted;
        let mut end = span;
        if p.rest().starts_with('*') {
            p.eat("*");
            text.push('*');
            end = p.span(p.pos() - 1, p.pos());
        }
        refuse_beside(p)?;
        return Ok(Value { text, quoted: true, case_sensitive: false, whole_term: false, span: span.to(end) });
    }
    let start = p.pos();
    let Some(word) = bare_value(p) else { return Err(p.expected("a value", HELP)) };
    if p.rest().starts_with('(') {
        if let Some(value) = directive(p, &word)? {
            return Ok(value);
        }
        let message = format!("`{}(…)` is a function call, which `search` does not evaluate", word.text);
        let span = p.span(start, p.pos());
        return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, span, "use `where` for conditions with functions"));
    }
    refuse_beside(p)?;
    let text = unescape(&word.text);
    Ok(Value { text, quoted: false, case_sensitive: false, whole_term: false, span: word.span })
}

/// An unquoted value; it may hold operators and commas, unless a comma ends it.
fn bare_value(p: &mut Parser<'_>) -> Option<Spanned> {
    let word = p.bare(&['(', ')', '[', ']', '|', '"'])?;
    let trimmed = word.text.trim_end_matches(',').len();
    if trimmed == 0 {
        return None;
    }
    p.set_pos(p.pos() - (word.text.len() - trimmed));
    let end = p.pos();
    Some(Spanned { text: word.text[..trimmed].to_owned(), span: p.span(end - trimmed, end) })
}

/// Refuses text that stands against a value without a blank: the manuals do not say whether `a"b c"` is one value or two.
fn refuse_beside(p: &mut Parser<'_>) -> Result<(), Reported> {
    let rest = p.rest();
    let is_operator = ["OR", "AND", "NOT"].iter().any(|w| rest.starts_with(w) && bare_word(p) == *w);
    if is_operator || !rest.starts_with(|c: char| c == '"' || c == '*' || c.is_alphanumeric()) {
        return Ok(());
    }
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '|')).unwrap_or(rest.len());
    let span = p.span(p.pos(), p.pos() + length);
    let message = format!("`{}` stands against the value before it", &rest[..length]);
    let help = "put the whole value into one pair of quotation marks, or a blank between two conditions";
    Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, span, help))
}

/// `CASE(…)` and `TERM(…)`.
fn directive(p: &mut Parser<'_>, word: &Spanned) -> Result<Option<Value>, Reported> {
    let (case_sensitive, whole_term) = match word.text.as_str() {
        "CASE" => (true, false),
        "TERM" => (false, true),
        _ => return Ok(None),
    };
    p.expect("(", HELP)?;
    let quoted = p.quoted()?;
    let is_quoted = quoted.is_some();
    let inner = match quoted.or_else(|| p.bare(&[')', '|'])) {
        Some(inner) => inner,
        None => return Err(p.expected("a value", HELP)),
    };
    p.expect(")", HELP)?;
    Ok(Some(Value { text: inner.text, quoted: is_quoted, case_sensitive, whole_term, span: inner.span }))
}

/// Takes `""` that stands against the text of a value, as in `""a*""`: doubled quotation marks, not an empty value.
fn doubled_quotes(p: &mut Parser<'_>) -> bool {
    p.skip_space();
    let at = p.pos();
    let Some(rest) = p.rest().strip_prefix("\"\"") else { return false };
    let continues = |c: Option<char>| c.is_some_and(|c| !(c.is_whitespace() || matches!(c, ',' | ')' | '|' | '"')));
    let doubled =
        continues(rest.chars().next()) || continues(p.src()[..at].chars().next_back()) && !p.src()[..at].ends_with('(');
    if doubled {
        let span = p.span(at, at + 2);
        let message = "doubled quotation marks around a value are read as one pair";
        p.sink.push(Diagnostic::new(&code::READING, message).at(span));
        p.set_pos(at + 2);
    }
    doubled
}

/// `(a, b*, "c d")`.
fn value_list(p: &mut Parser<'_>) -> Result<Vec<Value>, Reported> {
    p.expect("(", HELP)?;
    let mut values = Vec::new();
    loop {
        while p.eat(",") {}
        if p.eat(")") {
            break;
        }
        if doubled_quotes(p) {
            continue;
        }
        let value = if let Some(quoted) = p.quoted()? {
            refuse_beside(p)?;
            Value { text: quoted.text, quoted: true, case_sensitive: false, whole_term: false, span: quoted.span }
        } else {
            match p.bare(&['(', ')', '[', ']', '|', '"', ',']) {
                Some(word) if matches!(word.text.as_str(), "OR" | "AND" | "NOT") => {
                    let message = format!("`{}` stands in a list of values", word.text);
                    let help = "separate the values by commas; put the word into quotation marks if it is a value";
                    return Err(p.fail(&code::SYNTAX, message, word.span, help));
                }
                Some(word) => Value {
                    text: unescape(&word.text),
                    quoted: false,
                    case_sensitive: false,
                    whole_term: false,
                    span: word.span,
                },
                None => return Err(p.expected("a value or `)`", "values of `IN` are separated by commas")),
            }
        };
        values.push(value);
    }
    if values.is_empty() {
        return Err(p.expected("a value in the list", "`IN` needs at least one value"));
    }
    Ok(values)
}

/// Reads the escapes of an unquoted word: `\\` and `\"`.
fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('\\' | '"'))) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}
