//! Identifiers: when they need quotes, and names that are unique in a language that ignores their case.

use std::collections::HashSet;

use sqlparser::ast::{Ident, ObjectName};

/// Words that Athena reserves in queries (its user guide, "Reserved keywords in SQL SELECT statements"), and a few
/// that are legal bare but read as the start of a literal or a special form.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "alter", "and", "any", "array", "as", "asc", "between", "by", "case", "cast", "constraint", "create",
    "cross", "cube", "current_catalog", "current_date", "current_path", "current_role", "current_schema",
    "current_time", "current_timestamp", "current_user", "date", "deallocate", "delete", "desc", "describe",
    "distinct", "drop", "else", "end", "escape", "except", "exclude", "execute", "exists", "extract", "false",
    "fetch", "filter", "first", "for", "from", "full", "group", "grouping", "having", "if", "in", "inner", "insert",
    "intersect", "interval", "into", "is", "join", "json_array", "json_exists", "json_object", "json_query",
    "json_table", "json_value", "last", "lateral", "left", "like", "limit", "listagg", "localtime", "localtimestamp",
    "map", "natural", "normalize", "not", "null", "offset", "on", "or", "order", "outer", "over", "partition",
    "position", "prepare", "qualify", "recursive", "right", "rollup", "row", "select", "set", "skip", "some",
    "struct", "table", "then", "time", "timestamp", "top", "trim", "true", "try", "uescape", "union", "unnest",
    "using", "values", "when", "where", "window", "with",
];

/// Whether a name can stand without quotes and keep its spelling.
fn is_bare(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_ascii_lowercase())
        && chars.all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
        && RESERVED.binary_search(&name).is_err()
}

/// The identifier of a name, quoted where it must be.
pub(super) fn ident(name: &str) -> Ident {
    if is_bare(name) { Ident::new(name) } else { Ident::with_quote('"', name) }
}

/// A dotted name such as `database.table`; a piece in double quotes may hold dots.
pub(super) fn dotted(name: &str) -> Vec<Ident> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for c in name.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => pieces.push(String::new()),
            c => {
                if let Some(last) = pieces.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    pieces.iter().map(|p| ident(p)).collect()
}

/// The name of a table in FROM.
pub(super) fn object(name: &str) -> ObjectName {
    ObjectName::from(dotted(name))
}

/// Names in use, compared as SQL compares them: without case.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }

    pub(super) fn reserve(&mut self, name: &str) {
        self.0.insert(name.to_lowercase());
    }

    /// A lower-case name near the wanted one, and from now on in use.
    pub(super) fn allocate(&mut self, wanted: &str) -> Ident {
        let base = plain(wanted);
        let mut name = base.clone();
        let mut n = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{base}_{n}");
            n += 1;
        }
        ident(&name)
    }
}

/// Lower-case letters, digits and underscores, for a column of an intermediate result.
pub(super) fn plain(wanted: &str) -> String {
    let mut out = String::new();
    for c in wanted.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if c == '_' || (!out.ends_with('_') && !out.is_empty()) {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_');
    match out.trim_start_matches('_').chars().next() {
        None => "field".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("field_{out}"),
        Some(_) => out.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn names_are_quoted_only_where_needed() {
        let show = |n: &str| ident(n).to_string();
        assert_eq!(show("event_name2"), "event_name2");
        assert_eq!(show("firstTime"), "\"firstTime\"");
        assert_eq!(show("timestamp"), "\"timestamp\"");
        assert_eq!(show("2fa"), "\"2fa\"");
        assert_eq!(show(""), "\"\"");
    }

    #[test]
    fn dotted_names_keep_quoted_pieces_whole() {
        let show = |n: &str| object(n).to_string();
        assert_eq!(show("db.events"), "db.events");
        assert_eq!(show("\"s3tablescatalog/a.b\".logs.t"), "\"s3tablescatalog/a.b\".logs.t");
    }

    #[test]
    fn allocated_names_differ_without_case() {
        let mut names = Names::default();
        assert_eq!(names.allocate("eventName").value, "eventname");
        assert_eq!(names.allocate("eventname").value, "eventname_2");
        assert_eq!(names.allocate("requestParameters.a{}.x-y").value, "requestparameters_a_x_y");
        assert_eq!(names.allocate("_time").value, "_time");
        assert_eq!(names.allocate("{}").value, "field");
        assert_eq!(names.allocate("1st").value, "field_1st");
    }
}
