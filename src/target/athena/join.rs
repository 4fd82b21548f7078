//! Operators with several inputs: joins, unions.
//!
//! SPL's `join`: a field that both sides have takes the right side's value where the matching right row has one.

use std::collections::BTreeMap;

use sqlparser::ast::{Expr as Sql, Ident, ObjectName, TableFactor};

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, Whole, hidden};
use super::emitter::Emitter;
use super::ident::Names;
use super::typed::{Phys, Typed};
use super::{scalar, select, sql};
use crate::diagnostic::Reported;
use crate::ir::{Join, JoinKind, Literal, Name, Rel, Type};
use crate::source::Span;

impl Emitter<'_> {
    pub(super) fn join(&mut self, join: &Join, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        join.on.iter().for_each(|name| inner.add(name, 1));
        let left = self.build(&join.left, &inner)?;
        let mut left = self.close(left, &inner)?;
        let mut right_needs = Needs { whole: false, order: NeedOrder::No, ..inner.clone() };
        if join.max.is_some() {
            right_needs.order = NeedOrder::Always;
        }
        let right = self.build(&join.right, &right_needs)?;
        let right = self.joinable(right, join, &right_needs)?;
        let (left_name, right_name) = match (relation(&left), relation(&right)) {
            (Some(l), Some(r)) => (l, r),
            _ => return Err(self.internal(join.span, "a side of the join is no relation")),
        };
        qualify(&mut left, &left_name);
        let mut right = right;
        qualify(&mut right, &right_name);
        let mut on = Vec::new();
        for name in &join.on {
            let l = self.joined_value(&left, name, join.span)?;
            let r = self.joined_value(&right, name, join.span)?;
            on.push(equal(l, r));
        }
        on.append(&mut right.filter);
        let outer = join.kind == JoinKind::Left;
        left.from.joins.push(select::join(&right_name, on, outer));
        // A later alias must not be called like a column of the right side.
        for (_, slot) in &right.columns {
            if let Slot::Ready(t) = slot
                && let sqlparser::ast::Expr::CompoundIdentifier(parts) = &t.sql
                && let Some(column) = parts.last()
            {
                left.names.reserve(&column.value);
            }
        }
        for (name, slot) in std::mem::take(&mut right.columns) {
            if join.on.contains(&name) {
                continue;
            }
            let Slot::Ready(r) = slot else { continue };
            let value = match left.slot(&name) {
                Some(Slot::Ready(l)) => overwritten(l.clone(), r),
                _ => Typed { nullable: r.nullable || outer, ..r },
            };
            left.set(name, Slot::Ready(value));
        }
        left.label = "joined";
        left.unique = None;
        Ok(left)
    }

    /// The right side as a relation with at most so many rows for each key.
    fn joinable(&mut self, mut right: Block, join: &Join, needs: &Needs) -> Result<Block, Reported> {
        let is_unique = right.unique.as_ref().is_some_and(|keys| keys.iter().all(|k| join.on.contains(k)));
        let Some(max) = join.max.filter(|_| !is_unique) else {
            let needs = Needs { order: NeedOrder::No, ..needs.clone() };
            return self.close(right, &needs);
        };
        if !right.is_open() {
            right = self.close(right, needs)?;
        }
        let mut partition = Vec::new();
        for name in &join.on {
            partition.push(self.joined_value(&right, name, join.span)?.sql);
        }
        let needs = Needs { order: NeedOrder::No, ..needs.clone() };
        self.ranked(right, partition, u64::from(max), &needs)
    }

    pub(super) fn joined_value(&mut self, block: &Block, name: &Name, span: Span) -> Result<Typed, Reported> {
        match block.slot(name).cloned() {
            Some(slot) => {
                let value = self.read_slot(&slot, span, block)?;
                if value.phys.array {
                    return Err(self.unsupported(
                        span,
                        format!("a join on the multivalue field `{name}` is not implemented for Athena"),
                        "expand the field with `mvexpand` before the join",
                    ));
                }
                Ok(value)
            }
            None => Ok(scalar::constant(&Literal::Null, Type::UNKNOWN).convert(Phys::VARCHAR)),
        }
    }

    pub(super) fn union(&mut self, inputs: &[Rel], span: Span, needs: &Needs) -> Result<Block, Reported> {
        let ordered = needs.order == NeedOrder::Always;
        // Conditions on the same events read them once. Their order would be another: that of all the events.
        if !ordered && let Some(merged) = crate::ir::merge::one_scan(inputs, span).filter(|m| m.exclusive) {
            return self
                .build(&Rel::Filter { input: Box::new(Rel::Scan(merged.scan)), predicate: merged.predicate }, needs);
        }
        let mut branches = Vec::new();
        for input in inputs {
            let mut inner = needs.clone();
            if needs.order == NeedOrder::Sorted {
                inner.order = NeedOrder::No;
            }
            let mut block = self.build(input, &inner)?;
            if block.limit.is_some() || (ordered && block.windowed) {
                block = self.close(block, &inner)?;
            }
            branches.push(block);
        }
        let (order, row) = (hidden("branch"), hidden("nth"));
        let mut columns: Vec<(Name, Phys, Type)> = Vec::new();
        let mut read: Vec<BTreeMap<Name, Typed>> = Vec::new();
        for (i, block) in branches.iter().enumerate() {
            let mut values = BTreeMap::new();
            for (name, slot) in block.columns.clone() {
                if needs.of(&name) > 0 && !matches!(slot, Slot::Record(_)) {
                    values.insert(name, self.read_slot(&slot, span, block)?);
                }
            }
            if ordered {
                let spec = sql::window(vec![], block.order.iter().map(OrderKey::sql).collect(), None);
                let call = sql::AggregateCall { over: Some(spec), ..sql::AggregateCall::default() };
                let number = sql::integer(i64::try_from(i + 1).unwrap_or(i64::MAX));
                values.insert(order.clone(), Typed::plain(number, Phys::BIGINT, false));
                values
                    .insert(row.clone(), Typed::plain(sql::aggregate("row_number", vec![], call), Phys::BIGINT, false));
            }
            for (name, _) in block
                .columns
                .iter()
                .map(|(n, s)| (n, s))
                .chain([(&order, &Slot::Record(None)), (&row, &Slot::Record(None))])
            {
                let Some(value) = values.get(name) else { continue };
                match columns.iter_mut().find(|(n, _, _)| n == name) {
                    Some((_, phys, ty)) => {
                        if !value.is_null_literal() {
                            *phys = phys.union(value.phys);
                        }
                        *ty = ty.union(value.ty);
                    }
                    None => columns.push((name.clone(), value.phys, value.ty)),
                }
            }
            read.push(values);
        }
        self.union_of(branches, read, columns, needs, (order, row), span)
    }

    fn union_of(
        &mut self,
        branches: Vec<Block>,
        read: Vec<BTreeMap<Name, Typed>>,
        columns: Vec<(Name, Phys, Type)>,
        needs: &Needs,
        (branch, row): (Name, Name),
        span: Span,
    ) -> Result<Block, Reported> {
        let mut names = Names::default();
        let mut whole: Vec<Ident> = Vec::new();
        if needs.whole {
            for block in &branches {
                for (ident, _) in self.whole_columns(block) {
                    if !whole.contains(&ident) {
                        names.reserve(&ident.value);
                        whole.push(ident);
                    }
                }
            }
        }
        let idents: Vec<Ident> = columns.iter().map(|(name, _, _)| names.allocate(name)).collect();
        let mut body = None;
        for (block, values) in branches.into_iter().zip(read) {
            let own = self.whole_columns(&block);
            let mut items = Vec::new();
            for ident in &whole {
                let value = own.iter().find(|(i, _)| i == ident).map_or_else(sql::null, |(_, e)| e.clone());
                items.push(select::item(value, ident.clone()));
            }
            for ((name, phys, ty), ident) in columns.iter().zip(&idents) {
                let value = match values.get(name) {
                    Some(value) => value.clone().convert(*phys),
                    None => scalar::constant(&Literal::Null, *ty).convert_null(*phys),
                };
                items.push(select::item(value.sql, ident.clone()));
            }
            if items.is_empty() {
                items.push(select::item(sql::integer(1), Ident::new("row_found")));
            }
            let select = self.select_body(block, items);
            body = Some(match body {
                None => select,
                Some(before) => select::union_all(before, select),
            });
        }
        let Some(body) = body else { return Err(self.internal(span, "a union without inputs")) };
        let cte = self.add_cte("combined", select::query(body, vec![], None));
        let mut block = Block::new(select::from(select::table(ObjectName::from(vec![cte]))), names, "combined_rows");
        for ((name, phys, ty), ident) in columns.into_iter().zip(&idents) {
            let value = Typed::new(sql::name(ident), phys, ty, true);
            if name == branch || name == row {
                block.order.push(OrderKey::new(value.sql, false));
            } else {
                block.set(name, Slot::Ready(value));
            }
        }
        if !whole.is_empty() {
            block.whole = Whole::Columns(whole.into_iter().map(|i| (i.clone(), sql::name(&i))).collect());
        }
        Ok(block)
    }
}

impl Typed {
    /// A NULL of an SQL type.
    fn convert_null(self, to: Phys) -> Typed {
        Typed { sql: sql::cast(sql::null(), to.data_type()), phys: to, ..self }
    }
}

/// The CTE or table that a block reads, where it reads just one.
pub(super) fn relation(block: &Block) -> Option<Ident> {
    match &block.from.relation {
        TableFactor::Table { name, .. } => match name.0.last() {
            Some(sqlparser::ast::ObjectNamePart::Identifier(i)) => Some(i.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Puts the relation's name before each column.
pub(super) fn qualify(block: &mut Block, relation: &Ident) {
    let fix = |e: &mut Sql| {
        fn go(e: &mut Sql, relation: &Ident) {
            if let Sql::Identifier(i) = e {
                *e = sql::qualified(relation, i);
                return;
            }
            for child in sql::children_mut(e) {
                go(child, relation);
            }
        }
        go(e, relation);
    };
    for (_, slot) in &mut block.columns {
        match slot {
            Slot::Ready(value) => fix(&mut value.sql),
            Slot::Record(Some(value)) => fix(&mut value.sql),
            Slot::Record(None) | Slot::Raw { .. } => {}
        }
    }
    if let Whole::Columns(columns) = &mut block.whole {
        columns.iter_mut().for_each(|(_, e)| fix(e));
    }
    block.order.iter_mut().for_each(|k| fix(&mut k.expr));
    block.filter.iter_mut().for_each(fix);
}

fn equal(l: Typed, r: Typed) -> Sql {
    if l.phys == r.phys {
        return sql::eq(l.sql, r.sql);
    }
    let to = l.phys.union(r.phys);
    sql::eq(l.convert(to).sql, r.convert(to).sql)
}

/// The right side's value, where it has one.
fn overwritten(l: Typed, r: Typed) -> Typed {
    let phys = l.phys.union(r.phys);
    let ty = r.ty.union(l.ty);
    let nullable = l.nullable;
    let (l, r) = (l.convert(phys).null_if_empty(), r.convert(phys).null_if_empty());
    Typed { can_be_empty: false, ..Typed::new(sql::coalesce(vec![r.sql, l.sql]), phys, ty, nullable) }
}
