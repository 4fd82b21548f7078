//! `tojson`: fields of a row become members of a JSON text (Search Reference, `tojson`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Tojson {
    /// What a field is written as, and the field, which may be a wildcard; empty: all fields.
    pub fields: Vec<(Kind, Spanned)>,
    pub default_kind: Kind,
    /// Absent fields are written as `null`.
    pub fill_null: bool,
    /// Fields whose names begin with `_` are written too.
    pub include_internal: bool,
    pub output: String,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// As what it looks like.
    Auto,
    Boolean,
    /// A text that is JSON already.
    Json,
    Number,
    String,
    /// As it is.
    None,
}

impl Kind {
    /// The word that SPL has for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Auto => "auto",
            Kind::Boolean => "bool",
            Kind::Json => "json",
            Kind::Number => "num",
            Kind::String => "str",
            Kind::None => "none",
        }
    }
}

const KINDS: [Kind; 6] = [Kind::Auto, Kind::Boolean, Kind::Json, Kind::Number, Kind::String, Kind::None];
const OPTIONS: &[&str] = &["default_type", "fill_null", "include_internal", "output_field"];
/// The field of the text where the search says nothing.
const OUTPUT: &str = "_raw";
const HELP: &str = "write `tojson str(a) num(b) output_field=json`";

impl Syntax for Tojson {
    const NAMES: &'static [&'static str] = &["tojson"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut tojson = Tojson {
            fields: Vec::new(),
            default_kind: Kind::None,
            fill_null: false,
            include_internal: false,
            output: OUTPUT.to_owned(),
        };
        let mut plain = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "default_type" => tojson.default_kind = kind(p, &value)?,
                    "fill_null" => tojson.fill_null = p.boolean(&option, &value)?,
                    "include_internal" => tojson.include_internal = p.boolean(&option, &value)?,
                    "output_field" => tojson.output = value.text,
                    _ => return Err(p.unknown_option("tojson", &option, OPTIONS)),
                }
                continue;
            }
            let name = p.expect_name("a field name", HELP)?;
            if p.eat("(") {
                let kind = kind(p, &name)?;
                let field = p.expect_name("a field name", HELP)?;
                p.expect(")", HELP)?;
                tojson.fields.push((kind, field));
            } else {
                plain.push(tojson.fields.len());
                tojson.fields.push((Kind::None, name));
            }
        }
        for index in plain {
            tojson.fields[index].0 = tojson.default_kind;
        }
        Ok(tojson)
    }

    fn print(&self, out: &mut Printer) {
        let Self { fields, default_kind, fill_null, include_internal, output } = self;
        out.text_option("default_type", default_kind.name(), Kind::None.name());
        out.flag("fill_null", *fill_null, false);
        out.flag("include_internal", *include_internal, false);
        out.text_option("output_field", output, OUTPUT);
        for (kind, field) in fields {
            if kind == default_kind {
                out.name(&field.text);
            } else {
                out.call(kind.name(), &field.text);
            }
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let everything = [(self.default_kind, Spanned { text: "*".to_owned(), span })];
        let listed = if self.fields.is_empty() { &everything[..] } else { &self.fields };
        if self.fields.is_empty() && !lowering.scope.is_closed() {
            let message = "`tojson` of all fields of whole events is not supported: they differ from event to event";
            return Err(super::unsupported(lowering, span, message, "name the fields: `tojson a b`"));
        }
        let mut args = vec![Expr::boolean(self.fill_null, span)];
        for (kind, field) in listed {
            let names = if field.text.contains('*') {
                lowering.matching_fields(&field.text, field.span)?
            } else {
                vec![field.text.as_str().into()]
            };
            for name in names {
                if name.starts_with('_') && field.text.starts_with('*') && !self.include_internal {
                    continue;
                }
                let value = lowering.field(&name, field.span);
                args.extend([Expr::string(kind.name(), field.span), Expr::string(&*name, field.span), value]);
            }
        }
        if self.output == "_raw" && !lowering.scope.is_closed() {
            let message = "from here on `_raw` is the JSON text; words without a field are sought in the event as it was (differs)";
            lowering.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span));
        }
        let json = Expr::new(ExprKind::Call { function: "tojson_row", args }, Type::one(Scalar::Json), false, span);
        lowering.extend(vec![(self.output.as_str().into(), json)], span)
    }
}

fn kind(p: &mut Parser<'_>, name: &Spanned) -> Result<Kind, Reported> {
    match KINDS.into_iter().find(|k| k.name() == name.text) {
        Some(kind) => Ok(kind),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|k| k.name()).collect();
            let message = format!("`tojson` has no type `{}`", name.text);
            Err(p.fail(&code::WRONG_ARGUMENTS, message, name.span, &format!("its types are `{}`", known.join("`, `"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn fields_become_members() {
        insta::assert_snapshot!(ir("tojson awsRegion num(userAgent) default_type=str fill_null=t output_field=json | table json"), @r#"
        extend json = tojson_row(true, "str", "awsRegion", awsRegion, "num", "userAgent", userAgent)
        project json
        => json: json
        "#);
        insta::assert_snapshot!(ir("stats count by awsRegion | tojson"), @r#"
        aggregate count = count()
            by awsRegion
        extend _raw = tojson_row(false, "none", "awsRegion", awsRegion, "none", "count", count)
        => awsRegion: string, count: integer, _raw: json
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("tojson output_field=x"), ["S211"]);
        assert_eq!(codes("tojson text(awsRegion)"), ["S206"]);
        assert_eq!(codes("tojson x=1"), ["S206"]);
    }
}
