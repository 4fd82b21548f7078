//! `selfjoin`: joins rows with other rows of the same result (Search Reference, `selfjoin`). The manual does not say which
//! of several others a row is joined to, nor which of a pair stays, so that the stage is read and refused.

use super::Syntax;
use crate::diagnostic::Reported;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Selfjoin {
    pub overwrite: bool,
    /// How many other rows a row is joined to; 0: all.
    pub max: u32,
    /// Whether rows without another are kept.
    pub keep_single: bool,
    pub fields: Vec<Spanned>,
}

const OPTIONS: &[&str] = &["overwrite", "max", "keepsingle"];
const HELP: &str = "write `selfjoin [keepsingle=t] field …`";

impl Syntax for Selfjoin {
    const NAMES: &'static [&'static str] = &["selfjoin"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut join = Selfjoin { overwrite: true, max: 1, keep_single: false, fields: Vec::new() };
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            match p.option()? {
                Some((option, value)) => match option.text.to_ascii_lowercase().as_str() {
                    "overwrite" => join.overwrite = p.boolean(&option, &value)?,
                    "keepsingle" => join.keep_single = p.boolean(&option, &value)?,
                    "max" => join.max = p.number("max", &value)?,
                    _ => return Err(p.unknown_option("selfjoin", &option, OPTIONS)),
                },
                None => join.fields.push(p.expect_name("a field name", HELP)?),
            }
        }
        if join.fields.is_empty() { Err(p.expected("a field name", HELP)) } else { Ok(join) }
    }

    fn print(&self, out: &mut Printer) {
        let Self { overwrite, max, keep_single, fields } = self;
        out.flag("overwrite", *overwrite, true);
        out.number_option("max", *max, 1);
        out.flag("keepsingle", *keep_single, false);
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        for field in &self.fields {
            lowering.field(&field.text, field.span);
        }
        let message = "`selfjoin` is not supported: the manual leaves open which rows it pairs";
        let help = "use `stats values(…) by …` or `eventstats` to bring rows with equal fields together";
        Err(super::unsupported(lowering, span, message, help))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::faults;

    #[test]
    fn the_stage_is_read_and_refused() {
        insta::assert_snapshot!(faults("table awsRegion errorCode | selfjoin max=0 keepsingle=t awsRegion"), @"S211 `selfjoin` is not supported: the manual leaves open which rows it pairs");
        insta::assert_snapshot!(faults("table awsRegion errorCode | selfjoin min=0 awsRegion"), @"S206 `selfjoin` has no option `min`");
        insta::assert_snapshot!(faults("table awsRegion errorCode | selfjoin"), @"S201 expected a field name, found the end of the search");
    }
}
