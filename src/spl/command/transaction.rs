//! `transaction`: rows that belong together become one (Search Reference, `transaction`). Fields that a later stage names
//! first are those of the grouped rows (see `lower::grouped`).

mod parse;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{self, Expr, ExprKind, Name, Rel, Type};
use crate::source::Span;
use crate::spl::eval::Eval;
use crate::spl::lower::{Grouped, Lists, Lowering, Scope, keep};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::Search;

#[derive(Clone, PartialEq, Debug)]
pub struct Transaction {
    pub fields: Vec<Spanned>,
    /// A transaction type of Splunk's configuration.
    pub name: Option<Spanned>,
    /// In seconds.
    pub max_span: Option<f64>,
    /// In seconds.
    pub max_pause: Option<f64>,
    pub max_events: u32,
    pub starts_with: Option<Boundary>,
    pub ends_with: Option<Boundary>,
    pub connected: bool,
    pub keep_evicted: bool,
    pub keep_orphans: bool,
    pub lists: MvList,
    pub null_text: String,
    /// `maxopentxn` and `maxopenevents`: how much Splunk keeps in memory.
    pub memory: Vec<(Spanned, Spanned)>,
}

/// What begins or ends a transaction.
#[derive(Clone, PartialEq, Debug)]
pub enum Boundary {
    Search(Search),
    Eval(Eval),
}

/// Fields that keep every value, in order.
#[derive(Clone, PartialEq, Debug)]
pub enum MvList {
    All,
    Fields(Vec<Spanned>),
}

impl Boundary {
    fn print(&self, out: &mut Printer) {
        match self {
            Boundary::Search(condition) => out.quotable_group(|out| out.search(condition)),
            Boundary::Eval(condition) => {
                out.open("eval(");
                out.nested(|out| out.eval(condition));
                out.glued(")");
            }
        }
    }
}

impl MvList {
    fn print(&self, out: &mut Printer) {
        match self {
            MvList::All => out.flag("mvlist", true, false),
            MvList::Fields(fields) if fields.is_empty() => {}
            MvList::Fields(fields) => {
                let mut names = fields.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(",");
                if parse::truth(&names).is_some() {
                    // A field of such a name.
                    names.push(',');
                }
                out.option("mvlist", &names);
            }
        }
    }
}

impl Syntax for Transaction {
    const NAMES: &'static [&'static str] = &["transaction", "transam"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        parse::parse(p)
    }

    fn print(&self, out: &mut Printer) {
        let Self {
            fields,
            name,
            max_span,
            max_pause,
            max_events,
            starts_with,
            ends_with,
            connected,
            keep_evicted,
            keep_orphans,
            lists,
            null_text,
            memory,
        } = self;
        out.option_of("name", name.as_ref());
        out.names(fields);
        for (option, seconds) in [("maxspan", max_span), ("maxpause", max_pause)] {
            if let Some(seconds) = seconds {
                out.option(option, &format!("{seconds}s"));
            }
        }
        out.number_option("maxevents", *max_events, parse::DEFAULT_EVENTS);
        for (option, boundary) in [("startswith", starts_with), ("endswith", ends_with)] {
            if let Some(boundary) = boundary {
                out.word(option);
                out.open_glued("=");
                boundary.print(out);
            }
        }
        out.flag("connected", *connected, true);
        out.flag("keepevicted", *keep_evicted, false);
        out.flag("keeporphans", *keep_orphans, false);
        lists.print(out);
        out.text_option("nullstr", null_text, parse::NULL_TEXT);
        for (option, value) in memory {
            out.option(&option.text, &value.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if let Some(name) = &self.name {
            let message = format!("`transaction name={}` needs a transaction type of Splunk's configuration, which is not in the query", name.text);
            let help = "write the type's options into the search";
            return Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(name.span).help(help)));
        }
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        if let Some((option, _)) = self.memory.first() {
            let message = format!("`{}` bounds what Splunk keeps in memory; here no transaction is given up for it", option.text);
            lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(option.span));
        }
        self.has_time(span, lowering)?;
        let keys = self.keys(lowering)?;
        let starts_with = self.boundary(&self.starts_with, lowering)?;
        let ends_with = self.boundary(&self.ends_with, lowering)?;
        let (starts_with, ends_with) = self.fixed(starts_with, ends_with, span, lowering)?;
        let input = lowering.take_plan(span)?;
        let transaction = ir::Transaction {
            input,
            fields: keys.iter().map(|(name, _)| name.clone()).collect(),
            columns: Vec::new(),
            max_span: self.max_span,
            max_pause: self.max_pause,
            max_events: self.max_events,
            starts_with,
            ends_with,
            keep_evicted: self.keep_evicted,
            keep_orphans: self.keep_orphans,
            connected: self.connected,
            lists: Vec::new(),
            span,
        };
        self.rows(transaction, keys, lowering)
    }
}

/// Columns that a transaction makes itself.
const MADE: &[&str] = &["_time", "duration", "eventcount", "closed_txn"];

impl Transaction {
    /// The rows must have a time, as a column of that name.
    fn has_time(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let time = lowering.find("_time", span).filter(|t| !t.is_null_literal() && !t.ty.multivalue);
        let Some(time) = time else {
            let message = "`transaction` needs the rows' `_time`, which they do not have here";
            let help = "keep `_time`, e.g. by `stats … by _time`";
            return Err(super::unsupported(lowering, span, message, help));
        };
        if time.as_column().is_none_or(|name| **name != *"_time") {
            lowering.extend(vec![("_time".into(), time)], span)?;
        }
        Ok(())
    }

    /// The fields that rows of a transaction agree in, as columns of their names.
    fn keys(&self, lowering: &mut Lowering<'_>) -> Result<Vec<(Name, Expr)>, Reported> {
        let mut keys: Vec<(Name, Expr)> = Vec::new();
        for field in &self.fields {
            let name: Name = field.text.as_str().into();
            if keys.iter().any(|(n, _)| *n == name) {
                continue;
            }
            let value = super::single(lowering, "transaction", field)?;
            if value.is_null_literal() {
                // Said by the look-up of the field: no row has it, so that it ties nothing together.
                if self.fields.len() == 1 {
                    lowering.filter(Expr::boolean(false, field.span), field.span)?;
                }
                continue;
            }
            let (ty, nullable) = (value.ty, value.nullable);
            if value.as_column() != Some(&name) {
                lowering.extend(vec![(name.clone(), value)], field.span)?;
            }
            keys.push((name.clone(), Expr::column(name, ty, nullable, field.span)));
        }
        Ok(keys)
    }

    fn boundary(&self, boundary: &Option<Boundary>, lowering: &mut Lowering<'_>) -> Result<Option<Expr>, Reported> {
        Ok(match boundary {
            None => None,
            Some(Boundary::Search(condition)) => Some(lowering.search(condition)?),
            Some(Boundary::Eval(condition)) => Some(lowering.predicate(condition)?.is_true()),
        })
    }

    /// Boundaries see the rows as they are, not the texts that stand for absent values in lists.
    fn fixed(
        &self,
        starts_with: Option<Expr>,
        ends_with: Option<Expr>,
        span: Span,
        lowering: &mut Lowering<'_>,
    ) -> Result<(Option<Expr>, Option<Expr>), Reported> {
        if matches!(&self.lists, MvList::Fields(fields) if fields.is_empty()) {
            return Ok((starts_with, ends_with));
        }
        let mut fix = |condition: Option<Expr>| -> Result<Option<Expr>, Reported> {
            let Some(condition) = condition else { return Ok(None) };
            let column = Expr::column(lowering.hidden("boundary"), Type::BOOLEAN, condition.nullable, span);
            let name = column.as_column().cloned().ok_or(Reported)?;
            lowering.hidden_extend(vec![(name, condition)], span)?;
            Ok(Some(column))
        };
        Ok((fix(starts_with)?, fix(ends_with)?))
    }

    /// Puts the transaction on the plan and declares what its rows have.
    fn rows(
        &self,
        mut transaction: ir::Transaction,
        keys: Vec<(Name, Expr)>,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Reported> {
        let span = transaction.span;
        let lists = match &self.lists {
            MvList::All => Lists::All,
            MvList::Fields(fields) => Lists::Fields(fields.iter().map(|f| f.text.as_str().into()).collect()),
        };
        let is_list = |name: &Name| match &lists {
            Lists::All => true,
            Lists::Fields(fields) => fields.contains(name),
        };
        let below = std::mem::take(&mut lowering.scope);
        let open = !below.is_closed() || below.open_table.is_some() || !below.lazy_inputs.is_empty() || below.grouped.is_some();
        let grouped = Grouped { scope: Scope { plan: None, ..below.clone() }, lists: lists.clone(), null_text: self.null_text.clone() };
        let mut columns: Vec<(Name, Type)> = Vec::new();
        let made = |name: &Name| MADE.contains(&&**name);
        let known = below.columns.iter().map(|c| (c.name.clone(), Expr::column(c.name.clone(), c.ty, c.nullable, span)));
        let wanted: Vec<(Name, Expr)> = keys.iter().cloned().chain(known).filter(|(n, _)| !made(n)).collect();
        for (name, value) in wanted {
            if columns.iter().any(|(n, _)| *n == name) {
                continue;
            }
            // A field that ties rows together stays as it is.
            let is_key = keys.iter().any(|(n, _)| *n == name);
            let value = if is_key { value } else { grouped.contribution(&name, value) };
            columns.push((name.clone(), Type::many(value.ty.scalar)));
            keep(&mut transaction, &name, value, is_list(&name));
        }
        let mut scope = Scope { plan: Some(Rel::Transaction(transaction)), ..Scope::default() };
        scope.origin = below.origin;
        scope.grouped = open.then(|| Arc::new(grouped));
        lowering.scope = scope;
        lowering.scope.declare(&"_time".into(), Type::TIME, false);
        lowering.scope.declare(&"duration".into(), Type::DOUBLE, false);
        lowering.scope.declare(&"eventcount".into(), Type::INTEGER, false);
        if self.keep_evicted {
            lowering.scope.declare(&"closed_txn".into(), Type::INTEGER, false);
        }
        for (name, ty) in &columns {
            lowering.scope.declare(name, *ty, true);
        }
        // Rows of a transaction agree in the fields that it is made by, so that each has one value.
        let single = keys.iter().filter(|(name, _)| !is_list(name) && !made(name)).map(|(name, value)| {
            let nullable = value.nullable && (keys.len() > 1 || self.keep_orphans);
            let values = Expr::column(name.clone(), Type::many(value.ty.scalar), nullable, value.span);
            let args = vec![values, Expr::integer(0, value.span)];
            (name.clone(), Expr::new(ExprKind::Call { function: "mvindex", args }, value.ty, nullable, value.span))
        });
        let single = single.collect();
        lowering.extend(single, span)
    }
}
