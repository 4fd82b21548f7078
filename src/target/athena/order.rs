//! Operators that read or make the rows' order: sorting, first rows, first of each key, windows.

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, hidden};
use super::emitter::Emitter;
use super::plan::add_aggregate;
use super::typed::{Kind, Phys, Typed};
use super::{sql, window};
use crate::diagnostic::Reported;
use crate::ir::{Aggregate, Expr, Frame, Name, Rel, SortKey, SortOrder, Within};
use crate::source::Span;

impl Emitter<'_> {
    pub(super) fn window(
        &mut self,
        input: &Rel,
        partition: &[Expr],
        frame: Frame,
        columns: &[(Name, Aggregate)],
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        for (name, _) in columns {
            inner.columns.remove(name);
        }
        for (name, a) in columns.iter().filter(|(name, _)| needs.of(name) > 0) {
            add_aggregate(&mut inner, a, needs.of(name));
        }
        partition.iter().for_each(|p| inner.add_expr(p, columns.len()));
        let running = !matches!(frame, Frame::Partition);
        if let Frame::Recent { within: Within::Seconds(_), .. } = frame {
            inner.add(&Name::from("_time"), 1);
        }
        if running || columns.iter().any(|(_, a)| a.function.reads_order()) {
            inner.order = NeedOrder::Always;
        }
        let mut block = self.build(input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        if running && block.order.is_empty() {
            return Err(self.unsupported(
                span,
                "`streamstats` needs the rows' order, which is not known here",
                "put a `sort` before it",
            ));
        }
        if let Frame::Recent { within: Within::Rows(_), .. } = frame {
            block = self.in_one_line(block, &inner)?;
        }
        let mut keys = Vec::new();
        let mut present = Vec::new();
        for p in partition {
            let key = self.value(p, &block)?;
            if key.nullable {
                present.push(sql::not(key.clone().absent()));
            }
            keys.push(key.sql);
        }
        let order: Vec<_> = if running { block.order.iter().map(OrderKey::sql).collect() } else { vec![] };
        let spec = match frame {
            Frame::Partition | Frame::Running { .. } => sql::window(keys, order, window::running(frame)),
            Frame::Recent { current, within: Within::Seconds(seconds) } => {
                let order = self.by_time(&block, span)?;
                sql::window(keys, vec![order], Some(window::recent_seconds(current, seconds)))
            }
            Frame::Recent { current, within: Within::Rows(rows) } => {
                sql::window(keys, order, Some(window::recent_rows(current, rows)))
            }
        };
        for (name, a) in columns.iter().filter(|(name, _)| needs.of(name) > 0) {
            let mut value = self.aggregate(a, &block, Some(spec.clone()))?;
            // Rows that lack a key belong to no group.
            if !present.is_empty() {
                value.sql = sql::case(vec![(sql::and(present.clone()), value.sql)], None);
                value.nullable = true;
            }
            block.set(name.clone(), Slot::Ready(value));
            block.windowed = true;
        }
        block.label = "windowed";
        block.unique = None;
        Ok(block)
    }

    /// Numbers the rows of all partitions together: the number is their order from then on.
    fn in_one_line(&mut self, mut block: Block, needs: &Needs) -> Result<Block, Reported> {
        let nth = hidden("nth");
        let spec = sql::window(vec![], block.order.iter().map(OrderKey::sql).collect(), None);
        let call = sql::AggregateCall { over: Some(spec), ..sql::AggregateCall::default() };
        let number = Typed::plain(sql::aggregate("row_number", vec![], call), Phys::BIGINT, false);
        block.order = vec![OrderKey::new(number.sql.clone(), false)];
        block.set(nth.clone(), Slot::Ready(number));
        block.windowed = true;
        block.label = "numbered";
        let mut inner = needs.clone();
        inner.add(&nth, 1);
        let mut next = self.close(block, &inner)?;
        next.columns.retain(|(name, _)| *name != nth);
        Ok(next)
    }

    /// The rows' order, where it is that of time.
    fn by_time(&mut self, block: &Block, span: Span) -> Result<sqlparser::ast::OrderByExpr, Reported> {
        let time = match block.slot("_time") {
            Some(Slot::Ready(time)) if time.phys == Phys::TIMESTAMP => Some(&time.sql),
            _ => None,
        };
        let first = block.order.first().filter(|key| Some(&key.expr) == time).map(OrderKey::sql);
        let Some(first) = first else {
            return Err(self.unsupported(
                span,
                "`time_window` needs the rows in the order of `_time`",
                "put `sort 0 _time` before it",
            ));
        };
        self.approximate(
            span,
            "rows of the same moment are all in each other's `time_window`, or none is with `current=f` (differs)",
            "where that matters, use `window` in place of `time_window`",
        );
        Ok(first)
    }

    pub(super) fn sort(
        &mut self,
        input: &Rel,
        keys: &[SortKey],
        limit: Option<u64>,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.order = NeedOrder::No;
        keys.iter().for_each(|k| inner.add_expr(&k.expr, 1));
        let mut block = self.build(input, &inner)?;
        if block.limit.is_some() {
            block = self.close(block, &inner)?;
        }
        let mut order = Vec::new();
        for key in keys {
            let value = self.value(&key.expr, &block)?;
            order.extend(order_keys(value, key.descending, key.order));
        }
        block.order = order;
        block.sorted = true;
        block.limit = limit;
        if limit.is_some() {
            block.label = "first_rows";
        }
        Ok(block)
    }

    pub(super) fn limit(&mut self, input: &Rel, count: u64, last: bool, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.order = NeedOrder::Always;
        let mut block = self.build(input, &inner)?;
        if let Some(n) = block.limit {
            if !last {
                block.limit = Some(n.min(count));
                return Ok(block);
            }
            block = self.close(block, &inner)?;
        }
        if last {
            block.order = block.order.into_iter().map(OrderKey::reversed).collect();
        }
        block.limit = Some(count);
        block.label = if last { "last_rows" } else { "first_rows" };
        Ok(block)
    }

    pub(super) fn distinct(
        &mut self,
        input: &Rel,
        keys: &[Expr],
        count: u64,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.order = NeedOrder::Always;
        keys.iter().for_each(|k| inner.add_expr(k, 1));
        let mut block = self.build(input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let mut partition = Vec::new();
        for key in keys {
            partition.push(self.value(key, &block)?.sql);
        }
        let mut next = self.ranked(block, partition, count, needs)?;
        next.label = "deduplicated";
        if count == 1 {
            let names: Option<Vec<Name>> = keys.iter().map(|k| k.as_column().cloned()).collect();
            next.unique = names;
        }
        Ok(next)
    }

    /// Keeps the first rows of each partition, in the block's order. The block must be open.
    pub(super) fn ranked(
        &mut self,
        mut block: Block,
        partition: Vec<sqlparser::ast::Expr>,
        count: u64,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let order = block.order.iter().map(OrderKey::sql).collect();
        let spec = sql::window(partition, order, None);
        let call = sql::AggregateCall { over: Some(spec), ..sql::AggregateCall::default() };
        let nth = hidden("nth");
        block.set(
            nth.clone(),
            Slot::Ready(Typed::plain(sql::aggregate("row_number", vec![], call), Phys::BIGINT, false)),
        );
        block.windowed = true;
        block.label = "ranked";
        let mut inner = needs.clone();
        inner.add(&nth, 1);
        let mut next = self.close(block, &inner)?;
        if let Some(Slot::Ready(n)) = next.slot(&nth).cloned() {
            let limit = sql::integer(i64::try_from(count).unwrap_or(i64::MAX));
            next.filter.push(if count == 1 {
                sql::eq(n.sql, limit)
            } else {
                sql::cmp(n.sql, crate::ir::CompareOp::Le, limit)
            });
        }
        next.columns.retain(|(name, _)| *name != nth);
        Ok(next)
    }
}

/// The keys that sort a value as SPL does. NULLs come last.
pub(super) fn order_keys(value: Typed, descending: bool, order: SortOrder) -> Vec<OrderKey> {
    let nullable = value.nullable;
    let last = |expr, descending| OrderKey { expr, descending, nulls_first: None, nullable };
    match (order, value.phys.kind) {
        (SortOrder::Auto | SortOrder::Number, Kind::Bigint | Kind::Double | Kind::Boolean | Kind::Timestamp) => {
            vec![last(value.sql, descending)]
        }
        (SortOrder::Number, Kind::Varchar) => vec![last(value.double(), descending)],
        (SortOrder::Auto, Kind::Varchar) if value.phys.array || value.ty.scalar != crate::ir::Scalar::Unknown => {
            vec![last(value.sql, descending)]
        }
        (SortOrder::Auto, Kind::Varchar) => {
            // Numbers before text; all the other way round where the order descends.
            let number = OrderKey {
                expr: super::typed::number_of(value.sql.clone()),
                descending,
                nulls_first: descending.then_some(true),
                nullable: true,
            };
            let mut keys = vec![number, last(value.sql.clone(), descending)];
            if nullable && descending {
                keys.insert(0, last(sql::is_null(value.sql), false));
            }
            keys
        }
        (SortOrder::Text, _) => vec![last(value.text(), descending)],
        (SortOrder::Ip, _) => {
            let text = value.text();
            vec![last(sql::try_cast(text.clone(), sql::ip_address()), descending), last(text, descending)]
        }
    }
}
