//! `union`: the rows of several data sets, below those so far where there are some (Search Reference, `union`).

use super::Syntax;
use super::append::Limits;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::{Lowering, Scope};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;
use crate::spl::search::Search;

#[derive(Clone, PartialEq, Debug)]
pub struct Union {
    pub limits: Limits,
    pub datasets: Vec<Dataset>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Dataset {
    Subsearch(Pipeline),
    /// `lookup:name`, `datamodel:Model.Dataset`, `savedsearch:name` or the name of a data set.
    Named { kind: String, name: Spanned },
}

const OPTIONS: &[&str] = &["maxout", "maxtime", "timeout"];
const HELP: &str = "write `union [search …] [search …]` or `union lookup:a datamodel:B.C`";

impl Syntax for Union {
    const NAMES: &'static [&'static str] = &["union"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut limits, mut datasets) = (Limits::default(), Vec::new());
        loop {
            while p.eat(",") {}
            if p.at_stage_end() && p.peek() != Some('[') {
                break;
            }
            if p.peek() == Some('[') {
                datasets.push(Dataset::Subsearch(crate::spl::parse_subsearch(p)?));
            } else if let Some((option, value)) = p.option()? {
                if !limits.option(p, &option, &value)? {
                    return Err(p.unknown_option("union", &option, OPTIONS));
                }
            } else {
                let word = p.expect_name("a data set or a subsearch", HELP)?;
                datasets.push(named(p, word)?);
            }
        }
        if datasets.is_empty() {
            return Err(p.expected("a data set or a subsearch", HELP));
        }
        Ok(Union { limits, datasets })
    }

    fn print(&self, out: &mut Printer) {
        let Self { limits, datasets } = self;
        limits.print(out);
        datasets.iter().for_each(|dataset| dataset.print(out));
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut result = Ok(());
        for dataset in &self.datasets {
            let Ok(other) = dataset.rows(span, lowering) else {
                result = Err(Reported);
                continue;
            };
            let other = self.limits.apply(other, "takes", span, lowering);
            if lowering.scope.plan.is_none() {
                lowering.scope = other;
            } else if lowering.union(other, span).is_err() {
                result = Err(Reported);
            }
        }
        result
    }
}

fn named(p: &mut Parser<'_>, word: Spanned) -> Result<Dataset, Reported> {
    let (kind, name) = match word.text.split_once(':') {
        Some((kind, name)) => (kind.to_ascii_lowercase(), name.to_owned()),
        None => (String::new(), word.text.clone()),
    };
    let name = if name.is_empty() {
        p.expect_name("the data set's name", HELP)?
    } else {
        Spanned { text: name, span: word.span }
    };
    Ok(Dataset::Named { kind, name })
}

impl Dataset {
    fn print(&self, out: &mut Printer) {
        match self {
            Dataset::Subsearch(pipeline) => out.subsearch(pipeline),
            Dataset::Named { kind, name } if kind.is_empty() && !name.text.is_empty() && !name.text.contains(':') => {
                out.name(&name.text);
            }
            Dataset::Named { kind, name } => {
                out.name(&format!("{kind}:"));
                out.glued_name(&name.text);
            }
        }
    }

    fn rows(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<Scope, Reported> {
        let (kind, name) = match self {
            Dataset::Subsearch(pipeline) => return lowering.beside(pipeline),
            Dataset::Named { kind, name } => (kind.as_str(), name),
        };
        let outer = std::mem::take(&mut lowering.scope);
        let made = match kind {
            "lookup" | "inputlookup" => super::Inputlookup::all_of(name).lower(span, lowering),
            "datamodel" => lowering.scan_datamodel(name, &Search::And(Vec::new()), span),
            _ => {
                let what = if kind.is_empty() { "a data set".to_owned() } else { format!("a `{kind}`") };
                let message = format!("`union` with `{}` needs {what} of Splunk, which is not in the query", name.text);
                Err(lowering.sink.fail(Diagnostic::new(&code::NEEDS_OUTSIDE, message).at(name.span).help(HELP)))
            }
        };
        let rows = std::mem::replace(&mut lowering.scope, outer);
        made.map(|()| rows)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir, ir_of};

    const OTHER: &str = "search sourcetype=aws:cloudtrail errorCode=* | stats count by awsRegion";

    #[test]
    fn it_can_begin_a_search() {
        insta::assert_snapshot!(ir_of(&format!("| union [{OTHER}], [{OTHER} | head 3]")), @r#"
        union
        [
          scan cloudtrail
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail
              awsRegion: string
          aggregate count = count()
              by awsRegion
          first 3
        ]
        => awsRegion: string, count: integer
        "#);
    }

    #[test]
    fn it_adds_to_the_rows_so_far() {
        insta::assert_snapshot!(ir(&format!("stats count by awsRegion | union maxout=7 [{OTHER}]")), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
          aggregate count = count()
              by awsRegion
        ]
        [
          scan cloudtrail
              awsRegion: string
          aggregate count = count()
              by awsRegion
          first 7
        ]
        => awsRegion: string, count: integer
        "#);
    }

    #[test]
    fn data_sets_of_splunk_are_named() {
        insta::assert_snapshot!(faults("stats count | union my_set, savedsearch:foo"), @r#"
        C405 `union` with `my_set` needs a data set of Splunk, which is not in the query
        C405 `union` with `foo` needs a `savedsearch` of Splunk, which is not in the query
        "#);
        insta::assert_snapshot!(faults("stats count | union"), @"S201 expected a data set or a subsearch, found the end of the search");
        insta::assert_snapshot!(ir("stats count as id | union lookup:nothing"), @r#"
        union
        [
          scan cloudtrail earliest -1h latest now
          aggregate id = count()
        ]
        [
          values nothing (id) 0 rows
        ]
        => id: unknown?
        "#);
    }
}
