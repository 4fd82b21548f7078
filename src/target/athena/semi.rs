//! Subsearches as conditions: whether a row of the other side has the values of a row.

use sqlparser::ast::{Expr as Sql, Ident, SelectItem};

use super::block::{Block, Needs, Slot, hidden};
use super::emitter::Emitter;
use super::join::relation;
use super::typed::{Kind, Phys, Typed};
use super::{scalar, select, sql};
use crate::diagnostic::Reported;
use crate::ir::{Expr, Literal, Name, Rel, Type};
use crate::source::Span;

impl Emitter<'_> {
    pub(super) fn semi_join(
        &mut self,
        input: &Rel,
        other: &Rel,
        on: &[(Expr, Name)],
        negated: bool,
        span: Span,
        needs: &Needs,
    ) -> Result<Block, Reported> {
        let mut inner = needs.clone();
        on.iter().for_each(|(e, _)| inner.add_expr(e, 1));
        let mut block = self.build(input, &inner)?;
        if block.windowed || block.limit.is_some() {
            block = self.close(block, &inner)?;
        }
        let mut other_needs = Needs::default();
        on.iter().for_each(|(_, name)| other_needs.add(name, 1));
        let mut other = self.build(other, &other_needs)?;
        other.label = "subsearch";
        let mut values = Vec::new();
        for (_, name) in on {
            values.push(self.other_value(&other, name, span)?);
        }
        let mut arrays = 0;
        for (e, _) in on {
            arrays += usize::from(self.value(e, &block)?.phys.array);
        }
        let some_lack = on.len() > 1 && values.iter().any(|v| v.nullable);
        let several = values.iter().any(|v| v.phys.array) || (arrays > 0 && on.len() > 1);
        let condition = if some_lack || several {
            if block.group.is_some() {
                block = self.close(block, &inner)?;
            }
            self.exists(&block, other, values, on, span)?
        } else {
            let other = self.close(other, &other_needs)?;
            let Some(other_name) = relation(&other) else {
                return Err(self.internal(span, "a subsearch is no relation"));
            };
            self.membership(&block, &other, &other_name, on, negated, span)?
        };
        let condition = if negated && (some_lack || several) { sql::not(condition) } else { condition };
        let place = if block.group.is_some() { &mut block.having } else { &mut block.filter };
        place.push(condition);
        Ok(block)
    }

    fn other_value(&mut self, other: &Block, name: &Name, span: Span) -> Result<Typed, Reported> {
        match other.slot(name).cloned() {
            Some(slot) => Ok(self.read_slot(&slot, span, other)?.null_if_empty()),
            None => Ok(scalar::constant(&Literal::Null, Type::UNKNOWN).convert(Phys::VARCHAR)),
        }
    }

    /// `value IN (SELECT …)`: rows of the other side have all columns, or it has just one.
    fn membership(
        &mut self,
        block: &Block,
        other: &Block,
        other_name: &Ident,
        on: &[(Expr, Name)],
        negated: bool,
        span: Span,
    ) -> Result<Sql, Reported> {
        let mut left = Vec::new();
        let mut right = Vec::new();
        let mut present = other.filter.clone();
        for (e, name) in on {
            let l = self.value(e, block)?;
            let r = self.joined_value(other, name, span)?;
            if r.nullable {
                present.push(sql::is_not_null(r.sql.clone()));
            }
            left.push(l);
            right.push(sql::call("lower", vec![r.text()]));
        }
        if let ([l], [r]) = (left.as_slice(), right.as_slice())
            && l.phys.array
        {
            return Ok(overlap(self.parameter(block), l.clone(), r.clone(), other_name, present, negated));
        }
        let nullable = left.iter().any(|l| l.nullable);
        let missing: Vec<Sql> = left.iter().filter(|l| l.nullable).map(|l| sql::is_null(l.sql.clone())).collect();
        let single_column = left.len() == 1 && left.iter().all(|l| sql::is_column(&l.sql));
        let folded: Vec<Sql> = left.into_iter().map(|l| sql::call("lower", vec![l.text()])).collect();
        let items = right.into_iter().map(SelectItem::UnnamedExpr).collect();
        let member = sql::in_query(sql::tuple(folded), select::simple(items, other_name, present));
        Ok(match (negated, nullable, single_column) {
            (false, _, _) => member,
            (true, false, _) => sql::not(member),
            (true, true, true) => {
                let mut parts = missing;
                parts.push(sql::not(member));
                sql::or(parts)
            }
            (true, true, false) => sql::not(sql::coalesce(vec![member, sql::boolean(false)])),
        })
    }

    /// `EXISTS (SELECT …)`: a column that the other row lacks asks nothing.
    fn exists(
        &mut self,
        block: &Block,
        mut other: Block,
        values: Vec<Typed>,
        on: &[(Expr, Name)],
        span: Span,
    ) -> Result<Sql, Reported> {
        // Inside the subquery its columns would hide those of the row, so that they get names of their own.
        let prefix = (0..)
            .map(|n| if n == 0 { "wanted".to_owned() } else { format!("wanted_{n}") })
            .find(|prefix| {
                on.iter().all(|(_, name)| !block.names.contains(&super::ident::plain(&format!("{prefix}_{name}"))))
            })
            .unwrap_or_default();
        let lacking = values.iter().map(|v| v.nullable.then(|| v.sql.clone())).collect::<Option<Vec<Sql>>>();
        if !other.is_open() {
            let mut needs = Needs::default();
            on.iter().for_each(|(_, name)| needs.add(name, 1));
            other = self.close(other, &needs)?;
            let mut again = Vec::new();
            for (_, name) in on {
                again.push(self.other_value(&other, name, span)?);
            }
            return self.exists(block, other, again, on, span);
        }
        // A row without any of the values equals none.
        if let Some(lacking) = lacking {
            other.filter.push(sql::or(lacking.into_iter().map(sql::is_not_null).collect()));
        }
        let mut needs = Needs::default();
        let mut names = Vec::new();
        for ((_, name), value) in on.iter().zip(values) {
            let wanted = hidden(&format!("{prefix}_{name}"));
            let parameter = self.parameter(&other);
            other.set(wanted.clone(), Slot::Ready(lowered(value, &parameter)));
            needs.add(&wanted, 1);
            names.push(wanted);
        }
        let other = self.close(other, &needs)?;
        let Some(other_name) = relation(&other) else {
            return Err(self.internal(span, "a subsearch is no relation"));
        };
        let mut conditions = other.filter.clone();
        for ((e, _), wanted) in on.iter().zip(&names) {
            let own = self.value(e, block)?;
            let there = self.other_value(&other, wanted, span)?;
            let equal = self.some_equal(own, there.clone(), block);
            let lacks = (there.nullable && on.len() > 1).then(|| sql::is_null(there.sql));
            conditions.push(sql::or(lacks.into_iter().chain([equal]).collect()));
        }
        let one = vec![SelectItem::UnnamedExpr(sql::integer(1))];
        Ok(sql::exists(select::simple(one, &other_name, conditions)))
    }

    /// Whether the values, or some of them, are equal; those of the other side are in lower case.
    fn some_equal(&mut self, own: Typed, there: Typed, block: &Block) -> Sql {
        let parameter = self.parameter(block);
        let fold = |text: Sql| sql::call("lower", vec![text]);
        let any = |array: Sql, body: Sql| sql::call("any_match", vec![array, sql::lambda(&[&parameter], body)]);
        let x = sql::column(&parameter);
        match (own.phys.array, there.phys.array) {
            (false, false) => sql::eq(fold(own.text()), there.sql),
            (true, false) => any(own.text(), sql::eq(fold(x), there.sql)),
            (false, true) => sql::call("contains", vec![there.sql, fold(own.text())]),
            (true, true) => {
                let folded = sql::call("transform", vec![own.text(), sql::lambda(&[&parameter], fold(x))]);
                sql::call("arrays_overlap", vec![folded, there.sql])
            }
        }
    }
}

/// A value, or each of several, in lower case.
fn lowered(value: Typed, parameter: &str) -> Typed {
    let (array, nullable, ty) = (value.phys.array, value.nullable, value.ty);
    let text = value.text();
    let phys = Phys { kind: Kind::Varchar, array };
    let sql = match array {
        false => sql::call("lower", vec![text]),
        true => {
            let body = sql::call("lower", vec![sql::column(parameter)]);
            sql::call("transform", vec![text, sql::lambda(&[parameter], body)])
        }
    };
    Typed { can_be_empty: false, ..Typed::new(sql, phys, ty, nullable) }
}

/// Whether some value of a multivalue field is among those of the other side.
fn overlap(parameter: String, l: Typed, r: Sql, other: &Ident, present: Vec<Sql>, negated: bool) -> Sql {
    let texts = l.convert(Phys::many(Kind::Varchar)).sql;
    let folded = sql::call("lower", vec![sql::column(&parameter)]);
    let folded = sql::call("transform", vec![texts, sql::lambda(&[&parameter], folded)]);
    let all = SelectItem::UnnamedExpr(sql::call("array_agg", vec![r]));
    let others = sql::subquery(select::simple(vec![all], other, present));
    let overlap = sql::call("arrays_overlap", vec![folded, others]);
    if negated { sql::not(sql::coalesce(vec![overlap, sql::boolean(false)])) } else { overlap }
}
