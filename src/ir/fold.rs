//! A default walk over expressions.

use super::{Expr, ExprKind, Name};

impl Expr {
    /// The operands, in order.
    pub fn children(&self) -> Vec<&Expr> {
        use ExprKind::*;
        match &self.kind {
            Column(_) | Variable(_) | Literal(_) | Term { .. } | Now => vec![],
            Compare { left, right, .. } | Arithmetic { left, right, .. } => vec![left, right],
            OneOf { value, .. }
            | Like { value, .. }
            | Regex { value, .. }
            | InCidr { value, .. }
            | JsonPath { value, .. }
            | Capture { value, .. }
            | Cast { value, .. }
            | Bin { value, .. }
            | RelativeTime { time: value, .. }
            | FormatTime { time: value, .. }
            | ParseTime { text: value, .. } => vec![value],
            IsNull(e) | IsTrue(e) | Not(e) => vec![e],
            And(parts) | Or(parts) | Coalesce(parts) | Concat(parts) | Call { args: parts, .. } => {
                parts.iter().collect()
            }
            Any { value, predicate, .. } | FilterValues { value, predicate, .. } => vec![value, predicate],
            MapValues { value, body, .. } => vec![value, body],
            Case { arms, otherwise } => {
                arms.iter().flat_map(|(c, v)| [c, v]).chain(otherwise.iter().map(|o| &**o)).collect()
            }
        }
    }

    /// Rebuilds the node with each operand replaced.
    pub fn map_children(mut self, f: &mut dyn FnMut(Expr) -> Expr) -> Expr {
        use ExprKind::*;
        let mut boxed = |e: &mut Box<Expr>| {
            let inner = std::mem::replace(&mut **e, Expr::null(Default::default()));
            **e = f(inner);
        };
        match &mut self.kind {
            Column(_) | Variable(_) | Literal(_) | Term { .. } | Now => {}
            Compare { left, right, .. } | Arithmetic { left, right, .. } => {
                boxed(left);
                boxed(right);
            }
            OneOf { value, .. }
            | Like { value, .. }
            | Regex { value, .. }
            | InCidr { value, .. }
            | JsonPath { value, .. }
            | Capture { value, .. }
            | Cast { value, .. }
            | Bin { value, .. }
            | RelativeTime { time: value, .. }
            | FormatTime { time: value, .. }
            | ParseTime { text: value, .. } => boxed(value),
            IsNull(e) | IsTrue(e) | Not(e) => boxed(e),
            And(parts) | Or(parts) | Coalesce(parts) | Concat(parts) | Call { args: parts, .. } => {
                *parts = std::mem::take(parts).into_iter().map(f).collect();
            }
            Any { value, predicate, .. } | FilterValues { value, predicate, .. } => {
                boxed(value);
                boxed(predicate);
            }
            MapValues { value, body, .. } => {
                boxed(value);
                boxed(body);
            }
            Case { arms, otherwise } => {
                *arms = std::mem::take(arms)
                    .into_iter()
                    .map(|(c, v)| {
                        let c = f(c);
                        (c, f(v))
                    })
                    .collect();
                if let Some(otherwise) = otherwise {
                    let inner = std::mem::replace(&mut **otherwise, Expr::null(Default::default()));
                    **otherwise = f(inner);
                }
            }
        }
        self
    }

    /// Calls `f` on this node and all below it.
    pub fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
        for child in self.children() {
            child.walk(f);
        }
    }

    /// How many nodes the expression has.
    pub fn size(&self) -> usize {
        1 + self.children().into_iter().map(Expr::size).sum::<usize>()
    }

    /// The columns that the expression reads, each once, in order of appearance.
    pub fn columns(&self) -> Vec<Name> {
        let mut out: Vec<Name> = Vec::new();
        self.walk(&mut |e| {
            if let ExprKind::Column(name) = &e.kind
                && !out.contains(name)
            {
                out.push(name.clone());
            }
        });
        out
    }

    /// Replaces columns by what `lookup` gives for them.
    pub fn substitute(self, lookup: &dyn Fn(&Name) -> Option<Expr>) -> Expr {
        if let ExprKind::Column(name) = &self.kind {
            return match lookup(name) {
                Some(e) => e,
                None => self,
            };
        }
        self.map_children(&mut |child| child.substitute(lookup))
    }
}
