//! `sort`: orders rows (Search Reference, `sort`). Without a count, 10,000 rows are kept; `sort 0` keeps all.

use super::Syntax;
use crate::diagnostic::{Reported, code};
use crate::ir::{Rel, SortKey, SortOrder};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Sort {
    /// `None`: all rows.
    pub limit: Option<u64>,
    pub keys: Vec<Key>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Key {
    pub field: Spanned,
    pub descending: bool,
    pub order: Order,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Auto,
    Number,
    Text,
    Ip,
}

const DEFAULT_LIMIT: u64 = 10_000;
const HELP: &str = "write `sort [N] [-]field …`";

impl Syntax for Sort {
    const NAMES: &'static [&'static str] = &["sort"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut limit = Some(DEFAULT_LIMIT);
        if let Some((option, value)) = p.option()? {
            if option.text != "limit" {
                return Err(p.unknown_option("sort", &option, &["limit"]));
            }
            limit = Some(p.number("limit", &value)?);
        } else {
            p.skip_space();
            let start = p.pos();
            if let Some(word) = p.bare(&['|', '[', ']', ',', '(', '"']) {
                match word.text.parse() {
                    Ok(n) => limit = Some(n),
                    Err(_) => p.set_pos(start),
                }
            }
        }
        let mut keys = parse_keys(p)?;
        if keys.is_empty() {
            return Err(p.expected("a field name", HELP));
        }
        if at_direction(p) {
            let reverses = !(p.eat_keyword("asc") || p.eat_keyword("a"));
            if reverses && (p.eat_keyword("desc") || p.eat_keyword("d")) {
                for key in &mut keys {
                    key.descending = !key.descending;
                }
            }
        }
        Ok(Sort { limit: limit.filter(|n| *n > 0), keys })
    }

    fn print(&self, out: &mut Printer) {
        let Self { limit, keys } = self;
        match limit {
            Some(DEFAULT_LIMIT) => {}
            Some(limit) => out.number(limit),
            None => out.number(0),
        }
        print_keys(keys, out);
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        sort(lowering, &self.keys, self.limit, span)
    }
}

/// Whether the last word of the stage stands here, and is a direction: fields may have such names too.
fn at_direction(p: &mut Parser<'_>) -> bool {
    p.skip_space();
    let before = p.pos();
    let word = ["desc", "d", "asc", "a"].iter().any(|word| p.eat_keyword(word));
    let last = word && p.at_stage_end();
    p.set_pos(before);
    last
}

/// Sort keys: `-field`, `+field`, `num(field)`.
pub(super) fn parse_keys(p: &mut Parser<'_>) -> Result<Vec<Key>, Reported> {
    let mut keys = Vec::new();
    loop {
        while p.eat(",") {}
        if p.at_stage_end() || (!keys.is_empty() && at_direction(p)) {
            return Ok(keys);
        }
        let descending = p.eat("-");
        if !descending {
            p.eat("+");
        }
        let mut field = p.expect_name("a field name", HELP)?;
        let mut order = Order::Auto;
        if p.peek() == Some('(') {
            order = match field.text.to_ascii_lowercase().as_str() {
                "auto" => Order::Auto,
                "num" => Order::Number,
                "str" => Order::Text,
                "ip" => Order::Ip,
                _ => {
                    let message = format!("`sort` has no order `{}`", field.text);
                    return Err(p.fail(&code::WRONG_ARGUMENTS, message, field.span, "orders are `auto`, `num`, `str` and `ip`"));
                }
            };
            p.eat("(");
            field = p.expect_name("a field name", HELP)?;
            p.expect(")", HELP)?;
        }
        keys.push(Key { field, descending, order });
    }
}

pub(super) fn print_keys(keys: &[Key], out: &mut Printer) {
    for (i, Key { field, descending, order }) in keys.iter().enumerate() {
        if *descending {
            out.open("-");
        }
        // The last word of several may be the direction.
        let is_direction = ["a", "asc"].iter().any(|word| word.eq_ignore_ascii_case(&field.text));
        match order {
            Order::Auto if is_direction && !descending && i > 0 && i + 1 == keys.len() => out.quoted(&field.text),
            Order::Auto => out.name(&field.text),
            Order::Number => out.call("num", &field.text),
            Order::Text => out.call("str", &field.text),
            Order::Ip => out.call("ip", &field.text),
        }
    }
}

/// Sorts by keys; a field that no row has orders nothing.
pub(super) fn sort(lowering: &mut Lowering<'_>, keys: &[Key], limit: Option<u64>, span: Span) -> Result<(), Reported> {
    let mut lowered = Vec::new();
    for key in keys {
        let expr = lowering.field(&key.field.text, key.field.span);
        if expr.is_null_literal() {
            continue;
        }
        let order = match key.order {
            Order::Auto => SortOrder::Auto,
            Order::Number => SortOrder::Number,
            Order::Text => SortOrder::Text,
            Order::Ip => SortOrder::Ip,
        };
        lowered.push(SortKey { expr, descending: key.descending, order });
    }
    let input = lowering.take_plan(span)?;
    lowering.put_plan(Rel::Sort { input, keys: lowered, limit, span });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::ir;

    #[test]
    fn a_direction_at_the_end_turns_every_key() {
        insta::assert_snapshot!(ir("table awsRegion eventName | sort 5 awsRegion -eventName desc"), @r#"
        project awsRegion, eventName
        sort awsRegion desc, eventName limit 5
        => awsRegion: string, eventName: string
        "#);
        insta::assert_snapshot!(ir("table awsRegion eventName | sort 0 awsRegion d"), @r#"
        project awsRegion, eventName
        sort awsRegion desc
        => awsRegion: string, eventName: string
        "#);
        insta::assert_snapshot!(ir("table awsRegion eventName | sort 0 awsRegion asc"), @r#"
        project awsRegion, eventName
        sort awsRegion
        => awsRegion: string, eventName: string
        "#);
    }

    #[test]
    fn fields_may_have_the_name_of_a_direction() {
        insta::assert_snapshot!(ir("stats count as d by awsRegion | sort 0 d, awsRegion"), @r#"
        aggregate d = count()
            by awsRegion
        sort d, awsRegion
        => awsRegion: string, d: integer
        "#);
        insta::assert_snapshot!(ir("stats count as d by awsRegion | sort d"), @r#"
        aggregate d = count()
            by awsRegion
        sort d limit 10000
        => awsRegion: string, d: integer
        "#);
    }
}
