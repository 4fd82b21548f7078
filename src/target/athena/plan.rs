//! Relational operators: each extends the SELECT of its input where SQL's order of clauses allows, and begins a new
//! one over a CTE where it does not.

use std::sync::Arc;

use sqlparser::ast::Ident;

use super::binding::{Binding, TimeType};
use super::block::{Block, NeedOrder, Needs, OrderKey, Slot, Whole, hidden};
use super::emitter::Emitter;
use super::ident::Names;
use super::order::order_keys;
use super::pivot::named_by_data;
use super::predicate::Want;
use super::typed::{Phys, Typed};
use super::{external, scalar, select, sql};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Aggregate, Column, Expr, ExprKind, Name, Output, Query, Rel, Scan, SortOrder, Type, Values};
use crate::source::Span;

/// How many nodes an expression may have that is written out more than [`MANY`] times.
const LARGE: usize = 6;
const MANY: usize = 2;
/// Nodes of the definitions of one stage; beyond, a chain of definitions that each use the one before several times would
/// exhaust the memory.
const MOST_NODES: usize = 20_000;

impl Emitter<'_> {
    /// The whole query.
    pub(super) fn query(&mut self, query: &Query) -> Result<sqlparser::ast::Query, Reported> {
        self.reserve_tables(&query.plan);
        let mut needs = Needs { order: NeedOrder::Sorted, ..Needs::default() };
        let (columns, whole) = match &query.output {
            Output::Columns(columns) => (columns.clone(), false),
            // Operators below know more of their columns than the rule names.
            Output::Open(columns) => (all_columns(columns, &query.plan), false),
            Output::Events { added, .. } => (added.clone(), true),
        };
        for column in &columns {
            needs.add(&column.name, 1);
        }
        needs.whole = whole;
        if !matches!(query.output, Output::Columns(_)) {
            needs.add(&named_by_data(), 1);
            needs.apart.extend(columns.iter().map(|c| c.name.clone()));
        }
        let block = self.build(&query.plan, &needs)?;
        let mut labelled = Vec::new();
        for column in &columns {
            let value = match block.slot(&column.name).cloned() {
                Some(slot) => self.read_slot(&slot, query.plan.span(), &block)?,
                // A field that no row has.
                None => scalar::constant(&crate::ir::Literal::Null, column.ty),
            };
            labelled.push((column.name.clone(), value));
        }
        if !matches!(query.output, Output::Columns(_))
            && let Some(Slot::Ready(members)) = block.slot(&named_by_data()).cloned()
        {
            let mut label = "columns".to_owned();
            while columns.iter().any(|c| *c.name == *label) {
                label.push('_');
            }
            labelled.push((label.into(), members));
        }
        if let Output::Events { removed, .. } = &query.output {
            if matches!(block.whole, Whole::None) {
                return Err(self.internal(query.plan.span(), "the events' columns are lost on the way"));
            }
            let mut message = "events show as the table's columns, under the table's names".to_owned();
            if !removed.is_empty() {
                let names: Vec<String> = removed.iter().map(|n| format!("`{n}`")).collect();
                message.push_str(&format!("; what the rule hides stays visible: {}", names.join(", ")));
            }
            self.reading(query.plan.span(), message);
        }
        self.finish(block, labelled, whole)
    }

    /// CTEs must not take the names of tables.
    fn reserve_tables(&mut self, rel: &Rel) {
        if let Rel::Scan(scan) = rel
            && let Some(Ok(binding)) =
                self.context.schemas.get(&scan.source).and_then(|s| s.section::<Binding>("athena"))
            && let Some(last) = super::ident::dotted(&binding.table).last()
        {
            self.relations.reserve(&last.value);
        }
        for input in rel.inputs() {
            self.reserve_tables(input);
        }
    }

    pub(super) fn build(&mut self, rel: &Rel, needs: &Needs) -> Result<Block, Reported> {
        match rel {
            Rel::Scan(scan) => self.scan(scan, needs),
            Rel::Values(values) => Ok(self.values(values)),
            Rel::Filter { input, predicate } => self.filter(input, predicate, needs),
            Rel::Extend { input, columns } => self.extend(input, columns, false, needs),
            Rel::Project { input, columns } => self.extend(input, columns, true, needs),
            Rel::Aggregate { input, keys, aggregates, .. } => self.group(input, keys, aggregates, needs),
            Rel::Window { input, partition, frame, columns, span } => {
                self.window(input, partition, *frame, columns, *span, needs)
            }
            Rel::Unnest { input, column, span } => self.unnest(input, column, *span, needs),
            Rel::Join(join) => self.join(join, needs),
            Rel::SemiJoin { input, other, on, negated, span } => {
                self.semi_join(input, other, on, *negated, *span, needs)
            }
            Rel::Union { inputs, span } => self.union(inputs, *span, needs),
            Rel::Sort { input, keys, limit, .. } => self.sort(input, keys, *limit, needs),
            Rel::Limit { input, count, last, .. } => self.limit(input, *count, *last, needs),
            Rel::Distinct { input, keys, count, .. } => self.distinct(input, keys, *count, needs),
            Rel::Lookup(lookup) => self.lookup(lookup, needs),
            Rel::Transaction(transaction) => self.transaction(transaction, needs),
            Rel::Beside { left, right, replace, span } => self.beside(left, right, *replace, *span, needs),
            Rel::Pivot(pivot) => self.pivot(pivot, needs),
            Rel::Unpivot { input, keep, name, value, span } => self.unpivot((input, keep), (name, value), *span, needs),
            Rel::Transpose(transpose) => self.transpose(transpose, needs),
            Rel::Continuous(continuous) => self.continuous(continuous, needs),
            Rel::Remove { input, columns, .. } => self.remove(input, columns, needs),
            Rel::Assign { input, name, value, span } => self.assign(input, (name, value), *span, needs),
        }
    }

    fn scan(&mut self, scan: &Scan, needs: &Needs) -> Result<Block, Reported> {
        let binding = self.binding(scan)?;
        let filter = self.time_window(scan, &binding)?;
        let mut names = Names::default();
        for column in binding.table_columns() {
            names.reserve(&column);
        }
        let from = select::from(select::table(super::ident::object(&binding.table)));
        let mut block = Block::new(from, names, "events");
        let time = event_time(&binding);
        block.order = vec![OrderKey::new(time.sql.clone(), true)];
        block.set(Name::from("_time"), Slot::Ready(time));
        for field in &scan.fields {
            if &*field.name != "_time" {
                let slot = if &*field.name == "_raw" && binding.place("_raw").is_none() {
                    Slot::Record(record_id(&binding))
                } else {
                    Slot::Raw { path: field.name.clone(), ty: field.ty, nullable: field.nullable }
                };
                block.set(field.name.clone(), slot);
            }
        }
        if block.slot("_raw").is_none() {
            block.set(Name::from("_raw"), Slot::Record(record_id(&binding)));
        }
        block.whole = if needs.whole { Whole::Star } else { Whole::None };
        block.filter = filter;
        block.binding = Some(binding);
        Ok(block)
    }

    fn binding(&mut self, scan: &Scan) -> Result<Arc<Binding>, Reported> {
        let schema = self.context.schemas.get(&scan.source);
        match schema.and_then(|s| s.section::<Binding>("athena")) {
            Some(Ok(mut binding)) => {
                binding.spread(schema.iter().flat_map(|s| s.fields.keys()));
                Ok(Arc::new(binding))
            }
            Some(Err(message)) => Err(self.sink.fail(
                Diagnostic::new(
                    &code::INVALID_SCHEMA,
                    format!("the schema `{}` has a malformed section `[target.athena]`: {message}", scan.source),
                )
                .at(scan.span),
            )),
            None => Err(self.unsupported(
                scan.span,
                format!("the schema `{}` names no Athena table", scan.source),
                "add a section `[target.athena]` to the schema",
            )),
        }
    }

    /// Rows of a table that stands for a lookup.
    fn external_values(&mut self, values: &Values, names: Names, columns: Vec<Ident>, nth: Ident) -> Block {
        let table = external::table_name(&values.table, self.context.options.lookup_database.as_deref());
        let relation = self.relations.allocate(&values.table);
        let from = select::from(sqlparser::ast::TableFactor::Derived {
            lateral: false,
            subquery: Box::new(external::rows(&table, &values.columns, &columns, &nth)),
            alias: Some(select::alias(relation, vec![])),
            sample: None,
        });
        let mut block = Block::new(from, names, "table_rows");
        for (name, ident) in values.columns.iter().zip(&columns) {
            let value = Typed::new(sql::name(ident), Phys::VARCHAR, Type::UNKNOWN, true);
            block.set(name.clone(), Slot::Ready(value));
        }
        block.order = vec![OrderKey::new(sql::name(&nth), false)];
        block
    }

    fn values(&mut self, values: &Values) -> Block {
        let mut names = Names::default();
        let columns: Vec<_> = values.columns.iter().map(|c| names.allocate(c)).collect();
        let nth = names.allocate("nth");
        if values.external {
            return self.external_values(values, names, columns, nth);
        }
        let rows = values.rows.iter().enumerate().map(|(i, row)| {
            let cells = (0..columns.len()).map(|c| cell(row.get(c).and_then(|v| v.as_deref()), i == 0));
            cells.chain([sql::integer(i64::try_from(i + 1).unwrap_or(i64::MAX))]).collect()
        });
        let mut rows: Vec<Vec<_>> = rows.collect();
        let empty = rows.is_empty();
        if empty {
            rows.push(columns.iter().map(|_| cell(None, true)).chain([sql::integer(0)]).collect());
        }
        let relation = self.relations.allocate(&values.table);
        let mut listed = columns.clone();
        listed.push(nth.clone());
        let from = select::from(sqlparser::ast::TableFactor::Derived {
            lateral: false,
            subquery: Box::new(select::query(select::values(rows), vec![], None)),
            alias: Some(select::alias(relation, listed)),
            sample: None,
        });
        let mut block = Block::new(from, names, "table_rows");
        for (name, ident) in values.columns.iter().zip(&columns) {
            let value = Typed::new(sql::name(ident), Phys::VARCHAR, Type::UNKNOWN, true);
            block.set(name.clone(), Slot::Ready(value));
        }
        block.order = vec![OrderKey::new(sql::name(&nth), false)];
        if empty {
            block.filter.push(sql::boolean(false));
        }
        block
    }

    fn filter(&mut self, input: &Rel, predicate: &Expr, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.add_expr(predicate, 1);
        let mut block = self.build(input, &inner)?;
        if block.windowed || block.limit.is_some() || (block.group.is_some() && over_values(predicate)) {
            block = self.close(block, &inner)?;
        }
        let condition = self.truth(predicate, Want::True, &block)?;
        let mut parts = sql::conjuncts(condition);
        parts.retain(|p| *p != sql::boolean(true));
        let place = if block.group.is_some() { &mut block.having } else { &mut block.filter };
        for part in parts {
            if !place.contains(&part) {
                place.push(part);
            }
        }
        Ok(block)
    }

    /// Adds columns; `only`: and drops all others.
    fn extend(&mut self, input: &Rel, columns: &[(Name, Expr)], only: bool, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        if only {
            inner.columns.clear();
        }
        for (name, _) in columns {
            inner.columns.remove(name);
            inner.apart.insert(name.clone());
        }
        for (name, e) in columns {
            let uses = needs.of(name);
            if uses > 0 {
                inner.add_expr(e, uses);
            }
        }
        let mut block = self.build(input, &inner)?;
        if block.group.is_some() && columns.iter().any(|(name, e)| needs.of(name) > 0 && over_values(e)) {
            block = self.close(block, &inner)?;
        }
        let values: Vec<_> = columns
            .iter()
            .filter(|(name, _)| needs.of(name) > 0)
            .map(|(name, e)| self.defined(e, &block).map(|v| (name.clone(), v)))
            .collect();
        let values: Vec<(Name, Slot)> = values.into_iter().collect::<Result<_, _>>()?;
        let nodes = values.iter().map(|(_, slot)| match slot {
            Slot::Ready(v) => sql::size(&v.sql),
            Slot::Raw { .. } | Slot::Record(_) => 0,
        });
        if nodes.sum::<usize>() > MOST_NODES {
            let span = columns.first().map_or_else(|| input.span(), |(_, e)| e.span);
            let message = "the definitions that this field is made of grow too large when they are put together";
            return Err(self.sink.fail(
                Diagnostic::new(&code::QUERY_TOO_LONG, message)
                    .at(span)
                    .help("name the fields that the rule needs by `table`, so that steps can be kept apart"),
            ));
        }
        let heavy = values.iter().any(|(name, slot)| match slot {
            Slot::Ready(v) => {
                let uses = needs.of(name);
                (is_volatile(v) && uses > 1) || (!needs.whole && uses > MANY && sql::size(&v.sql) > LARGE)
            }
            Slot::Raw { .. } | Slot::Record(_) => false,
        });
        if only {
            // The rows' order may read columns that are dropped: it keeps them by expression.
            block.hides_time |= block.slot("_time").is_some();
            block.columns.clear();
        }
        for (name, slot) in values {
            block.set(name, slot);
        }
        if let Some(unique) = &block.unique
            && !unique.iter().all(|k| block.slot(k).is_some() && !columns.iter().any(|(n, _)| n == k))
        {
            block.unique = None;
        }
        if heavy { self.close(block, needs) } else { Ok(block) }
    }

    /// The definition of a column; a mere name stays what it is.
    fn defined(&mut self, e: &Expr, block: &Block) -> Result<Slot, Reported> {
        match e.as_column().and_then(|name| block.slot(name)) {
            Some(slot @ (Slot::Record(_) | Slot::Raw { .. })) => {
                if let Slot::Raw { .. } = slot {
                    let slot = slot.clone();
                    return self.read_slot(&slot, e.span, block).map(Slot::Ready);
                }
                Ok(slot.clone())
            }
            _ => self.value(e, block).map(Slot::Ready),
        }
    }

    fn group(
        &mut self,
        input: &Rel,
        keys: &[(Name, Expr)],
        aggregates: &[(Name, Aggregate)],
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = Needs::default();
        for (name, e) in keys {
            // The key stands in GROUP BY too, but there its number is enough.
            inner.add_expr(e, needs.of(name).max(1));
        }
        for (name, a) in aggregates.iter().filter(|(name, _)| needs.of(name) > 0) {
            add_aggregate(&mut inner, a, needs.of(name));
        }
        let mut block = self.build(input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let values: Vec<_> = keys.iter().map(|(name, e)| self.value(e, &block).map(|v| (name.clone(), v))).collect();
        let mut values: Vec<(Name, Typed)> = values.into_iter().collect::<Result<_, _>>()?;
        if values.iter().any(|(_, v)| has_lambda(v)) {
            // Lambdas do not compare, so that the key must be a column.
            let mut carried = Needs { order: inner.order, ..Needs::default() };
            for (name, a) in aggregates.iter().filter(|(name, _)| needs.of(name) > 0) {
                add_aggregate(&mut carried, a, needs.of(name));
            }
            for (name, value) in &values {
                let name = hidden(name);
                carried.add(&name, 1);
                block.set(name, Slot::Ready(value.clone()));
            }
            block = self.close(block, &carried)?;
            for (name, value) in &mut values {
                if let Some(Slot::Ready(read)) = block.slot(&hidden(name)) {
                    *value = read.clone();
                }
            }
        }
        let mut columns = Vec::new();
        for (name, value) in &values {
            columns.push((name.clone(), Slot::Ready(value.clone())));
        }
        let made: Vec<_> = aggregates
            .iter()
            .filter(|(name, _)| needs.of(name) > 0)
            .map(|(name, a)| self.aggregate(a, &block, None).map(|v| (name.clone(), Slot::Ready(v))))
            .collect();
        columns.extend(made.into_iter().collect::<Result<Vec<_>, _>>()?);
        block.order = values.iter().flat_map(|(_, v)| order_keys(v.clone(), false, SortOrder::Auto)).collect();
        block.sorted = false;
        block.group = Some(values.into_iter().map(|(_, v)| v).collect());
        block.unique = Some(keys.iter().map(|(name, _)| name.clone()).collect());
        block.columns = columns;
        block.hides_time = false;
        block.whole = Whole::None;
        block.label = "grouped";
        Ok(block)
    }

    fn unnest(&mut self, input: &Rel, column: &Name, span: Span, needs: &Needs) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        inner.add(column, 1);
        let mut block = self.build(input, &inner)?;
        if !block.is_open() {
            block = self.close(block, &inner)?;
        }
        let value = self.value(&Expr::column(column.clone(), Type::UNKNOWN, true, span), &block)?;
        block.unique = None;
        if !value.phys.array {
            let present = sql::is_not_null(value.sql);
            if value.nullable && !block.filter.contains(&present) {
                block.filter.push(present);
            }
            return Ok(block);
        }
        let ordered = needs.order == NeedOrder::Always || (needs.order == NeedOrder::Sorted && block.sorted);
        let element = block.names.allocate(column);
        let relation = self.relations.allocate("expanded");
        let mut columns = vec![element.clone()];
        if ordered {
            let nth = block.names.allocate("nth");
            block.order.push(OrderKey::new(sql::name(&nth), false));
            columns.push(nth);
        }
        block.from.joins.push(select::unnest(value.sql, relation, columns, ordered));
        let read = Typed::new(sql::name(&element), Phys::one(value.phys.kind), value.ty.element(), false);
        block.set(column.clone(), Slot::Ready(read));
        block.label = "expanded_rows";
        Ok(block)
    }
}

/// Whether an expression works on the values of a multivalue field: it may become a lambda, in which Trino allows no
/// aggregate.
pub(super) fn over_values(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| {
        found |= match &e.kind {
            ExprKind::Any { .. } | ExprKind::MapValues { .. } | ExprKind::FilterValues { .. } => true,
            ExprKind::Call { args, .. } | ExprKind::Coalesce(args) => args.iter().any(|a| a.ty.multivalue),
            _ => false,
        };
    });
    found
}

/// A cell of an inline table; the first row says that columns are text.
pub(super) fn cell(text: Option<&str>, first: bool) -> sqlparser::ast::Expr {
    match text {
        Some(text) => sql::string(text),
        None if first => sql::cast(sql::null(), sql::VARCHAR),
        None => sql::null(),
    }
}

/// The columns that are known, with those that the operators give by themselves.
fn all_columns(known: &[Column], plan: &Rel) -> Vec<Column> {
    let mut out = known.to_vec();
    for column in crate::ir::check::infer(plan).columns {
        if !column.name.starts_with('(') && !out.iter().any(|c| c.name == column.name) {
            out.push(column);
        }
    }
    out
}

pub(super) fn add_aggregate(needs: &mut Needs, a: &Aggregate, uses: usize) {
    if let Some(argument) = &a.argument {
        needs.add_expr(argument, uses);
    }
    if a.function.reads_time() {
        needs.add(&Name::from("_time"), uses);
    }
    if a.function.reads_order() {
        needs.order = NeedOrder::Always;
    }
}

/// The time of an event, as a timestamp.
fn event_time(binding: &Binding) -> Typed {
    let column = sql::column(&binding.time);
    let sql = match binding.time_type {
        TimeType::Iso8601 => sql::call("from_iso8601_timestamp", vec![column]),
        TimeType::Timestamp => scalar::utc(column),
        TimeType::EpochMillis => scalar::from_millis(column),
        TimeType::EpochSeconds => sql::call("from_unixtime", vec![column]),
    };
    Typed::plain(sql, Phys::TIMESTAMP, false)
}

fn record_id(binding: &Binding) -> Option<Typed> {
    binding.record_id.as_ref().map(|c| Typed::plain(sql::column(c), Phys::VARCHAR, false))
}

fn is_volatile(value: &Typed) -> bool {
    let mut out = false;
    sql::walk(&value.sql, &mut |e| {
        if let sqlparser::ast::Expr::Function(f) = e {
            out |= f.name.to_string() == "random";
        }
    });
    out
}

fn has_lambda(value: &Typed) -> bool {
    let mut out = false;
    sql::walk(&value.sql, &mut |e| out |= matches!(e, sqlparser::ast::Expr::Lambda(_)));
    out
}
