//! Conditions. SQL's WHERE keeps rows for which a condition is TRUE, so that most conditions need not be told
//! apart where they are FALSE or NULL; under a negation it is the other way round. Each condition is therefore
//! rendered for what its reader asks: see [`Want`].

use sqlparser::ast::Expr as Sql;

use super::block::Block;
use super::compare::{is_caseless, like_pattern};
use super::emitter::Emitter;
use super::sql;
use super::typed::{Phys, Typed};
use crate::diagnostic::Reported;
use crate::ir::{Expr, ExprKind, Literal};

/// When a rendered condition is TRUE. Elsewhere it is FALSE or NULL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Want {
    True,
    False,
    /// FALSE or NULL.
    NotTrue,
    /// TRUE or NULL.
    NotFalse,
}

impl Want {
    /// What is asked of the operand of a NOT.
    fn negated(self) -> Want {
        match self {
            Want::True => Want::False,
            Want::False => Want::True,
            Want::NotTrue => Want::NotFalse,
            Want::NotFalse => Want::NotTrue,
        }
    }
}

/// When a condition is NULL.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum NullWhen {
    Never,
    /// Exactly where this is NULL.
    Null(Box<Sql>),
    Unknown,
}

impl NullWhen {
    /// Of a condition that is NULL where either side is.
    pub(super) fn or(self, other: NullWhen) -> NullWhen {
        match (self, other) {
            (NullWhen::Never, x) | (x, NullWhen::Never) => x,
            (a, b) if a == b => a,
            _ => NullWhen::Unknown,
        }
    }
}

/// A condition without connectives.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Exact in three-valued logic.
    pub(super) sql: Sql,
    /// Shorter, and TRUE where `sql` is.
    pub(super) loose: Option<Sql>,
    /// TRUE where `sql` is FALSE, where `NOT sql` is not the best way to say it.
    pub(super) negation: Option<Sql>,
    pub(super) null_when: NullWhen,
}

impl Leaf {
    pub(super) fn new(sql: Sql, null_when: NullWhen) -> Self {
        Self { sql, loose: None, negation: None, null_when }
    }

    fn wanted(self, want: Want) -> Sql {
        let truth = |leaf: Leaf| leaf.loose.unwrap_or(leaf.sql);
        match want {
            Want::True => truth(self),
            Want::False => self.negation.unwrap_or_else(|| sql::not(self.sql)),
            Want::NotTrue => match self.null_when.clone() {
                NullWhen::Never => sql::not(truth(self)),
                NullWhen::Null(e) => sql::or(vec![sql::is_null(*e), sql::not(self.sql)]),
                NullWhen::Unknown => sql::not(sql::coalesce(vec![truth(self), sql::boolean(false)])),
            },
            Want::NotFalse => match self.null_when {
                NullWhen::Never => truth(self),
                NullWhen::Null(_) | NullWhen::Unknown => sql::coalesce(vec![self.sql, sql::boolean(true)]),
            },
        }
    }
}

/// When a value is NULL, as far as one expression tells.
pub(super) fn null_when(value: &Typed) -> NullWhen {
    match (value.nullable, sql::is_column(&value.sql) && !value.phys.array) {
        (false, _) => NullWhen::Never,
        (true, true) => NullWhen::Null(Box::new(value.sql.clone())),
        (true, false) => NullWhen::Unknown,
    }
}

impl Emitter<'_> {
    /// A condition that is TRUE where the predicate is as wanted.
    pub(super) fn truth(&mut self, e: &Expr, want: Want, block: &Block) -> Result<Sql, Reported> {
        let all = |this: &mut Self, parts: &[Expr]| -> Result<Vec<Sql>, Reported> {
            // Every part is rendered, so that every complaint is heard.
            let parts: Vec<_> = parts.iter().map(|p| this.truth(p, want, block)).collect();
            parts.into_iter().collect()
        };
        match (&e.kind, want) {
            (ExprKind::And(parts), Want::True | Want::NotFalse)
            | (ExprKind::Or(parts), Want::False | Want::NotTrue) => Ok(sql::and(all(self, parts)?)),
            (ExprKind::Or(parts), Want::True | Want::NotFalse)
            | (ExprKind::And(parts), Want::False | Want::NotTrue) => Ok(sql::or(all(self, parts)?)),
            (ExprKind::Not(inner), want) => self.truth(inner, want.negated(), block),
            (ExprKind::IsTrue(inner), Want::True | Want::NotFalse) => self.truth(inner, Want::True, block),
            (ExprKind::IsTrue(inner), Want::False | Want::NotTrue) => self.truth(inner, Want::NotTrue, block),
            (ExprKind::IsNull(inner), Want::True | Want::NotFalse) => Ok(self.absent(inner, block)?),
            (ExprKind::IsNull(inner), Want::False | Want::NotTrue) => self.present(inner, block),
            _ => Ok(self.leaf(e, block)?.wanted(want)),
        }
    }

    fn absent(&mut self, e: &Expr, block: &Block) -> Result<Sql, Reported> {
        Ok(self.value(e, block)?.absent())
    }

    fn present(&mut self, e: &Expr, block: &Block) -> Result<Sql, Reported> {
        let value = self.value(e, block)?;
        Ok(match value.phys.array && value.can_be_empty {
            true => sql::cmp(sql::call("cardinality", vec![value.sql]), crate::ir::CompareOp::Gt, sql::integer(0)),
            false => sql::is_not_null(value.sql),
        })
    }

    /// A predicate's value, exact in three-valued logic.
    pub(super) fn logical(&mut self, e: &Expr, block: &Block) -> Result<Sql, Reported> {
        let mut all = |parts: &[Expr]| -> Result<Vec<Sql>, Reported> {
            let parts: Vec<_> = parts.iter().map(|p| self.logical(p, block)).collect();
            parts.into_iter().collect()
        };
        match &e.kind {
            ExprKind::And(parts) => Ok(sql::and(all(parts)?)),
            ExprKind::Or(parts) => Ok(sql::or(all(parts)?)),
            ExprKind::Not(inner) => Ok(sql::not(self.logical(inner, block)?)),
            ExprKind::IsTrue(inner) if inner.nullable => {
                let truth = self.truth(inner, Want::True, block)?;
                Ok(sql::coalesce(vec![truth, sql::boolean(false)]))
            }
            ExprKind::IsTrue(inner) => self.logical(inner, block),
            ExprKind::IsNull(inner) => self.absent(inner, block),
            _ => Ok(self.leaf(e, block)?.sql),
        }
    }

    /// A predicate that is no connective.
    fn leaf(&mut self, e: &Expr, block: &Block) -> Result<Leaf, Reported> {
        match &e.kind {
            ExprKind::Literal(Literal::Boolean(b)) => Ok(Leaf::new(sql::boolean(*b), NullWhen::Never)),
            ExprKind::Compare { op, left, right, case } => self.compare(*op, left, right, *case, e.span, block),
            ExprKind::OneOf { value, items, case } => {
                let value = self.value(value, block)?;
                if !items.iter().all(|i| is_caseless(i)) {
                    self.spelling(&value, *case, e.span);
                }
                self.over_values(value, e, block, &mut |_, v| Ok(super::compare::one_of(v, items, *case)))
            }
            ExprKind::Like { value, pattern, case } => {
                let value = self.value(value, block)?;
                if !is_caseless(&like_pattern(pattern).0) {
                    self.spelling(&value, *case, e.span);
                }
                self.over_values(value, e, block, &mut |_, v| Ok(super::compare::like(v, pattern, *case)))
            }
            ExprKind::Regex { value, regex } => {
                let value = self.value(value, block)?;
                let regex = self.regex(regex, e.span)?;
                self.over_values(value, e, block, &mut |_, v| {
                    let null = null_when(&v);
                    Ok(Leaf::new(sql::call("regexp_like", vec![v.text(), sql::string(&*regex)]), null))
                })
            }
            ExprKind::InCidr { value, cidr } => {
                let value = self.value(value, block)?;
                let network = self.network(cidr, e.span)?;
                self.over_values(value, e, block, &mut |_, v| Ok(super::compare::in_network(v, &network)))
            }
            ExprKind::Term { pattern } => self.term(pattern, e.span, block),
            ExprKind::Any { value, variable, predicate } => {
                let value = self.value(value, block)?;
                self.any(value, *variable, predicate, e, block)
            }
            _ => {
                let value = self.value(e, block)?;
                let null = if e.nullable { null_when(&value) } else { NullWhen::Never };
                Ok(Leaf::new(value.convert(Phys::BOOLEAN).sql, null))
            }
        }
    }

    /// A test of a value; of a multivalue field: whether some value passes.
    pub(super) fn over_values(
        &mut self,
        value: Typed,
        e: &Expr,
        block: &Block,
        test: &mut dyn FnMut(&mut Self, Typed) -> Result<Leaf, Reported>,
    ) -> Result<Leaf, Reported> {
        if !value.phys.array {
            let mut leaf = test(self, value)?;
            if !e.nullable {
                leaf.null_when = NullWhen::Never;
            }
            return Ok(leaf);
        }
        let parameter = self.parameter(block);
        let element = Typed::new(sql::column(&parameter), Phys::one(value.phys.kind), value.ty.element(), false);
        let exact = self.inside(|this| test(this, element))?.sql;
        let loose = match &value.elements {
            None => None,
            Some(elements) => {
                let element =
                    Typed::new(elements.element.clone(), Phys::one(value.phys.kind), value.ty.element(), true);
                let leaf = self.inside(|this| test(this, element))?;
                let body = leaf.loose.unwrap_or(leaf.sql);
                Some(any_match(elements.items.clone(), &elements.parameter, body))
            }
        };
        Ok(any_leaf(value, &parameter, exact, loose))
    }

    fn any(
        &mut self,
        value: Typed,
        variable: u32,
        predicate: &Expr,
        e: &Expr,
        block: &Block,
    ) -> Result<Leaf, Reported> {
        if !value.phys.array {
            let null = null_when(&value);
            self.variables.insert(variable, value);
            let sql = self.logical(predicate, block)?;
            let null = if e.nullable { null } else { NullWhen::Never };
            return Ok(Leaf::new(sql, if predicate.size() > 3 { NullWhen::Unknown } else { null }));
        }
        let parameter = self.parameter(block);
        let element = Typed::new(sql::column(&parameter), Phys::one(value.phys.kind), value.ty.element(), false);
        self.variables.insert(variable, element);
        let mut exact = self.inside(|this| this.logical(predicate, block))?;
        // A value of which the predicate is NULL does not pass; `any_match` would make NULL of it.
        let shorter = predicate.nullable.then(|| any_match(value.sql.clone(), &parameter, exact.clone()));
        if predicate.nullable {
            exact = sql::coalesce(vec![exact, sql::boolean(false)]);
        }
        let loose = match &value.elements {
            None => shorter,
            Some(elements) => {
                let element =
                    Typed::new(elements.element.clone(), Phys::one(value.phys.kind), value.ty.element(), true);
                self.variables.insert(variable, element);
                let body = self.inside(|this| this.truth(predicate, Want::True, block))?;
                // The items without a value must not pass, as a negative predicate would let them.
                let body = match positive(predicate) {
                    true => body,
                    false => sql::and(vec![sql::is_not_null(elements.element.clone()), body]),
                };
                Some(any_match(elements.items.clone(), &elements.parameter, body))
            }
        };
        Ok(any_leaf(value, &parameter, exact, loose))
    }
}

/// Whether a predicate can't be TRUE of a NULL value: it has no `IsNull` and no `IsTrue` under a negation.
fn positive(e: &Expr) -> bool {
    let mut out = true;
    e.walk(&mut |node| {
        if matches!(node.kind, ExprKind::IsNull(_) | ExprKind::Not(_) | ExprKind::Case { .. } | ExprKind::Coalesce(_)) {
            out = false;
        }
    });
    out
}

fn any_match(array: Sql, parameter: &str, body: Sql) -> Sql {
    sql::call("any_match", vec![array, sql::lambda(&[parameter], body)])
}

/// "Some value passes": NULL where there is no value, be it NULL or an empty array.
fn any_leaf(value: Typed, parameter: &str, body: Sql, loose: Option<Sql>) -> Leaf {
    let matches = any_match(value.sql.clone(), parameter, body);
    if !value.can_be_empty {
        let null_when = if value.nullable { NullWhen::Unknown } else { NullWhen::Never };
        return Leaf { sql: matches, loose, negation: None, null_when };
    }
    let some = sql::cmp(sql::call("cardinality", vec![value.sql]), crate::ir::CompareOp::Gt, sql::integer(0));
    Leaf {
        sql: sql::case(vec![(some.clone(), matches.clone())], None),
        negation: Some(sql::and(vec![some, sql::not(matches.clone())])),
        loose: Some(loose.unwrap_or(matches)),
        null_when: NullWhen::Unknown,
    }
}
