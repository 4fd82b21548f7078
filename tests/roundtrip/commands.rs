//! Stages and pipelines at random.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rulecast::source::Span;
use rulecast::spl::command::*;
use rulecast::spl::search::Search as Condition;
use rulecast::spl::{Pipeline, Spanned, Stage};

use crate::charts::{bins, chart, naming, width};
use crate::expressions::{aggregations, eval, name, names, plain_name, regex, search, spanned, text};
use crate::named::named_options;

/// The value of an option, which may be any text.
pub(crate) fn value() -> impl Strategy<Value = Spanned> {
    prop_oneof![name(), text().prop_map(spanned)]
}

/// The name of an option that the rule chooses itself.
pub(crate) fn option_name() -> impl Strategy<Value = Spanned> {
    "[a-zA-Z_][a-zA-Z0-9_.:-]{0,4}".prop_map(spanned)
}

/// A text that is usually the default.
fn usually(usual: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![Just(usual.to_owned()), text()]
}

fn keys(least: usize) -> impl Strategy<Value = Vec<Key>> {
    let order = prop::sample::select(vec![Order::Auto, Order::Auto, Order::Number, Order::Text, Order::Ip]);
    vec(
        (name(), any::<bool>(), order).prop_map(|(field, descending, order)| Key { field, descending, order }),
        least..4,
    )
}

/// Names of fields that hold names of fields.
fn target() -> impl Strategy<Value = Target> {
    let own = name().prop_filter("a field of its own", |n| !n.text.contains(['{', '}']));
    let field = prop_oneof!["[a-z]{1,3}", "[0-9]{0,2}"].prop_map(Part::Field);
    let named =
        (option::of("[a-z ]{1,3}"), vec(field, 1..3), option::of("[a-z.]{1,3}")).prop_map(|(text, fields, end)| {
            let parts = text.map(Part::Text).into_iter().chain(fields).chain(end.map(Part::Text)).collect();
            Target::Named { parts, span: Span::default() }
        });
    prop_oneof![4 => own.prop_map(Target::Field), 1 => named]
}

fn tokens() -> impl Strategy<Value = Tokens> {
    let token = |usual: &'static str| usually(usual).prop_filter("a token", |t| !t.is_empty());
    let segments = [token("<<MATCHSEG1>>"), token("<<MATCHSEG2>>"), token("<<MATCHSEG3>>")];
    let changed = (token("<<FIELD>>"), token("<<MATCHSTR>>"), segments).prop_map(|(field, matched, segments)| Tokens {
        field,
        matched,
        segments,
    });
    prop_oneof![2 => Just(Tokens::default()), 1 => changed]
}

/// What the first version of the language had: commands that take nothing but names, values and numbers.
fn plain() -> impl Strategy<Value = Command> {
    let pair = || prop_oneof![(plain_name(), plain_name()), Just((spanned("a*"), spanned("*_b")))];
    let to_field = || prop_oneof![3 => (name(), name()), 1 => name().prop_map(|n| (n.clone(), n))];
    let conversion = prop::sample::select(vec!["ctime", "NUM", "mktime", "none", "auto"]);
    let part = prop_oneof![name().prop_map(StrcatPart::Field), text().prop_map(|t| StrcatPart::Text(spanned(t)))];
    let shown = |usual: &'static str| option::of(usually(usual));
    let no_number = |fields: &Vec<Spanned>| fields[0].text.parse::<u64>().is_err();
    let simple = prop_oneof![
        (name(), option::of(name()), bins()).prop_map(|(field, output, options)| Command::Bin(Bin {
            field,
            output,
            options
        })),
        (any::<bool>(), names(1)).prop_map(|(remove, fields)| Command::Fields(Fields { remove, fields })),
        (value(), names(0)).prop_map(|(value, fields)| Command::Fillnull(Fillnull { value, fields })),
        (names(1), "[ a-z<>=._]{0,8}", tokens()).prop_map(|(fields, t, tokens)| Command::Foreach(Foreach {
            fields,
            template: spanned(t),
            tokens
        })),
        Just(Command::Format(Format)),
        Just(Command::Reverse(Reverse)),
        any::<u64>().prop_map(|count| Command::Tail(Tail { count })),
        (name(), value()).prop_map(|(field, prefix)| Command::Iplocation(Iplocation { field, prefix: prefix.text })),
        (
            prop_oneof![
                value().prop_map(|v| MakemvBy::Delimiter(v.text)),
                regex().prop_map(|r| MakemvBy::Tokenizer(spanned(r)))
            ],
            any::<bool>(),
            name()
        )
            .prop_map(|(by, allow_empty, field)| Command::Makemv(Makemv { by, allow_empty, field })),
        (name(), 0..3u32).prop_map(|(field, limit)| Command::Mvexpand(Mvexpand { field, limit })),
        name().prop_map(|field| Command::Nomv(Nomv { field })),
        name().prop_map(|table| Command::Outputlookup(Outputlookup { table })),
        names(1).prop_map(|fields| Command::Table(Table { fields })),
    ];
    let richer =
        prop_oneof![
            (option::of(name()), any::<bool>(), regex()).prop_map(|(field, negated, regex)| {
                let negated = negated && field.is_some();
                Command::Regex(Regex { field, negated, regex: spanned(regex) })
            }),
            vec(pair(), 1..4).prop_map(|pairs| Command::Rename(Rename { pairs })),
            (vec((name(), plain_name()), 1..3), names(1))
                .prop_map(|(pairs, fields)| Command::Replace(Replace { pairs, fields })),
            (
                option::of(value()),
                prop_oneof![regex().prop_map(|r| (r, false)), text().prop_map(|t| (t, true))],
                0..5u32,
                option::of(value())
            )
                .prop_map(|(field, (regex, sed), max_match, offset_field)| {
                    Command::Rex(Rex { field, regex: spanned(regex), max_match, sed, offset_field })
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
            (1..4u64, vec(plain_name(), 1..4), keys(0), any::<[bool; 3]>()).prop_map(
                |(count, fields, sort_by, [keep_events, keep_empty, consecutive])| {
                    Command::Dedup(Dedup { count, fields, sort_by, keep_events, keep_empty, consecutive })
                }
            ),
            (name(), vec(to_field(), 1..3), vec(to_field(), 0..3), any::<bool>()).prop_map(
                |(table, on, outputs, keep_existing)| Command::Lookup(Lookup { table, on, outputs, keep_existing })
            ),
            (value(), vec((conversion, name(), option::of(name())), 1..3)).prop_map(|(format, list)| {
                let one =
                    |(function, field, output): (&str, _, _)| Conversion { function: spanned(function), field, output };
                Command::Convert(Convert { timeformat: format.text, conversions: list.into_iter().map(one).collect() })
            }),
        ];
    prop_oneof![simple.boxed(), richer.boxed()]
}

/// Commands over the order of the rows.
fn ordered() -> impl Strategy<Value = Command> {
    let back = || prop_oneof![2 => Just(1u32), 1 => 1..=20u32];
    let ranged = (name(), 1..=20u32, 1..=20u32).prop_map(|(field, a, b)| {
        Command::Autoregress(Autoregress { field, output: None, rows_back: (a.min(b), a.max(b)) })
    });
    let sums = (names(0), option::of(value()), usually("Total"), any::<[bool; 2]>(), usually("Total"));
    prop_oneof![
        (name(), option::of(name())).prop_map(|(field, output)| Command::Accum(Accum { field, output })),
        (name(), option::of(name()), back()).prop_map(|(field, output, rows_back)| Command::Delta(Delta {
            field,
            output,
            rows_back
        })),
        (name(), option::of(name()), back())
            .prop_map(|(field, output, n)| { Command::Autoregress(Autoregress { field, output, rows_back: (n, n) }) }),
        ranged,
        (names(0), option::of(value()), usually("Total")).prop_map(|(fields, label_field, label)| {
            Command::Addcoltotals(Addcoltotals { label_field, label, fields })
        }),
        sums.prop_map(|(fields, label_field, label, [row, column], total)| {
            Command::Addtotals(Addtotals { row, column, total, label_field, label, fields })
        }),
        names(0).prop_map(|fields| Command::Filldown(Filldown { fields })),
        (option::of(any::<u64>()), option::of(eval()), any::<[bool; 2]>()).prop_map(
            |(count, condition, [null, keep_last])| {
                // Without either there is a number by default.
                let count = if condition.is_none() { count.or(Some(10)) } else { count };
                Command::Head(Head { count, condition, null, keep_last })
            }
        ),
        // It has neither start nor end.
        (option::of(name()), bins()).prop_map(|(field, bins)| {
            Command::Makecontinuous(Makecontinuous { field, bins: BinOptions { start: None, end: None, ..bins } })
        }),
        Just(Command::Uniq(Uniq)),
        Just(Command::Addinfo(Addinfo)),
        Just(Command::Require(Require)),
    ]
}

/// Commands that turn rows into columns or texts into fields.
fn reshaping() -> impl Strategy<Value = Command> {
    let internal = |n: &Spanned| n.text != "_raw";
    prop_oneof![
        (name(), name(), name()).prop_map(|(row, name, value)| Command::Untable(Untable { row, name, value })),
        (name(), name(), names(1), naming()).prop_map(|(row, column, values, naming)| Command::Xyseries(Xyseries {
            row,
            column,
            values,
            naming
        })),
        (0..8u64, usually("column"), option::of(value()), any::<bool>()).prop_map(
            |(rows, column_name, header_field, include_empty)| {
                Command::Transpose(Transpose { rows, column_name, header_field, include_empty })
            }
        ),
        (name(), option::of(value())).prop_map(|(field, delimiter)| Command::Mvcombine(Mvcombine { field, delimiter })),
        (name(), usually("")).prop_map(|(field, prefix)| Command::Fromjson(Fromjson { field, prefix })),
        option::of(name()).prop_map(|field| Command::Xmlkv(Xmlkv { field })),
        (
            text().prop_filter("a path", |t| !t.trim().is_empty()),
            option::of(value().prop_filter("another field", internal)),
            usually("xpath"),
            option::of(text())
        )
            .prop_map(|(path, field, output, default)| {
                Command::Xpath(Xpath { path: spanned(path), field, output, default })
            }),
        (name(), eval()).prop_map(|(field, format)| Command::Fieldformat(Fieldformat { field, format })),
    ]
}

/// Commands with conditions, expressions and aggregations.
fn rich() -> impl Strategy<Value = Command> {
    let window = (any::<[bool; 3]>(), 0..5u32, option::of(1..u32::MAX), option::of(eval()), option::of(eval()));
    prop_oneof![
        vec((target(), eval()), 1..3).prop_map(|assignments| Command::Eval(Eval { assignments })),
        eval().prop_map(|condition| Command::Where(Where { condition })),
        search().prop_map(|condition| Command::Search(Search { condition })),
        (aggregations(1), names(0), any::<bool>()).prop_map(|(aggregations, by, dedup_keys)| Command::Stats(Stats {
            aggregations,
            by,
            dedup_keys
        })),
        names(1).prop_map(|by| Command::Stats(Stats { aggregations: Vec::new(), by, dedup_keys: false })),
        (aggregations(1), names(0)).prop_map(|(aggregations, by)| Command::Eventstats(Eventstats { aggregations, by })),
        (aggregations(1), names(0), window).prop_map(
            |(aggregations, by, ([current, global, reset_on_change], window, seconds, reset_before, reset_after))| {
                let time_window = seconds.map(|n| (n, Span::default()));
                Command::Streamstats(Streamstats {
                    aggregations,
                    by,
                    current,
                    window,
                    global,
                    time_window,
                    reset_on_change,
                    reset_before,
                    reset_after,
                })
            }
        ),
        chart().boxed(),
        chart().boxed(),
    ]
}

fn middle() -> impl Strategy<Value = Command> {
    // Boxed, since trees of strategies are too large for the stack.
    prop_oneof![
        5 => plain().boxed(),
        3 => rich().boxed(),
        2 => ordered().boxed(),
        2 => reshaping().boxed(),
        2 => named_options().boxed(),
    ]
}

/// Commands that begin a search.
fn generating() -> impl Strategy<Value = Command> {
    let condition = || prop_oneof![Just(Condition::And(Vec::new())), search()];
    let tstats =
        (aggregations(1), option::of(value()), condition(), names(0), option::of(width()), option::of(value()));
    let rows = (any::<bool>(), name(), option::of(eval()), 0..3u64, option::of(any::<u64>()));
    let format = prop::sample::select(vec![DataFormat::Csv, DataFormat::Json]);
    prop_oneof![
        2 => search().prop_map(|condition| Command::Search(Search { condition })),
        2 => tstats.prop_map(|(aggregations, datamodel, condition, by, span, fill)| {
            Command::Tstats(Tstats { aggregations, datamodel, condition, by, span, fill: fill.map(|f| f.text) })
        }),
        1 => (aggregations(1), condition(), names(0), option::of(width()), option::of(value())).prop_map(
            |(aggregations, condition, by, span, fill)| {
                Command::Mstats(Mstats { aggregations, condition, by, span, fill: fill.map(|f| f.text) })
            }
        ),
        1 => rows.prop_map(|(append, table, condition, start, max)| {
            Command::Inputlookup(Inputlookup { append, table, condition, start, max })
        }),
        1 => value().prop_map(|datamodel| Command::From(From { datamodel })),
        1 => (0..=10_000usize, option::of((format, value())))
            .prop_map(|(count, data)| Command::Makeresults(Makeresults { count, data })),
    ]
}

fn stage(command: Command) -> Stage {
    Stage { command, span: Span::default() }
}

fn joined(first: Command, others: Vec<Command>) -> Pipeline {
    let stages = std::iter::once(first).chain(others).map(stage).collect();
    Pipeline { stages, span: Span::default() }
}

/// Commands that hold subsearches.
fn holding(inner: BoxedStrategy<Pipeline>) -> impl Strategy<Value = Command> {
    let condition = (search(), inner.clone(), any::<bool>()).prop_map(|(condition, p, negated)| {
        let subsearch = Condition::Subsearch(Box::new(p), Span::default());
        let part = if negated { Condition::Not(Box::new(subsearch), Span::default()) } else { subsearch };
        Command::Search(Search { condition: Condition::And(vec![condition, part]) })
    });
    let limits = || option::of(1..u64::MAX).prop_map(|most_rows| Limits { most_rows });
    let operation = prop::sample::select(vec![Operation::Union, Operation::Diff, Operation::Intersect]);
    let kind = prop_oneof![2 => Just("lookup".to_owned()), 1 => text().prop_map(|t| t.replace(':', "").to_lowercase())];
    let dataset = prop_oneof![
        inner.clone().prop_map(Dataset::Subsearch),
        (kind, value()).prop_map(|(kind, name)| Dataset::Named { kind, name }),
    ];
    let stages = vec(middle(), 1..3);
    prop_oneof![
        (limits(), inner.clone()).prop_map(|(limits, subsearch)| Command::Append(Append { limits, subsearch })),
        (any::<bool>(), limits(), inner.clone())
            .prop_map(|(replace, limits, subsearch)| Command::Appendcols(Appendcols { replace, limits, subsearch })),
        (any::<bool>(), 0..3u32, any::<bool>(), names(0), inner.clone()).prop_map(
            |(left, max, overwrite, fields, subsearch)| Command::Join(Join { left, max, overwrite, fields, subsearch })
        ),
        condition,
        vec(inner.clone(), 2..3).prop_map(|subsearches| Command::Multisearch(Multisearch { subsearches })),
        (operation, inner.clone(), inner.clone())
            .prop_map(|(operation, first, second)| { Command::Set(Set { operation, subsearches: [first, second] }) }),
        (limits(), vec(dataset, 1..3)).prop_map(|(limits, datasets)| Command::Union(Union { limits, datasets })),
        inner.prop_map(|stages| Command::Appendpipe(Appendpipe { stages })),
        stages.prop_map(|commands| {
            let stages = Pipeline { stages: commands.into_iter().map(stage).collect(), span: Span::default() };
            Command::Appendpipe(Appendpipe { stages })
        }),
    ]
}

/// Searches with subsearches in conditions, `append` and their like.
pub(crate) fn pipeline() -> impl Strategy<Value = Pipeline> {
    let flat = (generating().boxed(), vec(middle().boxed(), 0..3)).prop_map(|(first, others)| joined(first, others));
    flat.prop_recursive(2, 8, 2, move |inner| {
        (generating().boxed(), vec(middle().boxed(), 0..2), holding(inner).boxed()).prop_map(
            |(first, mut others, last)| {
                others.push(last);
                joined(first, others)
            },
        )
    })
}

/// One stage behind the first.
pub(crate) fn command() -> impl Strategy<Value = Pipeline> {
    let first = Command::Search(Search { condition: Condition::And(Vec::new()) });
    prop_oneof![4 => middle().boxed(), 1 => generating().boxed()].prop_map(move |c| joined(first.clone(), vec![c]))
}
