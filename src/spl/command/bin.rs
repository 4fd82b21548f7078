//! `bin`, `bucket`: rounds a field down to a multiple of a span (Search Reference, `bin`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Expr, ExprKind, Scalar, TimeUnit, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::time;

#[derive(Clone, PartialEq, Debug)]
pub struct Bin {
    pub field: Spanned,
    pub output: Option<Spanned>,
    pub span: BinSpan,
}

/// The width of a bin.
#[derive(Clone, PartialEq, Debug)]
pub enum BinSpan {
    Number(f64),
    /// So many units of time.
    Time(i64, TimeUnit),
}

const OPTIONS: &[&str] = &["span", "bins", "minspan", "start", "end", "aligntime"];
const HELP: &str = "write `bin span=10m _time`";

impl Syntax for Bin {
    const NAMES: &'static [&'static str] = &["bin", "bucket", "discretize"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        p.skip_space();
        let start = p.pos();
        let (mut span, mut field, mut output) = (None, None, None);
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "span" => span = Some(parse_span(p, &value)?),
                    name if OPTIONS.contains(&name) => return Err(p.unsupported_option("bin", &option)),
                    _ => return Err(p.unknown_option("bin", &option, OPTIONS)),
                }
            } else if field.is_some() && p.eat_keyword("as") {
                output = Some(p.expect_name("the output's name", HELP)?);
            } else {
                let name = p.expect_name("a field name", HELP)?;
                p.once(&mut field, name, "bin", HELP)?;
            }
        }
        let Some(field) = field else { return Err(p.expected("a field name", HELP)) };
        let Some(span) = span else {
            let at = p.span_from(start);
            let message = "`bin` without `span` picks a width that depends on the data, which is not supported";
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, at, HELP));
        };
        Ok(Bin { field, output, span })
    }

    fn print(&self, out: &mut Printer) {
        self.span.print(out);
        out.name(&self.field.text);
        out.output(self.output.as_ref());
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        let output = self.output.as_ref().unwrap_or(&self.field);
        let binned = bin_expr(lowering, value, &self.span, span)?;
        lowering.extend(vec![(output.text.as_str().into(), binned)], span)
    }
}

impl BinSpan {
    /// `span=10m`.
    pub(super) fn print(&self, out: &mut Printer) {
        let text = match self {
            BinSpan::Number(n) => n.to_string(),
            BinSpan::Time(n, unit) => format!("{n}{}", time::symbol(*unit)),
        };
        out.option("span", &text);
    }
}

/// `10m`, `1h`, `5`.
pub(super) fn parse_span(p: &mut Parser<'_>, value: &Spanned) -> Result<BinSpan, Reported> {
    let digits = value.text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(value.text.len());
    let (number, unit) = value.text.split_at(digits);
    let parsed = if unit.is_empty() {
        number.parse().ok().map(BinSpan::Number)
    } else {
        let number = if number.is_empty() { Some(1) } else { number.parse().ok() };
        number.zip(time::unit(unit)).map(|(n, unit)| BinSpan::Time(n, unit))
    };
    let positive = match &parsed {
        Some(BinSpan::Number(n)) => *n > 0.0,
        Some(BinSpan::Time(n, _)) => *n > 0,
        None => false,
    };
    match parsed {
        Some(span) if positive => Ok(span),
        _ => {
            let message = format!("`{}` is no span", value.text);
            Err(p.fail(&code::UNSUPPORTED_OPTION, message, value.span, "write e.g. `span=10m`; snaps and logarithmic spans are not supported"))
        }
    }
}

/// The value rounded down. A number that meets a time is a number of seconds.
pub(super) fn bin_expr(lowering: &mut Lowering<'_>, value: Expr, width: &BinSpan, span: Span) -> Result<Expr, Reported> {
    if value.is_null_literal() {
        return Ok(value);
    }
    if value.ty.multivalue || value.ty.scalar == Scalar::Boolean {
        return Err(super::unsupported(lowering, span, "`bin` takes a number or a time", "convert the field before"));
    }
    let seconds = match width {
        BinSpan::Number(n) => *n,
        BinSpan::Time(n, unit) => match time::seconds(*unit) {
            // Weeks begin with the epoch's weekday in no calendar.
            Some(seconds) if *unit != TimeUnit::Week => *n as f64 * seconds as f64,
            _ => {
                let message = "spans of weeks and longer follow the calendar, which is not supported";
                return Err(super::unsupported(lowering, span, message, "use a span in days"));
            }
        },
    };
    let ty = match value.ty.scalar {
        Scalar::Time => Type::TIME,
        Scalar::Integer if seconds.fract() == 0.0 => Type::INTEGER,
        _ => Type::DOUBLE,
    };
    let nullable = value.nullable || value.ty.is_text();
    Ok(Expr::new(ExprKind::Bin { value: Box::new(value), span: seconds }, ty, nullable, span))
}
