//! `appendpipe`: below the rows, what they become by further stages (Search Reference, `appendpipe`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Appendpipe {
    pub stages: Pipeline,
}

impl Syntax for Appendpipe {
    const NAMES: &'static [&'static str] = &["appendpipe"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                // Whether Splunk runs it for previews of the result.
                "run_in_preview" => {
                    p.boolean(&option, &value)?;
                }
                _ => return Err(p.unknown_option("appendpipe", &option, &["run_in_preview"])),
            }
        }
        Ok(Appendpipe { stages: crate::spl::parse_subpipeline(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { stages } = self;
        out.subpipeline(stages);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        let other = lowering.on_copy(&self.stages)?;
        lowering.union(other, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir, notes};

    #[test]
    fn rows_are_followed_by_what_they_become() {
        insta::assert_snapshot!(ir(r#"stats count by awsRegion | appendpipe [stats sum(count) as count | eval awsRegion="all"]"#), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
          aggregate count = sum(count)
          extend awsRegion = "all"
        ]
        => awsRegion: string, count: integer?
        "#);
        insta::assert_snapshot!(ir("stats count by awsRegion | appendpipe run_in_preview=f [ | search count>5]"), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
          filter count > 5
        ]
        => awsRegion: string, count: integer
        "#);
        insta::assert_snapshot!(notes("stats count by awsRegion | appendpipe [head 1]"), @"");
    }

    #[test]
    fn events_are_not_followed_by_rows_of_another_kind() {
        insta::assert_snapshot!(faults("appendpipe [stats count]"), @"S211 one side has whole events and the other rows with fixed fields, which is not supported");
    }

    #[test]
    fn a_pipeline_in_brackets_is_needed() {
        insta::assert_snapshot!(faults("stats count | appendpipe stats count"), @"S201 expected `[`, found `stats`");
        insta::assert_snapshot!(faults("stats count | appendpipe [count=5]"), @"S203 unknown command `count`");
    }
}
