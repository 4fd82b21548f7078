//! `head`: the first rows, 10 where no number is given; with a condition, the rows before the first that fails it
//! (Search Reference, `head`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Case, CompareOp, Expr, Rel};
use crate::source::Span;
use crate::spl::eval::{self, Eval};
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Head {
    /// `None`: no bound, where there is a condition.
    pub count: Option<u64>,
    pub condition: Option<Eval>,
    /// Whether a condition that is NULL counts as true.
    pub null: bool,
    /// Whether the row that fails the condition is kept too.
    pub keep_last: bool,
}

const OPTIONS: &[&str] = &["limit", "null", "keeplast"];
const HELP: &str = "write `head 10` or `head limit=10 (condition)`";
const DEFAULT_COUNT: u64 = 10;

impl Syntax for Head {
    const NAMES: &'static [&'static str] = &["head"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut head = Head { count: None, condition: None, null: false, keep_last: false };
        while !p.at_stage_end() {
            if p.peek() == Some('(') && head.condition.is_none() {
                p.eat("(");
                head.condition = Some(p.nested(eval::parse)?);
                p.expect(")", HELP)?;
            } else if let Some((option, value)) = p.option()? {
                match option.text.to_ascii_lowercase().as_str() {
                    "limit" => head.count = Some(p.number("limit", &value)?),
                    "null" => head.null = p.boolean(&option, &value)?,
                    "keeplast" => head.keep_last = p.boolean(&option, &value)?,
                    _ => return Err(p.unknown_option("head", &option, OPTIONS)),
                }
            } else if head.count.is_none() {
                let word = p.expect_name("a number", HELP)?;
                head.count = Some(p.number("head", &word)?);
            } else {
                return Err(p.expected("an option", HELP));
            }
        }
        if head.condition.is_none() {
            head.count = head.count.or(Some(DEFAULT_COUNT));
        }
        Ok(head)
    }

    fn print(&self, out: &mut Printer) {
        let Self { count, condition, null, keep_last } = self;
        match (count, condition) {
            (Some(count), None) => out.number(count),
            (Some(count), Some(_)) => out.option("limit", &count.to_string()),
            (None, _) => {}
        }
        out.flag("null", *null, false);
        out.flag("keeplast", *keep_last, false);
        if let Some(condition) = condition {
            out.group(|out| out.eval(condition));
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if let Some(condition) = &self.condition {
            let condition = lowering.predicate(condition)?;
            let fails = if self.null { condition.negate().is_true() } else { condition.is_true().negate() };
            // No row so far (or, to keep the failing one, no row before this one) failed.
            let failed = lowering.run_of(fails, !self.keep_last, span)?;
            let none = Expr::compare(CompareOp::Eq, failed, Expr::integer(0, span), Case::Sensitive);
            lowering.filter(none, span)?;
            lowering.drop_hidden(span)?;
        }
        let Some(count) = self.count else { return Ok(()) };
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Limit { input, count, last: false, span });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn the_first_rows_are_kept() {
        insta::assert_snapshot!(ir("stats count by awsRegion | head"), @r#"
        aggregate count = count()
            by awsRegion
        first 10
        => awsRegion: string, count: integer
        "#);
        insta::assert_snapshot!(ir("stats count by awsRegion | head limit=3"), @r#"
        aggregate count = count()
            by awsRegion
        first 3
        => awsRegion: string, count: integer
        "#);
    }

    #[test]
    fn rows_end_before_the_first_that_fails_the_condition() {
        insta::assert_snapshot!(ir("stats count by awsRegion | head (count>5)"), @r#"
        aggregate count = count()
            by awsRegion
        window `(run 1)` = count_if(not (count > 5)) over rows so far
        filter `(run 1)` = 0
        project awsRegion, count
        => awsRegion: string, count: integer
        "#);
        insta::assert_snapshot!(ir("stats max(x) as m by awsRegion | head limit=7 keeplast=t null=t (m>5)"), @r#"
        aggregate m = max(x)
            by awsRegion
        window `(run 1)` = count_if(is-true(not (m > 5))) over rows before
        filter `(run 1)` = 0
        project awsRegion, m
        first 7
        => awsRegion: string, m: unknown?
        "#);
    }

    #[test]
    fn unknown_options_are_named() {
        insta::assert_snapshot!(faults("head last=3"), @"S206 `head` has no option `last`");
        insta::assert_snapshot!(faults("head 3 4"), @"S201 expected an option, found `4`");
    }
}
