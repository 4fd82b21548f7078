//! The columns of `chart … by` and `timechart … by`: which values of the field get one, and what the others become
//! (Search Reference, `chart`, "limit", "useother", "usenull"; `timechart`, "where clause").
//!
//! The ranking is ordinary IR: an aggregation by series over the same rows, sorted and cut, that the rows are joined to.

use super::cells::{Cells, Item};
use super::span::BinOptions;
use super::xyseries::Naming;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{
    AggregateFunction as F, Case, Column, CompareOp, Expr, ExprKind, Join, JoinKind, Literal, Name, Pivot, Rel, Scalar,
    SortKey, SortOrder, Type,
};
use crate::source::Span;
use crate::spl::lower::aggregate::{function, parse_one};
use crate::spl::lower::{Aggregation, Argument, Lowering};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::{Printer, spelled};

/// A field that splits rows or columns.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    pub field: Spanned,
    pub bins: BinOptions,
}

/// How series become columns.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    pub choice: Choice,
    /// What series are ranked by, where the search says so.
    pub score: Option<Score>,
    pub use_null: bool,
    pub null_text: String,
    pub use_other: bool,
    pub other_text: String,
    pub naming: Naming,
}

/// The rows and cells that the columns belong to.
pub(super) struct Grid<'a> {
    /// The key of the rows.
    pub(super) row: (Name, Expr),
    pub(super) items: &'a [Item],
    /// How long a bin of the rows is.
    pub(super) seconds: Option<f64>,
    pub(super) span: Span,
}

/// Which series get a column of their own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Choice {
    All,
    /// The first of them by rank; `bottom`: from the least; `others`: all but these.
    Ranked {
        count: u64,
        bottom: bool,
        others: bool,
    },
    /// Those whose score is more (or less) than a number.
    Over(f64),
    Under(f64),
}

/// What a series is ranked by.
#[derive(Clone, PartialEq, Debug)]
pub enum Score {
    /// Over its rows.
    Rows(Box<Aggregation>),
    /// Over its cells.
    Cells(F),
}

const DEFAULT_LIMIT: u64 = 10;
/// Bound on the operators below a ranking, which reads them twice.
const MOST_OPERATORS: usize = 2_000;
const SERIES: &str = "(series)";
const HELP: &str = "write e.g. `limit=10`, `limit=top5` or `where count in top5`";

impl Default for Series {
    fn default() -> Self {
        Self {
            choice: Choice::Ranked { count: DEFAULT_LIMIT, bottom: false, others: false },
            score: None,
            use_null: true,
            null_text: "NULL".to_owned(),
            use_other: true,
            other_text: "OTHER".to_owned(),
            naming: Naming::default(),
        }
    }
}

pub(super) const OPTIONS: &[&str] =
    &["limit", "agg", "usenull", "useother", "nullstr", "otherstr", "sep", "format", "dedup_splitvals"];

impl Split {
    pub(super) fn print(&self, out: &mut Printer) {
        out.name(&self.field.text);
        self.bins.print(out);
    }
}

impl Score {
    fn print(&self, out: &mut Printer) {
        match self {
            Score::Cells(function) => out.word(&spelled(*function)),
            // The bare word is that of the cells.
            Score::Rows(rows) if rows.argument == Argument::Rows => {
                out.word("count()");
                if rows.name.text != "count" {
                    out.output(Some(&rows.name));
                }
            }
            Score::Rows(aggregation) => out.aggregation(aggregation),
        }
    }
}

impl Series {
    /// Whether the choice has to be written as a condition: options can't say it.
    fn is_condition(&self) -> bool {
        matches!(self.choice, Choice::Over(_) | Choice::Under(_) | Choice::Ranked { others: true, .. })
    }

    /// The options, as they stand before the aggregations.
    pub(super) fn print(&self, out: &mut Printer) {
        let (Self { choice, score, use_null, null_text, use_other, other_text, naming }, usual) =
            (self, Self::default());
        match *choice {
            Choice::All => out.option("limit", "0"),
            Choice::Ranked { count, bottom: true, others: false } => out.option("limit", &format!("bottom{count}")),
            Choice::Ranked { count, bottom: false, others: false } => out.number_option("limit", count, DEFAULT_LIMIT),
            Choice::Ranked { others: true, .. } | Choice::Over(_) | Choice::Under(_) => {}
        }
        if let (Some(score), false) = (score, self.is_condition()) {
            out.open("agg=");
            score.print(out);
        }
        out.flag("usenull", *use_null, true);
        out.flag("useother", *use_other, true);
        out.text_option("nullstr", null_text, &usual.null_text);
        out.text_option("otherstr", other_text, &usual.other_text);
        naming.print(out);
    }

    /// The condition behind the field of the columns.
    pub(super) fn print_where(&self, out: &mut Printer) {
        let (Some(score), true) = (&self.score, self.is_condition()) else { return };
        out.word("where");
        score.print(out);
        match self.choice {
            Choice::Over(bound) => {
                out.word(">");
                out.number(bound);
            }
            Choice::Under(bound) => {
                out.word("<");
                out.number(bound);
            }
            Choice::Ranked { count, bottom, others } => {
                out.word(if others { "notin" } else { "in" });
                out.word(&format!("{}{count}", if bottom { "bottom" } else { "top" }));
            }
            Choice::All => {}
        }
    }

    /// `agg=sum(x)`, which is no plain option: its value is an aggregation.
    pub(super) fn take_agg(&mut self, p: &mut Parser<'_>) -> Result<bool, Reported> {
        let start = p.pos();
        if !(p.eat_keyword("agg") && p.eat("=")) {
            p.set_pos(start);
            return Ok(false);
        }
        self.score = Some(score(p)?);
        Ok(true)
    }

    /// Takes an option, if it is one of series.
    pub(super) fn take(
        &mut self,
        p: &mut Parser<'_>,
        command: &str,
        option: &Spanned,
        value: &Spanned,
    ) -> Result<bool, Reported> {
        match option.text.as_str() {
            "limit" => self.choice = limit(p, value)?,
            "usenull" => self.use_null = p.boolean(option, value)?,
            "useother" => self.use_other = p.boolean(option, value)?,
            "nullstr" => self.null_text = value.text.clone(),
            "otherstr" => self.other_text = value.text.clone(),
            "sep" => self.naming.sep = Some(value.text.clone()),
            "format" => self.naming.format = Some(value.text.clone()),
            "dedup_splitvals" if !p.boolean(option, value)? => {}
            "dedup_splitvals" => return Err(p.unsupported_option(command, option)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `where count in top5`, `where max(x) > 10`: takes the place of `limit` and `agg`.
    pub(super) fn take_where(&mut self, p: &mut Parser<'_>) -> Result<bool, Reported> {
        if !p.eat_keyword("where") {
            return Ok(false);
        }
        self.score = Some(score(p)?);
        let others = p.eat_keyword("notin");
        if others || p.eat_keyword("in") {
            let word = p.expect_name("`top` or `bottom` with a number", HELP)?;
            self.choice = match limit(p, &word)? {
                Choice::Ranked { count, bottom, .. } => Choice::Ranked { count, bottom, others },
                other => other,
            };
            return Ok(true);
        }
        let over = p.eat(">");
        if !over && !p.eat("<") {
            return Err(p.expected("`in`, `notin`, `<` or `>`", HELP));
        }
        let bound = p.expect_name("a number", HELP)?;
        let number: f64 = p.number("where", &bound)?;
        if !number.is_finite() {
            let message = format!("`{}` is no number to compare with", bound.text);
            return Err(p.fail(&code::WRONG_ARGUMENTS, message, bound.span, HELP));
        }
        self.choice = if over { Choice::Over(number) } else { Choice::Under(number) };
        Ok(true)
    }

    /// Turns the rows: groups them by the row's key and the series, and makes columns of the series.
    /// `between` puts operators on the groups before that.
    pub(super) fn pivot(
        &self,
        split: &Split,
        grid: Grid<'_>,
        between: &mut dyn FnMut(&mut Lowering<'_>) -> Result<(), Reported>,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Reported> {
        let span = grid.span;
        self.make_series(split, lowering, span)?;
        let series: Name = SERIES.into();
        let Grid { row, items, seconds, .. } = &grid;
        let keys = [row.0.clone(), series.clone()];
        let limited = match self.choice {
            Choice::All => false,
            _ => {
                self.join_chosen(&grid, lowering)?;
                true
            }
        };
        let column = self.name_series(limited, lowering, span);
        let cells = Cells::new(items, &keys, *seconds, lowering)?;
        let (values, zeros) = (cells.values.clone(), cells.zeros.clone());
        cells.group(vec![row.clone(), (series.clone(), column)], lowering, span)?;
        between(lowering)?;
        let mut last = Vec::new();
        last.extend(self.use_null.then(|| self.null_text.clone()));
        last.extend((limited && self.use_other).then(|| self.other_text.clone()));
        let row = Column { name: row.0.clone(), ty: row.1.ty, nullable: false };
        let input = lowering.take_plan(span)?;
        let naming = self.naming.parts(values.len() > 1);
        let pivot = Pivot { input, row: row.name.clone(), column: series, values, naming, zeros, last, span };
        lowering.put_plan(Rel::Pivot(pivot));
        lowering.close_open(vec![row]);
        Ok(())
    }

    /// Puts the series' text into a column of its own; each value of a multivalue field gets a row. NULL stays, unless
    /// such rows have no series.
    fn make_series(&self, split: &Split, lowering: &mut Lowering<'_>, span: Span) -> Result<(), Reported> {
        let at = split.field.span;
        let mut value = lowering.field(&split.field.text, at);
        if value.ty.multivalue {
            if value.nullable && self.use_null {
                let ty = Type::many(Scalar::Unknown);
                let literal = ExprKind::Literal(Literal::Strings(vec![self.null_text.clone()]));
                let none = Expr::new(literal, ty, false, at);
                value = Expr::new(ExprKind::Coalesce(vec![value, none]), ty, false, at);
            }
            value = lowering.unnest(SERIES, value, at)?;
        }
        let is_time = value.ty.scalar == Scalar::Time;
        if split.bins.says_width()
            && let Some(width) = split.bins.width(is_time, lowering, at)?
        {
            value = split.bins.bin(value, &width, lowering, at)?;
        }
        let text = crate::function::to_text(value);
        lowering.extend(vec![(SERIES.into(), text.clone())], span)?;
        if !self.use_null && text.nullable {
            lowering.filter(Expr::column(SERIES, text.ty, true, at).is_not_null(), span)?;
            lowering.scope.declare(&SERIES.into(), text.ty, false);
        }
        Ok(())
    }

    /// Joins the rows to the series that get columns, which have a `(chosen)`.
    fn join_chosen(&self, grid: &Grid<'_>, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let span = grid.span;
        if lowering.scope.plan.as_ref().is_some_and(|plan| operators(plan) > MOST_OPERATORS) {
            let message = "the search is too large for a ranking of the columns, which reads it twice";
            return Err(super::unsupported(lowering, span, message, "write `limit=0`"));
        }
        let rows = lowering.scope.clone();
        let chosen = self.chosen(grid, lowering);
        let right = std::mem::replace(&mut lowering.scope, rows).plan;
        chosen?;
        let left = lowering.take_plan(span)?;
        let Some(right) = right.map(Box::new) else { return Ok(()) };
        let on = vec![SERIES.into()];
        lowering.put_plan(Rel::Join(Join { left, right, kind: JoinKind::Left, on, max: Some(1), span }));
        lowering.scope.declare(&"(chosen)".into(), Type::BOOLEAN, true);
        let message = "which of several series of equal rank get a column is not defined; here the first by name do";
        if matches!(self.choice, Choice::Ranked { .. }) {
            lowering.sink.push(Diagnostic::new(&code::READING, message).at(span));
        }
        Ok(())
    }

    /// The series that the choice means: one row for each.
    fn chosen(&self, grid: &Grid<'_>, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let Grid { row, items, seconds, span } = grid;
        let span = *span;
        let series = lowering.field(SERIES, span);
        if series.nullable {
            lowering.filter(series.clone().is_not_null(), span)?;
        }
        let key = |lowering: &mut Lowering<'_>| {
            let series = lowering.field(SERIES, span);
            (Name::from(SERIES), Expr { nullable: false, ..series })
        };
        let score: Name = "(score)".into();
        let over_cells = match (&self.score, *items) {
            (Some(Score::Rows(aggregation)), _) => {
                let named = Spanned { text: score.to_string(), span: aggregation.name.span };
                let aggregation = Item::Aggregation(Aggregation { name: named, ..(**aggregation).clone() });
                let cells = Cells::new(&[aggregation], &[SERIES.into()], None, lowering)?;
                let key = key(lowering);
                cells.group(vec![key], lowering, span)?;
                None
            }
            (Some(Score::Cells(function)), _) => Some(*function),
            (None, [_]) => Some(F::Sum),
            // With several aggregations, the series with most rows rank first.
            (None, _) => {
                let rows = lowering.typed_aggregate(F::Count, None, span);
                let key = key(lowering);
                lowering.group(vec![key], vec![(score.clone(), rows)], span)?;
                None
            }
        };
        if let Some(function) = over_cells {
            let first = &items[..items.len().min(1)];
            let cells = Cells::new(first, &[row.0.clone(), SERIES.into()], *seconds, lowering)?;
            let Some(value) = cells.values.first().cloned() else { return Ok(()) };
            let key_of_series = key(lowering);
            cells.group(vec![row.clone(), key_of_series], lowering, span)?;
            let value = lowering.field(&value, span);
            let total = lowering.typed_aggregate(function, Some(value), span);
            let key = key(lowering);
            lowering.group(vec![key], vec![(score.clone(), total)], span)?;
        }
        let scored = lowering.field(&score, span);
        let compare = |op, bound| Expr::compare(op, scored.clone(), Expr::double(bound, span), Case::Sensitive);
        match self.choice {
            Choice::All => {}
            Choice::Over(bound) => lowering.filter(compare(CompareOp::Gt, bound), span)?,
            Choice::Under(bound) => lowering.filter(compare(CompareOp::Lt, bound), span)?,
            Choice::Ranked { count, bottom, .. } => {
                let by_name = SortKey { expr: lowering.field(SERIES, span), descending: false, order: SortOrder::Text };
                let by_score = SortKey { expr: scored, descending: !bottom, order: SortOrder::Number };
                let input = lowering.take_plan(span)?;
                lowering.put_plan(Rel::Sort { input, keys: vec![by_score, by_name], limit: Some(count), span });
            }
        }
        let series = lowering.field(SERIES, span);
        lowering.project(vec![(SERIES.into(), series), ("(chosen)".into(), Expr::boolean(true, span))], span)
    }

    /// The name of a row's column: the series, or what stands for it.
    fn name_series(&self, limited: bool, lowering: &mut Lowering<'_>, span: Span) -> Expr {
        let series = lowering.field(SERIES, span);
        let (ty, nullable) = (series.ty, series.nullable);
        let mut arms = Vec::new();
        if nullable {
            arms.push((series.clone().is_null(), Expr::string(self.null_text.clone(), span)));
        }
        if limited {
            let chosen = lowering.field("(chosen)", span);
            let all_but = matches!(self.choice, Choice::Ranked { others: true, .. });
            let out = if all_but { chosen.is_not_null() } else { chosen.is_null() };
            let other = if self.use_other { Expr::string(self.other_text.clone(), span) } else { Expr::null(span) };
            arms.push((out, other));
        }
        if arms.is_empty() {
            return series;
        }
        let column = Expr::new(
            ExprKind::Case { arms, otherwise: Some(Box::new(series)) },
            ty.union(Type::STRING),
            limited && !self.use_other,
            span,
        );
        if !column.nullable {
            return column;
        }
        // Series without a column of their own are left out.
        let (kept, ty) = (column.clone().is_not_null(), column.ty);
        match lowering.filter(kept, span) {
            Ok(()) => Expr { nullable: false, ty, ..column },
            Err(Reported) => column,
        }
    }
}

/// An aggregation of rows, or the bare name of one over the cells.
fn score(p: &mut Parser<'_>) -> Result<Score, Reported> {
    let start = p.pos();
    let word = p.bare(&['|', '[', ']', '(', ')', ',', '=', '"', '<', '>']);
    let bare = word.and_then(|w| function(&w.text.to_ascii_lowercase()));
    match bare {
        Some(function) if p.peek() != Some('(') => {
            Ok(Score::Cells(if function == F::Count { F::Sum } else { function }))
        }
        _ => {
            p.set_pos(start);
            parse_one(p).map(|one| Score::Rows(Box::new(one)))
        }
    }
}

/// `10`, `top10`, `bottom 5`; 0: all.
fn limit(p: &mut Parser<'_>, value: &Spanned) -> Result<Choice, Reported> {
    let text = value.text.to_ascii_lowercase();
    let (bottom, digits) = match (text.strip_prefix("bottom"), text.strip_prefix("top")) {
        (Some(rest), _) => (true, rest.trim().to_owned()),
        (_, Some(rest)) => (false, rest.trim().to_owned()),
        _ => (false, text.clone()),
    };
    let count = if digits.is_empty() {
        let number = p.expect_name("a number", HELP)?;
        p.number("limit", &number)?
    } else {
        p.number("limit", &Spanned { text: digits, span: value.span })?
    };
    Ok(if count == 0 { Choice::All } else { Choice::Ranked { count, bottom, others: false } })
}

fn operators(rel: &Rel) -> usize {
    rel.inputs().into_iter().fold(1usize, |sum, input| sum.saturating_add(operators(input)))
}
