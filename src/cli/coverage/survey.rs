//! What compilations of a library say, counted.

use std::collections::{BTreeMap, BTreeSet};

use super::construct;
use super::uses::{self, Kind, Use};
use crate::compile::{Compiled, Output};
use crate::diagnostic::{Diagnostic, Effect};
use crate::target::{Fidelity, TargetId};

/// A rule's row.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// In the order of [`TargetId::ALL`].
    pub(super) cells: Vec<Cell>,
    /// It is one of the rules that the words choose.
    pub(super) chosen: bool,
    pub(super) reach: Reach,
    /// Why it comes no further: code and message.
    pub(super) stops: Vec<(&'static str, String)>,
}

/// How far a rule comes, whatever the target.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Reach {
    #[default]
    Read,
    Parsed,
    Lowered,
    /// `rulecast run` can run it.
    Evaluated,
}

/// A rule's result for a target.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Cell {
    pub(super) fidelity: Fidelity,
    /// What stops it, or what alters it: code and construct. Empty for the better fidelities.
    pub(super) reasons: BTreeSet<(&'static str, String)>,
}

/// In how many rules a construct stands, and how far those come.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Usage {
    pub(super) rules: usize,
    pub(super) parsed: usize,
    pub(super) lowered: usize,
    pub(super) evaluated: usize,
    pub(super) emitted: BTreeMap<TargetId, usize>,
}

/// The whole library's.
#[derive(Default, Debug)]
pub(super) struct Survey {
    pub(super) rows: Vec<Row>,
    pub(super) usage: BTreeMap<(Kind, String), Usage>,
}

impl Survey {
    /// Every construct that the program knows, in no rule yet.
    pub(super) fn new() -> Self {
        let known = uses::known().into_iter().map(|(kind, name, _)| ((kind, name.to_owned()), Usage::default()));
        Self { rows: Vec::new(), usage: known.collect() }
    }

    /// Adds a rule; `stem` names it where it has no name of its own. `evaluated` is why it can't be run, if so.
    pub(super) fn add(&mut self, stem: &str, compiled: &Compiled, chosen: bool, evaluated: Result<(), Diagnostic>) {
        let found = compiled.ast.as_ref().map(uses::of_pipeline).unwrap_or_default();
        let own = compiled.rule.as_ref().map(|r| r.name.trim()).filter(|n| !n.is_empty());
        let name = own.unwrap_or(stem).split_whitespace().collect::<Vec<_>>().join(" ");
        let reach = match (&compiled.ast, &compiled.ir, &evaluated) {
            (None, ..) => Reach::Read,
            (Some(_), None, _) => Reach::Parsed,
            (Some(_), Some(_), Err(_)) => Reach::Lowered,
            (Some(_), Some(_), Ok(())) => Reach::Evaluated,
        };
        let is_operator = |u: &Use| matches!(u.kind, Kind::Operator | Kind::SearchOperator);
        let constructs: Vec<Use> = found.iter().filter(|u| !is_operator(u)).cloned().collect();
        let cells = TargetId::ALL
            .iter()
            .filter_map(|t| compiled.outputs.iter().find(|o| o.target == *t))
            .map(|o| Cell { fidelity: o.fidelity, reasons: reasons(o, &constructs) })
            .collect();
        let mut stops = match (reach, evaluated) {
            (Reach::Lowered, Err(why)) => vec![(why.code.id, why.message)],
            (Reach::Evaluated, _) => Vec::new(),
            _ => {
                let errors = compiled.diagnostics.iter().filter(|d| d.effect >= Effect::Unsupported);
                errors.map(|d| (d.code.id, d.message.clone())).collect()
            }
        };
        // A macro that is missing is said at each of its places.
        stops.sort();
        stops.dedup();
        self.rows.push(Row { name, cells, chosen, reach, stops });

        let mut names: BTreeSet<(Kind, String)> = found.into_iter().map(|u| (u.kind, u.name)).collect();
        names.retain(|(kind, _)| *kind != Kind::Subsearch);
        if compiled.ast.is_none()
            && let Some(rule) = &compiled.rule
        {
            let commands = uses::commands_of_text(&rule.search.text, &compiled.diagnostics);
            names.extend(commands.into_iter().map(|c| (Kind::Command, c)));
        }
        for name in names {
            let usage = self.usage.entry(name).or_default();
            usage.rules += 1;
            usage.parsed += usize::from(reach >= Reach::Parsed);
            usage.lowered += usize::from(reach >= Reach::Lowered);
            usage.evaluated += usize::from(reach >= Reach::Evaluated);
            for output in compiled.outputs.iter().filter(|o| o.query.is_some()) {
                *usage.emitted.entry(output.target).or_default() += 1;
            }
        }
    }

    /// Rows by name.
    pub(super) fn finish(mut self) -> Self {
        self.rows.sort();
        self
    }

    /// The rules that the words choose.
    pub(super) fn chosen(&self) -> Vec<&Row> {
        self.rows.iter().filter(|r| r.chosen).collect()
    }

    /// The constructs that stop or alter the chosen rules, among the outputs of a fidelity that `when` accepts; the most frequent first.
    pub(super) fn reasons(&self, when: impl Fn(Fidelity) -> bool) -> Vec<Reason> {
        let mut found: BTreeMap<&str, Reason> = BTreeMap::new();
        for row in self.chosen() {
            for (target, cell) in row.cells.iter().enumerate().filter(|(_, c)| when(c.fidelity)) {
                let names: BTreeSet<&str> = cell.reasons.iter().map(|(_, name)| name.as_str()).collect();
                for name in names {
                    let reason = found.entry(name).or_insert_with(|| Reason::new(name));
                    reason.codes.extend(cell.reasons.iter().filter(|(_, n)| n == name).map(|(code, _)| code));
                    if let Some(count) = reason.counts.get_mut(target) {
                        *count += 1;
                    }
                }
            }
        }
        let mut list: Vec<Reason> = found.into_values().collect();
        let most = |r: &Reason| r.counts.iter().copied().max().unwrap_or(0);
        list.sort_by(|a, b| most(b).cmp(&most(a)).then_with(|| a.name.cmp(&b.name)));
        list
    }
}

/// How many rules have a fidelity for a target; by the target's place in [`TargetId::ALL`].
pub(super) fn count(rows: &[&Row], target: usize, fidelity: Fidelity) -> usize {
    rows.iter().filter_map(|r| r.cells.get(target)).filter(|c| c.fidelity == fidelity).count()
}

/// A construct that stops or alters rules.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) name: String,
    pub(super) codes: BTreeSet<&'static str>,
    /// How many rules it concerns, per target.
    pub(super) counts: Vec<usize>,
}

impl Reason {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), codes: BTreeSet::new(), counts: vec![0; TargetId::ALL.len()] }
    }
}

/// The diagnostics that decide an output's fidelity, where it is worse than `events`.
fn reasons(output: &Output, found: &[uses::Use]) -> BTreeSet<(&'static str, String)> {
    let decides = |effect: Effect| match output.fidelity {
        Fidelity::Exact | Fidelity::Events => false,
        Fidelity::Approximate => effect == Effect::Approximate,
        Fidelity::Unsupported => effect == Effect::Unsupported,
        Fidelity::Invalid => effect >= Effect::Unsupported,
    };
    output.diagnostics.iter().filter(|d| decides(d.effect)).map(|d| (d.code.id, construct::label(d, found))).collect()
}
