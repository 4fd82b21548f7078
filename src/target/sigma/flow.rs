//! A plan as Sigma sees it: which conditions select events, what groups them, what is asked of groups.

use std::collections::{BTreeMap, BTreeSet};

use super::omission::Omission;
use crate::ir::{Aggregate, Expr, ExprKind, Name, Output, Scan, Type};
use crate::source::Span;

/// A plan without its shape. `trace` makes it.
pub(super) struct Flow<'a> {
    pub(super) scan: &'a Scan,
    /// Alternatives (of a union); usually one.
    pub(super) branches: Vec<Branch>,
    /// The aggregations, from below.
    pub(super) groups: Vec<Group>,
    /// Conditions on aggregates, over the columns in `aggregates`.
    pub(super) thresholds: Vec<Expr>,
    /// By their private column: the aggregation they belong to, and what they compute over raw columns.
    pub(super) aggregates: BTreeMap<Name, (usize, Aggregate)>,
    /// Private columns that are neither fields nor aggregates, and what makes them.
    pub(super) opaque: BTreeMap<Name, String>,
    /// Lists that were unnested.
    pub(super) elements: BTreeSet<Name>,
    /// The first operator that only shapes rows.
    pub(super) shaped: Option<Option<Span>>,
    /// Conditions that are no predicates, such as a subsearch.
    pub(super) omissions: Vec<Omission>,
    /// How the current rows differ from those that Sigma sees.
    pub(super) rows: Rows,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Branch {
    pub(super) columns: BTreeMap<Name, Expr>,
    pub(super) others: Others,
    pub(super) conjuncts: Vec<Conjunct>,
}

/// What columns are that a branch does not define.
#[derive(Clone, Default, Debug)]
pub(super) enum Others {
    #[default]
    Raw,
    Null,
    /// The private column that stands for them.
    Opaque(Name),
}

#[derive(Clone, Debug)]
pub(super) struct Conjunct {
    /// Over raw and private columns.
    pub(super) predicate: Expr,
    pub(super) role: Role,
    /// How many aggregations are below it.
    pub(super) level: usize,
}

/// Why a condition is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The search asks for it.
    Selects,
    /// It only says that a key has a value.
    Key,
    /// It only says that a list has a value, for a command makes a row of each.
    Element,
}

/// An aggregation.
pub(super) struct Group {
    /// Over raw columns; `None` where the branches of a union differ.
    pub(super) keys: Vec<(Name, Option<Expr>)>,
    pub(super) span: Span,
    /// What it aggregates.
    pub(super) rows: Rows,
}

/// How rows of the search differ from the events that Sigma sees, apart from conditions left out.
#[derive(Clone, Default, Debug)]
pub(super) struct Rows {
    /// Some are left out.
    pub(super) fewer: bool,
    /// One event can make several.
    pub(super) more: bool,
    /// They come from several searches, or from a table.
    pub(super) mixed: bool,
    /// The lists of which each value makes a row.
    pub(super) unnested: BTreeSet<Name>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(scan: &'a Scan) -> Self {
        Self {
            scan,
            branches: vec![Branch::default()],
            groups: Vec::new(),
            thresholds: Vec::new(),
            aggregates: BTreeMap::new(),
            opaque: BTreeMap::new(),
            elements: BTreeSet::new(),
            shaped: None,
            omissions: Vec::new(),
            rows: Rows::default(),
        }
    }

    pub(super) fn shape(&mut self, span: Option<Span>) {
        if self.shaped.is_none() || self.shaped == Some(None) {
            self.shaped = Some(span);
        }
    }

    /// The flow whose rows are those of both. A bound on a count of either says nothing of their rows together.
    pub(super) fn unite(&mut self, other: Flow<'a>) {
        let levels = self.groups.len();
        self.branches.extend(other.branches);
        self.groups.extend(other.groups);
        for group in &mut self.groups {
            group.rows.mixed = true;
        }
        self.thresholds.extend(other.thresholds);
        self.aggregates.extend(other.aggregates.into_iter().map(|(name, (level, a))| (name, (level + levels, a))));
        self.opaque.extend(other.opaque);
        self.elements.extend(other.elements);
        self.shaped = self.shaped.or(other.shaped);
        self.omissions.extend(other.omissions);
        self.rows.fewer |= other.rows.fewer;
        self.rows.mixed = true;
    }

    /// The raw fields that the output shows, by their path, each once.
    pub(super) fn output_fields(&self, output: &Output) -> Vec<Name> {
        let columns = match output {
            Output::Columns(columns) | Output::Open(columns) => columns,
            Output::Events { added, .. } => added,
        };
        let mut out: Vec<Name> = Vec::new();
        for column in columns {
            let Some(branch) = self.branches.first() else { continue };
            for name in branch.column(&column.name, column.ty, Span::default()).columns() {
                let read = match self.aggregates.get(&name) {
                    Some((_, aggregate)) => aggregate.argument.as_ref().map(Expr::columns).unwrap_or_default(),
                    None => vec![name],
                };
                for name in read {
                    if !is_private(&name) && &*name != "_raw" && !out.contains(&name) {
                        out.push(name);
                    }
                }
            }
        }
        out
    }
}

impl Branch {
    /// What a column of the current rows is over raw columns; `None`: it is raw.
    pub(super) fn lookup(&self, name: &Name, span: Span) -> Option<Expr> {
        match (self.columns.get(name), &self.others) {
            (Some(e), _) => Some(e.clone()),
            (None, Others::Raw) => None,
            (None, Others::Null) => Some(Expr::null(span)),
            (None, Others::Opaque(private)) => Some(Expr::column(private.clone(), Type::UNKNOWN, true, span)),
        }
    }

    pub(super) fn column(&self, name: &Name, ty: Type, span: Span) -> Expr {
        self.lookup(name, span).unwrap_or_else(|| Expr::column(name.clone(), ty, true, span))
    }

    /// Marks the conditions that only say that one of the keys has a value.
    pub(super) fn mark_keys(&mut self, keys: &[Expr]) {
        let columns: Vec<Vec<Name>> = keys.iter().map(|k| sorted(k.columns())).collect();
        for conjunct in &mut self.conjuncts {
            let is_key = match &conjunct.predicate.kind {
                ExprKind::Not(inner) => matches!(&inner.kind, ExprKind::IsNull(key) if keys.contains(key)),
                _ => false,
            };
            // Of `coalesce(a, b)` the condition is `a is not null or b is not null`.
            let reads_a_key =
                || is_presence(&conjunct.predicate) && columns.contains(&sorted(conjunct.predicate.columns()));
            if conjunct.role == Role::Selects && (is_key || reads_a_key()) {
                conjunct.role = Role::Key;
            }
        }
    }
}

fn sorted(mut names: Vec<Name>) -> Vec<Name> {
    names.sort();
    names.dedup();
    names
}

/// Whether a predicate only says that one of some values is there.
fn is_presence(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Or(parts) => parts.iter().all(is_presence),
        ExprKind::Not(inner) => matches!(inner.kind, ExprKind::IsNull(_)),
        _ => false,
    }
}

/// Names that no field has.
pub(super) fn private(n: usize) -> Name {
    format!("\u{1}{n}").into()
}

pub(super) fn is_private(name: &Name) -> bool {
    name.starts_with('\u{1}')
}
