//! `fieldformat`: another look for a field when it is shown; its value stays (Search Reference, `fieldformat`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::eval::{self, Eval};
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Fieldformat {
    pub field: Spanned,
    pub format: Eval,
}

const HELP: &str = "write `fieldformat field=expression`";

impl Syntax for Fieldformat {
    const NAMES: &'static [&'static str] = &["fieldformat"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let field = p.expect_name("a field name", HELP)?;
        p.expect("=", HELP)?;
        Ok(Fieldformat { field, format: eval::parse(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, format } = self;
        out.name(&field.text);
        out.word("=");
        out.eval(format);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        // For its faults: fields that do not exist, wrong arguments.
        lowering.eval(&self.format)?;
        let message = format!("`{}` is shown as it is, not in the look that `fieldformat` gives it", self.field.text);
        let help = "use `eval` to change the value itself";
        lowering.sink.push(Diagnostic::new(&code::SHAPE_NOT_KEPT, message).at(span).help(help));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir, notes};

    #[test]
    fn the_value_stays_and_it_is_said() {
        let stages = r#"stats count by awsRegion | fieldformat count=tostring(count, "commas")"#;
        insta::assert_snapshot!(ir(stages), @r#"
        aggregate count = count()
            by awsRegion
        => awsRegion: string, count: integer
        "#);
        insta::assert_snapshot!(notes(stages), @"C404 `count` is shown as it is, not in the look that `fieldformat` gives it");
    }

    #[test]
    fn faults_of_the_expression_are_found() {
        insta::assert_snapshot!(faults("fieldformat awsRegion=lowwer(awsRegion)"), @"S205 unknown function `lowwer`");
        insta::assert_snapshot!(faults("fieldformat awsRegion"), @"S201 expected `=`, found the end of the search");
    }
}
