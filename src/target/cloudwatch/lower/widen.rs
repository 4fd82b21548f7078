//! Conditions that the language can't say, left out: they depend on aggregates beside the rows (`eventstats`,
//! `streamstats`) or on a subsearch whose rows are not known. Without one of several conditions that must all hold there
//! are more rows, never fewer; so only whole conjuncts go, and nothing that counts or picks rows may stand behind one.

use super::super::ast::Expr as Out;
use super::Lower;
use crate::diagnostic::Reported;
use crate::ir::{self, Aggregate, Expr, Frame, Name, Rel, Type};
use crate::source::Span;

/// No column of SPL, and no base column, begins with this character.
const MARK: char = '\u{1}';

/// A condition that is left out.
#[derive(Debug)]
pub(super) struct LeftOut {
    /// What the condition is constant over, in terms of base columns; `None`: it tells single rows apart.
    groups: Option<Vec<Expr>>,
    span: Span,
}

impl Lower<'_> {
    /// Aggregates beside the rows: the columns exist, but have no rendering.
    pub(super) fn window(&mut self, partition: &[Expr], frame: Frame, columns: &[(Name, Aggregate)], span: Span) {
        let partition: Vec<Expr> = partition.iter().map(|e| self.resolve(e)).collect();
        for (name, aggregate) in columns {
            let groups = match frame {
                Frame::Partition => Some(partition.clone()),
                Frame::Running { .. } | Frame::Recent { .. } => None,
            };
            let command = match frame {
                Frame::Partition => "eventstats",
                Frame::Running { .. } | Frame::Recent { .. } => "streamstats",
            };
            self.missing_column(name, aggregate.ty, span, groups, &["`", command, "`"].concat());
        }
    }

    /// Defines a column that can't be rendered.
    pub(super) fn missing_column(
        &mut self,
        name: &Name,
        ty: Type,
        span: Span,
        groups: Option<Vec<Expr>>,
        origin: &str,
    ) {
        let marked: Name = format!("{MARK}{}{MARK}{name}", self.missing.len()).into();
        self.missing.insert(marked.clone(), (groups, origin.to_owned()));
        self.columns.insert(name.clone(), Expr::column(marked, ty, true, span));
    }

    /// The names, as SPL has them, of columns without rendering that an expression over base columns reads, and where
    /// they come from.
    pub(super) fn missing_in(&self, e: &Expr) -> Option<(Vec<String>, String)> {
        let marked: Vec<Name> = e.columns().into_iter().filter(|c| c.starts_with(MARK)).collect();
        let origin = self.missing.get(marked.first()?).map(|(_, o)| o.clone()).unwrap_or_default();
        let names = marked.iter().filter_map(|m| m.rsplit(MARK).next()).map(str::to_owned).collect();
        Some((names, origin))
    }

    /// Splits off the conjuncts of a condition over base columns that can't be said, and says that they are left out.
    pub(super) fn sayable(&mut self, predicate: Expr) -> Vec<Expr> {
        let parts = match predicate.kind {
            ir::ExprKind::And(parts) => parts,
            _ => vec![predicate],
        };
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            let Some((names, origin)) = self.missing_in(&part) else {
                kept.push(part);
                continue;
            };
            self.approximate(
                part.span,
                format!(
                    "widens: the condition on {} is left out, since Logs Insights has no equivalent of {origin}",
                    list(&names)
                ),
                "check the rows against that condition by hand, or keep the rule where it can be said",
            );
            let groups = self.groups_of(&part);
            self.left_out.push(LeftOut { groups, span: part.span });
        }
        kept
    }

    /// What a condition on columns without rendering is constant over.
    fn groups_of(&self, part: &Expr) -> Option<Vec<Expr>> {
        let mut out = Vec::new();
        for column in part.columns() {
            match self.missing.get(&column) {
                Some((groups, _)) => out.extend(groups.clone()?),
                None => out.push(Expr::column(column, Type::UNKNOWN, true, part.span)),
            }
        }
        Some(out)
    }

    /// Leaves out a condition by a subsearch. That its values are present can be said.
    pub(super) fn leave_out_subsearch(
        &mut self,
        on: Vec<Expr>,
        negated: bool,
        reason: &str,
        span: Span,
    ) -> Result<(), Reported> {
        let what = if negated { "exclusion" } else { "condition" };
        self.approximate(
            span,
            format!("widens: the {what} by a subsearch is left out, since {reason}"),
            "check the rows against the subsearch by hand; its conditions on the events are not part of this query",
        );
        if let ([value], false) = (on.as_slice(), negated)
            && self.missing_in(value).is_none()
        {
            let present = self.null_test(value, false)?;
            self.push_filter(present);
        }
        self.left_out.push(LeftOut { groups: Some(on), span });
        Ok(())
    }

    /// Whether `stats` by these keys, over base columns, only has more groups where conditions were left out.
    pub(super) fn check_groups(&mut self, keys: &[Expr], span: Span) -> Result<(), Reported> {
        let same = |e: &Expr| keys.iter().any(|k| k.kind == e.kind);
        let whole = |l: &LeftOut| l.groups.as_ref().is_some_and(|g| g.iter().all(same));
        if let Some(bad) = self.left_out.iter().find(|l| !whole(l)) {
            let at = bad.span;
            let help = "the condition can't be said: Logs Insights has neither aggregates beside the rows nor rows of other searches";
            return Err(self.unsupported(
                if at.end > at.start { at } else { span },
                "`stats` would count the events that this condition leaves out, so it can't be left out itself",
                help,
            ));
        }
        for left in &mut self.left_out {
            left.groups = None;
        }
        Ok(())
    }

    /// Says that picking rows differs where conditions were left out.
    pub(super) fn check_picked(&mut self, what: &str, span: Span) {
        if !self.left_out.is_empty() {
            self.approximate(
                span,
                format!("differs: {what} picks among more rows, since conditions before it are left out"),
                "rows that SPL picks can be missing",
            );
        }
    }

    /// Refuses a query of which nothing is left but left-out conditions.
    pub(super) fn check_remaining(&mut self) -> Result<(), Reported> {
        let Some(span) = self.left_out.first().map(|l| l.span) else { return Ok(()) };
        if self.filtered {
            return Ok(());
        }
        Err(self.unsupported(
            span,
            "without the conditions that can't be said every event would be found",
            "the rule has no other condition on its events",
        ))
    }

    /// Notes whether the events of a plan's scan meet a condition that stays.
    pub(super) fn note_filters(&mut self, condition: &Out) {
        fn only_presence(e: &Out) -> bool {
            match e {
                Out::Call(name, _) => name == "ispresent",
                Out::Bool(b) => *b,
                Out::And(parts) => parts.iter().all(only_presence),
                Out::Or(parts) => parts.iter().any(only_presence),
                Out::Field(_)
                | Out::Member(..)
                | Out::Text(_)
                | Out::Number(_)
                | Out::Duration(..)
                | Out::CountRows
                | Out::Binary(..)
                | Out::Like { .. }
                | Out::In { .. }
                | Out::Not(_) => false,
            }
        }
        if self.stats == 0 && !only_presence(condition) {
            self.filtered = true;
        }
    }
}

/// Names in backticks.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|n| ["`", n, "`"].concat()).collect::<Vec<_>>().join(", ")
}

/// The columns of lookup tables that more than one `lookup` of the plan reads.
pub(super) fn repeated_lookup_columns(rel: &Rel) -> std::collections::BTreeSet<Name> {
    fn walk(rel: &Rel, seen: &mut Vec<Name>) {
        if let Rel::Lookup(lookup) = rel {
            seen.extend(lookup.outputs.iter().map(|o| o.column.clone()));
        }
        rel.inputs().into_iter().for_each(|input| walk(input, seen));
    }
    let mut seen = Vec::new();
    walk(rel, &mut seen);
    seen.iter().filter(|c| seen.iter().filter(|d| d == c).count() > 1).cloned().collect()
}
