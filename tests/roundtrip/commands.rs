//! Stages and pipelines at random.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rulecast::ir::TimeUnit;
use rulecast::source::Span;
use rulecast::spl::command::*;
use rulecast::spl::search::Search as Condition;
use rulecast::spl::{Pipeline, Spanned, Stage};

use crate::expressions::{aggregations, eval, name, names, plain_name, search, spanned, text};

/// The value of an option, which may be any text.
fn value() -> impl Strategy<Value = Spanned> {
    prop_oneof![name(), text().prop_map(spanned)]
}

fn keys(least: usize) -> impl Strategy<Value = Vec<Key>> {
    let order = prop::sample::select(vec![Order::Auto, Order::Auto, Order::Number, Order::Text, Order::Ip]);
    vec(
        (name(), any::<bool>(), order).prop_map(|(field, descending, order)| Key { field, descending, order }),
        least..4,
    )
}

fn width() -> impl Strategy<Value = BinSpan> {
    use TimeUnit::*;
    let units = prop::sample::select(vec![Second, Minute, Hour, Day, Week, Month, Quarter, Year]);
    let number = prop_oneof![Just(5.0), Just(0.25), any::<f64>().prop_map(|n| n.abs())];
    prop_oneof![
        (1..i64::MAX, units).prop_map(|(n, unit)| BinSpan::Time(n, unit)),
        number.prop_filter("a width", |n| n.is_finite() && *n > 0.0).prop_map(BinSpan::Number),
    ]
}

/// Commands that take nothing but names, values and numbers.
fn plain() -> impl Strategy<Value = Command> {
    let pair = || prop_oneof![(plain_name(), plain_name()), Just((spanned("a*"), spanned("*_b")))];
    let to_field = || prop_oneof![3 => (name(), name()), 1 => name().prop_map(|n| (n.clone(), n))];
    let conversion = prop::sample::select(vec!["ctime", "NUM", "mktime", "none", "auto"]);
    let part = prop_oneof![name().prop_map(Part::Field), text().prop_map(|t| Part::Text(spanned(t)))];
    let shown = |usual: &'static str| option::of(prop_oneof![Just(usual.to_owned()), value().prop_map(|v| v.text)]);
    let no_number = |fields: &Vec<Spanned>| fields[0].text.parse::<u64>().is_err();
    let simple = prop_oneof![
        (name(), option::of(name()), width()).prop_map(|(field, output, span)| Command::Bin(Bin {
            field,
            output,
            span
        })),
        (any::<bool>(), names(1)).prop_map(|(remove, fields)| Command::Fields(Fields { remove, fields })),
        (value(), names(0)).prop_map(|(value, fields)| Command::Fillnull(Fillnull { value, fields })),
        (names(1), "[ a-z<>=._]{0,8}")
            .prop_map(|(fields, t)| Command::Foreach(Foreach { fields, template: spanned(t) })),
        Just(Command::Format(Format)),
        Just(Command::Reverse(Reverse)),
        any::<u64>().prop_map(|count| Command::Head(Head { count })),
        any::<u64>().prop_map(|count| Command::Tail(Tail { count })),
        (name(), value()).prop_map(|(field, prefix)| Command::Iplocation(Iplocation { field, prefix: prefix.text })),
        (value(), name()).prop_map(|(v, field)| Command::Makemv(Makemv { delimiter: v.text, field })),
        name().prop_map(|field| Command::Mvexpand(Mvexpand { field })),
        name().prop_map(|field| Command::Nomv(Nomv { field })),
        name().prop_map(|table| Command::Outputlookup(Outputlookup { table })),
        names(1).prop_map(|fields| Command::Table(Table { fields })),
    ];
    let richer =
        prop_oneof![
            (option::of(name()), any::<bool>(), text()).prop_map(|(field, negated, regex)| {
                let negated = negated && field.is_some();
                Command::Regex(Regex { field, negated, regex: spanned(regex) })
            }),
            vec(pair(), 1..4).prop_map(|pairs| Command::Rename(Rename { pairs })),
            (vec((name(), plain_name()), 1..3), names(1))
                .prop_map(|(pairs, fields)| Command::Replace(Replace { pairs, fields })),
            (option::of(value()), text(), 0..5u32, any::<bool>()).prop_map(|(field, regex, max_match, sed)| {
                Command::Rex(Rex { field, regex: spanned(regex), max_match, sed })
            }),
            (prop_oneof![Just(None), Just(Some(10_000)), (1..u64::MAX).prop_map(Some)], keys(1))
                .prop_map(|(limit, keys)| Command::Sort(Sort { limit, keys })),
            (option::of(value()), option::of(value()), option::of(value()))
                .prop_map(|(input, output, path)| Command::Spath(Spath { input, output, path })),
            (any::<bool>(), vec(part, 1..4), name())
                .prop_map(|(all_required, parts, output)| Command::Strcat(Strcat { all_required, parts, output })),
            (any::<bool>(), 0..20u64, names(1).prop_filter("no count", no_number), shown("count"), shown("percent"))
                .prop_map(|(rare, limit, fields, count, percent)| Command::Top(Top {
                    rare,
                    limit,
                    fields,
                    count,
                    percent
                })),
            (1..4u64, vec(plain_name(), 1..4), keys(0)).prop_map(|(count, fields, sort_by)| Command::Dedup(Dedup {
                count,
                fields,
                sort_by
            })),
            (name(), vec(to_field(), 1..3), vec(to_field(), 0..3), any::<bool>()).prop_map(
                |(table, on, outputs, keep_existing)| Command::Lookup(Lookup { table, on, outputs, keep_existing })
            ),
            (value(), vec((conversion, name(), option::of(name())), 1..3)).prop_map(|(format, list)| {
                let one =
                    |(function, field, output): (&str, _, _)| Conversion { function: spanned(function), field, output };
                Command::Convert(Convert { timeformat: format.text, conversions: list.into_iter().map(one).collect() })
            }),
        ];
    prop_oneof![simple, richer]
}

/// Commands with conditions, expressions and aggregations.
fn rich() -> impl Strategy<Value = Command> {
    let target = name().prop_filter("a field of its own", |n| !n.text.starts_with('{'));
    prop_oneof![
        vec((target, eval()), 1..3).prop_map(|assignments| Command::Eval(Eval { assignments })),
        eval().prop_map(|condition| Command::Where(Where { condition })),
        search().prop_map(|condition| Command::Search(Search { condition })),
        (aggregations(1), names(0)).prop_map(|(aggregations, by)| Command::Stats(Stats { aggregations, by })),
        names(1).prop_map(|by| Command::Stats(Stats { aggregations: Vec::new(), by })),
        (aggregations(1), names(0)).prop_map(|(aggregations, by)| Command::Eventstats(Eventstats { aggregations, by })),
        (aggregations(1), names(0), any::<bool>(), 0..5u32).prop_map(|(aggregations, by, current, window)| {
            Command::Streamstats(Streamstats { aggregations, by, current, window })
        }),
    ]
}

/// Commands that begin a search.
fn generating() -> impl Strategy<Value = Command> {
    let condition = prop_oneof![Just(Condition::And(Vec::new())), search()];
    let tstats = (aggregations(1), option::of(value()), condition, names(0), option::of(width()), option::of(value()));
    prop_oneof![
        2 => search().prop_map(|condition| Command::Search(Search { condition })),
        2 => tstats.prop_map(|(aggregations, datamodel, condition, by, span, fill)| {
            Command::Tstats(Tstats { aggregations, datamodel, condition, by, span, fill: fill.map(|f| f.text) })
        }),
        1 => (any::<bool>(), name(), option::of(eval()))
            .prop_map(|(append, table, condition)| Command::Inputlookup(Inputlookup { append, table, condition })),
        1 => value().prop_map(|datamodel| Command::From(From { datamodel })),
    ]
}

fn stage(command: Command) -> Stage {
    Stage { command, span: Span::default() }
}

fn joined(first: Command, others: Vec<Command>) -> Pipeline {
    let stages = std::iter::once(first).chain(others).map(stage).collect();
    Pipeline { stages, span: Span::default() }
}

/// Searches with subsearches in conditions, `append` and `join`.
pub(crate) fn pipeline() -> impl Strategy<Value = Pipeline> {
    let middle = || prop_oneof![plain(), rich()];
    let flat = (generating(), vec(middle(), 0..3)).prop_map(|(first, others)| joined(first, others));
    flat.prop_recursive(2, 8, 2, move |inner| {
        let condition = (search(), inner.clone(), any::<bool>()).prop_map(|(condition, p, negated)| {
            let subsearch = Condition::Subsearch(Box::new(p), Span::default());
            let part = if negated { Condition::Not(Box::new(subsearch), Span::default()) } else { subsearch };
            Command::Search(Search { condition: Condition::And(vec![condition, part]) })
        });
        let holding =
            prop_oneof![
                inner.clone().prop_map(|subsearch| Command::Append(Append { subsearch })),
                (any::<bool>(), 0..3u32, names(0), inner)
                    .prop_map(|(left, max, fields, subsearch)| Command::Join(Join { left, max, fields, subsearch })),
                condition,
            ];
        (generating(), vec(middle(), 0..2), holding).prop_map(|(first, mut others, last)| {
            others.push(last);
            joined(first, others)
        })
    })
}

/// One stage behind the first.
pub(crate) fn command() -> impl Strategy<Value = Pipeline> {
    let first = Command::Search(Search { condition: Condition::And(Vec::new()) });
    prop_oneof![plain(), plain(), rich(), generating()].prop_map(move |c| joined(first.clone(), vec![c]))
}
