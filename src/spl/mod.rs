//! The SPL front end: macro expansion, parsing, and lowering into the IR.

pub mod command;
mod constant;
pub mod eval;
mod expand;
mod lower;
mod parser;
mod print;
mod regex;
pub mod search;
mod text;

use std::sync::Arc;

pub use command::Command;
pub(crate) use lower::aggregate_names;
#[doc(hidden)]
pub use lower::lower_unsimplified;
pub use lower::{Aggregation, Argument, lower};
pub use parser::Spanned;
pub(crate) use print::aggregate_name;

use crate::diagnostic::{Reported, Sink, code};
use crate::rule::{Library, ScalarMap, Search};
use crate::source::Span;
use parser::Parser;
use text::Text;

/// Bound on the stages of a search, those of its subsearches included: each one puts an operator on top of a plan.
const MOST_STAGES: u32 = 300;

/// A search: commands, joined by pipes.
#[derive(Clone, PartialEq, Debug)]
pub struct Pipeline {
    pub stages: Vec<Stage>,
    pub span: Span,
}

/// A command with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Stage {
    pub command: Command,
    pub span: Span,
}

/// Expands the macros of a search and parses it.
///
/// # Errors
/// The search is not well-formed, or calls macros that can't be expanded; the sink has each fault.
pub fn parse(search: &Search, library: &Library, sink: &mut Sink) -> Result<Pipeline, Reported> {
    let text = Text::of_search(&search.text, Arc::new(search.map.clone()));
    let expanded = expand::expand(&text, library, sink)?;
    parse_text(&expanded, sink)
}

/// Parses a search that has neither macros nor comments, such as one that was printed. Spans are places in the text.
///
/// # Errors
/// The search is not well-formed; the sink has each fault.
pub fn parse_expanded(search: &str, sink: &mut Sink) -> Result<Pipeline, Reported> {
    let length = u32::try_from(search.len()).unwrap_or(u32::MAX);
    parse_text(&Text::of_search(search, Arc::new(ScalarMap::identity(0, length))), sink)
}

fn parse_text(text: &Text, sink: &mut Sink) -> Result<Pipeline, Reported> {
    let mut p = Parser::new(text, sink);
    let pipeline = parse_pipeline(&mut p, false, true);
    if p.peek().is_some() && !p.failed {
        let span = p.span(p.pos(), p.pos() + 1);
        p.fail(&code::UNBALANCED_BRACKET, "`]` has no partner", span, "remove it, or open the subsearch with `[`");
    }
    if p.failed { Err(Reported) } else { pipeline }
}

/// Parses a formula of the evaluation language that does not stand in a rule; faults are put at `place`.
///
/// # Errors
/// The formula is malformed; the sink has the reason.
pub(crate) fn parse_formula(formula: &str, place: Span, sink: &mut Sink) -> Result<eval::Eval, Reported> {
    let text = Text::of_formula(formula, place);
    let mut p = Parser::new(&text, sink);
    let parsed = eval::parse(&mut p)?;
    if p.peek().is_some() {
        return Err(p.expected("the end of the formula", "a formula is one expression"));
    }
    Ok(parsed)
}

/// Parses commands that a template was written out to; faults are put at `place`.
pub(crate) fn parse_template(template: &str, place: Span, sink: &mut Sink) -> Result<Pipeline, Reported> {
    // A template's first command is written without a pipe.
    let text = Text::of_formula(&format!("| {}", template.trim_start().trim_start_matches('|')), place);
    let mut p = Parser::new(&text, sink);
    let pipeline = parse_pipeline(&mut p, false, true);
    if p.failed { Err(Reported) } else { pipeline }
}

/// `[ … ]`.
pub(crate) fn parse_subsearch(p: &mut Parser<'_>) -> Result<Pipeline, Reported> {
    p.skip_space();
    let open = p.pos();
    p.expect("[", "a subsearch stands in brackets")?;
    let pipeline = p.nested(|p| parse_pipeline(p, true, true))?;
    close_subsearch(p, open)?;
    Ok(pipeline)
}

/// `[ … ]` whose first word is a command, with or without a pipe before it (`appendpipe`).
pub(crate) fn parse_subpipeline(p: &mut Parser<'_>) -> Result<Pipeline, Reported> {
    p.skip_space();
    let open = p.pos();
    p.expect("[", "a pipeline stands in brackets")?;
    let pipeline = p.nested(|p| parse_pipeline(p, true, false))?;
    close_subsearch(p, open)?;
    Ok(pipeline)
}

fn close_subsearch(p: &mut Parser<'_>, open: usize) -> Result<(), Reported> {
    if !p.eat("]") {
        let span = p.span(open, open + 1);
        return Err(p.fail(&code::UNBALANCED_BRACKET, "`[` has no partner", span, "close the subsearch with `]`"));
    }
    Ok(())
}

/// Parses stages up to the end or a closing bracket. After a fault it goes on behind the next pipe, so that each
/// stage's faults are found; the fault is remembered in the parser. With `implicit`, a first stage without a pipe is a `search`.
fn parse_pipeline(p: &mut Parser<'_>, inner: bool, implicit: bool) -> Result<Pipeline, Reported> {
    p.skip_space();
    let start = p.pos();
    let mut stages = Vec::new();
    let mut first = true;
    let mut failed = false;
    loop {
        let piped = p.eat("|");
        if p.peek().is_none() || (inner && p.peek() == Some(']')) {
            if stages.is_empty() && !failed {
                return Err(p.expected("a search", "write a search, or `| command`"));
            }
            if piped && !failed {
                return Err(p.expected("a command after `|`", "remove the pipe or add a command"));
            }
            break;
        }
        if p.peek() == Some(']') {
            break;
        }
        p.skip_space();
        let at = p.pos();
        p.chained = 0;
        p.stages += 1;
        if p.stages > MOST_STAGES {
            let span = p.span(at, at + 1);
            let message = format!("the search has more than {MOST_STAGES} stages");
            let reported = p.fail(&code::NESTED_TOO_DEEP, message, span, "split the search");
            // Nothing behind this place is read.
            p.set_pos(p.src().len());
            return Err(reported);
        }
        match command::parse(p, implicit && first && !piped) {
            Ok(command) => stages.push(Stage { command, span: p.span_from(at) }),
            Err(Reported) => {
                failed = true;
                p.recover();
            }
        }
        first = false;
        let ended = match p.peek() {
            None | Some('|') => true,
            Some(']') => inner,
            _ => false,
        };
        if !ended {
            if p.peek() == Some(']') {
                break;
            }
            failed = true;
            if p.peek() == Some(')') {
                let span = p.span(p.pos(), p.pos() + 1);
                let help = "remove it, or open the group with `(`";
                p.fail(&code::UNBALANCED_BRACKET, "`)` has no partner", span, help);
            } else {
                p.expected("`|` or the end of the search", "commands are separated by `|`");
            }
            p.recover();
        }
    }
    if failed { Err(Reported) } else { Ok(Pipeline { stages, span: p.span_from(start) }) }
}
