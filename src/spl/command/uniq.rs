//! `uniq`: drops rows that equal the row before in every field (Search Reference, `uniq`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Case, CompareOp, Expr};
use crate::source::Span;
use crate::spl::lower::{Lowering, same_values};
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Uniq;

impl Syntax for Uniq {
    const NAMES: &'static [&'static str] = &["uniq"];

    fn parse(_: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Uniq)
    }

    fn print(&self, _: &mut Printer) {}

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let keys = every_value(lowering, "uniq", span)?;
        let before = lowering.values_before(&keys, span)?;
        // In the first row the values before are NULL, so that it is no repetition.
        let same = before.into_iter().zip(keys).map(|(before, key)| Expr::compare(CompareOp::Eq, before, key, Case::Sensitive));
        let repeated = Expr::and(same.collect(), span).is_true();
        lowering.filter(repeated.negate(), span)?;
        lowering.drop_hidden(span)
    }
}

/// Expressions that agree in two rows exactly where all their fields do.
pub(super) fn every_value(lowering: &mut Lowering<'_>, command: &str, span: Span) -> Result<Vec<Expr>, Reported> {
    let scope = &lowering.scope;
    if !scope.is_closed() || scope.open_table.is_some() || !scope.lazy_inputs.is_empty() || scope.grouped.is_some() {
        let message = format!("`{command}` compares all fields of the rows, which are not listed here");
        return Err(super::unsupported(lowering, span, message, "list the fields with `table` or `stats` before"));
    }
    let columns = lowering.all_columns(span);
    if let Some((name, _)) = columns.iter().find(|(_, value)| value.ty.multivalue) {
        let message = format!("`{command}` over rows with the multivalue field `{name}` is not supported");
        return Err(super::unsupported(lowering, span, message, "use `mvjoin` to make one value of it"));
    }
    Ok(columns.iter().flat_map(|(_, value)| same_values(value)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn rows_equal_to_the_row_before_are_dropped() {
        insta::assert_snapshot!(ir("table awsRegion errorMessage | uniq"), @r#"
        project awsRegion, errorMessage
        window `(before 1)` = first(awsRegion), `(before 2)` = first(errorMessage is null), `(before 3)` = first(coalesce(errorMessage, "")) over rows before, the last 1
        filter not (is-true(`(before 1)` = awsRegion and `(before 2)` = errorMessage is null and `(before 3)` = coalesce(errorMessage, "")))
        project awsRegion, errorMessage
        => awsRegion: string, errorMessage: string?
        "#);
    }

    #[test]
    fn events_have_no_list_of_fields() {
        insta::assert_snapshot!(faults("uniq"), @"S211 `uniq` compares all fields of the rows, which are not listed here");
        insta::assert_snapshot!(faults("stats values(awsRegion) as r | uniq"), @"S211 `uniq` over rows with the multivalue field `r` is not supported");
    }
}
