//! Calls of functions for the tests beside them.

use super::{Context, bind};
use crate::eval::Value;
use crate::ir::{Expr, ExprKind, Literal, Scalar, Type};
use crate::source::Span;

/// An argument: its expression, and its value.
pub(super) struct Argument(pub(super) Expr, pub(super) Value<'static>);

pub(super) trait Into_ {
    fn argument(self) -> Argument;
}

impl Into_ for Argument {
    fn argument(self) -> Argument {
        self
    }
}

/// A literal.
impl Into_ for &'static str {
    fn argument(self) -> Argument {
        Argument(Expr::string(self, Span::default()), self.into())
    }
}

impl Into_ for i64 {
    fn argument(self) -> Argument {
        Argument(Expr::integer(self, Span::default()), self.into())
    }
}

impl Into_ for f64 {
    fn argument(self) -> Argument {
        Argument(Expr::double(self, Span::default()), self.into())
    }
}

impl Into_ for bool {
    fn argument(self) -> Argument {
        Argument(Expr::boolean(self, Span::default()), self.into())
    }
}

/// NULL.
impl Into_ for () {
    fn argument(self) -> Argument {
        Argument(Expr::null(Span::default()), Value::Null)
    }
}

/// A multivalue field.
impl<const N: usize> Into_ for [&'static str; N] {
    fn argument(self) -> Argument {
        let value = Value::list(self.map(Value::from));
        Argument(column(Type::many(Scalar::Unknown)), value)
    }
}

/// A field of text that may be a number.
pub(super) fn field(text: &'static str) -> Argument {
    Argument(column(Type::UNKNOWN), text.into())
}

/// A JSON text.
pub(super) fn json(text: &'static str) -> Argument {
    Argument(column(Type::JSON), text.into())
}

fn column(ty: Type) -> Expr {
    Expr::new(ExprKind::Column("f".into()), ty, true, Span::default())
}

/// The function's value as text, values of a list between `|`; `NULL` for none.
pub(super) fn apply(function: &str, args: Vec<Argument>) -> String {
    let (exprs, values): (Vec<Expr>, Vec<Value<'static>>) = args.into_iter().map(|a| (a.0, a.1)).unzip();
    let context = Context::new(1_722_520_322.0, 1);
    let bound = bind(function, &exprs).expect("the function");
    let mut values: Vec<Value<'_>> = values;
    let value = bound.apply(&mut values, &context);
    match context.fault.borrow().as_ref() {
        Some(fault) => format!("fault: {fault}"),
        None if value.is_null() => "NULL".to_owned(),
        None => value.to_text().replace('\n', "|"),
    }
}

/// Whether there is such a function.
pub(super) fn exists(function: &str, args: usize) -> bool {
    let args = vec![Expr::new(ExprKind::Literal(Literal::Null), Type::UNKNOWN, true, Span::default()); args];
    bind(function, &args).is_some()
}

macro_rules! call {
    ($name:ident($($arg:expr),* $(,)?)) => {
        $crate::eval::function::testing::apply(
            stringify!($name),
            vec![$($crate::eval::function::testing::Into_::argument($arg)),*],
        )
    };
}
pub(super) use call;
