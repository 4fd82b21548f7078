//! From predicates of the IR to conditions: when a predicate is true, and when it is false.
//!
//! SQL's third truth value needs no place of its own in Sigma: `truth` and `falsity` are two-valued, and a predicate is
//! NULL where neither holds.

use std::collections::{BTreeMap, BTreeSet};

use super::binding::Binding;
use super::cond::{Cond, Test};
use super::subject::{Atom, Subject};
use crate::diagnostic::{Code, Diagnostic, Effect, Reported, Sink, code};
use crate::ir::{Expr, ExprKind, Literal, Name};
use crate::schema::Schema;
use crate::source::Span;

/// How many tests a condition may grow to before it is given up: calculated fields multiply.
const BUDGET: usize = 4_000;

/// The state of lowering the predicates of one query.
pub(super) struct Lowering<'a> {
    pub(super) schema: &'a Schema,
    pub(super) binding: &'a Binding,
    pub(super) sink: &'a mut Sink,
    /// Columns that no field of an event holds, and what makes them.
    opaque: &'a BTreeMap<Name, String>,
    /// Lists of which a row has one value.
    elements: &'a BTreeSet<Name>,
    variables: Vec<(u32, Subject)>,
    budget: usize,
}

pub(super) type Lowered = Result<Cond, Reported>;

impl<'a> Lowering<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        binding: &'a Binding,
        opaque: &'a BTreeMap<Name, String>,
        elements: &'a BTreeSet<Name>,
        sink: &'a mut Sink,
    ) -> Self {
        Self { schema, binding, sink, opaque, elements, variables: Vec::new(), budget: BUDGET }
    }

    /// When the predicate is true.
    pub(super) fn truth(&mut self, e: &Expr) -> Lowered {
        match &e.kind {
            ExprKind::Literal(Literal::Boolean(b)) => Ok(Cond::truth(*b)),
            ExprKind::Literal(Literal::Null) => Ok(Cond::False),
            ExprKind::IsTrue(inner) => self.truth(inner),
            ExprKind::Not(inner) => self.falsity(inner),
            ExprKind::And(parts) => {
                self.check_same_element(&mut parts.iter());
                Ok(Cond::and(self.all(parts, Self::truth)?))
            }
            ExprKind::Or(parts) => Ok(Cond::or(self.all(parts, Self::truth)?)),
            ExprKind::IsNull(inner) => self.nullness(inner),
            ExprKind::Any { value, variable, predicate } => self.any(value, *variable, predicate),
            ExprKind::Term { pattern } => {
                self.spend(1, e.span)?;
                Ok(Cond::Keyword(vec![pattern.clone()], e.span))
            }
            ExprKind::Case { .. } | ExprKind::Coalesce(_) => self.chosen(e, true),
            ExprKind::Column(_) => self.boolean(e, true),
            ExprKind::Compare { .. }
            | ExprKind::OneOf { .. }
            | ExprKind::Like { .. }
            | ExprKind::Regex { .. }
            | ExprKind::InCidr { .. } => self.test(e, true),
            ExprKind::Literal(_)
            | ExprKind::Variable(_)
            | ExprKind::MapValues { .. }
            | ExprKind::FilterValues { .. }
            | ExprKind::Arithmetic { .. }
            | ExprKind::Concat(_)
            | ExprKind::JsonPath { .. }
            | ExprKind::Capture { .. }
            | ExprKind::Cast { .. }
            | ExprKind::RelativeTime { .. }
            | ExprKind::Now
            | ExprKind::Bin { .. }
            | ExprKind::FormatTime { .. }
            | ExprKind::ParseTime { .. }
            | ExprKind::Call { .. } => Err(self.unsupported(describe(e), e.span)),
        }
    }

    /// When the predicate is false: neither true nor NULL.
    pub(super) fn falsity(&mut self, e: &Expr) -> Lowered {
        match &e.kind {
            ExprKind::Literal(Literal::Boolean(b)) => Ok(Cond::truth(!*b)),
            ExprKind::Literal(Literal::Null) => Ok(Cond::False),
            ExprKind::IsTrue(inner) => {
                if let Some(list) = self.element_in(inner) {
                    return Err(self.unsupported(format!("test that some value of the list `{list}` differs"), e.span));
                }
                Ok(self.truth(inner)?.negate())
            }
            ExprKind::Not(inner) => self.truth(inner),
            ExprKind::And(parts) => Ok(Cond::or(self.all(parts, Self::falsity)?)),
            ExprKind::Or(parts) => Ok(Cond::and(self.all(parts, Self::falsity)?)),
            ExprKind::IsNull(inner) => Ok(self.nullness(inner)?.negate()),
            ExprKind::Any { value, variable, predicate } => {
                let some = self.any(value, *variable, predicate)?;
                Ok(Cond::and([self.nullness(value)?.negate(), some.negate()]))
            }
            ExprKind::Term { .. } => Ok(self.truth(e)?.negate()),
            // `coalesce(p, false)` is false wherever `p` is not true.
            ExprKind::Coalesce(parts) if matches!(parts.as_slice(), [_, last] if last.as_literal() == Some(&Literal::Boolean(false))) => {
                Ok(self.chosen(e, true)?.negate())
            }
            ExprKind::Case { .. } | ExprKind::Coalesce(_) => self.chosen(e, false),
            ExprKind::Column(_) => self.boolean(e, false),
            ExprKind::Compare { .. }
            | ExprKind::OneOf { .. }
            | ExprKind::Like { .. }
            | ExprKind::Regex { .. }
            | ExprKind::InCidr { .. } => self.test(e, false),
            ExprKind::Literal(_)
            | ExprKind::Variable(_)
            | ExprKind::MapValues { .. }
            | ExprKind::FilterValues { .. }
            | ExprKind::Arithmetic { .. }
            | ExprKind::Concat(_)
            | ExprKind::JsonPath { .. }
            | ExprKind::Capture { .. }
            | ExprKind::Cast { .. }
            | ExprKind::RelativeTime { .. }
            | ExprKind::Now
            | ExprKind::Bin { .. }
            | ExprKind::FormatTime { .. }
            | ExprKind::ParseTime { .. }
            | ExprKind::Call { .. } => Err(self.unsupported(describe(e), e.span)),
        }
    }

    /// When the expression is NULL.
    pub(super) fn nullness(&mut self, e: &Expr) -> Lowered {
        if !e.nullable {
            return Ok(Cond::False);
        }
        match &e.kind {
            ExprKind::Literal(literal) => Ok(Cond::truth(*literal == Literal::Null)),
            ExprKind::IsNull(_) | ExprKind::IsTrue(_) | ExprKind::Term { .. } | ExprKind::Now => Ok(Cond::False),
            ExprKind::Column(_) | ExprKind::Variable(_) | ExprKind::JsonPath { .. } => match self.atom(e)? {
                Atom::Null => Ok(Cond::True),
                Atom::Constant(_) => Ok(Cond::False),
                Atom::Field(subject) => Ok(subject.absent(e.span)),
            },
            ExprKind::Coalesce(parts) => Ok(Cond::and(self.all(parts, Self::nullness)?)),
            ExprKind::Case { .. } => {
                let mut some = Vec::new();
                for (guard, value) in self.values(e, &|_| true)? {
                    some.push(Cond::and([guard, self.nullness(&value)?.negate()]));
                }
                Ok(Cond::or(some).negate())
            }
            ExprKind::Concat(parts) => Ok(Cond::or(self.all(parts, Self::nullness)?)),
            ExprKind::Call { function, args } if is_total(function, args) => {
                Ok(Cond::or(self.all(args, Self::nullness)?))
            }
            ExprKind::Call { function: "mvindex", args } => match args.as_slice() {
                // The first and the last piece always exist.
                [list, index] if matches!(index.as_literal(), Some(Literal::Integer(0 | -1))) => self.nullness(list),
                _ => Err(self.unsupported(describe(e), e.span)),
            },
            ExprKind::Cast { value, to: crate::ir::Scalar::String } => self.nullness(value),
            ExprKind::FormatTime { time, .. } => self.nullness(time),
            ExprKind::Bin { value, .. } if value.ty.is_numeric() => self.nullness(value),
            ExprKind::RelativeTime { time, .. } => self.nullness(time),
            ExprKind::Capture { value, regex, .. } if super::regex::group_always_takes_part(regex) => {
                Ok(self.matches(value, regex, e.span)?.negate())
            }
            ExprKind::FilterValues { value, variable, predicate } => {
                Ok(self.any(value, *variable, predicate)?.negate())
            }
            ExprKind::Compare { .. }
            | ExprKind::OneOf { .. }
            | ExprKind::Like { .. }
            | ExprKind::Regex { .. }
            | ExprKind::InCidr { .. }
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Any { .. } => {
                let (holds, fails) = (self.truth(e)?, self.falsity(e)?);
                Ok(Cond::and([holds.negate(), fails.negate()]))
            }
            ExprKind::MapValues { .. }
            | ExprKind::Arithmetic { .. }
            | ExprKind::Capture { .. }
            | ExprKind::Cast { .. }
            | ExprKind::Bin { .. }
            | ExprKind::ParseTime { .. }
            | ExprKind::Call { .. } => Err(self.unsupported(describe(e), e.span)),
        }
    }

    /// Some value of a list satisfies the predicate.
    fn any(&mut self, value: &Expr, variable: u32, predicate: &Expr) -> Lowered {
        let mut some = Vec::new();
        for (guard, value) in self.values(value, &|_| true)? {
            match self.atom(&value)? {
                Atom::Null => {}
                Atom::Field(subject) => {
                    let element = Subject { element: subject.list, ..subject };
                    self.variables.push((variable, element));
                    let holds = self.truth(predicate);
                    self.variables.pop();
                    some.push(Cond::and([guard, holds?]));
                }
                Atom::Constant(_) => return Err(self.unsupported(describe(&value), value.span)),
            }
        }
        Ok(Cond::or(some))
    }

    /// A `case` or `coalesce` of predicates.
    fn chosen(&mut self, e: &Expr, polarity: bool) -> Lowered {
        // `coalesce` of predicates asks whether each is NULL, which `values` finds out by `nullness`.
        let mut some = Vec::new();
        let relevant = |literal: &Literal| *literal == Literal::Boolean(polarity);
        for (guard, value) in self.values(e, &relevant)? {
            let holds = if polarity { self.truth(&value)? } else { self.falsity(&value)? };
            some.push(Cond::and([guard, holds]));
        }
        Ok(Cond::or(some))
    }

    /// A field that is true or false.
    fn boolean(&mut self, e: &Expr, wanted: bool) -> Lowered {
        match self.atom(e)? {
            Atom::Field(subject) => {
                self.spend(1, e.span)?;
                Ok(subject.leaf(Test::Boolean(wanted), e.span))
            }
            Atom::Null => Ok(Cond::False),
            Atom::Constant(literal) => Ok(Cond::truth(literal == Literal::Boolean(wanted))),
        }
    }

    fn all(&mut self, parts: &[Expr], lower: fn(&mut Self, &Expr) -> Lowered) -> Result<Vec<Cond>, Reported> {
        // All parts are lowered even where one fails, so that everything that Sigma can't say is said at once.
        let lowered: Vec<Lowered> = parts.iter().map(|p| lower(self, p)).collect();
        lowered.into_iter().collect()
    }

    /// Two conditions on one element become conditions that different elements may meet; whether there are such.
    pub(super) fn check_same_element(&mut self, parts: &mut dyn Iterator<Item = &Expr>) -> bool {
        let mut seen: Vec<String> = Vec::new();
        let mut found = false;
        for part in parts {
            let Some(field) = self.element_in(part) else { continue };
            if seen.contains(&field) {
                let message = format!(
                    "widens: one value of `{field}` must meet all conditions in SPL, in Sigma several values together can"
                );
                let help = "check the alerts, or keep only the more selective of the conditions";
                self.approximate(message, help, part.span);
                found = true;
            } else {
                seen.push(field);
            }
        }
        found
    }

    /// Lowers something that can be left out: what is said on the way is kept only where it succeeds. The flag: whether
    /// it is exact.
    ///
    /// # Errors
    /// Why Sigma can't say it, each reason with its place.
    pub(super) fn attempt<T>(
        &mut self,
        lower: impl FnOnce(&mut Lowering<'_>) -> Result<T, Reported>,
    ) -> Result<(T, bool), Vec<(String, Span)>> {
        let mut heard = Sink::default();
        let mut attempt = Lowering {
            schema: self.schema,
            binding: self.binding,
            sink: &mut heard,
            opaque: self.opaque,
            elements: self.elements,
            variables: Vec::new(),
            budget: self.budget,
        };
        let result = lower(&mut attempt);
        let budget = attempt.budget;
        let heard = heard.into_diagnostics();
        match result {
            Ok(value) => {
                self.budget = budget;
                let exact = heard.iter().all(|d| d.effect == Effect::None);
                for diagnostic in heard {
                    self.sink.push(diagnostic);
                }
                Ok((value, exact))
            }
            Err(Reported) => {
                let errors = heard.into_iter().filter(|d| d.effect >= Effect::Unsupported);
                Err(errors.map(|d| (d.message, d.span.unwrap_or_default())).collect())
            }
        }
    }

    /// The list of which a predicate looks at one value.
    fn element_in(&self, e: &Expr) -> Option<String> {
        let mut found = None;
        e.walk(&mut |e| {
            let raw = match &e.kind {
                ExprKind::Variable(n) => self.variable(*n).filter(|s| s.element).map(|s| s.raw.to_string()),
                ExprKind::Column(name) if self.is_element(name) => Some(name.to_string()),
                _ => None,
            };
            found = found.take().or(raw);
        });
        found
    }

    pub(super) fn variable(&self, n: u32) -> Option<Subject> {
        self.variables.iter().rev().find(|(v, _)| *v == n).map(|(_, s)| s.clone())
    }

    pub(super) fn opaque(&self, name: &Name) -> Option<String> {
        self.opaque.get(name).cloned()
    }

    pub(super) fn is_element(&self, name: &Name) -> bool {
        self.elements.contains(name)
    }

    pub(super) fn field(&mut self, raw: &str, span: Span) -> Result<String, Reported> {
        self.binding.field(self.schema, raw).map_err(|message| {
            let diagnostic = Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span);
            self.sink.fail(diagnostic.help("name the field in `[target.sigma.fields]` of the schema"))
        })
    }

    /// Counts tests against the budget.
    pub(super) fn spend(&mut self, tests: usize, span: Span) -> Result<(), Reported> {
        match self.budget.checked_sub(tests) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                let message = "the condition grows too large once its calculated fields are written out";
                let diagnostic = Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span);
                Err(self.sink.fail(diagnostic.help("compare raw fields of the log source instead of calculated ones")))
            }
        }
    }

    /// Reports that Sigma has no such thing.
    pub(super) fn unsupported(&mut self, what: String, span: Span) -> Reported {
        let message = format!("Sigma has no {what}");
        let diagnostic = Diagnostic::new(&code::UNSUPPORTED_BY_TARGET, message).at(span);
        self.sink.fail(diagnostic.help("a Sigma detection compares fields of one event with constants"))
    }

    /// Reports that the rule selects other events than the search; the message begins with the direction.
    pub(super) fn approximate(&mut self, message: String, help: &str, span: Span) {
        self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
    }

    pub(super) fn push(&mut self, code: &'static Code, message: String, span: Span) {
        self.sink.push(Diagnostic::new(code, message).at(span));
    }
}

/// Functions that give a value for any value.
fn is_total(function: &str, args: &[Expr]) -> bool {
    let names = [
        "lower",
        "upper",
        "trim",
        "ltrim",
        "rtrim",
        "replace",
        "len",
        "split",
        "mvdedup",
        "mvsort",
        "mvjoin",
        "mvcount",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "urldecode",
    ];
    names.contains(&function) && args.iter().skip(1).all(|a| a.as_literal().is_some())
}

/// What Sigma lacks, in words that follow "Sigma has no".
pub(super) fn describe(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Call { function, .. } => format!("function like `{function}` in a condition"),
        ExprKind::Arithmetic { op, .. } => format!("arithmetic (`{}`) in a condition", op.symbol()),
        ExprKind::Concat(_) => "joined texts in a condition".to_owned(),
        ExprKind::JsonPath { .. } => "access to values inside a JSON text (`spath`)".to_owned(),
        ExprKind::Capture { .. } => "values captured from a text (`rex`)".to_owned(),
        ExprKind::Cast { to, .. } => format!("conversion of a value to {}", crate::ir::Type::one(*to)),
        ExprKind::RelativeTime { .. } => "moved times (`relative_time`)".to_owned(),
        ExprKind::Now => "moment of the search (`now`)".to_owned(),
        ExprKind::Bin { .. } => "rounded values (`bin`)".to_owned(),
        ExprKind::FormatTime { .. } => "times as text (`strftime`)".to_owned(),
        ExprKind::ParseTime { .. } => "times from text (`strptime`)".to_owned(),
        ExprKind::MapValues { .. } => "mapped lists (`mvmap`)".to_owned(),
        ExprKind::FilterValues { .. } => "filtered lists (`mvfilter`)".to_owned(),
        ExprKind::Column(name) => format!("condition on `{name}` here"),
        ExprKind::Variable(_) => "condition of this form on values of a list".to_owned(),
        ExprKind::Literal(_) => "condition that is a constant".to_owned(),
        ExprKind::Compare { .. }
        | ExprKind::OneOf { .. }
        | ExprKind::Like { .. }
        | ExprKind::Regex { .. }
        | ExprKind::InCidr { .. }
        | ExprKind::Term { .. }
        | ExprKind::IsNull(_)
        | ExprKind::IsTrue(_)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Any { .. } => "condition used as a value".to_owned(),
        ExprKind::Case { .. } | ExprKind::Coalesce(_) => "value that depends on a condition here".to_owned(),
    }
}
