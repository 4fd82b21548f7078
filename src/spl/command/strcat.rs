//! `strcat`: joins fields and texts into a field (Search Reference, `strcat`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::function::to_text;
use crate::ir::{Expr, ExprKind, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Strcat {
    /// Whether all fields must have a value; else absent ones are empty texts.
    pub all_required: bool,
    pub parts: Vec<Part>,
    pub output: Spanned,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    Field(Spanned),
    Text(Spanned),
}

const HELP: &str = "write `strcat field \"text\" field output`";

impl Syntax for Strcat {
    const NAMES: &'static [&'static str] = &["strcat"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut all_required = false;
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "allrequired" => all_required = p.boolean(&option, &value)?,
                _ => return Err(p.unknown_option("strcat", &option, &["allrequired"])),
            }
        }
        let mut parts = Vec::new();
        while !p.at_stage_end() {
            parts.push(match p.quoted()? {
                Some(text) => Part::Text(text),
                None => Part::Field(p.expect_name("a field name or a text", HELP)?),
            });
        }
        match parts.pop() {
            Some(Part::Field(output)) if !parts.is_empty() => Ok(Strcat { all_required, parts, output }),
            _ => Err(p.expected("fields or texts, then the output's name", HELP)),
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { all_required, parts, output } = self;
        out.flag("allrequired", *all_required, false);
        for part in parts {
            match part {
                Part::Field(field) => out.single_quoted_name(&field.text),
                Part::Text(text) => out.quoted(&text.text),
            }
        }
        out.single_quoted_name(&output.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut texts = Vec::new();
        for part in &self.parts {
            let field = match part {
                Part::Text(text) => {
                    texts.push(Expr::string(text.text.clone(), text.span));
                    continue;
                }
                Part::Field(field) => field,
            };
            let value = lowering.field(&field.text, field.span);
            if value.ty.multivalue {
                let message = format!("`strcat` of the multivalue field `{}` is not supported", field.text);
                return Err(super::unsupported(lowering, field.span, message, "use `mvjoin` to make one value of it"));
            }
            let value = to_text(value);
            texts.push(if self.all_required || !value.nullable {
                value
            } else {
                let ty = value.ty.union(Type::STRING);
                let parts = vec![value, Expr::string("", field.span)];
                Expr::new(ExprKind::Coalesce(parts), ty, false, field.span)
            });
        }
        let nullable = texts.iter().any(|t| t.nullable);
        let mut joined = Expr::new(ExprKind::Concat(texts), Type::STRING, nullable, span);
        // Where a field is missing, nothing is written: a field of that name keeps its value.
        if nullable && let Some(before) = lowering.existing(&self.output.text, self.output.span) {
            if before.ty.multivalue {
                let message = format!("`{}` would hold one value in some rows and several in others", self.output.text);
                return Err(super::unsupported(lowering, self.output.span, message, "choose a new name"));
            }
            let (ty, nullable) = (before.ty.union(Type::STRING), before.nullable);
            joined = Expr::new(ExprKind::Coalesce(vec![joined, to_text(before)]), ty, nullable, span);
        }
        lowering.extend(vec![(self.output.text.as_str().into(), joined)], span)
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::Compiler;
    use crate::options::Options;
    use crate::rule::Library;
    use crate::schema::Schemas;
    use crate::source::SourceFile;

    /// The IR of the stages behind a source, without the scan.
    fn ir(stages: &str) -> String {
        let rule = format!("name: x\nsearch: 'sourcetype=aws:cloudtrail earliest=-1h latest=now | {stages}'\n");
        let options = Options { all_time: true, ..Options::default() };
        let compiler = Compiler::new(Library::default(), Schemas::builtin(), options);
        let compiled = compiler.compile(&SourceFile::new("x.yml", rule), &[]);
        let text = compiled.ir.map_or_else(|| format!("{:?}", compiled.diagnostics), |query| query.to_string());
        text.lines().skip_while(|l| l.starts_with("scan") || l.starts_with(' ')).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn absent_fields_are_empty_texts() {
        insta::assert_snapshot!(ir(r#"strcat awsRegion ":" userAgent what | table what"#), @r#"
        extend what = concat(awsRegion, ":", coalesce(userAgent, ""))
        project what
        => what: string
        "#);
    }

    #[test]
    fn with_allrequired_the_field_keeps_its_value_where_one_is_absent() {
        insta::assert_snapshot!(ir(r#"strcat allrequired=t awsRegion userAgent errorMessage | table errorMessage"#), @r#"
        extend errorMessage = coalesce(concat(awsRegion, userAgent), errorMessage)
        project errorMessage
        => errorMessage: string?
        "#);
        insta::assert_snapshot!(ir(r#"strcat allrequired=t awsRegion userAgent what | table what"#), @r#"
        extend what = concat(awsRegion, userAgent)
        project what
        => what: string?
        "#);
    }
}
