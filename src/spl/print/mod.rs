//! The AST back to SPL: `parse_expanded(print(ast)) == ast`. Each command prints itself beside its parser; what commands have in common
//! is here.
//!
//! The text is canonical: one spelling for each keyword and function, options only where they say something else than
//! their defaults, quotation marks and parentheses only where the text needs them. Macros and comments are gone, since
//! the AST has none.

mod aggregate;
mod eval;
mod quote;
mod search;

use std::fmt;

pub(crate) use aggregate::{aggregate_name, spelled};

use super::command::Command;
use super::parser::{MAX_DEPTH, Spanned};
use super::{Pipeline, Stage};

/// Writes tokens with blanks between them.
pub(crate) struct Printer {
    out: String,
    /// Whether a blank has to come before the next token.
    gap: bool,
    /// Parentheses that only help people to read, too.
    readable: bool,
    /// Words that end what is printed here, where they stand bare.
    stops: &'static [&'static str],
    /// How deep the parser will be nested here, and was at the most.
    depth: u32,
    deepest: u32,
}

impl Printer {
    fn new(readable: bool) -> Self {
        Self { out: String::new(), gap: false, readable, stops: &[], depth: 0, deepest: 0 }
    }

    /// A token, with a blank before it where something stands there.
    pub(crate) fn word(&mut self, text: &str) {
        if self.gap {
            self.out.push(' ');
        }
        self.glued(text);
    }

    /// A token against the one before.
    pub(crate) fn glued(&mut self, text: &str) {
        self.out.push_str(text);
        self.gap = true;
    }

    /// An opening bracket or a sign: nothing stands between it and the next token.
    pub(crate) fn open(&mut self, text: &str) {
        self.word(text);
        self.gap = false;
    }

    pub(crate) fn open_glued(&mut self, text: &str) {
        self.glued(text);
        self.gap = false;
    }

    /// What the parser reads one level deeper.
    pub(crate) fn nested(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        print(self);
        self.depth -= 1;
    }

    /// `( … )`.
    pub(crate) fn group(&mut self, print: impl FnOnce(&mut Self)) {
        self.open("(");
        self.nested(print);
        self.glued(")");
    }

    /// Text that the parser takes as it stands, to the end of the stage.
    pub(crate) fn rest_of_stage(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.word(text);
        // It would protect the bracket or the pipe behind it.
        if text.ends_with('\\') {
            self.out.push(' ');
        }
    }

    /// What is printed where some words end a list of names or a condition.
    pub(crate) fn with_stops(&mut self, stops: &'static [&'static str], print: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.stops, stops);
        print(self);
        self.stops = before;
    }

    /// What a parser of its own reads: the text of a quoted condition. Conditions nest anew in there.
    fn apart(&self, print: impl FnOnce(&mut Self)) -> String {
        let mut inner = Self::new(self.readable);
        print(&mut inner);
        inner.out
    }

    /// `( … )`, or `("…")` where the first would nest too deep, or begins with a quotation mark and so would be taken for
    /// the second.
    pub(crate) fn condition_in_group(&mut self, print: impl Fn(&mut Self)) {
        let text = self.apart(&print);
        if self.readable && !text.starts_with('"') {
            self.group(print);
        } else {
            self.open("(");
            self.quoted(&text);
            self.glued(")");
        }
    }

    /// `( … )`, or `"…"` where that would nest too deep.
    pub(crate) fn quotable_group(&mut self, print: impl Fn(&mut Self)) {
        if self.readable {
            self.group(print);
        } else {
            let text = self.apart(print);
            self.quoted(&text);
        }
    }

    pub(crate) fn number(&mut self, number: impl fmt::Display) {
        self.word(&number.to_string());
    }

    /// A text in double quotes.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.word(&quote::quoted(text, '"'));
    }

    /// A field name, a table's name or a plain word of a command; in double quotes where it has to be.
    pub(crate) fn name(&mut self, name: &str) {
        if quote::begins_with_word(name, self.stops) { self.quoted(name) } else { self.word(&quote::name(name, '"')) }
    }

    /// A field name on the left of a comparison of `search`.
    fn search_field(&mut self, name: &str) {
        if quote::begins_with_word(name, self.stops) {
            self.quoted(name)
        } else {
            self.word(&quote::search_field(name))
        }
    }

    pub(crate) fn quoted_glued(&mut self, text: &str) {
        self.glued(&quote::quoted(text, '"'));
    }

    pub(crate) fn glued_name(&mut self, name: &str) {
        self.glued(&quote::name(name, '"'));
    }

    /// `function(field)`.
    pub(crate) fn call(&mut self, function: &str, field: &str) {
        self.word(function);
        self.glued("(");
        self.glued_name(field);
        self.glued(")");
    }

    /// A field name of the evaluation language.
    pub(crate) fn eval_field(&mut self, name: &str) {
        self.word(&quote::eval_field(name));
    }

    /// A name where double quotes would make a text of it: in single quotes where it has to be.
    pub(crate) fn single_quoted_name(&mut self, name: &str) {
        self.word(&quote::name(name, '\''));
    }

    pub(crate) fn names(&mut self, names: &[Spanned]) {
        names.iter().for_each(|n| self.name(&n.text));
    }

    /// `by a b`, where there are keys.
    pub(crate) fn by(&mut self, names: &[Spanned]) {
        if !names.is_empty() {
            self.word("by");
            self.names(names);
        }
    }

    /// `a as b`, or `a` where both are the same.
    pub(crate) fn renamed(&mut self, from: &str, to: &str) {
        self.name(from);
        if from != to {
            self.word("as");
            self.name(to);
        }
    }

    /// What `print` prints, and `as name` where the text is not the name already: Splunk names a column by what is written.
    pub(crate) fn named(&mut self, name: &Spanned, print: impl FnOnce(&mut Self)) {
        self.open("");
        let start = self.out.len();
        print(self);
        if self.out.get(start..) != Some(name.text.as_str()) {
            self.output(Some(name));
        }
    }

    /// `as b`, where there is a name.
    pub(crate) fn output(&mut self, name: Option<&Spanned>) {
        if let Some(name) = name {
            self.word("as");
            self.name(&name.text);
        }
    }

    /// `option=value`.
    pub(crate) fn option(&mut self, option: &str, value: &str) {
        self.word(option);
        self.glued("=");
        self.glued(&quote::option(value));
    }

    /// `option=value`, where there is a value.
    pub(crate) fn option_of(&mut self, option: &str, value: Option<&Spanned>) {
        if let Some(value) = value {
            self.option(option, &value.text);
        }
    }

    /// `option=value`, where it is not the default.
    pub(crate) fn text_option(&mut self, option: &str, value: &str, default: &str) {
        if value != default {
            self.option(option, value);
        }
    }

    /// `option=number`, where it is not the default.
    pub(crate) fn number_option<N: fmt::Display + PartialEq>(&mut self, option: &str, value: N, default: N) {
        if value != default {
            self.option(option, &value.to_string());
        }
    }

    /// `option=t` or `option=f`, where it is not the default.
    pub(crate) fn flag(&mut self, option: &str, value: bool, default: bool) {
        if value != default {
            self.option(option, if value { "t" } else { "f" });
        }
    }

    /// A comma against what stands before, unless it is the first of a list.
    pub(crate) fn comma(&mut self, index: usize) {
        if index > 0 {
            self.glued(",");
        }
    }

    /// `[ … ]`.
    pub(crate) fn subsearch(&mut self, pipeline: &Pipeline) {
        self.open("[");
        self.nested(|out| out.pipeline(pipeline, " | ", true));
        self.glued("]");
    }

    /// `[ … ]` whose first word is a command.
    pub(crate) fn subpipeline(&mut self, pipeline: &Pipeline) {
        self.open("[");
        self.nested(|out| out.stages(pipeline));
        self.glued("]");
    }

    fn stages(&mut self, pipeline: &Pipeline) {
        for (i, stage) in pipeline.stages.iter().enumerate() {
            if i > 0 {
                self.word("|");
            }
            self.command(&stage.command);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, separator: &str, inner: bool) {
        for (i, stage) in pipeline.stages.iter().enumerate() {
            match (i, &stage.command) {
                (0, Command::Search(search)) => {
                    let start = self.out.len();
                    self.search(&search.condition);
                    if inner || self.out.get(start..).is_none_or(needs_search) {
                        self.out.insert_str(start, if self.out.len() == start { "search" } else { "search " });
                        self.gap = true;
                    }
                }
                (0, command) => {
                    self.word("|");
                    self.command(command);
                }
                (_, command) => {
                    self.glued(separator);
                    self.gap = false;
                    self.command(command);
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        self.word(command.spelling());
        command.print(self);
    }
}

/// Whether the conditions of a first stage would be read as something else without the command's name.
fn needs_search(conditions: &str) -> bool {
    let head = conditions.get(.."search".len());
    conditions.is_empty() || head.is_some_and(|head| head.eq_ignore_ascii_case("search"))
}

/// Prints twice where parentheses that nobody needs would nest deeper than the parser goes.
fn write(f: &mut fmt::Formatter<'_>, print: impl Fn(&mut Printer)) -> fmt::Result {
    let mut out = Printer::new(true);
    print(&mut out);
    if out.deepest > MAX_DEPTH {
        out = Printer::new(false);
        print(&mut out);
    }
    f.write_str(&out.out)
}

impl fmt::Display for Pipeline {
    /// Canonical SPL, in one line; `{:#}` puts each stage on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if f.alternate() { "\n| " } else { " | " };
        write(f, |out| out.pipeline(self, separator, false))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.command.fmt(f)
    }
}

impl fmt::Display for Command {
    /// The command as it stands behind a pipe.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, |out| out.command(self))
    }
}

impl fmt::Display for super::search::Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, |out| out.search(self))
    }
}

impl fmt::Display for super::eval::Eval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, |out| out.eval(self))
    }
}

#[cfg(test)]
mod tests;
