//! Evaluates an expression over constants: what a macro with `iseval` expands to (Knowledge Manager Manual, "Use search macros
//! in searches": "Use eval-based definition").

use super::eval::{Eval, EvalKind, Operator};
use crate::ir::{ArithmeticOp, CompareOp};

/// A constant.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Constant {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

/// Bound on the length of a text, which functions could double again and again.
const MOST_BYTES: usize = 1 << 16;

impl Constant {
    /// As SPL writes it.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Constant::Null => None,
            Constant::Boolean(b) => Some(if *b { "True" } else { "False" }.to_owned()),
            Constant::Number(n) => Some(n.to_string()),
            Constant::Text(text) => Some(text.clone()),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Constant::Number(n) => Some(*n),
            Constant::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Constant::Null | Constant::Boolean(_) => None,
        }
    }

    fn truth(&self) -> Option<bool> {
        match self {
            Constant::Boolean(b) => Some(*b),
            _ => None,
        }
    }
}

fn numeric(value: f64) -> Constant {
    if value.is_finite() { Constant::Number(value) } else { Constant::Null }
}

/// The value of an expression.
///
/// # Errors
/// What in it has no value without an event or a running search: a field or a function.
pub(crate) fn evaluate(eval: &Eval) -> Result<Constant, String> {
    Ok(match &eval.kind {
        EvalKind::Field(name) => return Err(format!("the field `{name}`")),
        EvalKind::String(text) => Constant::Text(text.clone()),
        EvalKind::Integer(n) => Constant::Number(*n as f64),
        EvalKind::Double(n) => Constant::Number(*n),
        EvalKind::Not(inner) => evaluate(inner)?.truth().map_or(Constant::Null, |b| Constant::Boolean(!b)),
        EvalKind::Negative(inner) => evaluate(inner)?.number().map_or(Constant::Null, |n| numeric(-n)),
        EvalKind::Binary { op, left, right } => binary(*op, evaluate(left)?, evaluate(right)?),
        EvalKind::In { value, items } => {
            let value = evaluate(value)?;
            let mut hit = Constant::Boolean(false);
            for item in items {
                if compare(CompareOp::Eq, &value, &evaluate(item)?) == Constant::Boolean(true) {
                    hit = Constant::Boolean(true);
                }
            }
            hit
        }
        EvalKind::Call { name, arguments } => return call(&name.text.to_ascii_lowercase(), arguments),
    })
}

fn binary(op: Operator, left: Constant, right: Constant) -> Constant {
    match op {
        Operator::And | Operator::Or | Operator::Xor => match (op, left.truth(), right.truth()) {
            (Operator::And, Some(false), _) | (Operator::And, _, Some(false)) => Constant::Boolean(false),
            (Operator::Or, Some(true), _) | (Operator::Or, _, Some(true)) => Constant::Boolean(true),
            (_, Some(a), Some(b)) => Constant::Boolean(match op {
                Operator::And => a && b,
                Operator::Or => a || b,
                _ => a != b,
            }),
            _ => Constant::Null,
        },
        Operator::Compare(op) => compare(op, &left, &right),
        Operator::Like => match (left.text(), right.text()) {
            (Some(text), Some(pattern)) => Constant::Boolean(like(&text, &pattern)),
            _ => Constant::Null,
        },
        Operator::Concat => join(&[left, right]),
        Operator::Arithmetic(op) => match (left.number(), right.number()) {
            (Some(a), Some(b)) => match op {
                ArithmeticOp::Add => numeric(a + b),
                ArithmeticOp::Subtract => numeric(a - b),
                ArithmeticOp::Multiply => numeric(a * b),
                ArithmeticOp::Divide => numeric(a / b),
                ArithmeticOp::Modulo => numeric(a % b),
            },
            // `+` joins texts.
            _ if op == ArithmeticOp::Add => join(&[left, right]),
            _ => Constant::Null,
        },
    }
}

fn join(parts: &[Constant]) -> Constant {
    let texts: Option<Vec<String>> = parts.iter().map(Constant::text).collect();
    match texts.map(|t| t.concat()) {
        Some(text) if text.len() <= MOST_BYTES => Constant::Text(text),
        _ => Constant::Null,
    }
}

fn compare(op: CompareOp, left: &Constant, right: &Constant) -> Constant {
    let ordering = match (left.number(), right.number()) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => match (left.text(), right.text()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => None,
        },
    };
    ordering.map_or(Constant::Null, |o| Constant::Boolean(op.holds(o)))
}

/// `%` stands for any characters, `_` for one.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut t, mut p, mut retry) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '_' || *c == text[t] => {
                (t, p) = (t + 1, p + 1);
            }
            _ => match retry {
                Some((after, from)) => {
                    (p, t) = (after, from + 1);
                    retry = Some((after, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

fn call(name: &str, arguments: &[Eval]) -> Result<Constant, String> {
    // These look at their arguments one after the other.
    match (name, arguments) {
        ("if", [condition, yes, no]) => {
            let hit = evaluate(condition)? == Constant::Boolean(true);
            return evaluate(if hit { yes } else { no });
        }
        ("case", pairs) if pairs.len() % 2 == 0 => {
            for pair in pairs.chunks(2) {
                if evaluate(&pair[0])? == Constant::Boolean(true) {
                    return evaluate(&pair[1]);
                }
            }
            return Ok(Constant::Null);
        }
        ("validate", pairs) if pairs.len() % 2 == 0 => {
            for pair in pairs.chunks(2) {
                if evaluate(&pair[0])? == Constant::Boolean(false) {
                    return evaluate(&pair[1]);
                }
            }
            return Ok(Constant::Null);
        }
        _ => {}
    }
    let values = arguments.iter().map(evaluate).collect::<Result<Vec<_>, _>>()?;
    let text = |f: &dyn Fn(&str) -> String| Ok(values[0].text().map_or(Constant::Null, |t| Constant::Text(f(&t))));
    let number = |f: fn(f64) -> f64| Ok(values[0].number().map_or(Constant::Null, |n| numeric(f(n))));
    match (name, values.as_slice()) {
        ("true", []) => Ok(Constant::Boolean(true)),
        ("false", []) => Ok(Constant::Boolean(false)),
        ("null", []) => Ok(Constant::Null),
        ("pi", []) => Ok(Constant::Number(std::f64::consts::PI)),
        ("isnull", [value]) => Ok(Constant::Boolean(*value == Constant::Null)),
        ("isnotnull", [value]) => Ok(Constant::Boolean(*value != Constant::Null)),
        ("isnum", [value]) => Ok(Constant::Boolean(value.number().is_some())),
        ("isint", [value]) => Ok(Constant::Boolean(value.number().is_some_and(|n| n.fract() == 0.0))),
        ("isstr", [value]) => Ok(Constant::Boolean(matches!(value, Constant::Text(_)) && value.number().is_none())),
        ("isbool", [value]) => Ok(Constant::Boolean(matches!(value, Constant::Boolean(_)))),
        ("coalesce", values) => Ok(values.iter().find(|v| **v != Constant::Null).cloned().unwrap_or(Constant::Null)),
        ("nullif", [a, b]) => {
            let same = compare(CompareOp::Eq, a, b) == Constant::Boolean(true);
            Ok(if same { Constant::Null } else { a.clone() })
        }
        ("lower", [_]) => text(&|t| t.to_lowercase()),
        ("upper", [_]) => text(&|t| t.to_uppercase()),
        ("trim", [_]) => text(&|t| t.trim().to_owned()),
        ("ltrim", [_]) => text(&|t| t.trim_start().to_owned()),
        ("rtrim", [_]) => text(&|t| t.trim_end().to_owned()),
        ("tostring", [_]) => text(&str::to_owned),
        ("len", [value]) => Ok(value.text().map_or(Constant::Null, |t| Constant::Number(t.chars().count() as f64))),
        ("tonumber", [value]) => Ok(value.number().map_or(Constant::Null, Constant::Number)),
        ("substr", [value, start, rest @ ..]) if rest.len() < 2 => {
            let length = rest.first().map(Constant::number);
            Ok(match (value.text(), start.number(), length) {
                (Some(t), Some(from), None) => Constant::Text(part(&t, from, None)),
                (Some(t), Some(from), Some(Some(length))) => Constant::Text(part(&t, from, Some(length))),
                _ => Constant::Null,
            })
        }
        ("like", [a, b]) => Ok(binary(Operator::Like, a.clone(), b.clone())),
        ("match", [a, b]) => regex(a, b, |regex, text| {
            let hit = regex.is_match(text).map_err(|e| e.to_string())?;
            Ok(Constant::Boolean(hit))
        }),
        ("replace", [a, b, by]) => regex(a, b, |regex, text| {
            let Some(by) = by.text() else { return Ok(Constant::Null) };
            let replaced = regex.replace_all(text, |found: &fancy_regex::Captures<'_>| fill(&by, found)).into_owned();
            Ok(if replaced.len() <= MOST_BYTES { Constant::Text(replaced) } else { Constant::Null })
        }),
        ("abs", [_]) => number(f64::abs),
        ("ceiling" | "ceil", [_]) => number(f64::ceil),
        ("floor", [_]) => number(f64::floor),
        ("sqrt", [_]) => number(f64::sqrt),
        ("exp", [_]) => number(f64::exp),
        ("ln", [_]) => number(f64::ln),
        ("round", [value, rest @ ..]) if rest.len() < 2 => {
            let places = rest.first().and_then(Constant::number).unwrap_or(0.0).clamp(0.0, 15.0);
            let scale = 10f64.powi(places as i32);
            Ok(value.number().map_or(Constant::Null, |n| numeric((n * scale).round() / scale)))
        }
        ("pow", [a, b]) => Ok(a.number().zip(b.number()).map_or(Constant::Null, |(a, b)| numeric(a.powf(b)))),
        ("min" | "max", values @ [_, ..]) => {
            let numbers: Option<Vec<f64>> = values.iter().map(Constant::number).collect();
            let fold = if name == "min" { f64::min } else { f64::max };
            Ok(numbers.and_then(|n| n.into_iter().reduce(fold)).map_or(Constant::Null, numeric))
        }
        _ => Err(format!("the function `{name}`")),
    }
}

/// Characters from a position counted from 1, or from the end where it is negative.
fn part(text: &str, from: f64, length: Option<f64>) -> String {
    let count = text.chars().count() as f64;
    let start = if from < 0.0 { (count + from).max(0.0) } else { (from - 1.0).max(0.0) };
    let taken = length.unwrap_or(count).max(0.0);
    text.chars().skip(start as usize).take(taken as usize).collect()
}

fn regex(
    text: &Constant,
    pattern: &Constant,
    f: impl FnOnce(&fancy_regex::Regex, &str) -> Result<Constant, String>,
) -> Result<Constant, String> {
    let (Some(text), Some(pattern)) = (text.text(), pattern.text()) else { return Ok(Constant::Null) };
    match fancy_regex::Regex::new(&pattern) {
        Ok(regex) => f(&regex, &text),
        Err(_) => Err(format!("the regular expression `{pattern}`")),
    }
}

/// A replacement with its `\1` filled in.
fn fill(by: &str, found: &fancy_regex::Captures<'_>) -> String {
    let mut out = String::new();
    let mut chars = by.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().and_then(|d| d.to_digit(10))) {
            ('\\', Some(group)) => {
                chars.next();
                out.push_str(found.get(group as usize).map_or("", |m| m.as_str()));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sink;
    use crate::source::Span;

    fn value(formula: &str) -> Result<Constant, String> {
        let parsed = crate::spl::parse_formula(formula, Span::default(), &mut Sink::default()).expect("a formula");
        evaluate(&parsed)
    }

    fn text(formula: &str) -> String {
        value(formula).expect("a value").text().unwrap_or_else(|| "null".to_owned())
    }

    #[test]
    fn constants_are_computed() {
        assert_eq!(text(r#""a" . (1+2*3) . "b""#), "a7b");
        assert_eq!(text(r#"if(match("abc", "^a.c$"), "yes", "no")"#), "yes");
        assert_eq!(text(r#"case("a"="b", 1, 2 > 10, 2, true(), 3)"#), "3");
        assert_eq!(text(r#"replace("2024-05", "(\d+)-(\d+)", "\2/\1")"#), "05/2024");
        assert_eq!(text(r#"substr("abcdef", -3, 2) . upper("x") . len("äb")"#), "deX2");
        assert_eq!(text(r#"if("10" > "9", "number", "text")"#), "number");
        assert_eq!(text(r#"if("abc" LIKE "a%", 1, 2) . if(like("abc", "a_"), 1, 2)"#), "12");
        assert_eq!(text("1/0"), "null");
        assert_eq!(text(r#"coalesce(null(), nullif("a", "a"), round(2.345, 1))"#), "2.3");
        assert_eq!(text(r#"if("a" IN ("b", "a"), "in", "out")"#), "in");
    }

    #[test]
    fn what_needs_an_event_is_named() {
        assert_eq!(value("user . \"x\""), Err("the field `user`".to_owned()));
        assert_eq!(value("strftime(now(), \"%F\")"), Err("the function `now`".to_owned()));
        assert_eq!(value(r#"match("a", "(")"#), Err("the regular expression `(`".to_owned()));
        // An arm that is not taken is not looked at.
        assert_eq!(text("if(1=1, \"x\", user)"), "x");
    }
}
