//! `rename`: gives fields other names (Search Reference, `rename`). A field that takes an existing name replaces it.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Column, Expr, Name};
use crate::source::Span;
use crate::spl::lower::{Lowering, wildcard};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Rename {
    pub pairs: Vec<(Spanned, Spanned)>,
}

const HELP: &str = "write `rename old as new`, several separated by commas";

impl Syntax for Rename {
    const NAMES: &'static [&'static str] = &["rename"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut pairs = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            let from = p.expect_name("a field name", HELP)?;
            if !p.eat_keyword("as") {
                return Err(p.expected("`as`", HELP));
            }
            let to = p.expect_name("the new name", HELP)?;
            if from.text.matches('*').count() != to.text.matches('*').count() || from.text.matches('*').count() > 1 {
                let message = format!("the wildcards of `{}` and `{}` do not pair", from.text, to.text);
                return Err(p.fail(&code::WRONG_ARGUMENTS, message, from.span.to(to.span), "use one `*` on each side"));
            }
            pairs.push((from, to));
        }
        if pairs.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        Ok(Rename { pairs })
    }

    fn print(&self, out: &mut Printer) {
        let Self { pairs } = self;
        for (i, (from, to)) in pairs.iter().enumerate() {
            out.comma(i);
            out.name(&from.text);
            out.output(Some(to));
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        for (from, to) in &self.pairs {
            if from.text.contains('*') {
                lowering.rename_wildcard(from, to, span)?;
            } else if from.text != to.text {
                lowering.rename(&from.text, &to.text, from.span, span)?;
            }
        }
        Ok(())
    }
}

impl Lowering<'_> {
    /// Renames one field. A field that no row can have leaves the other as it is, and is reported.
    pub(crate) fn rename(&mut self, from: &str, to: &str, at: Span, span: Span) -> Result<(), Reported> {
        let value = self.field(from, at);
        if value.is_null_literal() {
            return Ok(());
        }
        self.rename_columns(vec![(from.into(), to.into(), value)], span)
    }

    /// Renames columns together: (old name, new name, value).
    fn rename_columns(&mut self, pairs: Vec<(Name, Name, Expr)>, span: Span) -> Result<(), Reported> {
        if self.scope.open {
            let columns = pairs.iter().map(|(_, to, value)| (to.clone(), value.clone())).collect();
            self.extend(columns, span)?;
            let gone = pairs.iter().map(|(from, _, _)| from.clone());
            let gone = gone.filter(|from| !pairs.iter().any(|(_, to, _)| to == from)).collect();
            return self.remove_columns(gone, span);
        }
        if self.scope.is_closed() {
            let mut columns: Vec<(Name, Expr)> = Vec::new();
            for Column { name, ty, nullable } in self.scope.columns.clone() {
                let renamed = pairs.iter().find(|(from, _, _)| *from == name).map(|(_, to, _)| to.clone());
                let overwritten = pairs.iter().any(|(_, to, _)| *to == name);
                if renamed.is_none() && overwritten {
                    continue;
                }
                let value = Expr::column(name.clone(), ty, nullable, span);
                columns.push((renamed.unwrap_or(name), value));
            }
            // A member of a text is no column yet.
            for (from, to, value) in pairs {
                if self.scope.column(&from).is_none() {
                    columns.retain(|(n, _)| *n != to);
                    columns.push((to, value));
                }
            }
            return self.reproject(columns, span);
        }
        let columns = pairs.iter().map(|(_, to, value)| (to.clone(), value.clone())).collect();
        self.extend(columns, span)?;
        for (from, _, _) in &pairs {
            if pairs.iter().any(|(_, to, _)| to == from) {
                continue;
            }
            self.scope.columns.retain(|c| c.name != *from);
            if let Some(origin) = &mut self.scope.origin
                && !origin.removed.contains(from)
            {
                origin.removed.push(from.clone());
            }
        }
        Ok(())
    }

    fn rename_wildcard(&mut self, from: &Spanned, to: &Spanned, span: Span) -> Result<(), Reported> {
        self.need_all_names(&format!("`rename {} as {}`", from.text, to.text), from.span)?;
        let mut pairs = Vec::new();
        for column in self.scope.columns.clone() {
            if let Some(new) = wildcard::rename(&from.text, &to.text, &column.name)
                && *new != *column.name
            {
                let value = Expr::column(column.name.clone(), column.ty, column.nullable, from.span);
                pairs.push((column.name, new.into(), value));
            }
        }
        if !pairs.is_empty() {
            self.rename_columns(pairs, span)?;
        }
        // Fields of the events that no stage has named yet get their new names when one does.
        let Some(origin) = &mut self.scope.origin else { return Ok(()) };
        let (Some(old), Some(new)) = (from.text.strip_suffix('*'), to.text.strip_suffix('*')) else {
            let message = format!("only wildcards at the end of a name are supported, not `{}`", from.text);
            return Err(super::unsupported(self, from.span, message, "name the fields"));
        };
        let of_dataset = old.strip_suffix('.').is_some_and(|d| origin.datasets.iter().any(|x| x == d));
        if of_dataset && new.is_empty() {
            // The field's own name is understood with and without its dataset.
        } else {
            origin.prefixes.push((old.to_owned(), new.to_owned()));
        }
        Ok(())
    }
}
