//! Random plans, by way of random searches: so that types and NULLs are as lowering says them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rulecast::diagnostic::Sink;
use rulecast::ir::{Query, Rel, rewrite};
use rulecast::rule::{Library, Rule};
use rulecast::schema::{Schema, Schemas};
use rulecast::{Options, SourceFile, spl, synth};

use crate::run::{ONE, Split, difference, rows};
use crate::support;

const SCHEMA: &str = r#"
id = "toy"
title = "Toy"
json = true
time = "ts"
select = [{ field = "sourcetype", value = "toy" }]
[fields]
ts = { type = "string", required = true }
s = { type = "string", required = true }
t = { type = "string" }
u = { type = "unknown" }
n = { type = "integer" }
d = { type = "double" }
b = { type = "boolean" }
"m{}" = { type = "string" }
"k{}" = { type = "unknown" }
j = { type = "json" }
[calculated]
user = "coalesce(t, u)"
flag = 'if(n>2, "yes", "no")'
kind = 'case(like(s, "a%"), "A", match(t, "o"), "O", isnull(n), null())'
"#;

const TABLE: &str =
    "s,z,net\nalice,one,10.0.0.0/8\nbob,two,192.168.0.0/16\nbob,three,10.0.0.1/32\nsvc*,four,\n12,,0.0.0.0/0\n";

const LOOKUP: &str = "name: toys\nfilename: toys.csv\ncase_sensitive_match: 'false'\n";
const WILD: &str = "name: wild\nfilename: wild.csv\nmatch_type:\n  - WILDCARD(s)\n  - CIDR(net)\nmin_matches: 1\ndefault_match: none\n";

const FIELDS: [&str; 14] = ["s", "t", "u", "n", "d", "m{}", "k{}", "user", "flag", "kind", "x", "y", "c", "_time"];
const TEXTS: [&str; 9] = ["alice", "Bob", "bob", "carol-7", "12", "012", "a b", "yes", "A"];
const NUMBERS: [&str; 7] = ["0", "1", "2", "5", "12", "-3", "1.5"];

type Text = BoxedStrategy<String>;

fn field() -> Text {
    select(&FIELDS[..]).prop_map(str::to_owned).boxed()
}

fn one() -> Text {
    select(&["s", "t", "u", "n", "d", "user", "flag", "kind", "x", "c"][..]).prop_map(str::to_owned).boxed()
}

/// A field within an expression.
fn quoted() -> Text {
    field().prop_map(|f| format!("'{f}'")).boxed()
}

fn literal() -> Text {
    prop_oneof![select(&TEXTS[..]).prop_map(|t| format!("\"{t}\"")), select(&NUMBERS[..]).prop_map(str::to_owned)]
        .boxed()
}

/// A condition of `search`.
fn search() -> Text {
    let wild = select(&["a*", "*o*", "*", "b?b", "*7", "1*", ""][..]);
    let leaf = prop_oneof![
        (field(), literal()).prop_map(|(f, v)| format!("{f}={v}")),
        (field(), literal()).prop_map(|(f, v)| format!("{f}!={v}")),
        (field(), wild.clone()).prop_map(|(f, v)| format!("{f}=\"{v}\"")),
        (field(), wild).prop_map(|(f, v)| format!("{f}!=\"{v}\"")),
        (field(), select(&["<", "<=", ">", ">="][..]), select(&NUMBERS[..]))
            .prop_map(|(f, op, v)| format!("{f}{op}{v}")),
        (field(), literal(), literal()).prop_map(|(f, a, b)| format!("{f} IN ({a}, {b})")),
        select(&["alice", "\"a b\"", "ali*"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|c| format!("NOT ({c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} {b})")),
        ]
    })
    .boxed()
}

/// A condition and a value of the evaluation language, of this depth.
fn expressions(depth: u32) -> (Text, Text) {
    let value = prop_oneof![3 => quoted(), 2 => literal(), 1 => Just("null()".to_owned())].boxed();
    let test = prop_oneof![
        quoted().prop_map(|f| format!("isnull({f})")),
        quoted().prop_map(|f| format!("isnotnull({f})")),
        (quoted(), literal()).prop_map(|(f, v)| format!("{f}={v}")),
    ]
    .boxed();
    if depth == 0 {
        return (test, value);
    }
    let (c, v) = expressions(depth - 1);
    let regex = select(&["^a", "o", "(?i)BOB", "\\\\d+$", "^(?!a)"][..]);
    let like = select(&["a%", "%o%", "_ob", "%"][..]);
    let op = select(&["=", "!=", "<", "<=", ">", ">="][..]);
    let test = prop_oneof![
        2 => test,
        4 => (v.clone(), op, v.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (v.clone(), regex.clone()).prop_map(|(a, r)| format!("match({a}, \"{r}\")")),
        1 => (v.clone(), like).prop_map(|(a, l)| format!("like({a}, \"{l}\")")),
        1 => (v.clone(), literal(), literal()).prop_map(|(a, x, y)| format!("{a} IN ({x}, {y})")),
        1 => (v.clone(), literal(), literal()).prop_map(|(a, x, y)| format!("in({a}, {x}, {y})")),
        1 => quoted().prop_map(|a| format!("cidrmatch(\"10.0.0.0/8\", {a})")),
        2 => c.clone().prop_map(|a| format!("NOT ({a})")),
        2 => (c.clone(), c.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
        2 => (c.clone(), c.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
        1 => (v.clone(), v.clone(), literal()).prop_map(|(a, b, l)| format!("coalesce({a}, {b}) = {l}")),
        1 => (c.clone(), v.clone(), v.clone(), literal()).prop_map(|(k, a, b, l)| format!("if({k}, {a}, {b}) = {l}")),
    ]
    .boxed();
    let one = select(
        &[
            "lower", "upper", "trim", "len", "tonumber", "tostring", "mvcount", "mvdedup", "mvsort", "abs", "floor",
            "md5", "typeof",
        ][..],
    );
    let value = prop_oneof![
        4 => value,
        2 => (one, v.clone()).prop_map(|(f, a)| format!("{f}({a})")),
        2 => (c.clone(), v.clone(), v.clone()).prop_map(|(k, a, b)| format!("if({k}, {a}, {b})")),
        2 => (c.clone(), v.clone(), c.clone(), v.clone()).prop_map(|(k, a, l, b)| format!("case({k}, {a}, {l}, {b})")),
        1 => (c, v.clone(), v.clone()).prop_map(|(k, a, b)| format!("case({k}, {a}, true(), {b})")),
        2 => (v.clone(), v.clone()).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
        2 => (v.clone(), v.clone()).prop_map(|(a, b)| format!("{a}.\"-\".{b}")),
        2 => (v.clone(), select(&["+", "-", "*", "/", "%"][..]), v.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
        1 => (v.clone(), v.clone()).prop_map(|(a, b)| format!("nullif({a}, {b})")),
        1 => (v.clone(), v.clone()).prop_map(|(a, b)| format!("mvappend({a}, {b})")),
        1 => v.clone().prop_map(|a| format!("mvindex({a}, 0)")),
        1 => v.clone().prop_map(|a| format!("mvjoin({a}, \",\")")),
        1 => v.clone().prop_map(|a| format!("split({a}, \"-\")")),
        1 => v.clone().prop_map(|a| format!("substr({a}, 1, 3)")),
        1 => (v.clone(), regex).prop_map(|(a, r)| format!("replace({a}, \"{r}\", \"R\")")),
        1 => Just("mvfilter(match('m{}', \"o\"))".to_owned()),
        1 => Just("mvmap('m{}', 'm{}'.\"!\")".to_owned()),
        1 => Just("strftime(_time, \"%H:%M\")".to_owned()),
        1 => Just("relative_time(_time, \"@h\")".to_owned()),
        1 => v.prop_map(|a| format!("round({a}, 1)")),
    ]
    .boxed();
    (test, value)
}

fn aggregates() -> Text {
    let one = prop_oneof![
        Just("count".to_owned()),
        (
            select(
                &[
                    "count", "dc", "values", "list", "min", "max", "sum", "avg", "first", "last", "earliest", "latest",
                    "mode", "range", "median"
                ][..]
            ),
            field()
        )
            .prop_map(|(f, a)| format!("{f}({a})")),
        expressions(1).0.prop_map(|c| format!("count(eval({c}))")),
    ];
    (one, select(&["c", "x", "y", "n"][..]), prop::option::of(Just("values(t) as t")))
        .prop_map(|(a, to, more)| format!("{a} as {to} {}", more.unwrap_or("")))
        .boxed()
}

fn keys() -> Text {
    prop_oneof![
        1 => Just(String::new()),
        3 => field().prop_map(|k| format!("by {k}")),
        2 => (field(), field()).prop_filter("different", |(a, b)| a != b).prop_map(|(a, b)| format!("by {a} {b}")),
    ]
    .boxed()
}

/// One stage, without subsearches.
fn plain() -> Text {
    let (c, v) = expressions(2);
    let count = || select(&[1, 2, 3, 10][..]);
    prop_oneof![
        4 => search().prop_map(|c| format!("search {c}")),
        4 => c.prop_map(|c| format!("where {c}")),
        5 => (select(&["x", "y", "t", "n", "m{}", "user"][..]), v).prop_map(|(f, e)| format!("eval '{f}'={e}")),
        1 => (field(), field(), field()).prop_map(|(a, b, c)| format!("fields {a} {b} {c}")),
        1 => field().prop_map(|a| format!("fields - {a}")),
        2 => (field(), field(), field()).prop_map(|(a, b, c)| format!("table {a} {b} {c}")),
        2 => (field(), select(&["x", "y", "t"][..])).prop_map(|(a, b)| format!("rename {a} as {b}")),
        4 => (aggregates(), keys()).prop_map(|(a, k)| format!("stats {a} {k}")),
        2 => (aggregates(), keys()).prop_map(|(a, k)| format!("eventstats {a} {k}")),
        2 => (select(&["", "current=f", "window=2", "window=3 global=f", "time_window=1h"][..]), aggregates(), keys())
            .prop_map(|(o, a, k)| format!("streamstats {o} {a} {k}")),
        2 => select(&["m{}", "k{}", "x", "t"][..]).prop_map(|f| format!("mvexpand {f}")),
        2 => (prop::option::of(count()), select(&["", "-"][..]), one(), one())
            .prop_map(|(n, d, a, b)| format!("sort {} {d}{a} {b}", n.unwrap_or(0))),
        1 => count().prop_map(|n| format!("head {n}")),
        1 => count().prop_map(|n| format!("tail {n}")),
        2 => (count(), field(), prop::option::of(field())).prop_map(|(n, a, b)| format!("dedup {n} {a} {}", b.unwrap_or_default())),
        1 => field().prop_map(|f| format!("fillnull value=\"none\" {f}")),
        1 => Just("bin span=1h _time".to_owned()),
        1 => field().prop_map(|f| format!("rex field={f} \"^(?<x>[a-z]+)-?(?<y>.*)$\"")),
        1 => one().prop_map(|f| format!("makemv delim=\"-\" {f}")),
        1 => field().prop_map(|f| format!("nomv {f}")),
        1 => field().prop_map(|f| format!("regex {f}=\"o\"")),
        1 => Just("reverse".to_owned()),
        1 => field().prop_map(|f| format!("top limit=2 {f}")),
        1 => (one(), one()).prop_map(|(a, b)| format!("chart count by {a} {b}")),
        1 => one().prop_map(|a| format!("timechart span=1h count by {a}")),
        1 => one().prop_map(|a| format!("transaction {a} maxspan=10m")),
        1 => select(&["toys s", "wild s", "toys s as t", "wild net as u", "toys s as m{}"][..])
            .prop_flat_map(|l| select(&["OUTPUT z", "OUTPUTNEW z as x", "OUTPUT z as t"][..]).prop_map(move |o| format!("lookup {l} {o}"))),
        1 => field().prop_map(|f| format!("filldown {f}")),
    ]
    .boxed()
}

fn stage() -> Text {
    let inner = |least| prop::collection::vec(plain(), least..3).prop_map(|s| s.join(" | "));
    prop_oneof![
        16 => plain(),
        1 => (search(), inner(0)).prop_map(|(c, s)| format!("append [search sourcetype=toy {c} {}]", piped(&s))),
        1 => (search(), inner(0)).prop_map(|(c, s)| format!("union [search sourcetype=toy {c} {}]", piped(&s))),
        1 => (select(&["inner", "left"][..]), one(), select(&["max=1", "max=0", "max=2"][..]), search(), inner(0))
            .prop_map(|(k, f, m, c, s)| format!("join type={k} {m} {f} [search sourcetype=toy {c} {}]", piped(&s))),
        1 => (search(), one(), any::<bool>()).prop_map(|(c, f, not)| {
            format!("search {} [search sourcetype=toy {c} | fields {f}]", if not { "NOT" } else { "" })
        }),
        1 => inner(1).prop_map(|s| format!("appendpipe [{s}]")),
        1 => search().prop_map(|c| format!("append [| inputlookup toys | search {c}]")),
    ]
    .boxed()
}

fn piped(stages: &str) -> String {
    if stages.is_empty() { String::new() } else { format!("| {stages}") }
}

fn searches() -> impl Strategy<Value = (Option<String>, Vec<String>, u64)> {
    (prop::option::of(search()), prop::collection::vec(stage(), 1..6), 0..1_000_u64)
}

fn library() -> Library {
    let mut library = Library::default();
    let mut sink = Sink::default();
    library.add_lookup(&SourceFile::new("toys.yml", LOOKUP.to_owned()), Some(TABLE), &mut sink);
    library.add_lookup(&SourceFile::new("wild.yml", WILD.to_owned()), Some(TABLE), &mut sink);
    assert!(library.lookups.len() == 2, "{:?}", sink.diagnostics());
    library
}

struct Bench {
    library: Library,
    schemas: Schemas,
    /// Operators that ran with rows.
    seen: RefCell<BTreeMap<&'static str, usize>>,
    counts: RefCell<[usize; 3]>,
}

impl Bench {
    fn new() -> Self {
        let mut schemas = Schemas::builtin();
        schemas.add(Schema::parse(SCHEMA).expect("a schema"));
        Self { library: library(), schemas, seen: RefCell::default(), counts: RefCell::default() }
    }

    fn lowered(&self, search: &str) -> Result<Query, String> {
        let file = support::rule(search);
        let mut sink = Sink::default();
        let said = |sink: &Sink| sink.diagnostics().iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; ");
        let Some(rule) = Rule::parse(&file, &mut sink) else { return Err(said(&sink)) };
        let Ok(ast) = spl::parse(&rule.search, &self.library, &mut sink) else { return Err(said(&sink)) };
        let options = Options::default();
        spl::lower_unsimplified(&ast, &rule, &self.library, &self.schemas, &options, &mut sink).map_err(|_| said(&sink))
    }

    /// What is wrong with a search.
    fn fault(&self, search: &str, seed: u64) -> Option<String> {
        self.counts.borrow_mut()[0] += 1;
        let Ok(query) = self.lowered(search) else { return None };
        self.counts.borrow_mut()[1] += 1;
        let records = synth::events(&query, &self.schemas, seed, 60);
        let before = rows(&query, &self.schemas, &records, ONE);
        let simple = rewrite::simplify(query.clone());
        let after = rows(&simple, &self.schemas, &records, ONE);
        if before.as_ref().is_ok_and(|r| !r.table.rows.is_empty()) {
            self.counts.borrow_mut()[2] += 1;
            self.see(&query.plan);
        }
        if let Some(difference) = difference(&before, &after) {
            return Some(format!(
                "simplification changes the rows: {difference}\n--- before\n{query}\n--- after\n{simple}"
            ));
        }
        for (workers, shuffle) in [(3, 0), (3, 11), (1, 3)] {
            let split = rows(&simple, &self.schemas, &records, Split { workers, shuffle });
            if let Some(difference) = difference(&after, &split) {
                return Some(format!("{workers} workers, order {shuffle}: {difference}\n{simple}"));
            }
        }
        None
    }

    fn see(&self, rel: &Rel) {
        *self.seen.borrow_mut().entry(rel.name()).or_default() += 1;
        rel.inputs().into_iter().for_each(|input| self.see(input));
    }
}

#[test]
fn random_plans_keep_their_rows() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let cases = setting("RULECAST_PLANS").unwrap_or(250) as u32;
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 800, ..Config::default() };
    let mut seed = [7_u8; 32];
    seed[..8].copy_from_slice(&setting("RULECAST_SEED").unwrap_or(1).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let bench = Bench::new();
    let result = runner.run(&searches(), |(condition, stages, seed)| {
        let search = format!("sourcetype=toy {} | {}", condition.unwrap_or_default(), stages.join(" | "));
        match bench.fault(&search, seed) {
            None => Ok(()),
            Some(fault) => Err(TestCaseError::fail(format!("{search}\n{fault}"))),
        }
    });
    let [all, lowered, with_rows] = *bench.counts.borrow();
    println!("{all} searches, {lowered} lowered, {with_rows} with rows; {:?}", bench.seen.borrow());
    if let Err(fault) = result {
        panic!("{fault}");
    }
    assert!(lowered * 2 > all && with_rows * 3 > all, "too few of {all}: {lowered} lowered, {with_rows} with rows");
    if cases >= 250 {
        let wanted = [
            "filter",
            "extend",
            "project",
            "aggregate",
            "window",
            "unnest",
            "sort",
            "limit",
            "distinct",
            "union",
            "join",
            "semi-join",
            "lookup",
        ];
        let missing: Vec<&str> = wanted.into_iter().filter(|w| !bench.seen.borrow().contains_key(w)).collect();
        assert!(missing.is_empty(), "no plan with rows had {missing:?}");
    }
}
