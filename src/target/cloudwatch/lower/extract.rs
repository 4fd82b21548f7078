//! Parts of texts: JSON below a field, and groups of regular expressions.

use super::super::ast::{self, Command, Expr, RegexPart};
use super::super::regex;
use super::{Form, Lower, Value};
use crate::diagnostic::{Reported, code};
use crate::ir::{self, ExprKind};
use crate::source::Span;

/// Groups of a `parse` command: their names in the rule, and in the query.
pub(super) type Groups = Vec<(String, usize)>;

impl Lower<'_> {
    pub(super) fn json_path(&mut self, e: &ir::Expr) -> Result<Value, Reported> {
        let (value, path) = super::multivalue::whole_path(e);
        let path = path.as_slice();
        if path.contains(&ir::Step::Each) {
            return Err(self.unsupported(
                e.span,
                "Logs Insights reads fixed positions of a list only, so a path with `{}` has no equivalent as a value",
                "expand the field into rows by `mvexpand`, or use it as a grouping key",
            ));
        }
        self.spellable(path, e.span)?;
        let steps = json_steps(path);
        let expr = match &value.kind {
            ExprKind::Column(name) if self.slots.get(name).is_some_and(|s| s.form == Form::Json) => {
                match self.slots.get(name).map(|s| s.expr.clone()) {
                    Some(Expr::Member(field, mut have)) => {
                        have.extend(steps);
                        Expr::Member(field, have)
                    }
                    Some(Expr::Field(field)) => Expr::Member(field, steps),
                    Some(other) => self.parsed_member(other, steps),
                    None => return Err(self.no_lists(e.span)),
                }
            }
            ExprKind::Column(name) if &**name == "_raw" && self.stats == 0 => discovered("", path),
            ExprKind::Column(name) if self.stats == 0 && self.binding.is_object(name) => discovered(name, path),
            _ => {
                let text = self.operand(value)?;
                self.parsed_member(text, steps)
            }
        };
        if matches!(&expr, Expr::Member(_, steps) if steps.iter().any(|s| matches!(s, ast::Step::Index(_)))) {
            self.reading(
                Some(e.span),
                "positions in parsed JSON are taken to count from 0",
                "the manual's examples suggest it",
            );
        }
        Ok(Value { expr, form: Form::Text })
    }

    /// Refuses keys that have no spelling as a name.
    pub(super) fn spellable(&mut self, path: &[ir::Step], span: Span) -> Result<(), Reported> {
        let odd = |s: &ir::Step| matches!(s, ir::Step::Key(k) if k.contains('`') || k.chars().any(char::is_control));
        if !path.iter().any(odd) {
            return Ok(());
        }
        Err(self.unsupported(
            span,
            "Logs Insights documents no spelling for a backtick or a control character in a field name",
            "use another field",
        ))
    }

    /// A part of a JSON text: the text is parsed once, under a name.
    pub(super) fn parsed_member(&mut self, text: Expr, steps: Vec<ast::Step>) -> Expr {
        let have = self.parsed.iter().find(|(t, _)| *t == text).map(|(_, id)| *id);
        let id = match have {
            Some(id) => id,
            None => {
                let parse = Expr::call("jsonParse", vec![text.clone()]);
                let id = self.query.local("json");
                let item = ast::Item { expr: parse, alias: Some(ast::Alias::Local(id)) };
                self.query.commands.push(Command::Fields(vec![item]));
                self.parsed.push((text, id));
                id
            }
        };
        if steps.is_empty() { Expr::local(id) } else { Expr::Member(ast::Field::Local(id), steps) }
    }

    /// A part of the record.
    pub(super) fn record_member(&mut self, steps: &[ir::Step]) -> Expr {
        self.parsed_member(Expr::raw("@message"), json_steps(steps))
    }

    pub(super) fn translated_without_numbers(
        &mut self,
        regex: &str,
        span: Span,
    ) -> Result<regex::Translated, Reported> {
        let mut translated = self.translated(regex, span)?;
        regex::drop_numbered_groups(&mut translated);
        Ok(translated)
    }

    /// The text of a named group, by `parse`.
    pub(super) fn capture(
        &mut self,
        value: &ir::Expr,
        regex: &regex::Translated,
        group: &str,
        span: Span,
    ) -> Result<Value, Reported> {
        let mut source = self.operand(value)?;
        if !matches!(source, Expr::Field(_) | Expr::Member(..)) {
            source = self.named(value, "text")?.expr;
        }
        let have = self.captures.iter().find(|(s, r, _)| *s == source && *r == regex.source);
        let groups = match have {
            Some((_, _, groups)) => groups.clone(),
            None => self.parse(source, regex),
        };
        match groups.iter().find(|(name, _)| name == group) {
            Some((_, id)) => Ok(Value { expr: Expr::local(*id), form: Form::Text }),
            None => Err(self.fail(
                &code::INTERNAL,
                span,
                format!("the regular expression has no group `{group}`"),
                "please report the rule",
            )),
        }
    }

    /// Writes a `parse`; gives the names of its groups.
    fn parse(&mut self, source: Expr, regex: &regex::Translated) -> Groups {
        let mut parts = Vec::new();
        let mut groups = Vec::new();
        let mut from = 0;
        for group in &regex.groups {
            let id = self.query.local(&group.name);
            parts.push(RegexPart::Source(regex.source.get(from..group.at.start).unwrap_or_default().to_owned()));
            parts.push(RegexPart::Group(id));
            groups.push((group.name.clone(), id));
            from = group.at.end;
        }
        parts.push(RegexPart::Source(regex.source.get(from..).unwrap_or_default().to_owned()));
        self.query.commands.push(Command::Parse { source: source.clone(), parts });
        self.captures.push((source, regex.source.clone(), groups.clone()));
        groups
    }
}

fn json_steps(path: &[ir::Step]) -> Vec<ast::Step> {
    path.iter()
        .filter_map(|s| match s {
            ir::Step::Key(key) => Some(ast::Step::Key(key.clone())),
            ir::Step::Index(n) => Some(ast::Step::Index(*n)),
            ir::Step::Each => None,
        })
        .collect()
}

/// A field that Insights discovers in a JSON record: keys and positions joined by dots.
fn discovered(root: &str, path: &[ir::Step]) -> Expr {
    let mut parts: Vec<String> = if root.is_empty() { vec![] } else { vec![root.to_owned()] };
    parts.extend(path.iter().filter_map(|s| match s {
        ir::Step::Key(key) => Some(key.clone()),
        ir::Step::Index(n) => Some(n.to_string()),
        ir::Step::Each => None,
    }));
    Expr::raw(parts.join("."))
}
