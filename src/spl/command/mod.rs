//! SPL's commands, one file each: syntax, parser, and lowering into the IR.

use super::lower::Lowering;
use super::parser::Parser;
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::source::Span;

/// What each command's file provides.
pub(crate) trait Syntax: Sized {
    /// The command's name, then its aliases.
    const NAMES: &'static [&'static str];

    /// Parses what follows the command's name, up to the end of the stage.
    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported>;

    /// Adds the stage to the plan.
    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported>;
}

mod cells;
#[cfg(test)]
mod for_tests;
mod sed;
mod series;
mod span;

pub use cells::Item;
pub use eval::{Part, Target};
pub use series::{Choice, Score, Series, Split};
pub use span::{BinOptions, BinSpan};
pub use tojson::Kind;
pub use xyseries::Naming;

macro_rules! commands {
    ($($module:ident $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// A parsed command.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Command {
            $($name($name),)*
        }

        /// The names of all commands that are implemented.
        pub(crate) const IMPLEMENTED: &[&[&str]] = &[$($name::NAMES),*];

        fn parse_named(name: &str, p: &mut Parser<'_>) -> Option<Result<Command, Reported>> {
            $(if $name::NAMES.contains(&name) {
                return Some($name::parse(p).map(Command::$name));
            })*
            None
        }

        impl Command {
            /// The command's name in SPL.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Command::$name(_) => $name::NAMES[0],)*
                }
            }

            pub(crate) fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
                match self {
                    $(Command::$name(command) => command.lower(span, lowering),)*
                }
            }
        }
    };
}

commands! {
    append Append,
    bin Bin,
    chart Chart,
    convert Convert,
    dedup Dedup,
    eval Eval,
    eventstats Eventstats,
    extract Extract,
    fields Fields,
    fillnull Fillnull,
    foreach Foreach,
    format Format,
    from From,
    fromjson Fromjson,
    head Head,
    inputlookup Inputlookup,
    iplocation Iplocation,
    join Join,
    lookup Lookup,
    makecontinuous Makecontinuous,
    makemv Makemv,
    mstats Mstats,
    multikv Multikv,
    mvexpand Mvexpand,
    nomv Nomv,
    outputlookup Outputlookup,
    rangemap Rangemap,
    regex Regex,
    rename Rename,
    replace Replace,
    reverse Reverse,
    rex Rex,
    search Search,
    sort Sort,
    spath Spath,
    stats Stats,
    strcat Strcat,
    streamstats Streamstats,
    table Table,
    tail Tail,
    timechart Timechart,
    tojson Tojson,
    top Top,
    transpose Transpose,
    tstats Tstats,
    untable Untable,
    where_ Where,
    xmlkv Xmlkv,
    xpath Xpath,
    xyseries Xyseries,
}

/// Commands whose meaning depends on something outside the query, and on what.
const OUTSIDE: &[(&str, &str)] = &[
    ("apply", "a trained machine-learning model"),
    ("fit", "the Machine Learning Toolkit"),
    ("score", "the Machine Learning Toolkit"),
    ("summary", "a trained machine-learning model"),
    ("anomalydetection", "Splunk's anomaly model"),
    ("anomalies", "Splunk's anomaly model"),
    ("cluster", "Splunk's clustering of events"),
    ("kmeans", "Splunk's clustering of events"),
    ("predict", "Splunk's forecasting model"),
    ("map", "searches that are started for each row"),
    ("sendalert", "an alert action"),
    ("sendemail", "a mail server"),
    ("collect", "a summary index"),
    ("mcollect", "a metric index"),
    ("rest", "Splunk's REST interface"),
    ("dbinspect", "Splunk's index files"),
    ("dbxquery", "a database connection"),
    ("metadata", "Splunk's index metadata"),
    ("script", "an external program"),
    ("loadjob", "the results of a saved job"),
    ("savedsearch", "a saved search"),
    ("history", "Splunk's search history"),
    ("audit", "Splunk's audit log"),
];

/// Commands that begin a pipeline.
const GENERATING: &[&str] = &["tstats", "mstats", "inputlookup", "makeresults", "from", "rest", "dbxquery"];

/// Commands that exist in SPL and are not implemented.
const KNOWN: &[&str] = &[
    "abstract",
    "accum",
    "addcoltotals",
    "addinfo",
    "addtotals",
    "analyzefields",
    "appendcols",
    "appendpipe",
    "arules",
    "associate",
    "autoregress",
    "bucketdir",
    "cofilter",
    "concurrency",
    "contingency",
    "correlate",
    "datamodel",
    "delete",
    "delta",
    "diff",
    "erex",
    "eventcount",
    "fieldformat",
    "fieldsummary",
    "filldown",
    "findtypes",
    "folderize",
    "gauge",
    "gentimes",
    "geom",
    "geomfilter",
    "geostats",
    "highlight",
    "iconify",
    "inputcsv",
    "kvform",
    "loglady",
    "localize",
    "localop",
    "makeresults",
    "multisearch",
    "mvcombine",
    "outlier",
    "outputcsv",
    "outputtext",
    "overlap",
    "pivot",
    "redistribute",
    "relevancy",
    "reltime",
    "require",
    "return",
    "rtorder",
    "scrub",
    "searchtxn",
    "selfjoin",
    "set",
    "setfields",
    "sirare",
    "sistats",
    "sitop",
    "tags",
    "timewrap",
    "transaction",
    "trendline",
    "tscollect",
    "typeahead",
    "typelearner",
    "typer",
    "union",
    "uniq",
    "walklex",
    "x11",
    "xmlunescape",
    "xsDisplayConcept",
];

/// Parses one stage. The first stage of a pipeline that does not begin with a pipe is a `search`.
pub(super) fn parse(p: &mut Parser<'_>, implicit_search: bool) -> Result<Command, Reported> {
    p.skip_space();
    let start = p.pos();
    // A subsearch may begin with a command that makes rows, without a pipe.
    let makes_rows = GENERATING.iter().any(|name| p.at_keyword(name)) && p.in_subsearch();
    if implicit_search && !makes_rows {
        // `search` may be written out.
        p.eat_keyword("search");
        return Search::parse(p).map(Command::Search);
    }
    let Some(word) = p.bare(&['|', '[', ']', '(', ')', ',', '=', '"', '`']) else {
        return Err(p.expected("a command", "a pipe is followed by a command"));
    };
    let name = word.text.to_ascii_lowercase();
    if let Some(result) = parse_named(&name, p) {
        return result;
    }
    let span = p.span(start, start + word.text.len());
    if let Some((_, needs)) = OUTSIDE.iter().find(|(n, _)| *n == name) {
        let message = format!("`{name}` needs {needs}, which is not in the query");
        let help = "leave the stage out of the rule, or keep the rule in Splunk";
        return Err(p.fail(&code::NEEDS_OUTSIDE, message, span, help));
    }
    if KNOWN.contains(&name.as_str()) {
        let message = format!("command `{name}` is not supported");
        let help = "write the stage with other commands, or keep the rule in Splunk";
        return Err(p.fail(&code::UNSUPPORTED_COMMAND, message, span, help));
    }
    let known = IMPLEMENTED.iter().flat_map(|n| n.iter().copied()).chain(KNOWN.iter().copied());
    let help = did_you_mean(&name, known).unwrap_or_else(|| "a pipe is followed by an SPL command".to_owned());
    Err(p.fail(&code::UNKNOWN_COMMAND, format!("unknown command `{}`", word.text), span, &help))
}

/// A fault of a stage while it is lowered.
pub(crate) fn unsupported(lowering: &mut Lowering<'_>, span: Span, message: impl Into<String>, help: &str) -> Reported {
    lowering.sink.fail(Diagnostic::new(&code::UNSUPPORTED_SYNTAX, message).at(span).help(help))
}
