//! The evaluation language of `eval` and `where`: its AST and parser (Search Reference, `eval`, "Evaluation functions").
//!
//! Precedence from weak to strong: XOR, OR, AND, NOT, comparisons, `+ - .`, `* / %`, the sign.

use super::parser::{Parser, Spanned, is_name_char};
use super::regex;
use crate::diagnostic::{Reported, code};
use crate::ir::{ArithmeticOp, CompareOp};
use crate::source::Span;

/// An expression of the evaluation language.
#[derive(Clone, PartialEq, Debug)]
pub struct Eval {
    pub kind: EvalKind,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum EvalKind {
    Field(String),
    String(String),
    Integer(i64),
    Double(f64),
    Not(Box<Eval>),
    Negative(Box<Eval>),
    Binary { op: Operator, left: Box<Eval>, right: Box<Eval> },
    In { value: Box<Eval>, items: Vec<Eval> },
    Call { name: Spanned, arguments: Vec<Eval> },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    And,
    Or,
    Xor,
    Compare(CompareOp),
    Like,
    Arithmetic(ArithmeticOp),
    Concat,
}

impl Operator {
    pub(super) fn strength(self) -> u8 {
        match self {
            Operator::Xor => 1,
            Operator::Or => 2,
            Operator::And => 3,
            // 4 is NOT.
            Operator::Compare(_) | Operator::Like => 5,
            Operator::Arithmetic(ArithmeticOp::Add | ArithmeticOp::Subtract) | Operator::Concat => 6,
            Operator::Arithmetic(_) => 7,
        }
    }
}

pub(super) const NOT_STRENGTH: u8 = 4;
const HELP: &str = "operands are fields, 'quoted fields', \"strings\", numbers, calls and groups in parentheses";

/// Parses one expression.
pub(crate) fn parse(p: &mut Parser<'_>) -> Result<Eval, Reported> {
    parse_binary(p, 0)
}

/// Parses one operand: a field, a constant, a call or a group.
pub(crate) fn parse_operand(p: &mut Parser<'_>) -> Result<Eval, Reported> {
    parse_unary(p)
}

/// How many operators may follow one another in the expressions of a stage, AND and OR aside: `a.b.c` has two. Each of
/// them puts what stands before it one level deeper.
const MOST_CHAINED: u32 = 400;

fn parse_binary(p: &mut Parser<'_>, weakest: u8) -> Result<Eval, Reported> {
    let mut left = parse_unary(p)?;
    let mut first = true;
    loop {
        let before = p.pos();
        if weakest <= 5 {
            let negated = p.eat_keyword("NOT");
            if p.eat_keyword("IN") {
                count_chained(p, &mut first, before)?;
                let inside = parse_in(p, left)?;
                left = if negated {
                    let span = inside.span;
                    Eval { kind: EvalKind::Not(Box::new(inside)), span }
                } else {
                    inside
                };
                continue;
            }
            p.set_pos(before);
        }
        let Some(op) = operator(p) else { return Ok(left) };
        if op.strength() < weakest {
            p.set_pos(before);
            return Ok(left);
        }
        count_chained(p, &mut first, before)?;
        let right = p.nested(|p| parse_binary(p, op.strength() + 1))?;
        if matches!(op, Operator::And | Operator::Or) {
            left = parse_chain(p, op, vec![left, right])?;
            continue;
        }
        let span = left.span.to(right.span);
        left = Eval { kind: EvalKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span };
    }
}

fn count_chained(p: &mut Parser<'_>, first: &mut bool, at: usize) -> Result<(), Reported> {
    if !std::mem::take(first) {
        p.chained += 1;
    }
    if p.chained <= MOST_CHAINED {
        return Ok(());
    }
    let message = format!("more than {MOST_CHAINED} operators follow one another in this stage");
    let span = p.span(at, at + 1);
    Err(p.fail(&code::NESTED_TOO_DEEP, message, span, "split the expression over several stages"))
}

/// The further operands of a chain of AND, or of OR, as a tree of little depth: what is joined first does not matter.
fn parse_chain(p: &mut Parser<'_>, op: Operator, mut operands: Vec<Eval>) -> Result<Eval, Reported> {
    loop {
        let before = p.pos();
        if operator(p) != Some(op) {
            p.set_pos(before);
            break;
        }
        operands.push(p.nested(|p| parse_binary(p, op.strength() + 1))?);
    }
    while operands.len() > 1 {
        let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => {
                    let span = left.span.to(right.span);
                    Eval { kind: EvalKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span }
                }
                None => left,
            });
        }
        operands = joined;
    }
    match operands.pop() {
        Some(joined) => Ok(joined),
        None => Err(p.expected("an operand", HELP)),
    }
}

fn operator(p: &mut Parser<'_>) -> Option<Operator> {
    const WORDS: [(&str, Operator); 4] =
        [("AND", Operator::And), ("OR", Operator::Or), ("XOR", Operator::Xor), ("LIKE", Operator::Like)];
    const SIGNS: [(&str, Operator); 15] = [
        ("==", Operator::Compare(CompareOp::Eq)),
        ("!=", Operator::Compare(CompareOp::Ne)),
        ("<=", Operator::Compare(CompareOp::Le)),
        (">=", Operator::Compare(CompareOp::Ge)),
        ("<>", Operator::Compare(CompareOp::Ne)),
        ("=", Operator::Compare(CompareOp::Eq)),
        ("<", Operator::Compare(CompareOp::Lt)),
        (">", Operator::Compare(CompareOp::Gt)),
        ("&&", Operator::And),
        ("+", Operator::Arithmetic(ArithmeticOp::Add)),
        ("-", Operator::Arithmetic(ArithmeticOp::Subtract)),
        ("*", Operator::Arithmetic(ArithmeticOp::Multiply)),
        ("/", Operator::Arithmetic(ArithmeticOp::Divide)),
        ("%", Operator::Arithmetic(ArithmeticOp::Modulo)),
        (".", Operator::Concat),
    ];
    if let Some((_, op)) = WORDS.iter().find(|(w, _)| p.eat_keyword(w)) {
        return Some(*op);
    }
    SIGNS.iter().find(|(s, _)| p.eat(s)).map(|(_, op)| *op)
}

fn parse_in(p: &mut Parser<'_>, value: Eval) -> Result<Eval, Reported> {
    let items = arguments(p, None)?;
    let span = value.span.to(items.last().map_or(value.span, |i| i.span));
    Ok(Eval { kind: EvalKind::In { value: Box::new(value), items }, span })
}

fn parse_unary(p: &mut Parser<'_>) -> Result<Eval, Reported> {
    p.skip_space();
    let start = p.pos();
    if p.at_keyword("NOT") && !p.rest()[3..].trim_start().starts_with(['=', '!']) {
        p.eat_keyword("NOT");
        let inner = p.nested(|p| parse_binary(p, NOT_STRENGTH))?;
        return Ok(Eval { kind: EvalKind::Not(Box::new(inner)), span: p.span_from(start) });
    }
    if p.eat("-") {
        let inner = p.nested(parse_unary)?;
        let span = p.span_from(start);
        return Ok(match inner.kind {
            EvalKind::Integer(n) => Eval { kind: EvalKind::Integer(-n), span },
            EvalKind::Double(n) => Eval { kind: EvalKind::Double(-n), span },
            _ => Eval { kind: EvalKind::Negative(Box::new(inner)), span },
        });
    }
    if p.eat("+") {
        return p.nested(parse_unary);
    }
    parse_primary(p)
}

fn parse_primary(p: &mut Parser<'_>) -> Result<Eval, Reported> {
    let first = p.peek();
    let start = p.pos();
    match first {
        Some('(') => {
            p.eat("(");
            let mut inner = p.nested(parse)?;
            if !p.eat(")") {
                if p.at_stage_end() {
                    let span = p.span(start, start + 1);
                    return Err(p.fail(&code::UNBALANCED_BRACKET, "`(` has no partner", span, "close it with `)`"));
                }
                return Err(p.expected("`)`", "close the parenthesis"));
            }
            inner.span = p.span_from(start);
            Ok(inner)
        }
        Some('"') => match p.quoted()? {
            Some(text) => Ok(Eval { kind: EvalKind::String(text.text), span: text.span }),
            None => Err(p.expected("an operand", HELP)),
        },
        Some('\'') => match p.single_quoted()? {
            Some(text) => Ok(Eval { kind: EvalKind::Field(text.text), span: text.span }),
            None => Err(p.expected("an operand", HELP)),
        },
        Some(c) if c.is_ascii_digit() || (c == '.' && p.rest()[1..].starts_with(|d: char| d.is_ascii_digit())) => {
            number(p)
        }
        Some(c) if is_name_char(c) || c == '{' || c == '$' || c == '@' => {
            let name = identifier(p);
            if p.rest().starts_with('(') || (p.peek() == Some('(') && !is_word_operator(&name.text)) {
                let arguments = arguments(p, regex::argument(&name.text))?;
                return Ok(Eval { kind: EvalKind::Call { name, arguments }, span: p.span_from(start) });
            }
            Ok(Eval { span: name.span, kind: EvalKind::Field(name.text) })
        }
        _ => Err(p.expected("an operand", HELP)),
    }
}

fn is_word_operator(word: &str) -> bool {
    ["and", "or", "xor", "not"].contains(&word.to_ascii_lowercase().as_str())
}

/// `(a, b, …)`; the argument at `pattern` is a regular expression.
fn arguments(p: &mut Parser<'_>, pattern: Option<usize>) -> Result<Vec<Eval>, Reported> {
    p.skip_space();
    let open = p.pos();
    p.expect("(", HELP)?;
    let mut out = Vec::new();
    if p.eat(")") {
        return Ok(out);
    }
    loop {
        p.skip_space();
        let at = p.pos();
        out.push(p.nested(parse)?);
        if let Some(Eval { kind: EvalKind::String(text), .. }) = out.last().filter(|_| pattern == Some(out.len() - 1))
            && p.src().get(at..).is_some_and(|src| src.starts_with('"'))
        {
            // Parsing goes on, so that later faults are found too.
            let _ = regex::check(p, at, text);
        }
        if p.eat(",") {
            continue;
        }
        if p.eat(")") {
            return Ok(out);
        }
        if p.at_stage_end() {
            let span = p.span(open, open + 1);
            return Err(p.fail(
                &code::UNBALANCED_BRACKET,
                "`(` has no partner",
                span,
                "close the argument list with `)`",
            ));
        }
        return Err(p.expected("`,` or `)`", "arguments are separated by commas"));
    }
}

fn number(p: &mut Parser<'_>) -> Result<Eval, Reported> {
    let start = p.pos();
    let rest = p.rest();
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut length = 0;
    for (i, c) in rest.char_indices() {
        let takes = if hex {
            c.is_ascii_hexdigit() || i == 1
        } else {
            c.is_ascii_digit()
                || (c == '.' && rest[i + 1..].starts_with(|d: char| d.is_ascii_digit()) && !rest[..i].contains('.'))
                || (matches!(c, 'e' | 'E')
                    && i > 0
                    && rest[i + 1..].trim_start_matches(['+', '-']).starts_with(|d: char| d.is_ascii_digit())
                    && !rest[..i].contains(['e', 'E']))
                || (matches!(c, '+' | '-') && rest[..i].ends_with(['e', 'E']))
        };
        if !takes {
            break;
        }
        length = i + 1;
    }
    // A name may begin with a digit: `4625_count`.
    if !hex && rest[length..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let name = identifier(p);
        return Ok(Eval { span: name.span, kind: EvalKind::Field(name.text) });
    }
    p.set_pos(start + length);
    let span = p.span(start, start + length);
    let text = &rest[..length];
    let kind = if hex {
        i64::from_str_radix(&text[2..], 16).ok().map(EvalKind::Integer)
    } else {
        let double = || text.parse().ok().filter(|n: &f64| n.is_finite()).map(EvalKind::Double);
        text.parse().ok().map(EvalKind::Integer).or_else(double)
    };
    match kind {
        Some(kind) => Ok(Eval { kind, span }),
        None => Err(p.fail(&code::SYNTAX, format!("`{text}` is no number"), span, "write a decimal number")),
    }
}

/// A name: letters, digits, `_`, `{}`, and dots and colons between those.
pub(crate) fn identifier(p: &mut Parser<'_>) -> Spanned {
    p.skip_space();
    let start = p.pos();
    let rest = p.rest();
    let is_part = |c: char| is_name_char(c) || matches!(c, '{' | '}' | '$' | '@');
    let mut length = 0;
    for (i, c) in rest.char_indices() {
        let joins = matches!(c, '.' | ':') && rest[i + c.len_utf8()..].starts_with(is_part);
        if !(is_part(c) || joins) {
            break;
        }
        length = i + c.len_utf8();
    }
    p.set_pos(start + length);
    Spanned { text: rest[..length].to_owned(), span: p.span(start, start + length) }
}
