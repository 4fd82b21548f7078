//! `rangemap`: names the ranges that a number is in, in the field `range` (Search Reference, `rangemap`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Scalar, Type};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Rangemap {
    pub field: Spanned,
    /// Name, least and greatest value.
    pub ranges: Vec<(Spanned, f64, f64)>,
    /// Where no range has the value.
    pub default: String,
}

/// What a number outside all ranges gets where the search says nothing.
const DEFAULT: &str = "None";
const HELP: &str = "write `rangemap field=count low=0-10 high=11-100 default=severe`";

impl Syntax for Rangemap {
    const NAMES: &'static [&'static str] = &["rangemap"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut ranges, mut default) = (None, Vec::new(), DEFAULT.to_owned());
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            let Some((name, value)) = p.option()? else { return Err(p.expected("`name=from-to`", HELP)) };
            match name.text.as_str() {
                "field" => field = Some(value),
                "default" => default = value.text,
                _ => match range(&value.text) {
                    Some((from, to)) => ranges.push((name, from, to)),
                    None => {
                        let message = format!("`{}` is no range", value.text);
                        let help = "write the least and the greatest value, e.g. `low=-5-10`";
                        return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, help));
                    }
                },
            }
        }
        let Some(field) = field else { return Err(p.expected("`field=`", HELP)) };
        Ok(Rangemap { field, ranges, default })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, ranges, default } = self;
        out.option("field", &field.text);
        for (name, from, to) in ranges {
            out.option(&name.text, &format!("{from}-{to}"));
        }
        out.text_option("default", default, DEFAULT);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let value = lowering.field(&self.field.text, self.field.span);
        let range: crate::ir::Name = "range".into();
        if value.is_null_literal() {
            return lowering.extend(vec![(range, Expr::string(self.default.clone(), span))], span);
        }
        if value.ty.multivalue || value.ty.scalar == Scalar::Boolean {
            let message = format!("`rangemap` takes a number, and `{}` is of type {}", self.field.text, value.ty);
            return Err(super::unsupported(lowering, self.field.span, message, "use `mvexpand` before"));
        }
        let number = if value.ty.is_text() {
            Expr::new(ExprKind::Cast { value: Box::new(value), to: Scalar::Double }, Type::DOUBLE, true, span)
        } else {
            value
        };
        let arms: Vec<(Expr, Expr)> = self
            .ranges
            .iter()
            .map(|(name, from, to)| {
                let bound = |op, n| Expr::compare(op, number.clone(), Expr::double(n, name.span), Case::Sensitive);
                let within = Expr::and(vec![bound(CompareOp::Ge, *from), bound(CompareOp::Le, *to)], name.span);
                (within, Expr::string(name.text.clone(), name.span))
            })
            .collect();
        let overlap = |(a, b): (&(Spanned, f64, f64), &(Spanned, f64, f64))| a.1 <= b.2 && b.1 <= a.2;
        let pairs = self.ranges.iter().enumerate().flat_map(|(i, a)| self.ranges[i + 1..].iter().map(move |b| (a, b)));
        let default = Expr::string(self.default.clone(), span);
        let mapped = if pairs.into_iter().any(overlap) {
            // A number can be in several ranges: it gets the names of all.
            let one = |arm| Expr::new(ExprKind::Case { arms: vec![arm], otherwise: None }, Type::STRING, true, span);
            let args = arms.into_iter().map(one).collect();
            let many = Type::many(Scalar::String);
            let all = Expr::new(ExprKind::Call { function: "mvappend", args }, many, true, span);
            let literal = crate::ir::Literal::Strings(vec![self.default.clone()]);
            let none = Expr::new(ExprKind::Literal(literal), many, false, span);
            Expr::new(ExprKind::Coalesce(vec![all, none]), many, false, span)
        } else {
            Expr::new(ExprKind::Case { arms, otherwise: Some(Box::new(default)) }, Type::STRING, false, span)
        };
        lowering.extend(vec![(range, mapped)], span)
    }
}

/// `1-10`, `-5--1`, `0.5-2`.
fn range(text: &str) -> Option<(f64, f64)> {
    let middle = text.char_indices().skip(1).find(|(_, c)| *c == '-')?.0;
    let (from, to): (f64, f64) = (text[..middle].trim().parse().ok()?, text[middle + 1..].trim().parse().ok()?);
    (from <= to && from.is_finite() && to.is_finite()).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};
    use super::*;

    #[test]
    fn numbers_are_named_by_their_range() {
        insta::assert_snapshot!(ir("stats count | rangemap field=count low=0-10 high=11-100 default=severe"), @r#"
        aggregate count = count()
        extend range = case when count >= 0.0 and count <= 10.0 then "low" when count >= 11.0 and count <= 100.0 then "high" else "severe" end
        => count: integer, range: string
        "#);
    }

    #[test]
    fn overlapping_ranges_give_several_names() {
        insta::assert_snapshot!(ir("stats count | rangemap field=count low=0-10 odd=5-15"), @r#"
        aggregate count = count()
        extend range = coalesce(mvappend(case when count >= 0.0 and count <= 10.0 then "low" end, case when count >= 5.0 and count <= 15.0 then "odd" end), ["None"])
        => count: integer, range: multivalue<string>
        "#);
    }

    #[test]
    fn bounds_may_be_negative() {
        assert_eq!(range("-5--1"), Some((-5.0, -1.0)));
        assert_eq!(range("0.5-2"), Some((0.5, 2.0)));
        assert_eq!(range("5-1"), None);
        assert_eq!(range("5"), None);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("rangemap low=1-2"), ["S201"]);
        assert_eq!(codes("rangemap field=awsRegion low=high"), ["S206"]);
    }
}
