//! `join`: adds the fields of a subsearch's rows to rows with equal keys (Search Reference, `join`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Column, Expr, ExprKind, Join as JoinRel, JoinKind, Name, Rel};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::{Lowering, Scope};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    pub left: bool,
    /// 0: all.
    pub max: u32,
    /// Whether the subsearch's fields replace those of the same name.
    pub overwrite: bool,
    /// Empty: all fields that both sides have.
    pub fields: Vec<Spanned>,
    pub subsearch: Pipeline,
}

const OPTIONS: &[&str] = &["type", "max", "overwrite", "usetime", "earlier", "keepsingle", "left", "right"];
const HELP: &str = "write `join type=left field [ search … ]`";

impl Syntax for Join {
    const NAMES: &'static [&'static str] = &["join"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut left, mut max, mut overwrite, mut fields) = (false, 1, true, Vec::new());
        loop {
            while p.eat(",") {}
            if p.peek() == Some('[') {
                break;
            }
            if p.at_stage_end() {
                return Err(p.expected("a subsearch in brackets", HELP));
            }
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "type" => match value.text.to_ascii_lowercase().as_str() {
                        "inner" => left = false,
                        "left" | "outer" => left = true,
                        _ => {
                            let message = format!("`join` has no type `{}`", value.text);
                            return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, "types are `inner`, `left` and `outer`"));
                        }
                    },
                    "max" => max = p.number("max", &value)?,
                    "overwrite" => overwrite = p.boolean(&option, &value)?,
                    "usetime" | "earlier" | "keepsingle" if !p.boolean(&option, &value)? => {}
                    "usetime" | "earlier" => {
                        let message = format!("`join {}` pairs rows by their time, which is not supported", option.text);
                        let help = "compare the times behind the join, by `where`, with `max=0`";
                        return Err(p.fail(&code::UNSUPPORTED_OPTION, message, option.span, help));
                    }
                    "left" | "right" => {
                        let message = "`join` with names for its sides (`left=L right=R where L.a=R.b`) is not supported";
                        let help = "rename the subsearch's field, and join on the common name";
                        return Err(p.fail(&code::UNSUPPORTED_OPTION, message, option.span, help));
                    }
                    name if OPTIONS.contains(&name) => return Err(p.unsupported_option("join", &option)),
                    _ => return Err(p.unknown_option("join", &option, OPTIONS)),
                }
                continue;
            }
            fields.push(p.expect_name("a field name", HELP)?);
        }
        let subsearch = crate::spl::parse_subsearch(p)?;
        Ok(Join { left, max, overwrite, fields, subsearch })
    }

    fn print(&self, out: &mut Printer) {
        let Self { left, max, overwrite, fields, subsearch } = self;
        if *left {
            out.option("type", "left");
        }
        out.number_option("max", *max, 1);
        out.flag("overwrite", *overwrite, true);
        out.names(fields);
        out.subsearch(subsearch);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let right = lowering.beside(&self.subsearch)?;
        if !right.is_closed() {
            let message = "a `join` with whole events is not supported";
            return Err(super::unsupported(lowering, self.subsearch.span, message, "end the subsearch in `table` or `stats`"));
        }
        if right.open {
            let message = "a `join` with columns that the data names is not supported";
            return Err(super::unsupported(lowering, self.subsearch.span, message, "end the subsearch in `table` or `stats`"));
        }
        let common;
        let fields = if self.fields.is_empty() {
            common = self.common(&right, span, lowering)?;
            &common
        } else {
            &self.fields
        };
        let mut on: Vec<Name> = Vec::new();
        for field in fields {
            let name: Name = field.text.as_str().into();
            let here = lowering.field(&name, field.span);
            let Some(there) = right.column(&name) else {
                let message = format!("the subsearch has no field `{name}`, so no row is joined");
                let help = "join on a field that both sides have";
                return Err(lowering.sink.fail(Diagnostic::new(&code::TYPE_MISMATCH, message).at(field.span).help(help)));
            };
            if here.is_null_literal() || here.ty.multivalue || there.ty.multivalue {
                let message = format!("`join` on `{name}` needs one value on each side");
                return Err(super::unsupported(lowering, field.span, message, "use `mvexpand` before"));
            }
            if lowering.scope.column(&name).is_none() || here.as_column() != Some(&name) {
                lowering.extend(vec![(name.clone(), here)], span)?;
            }
            on.push(name);
        }
        let message = "Splunk joins at most 50,000 rows of a subsearch; here all of them count";
        lowering.sink.push(Diagnostic::new(&code::SEARCH_LIMIT, message).at(span));
        let mut right = right;
        let kept = if self.overwrite { Vec::new() } else { self.set_aside(&mut right, &on, span, lowering) };
        let left = lowering.take_plan(span)?;
        let Some(plan) = right.plan else { return Err(Reported) };
        for Column { name, ty, nullable } in &right.columns {
            if on.contains(name) {
                continue;
            }
            let before = lowering.scope.column(name).cloned();
            let ty = match (&before, self.left) {
                (Some(before), true) => before.ty.union(*ty),
                _ => *ty,
            };
            lowering.scope.declare(name, ty, *nullable || self.left);
        }
        let kind = if self.left { JoinKind::Left } else { JoinKind::Inner };
        let max = (self.max > 0).then_some(self.max);
        lowering.put_plan(Rel::Join(JoinRel { left, right: Box::new(plan), kind, on, max, span }));
        self.put_back(kept, span, lowering)
    }
}

impl Join {
    /// The fields that both sides have.
    fn common(&self, right: &Scope, span: Span, lowering: &mut Lowering<'_>) -> Result<Vec<Spanned>, Reported> {
        if !lowering.scope.is_closed() {
            let message = "`join` without fields joins on all common ones, and which fields the events have is not listed here";
            return Err(super::unsupported(lowering, span, message, "name the fields to join on"));
        }
        let common: Vec<Spanned> = right
            .columns
            .iter()
            .filter(|c| lowering.scope.column(&c.name).is_some())
            .map(|c| Spanned { text: c.name.to_string(), span })
            .collect();
        if common.is_empty() {
            let message = "both sides of `join` have no field in common, so no row is joined";
            let help = "join on a field that both sides have";
            return Err(lowering.sink.fail(Diagnostic::new(&code::TYPE_MISMATCH, message).at(span).help(help)));
        }
        Ok(common)
    }

    /// Gives the subsearch's fields that rows here have too another name: the name here, the hidden one, and the value here.
    fn set_aside(
        &self,
        right: &mut Scope,
        on: &[Name],
        span: Span,
        lowering: &mut Lowering<'_>,
    ) -> Vec<(Name, Column, Expr)> {
        let mut kept = Vec::new();
        let mut columns = Vec::new();
        for column in &mut right.columns {
            let value = Expr::column(column.name.clone(), column.ty, column.nullable, span);
            let here = if on.contains(&column.name) { None } else { lowering.existing(&column.name, span) };
            if let Some(here) = here {
                let name = column.name.clone();
                column.name = lowering.hidden("joined");
                kept.push((name, column.clone(), here));
            }
            columns.push((column.name.clone(), value));
        }
        if !kept.is_empty() {
            right.plan = right.plan.take().map(|plan| Rel::Project { input: Box::new(plan), columns });
        }
        kept
    }

    /// Puts the subsearch's value where a row has none of its own.
    fn put_back(&self, kept: Vec<(Name, Column, Expr)>, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if kept.is_empty() {
            return Ok(());
        }
        let mut columns = Vec::new();
        for (name, joined, here) in kept {
            lowering.scope.columns.retain(|c| c.name != joined.name);
            if !here.nullable || here.ty.multivalue != joined.ty.multivalue {
                continue;
            }
            let (ty, nullable) = (here.ty.union(joined.ty), joined.nullable || self.left);
            let joined = Expr::column(joined.name, joined.ty, nullable, span);
            columns.push((name, Expr::new(ExprKind::Coalesce(vec![here, joined]), ty, nullable, span)));
        }
        lowering.extend(columns, span)?;
        lowering.drop_hidden(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    const OTHER: &str = "search sourcetype=aws:cloudtrail | stats count dc(errorCode) as errors by awsRegion";

    #[test]
    fn fields_of_the_rows_can_stay() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | join type=outer overwrite=f awsRegion [{OTHER}]")), @r#"
        aggregate count = count()
            by awsRegion
        join left max 1 on awsRegion
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          aggregate errors = distinct_count(errorCode)
              by awsRegion
          project awsRegion, errors
        ]
        project awsRegion, count, errors
        => awsRegion: string, count: integer, errors: integer?
        "#);
        insta::assert_snapshot!(ir(&format!("stats max(x) as errors by awsRegion | join overwrite=f awsRegion [{OTHER}]")), @r#"
        aggregate errors = max(x)
            by awsRegion
        join inner max 1 on awsRegion
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          aggregate count = count(), errors = distinct_count(errorCode)
              by awsRegion
          project awsRegion, count, `(joined 1)` = errors
        ]
        extend errors = coalesce(errors, `(joined 1)`)
        project awsRegion, errors, count
        => awsRegion: string, errors: unknown, count: integer
        "#);
    }

    #[test]
    fn without_fields_all_common_ones_join() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | join [{OTHER}]")), @r#"
        aggregate count = count()
            by awsRegion
        join inner max 1 on awsRegion, count
        [
          scan cloudtrail
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          aggregate count = count(), errors = distinct_count(errorCode)
              by awsRegion
        ]
        => awsRegion: string, count: integer, errors: integer
        "#);
        insta::assert_snapshot!(faults(&format!("join [{OTHER}]")), @"S211 `join` without fields joins on all common ones, and which fields the events have is not listed here");
        insta::assert_snapshot!(faults(&format!("stats count as n by eventName | join [{OTHER}]")), @"N310 both sides of `join` have no field in common, so no row is joined");
    }

    #[test]
    fn joins_by_time_and_by_side_are_named() {
        insta::assert_snapshot!(faults(&format!("stats count by awsRegion | join usetime=t awsRegion [{OTHER}]")), @"S207 `join usetime` pairs rows by their time, which is not supported");
        insta::assert_snapshot!(faults(&format!("stats count by awsRegion | join left=L right=R where L.a=R.b [{OTHER}]")), @"S207 `join` with names for its sides (`left=L right=R where L.a=R.b`) is not supported");
    }
}
