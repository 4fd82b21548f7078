//! `bin`, `bucket`: rounds a field down to a multiple of a span (Search Reference, `bin`).

use super::Syntax;
use super::span::{BinOptions, OPTIONS};
use crate::diagnostic::Reported;
use crate::ir::Scalar;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Bin {
    pub field: Spanned,
    pub output: Option<Spanned>,
    pub options: BinOptions,
}

const HELP: &str = "write `bin span=10m _time`";

impl Syntax for Bin {
    const NAMES: &'static [&'static str] = &["bin", "bucket", "discretize"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut options, mut field, mut output) = (BinOptions::default(), None, None);
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                if !options.take(p, &option, &value)? {
                    return Err(p.unknown_option("bin", &option, OPTIONS));
                }
            } else if field.is_some() && p.eat_keyword("as") {
                output = Some(p.expect_name("the output's name", HELP)?);
            } else {
                let name = p.expect_name("a field name", HELP)?;
                p.once(&mut field, name, "bin", HELP)?;
            }
        }
        match field {
            Some(field) => Ok(Bin { field, output, options }),
            None => Err(p.expected("a field name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, output, options } = self;
        options.print(out);
        out.name(&field.text);
        out.output(output.as_ref());
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        let output = self.output.as_ref().unwrap_or(&self.field);
        let is_time = value.ty.scalar == Scalar::Time;
        let Some(width) = self.options.width(is_time, lowering, span)? else {
            if value.is_null_literal() {
                return Ok(());
            }
            let message = "`bin` without `span` picks a width that depends on the data, which is not supported";
            return Err(super::unsupported(lowering, span, message, "write the width, e.g. `bin span=10 field`"));
        };
        let binned = self.options.bin(value, &width, lowering, span)?;
        lowering.extend(vec![(output.text.as_str().into(), binned)], span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir, ir_from, messages};

    fn last(ir: String) -> String {
        ir.lines().find(|l| l.contains("_time = ")).unwrap_or(&ir).to_owned()
    }

    #[test]
    fn without_a_span_the_window_chooses_it() {
        let chosen = |from: &str| last(ir_from(from, "bin _time | table _time"));
        assert_eq!(chosen("-15m"), "extend _time = bin(_time, 10)");
        assert_eq!(chosen("-60m"), "extend _time = bin(_time, 60)");
        assert_eq!(chosen("-4h"), "extend _time = bin(_time, 300)");
        assert_eq!(chosen("-24h"), "extend _time = bin(_time, 1800)");
        assert_eq!(chosen("-7d"), "extend _time = bin(_time, 86400)");
        assert_eq!(chosen("-30d"), "extend _time = bin(_time, 86400)");
        assert_eq!(chosen("-1y"), "extend _time = relative_time(_time, \"@mon\")");
        assert_eq!(codes("bin _time"), ["C403"]);
        assert!(messages("bin _time bins=10")[0].contains("`10m`"), "{:?}", messages("bin _time bins=10"));
        assert_eq!(last(ir("bin _time minspan=5m | table _time")), "extend _time = bin(_time, 300)");
    }

    #[test]
    fn weeks_and_months_follow_the_calendar() {
        assert_eq!(last(ir("bin _time span=1mon | table _time")), "extend _time = relative_time(_time, \"@mon\")");
        assert_eq!(last(ir("bin _time span=1w@w1 | table _time")), "extend _time = relative_time(_time, \"@w1\")");
        assert_eq!(last(ir("bin _time span=1d@d | table _time")), "extend _time = bin(_time, 86400)");
        assert_eq!(codes("bin _time span=1w"), ["C408"]);
        assert_eq!(codes("bin _time span=2mon"), ["S211"]);
    }

    #[test]
    fn bins_can_begin_at_another_time() {
        insta::assert_snapshot!(last(ir("bin _time span=1h aligntime=900 | table _time")), @"extend _time = (bin((_time - 900), 3600) + 900)");
        insta::assert_snapshot!(last(ir("bin _time span=1h aligntime=earliest | table _time")), @r#"
        extend _time = (relative_time(now(), "-1h") + bin((_time - relative_time(now(), "-1h")), 3600))
        "#);
        // Days begin at midnight whatever the option says.
        assert_eq!(last(ir("bin _time span=1d aligntime=earliest | table _time")), "extend _time = bin(_time, 86400)");
    }

    #[test]
    fn what_depends_on_the_data_is_refused() {
        assert_eq!(codes("stats count | bin count"), ["S211"]);
        assert_eq!(codes("stats count | bin count bins=10 start=0 end=100"), ["S211"]);
        assert_eq!(codes("stats count | bin count span=2log5"), ["S211"]);
        assert_eq!(codes("bin _time span=soon"), ["S207"]);
        assert_eq!(codes("bin _time x=1"), ["S206"]);
    }
}
