//! SPL's eval functions in Insights' spelling: `targets/cloudwatch/functions.toml`, parsed once into trees with
//! placeholders and filled as trees, so that an argument never becomes syntax.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::ast::{Expr, Number, Operator};
use crate::options::InsightsLevel;

/// What a function gives.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Gives {
    #[default]
    Text,
    Number,
    /// A condition, to be written bare.
    Boolean,
}

/// A function of SPL that Insights can say.
#[derive(Debug)]
pub(super) struct Function {
    pub level: InsightsLevel,
    pub result: Gives,
    template: Template,
}

#[derive(Clone, PartialEq, Debug)]
enum Template {
    Argument(usize),
    /// All arguments, inside a call.
    Arguments,
    Text(String),
    Number(Number),
    Call(String, Vec<Template>),
    Binary(Operator, Box<Template>, Box<Template>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    core: Option<String>,
    y2026: Option<String>,
    #[serde(default)]
    result: Gives,
}

static FUNCTIONS: LazyLock<BTreeMap<String, Function>> =
    // A test holds that the file is well-formed.
    LazyLock::new(|| load(include_str!("../../../targets/cloudwatch/functions.toml")).unwrap_or_default());

/// The function of this SPL name for so many arguments.
pub(super) fn find(name: &str, arguments: usize) -> Option<&'static Function> {
    FUNCTIONS.get(&format!("{name}/{arguments}")).or_else(|| FUNCTIONS.get(&format!("{name}/*")))
}

impl Function {
    pub(super) fn fill(&self, args: &[Expr]) -> Expr {
        fill(&self.template, args)
    }
}

fn fill(template: &Template, args: &[Expr]) -> Expr {
    match template {
        // The table's key bounds the number; a missing one can't come up.
        Template::Argument(n) => args.get(*n).cloned().unwrap_or(Expr::Bool(false)),
        Template::Arguments => args.first().cloned().unwrap_or(Expr::Bool(false)),
        Template::Text(t) => Expr::Text(t.clone()),
        Template::Number(n) => Expr::Number(*n),
        Template::Call(name, inner) => {
            let inner = inner.iter().flat_map(|t| match t {
                Template::Arguments => args.to_vec(),
                other => vec![fill(other, args)],
            });
            Expr::call(name, inner.collect())
        }
        Template::Binary(op, a, b) => Expr::binary(*op, fill(a, args), fill(b, args)),
    }
}

fn load(text: &str) -> Result<BTreeMap<String, Function>, String> {
    let entries: BTreeMap<String, Entry> = toml::from_str(text).map_err(|e| e.to_string())?;
    entries
        .into_iter()
        .map(|(key, entry)| {
            let (level, source) = match (entry.core, entry.y2026) {
                (Some(source), None) => (InsightsLevel::Core, source),
                (None, Some(source)) => (InsightsLevel::Y2026, source),
                _ => return Err(format!("{key}: one of `core` and `y2026` is needed")),
            };
            let template = parse(&source).ok_or_else(|| format!("{key}: `{source}` is malformed"))?;
            let arity = key.rsplit_once('/').map_or("", |(_, n)| n);
            let bound = if arity == "*" { Some(0) } else { arity.parse().ok() };
            if bound.is_none_or(|n| highest(&template) > n) {
                return Err(format!("{key}: the form and the number of arguments disagree"));
            }
            Ok((key, Function { level, result: entry.result, template }))
        })
        .collect()
}

/// One more than the highest argument that a form names.
fn highest(template: &Template) -> usize {
    match template {
        Template::Argument(n) => n + 1,
        Template::Arguments | Template::Text(_) | Template::Number(_) => 0,
        Template::Call(_, inner) => inner.iter().map(highest).max().unwrap_or(0),
        Template::Binary(_, a, b) => highest(a).max(highest(b)),
    }
}

/// Parses a form: calls, constants, placeholders, and one operator between two of them; more need parentheses.
fn parse(source: &str) -> Option<Template> {
    let mut rest = source;
    let template = parse_operation(&mut rest)?;
    rest.trim().is_empty().then_some(template)
}

fn parse_operation(rest: &mut &str) -> Option<Template> {
    let left = parse_operand(rest)?;
    *rest = rest.trim_start();
    let op = match rest.chars().next() {
        Some('+') => Operator::Add,
        Some('-') => Operator::Subtract,
        Some('*') => Operator::Multiply,
        Some('/') => Operator::Divide,
        Some('%') => Operator::Modulo,
        Some('^') => Operator::Power,
        Some('=') => Operator::Eq,
        _ => return Some(left),
    };
    *rest = rest.get(1..)?;
    Some(Template::Binary(op, Box::new(left), Box::new(parse_operand(rest)?)))
}

fn parse_operand(rest: &mut &str) -> Option<Template> {
    *rest = rest.trim_start();
    let first = rest.chars().next()?;
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        let inner = parse_operation(rest)?;
        *rest = rest.trim_start().strip_prefix(')')?;
        return Some(inner);
    }
    if let Some(after) = rest.strip_prefix(":*") {
        *rest = after;
        return Some(Template::Arguments);
    }
    if let Some(after) = rest.strip_prefix(':') {
        *rest = after;
        return word(rest, |c| c.is_ascii_digit()).parse().ok().map(Template::Argument);
    }
    if let Some(after) = rest.strip_prefix('"') {
        let (text, after) = after.split_once('"')?;
        *rest = after;
        return Some(Template::Text(text.to_owned()));
    }
    if first.is_ascii_digit() {
        let digits = word(rest, |c| c.is_ascii_digit() || c == '.');
        return match digits.parse::<i64>() {
            Ok(n) => Some(Template::Number(Number::Integer(n))),
            Err(_) => digits.parse().ok().map(|n| Template::Number(Number::Double(n))),
        };
    }
    let name = word(rest, |c| c.is_ascii_alphanumeric()).to_owned();
    if name.is_empty() {
        return None;
    }
    *rest = rest.strip_prefix('(')?;
    let mut args = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            *rest = after;
            return Some(Template::Call(name, args));
        }
        if !args.is_empty() {
            *rest = rest.strip_prefix(',')?;
        }
        args.push(parse_operation(rest)?);
    }
}

/// Takes the longest start of such characters.
fn word<'a>(rest: &mut &'a str, of: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !of(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    word
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        load(include_str!("../../../targets/cloudwatch/functions.toml")).unwrap();
    }

    #[test]
    fn arguments_are_filled_in_as_trees() {
        let args = [Expr::raw("f"), Expr::integer(3), Expr::Text("\") | limit 1".to_owned())];
        let filled = find("substr", 3).unwrap().fill(&args);
        let expected = Expr::call("substr", vec![Expr::raw("f"), Expr::integer(2), args[2].clone()]);
        assert_eq!(filled, expected);
    }

    #[test]
    fn malformed_forms_are_refused() {
        for source in ["f(:0", "f(:0) g", ":0 + :1 + :2", "f", "(:0"] {
            assert_eq!(parse(source), None, "{source}");
        }
        assert!(load(r#""f/1" = { core = "g(:1)" }"#).is_err());
        assert!(load(r#""f/1" = { }"#).is_err());
    }
}
