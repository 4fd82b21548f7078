//! Lowering: SPL's AST becomes relational operators, names become columns, and what SPL leaves unsaid is said.

pub(crate) mod aggregate;
mod choice;
mod each;
mod eval;
pub(crate) mod fill;
mod finish;
mod grouped;
mod rows;
pub(crate) mod scope;
pub(crate) mod search;
pub(crate) mod source;
mod subsearch;
mod types;
pub(crate) mod wildcard;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use aggregate::{Aggregation, Argument};
pub(crate) use aggregate::{aggregate, names as aggregate_names, parse as parse_aggregations};
pub(crate) use choice::node_of;
pub(crate) use grouped::{Grouped, Lists, keep};
pub(crate) use rows::{as_number, count_rows, same_values};
pub(crate) use scope::{Origin, Reader, Scope};

use super::Pipeline;
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::{Column, Expr, Literal, Name, Query, Rel, Window, rewrite};
use crate::options::Options;
use crate::rule::{Library, Rule};
use crate::schema::{Schema, Schemas};
use crate::source::Span;

/// Bound on the operators of a query: what reads a plan goes one level deeper for each. Few stages can make many of
/// them: `eval` makes one for each field, a template one for each field that matches.
const MOST_OPERATORS: u32 = 500;

/// The state of lowering a rule.
pub(crate) struct Lowering<'a> {
    pub(crate) library: &'a Library,
    pub(crate) schemas: &'a Schemas,
    pub(crate) options: &'a Options,
    pub(crate) sink: &'a mut Sink,
    /// What the stages so far have made.
    pub(crate) scope: Scope,
    /// The library's names of the sources that the rule reads.
    data_source: &'a [String],
    /// While the conditions of the first search are lowered for one of several sources: all of them.
    siblings: Vec<Arc<Schema>>,
    /// The time window that scans get where the search itself sets none.
    window: Window,
    /// By schema: the raw fields that the query reads, and the calculated fields, which scans are completed with at the end.
    uses: BTreeMap<Arc<str>, Uses>,
    next_variable: u32,
    /// Operators so far; see [`Lowering::count_operator`].
    operators: u32,
    depth: u32,
    /// Whether the current pipeline's rows become a condition.
    in_condition: bool,
    /// A stage could not be lowered.
    faulty: bool,
}

#[derive(Default)]
struct Uses {
    raw: BTreeMap<Name, Column>,
    calculated: BTreeMap<Name, Expr>,
}

/// Lowers a search into a query of the IR, and simplifies it.
///
/// # Errors
/// Some stage can't be expressed; the sink has the construct and its place.
pub fn lower(
    pipeline: &Pipeline,
    rule: &Rule,
    library: &Library,
    schemas: &Schemas,
    options: &Options,
    sink: &mut Sink,
) -> Result<Query, Reported> {
    let query = rewrite::simplify(lower_unsimplified(pipeline, rule, library, schemas, options, sink)?);
    types::check_types(&query, sink)?;
    if !sink.diagnostics().iter().any(|d| std::ptr::eq(d.code, &code::EMPTY_RESULT)) {
        report_empty(&query.plan, sink);
    }
    Ok(query)
}

/// Lowers a search as it stands: the tests hold that simplification keeps its rows.
///
/// # Errors
/// As [`lower`].
#[doc(hidden)]
pub fn lower_unsimplified(
    pipeline: &Pipeline,
    rule: &Rule,
    library: &Library,
    schemas: &Schemas,
    options: &Options,
    sink: &mut Sink,
) -> Result<Query, Reported> {
    let window = source::default_window(rule, library, options);
    let mut lowering = Lowering {
        library,
        schemas,
        options,
        sink,
        scope: Scope::default(),
        data_source: &rule.data_source,
        siblings: Vec::new(),
        window,
        uses: BTreeMap::new(),
        next_variable: 0,
        operators: 0,
        depth: 0,
        in_condition: false,
        faulty: false,
    };
    lowering.pipeline(pipeline)?;
    let query = lowering.finish();
    types::check_types(&query, sink)?;
    Ok(query)
}

/// Says where no row can pass a condition, as far as simplification found that out.
fn report_empty(plan: &Rel, sink: &mut Sink) {
    if let Rel::Filter { predicate, .. } = plan
        && matches!(predicate.as_literal(), Some(Literal::Boolean(false)))
    {
        let help = "compare it with the values that the source's fields can have";
        sink.push(
            Diagnostic::new(&code::EMPTY_RESULT, "no row can satisfy this condition").at(predicate.span).help(help),
        );
    }
    plan.inputs().into_iter().for_each(|input| report_empty(input, sink));
}

impl Lowering<'_> {
    /// Lowers stages on top of the current scope. All stages are looked at, so that each one's faults are found,
    /// unless the source itself is missing.
    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<(), Reported> {
        let mut result = Ok(());
        for stage in &pipeline.stages {
            if stage.command.lower(stage.span, self).is_err() {
                result = Err(Reported);
                // What the stage would have made is not known, so that later names can't be judged.
                self.faulty = true;
                if self.scope.plan.is_none() {
                    break;
                }
            }
        }
        result
    }

    /// Counts an operator that is put on top of a plan; refuses the first one too many.
    fn count_operator(&mut self, span: Span) -> Result<(), Reported> {
        self.operators += 1;
        if self.operators <= MOST_OPERATORS {
            return Ok(());
        }
        if self.operators > MOST_OPERATORS + 1 {
            return Err(Reported);
        }
        let message = format!("the search takes more than {MOST_OPERATORS} steps: each field that `eval` sets is one");
        Err(self.sink.fail(Diagnostic::new(&code::NESTED_TOO_DEEP, message).at(span).help("split the search")))
    }

    /// Lowers commands that are written out from a template, on top of the current scope.
    pub(crate) fn template(&mut self, text: &str, place: Span) -> Result<(), Reported> {
        let pipeline = super::parse_template(text, place, self.sink)?;
        self.pipeline(&pipeline)
    }

    /// Lowers another pipeline beside the current one, and gives its scope.
    pub(crate) fn beside(&mut self, pipeline: &Pipeline) -> Result<Scope, Reported> {
        self.beside_as(pipeline, false)
    }

    /// `beside`, for rows that become a condition or do not.
    fn beside_as(&mut self, pipeline: &Pipeline, condition: bool) -> Result<Scope, Reported> {
        let outer = std::mem::take(&mut self.scope);
        let outer_condition = std::mem::replace(&mut self.in_condition, condition);
        self.depth += 1;
        let result = self.pipeline(pipeline);
        self.depth -= 1;
        self.in_condition = outer_condition;
        let inner = std::mem::replace(&mut self.scope, outer);
        result.map(|()| inner)
    }

    /// Lowers stages on a copy of the current rows, and gives what they become; the current rows stay (`appendpipe`).
    pub(crate) fn on_copy(&mut self, pipeline: &Pipeline) -> Result<Scope, Reported> {
        let outer = self.scope.clone();
        let result = self.pipeline(pipeline);
        let inner = std::mem::replace(&mut self.scope, outer);
        result.map(|()| inner)
    }

    /// The time window that scans get where the search itself sets none.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// A fresh number for the parameter of a lambda.
    pub(crate) fn variable(&mut self) -> u32 {
        self.next_variable += 1;
        self.next_variable
    }

    /// A boolean test of each value of `value` if it is multivalue (some value must satisfy it), else of the value itself.
    pub(crate) fn for_some(&mut self, value: Expr, span: Span, test: impl FnOnce(Expr) -> Expr) -> Expr {
        use crate::ir::{ExprKind, Type};
        if !value.ty.multivalue {
            return test(value);
        }
        let variable = self.variable();
        let element = Expr::new(ExprKind::Variable(variable), value.ty.element(), false, value.span);
        let predicate = Box::new(test(element));
        let nullable = value.nullable;
        Expr::new(ExprKind::Any { value: Box::new(value), variable, predicate }, Type::BOOLEAN, nullable, span)
    }
}
