//! Athena's SQL for `sqlparser`, which knows no Trino dialect. Tests read every emitted query back with it.

use std::any::TypeId;

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::{Dialect, PostgreSqlDialect};
use sqlparser::parser::{Parser, ParserError};

/// Amazon Athena, engine version 3: the parts of Trino's grammar that the emitter writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct AthenaDialect;

impl Dialect for AthenaDialect {
    /// The parser reads `UNNEST` in FROM for a few dialects only, PostgreSQL among them.
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        c.is_ascii_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_'
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '"'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_lambda_keyword_syntax(&self) -> bool {
        false
    }

    fn supports_array_typedef_with_parentheses(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        false
    }
}

/// Reads one query.
///
/// # Errors
/// The parser's message where the text is not one well-formed query.
pub fn parse(sql: &str) -> Result<Query, ParserError> {
    let mut statements = Parser::parse_sql(&AthenaDialect, sql)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        _ => Err(ParserError::ParserError("expected exactly one query".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emitters_constructs_parse() {
        for sql in [
            "SELECT any_match(a, x -> x > 1) FROM t",
            "SELECT zip_with(a, b, (x, y) -> x || y) FROM t",
            "SELECT TRY_CAST(json_extract(a, '$.b') AS ARRAY(JSON)) FROM t",
            "SELECT max_by(a, b) FILTER (WHERE a IS NOT NULL) FROM t",
            "SELECT array_agg(a ORDER BY b DESC) FILTER (WHERE a IS NOT NULL) FROM t",
            "SELECT x FROM t CROSS JOIN UNNEST(a) WITH ORDINALITY AS u (x, n)",
            "SELECT a FROM t WHERE (b, c) IN (SELECT d, e FROM u)",
            "SELECT array_sort(a)[1], TRY_CAST(a AS ipaddress), current_timestamp - INTERVAL '70' MINUTE FROM t",
        ] {
            parse(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }

    #[test]
    fn two_statements_are_refused() {
        assert!(parse("SELECT 1; SELECT 2").is_err());
        assert!(parse("DROP TABLE t").is_err());
    }
}
