//! `appendcols`: the n-th row of one side with the n-th of the other.

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, hidden};
use super::emitter::Emitter;
use super::join::{qualify, relation};
use super::select;
use super::sql::{self, AggregateCall};
use super::typed::{Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{Name, Rel};
use crate::source::Span;

impl Emitter<'_> {
    pub(super) fn beside(
        &mut self,
        left: &Rel,
        right: &Rel,
        replace: bool,
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let left_needs = Needs { order: NeedOrder::Always, ..needs.clone() };
        let right_needs = Needs { whole: false, ..left_needs.clone() };
        let left = self.build(left, &left_needs)?;
        let right = self.build(right, &right_needs)?;
        // One row beside one row needs no numbers.
        let single = is_single(&left) && is_single(&right);
        let nth = hidden("nth");
        let mut left = self.numbered(left, &nth, single, span, needs)?;
        let right_needs = Needs { order: NeedOrder::No, whole: false, ..needs.clone() };
        let mut right = self.numbered(right, &nth, false, span, &right_needs)?;
        let (Some(left_name), Some(right_name)) = (relation(&left), relation(&right)) else {
            return Err(self.internal(span, "a side of `appendcols` is no relation"));
        };
        qualify(&mut left, &left_name);
        qualify(&mut right, &right_name);
        let (Some(Slot::Ready(l)), Some(Slot::Ready(r))) = (left.slot(&nth).cloned(), right.slot(&nth).cloned()) else {
            return Err(self.internal(span, "the rows of `appendcols` have no numbers"));
        };
        let on = if single { sql::boolean(true) } else { sql::eq(l.sql, r.sql.clone()) };
        left.from.joins.push(select::join(&right_name, vec![on], true));
        left.columns.retain(|(name, _)| *name != nth);
        let there = sql::is_not_null(r.sql);
        for (name, slot) in right.columns {
            let Slot::Ready(value) = slot else { continue };
            if name == nth {
                continue;
            }
            let value = match left.slot(&name).cloned() {
                None => Typed { nullable: true, ..value },
                Some(_) if !replace => continue,
                Some(Slot::Ready(before)) => replaced(before, value, there.clone()),
                Some(Slot::Record(_) | Slot::Raw { .. }) => continue,
            };
            left.set(name, Slot::Ready(value));
        }
        left.label = "side_by_side";
        left.unique = None;
        Ok(left)
    }

    /// The rows as a relation with their numbers.
    fn numbered(
        &mut self,
        mut block: Block,
        nth: &Name,
        single: bool,
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        if block.order.is_empty() && !is_single(&block) {
            return Err(self.unsupported(
                span,
                "`appendcols` needs the order of the rows on both sides, which is not known here",
                "put a `sort` before it, or join the rows by a field",
            ));
        }
        if !block.is_open() && !is_single(&block) {
            let ordered = Needs { order: NeedOrder::Always, ..needs.clone() };
            block = self.close(block, &ordered)?;
        }
        let spec = sql::window(vec![], block.order.iter().map(OrderKey::sql).collect(), None);
        let call = AggregateCall { over: Some(spec), ..AggregateCall::default() };
        let number =
            if single || is_single(&block) { sql::integer(1) } else { sql::aggregate("row_number", vec![], call) };
        block.set(nth.clone(), Slot::Ready(Typed::plain(number, Phys::BIGINT, false)));
        let mut inner = needs.clone();
        inner.add(nth, 1);
        if inner.order == NeedOrder::Sorted && !block.sorted {
            inner.order = NeedOrder::No;
        }
        self.close(block, &inner)
    }
}

/// Whether there is exactly one row.
fn is_single(block: &Block) -> bool {
    block.group.as_ref().is_some_and(Vec::is_empty) && block.having.is_empty()
}

/// The right side's value where it has a row, even where that value is NULL.
fn replaced(before: Typed, value: Typed, there: sqlparser::ast::Expr) -> Typed {
    let phys = before.phys.union(value.phys);
    let ty = before.ty.union(value.ty);
    let nullable = before.nullable || value.nullable;
    let can_be_empty = before.can_be_empty || value.can_be_empty;
    let (before, value) = (before.convert(phys).sql, value.convert(phys).sql);
    let sql = sql::case(vec![(there, value)], Some(before));
    Typed { can_be_empty, ..Typed::new(sql, phys, ty, nullable) }
}
