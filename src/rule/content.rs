//! Reads the files of the content folder: macros, lookups with their CSV, deployments.
//!
//! Lookups follow Splunk's `transforms.conf`: `case_sensitive_match` is true unless the file says otherwise,
//! `max_matches` is 1000 (no ESCU lookup has a time field), `default_match` counts where `min_matches` is above 0.

use std::sync::Arc;

use super::library::{Deployment, LookupDefinition, Macro};
use super::reader::Reader;
use super::yaml::{self, Node};
use crate::diagnostic::{Diagnostic, Severity, Sink, code};
use crate::ir::{LookupTable, MatchType, Name};
use crate::source::{SourceFile, Span};

/// Splunk's own limit of matches of a lookup without a time field.
const MAX_MATCHES: u32 = 1000;

fn unusable(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::new(&code::INVALID_CONTENT, message).at(span)
}

/// Runs a reader over a file's mapping. What it reports becomes a warning about the content folder.
fn with_root<T>(
    file: &SourceFile,
    what: &str,
    sink: &mut Sink,
    read: impl FnOnce(&Node, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    let mut own = Sink::default();
    let root = yaml::parse(file, &mut own).ok().flatten();
    let result = match &root {
        Some(root) if root.entries().is_some() => read(root, &mut Reader { file, sink: &mut own }),
        Some(root) => {
            own.push(unusable(format!("{what} is a mapping, not {}", root.kind()), root.span));
            None
        }
        None => {
            if own.diagnostics().is_empty() {
                own.push(unusable("the file is empty", Span::new(0, 0)));
            }
            None
        }
    };
    for mut diagnostic in own.into_diagnostics() {
        if diagnostic.severity == Severity::Error {
            let help = diagnostic.help.take();
            let span = diagnostic.span.unwrap_or_default();
            diagnostic = unusable(format!("{what} can't be read: {}", diagnostic.message), span);
            diagnostic.help = help;
        }
        sink.push(diagnostic);
    }
    result
}

fn span_of(root: &Node, key: &str) -> Span {
    root.entry(key).map_or(Span { start: root.span.start, end: root.span.start }, |e| e.value.span)
}

/// A macro, and the place of its name. `name(2)` names a macro of two arguments, as in Splunk's own files.
pub(super) fn macro_definition(file: &SourceFile, sink: &mut Sink) -> Option<(Macro, Span)> {
    with_root(file, "a macro file", sink, |root, reader| {
        let help = "a macro file has the keys `name`, `definition` and, where it takes arguments, `arguments`";
        let named = reader.require(root, "name", help);
        // A macro may well be defined as nothing, e.g. a filter hook.
        if root.entry("definition").is_none() {
            reader.require(root, "definition", help);
            return None;
        }
        if !named {
            return None;
        }
        let span = span_of(root, "name");
        let full_name = reader.text(root, "name");
        let arguments = match root.get("arguments").and_then(Node::scalar) {
            // Splunk's own files write `field, limit`.
            Some(scalar) => {
                scalar.text.split(',').map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect::<Vec<_>>()
            }
            None => reader.list(root, "arguments"),
        };
        let (name, arity) = split_arity(full_name.trim());
        if let Some(arity) = arity.filter(|n| *n != arguments.len()) {
            let message = format!(
                "the macro's name says {arity} arguments, but `arguments` has {}: it can't be called",
                arguments.len()
            );
            reader.sink.push(unusable(message, span).help("write as many arguments as the name says"));
            return None;
        }
        root.get("definition").map_or(Some(()), |d| d.scalar().map(|_| ())).or_else(|| {
            reader.text(root, "definition");
            None
        })?;
        let definition = reader.text(root, "definition");
        let iseval = reader.boolean(root, "iseval").unwrap_or(false);
        Some((Macro { name: name.to_owned(), arguments, definition, iseval, path: file.path().to_owned() }, span))
    })
}

fn split_arity(name: &str) -> (&str, Option<usize>) {
    let parts = name.strip_suffix(')').and_then(|n| n.rsplit_once('('));
    match parts.and_then(|(name, arity)| Some((name, arity.trim().parse().ok()?))) {
        Some((name, arity)) => (name, Some(arity)),
        None => (name, None),
    }
}

/// The type of a rule and its schedule.
pub(super) fn deployment(file: &SourceFile, sink: &mut Sink) -> Option<(String, Span, Deployment)> {
    with_root(file, "a deployment file", sink, |root, reader| {
        let help = "a deployment has a `type`, and `scheduling` with `earliest_time` and `latest_time`";
        if !(reader.require(root, "type", help) && reader.require(root, "scheduling", help)) {
            return None;
        }
        let scheduling = reader.mapping(root, "scheduling")?;
        let earliest = reader.require(scheduling, "earliest_time", help);
        if !(reader.require(scheduling, "latest_time", help) && earliest) {
            return None;
        }
        let deployment = Deployment {
            name: reader.text(root, "name"),
            earliest: reader.text(scheduling, "earliest_time"),
            latest: reader.text(scheduling, "latest_time"),
        };
        Some((reader.text(root, "type"), span_of(root, "type"), deployment))
    })
}

/// The CSV file that a lookup file names.
pub(super) fn csv_name(file: &SourceFile) -> Option<String> {
    let mut quiet = Sink::default();
    let root = yaml::parse(file, &mut quiet).ok().flatten()?;
    csv_name_of(&root, file, &mut Reader { file, sink: &mut quiet })
}

fn csv_name_of(root: &Node, file: &SourceFile, reader: &mut Reader<'_>) -> Option<String> {
    let filename = reader.text(root, "filename");
    if !filename.trim().is_empty() {
        return Some(filename.trim().to_owned());
    }
    // Newer lookups say `lookup_type: csv` and have the table beside them, under the same name.
    let is_csv = reader.text(root, "lookup_type").eq_ignore_ascii_case("csv");
    let stem = file.path().rsplit(['/', '\\']).next()?.rsplit_once('.')?.0;
    is_csv.then(|| format!("{stem}.csv"))
}

/// A lookup's name with its place, and its table where the rows are known.
pub(super) fn lookup(
    file: &SourceFile,
    csv_text: Option<&str>,
    sink: &mut Sink,
) -> Option<(String, Span, LookupDefinition)> {
    with_root(file, "a lookup file", sink, |root, reader| {
        if !reader.require(root, "name", "a lookup file has the keys `name` and `filename`") {
            return None;
        }
        let name = reader.text(root, "name").trim().to_owned();
        let span = span_of(root, "name");
        let definition = match lookup_table(root, file, &name, csv_text, reader) {
            Ok(table) => LookupDefinition::Table(Arc::new(table)),
            Err(reason) => {
                let listed = reader.text(root, "fields_list");
                let columns = listed.split(',').map(|c| c.trim().to_owned()).filter(|c| !c.is_empty() && c != "_key");
                LookupDefinition::Unavailable { reason, columns: columns.collect() }
            }
        };
        Some((name, span, definition))
    })
}

/// The table, or the reason why its rows are not known.
fn lookup_table(
    root: &Node,
    file: &SourceFile,
    name: &str,
    csv_text: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<LookupTable, String> {
    let is_kvstore = |reader: &mut Reader<'_>, key: &str| reader.text(root, key).trim().eq_ignore_ascii_case("kvstore");
    if root.get("collection").is_some() || is_kvstore(reader, "external_type") || is_kvstore(reader, "lookup_type") {
        return Err("it is a KV-store collection, whose rows are in Splunk only".to_owned());
    }
    let Some(csv_file) = csv_name_of(root, file, reader) else {
        return Err("it names no CSV file".to_owned());
    };
    let at = if root.entry("filename").is_some() { span_of(root, "filename") } else { span_of(root, "name") };
    let Some(text) = csv_text else {
        return Err(format!("its CSV file `{csv_file}` is not in the content folder"));
    };
    let before = reader.sink.diagnostics().len();
    let case_sensitive = reader.boolean(root, "case_sensitive_match").unwrap_or(true);
    let max_matches = whole_number(root, "max_matches", reader).unwrap_or(MAX_MATCHES);
    let min_matches = whole_number(root, "min_matches", reader).unwrap_or(0);
    let default_match = reader.text(root, "default_match");
    let matching = match_types(root, reader);
    if reader.sink.diagnostics().len() > before {
        return Err("its definition is malformed".to_owned());
    }
    let (columns, rows) = super::csv_table::read(text, &csv_file, at, reader.sink)?;
    Ok(LookupTable {
        name: Arc::from(name),
        columns,
        rows,
        case_sensitive,
        matching,
        external: false,
        max_matches: max_matches.max(1),
        default_match: (min_matches > 0 && !default_match.is_empty()).then_some(default_match),
    })
}

fn whole_number(root: &Node, key: &str, reader: &mut Reader<'_>) -> Option<u32> {
    let number = reader.number(root, key)?;
    if number < 0.0 || number.fract() != 0.0 || number > f64::from(u32::MAX) {
        reader.sink.push(unusable(format!("`{key}` is not a whole number"), span_of(root, key)));
        return None;
    }
    Some(number as u32)
}

/// `WILDCARD(process), CIDR(ip)`, as text or as a list.
fn match_types(root: &Node, reader: &mut Reader<'_>) -> Vec<(Name, MatchType)> {
    let texts = match root.get("match_type").and_then(Node::scalar) {
        Some(scalar) => vec![scalar.text.clone()],
        None => reader.list(root, "match_type"),
    };
    let mut types = Vec::new();
    for item in texts.iter().flat_map(|t| t.split(',')).map(str::trim).filter(|t| !t.is_empty()) {
        let parts = item.strip_suffix(')').and_then(|i| i.split_once('('));
        let field = |f: &str| Name::from(f.trim());
        match parts.map(|(kind, f)| (kind.trim().to_ascii_uppercase(), f)) {
            Some((kind, f)) if kind == "WILDCARD" => types.push((field(f), MatchType::Wildcard)),
            Some((kind, f)) if kind == "CIDR" => types.push((field(f), MatchType::Cidr)),
            Some((kind, _)) if kind == "EXACT" => {}
            _ => reader.sink.push(
                unusable(format!("`match_type` has `{item}`, which is no kind of match"), span_of(root, "match_type"))
                    .help("write `WILDCARD(column)`, `CIDR(column)` or `EXACT(column)`, with commas between them"),
            ),
        }
    }
    types
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
