//! SPL's commands, one file each: syntax, parser, and lowering into the IR.

use super::lower::Lowering;
use super::parser::{Parser, Spanned};
use super::print::Printer;
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::ir::Expr;
use crate::source::Span;

/// What each command's file provides.
pub(crate) trait Syntax: Sized {
    /// The command's name, then its aliases.
    const NAMES: &'static [&'static str];

    /// The name that the command is printed with.
    fn spelling(&self) -> &'static str {
        self.name()
    }

    /// Parses what follows the command's name, up to the end of the stage.
    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported>;

    /// Prints what follows the command's name; [`Syntax::parse`] makes the same command of it again.
    fn print(&self, out: &mut Printer);

    /// Adds the stage to the plan.
    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported>;

    /// The name that coverage and messages use.
    fn name(&self) -> &'static str {
        Self::NAMES.first().copied().unwrap_or_default()
    }
}

mod cells;
#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod for_tests;
mod sed;
mod series;
mod span;

pub use append::Limits;
pub use cells::Item;
pub(crate) use cells::rate_name;
pub use eval::{Part, Target};
pub use foreach::Tokens;
pub use makemv::By as MakemvBy;
pub use makeresults::Format as DataFormat;
pub use return_::Item as ReturnItem;
pub use series::{Choice, Score, Series, Split};
pub use set::Operation;
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
                    $(Command::$name(command) => Syntax::name(command),)*
                }
            }

            pub(super) fn spelling(&self) -> &'static str {
                match self {
                    $(Command::$name(command) => command.spelling(),)*
                }
            }

            pub(super) fn print(&self, out: &mut Printer) {
                match self {
                    $(Command::$name(command) => command.print(out),)*
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

pub use convert::Conversion;
pub use sort::{Key, Order};
pub use strcat::Part as StrcatPart;
pub use transaction::{Boundary, MvList};
pub use union::Dataset;

commands! {
    accum Accum,
    addcoltotals Addcoltotals,
    addinfo Addinfo,
    addtotals Addtotals,
    append Append,
    appendcols Appendcols,
    appendpipe Appendpipe,
    autoregress Autoregress,
    bin Bin,
    chart Chart,
    convert Convert,
    dedup Dedup,
    delta Delta,
    display Display,
    eval Eval,
    eventstats Eventstats,
    external External,
    extract Extract,
    fieldformat Fieldformat,
    fields Fields,
    filldown Filldown,
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
    makeresults Makeresults,
    mstats Mstats,
    multikv Multikv,
    multisearch Multisearch,
    mvcombine Mvcombine,
    mvexpand Mvexpand,
    nomv Nomv,
    other Other,
    outputlookup Outputlookup,
    rangemap Rangemap,
    regex Regex,
    rename Rename,
    replace Replace,
    require Require,
    return_ Return,
    reverse Reverse,
    rex Rex,
    search Search,
    selfjoin Selfjoin,
    set Set,
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
    transaction Transaction,
    transpose Transpose,
    tstats Tstats,
    union Union,
    uniq Uniq,
    untable Untable,
    where_ Where,
    xmlkv Xmlkv,
    xpath Xpath,
    xyseries Xyseries,
}

/// The names of all commands of SPL, without aliases: each with whether it is implemented.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, bool)> {
    let implemented = IMPLEMENTED.iter().filter_map(|names| names.first()).map(|name| (*name, true));
    let refused = external::OUTSIDE.iter().map(|(name, _)| *name).chain(other::KNOWN.iter().copied());
    implemented.chain(refused.map(|name| (name, false)))
}

/// Commands that begin a pipeline.
const GENERATING: &[&str] =
    &["tstats", "mstats", "inputlookup", "makeresults", "from", "rest", "dbxquery", "multisearch", "union", "set"];

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
    if let Some(command) = External::parse_named(&name, p)? {
        return Ok(Command::External(command));
    }
    if let Some(command) = Other::parse_named(&name, p)? {
        return Ok(Command::Other(command));
    }
    let span = p.span(start, start + word.text.len());
    let known = IMPLEMENTED.iter().flat_map(|n| n.iter().copied()).chain(other::KNOWN.iter().copied());
    let help = did_you_mean(&name, known).unwrap_or_else(|| "a pipe is followed by an SPL command".to_owned());
    Err(p.fail(&code::UNKNOWN_COMMAND, format!("unknown command `{}`", word.text), span, &help))
}

/// The command's name that stands before what is parsed now, in lower case; for commands with several names.
fn word_before(p: &Parser<'_>) -> String {
    let before = p.src().get(..p.pos()).unwrap_or("").trim_end();
    let start = before.rfind(|c: char| !crate::spl::parser::is_name_char(c)).map_or(0, |i| i + 1);
    before.get(start..).unwrap_or("").to_ascii_lowercase()
}

/// Takes the rest of the stage as it stands, over quotes and nested brackets.
///
/// # Errors
/// A quotation mark or a bracket in it has no partner.
fn rest_of_stage(p: &mut Parser<'_>) -> Result<Spanned, Reported> {
    p.skip_space();
    let start = p.pos();
    let (mut depth, mut quote, mut open) = (0_u32, None, None);
    let bytes = p.src().as_bytes();
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => quote = if quote.is_some() { None } else { Some(at) },
            b'[' if quote.is_none() => {
                depth += 1;
                open = open.or(Some(at));
            }
            b']' if quote.is_none() && depth > 0 => {
                depth -= 1;
                open = open.filter(|_| depth > 0);
            }
            b']' | b'|' if quote.is_none() && depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    p.set_pos(at.min(p.src().len()));
    let fault = match (quote, open) {
        (Some(at), _) => Some((&code::UNBALANCED_QUOTE, "a quotation mark has no partner", at)),
        (None, Some(at)) => Some((&code::UNBALANCED_BRACKET, "`[` has no partner", at)),
        (None, None) => None,
    };
    if let Some((code, message, at)) = fault {
        let span = p.span(at, at + 1);
        return Err(p.fail(code, message, span, "close it in the same stage"));
    }
    let text = p.src().get(start..p.pos()).unwrap_or("").trim_end().to_owned();
    Ok(Spanned { text, span: p.span_from(start) })
}

/// How many rows back a command may look; each row is an operator of the plan.
const MOST_ROWS_BACK: u32 = 20;

/// A number of rows to look back, from 1.
fn rows_back(p: &mut Parser<'_>, value: &Spanned) -> Result<u32, Reported> {
    let rows: u32 = p.number("p", value)?;
    let message = match rows {
        0 => "`p` counts the rows before the current one, from 1".to_owned(),
        n if n > MOST_ROWS_BACK => format!("`p` of more than {MOST_ROWS_BACK} is not supported"),
        n => return Ok(n),
    };
    let code = if rows == 0 { &code::WRONG_ARGUMENTS } else { &code::UNSUPPORTED_OPTION };
    Err(p.fail(code, message, value.span, "write e.g. `p=1`"))
}

/// A field that must have one value in a row.
fn single(lowering: &mut Lowering<'_>, command: &str, field: &Spanned) -> Result<Expr, Reported> {
    let value = lowering.field(&field.text, field.span);
    if value.ty.multivalue {
        let message = format!("`{command}` of the multivalue field `{}` is not supported", field.text);
        return Err(unsupported(lowering, field.span, message, "use `mvexpand` or `mvindex` before"));
    }
    Ok(value)
}

/// A fault of a stage while it is lowered.
pub(crate) fn unsupported(lowering: &mut Lowering<'_>, span: Span, message: impl Into<String>, help: &str) -> Reported {
    lowering.sink.fail(Diagnostic::new(&code::UNSUPPORTED_SYNTAX, message).at(span).help(help))
}

#[cfg(test)]
mod tests {
    use crate::compile::{Compiled, Compiler};
    use crate::options::Options;
    use crate::rule::Library;
    use crate::schema::Schemas;
    use crate::source::SourceFile;

    fn compile(search: &str) -> Compiled {
        let rule = format!("name: x\nid: y\nsearch: |-\n  {}\n", search.replace('\n', "\n  "));
        let options = Options { all_time: true, ..Options::default() };
        let compiler = Compiler::new(Library::default(), Schemas::builtin(), options);
        compiler.compile(&SourceFile::new("x.yml", rule), &[])
    }

    /// The IR of a search over the rows of a table `tools` with columns `id` and `name`.
    pub(super) fn with_table(search: &str) -> String {
        let mut library = Library::default();
        let table = crate::ir::LookupTable {
            name: "tools".into(),
            columns: vec!["id".into(), "name".into()],
            rows: (1..=3).map(|n| vec![n.to_string(), format!("tool {n}")]).collect(),
            external: false,
            case_sensitive: false,
            matching: Vec::new(),
            max_matches: 1000,
            default_match: None,
        };
        let table = crate::rule::LookupDefinition::Table(std::sync::Arc::new(table));
        library.lookups.insert("tools".to_owned(), table);
        let rule = format!("name: x\nid: y\nsearch: |-\n  {}\n", search.replace('\n', "\n  "));
        let options = Options { all_time: true, ..Options::default() };
        let compiled =
            Compiler::new(library, Schemas::builtin(), options).compile(&SourceFile::new("x.yml", rule), &[]);
        compiled.ir.map_or_else(|| listed(&compiled.diagnostics, true), |query| query.to_string())
    }

    /// The IR of a whole search.
    pub(super) fn ir_of(search: &str) -> String {
        let compiled = compile(search);
        compiled.ir.map_or_else(|| listed(&compiled.diagnostics, true), |query| query.to_string())
    }

    /// The IR of the stages behind a source, without the scan.
    pub(super) fn ir(stages: &str) -> String {
        let text = ir_of(&format!("sourcetype=aws:cloudtrail earliest=-1h latest=now | {stages}"));
        text.lines().skip_while(|l| l.starts_with("scan") || l.starts_with(' ')).collect::<Vec<_>>().join("\n")
    }

    fn listed(diagnostics: &[crate::diagnostic::Diagnostic], errors: bool) -> String {
        let wanted = |d: &&crate::diagnostic::Diagnostic| (d.severity == crate::diagnostic::Severity::Error) == errors;
        let lines: Vec<String> =
            diagnostics.iter().filter(wanted).map(|d| format!("{} {}", d.code.id, d.message)).collect();
        lines.join("\n")
    }

    /// The errors of the stages behind a source: code and message.
    pub(super) fn faults(stages: &str) -> String {
        listed(&compile(&format!("sourcetype=aws:cloudtrail earliest=-1h latest=now | {stages}")).diagnostics, true)
    }

    /// The notes and warnings.
    pub(super) fn notes(stages: &str) -> String {
        listed(&compile(&format!("sourcetype=aws:cloudtrail earliest=-1h latest=now | {stages}")).diagnostics, false)
    }
}
