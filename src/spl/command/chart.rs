//! `chart`: aggregates by one field, or by one field as rows and another as columns (Search Reference, `chart`).

use super::Syntax;
use super::cells::{self, Cells, Item};
use super::series::{self, Grid, Series, Split};
use super::span::{self, BinOptions};
use crate::diagnostic::{Reported, code};
use crate::ir::{Expr, Name, Scalar};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    pub items: Vec<Item>,
    pub row: Option<Split>,
    pub column: Option<Split>,
    pub series: Series,
}

const HELP: &str = "write `chart count over row_field by column_field`";

impl Syntax for Chart {
    const NAMES: &'static [&'static str] = &["chart", "sichart"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut chart = Chart { items: Vec::new(), row: None, column: None, series: Series::default() };
        let mut bins = BinOptions::default();
        loop {
            while p.eat(",") {}
            if p.at_stage_end() || p.at_keyword("by") || p.at_keyword("over") {
                break;
            }
            if !chart.option(p, &mut bins)? {
                chart.items.push(cells::parse(p, false)?);
            }
        }
        if chart.items.is_empty() {
            return Err(p.expected("an aggregation", HELP));
        }
        let over = p.eat_keyword("over");
        if over {
            chart.row = Some(chart.split(p, bins.clone())?);
        }
        if p.eat_keyword("by") {
            let first = chart.split(p, if over { BinOptions::default() } else { bins })?;
            while p.eat(",") {}
            if over {
                chart.column = Some(first);
            } else {
                chart.row = Some(first);
                if !(p.at_stage_end() || p.at_keyword("where")) {
                    chart.column = Some(chart.split(p, BinOptions::default())?);
                }
            }
        }
        let at = p.pos();
        if chart.series.take_where(p)? && chart.column.is_none() {
            let span = p.span_from(at);
            let message = "`where` chooses columns, and there are none without a second field";
            return Err(p.fail(&code::WRONG_ARGUMENTS, message, span, HELP));
        }
        while !p.at_stage_end() {
            if !chart.option(p, &mut BinOptions::default())? {
                return Err(p.expected("the end of the stage", HELP));
            }
        }
        Ok(chart)
    }

    fn print(&self, out: &mut Printer) {
        let Self { items, row, column, series } = self;
        series.print(out);
        items.iter().for_each(|item| item.print(out));
        match (row, column) {
            (Some(row), Some(column)) => {
                out.word("over");
                row.print(out);
                out.word("by");
                column.print(out);
            }
            (Some(only), None) | (None, Some(only)) => {
                out.word("by");
                only.print(out);
            }
            (None, None) => {}
        }
        series.print_where(out);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let row = match &self.row {
            Some(row) => Some(row_key(row, lowering, span)?),
            None => None,
        };
        match (row, &self.column) {
            (Some(row), Some(column)) => {
                let grid = Grid { row, items: &self.items, seconds: None, span };
                self.series.pivot(column, grid, &mut |_| Ok(()), lowering)
            }
            (row, _) => {
                let keys: Vec<(Name, Expr)> = row.into_iter().collect();
                let names: Vec<Name> = keys.iter().map(|(n, _)| n.clone()).collect();
                Cells::new(&self.items, &names, None, lowering)?.group(keys, lowering, span)
            }
        }
    }
}

impl Chart {
    /// Takes an option of the command, or of the field before.
    fn option(&mut self, p: &mut Parser<'_>, bins: &mut BinOptions) -> Result<bool, Reported> {
        if self.series.take_agg(p)? {
            return Ok(true);
        }
        let Some((option, value)) = p.option()? else { return Ok(false) };
        if self.series.take(p, "chart", &option, &value)? || bins.take(p, &option, &value)? {
            return Ok(true);
        }
        // Rows for values that no event has.
        if option.text == "cont" {
            return Err(p.unsupported_option("chart", &option));
        }
        let known: Vec<&str> = series::OPTIONS.iter().chain(span::OPTIONS).copied().collect();
        Err(p.unknown_option("chart", &option, &known))
    }

    fn split(&mut self, p: &mut Parser<'_>, mut bins: BinOptions) -> Result<Split, Reported> {
        let field = p.expect_name("a field name", HELP)?;
        while self.option(p, &mut bins)? {}
        Ok(Split { field, bins })
    }
}

/// The key of the rows, in bins where the search says how wide.
fn row_key(row: &Split, lowering: &mut Lowering<'_>, span: Span) -> Result<(Name, Expr), Reported> {
    let keys = lowering.group_keys(std::slice::from_ref(&row.field), span)?;
    let [(name, key)]: [(Name, Expr); 1] = match keys.try_into() {
        Ok(one) => one,
        Err(_) => {
            let message = format!("`{}` stands for no single field", row.field.text);
            return Err(super::unsupported(lowering, row.field.span, message, "name one field"));
        }
    };
    if !row.bins.says_width() {
        return Ok((name, key));
    }
    let is_time = key.ty.scalar == Scalar::Time;
    match row.bins.width(is_time, lowering, row.field.span)? {
        Some(width) => Ok((name, row.bins.bin(key, &width, lowering, span)?)),
        None => {
            let message = "bins of a number without `span` depend on the data, which is not supported";
            Err(super::unsupported(lowering, row.field.span, message, "write the width, e.g. `span=10`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn without_a_second_field_it_is_stats() {
        insta::assert_snapshot!(ir("chart count dc(userAgent) as agents over awsRegion"), @r#"
        aggregate count = count(), agents = distinct_count(userAgent)
            by awsRegion
        => awsRegion: string, count: integer, agents: integer
        "#);
        assert_eq!(ir("chart count by awsRegion"), ir("stats count by awsRegion"));
        assert_eq!(ir("chart count"), ir("stats count"));
    }

    #[test]
    fn series_beyond_the_limit_become_one() {
        insta::assert_snapshot!(ir("chart count over awsRegion by eventName"), @r#"
        extend `(series)` = eventName
        join left max 1 on (series)
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              eventName: string
          extend `(series)` = eventName
          aggregate count = count()
              by awsRegion, `(series)`
          aggregate `(score)` = sum(count)
              by `(series)`
          sort `(score)` desc as number, `(series)` as text limit 10
          project `(series)`, `(chosen)` = true
        ]
        aggregate count = count()
            by awsRegion, `(series)` = case when `(chosen)` is null then "OTHER" else `(series)` end
        pivot count by `(series)` over awsRegion, 0 for no count, NULL, OTHER last
        => awsRegion: string, and columns named by the data
        "#);
        assert_eq!(ir("chart count by awsRegion eventName"), ir("chart count over awsRegion by eventName"));
    }

    #[test]
    fn series_can_be_left_out() {
        insta::assert_snapshot!(ir("chart avg(x) over awsRegion by errorCode limit=bottom3 useother=f usenull=f"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        extend `(series)` = errorCode
        join left max 1 on (series)
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
              x: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          extend `(series)` = errorCode
          aggregate `avg(x)` = average(x)
              by awsRegion, `(series)`
          aggregate `(score)` = sum(`avg(x)`)
              by `(series)`
          sort `(score)` as number, `(series)` as text limit 3
          project `(series)`, `(chosen)` = true
        ]
        filter case when `(chosen)` is null then null else `(series)` end is not null
        aggregate `avg(x)` = average(x)
            by awsRegion, `(series)` = case when `(chosen)` is null then null else `(series)` end
        pivot `avg(x)` by `(series)` over awsRegion
        => awsRegion: string, and columns named by the data
        "#);
    }

    #[test]
    fn conditions_choose_series() {
        insta::assert_snapshot!(ir("chart max(x) by awsRegion errorCode where max(x) > 10"), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        extend `(series)` = errorCode
        join left max 1 on (series)
        [
          scan cloudtrail earliest -1h latest now
              errorCode: string?
              eventName: string
              responseElements.ConsoleLogin: unknown?
              x: unknown?
          extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
          extend `(series)` = errorCode
          aggregate `(score)` = max(x)
              by `(series)`
          filter `(score)` > 10.0
          project `(series)`, `(chosen)` = true
        ]
        aggregate `max(x)` = max(x)
            by awsRegion, `(series)` = case when `(chosen)` is null then "OTHER" else `(series)` end
        pivot `max(x)` by `(series)` over awsRegion, NULL, OTHER last
        => awsRegion: string, and columns named by the data
        "#);
        insta::assert_snapshot!(ir("chart count max(x) by awsRegion eventName nullstr=none where count notin top2"), @r#"
        extend `(series)` = eventName
        join left max 1 on (series)
        [
          scan cloudtrail earliest -1h latest now
              awsRegion: string
              eventName: string
          extend `(series)` = eventName
          aggregate count = count()
              by awsRegion, `(series)`
          aggregate `(score)` = sum(count)
              by `(series)`
          sort `(score)` desc as number, `(series)` as text limit 2
          project `(series)`, `(chosen)` = true
        ]
        aggregate count = count(), `max(x)` = max(x)
            by awsRegion, `(series)` = case when `(chosen)` is not null then "OTHER" else `(series)` end
        pivot count, `max(x)` by `(series)` over awsRegion called value + ": " + column, 0 for no count, none, OTHER last
        => awsRegion: string, and columns named by the data
        "#);
    }

    #[test]
    fn all_series_need_no_ranking() {
        insta::assert_snapshot!(ir(r#"chart limit=0 count sum(x) sep="-" over awsRegion by errorCode span=5"#), @r#"
        extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
        extend `(series)` = bin(errorCode, 5) as string
        aggregate count = count(), `sum(x)` = sum(x)
            by awsRegion, `(series)` = case when `(series)` is null then "NULL" else `(series)` end
        pivot count, `sum(x)` by `(series)` over awsRegion called value + "-" + column, 0 for no count, NULL last
        => awsRegion: string, and columns named by the data
        "#);
    }

    #[test]
    fn expressions_over_aggregations_are_computed_behind_them() {
        insta::assert_snapshot!(ir("chart eval(round(sum(x)/count, 1)) as share max(x) over awsRegion"), @r#"
        aggregate `(aggregate 0) of 0` = sum(x), `(aggregate 1) of 0` = count(), `max(x)` = max(x)
            by awsRegion
        extend share = round((`(aggregate 0) of 0` / `(aggregate 1) of 0`), 1)
        project awsRegion, share, `max(x)`
        => awsRegion: string, share: double?, `max(x)`: unknown?
        "#);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(codes("chart by awsRegion"), ["S201"]);
        assert_eq!(codes("chart count by awsRegion where count > 1"), ["S206"]);
        assert_eq!(codes("chart count by awsRegion eventName limit=many"), ["S206"]);
        assert_eq!(codes("chart count by awsRegion cont=t"), ["S207"]);
        assert_eq!(codes("chart eval(1+1) by awsRegion"), ["S206"]);
        assert_eq!(codes("chart sparkline(count, 1h) by awsRegion"), ["S208"]);
        assert_eq!(codes("chart per_hour(x) by awsRegion"), ["S208"]);
    }
}
