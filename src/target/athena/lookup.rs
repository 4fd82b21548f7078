//! Lookups: the table's rows stand in the query. Rows with equal keys are put together at compile time, so that a
//! join on whole keys gives at most one row; wildcards and CIDR blocks take the first row that matches.

use sqlparser::ast::{Expr as Sql, Ident};

use super::block::{Block, Needs, Slot, hidden};
use super::compare::{like_pattern, network};
use super::emitter::Emitter;
use super::plan::cell;
use super::typed::{Phys, Typed};
use super::{external, select, sql};
use crate::diagnostic::Reported;
use crate::ir::{Lookup, LookupTable, MatchType, Name, Pattern, Piece, Type};

/// Rows up to which a table is written into the query where the options do not say.
const DEFAULT_ROWS: usize = 1000;

/// A row to be written: the keys in the form that the join compares, and the outputs.
struct Row {
    keys: Vec<String>,
    outputs: Vec<Option<String>>,
}

impl Emitter<'_> {
    pub(super) fn lookup(&mut self, lookup: &Lookup, needs: &Needs) -> Result<Block, Reported> {
        let table = &lookup.table;
        let mut inner = needs.clone();
        for output in lookup.outputs.iter().filter(|o| !o.keep_existing) {
            inner.columns.remove(&output.output);
        }
        lookup.on.iter().for_each(|(_, e)| inner.add_expr(e, 1));
        let mut block = self.build(&lookup.input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let mut keys = Vec::new();
        for (_, e) in &lookup.on {
            keys.push(self.scalar(e, "a lookup", &block)?);
        }
        let rows = if table.external { Vec::new() } else { self.rows(lookup)? };
        let wanted: Vec<usize> =
            (0..lookup.outputs.len()).filter(|i| needs.of(&lookup.outputs[*i].output) > 0).collect();
        if rows.is_empty() && !table.external {
            for i in wanted {
                let output = &lookup.outputs[i];
                let value = merged(&block, lookup, i, missing(table));
                block.set(output.output.clone(), Slot::Ready(value));
            }
            return Ok(block);
        }
        let approximate = lookup.on.iter().any(|(name, _)| matching(table, name).is_some());
        let row_id = hidden("row_id");
        if approximate {
            // The best row is chosen for each row of the input, so that those must be told apart.
            let call = sql::AggregateCall { over: Some(sql::window(vec![], vec![], None)), ..Default::default() };
            let number = Typed::plain(sql::aggregate("row_number", vec![], call), Phys::BIGINT, false);
            block.set(row_id.clone(), Slot::Ready(number));
            block.windowed = true;
            let mut carried = inner.clone();
            carried.add(&row_id, 1);
            block = self.close(block, &carried)?;
            keys.clear();
            for (_, e) in &lookup.on {
                keys.push(self.scalar(e, "a lookup", &block)?);
            }
        }
        let (relation, key_names, output_names, nth) = self.inline(lookup, rows, &wanted, &mut block);
        let mut on = Vec::new();
        for (((name, _), key), column) in lookup.on.iter().zip(keys).zip(&key_names) {
            on.push(matches(table, matching(table, name), key, sql::name(column)));
        }
        block.from.joins.push(select::join(&relation, on, true));
        let found = key_names.first().map(|k| sql::is_null(sql::name(k)));
        for (position, i) in wanted.iter().enumerate() {
            let output = &lookup.outputs[*i];
            let read = sql::name(&output_names[position]);
            let value = match (&table.default_match, &found) {
                (Some(default), Some(absent)) => {
                    sql::case(vec![(absent.clone(), sql::string(default.clone()))], Some(read))
                }
                _ => read,
            };
            let value = Typed::new(value, Phys::VARCHAR, Type::UNKNOWN, true);
            let value = merged(&block, lookup, *i, value);
            block.set(output.output.clone(), Slot::Ready(value));
        }
        block.label = "enriched";
        if !approximate {
            return Ok(block);
        }
        let partition = match block.slot(&row_id) {
            Some(Slot::Ready(id)) => vec![id.sql.clone()],
            _ => return Err(self.internal(lookup.span, "the rows of a lookup have no number")),
        };
        let order = std::mem::take(&mut block.order);
        block.order = vec![super::block::OrderKey::new(sql::name(&nth), false)];
        let ordered = needs.order != super::block::NeedOrder::No;
        let mut carried = needs.clone();
        carried.order = super::block::NeedOrder::No;
        if ordered {
            // The input's order goes along as columns.
            for (i, key) in order.iter().enumerate() {
                let name = hidden(&format!("sort_key_{i}"));
                carried.add(&name, 1);
                block.set(name, Slot::Ready(Typed::plain(key.expr.clone(), Phys::VARCHAR, true)));
            }
        }
        let sorted = block.sorted;
        let mut next = self.ranked(block, partition, 1, &carried)?;
        if ordered {
            next.sorted = sorted;
            for (i, key) in order.into_iter().enumerate() {
                let name = hidden(&format!("sort_key_{i}"));
                if let Some(Slot::Ready(read)) = next.slot(&name).cloned() {
                    next.order.push(super::block::OrderKey { expr: read.sql, ..key });
                }
                next.columns.retain(|(n, _)| *n != name);
            }
        }
        Ok(next)
    }

    /// The table's rows as they are joined.
    fn rows(&mut self, lookup: &Lookup) -> Result<Vec<Row>, Reported> {
        let table = &lookup.table;
        let limit = self.context.options.max_inline_lookup_rows.unwrap_or(DEFAULT_ROWS);
        let position = |name: &Name| table.columns.iter().position(|c| c == name);
        let keys: Option<Vec<(usize, Option<MatchType>)>> =
            lookup.on.iter().map(|(name, _)| Some((position(name)?, matching(table, name)))).collect();
        let outputs: Option<Vec<usize>> = lookup.outputs.iter().map(|o| position(&o.column)).collect();
        let (Some(keys), Some(outputs)) = (keys, outputs) else {
            return Err(self.internal(lookup.span, format!("the lookup `{}` lacks a column", table.name)));
        };
        let mut rows: Vec<Row> = Vec::new();
        let mut several = false;
        let mut blank = false;
        for row in &table.rows {
            let text = |i: &usize| row.get(*i).map(String::as_str).unwrap_or("");
            let key: Option<Vec<String>> = keys.iter().map(|(i, m)| key(text(i), *m, table.case_sensitive)).collect();
            // A malformed CIDR block matches nothing.
            let Some(key) = key else { continue };
            let outputs: Vec<Option<String>> =
                outputs.iter().map(|i| Some(text(i)).filter(|t| !t.is_empty()).map(str::to_owned)).collect();
            blank |= outputs.iter().any(Option::is_none);
            match rows.iter().find(|r| r.keys == key) {
                Some(first) => several |= first.outputs != outputs && table.max_matches != 1,
                None => rows.push(Row { keys: key, outputs }),
            }
        }
        let wild = keys.iter().any(|(_, m)| m.is_some()) && table.max_matches != 1;
        if several || wild {
            self.approximate(
                lookup.span,
                format!(
                    "where several rows of the lookup `{}` match, only the first is shown; SPL shows the values of all \
                     (differs)",
                    table.name
                ),
                "set `max_matches: 1` in the lookup's definition, if one row is meant",
            );
        }
        if blank {
            self.reading(lookup.span, format!("empty cells of the lookup `{}` give no value", table.name));
        }
        if rows.len() > limit {
            return Err(self.unsupported(
                lookup.span,
                format!(
                    "the lookup `{}` has {} rows, more than the {limit} that are written into a query",
                    table.name,
                    rows.len()
                ),
                "raise the limit, or load the table into Athena and join it there",
            ));
        }
        Ok(rows)
    }

    /// Adds the table as a CTE; gives its name and those of its key, output and position columns.
    fn inline(
        &mut self,
        lookup: &Lookup,
        rows: Vec<Row>,
        wanted: &[usize],
        block: &mut Block,
    ) -> (Ident, Vec<Ident>, Vec<Ident>, Ident) {
        let keys: Vec<Ident> =
            lookup.on.iter().map(|(name, _)| block.names.allocate(&format!("lookup_{name}"))).collect();
        let outputs: Vec<Ident> =
            wanted.iter().map(|i| block.names.allocate(&format!("found_{}", lookup.outputs[*i].column))).collect();
        let nth = block.names.allocate("lookup_nth");
        if lookup.table.external {
            let table = external::table_name(&lookup.table.name, self.context.options.lookup_database.as_deref());
            let key_columns: Vec<Name> = lookup.on.iter().map(|(n, _)| n.clone()).collect();
            let output_columns: Vec<Name> = wanted.iter().map(|i| lookup.outputs[*i].column.clone()).collect();
            let grouped = lookup.on.iter().all(|(name, _)| matching(&lookup.table, name).is_none());
            let query = external::keyed(&table, (&key_columns, &keys), (&output_columns, &outputs), &nth, grouped);
            let relation = self.relations.allocate(&format!("lookup_{}", lookup.table.name));
            self.ctes.push(select::cte(relation.clone(), vec![], query));
            return (relation, keys, outputs, nth);
        }
        let cells = rows.into_iter().enumerate().map(|(n, row)| {
            let mut cells: Vec<Sql> = row.keys.into_iter().map(sql::string).collect();
            cells.extend(wanted.iter().map(|i| cell(row.outputs.get(*i).and_then(|o| o.as_deref()), n == 0)));
            cells.push(sql::integer(i64::try_from(n + 1).unwrap_or(i64::MAX)));
            cells
        });
        let query = select::query(select::values(cells.collect()), vec![], None);
        let relation = self.relations.allocate(&format!("lookup_{}", lookup.table.name));
        let mut columns = keys.clone();
        columns.extend(outputs.iter().cloned());
        columns.push(nth.clone());
        self.ctes.push(select::cte(relation.clone(), columns, query));
        (relation, keys, outputs, nth)
    }
}

fn matching(table: &LookupTable, column: &Name) -> Option<MatchType> {
    table.matching.iter().find(|(name, _)| name == column).map(|(_, m)| *m)
}

/// A key as the join compares it; `None` where it matches nothing.
fn key(text: &str, matching: Option<MatchType>, case_sensitive: bool) -> Option<String> {
    let folded = || if case_sensitive { text.to_owned() } else { text.to_lowercase() };
    match matching {
        None => Some(folded()),
        Some(MatchType::Wildcard) => Some(escaped_pattern(&folded())),
        Some(MatchType::Cidr) => network(text),
    }
}

/// A wildcard pattern in LIKE's notation, in which literal `%`, `_` and `\` are always escaped.
fn escaped_pattern(text: &str) -> String {
    let pieces = text.split('*').enumerate().flat_map(|(i, t)| {
        let star = (i > 0).then_some(Piece::Any);
        star.into_iter().chain([Piece::Text(t.to_owned())])
    });
    like_pattern(&Pattern::new(pieces)).0
}

fn matches(table: &LookupTable, matching: Option<MatchType>, value: Typed, column: Sql) -> Sql {
    let text = value.text();
    let folded = |text: Sql| if table.case_sensitive { text } else { sql::call("lower", vec![text]) };
    match matching {
        None => sql::eq(folded(text), column),
        Some(MatchType::Wildcard) => sql::like(folded(text), column, true),
        Some(MatchType::Cidr) => sql::call("contains", vec![column, sql::try_cast(text, sql::ip_address())]),
    }
}

/// What outputs are where nothing matches.
fn missing(table: &LookupTable) -> Typed {
    match &table.default_match {
        Some(default) => Typed::new(sql::string(default.clone()), Phys::VARCHAR, Type::UNKNOWN, false),
        None => Typed::new(sql::cast(sql::null(), sql::VARCHAR), Phys::VARCHAR, Type::UNKNOWN, true),
    }
}

/// The output's value beside what the column had before.
fn merged(block: &Block, lookup: &Lookup, output: usize, value: Typed) -> Typed {
    let output = &lookup.outputs[output];
    match block.slot(&output.output) {
        Some(Slot::Ready(before)) if output.keep_existing && !before.phys.array => {
            let nullable = before.nullable && value.nullable;
            let sql = sql::coalesce(vec![before.clone().text(), value.sql]);
            Typed::new(sql, Phys::VARCHAR, Type::UNKNOWN, nullable)
        }
        _ => value,
    }
}
