//! Aggregate functions of `stats`, `eventstats` and `streamstats` (Splunk's Search Reference, "Statistical and
//! charting functions"), grouped or over windows. Trino's windows take neither FILTER nor DISTINCT nor an ORDER BY
//! among the arguments; there the same is said with arrays and CASE.
//!
//! Readings: the deviation and variance of a single value are 0 in SPL, where SQL gives NULL; `median` of an even
//! number of values is the higher of the two in the middle.

use sqlparser::ast::{Expr as Sql, WindowSpec};

use super::block::{Block, OrderKey, Slot};
use super::emitter::Emitter;
use super::predicate::Want;
use super::sql::{self, AggregateCall};
use super::typed::{Kind, Phys, Typed, number_of, without_nulls};
use crate::diagnostic::Reported;
use crate::ir::{Aggregate, AggregateFunction, Expr, Scalar, Type};

/// How many values `list` keeps.
const LIST_LIMIT: i64 = 100;

impl AggregateFunction {
    /// Whether the result depends on the input's order.
    pub(super) fn reads_order(self) -> bool {
        matches!(self, Self::List | Self::First | Self::Last)
    }
}

/// One aggregation on its way.
struct Aggregation<'b> {
    block: &'b Block,
    over: Option<WindowSpec>,
    parameter: String,
}

impl Aggregation<'_> {
    fn call(&self, name: &str, args: Vec<Sql>) -> Sql {
        sql::aggregate(name, args, AggregateCall { over: self.over.clone(), ..AggregateCall::default() })
    }

    /// An aggregate of the rows where `x` is not NULL, for functions that skip rows with a NULL in the last argument.
    fn call_where(&self, name: &str, mut args: Vec<Sql>, x: &Typed) -> Sql {
        if !x.nullable {
            return self.call(name, args);
        }
        let present = sql::is_not_null(x.sql.clone());
        if self.over.is_some() {
            if let Some(last) = args.pop() {
                args.push(sql::case(vec![(present, last)], None));
            }
            return self.call(name, args);
        }
        sql::aggregate(name, args, AggregateCall { filter: Some(present), ..AggregateCall::default() })
    }

    /// All values that are not NULL as an array; NULL where there is none. In order, where asked for.
    fn collect(&self, x: &Typed, distinct: bool, order: &[OrderKey]) -> Sql {
        if let Some(over) = &self.over {
            let mut over = over.clone();
            if over.order_by.is_empty() && !order.is_empty() {
                over.order_by = order.iter().map(OrderKey::sql).collect();
                over.window_frame = Some(super::window::unbounded());
            }
            let call = AggregateCall { over: Some(over), ..AggregateCall::default() };
            let all = sql::aggregate("array_agg", vec![x.sql.clone()], call);
            let all = if x.nullable && !x.phys.array { without_nulls(all, &self.parameter) } else { all };
            return if distinct { sql::call("array_distinct", vec![all]) } else { all };
        }
        let call = AggregateCall {
            distinct,
            order: order.iter().map(OrderKey::sql).collect(),
            // Arrays are flattened by the caller, which skips those that are NULL.
            filter: (x.nullable && !x.phys.array).then(|| sql::is_not_null(x.sql.clone())),
            over: None,
        };
        sql::aggregate("array_agg", vec![x.sql.clone()], call)
    }

    /// The distinct values of a scalar or multivalue argument.
    fn distinct(&self, x: &Typed) -> Sql {
        if x.phys.array {
            return sql::call("array_distinct", vec![sql::call("flatten", vec![self.collect(x, false, &[])])]);
        }
        self.collect(x, true, &[])
    }
}

impl Emitter<'_> {
    /// An aggregate over the block's rows; `over`: over a window of them.
    pub(super) fn aggregate(
        &mut self,
        a: &Aggregate,
        block: &Block,
        over: Option<WindowSpec>,
    ) -> Result<Typed, Reported> {
        use AggregateFunction as F;
        let g = Aggregation { block, over, parameter: self.parameter(block) };
        let Some(argument) = &a.argument else {
            return match a.function {
                F::Count => Ok(Typed::plain(sql::count_rows(g.over.clone()), Phys::BIGINT, false)),
                F::EarliestTime | F::LatestTime if is_timeless(block) => Ok(without_time(a)),
                F::EarliestTime => Ok(Typed::plain(g.call("min", vec![self.time(a, block)?]), Phys::TIMESTAMP, true)),
                F::LatestTime => Ok(Typed::plain(g.call("max", vec![self.time(a, block)?]), Phys::TIMESTAMP, true)),
                _ => Err(self.internal(a.span, "an aggregate lacks its argument")),
            };
        };
        if a.function == F::CountIf {
            let condition = self.truth(argument, Want::True, block)?;
            return Ok(Typed::plain(g.call("count_if", vec![condition]), Phys::BIGINT, false));
        }
        let x = self.aggregated(a.function, argument, block)?;
        match a.function {
            F::Count => Ok(Typed::plain(count(&g, x), Phys::BIGINT, false)),
            F::CountIf => Err(self.internal(a.span, "a condition was counted twice")),
            F::DistinctCount => Ok(Typed::plain(distinct_count(&g, &x), Phys::BIGINT, false)),
            F::EstimatedDistinctCount => {
                self.scalar_only(&x, a)?;
                self.approximate(
                    a.span,
                    "`estdc` is estimated here too, by another method (differs)",
                    "use `dc` for the exact number",
                );
                Ok(Typed::plain(g.call("approx_distinct", vec![x.sql]), Phys::BIGINT, false))
            }
            F::Values => {
                let x = text_values(x);
                let sorted = sql::call("array_sort", vec![g.distinct(&x)]);
                Ok(list_of(sorted, a, g.over.is_some() || x.phys.array))
            }
            F::List => {
                let order = self.known_order(a, block)?;
                let x = text_values(x);
                let all = g.collect(&x, false, &order);
                let all = if x.phys.array { sql::call("flatten", vec![all]) } else { all };
                let first = sql::call("slice", vec![all, sql::integer(1), sql::integer(LIST_LIMIT)]);
                Ok(list_of(first, a, g.over.is_some() || x.phys.array))
            }
            F::Min | F::Max => {
                self.scalar_only(&x, a)?;
                Ok(extreme(&g, x, a))
            }
            F::Sum => {
                let x = self.numeric(x, a)?;
                let phys = x.phys;
                Ok(Typed::new(g.call("sum", vec![x.sql]), phys, a.ty, a.nullable))
            }
            F::Average => self.double_aggregate(&g, "avg", x, a),
            F::PopulationStandardDeviation => self.double_aggregate(&g, "stddev_pop", x, a),
            F::PopulationVariance => self.double_aggregate(&g, "var_pop", x, a),
            F::StandardDeviation => self.sample(&g, "stddev_samp", x, a),
            F::Variance => self.sample(&g, "var_samp", x, a),
            F::SumOfSquares => {
                let x = self.numeric(x, a)?;
                let square = sql::multiply(x.sql.clone(), x.sql);
                Ok(Typed::new(g.call("sum", vec![square]), x.phys, a.ty, a.nullable))
            }
            F::Median => self.median(&g, x, a),
            F::Percentile(p, _) => self.percentile(&g, p, x, a),
            F::Mode => self.mode(&g, x, a),
            F::Range => {
                let x = self.numeric(x, a)?;
                let sql = sql::subtract(g.call("max", vec![x.sql.clone()]), g.call("min", vec![x.sql]));
                Ok(Typed::new(sql, x.phys, a.ty, a.nullable))
            }
            F::First | F::Last => self.first(&g, x, a),
            F::Earliest | F::Latest => {
                if is_timeless(block) {
                    return Ok(without_time(a));
                }
                self.scalar_only(&x, a)?;
                let time = self.time(a, block)?;
                let earliest = a.function == F::Earliest;
                if x.sql == time {
                    let name = if earliest { "min" } else { "max" };
                    return Ok(Typed::new(g.call(name, vec![time]), x.phys, x.ty, true));
                }
                let name = if earliest { "min_by" } else { "max_by" };
                Ok(Typed::new(g.call_where(name, vec![x.sql.clone(), time], &x), x.phys, x.ty, true))
            }
            F::EarliestTime | F::LatestTime => {
                if is_timeless(block) {
                    return Ok(without_time(a));
                }
                let time = self.time(a, block)?;
                let name = if a.function == F::EarliestTime { "min" } else { "max" };
                Ok(Typed::plain(g.call_where(name, vec![time], &x), Phys::TIMESTAMP, true))
            }
            F::Rate if is_timeless(block) => Ok(without_time(a)),
            F::Rate => {
                let x = self.numeric(x, a)?.convert(Phys::DOUBLE);
                let x = Typed { nullable: true, ..x };
                let time = self.time(a, block)?;
                let of = |name: &str, args: Vec<Sql>| g.call_where(name, args, &x);
                let change = sql::subtract(
                    of("max_by", vec![x.sql.clone(), time.clone()]),
                    of("min_by", vec![x.sql.clone(), time.clone()]),
                );
                let moment = |name: &str| sql::call("to_unixtime", vec![of(name, vec![time.clone()])]);
                let seconds = sql::subtract(moment("max"), moment("min"));
                let seconds = sql::call("nullif", vec![seconds, sql::integer(0)]);
                Ok(Typed::new(sql::divide(change, seconds), Phys::DOUBLE, a.ty, true))
            }
        }
    }

    /// The argument's value. Records as such can be counted by what tells them apart.
    fn aggregated(&mut self, f: AggregateFunction, argument: &Expr, block: &Block) -> Result<Typed, Reported> {
        let counts = matches!(f, AggregateFunction::Count | AggregateFunction::DistinctCount);
        if let Some(name) = argument.as_column()
            && counts
            && let Some(Slot::Record(Some(id))) = block.slot(name)
        {
            return Ok(id.clone());
        }
        // What is only shown may be missing.
        if matches!(f, AggregateFunction::Values | AggregateFunction::List)
            && let Some(name) = argument.as_column()
            && let Some(Slot::Raw { path, ty, .. }) = block.slot(name)
            && block.binding.as_ref().is_some_and(|b| b.place(path).is_none())
        {
            self.approximate(
                argument.span,
                format!("the field `{path}` has no place in the Athena table, and is empty here (differs)"),
                "add it to the schema's `[target.athena]` section, if the table has a column for it",
            );
            return Ok(super::scalar::constant(&crate::ir::Literal::Null, *ty).convert(Phys::of(*ty)));
        }
        self.value(argument, block)
    }

    fn scalar_only(&mut self, x: &Typed, a: &Aggregate) -> Result<(), Reported> {
        if !x.phys.array {
            return Ok(());
        }
        Err(self.unsupported(
            a.span,
            "this aggregate of a multivalue field is not implemented for Athena",
            "expand the field with `mvexpand` first",
        ))
    }

    fn numeric(&mut self, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        self.scalar_only(&x, a)?;
        Ok(x.number())
    }

    /// `_time`, which orders `earliest` and `latest`.
    fn time(&mut self, a: &Aggregate, block: &Block) -> Result<Sql, Reported> {
        match block.slot("_time") {
            Some(slot) => {
                let slot = slot.clone();
                Ok(self.read_slot(&slot, a.span, block)?.timestamp())
            }
            None => Err(self.unsupported(
                a.span,
                "`earliest` and `latest` need `_time`, which a stage before took away",
                "keep `_time` in the stages before",
            )),
        }
    }

    fn known_order(&mut self, a: &Aggregate, block: &Block) -> Result<Vec<OrderKey>, Reported> {
        if block.order.is_empty() {
            return Err(self.unsupported(
                a.span,
                "the aggregate depends on the rows' order, which is not known here",
                "put a `sort` before it",
            ));
        }
        Ok(block.order.clone())
    }

    fn double_aggregate(
        &mut self,
        g: &Aggregation<'_>,
        name: &str,
        x: Typed,
        a: &Aggregate,
    ) -> Result<Typed, Reported> {
        let x = self.numeric(x, a)?.double();
        Ok(Typed::new(g.call(name, vec![x]), Phys::DOUBLE, a.ty, a.nullable))
    }

    /// A statistic of a sample: 0 for a single value.
    fn sample(&mut self, g: &Aggregation<'_>, name: &str, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        let x = self.numeric(x, a)?.double();
        let single = sql::eq(g.call("count", vec![x.clone()]), sql::integer(1));
        let sql = sql::case(vec![(single, sql::double(0.0))], Some(g.call(name, vec![x])));
        Ok(Typed::new(sql, Phys::DOUBLE, a.ty, a.nullable))
    }

    fn median(&mut self, g: &Aggregation<'_>, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        let x = self.numeric(x, a)?;
        let x = Typed { nullable: true, ..x.convert(Phys::DOUBLE) };
        let sorted = sql::call("array_sort", vec![g.collect(&x, false, &[])]);
        let half = sql::divide(g.call("count", vec![x.sql]), sql::integer(2));
        let sql = sql::call("element_at", vec![sorted, sql::add(half, sql::integer(1))]);
        Ok(Typed::new(sql, Phys::DOUBLE, a.ty, true))
    }

    /// The nearest rank. `perc` too: Splunk's own estimate is that for up to a thousand different values.
    fn percentile(&mut self, g: &Aggregation<'_>, p: f64, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        let x = self.numeric(x, a)?;
        let x = Typed { nullable: true, ..x.convert(Phys::DOUBLE) };
        let sorted = sql::call("array_sort", vec![g.collect(&x, false, &[])]);
        let percent = if p.fract() == 0.0 { sql::integer(p as i64) } else { sql::double(p) };
        let rank = sql::divide(sql::multiply(g.call("count", vec![x.sql]), percent), sql::double(100.0));
        let rank = match p > 0.0 {
            true => sql::cast(sql::call("ceiling", vec![rank]), sql::BIGINT),
            false => sql::integer(1),
        };
        Ok(Typed::new(sql::call("element_at", vec![sorted, rank]), Phys::DOUBLE, a.ty, true))
    }

    /// The most frequent value; of equally frequent ones the least as text.
    fn mode(&mut self, g: &Aggregation<'_>, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        self.scalar_only(&x, a)?;
        let entries = sql::call("map_entries", vec![g.call("histogram", vec![x.sql.clone()])]);
        let p = g.parameter.clone();
        let part = |n: i64| sql::subscript(sql::column(&p), n);
        let value = Typed { sql: part(1), ..x.clone() };
        let mut key = vec![sql::negative(part(2)), value.text()];
        if x.phys != Phys::VARCHAR {
            key.push(part(1));
        }
        let last = key.len() as i64;
        let ranked = sql::call("transform", vec![entries, sql::lambda(&[&p], sql::tuple(key))]);
        Ok(Typed::new(sql::subscript(sql::call("array_min", vec![ranked]), last), x.phys, a.ty, true))
    }

    /// The first or last value in the input's order.
    fn first(&mut self, g: &Aggregation<'_>, x: Typed, a: &Aggregate) -> Result<Typed, Reported> {
        self.scalar_only(&x, a)?;
        let order = self.known_order(a, g.block)?;
        let first = a.function == AggregateFunction::First;
        if let [OrderKey { expr, descending, nulls_first: None, .. }] = order.as_slice() {
            let name = if *descending == first { "max_by" } else { "min_by" };
            return Ok(Typed::new(g.call_where(name, vec![x.sql.clone(), expr.clone()], &x), x.phys, x.ty, true));
        }
        let all = g.collect(&x, false, &order);
        let position = sql::integer(if first { 1 } else { -1 });
        Ok(Typed::new(sql::call("element_at", vec![all, position]), x.phys, x.ty, true))
    }
}

/// Whether the rows have no time, not even one that is not shown.
fn is_timeless(block: &Block) -> bool {
    block.slot("_time").is_none() && !block.hides_time
}

/// The earliest or latest of rows without a time is none.
fn without_time(a: &Aggregate) -> Typed {
    super::scalar::constant(&crate::ir::Literal::Null, a.ty).convert(Phys::of(a.ty))
}

fn count(g: &Aggregation<'_>, x: Typed) -> Sql {
    if !x.phys.array {
        return g.call("count", vec![x.sql]);
    }
    let sum = g.call("sum", vec![sql::call("cardinality", vec![x.sql])]);
    sql::coalesce(vec![sum, sql::integer(0)])
}

fn distinct_count(g: &Aggregation<'_>, x: &Typed) -> Sql {
    if !x.phys.array && g.over.is_none() {
        let call = AggregateCall { distinct: true, ..AggregateCall::default() };
        return sql::aggregate("count", vec![x.sql.clone()], call);
    }
    let count = sql::call("cardinality", vec![g.distinct(x)]);
    sql::coalesce(vec![count, sql::integer(0)])
}

fn text_values(x: Typed) -> Typed {
    let to = Phys { kind: Kind::Varchar, array: x.phys.array };
    x.convert(to)
}

fn list_of(sql: Sql, a: &Aggregate, can_be_empty: bool) -> Typed {
    let ty = Type::many(if a.ty.scalar == Scalar::Unknown { Scalar::Unknown } else { Scalar::String });
    Typed { can_be_empty, ..Typed::new(sql, Phys::many(Kind::Varchar), ty, true) }
}

/// Smallest or greatest; of text that can be numbers: by number where all values are such, else as text.
fn extreme(g: &Aggregation<'_>, x: Typed, a: &Aggregate) -> Typed {
    let (name, by) = if a.function == AggregateFunction::Min { ("min", "min_by") } else { ("max", "max_by") };
    if x.phys != Phys::VARCHAR || matches!(x.ty.scalar, Scalar::String | Scalar::Json) {
        return Typed::new(g.call(name, vec![x.sql]), x.phys, x.ty, a.nullable);
    }
    let number = number_of(x.sql.clone());
    let all_numbers = sql::eq(g.call("count", vec![x.sql.clone()]), g.call("count", vec![number.clone()]));
    let as_number = g.call(by, vec![x.sql.clone(), number]);
    let sql = sql::case(vec![(all_numbers, as_number)], Some(g.call(name, vec![x.sql])));
    Typed::new(sql, Phys::VARCHAR, x.ty, a.nullable)
}
