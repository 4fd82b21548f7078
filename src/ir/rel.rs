//! Relational operators.

use std::sync::Arc;

use super::{Expr, Name, RelativeTime, Type};
use crate::source::Span;

/// An operator with its inputs below it. Row order matters to SPL: a [`Rel::Scan`] gives the newest event
/// first, each other operator keeps its input's order unless it says otherwise.
#[derive(Clone, PartialEq, Debug)]
pub enum Rel {
    Scan(Scan),
    /// Rows of a lookup table (`inputlookup` as a source).
    Values(Values),
    /// Keeps rows for which the predicate is true (neither false nor NULL).
    Filter {
        input: Box<Rel>,
        predicate: Expr,
    },
    /// Adds columns, or replaces those of the same name. All expressions see the input's columns.
    Extend {
        input: Box<Rel>,
        columns: Vec<(Name, Expr)>,
    },
    /// Exactly these columns, in this order.
    Project {
        input: Box<Rel>,
        columns: Vec<(Name, Expr)>,
    },
    /// One row for each combination of keys, one row in all where there is no key (even without input).
    /// Null keys were filtered and multivalue keys unnested by the operators below. Rows come sorted by the keys.
    Aggregate {
        input: Box<Rel>,
        keys: Vec<(Name, Expr)>,
        aggregates: Vec<(Name, Aggregate)>,
        span: Span,
    },
    /// Adds aggregates of the row's partition (or of a frame of rows in input order) to each row. A row that lacks a key
    /// belongs to no partition: its aggregates are NULL.
    Window {
        input: Box<Rel>,
        partition: Vec<Expr>,
        frame: Frame,
        columns: Vec<(Name, Aggregate)>,
        span: Span,
    },
    /// One row for each value of a multivalue column; rows without a value are dropped.
    Unnest {
        input: Box<Rel>,
        column: Name,
        span: Span,
    },
    Join(Join),
    /// Keeps the rows for which a row of the other side has equal values (case-insensitively) in the paired columns;
    /// `negated`: for which none has. A column that the other row lacks asks nothing, and a row that lacks all of them equals none;
    /// of a multivalue, on either side, some value must be equal.
    SemiJoin {
        input: Box<Rel>,
        other: Box<Rel>,
        on: Vec<(Expr, Name)>,
        negated: bool,
        span: Span,
    },
    /// The rows of the first input, then those of the next; absent columns are NULL.
    Union {
        inputs: Vec<Rel>,
        span: Span,
    },
    Sort {
        input: Box<Rel>,
        keys: Vec<SortKey>,
        limit: Option<u64>,
        span: Span,
    },
    /// The first rows; or the last ones, of which the last comes first.
    Limit {
        input: Box<Rel>,
        count: u64,
        last: bool,
        span: Span,
    },
    /// The first `count` rows of each combination of keys, in the current order. Rows lacking a key were filtered below.
    Distinct {
        input: Box<Rel>,
        keys: Vec<Expr>,
        count: u64,
        span: Span,
    },
    Lookup(Lookup),
    Transaction(Transaction),
    /// Rows side by side: the n-th row of the left with the n-th of the right (`appendcols`). Rows of the right beyond the
    /// left's last are dropped; of columns that both have, the left's stay unless `replace`.
    Beside {
        left: Box<Rel>,
        right: Box<Rel>,
        replace: bool,
        span: Span,
    },
    Pivot(Pivot),
    /// One row for each column other than `keep` that has a value: the column's name becomes a value of `name`, its
    /// value one of `value` (`untable`).
    Unpivot {
        input: Box<Rel>,
        keep: Name,
        name: Name,
        value: Name,
        span: Span,
    },
    Transpose(Transpose),
    /// Sets the column whose name the row itself holds (`eval {field}=…`). A row whose `name` is NULL, or that of an internal field
    /// (`_…`) or a hidden one (`(…`), stays as it is.
    Assign {
        input: Box<Rel>,
        name: Expr,
        value: Expr,
        span: Span,
    },
    Continuous(Continuous),
    /// Without these columns; all others stay, those named by the data too.
    Remove {
        input: Box<Rel>,
        columns: Vec<Name>,
        span: Span,
    },
}

/// SPL's `transaction` (Search Reference, "transaction"): rows that belong together become one. The row has `_time` of the
/// first (oldest) event, `duration` in seconds, `eventcount`, and every other column as the distinct values of its rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Transaction {
    pub input: Box<Rel>,
    /// Rows of a transaction agree in these, where they have them.
    pub fields: Vec<Name>,
    /// The columns that the rows keep, each multivalue.
    pub columns: Vec<Name>,
    /// Longest time between the first and the last event, in seconds.
    pub max_span: Option<f64>,
    /// Longest time between two events that follow each other, in seconds.
    pub max_pause: Option<f64>,
    /// Most events (SPL's default: 1000).
    pub max_events: u32,
    /// A row for which this is true begins a transaction.
    pub starts_with: Option<Expr>,
    /// A row for which this is true ends one.
    pub ends_with: Option<Expr>,
    /// Transactions that were not closed are kept too (`keepevicted`); `closed_txn` says which they are.
    pub keep_evicted: bool,
    /// Rows that belong to no transaction are kept too (`keeporphans`).
    pub keep_orphans: bool,
    /// Rows must share a field with the transaction (`connected`).
    pub connected: bool,
    /// Columns whose values are kept in order, repeated ones too (`mvlist`).
    pub lists: Vec<Name>,
    pub span: Span,
}

/// One row for each value of `row`, and one column for each value of `column` (`xyseries`, `chart … by`, `timechart … by`).
/// The names of the columns are known only when the query runs; they come in the order of their values as text. Rows come
/// sorted by `row`. A row without a `row` is dropped, one without a `column` makes its row and no cell. Of several rows
/// for one cell the last one counts.
#[derive(Clone, PartialEq, Debug)]
pub struct Pivot {
    pub input: Box<Rel>,
    pub row: Name,
    pub column: Name,
    /// What fills the cells: for each of them, the columns of all values of `column`.
    pub values: Vec<Name>,
    /// How a cell's column is called; just by the value of `column` where this is only [`NamePart::Column`].
    pub naming: Vec<NamePart>,
    /// Those of `values` whose empty cells hold 0 and not NULL (counts).
    pub zeros: Vec<Name>,
    /// Values of `column` that come last, in this order (`NULL`, `OTHER`).
    pub last: Vec<String>,
    pub span: Span,
}

/// A piece of the name of a column that [`Pivot`] makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NamePart {
    Text(String),
    /// The name of the value that fills the cell.
    Value,
    /// The value of the column that is turned.
    Column,
}

/// Adds a row for each bin that no row has (`timechart`, `makecontinuous`): there `column` is the bin's start, and every other
/// column NULL. Rows come sorted by `column`; rows without it are dropped.
#[derive(Clone, PartialEq, Debug)]
pub struct Continuous {
    pub input: Box<Rel>,
    /// Starts of bins: times, or numbers.
    pub column: Name,
    pub stride: Stride,
    /// The start of the first bin, without columns; `None`: the least that a row has.
    pub from: Option<Expr>,
    /// No added bin begins at or after this, without columns; `None`: the greatest that a row has is the last.
    pub until: Option<Expr>,
    pub span: Span,
}

/// How far bins are apart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stride {
    /// Seconds, where the column is a time.
    Even(f64),
    /// Months of the calendar.
    Months(u32),
}

/// Rows become columns (`transpose`): a column with the names of the columns, then `row 1`, `row 2` and so on, or the
/// values of the `header` column as names.
#[derive(Clone, PartialEq, Debug)]
pub struct Transpose {
    pub input: Box<Rel>,
    /// How many rows become columns (SPL's default: 5); 0: all.
    pub rows: u64,
    /// The name of the column that holds the names (SPL's default: `column`).
    pub names: Name,
    pub header: Option<Name>,
    pub include_empty: bool,
    pub span: Span,
}

/// Reads events of a log source.
#[derive(Clone, PartialEq, Debug)]
pub struct Scan {
    /// The schema's id, e.g. `cloudtrail`.
    pub source: Arc<str>,
    /// The raw fields that the query reads, by their path in the record.
    pub fields: Vec<Column>,
    pub window: Window,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    pub name: Name,
    pub ty: Type,
    pub nullable: bool,
}

/// The time window of a scan: `earliest <= _time < latest`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Window {
    pub earliest: Option<TimeBound>,
    pub latest: Option<TimeBound>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum TimeBound {
    /// Seconds since the epoch.
    Absolute(i64),
    /// From the moment of the search; no steps: now.
    Relative(RelativeTime),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Values {
    pub table: Arc<str>,
    pub columns: Vec<Name>,
    pub rows: Vec<Vec<Option<String>>>,
    /// The rows are not known: they are in a table of this name that the target has.
    pub external: bool,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinKind {
    Inner,
    Left,
}

/// SPL's `join`: the right side's other columns overwrite the left's of the same name where a right row matches.
#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    pub left: Box<Rel>,
    pub right: Box<Rel>,
    pub kind: JoinKind,
    /// Columns of both sides that must be equal (as `where` compares).
    pub on: Vec<Name>,
    /// How many right rows a left row is joined to at the most, in the right side's order; `None`: all.
    pub max: Option<u32>,
    pub span: Span,
}

/// SPL's `lookup` over a table whose rows are known.
#[derive(Clone, PartialEq, Debug)]
pub struct Lookup {
    pub input: Box<Rel>,
    pub table: Arc<LookupTable>,
    /// Column of the table, and the text that must match it; of a multivalue, some value. The outputs have the values of all
    /// matching rows up to `max_matches`, in the table's order; empty cells give none.
    pub on: Vec<(Name, Expr)>,
    pub outputs: Vec<LookupOutput>,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub struct LookupOutput {
    /// Column of the table.
    pub column: Name,
    /// Column that it becomes.
    pub output: Name,
    /// `OUTPUTNEW`: keeps a value that is already there. `OUTPUT` replaces it, by NULL where nothing matches.
    pub keep_existing: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct LookupTable {
    pub name: Arc<str>,
    pub columns: Vec<Name>,
    pub rows: Vec<Vec<String>>,
    /// The rows are not known: they are in a table of this name that the target has.
    pub external: bool,
    pub case_sensitive: bool,
    /// Columns that match by wildcard or as CIDR blocks; all others match whole.
    pub matching: Vec<(Name, MatchType)>,
    /// How many rows match at the most (Splunk: 1 where a time field is set, else 1000). Several give a multivalue field.
    pub max_matches: u32,
    /// With `min_matches` above 0: the value of outputs where nothing matches.
    pub default_match: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MatchType {
    Wildcard,
    Cidr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct SortKey {
    pub expr: Expr,
    pub descending: bool,
    pub order: SortOrder,
}

/// How values order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortOrder {
    /// Numbers as numbers, before text (SPL's `auto`).
    Auto,
    Number,
    Text,
    Ip,
}

/// The rows that a window aggregate sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    /// The whole partition (`eventstats`).
    Partition,
    /// The rows so far (`streamstats`), this one included or not; the last `rows` of them at the most.
    Running { current: bool, rows: Option<u32> },
    /// Those of the rows so far that lie near: `streamstats` with one window for all groups, or with a `time_window`.
    Recent { current: bool, within: Within },
}

/// How near a row lies to the one that looks back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// Among the last rows of all partitions together, in input order: so many with the row itself where it counts, else
    /// so many before it. Of these, the rows of the own partition count.
    Rows(u32),
    /// Of the partition's rows so far, those whose `_time` is less than so many seconds away, to either side.
    Seconds(u32),
}

/// An aggregation over rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    pub function: AggregateFunction,
    /// What is aggregated; `None` for the count of rows. Multivalue arguments contribute each value.
    pub argument: Option<Expr>,
    pub ty: Type,
    pub nullable: bool,
    pub span: Span,
}

/// Aggregate functions of `stats` (Search Reference, "Statistical and charting functions"). NULL arguments are skipped.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum AggregateFunction {
    /// Rows, or values where there is an argument.
    Count,
    /// Rows for which the argument is true: `count(eval(…))`.
    CountIf,
    DistinctCount,
    EstimatedDistinctCount,
    /// Distinct values, sorted as text: a multivalue.
    Values,
    /// The first 100 values in input order: a multivalue.
    List,
    Min,
    Max,
    Sum,
    Average,
    /// Of a sample.
    StandardDeviation,
    PopulationStandardDeviation,
    Variance,
    PopulationVariance,
    SumOfSquares,
    Median,
    /// 0 to 100; the flag: exactly.
    Percentile(f64, bool),
    Mode,
    Range,
    /// In input order.
    First,
    Last,
    /// By `_time`.
    Earliest,
    Latest,
    EarliestTime,
    LatestTime,
    Rate,
}

impl Lookup {
    /// Whether the outputs can have several values: they are multivalue then.
    pub fn gives_several(&self) -> bool {
        self.on.iter().any(|(_, value)| value.ty.multivalue)
            || self.table.matches_several(self.on.iter().map(|(column, _)| column))
    }
}

impl LookupTable {
    /// Whether the column has a value in every row that is found, and the default stands for rows that are not.
    pub fn always_gives(&self, column: &Name) -> bool {
        self.default_match.is_some() && !self.external && !self.has_blanks(column)
    }

    /// Whether a known row has an empty cell in the column.
    pub fn has_blanks(&self, column: &Name) -> bool {
        let place = self.columns.iter().position(|c| c == column);
        self.rows.iter().any(|row| place.and_then(|p| row.get(p)).is_none_or(String::is_empty))
    }

    /// Whether one value for each of these columns can match several rows. Of a table whose rows are not known one matches.
    pub fn matches_several<'n>(&self, columns: impl Iterator<Item = &'n Name>) -> bool {
        self.max_matches > 1 && self.keys_repeat(columns)
    }

    /// Whether several known rows can match one value for each of these columns, however many may.
    pub fn keys_repeat<'n>(&self, columns: impl Iterator<Item = &'n Name>) -> bool {
        if self.rows.len() <= 1 {
            return false;
        }
        let mut whole = Vec::new();
        for name in columns {
            let Some(place) = self.columns.iter().position(|c| c == name) else { continue };
            let matching = self.matching.iter().find(|(n, _)| n == name).map(|(_, m)| *m);
            // Cells without a wildcard match whole.
            let plain = |row: &Vec<String>| row.get(place).is_none_or(|cell| !cell.contains('*'));
            if matching.is_none() || (matching == Some(MatchType::Wildcard) && self.rows.iter().all(plain)) {
                whole.push(place);
            }
        }
        let mut seen = std::collections::HashSet::new();
        let key = |row: &Vec<String>| -> Vec<String> {
            let cell = |place: &usize| row.get(*place).map_or("", String::as_str);
            let fold = |text: &str| if self.case_sensitive { text.to_owned() } else { text.to_lowercase() };
            whole.iter().map(|place| fold(cell(place))).collect()
        };
        !self.rows.iter().all(|row| seen.insert(key(row)))
    }
}

impl AggregateFunction {
    /// Whether the result depends on `_time`.
    pub fn reads_time(self) -> bool {
        matches!(self, Self::Earliest | Self::Latest | Self::EarliestTime | Self::LatestTime | Self::Rate)
    }

    /// Whether it is NULL where there is no row (or no value) at all; counts are 0.
    pub fn is_null_of_nothing(self) -> bool {
        !matches!(self, Self::Count | Self::CountIf | Self::DistinctCount | Self::EstimatedDistinctCount)
    }
}

/// A whole query.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    pub plan: Rel,
    pub output: Output,
}

/// What the rows show.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// The plan's columns: it ended in `stats`, `table` and the like.
    Columns(Vec<Column>),
    /// The plan's columns: these are known, others are named by values of the data (`chart … by`, `xyseries`, `transpose`).
    Open(Vec<Column>),
    /// Whole events, and the columns that the rule made.
    Events { added: Vec<Column>, removed: Vec<Name> },
}

impl Rel {
    /// The operators that this one reads.
    pub fn inputs(&self) -> Vec<&Rel> {
        match self {
            Rel::Scan(_) | Rel::Values(_) => vec![],
            Rel::Filter { input, .. }
            | Rel::Extend { input, .. }
            | Rel::Project { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Window { input, .. }
            | Rel::Unnest { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Limit { input, .. }
            | Rel::Distinct { input, .. } => vec![input],
            Rel::Unpivot { input, .. } | Rel::Assign { input, .. } | Rel::Remove { input, .. } => vec![input],
            Rel::Lookup(l) => vec![&l.input],
            Rel::Transaction(t) => vec![&t.input],
            Rel::Pivot(p) => vec![&p.input],
            Rel::Continuous(c) => vec![&c.input],
            Rel::Transpose(t) => vec![&t.input],
            Rel::Beside { left, right, .. } => vec![left, right],
            Rel::Join(j) => vec![&j.left, &j.right],
            Rel::SemiJoin { input, other, .. } => vec![input, other],
            Rel::Union { inputs, .. } => inputs.iter().collect(),
        }
    }

    pub fn inputs_mut(&mut self) -> Vec<&mut Rel> {
        match self {
            Rel::Scan(_) | Rel::Values(_) => vec![],
            Rel::Filter { input, .. }
            | Rel::Extend { input, .. }
            | Rel::Project { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Window { input, .. }
            | Rel::Unnest { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Limit { input, .. }
            | Rel::Distinct { input, .. } => vec![input],
            Rel::Unpivot { input, .. } | Rel::Assign { input, .. } | Rel::Remove { input, .. } => vec![input],
            Rel::Lookup(l) => vec![&mut l.input],
            Rel::Transaction(t) => vec![&mut t.input],
            Rel::Pivot(p) => vec![&mut p.input],
            Rel::Continuous(c) => vec![&mut c.input],
            Rel::Transpose(t) => vec![&mut t.input],
            Rel::Beside { left, right, .. } => vec![left, right],
            Rel::Join(j) => vec![&mut j.left, &mut j.right],
            Rel::SemiJoin { input, other, .. } => vec![input, other],
            Rel::Union { inputs, .. } => inputs.iter_mut().collect(),
        }
    }

    /// The operator's name, as `--emit ir` prints it.
    pub fn name(&self) -> &'static str {
        match self {
            Rel::Scan(_) => "scan",
            Rel::Values(_) => "values",
            Rel::Filter { .. } => "filter",
            Rel::Extend { .. } => "extend",
            Rel::Project { .. } => "project",
            Rel::Aggregate { .. } => "aggregate",
            Rel::Window { .. } => "window",
            Rel::Unnest { .. } => "unnest",
            Rel::Join(_) => "join",
            Rel::SemiJoin { .. } => "semi-join",
            Rel::Union { .. } => "union",
            Rel::Sort { .. } => "sort",
            Rel::Limit { .. } => "limit",
            Rel::Distinct { .. } => "distinct",
            Rel::Lookup(_) => "lookup",
            Rel::Transaction(_) => "transaction",
            Rel::Beside { .. } => "beside",
            Rel::Pivot(_) => "pivot",
            Rel::Unpivot { .. } => "unpivot",
            Rel::Transpose(_) => "transpose",
            Rel::Assign { .. } => "assign",
            Rel::Continuous(_) => "continuous",
            Rel::Remove { .. } => "remove",
        }
    }

    /// Where the operator stands in the rule; for definitions and projections, where what they read stands.
    pub fn span(&self) -> Span {
        match self {
            Rel::Scan(s) => s.span,
            Rel::Values(v) => v.span,
            Rel::Filter { predicate, .. } => predicate.span,
            Rel::Extend { input, .. } | Rel::Project { input, .. } => input.span(),
            Rel::Aggregate { span, .. }
            | Rel::Window { span, .. }
            | Rel::Unnest { span, .. }
            | Rel::SemiJoin { span, .. }
            | Rel::Union { span, .. }
            | Rel::Sort { span, .. }
            | Rel::Limit { span, .. }
            | Rel::Distinct { span, .. }
            | Rel::Beside { span, .. }
            | Rel::Unpivot { span, .. }
            | Rel::Assign { span, .. }
            | Rel::Remove { span, .. } => *span,
            Rel::Join(j) => j.span,
            Rel::Lookup(l) => l.span,
            Rel::Transaction(t) => t.span,
            Rel::Pivot(p) => p.span,
            Rel::Continuous(c) => c.span,
            Rel::Transpose(t) => t.span,
        }
    }

    /// The SPL command that the operator stands for, for messages.
    pub fn spl_name(&self) -> &'static str {
        match self {
            Rel::Beside { .. } => "appendcols",
            Rel::Pivot(_) => "chart",
            Rel::Unpivot { .. } => "untable",
            Rel::Assign { .. } => "eval {field}=…",
            Rel::Continuous(_) => "timechart",
            Rel::Remove { .. } => "fields -",
            other => other.name(),
        }
    }
}
