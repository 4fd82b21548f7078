//! A call on its way into the IR.

use crate::diagnostic::{Code, code};
use crate::ir::{Expr, ExprKind, Literal, Scalar, Type};
use crate::source::Span;

/// A function's arguments, already lowered.
pub struct Call<'a> {
    pub name: &'static str,
    pub arguments: Vec<Expr>,
    pub span: Span,
    pub(crate) next_variable: &'a mut u32,
}

/// Why a call can't be lowered.
pub struct Fault {
    pub code: &'static Code,
    pub message: String,
    pub help: String,
    /// Where, if not the whole call.
    pub span: Option<Span>,
}

impl Fault {
    pub(crate) fn arguments(message: impl Into<String>, help: impl Into<String>, span: Span) -> Self {
        Self { code: &code::WRONG_ARGUMENTS, message: message.into(), help: help.into(), span: Some(span) }
    }

    pub(crate) fn unsupported(message: impl Into<String>, help: impl Into<String>, span: Span) -> Self {
        Self { code: &code::UNSUPPORTED_SYNTAX, message: message.into(), help: help.into(), span: Some(span) }
    }

    pub(crate) fn types(message: impl Into<String>, help: impl Into<String>, span: Span) -> Self {
        Self { code: &code::TYPE_MISMATCH, message: message.into(), help: help.into(), span: Some(span) }
    }
}

impl Call<'_> {
    /// An argument that exists (the arity was checked).
    pub(crate) fn take(&mut self, index: usize) -> Expr {
        match self.arguments.get_mut(index) {
            Some(e) => std::mem::replace(e, Expr::null(self.span)),
            None => Expr::null(self.span),
        }
    }

    fn nullable(&self) -> bool {
        self.arguments.iter().any(|a| a.nullable)
    }

    /// The call itself as a node; NULL where an argument is NULL.
    pub(crate) fn pass(self, ty: Type) -> Result<Expr, Fault> {
        let nullable = self.nullable();
        self.node(ty, nullable)
    }

    /// The call itself as a node that can be NULL whatever its arguments.
    pub(crate) fn pass_nullable(self, ty: Type) -> Result<Expr, Fault> {
        self.node(ty, true)
    }

    /// The call itself as a node that is never NULL.
    pub(crate) fn pass_present(self, ty: Type) -> Result<Expr, Fault> {
        self.node(ty, false)
    }

    fn node(self, ty: Type, nullable: bool) -> Result<Expr, Fault> {
        Ok(Expr::new(ExprKind::Call { function: self.name, args: self.arguments }, ty, nullable, self.span))
    }

    /// The call on single numbers; text is read as a number, NULL where it is none.
    pub(crate) fn pass_numbers(self, ty: Type) -> Result<Expr, Fault> {
        self.numbers()?;
        let nullable = self.nullable() || self.arguments.iter().any(|a| a.ty.is_text());
        self.node(ty, nullable)
    }

    /// The call on single numbers of a function that has no value for some of them, e.g. the root of -1.
    pub(crate) fn pass_partial(self, ty: Type) -> Result<Expr, Fault> {
        self.numbers()?;
        self.node(ty, true)
    }

    /// That all arguments are single numbers, or texts that may be.
    pub(crate) fn numbers(&self) -> Result<(), Fault> {
        for argument in &self.arguments {
            self.single(argument)?;
            if argument.ty.scalar == Scalar::Boolean {
                let message = format!("`{}` takes numbers, not a condition", self.name);
                return Err(Fault::types(message, "use `if(condition, 1, 0)`", argument.span));
            }
        }
        Ok(())
    }

    /// The call on single texts; numbers are written out.
    pub(crate) fn pass_texts(mut self, ty: Type) -> Result<Expr, Fault> {
        for index in 0..self.arguments.len() {
            self.single(&self.arguments[index])?;
        }
        for argument in &mut self.arguments {
            let taken = std::mem::replace(argument, Expr::null(self.span));
            *argument = to_text(taken);
        }
        self.pass(ty)
    }

    /// That an argument is no multivalue field.
    pub(crate) fn single(&self, argument: &Expr) -> Result<(), Fault> {
        if argument.ty.multivalue {
            let message = format!("`{}` takes one value, and this field can have several", self.name);
            return Err(Fault::types(message, "use `mvindex`, `mvjoin` or `mvmap`", argument.span));
        }
        Ok(())
    }

    /// An argument that must be a text constant.
    pub(crate) fn literal_text(&self, index: usize, what: &str) -> Result<String, Fault> {
        let argument = &self.arguments[index];
        match argument.as_literal() {
            Some(Literal::String(text)) => Ok(text.clone()),
            Some(Literal::Integer(n)) => Ok(n.to_string()),
            _ => {
                let message = format!(
                    "{what} of `{}` must be written in the rule: it is not known before the query runs",
                    self.name
                );
                Err(Fault::unsupported(message, "write it as a string", argument.span))
            }
        }
    }

    pub(crate) fn literal_integer(&self, index: usize) -> Option<i64> {
        match self.arguments.get(index)?.as_literal()? {
            Literal::Integer(n) => Some(*n),
            Literal::Double(n) if n.fract() == 0.0 => Some(*n as i64),
            Literal::String(t) => t.trim().parse().ok(),
            _ => None,
        }
    }

    /// `test` on the value, or on some value of a multivalue field.
    pub(crate) fn for_some(&mut self, value: Expr, test: impl FnOnce(Expr) -> Expr) -> Expr {
        if !value.ty.multivalue {
            return test(value);
        }
        *self.next_variable += 1;
        let variable = *self.next_variable;
        let element = Expr::new(ExprKind::Variable(variable), value.ty.element(), false, value.span);
        let predicate = Box::new(test(element));
        let nullable = value.nullable;
        Expr::new(ExprKind::Any { value: Box::new(value), variable, predicate }, Type::BOOLEAN, nullable, self.span)
    }
}

/// A value as SPL writes it.
pub(crate) fn to_text(value: Expr) -> Expr {
    if value.ty.is_text() || value.ty.multivalue || matches!(value.kind, ExprKind::Literal(Literal::Null)) {
        return value;
    }
    let (nullable, span) = (value.nullable, value.span);
    Expr::new(ExprKind::Cast { value: Box::new(value), to: Scalar::String }, Type::STRING, nullable, span)
}

/// The type that holds all of these; NULL literals count for nothing.
pub(crate) fn common_type<'e>(values: impl IntoIterator<Item = &'e Expr>) -> Type {
    values
        .into_iter()
        .filter(|v| !matches!(v.kind, ExprKind::Literal(Literal::Null)))
        .map(|v| v.ty)
        .reduce(Type::union)
        .unwrap_or(Type::UNKNOWN)
}
