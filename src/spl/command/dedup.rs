//! `dedup`: keeps the first rows of each combination of fields (Search Reference, `dedup`). Rows lacking a field are dropped,
//! unless `keepempty`.

use super::Syntax;
use super::sort::{self, Key};
use crate::diagnostic::{Reported, code};
use crate::ir::{Case, CompareOp, Expr, ExprKind, Frame, Name, Rel, Type};
use crate::source::Span;
use crate::spl::lower::{Lowering, count_rows};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Dedup {
    pub count: u64,
    pub fields: Vec<Spanned>,
    pub sort_by: Vec<Key>,
    /// Keeps all rows; the repeated ones lose the fields.
    pub keep_events: bool,
    /// Keeps rows that lack a field.
    pub keep_empty: bool,
    /// Only rows that follow each other count as repetitions.
    pub consecutive: bool,
}

const OPTIONS: &[&str] = &["keepevents", "keepempty", "consecutive"];
const HELP: &str = "write `dedup [N] field … [sortby -field]`";

impl Syntax for Dedup {
    const NAMES: &'static [&'static str] = &["dedup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut dedup = Dedup {
            count: 1,
            fields: Vec::new(),
            sort_by: Vec::new(),
            keep_events: false,
            keep_empty: false,
            consecutive: false,
        };
        p.skip_space();
        let start = p.pos();
        if let Some(word) = p.bare(&['|', '[', ']', ',', '=', '"']) {
            match word.text.parse::<u64>() {
                Ok(n) if n > 0 => dedup.count = n,
                _ => p.set_pos(start),
            }
        }
        loop {
            while p.eat(",") {}
            if p.at_stage_end() || p.at_keyword("sortby") {
                break;
            }
            if let Some((option, value)) = p.option()? {
                match option.text.to_ascii_lowercase().as_str() {
                    "keepevents" => dedup.keep_events = p.boolean(&option, &value)?,
                    "keepempty" => dedup.keep_empty = p.boolean(&option, &value)?,
                    "consecutive" => dedup.consecutive = p.boolean(&option, &value)?,
                    _ => return Err(p.unknown_option("dedup", &option, OPTIONS)),
                }
                continue;
            }
            dedup.fields.push(p.expect_name("a field name", HELP)?);
        }
        if dedup.fields.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        if let Some(wildcard) = dedup.fields.iter().find(|f| f.text.contains('*')) {
            let span = wildcard.span;
            return Err(p.fail(&code::UNSUPPORTED_SYNTAX, "`dedup` with a field wildcard is not supported", span, HELP));
        }
        if p.eat_keyword("sortby") {
            dedup.sort_by = sort::parse_keys(p)?;
        }
        Ok(dedup)
    }

    fn print(&self, out: &mut Printer) {
        let Self { count, fields, sort_by, keep_events, keep_empty, consecutive } = self;
        if *count != 1 {
            out.number(count);
        }
        out.flag("keepevents", *keep_events, false);
        out.flag("keepempty", *keep_empty, false);
        out.flag("consecutive", *consecutive, false);
        out.names(fields);
        if !sort_by.is_empty() {
            out.word("sortby");
            sort::print_keys(sort_by, out);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let drops = !self.keep_events && !self.keep_empty;
        let mut keys = Vec::new();
        for field in &self.fields {
            let mut key = lowering.field(&field.text, field.span);
            if key.ty.multivalue && self.consecutive {
                let message = format!("`dedup consecutive=t` by the multivalue field `{}` is not supported", field.text);
                return Err(super::unsupported(lowering, field.span, message, "use `mvjoin` to make one value of it"));
            }
            if key.nullable && drops {
                lowering.filter(key.clone().is_not_null(), span)?;
                key.nullable = key.is_null_literal();
            }
            keys.push(key);
        }
        let mut groups = keys.clone();
        if self.consecutive {
            groups.push(lowering.runs_by(&keys, span)?);
        }
        if drops {
            let input = lowering.take_plan(span)?;
            lowering.put_plan(Rel::Distinct { input, keys: groups, count: self.count, span });
        } else {
            self.number(keys, groups, span, lowering)?;
        }
        if self.consecutive || !drops {
            lowering.drop_hidden(span)?;
        }
        // `sortby` orders the rows that are kept, after the choice.
        if self.sort_by.is_empty() { Ok(()) } else { sort::sort(lowering, &self.sort_by, None, span) }
    }
}

impl Dedup {
    /// Numbers the rows of each combination; rows that lack a field have no number.
    fn number(
        &self,
        keys: Vec<Expr>,
        groups: Vec<Expr>,
        span: Span,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Reported> {
        let name = lowering.hidden("nth");
        let frame = Frame::Running { current: true, rows: None };
        let nullable = keys.iter().any(|k| k.nullable);
        lowering.hidden_window(groups, frame, vec![(name.clone(), count_rows(span))], span)?;
        let nth = Expr::column(name, Type::INTEGER, nullable, span);
        let count = Expr::integer(i64::try_from(self.count).unwrap_or(i64::MAX), span);
        let first = Expr::compare(CompareOp::Le, nth.clone(), count, Case::Sensitive);
        let kept = if nullable && self.keep_empty { Expr::or(vec![nth.is_null(), first], span) } else { first };
        if !self.keep_events {
            return lowering.filter(kept, span);
        }
        let cleared: Vec<(Name, Expr)> = self
            .fields
            .iter()
            .zip(keys)
            .map(|(field, key)| {
                let ty = key.ty;
                let kind = ExprKind::Case { arms: vec![(kept.clone(), key)], otherwise: None };
                (field.text.as_str().into(), Expr::new(kind, ty, true, span))
            })
            .collect();
        lowering.extend(cleared, span)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, ir};

    #[test]
    fn rows_without_the_fields_can_stay() {
        insta::assert_snapshot!(ir("table userAgent awsRegion | dedup 2 userAgent keepempty=t"), @r#"
        project userAgent, awsRegion
        window `(nth 1)` = count() by userAgent over rows so far
        filter `(nth 1)` is null or `(nth 1)` <= 2
        project userAgent, awsRegion
        => userAgent: string?, awsRegion: string
        "#);
    }

    #[test]
    fn all_rows_can_stay_without_the_repeated_values() {
        insta::assert_snapshot!(ir("table userAgent awsRegion | dedup userAgent keepevents=t sortby -awsRegion"), @r#"
        project userAgent, awsRegion
        window `(nth 1)` = count() by userAgent over rows so far
        extend userAgent = case when `(nth 1)` <= 1 then userAgent end
        project userAgent, awsRegion
        sort awsRegion desc
        => userAgent: string?, awsRegion: string
        "#);
    }

    #[test]
    fn only_rows_that_follow_each_other_can_count() {
        insta::assert_snapshot!(ir("table userAgent awsRegion | dedup userAgent awsRegion consecutive=t"), @r#"
        filter userAgent is not null
        project userAgent, awsRegion
        window `(before 1)` = last(userAgent), `(before 2)` = last(awsRegion) over rows before
        window `(run 3)` = count_if(not (is-true(`(before 1)` = userAgent and `(before 2)` = awsRegion))) over rows so far
        distinct first 1 of userAgent, awsRegion, `(run 3)`
        project userAgent, awsRegion
        => userAgent: string?, awsRegion: string
        "#);
    }

    #[test]
    fn unknown_options_are_named() {
        insta::assert_snapshot!(faults("dedup errorCode keepall=t"), @"S206 `dedup` has no option `keepall`");
        insta::assert_snapshot!(faults("dedup error*"), @"S211 `dedup` with a field wildcard is not supported");
    }
}
