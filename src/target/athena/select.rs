//! Constructors for queries: SELECT, FROM, WITH and what belongs to them.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Cte, Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderBy, OrderByExpr,
    OrderByKind, Parens, Query, Select, SelectFlavor, SelectItem, SetExpr, SetOperator, SetQuantifier, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins, Values, WildcardAdditionalOptions, With,
};

use super::sql;

/// A query around a body.
pub(super) fn query(body: SetExpr, order: Vec<OrderByExpr>, limit: Option<u64>) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: (!order.is_empty()).then_some(OrderBy { kind: OrderByKind::Expressions(order), interpolate: None }),
        limit_clause: limit.map(|n| LimitClause::LimitOffset {
            limit: Some(sql::integer(i64::try_from(n).unwrap_or(i64::MAX))),
            offset: None,
            limit_by: vec![],
        }),
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    }
}

/// The clauses of a SELECT.
#[derive(Default)]
pub(super) struct Clauses {
    pub(super) items: Vec<SelectItem>,
    pub(super) from: Option<TableWithJoins>,
    pub(super) filter: Vec<Expr>,
    pub(super) group: Vec<Expr>,
    pub(super) having: Vec<Expr>,
}

pub(super) fn select(clauses: Clauses) -> SetExpr {
    let condition = |parts: Vec<Expr>| (!parts.is_empty()).then(|| sql::and(parts));
    SetExpr::Select(Box::new(Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: vec![],
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: clauses.items,
        exclude: None,
        into: None,
        from: clauses.from.into_iter().collect(),
        lateral_views: vec![],
        prewhere: None,
        selection: condition(clauses.filter),
        connect_by: vec![],
        group_by: GroupByExpr::Expressions(clauses.group, vec![]),
        cluster_by: vec![],
        distribute_by: vec![],
        sort_by: vec![],
        having: condition(clauses.having),
        named_window: vec![],
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }))
}

/// `SELECT items FROM relation`, with a condition.
pub(super) fn simple(items: Vec<SelectItem>, relation: &Ident, filter: Vec<Expr>) -> Query {
    let from = Some(from(table(ObjectName::from(vec![relation.clone()]))));
    query(select(Clauses { items, from, filter, ..Clauses::default() }), vec![], None)
}

/// `e AS alias`, or `e` alone where the alias says nothing new.
pub(super) fn item(expr: Expr, alias: Ident) -> SelectItem {
    if matches!(&expr, Expr::Identifier(i) if *i == alias) {
        SelectItem::UnnamedExpr(expr)
    } else {
        SelectItem::ExprWithAlias { expr, alias }
    }
}

pub(super) fn wildcard() -> SelectItem {
    SelectItem::Wildcard(WildcardAdditionalOptions::default())
}

pub(super) fn table(name: ObjectName) -> TableFactor {
    TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_directives: vec![],
        inheritance: None,
    }
}

pub(super) fn from(relation: TableFactor) -> TableWithJoins {
    TableWithJoins { relation, joins: vec![] }
}

pub(super) fn alias(name: Ident, columns: Vec<Ident>) -> TableAlias {
    let columns = columns.into_iter().map(|name| TableAliasColumnDef { name, data_type: None }).collect();
    TableAlias { explicit: true, name, columns, at: None }
}

/// `CROSS JOIN UNNEST(array) AS relation (columns)`
pub(super) fn unnest(array: Expr, relation: Ident, columns: Vec<Ident>, ordinality: bool) -> Join {
    Join {
        relation: TableFactor::UNNEST {
            alias: Some(alias(relation, columns)),
            array_exprs: vec![array],
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: ordinality,
        },
        global: false,
        join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
    }
}

/// `JOIN relation ON condition`; `left`: `LEFT JOIN`.
pub(super) fn join(relation: &Ident, on: Vec<Expr>, left: bool) -> Join {
    let constraint = JoinConstraint::On(sql::and(on));
    Join {
        relation: table(ObjectName::from(vec![relation.clone()])),
        global: false,
        join_operator: if left { JoinOperator::Left(constraint) } else { JoinOperator::Join(constraint) },
    }
}

/// `CROSS JOIN relation`
pub(super) fn cross_join(relation: &Ident) -> Join {
    Join {
        relation: table(ObjectName::from(vec![relation.clone()])),
        global: false,
        join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
    }
}

pub(super) fn values(rows: Vec<Vec<Expr>>) -> SetExpr {
    SetExpr::Values(Values {
        explicit_row: false,
        value_keyword: false,
        rows: rows.into_iter().map(Parens::with_empty_span).collect(),
    })
}

pub(super) fn union_all(left: SetExpr, right: SetExpr) -> SetExpr {
    SetExpr::SetOperation {
        left: Box::new(left),
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        right: Box::new(right),
    }
}

pub(super) fn cte(name: Ident, columns: Vec<Ident>, query: Query) -> Cte {
    let mut alias = alias(name, columns);
    alias.explicit = false;
    Cte { alias, query: Box::new(query), from: None, materialized: None, closing_paren_token: AttachedToken::empty() }
}

pub(super) fn with(ctes: Vec<Cte>) -> Option<With> {
    (!ctes.is_empty()).then(|| With { with_token: AttachedToken::empty(), recursive: false, cte_tables: ctes })
}
