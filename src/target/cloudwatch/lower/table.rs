//! Lookup tables of Logs Insights: `lookup` matches whole values with case, `cidrlookup` finds the block of an address.
//! They serve tables whose rows are not known, or are too many to be written into a query.

use super::super::ast::{Command, Expr, Field};
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{
    self, AggregateFunction, ExprKind, Join, JoinKind, Lookup, LookupOutput, LookupTable, MatchType, Name, Rel, Type,
};
use crate::source::Span;

/// A table, the columns that must match, and those that are wanted.
struct Access<'a> {
    table: &'a str,
    /// Columns, and the values over base columns that they must equal.
    on: Vec<(Name, ir::Expr)>,
    cidr: bool,
    outputs: Vec<Name>,
    span: Span,
}

impl Lower<'_> {
    /// `lookup` by a lookup table of the service.
    pub(super) fn native_lookup(&mut self, lookup: &Lookup) -> Result<(), Reported> {
        let table = &lookup.table;
        let on: Vec<(Name, ir::Expr)> = lookup.on.iter().map(|(c, e)| (c.clone(), self.resolve(e))).collect();
        // A value that is always there stays.
        let (kept, outputs): (Vec<&LookupOutput>, Vec<&LookupOutput>) =
            lookup.outputs.iter().partition(|o| o.keep_existing && !self.existing(o, lookup.span).nullable);
        let kept: Vec<_> = kept.iter().map(|o| (o.output.clone(), self.existing(o, lookup.span))).collect();
        if let Some((_, origin)) = on.iter().find_map(|(_, e)| self.missing_in(e)) {
            for output in outputs {
                self.missing_column(&output.output, Type::UNKNOWN, lookup.span, None, &origin);
            }
            self.columns.extend(kept);
            return Ok(());
        }
        if outputs.is_empty() {
            self.columns.extend(kept);
            return Ok(());
        }
        let cidr = self.match_kind(lookup)?;
        if !table.external {
            let case = if table.case_sensitive || cidr { "" } else { ", and letters must match in case" };
            self.approximate(
                lookup.span,
                format!(
                    "the {} rows of table `{}` are too many for a query, so a lookup table of that name stands for them{case}",
                    table.rows.len(),
                    table.name
                ),
                "differs where the lookup table has other rows",
            );
            if table.max_matches != 1 && !super::lookup::has_distinct_keys(lookup) {
                self.approximate(
                    lookup.span,
                    format!("where several rows of table `{}` match, one of them is taken", table.name),
                    "narrows: SPL gives the values of all of them",
                );
            }
        }
        let columns = outputs.iter().map(|o| o.column.clone()).collect();
        let access = Access { table: &table.name, on, cidr, outputs: columns, span: lookup.span };
        let found = self.access(&access)?;
        let mut defined = kept;
        for (output, found) in outputs.into_iter().zip(found) {
            let found = with_default(found, table, lookup.span);
            let value = if output.keep_existing {
                let have = self.existing(output, lookup.span);
                let nullable = found.nullable;
                ir::Expr::new(ExprKind::Coalesce(vec![have, found]), Type::UNKNOWN, nullable, lookup.span)
            } else {
                found
            };
            defined.push((output.output.clone(), value));
        }
        self.columns.extend(defined);
        Ok(())
    }

    /// The value that an output has before the lookup.
    fn existing(&self, output: &LookupOutput, span: Span) -> ir::Expr {
        self.resolve(&ir::Expr::column(output.output.clone(), Type::UNKNOWN, true, span))
    }

    /// Whether a lookup is by address blocks; refuses what the service does not match.
    fn match_kind(&mut self, lookup: &Lookup) -> Result<bool, Reported> {
        let table = &lookup.table;
        let kind = |c: &Name| {
            table.matching.iter().find(|(m, _)| m == c && lookup.on.iter().any(|(o, _)| o == m)).map(|m| m.1)
        };
        let kinds: Vec<Option<MatchType>> = lookup.on.iter().map(|(c, _)| kind(c)).collect();
        match kinds.as_slice() {
            [Some(MatchType::Cidr)] => Ok(true),
            kinds if kinds.iter().all(Option::is_none) => Ok(false),
            _ => Err(self.unsupported(
                lookup.span,
                format!(
                    "Logs Insights has no lookup by wildcards, nor by an address block and more, as `{}` needs it",
                    table.name
                ),
                "give the content folder a CSV file with few rows: they are written into the query",
            )),
        }
    }

    /// Writes the command, and gives the columns that it adds.
    fn access(&mut self, access: &Access<'_>) -> Result<Vec<ir::Expr>, Reported> {
        let table = table_name(access.table);
        let read: Vec<String> =
            access.on.iter().map(|(c, _)| c).chain(&access.outputs).map(ToString::to_string).collect();
        if let Some(odd) = read.iter().find(|c| c.contains('`') || c.chars().any(char::is_control)) {
            return Err(self.unsupported(
                access.span,
                format!("column `{}` of table `{table}` has no spelling in Logs Insights", odd.escape_debug()),
                "rename the column",
            ));
        }
        let columns = super::widen::list(&read);
        if access.cidr {
            self.need_newest("a lookup of address blocks", access.span)?;
            self.reading(
                Some(access.span),
                format!("`cidrlookup` reads lookup table `{table}` with the columns {columns}"),
                "keep such a table in CloudWatch Logs; where several blocks hold an address, one of them is taken",
            );
        } else {
            self.reading(
                Some(access.span),
                format!("`lookup` reads lookup table `{table}` with the columns {columns}, and matches with case"),
                "keep such a table in CloudWatch Logs",
            );
        }
        let mut fields = Vec::with_capacity(access.on.len());
        for (column, value) in &access.on {
            fields.push((column.to_string(), self.field(value, "key", "`lookup`")?));
        }
        let mut ids = Vec::with_capacity(access.outputs.len());
        if let (true, [(column, field)]) = (access.cidr, fields.as_slice()) {
            for output in &access.outputs {
                ids.push(self.query.local(output));
            }
            let outputs = access.outputs.iter().map(ToString::to_string).zip(ids.iter().copied()).collect();
            let (column, field) = (column.clone(), field.clone());
            self.query.commands.push(Command::CidrLookup { table, field, column, outputs });
        } else {
            let outputs: Vec<usize> = access.outputs.iter().map(|c| self.query.fixed_local(c)).collect();
            for output in &access.outputs {
                self.lookup_columns.entry(output.clone()).or_insert(access.span);
            }
            self.query.commands.push(Command::Lookup { table, on: fields, outputs: outputs.clone() });
            ids = self.out_of_the_way(&access.outputs, outputs, access.span);
        }
        Ok(ids
            .into_iter()
            .map(|id| {
                let value = Value { expr: Expr::local(id), form: Form::Text };
                self.base(value, Type::UNKNOWN, true, access.span)
            })
            .collect())
    }

    /// Gives columns that a later `lookup` would overwrite a name of their own.
    fn out_of_the_way(&mut self, columns: &[Name], ids: Vec<usize>, span: Span) -> Vec<usize> {
        let mut out = Vec::with_capacity(ids.len());
        for (column, id) in columns.iter().zip(ids) {
            if !self.repeated.contains(column) {
                out.push(id);
                continue;
            }
            self.reading(
                Some(span),
                "a second `lookup` is taken to overwrite a column of the same name",
                "the manual says so of `OUTPUT`",
            );
            match self.name_expr(Expr::local(id), column) {
                Field::Local(copy) => out.push(copy),
                Field::Raw(_) => out.push(id),
            }
        }
        out
    }

    /// A column of a lookup table must not hide a field of the events that the query reads.
    pub(super) fn check_lookup_columns(&mut self) -> Result<(), Reported> {
        let raw = super::super::name::raw_names(&self.query);
        let hides = |c: &Name| raw.iter().any(|path| path.split('.').next() == Some(c) || **path == **c);
        let Some((column, span)) = self.lookup_columns.iter().find(|(c, _)| hides(c)).map(|(c, s)| (c.clone(), *s))
        else {
            return Ok(());
        };
        Err(self.unsupported(
            span,
            format!("column `{column}` of a lookup table has the name of a field of the events, which `lookup` would overwrite"),
            "rename the column of the table",
        ))
    }

    /// `join type=left` with rows of a table that are not known, which `lookup` finds. `None`: the right side is more.
    pub(super) fn join_table(&mut self, join: &Join) -> Option<Result<(), Reported>> {
        let rows = table_rows(&join.right)?;
        if join.kind != JoinKind::Left || join.max != Some(1) {
            return None;
        }
        let column = |name: &Name| rows.columns.iter().find(|(n, ..)| n == name).map(|(_, c, _)| c.clone());
        let mut on = Vec::with_capacity(join.on.len());
        for name in &join.on {
            let value = self.resolve(&ir::Expr::column(name.clone(), Type::UNKNOWN, true, join.span));
            if self.missing_in(&value).is_some() {
                return None;
            }
            on.push((column(name)?, value));
        }
        let wanted: Vec<&(Name, Name, bool)> = rows.columns.iter().filter(|(n, ..)| !join.on.contains(n)).collect();
        let several = if wanted.iter().any(|(.., computed)| *computed) {
            "where several rows of the table have the key, the value of one of them is taken, not that of all"
        } else {
            "where several rows of the table have the key, one of them is taken, maybe another than SPL's first"
        };
        self.approximate(join.span, several, "differs: keep one row for each key in the table");
        let outputs = wanted.iter().map(|(_, c, _)| c.clone()).collect();
        let access = Access { table: &rows.table, on, cidr: false, outputs, span: join.span };
        let found = match self.access(&access) {
            Ok(found) => found,
            Err(reported) => return Some(Err(reported)),
        };
        let mut defined = Vec::with_capacity(found.len());
        for ((name, ..), value) in wanted.into_iter().zip(found) {
            // Where no row matches, the left side's own column stays.
            let value = match self.columns.get(name) {
                Some(have) => {
                    let kind = ExprKind::Coalesce(vec![value, have.clone()]);
                    ir::Expr::new(kind, Type::UNKNOWN, true, join.span)
                }
                None => value,
            };
            defined.push((name.clone(), value));
        }
        self.columns.extend(defined);
        Some(Ok(()))
    }

    /// A lookup table's column that only the display names: nothing else may have that heading.
    pub(super) fn free_heading(&mut self, heading: String, item: &Expr) -> String {
        let fixed = |id: &usize| self.query.names.get(*id).is_some_and(|n| *n == heading);
        let Some(id) = self.query.fixed.iter().copied().find(fixed) else { return heading };
        if *item == Expr::local(id) {
            return heading;
        }
        let new = [&heading, "_1"].concat();
        self.shape(
            None,
            format!("column `{heading}` is shown as `{new}`, since a lookup table has a column of that name"),
            "Logs Insights takes each name once",
        );
        new
    }
}

/// The name of a lookup table: letters, digits and `_`.
pub(super) fn table_name(lookup: &str) -> String {
    lookup.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn with_default(found: ir::Expr, table: &LookupTable, span: Span) -> ir::Expr {
    match &table.default_match {
        None => found,
        Some(text) => {
            let kind = ExprKind::Coalesce(vec![found, ir::Expr::string(text.clone(), span)]);
            ir::Expr::new(kind, Type::UNKNOWN, false, span)
        }
    }
}

/// Rows of a table of the target, with columns renamed, and grouped at the most.
pub(super) struct TableRows {
    pub table: String,
    /// The name of a column, the table's own, and whether it is computed over the rows of a group.
    pub columns: Vec<(Name, Name, bool)>,
}

/// The table that an operator reads, if it does no more than rename its columns, drop rows that lack some, and group.
pub(super) fn table_rows(rel: &Rel) -> Option<TableRows> {
    match rel {
        Rel::Values(values) if values.external => Some(TableRows {
            table: values.table.to_string(),
            columns: values.columns.iter().map(|c| (c.clone(), c.clone(), false)).collect(),
        }),
        Rel::Filter { input, predicate } => {
            let parts = match &predicate.kind {
                ExprKind::And(parts) => parts.as_slice(),
                _ => std::slice::from_ref(predicate),
            };
            parts.iter().all(is_presence).then(|| table_rows(input)).flatten()
        }
        Rel::Project { input, columns } => renamed(table_rows(input)?, columns),
        Rel::Aggregate { input, keys, aggregates, .. } => {
            let below = table_rows(input)?;
            let mut rows = renamed(TableRows { table: below.table.clone(), columns: below.columns.clone() }, keys)?;
            for (name, a) in aggregates {
                let one_of_its_values = matches!(
                    a.function,
                    AggregateFunction::Min
                        | AggregateFunction::Max
                        | AggregateFunction::First
                        | AggregateFunction::Last
                        | AggregateFunction::Values
                        | AggregateFunction::List
                );
                let read = a.argument.as_ref().and_then(ir::Expr::as_column).filter(|_| one_of_its_values)?;
                let (_, column, _) = below.columns.iter().find(|(n, ..)| n == read)?;
                rows.columns.push((name.clone(), column.clone(), true));
            }
            Some(rows)
        }
        Rel::Values(_)
        | Rel::Scan(_)
        | Rel::Extend { .. }
        | Rel::Window { .. }
        | Rel::Unnest { .. }
        | Rel::Join(_)
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Sort { .. }
        | Rel::Limit { .. }
        | Rel::Distinct { .. }
        | Rel::Lookup(_)
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => None,
    }
}

fn renamed(rows: TableRows, columns: &[(Name, ir::Expr)]) -> Option<TableRows> {
    let one = |(name, e): &(Name, ir::Expr)| {
        let read = e.as_column()?;
        let (_, column, computed) = rows.columns.iter().find(|(n, ..)| n == read)?;
        Some((name.clone(), column.clone(), *computed))
    };
    Some(TableRows { columns: columns.iter().map(one).collect::<Option<_>>()?, table: rows.table })
}

/// `isnotnull(column)`.
fn is_presence(e: &ir::Expr) -> bool {
    match &e.kind {
        ExprKind::Not(inner) => matches!(&inner.kind, ExprKind::IsNull(v) if v.as_column().is_some()),
        _ => false,
    }
}
