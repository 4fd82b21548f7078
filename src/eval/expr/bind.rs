//! Binding: names become slots, constants and patterns are prepared once.

use super::node::{How, Items, Node};
use crate::eval::address::Block;
use crate::eval::error::Error;
use crate::eval::layout::Layout;
use crate::eval::time::TimeFormat;
use crate::eval::token::Term;
use crate::eval::wildcard::Wildcard;
use crate::eval::{Value, function};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Literal, Scalar, Type};
use crate::regex::Matcher;
use crate::source::Span;

/// From this many items on, a list of texts is looked up by hash.
const MANY: usize = 8;

/// Binds expressions over the columns of a layout.
pub(in crate::eval) struct Binder<'a> {
    layout: &'a Layout,
    /// The slot of the raw event, for bare words.
    raw: Option<usize>,
    /// Seconds since the epoch.
    now: f64,
    /// The parameters of the enclosing lambdas, outermost first.
    variables: Vec<u32>,
}

impl<'a> Binder<'a> {
    pub(in crate::eval) fn new(layout: &'a Layout, now: f64) -> Self {
        Self { layout, raw: layout.slot(super::RAW), now, variables: Vec::new() }
    }

    /// # Errors
    /// A regular expression, a network or a format that can't be read, or a function that the evaluator lacks.
    pub(in crate::eval) fn bind(&mut self, e: &Expr) -> Result<Node, Error> {
        Ok(match &e.kind {
            ExprKind::Column(name) => match self.layout.slot(name) {
                Some(slot) => Node::Slot(slot),
                // A column that no row of this input has.
                None => Node::Constant(Value::Null),
            },
            ExprKind::Variable(n) => match self.variables.iter().rposition(|v| v == n) {
                Some(position) => Node::Variable(position),
                None => return Err(Error::internal(format!("the parameter {n} is not bound"), e.span)),
            },
            ExprKind::Literal(literal) => Node::Constant(constant(literal)),
            ExprKind::Compare { op, left, right, case } => {
                let how = how(*op, left.ty, right.ty);
                Node::Compare { op: *op, left: self.boxed(left)?, right: self.boxed(right)?, case: *case, how }
            }
            ExprKind::OneOf { value, items, case } => {
                let fold = *case == Case::Insensitive;
                let texts = items.iter().map(|i| if fold { crate::ir::letters::lower(i) } else { i.clone() });
                let items = if items.len() < MANY { Items::Few(texts.collect()) } else { Items::Many(texts.collect()) };
                Node::OneOf { value: self.boxed(value)?, items, fold }
            }
            ExprKind::Like { value, pattern, case } => {
                Node::Like { value: self.boxed(value)?, pattern: Wildcard::new(pattern, *case) }
            }
            ExprKind::Regex { value, regex } => {
                Node::Regex { value: self.boxed(value)?, matcher: matcher(regex, e.span)? }
            }
            ExprKind::InCidr { value, cidr } => {
                let Some(network) = Block::parse(cidr) else {
                    return Err(Error::new(format!("`{cidr}` is no CIDR block"), e.span));
                };
                Node::InCidr { value: self.boxed(value)?, network }
            }
            ExprKind::Term { pattern } => match self.raw {
                Some(raw) => Node::Term { raw, term: Box::new(Term::new(pattern)) },
                None => return Err(Error::new("the rows have no raw event in which a word could be sought", e.span)),
            },
            ExprKind::IsNull(inner) => Node::IsNull(self.boxed(inner)?),
            ExprKind::IsTrue(inner) => Node::IsTrue(self.boxed(inner)?),
            ExprKind::Not(inner) => Node::Not(self.boxed(inner)?),
            ExprKind::And(parts) => Node::And(self.all(parts)?),
            ExprKind::Or(parts) => Node::Or(self.all(parts)?),
            ExprKind::Any { value, variable, predicate } => {
                let value = self.boxed(value)?;
                Node::Any { value, predicate: self.lambda(*variable, predicate)? }
            }
            ExprKind::MapValues { value, variable, body } => {
                let value = self.boxed(value)?;
                Node::Map { value, body: self.lambda(*variable, body)? }
            }
            ExprKind::FilterValues { value, variable, predicate } => {
                let value = self.boxed(value)?;
                Node::Keep { value, predicate: self.lambda(*variable, predicate)? }
            }
            ExprKind::Case { arms, otherwise } => {
                let mut bound = Vec::with_capacity(arms.len());
                for (condition, value) in arms {
                    bound.push((self.bind(condition)?, self.bind(value)?));
                }
                let otherwise = otherwise.as_ref().map(|o| self.boxed(o)).transpose()?;
                Node::Case { arms: bound, otherwise }
            }
            ExprKind::Coalesce(parts) => Node::Coalesce(self.all(parts)?),
            ExprKind::Arithmetic { op, left, right } => {
                Node::Arithmetic { op: *op, left: self.boxed(left)?, right: self.boxed(right)? }
            }
            ExprKind::Concat(parts) => Node::Concat(self.all(parts)?),
            ExprKind::JsonPath { value, path } => Node::JsonPath { value: self.boxed(value)?, path: path.clone() },
            ExprKind::Capture { value, regex, group, all, limit } => Node::Capture {
                value: self.boxed(value)?,
                matcher: matcher(regex, e.span)?,
                group: group.to_string(),
                all: all.then_some(*limit),
            },
            ExprKind::Cast { value, to } => Node::Cast { value: self.boxed(value)?, to: *to },
            ExprKind::RelativeTime { time, shift } => {
                Node::RelativeTime { time: self.boxed(time)?, shift: shift.clone() }
            }
            ExprKind::Now => Node::Constant(super::number(self.now)),
            ExprKind::Bin { value, span } => Node::Bin { value: self.boxed(value)?, span: *span },
            ExprKind::FormatTime { time, format } => {
                Node::FormatTime { time: self.boxed(time)?, format: TimeFormat::new(format) }
            }
            ExprKind::ParseTime { text, format } => {
                Node::ParseTime { text: self.boxed(text)?, format: TimeFormat::new(format) }
            }
            ExprKind::Call { function, args } => match function::bind(function, args) {
                Some(apply) => Node::Call { function: apply, args: self.all(args)? },
                None => return Err(Error::new(format!("`{function}` is not implemented by the evaluator"), e.span)),
            },
        })
    }

    pub(in crate::eval) fn all<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Node>, Error> {
        parts.into_iter().map(|part| self.bind(part)).collect()
    }

    fn boxed(&mut self, e: &Expr) -> Result<Box<Node>, Error> {
        self.bind(e).map(Box::new)
    }

    fn lambda(&mut self, variable: u32, body: &Expr) -> Result<Box<Node>, Error> {
        self.variables.push(variable);
        let body = self.boxed(body);
        self.variables.pop();
        body
    }
}

fn matcher(regex: &str, span: Span) -> Result<Box<Matcher>, Error> {
    match Matcher::new(regex) {
        Ok(matcher) => Ok(Box::new(matcher)),
        Err(e) => Err(Error::new(format!("the regular expression `{regex}` can't be run: {}", e.message), span)),
    }
}

pub(in crate::eval) fn constant(literal: &Literal) -> Value<'static> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Boolean(b) => Value::Boolean(*b),
        Literal::Integer(n) => Value::Integer(*n),
        Literal::Double(n) => super::number(*n),
        Literal::String(text) => text.clone().into(),
        Literal::Strings(texts) => Value::list(texts.iter().cloned().map(Value::from)),
    }
}

fn how(op: CompareOp, left: Type, right: Type) -> How {
    enum Class {
        Number,
        Text,
        Unknown,
        Boolean,
    }
    let class = |ty: Type| match ty.scalar {
        Scalar::Integer | Scalar::Double | Scalar::Time => Class::Number,
        Scalar::Boolean => Class::Boolean,
        Scalar::Unknown => Class::Unknown,
        Scalar::String | Scalar::Json => Class::Text,
    };
    match (class(left), class(right)) {
        (Class::Number, Class::Number) => How::Numbers,
        (Class::Boolean, Class::Boolean) => How::Booleans,
        (Class::Unknown, Class::Number) | (Class::Number, Class::Unknown) => How::Either,
        (Class::Unknown, Class::Unknown) if !matches!(op, CompareOp::Eq | CompareOp::Ne) => How::Either,
        (Class::Number | Class::Text | Class::Unknown | Class::Boolean, _) => How::Texts,
    }
}
