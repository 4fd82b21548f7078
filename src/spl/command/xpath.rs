//! `xpath`: the values at a path of an XML text (Search Reference, `xpath`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Expr, ExprKind, Literal, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Xpath {
    pub path: Spanned,
    /// `None`: the raw event.
    pub field: Option<Spanned>,
    pub output: String,
    /// Where the path leads to nothing.
    pub default: Option<String>,
}

const OPTIONS: &[&str] = &["outfield", "field", "default"];
/// The field of the values where the search says nothing.
const OUTPUT: &str = "xpath";
const HELP: &str = "write `xpath outfield=name \"//path/to/@value\" field=text`";

impl Syntax for Xpath {
    const NAMES: &'static [&'static str] = &["xpath"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut path, mut field, mut default) = (None, None, None);
        let mut output = OUTPUT.to_owned();
        while !p.at_stage_end() {
            match p.option()? {
                Some((option, value)) => match option.text.as_str() {
                    "outfield" => output = value.text,
                    "field" => field = Some(value).filter(|f| f.text != "_raw"),
                    "default" => default = Some(value.text),
                    _ => return Err(p.unknown_option("xpath", &option, OPTIONS)),
                },
                None => {
                    let text = p.expect_name("a path", HELP)?;
                    p.once(&mut path, text, "xpath", HELP)?;
                }
            }
        }
        match path {
            Some(path) if !path.text.trim().is_empty() => Ok(Xpath { path, field, output, default }),
            Some(path) => Err(p.fail(&code::WRONG_ARGUMENTS, "the path of `xpath` is empty", path.span, HELP)),
            None => Err(p.expected("a path", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { path, field, output, default } = self;
        out.text_option("outfield", output, OUTPUT);
        out.option_of("field", field.as_ref());
        if let Some(default) = default {
            out.option("default", default);
        }
        out.quoted(&path.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let (name, at) = self.field.as_ref().map_or(("_raw", span), |f| (f.text.as_str(), f.span));
        let value = lowering.field(name, at);
        if value.ty.multivalue {
            let message = format!("`xpath` over the multivalue field `{name}` is not supported");
            return Err(super::unsupported(lowering, at, message, "use `mvexpand` before"));
        }
        let many = Type::many(Scalar::Unknown);
        let args = vec![value, Expr::string(self.path.text.clone(), self.path.span)];
        let mut found = Expr::new(ExprKind::Call { function: "xpath", args }, many, true, span);
        if let Some(default) = &self.default {
            let literal = ExprKind::Literal(Literal::Strings(vec![default.clone()]));
            let parts = vec![found, Expr::new(literal, many, false, span)];
            found = Expr::new(ExprKind::Coalesce(parts), many, false, span);
        }
        lowering.extend(vec![(self.output.as_str().into(), found)], span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn a_path_gives_all_its_values() {
        insta::assert_snapshot!(ir(r#"xpath outfield=name "//user/@name" field=userAgent default=none | table name"#), @r#"
        extend name = coalesce(xpath(userAgent, "//user/@name"), ["none"])
        project name
        => name: multivalue<unknown>
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("xpath field=userAgent"), ["S201"]);
        assert_eq!(codes(r#"xpath "//a" "//b""#), ["S206"]);
        assert_eq!(codes(r#"xpath """#), ["S206"]);
    }
}
