//! `multisearch`: the events of several searches at once (Search Reference, `multisearch`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Rel, SortKey, SortOrder};
use crate::source::Span;
use crate::spl::Pipeline;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Multisearch {
    pub subsearches: Vec<Pipeline>,
}

const HELP: &str = "write `| multisearch [search …] [search …]`";

impl Syntax for Multisearch {
    const NAMES: &'static [&'static str] = &["multisearch"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut subsearches = Vec::new();
        loop {
            while p.eat(",") {}
            if p.peek() != Some('[') {
                break;
            }
            subsearches.push(crate::spl::parse_subsearch(p)?);
        }
        if subsearches.len() < 2 {
            return Err(p.expected("two searches or more, each in brackets", HELP));
        }
        Ok(Multisearch { subsearches })
    }

    fn print(&self, out: &mut Printer) {
        let Self { subsearches } = self;
        subsearches.iter().for_each(|subsearch| out.subsearch(subsearch));
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_some() {
            let message = "`multisearch` makes rows, so that it begins a search";
            let help = "use `append` or `union` to add rows";
            return Err(lowering.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        }
        union_all(lowering, &self.subsearches, span)?;
        if !lowering.scope.is_closed() {
            // Events come newest first, from wherever.
            let time = lowering.field("_time", span);
            let key = SortKey { expr: time, descending: true, order: SortOrder::Auto };
            let input = lowering.take_plan(span)?;
            lowering.put_plan(Rel::Sort { input, keys: vec![key], limit: None, span });
        }
        Ok(())
    }
}

/// Puts the rows of each subsearch below those before.
pub(super) fn union_all(lowering: &mut Lowering<'_>, subsearches: &[Pipeline], span: Span) -> Result<(), Reported> {
    let mut result = Ok(());
    for subsearch in subsearches {
        let Ok(other) = lowering.beside(subsearch) else {
            result = Err(Reported);
            continue;
        };
        if lowering.scope.plan.is_none() {
            lowering.scope = other;
        } else if lowering.union(other, span).is_err() {
            result = Err(Reported);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir_of};

    #[test]
    fn events_of_all_searches_come_newest_first() {
        insta::assert_snapshot!(ir_of("| multisearch [search sourcetype=aws:cloudtrail errorCode=*] [search sourcetype=aws:cloudtrail eventName=A | eval x=1] | table awsRegion x"), @r#"
        union
        [
          scan cloudtrail
              _time: time
              awsRegion: string
        ]
        [
          scan cloudtrail
              _time: time
              awsRegion: string
              eventName: string
          filter eventName = "A" (any case)
          extend x = 1
        ]
        sort _time desc
        project awsRegion, x
        => awsRegion: string, x: integer?
        "#);
    }

    #[test]
    fn it_begins_a_search_and_takes_two() {
        insta::assert_snapshot!(faults("multisearch [search sourcetype=aws:cloudtrail] [search sourcetype=aws:cloudtrail]"), @"S206 `multisearch` makes rows, so that it begins a search");
        insta::assert_snapshot!(ir_of("| multisearch [search sourcetype=aws:cloudtrail]"), @"S201 expected two searches or more, each in brackets, found the end of the search");
    }
}
