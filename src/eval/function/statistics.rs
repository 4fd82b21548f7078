//! Statistical functions over the arguments of one row (Search Reference, "Statistical eval functions"). NULLs are left out, each
//! value of a multivalue field counts.

use std::cmp::Ordering;

use super::{Apply, Value, as_integer, lenient};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("min", 1..) => lenient(|args, _| extreme(args, Ordering::Less)),
        ("max", 1..) => lenient(|args, _| extreme(args, Ordering::Greater)),
        ("sum", 1..) => lenient(|args, _| numbers(args).map_or(Value::Null, |(sum, _)| as_integer(sum))),
        ("avg", 1..) => lenient(|args, _| numbers(args).map(|(sum, count)| sum / count).into()),
        _ => None,
    }
}

/// The value that comes first or last in SPL's order; numbers come before text.
fn extreme<'e>(args: &[Value<'e>], wanted: Ordering) -> Value<'e> {
    let mut values = args.iter().flat_map(Value::values);
    let Some(mut best) = values.next() else { return Value::Null };
    for value in values {
        if value.order(best) == wanted {
            best = value;
        }
    }
    best.clone()
}

/// The sum and number of the numbers among the values.
fn numbers(args: &[Value<'_>]) -> Option<(f64, f64)> {
    let numbers = args.iter().flat_map(Value::values).filter_map(Value::as_number);
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), n| (sum + n, count + 1.0));
    (count > 0.0).then_some((sum, count))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn text_is_greater_than_numbers() {
        assert_eq!(call!(max(1, 3, 450, "foo", field("7"))), "foo");
        assert_eq!(call!(min(10, field("9"), "foo", ())), "9");
        assert_eq!(call!(max(["1", "20", "3"], 4)), "20");
        assert_eq!(call!(min(())), "NULL");
    }

    #[test]
    fn sums_skip_what_is_no_number() {
        assert_eq!(call!(sum(1, field("2"), "x", ())), "3");
        assert_eq!(call!(sum(1, 2.5)), "3.5");
        assert_eq!(call!(avg(1, ["2", "x"])), "1.5");
        assert_eq!(call!(avg("x")), "NULL");
        assert_eq!(call!(sum(())), "NULL");
    }
}
