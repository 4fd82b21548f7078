//! Expressions of the evaluation language.

use super::Printer;
use crate::ir::CompareOp;
use crate::spl::eval::{Eval, EvalKind, NOT_STRENGTH, Operator};

/// Of operators that stand before or behind one operand.
const IN_STRENGTH: u8 = 5;
const SIGN_STRENGTH: u8 = 8;
const PRIMARY_STRENGTH: u8 = 9;

impl Printer {
    pub(crate) fn eval(&mut self, eval: &Eval) {
        self.operand(eval, 0);
    }

    /// An expression in a place where operators weaker than `weakest` need parentheses.
    fn operand(&mut self, eval: &Eval, weakest: u8) {
        if let (EvalKind::Not(inner), true) = (&eval.kind, weakest > NOT_STRENGTH && weakest <= IN_STRENGTH)
            && let EvalKind::In { value, items } = &inner.kind
        {
            return self.in_list(value, "NOT IN", items);
        }
        if strength(eval) < weakest {
            return self.group(|out| out.eval(eval));
        }
        match &eval.kind {
            EvalKind::Field(name) => self.eval_field(name),
            EvalKind::String(text) => self.quoted(text),
            EvalKind::Integer(n) => self.number(n),
            // With a point or an exponent, so that it stays a real number.
            EvalKind::Double(n) => self.word(&format!("{n:?}")),
            EvalKind::Not(inner) => {
                self.word("NOT");
                self.nested(|out| out.operand(inner, NOT_STRENGTH));
            }
            EvalKind::Negative(inner) => {
                self.open("-");
                self.nested(|out| out.operand(inner, SIGN_STRENGTH));
            }
            EvalKind::Binary { op: op @ (Operator::And | Operator::Or), .. } => self.chain(eval, *op),
            EvalKind::Binary { op, left, right } => {
                self.operand(left, op.strength());
                self.word(symbol(*op));
                self.nested(|out| out.operand(right, op.strength() + 1));
            }
            EvalKind::In { value, items } => self.in_list(value, "IN", items),
            EvalKind::Call { name, arguments } => {
                self.word(&name.text);
                self.open_glued("(");
                self.list(arguments);
            }
        }
    }

    fn in_list(&mut self, value: &Eval, operator: &str, items: &[Eval]) {
        self.operand(value, IN_STRENGTH);
        self.word(operator);
        self.open("(");
        self.list(items);
    }

    fn list(&mut self, items: &[Eval]) {
        for (i, item) in items.iter().enumerate() {
            self.comma(i);
            self.nested(|out| out.eval(item));
        }
        self.glued(")");
    }

    /// A tree of AND, or of OR, as a chain wherever the parser makes the same tree of it.
    fn chain(&mut self, eval: &Eval, op: Operator) {
        let mut operands = Vec::new();
        flatten(eval, op, u32::MAX, &mut operands);
        for (i, operand) in operands.into_iter().enumerate() {
            if i == 0 {
                self.operand(operand, op.strength() + 1);
            } else {
                self.word(symbol(op));
                self.nested(|out| out.operand(operand, op.strength() + 1));
            }
        }
    }
}

fn strength(eval: &Eval) -> u8 {
    match &eval.kind {
        EvalKind::Not(_) => NOT_STRENGTH,
        EvalKind::Binary { op, .. } => op.strength(),
        EvalKind::In { .. } => IN_STRENGTH,
        EvalKind::Negative(_) => SIGN_STRENGTH,
        EvalKind::Integer(_)
        | EvalKind::Double(_)
        | EvalKind::Field(_)
        | EvalKind::String(_)
        | EvalKind::Call { .. } => PRIMARY_STRENGTH,
    }
}

fn symbol(op: Operator) -> &'static str {
    match op {
        Operator::And => "AND",
        Operator::Or => "OR",
        Operator::Xor => "XOR",
        Operator::Like => "LIKE",
        Operator::Concat => ".",
        Operator::Compare(CompareOp::Eq) => "=",
        Operator::Compare(op) => op.symbol(),
        Operator::Arithmetic(op) => op.symbol(),
    }
}

fn sides(eval: &Eval, op: Operator) -> Option<(&Eval, &Eval)> {
    match &eval.kind {
        EvalKind::Binary { op: own, left, right } if *own == op => Some((left, right)),
        _ => None,
    }
}

/// The operands of a chain that the parser joins to this tree, at most `levels` high: neighbours in pairs, these in
/// pairs again. So the left side is a full tree, and the right side is joined of no more operands than the left.
fn flatten<'e>(eval: &'e Eval, op: Operator, levels: u32, out: &mut Vec<&'e Eval>) {
    let mut eval = eval;
    let mut levels = levels;
    while let (Some((left, right)), true) = (sides(eval, op), levels > 0) {
        levels = full_levels(left, op).min(levels - 1);
        leaves(left, op, levels, out);
        eval = right;
    }
    out.push(eval);
}

/// How many levels of a tree are full.
fn full_levels(eval: &Eval, op: Operator) -> u32 {
    sides(eval, op).map_or(0, |(left, right)| 1 + full_levels(left, op).min(full_levels(right, op)))
}

fn leaves<'e>(eval: &'e Eval, op: Operator, levels: u32, out: &mut Vec<&'e Eval>) {
    match sides(eval, op) {
        Some((left, right)) if levels > 0 => {
            leaves(left, op, levels - 1, out);
            leaves(right, op, levels - 1, out);
        }
        _ => out.push(eval),
    }
}
