//! `appendcols`: the fields of a subsearch's rows beside those of the rows so far, the first beside the first and so on
//! (Search Reference, `appendcols`).

use super::Syntax;
use super::append::Limits;
use crate::diagnostic::Reported;
use crate::ir::Rel;
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Appendcols {
    /// Whether the subsearch's fields replace those of the same name.
    pub replace: bool,
    pub limits: Limits,
    pub subsearch: Pipeline,
}

const OPTIONS: &[&str] = &["override", "maxtime", "maxout", "timeout"];

impl Syntax for Appendcols {
    const NAMES: &'static [&'static str] = &["appendcols"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut replace, mut limits) = (false, Limits::default());
        while let Some((option, value)) = p.option()? {
            match option.text.to_ascii_lowercase().as_str() {
                "override" => replace = p.boolean(&option, &value)?,
                _ if limits.option(p, &option, &value)? => {}
                _ => return Err(p.unknown_option("appendcols", &option, OPTIONS)),
            }
        }
        Ok(Appendcols { replace, limits, subsearch: crate::spl::parse_subsearch(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { replace, limits, subsearch } = self;
        out.flag("override", *replace, false);
        limits.print(out);
        out.subsearch(subsearch);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let other = lowering.beside(&self.subsearch)?;
        if !other.is_closed() || other.open_table.is_some() {
            let message = "`appendcols` of whole events is not supported";
            let help = "end the subsearch in `table` or `stats`";
            return Err(super::unsupported(lowering, self.subsearch.span, message, help));
        }
        let other = self.limits.apply(other, "puts", span, lowering);
        for column in &other.columns {
            match lowering.existing(&column.name, span) {
                None => lowering.scope.declare(&column.name, column.ty, true),
                Some(here) if !self.replace => {
                    // Named so that a field of the events stays with its value.
                    lowering.scope.declare(&column.name, here.ty, here.nullable);
                }
                Some(here) if here.ty.multivalue != column.ty.multivalue => {
                    let message = format!("`{}` holds one value on one side and several on the other", column.name);
                    return Err(super::unsupported(lowering, span, message, "use `mvjoin` to make one value of it"));
                }
                Some(here) => {
                    let (ty, nullable) = (here.ty.union(column.ty), here.nullable || column.nullable);
                    lowering.scope.declare(&column.name, ty, nullable);
                }
            }
        }
        let left = lowering.take_plan(span)?;
        let Some(right) = other.plan else { return Err(Reported) };
        lowering.put_plan(Rel::Beside { left, right: Box::new(right), replace: self.replace, span });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    const OTHER: &str = "sourcetype=aws:cloudtrail errorCode=* | stats count as errors by awsRegion";

    #[test]
    fn rows_stand_side_by_side() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | appendcols [search {OTHER}]")), @r#"
        aggregate count = count()
            by awsRegion
        beside
        [
          scan cloudtrail
              awsRegion: string
          aggregate errors = count()
              by awsRegion
        ]
        => awsRegion: string, count: integer, errors: integer?
        "#);
    }

    #[test]
    fn the_other_sides_fields_can_replace() {
        let stages = format!("stats count by awsRegion | appendcols override=t maxout=5 maxtime=60 [{OTHER}] | table awsRegion");
        insta::assert_snapshot!(ir(&stages), @r#"
        aggregate 
            by awsRegion
        beside replacing
        [
          scan cloudtrail
              awsRegion: string
          aggregate 
              by awsRegion
          first 5
        ]
        project awsRegion
        => awsRegion: string
        "#);
    }

    #[test]
    fn whole_events_are_refused() {
        insta::assert_snapshot!(faults("stats count | appendcols [search sourcetype=aws:cloudtrail]"), @"S211 `appendcols` of whole events is not supported");
        insta::assert_snapshot!(faults("stats count | appendcols foo=t [search sourcetype=aws:cloudtrail]"), @"S206 `appendcols` has no option `foo`");
    }
}
