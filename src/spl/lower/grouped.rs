//! Rows of transactions: a field that a stage names after `transaction` is one of the rows that were grouped, and becomes
//! a multivalue column of the transaction on first use.

use std::sync::Arc;

use super::{Lowering, Scope};
use crate::ir::{Expr, ExprKind, Name, Rel, Transaction, Type};
use crate::source::Span;

/// What lies below a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Grouped {
    /// The scope of the rows; its plan is the transaction's input.
    pub(crate) scope: Scope,
    pub(crate) lists: Lists,
    /// What stands for absent values in the columns that keep all values.
    pub(crate) null_text: String,
}

/// Which columns keep all values, in order (`mvlist`).
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Lists {
    All,
    Fields(Vec<Name>),
}

impl Grouped {
    fn is_list(&self, name: &str) -> bool {
        match &self.lists {
            Lists::All => true,
            Lists::Fields(fields) => fields.iter().any(|f| **f == *name),
        }
    }

    /// The value that a row gives to the transaction.
    pub(crate) fn contribution(&self, name: &str, value: Expr) -> Expr {
        if !self.is_list(name) || !value.nullable || value.ty.multivalue {
            return value;
        }
        let span = value.span;
        let ty = value.ty.union(Type::STRING);
        let parts = vec![value, Expr::string(self.null_text.clone(), span)];
        Expr::new(ExprKind::Coalesce(parts), ty, false, span)
    }
}

impl Lowering<'_> {
    /// A field of the rows that the last transaction grouped; `None` where there is none, or no such field.
    pub(super) fn grouped_field(&mut self, name: &str, span: Span) -> Option<Expr> {
        self.scope.grouped.as_ref()?;
        self.in_group(name, span, |lowering| lowering.find(name, span))
    }

    /// A value of the grouped rows, made a column of the transaction.
    pub(super) fn in_group(
        &mut self,
        name: &str,
        span: Span,
        f: impl FnOnce(&mut Self) -> Option<Expr>,
    ) -> Option<Expr> {
        let grouped = self.scope.grouped.clone()?;
        let mut plan = self.scope.plan.take()?;
        let Some(transaction) = transaction_of(&mut plan) else {
            self.scope.plan = Some(plan);
            return None;
        };
        let placeholder = Rel::Union { inputs: Vec::new(), span };
        let input = std::mem::replace(&mut *transaction.input, placeholder);
        let inner = Scope { plan: Some(input), ..grouped.scope.clone() };
        let outer = std::mem::replace(&mut self.scope, inner);
        let value = f(self);
        let mut inner = std::mem::replace(&mut self.scope, outer);
        if let Some(input) = inner.plan.take() {
            *transaction.input = input;
        }
        let name: Name = match value.as_ref().and_then(Expr::as_column) {
            // A name of its own, where another hides the field.
            Some(column) => column.clone(),
            None => name.into(),
        };
        let kept = value.map(|value| {
            let absent = value.is_null_literal();
            let value = grouped.contribution(&name, value);
            let ty = Type::many(value.ty.scalar);
            if !absent {
                keep(transaction, &name, value, grouped.is_list(&name));
            }
            (absent, ty)
        });
        self.scope.plan = Some(plan);
        self.scope.grouped = Some(Arc::new(Grouped { scope: inner, ..(*grouped).clone() }));
        match kept? {
            (true, _) => Some(Expr::null(span)),
            (false, ty) => {
                self.scope.declare(&name, ty, true);
                Some(Expr::column(name, ty, true, span))
            }
        }
    }
}

/// Adds a column to a transaction.
pub(crate) fn keep(transaction: &mut Transaction, name: &Name, value: Expr, list: bool) {
    if value.as_column() != Some(name) {
        let placeholder = Rel::Union { inputs: Vec::new(), span: transaction.span };
        let input = Box::new(std::mem::replace(&mut *transaction.input, placeholder));
        *transaction.input = Rel::Extend { input, columns: vec![(name.clone(), value)] };
    }
    if !transaction.columns.contains(name) {
        transaction.columns.push(name.clone());
    }
    if list && !transaction.lists.contains(name) {
        transaction.lists.push(name.clone());
    }
}

/// The topmost transaction that the rows come through.
fn transaction_of(rel: &mut Rel) -> Option<&mut Transaction> {
    match rel {
        Rel::Transaction(transaction) => Some(transaction),
        other => other.inputs_mut().into_iter().next().and_then(transaction_of),
    }
}
