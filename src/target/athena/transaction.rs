//! `transaction`: rows of one group, cut where the options say, by row pattern recognition (`MATCH_RECOGNIZE`).
//!
//! Rows are looked at from the newest to the oldest, as SPL gathers them. Those that follow the first one (`newest`) belong
//! to it as long as each is near enough (`older`); the next one begins anew. This is the only form that cuts by the time
//! from the first row of each transaction, whose place depends on all cuts before.

use sqlparser::ast::{
    AfterMatchSkip, DateTimeField, EmptyMatchesMode, Expr as Sql, Ident, MatchRecognizePattern, MatchRecognizeSymbol,
    Measure, OrderByExpr, RepetitionQuantifier, RowsPerMatch, SymbolDefinition, TableFactor,
};

use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, hidden};
use super::emitter::Emitter;
use super::plan::over_values;
use super::sql::{self, AggregateCall};
use super::typed::{Kind, Phys, Typed};
use super::{scalar, select};
use crate::diagnostic::Reported;
use crate::ir::{CompareOp, Literal, Name, Scalar, Transaction, Type};

/// The row that a transaction begins with, seen backwards in time.
const NEWEST: &str = "newest";
/// Any other row of it.
const OLDER: &str = "older";
/// No two events are so many seconds apart.
const FOREVER: f64 = 1e11;

/// The rows that are matched, and what the match reads of them.
struct Rows {
    block: Block,
    time: Sql,
    fields: Vec<Typed>,
    /// Whether a row is the oldest of a transaction.
    starts: Option<Sql>,
    /// Whether a row is the newest of a transaction.
    ends: Option<Sql>,
    /// From the newest to the oldest.
    order: Vec<OrderKey>,
}

impl Emitter<'_> {
    pub(super) fn transaction(&mut self, t: &Transaction, needs: &Needs) -> Result<Block, Reported> {
        let rows = self.transaction_rows(t, needs)?;
        if rows.fields.len() > 1 && rows.fields.iter().any(|f| f.nullable) {
            let names: Vec<String> = t.fields.iter().map(|f| format!("`{f}`")).collect();
            self.approximate(
                t.span,
                format!(
                    "rows that lack one of {} make transactions of their own; SPL joins them to one that agrees in the \
                     others (differs)",
                    names.join(", ")
                ),
                "group by one field, or by fields that each event has",
            );
        }
        let time = hidden("_time");
        let starts = hidden("starts");
        let order = rows.order.clone();
        let mut matched = matched(t, rows);
        let txn = hidden("txn");
        let mut carried = Needs { order: NeedOrder::No, ..Needs::default() };
        let wanted = |name: &&Name| needs.of(name) > 0;
        t.fields.iter().chain(t.columns.iter().filter(wanted)).chain([&time, &starts, &txn]).for_each(|name| {
            carried.add(name, 1);
        });
        let mut keys = Vec::new();
        if t.keep_orphans {
            matched = self.numbered_orphans(matched, &order, &mut carried)?;
            keys.push(hidden("orphan"));
        }
        keys.insert(0, txn.clone());
        self.gathered(t, matched, keys, order, needs)
    }

    /// The rows as a relation, with the conditions of the boundaries as columns.
    fn transaction_rows(&mut self, t: &Transaction, needs: &Needs) -> Result<Rows, Reported> {
        let (time, starts, ends) = (hidden("_time"), hidden("starts"), hidden("ends"));
        let mut inner = Needs { order: NeedOrder::Always, ..Needs::default() };
        let wanted = |name: &&Name| needs.of(name) > 0 && &***name != "_time";
        t.fields.iter().for_each(|name| inner.add(name, 1));
        t.columns.iter().filter(|name| wanted(name) && !t.fields.contains(name)).for_each(|name| inner.add(name, 1));
        let mut below = inner.clone();
        below.add(&"_time".into(), 1);
        t.starts_with.iter().chain(&t.ends_with).for_each(|e| below.add_expr(e, 1));
        let mut block = self.build(&t.input, &below)?;
        let lambda = t.starts_with.iter().chain(&t.ends_with).any(over_values);
        let moment = self.column_of(&"_time".into(), t, &block)?;
        let fields = self.fields_of(t, &block)?;
        let filtered = moment.nullable || fields.iter().any(|f| f.nullable);
        if (block.group.is_some() && lambda) || (filtered && !block.is_open()) {
            block = self.close(block, &below)?;
        }
        let moment = self.column_of(&"_time".into(), t, &block)?;
        if moment.nullable {
            block.filter.push(sql::is_not_null(moment.sql.clone()));
        }
        if !t.keep_orphans {
            block.filter.extend(present(&self.fields_of(t, &block)?));
        }
        for (name, condition) in [(&starts, &t.starts_with), (&ends, &t.ends_with)] {
            let Some(condition) = condition else { continue };
            let value = self.value(condition, &block)?;
            let sql = if value.nullable { sql::coalesce(vec![value.sql, sql::boolean(false)]) } else { value.sql };
            block.set(name.clone(), Slot::Ready(Typed::plain(sql, Phys::BOOLEAN, false)));
            inner.add(name, 1);
        }
        block.set(time.clone(), Slot::Ready(Typed::plain(moment.timestamp(), Phys::TIMESTAMP, false)));
        inner.add(&time, 1);
        block.label = "candidates";
        let block = self.close(block, &inner)?;
        let read = |name: &Name| match block.slot(name) {
            Some(Slot::Ready(value)) => Some(value.sql.clone()),
            _ => None,
        };
        let Some(time) = read(&time) else { return Err(self.internal(t.span, "the rows lost their time")) };
        let mut order = vec![OrderKey::new(time.clone(), true)];
        order.extend(block.order.iter().filter(|k| k.expr != time).cloned());
        let fields = self.fields_of(t, &block)?;
        let (starts, ends) = (read(&starts), read(&ends));
        Ok(Rows { time, fields, starts, ends, order, block })
    }

    fn column_of(&mut self, name: &Name, t: &Transaction, block: &Block) -> Result<Typed, Reported> {
        match block.slot(name).cloned() {
            Some(slot) => self.read_slot(&slot, t.span, block),
            None => Ok(scalar::constant(&Literal::Null, Type::UNKNOWN).convert(Phys::VARCHAR)),
        }
    }

    fn fields_of(&mut self, t: &Transaction, block: &Block) -> Result<Vec<Typed>, Reported> {
        t.fields.iter().map(|name| self.column_of(name, t, block)).collect()
    }

    /// Gives each row that belongs to no transaction a number, so that it stays a row of its own.
    fn numbered_orphans(&mut self, mut block: Block, order: &[OrderKey], needs: &mut Needs) -> Result<Block, Reported> {
        let Some(Slot::Ready(txn)) = block.slot(&hidden("txn")).cloned() else { return Ok(block) };
        let spec = sql::window(vec![], order.iter().map(OrderKey::sql).collect(), None);
        let call = AggregateCall { over: Some(spec), ..AggregateCall::default() };
        let number = sql::aggregate("row_number", vec![], call);
        let number = sql::case(vec![(sql::is_null(txn.sql), number)], None);
        let name = hidden("orphan");
        needs.add(&name, 1);
        block.set(name, Slot::Ready(Typed::plain(number, Phys::BIGINT, true)));
        block.label = "matched";
        self.close(block, needs)
    }

    /// One row for each transaction.
    fn gathered(
        &mut self,
        t: &Transaction,
        mut block: Block,
        keys: Vec<Name>,
        order: Vec<OrderKey>,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut group = self.fields_of(t, &block)?;
        for key in &keys {
            group.push(self.column_of(key, t, &block)?);
        }
        let txn = self.column_of(&hidden("txn"), t, &block)?.sql;
        let orphan = t.keep_orphans.then(|| sql::is_null(txn));
        let (time, starts) = (self.column_of(&hidden("_time"), t, &block)?.sql, hidden("starts"));
        let starts = t.starts_with.as_ref().and_then(|_| match block.slot(&starts) {
            Some(Slot::Ready(value)) => Some(value.sql.clone()),
            _ => None,
        });
        let oldest = sql::call("min", vec![time.clone()]);
        let newest = sql::call("max", vec![time]);
        let closed = starts.map(|s| sql::call("bool_or", vec![s]));
        // What is not of a transaction has no such values.
        let of_transaction = |value: Sql| match &orphan {
            Some(orphan) => sql::case(vec![(sql::not(orphan.clone()), value)], None),
            None => value,
        };
        let nullable = t.keep_orphans;
        let mut columns: Vec<(Name, Slot)> = Vec::new();
        let mut put = |name: &str, value: Typed| columns.push((name.into(), Slot::Ready(value)));
        put("_time", Typed::plain(oldest.clone(), Phys::TIMESTAMP, false));
        let seconds = |moment: &Sql| sql::call("to_unixtime", vec![moment.clone()]);
        let duration = sql::subtract(seconds(&newest), seconds(&oldest));
        put("duration", Typed::plain(of_transaction(duration), Phys::DOUBLE, nullable));
        put("eventcount", Typed::plain(of_transaction(sql::count_rows(None)), Phys::BIGINT, nullable));
        let is_closed = closed.clone().map_or_else(|| sql::integer(1), |c| sql::cast(c, sql::BIGINT));
        put("closed_txn", Typed::plain(of_transaction(is_closed), Phys::BIGINT, nullable));
        let made = ["_time", "duration", "eventcount", "closed_txn"];
        for name in t.columns.iter().filter(|name| !made.contains(&&***name) && needs.of(name) > 0) {
            let value = self.column_of(name, t, &block)?;
            let tied = t.fields.contains(name) && !t.lists.contains(name);
            let value = if tied { value } else { values(value, t.lists.contains(name), &order, orphan.as_ref()) };
            put(name, value);
        }
        block.order = vec![OrderKey::new(oldest, true), OrderKey::new(newest, true)];
        block.group = Some(group);
        if let (Some(closed), false) = (closed, t.keep_evicted) {
            let kept = orphan.map_or_else(|| closed.clone(), |orphan| sql::or(vec![closed.clone(), orphan]));
            block.having.push(kept);
        }
        block.columns = columns;
        block.label = "transactions";
        Ok(block)
    }
}

/// That a row has one of the fields.
fn present(fields: &[Typed]) -> Option<Sql> {
    let all_nullable = !fields.is_empty() && fields.iter().all(|f| f.nullable);
    all_nullable.then(|| sql::or(fields.iter().map(|f| sql::is_not_null(f.sql.clone())).collect()))
}

/// The rows with the number of the match that each is in; without those in none, unless they are kept.
fn matched(t: &Transaction, rows: Rows) -> Block {
    let Rows { block, time, fields, starts, ends, order } = rows;
    let mut newest: Vec<Sql> = ends.clone().into_iter().collect();
    if t.keep_orphans {
        newest.extend(present(&fields));
    }
    let mut older: Vec<Sql> = Vec::new();
    if let Some(ends) = ends {
        older.push(sql::not(ends));
    }
    if let Some(starts) = starts {
        older.push(sql::not(sql::call("prev", vec![starts])));
    }
    for (from, most) in [("first", t.max_span), ("prev", t.max_pause)] {
        if let Some(seconds) = most.filter(|s| *s < FOREVER) {
            let apart = sql::subtract(sql::call(from, vec![time.clone()]), time.clone());
            older.push(sql::cmp(apart, CompareOp::Le, length(seconds)));
        }
    }
    // The row itself is counted among the older ones, the newest is not.
    let most = sql::integer(i64::from(t.max_events.max(1)) - 1);
    older.push(sql::cmp(sql::count_of(OLDER), CompareOp::Le, most));
    let symbol = |name: &str, definition: Vec<Sql>| SymbolDefinition {
        symbol: Ident::new(name),
        definition: sql::and(definition),
    };
    let mut symbols = Vec::new();
    if !newest.is_empty() {
        symbols.push(symbol(NEWEST, newest));
    }
    symbols.push(symbol(OLDER, older));
    let variable = |name: &str| MatchRecognizePattern::Symbol(MatchRecognizeSymbol::Named(Ident::new(name)));
    let mut names = block.names.clone();
    let txn = names.allocate("txn");
    let relation = TableFactor::MatchRecognize {
        table: Box::new(block.from.relation.clone()),
        partition_by: fields.into_iter().map(|f| f.sql).collect(),
        order_by: order.iter().map(OrderKey::sql).collect(),
        measures: vec![Measure { expr: sql::call("match_number", vec![]), alias: txn.clone() }],
        rows_per_match: Some(RowsPerMatch::AllRows(t.keep_orphans.then_some(EmptyMatchesMode::WithUnmatched))),
        after_match_skip: Some(AfterMatchSkip::PastLastRow),
        pattern: MatchRecognizePattern::Concat(vec![
            variable(NEWEST),
            MatchRecognizePattern::Repetition(Box::new(variable(OLDER)), RepetitionQuantifier::ZeroOrMore),
        ]),
        symbols,
        alias: None,
    };
    let mut out = Block { columns: block.columns, ..Block::new(select::from(relation), names, "matched") };
    out.set(hidden("txn"), Slot::Ready(Typed::plain(sql::name(&txn), Phys::BIGINT, t.keep_orphans)));
    out
}

/// A length of time in its largest whole unit.
fn length(seconds: f64) -> Sql {
    let seconds = seconds.max(0.0) as u64;
    let units = [(86_400, DateTimeField::Day), (3_600, DateTimeField::Hour), (60, DateTimeField::Minute)];
    for (size, unit) in units {
        if seconds >= size && seconds.is_multiple_of(size) {
            return sql::interval(seconds / size, unit);
        }
    }
    sql::interval(seconds, DateTimeField::Second)
}

/// The values of a column over the rows of a transaction: all from the oldest to the newest, or the distinct ones sorted as
/// text. A row that stands alone keeps its values as they are.
fn values(value: Typed, list: bool, order: &[OrderKey], orphan: Option<&Sql>) -> Typed {
    let scalar = match value.ty.scalar {
        Scalar::String => Scalar::String,
        Scalar::Integer | Scalar::Double | Scalar::Boolean | Scalar::Time | Scalar::Json | Scalar::Unknown => {
            Scalar::Unknown
        }
    };
    let array = value.phys.array;
    let nullable = value.nullable;
    let text = value.convert(Phys { kind: Kind::Varchar, array }).sql;
    let filter = nullable.then(|| sql::is_not_null(text.clone()));
    let collect = |distinct: bool, order: Vec<OrderByExpr>| {
        let call = AggregateCall { distinct, order, filter: filter.clone(), over: None };
        sql::aggregate("array_agg", vec![text.clone()], call)
    };
    let oldest_first = || order.iter().cloned().map(|k| k.reversed().sql()).collect();
    let flat = |sql: Sql| if array { sql::call("flatten", vec![sql]) } else { sql };
    let sql = match (list, array) {
        (true, _) => flat(collect(false, oldest_first())),
        (false, false) => sql::call("array_sort", vec![collect(true, vec![])]),
        (false, true) => {
            let distinct = sql::call("array_distinct", vec![flat(collect(false, vec![]))]);
            let sorted = sql::call("array_sort", vec![distinct]);
            match orphan {
                Some(orphan) => sql::case(vec![(orphan.clone(), flat(collect(false, vec![])))], Some(sorted)),
                None => sorted,
            }
        }
    };
    Typed { can_be_empty: array, ..Typed::new(sql, Phys::many(Kind::Varchar), Type::many(scalar), nullable) }
}
