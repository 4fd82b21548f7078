//! The checker on searches, and on plans that no search gives.

use super::{Blame, check, infer};
use crate::compile::Compiler;
use crate::ir::{Case, Column, CompareOp, Expr, ExprKind, Output, Query, Rel, Scalar, Scan, Type, Values};
use crate::options::Options;
use crate::rule::Library;
use crate::schema::Schemas;
use crate::source::{SourceFile, Span};

/// Code and message of each error of a search.
fn errors(stages: &str) -> Vec<String> {
    let rule =
        format!("id: x\nname: x\nsearch: |-\n  sourcetype=aws:cloudtrail earliest=-1h latest=now\n  | {stages}\n");
    let compiler = Compiler::new(Library::default(), Schemas::builtin(), Options::default());
    let compiled = compiler.compile(&SourceFile::new("x.yml", rule.as_str()), &[]);
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error);
    errors.map(|d| format!("{} {}", d.code.id, d.message)).collect()
}

#[test]
fn probe() {
    for s in [
        "stats min(eventTime) as a values(awsRegion) as b",
        "stats min(awsRegion) as a values(awsRegion) as b count | eval c=a.\"x\"",
        "streamstats current=f first(awsRegion) as a | table a",
        "streamstats first(awsRegion) as a | table a",
        "top awsRegion",
        "stats sum(eval(awsRegion=\"x\")) as a",
        "stats count by awsRegion | eval x=split(awsRegion,\"-\") | where NOT x=userAgent",
        "stats values(userAgent) as a by awsRegion | where a=awsRegion | eval b=mvcount(a) | eval c=mvindex(a,0)",
        "fillnull value=x requestParameters | table requestParameters",
        "replace a with b in requestParameters | table requestParameters",
        "eval a=if(awsRegion=\"x\",1,\"b\") | eval b=a+1 | table a b",
        "eval a=awsRegion=\"x\" | eval b=a+1",
        "eval a=split(awsRegion,\"-\") | eval b=a.\"x\"",
        "where awsRegion",
        "where mvcount(split(awsRegion,\"-\"))",
        "eval a=len(split(awsRegion,\"-\"))",
        "eval a=mvmap(split(awsRegion,\"-\"), awsRegion.\"x\") | table a",
        "eval a=round(1/0) | table a",
        "eval a=isnull(userAgent) | eval b=a=\"true\" | stats count by b",
        "eventstats avg(x) as m by awsRegion | stats count by m",
        "bin span=1h _time | stats count by _time awsRegion | sort - count | head 3",
        "eval t=strftime(_time,\"%H\") | eval u=t+1 | stats max(u) as m",
        "eval t=now()-_time | where t>5 | table t",
        "eval t=relative_time(now(),\"-1d\") | where _time>t | table t",
        "eval x=nullif(awsRegion,\"a\") | stats count by x",
        "eval x=mvappend(awsRegion,userAgent) | mvexpand x | stats dc(x) as d by x",
        "spath input=requestParameters | stats count by foo",
        "eval x=coalesce(mvindex(split(awsRegion,\"-\"),1), split(userAgent,\"/\")) | table x",
        "eval x=if(isnull(userAgent), split(awsRegion,\"-\"), userAgent) | mvexpand x | table x",
        "append [search sourcetype=aws:cloudtrail | eval a=1] | table a",
        "table awsRegion | append [search sourcetype=aws:cloudtrail | table userAgent]",
        "join awsRegion [search sourcetype=aws:cloudtrail | stats count by awsRegion] | table awsRegion count",
        "join type=left awsRegion [search sourcetype=aws:cloudtrail | stats count by awsRegion] | table awsRegion count",
        "stats count | eval x=count/0 | eval y=count%2 | table x y",
        "eval x=tonumber(userAgent) | where x | table x",
        "stats perc95(eventTime) as p range(eventTime) as r",
        "stats sum(readOnly) as p",
        "where match(_time, \"a\")",
        "where like(readOnly, \"a\")",
        "where readOnly IN (\"true\", \"x\")",
        "where readOnly=1",
        "where in(readOnly, 1, \"b\")",
        "where in(_time, \"a\", \"b\")",
        "eval a=replace(_time,\"a\",\"b\")",
        "eval a=min(1,\"b\") | eval b=max(1,2) | table a b",
        "eval a=case(readOnly, 1)",
        "where case(awsRegion=\"x\", awsRegion=\"y\")",
        "eval a=validate(awsRegion=\"x\", \"b\") | table a",
        "where cidrmatch(\"10.0.0.0/8\", sourceIPAddress) XOR isnull(userAgent)",
        "rex field=userAgent \"(?<a>.)\" max_match=3 | where a=\"x\" | stats count by a",
        "rex field=userAgent \"(?<awsRegion>.)\" | stats count by awsRegion",
        "makemv delim=\",\" userAgent | nomv userAgent | table userAgent",
        "dedup userAgent | table userAgent",
        "eval a=typeof(userAgent) | table a",
        "eval a=mvzip(split(userAgent,\"/\"), awsRegion) | table a",
        "eval a=mvfilter(match(split(userAgent,\"/\"),\"a\"))",
        "eval u=split(userAgent,\"/\") | eval a=mvfilter(len(u)) | table a",
    ] {
        println!("{s}\n    {:?}", errors(s));
    }
}
