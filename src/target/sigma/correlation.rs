//! A bound on a count becomes a correlation rule (Sigma correlation rules specification 2.0). One bound can be said; all
//! other conditions on groups are left out.

use serde_yaml::Mapping;

use super::cond::Cond;
use super::flow::{Flow, Group, is_private};
use super::lowering::Lowering;
use super::model::Correlation;
use super::omission::Omission;
use super::widen::Kept;
use crate::diagnostic::Reported;
use crate::ir::{Aggregate, AggregateFunction, CompareOp, Expr, ExprKind, Literal, TimeBound, Window};
use crate::source::Span;
use crate::time;

const ALERTS: &str = "what reads the rule's alerts has to choose among them";

/// What is asked of the groups, before it is known which rule is counted.
#[derive(Debug)]
pub(super) struct Counting {
    kind: &'static str,
    group_by: Vec<String>,
    timespan: String,
    condition: Mapping,
    /// What an event must be to count.
    pub(super) counted: Vec<Cond>,
}

impl Counting {
    pub(super) fn of(self, rule: String) -> Correlation {
        Correlation {
            kind: self.kind,
            rules: vec![rule],
            group_by: self.group_by,
            timespan: self.timespan,
            condition: self.condition,
        }
    }
}

/// A bound: an aggregate, an operator, a number.
#[derive(Clone, Copy)]
struct Bound<'f> {
    level: usize,
    aggregate: &'f Aggregate,
    op: CompareOp,
    number: f64,
    span: Span,
}

impl Bound<'_> {
    /// Whether more events in a group can only help to meet it.
    fn is_lower(&self) -> bool {
        matches!(self.op, CompareOp::Gt | CompareOp::Ge)
    }
}

/// The correlation for the conditions on aggregates; `None` where none of them excludes anything, or none can be said.
/// Those that can't are added to what is left out.
pub(super) fn correlate(
    flow: &Flow<'_>,
    now: Option<i64>,
    kept: &mut Kept,
    lowering: &mut Lowering<'_>,
) -> Option<Counting> {
    let mut bounds: Vec<Bound<'_>> = Vec::new();
    for threshold in &flow.thresholds {
        if let Some(excludes) = says_that_a_value_is_there(threshold, flow) {
            if excludes {
                let message = "widens: groups without any of the values are left out in SPL, not in Sigma".to_owned();
                lowering.approximate(message, ALERTS, threshold.span);
            }
            continue;
        }
        match bound(threshold, flow) {
            Some(bound) if is_always_true(&bound, flow) => {}
            Some(bound) => bounds.push(bound),
            None => {
                let reason = "Sigma has no condition on values over several events other than one bound on a count";
                let reasons = vec![(reason.to_owned(), threshold.span)];
                kept.omissions.push(Omission::on_groups(reasons, threshold.span));
            }
        }
    }
    // A lower bound says more of what the search looks for.
    bounds.sort_by_key(|bound| !bound.is_lower());
    let mut counting = None;
    for bound in bounds {
        let reasons = if counting.is_some() {
            vec![("Sigma has no correlation with more than one bound".to_owned(), bound.span)]
        } else {
            match lowering.attempt(|lowering| count(&bound, flow, now, &kept.widened, lowering)) {
                Ok((made, _)) => {
                    counting = Some(made);
                    continue;
                }
                Err(reasons) => reasons,
            }
        };
        if counts_nothing(&bound, flow) {
            nothing_is_unseen(bound.span, lowering);
        }
        kept.omissions.push(Omission::on_groups(reasons, bound.span));
    }
    counting
}

fn count(
    bound: &Bound<'_>,
    flow: &Flow<'_>,
    now: Option<i64>,
    widened: &[usize],
    lowering: &mut Lowering<'_>,
) -> Result<Counting, Reported> {
    let Some(group) = flow.groups.get(bound.level) else {
        return Err(lowering.unsupported("count without an aggregation".to_owned(), bound.span));
    };
    let mut condition = Mapping::new();
    let mut counted = Vec::new();
    let kind = match (bound.aggregate.function, &bound.aggregate.argument) {
        (AggregateFunction::Count, None) => "event_count",
        (AggregateFunction::Count, Some(e)) if !e.nullable && !e.ty.multivalue => "event_count",
        (AggregateFunction::Count | AggregateFunction::CountIf, Some(e)) if at_least(bound) && !e.ty.multivalue => {
            let is_count = bound.aggregate.function == AggregateFunction::Count;
            let predicate = if is_count { e.clone().is_not_null() } else { e.clone() };
            counted.push(lowering.truth(&predicate)?);
            "event_count"
        }
        (
            AggregateFunction::DistinctCount | AggregateFunction::EstimatedDistinctCount | AggregateFunction::Values,
            Some(e),
        ) => {
            if e.as_column().is_some_and(|name| &**name == "_raw") {
                let message =
                    "different records are counted as events: no two records of the log are the same".to_owned();
                lowering.push(&crate::diagnostic::code::READING, message, bound.span);
                "event_count"
            } else {
                let field = group_field(e, "counts", bound.span, lowering)?;
                condition.insert("field".into(), field.into());
                "value_count"
            }
        }
        _ => {
            let what = "bound on an aggregate other than a count".to_owned();
            return Err(lowering.unsupported(what, bound.span));
        }
    };
    if let Some(lack) = miscounted(bound, group, kind, widened) {
        return Err(lowering.unsupported(lack.to_owned(), bound.span));
    }
    let (operator, number) = operator(bound).ok_or_else(|| {
        let what = format!("bound `{} {}` on a count", bound.op.symbol(), bound.number);
        lowering.unsupported(what, bound.span)
    })?;
    condition.insert(operator.into(), number.into());
    let (group_by, bin) = group_by(group, lowering)?;
    let seconds = bin.or_else(|| window_length(&flow.scan.window, now));
    let Some(timespan) = seconds.and_then(timespan) else {
        let what = "correlation without a time span: neither a `bin` of `_time` nor the search's time window gives one";
        return Err(lowering.unsupported(what.to_owned(), group.span));
    };
    let message = if bin.is_some() {
        format!("differs: SPL counts in fixed windows of {timespan}, Sigma in any window of that length")
    } else {
        format!("differs: SPL counts over the search's own time window, Sigma in any window of {timespan}")
    };
    lowering.approximate(message, "choose the time span that the correlation shall look at", group.span);
    if counts_nothing(bound, flow) || number == 0 && operator == "eq" {
        nothing_is_unseen(bound.span, lowering);
    }
    Ok(Counting { kind, group_by, timespan, condition, counted })
}

/// Why a group has another size in Sigma than in SPL, in a way that makes the correlation find less than the search.
/// Events that Sigma counts and SPL does not are no harm to a lower bound.
fn miscounted(bound: &Bound<'_>, group: &Group, kind: &str, widened: &[usize]) -> Option<&'static str> {
    let in_keys = |name| group.keys.iter().any(|(_, key)| key.as_ref().is_some_and(|k| k.columns().contains(name)));
    let more = group.rows.more || !group.rows.unnested.iter().all(in_keys);
    let fewer = group.rows.fewer || widened.iter().any(|level| *level <= bound.level);
    if bound.level > 0 {
        Some("count of groups (an aggregation of an aggregation)")
    } else if group.rows.mixed {
        Some("count over the rows of several searches or tables (a union)")
    } else if more && (kind == "event_count" || !bound.is_lower()) {
        Some("count of rows of which one event gives several")
    } else if fewer && !bound.is_lower() {
        Some("upper bound on a count, since it would also count events that the search leaves out")
    } else {
        None
    }
}

/// The fields that a correlation groups by, and the span of a `bin` of the time, in seconds.
fn group_by(group: &Group, lowering: &mut Lowering<'_>) -> Result<(Vec<String>, Option<f64>), Reported> {
    let mut fields: Vec<String> = Vec::new();
    let mut bin = None;
    for (name, key) in &group.keys {
        let Some(key) = key else {
            let what = format!("group by `{name}`, which differs between the searches of a union");
            return Err(lowering.unsupported(what, group.span));
        };
        match &key.kind {
            ExprKind::Literal(_) => {}
            ExprKind::Bin { value, span } if value.as_column().is_some_and(|c| &**c == "_time") => bin = Some(*span),
            _ => {
                let field = group_field(key, "groups by", group.span, lowering)?;
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
        }
    }
    Ok((fields, bin))
}

/// Whether a bound holds for the one row that an aggregation without keys gives even without events.
fn counts_nothing(bound: &Bound<'_>, flow: &Flow<'_>) -> bool {
    let has_keys = flow.groups.get(bound.level).is_some_and(|g| !g.keys.is_empty());
    let zero = 0.0_f64.partial_cmp(&bound.number);
    !has_keys && zero.is_some_and(|ordering| bound.op.holds(ordering))
}

fn nothing_is_unseen(span: Span, lowering: &mut Lowering<'_>) {
    let message = "narrows: a count of 0 is a row in SPL, and nothing that Sigma sees".to_owned();
    lowering.approximate(message, "let something else tell when no event arrives", span);
}

/// The field to group by, or whose values count.
fn group_field(e: &Expr, verb: &str, span: Span, lowering: &mut Lowering<'_>) -> Result<String, Reported> {
    if let Some(name) = e.as_column()
        && !is_private(name)
        && !matches!(&**name, "_time" | "_raw")
    {
        let field = lowering.field(name, e.span)?;
        if e.ty.multivalue || name.contains("{}") {
            let message = format!("differs: `{name}` has several values, and Sigma does not say how they are grouped");
            lowering.approximate(message, ALERTS, span);
        }
        return Ok(field);
    }
    let stand_in = e.columns().iter().find_map(|c| lowering.binding.group_by.get(&**c).cloned());
    match stand_in {
        Some(raw) => {
            let message = format!("differs: {verb} `{raw}` in place of a calculated field that no event has");
            let help = "name another field in `[target.sigma.group_by]` of the schema";
            lowering.approximate(message, help, span);
            lowering.field(&raw, e.span)
        }
        None => {
            let what = "group by or count of calculated values".to_owned();
            Err(lowering.unsupported(what, span))
        }
    }
}

/// `count > 5` and the like, also turned round or negated.
fn bound<'f>(e: &Expr, flow: &'f Flow<'_>) -> Option<Bound<'f>> {
    match &e.kind {
        ExprKind::IsTrue(inner) => bound(inner, flow),
        ExprKind::Not(inner) => {
            let bound = bound(inner, flow)?;
            // The opposite of a comparison with NULL is no better than the comparison.
            Some(Bound { op: bound.op.negated(), ..bound })
        }
        ExprKind::Compare { op, left, right, .. } => {
            let (op, column, number) = match (number(left), number(right)) {
                (None, Some(number)) => (*op, left, number),
                (Some(number), None) => (op.flipped(), right, number),
                _ => return None,
            };
            let (level, aggregate) = counted(column, flow)?;
            Some(Bound { level, aggregate, op, number, span: e.span })
        }
        _ => None,
    }
}

/// The aggregate whose size an expression is.
fn counted<'f>(e: &Expr, flow: &'f Flow<'_>) -> Option<(usize, &'f Aggregate)> {
    let of = |e: &Expr| flow.aggregates.get(e.as_column()?).map(|(level, aggregate)| (*level, aggregate));
    match &e.kind {
        ExprKind::Cast { value, .. } => counted(value, flow),
        ExprKind::Call { function: "mvcount", args } => {
            of(args.first()?).filter(|(_, a)| a.function == AggregateFunction::Values)
        }
        _ => of(e).filter(|(_, a)| a.function != AggregateFunction::Values),
    }
}

fn number(e: &Expr) -> Option<f64> {
    match e.as_literal()? {
        Literal::Integer(n) => Some(*n as f64),
        Literal::Double(n) => Some(*n),
        Literal::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        Literal::Null | Literal::Boolean(_) | Literal::Strings(_) => None,
    }
}

/// A group has at least one event.
fn is_always_true(bound: &Bound<'_>, flow: &Flow<'_>) -> bool {
    let counts_events = bound.aggregate.function == AggregateFunction::Count && bound.aggregate.argument.is_none();
    let has_keys = flow.groups.get(bound.level).is_some_and(|g| !g.keys.is_empty());
    counts_events
        && has_keys
        && match bound.op {
            CompareOp::Ge => bound.number <= 1.0,
            CompareOp::Gt => bound.number < 1.0,
            CompareOp::Ne => bound.number < 1.0 || bound.number.fract() != 0.0,
            CompareOp::Eq | CompareOp::Lt | CompareOp::Le => false,
        }
}

/// Whether the bound asks for at least one.
fn at_least(bound: &Bound<'_>) -> bool {
    match bound.op {
        CompareOp::Gt => bound.number >= 0.0,
        CompareOp::Ge => bound.number > 0.0,
        CompareOp::Eq => bound.number >= 1.0,
        CompareOp::Ne | CompareOp::Lt | CompareOp::Le => false,
    }
}

/// The condition on a whole number that says the same.
fn operator(bound: &Bound<'_>) -> Option<(&'static str, i64)> {
    let whole = |n: f64| (n.is_finite() && (0.0..9e15).contains(&n)).then_some(n as i64);
    match bound.op {
        CompareOp::Gt => Some(("gt", whole(bound.number.floor())?)),
        CompareOp::Ge => Some(("gte", whole(bound.number.ceil())?)),
        CompareOp::Lt => Some(("lt", whole(bound.number.ceil())?)),
        CompareOp::Le => Some(("lte", whole(bound.number.floor())?)),
        CompareOp::Eq if bound.number.fract() == 0.0 => Some(("eq", whole(bound.number)?)),
        CompareOp::Eq | CompareOp::Ne => None,
    }
}

/// `isnotnull` of an aggregate, as a second aggregation asks of its keys; the flag: whether that excludes anything.
fn says_that_a_value_is_there(e: &Expr, flow: &Flow<'_>) -> Option<bool> {
    let ExprKind::Not(inner) = &e.kind else { return None };
    let ExprKind::IsNull(column) = &inner.kind else { return None };
    let (_, aggregate) = flow.aggregates.get(column.as_column()?)?;
    Some(aggregate.nullable)
}

/// The length of a search's time window in seconds. Bounds that move with the clock are taken at the start of a day.
fn window_length(window: &Window, now: Option<i64>) -> Option<f64> {
    // 2024-01-01, a Monday.
    let noon = now.unwrap_or(1_704_067_200);
    let at = |bound: &TimeBound| match bound {
        TimeBound::Absolute(t) => (*t, true),
        TimeBound::Relative(shift) => (time::apply(shift, noon), false),
    };
    let (earliest, absolute) = at(window.earliest.as_ref()?);
    let (latest, other) = window.latest.as_ref().map_or((noon, false), at);
    let comparable = absolute == other || now.is_some();
    (comparable && latest > earliest).then_some((latest - earliest) as f64)
}

/// Seconds in the largest unit that divides them.
fn timespan(seconds: f64) -> Option<String> {
    if seconds < 1.0 || seconds.fract() != 0.0 || seconds > 9e15 {
        return None;
    }
    let seconds = seconds as i64;
    let (size, unit) =
        [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')].into_iter().find(|(size, _)| seconds % size == 0)?;
    Some(format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_use_the_largest_unit() {
        assert_eq!(timespan(3_600.0).as_deref(), Some("1h"));
        assert_eq!(timespan(4_200.0).as_deref(), Some("70m"));
        assert_eq!(timespan(172_800.0).as_deref(), Some("2d"));
        assert_eq!(timespan(90.0).as_deref(), Some("90s"));
        assert_eq!(timespan(0.5), None);
    }

    #[test]
    fn window_lengths() {
        let relative = |m: &str| time::parse_relative(m).map(TimeBound::Relative);
        let length = |earliest, latest| window_length(&Window { earliest, latest }, None);
        assert_eq!(length(relative("-70m@m"), relative("-10m@m")), Some(3_600.0));
        assert_eq!(length(relative("-1d@d"), None), Some(86_400.0));
        assert_eq!(length(Some(TimeBound::Absolute(0)), Some(TimeBound::Absolute(60))), Some(60.0));
        assert_eq!(length(Some(TimeBound::Absolute(0)), None), None);
        assert_eq!(length(None, relative("now")), None);
    }
}
