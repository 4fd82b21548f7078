//! Multivalue fields: lists in JSON records.
//!
//! Logs Insights has no "some element": it reads fixed positions, and `unnest` makes rows. So a condition on some element
//! becomes a search of the record's text, which finds more; the opposite of such a condition tests the first positions,
//! which excludes less. Both widen, and say so. Expanding a list into rows is exact.

use super::super::ast::{self, Command, Expr, Field, Operator};
use super::super::regex;
use super::predicate::Want;
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{self, Case, CompareOp, ExprKind, Literal, Name, Step};
use crate::source::Span;

/// How many positions of a list are tested where absence of a value is wanted.
const POSITIONS: u32 = 5;

/// A list inside JSON.
struct List {
    /// The text field that holds the JSON; `None`: the record itself.
    text: Option<ir::Expr>,
    steps: Vec<Step>,
    /// As SPL writes it.
    spelling: String,
}

/// The steps of a dotted path with `{}`.
pub(super) fn path_steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let key = part.trim_end_matches("{}");
        steps.push(Step::Key(key.to_owned()));
        steps.extend((0..(part.len() - key.len()) / 2).map(|_| Step::Each));
    }
    steps
}

/// A path with the paths that it goes on from, and what all of them read.
pub(super) fn whole_path(e: &ir::Expr) -> (&ir::Expr, Vec<Step>) {
    match &e.kind {
        ExprKind::JsonPath { value, path } => {
            let (root, mut steps) = whole_path(value);
            steps.extend(path.iter().cloned());
            (root, steps)
        }
        _ => (e, Vec::new()),
    }
}

impl List {
    /// The last key, and whether the values are the elements of the list below it.
    fn last_key(&self) -> Option<(&str, bool)> {
        let at = self.steps.iter().rposition(|s| matches!(s, Step::Key(_)))?;
        match self.steps.get(at) {
            Some(Step::Key(key)) => Some((key, self.steps.len() > at + 1)),
            _ => None,
        }
    }

    /// A quotation mark of the JSON text. Whether Insights takes the escapes off a text that stands in a record is not
    /// documented, so there it may have backslashes before it.
    fn quote(&self) -> &'static str {
        if self.text.is_some() { r#"\\*""# } else { "\"" }
    }

    /// The path with `{}` replaced by nothing (the thing itself, where it is no list) and by the first positions.
    fn fixed(&self) -> Vec<Vec<Step>> {
        let lists = self.steps.iter().filter(|s| **s == Step::Each).count();
        let positions = match lists {
            0 | 1 => POSITIONS,
            2 => 2,
            _ => 1,
        };
        let mut paths: Vec<Vec<Step>> = vec![Vec::new()];
        for step in &self.steps {
            let choices: Vec<Option<Step>> = match step {
                Step::Each => std::iter::once(None).chain((0..positions).map(|n| Some(Step::Index(n)))).collect(),
                other => vec![Some(other.clone())],
            };
            paths = choices
                .iter()
                .flat_map(|choice| paths.iter().map(move |p| p.iter().cloned().chain(choice.clone()).collect()))
                .collect();
        }
        paths
    }
}

impl Lower<'_> {
    /// The list that an expression reads, if it is a path.
    fn list(&self, e: &ir::Expr) -> Option<List> {
        match &e.kind {
            ExprKind::Column(name) if self.stats == 0 && !self.slots.contains_key(name) && name.contains("{}") => {
                Some(List { text: None, steps: path_steps(name), spelling: name.to_string() })
            }
            ExprKind::JsonPath { .. } => {
                let (value, path) = whole_path(e);
                if !path.contains(&Step::Each) {
                    return None;
                }
                let (text, mut steps, root) = match &value.kind {
                    ExprKind::Column(name) if &**name == "_raw" && self.stats == 0 => (None, vec![], None),
                    ExprKind::Column(name) if self.stats == 0 && self.binding.is_object(name) => {
                        (None, path_steps(name), Some(name.clone()))
                    }
                    ExprKind::Column(name) => (Some(value.clone()), vec![], Some(name.clone())),
                    _ => (Some(value.clone()), vec![], None),
                };
                steps.extend(path.iter().cloned());
                let spelling = root
                    .filter(|n| !n.starts_with('\u{0}'))
                    .map(|n| n.to_string())
                    .into_iter()
                    .chain(path.iter().filter_map(|s| match s {
                        Step::Key(k) => Some(k.clone()),
                        Step::Each | Step::Index(_) => None,
                    }))
                    .collect::<Vec<_>>()
                    .join(".");
                Some(List { text, steps, spelling })
            }
            _ => None,
        }
    }

    /// Some value satisfies the predicate.
    pub(super) fn any(
        &mut self,
        value: &ir::Expr,
        variable: u32,
        predicate: &ir::Expr,
        want: Want,
        span: Span,
    ) -> Result<Expr, Reported> {
        if !value.ty.multivalue {
            return self.truth(&bind(predicate, variable, value), want);
        }
        let Some(list) = self.list(value) else { return Err(self.no_lists(span)) };
        match want {
            Want::True => self.found_in_text(&list, variable, predicate, span),
            Want::NotFalse => {
                let found = self.found_in_text(&list, variable, predicate, span)?;
                let absent = self.values_null_test(value, true)?;
                Ok(ast::or([found, absent]))
            }
            Want::NotTrue => self.not_at_fixed_positions(&list, variable, predicate, span),
            Want::False => {
                let present = self.values_null_test(value, false)?;
                let none = self.not_at_fixed_positions(&list, variable, predicate, span)?;
                Ok(ast::and([present, none]))
            }
        }
    }

    /// Whether a multivalue field has no value, or some.
    pub(super) fn values_null_test(&mut self, e: &ir::Expr, absent: bool) -> Result<Expr, Reported> {
        if let ExprKind::Column(name) = &e.kind
            && let Some(count) = self.list_count(name, e.span)
        {
            let op = if absent { Operator::Eq } else { Operator::Gt };
            return Ok(Expr::binary(op, count, Expr::integer(0)));
        }
        if let ExprKind::Column(name) = &e.kind
            && let Some(slot) = self.slots.get(name)
        {
            let present = Expr::present(slot.expr.clone());
            return Ok(if absent { ast::not(present) } else { present });
        }
        let Some(list) = self.list(e) else { return Err(self.no_lists(e.span)) };
        if !absent {
            self.approximate(
                e.span,
                format!("`{}` counts as present where the record's text has its last key", list.spelling),
                "widens: also where another object of the record has such a member",
            );
            let text = self.json_source(&list)?;
            return Ok(Expr::like(text, key_regex(&list)));
        }
        self.fixed_positions_note(&list, e.span);
        let mut tests = Vec::new();
        for steps in list.fixed() {
            let member = self.at(&list, &steps)?;
            tests.push(ast::not(Expr::present(member)));
        }
        Ok(ast::and(tests))
    }

    /// The field or member at a path without `{}`.
    fn at(&mut self, list: &List, steps: &[Step]) -> Result<Expr, Reported> {
        let root = match &list.text {
            Some(text) => text.clone(),
            None => ir::Expr::column("_raw", ir::Type::JSON, false, Span::default()),
        };
        let path = ir::Expr::new(
            ExprKind::JsonPath { value: Box::new(root), path: steps.to_vec() },
            ir::Type::UNKNOWN,
            true,
            Span::default(),
        );
        Ok(self.value(&path)?.expr)
    }

    fn fixed_positions_note(&mut self, list: &List, span: Span) {
        self.approximate(
            span,
            format!("only the first positions of `{}` are looked at to exclude events", list.spelling),
            "widens: values at later positions do not exclude an event",
        );
    }

    fn not_at_fixed_positions(
        &mut self,
        list: &List,
        variable: u32,
        predicate: &ir::Expr,
        span: Span,
    ) -> Result<Expr, Reported> {
        self.fixed_positions_note(list, span);
        let mut tests = Vec::new();
        for steps in list.fixed() {
            let member = self.at(list, &steps)?;
            let element = self.base(Value { expr: member, form: Form::Text }, ir::Type::UNKNOWN, true, span);
            tests.push(self.truth(&bind(predicate, variable, &element), Want::NotTrue)?);
        }
        Ok(ast::and(tests))
    }

    /// The value somewhere behind its key in the JSON text.
    fn found_in_text(
        &mut self,
        list: &List,
        variable: u32,
        predicate: &ir::Expr,
        span: Span,
    ) -> Result<Expr, Reported> {
        let text = self.json_source(list)?;
        let mut exact = true;
        let found = self.search_text(list, variable, predicate, &text, &mut exact);
        let message = if exact {
            format!("`{}` is looked for by its last key and value in the record's text", list.spelling)
        } else {
            format!("of `{}` only the presence of its last key in the record's text is tested", list.spelling)
        };
        self.approximate(span, message, "widens: the same key with the value elsewhere in the record is found too");
        Ok(found)
    }

    /// The field whose text holds the list.
    fn json_source(&mut self, list: &List) -> Result<Expr, Reported> {
        match &list.text {
            None => Ok(Expr::raw("@message")),
            Some(text) => self.operand(text),
        }
    }

    /// A test of the text that holds at least wherever some value satisfies the predicate; `exact` becomes false where
    /// the value plays no part in it.
    fn search_text(&self, list: &List, variable: u32, predicate: &ir::Expr, text: &Expr, exact: &mut bool) -> Expr {
        let quote = list.quote();
        let is_value = |e: &ir::Expr| e.kind == ExprKind::Variable(variable);
        let like = |case: Case, letters: bool, value: String| {
            let source = [regex::flag(case, letters), &key_regex(list), &value].concat();
            Expr::like(text.clone(), source)
        };
        match &predicate.kind {
            ExprKind::IsTrue(inner) => self.search_text(list, variable, inner, text, exact),
            ExprKind::Or(parts) => {
                ast::or(parts.iter().map(|p| self.search_text(list, variable, p, text, exact)).collect::<Vec<_>>())
            }
            ExprKind::And(parts) => {
                ast::and(parts.iter().map(|p| self.search_text(list, variable, p, text, exact)).collect::<Vec<_>>())
            }
            ExprKind::Compare { op: CompareOp::Eq, left, right, case } if is_value(left) => match right.as_literal() {
                Some(Literal::String(s)) => like(*case, true, scalar(std::slice::from_ref(s), quote)),
                Some(Literal::Integer(n)) => like(*case, false, scalar(&[n.to_string()], quote)),
                _ => {
                    *exact = false;
                    like(Case::Sensitive, false, String::new())
                }
            },
            ExprKind::OneOf { value, items, case } if is_value(value) => like(*case, true, scalar(items, quote)),
            ExprKind::Like { value, pattern, case } if is_value(value) => {
                let mut inner = ["(", quote, ")?"].concat();
                for piece in pattern.pieces() {
                    match piece {
                        ir::Piece::Text(t) => inner.push_str(&regex::json_text(t)),
                        ir::Piece::Any => inner.push_str(r#"([^"\\]|\\[\s\S])*"#),
                        ir::Piece::One => inner.push_str(r#"([^"\\]|\\u[0-9A-Fa-f]{4}|\\[\s\S])"#),
                    }
                }
                inner.push_str(&["(", quote, ")?", END].concat());
                like(*case, true, inner)
            }
            _ => {
                *exact = false;
                like(Case::Sensitive, false, String::new())
            }
        }
    }

    /// `mvexpand`, or a grouping by a list: a row for each element.
    pub(super) fn unnest(&mut self, column: &Name, span: Span) -> Result<(), Reported> {
        let resolved = self.resolve(&ir::Expr::column(column.clone(), ir::Type::many(ir::Scalar::Unknown), true, span));
        let Some(list) = self.list(&resolved) else {
            return Err(self.unsupported(
                span,
                format!("Logs Insights expands lists of JSON only, and `{column}` is another kind of list"),
                "expand the field that the list comes from",
            ));
        };
        self.spellable(&list.steps, span)?;
        let text = self.json_source(&list)?;
        let mut current = self.parsed_member(text, Vec::new());
        for step in &list.steps {
            match step {
                Step::Key(key) => current = member(current, ast::Step::Key(key.clone())),
                Step::Index(n) => current = member(current, ast::Step::Index(*n)),
                Step::Each => {
                    self.push_filter(Expr::present(current.clone()));
                    let id = self.query.local("item");
                    self.query.commands.push(Command::Unnest { list: current, into: Field::Local(id) });
                    current = Expr::local(id);
                }
            }
        }
        self.push_filter(Expr::present(current.clone()));
        let form = if self.json_columns.contains(column) { Form::Json } else { Form::Text };
        let element = self.base(Value { expr: current, form }, ir::Type::UNKNOWN, false, span);
        self.columns.insert(column.clone(), element);
        Ok(())
    }

    /// The JSON text of a list, for output where the list's values are wanted.
    pub(super) fn list_text(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        let Some(list) = self.list(e) else { return Err(self.no_lists(e.span)) };
        self.spellable(&list.steps, e.span)?;
        let to = list.steps.iter().position(|s| *s == Step::Each).unwrap_or(list.steps.len());
        let steps: Vec<ast::Step> = list
            .steps
            .iter()
            .take(to)
            .filter_map(|s| match s {
                Step::Key(key) => Some(ast::Step::Key(key.clone())),
                Step::Index(n) => Some(ast::Step::Index(*n)),
                Step::Each => None,
            })
            .collect();
        let text = self.json_source(&list)?;
        let whole = self.parsed_member(text, steps);
        self.shape(
            Some(e.span),
            format!("the values of `{}` are shown as the JSON text of their list", list.spelling),
            "Logs Insights has no list of the values",
        );
        Ok(Value { expr: Expr::call("jsonStringify", vec![whole]), form: Form::Text })
    }

    /// `mvindex` of a `split`, by a regular expression.
    pub(super) fn mvindex(&mut self, list: &ir::Expr, index: &ir::Expr, span: Span) -> Result<Value, Reported> {
        if let (ExprKind::Call { function: "split", args }, Some(Literal::Integer(n))) =
            (&list.kind, index.as_literal())
            && let [text, delimiter] = args.as_slice()
            && let Some(Literal::String(delimiter)) = delimiter.as_literal()
            && let Some(source) = nth_part(delimiter, *n)
        {
            let mut translated = self.translated(&source, span)?;
            regex::drop_numbered_groups(&mut translated);
            return self.capture(text, &translated, "part", span);
        }
        Err(self.no_lists(span))
    }
}

/// The `n`th part between single characters, from 0, negative from the end.
fn nth_part(delimiter: &str, n: i64) -> Option<String> {
    let mut chars = delimiter.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    let class = match c {
        '\\' | ']' | '[' | '^' | '-' => format!("\\{c}"),
        c => c.to_string(),
    };
    let delimiter = regex::escape(&c.to_string());
    let count = n.unsigned_abs();
    if count > 100 {
        return None;
    }
    Some(match n {
        0 => format!("^(?<part>[^{class}]*)"),
        1.. => format!("^([^{class}]*{delimiter}){{{count}}}(?<part>[^{class}]*)"),
        -1 => format!("(?<part>[^{class}]*)$"),
        _ => format!("(?<part>[^{class}]*)({delimiter}[^{class}]*){{{}}}$", count - 1),
    })
}

/// What ends a scalar in JSON, behind its quote.
const END: &str = r"\s*[,}\]]";

/// The key, the colon, and what may stand before the value.
fn key_regex(list: &List) -> String {
    let Some((key, elements)) = list.last_key() else { return String::new() };
    let before = if elements { r"(\[[\s\S]*)?" } else { "" };
    let quote = list.quote();
    [quote, &regex::json_text(key), quote, r"\s*:\s*", before].concat()
}

/// A scalar that is one of these texts: in quotes, or bare where it may be a number or a word of JSON.
fn scalar(texts: &[String], quote: &str) -> String {
    let bare = texts
        .iter()
        .any(|t| t.parse::<f64>().is_ok() || ["true", "false", "null"].iter().any(|w| t.eq_ignore_ascii_case(w)));
    let alternatives: Vec<String> = texts.iter().map(|t| regex::json_text(t)).collect();
    let value = match alternatives.as_slice() {
        [only] => only.clone(),
        _ => ["(", &alternatives.join("|"), ")"].concat(),
    };
    if bare { ["(", quote, ")?", &value, "(", quote, ")?", END].concat() } else { [quote, &value, quote].concat() }
}

fn member(of: Expr, step: ast::Step) -> Expr {
    match of {
        Expr::Member(field, mut steps) => {
            steps.push(step);
            Expr::Member(field, steps)
        }
        Expr::Field(field) => Expr::Member(field, vec![step]),
        other => other,
    }
}

/// The predicate with the variable replaced by a value.
fn bind(predicate: &ir::Expr, variable: u32, value: &ir::Expr) -> ir::Expr {
    if predicate.kind == ExprKind::Variable(variable) {
        return value.clone();
    }
    predicate.clone().map_children(&mut |child| bind(&child, variable, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_between_delimiters() {
        assert_eq!(nth_part("/", 1).as_deref(), Some(r"^([^/]*\/){1}(?<part>[^/]*)"));
        assert_eq!(nth_part("/", -1).as_deref(), Some("(?<part>[^/]*)$"));
        assert_eq!(nth_part("/", -2).as_deref(), Some(r"(?<part>[^/]*)(\/[^/]*){1}$"));
        assert_eq!(nth_part(", ", 0), None);
    }

    #[test]
    fn numbers_may_stand_bare_in_json() {
        assert_eq!(scalar(&["all".into()], "\""), r#""all""#);
        assert_eq!(scalar(&["22".into(), "a".into()], "\""), r#"(")?(22|a)(")?\s*[,}\]]"#);
    }
}
