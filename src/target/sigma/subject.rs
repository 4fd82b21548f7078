//! What a predicate compares: expressions taken apart into fields and constants, each with the condition under which
//! it is the expression's value.

use super::cond::{Cond, Leaf, Test};
use super::lowering::{Lowering, describe};
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind, Literal, Name, Scalar, Step, Type};
use crate::source::Span;

/// One value that an expression can have.
#[derive(Clone, Debug)]
pub(super) enum Atom {
    Null,
    Constant(Literal),
    Field(Subject),
}

/// A field of the event, as a predicate sees it.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// Its name in Sigma.
    pub(super) field: String,
    /// Its path in the record.
    pub(super) raw: Name,
    pub(super) ty: Type,
    pub(super) nullable: bool,
    /// Whether it can have several values.
    pub(super) list: bool,
    /// Whether the predicate is about one value of several: then "not equal" is not the opposite of "equal".
    pub(super) element: bool,
    pub(super) fold: Option<Fold>,
    /// Only what stands behind the last of these characters counts.
    pub(super) tail: Option<Vec<char>>,
    /// Read as a number (`tonumber`), NULL where it is none.
    pub(super) number: bool,
}

/// `lower(…)` or `upper(…)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fold {
    Lower,
    Upper,
}

impl Fold {
    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Fold::Lower => text.to_lowercase(),
            Fold::Upper => text.to_uppercase(),
        }
    }
}

impl Subject {
    pub(super) fn leaf(&self, test: Test, span: Span) -> Cond {
        Cond::Leaf(Leaf { field: self.field.clone(), list: self.list, test, span })
    }

    pub(super) fn present(&self, span: Span) -> Cond {
        if self.nullable { self.leaf(Test::Present, span) } else { Cond::True }
    }

    pub(super) fn absent(&self, span: Span) -> Cond {
        if self.nullable { self.leaf(Test::Absent, span) } else { Cond::False }
    }
}

impl Lowering<'_> {
    /// The values of an expression, each with its condition; conditions exclude each other, and where none holds the
    /// value is NULL. Constants for which `relevant` is false are left out.
    pub(super) fn values(
        &mut self,
        e: &Expr,
        relevant: &dyn Fn(&Literal) -> bool,
    ) -> Result<Vec<(Cond, Expr)>, Reported> {
        match &e.kind {
            ExprKind::Literal(Literal::Null) => Ok(Vec::new()),
            ExprKind::Literal(literal) if !relevant(literal) => Ok(Vec::new()),
            ExprKind::Coalesce(parts) => {
                let mut out = Vec::new();
                let mut before = Cond::True;
                let matters = |part: &Expr| part.as_literal().is_none_or(|l| *l != Literal::Null && relevant(l));
                let last = parts.iter().rposition(matters).map_or(0, |i| i + 1);
                for (i, part) in parts.iter().take(last).enumerate() {
                    for (guard, value) in self.values(part, relevant)? {
                        out.push((Cond::and([before.clone(), guard]), value));
                    }
                    if !part.nullable || i + 1 == last {
                        break;
                    }
                    before = Cond::and([before, self.nullness(part)?]);
                    if before == Cond::False {
                        break;
                    }
                }
                Ok(out)
            }
            ExprKind::Case { arms, otherwise } => {
                let matters =
                    |value: &Expr| !matches!(&value.kind, ExprKind::Literal(l) if *l == Literal::Null || !relevant(l));
                let last = match otherwise {
                    Some(value) if matters(value) => arms.len(),
                    _ => arms.iter().rposition(|(_, value)| matters(value)).map_or(0, |i| i + 1),
                };
                let mut out = Vec::new();
                let mut none_yet = Cond::True;
                for (condition, value) in arms.iter().take(last) {
                    let holds = self.truth(condition)?;
                    let chosen = Cond::and([none_yet.clone(), holds.clone()]);
                    if chosen != Cond::False {
                        for (guard, value) in self.values(value, relevant)? {
                            out.push((Cond::and([chosen.clone(), guard]), value));
                        }
                    }
                    none_yet = Cond::and([none_yet, holds.negate()]);
                    self.spend(1, e.span)?;
                    if none_yet == Cond::False {
                        return Ok(out);
                    }
                }
                if let Some(value) = otherwise
                    && matters(value)
                {
                    for (guard, value) in self.values(value, relevant)? {
                        out.push((Cond::and([none_yet.clone(), guard]), value));
                    }
                }
                Ok(out)
            }
            _ => match inner_value(e) {
                Some(inner) if matches!(inner.kind, ExprKind::Case { .. } | ExprKind::Coalesce(_)) => {
                    let branches = self.values(inner, &|_| true)?;
                    Ok(branches.into_iter().map(|(guard, value)| (guard, with_inner_value(e, value))).collect())
                }
                _ => Ok(vec![(Cond::True, e.clone())]),
            },
        }
    }

    /// A value that is neither `case` nor `coalesce`.
    pub(super) fn atom(&mut self, e: &Expr) -> Result<Atom, Reported> {
        if let Some((value, separators)) = tail(e) {
            return match self.atom(value)? {
                Atom::Field(mut subject) if subject.fold.is_none() => {
                    subject.tail.get_or_insert_default().extend(separators);
                    Ok(Atom::Field(subject))
                }
                Atom::Constant(Literal::String(text)) => {
                    let rest = text.rsplit(|c| separators.contains(&c)).next().unwrap_or_default();
                    Ok(Atom::Constant(Literal::String(rest.to_owned())))
                }
                Atom::Null => Ok(Atom::Null),
                Atom::Field(_) | Atom::Constant(_) => Err(self.unsupported(describe(e), e.span)),
            };
        }
        match &e.kind {
            ExprKind::Literal(Literal::Null) => Ok(Atom::Null),
            ExprKind::Literal(literal) => Ok(Atom::Constant(literal.clone())),
            ExprKind::Column(name) => self.column(name, e).map(Atom::Field),
            ExprKind::Variable(n) => match self.variable(*n) {
                Some(subject) => Ok(Atom::Field(subject)),
                None => Err(self.unsupported(describe(e), e.span)),
            },
            ExprKind::Cast { value, to } => match (self.atom(value)?, to) {
                (Atom::Field(subject), Scalar::Integer | Scalar::Double) => {
                    Ok(Atom::Field(Subject { ty: Type::one(*to), number: !subject.ty.is_numeric(), ..subject }))
                }
                (Atom::Field(subject), Scalar::String | Scalar::Unknown | Scalar::Json) => {
                    Ok(Atom::Field(Subject { ty: Type::one(*to), ..subject }))
                }
                (Atom::Null, _) => Ok(Atom::Null),
                (Atom::Constant(literal), Scalar::String) => match literal_text(&literal) {
                    Some(text) => Ok(Atom::Constant(Literal::String(text))),
                    None => Err(self.unsupported(describe(e), e.span)),
                },
                (Atom::Field(_) | Atom::Constant(_), _) => Err(self.unsupported(describe(e), e.span)),
            },
            ExprKind::Call { function, args } if matches!(*function, "lower" | "upper") && args.len() == 1 => {
                let fold = if *function == "lower" { Fold::Lower } else { Fold::Upper };
                match args.first().map(|a| self.atom(a)) {
                    Some(Ok(Atom::Field(subject))) => Ok(Atom::Field(Subject { fold: Some(fold), ..subject })),
                    Some(Ok(Atom::Constant(Literal::String(text)))) => {
                        Ok(Atom::Constant(Literal::String(fold.apply(&text))))
                    }
                    Some(Ok(Atom::Null)) => Ok(Atom::Null),
                    Some(Err(reported)) => Err(reported),
                    _ => Err(self.unsupported(describe(e), e.span)),
                }
            }
            ExprKind::JsonPath { value, path } => self.json_member(value, path, e),
            _ => Err(self.unsupported(describe(e), e.span)),
        }
    }

    fn column(&mut self, name: &Name, e: &Expr) -> Result<Subject, Reported> {
        if let Some(what) = self.opaque(name) {
            return Err(self.unsupported(what, e.span));
        }
        match &**name {
            "_raw" => return Err(self.unsupported("test of an event's raw text (`_raw`)".to_owned(), e.span)),
            "_time" => return Err(self.unsupported("test of an event's time (`_time`)".to_owned(), e.span)),
            _ => {}
        }
        let field = self.field(name, e.span)?;
        let list = e.ty.multivalue || name.contains("{}") || self.is_element(name);
        Ok(Subject {
            field,
            raw: name.clone(),
            ty: e.ty.element(),
            nullable: e.nullable,
            list,
            element: self.is_element(name),
            fold: None,
            tail: None,
            number: false,
        })
    }

    /// A member of a raw object: the object's path goes on with it.
    fn json_member(&mut self, value: &Expr, path: &[Step], e: &Expr) -> Result<Atom, Reported> {
        let Atom::Field(object) = self.atom(value)? else {
            return Err(self.unsupported(describe(e), e.span));
        };
        let text = self.binding.json_text.iter().any(|f| **f == *object.raw);
        // Nobody knows what an unlisted text holds, but whole elements of a list are read for their members only.
        let element = object.ty.scalar == Scalar::Unknown && object.raw.ends_with("{}");
        if !(object.ty.scalar == Scalar::Json || element) || text || object.tail.is_some() || object.fold.is_some() {
            return Err(self.unsupported(describe(e), e.span));
        }
        let mut raw = object.raw.to_string();
        for step in path {
            match step {
                Step::Key(key) => {
                    raw.push('.');
                    raw.push_str(key);
                }
                Step::Each => raw.push_str("{}"),
                Step::Index(n) => raw.push_str(&format!("{{{n}}}")),
            }
        }
        let field = self.field(&raw, e.span)?;
        let list = object.list || path.contains(&Step::Each);
        Ok(Atom::Field(Subject { field, raw: raw.into(), ty: e.ty.element(), nullable: true, list, ..object }))
    }
}

/// The operand of an expression of one value, where the others are constants.
fn inner_value(e: &Expr) -> Option<&Expr> {
    match &e.kind {
        ExprKind::Cast { value, .. } | ExprKind::JsonPath { value, .. } => Some(value),
        ExprKind::Call { args, .. } => match args.as_slice() {
            [value, rest @ ..] if rest.iter().all(|a| a.as_literal().is_some()) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

fn with_inner_value(e: &Expr, value: Expr) -> Expr {
    let mut slot = Some(value);
    e.clone().map_children(&mut |child| slot.take().unwrap_or(child))
}

/// `replace(x, "^.*[:/]", "")` and `mvindex(split(x, "/"), -1)`: what stands behind the last separator.
pub(super) fn tail(e: &Expr) -> Option<(&Expr, Vec<char>)> {
    let ExprKind::Call { function, args } = &e.kind else { return None };
    match (*function, args.as_slice()) {
        ("replace", [value, regex, with]) if text(with) == Some("") => Some((value, separators(text(regex)?)?)),
        ("mvindex", [list, index]) if index.as_literal() == Some(&Literal::Integer(-1)) => {
            let ExprKind::Call { function: "split", args } = &list.kind else { return None };
            let [value, delimiter] = args.as_slice() else { return None };
            let mut chars = text(delimiter)?.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Some((value, vec![c])),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The characters of `^.*[:/]`, `.*/` and the like.
fn separators(regex: &str) -> Option<Vec<char>> {
    let rest = regex.strip_prefix('^').unwrap_or(regex).strip_prefix(".*")?;
    let inner = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']'));
    let plain = |c: char| !c.is_alphanumeric() && !"^-\\[].*+?(){}|$".contains(c);
    let chars: Vec<char> = inner.unwrap_or(rest).chars().collect();
    let one_outside = inner.is_some() || chars.len() == 1;
    (!chars.is_empty() && one_outside && chars.iter().all(|c| plain(*c))).then_some(chars)
}

fn text(e: &Expr) -> Option<&str> {
    match e.as_literal()? {
        Literal::String(text) => Some(text),
        _ => None,
    }
}

/// A constant as SPL writes it.
pub(super) fn literal_text(literal: &Literal) -> Option<String> {
    match literal {
        Literal::String(text) => Some(text.clone()),
        Literal::Integer(n) => Some(n.to_string()),
        Literal::Double(n) => Some(n.to_string()),
        Literal::Boolean(b) => Some(if *b { "true" } else { "false" }.to_owned()),
        Literal::Null | Literal::Strings(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_the_usual_forms() {
        assert_eq!(separators("^.*[:/]"), Some(vec![':', '/']));
        assert_eq!(separators(".*/"), Some(vec!['/']));
        assert_eq!(separators("^.*[^/]"), None);
        assert_eq!(separators("^.*x"), None);
        assert_eq!(separators("^a"), None);
    }
}
