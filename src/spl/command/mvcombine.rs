//! `mvcombine`: rows that differ in one field alone become one row with all its values (Search Reference, `mvcombine`).

use super::Syntax;
use super::uniq::every_value;
use crate::diagnostic::Reported;
use crate::ir::{AggregateFunction as F, Expr, Name};
use crate::source::Span;
use crate::spl::lower::{Lowering, same_values};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Mvcombine {
    pub field: Spanned,
    /// How Splunk shows the values where it shows them as one text.
    pub delimiter: Option<Spanned>,
}

const HELP: &str = "write `mvcombine field`";

impl Syntax for Mvcombine {
    const NAMES: &'static [&'static str] = &["mvcombine"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut delimiter = None;
        while let Some((option, value)) = p.option()? {
            match option.text.to_ascii_lowercase().as_str() {
                "delim" => delimiter = Some(value),
                _ => return Err(p.unknown_option("mvcombine", &option, &["delim"])),
            }
        }
        Ok(Mvcombine { field: p.expect_name("a field name", HELP)?, delimiter })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, delimiter } = self;
        out.option_of("delim", delimiter.as_ref());
        out.name(&field.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = super::single(lowering, "mvcombine", &self.field)?;
        // All fields must be listed, and hold one value each.
        every_value(lowering, "mvcombine", span)?;
        let columns = lowering.all_columns(span);
        if value.is_null_literal() || !columns.iter().any(|(n, _)| **n == *self.field.text) {
            return Ok(());
        }
        let mut keys: Vec<(Name, Expr)> = Vec::new();
        let mut aggregates = Vec::new();
        for (name, column) in &columns {
            if **name == *self.field.text {
                let list = lowering.typed_aggregate(F::List, Some(column.clone()), span);
                aggregates.push((name.clone(), list));
            } else if column.nullable {
                for part in same_values(column) {
                    keys.push((lowering.hidden("key"), part));
                }
                aggregates.push((name.clone(), lowering.typed_aggregate(F::First, Some(column.clone()), span)));
            } else {
                keys.push((name.clone(), column.clone()));
            }
        }
        lowering.group(keys, aggregates, span)?;
        let kept = columns
            .iter()
            .filter_map(|(name, _)| lowering.scope.column(name))
            .map(|c| (c.name.clone(), Expr::column(c.name.clone(), c.ty, c.nullable, span)))
            .collect();
        lowering.project(kept, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn rows_alike_in_all_else_become_one() {
        insta::assert_snapshot!(ir("table awsRegion errorMessage eventName | mvcombine delim=\",\" eventName"), @r#"
        project awsRegion, errorMessage, eventName
        aggregate errorMessage = first(errorMessage), eventName = list(eventName)
            by awsRegion, `(key 1)` = errorMessage is null, `(key 2)` = coalesce(errorMessage, "")
        project awsRegion, errorMessage, eventName
        => awsRegion: string, errorMessage: string?, eventName: multivalue<string>
        "#);
    }

    #[test]
    fn events_are_refused() {
        insta::assert_snapshot!(faults("mvcombine eventName"), @"S211 `mvcombine` compares all fields of the rows, which are not listed here");
        insta::assert_snapshot!(faults("mvcombine"), @"S201 expected a field name, found the end of the search");
    }
}
