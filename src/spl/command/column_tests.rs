//! Commands that make columns are printed so that the same command is read again.

use crate::diagnostic::Sink;
use crate::spl::{Pipeline, parse_expanded};

const STAGES: &[&str] = &[
    "xyseries a b c",
    "xyseries a b c d sep=\"-\" format=\"$AGG$ of $VAL$\"",
    "untable a \"b c\" d",
    "transpose",
    "transpose 0 column_name=x header_field=\"a b\" include_empty=f",
    "rangemap field=a low=-5--1 high=0.5-10 default=none",
    "fromjson a prefix=\"x \"",
    "xmlkv",
    "xmlkv a maxinputs=10",
    "xpath \"//a[@b='c']/d\" field=e outfield=f default=\"\\\"\"",
    "extract pairdelim=\"|;\" kvdelim=\"=:\" limit=5 mv_add=t auto=t",
    "kv stanza",
    "multikv noheader=t fields a b \"filter\" filter c",
    "mstats avg(a.*) as a.* where index=m x=1 by h span=10s",
    "mstats count(a) where a=1 by \"span\" b",
    "tojson",
    "tojson a num(b) default_type=str fill_null=t output_field=x include_internal=t",
    "chart count",
    "chart count, dc(a) as \"b c\" over d span=5 by e bins=10 usenull=f useother=f nullstr=x otherstr=\"y z\" limit=0",
    "chart limit=bottom3 agg=max(x) avg(x) by a b",
    "chart limit=top 3 agg=p95 count(eval(a=1)) by a b",
    "chart count by a b where max(x) as top > 2.5",
    "chart count by a b where count notin bottom4",
    "chart count by a b where sum in top2",
    "chart eval(round(sum(a)/count, 2)) as share eval(perc95(b)+count(eval(c=1))) over d",
    "timechart count",
    "timechart span=1w@w1 cont=f partial=f fixedrange=f per_hour(x) per_day(eval(a+1)) as d by e limit=3 span=2log5",
    "timechart bins=10 minspan=1h aligntime=earliest sparkline(count, 1h) as s",
    "makecontinuous",
    "makecontinuous a span=10",
    "makemv tokenizer=\"(a)\\\\s\" allowempty=t b",
    "eval \"x {a} y\"=1, {b}=2, c-d=3, 'e{}.f'=4",
    "rex field=a offset_field=b max_match=0 \"(?<c>d)\"",
    "bin span=1mon a as b",
];

fn parse(search: &str) -> Pipeline {
    let mut sink = Sink::default();
    match parse_expanded(search, &mut sink) {
        Ok(parsed) => parsed,
        Err(_) => panic!("{search}: {:?}", sink.diagnostics()),
    }
}

#[test]
fn what_is_printed_is_read_as_the_same() {
    for stage in STAGES {
        let parsed = parse(&format!("x=1 | {stage}"));
        let printed = parsed.to_string();
        assert_eq!(parse(&printed), parsed, "{stage}\n{printed}");
        assert_eq!(parse(&printed).to_string(), printed);
    }
}
