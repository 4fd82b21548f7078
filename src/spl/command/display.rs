//! Commands that change how rows are shown or where they are computed, not what they are: `highlight`, `iconify`,
//! `abstract`, `tags`, `localop`, `redistribute` (Search Reference, the pages of these).

use super::{Syntax, rest_of_stage, word_before};
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Display {
    /// The command's name.
    pub command: &'static str,
    /// What follows the name, as it stands.
    pub arguments: Spanned,
}

/// What Splunk shows beside the rows; the text is that of a note. Empty: nothing.
const SHOWN: &[(&str, &str)] = &[
    ("highlight", "the marked terms are not shown"),
    ("iconify", "the icons (field `_icon`) are not shown"),
    ("abstract", "the shortened text of the events is not shown"),
    ("tags", "the tags that Splunk's configuration gives to values (fields `tag` and `tag::…`) are not shown"),
    ("localop", ""),
    ("redistribute", ""),
];

impl Syntax for Display {
    const NAMES: &'static [&'static str] = &["highlight", "iconify", "abstract", "tags", "localop", "redistribute"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let word = word_before(p);
        let command = Self::NAMES.iter().find(|n| **n == word).copied().unwrap_or("highlight");
        Ok(Display { command, arguments: rest_of_stage(p)? })
    }

    fn print(&self, out: &mut Printer) {
        let Self { command: _, arguments } = self;
        out.rest_of_stage(&arguments.text);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if lowering.scope.plan.is_none() {
            return lowering.take_plan(span).map(|_| ());
        }
        let shown = SHOWN.iter().find(|(n, _)| *n == self.command).map_or("", |(_, shown)| shown);
        if !shown.is_empty() {
            let message = format!("`{}` changes no row; {shown}", self.command);
            lowering.sink.push(Diagnostic::new(&code::SHAPE_NOT_KEPT, message).at(span));
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        self.command
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ir, notes};

    #[test]
    fn rows_stay_as_they_are() {
        let all = "highlight a, b | iconify awsRegion | abstract maxlines=5 | localop | redistribute num_of_reducers=2 by awsRegion | table awsRegion";
        insta::assert_snapshot!(ir(all), @r#"
        project awsRegion
        => awsRegion: string
        "#);
    }

    #[test]
    fn what_is_not_shown_is_said() {
        insta::assert_snapshot!(notes("tags outputfield=t | highlight a | localop | table awsRegion"), @r#"
        C404 `tags` changes no row; the tags that Splunk's configuration gives to values (fields `tag` and `tag::…`) are not shown
        C404 `highlight` changes no row; the marked terms are not shown
        "#);
    }
}
