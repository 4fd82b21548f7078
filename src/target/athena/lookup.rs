//! Lookups. A table stands in the query where its rows are known and few, else a table of the database stands for it.
//!
//! Where whole keys are compared, rows with equal keys are put together, so that a join gives one row at the most. Where
//! several keys may match (wildcards, CIDR blocks, a multivalue field), the table is one list of rows, out of which each row of the
//! input takes those that match: see [`super::entries`].

use sqlparser::ast::{Expr as Sql, Ident};

use super::block::{Block, Needs, Slot};
use super::compare::{like_pattern, network};
use super::emitter::Emitter;
use super::external::{self, Column};
use super::plan::cell;
use super::typed::{Kind, Phys, Typed};
use super::{select, sql};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Lookup, LookupTable, MatchType, Name, Pattern, Piece, Type};

/// Rows up to which a table is written into the query where the options do not say.
const DEFAULT_ROWS: usize = 1000;

/// A known row as it is compared: the keys, and for each output its cell.
pub(super) struct Row {
    pub(super) keys: Vec<String>,
    pub(super) outputs: Vec<Option<String>>,
}

/// A lookup on its way into the query.
pub(super) struct Task<'l> {
    pub(super) lookup: &'l Lookup,
    /// The values that are looked up.
    pub(super) keys: Vec<Typed>,
    /// The outputs that are read later, by their place.
    pub(super) wanted: Vec<usize>,
    /// `None`: the rows are in a table of the database.
    pub(super) rows: Option<Vec<Row>>,
}

impl Task<'_> {
    pub(super) fn table(&self) -> &LookupTable {
        &self.lookup.table
    }

    pub(super) fn column(&self, wanted: usize) -> &Name {
        &self.lookup.outputs[wanted].column
    }

    /// Whether an output of a row that matches can be NULL.
    pub(super) fn has_blanks(&self, wanted: usize) -> bool {
        self.table().external || self.table().has_blanks(self.column(wanted))
    }
}

impl Emitter<'_> {
    pub(super) fn lookup(&mut self, lookup: &Lookup, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        for output in lookup.outputs.iter().filter(|o| !o.keep_existing) {
            inner.columns.remove(&output.output);
        }
        lookup.on.iter().for_each(|(_, e)| inner.add_expr(e, 1));
        let mut block = self.build(&lookup.input, &inner)?;
        let wanted: Vec<usize> =
            (0..lookup.outputs.len()).filter(|i| needs.of(&lookup.outputs[*i].output) > 0).collect();
        if wanted.is_empty() {
            return Ok(block);
        }
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let mut keys = Vec::new();
        for (_, e) in &lookup.on {
            keys.push(self.value(e, &block)?);
        }
        let rows = self.rows(lookup, &wanted)?;
        let task = Task { lookup, keys, wanted, rows };
        if task.rows.as_ref().is_some_and(Vec::is_empty) {
            for i in &task.wanted {
                self.found(&mut block, lookup, *i, missing(lookup))?;
            }
            return Ok(block);
        }
        let whole = lookup
            .on
            .iter()
            .zip(&task.keys)
            .all(|((name, _), key)| !key.phys.array && matching(&lookup.table, name).is_none());
        if whole { self.joined_lookup(task, block) } else { self.entries_lookup(task, block, &inner) }
    }

    /// The known rows in the form in which they are compared; `None` where a table of the database stands for them.
    fn rows(&mut self, lookup: &Lookup, wanted: &[usize]) -> Result<Option<Vec<Row>>, Reported> {
        let table = &lookup.table;
        if table.external {
            return Ok(None);
        }
        let position = |name: &Name| table.columns.iter().position(|c| c == name);
        let keys: Option<Vec<(usize, Option<MatchType>)>> =
            lookup.on.iter().map(|(name, _)| Some((position(name)?, matching(table, name)))).collect();
        let outputs: Option<Vec<usize>> = lookup.outputs.iter().map(|o| position(&o.column)).collect();
        let (Some(keys), Some(outputs)) = (keys, outputs) else {
            return Err(self.internal(lookup.span, format!("the lookup `{}` lacks a column", table.name)));
        };
        if wanted.iter().any(|i| table.has_blanks(&lookup.outputs[*i].column)) {
            self.reading(lookup.span, format!("empty cells of the lookup `{}` give no value", table.name));
        }
        let limit = self.context.options.max_inline_lookup_rows.unwrap_or(DEFAULT_ROWS);
        if table.rows.len() > limit {
            self.in_database(lookup, wanted, limit);
            return Ok(None);
        }
        let mut rows: Vec<Row> = Vec::new();
        for row in &table.rows {
            let text = |i: &usize| row.get(*i).map(String::as_str).unwrap_or("");
            let key: Option<Vec<String>> = keys.iter().map(|(i, m)| key(text(i), *m, table.case_sensitive)).collect();
            // A malformed CIDR block matches nothing.
            let Some(key) = key else { continue };
            let outputs = outputs.iter().map(|i| Some(text(i)).filter(|t| !t.is_empty()).map(str::to_owned)).collect();
            rows.push(Row { keys: key, outputs });
        }
        Ok(Some(rows))
    }

    /// Says which table must hold the rows of a table that is too large for the query.
    fn in_database(&mut self, lookup: &Lookup, wanted: &[usize], limit: usize) {
        let table = &lookup.table;
        let name = self.database_table(table);
        let mut columns: Vec<&Name> = Vec::new();
        let read = lookup.on.iter().map(|(column, _)| column);
        for column in read.chain(wanted.iter().map(|i| &lookup.outputs[*i].column)) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let columns: Vec<String> = columns.iter().map(|c| format!("`{c}`")).collect();
        let rows = table.rows.len();
        let message = format!(
            "the lookup `{}` has {rows} rows, more than the {limit} that are written into a query: the table `{name}` must hold \
             them, with the columns {}",
            table.name,
            columns.join(", ")
        );
        let help = "load the lookup's CSV file into that table, or raise `--max-inline-lookup-rows`";
        self.sink.push(Diagnostic::new(&code::LOOKUP_IN_TABLE, message).at(lookup.span).help(help));
        if lookup.gives_several() || table.keys_repeat(lookup.on.iter().map(|(name, _)| name)) {
            self.approximate(
                lookup.span,
                format!(
                    "where several rows of the lookup `{}` match, they come in the order of their text: the table has no order \
                     (differs)",
                    table.name
                ),
                "raise `--max-inline-lookup-rows`, so that the rows stand in the query",
            );
        }
    }

    /// The table that stands for a lookup.
    pub(super) fn database_table(&self, table: &LookupTable) -> String {
        external::table_name(&table.name, self.context.options.lookup_database.as_deref())
    }

    /// A lookup by whole keys.
    fn joined_lookup(&mut self, task: Task<'_>, mut block: Block) -> Result<Block, Reported> {
        let (lookup, several) = (task.lookup, task.lookup.gives_several());
        let keys: Vec<Ident> =
            lookup.on.iter().map(|(name, _)| block.names.allocate(&format!("lookup_{name}"))).collect();
        let outputs: Vec<Ident> =
            task.wanted.iter().map(|i| block.names.allocate(&format!("found_{}", task.column(*i)))).collect();
        let relation = self.relations.allocate(&format!("lookup_{}", lookup.table.name));
        let cte = match &task.rows {
            Some(rows) => {
                let values = self::values(grouped(rows), &task, several);
                let columns = keys.iter().chain(&outputs).cloned().collect();
                select::cte(relation.clone(), columns, select::query(values, vec![], None))
            }
            None => {
                let table = self.database_table(&lookup.table);
                let mut keys = zip(lookup.on.iter().map(|(name, _)| key_column(&lookup.table, name)), &keys);
                let outputs = zip(task.wanted.iter().map(|i| output_column(&task, *i)), &outputs);
                let repeated =
                    lookup.table.external || lookup.table.keys_repeat(lookup.on.iter().map(|(name, _)| name));
                let query = match (several, repeated) {
                    (true, _) => external::listed(&table, keys, outputs),
                    (false, true) => external::first(&table, keys, outputs),
                    (false, false) => {
                        keys.extend(outputs);
                        external::plain(&table, keys)
                    }
                };
                select::cte(relation.clone(), vec![], query)
            }
        };
        self.ctes.push(cte);
        let mut on = Vec::new();
        for (value, column) in task.keys.iter().zip(&keys) {
            on.push(equals(&lookup.table, value.clone().text(), sql::name(column)));
        }
        block.from.joins.push(select::join(&relation, on, true));
        let found = keys.first().map(|k| sql::is_null(sql::name(k)));
        for (i, output) in task.wanted.iter().zip(&outputs) {
            let read = sql::name(output);
            let value = match (default(lookup), &found) {
                (Some(default), Some(absent)) => sql::case(vec![(absent.clone(), default)], Some(read)),
                _ => read,
            };
            let value = text(value, several, true);
            self.found(&mut block, lookup, *i, value)?;
        }
        block.label = "enriched";
        Ok(block)
    }

    /// Sets an output, beside what the column had before.
    pub(super) fn found(
        &mut self,
        block: &mut Block,
        lookup: &Lookup,
        output: usize,
        value: Typed,
    ) -> Result<(), Reported> {
        let output = &lookup.outputs[output];
        let before = match block.slot(&output.output).cloned() {
            Some(slot) if output.keep_existing => Some(self.read_slot(&slot, lookup.span, block)?),
            _ => None,
        };
        let value = match before {
            Some(before) => {
                let phys = Phys { kind: Kind::Varchar, array: before.phys.array || value.phys.array };
                let nullable = before.nullable && value.nullable;
                let (before, value) = (before.convert(phys).null_if_empty(), value.convert(phys).null_if_empty());
                text(sql::coalesce(vec![before.sql, value.sql]), phys.array, nullable)
            }
            None => value,
        };
        block.set(output.output.clone(), Slot::Ready(value));
        Ok(())
    }
}

/// Rows with equal keys together, in the order of their first.
fn grouped(rows: &[Row]) -> Vec<(&[String], Vec<&Row>)> {
    let mut index = std::collections::HashMap::new();
    let mut groups: Vec<(&[String], Vec<&Row>)> = Vec::new();
    for row in rows {
        let at = *index.entry(row.keys.as_slice()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, of_key)) => of_key.push(row),
            None => groups.push((&row.keys, vec![row])),
        }
    }
    groups
}

/// `VALUES`: the keys, and the output of the first row or the outputs of all.
fn values(groups: Vec<(&[String], Vec<&Row>)>, task: &Task<'_>, several: bool) -> sqlparser::ast::SetExpr {
    let most = if several { task.table().max_matches as usize } else { 1 };
    let rows = groups.into_iter().enumerate().map(|(n, (keys, rows))| {
        let mut cells: Vec<Sql> = keys.iter().map(sql::string).collect();
        for output in &task.wanted {
            let found: Vec<Option<&str>> =
                rows.iter().take(most).map(|row| row.outputs.get(*output).and_then(|o| o.as_deref())).collect();
            cells.push(match several {
                false => cell(found.first().copied().flatten(), n == 0),
                true => list(found.into_iter().flatten().collect(), n == 0),
            });
        }
        cells
    });
    select::values(rows.collect())
}

fn list(texts: Vec<&str>, first: bool) -> Sql {
    match (texts.is_empty(), first) {
        (false, _) => sql::array(texts.into_iter().map(sql::string).collect()),
        (true, true) => sql::cast(sql::null(), Phys::many(Kind::Varchar).data_type()),
        (true, false) => sql::null(),
    }
}

fn zip<'n>(columns: impl Iterator<Item = Column<'n>>, names: &'n [Ident]) -> Vec<(Column<'n>, Ident)> {
    columns.zip(names.iter().cloned()).collect()
}

pub(super) fn key_column<'n>(table: &LookupTable, name: &'n Name) -> Column<'n> {
    Column {
        name,
        folded: !table.case_sensitive && matching(table, name) != Some(MatchType::Cidr),
        pattern: matching(table, name) == Some(MatchType::Wildcard),
        blanks: false,
    }
}

pub(super) fn output_column<'n>(task: &'n Task<'_>, wanted: usize) -> Column<'n> {
    let name = task.column(wanted);
    let blanks = !task.table().external && task.table().has_blanks(name);
    Column { name, folded: false, pattern: false, blanks }
}

pub(super) fn matching(table: &LookupTable, column: &Name) -> Option<MatchType> {
    table.matching.iter().find(|(name, _)| name == column).map(|(_, m)| *m)
}

/// A key as the query compares it; `None` where it matches nothing.
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

/// A looked-up text as it is compared.
pub(super) fn folded(table: &LookupTable, text: Sql) -> Sql {
    if table.case_sensitive { text } else { sql::call("lower", vec![text]) }
}

fn equals(table: &LookupTable, value: Sql, column: Sql) -> Sql {
    sql::eq(folded(table, value), column)
}

/// What outputs are where nothing matches, if anything.
pub(super) fn default(lookup: &Lookup) -> Option<Sql> {
    let text = sql::string(lookup.table.default_match.clone()?);
    Some(if lookup.gives_several() { sql::array(vec![text]) } else { text })
}

/// What outputs are where the table has no row.
fn missing(lookup: &Lookup) -> Typed {
    let several = lookup.gives_several();
    match default(lookup) {
        Some(default) => text(default, several, false),
        None => {
            let to = Phys { kind: Kind::Varchar, array: several };
            text(sql::cast(sql::null(), to.data_type()), several, true)
        }
    }
}

/// A found value, or a list of them that is NULL where it would be empty.
pub(super) fn text(value: Sql, several: bool, nullable: bool) -> Typed {
    let phys = Phys { kind: Kind::Varchar, array: several };
    let ty = Type { multivalue: several, ..Type::UNKNOWN };
    Typed { can_be_empty: false, ..Typed::new(value, phys, ty, nullable) }
}
