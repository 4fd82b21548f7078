//! `timechart` and `makecontinuous`: rows for the bins that no row has.

use sqlparser::ast::{DateTimeField, Expr as Sql, Ident, JoinConstraint, JoinOperator, ObjectName, Query, TableFactor};

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot};
use super::emitter::Emitter;
use super::ident::Names;
use super::join::{qualify, relation};
use super::typed::{Phys, Typed};
use super::{select, sql};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Continuous, Expr, Stride};

/// The ends of the bins, in the unit in which they are counted.
struct Ends {
    from: Sql,
    /// Inclusive.
    until: Sql,
    /// Whether the rows decide about one of them.
    by_rows: bool,
    /// Whether there can be a start behind the end.
    may_cross: bool,
}

impl Emitter<'_> {
    pub(super) fn continuous(&mut self, c: &Continuous, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = Needs { order: NeedOrder::No, whole: false, ..needs.clone() };
        inner.add(&c.column, 2);
        let mut block = self.build(&c.input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let Some(slot) = block.slot(&c.column).cloned() else {
            return Err(self.internal(c.span, format!("the column `{}` is not there", c.column)));
        };
        let column = self.read_slot(&slot, c.span, &block)?;
        let time = column.phys == Phys::TIMESTAMP;
        let column = if time { column } else { column.convert(Phys::DOUBLE) };
        if column.nullable {
            block.filter.push(sql::is_not_null(column.sql.clone()));
        }
        let phys = column.phys;
        block.set(c.column.clone(), Slot::Ready(Typed { nullable: false, ..column }));
        block.label = "counted";
        let mut counted = self.close(block, &inner)?;
        let (Some(Slot::Ready(column)), Some(counted_name)) = (counted.slot(&c.column).cloned(), relation(&counted))
        else {
            return Err(self.internal(c.span, "the rows of the bins are no relation"));
        };
        let bin = Ident::new("bin");
        let query = self.bins(c, &counted_name, &column, &bin)?;
        let bins = self.add_cte("bins", query);
        qualify(&mut counted, &counted_name);
        let all = JoinConstraint::On(sql::eq(
            sql::qualified(&counted_name, &column_ident(&column.sql)),
            sql::qualified(&bins, &bin),
        ));
        let mut out = counted;
        out.from.joins.push(sqlparser::ast::Join {
            relation: select::table(ObjectName::from(vec![bins.clone()])),
            global: false,
            join_operator: JoinOperator::FullOuter(all),
        });
        let own = sql::qualified(&counted_name, &column_ident(&column.sql));
        let start = sql::coalesce(vec![own, sql::qualified(&bins, &bin)]);
        for (name, slot) in &mut out.columns {
            if let Slot::Ready(value) = slot {
                value.nullable = *name != c.column;
            }
        }
        out.set(c.column.clone(), Slot::Ready(Typed::new(start.clone(), phys, column.ty, false)));
        out.order = vec![OrderKey::new(start, false)];
        // As `timechart` has it.
        out.sorted = true;
        out.unique = None;
        out.label = "all_bins";
        Ok(out)
    }

    /// The starts of all bins.
    fn bins(&mut self, c: &Continuous, counted: &Ident, column: &Typed, bin: &Ident) -> Result<Query, Reported> {
        let months = matches!(c.stride, Stride::Months(_));
        let time = column.phys == Phys::TIMESTAMP;
        let ends = self.ends(c, column, months)?;
        let (list, start): (Sql, Box<dyn Fn(Sql) -> Sql>) = match (c.stride, time) {
            (Stride::Months(n), _) => {
                let step = sql::interval(u64::from(n), DateTimeField::Month);
                let zoned = |e| sql::call("with_timezone", vec![e, sql::string("UTC")]);
                (sql::call("sequence", vec![ends.from.clone(), ends.until.clone(), step]), Box::new(zoned))
            }
            (Stride::Even(width), true) if width.fract() == 0.0 => {
                let step = sql::integer(width as i64);
                let moment = |e| sql::call("from_unixtime", vec![e]);
                (sql::call("sequence", vec![ends.from.clone(), ends.until.clone(), step]), Box::new(moment))
            }
            (Stride::Even(width), _) => {
                let width = sql::double(width);
                let steps = sql::divide(sql::subtract(ends.until.clone(), ends.from.clone()), width.clone());
                let steps = sql::cast(sql::call("floor", vec![steps]), sql::BIGINT);
                let numbers = sql::call("sequence", vec![sql::integer(0), steps]);
                let at = sql::add(ends.from.clone(), sql::multiply(sql::column("x"), width));
                let list = sql::call("transform", vec![numbers, sql::lambda(&["x"], at)]);
                let moment = move |e| if time { sql::call("from_unixtime", vec![e]) } else { e };
                (list, Box::new(moment))
            }
        };
        let list = if ends.may_cross {
            let forward = sql::cmp(ends.from.clone(), CompareOp::Le, ends.until.clone());
            sql::case(vec![(forward, list)], None)
        } else {
            list
        };
        let unnest = select::unnest(list, Ident::new("steps"), vec![Ident::new("step")], false);
        let items = vec![select::item(start(sql::column("step")), bin.clone())];
        let from = if ends.by_rows {
            let moment = |name: &str| {
                let end = sql::call(name, vec![column.sql.clone()]);
                let ident = Ident::new(if name == "min" { "first_bin" } else { "last_bin" });
                select::item(counted_in(end, column.phys, months, c.stride), ident)
            };
            let span = select::simple(vec![moment("min"), moment("max")], counted, vec![]);
            let mut from = select::from(TableFactor::Derived {
                lateral: false,
                subquery: Box::new(span),
                alias: Some(select::alias(Ident::new("ends"), vec![])),
                sample: None,
            });
            from.joins.push(unnest);
            from
        } else {
            select::from(unnest.relation)
        };
        let clauses = select::Clauses { items, from: Some(from), ..select::Clauses::default() };
        Ok(select::query(select::select(clauses), vec![], None))
    }

    fn ends(&mut self, c: &Continuous, column: &Typed, months: bool) -> Result<Ends, Reported> {
        let from = self.given(c.from.as_ref(), column.phys)?;
        let until = self.given(c.until.as_ref(), column.phys)?;
        let by_rows = from.is_none() || until.is_none();
        let may_cross = (from.is_some() != until.is_some()) || c.until.is_some();
        let whole = column.phys == Phys::TIMESTAMP && !months && is_whole(c.stride);
        let from = match from {
            Some(from) => counted_in(from, column.phys, months, c.stride),
            None => sql::column("first_bin"),
        };
        // No bin begins at the end.
        let until = match until {
            Some(until) if months => {
                let before = sql::subtract(until, sql::fraction("0.001"));
                counted_in(before, column.phys, months, c.stride)
            }
            Some(until) if whole => {
                let seconds = sql::call("ceiling", vec![sql::call("to_unixtime", vec![until])]);
                sql::subtract(sql::cast(seconds, sql::BIGINT), sql::integer(1))
            }
            Some(until) => {
                let until = counted_in(until, column.phys, months, c.stride);
                sql::subtract(until, sql::double(1e-6))
            }
            None => sql::column("last_bin"),
        };
        Ok(Ends { from, until, by_rows, may_cross })
    }

    /// A bound without columns.
    fn given(&mut self, e: Option<&Expr>, phys: Phys) -> Result<Option<Sql>, Reported> {
        let Some(e) = e else { return Ok(None) };
        let nothing = Block::new(select::from(select::table(ObjectName(vec![]))), Names::default(), "nothing");
        let value = self.value(e, &nothing)?;
        Ok(Some(value.convert(phys).sql))
    }
}

fn is_whole(stride: Stride) -> bool {
    matches!(stride, Stride::Even(width) if width.fract() == 0.0)
}

/// A bin's start in the unit in which bins are counted: whole seconds, timestamps without zone for months, else the number.
fn counted_in(e: Sql, phys: Phys, months: bool, stride: Stride) -> Sql {
    match (phys == Phys::TIMESTAMP, months) {
        (true, true) => sql::cast(e, sql::TIMESTAMP),
        (true, false) if is_whole(stride) => sql::cast(sql::call("to_unixtime", vec![e]), sql::BIGINT),
        (true, false) => sql::call("to_unixtime", vec![e]),
        (false, _) => e,
    }
}

/// The bare name of a closed column.
fn column_ident(e: &Sql) -> Ident {
    match e {
        Sql::Identifier(i) => i.clone(),
        Sql::CompoundIdentifier(parts) => parts.last().cloned().unwrap_or_else(|| Ident::new("bin")),
        _ => Ident::new("bin"),
    }
}
