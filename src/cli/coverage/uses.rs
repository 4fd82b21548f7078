//! Which commands, functions and aggregates a search is made of, from its syntax tree.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, code};
use crate::function;
use crate::source::Span;
use crate::spl::command::{Boundary, Dataset, IMPLEMENTED, Item};
use crate::spl::eval::{Eval, EvalKind, Operator};
use crate::spl::search::Search;
use crate::spl::{Aggregation, Argument, Command, Pipeline, aggregate_name};

/// What a construct is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Command,
    Function,
    Aggregate,
    /// `[ … ]`, of whatever command.
    Subsearch,
}

/// A construct at a place of the rule file. Only SPL's own names appear, never text of the rule.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) span: Span,
}

/// Functions that lowering knows beside the table of functions.
const LAMBDAS: [&str; 3] = ["mvfilter", "mvmap", "searchmatch"];

/// Every construct of a search, outer ones before those inside them.
pub(super) fn of_pipeline(pipeline: &Pipeline) -> Vec<Use> {
    let mut walk = Walk::default();
    walk.pipeline(pipeline);
    walk.uses
}

/// The commands of a search that does not parse: those that are implemented, from its text, and those that are not,
/// from the diagnostics.
pub(super) fn commands_of_text(search: &str, diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut quoted = false;
    for (at, c) in search.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '|' if !quoted => {
                let word: String = search[at + 1..]
                    .trim_start()
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let word = word.to_ascii_lowercase();
                let known = IMPLEMENTED.iter().find(|names| names.contains(&word.as_str()));
                found.extend(known.and_then(|names| names.first()).map(|name| (*name).to_owned()));
            }
            _ => {}
        }
    }
    let named = |d: &&Diagnostic| [&code::UNSUPPORTED_COMMAND, &code::NEEDS_OUTSIDE].contains(&d.code);
    found.extend(diagnostics.iter().filter(named).filter_map(|d| first_word(&d.message)).map(str::to_owned));
    found
}

/// The first text in backticks.
pub(super) fn first_word(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// SPL's name of an evaluation function, where it has one of this name.
pub(super) fn function_name(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    match function::find(&name) {
        Some(known) => Some(known.name.to_owned()),
        None if function::is_known(&name) || LAMBDAS.contains(&name.as_str()) => Some(name),
        None => None,
    }
}

#[derive(Default)]
struct Walk {
    uses: Vec<Use>,
}

impl Walk {
    fn add(&mut self, kind: Kind, name: impl Into<String>, span: Span) {
        self.uses.push(Use { kind, name: name.into(), span });
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        for stage in &pipeline.stages {
            self.add(Kind::Command, stage.command.name(), stage.span);
            self.command(&stage.command);
        }
    }

    /// What stands inside a command; the template of `foreach` is text and is not looked into. A command without expressions, aggregates and subsearches has nothing to add.
    fn command(&mut self, command: &Command) {
        match command {
            Command::Append(c) => self.subsearch(&c.subsearch),
            Command::Appendcols(c) => self.subsearch(&c.subsearch),
            Command::Appendpipe(c) => self.pipeline(&c.stages),
            Command::Multisearch(c) => c.subsearches.iter().for_each(|s| self.subsearch(s)),
            Command::Set(c) => c.subsearches.iter().for_each(|s| self.subsearch(s)),
            Command::Union(c) => c.datasets.iter().for_each(|d| match d {
                Dataset::Subsearch(pipeline) => self.subsearch(pipeline),
                Dataset::Named { .. } => {}
            }),
            Command::Transaction(c) => c.starts_with.iter().chain(&c.ends_with).for_each(|b| match b {
                Boundary::Search(condition) => self.search(condition),
                Boundary::Eval(condition) => self.eval(condition),
            }),
            Command::Head(c) => c.condition.iter().for_each(|e| self.eval(e)),
            Command::Fieldformat(c) => self.eval(&c.format),
            Command::Join(c) => self.subsearch(&c.subsearch),
            Command::Eval(c) => c.assignments.iter().for_each(|(_, e)| self.eval(e)),
            Command::Where(c) => self.eval(&c.condition),
            Command::Inputlookup(c) => c.condition.iter().for_each(|e| self.eval(e)),
            Command::Search(c) => self.search(&c.condition),
            Command::Stats(c) => self.aggregations(&c.aggregations),
            Command::Eventstats(c) => self.aggregations(&c.aggregations),
            Command::Streamstats(c) => {
                self.aggregations(&c.aggregations);
                c.reset_before.iter().chain(&c.reset_after).for_each(|e| self.eval(e));
            }
            Command::Chart(c) => self.items(&c.items),
            Command::Timechart(c) => self.items(&c.items),
            Command::Mstats(c) => {
                self.aggregations(&c.aggregations);
                self.search(&c.condition);
            }
            Command::Tstats(c) => {
                self.aggregations(&c.aggregations);
                self.search(&c.condition);
            }
            _ => {}
        }
    }

    fn subsearch(&mut self, pipeline: &Pipeline) {
        self.add(Kind::Subsearch, "subsearch", pipeline.span);
        self.pipeline(pipeline);
    }

    fn search(&mut self, condition: &Search) {
        match condition {
            Search::And(parts) | Search::Or(parts) => parts.iter().for_each(|p| self.search(p)),
            Search::Not(inner, _) => self.search(inner),
            Search::CompareCall { call, .. } => self.eval(call),
            Search::Subsearch(pipeline, span) => {
                self.add(Kind::Subsearch, "subsearch", *span);
                self.pipeline(pipeline);
            }
            Search::Compare { .. } | Search::In { .. } | Search::Term(_) => {}
        }
    }

    fn aggregations(&mut self, aggregations: &[Aggregation]) {
        for aggregation in aggregations {
            let name = match &aggregation.argument {
                Argument::Sparkline(_) => "sparkline",
                _ => aggregate_name(aggregation.function),
            };
            self.add(Kind::Aggregate, name, aggregation.span);
            match &aggregation.argument {
                Argument::Eval(e) => self.eval(e),
                Argument::Rows | Argument::Field(_) | Argument::Sparkline(_) => {}
            }
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Aggregation(one) | Item::Rate { sum: one, .. } => self.aggregations(std::slice::from_ref(one)),
                Item::Expression { value, aggregations, .. } => {
                    self.aggregations(aggregations);
                    self.eval(value);
                }
            }
        }
    }

    fn eval(&mut self, eval: &Eval) {
        match &eval.kind {
            EvalKind::Field(_) | EvalKind::String(_) | EvalKind::Integer(_) | EvalKind::Double(_) => {}
            EvalKind::Not(inner) | EvalKind::Negative(inner) => self.eval(inner),
            EvalKind::Binary { op, left, right } => {
                if *op == Operator::Like {
                    self.add(Kind::Function, "like", eval.span);
                }
                self.eval(left);
                self.eval(right);
            }
            EvalKind::In { value, items } => {
                self.add(Kind::Function, "in", eval.span);
                self.eval(value);
                items.iter().for_each(|i| self.eval(i));
            }
            EvalKind::Call { name, arguments } => {
                if let Some(known) = function_name(&name.text) {
                    self.add(Kind::Function, known, eval.span);
                }
                arguments.iter().for_each(|a| self.eval(a));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sink;
    use crate::rule::{Library, ScalarMap};

    fn names(search: &str) -> Vec<String> {
        let map = ScalarMap::identity(0, search.len() as u32);
        let search = crate::rule::Search { text: search.to_owned(), map, span: Span::default() };
        let parsed = crate::spl::parse(&search, &Library::default(), &mut Sink::default()).expect("a search");
        of_pipeline(&parsed).into_iter().map(|u| u.name).collect()
    }

    #[test]
    fn constructs_inside_aggregates_and_subsearches_count() {
        assert_eq!(
            names(
                "sourcetype=x | stats count(eval(match(a, \"b\"))) p95(n) by u | where mvcount(v) > 1 AND u LIKE \"a%\""
            ),
            ["search", "stats", "count", "match", "perc", "where", "mvcount", "like"]
        );
        assert_eq!(
            names("sourcetype=x NOT [| inputlookup t | fields u] | append [search sourcetype=y]"),
            ["search", "subsearch", "inputlookup", "fields", "append", "subsearch", "search"]
        );
    }

    #[test]
    fn commands_of_a_broken_search_come_from_its_text() {
        let diagnostics = [Diagnostic::new(&code::UNSUPPORTED_COMMAND, "command `transaction` is not supported")];
        let found = commands_of_text("a=\"x | head\" | transaction u | bucket span=1h _time | where (", &diagnostics);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["bin", "transaction", "where"]);
    }
}
