//! `MATCH_RECOGNIZE`, one clause a line.

use sqlparser::ast::{AfterMatchSkip, EmptyMatchesMode, RowsPerMatch, TableFactor};

use super::Printer;
use super::inline::{expr, identifier, list, order_key};

impl Printer {
    pub(super) fn match_recognize(&mut self, factor: &TableFactor, indent: usize) {
        let TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            after_match_skip,
            pattern,
            symbols,
            alias: _,
        } = factor
        else {
            return;
        };
        self.relation(table, indent);
        self.text(" MATCH_RECOGNIZE (");
        let inner = indent + 2;
        if !partition_by.is_empty() {
            self.line(inner);
            self.text(&format!("PARTITION BY {}", list(partition_by)));
        }
        self.line(inner);
        let keys: Vec<String> = order_by.iter().map(order_key).collect();
        self.text(&format!("ORDER BY {}", keys.join(", ")));
        if !measures.is_empty() {
            let measures: Vec<String> =
                measures.iter().map(|m| format!("{} AS {}", expr(&m.expr), identifier(&m.alias))).collect();
            self.line(inner);
            self.text(&format!("MEASURES {}", measures.join(", ")));
        }
        if let Some(rows) = rows_per_match {
            self.line(inner);
            self.text(match rows {
                RowsPerMatch::OneRow => "ONE ROW PER MATCH",
                RowsPerMatch::AllRows(None) => "ALL ROWS PER MATCH",
                RowsPerMatch::AllRows(Some(EmptyMatchesMode::Show)) => "ALL ROWS PER MATCH SHOW EMPTY MATCHES",
                RowsPerMatch::AllRows(Some(EmptyMatchesMode::Omit)) => "ALL ROWS PER MATCH OMIT EMPTY MATCHES",
                RowsPerMatch::AllRows(Some(EmptyMatchesMode::WithUnmatched)) => {
                    "ALL ROWS PER MATCH WITH UNMATCHED ROWS"
                }
            });
        }
        if let Some(skip) = after_match_skip {
            self.line(inner);
            self.text(&match skip {
                AfterMatchSkip::PastLastRow => "AFTER MATCH SKIP PAST LAST ROW".to_owned(),
                AfterMatchSkip::ToNextRow => "AFTER MATCH SKIP TO NEXT ROW".to_owned(),
                AfterMatchSkip::ToFirst(i) => format!("AFTER MATCH SKIP TO FIRST {}", identifier(i)),
                AfterMatchSkip::ToLast(i) => format!("AFTER MATCH SKIP TO LAST {}", identifier(i)),
            });
        }
        self.line(inner);
        self.text(&format!("PATTERN ({pattern})"));
        self.line(inner);
        self.text("DEFINE");
        for (i, symbol) in symbols.iter().enumerate() {
            if i > 0 {
                self.text(",");
            }
            self.line(inner + 2);
            self.text(&format!("{} AS ", identifier(&symbol.symbol)));
            self.expression(&symbol.definition, inner + 4, 1);
        }
        self.line(indent);
        self.text(")");
    }
}
