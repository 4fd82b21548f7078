//! Macro expansion, on the text, as Splunk does it (Knowledge Manager Manual, "Use search macros in searches").

use std::sync::Arc;

use super::text::Text;
use crate::diagnostic::{Diagnostic, Reported, Sink, code, did_you_mean};
use crate::rule::{Library, Macro};
use crate::source::Span;

/// Bound on the expanded search; the longest of a library have some 10 kB.
const MAX_LENGTH: usize = 1 << 20;
const MAX_DEPTH: usize = 24;

/// Macros that come with Splunk's own apps and not with a rule library: name, arguments, definition.
const COMMON: &[(&str, &[&str], &str)] = &[
    ("drop_dm_object_name", &["object"], "rename $object$.* as *"),
    ("security_content_ctime", &["field"], "convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime($field$)"),
    ("security_content_summariesonly", &[], "summariesonly=false allow_old_summaries=true"),
    ("cloudtrail", &[], "sourcetype=aws:cloudtrail"),
    ("amazon_security_lake", &[], "sourcetype=aws:asl"),
];

/// Expands all macros of a search and removes its comments.
///
/// # Errors
/// A macro is unknown, called wrongly or recursive; the sink has the place.
pub(super) fn expand(text: &Text, library: &Library, sink: &mut Sink) -> Result<Text, Reported> {
    let mut expander = Expander { library, sink, stack: Vec::new(), failed: false, length: 0 };
    let mut out = Text::empty_like(text);
    expander.expand_into(text, &mut out);
    if expander.failed { Err(Reported) } else { Ok(out) }
}

struct Expander<'a> {
    library: &'a Library,
    sink: &'a mut Sink,
    /// Name and arity of the macros that are being expanded.
    stack: Vec<(String, usize)>,
    failed: bool,
    length: usize,
}

/// A macro call: its parts as ranges of the text that it stands in.
struct Call {
    name: String,
    arguments: Vec<(usize, usize)>,
    end: usize,
}

impl Expander<'_> {
    fn fail(&mut self, diagnostic: Diagnostic) {
        self.failed = true;
        self.sink.push(diagnostic);
    }

    fn expand_into(&mut self, text: &Text, out: &mut Text) {
        let bytes = text.as_str().as_bytes();
        let (mut at, mut copied) = (0, 0);
        let mut quoted = false;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if at + 1 < bytes.len() => at += 1,
                b'"' => quoted = !quoted,
                b'`' if !quoted => {
                    self.copy(text, copied, at, out);
                    at = if bytes[at..].starts_with(b"```") {
                        self.skip_comment(text, at)
                    } else {
                        self.expand_call(text, at, out)
                    };
                    copied = at;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.copy(text, copied, bytes.len(), out);
    }

    fn copy(&mut self, text: &Text, start: usize, end: usize, out: &mut Text) {
        self.length += end.saturating_sub(start);
        if self.length <= MAX_LENGTH {
            out.push_part(text, start, end);
        } else if !self.failed {
            let message = format!("the search is longer than {MAX_LENGTH} bytes when its macros are expanded");
            let help = "a macro that calls others several times grows fast; shorten it";
            self.fail(Diagnostic::new(&code::MACRO_TOO_LARGE, message).at(text.span(start, start + 1)).help(help));
        }
    }

    /// The offset behind a comment; the comment itself is dropped.
    fn skip_comment(&mut self, text: &Text, at: usize) -> usize {
        match text.as_str()[at + 3..].find("```") {
            Some(length) => at + 3 + length + 3,
            None => {
                let diagnostic = Diagnostic::new(&code::UNBALANCED_QUOTE, "the comment has no closing ` ``` `")
                    .at(text.span(at, at + 3))
                    .help("close the comment with three backticks");
                self.fail(diagnostic);
                text.len()
            }
        }
    }

    /// Expands the call that starts at a backtick, and gives the offset behind it.
    fn expand_call(&mut self, text: &Text, at: usize, out: &mut Text) -> usize {
        let call = match parse_call(text.as_str(), at) {
            Ok(call) => call,
            Err((code, message, end)) => {
                let diagnostic = Diagnostic::new(code, message)
                    .at(text.span(at, end.min(at + 60)))
                    .help("a macro call is a name in backticks, with its arguments in parentheses: `` `name(a, b)` ``");
                self.fail(diagnostic);
                return end;
            }
        };
        let span = text.span(at, call.end);
        let key = (call.name.clone(), call.arguments.len());
        if self.stack.contains(&key) || self.stack.len() >= MAX_DEPTH {
            let mut chain: Vec<&str> = self.stack.iter().map(|(n, _)| n.as_str()).collect();
            chain.push(&call.name);
            let message = format!("macro `{}` expands to itself: {}", call.name, chain.join(" → "));
            let help = "break the cycle in the macro definitions of the content folder";
            self.fail(Diagnostic::new(&code::MACRO_RECURSION, message).at(span).help(help));
            return call.end;
        }
        let Some(definition) = self.definition(&call, span, text, out) else { return call.end };
        let mut body = substitute(text, &call, &definition, span);
        if definition.iseval {
            match self.computed(&key, &body, span) {
                Some(computed) => {
                    body = Text::empty_like(text);
                    body.push_macro(&computed, span, &Arc::from(call.name.as_str()));
                }
                None => return call.end,
            }
        }
        self.stack.push(key);
        self.expand_into(&body, out);
        self.stack.pop();
        call.end
    }

    /// The text that an eval-based definition gives for the arguments of the call.
    fn computed(&mut self, key: &(String, usize), formula: &Text, span: Span) -> Option<String> {
        let name = &key.0;
        let mut faults = Sink::default();
        let mut inner = Text::empty_like(formula);
        // Macros inside the formula are text before it is computed.
        let mut nested = Expander {
            library: self.library,
            sink: &mut faults,
            stack: self.stack.clone(),
            failed: false,
            length: self.length,
        };
        nested.stack.push(key.clone());
        nested.expand_into(formula, &mut inner);
        let failed = nested.failed;
        self.length = nested.length;
        let reason = if failed {
            "a macro in it can't be expanded".to_owned()
        } else {
            match super::parse_formula(inner.as_str(), span, &mut faults) {
                Ok(parsed) => match super::constant::evaluate(&parsed) {
                    Ok(value) => match value.text() {
                        Some(text) => return Some(text),
                        None => "it is NULL for these arguments".to_owned(),
                    },
                    Err(needs) => format!("{needs} has no value before the query runs"),
                },
                Err(Reported) => "it is no well-formed expression".to_owned(),
            }
        };
        let message = format!("macro `{name}` is computed by `eval`, and can't be here: {reason}");
        let help = "replace the macro by the text that it computes";
        let mut diagnostic = Diagnostic::new(&code::MACRO_EVAL, message).at(span).help(help);
        if let Some(fault) = faults.into_diagnostics().into_iter().next() {
            diagnostic = diagnostic.note(fault.message);
        }
        self.fail(diagnostic);
        None
    }

    /// The macro that a call means. A tuning hook that nobody defined is expanded here, to what keeps every row.
    fn definition(&mut self, call: &Call, span: Span, text: &Text, out: &mut Text) -> Option<Macro> {
        if let Some(found) = self.library.macros.get(&(call.name.clone(), call.arguments.len())) {
            return Some(found.clone());
        }
        let arities: Vec<usize> = self.library.macros_named(&call.name).map(|m| m.arguments.len()).collect();
        if arities.is_empty() {
            let common = COMMON.iter().find(|(n, a, _)| *n == call.name && a.len() == call.arguments.len());
            if let Some((name, arguments, definition)) = common {
                return Some(Macro {
                    name: (*name).to_owned(),
                    arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
                    definition: (*definition).to_owned(),
                    ..Macro::default()
                });
            }
            if call.name.ends_with("_filter") && call.arguments.is_empty() {
                self.expand_hook(call, span, out);
                return None;
            }
        }
        let diagnostic = if arities.is_empty() {
            let known = self.library.macros.keys().map(|(n, _)| n.as_str()).chain(COMMON.iter().map(|c| c.0));
            let help = did_you_mean(&call.name, known).unwrap_or_else(|| {
                "define it in the content folder's `macros/`, or name that folder with `--content`".to_owned()
            });
            Diagnostic::new(&code::UNKNOWN_MACRO, format!("unknown macro `{}`", call.name)).help(help)
        } else {
            let counts: Vec<String> = arities.iter().map(usize::to_string).collect();
            let message =
                format!("macro `{}` takes {} arguments, not {}", call.name, counts.join(" or "), call.arguments.len());
            Diagnostic::new(&code::MACRO_ARITY, message)
                .help("separate arguments by commas; put an argument that holds a comma into double quotes")
        };
        let diagnostic = match text.macro_at(call.end.saturating_sub(1)) {
            Some(outer) => diagnostic.note(format!("called in the definition of macro `{outer}`")),
            None => diagnostic,
        };
        self.fail(diagnostic.at(span));
        None
    }

    /// ESCU ends each rule in `<rule>_filter`, a macro that users define to tune it and that is `search *` at first.
    fn expand_hook(&mut self, call: &Call, span: Span, out: &mut Text) {
        let before = out.as_str().trim_end();
        let name: Arc<str> = call.name.as_str().into();
        if before.is_empty() || before.ends_with(['|', '[']) {
            out.push_macro("search *", span, &name);
        } else if let Some(command) = command_without_search(before) {
            let message = format!("the tuning hook `{}` stands within `{command}`, which takes no search", call.name);
            let help = "put a pipe before the hook";
            self.fail(Diagnostic::new(&code::MACRO_SYNTAX, message).at(span).help(help));
        } else {
            out.push_macro("*", span, &name);
            let message = format!("the tuning hook `{}` is not defined; it keeps every row", call.name);
            self.sink.push(Diagnostic::new(&code::FILTER_HOOK, message).at(span));
        }
    }
}

/// The command at whose end a text stops, where conditions of a search can't be added to it.
fn command_without_search(text: &str) -> Option<&str> {
    // Where the current stage of each open pipeline begins, and whether behind a pipe.
    let mut stages = vec![(0, false)];
    let mut quoted = false;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => stages.push((i + 1, false)),
            ']' if !quoted && stages.len() > 1 => {
                stages.pop();
            }
            '|' if !quoted => {
                stages.pop();
                stages.push((i + 1, true));
            }
            _ => {}
        }
    }
    let (start, piped) = stages.pop()?;
    let stage = text.get(start..)?;
    let command = stage.split_whitespace().next()?;
    let is_word = |word: &str| stage.split_whitespace().any(|w| w.eq_ignore_ascii_case(word));
    let takes_search = match command.to_ascii_lowercase().as_str() {
        "search" => true,
        "tstats" => is_word("where") && !is_word("by"),
        "inputlookup" => is_word("where"),
        _ => !piped,
    };
    (!takes_search).then_some(command)
}

type CallError = (&'static code::Code, &'static str, usize);

/// Reads a macro call that starts at a backtick.
fn parse_call(text: &str, at: usize) -> Result<Call, CallError> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut end = at + 1;
    while end < bytes.len() && (quoted || bytes[end] != b'`') {
        match bytes[end] {
            b'\\' => end += 1,
            b'"' => quoted = !quoted,
            _ => {}
        }
        end += 1;
    }
    if end >= bytes.len() {
        return Err((&code::UNBALANCED_QUOTE, "the macro call has no closing backtick", text.len()));
    }
    let inner_start = at + 1;
    let inner = &text[inner_start..end];
    let malformed = Err((&code::MACRO_SYNTAX, "malformed macro call", end + 1));
    let (name, arguments) = match inner.find('(') {
        None => (inner.trim(), Vec::new()),
        Some(open) => {
            let trimmed = inner.trim_end();
            if !trimmed.ends_with(')') {
                return malformed;
            }
            let (from, to) = (inner_start + open + 1, inner_start + trimmed.len() - 1);
            if from > to {
                return malformed;
            }
            (inner[..open].trim(), split_arguments(text, from, to))
        }
    };
    let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
    if !valid {
        return malformed;
    }
    Ok(Call { name: name.to_owned(), arguments, end: end + 1 })
}

/// Splits arguments at commas outside quotes and parentheses.
fn split_arguments(text: &str, from: usize, to: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    if text[from..to].trim().is_empty() {
        return Vec::new();
    }
    let (mut out, mut start, mut quoted, mut depth) = (Vec::new(), from, false, 0u32);
    let mut at = from;
    while at < to {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b',' if !quoted && depth == 0 => {
                out.push((start, at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push((start, to));
    out
}

/// The definition with each `$argument$` replaced.
fn substitute(text: &Text, call: &Call, definition: &Macro, span: Span) -> Text {
    let mut out = Text::empty_like(text);
    let name: Arc<str> = call.name.as_str().into();
    let mut rest = definition.definition.as_str();
    'scan: while let Some(dollar) = rest.find('$') {
        for (argument, range) in definition.arguments.iter().zip(&call.arguments) {
            let marked = rest[dollar + 1..].strip_prefix(argument.as_str()).and_then(|r| r.strip_prefix('$'));
            if let Some(after) = marked {
                out.push_macro(&rest[..dollar], span, &name);
                push_argument(&mut out, text, *range, span, &name);
                rest = after;
                continue 'scan;
            }
        }
        out.push_macro(&rest[..=dollar], span, &name);
        rest = &rest[dollar + 1..];
    }
    out.push_macro(rest, span, &name);
    out
}

/// An argument; quotes around it only delimit it, and `\"` inside them is a quote.
fn push_argument(out: &mut Text, text: &Text, (start, end): (usize, usize), span: Span, name: &Arc<str>) {
    let raw = &text.as_str()[start..end];
    let trimmed = raw.trim();
    let start = start + (raw.len() - raw.trim_start().len());
    match trimmed.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(inner) if trimmed.len() >= 2 && inner.contains("\\\"") => {
            out.push_macro(&inner.replace("\\\"", "\""), span, name)
        }
        Some(inner) if trimmed.len() >= 2 => out.push_part(text, start + 1, start + 1 + inner.len()),
        _ => out.push_part(text, start, start + trimmed.len()),
    }
}

#[cfg(test)]
#[path = "expand_tests.rs"]
mod tests;
