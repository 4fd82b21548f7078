//! What several commands need that look at neighbouring rows: row numbers, values of rows before, runs of equal rows.

use super::Lowering;
use crate::diagnostic::Reported;
use crate::ir::{
    Aggregate, AggregateFunction as F, Case, CompareOp, Expr, ExprKind, Frame, Literal, Name, Rel, Scalar, SortKey,
    SortOrder, Type,
};
use crate::source::Span;

/// The rows so far, this one included.
const SO_FAR: Frame = Frame::Running { current: true, rows: None };
/// The row before this one.
const BEFORE: Frame = Frame::Running { current: false, rows: Some(1) };

impl Lowering<'_> {
    /// A name for a column that no rule can name.
    pub(crate) fn hidden(&mut self, what: &str) -> Name {
        format!("({what} {})", self.variable()).into()
    }

    /// Adds window aggregates that are not fields of the rule.
    pub(crate) fn hidden_window(
        &mut self,
        partition: Vec<Expr>,
        frame: Frame,
        columns: Vec<(Name, Aggregate)>,
        span: Span,
    ) -> Result<(), Reported> {
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Window { input, partition, frame, columns, span });
        Ok(())
    }

    /// Adds columns that are not fields of the rule.
    pub(crate) fn hidden_extend(&mut self, columns: Vec<(Name, Expr)>, span: Span) -> Result<(), Reported> {
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Extend { input, columns });
        Ok(())
    }

    /// Numbers the rows from 1.
    pub(crate) fn row_number(&mut self, span: Span) -> Result<Expr, Reported> {
        let name = self.hidden("row");
        self.hidden_window(Vec::new(), SO_FAR, vec![(name.clone(), count_rows(span))], span)?;
        Ok(Expr::column(name, Type::INTEGER, false, span))
    }

    /// The values of the row before, NULL in the first row.
    pub(crate) fn values_before(&mut self, values: &[Expr], span: Span) -> Result<Vec<Expr>, Reported> {
        let mut columns = Vec::new();
        let mut before = Vec::new();
        for value in values {
            let name = self.hidden("before");
            let mut first = self.typed_aggregate(F::First, Some(value.clone()), span);
            first.nullable = true;
            before.push(Expr::column(name.clone(), first.ty, true, span));
            columns.push((name, first));
        }
        if !columns.is_empty() {
            self.hidden_window(Vec::new(), BEFORE, columns, span)?;
        }
        Ok(before)
    }

    /// How many rows so far (before this one, unless `current`) satisfy the condition: rows between two such rows share the number.
    pub(crate) fn run_of(&mut self, starts: Expr, current: bool, span: Span) -> Result<Expr, Reported> {
        let name = self.hidden("run");
        let frame = Frame::Running { current, rows: None };
        self.hidden_window(Vec::new(), frame, vec![(name.clone(), count_if(starts, span))], span)?;
        Ok(Expr::column(name, Type::INTEGER, false, span))
    }

    /// Numbers the runs of rows that agree in the keys. Rows that lack a key neither begin nor end a run.
    pub(crate) fn runs_by(&mut self, keys: &[Expr], span: Span) -> Result<Expr, Reported> {
        let present: Vec<Expr> = keys.iter().filter(|k| k.nullable).map(|k| k.clone().is_not_null()).collect();
        let whole = Expr::and(present, span);
        let mut columns = Vec::new();
        let mut same = Vec::new();
        for key in keys {
            let value = if whole.is_literal_true() {
                key.clone()
            } else {
                let kind = ExprKind::Case { arms: vec![(whole.clone(), key.clone())], otherwise: None };
                Expr::new(kind, key.ty, true, span)
            };
            let name = self.hidden("before");
            let mut last = self.typed_aggregate(F::Last, Some(value), span);
            last.nullable = true;
            let before = Expr::column(name.clone(), last.ty, true, span);
            same.push(Expr::compare(CompareOp::Eq, before, key.clone(), Case::Sensitive));
            columns.push((name, last));
        }
        let frame = Frame::Running { current: false, rows: None };
        self.hidden_window(Vec::new(), frame, columns, span)?;
        let changed = Expr::and(same, span).is_true().negate();
        let starts = if whole.is_literal_true() { changed } else { Expr::and(vec![whole, changed], span) };
        self.run_of(starts, true, span)
    }

    /// Takes hidden columns away, where the list of fields is fixed.
    pub(crate) fn drop_hidden(&mut self, span: Span) -> Result<(), Reported> {
        // Members of an external table are named as they are read, through every operator.
        if !self.scope.is_closed() || self.scope.open_table.is_some() || self.scope.grouped.is_some() {
            return Ok(());
        }
        let kept = self.all_columns(span);
        self.reproject(kept, span)
    }

    /// Every column of the scope, as it is.
    pub(crate) fn all_columns(&self, span: Span) -> Vec<(Name, Expr)> {
        let column = |c: &crate::ir::Column| (c.name.clone(), Expr::column(c.name.clone(), c.ty, c.nullable, span));
        self.scope.columns.iter().map(column).collect()
    }

    /// The rows in the opposite order.
    pub(crate) fn reversed(&mut self, span: Span) -> Result<(), Reported> {
        let row = self.row_number(span)?;
        let key = SortKey { expr: row, descending: true, order: SortOrder::Number };
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Sort { input, keys: vec![key], limit: None, span });
        self.drop_hidden(span)
    }
}

/// The number of rows.
pub(crate) fn count_rows(span: Span) -> Aggregate {
    Aggregate { function: F::Count, argument: None, ty: Type::INTEGER, nullable: false, span }
}

/// The number of rows for which a condition is true.
fn count_if(condition: Expr, span: Span) -> Aggregate {
    Aggregate { function: F::CountIf, argument: Some(condition), ty: Type::INTEGER, nullable: false, span }
}

/// Expressions that are never NULL and agree in two rows exactly where the value does, NULL included.
pub(crate) fn same_values(value: &Expr) -> Vec<Expr> {
    let text = |value: Expr| {
        if value.ty.is_text() {
            return value;
        }
        let (nullable, span) = (value.nullable, value.span);
        Expr::new(ExprKind::Cast { value: Box::new(value), to: Scalar::String }, Type::STRING, nullable, span)
    };
    if !value.nullable {
        return vec![value.clone()];
    }
    let span = value.span;
    let own = text(value.clone());
    let ty = own.ty.union(Type::STRING);
    let filled = Expr::new(ExprKind::Coalesce(vec![own, Expr::string("", span)]), ty, false, span);
    vec![value.clone().is_null(), filled]
}

/// The value as a number; NULL where it is none.
pub(crate) fn as_number(value: Expr) -> Expr {
    let span = value.span;
    if matches!(value.ty.scalar, Scalar::Integer | Scalar::Double) && !value.ty.multivalue {
        return value;
    }
    if value.ty.multivalue || value.ty.scalar == Scalar::Boolean || value.is_null_literal() {
        return Expr::new(ExprKind::Literal(Literal::Null), Type::DOUBLE, true, span);
    }
    let nullable = value.nullable || value.ty.is_text();
    Expr::new(ExprKind::Cast { value: Box::new(value), to: Scalar::Double }, Type::DOUBLE, nullable, span)
}
