//! `tstats`: aggregates over a data model's events (Search Reference, `tstats`). `summariesonly` and its kin say where
//! Splunk reads, not what the result means.

use super::Syntax;
use super::span::{self, BinOptions, BinSpan};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::{Aggregation, Lowering, aggregate, parse_aggregations};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::{self, Search};

#[derive(Clone, PartialEq, Debug)]
pub struct Tstats {
    pub aggregations: Vec<Aggregation>,
    /// `Model.Dataset` or `Model`.
    pub datamodel: Option<Spanned>,
    pub condition: Search,
    pub by: Vec<Spanned>,
    /// `by _time span=…`.
    pub span: Option<BinSpan>,
    /// `fillnull_value=`: what stands for a null key.
    pub fill: Option<String>,
}

const OPTIONS: &[&str] = &[
    "summariesonly", "allow_old_summaries", "fillnull_value", "prestats", "append", "local", "chunk_size",
    "include_reduced_buckets", "use_summary_index_values",
];
const HELP: &str = "write `tstats count from datamodel=M.D where … by D.field`";

impl Syntax for Tstats {
    const NAMES: &'static [&'static str] = &["tstats"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut fill = None;
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "fillnull_value" => fill = Some(value.text),
                "prestats" | "append" if p.boolean(&option, &value)? => return Err(p.unsupported_option("tstats", &option)),
                name if OPTIONS.contains(&name) => {}
                _ => return Err(p.unknown_option("tstats", &option, OPTIONS)),
            }
        }
        let aggregations = parse_aggregations(p, &["from", "where", "by"])?;
        let mut datamodel = None;
        if p.eat_keyword("from") {
            match p.option()? {
                Some((option, value)) if option.text.eq_ignore_ascii_case("datamodel") => datamodel = Some(value),
                Some((option, _)) => return Err(p.unsupported_option("tstats", &option)),
                None => return Err(p.expected("`datamodel=`", HELP)),
            }
        }
        // Options may also stand behind the data model.
        while !p.at_keyword("where") && !p.at_keyword("by") {
            match p.option()? {
                Some((option, value)) if option.text == "fillnull_value" => fill = Some(value.text),
                Some((option, _)) if OPTIONS.contains(&option.text.as_str()) => {}
                Some((option, _)) => return Err(p.unknown_option("tstats", &option, OPTIONS)),
                None => break,
            }
        }
        let condition = if p.eat_keyword("where") { search::parse(p, &["by", "groupby"])? } else { Search::And(Vec::new()) };
        let (mut by, mut width) = (Vec::new(), None);
        if p.eat_keyword("by") || p.eat_keyword("groupby") {
            loop {
                while p.eat(",") {}
                if p.at_stage_end() {
                    break;
                }
                match p.option()? {
                    Some((option, value)) if option.text == "span" => width = Some(span::parse_span(p, &value)?),
                    Some((option, _)) => return Err(p.unknown_option("tstats", &option, &["span"])),
                    None => by.push(p.expect_name("a field name", HELP)?),
                }
            }
        }
        if aggregations.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        Ok(Tstats { aggregations, datamodel, condition, by, span: width, fill })
    }

    fn print(&self, out: &mut Printer) {
        let Self { aggregations, datamodel, condition, by, span, fill } = self;
        if let Some(fill) = fill {
            out.option("fillnull_value", fill);
        }
        out.aggregations(aggregations);
        if let Some(datamodel) = datamodel {
            out.word("from");
            out.option("datamodel", &datamodel.text);
        }
        if !condition.is_empty() {
            out.word("where");
            out.search(condition);
        }
        if !by.is_empty() || span.is_some() {
            out.word("by");
            out.names(by);
        }
        if let Some(span) = span {
            out.option("span", &span.to_string());
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`tstats` in the middle of a search is not supported";
            return Err(super::unsupported(lowering, span, message, "begin the search with it"));
        }
        match &self.datamodel {
            Some(model) => lowering.scan_datamodel(model, &self.condition, span)?,
            None => lowering.scan_search(&self.condition, span)?,
        }
        if let Some(fill) = &self.fill {
            let mut columns = Vec::new();
            for key in &self.by {
                let value = lowering.field(&key.text, key.span);
                if value.nullable && !value.ty.multivalue && !value.is_null_literal() {
                    columns.push((key.text.as_str().into(), crate::spl::lower::fill::fill(value, fill, span)));
                }
            }
            lowering.extend(columns, span)?;
        }
        let mut keys = lowering.group_keys(&self.by, span)?;
        // The span is the key's alone: `min(_time)` stays the time of an event.
        if let Some((_, key)) = keys.iter_mut().find(|(name, _)| &**name == "_time") {
            let options = BinOptions { span: self.span.clone(), ..BinOptions::default() };
            let at = self.by.iter().find(|f| f.text == "_time").map_or(span, |f| f.span);
            if let Some(width) = options.width(true, lowering, at)? {
                *key = options.bin(key.clone(), &width, lowering, span)?;
            }
        }
        let names: Vec<_> = keys.iter().map(|(n, _)| n.clone()).collect();
        let aggregates = aggregate(lowering, &self.aggregations, &names)?;
        lowering.group(keys, aggregates, span)
    }
}

impl Lowering<'_> {
    /// Reads a data model's events and filters them.
    pub(crate) fn scan_datamodel(&mut self, model: &Spanned, condition: &Search, span: Span) -> Result<(), Reported> {
        let name = model.text.trim_matches('"');
        // `datamodel=Endpoint … nodename=Processes`: where the model alone is no table.
        let node = crate::spl::lower::node_of(condition).map(|node| format!("{name}.{node}"));
        let name = match node {
            Some(node) if self.schemas.selector("datamodel", name).is_none() => &node.clone(),
            _ => name,
        };
        let Some((schema, selector)) = self.schemas.selector("datamodel", name) else {
            let message = format!("no schema describes data model `{name}`");
            let known: Vec<String> = self
                .schemas
                .iter()
                .flat_map(|s| s.select.iter().filter(|x| x.field == "datamodel").map(|x| x.value.clone()))
                .collect();
            let help = format!("add a schema file (`--schema`); there are schemas for {}", crate::spl::lower::scope::list(&known));
            return Err(self.sink.fail(Diagnostic::new(&code::UNKNOWN_SOURCE, message).at(model.span).help(help)));
        };
        let (schema, restriction) = (schema.clone(), selector.condition.clone());
        self.scan_dataset(schema, name, condition, span)?;
        match restriction {
            Some(restriction) => self.formula_filter(&restriction, model.span),
            None => Ok(()),
        }
    }
}
