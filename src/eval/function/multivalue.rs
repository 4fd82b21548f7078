//! Multivalue functions (Search Reference, "Multivalue eval functions").
//!
//! Readings: a range of `mvindex` gives what there is of it; `mvrange` counts down with a negative step, and stops at a million values.

use std::collections::HashSet;

use super::pattern::{Find, Pattern};
use super::{Apply, Context, Value, as_integer, integer, lenient, number, strict, take, text};
use crate::ir::{Expr, TimeUnit};

/// Most values that `mvrange` makes.
const MOST_VALUES: usize = 1_000_000;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("mvcount", 1) => strict(|args, _| Value::Integer(args[0].values().len() as i64)),
        ("mvindex", 2 | 3) => strict(mvindex),
        ("mvfind", 2) => Some(Box::new(Find(Pattern::new(args, 1)))),
        ("mvappend", 1..) => lenient(|args, _| Value::list(args.iter_mut().map(std::mem::take))),
        ("mvdedup", 1) => strict(mvdedup),
        ("mvsort", 1) => strict(mvsort),
        ("mvjoin", 2) => strict(mvjoin),
        ("mvzip", 2 | 3) => strict(mvzip),
        ("mvrange", 2 | 3) => strict(mvrange),
        _ => None,
    }
}

fn mvindex<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let values = args[0].values();
    let count = values.len() as i64;
    // Counted from the start.
    let place = |n: i64| if n < 0 { count.saturating_add(n) } else { n };
    let Some(start) = integer(args, 1).map(place) else { return Value::Null };
    if args.len() == 2 {
        return usize::try_from(start).ok().and_then(|n| values.get(n)).cloned().unwrap_or_default();
    }
    let Some(end) = integer(args, 2).map(place) else { return Value::Null };
    let end = end.min(count - 1);
    if end < 0 || start > end {
        return Value::Null;
    }
    let (start, end) = (start.max(0) as usize, end as usize);
    Value::list(values[start..=end].iter().cloned())
}

fn mvdedup<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let mut seen = HashSet::new();
    Value::list(args[0].values().iter().filter(|v| seen.insert(v.to_text())).cloned())
}

fn mvsort<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let mut values = args[0].values().to_vec();
    values.sort_by(|a, b| a.to_text().cmp(&b.to_text()));
    Value::list(values)
}

fn mvjoin<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let delimiter = args[1].to_text();
    if let [single] = args[0].values() {
        return single.clone().into_text();
    }
    let texts: Vec<_> = args[0].values().iter().map(Value::to_text).collect();
    texts.join(&*delimiter).into()
}

fn mvzip<'e>(args: &mut [Value<'e>], _: &Context) -> Value<'e> {
    let delimiter = text(args, 2).unwrap_or(",".into());
    let pairs = args[0].values().iter().zip(args[1].values());
    Value::list(pairs.map(|(a, b)| format!("{}{delimiter}{}", a.to_text(), b.to_text()).into()))
}

fn mvrange<'e>(args: &mut [Value<'e>], context: &Context) -> Value<'e> {
    let (Some(start), Some(end)) = (number(args, 0), number(args, 1)) else { return Value::Null };
    let next: Box<dyn Fn(f64) -> f64> = match args.get(2) {
        None => Box::new(|n| n + 1.0),
        Some(_) => match (number(args, 2), text(args, 2).and_then(|t| timespan(&t))) {
            (Some(step), _) => Box::new(move |n| n + step),
            (None, Some((step, unit))) => Box::new(move |n| later(n, step, unit)),
            (None, None) => return Value::Null,
        },
    };
    let forward = next(start) > start;
    let mut values = Vec::new();
    let mut at = start;
    while if forward { at < end } else { at > end } {
        if values.len() == MOST_VALUES {
            context.fail(format!("`mvrange` gives more than {MOST_VALUES} values"));
            return Value::Null;
        }
        values.push(as_integer(at));
        let following = next(at);
        // A step of nothing would never end.
        if following == at {
            break;
        }
        at = following;
    }
    take(args, 0);
    Value::list(values)
}

/// `7d`: a number and a unit of time.
fn timespan(text: &str) -> Option<(i64, TimeUnit)> {
    let text = text.trim();
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    Some((text[..letters].parse().ok()?, crate::time::unit(&text[letters..])?))
}

fn later(time: f64, step: i64, unit: TimeUnit) -> f64 {
    let shift = crate::ir::RelativeTime { steps: vec![crate::ir::TimeStep::Shift(step, unit)] };
    let seconds = time.floor();
    crate::time::apply(&shift, seconds as i64) as f64 + (time - seconds)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn positions_count_from_zero_and_from_the_end() {
        let f = ["a", "b", "c"];
        assert_eq!(call!(mvindex(f, 0)), "a");
        assert_eq!(call!(mvindex(f, -1)), "c");
        assert_eq!(call!(mvindex(f, 3)), "NULL");
        assert_eq!(call!(mvindex(f, -4)), "NULL");
        assert_eq!(call!(mvindex(f, 0, 1)), "a|b");
        assert_eq!(call!(mvindex(f, -2, -1)), "b|c");
        assert_eq!(call!(mvindex(f, 1, 9)), "b|c");
        assert_eq!(call!(mvindex(f, -9, -2)), "a|b");
        assert_eq!(call!(mvindex(f, 2, 1)), "NULL");
        assert_eq!(call!(mvindex(f, 5, 9)), "NULL");
        assert_eq!(call!(mvindex(f, -9, -8)), "NULL");
        assert_eq!(call!(mvindex(field("x"), 0)), "x");
        assert_eq!(call!(mvindex((), 0)), "NULL");
        assert_eq!(call!(mvindex(f, i64::MIN, i64::MAX)), "a|b|c");
    }

    #[test]
    fn values_are_counted_joined_and_sorted() {
        assert_eq!(call!(mvcount(["a", "b"])), "2");
        assert_eq!(call!(mvcount(field("a"))), "1");
        assert_eq!(call!(mvcount(())), "NULL");
        assert_eq!(call!(mvjoin(["a", "b"], "; ")), "a; b");
        assert_eq!(call!(mvjoin(field("a"), "; ")), "a");
        assert_eq!(call!(mvsort(["b", "10", "9", "B"])), "10|9|B|b");
        assert_eq!(call!(mvdedup(["b", "a", "b"])), "b|a");
        assert_eq!(call!(mvappend("a", (), ["b", "c"])), "a|b|c");
        assert_eq!(call!(mvappend(())), "NULL");
    }

    #[test]
    fn the_shorter_list_ends_a_zip() {
        assert_eq!(call!(mvzip(["a", "b"], ["1", "2"])), "a,1|b,2");
        assert_eq!(call!(mvzip(["a", "b"], field("1"), "-")), "a-1");
        assert_eq!(call!(mvzip(["a"], ())), "NULL");
    }

    #[test]
    fn ranges_leave_out_their_end() {
        assert_eq!(call!(mvrange(1, 11, 2)), "1|3|5|7|9");
        assert_eq!(call!(mvrange(0, 3)), "0|1|2");
        assert_eq!(call!(mvrange(3, 3)), "NULL");
        assert_eq!(call!(mvrange(3, 0, -1)), "3|2|1");
        assert_eq!(call!(mvrange(0, 3, 0)), "NULL");
        assert_eq!(call!(mvrange(0, 1_209_600, "7d")), "0|604800");
        assert_eq!(call!(mvrange(0, 5_000_000, "1mon")), "0|2678400");
        assert!(call!(mvrange(0, 2_000_000)).starts_with("fault: "));
        assert_eq!(call!(mvrange(0, 3, "x")), "NULL");
    }
}
