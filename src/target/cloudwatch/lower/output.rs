//! The end of a query: what the rows show, in which order, and how many.

use super::super::ast::{Alias, Command, Expr, Field, Item};
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{self, Column, ExprKind, Literal, Name, Output};
use crate::options::InsightsLevel;
use crate::source::Span;

impl Lower<'_> {
    /// Writes the last commands.
    pub(super) fn output(&mut self, output: &Output) -> Result<(), Reported> {
        let mut items = match output {
            Output::Columns(columns) | Output::Open(columns) => self.columns_shown(columns)?,
            Output::Events { added, removed } => {
                if !removed.is_empty() {
                    self.shape(
                        None,
                        "fields that the search removes are still part of the event's text",
                        "the rows show `@message`, the whole event",
                    );
                }
                let whole = ["@timestamp", "@message"].map(|f| Item { expr: Expr::raw(f), alias: None });
                let mut items = Vec::from(whole);
                items.extend(self.columns_shown(added)?);
                items
            }
        };
        if self.tail.limit.is_none() {
            self.reading(None, "without `limit` at most 10,000 rows are shown", "add `limit` for more, up to 100,000");
        }
        let tail = std::mem::take(&mut self.tail);
        // Without `display` the result shows whatever `fields`, `parse` and `unnest` name.
        let whole = matches!(output, Output::Events { .. }) && !self.query.commands.iter().any(makes_names);
        let command = if whole && tail.dedup.is_none() { Command::Fields } else { Command::Display };
        let dedup = tail.dedup.map(|(fields, span)| self.dedup_fields(fields, &mut items, span));
        if !tail.sort.is_empty() {
            self.query.commands.push(Command::Sort(tail.sort));
        }
        match dedup {
            // Only `limit` may follow `dedup`.
            Some(fields) => {
                self.query.commands.push(command(items));
                self.query.commands.push(Command::Dedup(fields));
                self.query.commands.extend(tail.limit.map(Command::Limit));
            }
            None => {
                self.query.commands.extend(tail.limit.map(Command::Limit));
                self.query.commands.push(command(items));
            }
        }
        Ok(())
    }

    fn columns_shown(&mut self, columns: &[Column]) -> Result<Vec<Item>, Reported> {
        let (columns, missing): (Vec<&Column>, Vec<&Column>) =
            columns.iter().partition(|c| self.missing_in(&self.resolve(&read(c))).is_none());
        self.not_shown(&missing);
        if columns.is_empty() && !missing.is_empty() {
            return Err(self.unsupported(
                missing.first().map(|c| self.resolve(&read(c)).span).unwrap_or_default(),
                "no column of the result can be said in Logs Insights",
                "show other fields too",
            ));
        }
        let results: Vec<_> = columns.iter().map(|c| self.column_shown(c)).collect();
        let mut items = Vec::with_capacity(columns.len());
        for result in results {
            items.push(result?);
        }
        Ok(items)
    }

    /// Says which columns the result lacks.
    fn not_shown(&mut self, columns: &[&Column]) {
        let mut by_origin: Vec<(String, Vec<String>, Span)> = Vec::new();
        for column in columns {
            let resolved = self.resolve(&read(column));
            let Some((_, origin)) = self.missing_in(&resolved) else { continue };
            let name = column.name.to_string();
            match by_origin.iter_mut().find(|(o, ..)| *o == origin) {
                Some((_, names, _)) => names.push(name),
                None => by_origin.push((origin, vec![name], resolved.span)),
            }
        }
        for (origin, names, span) in by_origin {
            let (noun, verb) = if names.len() == 1 { ("column", "is") } else { ("columns", "are") };
            self.approximate(
                span,
                format!("the {noun} {} {verb} not shown, for want of {origin}", super::widen::list(&names)),
                "differs: the rows lack them",
            );
        }
    }

    fn column_shown(&mut self, column: &Column) -> Result<Item, Reported> {
        let resolved = self.resolve(&read(column));
        let value = self.shown(&column.name, &resolved)?;
        let expr = match value.expr {
            // Only calls and fields are shown as columns in the manual.
            Expr::Text(text) => Expr::call("concat", vec![Expr::Text(text), Expr::Text(String::new())]),
            other => other,
        };
        let heading = self.heading(&column.name);
        let heading = self.free_heading(heading, &expr);
        Ok(Item { expr, alias: Some(Alias::Output(heading)) })
    }

    /// A column's value as the result shows it: times other than `_time` as seconds since the epoch.
    fn shown(&mut self, name: &Name, e: &ir::Expr) -> Result<Value, Reported> {
        if e.ty.multivalue && self.slots_value(e).is_none() {
            return self.list_text(e);
        }
        if let ExprKind::FormatTime { time, .. } = &e.kind
            && self.options.insights_level == InsightsLevel::Core
        {
            self.shape(
                Some(e.span),
                "a time is shown as Logs Insights writes it, since language level `core` has no time formats",
                "compile with `--insights-level 2026` where the Region has it",
            );
            let value = self.value(time)?;
            return Ok(Value { expr: super::time::timestamp(value), form: Form::Text });
        }
        if e.as_literal() == Some(&Literal::Null) {
            self.shape(
                Some(e.span),
                format!("`{name}` has no value in any row and is shown as an empty text"),
                "Logs Insights has no constant for an absent value",
            );
            return Ok(Value { expr: Expr::Text(String::new()), form: Form::Text });
        }
        let value = self.value(e)?;
        Ok(match value.form {
            Form::Timestamp if &**name != "_time" => Value { expr: super::time::seconds(value), form: Form::Seconds },
            _ => value,
        })
    }

    /// The column that an expression is, if it is one with a rendering.
    fn slots_value(&self, e: &ir::Expr) -> Option<&Value> {
        self.slots.get(e.as_column()?)
    }

    /// SPL's name of a column. A backtick has no spelling.
    fn heading(&mut self, name: &Name) -> String {
        if name.contains('`') || name.chars().any(char::is_control) {
            self.shape(
                None,
                "a column's name has a backtick or a control character, shown as `_`",
                "Logs Insights documents no spelling for them",
            );
        }
        name.chars().map(|c| if c == '`' || c.is_control() { '_' } else { c }).collect()
    }

    /// The keys of `dedup`, under names that the rows show.
    fn dedup_fields(&mut self, fields: Vec<Field>, items: &mut Vec<Item>, span: Span) -> Vec<Field> {
        let mut out = Vec::with_capacity(fields.len());
        for field in fields {
            let at = items.iter().position(|i| i.expr == Expr::Field(field.clone()));
            let Some(item) = at.and_then(|at| items.get_mut(at)) else {
                self.shape(
                    Some(span),
                    "a key of `dedup` is shown as a column of its own",
                    "Logs Insights removes duplicates by columns that it shows",
                );
                items.push(Item { expr: Expr::Field(field.clone()), alias: None });
                out.push(field);
                continue;
            };
            match (&field, &item.alias) {
                // A field under another heading: it gets a name that the heading can be.
                (Field::Raw(path), Some(Alias::Output(heading))) if path != heading => {
                    let named = self.name_expr(Expr::Field(field.clone()), heading);
                    item.expr = Expr::Field(named.clone());
                    out.push(named);
                }
                _ => out.push(field),
            }
        }
        out
    }
}

/// A column of the result as an expression over the plan's columns.
fn read(column: &Column) -> ir::Expr {
    ir::Expr::column(column.name.clone(), column.ty, column.nullable, Span::default())
}

/// Whether a command adds columns to the result.
fn makes_names(command: &Command) -> bool {
    match command {
        Command::Fields(_)
        | Command::Display(_)
        | Command::Stats { .. }
        | Command::Parse { .. }
        | Command::Unnest { .. }
        | Command::Lookup { .. }
        | Command::CidrLookup { .. } => true,
        Command::Filter(_) | Command::Sort(_) | Command::Limit(_) | Command::Dedup(_) => false,
    }
}
