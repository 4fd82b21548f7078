//! Which commands, functions and aggregates a search is made of, from its syntax tree.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, code};
use crate::function;
use crate::ir::{ArithmeticOp, CompareOp};
use crate::source::Span;
use crate::spl::command::{self, Boundary, Dataset, IMPLEMENTED, Item};
use crate::spl::eval::{Eval, EvalKind, Operator};
use crate::spl::search::{Search, Value};
use crate::spl::{self, Aggregation, Argument, Command, Pipeline, aggregate_name};

/// What a construct is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Command,
    Function,
    Aggregate,
    /// Of the evaluation language.
    Operator,
    /// Of the `search` language: operators and forms of values.
    SearchOperator,
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

/// What the `search` language has beside comparisons.
const SEARCH: [&str; 10] = [AND, OR, NOT, IN, WILDCARD, WORDS, CASE, TERM, CALL, SUBSEARCH];
const AND: &str = "AND";
const OR: &str = "OR";
const NOT: &str = "NOT";
const IN: &str = "IN";
const WILDCARD: &str = "wildcards in values";
const WORDS: &str = "words of the raw event";
const CASE: &str = "CASE()";
const TERM: &str = "TERM()";
const CALL: &str = "comparison with a function";
const SUBSEARCH: &str = "subsearch";

const COMPARISONS: [CompareOp; 6] =
    [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
const ARITHMETIC: [ArithmeticOp; 5] =
    [ArithmeticOp::Add, ArithmeticOp::Subtract, ArithmeticOp::Multiply, ArithmeticOp::Divide, ArithmeticOp::Modulo];

/// Every construct that the program knows by name, and whether it is implemented.
pub(super) fn known() -> Vec<(Kind, &'static str, bool)> {
    let commands = command::names().map(|(name, done)| (Kind::Command, name, done));
    let functions = function::names().chain(LAMBDAS).map(|name| (Kind::Function, name, true));
    let refused = function::refused().map(|name| (Kind::Function, name, false));
    let aggregates = spl::aggregate_names().map(|(name, done)| (Kind::Aggregate, name, done));
    let compare = COMPARISONS.map(CompareOp::symbol);
    let logic = [AND, OR, "XOR", NOT, "LIKE", IN, "."];
    let operators = logic.into_iter().chain(compare).chain(ARITHMETIC.map(ArithmeticOp::symbol));
    let search = SEARCH.into_iter().chain(compare);
    commands
        .chain(functions)
        .chain(refused)
        .chain(aggregates)
        .chain(operators.map(|name| (Kind::Operator, name, true)))
        .chain(search.map(|name| (Kind::SearchOperator, name, true)))
        .collect()
}

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
        let span = condition.span();
        let mut add = |name| self.add(Kind::SearchOperator, name, span);
        match condition {
            Search::And(parts) => {
                if parts.len() > 1 {
                    add(AND);
                }
                parts.iter().for_each(|p| self.search(p));
            }
            Search::Or(parts) => {
                add(OR);
                parts.iter().for_each(|p| self.search(p));
            }
            Search::Not(inner, _) => {
                add(NOT);
                self.search(inner);
            }
            Search::CompareCall { op, call, .. } => {
                add(CALL);
                add(op.symbol());
                self.eval(call);
            }
            Search::Subsearch(pipeline, span) => {
                add(SUBSEARCH);
                self.add(Kind::Subsearch, "subsearch", *span);
                self.pipeline(pipeline);
            }
            Search::Compare { op, value, .. } => {
                add(op.symbol());
                self.value(value);
            }
            Search::In { values, .. } => {
                add(IN);
                values.iter().for_each(|v| self.value(v));
            }
            Search::Term(value) => {
                add(WORDS);
                self.value(value);
            }
        }
    }

    /// Forms of a value.
    fn value(&mut self, value: &Value) {
        let forms = [(value.text.contains('*'), WILDCARD), (value.case_sensitive, CASE), (value.whole_term, TERM)];
        for (_, name) in forms.into_iter().filter(|(is, _)| *is) {
            self.add(Kind::SearchOperator, name, value.span);
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
                Item::Aggregation(one) => self.aggregations(std::slice::from_ref(one)),
                Item::Rate { sum, seconds } => {
                    self.add(Kind::Aggregate, command::rate_name(*seconds), sum.span);
                    match &sum.argument {
                        Argument::Eval(e) => self.eval(e),
                        Argument::Rows | Argument::Field(_) | Argument::Sparkline(_) => {}
                    }
                }
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
            EvalKind::Not(inner) => {
                self.add(Kind::Operator, NOT, eval.span);
                self.eval(inner);
            }
            EvalKind::Negative(inner) => {
                self.add(Kind::Operator, ArithmeticOp::Subtract.symbol(), eval.span);
                self.eval(inner);
            }
            EvalKind::Binary { op, left, right } => {
                let name = match op {
                    Operator::And => AND,
                    Operator::Or => OR,
                    Operator::Xor => "XOR",
                    Operator::Compare(op) => op.symbol(),
                    Operator::Like => "LIKE",
                    Operator::Arithmetic(op) => op.symbol(),
                    Operator::Concat => ".",
                };
                self.add(Kind::Operator, name, eval.span);
                self.eval(left);
                self.eval(right);
            }
            EvalKind::In { value, items } => {
                self.add(Kind::Operator, IN, eval.span);
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

    fn uses(search: &str) -> Vec<Use> {
        let map = ScalarMap::identity(0, search.len() as u32);
        let search = crate::rule::Search { text: search.to_owned(), map, span: Span::default() };
        let parsed = crate::spl::parse(&search, &Library::default(), &mut Sink::default()).expect("a search");
        of_pipeline(&parsed)
    }

    fn names(search: &str) -> Vec<String> {
        let is_operator = |u: &Use| matches!(u.kind, Kind::Operator | Kind::SearchOperator);
        uses(search).into_iter().filter(|u| !is_operator(u)).map(|u| u.name).collect()
    }

    #[test]
    fn constructs_inside_aggregates_and_subsearches_count() {
        assert_eq!(
            names(
                "sourcetype=x | stats count(eval(match(a, \"b\"))) p95(n) by u | where mvcount(v) > 1 AND u LIKE \"a%\""
            ),
            ["search", "stats", "count", "match", "perc", "where", "mvcount"]
        );
        assert_eq!(
            names("sourcetype=x NOT [| inputlookup t | fields u] | append [search sourcetype=y]"),
            ["search", "subsearch", "inputlookup", "fields", "append", "subsearch", "search"]
        );
    }

    #[test]
    fn operators_count_by_their_language() {
        let of = |search: &str, kind: Kind| -> Vec<String> {
            uses(search).into_iter().filter(|u| u.kind == kind).map(|u| u.name).collect()
        };
        let search = "a=x* NOT b!=1 CASE(Word) | where NOT a LIKE \"x%\" AND n>-m";
        let found = of(search, Kind::SearchOperator);
        assert_eq!(found, ["AND", "=", "wildcards in values", "NOT", "!=", "words of the raw event", "CASE()"]);
        assert_eq!(of(search, Kind::Operator), ["AND", "NOT", "LIKE", ">", "-"]);
    }

    #[test]
    fn what_is_found_is_known() {
        let known: Vec<_> = known().into_iter().map(|(kind, name, _)| (kind, name)).collect();
        let search = "a=\"x\" b IN (1, 2) TERM(w) [search c<=2] | eval d=-a.b+2%3, e=ceil(mvmap(f, f*2)) \
            | where d IN (1) XOR true() | stats p95(n) mean(x) estdc(y) sparkline(count) | timechart per_hour(x) \
            | appendpipe [head 1] | bucket span=1h _time | apply m | typer";
        let missing: Vec<_> = uses(search)
            .into_iter()
            .filter(|u| u.kind != Kind::Subsearch && !known.contains(&(u.kind, u.name.as_str())))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn commands_of_a_broken_search_come_from_its_text() {
        let diagnostics = [Diagnostic::new(&code::UNSUPPORTED_COMMAND, "command `transaction` is not supported")];
        let found = commands_of_text("a=\"x | head\" | transaction u | bucket span=1h _time | where (", &diagnostics);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["bin", "transaction", "where"]);
    }
}
