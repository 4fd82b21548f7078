//! CloudWatch Logs Insights QL: the IR becomes a tree of the language (`lower`), names are settled (`name`), and the tree is
//! printed (`print`). What the language means is written in AWS's guide, "CloudWatch Logs Insights language query syntax".

mod ast;
mod binding;
#[cfg(test)]
mod check;
mod function;
mod lower;
mod name;
mod present;
mod print;
mod regex;
#[cfg(test)]
mod tests;

use super::{Context, Target, TargetId};
use crate::diagnostic::{Diagnostic, Reported, Sink, code};
use crate::ir::{Query, Rel};
use crate::options::InsightsLevel;

/// The longest query that the service takes, in characters.
const MAX_CHARACTERS: usize = 10_000;

#[derive(Debug)]
pub struct Cloudwatch;

impl Target for Cloudwatch {
    fn id(&self) -> TargetId {
        TargetId::Cloudwatch
    }

    fn summary(&self) -> &'static str {
        "CloudWatch Logs Insights QL"
    }

    fn extension(&self) -> &'static str {
        "cwli"
    }

    fn template(&self) -> &'static str {
        include_str!("../../../targets/cloudwatch/query.j2")
    }

    fn emit(&self, query: &Query, context: &Context<'_>, sink: &mut Sink) -> Result<String, Reported> {
        let (mut lowered, level) = lower::query(query, context.schemas, context.options, sink)?;
        let level = match level {
            InsightsLevel::Core => "core",
            InsightsLevel::Y2026 => "2026",
        };
        lowered.comments.push(["Language level: ", level].concat());
        let mut read = Vec::new();
        sources(&query.plan, &mut read);
        let read: Vec<_> = read.iter().filter_map(|id| context.schemas.get(id)).collect();
        name::settle(&mut lowered, &|name| read.iter().any(|s| s.fields.contains_key(name)));
        let text = print::query(&lowered);
        let length = text.chars().count();
        if length > MAX_CHARACTERS {
            return Err(sink.fail(
                Diagnostic::new(
                    &code::QUERY_TOO_LONG,
                    format!("the query has {length} characters, and Logs Insights takes {MAX_CHARACTERS}"),
                )
                .help("shorten its lists, or split the rule"),
            ));
        }
        Ok(text)
    }
}

/// The log sources that a plan reads.
fn sources<'p>(plan: &'p Rel, out: &mut Vec<&'p str>) {
    if let Rel::Scan(scan) = plan {
        out.push(&scan.source);
    }
    plan.inputs().into_iter().for_each(|input| sources(input, out));
}
