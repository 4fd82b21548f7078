//! Columns named by values: `xyseries`, `chart … by`, `timechart … by`, `transpose`, `eval {field}=…`; and back by
//! `untable`.
//!
//! The columns of an SQL query are fixed before it runs. Those that a later stage names are columns here too; all others
//! are members of one JSON text, so that each row stays one row.

use sqlparser::ast::{Expr as Sql, TableFactor};

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, hidden};
use super::emitter::Emitter;
use super::join::{qualify, relation};
use super::order::order_keys;
use super::sql::{self, AggregateCall};
use super::typed::{Kind, Phys, Typed};
use super::{scalar, select};
use crate::diagnostic::Reported;
use crate::ir::check::infer;
use crate::ir::{CompareOp, Expr, Literal, Name, NamePart, Pattern, Pivot, Rel, SortOrder, Transpose, Type};
use crate::source::Span;

/// The column that holds what the data names.
pub(super) fn named_by_data() -> Name {
    hidden("columns")
}

impl Emitter<'_> {
    pub(super) fn pivot(&mut self, p: &Pivot, needs: &Needs) -> Result<Block, Reported> {
        let unique = one_for_each(&p.input, &[&p.row, &p.column]);
        let order = if unique { NeedOrder::No } else { NeedOrder::Always };
        let mut inner = Needs { order, ..Needs::default() };
        inner.add(&p.row, 1);
        inner.add(&p.column, 2);
        p.values.iter().for_each(|name| inner.add(name, 1));
        let mut block = self.build(&p.input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        if !unique {
            block = self.last_cells(p, block, &inner)?;
        }
        let row = self.column_or_null(&p.row, p.span, &block)?;
        let column = self.column_or_null(&p.column, p.span, &block)?;
        let mut values = Vec::new();
        for name in &p.values {
            values.push((name.clone(), self.column_or_null(name, p.span, &block)?));
        }
        if row.nullable {
            block.filter.push(sql::is_not_null(row.sql.clone()));
        }
        let mut columns = vec![(p.row.clone(), Slot::Ready(Typed { nullable: false, ..row.clone() }))];
        for name in needs.columns.keys().filter(|name| **name != p.row && is_usual(name)) {
            let cell = cell_of(p, name, &column, &values);
            columns.push((name.clone(), Slot::Ready(cell)));
            block.windowed |= p.values.iter().any(|v| p.zeros.contains(v));
        }
        if needs.of(&named_by_data()) > 0 {
            let which = match p.column.starts_with('(') {
                true => "the values of the split field".to_owned(),
                false => format!("the values of `{}`", p.column),
            };
            self.shaped(p.span, &which, !p.zeros.is_empty());
            let json = members(p, needs, &column, &values);
            columns.push((named_by_data(), Slot::Ready(Typed::new(json, Phys::VARCHAR, Type::JSON, true))));
        }
        block.order = order_keys(row.clone(), false, SortOrder::Auto);
        block.sorted = true;
        block.group = Some(vec![row]);
        block.unique = Some(vec![p.row.clone()]);
        block.columns = columns;
        block.label = "pivoted";
        Ok(block)
    }

    /// Of several rows for a cell, the last.
    fn last_cells(&mut self, p: &Pivot, mut block: Block, needs: &Needs) -> Result<Block, Reported> {
        let keys = [&p.row, &p.column];
        let mut partition = Vec::new();
        for name in keys {
            partition.push(self.column_or_null(name, p.span, &block)?.sql);
        }
        if block.order.is_empty() {
            let message = "of several rows for one cell any counts here, where SPL takes the last (differs)";
            self.approximate(p.span, message, "group the rows by both fields with `stats` before");
        }
        block.order = block.order.into_iter().map(OrderKey::reversed).collect();
        let mut block = self.ranked(block, partition, 1, needs)?;
        block.label = "cells";
        self.close(block, &Needs { order: NeedOrder::No, ..needs.clone() })
    }

    pub(super) fn column_or_null(&mut self, name: &Name, span: Span, block: &Block) -> Result<Typed, Reported> {
        match block.slot(name).cloned() {
            Some(slot) => self.read_slot(&slot, span, block),
            None => Ok(scalar::constant(&Literal::Null, Type::UNKNOWN).convert(Phys::VARCHAR)),
        }
    }

    /// Says that columns are members of a text.
    fn shaped(&mut self, span: Span, which: &str, zeros: bool) {
        let zero = if zeros { "; a cell that is not in it is 0" } else { "" };
        self.approximate(
            span,
            format!(
                "the columns that {which} name are members of the JSON text `columns`, because SQL fixes its columns \
                 before it runs{zero} (differs in shape)"
            ),
            "name the columns that the rule needs by `table`: these are columns here too",
        );
    }

    pub(super) fn unpivot(
        &mut self,
        (input, keep): (&Rel, &Name),
        (name, value): (&Name, &Name),
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let columns = self.listed(input, "untable", span)?;
        let others: Vec<Name> = columns.into_iter().filter(|c| c != keep).collect();
        let mut inner = Needs { order: needs.order, ..Needs::default() };
        inner.add(keep, 1);
        others.iter().for_each(|name| inner.add(name, 1));
        let mut block = self.build(input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let kept = self.column_or_null(keep, span, &block)?;
        let (cells, shape) = self.cells(&others, "untable", span, &block)?;
        let (label, cell) = (block.names.allocate(name), block.names.allocate(value));
        let ordered = needs.order == NeedOrder::Always || (needs.order == NeedOrder::Sorted && block.sorted);
        let mut idents = vec![label.clone(), cell.clone()];
        if ordered {
            let nth = block.names.allocate("nth");
            block.order.push(OrderKey::new(sql::name(&nth), false));
            idents.push(nth);
        }
        let names = others.iter().map(|n| sql::string(&**n)).collect();
        let relation = self.relations.allocate("cells");
        let mut join = select::unnest(sql::array(names), relation, idents, ordered);
        if let TableFactor::UNNEST { array_exprs, .. } = &mut join.relation {
            array_exprs.push(sql::array(cells.into_iter().map(|c| c.sql).collect()));
        }
        block.from.joins.push(join);
        block.filter.push(sql::is_not_null(sql::name(&cell)));
        block.columns = vec![
            (keep.clone(), Slot::Ready(kept)),
            (name.clone(), Slot::Ready(Typed::plain(sql::name(&label), Phys::VARCHAR, false))),
            (value.clone(), Slot::Ready(Typed { sql: sql::name(&cell), nullable: false, ..shape })),
        ];
        block.unique = None;
        block.label = "long_form";
        Ok(block)
    }

    /// The columns of a plan that rules can see, where all are known.
    fn listed(&mut self, input: &Rel, command: &str, span: Span) -> Result<Vec<Name>, Reported> {
        let layout = infer(input);
        if layout.open {
            return Err(self.unsupported(
                span,
                format!("`{command}` of columns that the data names has no counterpart in SQL"),
                "group by both fields with `stats`, which gives the same rows",
            ));
        }
        Ok(layout.columns.into_iter().map(|c| c.name).filter(|name| !name.starts_with('(')).collect())
    }

    /// The values of columns as one SQL type, and that type as a value without an expression.
    fn cells(
        &mut self,
        names: &[Name],
        command: &str,
        span: Span,
        block: &Block,
    ) -> Result<(Vec<Typed>, Typed), Reported> {
        let mut cells = Vec::new();
        for name in names {
            let value = self.column_or_null(name, span, block)?;
            if value.phys.array {
                return Err(self.unsupported(
                    span,
                    format!("`{command}` of the multivalue field `{name}` is not implemented for Athena"),
                    "join its values with `mvjoin` before",
                ));
            }
            // A time is its seconds.
            cells.push(if value.phys == Phys::TIMESTAMP { value.convert(Phys::DOUBLE) } else { value });
        }
        let phys = cells.iter().map(|c| c.phys).reduce(Phys::union).unwrap_or(Phys::VARCHAR);
        let ty = cells.iter().map(|c| c.ty).reduce(Type::union).unwrap_or(Type::UNKNOWN);
        let cells = cells.into_iter().map(|c| c.convert(phys)).collect();
        Ok((cells, Typed::new(sql::null(), phys, ty, true)))
    }

    pub(super) fn transpose(&mut self, t: &Transpose, needs: &Needs) -> Result<Block, Reported> {
        let listed = self.listed(&t.input, "transpose", t.span)?;
        let others: Vec<Name> = listed.into_iter().filter(|c| Some(c) != t.header.as_ref()).collect();
        let mut inner = Needs { order: NeedOrder::Always, ..Needs::default() };
        others.iter().chain(&t.header).for_each(|name| inner.add(name, 1));
        let mut block = self.build(&t.input, &inner)?;
        if t.rows > 0 {
            block.limit = Some(block.limit.map_or(t.rows, |n| n.min(t.rows)));
        }
        block.label = "first_rows";
        let block = if block.is_open() { block } else { self.close(block, &inner)? };
        let nth = hidden("nth");
        let mut numbered = block;
        let spec = sql::window(vec![], numbered.order.iter().map(OrderKey::sql).collect(), None);
        let call = AggregateCall { over: Some(spec), ..AggregateCall::default() };
        let number = Typed::plain(sql::aggregate("row_number", vec![], call), Phys::BIGINT, false);
        numbered.set(nth.clone(), Slot::Ready(number));
        numbered.label = "numbered";
        let mut carried = Needs { order: NeedOrder::No, ..inner };
        carried.add(&nth, 1);
        let mut rows = self.close(numbered, &carried)?;
        let Some(rows_name) = relation(&rows) else {
            return Err(self.internal(t.span, "the rows of `transpose` are no relation"));
        };
        qualify(&mut rows, &rows_name);
        let (cells, shape) = self.cells(&others, "transpose", t.span, &rows)?;
        let header = match &t.header {
            Some(name) => Some(self.column_or_null(name, t.span, &rows)?),
            None => None,
        };
        let number = self.column_or_null(&nth, t.span, &rows)?.sql;
        let (label, place) = (rows.names.allocate(&t.names), rows.names.allocate("place"));
        let names = self.relations.allocate("names");
        let list = others
            .iter()
            .enumerate()
            .map(|(i, name)| vec![sql::string(&**name), sql::integer(i64::try_from(i + 1).unwrap_or(i64::MAX))]);
        let mut list: Vec<Vec<Sql>> = list.collect();
        let empty = list.is_empty();
        if empty {
            list.push(vec![sql::string(""), sql::integer(0)]);
        }
        let mut from = select::from(TableFactor::Derived {
            lateral: false,
            subquery: Box::new(select::query(select::values(list), vec![], None)),
            alias: Some(select::alias(names, vec![label.clone(), place.clone()])),
            sample: None,
        });
        from.joins.push(select::join(&rows_name, vec![sql::boolean(true)], true));
        let mut out = Block::new(from, rows.names, "transposed");
        let at = sql::name(&place);
        let arms: Vec<(Sql, Sql)> = cells
            .into_iter()
            .enumerate()
            .map(|(i, cell)| (sql::eq(at.clone(), sql::integer(i64::try_from(i + 1).unwrap_or(i64::MAX))), cell.sql))
            .collect();
        let cell = if arms.is_empty() { sql::null() } else { sql::case(arms, None) };
        let made = |filter: Sql| Typed { sql: filtered("max", vec![cell.clone()], filter), ..shape.clone() };
        let name = Typed::plain(sql::name(&label), Phys::VARCHAR, false);
        let mut columns = vec![(t.names.clone(), Slot::Ready(name.clone()))];
        for wanted in needs.columns.keys().filter(|name| **name != t.names && is_usual(name)) {
            let filter = match &header {
                Some(header) => sql::eq(header.clone().text(), sql::string(&**wanted)),
                None => match wanted.strip_prefix("row ").and_then(|n| n.parse::<i64>().ok()) {
                    Some(n) if n > 0 => sql::eq(number.clone(), sql::integer(n)),
                    _ => continue,
                },
            };
            columns.push((wanted.clone(), Slot::Ready(made(filter))));
        }
        if needs.of(&named_by_data()) > 0 && (header.is_some() || t.rows == 0) {
            let which = t.header.as_ref().map_or_else(|| "the rows".to_owned(), |h| format!("the values of `{h}`"));
            self.shaped(t.span, &which, false);
            let key = match &header {
                Some(header) => header.clone().text(),
                None => sql::concat(vec![sql::string("row "), sql::cast(number.clone(), sql::VARCHAR)]),
            };
            let mut keep = vec![sql::is_not_null(key.clone()), sql::is_not_null(cell.clone())];
            keep.extend(not_apart(&key, needs, Some(&t.names)));
            let json = as_json(filtered("map_agg", vec![key, cell.clone()], sql::and(keep)));
            columns.push((named_by_data(), Slot::Ready(Typed::new(json, Phys::VARCHAR, Type::JSON, true))));
        }
        out.columns = columns;
        out.group = Some(vec![name, Typed::plain(at.clone(), Phys::BIGINT, false)]);
        out.order = vec![OrderKey::new(at, false)];
        out.sorted = true;
        if empty {
            out.filter.push(sql::boolean(false));
        }
        if !t.include_empty {
            out.having.push(sql::cmp(sql::call("count", vec![cell]), CompareOp::Gt, sql::integer(0)));
        }
        Ok(out)
    }

    pub(super) fn assign(
        &mut self,
        input: &Rel,
        (name, value): (&Expr, &Expr),
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.add_expr(name, 2);
        inner.add_expr(value, 1);
        let mut block = self.build(input, &inner)?;
        if block.group.is_some() && super::plan::over_values(value) {
            block = self.close(block, &inner)?;
        }
        let fits = Pattern::of_text(name);
        let label = self.scalar(name, "the name of a field", &block)?.convert(Phys::VARCHAR);
        let value = self.value(value, &block)?;
        let mut set = Vec::new();
        for wanted in needs.columns.keys().filter(|n| is_usual(n) && fits.matches(n, false)) {
            let named = sql::eq(label.sql.clone(), sql::string(&**wanted));
            let before = match block.slot(wanted) {
                Some(Slot::Raw { path, .. }) if block.binding.as_ref().is_some_and(|b| b.place(path).is_none()) => {
                    self.approximate(
                        span,
                        format!("of the field `{path}` only what the names in braces give counts: it has no place in the table (differs)"),
                        "add it to the schema's `[target.athena]` section, if the table has a column for it",
                    );
                    scalar::constant(&Literal::Null, Type::UNKNOWN)
                }
                _ => self.column_or_null(wanted, span, &block)?,
            };
            set.push((wanted.clone(), Slot::Ready(chosen(named, value.clone(), before))));
        }
        if needs.of(&named_by_data()) > 0 {
            if block.slot(&named_by_data()).is_some() {
                let message =
                    "several stages give columns that the data names, of which only one can be shown in Athena";
                return Err(self.unsupported(span, message, "end the rule in `table` with the fields to show"));
            }
            let fields = match name.as_column() {
                Some(field) => format!("the values of `{field}`"),
                None => "the values in braces".to_owned(),
            };
            self.shaped(span, &fields, false);
            let key = label.sql.clone();
            let mut keep = vec![sql::not(sql::call("regexp_like", vec![key.clone(), sql::string("^[_(]|^$")]))];
            keep.extend(not_apart(&key, needs, None));
            let pair = sql::call("map", vec![sql::array(vec![key]), sql::array(vec![json_value(value)])]);
            let json = sql::case(vec![(sql::and(keep), as_json(pair))], None);
            set.push((named_by_data(), Slot::Ready(Typed::new(json, Phys::VARCHAR, Type::JSON, true))));
        }
        set.into_iter().for_each(|(name, slot)| block.set(name, slot));
        block.unique = None;
        Ok(block)
    }

    pub(super) fn remove(&mut self, input: &Rel, columns: &[Name], needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        for name in columns {
            inner.columns.remove(name);
            inner.apart.insert(name.clone());
        }
        let mut block = self.build(input, &inner)?;
        block.columns.retain(|(name, _)| !columns.contains(name));
        Ok(block)
    }
}

/// Whether a plan has at most one row for each combination of these columns.
fn one_for_each(rel: &Rel, keys: &[&Name]) -> bool {
    match rel {
        Rel::Aggregate { keys: own, .. } => own.iter().all(|(name, _)| keys.contains(&name)),
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => one_for_each(input, keys),
        Rel::Extend { input, columns } => {
            !columns.iter().any(|(name, _)| keys.contains(&name)) && one_for_each(input, keys)
        }
        Rel::Project { input, columns } => {
            let same = |key: &&Name| columns.iter().any(|(name, e)| name == *key && e.as_column() == Some(name));
            keys.iter().all(same) && one_for_each(input, keys)
        }
        _ => false,
    }
}

/// Whether a column of this name can be named by data.
fn is_usual(name: &Name) -> bool {
    !name.starts_with(['(', '_', '\u{1}'])
}

fn filtered(function: &str, args: Vec<Sql>, filter: Sql) -> Sql {
    sql::aggregate(function, args, AggregateCall { filter: Some(filter), ..AggregateCall::default() })
}

/// The JSON text of a map; NULL where there is none.
fn as_json(map: Sql) -> Sql {
    sql::call("json_format", vec![sql::cast(map, sqlparser::ast::DataType::JSON)])
}

/// A value that a cast to JSON takes as SPL shows it.
fn json_value(value: Typed) -> Sql {
    let value = if value.phys.kind == Kind::Timestamp {
        let to = Phys { kind: Kind::Double, array: value.phys.array };
        value.convert(to)
    } else {
        value
    };
    value.sql
}

/// That the name is not one of the columns that stand by themselves.
fn not_apart(key: &Sql, needs: &Needs, row: Option<&Name>) -> Option<Sql> {
    let names: Vec<Sql> =
        needs.apart.iter().filter(|n| is_usual(n) && Some(*n) != row).map(|n| sql::string(&**n)).collect();
    (!names.is_empty()).then(|| sql::not(sql::in_list(key.clone(), names)))
}

/// The name of a cell's column for any value of the column that is turned.
fn cell_name(p: &Pivot, value: &Name, column: &Typed) -> Sql {
    let parts = p.naming.iter().map(|part| match part {
        NamePart::Text(text) => sql::string(text.clone()),
        NamePart::Value => sql::string(&**value),
        NamePart::Column => column.clone().text(),
    });
    sql::concat(parts.collect())
}

/// The value of the column that is turned, for which a cell of `value` has this name.
fn column_of_name<'n>(p: &Pivot, value: &Name, name: &'n str) -> Option<&'n str> {
    let (mut before, mut after) = (String::new(), None::<String>);
    for part in &p.naming {
        let text = match part {
            NamePart::Text(text) => text.as_str(),
            NamePart::Value => value,
            NamePart::Column => {
                after = Some(String::new());
                continue;
            }
        };
        after.as_mut().unwrap_or(&mut before).push_str(text);
    }
    name.strip_prefix(before.as_str())?.strip_suffix(after?.as_str())
}

/// The cell of a column that a later stage names.
fn cell_of(p: &Pivot, name: &Name, column: &Typed, values: &[(Name, Typed)]) -> Typed {
    let found = values.iter().find_map(|(value, typed)| Some((value, typed, column_of_name(p, value, name)?)));
    let Some((value, typed, wanted)) = found else {
        return scalar::constant(&Literal::Null, Type::UNKNOWN).convert(Phys::VARCHAR);
    };
    let here = sql::eq(column.clone().text(), sql::string(wanted));
    let cell = filtered("max", vec![typed.sql.clone()], here.clone());
    if !p.zeros.contains(value) {
        return Typed { sql: cell, nullable: true, ..typed.clone() };
    }
    // Empty cells of a column hold 0, where some row has the column at all.
    let over = sql::window(vec![], vec![], None);
    let call = AggregateCall { over: Some(over), ..AggregateCall::default() };
    let rows = sql::aggregate("sum", vec![sql::call("count_if", vec![here])], call);
    let zero = sql::case(vec![(sql::cmp(rows, CompareOp::Gt, sql::integer(0)), sql::integer(0))], None);
    Typed { sql: sql::coalesce(vec![cell, zero]), nullable: true, ..typed.clone() }
}

/// All cells of a row as a JSON text, but for those of columns that stand by themselves.
fn members(p: &Pivot, needs: &Needs, column: &Typed, values: &[(Name, Typed)]) -> Sql {
    let several = values.len() > 1;
    let maps = values.iter().map(|(name, typed)| {
        let key = cell_name(p, name, column);
        let mut keep = Vec::new();
        if column.nullable {
            keep.push(sql::is_not_null(column.sql.clone()));
        }
        if typed.nullable {
            keep.push(sql::is_not_null(typed.sql.clone()));
        }
        keep.extend(not_apart(&key, needs, Some(&p.row)));
        let value = json_value(typed.clone());
        let value = if several { sql::cast(value, sqlparser::ast::DataType::JSON) } else { value };
        if keep.is_empty() {
            sql::call("map_agg", vec![key, value])
        } else {
            filtered("map_agg", vec![key, value], sql::and(keep))
        }
    });
    let mut maps: Vec<Sql> = maps.collect();
    let map = match maps.len() {
        1 => maps.remove(0),
        _ => {
            let present = maps.into_iter().map(|m| sql::coalesce(vec![m, sql::call("map", vec![])])).collect();
            sql::call("map_concat", present)
        }
    };
    as_json(map)
}

/// One value where the condition holds, else the other.
fn chosen(condition: Sql, value: Typed, before: Typed) -> Typed {
    let phys = if before.is_null_literal() { value.phys } else { before.phys.union(value.phys) };
    let ty = before.ty.union(value.ty);
    let absent = before.is_null_literal() || matches!(&before.sql, Sql::Cast { expr, .. } if is_null(expr));
    let otherwise = (!absent).then(|| before.convert(phys).sql);
    let phys = if absent { value.phys } else { phys };
    Typed::new(sql::case(vec![(condition, value.convert(phys).sql)], otherwise), phys, ty, true)
}

fn is_null(e: &Sql) -> bool {
    matches!(e, Sql::Value(v) if v.value == sqlparser::ast::Value::Null)
}
