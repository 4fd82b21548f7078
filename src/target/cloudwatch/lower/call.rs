//! Calls of SPL's eval functions.

use super::super::ast::Expr;
use super::super::function;
use super::{Form, Lower, Value};
use crate::diagnostic::Reported;
use crate::ir::{self, Literal};
use crate::options::InsightsLevel;
use crate::source::Span;

impl Lower<'_> {
    pub(super) fn call(&mut self, name: &'static str, args: &[ir::Expr], e: &ir::Expr) -> Result<Value, Reported> {
        if let ("mvindex", [list, index]) = (name, args) {
            return self.mvindex(list, index, e.span);
        }
        if let ("mvcount", [list]) = (name, args)
            && let Some(column) = list.as_column()
            && let Some(count) = self.list_count(column, e.span)
        {
            return Ok(Value { expr: count, form: Form::Number });
        }
        if let ("replace", [value, pattern, replacement]) = (name, args) {
            return self.replace(value, pattern, replacement, e.span);
        }
        if name == "substr"
            && !matches!(args.get(1).and_then(ir::Expr::as_literal), Some(Literal::Integer(n)) if *n > 0)
        {
            return Err(self.unsupported(
                e.span,
                "Logs Insights counts characters from the start only, so `substr` needs a constant start above 0",
                "use `replace` or `rex` for the end of a text",
            ));
        }
        if args.iter().any(|a| a.ty.multivalue) {
            return Err(self.no_lists(e.span));
        }
        let Some(function) = function::find(name, args.len()) else {
            return Err(self.unsupported(
                e.span,
                format!("Logs Insights has no equivalent of `{name}` with {} arguments", args.len()),
                "see the functions of the target in the documentation",
            ));
        };
        if function.level == InsightsLevel::Y2026 {
            self.need_newest(&format!("`{name}`"), e.span)?;
        }
        let mut filled = Vec::with_capacity(args.len());
        for arg in args {
            filled.push(self.operand(arg)?);
        }
        let form = match function.result {
            function::Gives::Number => Form::Number,
            function::Gives::Text | function::Gives::Boolean => Form::Text,
        };
        Ok(Value { expr: function.fill(&filled), form })
    }

    /// `replace`, by a literal where the expression is one.
    fn replace(
        &mut self,
        value: &ir::Expr,
        pattern: &ir::Expr,
        replacement: &ir::Expr,
        span: Span,
    ) -> Result<Value, Reported> {
        let (Some(Literal::String(pattern)), Some(Literal::String(replacement))) =
            (pattern.as_literal(), replacement.as_literal())
        else {
            return Err(self.unsupported(
                span,
                "`replace` needs a constant expression and replacement in Logs Insights",
                "write them out",
            ));
        };
        let text = self.operand(value)?;
        let new = self.text_literal(replacement, span)?;
        let is_literal = !pattern.chars().any(|c| r"\.+*?()|[]{}^$".contains(c));
        if is_literal {
            let old = self.text_literal(pattern, span)?;
            return Ok(Value { expr: Expr::call("replace", vec![text, old, new]), form: Form::Text });
        }
        self.need_newest("`replace` by a regular expression", span)?;
        if replacement.contains(['\\', '$']) {
            return Err(self.unsupported(
                span,
                "how `regexReplace` refers to groups is not documented",
                "take the parts by `rex` and join them",
            ));
        }
        let source = self.translated(pattern, span)?.source.replace("\\/", "/");
        let regex = self.text_literal(&source, span)?;
        self.reading(
            Some(span),
            "`regexReplace` is taken to read its expression as a text with backslashes doubled",
            "the manual does not show how it is quoted",
        );
        Ok(Value { expr: Expr::call("regexReplace", vec![text, regex, new]), form: Form::Text })
    }
}
