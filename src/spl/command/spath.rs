//! `spath`: reads JSON (Search Reference, `spath`). With a path, one field; without, every member that later stages name.

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Scalar, Step, Type, parse_path};
use crate::source::Span;
use crate::spl::lower::{Lowering, Reader};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Spath {
    pub input: Option<Spanned>,
    pub output: Option<Spanned>,
    pub path: Option<Spanned>,
}

const OPTIONS: &[&str] = &["input", "output", "path"];

impl Syntax for Spath {
    const NAMES: &'static [&'static str] = &["spath"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut spath = Spath { input: None, output: None, path: None };
        while !p.at_stage_end() {
            match p.option()? {
                Some((option, value)) => match option.text.as_str() {
                    "input" => spath.input = Some(value),
                    "output" => spath.output = Some(value),
                    "path" => spath.path = Some(value),
                    _ => return Err(p.unknown_option("spath", &option, OPTIONS)),
                },
                // A bare word is the path.
                None => {
                    let help = "write `spath input=field output=name path=a.b{}`";
                    let name = p.expect_name("a path", help)?;
                    p.once(&mut spath.path, name, "spath", help)?;
                }
            }
        }
        Ok(spath)
    }

    fn print(&self, out: &mut Printer) {
        let Self { input, output, path } = self;
        for (option, value) in [("input", input), ("output", output), ("path", path)] {
            if let Some(value) = value {
                out.option(option, &value.text);
            }
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let input = self.input.as_ref().filter(|i| i.text != "_raw");
        match (&self.path, input) {
            (Some(path), input) => self.one(path, input, span, lowering),
            // Search time extraction has done that already.
            (None, None) => Ok(()),
            (None, Some(input)) => {
                let value = lowering.field(&input.text, input.span);
                if value.is_null_literal() {
                    return Ok(());
                }
                if value.ty.multivalue {
                    let message = format!("`spath` over the multivalue field `{}` is not supported", input.text);
                    return Err(super::unsupported(lowering, input.span, message, "use `mvexpand` before"));
                }
                lowering.open_text(value, Reader::Json, span)
            }
        }
    }
}

impl Spath {
    fn one(&self, path: &Spanned, input: Option<&Spanned>, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let output = self.output.as_ref().unwrap_or(path);
        let Some(steps) = parse_path(&path.text) else {
            let message = format!("`{}` is no path", path.text);
            let help = "write e.g. `a.b{}.c`";
            return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(path.span).help(help)));
        };
        let value = match input {
            Some(input) => {
                let value = lowering.field(&input.text, input.span);
                if value.is_null_literal() {
                    return Ok(());
                }
                json_path(lowering, value, steps, span)?
            }
            None => match lowering.raw_field(&normalized(&path.text, &steps), path.span) {
                Some(value) => value,
                None => {
                    let message = "the events are not read from JSON here, so `spath` finds nothing";
                    return Err(super::unsupported(lowering, span, message, "name the JSON text by `input=`"));
                }
            },
        };
        let name = output.text.as_str().into();
        lowering.extend(vec![(name, value)], span)
    }
}

/// `{}` behind the first name, where the record's top is no list, means the thing itself: the field has no list there.
fn normalized(text: &str, steps: &[Step]) -> String {
    let top_is_list = matches!(steps.get(1), Some(Step::Each));
    match (top_is_list, steps.first()) {
        (true, Some(Step::Key(key))) if matches!(key.as_str(), "requestParameters" | "responseElements") => {
            text.replacen(&format!("{key}{{}}"), key, 1)
        }
        _ => text.to_owned(),
    }
}

/// The value at a path of a JSON text; of each text, where the field has several.
pub(crate) fn json_path(lowering: &mut Lowering<'_>, value: Expr, path: Vec<Step>, span: Span) -> Result<Expr, Reported> {
    if value.ty.multivalue {
        let message = "`spath` over a multivalue field is not supported";
        return Err(super::unsupported(lowering, span, message, "use `mvexpand` before"));
    }
    let many = path.contains(&Step::Each);
    let ty = Type { scalar: Scalar::Unknown, multivalue: many };
    Ok(Expr::new(ExprKind::JsonPath { value: Box::new(value), path }, ty, true, span))
}
