//! Time windows of scans, and window frames.

use sqlparser::ast::{DataType, Expr as Sql, WindowFrame, WindowFrameBound, WindowFrameUnits};

use super::binding::{Binding, Partition, PartitionType, TimeType};
use super::emitter::Emitter;
use super::{sql, time};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{CompareOp, Frame, Scan, TimeBound};
use crate::options::WindowStyle;

/// The frame of all rows of a partition.
pub(super) fn unbounded() -> WindowFrame {
    WindowFrame {
        units: WindowFrameUnits::Rows,
        start_bound: WindowFrameBound::Preceding(None),
        end_bound: Some(WindowFrameBound::Following(None)),
    }
}

/// The frame of `streamstats`: the rows so far.
pub(super) fn running(frame: Frame) -> Option<WindowFrame> {
    let Frame::Running { current, rows } = frame else { return None };
    let back = rows.map(|n| if current { n.saturating_sub(1) } else { n });
    Some(WindowFrame {
        units: WindowFrameUnits::Rows,
        start_bound: WindowFrameBound::Preceding(back.map(|n| Box::new(sql::integer(i64::from(n))))),
        end_bound: Some(if current {
            WindowFrameBound::CurrentRow
        } else {
            WindowFrameBound::Preceding(Some(Box::new(sql::integer(1))))
        }),
    })
}

/// The frame of the last rows of all partitions together, of which those of the own partition count. Rows are ordered by
/// their number.
pub(super) fn recent_rows(current: bool, rows: u32) -> WindowFrame {
    let back = if current { rows.saturating_sub(1) } else { rows };
    range(sql::integer(i64::from(back)), if current { None } else { Some(sql::integer(1)) })
}

/// The frame of the rows that are less than so many seconds away. Rows are ordered by time, in milliseconds.
pub(super) fn recent_seconds(current: bool, seconds: u32) -> WindowFrame {
    let back = format!("{}.999", u64::from(seconds.max(1)) - 1);
    range(sql::fraction(&back), if current { None } else { Some(sql::fraction("0.001")) })
}

/// `RANGE BETWEEN start PRECEDING AND end PRECEDING`, or the current row.
fn range(start: Sql, end: Option<Sql>) -> WindowFrame {
    WindowFrame {
        units: WindowFrameUnits::Range,
        start_bound: WindowFrameBound::Preceding(Some(Box::new(start))),
        end_bound: Some(match end {
            Some(end) => WindowFrameBound::Preceding(Some(Box::new(end))),
            None => WindowFrameBound::CurrentRow,
        }),
    }
}

/// One end of the time window, as the query says it.
enum Bound {
    /// Seconds since the epoch.
    Literal(i64),
    /// A timestamp.
    Moment(Box<Sql>),
    Parameter,
}

impl Emitter<'_> {
    /// The scan's time window as conditions on the time column and on partition columns.
    pub(super) fn time_window(&mut self, scan: &Scan, binding: &Binding) -> Result<Vec<Sql>, Reported> {
        if scan.window.earliest.is_none() && !self.context.options.all_time {
            return Err(self.sink.fail(
                Diagnostic::new(&code::NO_TIME_WINDOW, "the query has no earliest time and would read the whole table")
                    .at(scan.span)
                    .help("give a time window with `--earliest` and `--latest`, or `--all-time`"),
            ));
        }
        let mut conditions = Vec::new();
        let mut pruning = Vec::new();
        for (bound, op) in [(&scan.window.earliest, CompareOp::Ge), (&scan.window.latest, CompareOp::Lt)] {
            let Some(bound) = bound else { continue };
            let bound = self.bound(bound, scan)?;
            for partition in &binding.partitions {
                pruning.extend(self.partition(partition, &bound, op, scan)?);
            }
            conditions.push(on_time(binding, bound, op));
        }
        if self.context.options.window_style == WindowStyle::Parameter && !conditions.is_empty() {
            let form = match binding.time_type {
                TimeType::Iso8601 => "texts such as `2024-08-01T00:00:00Z`",
                TimeType::Timestamp => "timestamps",
                TimeType::EpochMillis => "milliseconds since the epoch",
                TimeType::EpochSeconds => "seconds since the epoch",
            };
            self.reading(
                scan.span,
                format!("each `?` is a bound of the time window, the earliest before the latest, as {form}"),
            );
        }
        conditions.extend(pruning);
        Ok(conditions)
    }

    fn bound(&mut self, bound: &TimeBound, scan: &Scan) -> Result<Bound, Reported> {
        let options = self.context.options;
        match (options.window_style, bound) {
            (WindowStyle::Parameter, _) => Ok(Bound::Parameter),
            (_, TimeBound::Absolute(t)) => Ok(Bound::Literal(*t)),
            (WindowStyle::Relative, TimeBound::Relative(shift)) => Ok(Bound::Moment(Box::new(self.relative(shift)))),
            (WindowStyle::Literal, TimeBound::Relative(_)) => match options.literal_bound(bound) {
                Some(t) => Ok(Bound::Literal(t)),
                None => Err(self.sink.fail(
                    Diagnostic::new(&code::NEEDS_OUTSIDE, "a literal time window needs the moment it is computed from")
                        .at(scan.span)
                        .help("give the moment with `--now`, or choose `--window relative`"),
                )),
            },
        }
    }

    /// What the bound means for a partition column: the partition of the bound itself is always read.
    fn partition(
        &mut self,
        partition: &Partition,
        bound: &Bound,
        op: CompareOp,
        scan: &Scan,
    ) -> Result<Option<Sql>, Reported> {
        let op = if op == CompareOp::Ge { CompareOp::Ge } else { CompareOp::Le };
        // A format that does not begin with the year does not sort by time.
        if !(partition.format.starts_with("%Y") || partition.format.starts_with("%F")) {
            return Ok(None);
        }
        let text = match bound {
            Bound::Parameter => return Ok(None),
            Bound::Literal(t) => time::literal(*t, &partition.format).map(sql::string),
            Bound::Moment(m) => time::format(m, &partition.format),
        };
        let text = text.map_err(|letter| {
            self.sink.fail(
                Diagnostic::new(
                    &code::INVALID_SCHEMA,
                    format!("the partition format `{}` has the unusable conversion `{letter}`", partition.format),
                )
                .at(scan.span)
                .help("use conversions of year, month, day and time of day"),
            )
        })?;
        let value = match (partition.ty, super::typed::text_literal(&text)) {
            (PartitionType::Varchar, _) => text,
            (PartitionType::Integer, Some(digits)) => match digits.parse() {
                Ok(n) => sql::integer(n),
                Err(_) => sql::cast(text, sql::BIGINT),
            },
            (PartitionType::Integer, None) => sql::cast(text, sql::BIGINT),
            (PartitionType::Date, Some(date)) => sql::typed_string(DataType::Date, date.to_owned()),
            (PartitionType::Date, None) => sql::cast(text, DataType::Date),
        };
        Ok(Some(sql::cmp(sql::column(&partition.column), op, value)))
    }
}

fn on_time(binding: &Binding, bound: Bound, op: CompareOp) -> Sql {
    let column = sql::column(&binding.time);
    let (left, right) = match (binding.time_type, bound) {
        (_, Bound::Parameter) => (column, sql::parameter()),
        // Texts sort as their times do, and Parquet keeps the least and greatest text of each block. A bound without zone, or
        // with a fraction, comes before all texts of its second: `…:02` and `…:02.000Z` before `…:02.5Z` and `…:02Z`.
        (TimeType::Iso8601, Bound::Literal(t)) => {
            let text = crate::time::iso8601(t);
            (column, sql::string(text.trim_end_matches('Z')))
        }
        (TimeType::Iso8601, Bound::Moment(m)) => (column, sql::call("to_iso8601", vec![*m])),
        (TimeType::Timestamp, Bound::Literal(t)) => {
            let text = crate::time::iso8601(t).replace('T', " ").replace('Z', "");
            (column, sql::typed_string(sql::TIMESTAMP, text))
        }
        (TimeType::Timestamp, Bound::Moment(m)) => (column, sql::cast(*m, sql::TIMESTAMP)),
        (TimeType::EpochMillis, Bound::Literal(t)) => (column, sql::integer(t.saturating_mul(1000))),
        (TimeType::EpochMillis, Bound::Moment(m)) => {
            (column, sql::multiply(sql::call("to_unixtime", vec![*m]), sql::integer(1000)))
        }
        (TimeType::EpochSeconds, Bound::Literal(t)) => (column, sql::integer(t)),
        (TimeType::EpochSeconds, Bound::Moment(m)) => (column, sql::call("to_unixtime", vec![*m])),
    };
    sql::cmp(left, op, right)
}
