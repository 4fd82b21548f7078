//! A SELECT under construction, and how one becomes a CTE that the next reads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::{Expr, Ident, ObjectName, OrderByExpr, Query, SelectItem, SetExpr, TableWithJoins};

use super::binding::Binding;
use super::emitter::Emitter;
use super::ident::Names;
use super::select::{self, Clauses};
use super::sql;
use super::typed::{Kind, Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{Name, Type};
use crate::source::Span;

/// A column as far as it is known.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// A raw field of the scanned source, placed when it is used.
    Raw {
        path: Name,
        ty: Type,
        nullable: bool,
    },
    /// `_raw`: only records can be told apart, by this column.
    Record(Option<Typed>),
    Ready(Typed),
}

/// One key of the rows' order.
#[derive(Clone, Debug)]
pub(super) struct OrderKey {
    pub(super) expr: Expr,
    pub(super) descending: bool,
    /// `None`: NULLs come last, as Trino has it.
    pub(super) nulls_first: Option<bool>,
    pub(super) nullable: bool,
}

impl OrderKey {
    /// A key that is never NULL.
    pub(super) fn new(expr: Expr, descending: bool) -> Self {
        Self { expr, descending, nulls_first: None, nullable: false }
    }

    pub(super) fn sql(&self) -> OrderByExpr {
        sql::order_by(self.expr.clone(), self.descending, self.nulls_first)
    }

    /// The same key from the other end.
    pub(super) fn reversed(self) -> Self {
        let first = self.nulls_first.unwrap_or(false);
        Self { descending: !self.descending, nulls_first: self.nullable.then_some(!first), ..self }
    }
}

/// The columns of the scanned table, where whole events are shown.
/// Label of a block that reads a CTE.
const FURTHER: &str = "filtered";

#[derive(Clone, Debug)]
pub(super) enum Whole {
    None,
    /// `*`
    Star,
    Columns(Vec<(Ident, Expr)>),
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) from: TableWithJoins,
    /// Identifiers that FROM brings into scope.
    pub(super) names: Names,
    pub(super) columns: Vec<(Name, Slot)>,
    /// The scanned source, as long as FROM is its table.
    pub(super) binding: Option<Arc<Binding>>,
    pub(super) whole: Whole,
    pub(super) filter: Vec<Expr>,
    /// After an aggregation: its keys.
    pub(super) group: Option<Vec<Typed>>,
    pub(super) having: Vec<Expr>,
    /// The rows' order, best known first; empty: unknown.
    pub(super) order: Vec<OrderKey>,
    /// Whether the rule asked for that order.
    pub(super) sorted: bool,
    pub(super) limit: Option<u64>,
    /// Whether a column holds a window function.
    pub(super) windowed: bool,
    /// Columns whose combinations are unique.
    pub(super) unique: Option<Vec<Name>>,
    /// Whether a stage took `_time` away, which Splunk's rows keep unseen.
    pub(super) hides_time: bool,
    /// What the rows are, for the name of a CTE.
    pub(super) label: &'static str,
}

impl Block {
    pub(super) fn new(from: TableWithJoins, names: Names, label: &'static str) -> Self {
        Self {
            from,
            names,
            columns: Vec::new(),
            binding: None,
            whole: Whole::None,
            filter: Vec::new(),
            group: None,
            having: Vec::new(),
            order: Vec::new(),
            sorted: false,
            limit: None,
            windowed: false,
            unique: None,
            hides_time: false,
            label,
        }
    }

    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
        self.columns.iter().find(|(n, _)| &**n == name).map(|(_, slot)| slot)
    }

    /// Sets a column, in place where it exists.
    pub(super) fn set(&mut self, name: Name, slot: Slot) {
        match self.columns.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = slot,
            None => self.columns.push((name, slot)),
        }
    }

    /// Whether WHERE can still take a predicate over the columns.
    pub(super) fn is_open(&self) -> bool {
        self.group.is_none() && !self.windowed && self.limit.is_none()
    }

    fn order_sql(&self) -> Vec<OrderByExpr> {
        self.order.iter().map(OrderKey::sql).collect()
    }
}

/// How much the operators above care about the rows' order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum NeedOrder {
    #[default]
    No,
    /// Where the rule sorted.
    Sorted,
    Always,
}

/// What the operators above read.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Columns, and how often each is read.
    pub(super) columns: BTreeMap<Name, usize>,
    pub(super) order: NeedOrder,
    /// Whole events.
    pub(super) whole: bool,
    /// Names of columns that stand by themselves, or were removed, beside those that the data names.
    pub(super) apart: BTreeSet<Name>,
}

impl Needs {
    pub(super) fn add(&mut self, name: &Name, count: usize) {
        let n = self.columns.entry(name.clone()).or_default();
        *n = n.saturating_add(count);
    }

    /// Adds what an expression reads, so many times over.
    pub(super) fn add_expr(&mut self, e: &crate::ir::Expr, count: usize) {
        e.walk(&mut |node| {
            if let crate::ir::ExprKind::Column(name) = &node.kind {
                self.add(name, count);
            }
        });
    }

    pub(super) fn of(&self, name: &Name) -> usize {
        self.columns.get(name).copied().unwrap_or(0)
    }

    fn wants_order(&self, block: &Block) -> bool {
        match self.order {
            NeedOrder::No => false,
            NeedOrder::Sorted => block.sorted,
            NeedOrder::Always => true,
        }
    }
}

/// The name of a column that rules can't see; allocated names show the part behind the control character.
pub(super) fn hidden(what: &str) -> Name {
    Name::from(format!("\u{1}{what}"))
}

impl Emitter<'_> {
    /// Turns the block into a CTE with the needed columns, and gives the block that reads it.
    pub(super) fn close(&mut self, block: Block, needs: &Needs) -> Result<Block, Reported> {
        if self.is_plain_read(&block, needs) {
            return Ok(block);
        }
        let mut names = Names::default();
        let mut items = Vec::new();
        let mut columns = Vec::new();
        let whole = if needs.whole { self.whole_columns(&block) } else { vec![] };
        for (ident, expr) in &whole {
            names.reserve(&ident.value);
            items.push(select::item(expr.clone(), ident.clone()));
        }
        for (name, slot) in &block.columns {
            if needs.of(name) == 0 {
                continue;
            }
            match self.closed_value(slot, &block)? {
                None => columns.push((name.clone(), Slot::Record(None))),
                Some(value) => {
                    let ident = names.allocate(name);
                    items.push(select::item(value.sql.clone(), ident.clone()));
                    let read = Typed { sql: sql::name(&ident), elements: None, ..value };
                    let slot =
                        if matches!(slot, Slot::Record(_)) { Slot::Record(Some(read)) } else { Slot::Ready(read) };
                    columns.push((name.clone(), slot));
                }
            }
        }
        let mut order = Vec::new();
        if needs.wants_order(&block) {
            for key in &block.order {
                order.push(OrderKey { expr: self.carry(&key.expr, &mut items, &mut names), ..key.clone() });
            }
        }
        if items.is_empty() {
            items.push(select::item(sql::integer(1), names.allocate("row")));
        }
        let mut next = Block {
            columns,
            order,
            sorted: block.sorted,
            unique: block.unique.clone(),
            hides_time: block.hides_time,
            whole: match whole.is_empty() {
                true => Whole::None,
                false => Whole::Columns(whole.iter().map(|(i, _)| (i.clone(), sql::name(i))).collect()),
            },
            ..Block::new(block.from.clone(), names, FURTHER)
        };
        let label = label(&block, &items);
        let query = self.select(block, items);
        let name = self.add_cte(&label, query);
        next.from = select::from(select::table(ObjectName::from(vec![name])));
        Ok(next)
    }

    /// Adds a CTE under a name near the wanted one.
    pub(super) fn add_cte(&mut self, label: &str, query: Query) -> Ident {
        let name = self.relations.allocate(label);
        self.ctes.push(select::cte(name.clone(), vec![], query));
        name
    }

    /// Whether the block only reads columns of a CTE, so that a further one would say nothing.
    fn is_plain_read(&self, block: &Block, needs: &Needs) -> bool {
        let bare = |slot: &Slot| match slot {
            Slot::Ready(t) => matches!(t.sql, Expr::Identifier(_)),
            Slot::Record(t) => t.as_ref().is_none_or(|t| matches!(t.sql, Expr::Identifier(_))),
            Slot::Raw { .. } => false,
        };
        block.is_open()
            && block.filter.is_empty()
            && block.from.joins.is_empty()
            && block.binding.is_none()
            && !matches!(block.from.relation, sqlparser::ast::TableFactor::Derived { .. })
            && block.columns.iter().filter(|(n, _)| needs.of(n) > 0).all(|(_, slot)| bare(slot))
    }

    /// A select item for a value that is carried along unseen; the item that has it already, where there is one.
    fn carry(&self, expr: &Expr, items: &mut Vec<SelectItem>, names: &mut Names) -> Expr {
        for item in items.iter() {
            match item {
                SelectItem::ExprWithAlias { expr: e, alias } if e == expr => return sql::name(alias),
                SelectItem::UnnamedExpr(e) if e == expr && matches!(e, Expr::Identifier(_)) => return e.clone(),
                _ => {}
            }
        }
        let ident = names.allocate(match expr {
            Expr::Identifier(i) => &i.value,
            _ => "sort_key",
        });
        items.push(select::item(expr.clone(), ident.clone()));
        sql::name(&ident)
    }

    fn closed_value(&mut self, slot: &Slot, block: &Block) -> Result<Option<Typed>, Reported> {
        let value = match slot {
            Slot::Record(id) => return Ok(id.clone()),
            Slot::Ready(t) => t.clone(),
            Slot::Raw { .. } => self.read_slot(slot, Span::default(), block)?,
        };
        Ok(Some(if value.is_null_literal() {
            let to = Phys::of(value.ty);
            Typed { phys: to, ..value.convert(to) }
        } else {
            value
        }))
    }

    /// The columns that show a whole event.
    pub(super) fn whole_columns(&self, block: &Block) -> Vec<(Ident, Expr)> {
        match (&block.whole, &block.binding) {
            (Whole::Columns(columns), _) => columns.clone(),
            (Whole::Star, Some(binding)) => binding
                .table_columns()
                .iter()
                .map(|c| {
                    let ident = super::ident::ident(c);
                    (ident.clone(), sql::name(&ident))
                })
                .collect(),
            (Whole::Star | Whole::None, _) => vec![],
        }
    }

    /// The block as a query with these select items. Without a limit its order is left out.
    fn select(&mut self, block: Block, items: Vec<SelectItem>) -> Query {
        let order = match (block.limit, &block.group) {
            (None, _) => vec![],
            // A label may hide a column of an aggregate's argument.
            (Some(_), Some(_)) => final_order(&block.order, &items).unwrap_or_else(|| block.order_sql()),
            (Some(_), None) => block.order_sql(),
        };
        let limit = block.limit;
        select::query(self.select_body(block, items), order, limit)
    }

    pub(super) fn select_body(&mut self, block: Block, items: Vec<SelectItem>) -> SetExpr {
        let group = block.group.map_or(vec![], |keys| group_keys(&keys, &items));
        select::select(Clauses { items, from: Some(block.from), filter: block.filter, group, having: block.having })
    }

    /// The whole query: the block with the given labels, after all CTEs.
    pub(super) fn finish(
        &mut self,
        block: Block,
        labelled: Vec<(Name, Typed)>,
        whole: bool,
    ) -> Result<Query, Reported> {
        let mut items = Vec::new();
        if whole {
            match &block.whole {
                Whole::Star => items.push(select::wildcard()),
                _ => items.extend(self.whole_columns(&block).into_iter().map(|(i, e)| select::item(e, i))),
            }
        }
        for (name, value) in &labelled {
            let shown = shown(name, value.clone());
            items.push(select::item(shown, super::ident::ident(name)));
        }
        if items.is_empty() {
            items.push(select::item(sql::integer(1), Ident::new("found")));
        }
        let ordered = block.sorted || block.limit.is_some();
        let order = if ordered { final_order(&block.order, &items) } else { Some(vec![]) };
        let Some(order) = order else {
            // A label would capture a column of the order: the order is computed one step earlier.
            let mut needs = Needs { order: NeedOrder::Always, whole, ..Needs::default() };
            let mut block = block;
            for (name, value) in labelled.iter().cloned() {
                needs.add(&name, 1);
                block.set(name, Slot::Ready(value));
            }
            let limit = block.limit;
            let mut next = self.close(block, &needs)?;
            next.limit = limit;
            let labelled = labelled
                .into_iter()
                .map(|(name, value)| match next.slot(&name) {
                    Some(Slot::Ready(t)) => (name, t.clone()),
                    _ => (name, value),
                })
                .collect();
            return self.finish(next, labelled, whole);
        };
        let limit = block.limit;
        let body = self.select_body(block, items);
        let mut query = select::query(body, order, limit);
        query.with = select::with(std::mem::take(&mut self.ctes));
        Ok(query)
    }
}

/// What a CTE is called: after what its rows are, else after what it does to them.
fn label(block: &Block, items: &[SelectItem]) -> Cow<'static, str> {
    if block.label != FURTHER || !block.filter.is_empty() {
        return Cow::Borrowed(block.label);
    }
    let mut made = items.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if !matches!(expr, Expr::Identifier(_)) => Some(&alias.value),
        _ => None,
    });
    match (made.next(), made.next()) {
        (Some(name), None) if name == "row_id" => Cow::Borrowed("numbered"),
        (Some(name), None) if name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Cow::Owned(format!("with_{}", name.trim_start_matches('_')))
        }
        (Some(_), _) => Cow::Borrowed("extended"),
        (None, _) => Cow::Borrowed(block.label),
    }
}

/// A value as the result shows it: a time other than the event's is its epoch seconds, as in SPL; a multivalue field
/// without a value is NULL.
fn shown(name: &str, value: Typed) -> Expr {
    if value.is_null_literal() {
        return sql::cast(value.sql, Phys::of(value.ty).data_type());
    }
    let seconds = Phys { kind: Kind::Double, array: value.phys.array };
    let is_time = value.phys.kind == Kind::Timestamp && name != "_time";
    let value = if is_time { value.convert(seconds) } else { value };
    value.null_if_empty().sql
}

/// GROUP BY: the columns where all keys are such, else the numbers of the select items that show them.
fn group_keys(keys: &[Typed], items: &[SelectItem]) -> Vec<Expr> {
    if keys.iter().all(|k| sql::is_column(&k.sql)) {
        return keys.iter().map(|k| k.sql.clone()).collect();
    }
    let position = |key: &Typed| {
        items.iter().position(|item| match item {
            SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr) => *expr == key.sql,
            _ => false,
        })
    };
    keys.iter()
        .map(|key| match position(key) {
            Some(i) => sql::integer(i64::try_from(i + 1).unwrap_or(i64::MAX)),
            None => key.sql.clone(),
        })
        .collect()
}

/// The final ORDER BY: by label where one shows the key, else the expression itself. `None` where a label hides
/// a column that such an expression reads: ORDER BY sees labels first.
fn final_order(order: &[OrderKey], items: &[SelectItem]) -> Option<Vec<OrderByExpr>> {
    let labels: Vec<(&Ident, Option<&Expr>)> = items
        .iter()
        .filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => Some((alias, Some(expr))),
            SelectItem::UnnamedExpr(Expr::Identifier(i)) => Some((i, None)),
            _ => None,
        })
        .collect();
    let same = |a: &Ident, b: &Ident| a.value.eq_ignore_ascii_case(&b.value);
    let unique = |label: &Ident| labels.iter().filter(|(l, _)| same(l, label)).count() == 1;
    let mut out = Vec::new();
    for key in order {
        let label = labels.iter().find(|(l, e)| *e == Some(&key.expr) && unique(l));
        let expr = match label {
            Some((label, _)) => sql::name(label),
            None => {
                let mut hidden = false;
                sql::walk(&key.expr, &mut |e| {
                    let first = match e {
                        Expr::Identifier(i) => Some(i),
                        Expr::CompoundIdentifier(parts) => parts.first(),
                        _ => None,
                    };
                    if let Some(i) = first {
                        hidden |= labels.iter().any(|(l, e)| same(l, i) && e.is_some());
                    }
                });
                if hidden {
                    return None;
                }
                key.expr.clone()
            }
        };
        out.push(sql::order_by(expr, key.descending, key.nulls_first));
    }
    Some(out)
}
