//! Conditions of the `search` language. Precedence is NOT, OR, AND.

use super::{Printer, quote};
use crate::ir::CompareOp;
use crate::spl::search::{Search, Value};

/// What a condition is an operand of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    And,
    Or,
    Not,
}

impl Printer {
    pub(crate) fn search(&mut self, condition: &Search) {
        self.condition(condition, Place::Top);
    }

    fn condition(&mut self, condition: &Search, place: Place) {
        match condition {
            Search::And(parts) if place == Place::Top => {
                parts.iter().for_each(|p| self.condition(p, Place::And));
            }
            Search::Or(parts) if place == Place::Top || (place == Place::And && !self.readable) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.word("OR");
                    }
                    self.condition(part, Place::Or);
                }
            }
            // OR binds tighter than AND, which few readers expect: parentheses say it.
            Search::And(_) | Search::Or(_) => self.group(|out| out.condition(condition, Place::Top)),
            Search::Not(inner, _) => {
                self.word("NOT");
                self.nested(|out| out.condition(inner, Place::Not));
            }
            Search::Compare { field, op, value, .. } => {
                self.search_field(&field.text);
                self.glued(op.symbol());
                // `= =x` is a value that begins with a sign, `==x` is not.
                let apart = value.text.starts_with('=') && !value.quoted && !value.case_sensitive && !value.whole_term;
                self.gap = apart && matches!(op, CompareOp::Eq | CompareOp::Lt | CompareOp::Gt);
                self.value(value);
            }
            Search::CompareCall { field, op, call, .. } => {
                self.search_field(&field.text);
                self.open_glued(op.symbol());
                self.eval(call);
            }
            Search::In { field, values, .. } => {
                self.search_field(&field.text);
                self.word("IN");
                self.open("(");
                for (i, value) in values.iter().enumerate() {
                    self.comma(i);
                    self.value(value);
                }
                self.glued(")");
            }
            // Bare, and before a group, it would be taken for the operator.
            Search::Term(value) if is_in(value) => self.group(|out| out.value(value)),
            Search::Term(value) => self.value(value),
            Search::Subsearch(pipeline, _) => self.subsearch(pipeline),
        }
    }

    fn value(&mut self, value: &Value) {
        let directive = match (value.case_sensitive, value.whole_term) {
            (true, _) => Some("CASE"),
            (false, true) => Some("TERM"),
            (false, false) => None,
        };
        let text = match (value.quoted, directive) {
            (true, _) => quote::quoted(&value.text, '"'),
            // In `CASE(…)` nothing is an escape.
            (false, Some(_)) => value.text.clone(),
            (false, None) => quote::unquoted(&value.text),
        };
        match directive {
            Some(directive) => self.word(&format!("{directive}({text})")),
            None => self.word(&text),
        }
    }
}

fn is_in(value: &Value) -> bool {
    !value.quoted && !value.case_sensitive && !value.whole_term && value.text.eq_ignore_ascii_case("IN")
}
