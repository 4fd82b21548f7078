//! Lookups whose rows are not known: a table of the lookup's name stands for them. Its columns are read as text, whatever
//! their type.

use sqlparser::ast::{Expr as Sql, Ident, Query};

use super::{ident, select, sql};
use crate::ir::Name;

/// The table of a lookup: its name in lower case, with `_` for what names of tables do not hold.
pub(super) fn table_name(lookup: &str, database: Option<&str>) -> String {
    let plain: String =
        lookup.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    match database {
        Some(database) => format!("{database}.{plain}"),
        None => plain,
    }
}

fn text(column: &Name) -> Sql {
    sql::cast(sql::name(&ident::ident(column)), sql::VARCHAR)
}

/// All rows: the columns as text, and a number for each row.
pub(super) fn rows(table: &str, columns: &[Name], as_names: &[Ident], nth: &Ident) -> Query {
    let mut items: Vec<_> =
        columns.iter().zip(as_names).map(|(column, name)| select::item(text(column), name.clone())).collect();
    items.push(select::item(numbered(vec![]), nth.clone()));
    from(table, items, vec![])
}

/// Rows to join: keys and outputs as text. With `grouped`, one row for each key, with the least value of each output.
pub(super) fn keyed(
    table: &str,
    keys: (&[Name], &[Ident]),
    outputs: (&[Name], &[Ident]),
    nth: &Ident,
    grouped: bool,
) -> Query {
    let mut items: Vec<_> =
        keys.0.iter().zip(keys.1).map(|(column, name)| select::item(text(column), name.clone())).collect();
    let group = if grouped { (1..=items.len()).map(|n| sql::integer(n as i64)).collect() } else { vec![] };
    for (column, name) in outputs.0.iter().zip(outputs.1) {
        let value = if grouped { sql::call("min", vec![text(column)]) } else { text(column) };
        items.push(select::item(value, name.clone()));
    }
    let order = keys.0.iter().map(|k| sql::order_by(text(k), false, None)).collect();
    let number = if grouped { sql::integer(1) } else { numbered(order) };
    items.push(select::item(number, nth.clone()));
    from(table, items, group)
}

fn numbered(order: Vec<sqlparser::ast::OrderByExpr>) -> Sql {
    let call = sql::AggregateCall { over: Some(sql::window(vec![], order, None)), ..Default::default() };
    sql::aggregate("row_number", vec![], call)
}

fn from(table: &str, items: Vec<sqlparser::ast::SelectItem>, group: Vec<Sql>) -> Query {
    let from = Some(select::from(select::table(ident::object(table))));
    let clauses = select::Clauses { items, from, group, ..select::Clauses::default() };
    select::query(select::select(clauses), vec![], None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_are_plain() {
        assert_eq!(table_name("Previously-seen.amis", None), "previously_seen_amis");
        assert_eq!(table_name("a", Some("db")), "db.a");
    }
}
