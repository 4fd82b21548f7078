//! `fields`: keeps or removes fields (Search Reference, `fields`). `_time` and `_raw` stay unless removed by name.

use super::Syntax;
use crate::diagnostic::Reported;
use crate::ir::{Expr, Name};
use crate::source::Span;
use crate::spl::lower::{Lowering, wildcard};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Fields {
    pub remove: bool,
    pub fields: Vec<Spanned>,
}

impl Syntax for Fields {
    const NAMES: &'static [&'static str] = &["fields"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let remove = p.eat("-");
        if !remove {
            p.eat("+");
        }
        let fields = p.names(&[])?;
        if fields.is_empty() {
            return Err(p.expected("a field name", "write `fields a b` or `fields - a b`"));
        }
        Ok(Fields { remove, fields })
    }

    fn print(&self, out: &mut Printer) {
        let Self { remove, fields } = self;
        if *remove {
            out.word("-");
        }
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if self.remove { lowering.remove_fields(&self.fields, span) } else { self.keep(span, lowering) }
    }
}

impl Fields {
    fn keep(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut columns = lowering.listed(&self.fields)?;
        // `_time` stays where there is one; in a subsearch only what is listed is compared.
        let has_time = lowering.scope.origin.is_some() || lowering.scope.column("_time").is_some();
        if has_time && !lowering.is_inner() && !columns.iter().any(|(n, _)| &**n == "_time") {
            let time = lowering.field("_time", span);
            columns.insert(0, ("_time".into(), time));
        }
        lowering.project(columns, span)
    }
}

impl Lowering<'_> {
    /// Removes fields; wildcards too.
    pub(crate) fn remove_fields(&mut self, fields: &[Spanned], span: Span) -> Result<(), Reported> {
        let matches = |name: &str| fields.iter().any(|f| wildcard::pattern(&f.text).matches(name, false));
        if self.scope.open {
            for field in fields.iter().filter(|f| f.text.contains('*')) {
                self.need_all_names(&format!("`{}`", field.text), field.span)?;
            }
            return self.remove_columns(fields.iter().map(|f| f.text.as_str().into()).collect(), span);
        }
        if self.scope.is_closed() {
            let kept: Vec<(Name, Expr)> = self
                .scope
                .columns
                .iter()
                .filter(|c| !matches(&c.name))
                .map(|c| (c.name.clone(), Expr::column(c.name.clone(), c.ty, c.nullable, span)))
                .collect();
            return self.reproject(kept, span);
        }
        let of_group = self.scope.grouped.is_some();
        let gone: Vec<Name> =
            self.scope.columns.iter().filter(|c| of_group && matches(&c.name)).map(|c| c.name.clone()).collect();
        self.scope.columns.retain(|c| !matches(&c.name));
        if let Some(origin) = &mut self.scope.origin {
            // Columns of grouped rows do not come back.
            origin.removed.extend(gone);
            for field in fields {
                if field.text.contains('*') {
                    let pattern = wildcard::pattern(&field.text);
                    let known: Vec<Name> = origin
                        .schemas()
                        .flat_map(|s| s.names())
                        .filter(|n| pattern.matches(n, false))
                        .map(Name::from)
                        .collect();
                    origin.removed.extend(known);
                } else {
                    origin.removed.push(field.text.as_str().into());
                }
            }
        }
        Ok(())
    }
}
