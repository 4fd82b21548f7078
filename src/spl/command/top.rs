//! `top` and `rare`: the most (or least) frequent values, with count and percentage (Search Reference, `top`, `rare`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{
    Aggregate, AggregateFunction, ArithmeticOp, Expr, ExprKind, Frame, Name, Rel, SortKey, SortOrder, Type,
};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Top {
    pub rare: bool,
    /// 0: all.
    pub limit: u64,
    pub fields: Vec<Spanned>,
    pub count: Option<String>,
    pub percent: Option<String>,
}

const OPTIONS: &[&str] = &["limit", "showcount", "showperc", "countfield", "percentfield", "useother", "otherstr"];

impl Syntax for Top {
    const NAMES: &'static [&'static str] = &["top", "rare"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let rare = p.src()[..p.pos()].trim_end().to_ascii_lowercase().ends_with("rare");
        let (mut limit, mut count, mut percent) = (10, Some("count".to_owned()), Some("percent".to_owned()));
        let mut fields = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if let Some((option, value)) = p.option()? {
                match option.text.as_str() {
                    "limit" => limit = p.number("limit", &value)?,
                    "showcount" => count = count.filter(|_| value.text != "f" && value.text != "false"),
                    "showperc" => percent = percent.filter(|_| value.text != "f" && value.text != "false"),
                    "countfield" => count = Some(value.text),
                    "percentfield" => percent = Some(value.text),
                    "useother" if !p.boolean(&option, &value)? => {}
                    name if OPTIONS.contains(&name) => return Err(p.unsupported_option("top", &option)),
                    _ => return Err(p.unknown_option("top", &option, OPTIONS)),
                }
                continue;
            }
            if p.at_keyword("by") {
                let span = p.span(p.pos(), p.pos() + 2);
                let message = "`top … by` is not supported";
                return Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, span, "use `stats count by …` and `sort`"));
            }
            let word = p.expect_name("a field name", "write `top limit=10 field`")?;
            match word.text.parse() {
                Ok(n) if fields.is_empty() => limit = n,
                _ => fields.push(word),
            }
        }
        if fields.is_empty() {
            return Err(p.expected("a field name", "write `top limit=10 field`"));
        }
        Ok(Top { rare, limit, fields, count, percent })
    }

    fn spelling(&self) -> &'static str {
        if self.rare { "rare" } else { "top" }
    }

    fn print(&self, out: &mut Printer) {
        let Self { rare: _, limit, fields, count, percent } = self;
        out.number_option("limit", *limit, 10);
        print_column(out, count.as_deref(), "count", ["showcount", "countfield"]);
        print_column(out, percent.as_deref(), "percent", ["showperc", "percentfield"]);
        out.names(fields);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let keys = lowering.group_keys(&self.fields, span)?;
        let names: Vec<Name> = keys.iter().map(|(n, _)| n.clone()).collect();
        let count: Name = self.count.as_deref().unwrap_or("count").into();
        let rows = Aggregate { function: AggregateFunction::Count, argument: None, ty: Type::INTEGER, nullable: false, span };
        lowering.group(keys, vec![(count.clone(), rows)], span)?;
        let counted = Expr::column(count.clone(), Type::INTEGER, false, span);
        if let Some(percent) = &self.percent {
            let total: Name = "(total)".into();
            let sum = lowering.typed_aggregate(AggregateFunction::Sum, Some(counted.clone()), span);
            lowering.scope.declare(&total, sum.ty, sum.nullable);
            let input = lowering.take_plan(span)?;
            let columns = vec![(total.clone(), sum)];
            lowering.put_plan(Rel::Window { input, partition: Vec::new(), frame: Frame::Partition, columns, span });
            let of = |op, left, right, ty| {
                let nullable = op == ArithmeticOp::Divide;
                Expr::new(ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, ty, nullable, span)
            };
            let scaled = of(ArithmeticOp::Multiply, counted.clone(), Expr::double(100.0, span), Type::DOUBLE);
            let share = of(ArithmeticOp::Divide, scaled, Expr::column(total, Type::INTEGER, false, span), Type::DOUBLE);
            lowering.extend(vec![(percent.as_str().into(), share)], span)?;
        }
        let key = SortKey { expr: counted, descending: !self.rare, order: SortOrder::Number };
        let input = lowering.take_plan(span)?;
        let limit = (self.limit > 0).then_some(self.limit);
        lowering.put_plan(Rel::Sort { input, keys: vec![key], limit, span });
        if limit.is_some() {
            let message = "which of several equally frequent values stay is not defined";
            lowering.sink.push(Diagnostic::new(&code::READING, message).at(span));
        }
        let shown: Vec<Name> = names
            .into_iter()
            .chain(self.count.is_some().then(|| count.clone()))
            .chain(self.percent.as_deref().map(Name::from))
            .collect();
        let kept = lowering
            .scope
            .columns
            .iter()
            .filter(|c| shown.contains(&c.name))
            .map(|c| (c.name.clone(), Expr::column(c.name.clone(), c.ty, c.nullable, span)))
            .collect();
        lowering.project(kept, span)
    }
}

/// A column's name, where it is not the usual one; `None`: it is not shown.
fn print_column(out: &mut Printer, name: Option<&str>, usual: &str, [show, rename]: [&str; 2]) {
    match name {
        None => out.flag(show, false, true),
        Some(name) if name != usual => out.option(rename, name),
        Some(_) => {}
    }
}
