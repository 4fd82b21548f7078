//! Commands with options and lists of their own, at random: `transaction`, `tojson`, `rangemap` and others.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rulecast::diagnostic::Sink;
use rulecast::spl::command::*;
use rulecast::spl::{Spanned, parse_expanded};

use crate::commands::{option_name, value};
use crate::expressions::{eval, name, names, plain_name, search, spanned, text};

fn boundary() -> impl Strategy<Value = Boundary> {
    prop_oneof![
        search().prop_filter("a condition", |s| !s.is_empty()).prop_map(Boundary::Search),
        eval().prop_map(Boundary::Eval),
    ]
}

fn lists() -> impl Strategy<Value = MvList> {
    let listed = name().prop_map(|n| spanned(n.text.replace(',', ";").trim()));
    let field = listed.prop_filter("a name", |n| !n.text.is_empty());
    prop_oneof![Just(MvList::All), vec(field, 0..3).prop_map(MvList::Fields)]
}

fn transaction() -> impl Strategy<Value = Command> {
    let seconds = || option::of((0..=1u64 << 53).prop_map(|n| n as f64));
    let lengths = (seconds(), seconds(), prop_oneof![Just(1000), any::<u32>()]);
    let ends = (option::of(boundary()), option::of(boundary()));
    let memory = (prop::sample::select(vec!["maxopentxn", "maxOpenEvents"]), value());
    let memory = vec(memory.prop_map(|(option, value)| (spanned(option), value)), 0..2);
    let shown = (lists(), prop_oneof![Just("NULL".to_owned()), text()], memory);
    (vec(plain_name(), 0..3), option::of(value()), lengths, ends, any::<[bool; 3]>(), shown).prop_map(
        |(fields, name, (max_span, max_pause, max_events), (starts_with, ends_with), flags, shown)| {
            let [connected, keep_evicted, keep_orphans] = flags;
            let (lists, null_text, memory) = shown;
            Command::Transaction(Transaction {
                fields,
                name,
                max_span,
                max_pause,
                max_events,
                starts_with,
                ends_with,
                connected,
                keep_evicted,
                keep_orphans,
                lists,
                null_text,
                memory,
            })
        },
    )
}

fn tojson() -> impl Strategy<Value = Command> {
    let kind =
        || prop::sample::select(vec![Kind::None, Kind::Auto, Kind::Boolean, Kind::Json, Kind::Number, Kind::String]);
    let output = prop_oneof![Just("_raw".to_owned()), text()];
    (vec((kind(), name()), 0..4), kind(), any::<[bool; 2]>(), output).prop_map(
        |(fields, default_kind, [fill_null, include_internal], output)| {
            Command::Tojson(Tojson { fields, default_kind, fill_null, include_internal, output })
        },
    )
}

fn rangemap() -> impl Strategy<Value = Command> {
    let bound = || prop_oneof![(-20..20i64).prop_map(|n| n as f64), any::<f64>()];
    let bound = move || bound().prop_filter("a bound", |n: &f64| n.is_finite());
    let named = option_name().prop_filter("a range", |n| n.text != "field" && n.text != "default");
    let range = (named, bound(), bound()).prop_map(|(name, a, b)| (name, a.min(b), a.max(b)));
    (value(), vec(range, 0..3), prop_oneof![Just("None".to_owned()), text()])
        .prop_map(|(field, ranges, default)| Command::Rangemap(Rangemap { field, ranges, default }))
}

fn extract() -> impl Strategy<Value = Command> {
    let bounds = (option::of(any::<u64>()), option::of(any::<u64>()));
    (option::of(text()), option::of(text()), any::<bool>(), bounds, names(0)).prop_map(
        |(pair_delimiters, value_delimiters, all, (limit, max_characters), extractors)| {
            Command::Extract(Extract { pair_delimiters, value_delimiters, all, limit, max_characters, extractors })
        },
    )
}

fn returned() -> impl Strategy<Value = Command> {
    let item = prop_oneof![
        (value(), option_name()).prop_map(|(field, alias)| ReturnItem::Field { field, alias: Some(alias) }),
        name().prop_map(|field| ReturnItem::Field { field, alias: None }),
        name().prop_map(ReturnItem::Text),
    ];
    (prop_oneof![Just(1), 1..u64::MAX], vec(item, 1..4))
        .prop_map(|(count, items)| Command::Return(Return { count, items }))
}

fn multikv() -> impl Strategy<Value = Command> {
    let option = prop::sample::select(vec!["conf", "copyattrs", "forceheader", "noheader"]).prop_map(spanned);
    (vec((option, value()), 0..2), names(0), names(0))
        .prop_map(|(options, fields, filter)| Command::Multikv(Multikv { options, fields, filter }))
}

/// Commands whose arguments are kept as they stand.
fn verbatim() -> impl Strategy<Value = Command> {
    let word = prop::sample::select(vec![
        "a=1",
        "b",
        "\"x | y\"",
        "\"[\"",
        "[search c | head 1]",
        "maxsearches=10",
        ",",
        "(d)",
        "$e$",
        "\\|",
        "é",
        "f\\",
    ]);
    let arguments = vec(word, 0..4).prop_map(|words| words.join(" "));
    let name = prop::sample::select(vec![
        "map",
        "fit",
        "rest",
        "collect",
        "sendemail",
        "highlight",
        "tags",
        "localop",
        "x11",
        "trendline",
        "datamodel",
    ]);
    (name, arguments).prop_map(|(name, arguments)| {
        let parsed = parse_expanded(&format!("| {name} {arguments}"), &mut Sink::default()).expect("a stage");
        parsed.stages.into_iter().next().expect("a stage").command
    })
}

/// All of these.
pub(crate) fn named_options() -> impl Strategy<Value = Command> {
    let selfjoin = (any::<[bool; 2]>(), 0..3u32, names(1)).prop_map(
        |([overwrite, keep_single], max, fields): (_, _, Vec<Spanned>)| {
            Command::Selfjoin(Selfjoin { overwrite, max, keep_single, fields })
        },
    );
    prop_oneof![
        3 => transaction().boxed(),
        2 => tojson().boxed(),
        1 => rangemap(),
        1 => extract(),
        1 => returned(),
        1 => multikv(),
        1 => selfjoin,
        4 => verbatim(),
    ]
}
