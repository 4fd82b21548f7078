//! `return`: what a subsearch gives to the search around it (Search Reference, `return`): the first rows, one by default,
//! with the fields that are named.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Expr, Name, Rel};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Return {
    pub count: u64,
    pub items: Vec<Item>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// `field`, or `alias=field`.
    Field { field: Spanned, alias: Option<Spanned> },
    /// `$field`: the value alone, as text of the search.
    Text(Spanned),
}

const HELP: &str = "write `return 10 field alias=field`";

impl Syntax for Return {
    const NAMES: &'static [&'static str] = &["return"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut count = 1;
        p.skip_space();
        let start = p.pos();
        if let Some(word) = p.bare(&['|', '[', ']', ',', '=', '"']) {
            match word.text.parse() {
                Ok(n) => count = n,
                Err(_) => p.set_pos(start),
            }
        }
        let mut items = Vec::new();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() {
                break;
            }
            if p.eat("$") {
                items.push(Item::Text(p.expect_name("a field name", HELP)?));
            } else if let Some((alias, field)) = p.option()? {
                items.push(Item::Field { field, alias: Some(alias) });
            } else {
                items.push(Item::Field { field: p.expect_name("a field name", HELP)?, alias: None });
            }
        }
        if items.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        if count == 0 {
            let span = p.span_from(start);
            return Err(p.fail(&code::WRONG_ARGUMENTS, "`return 0` returns no row", span, HELP));
        }
        Ok(Return { count, items })
    }

    fn print(&self, out: &mut Printer) {
        let Self { count, items } = self;
        if *count != 1 {
            out.number(count);
        }
        for item in items {
            match item {
                Item::Field { field, alias: Some(alias) } => out.option(&alias.text, &field.text),
                Item::Field { field, alias: None } => out.name(&field.text),
                Item::Text(field) => {
                    out.open("$");
                    out.name(&field.text);
                }
            }
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        if !lowering.is_condition() {
            let message = "`return` makes a condition of rows, which is not supported outside a condition";
            let help = "use `head` and `fields`, or put the subsearch into a `search`";
            return Err(super::unsupported(lowering, span, message, help));
        }
        let input = lowering.take_plan(span)?;
        lowering.put_plan(Rel::Limit { input, count: self.count, last: false, span });
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        for item in &self.items {
            let (field, name) = match item {
                Item::Field { field, alias } => (field, alias.as_ref().unwrap_or(field)),
                Item::Text(field) => {
                    let message = format!("`return ${}` splices values into the search as text", field.text);
                    let help = "return the field by its name";
                    return Err(super::unsupported(lowering, field.span, message, help));
                }
            };
            let value = lowering.field(&field.text, field.span);
            columns.retain(|(n, _)| **n != *name.text);
            columns.push((name.text.as_str().into(), value));
        }
        lowering.project(columns, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn the_first_row_gives_a_condition() {
        insta::assert_snapshot!(ir("search [search sourcetype=aws:cloudtrail errorCode=* | return userAgent] | table awsRegion"), @r#"
        semi-join on userAgent = userAgent
        [
          scan cloudtrail
              userAgent: string?
          first 1
          project userAgent
        ]
        project awsRegion
        => awsRegion: string
        "#);
    }

    #[test]
    fn rows_are_counted_and_fields_renamed() {
        insta::assert_snapshot!(ir("search NOT [search sourcetype=aws:cloudtrail | return 5 userAgent=eventName, awsRegion] | table awsRegion"), @r#"
        anti-join on userAgent = userAgent, awsRegion = awsRegion
        [
          scan cloudtrail
              awsRegion: string
              eventName: string
          first 5
          project userAgent = eventName, awsRegion
        ]
        project awsRegion
        => awsRegion: string
        "#);
    }

    #[test]
    fn text_and_other_places_are_refused() {
        insta::assert_snapshot!(faults("search [search sourcetype=aws:cloudtrail | return 5 $userAgent] | table awsRegion"), @"S211 `return $userAgent` splices values into the search as text");
        insta::assert_snapshot!(faults("table awsRegion | return awsRegion"), @"S211 `return` makes a condition of rows, which is not supported outside a condition");
        insta::assert_snapshot!(faults("table awsRegion | append [search sourcetype=aws:cloudtrail | return awsRegion]"), @"S211 `return` makes a condition of rows, which is not supported outside a condition");
        insta::assert_snapshot!(faults("search [search sourcetype=aws:cloudtrail | return 5]"), @"S201 expected a field name, found `]`");
    }
}
