//! `set`: rows of either subsearch, of just one of them, or of both, each once (Search Reference, `set`).

use super::Syntax;
use super::multisearch::union_all;
use super::uniq::every_value;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{AggregateFunction, Case, CompareOp, Expr, Frame, Rel, Type};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Set {
    pub operation: Operation,
    pub subsearches: [Pipeline; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Union,
    /// Rows that only one side has.
    Diff,
    Intersect,
}

const HELP: &str = "write `| set union [search …] [search …]`; operations are `union`, `diff` and `intersect`";

impl Syntax for Set {
    const NAMES: &'static [&'static str] = &["set"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let operations =
            [("union", Operation::Union), ("diff", Operation::Diff), ("intersect", Operation::Intersect)];
        let Some((_, operation)) = operations.into_iter().find(|(word, _)| p.eat_keyword(word)) else {
            return Err(p.expected("`union`, `diff` or `intersect`", HELP));
        };
        let first = crate::spl::parse_subsearch(p)?;
        let second = crate::spl::parse_subsearch(p)?;
        Ok(Set { operation, subsearches: [first, second] })
    }

    fn print(&self, out: &mut Printer) {
        let Self { operation, subsearches } = self;
        let operation = match operation {
            Operation::Union => "union",
            Operation::Diff => "diff",
            Operation::Intersect => "intersect",
        };
        out.word(operation);
        subsearches.iter().for_each(|subsearch| out.subsearch(subsearch));
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`set` makes rows, so that it begins a search";
            let help = "use `append` to add rows";
            return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        }
        let message = "Splunk takes at most 50,000 rows of each subsearch of `set`; here all of them count";
        lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        let side = lowering.hidden("side");
        if self.operation == Operation::Union {
            union_all(lowering, &self.subsearches, span)?;
        } else {
            self.both_sides(&side, span, lowering)?;
        }
        lowering.scope.columns.retain(|c| c.name != side);
        let keys = every_value(lowering, "set", span)?;
        if self.operation != Operation::Union {
            let value = Expr::column(side, Type::INTEGER, false, span);
            let sides = lowering.typed_aggregate(AggregateFunction::DistinctCount, Some(value), span);
            let name = lowering.hidden("sides");
            lowering.hidden_window(keys.clone(), Frame::Partition, vec![(name.clone(), sides)], span)?;
            let count = Expr::column(name, Type::INTEGER, false, span);
            let wanted = Expr::integer(if self.operation == Operation::Intersect { 2 } else { 1 }, span);
            lowering.filter(Expr::compare(CompareOp::Eq, count, wanted, Case::Sensitive), span)?;
        }
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Distinct { input, keys, count: 1, span });
        lowering.drop_hidden(span)
    }
}

impl Set {
    /// The rows of both subsearches, each with the number of its side.
    fn both_sides(&self, side: &crate::ir::Name, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut result = Ok(());
        for (n, subsearch) in (1..).zip(&self.subsearches) {
            let Ok(mut other) = lowering.beside(subsearch) else {
                result = Err(Reported);
                continue;
            };
            let columns = vec![(side.clone(), Expr::integer(n, span))];
            other.plan = other.plan.map(|plan| Rel::Extend { input: Box::new(plan), columns });
            if lowering.scope.plan.is_none() {
                lowering.scope = other;
            } else if lowering.union(other, span).is_err() {
                result = Err(Reported);
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir_of};

    fn set(operation: &str) -> String {
        ir_of(&format!(
            "| set {operation} [search sourcetype=aws:cloudtrail errorCode=* | table awsRegion] [search sourcetype=aws:cloudtrail | table awsRegion errorCode]"
        ))
    }

    #[test]
    fn union_keeps_each_row_once() {
        insta::assert_snapshot!(set("union"), @r#"
        union
        [
          scan cloudtrail
              awsRegion: string
          project awsRegion
        ]
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          project awsRegion, errorCode
        ]
        distinct first 1 of awsRegion, errorCode is null, coalesce(errorCode, "")
        project awsRegion, errorCode
        => awsRegion: string, errorCode: string?
        "#);
    }

    #[test]
    fn diff_keeps_rows_of_one_side_alone() {
        insta::assert_snapshot!(set("diff"), @r#"
        union
        [
          scan cloudtrail
              awsRegion: string
          project awsRegion
          extend `(side 1)` = 1
        ]
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          project awsRegion, errorCode
          extend `(side 1)` = 2
        ]
        window `(sides 2)` = distinct_count(`(side 1)`) by awsRegion, errorCode is null, coalesce(errorCode, "")
        filter `(sides 2)` = 1
        distinct first 1 of awsRegion, errorCode is null, coalesce(errorCode, "")
        project awsRegion, errorCode
        => awsRegion: string, errorCode: string?
        "#);
    }

    #[test]
    fn intersect_keeps_rows_of_both_sides() {
        insta::assert_snapshot!(set("intersect"), @r#"
        union
        [
          scan cloudtrail
              awsRegion: string
          project awsRegion
          extend `(side 1)` = 1
        ]
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          project awsRegion, errorCode
          extend `(side 1)` = 2
        ]
        window `(sides 2)` = distinct_count(`(side 1)`) by awsRegion, errorCode is null, coalesce(errorCode, "")
        filter `(sides 2)` = 2
        distinct first 1 of awsRegion, errorCode is null, coalesce(errorCode, "")
        project awsRegion, errorCode
        => awsRegion: string, errorCode: string?
        "#);
    }

    #[test]
    fn rows_need_listed_fields_and_the_operation_a_name() {
        insta::assert_snapshot!(ir_of("| set union [search sourcetype=aws:cloudtrail] [search sourcetype=aws:cloudtrail]"), @"S211 `set` compares all fields of the rows, which are not listed here");
        insta::assert_snapshot!(ir_of("| set minus [search sourcetype=aws:cloudtrail] [search sourcetype=aws:cloudtrail]"), @"S201 expected `union`, `diff` or `intersect`, found `minus`");
        insta::assert_snapshot!(faults("set union [search sourcetype=aws:cloudtrail] [search sourcetype=aws:cloudtrail]"), @"S206 `set` makes rows, so that it begins a search");
    }
}
