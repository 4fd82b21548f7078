//! From the IR to the tree of a Logs Insights query.
//!
//! Columns are kept as definitions over *base columns*: what the language can name at this point (discovered fields, and
//! after `stats` its outputs). A definition is written out where it is used; what is large and used again, or has no
//! other spelling, gets a name by `fields` (or `parse`, `unnest`) just before the command that needs it.

mod aggregate;
mod call;
mod case;
mod extract;
mod lookup;
mod multivalue;
mod null;
mod output;
mod plan;
mod predicate;
mod table;
mod text;
mod time;
mod value;
mod widen;

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{self, Command, Expr, Field, Item, Query};
use super::binding::Binding;
use crate::diagnostic::{Code, Diagnostic, Reported, Sink, code};
use crate::ir::{self, Name};
use crate::options::{InsightsLevel, Options};
use crate::schema::Schemas;
use crate::source::Span;

/// The maximum of `stats` commands in a query, by level.
fn max_stats(level: InsightsLevel) -> usize {
    match level {
        InsightsLevel::Core => 2,
        InsightsLevel::Y2026 => 10,
    }
}

/// Lowers a query. Its names are not settled yet.
///
/// # Errors
/// The language can't say it; the sink has the reason.
pub(super) fn query(
    query: &ir::Query,
    schemas: &Schemas,
    options: &Options,
    sink: &mut Sink,
) -> Result<(Query, InsightsLevel), Reported> {
    let mut lower = Lower::new(schemas, options, sink);
    lower.note_json_columns(&query.plan);
    lower.repeated = widen::repeated_lookup_columns(&query.plan);
    lower.rel(&query.plan)?;
    lower.check_remaining()?;
    lower.output(&query.output)?;
    lower.check_lookup_columns()?;
    super::present::settle(&mut lower.query, &lower.optional, &lower.required);
    Ok((lower.query, lower.level))
}

/// A rendered value, and how it holds what it holds.
#[derive(Clone, PartialEq, Debug)]
struct Value {
    expr: Expr,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Text,
    Number,
    /// A time as Insights holds it.
    Timestamp,
    /// A time as seconds since the epoch.
    Seconds,
    /// A parsed JSON object or list.
    Json,
    /// The result of `values()`: no later `stats`, `sort` or `dedup` takes it.
    List,
}

/// Rows' order and number, which the language settles at the end of a query only.
#[derive(Default, Debug)]
struct Tail {
    sort: Vec<(Field, ast::Direction)>,
    limit: Option<u64>,
    dedup: Option<(Vec<Field>, Span)>,
}

struct Lower<'a> {
    schemas: &'a Schemas,
    options: &'a Options,
    sink: &'a mut Sink,
    binding: Binding,
    query: Query,
    /// The level that the query needs.
    level: InsightsLevel,
    /// Base columns with a spelling of their own; others are discovered fields, before the first `stats`.
    slots: BTreeMap<Name, Value>,
    /// Columns as definitions over base columns.
    columns: BTreeMap<Name, ir::Expr>,
    /// Whether names that are not among `columns` exist.
    open: bool,
    stats: usize,
    /// Keys of the last `stats`, in whose order SPL gives the rows.
    keys: Vec<Field>,
    tail: Tail,
    /// Definitions that have a name already, and that name.
    made: Vec<(ir::Expr, Value)>,
    /// Larger definitions that were written out once.
    seen: Vec<ir::Expr>,
    /// Fields that hold parsed JSON, by the text that was parsed.
    parsed: Vec<(Expr, usize)>,
    /// Groups of `parse` commands, by source and regular expression.
    captures: Vec<(Expr, String, extract::Groups)>,
    /// Columns made by `values()`: what it collects, and the name of its count, once that is asked for.
    lists: BTreeMap<Name, (Expr, Option<usize>)>,
    /// Columns below which a JSON path reads.
    json_columns: BTreeSet<Name>,
    next_base: u32,
    /// Columns without a rendering: what they are constant over, and where they come from.
    missing: BTreeMap<Name, (Option<Vec<ir::Expr>>, String)>,
    /// Conditions that were left out.
    left_out: Vec<widen::LeftOut>,
    /// Whether a condition of the events is there, other than that fields are present.
    filtered: bool,
    /// Paths of the scan's fields that records may lack, and of those that all have.
    optional: BTreeSet<String>,
    required: BTreeSet<String>,
    /// Columns that several lookup tables of the plan have.
    repeated: BTreeSet<Name>,
    /// Where the columns of lookup tables come into the query, by their name.
    lookup_columns: BTreeMap<Name, Span>,
    /// Whether the events come from several searches that were joined by OR.
    merged: Option<Span>,
}

impl<'a> Lower<'a> {
    fn new(schemas: &'a Schemas, options: &'a Options, sink: &'a mut Sink) -> Self {
        Self {
            schemas,
            options,
            sink,
            binding: Binding::default(),
            query: Query::default(),
            level: InsightsLevel::Core,
            slots: BTreeMap::new(),
            columns: BTreeMap::new(),
            open: true,
            stats: 0,
            keys: Vec::new(),
            tail: Tail::default(),
            made: Vec::new(),
            seen: Vec::new(),
            parsed: Vec::new(),
            captures: Vec::new(),
            lists: BTreeMap::new(),
            json_columns: BTreeSet::new(),
            next_base: 0,
            missing: BTreeMap::new(),
            left_out: Vec::new(),
            filtered: false,
            optional: BTreeSet::new(),
            required: BTreeSet::new(),
            repeated: BTreeSet::new(),
            lookup_columns: BTreeMap::new(),
            merged: None,
        }
    }

    /// "The language can't say it."
    fn unsupported(&mut self, span: Span, message: impl Into<String>, help: &str) -> Reported {
        self.fail(&code::UNSUPPORTED_BY_TARGET, span, message, help)
    }

    fn fail(&mut self, code: &'static Code, span: Span, message: impl Into<String>, help: &str) -> Reported {
        self.sink.fail(Diagnostic::new(code, message).at(span).help(help))
    }

    /// "The result can differ": the message says how, the help in which direction.
    fn approximate(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
    }

    /// A reading where the manual is silent, or a property of the target that does not change rows. Each is said once,
    /// where it comes first.
    fn reading(&mut self, span: Option<Span>, message: impl Into<String>, help: &str) {
        let mut diagnostic = Diagnostic::new(&code::READING, message).help(help);
        let said = |d: &Diagnostic| std::ptr::eq(d.code, diagnostic.code) && d.message == diagnostic.message;
        if self.sink.diagnostics().iter().any(said) {
            return;
        }
        diagnostic.span = span;
        self.sink.push(diagnostic);
    }

    /// A difference in the shape of the output.
    fn shape(&mut self, span: Option<Span>, message: impl Into<String>, help: &str) {
        let mut diagnostic = Diagnostic::new(&code::SHAPE_NOT_KEPT, message).help(help);
        diagnostic.span = span;
        self.sink.push(diagnostic);
    }

    /// Whether the chosen level has what the newest language has; notes that it is needed.
    fn newest(&mut self) -> bool {
        let has = self.options.insights_level == InsightsLevel::Y2026;
        if has {
            self.level = InsightsLevel::Y2026;
        }
        has
    }

    /// Requires the newest language.
    fn need_newest(&mut self, what: &str, span: Span) -> Result<(), Reported> {
        if self.newest() {
            return Ok(());
        }
        Err(self.unsupported(
            span,
            format!("{what} has no equivalent at language level `core`"),
            "compile with `--insights-level 2026` where the Region has it",
        ))
    }

    /// An expression over base columns.
    fn resolve(&self, e: &ir::Expr) -> ir::Expr {
        e.clone().substitute(&|name| self.columns.get(name).cloned())
    }

    /// A base column with this rendering.
    fn base(&mut self, value: Value, ty: ir::Type, nullable: bool, span: Span) -> ir::Expr {
        self.next_base += 1;
        // No field of SPL begins with this character.
        let name: Name = format!("\u{0}{}", self.next_base).into();
        self.slots.insert(name.clone(), value);
        ir::Expr::column(name, ty, nullable, span)
    }

    /// Gives an expression a name by `fields`.
    fn name_expr(&mut self, expr: Expr, hint: &str) -> Field {
        let id = self.query.local(hint);
        let item = Item { expr, alias: Some(ast::Alias::Local(id)) };
        match self.query.commands.last_mut() {
            // One command makes several names, unless one is made of another.
            Some(Command::Fields(items)) if !reads_any(&item.expr, items) => items.push(item),
            _ => self.query.commands.push(Command::Fields(vec![item])),
        }
        Field::Local(id)
    }

    /// Adds conditions that rows must meet.
    fn push_filter(&mut self, condition: Expr) {
        self.note_filters(&condition);
        let parts = match condition {
            Expr::Bool(true) => return,
            Expr::Bool(false) => vec![self.never()],
            Expr::And(parts) => parts,
            other => vec![other],
        };
        if let Some(Command::Filter(have)) = self.query.commands.last_mut() {
            for part in parts {
                if !have.contains(&part) {
                    have.push(part);
                }
            }
        } else {
            self.query.commands.push(Command::Filter(parts));
        }
    }

    /// How many values a list of the last `stats` has: one more aggregate of that `stats`.
    fn list_count(&mut self, name: &Name, span: Span) -> Option<Expr> {
        let (argument, have) = self.lists.get(name)?.clone();
        if let Some(id) = have {
            return Some(Expr::local(id));
        }
        let id = self.query.local(&format!("{name}_count"));
        let stats = self.query.commands.iter_mut().rev().find_map(|c| match c {
            Command::Stats { aggregates, .. } => Some(aggregates),
            _ => None,
        })?;
        let count = Expr::call("count_distinct", vec![argument.clone()]);
        stats.push(Item { expr: count, alias: Some(ast::Alias::Local(id)) });
        self.lists.insert(name.clone(), (argument, Some(id)));
        self.approximate(
            span,
            "Logs Insights estimates how many values `values` has where they are very many",
            "differs for very many distinct values only",
        );
        Some(Expr::local(id))
    }

    /// A condition that no row meets; the language has no constant for it.
    fn never(&self) -> Expr {
        let field = match self.keys.first() {
            Some(field) => Expr::Field(field.clone()),
            None => Expr::raw("@timestamp"),
        };
        ast::and([Expr::present(field.clone()), ast::not(Expr::present(field))])
    }

    /// What a `stats` takes away: every name but its own.
    fn forget_names(&mut self) {
        self.slots.clear();
        self.columns.clear();
        self.made.clear();
        self.seen.clear();
        self.parsed.clear();
        self.captures.clear();
        self.lists.clear();
        self.open = false;
    }

    /// Finds the columns below which JSON paths read: an element that is unnested into one of them is kept parsed.
    fn note_json_columns(&mut self, rel: &ir::Rel) {
        let mut names = BTreeSet::new();
        each_expr(rel, &mut |e| {
            if let ir::ExprKind::JsonPath { value, .. } = &e.kind
                && let Some(name) = value.as_column()
            {
                names.insert(name.clone());
            }
        });
        self.json_columns = names;
    }
}

/// Whether an expression reads a name that one of these items makes.
fn reads_any(e: &Expr, items: &[Item]) -> bool {
    let makes = |id: usize| items.iter().any(|i| i.alias == Some(ast::Alias::Local(id)));
    let mut reads = false;
    e.walk(&mut |e| {
        if let Expr::Field(Field::Local(id)) | Expr::Member(Field::Local(id), _) = e {
            reads |= makes(*id);
        }
    });
    reads
}

/// Calls `f` on every expression of a plan, and all below it.
fn each_expr<'r>(rel: &'r ir::Rel, f: &mut dyn FnMut(&'r ir::Expr)) {
    use ir::Rel;
    match rel {
        Rel::Filter { predicate, .. } => predicate.walk(f),
        Rel::Extend { columns, .. } | Rel::Project { columns, .. } => columns.iter().for_each(|(_, e)| e.walk(f)),
        Rel::Aggregate { keys, aggregates, .. } => {
            keys.iter().for_each(|(_, e)| e.walk(f));
            aggregates.iter().filter_map(|(_, a)| a.argument.as_ref()).for_each(|e| e.walk(f));
        }
        Rel::Window { partition, columns, .. } => {
            partition.iter().for_each(|e| e.walk(f));
            columns.iter().filter_map(|(_, a)| a.argument.as_ref()).for_each(|e| e.walk(f));
        }
        Rel::SemiJoin { on, .. } => on.iter().for_each(|(e, _)| e.walk(f)),
        Rel::Sort { keys, .. } => keys.iter().for_each(|k| k.expr.walk(f)),
        Rel::Distinct { keys, .. } => keys.iter().for_each(|e| e.walk(f)),
        Rel::Lookup(lookup) => lookup.on.iter().for_each(|(_, e)| e.walk(f)),
        Rel::Transaction(t) => t.starts_with.iter().chain(&t.ends_with).for_each(|e| e.walk(f)),
        Rel::Assign { name, value, .. } => [name, value].into_iter().for_each(|e| e.walk(f)),
        Rel::Scan(_)
        | Rel::Values(_)
        | Rel::Unnest { .. }
        | Rel::Join(_)
        | Rel::Union { .. }
        | Rel::Limit { .. }
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. } => {}
    }
    rel.inputs().into_iter().for_each(|input| each_expr(input, f));
}
