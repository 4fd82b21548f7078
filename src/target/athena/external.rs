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

/// A column of the table on its way into the query.
pub(super) struct Column<'n> {
    pub(super) name: &'n Name,
    /// Compared without case.
    pub(super) folded: bool,
    /// Holds wildcards (`*`), and is read in LIKE's notation.
    pub(super) pattern: bool,
    /// Has empty texts, which are no values.
    pub(super) blanks: bool,
}

impl Column<'_> {
    pub(super) fn read(&self) -> Sql {
        let mut read = text(self.name);
        if self.folded {
            read = sql::call("lower", vec![read]);
        }
        if self.pattern {
            let escaped = vec![read, sql::string(r"([\\%_])"), sql::string(r"\\$1")];
            let escaped = sql::call("regexp_replace", escaped);
            read = sql::call("replace", vec![escaped, sql::string("*"), sql::string("%")]);
        }
        if self.blanks { sql::call("nullif", vec![read, sql::string("")]) } else { read }
    }
}

/// Columns under their names in the query.
type Columns<'n> = Vec<(Column<'n>, Ident)>;

/// Rows as they are.
pub(super) fn plain(table: &str, columns: Columns<'_>) -> Query {
    from(table, columns.into_iter().map(|(column, name)| select::item(column.read(), name)).collect(), vec![])
}

/// Rows to join: one for each key, with the least value of each output.
pub(super) fn first(table: &str, keys: Columns<'_>, outputs: Columns<'_>) -> Query {
    keyed(table, keys, outputs, |value| sql::call("min", vec![value]))
}

/// Rows to join: one for each key, with the values of each output, sorted.
pub(super) fn listed(table: &str, keys: Columns<'_>, outputs: Columns<'_>) -> Query {
    keyed(table, keys, outputs, |value| {
        let order = vec![sql::order_by(value.clone(), false, None)];
        let filter = Some(sql::is_not_null(value.clone()));
        let call = sql::AggregateCall { order, filter, ..sql::AggregateCall::default() };
        sql::aggregate("array_agg", vec![value], call)
    })
}

fn keyed(table: &str, keys: Columns<'_>, outputs: Columns<'_>, gather: impl Fn(Sql) -> Sql) -> Query {
    let mut items: Vec<_> = keys.into_iter().map(|(column, name)| select::item(column.read(), name)).collect();
    let group = (1..=items.len()).map(|n| sql::integer(n as i64)).collect();
    items.extend(outputs.into_iter().map(|(column, name)| select::item(gather(column.read()), name)));
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
