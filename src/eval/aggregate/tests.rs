use std::cmp::Reverse;

use super::*;
use crate::ir::Type;
use crate::source::Span;

fn accumulator(function: F) -> Accumulator {
    Accumulator::new(&ir::Aggregate {
        function,
        argument: None,
        ty: Type::UNKNOWN,
        nullable: true,
        span: Span::default(),
    })
}

fn at(time: i64, record: u64) -> Place {
    Place { branch: 0, time: Reverse(Some(time * 1_000_000)), record: Reverse(record), part: 0 }
}

type Row<'a> = (i64, Value<'a>);

fn feed(a: &mut Accumulator, rows: &[Row<'_>]) {
    for (i, (time, value)) in rows.iter().enumerate() {
        a.update(value, at(*time, i as u64), Some(*time as f64));
    }
}

/// The result; the same whichever way two workers share the rows.
fn over(function: F, rows: &[Row<'_>]) -> Value<'static> {
    let mut whole = accumulator(function);
    feed(&mut whole, rows);
    for split in 0..=rows.len() {
        let (mut a, mut b) = (accumulator(function), accumulator(function));
        for (i, (time, value)) in rows.iter().enumerate() {
            let worker = if i < split { &mut a } else { &mut b };
            worker.update(value, at(*time, i as u64), Some(*time as f64));
        }
        b.merge(a);
        assert_eq!(b.value(), whole.value(), "{function:?} split at {split}");
    }
    whole.value()
}

fn texts(values: &[&'static str]) -> Vec<Row<'static>> {
    values.iter().enumerate().map(|(i, v)| (i as i64, (*v).into())).collect()
}

fn show(value: Value<'_>) -> String {
    if value.is_null() { "NULL".to_owned() } else { value.to_text().replace('\n', "|") }
}

fn of(function: F, values: &[&'static str]) -> String {
    show(over(function, &texts(values)))
}

#[test]
fn counts_skip_null_and_count_each_value() {
    let rows = [(0, "a".into()), (1, Value::Null), (2, Value::list(["b".into(), "a".into()]))];
    assert_eq!(show(over(F::Count, &rows)), "3");
    assert_eq!(show(over(F::DistinctCount, &rows)), "2");
    assert_eq!(show(over(F::CountIf, &[(0, true.into()), (1, false.into()), (2, Value::Null)])), "1");
    let mut rows = accumulator(F::Count);
    rows.update_row(None);
    rows.update_row(Some(1.0));
    assert_eq!(show(rows.value()), "2");
}

#[test]
fn nothing_gives_null_but_counts_zero() {
    assert_eq!(of(F::Count, &[]), "0");
    assert_eq!(of(F::DistinctCount, &[]), "0");
    for f in [
        F::Values,
        F::List,
        F::Min,
        F::Max,
        F::Sum,
        F::Average,
        F::StandardDeviation,
        F::Variance,
        F::SumOfSquares,
        F::Median,
        F::Percentile(95.0, true),
        F::Mode,
        F::Range,
        F::First,
        F::Last,
        F::Earliest,
        F::Latest,
        F::EarliestTime,
        F::LatestTime,
        F::Rate,
    ] {
        assert_eq!(of(f, &[]), "NULL", "{f:?}");
    }
    // Words are no numbers.
    for f in [F::Sum, F::Average, F::Range, F::Median, F::SumOfSquares, F::Variance] {
        assert_eq!(of(f, &["x"]), "NULL", "{f:?}");
    }
}

#[test]
fn values_are_distinct_and_sorted_as_text() {
    assert_eq!(of(F::Values, &["b", "10", "a", "9", "b", "B"]), "10|9|B|a|b");
    assert!(matches!(over(F::Values, &texts(&["a"])), Value::List(_)));
}

#[test]
fn lists_keep_the_first_hundred_in_the_order_of_places() {
    // Newest first.
    assert_eq!(of(F::List, &["a", "b", "a"]), "a|b|a");
    let many: Vec<Row<'_>> = (0..150).map(|i| (i, Value::Integer(i))).collect();
    let list = over(F::List, &many);
    assert_eq!(list.values().len(), 100);
    assert_eq!(show(list.values()[0].clone()), "149");
    assert_eq!(show(list.values()[99].clone()), "50");
}

#[test]
fn extremes_go_by_number_only_if_all_are_numbers() {
    assert_eq!(of(F::Min, &["10", "9", "11"]), "9");
    assert_eq!(of(F::Max, &["10", "9", "8"]), "10");
    assert_eq!(of(F::Min, &["10", "9", "x"]), "10");
    assert_eq!(of(F::Max, &["x", "10", "9"]), "x");
    assert_eq!(of(F::Max, &["10", "9", "X", "-"]), "X");
    assert!(matches!(over(F::Max, &[(0, Value::Integer(3))]), Value::Integer(3)));
}

#[test]
fn sums_of_integers_are_integers() {
    let rows = [(0, Value::Integer(1)), (1, Value::Integer(i64::MAX))];
    assert_eq!(show(over(F::Sum, &rows[..1])), "1");
    assert!(matches!(over(F::Sum, &rows), Value::Double(_)));
    assert_eq!(of(F::Sum, &["1", "x", "2.5"]), "3.5");
    assert_eq!(of(F::Average, &["1", "x", "2"]), "1.5");
    assert_eq!(of(F::SumOfSquares, &["3", "4"]), "25");
}

#[test]
fn deviations_are_of_a_sample() {
    assert_eq!(of(F::Variance, &["2", "4", "4", "4", "5", "5", "7", "9"]), (32.0_f64 / 7.0).to_string());
    assert_eq!(of(F::PopulationVariance, &["2", "4", "4", "4", "5", "5", "7", "9"]), "4");
    assert_eq!(of(F::PopulationStandardDeviation, &["2", "4", "4", "4", "5", "5", "7", "9"]), "2");
    assert_eq!(of(F::StandardDeviation, &["7"]), "0");
    // Large values that are close together.
    assert_eq!(of(F::Variance, &["1722520321.5", "1722520322.5"]), "0.5");
}

#[test]
fn median_is_the_higher_middle_and_percentiles_the_nearest_rank() {
    assert_eq!(of(F::Median, &["1", "2", "3", "4"]), "3");
    assert_eq!(of(F::Median, &["-5", "-10", "2"]), "-5");
    let hundred: Vec<Row<'_>> = (1..=100).map(|i| (i, Value::Integer(i))).collect();
    for (p, expected) in [(0.0, "1"), (7.0, "7"), (29.0, "29"), (95.0, "95"), (99.5, "100"), (100.0, "100")] {
        assert_eq!(show(over(F::Percentile(p, true), &hundred)), expected, "{p}");
    }
    assert_eq!(of(F::Percentile(50.0, false), &["1", "2", "3", "4"]), "2");
}

#[test]
fn mode_is_the_most_frequent_value() {
    assert_eq!(of(F::Mode, &["a", "b", "b"]), "b");
    assert_eq!(of(F::Mode, &["b", "a"]), "a");
}

#[test]
fn range_is_of_numbers() {
    assert_eq!(of(F::Range, &["3", "x", "10.5"]), "7.5");
    assert!(matches!(over(F::Range, &[(0, Value::Integer(3)), (1, Value::Integer(8))]), Value::Integer(5)));
}

#[test]
fn first_and_last_go_by_place() {
    // The newest row comes first.
    assert_eq!(of(F::First, &["old", "middle", "new"]), "new");
    assert_eq!(of(F::Last, &["old", "middle", "new"]), "old");
    let lists = [(1, Value::list(["a".into(), "b".into()])), (0, Value::list(["c".into(), "d".into()]))];
    assert_eq!(show(over(F::First, &lists)), "a");
    assert_eq!(show(over(F::Last, &lists)), "d");
}

#[test]
fn earliest_and_latest_go_by_time() {
    let rows = [(5, "b".into()), (9, "c".into()), (1, "a".into()), (0, Value::Null)];
    assert_eq!(show(over(F::Earliest, &rows)), "a");
    assert_eq!(show(over(F::Latest, &rows)), "c");
    assert_eq!(show(over(F::EarliestTime, &rows)), "1");
    assert_eq!(show(over(F::LatestTime, &rows)), "9");
    // Of one moment: the order of rows, newest first.
    let same = [(5, "x".into()), (5, "y".into())];
    assert_eq!(show(over(F::Latest, &same)), show(over(F::First, &same)));
    assert_eq!(show(over(F::Earliest, &same)), show(over(F::Last, &same)));
    // Rows without a time count for neither.
    let mut a = accumulator(F::Latest);
    a.update(&"x".into(), Place::default(), None);
    assert!(a.value().is_null());
}

#[test]
fn rate_is_the_change_per_second() {
    assert_eq!(show(over(F::Rate, &[(10, "30".into()), (0, "10".into())])), "2");
    assert_eq!(show(over(F::Rate, &[(10, "30".into())])), "NULL");
    assert_eq!(show(over(F::Rate, &[(10, "30".into()), (0, "x".into())])), "NULL");
}

#[test]
fn results_are_asked_for_after_each_row() {
    let mut a = accumulator(F::Average);
    let mut seen = Vec::new();
    for (time, value) in [(0, "1"), (1, "2"), (2, "6")] {
        a.update(&value.into(), at(time, 0), Some(time as f64));
        seen.push(show(a.value()));
    }
    assert_eq!(seen, ["1", "1.5", "3"]);
}
