//! Types of expressions: what an operator gives for operands of some types, and which operands it takes.

use super::Layout;
use super::layout::Checker;
use super::present::{Clause, Definitions, is_total};
use crate::ir::{ArithmeticOp, Expr, ExprKind, Literal, Scalar, Type};

/// What an expression can see.
pub(super) struct Env<'a> {
    pub(super) layout: &'a Layout,
    pub(super) definitions: &'a Definitions,
    pub(super) present: &'a [Clause],
    pub(super) truths: &'a [Clause],
    /// No row gets here, so that nothing is NULL in any.
    pub(super) never: bool,
}

impl Env<'_> {
    fn is_present(&self, e: &Expr) -> bool {
        !self.present.is_empty() && self.has_value(&self.definitions.root(e))
    }

    /// Whether the condition of some arm is true in all rows.
    fn some_arm_holds(&self, arms: &[(Expr, Expr)]) -> bool {
        if self.truths.is_empty() {
            return false;
        }
        let conditions: Vec<Expr> = arms.iter().map(|(c, _)| self.definitions.root(c)).collect();
        let implies = |fact: &Expr| match &fact.kind {
            ExprKind::And(parts) => parts.iter().any(|p| conditions.contains(p)),
            _ => conditions.contains(fact),
        };
        self.truths.iter().any(|clause| clause.iter().all(implies))
    }

    /// Whether an expression in terms of the lowest operators has a value, as far as clauses of one member say.
    fn has_value(&self, root: &Expr) -> bool {
        self.present.iter().any(|c| c.len() == 1 && c[0] == *root)
            || match &root.kind {
                ExprKind::Coalesce(parts) => parts.iter().any(|p| self.has_value(p)),
                ExprKind::Concat(parts) => parts.iter().all(|p| self.has_value(p)),
                ExprKind::Call { function, args } if is_total(function) => args.iter().all(|a| self.has_value(a)),
                ExprKind::Cast { value, to: Scalar::String } => self.has_value(value),
                ExprKind::Literal(literal) => *literal != Literal::Null,
                _ => false,
            }
    }
}

/// Whether a column or expression of one type may hold values of the other. A time may hold a number of seconds.
fn holds(wide: Scalar, narrow: Scalar) -> bool {
    wide == narrow
        || wide == Scalar::Unknown
        || matches!((wide, narrow), (Scalar::Double, Scalar::Integer))
        || matches!((wide, narrow), (Scalar::Time, Scalar::Integer | Scalar::Double))
}

impl Checker {
    /// Checks an expression; gives whether it can be NULL.
    pub(super) fn value(&mut self, e: &Expr, env: &Env<'_>) -> bool {
        let inferred = self.node(e, env) && !env.never && !env.is_present(e);
        if inferred && !e.nullable {
            self.plan(e.span, format!("`{e}` is recorded as never NULL, and can be"));
        }
        inferred
    }

    /// As [`Checker::value`], of what the node and its operands say alone.
    fn node(&mut self, e: &Expr, env: &Env<'_>) -> bool {
        match &e.kind {
            ExprKind::Column(name) => match env.layout.column(name) {
                Some(column) => {
                    let fits = column.ty.multivalue == e.ty.multivalue && holds(e.ty.scalar, column.ty.scalar);
                    if !fits {
                        self.plan(e.span, format!("column `{name}` of type {} is read as {}", column.ty, e.ty));
                    }
                    column.nullable
                }
                None if env.layout.open => true,
                None => {
                    self.plan(e.span, format!("there is no column `{name}`"));
                    true
                }
            },
            ExprKind::Variable(number) => {
                match self.variables.iter().rev().find(|(n, _)| n == number).map(|(_, ty)| *ty) {
                    Some(ty) if ty.multivalue == e.ty.multivalue && holds(e.ty.scalar, ty.scalar) => {}
                    Some(ty) => self.plan(e.span, format!("variable ${number} of type {ty} is read as {}", e.ty)),
                    None => self.plan(e.span, format!("there is no variable ${number}")),
                }
                false
            }
            ExprKind::Literal(literal) => {
                let ty = match literal {
                    Literal::Null => return true,
                    Literal::Boolean(_) => Type::BOOLEAN,
                    Literal::Integer(_) => Type::INTEGER,
                    Literal::Double(_) => Type::DOUBLE,
                    Literal::String(_) => Type::STRING,
                    Literal::Strings(_) => Type::many(Scalar::String),
                };
                self.gives(e, ty);
                false
            }
            ExprKind::Compare { left, right, .. } => {
                let nullable = self.values([&**left, right], env);
                self.single(left, "a comparison");
                self.single(right, "a comparison");
                let booleans = [left, right].map(|s| s.ty == Type::BOOLEAN);
                let nulls = [left, right].iter().any(|s| is_null(s));
                if booleans[0] != booleans[1] && !nulls {
                    self.plan(e.span, format!("`{e}` compares a condition of {} and {}", left.ty, right.ty));
                }
                self.gives(e, Type::BOOLEAN);
                nullable
            }
            ExprKind::OneOf { value, .. }
            | ExprKind::Like { value, .. }
            | ExprKind::Regex { value, .. }
            | ExprKind::InCidr { value, .. } => {
                let nullable = self.value(value, env);
                self.single(value, "a test of text");
                if !value.ty.is_text() && !value.ty.multivalue {
                    self.plan(value.span, format!("`{value}` of type {} is tested as text", value.ty));
                }
                self.gives(e, Type::BOOLEAN);
                nullable
            }
            ExprKind::Term { .. } => {
                self.gives(e, Type::BOOLEAN);
                false
            }
            ExprKind::IsNull(inner) => {
                self.value(inner, env);
                self.gives(e, Type::BOOLEAN);
                false
            }
            ExprKind::IsTrue(inner) => {
                self.condition(inner, env);
                self.gives(e, Type::BOOLEAN);
                false
            }
            ExprKind::Not(inner) => {
                self.gives(e, Type::BOOLEAN);
                self.condition(inner, env)
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                self.gives(e, Type::BOOLEAN);
                parts.iter().fold(false, |nullable, part| self.condition(part, env) | nullable)
            }
            ExprKind::Any { value, variable, predicate } => {
                let nullable = self.value(value, env);
                self.several(value, "`any`");
                self.gives(e, Type::BOOLEAN);
                self.variables.push((*variable, value.ty.element()));
                // A value of which the predicate is NULL does not satisfy it.
                self.condition(predicate, env);
                self.variables.pop();
                nullable
            }
            ExprKind::MapValues { value, variable, body } => {
                let absent = self.value(value, env);
                self.several(value, "`mvmap`");
                self.variables.push((*variable, value.ty.element()));
                let left_out = self.value(body, env);
                self.variables.pop();
                self.gives(e, Type::many(body.ty.scalar));
                absent || left_out
            }
            ExprKind::FilterValues { value, variable, predicate } => {
                self.value(value, env);
                self.several(value, "`mvfilter`");
                self.variables.push((*variable, value.ty.element()));
                self.condition(predicate, env);
                self.variables.pop();
                self.gives(e, value.ty);
                true
            }
            ExprKind::Case { arms, otherwise } => {
                let mut nullable = otherwise.is_none() && !env.some_arm_holds(arms);
                for (condition, value) in arms {
                    self.condition(condition, env);
                    nullable |= self.value(value, env);
                    self.choice(e, value);
                }
                if let Some(otherwise) = otherwise {
                    nullable |= self.value(otherwise, env);
                    self.choice(e, otherwise);
                }
                nullable
            }
            ExprKind::Coalesce(parts) => {
                let mut nullable = true;
                for part in parts {
                    nullable &= self.value(part, env);
                    self.choice(e, part);
                }
                nullable && !self.some_part_present(parts, env)
            }
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(e, *op, left, right, env),
            ExprKind::Concat(parts) => {
                let nullable = self.values(parts, env);
                for part in parts {
                    self.single(part, "joining");
                    if !part.ty.is_text() && !part.ty.multivalue && !is_null(part) {
                        self.plan(part.span, format!("`{part}` of type {} is joined as text", part.ty));
                    }
                }
                self.gives(e, Type::STRING);
                nullable
            }
            ExprKind::JsonPath { value, path } => {
                self.value(value, env);
                self.single(value, "a path");
                if e.ty.multivalue != path.contains(&crate::ir::Step::Each) {
                    self.plan(e.span, format!("`{e}` is recorded as {}", e.ty));
                }
                true
            }
            ExprKind::Capture { value, all, .. } => {
                self.value(value, env);
                // Of several values, all matches are one list.
                if !*all {
                    self.single(value, "a regular expression");
                }
                if e.ty.multivalue != *all {
                    self.plan(e.span, format!("`{e}` is recorded as {}", e.ty));
                }
                true
            }
            ExprKind::Cast { value, to } => {
                let nullable = self.value(value, env);
                self.single(value, "a conversion");
                self.gives(e, Type::one(*to));
                nullable || !(*to == Scalar::String || value.ty.is_numeric())
            }
            ExprKind::RelativeTime { time, .. } => {
                self.gives(e, Type::TIME);
                self.no_condition(time, "`relative_time`");
                self.number_or_text(time, env)
            }
            ExprKind::FormatTime { time, .. } => {
                self.gives(e, Type::STRING);
                self.no_condition(time, "`strftime`");
                self.number_or_text(time, env)
            }
            ExprKind::ParseTime { text, .. } => {
                self.value(text, env);
                self.single(text, "a time");
                self.gives(e, Type::TIME);
                true
            }
            ExprKind::Now => {
                self.gives(e, Type::TIME);
                false
            }
            ExprKind::Bin { value, span } => {
                let ty = match value.ty.scalar {
                    Scalar::Time => Type::TIME,
                    Scalar::Integer if span.fract() == 0.0 => Type::INTEGER,
                    _ => Type::DOUBLE,
                };
                self.gives(e, ty);
                self.no_condition(value, "`bin`");
                self.number_or_text(value, env)
            }
            ExprKind::Call { function, args } => self.call(e, function, args, env),
        }
    }

    /// A call: types are the function's own affair. It is never NULL only where no argument is.
    fn call(&mut self, e: &Expr, function: &str, args: &[Expr], env: &Env<'_>) -> bool {
        let each: Vec<bool> = args.iter().map(|a| self.value(a, env)).collect();
        let nullable = match function {
            "mvappend" => each.iter().all(|n| *n),
            // The first or last value is there; others may not be.
            "mvindex" => each.iter().any(|n| *n) || !matches!(args, [_, at] if is_end(at)),
            "mvfind" | "tonumber" => true,
            _ => each.iter().any(|n| *n),
        };
        nullable || (e.nullable && !is_total(function))
    }

    fn arithmetic(&mut self, e: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, env: &Env<'_>) -> bool {
        let mut nullable = false;
        for side in [left, right] {
            nullable |= self.number_or_text(side, env);
            self.no_condition(side, &format!("`{}`", op.symbol()));
        }
        let number = |e: &Expr| matches!(e.ty.scalar, Scalar::Integer | Scalar::Double);
        let time = |e: &Expr| e.ty.scalar == Scalar::Time;
        let ty = match op {
            ArithmeticOp::Divide => Type::DOUBLE,
            ArithmeticOp::Add | ArithmeticOp::Subtract if time(left) && number(right) => Type::TIME,
            ArithmeticOp::Add if time(right) && number(left) => Type::TIME,
            _ if left.ty.scalar == Scalar::Integer && right.ty.scalar == Scalar::Integer => Type::INTEGER,
            _ => Type::DOUBLE,
        };
        self.gives(e, ty);
        let divides = matches!(op, ArithmeticOp::Divide | ArithmeticOp::Modulo);
        let by_zero = match right.as_literal() {
            Some(Literal::Integer(n)) => *n == 0,
            Some(Literal::Double(n)) => *n == 0.0,
            _ => true,
        };
        nullable || (divides && by_zero)
    }

    /// An operand that is read as a number: NULL where it is text that is none.
    fn number_or_text(&mut self, e: &Expr, env: &Env<'_>) -> bool {
        let nullable = self.value(e, env);
        self.single(e, "arithmetic");
        nullable || e.ty.is_text()
    }

    /// An operand that is a number or a time.
    fn no_condition(&mut self, e: &Expr, what: &str) {
        if e.ty.scalar == Scalar::Boolean {
            self.rule(e.span, format!("{what} does not take a value of type {}", e.ty), "use `if(condition, 1, 0)`");
        }
    }

    fn values<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>, env: &Env<'_>) -> bool {
        parts.into_iter().fold(false, |nullable, part| self.value(part, env) | nullable)
    }

    /// An operand that must be true, false or NULL; gives whether it can be NULL.
    pub(super) fn condition(&mut self, e: &Expr, env: &Env<'_>) -> bool {
        let nullable = self.value(e, env);
        if e.ty != Type::BOOLEAN && !is_null(e) {
            let message = format!("a condition is expected here, not a value of type {}", e.ty);
            self.rule(e.span, message, "compare it with something, e.g. `= \"…\"` or `isnotnull(…)`");
        }
        nullable
    }

    pub(super) fn single(&mut self, e: &Expr, what: &str) {
        if e.ty.multivalue {
            let message = format!("{what} takes one value, and this field can have several");
            self.rule(e.span, message, "use `mvindex`, `mvjoin` or `mvmap`");
        }
    }

    fn several(&mut self, e: &Expr, what: &str) {
        if !e.ty.multivalue {
            self.plan(e.span, format!("{what} goes through `{e}`, which has one value"));
        }
    }

    /// That a node is recorded as what it gives, or wider.
    fn gives(&mut self, e: &Expr, ty: Type) {
        if e.ty.multivalue != ty.multivalue || !holds(e.ty.scalar, ty.scalar) {
            self.plan(e.span, format!("`{e}` of type {ty} is recorded as {}", e.ty));
        }
    }

    /// That one of several choices fits what the whole is recorded as.
    fn choice(&mut self, whole: &Expr, choice: &Expr) {
        let fits = (whole.ty.multivalue || !choice.ty.multivalue) && holds(whole.ty.scalar, choice.ty.scalar);
        if !fits && !is_null(choice) {
            let message = format!("`{choice}` of type {} is a choice in `{whole}` of type {}", choice.ty, whole.ty);
            self.plan(choice.span, message);
        }
    }

    /// Whether one of the parts has a value, whichever member of some clause has one.
    fn some_part_present(&mut self, parts: &[Expr], env: &Env<'_>) -> bool {
        let faults = self.faults.len();
        let found = env.present.iter().filter(|c| c.len() > 1).any(|clause| {
            clause.iter().all(|member| {
                let alone = [vec![member.clone()]];
                let given = Env { present: &alone, ..*env };
                // As far as the parts' definitions go down.
                parts.iter().any(|part| !self.value(part, &given) || given.has_value(&env.definitions.root(part)))
            })
        });
        // Only the answer was wanted.
        self.faults.truncate(faults);
        found
    }
}

fn is_end(index: &Expr) -> bool {
    matches!(index.as_literal(), Some(Literal::Integer(0 | -1)))
}

pub(super) fn is_null(e: &Expr) -> bool {
    matches!(e.as_literal(), Some(Literal::Null))
}
