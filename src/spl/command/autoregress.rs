//! `autoregress`: copies values of earlier rows into each row (Search Reference, `autoregress`).

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Autoregress {
    pub field: Spanned,
    /// `<field>_p<n>`, where none is named.
    pub output: Option<Spanned>,
    /// The first and the last row to copy from, counted back from 1.
    pub rows_back: (u32, u32),
}

const HELP: &str = "write `autoregress field as before p=1` or `autoregress field p=1-3`";

impl Syntax for Autoregress {
    const NAMES: &'static [&'static str] = &["autoregress"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let (mut field, mut output, mut rows_back) = (None, None, (1, 1));
        while !p.at_stage_end() {
            if let Some((option, value)) = p.option()? {
                if !option.text.eq_ignore_ascii_case("p") {
                    return Err(p.unknown_option("autoregress", &option, &["p"]));
                }
                rows_back = match value.text.split_once('-') {
                    None => super::rows_back(p, &value).map(|n| (n, n))?,
                    Some((first, last)) => {
                        let part = |text: &str| Spanned { text: text.to_owned(), span: value.span };
                        (super::rows_back(p, &part(first))?, super::rows_back(p, &part(last))?)
                    }
                };
                if rows_back.0 > rows_back.1 {
                    let message = format!("`{}` is no range of rows", value.text);
                    return Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, HELP));
                }
            } else if field.is_some() && p.eat_keyword("as") {
                output = Some(p.expect_name("the output's name", HELP)?);
            } else {
                let name = p.expect_name("a field name", HELP)?;
                p.once(&mut field, name, "autoregress", HELP)?;
            }
        }
        let Some(field) = field else { return Err(p.expected("a field name", HELP)) };
        if let Some(output) = &output
            && rows_back.0 != rows_back.1
        {
            let message = "a range of rows gives several fields, which one name can't stand for";
            return Err(p.fail(&code::WRONG_ARGUMENTS, message, output.span, HELP));
        }
        Ok(Autoregress { field, output, rows_back })
    }

    fn print(&self, out: &mut Printer) {
        let Self { field, output, rows_back: (first, last) } = self;
        out.name(&field.text);
        out.output(output.as_ref());
        match (first, last) {
            (1, 1) => {}
            (first, last) if first == last => out.option("p", &first.to_string()),
            (first, last) => out.option("p", &format!("{first}-{last}")),
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut value = super::single(lowering, "autoregress", &self.field)?;
        let (first, last) = self.rows_back;
        let mut columns = Vec::new();
        for n in 1..=last {
            value = lowering.values_before(&[value], span)?.pop().ok_or(Reported)?;
            if n >= first {
                let name = match &self.output {
                    Some(output) => output.text.clone(),
                    None => format!("{}_p{n}", self.field.text),
                };
                columns.push((name.into(), value.clone()));
            }
        }
        lowering.extend(columns, span)?;
        lowering.drop_hidden(span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn the_row_before_is_copied() {
        insta::assert_snapshot!(ir("table errorMessage | autoregress errorMessage as before"), @r#"
        project errorMessage
        window `(before 1)` = first(errorMessage) over rows before, the last 1
        extend before = `(before 1)`
        project errorMessage, before
        => errorMessage: string?, before: string?
        "#);
    }

    #[test]
    fn a_range_gives_several_fields() {
        insta::assert_snapshot!(ir("table awsRegion | autoregress awsRegion p=2-3"), @r#"
        project awsRegion
        window `(before 1)` = first(awsRegion) over rows before, the last 1
        window `(before 2)` = first(`(before 1)`) over rows before, the last 1
        window `(before 3)` = first(`(before 2)`) over rows before, the last 1
        extend awsRegion_p2 = `(before 2)`, awsRegion_p3 = `(before 3)`
        project awsRegion, awsRegion_p2, awsRegion_p3
        => awsRegion: string, awsRegion_p2: string?, awsRegion_p3: string?
        "#);
    }

    #[test]
    fn a_range_has_no_single_name() {
        insta::assert_snapshot!(faults("autoregress awsRegion as x p=2-3"), @"S206 a range of rows gives several fields, which one name can't stand for");
        insta::assert_snapshot!(faults("autoregress awsRegion p=3-2"), @"S206 `3-2` is no range of rows");
        insta::assert_snapshot!(faults("autoregress awsRegion p=1000"), @"S207 `p` of more than 20 is not supported");
    }
}
