//! `makecontinuous`: bins of a field that no row has get a row (Search Reference, `makecontinuous`).

use super::Syntax;
use super::span::{BinOptions, OPTIONS};
use crate::diagnostic::Reported;
use crate::ir::{Continuous, Expr, Name, Rel, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Makecontinuous {
    /// `None`: `_time`.
    pub field: Option<Spanned>,
    pub bins: BinOptions,
}

const HELP: &str = "write `makecontinuous _time span=1h`";

impl Syntax for Makecontinuous {
    const NAMES: &'static [&'static str] = &["makecontinuous"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut bins) = (None, BinOptions::default());
        while !p.at_stage_end() {
            match p.option()? {
                Some((option, _)) if matches!(option.text.as_str(), "start" | "end") => {
                    return Err(p.unsupported_option("makecontinuous", &option));
                }
                Some((option, value)) => {
                    if !bins.take(p, &option, &value)? {
                        return Err(p.unknown_option("makecontinuous", &option, OPTIONS));
                    }
                }
                None => {
                    let name = p.expect_name("a field name", HELP)?;
                    p.once(&mut field, name, "makecontinuous", HELP)?;
                }
            }
        }
        Ok(Makecontinuous { field, bins })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, bins } = self;
        if let Some(field) = field {
            out.name(&field.text);
        }
        bins.print(out);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let (name, at) = self.field.as_ref().map_or(("_time", span), |f| (f.text.as_str(), f.span));
        if !lowering.scope.is_closed() {
            let message = "`makecontinuous` of whole events is not supported";
            return Err(super::unsupported(lowering, span, message, "count them by bins before: `timechart count`"));
        }
        let value = lowering.field(name, at);
        if value.is_null_literal() {
            return Ok(());
        }
        let is_time = value.ty.scalar == Scalar::Time;
        let Some(width) = self.bins.width(is_time, lowering, span)? else {
            let message = "`makecontinuous` without `span` picks a width that depends on the data, which is not supported";
            return Err(super::unsupported(lowering, span, message, HELP));
        };
        let binned = self.bins.bin(value, &width, lowering, span)?;
        let column: Name = name.into();
        lowering.extend(vec![(column.clone(), binned.clone())], span)?;
        // Rows without the field belong to no bin.
        if binned.nullable {
            lowering.filter(Expr::column(column.clone(), binned.ty, true, at).is_not_null(), span)?;
        }
        for other in lowering.scope.columns.iter_mut() {
            other.nullable = other.name != column;
        }
        let ty = Type { multivalue: false, ..binned.ty };
        lowering.scope.declare(&column, ty, false);
        let input = lowering.take_plan(span)?;
        let stride = width.stride();
        lowering.put_plan(Rel::Continuous(Continuous { input, column, stride, from: None, until: None, span }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn bins_without_rows_get_one() {
        insta::assert_snapshot!(ir("stats count by duration | makecontinuous duration span=10"), @r#"
        filter
            duration is not null
            and bin(duration, 10) is not null
        aggregate count = count()
            by duration
        extend duration = bin(duration, 10)
        continuous duration every 10
        => duration: double, count: integer?
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("makecontinuous _time span=1h"), ["S211"]);
        assert_eq!(codes("stats count | makecontinuous count"), ["S211"]);
        assert_eq!(codes("stats count | makecontinuous count start=1"), ["S207"]);
        assert_eq!(codes("stats count | makecontinuous count x=1"), ["S206"]);
    }
}
