//! The columns behind each operator.

use super::present::{Clause, Definitions, truths, when_true};
use super::value::Env;
use super::{Blame, Layout, TypeFault};
use crate::ir::{
    Aggregate, AggregateFunction as F, Column, Expr, ExprKind, Frame, Join, JoinKind, Lookup, Name, Pattern, Rel,
    Scalar, Transaction, Transpose, Type, Within,
};
use crate::source::Span;

/// The columns at a point of a plan, and what filters below say of its rows.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) layout: Layout,
    definitions: Definitions,
    present: Vec<Clause>,
    truths: Vec<Clause>,
    never: bool,
}

#[derive(Default)]
pub(super) struct Checker {
    pub(super) faults: Vec<TypeFault>,
    /// Parameters of the lambdas around an expression.
    pub(super) variables: Vec<(u32, Type)>,
    /// What filters and definitions say of NULL is left aside: nullability is as recorded.
    pub(super) types_only: bool,
}

impl Rows {
    fn of(columns: Vec<Column>) -> Self {
        Self { layout: Layout { columns, open: false }, ..Self::default() }
    }

    fn env(&self) -> Env<'_> {
        Env {
            layout: &self.layout,
            definitions: &self.definitions,
            present: &self.present,
            truths: &self.truths,
            never: self.never,
        }
    }

    /// Adds or replaces a column of which nothing else is known.
    fn put(&mut self, column: Column) {
        self.definitions.forget(&column.name);
        self.layout.put(column);
    }
}

fn column(name: &Name, ty: Type, nullable: bool) -> Column {
    Column { name: name.clone(), ty, nullable }
}

impl Checker {
    fn fault(&mut self, blame: Blame, span: Span, message: String, help: &str) {
        self.faults.push(TypeFault { blame, span, message, help: help.to_owned() });
    }

    pub(super) fn plan(&mut self, span: Span, message: String) {
        self.fault(Blame::Plan, span, message, "");
    }

    pub(super) fn rule(&mut self, span: Span, message: String, help: &str) {
        self.fault(Blame::Rule, span, message, help);
    }

    /// A column that the output lists.
    pub(super) fn output(&mut self, wanted: &Column, rows: &Rows, open: bool, span: Span) {
        match rows.layout.column(&wanted.name) {
            Some(_) => {
                let expr = Expr::column(wanted.name.clone(), wanted.ty, wanted.nullable, span);
                self.value(&expr, &rows.env());
            }
            None if open || rows.layout.open => {}
            None => self.plan(span, format!("the output lists `{}`, which no row has", wanted.name)),
        }
    }

    /// Checks an operator and those below it; gives its columns.
    pub(super) fn rel(&mut self, rel: &Rel) -> Rows {
        match rel {
            Rel::Scan(scan) => Rows::of(scan.fields.clone()),
            Rel::Values(values) => Rows::of(values.columns.iter().map(|n| column(n, Type::UNKNOWN, true)).collect()),
            Rel::Filter { input, predicate } => {
                let rows = self.rel(input);
                self.filter(rows, predicate)
            }
            Rel::Extend { input, columns } => {
                let mut rows = self.rel(input);
                let added = self.definitions(columns, &rows);
                if !self.types_only {
                    rows.definitions.define(columns);
                }
                added.into_iter().for_each(|c| rows.layout.put(c));
                rows
            }
            Rel::Project { input, columns } => {
                let mut rows = self.rel(input);
                let projected = self.definitions(columns, &rows);
                rows.definitions =
                    if self.types_only { Definitions::default() } else { rows.definitions.only(columns) };
                rows.layout = Layout::default();
                projected.into_iter().for_each(|c| rows.layout.put(c));
                rows
            }
            Rel::Aggregate { input, keys, aggregates, span } => {
                let rows = self.rel(input);
                let mut out = Rows::default();
                if !self.types_only {
                    out.definitions = rows.definitions.only(keys);
                }
                for key in self.definitions(keys, &rows) {
                    self.key(&key, *span);
                    out.layout.put(key);
                }
                // What holds for all rows of a group holds for the group.
                if !keys.is_empty() {
                    out.present = rows.present.clone();
                    out.truths = rows.truths.clone();
                    out.never = rows.never;
                }
                for (name, aggregate) in aggregates {
                    let empty = keys.is_empty();
                    let nullable = self.aggregate(aggregate, &rows, empty);
                    out.put(column(name, aggregate.ty, nullable));
                }
                out
            }
            Rel::Window { input, partition, frame, columns, span } => {
                let mut rows = self.rel(input);
                let mut keyless = false;
                for key in partition {
                    keyless |= self.value(key, &rows.env());
                }
                let empty = match frame {
                    Frame::Partition => false,
                    Frame::Running { current, .. } | Frame::Recent { current, .. } => !current,
                };
                if let Frame::Recent { within: Within::Seconds(_), .. } = frame {
                    self.present_column(&"_time".into(), &rows.layout, *span);
                }
                let mut added = Vec::new();
                for (name, aggregate) in columns {
                    let nullable = self.aggregate(aggregate, &rows, empty);
                    added.push(column(name, aggregate.ty, nullable || keyless));
                }
                added.into_iter().for_each(|c| rows.put(c));
                rows
            }
            Rel::Unnest { input, column: name, span } => {
                let mut rows = self.rel(input);
                match rows.layout.column(name).cloned() {
                    Some(c) if c.ty.multivalue => {
                        rows.put(column(name, c.ty.element(), false));
                    }
                    Some(_) => self.plan(*span, format!("`{name}` is unnested, and has one value")),
                    None if rows.layout.open => {}
                    None => self.plan(*span, format!("there is no column `{name}`")),
                }
                rows
            }
            Rel::Join(join) => self.join(join),
            Rel::SemiJoin { input, other, on, span, .. } => {
                let rows = self.rel(input);
                let others = self.rel(other);
                for (value, name) in on {
                    self.value(value, &rows.env());
                    self.present_column(name, &others.layout, *span);
                }
                rows
            }
            Rel::Union { inputs, span } => self.union(inputs, *span),
            Rel::Sort { input, keys, .. } => {
                let rows = self.rel(input);
                for key in keys {
                    self.value(&key.expr, &rows.env());
                }
                rows
            }
            Rel::Limit { input, .. } => self.rel(input),
            Rel::Remove { input, columns, .. } => {
                let mut rows = self.rel(input);
                for name in columns {
                    rows.definitions.forget(name);
                    rows.layout.columns.retain(|c| c.name != *name);
                }
                rows
            }
            Rel::Continuous(continuous) => {
                let mut rows = self.rel(&continuous.input);
                self.present_column(&continuous.column, &rows.layout, continuous.span);
                for bound in continuous.from.iter().chain(&continuous.until) {
                    self.value(bound, &Rows::default().env());
                }
                // The rows that are added have nothing but the bin.
                let names: Vec<Name> = rows.layout.columns.iter().map(|c| c.name.clone()).collect();
                names.iter().for_each(|name| rows.definitions.forget(name));
                rows.present = Default::default();
                for c in &mut rows.layout.columns {
                    c.nullable = c.name != continuous.column;
                }
                rows
            }
            Rel::Distinct { input, keys, .. } => {
                let rows = self.rel(input);
                for key in keys {
                    self.value(key, &rows.env());
                }
                rows
            }
            Rel::Lookup(lookup) => self.lookup(lookup),
            Rel::Transaction(transaction) => self.transaction(transaction),
            Rel::Beside { left, right, replace, .. } => {
                let mut rows = self.rel(left);
                let other = self.rel(right).layout;
                for c in other.columns {
                    match rows.layout.column(&c.name).cloned() {
                        Some(_) if !replace => continue,
                        Some(there) => {
                            let nullable = there.nullable || c.nullable;
                            rows.put(column(&c.name, there.ty.union(c.ty), nullable));
                        }
                        // There may be fewer rows on the right.
                        None => rows.put(Column { nullable: true, ..c }),
                    }
                }
                rows.layout.open |= other.open;
                rows
            }
            Rel::Pivot(p) => {
                let below = self.rel(&p.input).layout;
                for name in p.values.iter().chain([&p.column]) {
                    self.present_column(name, &below, p.span);
                }
                let ty = self.present_column(&p.row, &below, p.span);
                let columns = vec![column(&p.row, ty, false)];
                Rows { layout: Layout { columns, open: true }, ..Rows::default() }
            }
            Rel::Unpivot { input, keep, name, value, span } => {
                let below = self.rel(input).layout;
                let ty = self.present_column(keep, &below, *span);
                let nullable = below.column(keep).is_none_or(|c| c.nullable);
                let cells = below.columns.iter().filter(|c| c.name != *keep).map(|c| c.ty).reduce(Type::union);
                let cell = cells.filter(|_| !below.open).unwrap_or(Type::UNKNOWN);
                Rows::of(vec![
                    column(keep, ty, nullable),
                    column(name, Type::STRING, false),
                    column(value, cell, false),
                ])
            }
            Rel::Transpose(t) => self.transpose(t),
            Rel::Assign { input, name, value, .. } => {
                let mut rows = self.rel(input);
                self.value(name, &rows.env());
                self.single(name, "the name of a field");
                let nullable = self.value(value, &rows.env());
                // Any column whose name fits may be the one that is named, but for internal and hidden ones.
                rows.present.clear();
                rows.truths.clear();
                rows.definitions = Definitions::default();
                let names = Pattern::of_text(name);
                let may_be = |c: &&mut Column| !c.name.starts_with(['_', '(']) && names.matches(&c.name, false);
                for c in rows.layout.columns.iter_mut().filter(may_be) {
                    c.ty = c.ty.union(value.ty);
                    c.nullable |= nullable;
                }
                rows.layout.open = true;
                rows
            }
        }
    }

    fn filter(&mut self, mut rows: Rows, predicate: &Expr) -> Rows {
        let parts = match &predicate.kind {
            ExprKind::And(parts) => parts.as_slice(),
            _ => std::slice::from_ref(predicate),
        };
        if self.types_only {
            parts.iter().for_each(|part| {
                self.condition(part, &rows.env());
            });
            return rows;
        }
        // A part may rely on what the others say, and on what it needs itself to be true.
        let mut present = rows.present.clone();
        present.extend(parts.iter().filter_map(|p| when_true(p, true, &rows.definitions)).flatten());
        for part in parts {
            self.condition(part, &Env { present: &present, ..rows.env() });
        }
        rows.truths.extend(truths(predicate, &rows.definitions));
        match when_true(predicate, false, &rows.definitions) {
            Some(clauses) => rows.present.extend(clauses),
            // No row passes.
            None => rows.never = true,
        }
        let here: Vec<Column> = rows.layout.columns.clone();
        for c in here.into_iter().filter(|c| c.nullable) {
            let e = Expr::column(c.name.clone(), c.ty, true, predicate.span);
            let nullable = self.value(&e, &rows.env());
            rows.layout.put(Column { nullable, ..c });
        }
        rows
    }

    fn definitions(&mut self, columns: &[(Name, Expr)], rows: &Rows) -> Vec<Column> {
        let env = rows.env();
        columns.iter().map(|(name, e)| column(name, e.ty, self.value(e, &env))).collect()
    }

    /// A column that an operator names; gives its type.
    fn present_column(&mut self, name: &Name, layout: &Layout, span: Span) -> Type {
        match layout.column(name) {
            Some(c) => return c.ty,
            None if layout.open => {}
            None => self.plan(span, format!("there is no column `{name}`")),
        }
        Type::UNKNOWN
    }

    fn key(&mut self, key: &Column, span: Span) {
        if key.ty.multivalue {
            self.plan(span, format!("the key `{}` can have several values", key.name));
        }
        if key.nullable {
            self.plan(span, format!("the key `{}` can be NULL", key.name));
        }
    }

    /// An aggregate; gives whether it can be NULL. `empty`: it may see no row.
    fn aggregate(&mut self, a: &Aggregate, rows: &Rows, empty: bool) -> bool {
        let argument = a.argument.as_ref();
        let absent = argument.is_none_or(|e| self.value(e, &rows.env()));
        let element = argument.map_or(Type::UNKNOWN, |e| e.ty.element());
        let numeric = |integers: bool| {
            if integers && element == Type::INTEGER { Type::INTEGER } else { Type::DOUBLE }
        };
        let (ty, nullable) = match a.function {
            F::CountIf => {
                if element != Type::BOOLEAN {
                    self.plan(a.span, format!("`{a}` counts values of type {element}"));
                }
                (Type::INTEGER, false)
            }
            F::Count | F::DistinctCount | F::EstimatedDistinctCount => (Type::INTEGER, false),
            F::Values | F::List => (Type::many(element.scalar), absent || empty),
            F::Min | F::Max | F::First | F::Last | F::Earliest | F::Latest | F::Mode => (element, absent || empty),
            F::EarliestTime | F::LatestTime => (Type::TIME, absent || empty),
            F::Sum | F::Range => {
                self.of_numbers(a, element);
                // Text may be no number at all.
                (numeric(true), absent || empty || !element.is_numeric())
            }
            F::Average
            | F::StandardDeviation
            | F::PopulationStandardDeviation
            | F::Variance
            | F::PopulationVariance
            | F::SumOfSquares
            | F::Median
            | F::Percentile(..)
            | F::Rate => {
                self.of_numbers(a, element);
                (Type::DOUBLE, true)
            }
        };
        let needs_argument = !matches!(a.function, F::Count);
        if needs_argument && argument.is_none() {
            self.plan(a.span, format!("`{a}` lacks its argument"));
        }
        let stands_for = a.ty.multivalue == ty.multivalue
            && (a.ty.scalar == ty.scalar || a.ty.scalar == Scalar::Unknown || ty.scalar == Scalar::Integer);
        if !stands_for {
            self.plan(a.span, format!("`{a}` of type {ty} is recorded as {}", a.ty));
        }
        nullable
    }

    fn of_numbers(&mut self, a: &Aggregate, element: Type) {
        if element.scalar == Scalar::Boolean {
            let message = "this aggregation takes numbers, not a condition".to_owned();
            self.rule(a.span, message, "write `count(eval(…))`, or `if(condition, 1, 0)` inside `eval(…)`");
        }
    }

    fn join(&mut self, join: &Join) -> Rows {
        let mut rows = self.rel(&join.left);
        let right = self.rel(&join.right).layout;
        for name in &join.on {
            for side in [&rows.layout, &right] {
                let ty = self.present_column(name, side, join.span);
                if ty.multivalue {
                    self.plan(join.span, format!("`{name}` is joined on, and can have several values"));
                }
            }
        }
        for c in right.columns.iter().filter(|c| !join.on.contains(&c.name)) {
            let before = rows.layout.column(&c.name).cloned();
            rows.put(match (join.kind, before) {
                (JoinKind::Inner, _) => c.clone(),
                (JoinKind::Left, None) => Column { nullable: true, ..c.clone() },
                // The right's value where a row of it matches, else the left's.
                (JoinKind::Left, Some(b)) => column(&c.name, b.ty.union(c.ty), b.nullable || c.nullable),
            });
        }
        rows.layout.open |= right.open;
        rows
    }

    fn union(&mut self, inputs: &[Rel], span: Span) -> Rows {
        let mut out: Option<Layout> = None;
        for input in inputs {
            let next = self.rel(input).layout;
            let Some(mut all) = out.take() else {
                out = Some(next);
                continue;
            };
            for c in &mut all.columns {
                match next.column(&c.name) {
                    Some(there) => {
                        if there.ty.multivalue != c.ty.multivalue {
                            self.plan(span, format!("`{}` has one value on one side and several on another", c.name));
                        }
                        c.ty = c.ty.union(there.ty);
                        c.nullable |= there.nullable;
                    }
                    None => c.nullable = true,
                }
            }
            for c in next.columns {
                if all.column(&c.name).is_none() {
                    all.columns.push(Column { nullable: true, ..c });
                }
            }
            all.open |= next.open;
            out = Some(all);
        }
        Rows { layout: out.unwrap_or_default(), ..Rows::default() }
    }

    fn lookup(&mut self, lookup: &Lookup) -> Rows {
        let mut rows = self.rel(&lookup.input);
        for (_, value) in &lookup.on {
            self.value(value, &rows.env());
        }
        let found = Type { multivalue: lookup.gives_several(), ..Type::UNKNOWN };
        for output in &lookup.outputs {
            let absent = !lookup.table.always_gives(&output.column);
            let before = rows.layout.column(&output.output).filter(|_| output.keep_existing).cloned();
            rows.put(match before {
                Some(b) => column(&output.output, b.ty.union(found), b.nullable && absent),
                None => column(&output.output, found, absent),
            });
        }
        rows
    }

    fn transaction(&mut self, t: &Transaction) -> Rows {
        let below = self.rel(&t.input);
        for condition in t.starts_with.iter().chain(&t.ends_with) {
            self.condition(condition, &below.env());
        }
        for name in t.fields.iter().chain([&Name::from("_time")]) {
            self.present_column(name, &below.layout, t.span);
        }
        let mut out = Rows::default();
        for name in &t.columns {
            let ty = self.present_column(name, &below.layout, t.span);
            // A row without the only field belongs to no transaction.
            let ties = t.fields.len() == 1 && t.fields.contains(name) && !t.keep_orphans;
            let nullable = !ties && below.layout.column(name).is_none_or(|c| c.nullable);
            out.layout.put(column(name, Type::many(ty.scalar), nullable));
        }
        out.layout.put(column(&"_time".into(), Type::TIME, false));
        out.layout.put(column(&"duration".into(), Type::DOUBLE, false));
        out.layout.put(column(&"eventcount".into(), Type::INTEGER, false));
        if t.keep_evicted {
            out.layout.put(column(&"closed_txn".into(), Type::INTEGER, false));
        }
        out
    }

    fn transpose(&mut self, t: &Transpose) -> Rows {
        let below = self.rel(&t.input).layout;
        if let Some(header) = &t.header {
            self.present_column(header, &below, t.span);
        }
        let mut columns = vec![column(&t.names, Type::STRING, false)];
        let known = t.header.is_none() && t.rows > 0;
        if known {
            let name = |i: u64| Name::from(format!("row {i}"));
            columns.extend((1..=t.rows.min(1000)).map(|i| column(&name(i), Type::UNKNOWN, true)));
        }
        Rows { layout: Layout { columns, open: !known || t.rows > 1000 }, ..Rows::default() }
    }
}
