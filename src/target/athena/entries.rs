//! Lookups in which several keys may match: the whole table is one list, and each row takes the entries that match.

use sqlparser::ast::{Expr as Sql, Ident, Query, TableFactor};

use super::block::{Block, Needs, Slot, hidden};
use super::compare::{covers_mapped, is_ipv6};
use super::emitter::Emitter;
use super::ident::Names;
use super::lookup::{Row, Task, default, folded, key_column, matching, output_column, text};
use super::plan::cell;
use super::typed::{Kind, Phys, Typed, without_nulls};
use super::{external, select, sql};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, LookupTable, MatchType};

impl Emitter<'_> {
    pub(super) fn entries_lookup(
        &mut self,
        task: Task<'_>,
        mut block: Block,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let lookup = task.lookup;
        let mut members = Names::default();
        let keys: Vec<Ident> = lookup.on.iter().map(|(name, _)| members.allocate(name)).collect();
        let outputs: Vec<Ident> = task.wanted.iter().map(|i| members.allocate(task.column(*i))).collect();
        let list = block.names.allocate(&format!("{}_entries", lookup.table.name));
        let relation = self.relations.allocate(&format!("lookup_{}", lookup.table.name));
        let names: Vec<Ident> = keys.iter().chain(&outputs).cloned().collect();
        let (rows, columns, order) = match &task.rows {
            Some(rows) => {
                let nth = members.allocate("nth");
                let columns = names.iter().cloned().chain([nth.clone()]).collect();
                (numbered(rows, &task), columns, vec![nth])
            }
            None => (self.stored(&task, &names), vec![], names.clone()),
        };
        let from = select::from(TableFactor::Derived {
            lateral: false,
            subquery: Box::new(rows),
            alias: Some(select::alias(Ident::new("known"), columns)),
            sample: None,
        });
        let order = order.iter().map(|column| sql::order_by(sql::name(column), false, None)).collect();
        let entry = sql::cast(sql::call("row", names.iter().map(sql::name).collect()), sql::row_of_texts(&names));
        let gathered =
            sql::aggregate("array_agg", vec![entry], sql::AggregateCall { order, ..sql::AggregateCall::default() });
        let clauses = select::Clauses {
            items: vec![select::item(gathered, list.clone())],
            from: Some(from),
            ..select::Clauses::default()
        };
        self.ctes.push(select::cte(relation.clone(), vec![], select::query(select::select(clauses), vec![], None)));
        block.from.joins.push(select::cross_join(&relation));
        let matches = self.matching_entries(&task, &keys, &list, &block);
        self.take_outputs(task, block, matches, &outputs, needs)
    }

    /// The rows of a table of the database; it has no order.
    fn stored(&self, task: &Task<'_>, names: &[Ident]) -> Query {
        let keys = task.lookup.on.iter().map(|(name, _)| key_column(task.table(), name));
        let outputs = task.wanted.iter().map(|i| output_column(task, *i));
        let columns = keys.chain(outputs).zip(names.iter().cloned()).collect();
        external::plain(&self.database_table(task.table()), columns)
    }

    /// `filter(entries, x -> …)`: the entries that match, as many as may.
    fn matching_entries(&mut self, task: &Task<'_>, keys: &[Ident], list: &Ident, block: &Block) -> Sql {
        let table = task.table();
        let entry = self.parameter(block);
        let tests = self.inside(|this| {
            let each = this.parameter(block);
            let tests = task.lookup.on.iter().zip(&task.keys).zip(keys).map(|(((name, _), key), member)| {
                let member = Sql::CompoundIdentifier(vec![super::ident::ident(&entry), member.clone()]);
                let mapped = task.rows.as_ref().is_some_and(|rows| {
                    let place = task.lookup.on.iter().position(|(n, _)| n == name);
                    rows.iter().any(|row| place.and_then(|p| row.keys.get(p)).is_some_and(|block| covers_mapped(block)))
                });
                test(table, matching(table, name), key, member, (&each, mapped))
            });
            tests.collect()
        });
        let matches = sql::call("filter", vec![sql::name(list), sql::lambda(&[&entry], sql::and(tests))]);
        let most = i64::from(table.max_matches);
        let few = task.rows.as_ref().is_some_and(|rows| rows.len() <= table.max_matches as usize);
        match few || !task.lookup.gives_several() {
            true => matches,
            false => sql::call("slice", vec![matches, sql::integer(1), sql::integer(most)]),
        }
    }

    fn take_outputs(
        &mut self,
        task: Task<'_>,
        mut block: Block,
        matches: Sql,
        outputs: &[Ident],
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let lookup = task.lookup;
        let several = lookup.gives_several();
        // A row that matches with an empty cell has no value, and not the default.
        let empty_cells = lookup.table.default_match.is_some() && task.wanted.iter().any(|i| task.has_blanks(*i));
        let mut matches = matches;
        if task.wanted.len() > 1 || empty_cells {
            let name = hidden("matches");
            block.set(name.clone(), Slot::Ready(Typed::plain(matches.clone(), Phys::many(Kind::Varchar), true)));
            block.label = "matched";
            let mut carried = needs.clone();
            carried.add(&name, 1);
            block = self.close(block, &carried)?;
            if let Some(Slot::Ready(read)) = block.slot(&name) {
                matches = read.sql.clone();
            }
            block.columns.retain(|(n, _)| *n != name);
        }
        let parameter = self.parameter(&block);
        for (i, member) in task.wanted.iter().zip(outputs) {
            let cell = Sql::CompoundIdentifier(vec![super::ident::ident(&parameter), member.clone()]);
            let cells = sql::call("transform", vec![matches.clone(), sql::lambda(&[&parameter], cell)]);
            let blanks = task.has_blanks(*i);
            let found = match (several, blanks) {
                (false, _) => sql::call("element_at", vec![cells, sql::integer(1)]),
                (true, false) => sql::call("nullif", vec![cells, sql::array(vec![])]),
                (true, true) => {
                    sql::call("nullif", vec![without_nulls(cells, &parameter), sql::array(vec![])])
                }
            };
            let nullable = blanks || lookup.table.default_match.is_none();
            let value = match default(lookup) {
                None => found,
                Some(default) if !blanks => sql::coalesce(vec![found, default]),
                Some(default) => {
                    let count = sql::call("cardinality", vec![matches.clone()]);
                    let none = sql::cmp(count, CompareOp::Eq, sql::integer(0));
                    sql::case(vec![(none, default)], Some(found))
                }
            };
            self.found(&mut block, lookup, *i, text(value, several, nullable))?;
        }
        block.label = "enriched";
        Ok(block)
    }
}

/// The known rows and their numbers as `VALUES`.
fn numbered(rows: &[Row], task: &Task<'_>) -> Query {
    let values = rows.iter().enumerate().map(|(n, row)| {
        let mut cells: Vec<Sql> = row.keys.iter().map(sql::string).collect();
        cells.extend(task.wanted.iter().map(|i| cell(row.outputs.get(*i).and_then(|o| o.as_deref()), n == 0)));
        cells.push(sql::integer(i64::try_from(n + 1).unwrap_or(i64::MAX)));
        cells
    });
    select::query(select::values(values.collect()), vec![], None)
}

/// Whether a value, or some value of a multivalue field, matches an entry's key.
/// `mapped`: blocks of version 6 in which Trino finds addresses of version 4.
fn test(
    table: &LookupTable,
    matching: Option<MatchType>,
    key: &Typed,
    member: Sql,
    (each, mapped): (&str, bool),
) -> Sql {
    let fold = |text: Sql| if matching == Some(MatchType::Cidr) { text } else { folded(table, text) };
    let is = |text: Sql| match matching {
        None => sql::eq(text, member.clone()),
        Some(MatchType::Wildcard) => sql::like(text, member.clone(), true),
        Some(MatchType::Cidr) => {
            let inside = sql::call("contains", vec![member.clone(), sql::try_cast(text.clone(), sql::ip_address())]);
            match mapped {
                false => inside,
                true => sql::and(vec![inside, sql::eq(is_ipv6(text), is_ipv6(member.clone()))]),
            }
        }
    };
    if !key.phys.array {
        return is(fold(key.clone().text()));
    }
    let texts = key.clone().convert(Phys::many(Kind::Varchar)).sql;
    sql::call("any_match", vec![texts, sql::lambda(&[each], is(fold(sql::column(each))))])
}
