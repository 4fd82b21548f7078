//! Subsearches as conditions: their rows become `((f=v AND g=w) OR …)` (Search Manual, "About subsearches").

use super::{Lowering, Scope};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{CompareOp, Expr, Literal, Name, Rel, Values};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::search::Value;

/// Known rows up to this number become conditions; more become a semi-join.
const MOST_CONDITIONS: usize = 200;

impl Lowering<'_> {
    /// A subsearch as a condition of its own, negated or not.
    pub(crate) fn subsearch(&mut self, pipeline: &Pipeline, negated: bool, span: Span) -> Result<(), Reported> {
        let inner = self.subsearch_scope(pipeline, span)?;
        if let Some(predicate) = self.known_rows(&inner, span)? {
            let predicate = if negated { predicate.negate() } else { predicate };
            return self.filter(predicate, span);
        }
        let mut on = Vec::new();
        for column in &inner.columns {
            let outer = self.field(&column.name, span);
            if outer.is_null_literal() {
                let message = format!("the subsearch compares `{}`, which no row here has", column.name);
                return Err(self.fail_syntax(
                    message,
                    span,
                    "rename the subsearch's column to a field of the rows here",
                ));
            }
            on.push((outer, column.name.clone()));
        }
        let message = "Splunk takes at most 10,000 rows of a subsearch; here all of them count";
        self.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        let input = self.take_plan(span)?;
        let Some(other) = inner.plan else { return Err(Reported) };
        self.put_plan(Rel::SemiJoin { input, other: Box::new(other), on, negated, span });
        Ok(())
    }

    /// A subsearch inside a condition: only rows that are known before the query runs can stand there.
    pub(crate) fn constant_subsearch(&mut self, pipeline: &Pipeline, span: Span) -> Result<Expr, Reported> {
        let inner = self.subsearch_scope(pipeline, span)?;
        match self.known_rows(&inner, span)? {
            Some(predicate) => Ok(predicate),
            None => {
                let help = "put the subsearch at the top of the condition, joined to the rest by AND";
                Err(self.fail_syntax("a subsearch inside OR is not supported", span, help))
            }
        }
    }

    fn subsearch_scope(&mut self, pipeline: &Pipeline, span: Span) -> Result<Scope, Reported> {
        let inner = self.beside_as(pipeline, true)?;
        if !inner.is_closed() {
            let help = "end the subsearch in `fields` or `table` with the fields to compare";
            return Err(self.fail_syntax("the subsearch returns whole events", span, help));
        }
        if inner.open {
            let help = "end the subsearch in `fields` or `table` with the fields to compare";
            return Err(self.fail_syntax("the data names columns that the subsearch returns", span, help));
        }
        if inner.columns.is_empty() {
            let help = "end the subsearch in `fields` or `table` with the fields to compare";
            return Err(self.fail_syntax("which fields the subsearch returns is not known", span, help));
        }
        if let Some(special) = inner.columns.iter().find(|c| matches!(&*c.name, "search" | "query")) {
            let message = format!("a subsearch that returns `{}` splices text into the search", special.name);
            return Err(self.fail_syntax(message, span, "return the fields to compare instead"));
        }
        Ok(inner)
    }

    /// The condition, where the rows are those of a small lookup table.
    fn known_rows(&mut self, inner: &Scope, span: Span) -> Result<Option<Expr>, Reported> {
        let Some((columns, rows)) = inner.plan.as_ref().and_then(constant_rows) else { return Ok(None) };
        if rows.len() > MOST_CONDITIONS {
            return Ok(None);
        }
        let mut alternatives = Vec::new();
        for row in &rows {
            let mut parts = Vec::new();
            for (column, value) in columns.iter().zip(row) {
                let Some(text) = value else { continue };
                let target = self.field(column, span);
                let value = Value { text: text.clone(), quoted: true, case_sensitive: false, whole_term: false, span };
                parts.push(self.comparison(target, CompareOp::Eq, &value, span)?);
            }
            if !parts.is_empty() {
                alternatives.push(Expr::and(parts, span));
            }
        }
        Ok(Some(Expr::or(alternatives, span)))
    }
}

/// Columns, and rows of values.
type Table = (Vec<Name>, Vec<Vec<Option<String>>>);

/// Rows of a plan that reads nothing but a table that is known.
fn constant_rows(plan: &Rel) -> Option<Table> {
    match plan {
        Rel::Values(Values { columns, rows, external: false, .. }) => Some((columns.clone(), rows.clone())),
        Rel::Project { input, columns } => {
            let (names, rows) = constant_rows(input)?;
            let sources: Option<Vec<Source>> = columns.iter().map(|(_, e)| source(e, &names)).collect();
            let sources = sources?;
            let rows = rows.iter().map(|row| sources.iter().map(|s| s.value(row)).collect()).collect();
            Some((columns.iter().map(|(n, _)| n.clone()).collect(), rows))
        }
        Rel::Extend { input, columns } => {
            let (mut names, mut rows) = constant_rows(input)?;
            let sources: Option<Vec<Source>> = columns.iter().map(|(_, e)| source(e, &names)).collect();
            let sources = sources?;
            let old = rows.clone();
            for ((name, _), source) in columns.iter().zip(&sources) {
                let place = names.iter().position(|n| n == name);
                for (row, before) in rows.iter_mut().zip(&old) {
                    let value = source.value(before);
                    match place {
                        Some(i) => row[i] = value,
                        None => row.push(value),
                    }
                }
                if place.is_none() {
                    names.push(name.clone());
                }
            }
            Some((names, rows))
        }
        _ => None,
    }
}

enum Source {
    Column(usize),
    Constant(Option<String>),
}

impl Source {
    fn value(&self, row: &[Option<String>]) -> Option<String> {
        match self {
            Source::Column(i) => row.get(*i).cloned().flatten(),
            Source::Constant(value) => value.clone(),
        }
    }
}

fn source(e: &Expr, names: &[Name]) -> Option<Source> {
    if let Some(name) = e.as_column() {
        return names.iter().position(|n| n == name).map(Source::Column);
    }
    match e.as_literal()? {
        Literal::String(text) => Some(Source::Constant(Some(text.clone()))),
        Literal::Integer(n) => Some(Source::Constant(Some(n.to_string()))),
        Literal::Null => Some(Source::Constant(None)),
        _ => None,
    }
}
