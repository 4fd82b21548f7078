//! `convert`: `ctime`, `num` and their kin on fields in place (Search Reference, `convert`). Absent fields stay absent.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Convert {
    pub timeformat: String,
    pub conversions: Vec<Conversion>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Conversion {
    pub function: Spanned,
    pub field: Spanned,
    pub output: Option<Spanned>,
}

/// The format that Splunk uses where none is given.
const DEFAULT_FORMAT: &str = "%m/%d/%Y %H:%M:%S";
const FUNCTIONS: &[&str] = &["auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit"];
const HELP: &str = "write `convert timeformat=\"%Y-%m-%d\" ctime(field) [as name]`";

impl Syntax for Convert {
    const NAMES: &'static [&'static str] = &["convert"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut timeformat = DEFAULT_FORMAT.to_owned();
        let mut conversions = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if let Some((option, value)) = p.option()? {
                if option.text != "timeformat" {
                    return Err(p.unknown_option("convert", &option, &["timeformat"]));
                }
                timeformat = value.text;
                continue;
            }
            let function = p.expect_name("a conversion", HELP)?;
            if !FUNCTIONS.contains(&function.text.to_ascii_lowercase().as_str()) {
                let message = format!("`convert` has no function `{}`", function.text);
                return Err(p.fail(&code::UNKNOWN_FUNCTION, message, function.span, &format!("its functions are {}", FUNCTIONS.join(", "))));
            }
            p.expect("(", HELP)?;
            let field = p.expect_name("a field name", HELP)?;
            p.expect(")", HELP)?;
            let output = if p.eat_keyword("as") { Some(p.expect_name("the output's name", HELP)?) } else { None };
            conversions.push(Conversion { function, field, output });
        }
        if conversions.is_empty() {
            return Err(p.expected("a conversion", HELP));
        }
        Ok(Convert { timeformat, conversions })
    }

    fn print(&self, out: &mut Printer) {
        let Self { timeformat, conversions } = self;
        if timeformat != DEFAULT_FORMAT {
            out.option("timeformat", timeformat);
        }
        for conversion in conversions {
            out.call(&conversion.function.text, &conversion.field.text);
            out.output(conversion.output.as_ref());
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        for conversion in &self.conversions {
            let names: Vec<String> = if conversion.field.text.contains('*') {
                let names = lowering.matching_fields(&conversion.field.text, conversion.field.span)?;
                names.iter().map(ToString::to_string).collect()
            } else {
                vec![conversion.field.text.clone()]
            };
            for name in names {
                self.convert(conversion, &name, span, lowering)?;
            }
        }
        Ok(())
    }
}

impl Convert {
    fn convert(&self, c: &Conversion, name: &str, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(name, c.field.span);
        if value.is_null_literal() {
            return Ok(());
        }
        let format = self.timeformat.clone();
        let convert: Box<dyn FnOnce(Expr) -> Expr> = match c.function.text.to_ascii_lowercase().as_str() {
            "ctime" => Box::new(move |one| {
                let nullable = one.nullable || one.ty.is_text();
                Expr::new(ExprKind::FormatTime { time: Box::new(one), format }, Type::STRING, nullable, span)
            }),
            "mktime" => Box::new(move |one| {
                let text = Box::new(crate::function::to_text(one));
                Expr::new(ExprKind::ParseTime { text, format }, Type::TIME, true, span)
            }),
            "num" => Box::new(move |one| match one.ty.is_numeric() {
                true => one,
                false => {
                    let kind = ExprKind::Cast { value: Box::new(one), to: Scalar::Double };
                    Expr::new(kind, Type::DOUBLE, true, span)
                }
            }),
            "none" => return Ok(()),
            other => {
                let message = format!("`convert {other}(…)` is not supported");
                return Err(super::unsupported(lowering, c.function.span, message, "use `eval` to convert the field"));
            }
        };
        let converted = lowering.each_value(value, span, convert);
        let output = c.output.as_ref().map_or(name, |o| o.text.as_str());
        lowering.extend(vec![(output.into(), converted)], span)
    }
}
