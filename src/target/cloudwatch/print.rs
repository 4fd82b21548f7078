//! Prints a query. The only place where values become text of the language: one escaping function per kind of literal,
//! parentheses around every mixed `and`/`or`, every operand of `not` and every nested operation, since Logs Insights
//! documents no precedence.

use std::fmt::Write;

use super::ast::{Alias, Command, Direction, Expr, Field, Item, Number, Query, RegexPart, Step, Unit};

/// Width from which the items of a command stand on lines of their own.
const WIDTH: usize = 100;

/// The query's text, without a final line break.
pub(super) fn query(query: &Query) -> String {
    let printer = Printer { names: &query.names };
    let mut out = String::new();
    for line in &query.comments {
        // Writing to a String can't fail.
        let _ = writeln!(out, "# {}", comment(line));
    }
    for (i, command) in query.commands.iter().enumerate() {
        if i > 0 {
            out.push_str("\n| ");
        }
        out.push_str(&printer.command(command));
    }
    out
}

/// Text of a comment, which ends at a line break.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// A string literal: backslashes and double quotes are escaped by a backslash.
pub(super) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        if matches!(c, '\\' | '"') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A name that the query makes: bare where it is a plain word, else in backticks.
pub(super) fn name(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !is_keyword(name) { name.to_owned() } else { quoted(name) }
}

/// The path of a discovered or system field.
pub(super) fn path(path: &str) -> String {
    let plain = path
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@')))
        && path.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '@' | '_'));
    if plain && !is_keyword(path) { path.to_owned() } else { quoted(path) }
}

/// A name in backticks. No escape for a backtick is documented, so names that have one are refused before.
fn quoted(name: &str) -> String {
    let inner: String = name.chars().map(|c| if c == '`' || c.is_control() { '_' } else { c }).collect();
    let mut out = String::with_capacity(inner.len() + 2);
    out.push('`');
    out.push_str(&inner);
    out.push('`');
    out
}

/// Words of the language; which of them are reserved is not documented.
pub(super) fn is_keyword(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "as", "asc", "and", "anomaly", "by", "cidrlookup", "dedup", "desc", "diff", "display", "expand", "false", "fields",
        "filter", "in", "into", "join", "like", "limit", "lookup", "not", "or", "output", "outputnew", "parse",
        "pattern", "sort", "source", "stats", "true", "unmask", "unnest", "where",
    ];
    WORDS.contains(&word.to_ascii_lowercase().as_str())
}

fn number(n: Number) -> String {
    match n {
        Number::Integer(n) => n.to_string(),
        // Rust prints floating-point numbers without an exponent.
        Number::Double(n) => n.to_string(),
    }
}

/// A regular expression between its delimiters; the source text has its slashes escaped already.
fn regex(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 2);
    out.push('/');
    out.push_str(source);
    out.push('/');
    out
}

struct Printer<'a> {
    names: &'a [String],
}

impl Printer<'_> {
    fn command(&self, command: &Command) -> String {
        match command {
            Command::Fields(items) => list("fields", &self.items(items), None),
            Command::Display(items) => list("display", &self.items(items), None),
            Command::Filter(parts) => {
                let parts: Vec<String> = parts.iter().map(|p| self.conjunct(p, parts.len() > 1)).collect();
                let mut out = String::from("filter ");
                out.push_str(&parts.join("\n  and "));
                out
            }
            Command::Stats { aggregates, keys } => {
                let keys = self.items(keys);
                list("stats", &self.items(aggregates), (!keys.is_empty()).then_some(&keys))
            }
            Command::Sort(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(field, direction)| {
                        let mut key = self.field(field);
                        key.push_str(match direction {
                            Direction::Ascending => " asc",
                            Direction::Descending => " desc",
                        });
                        key
                    })
                    .collect();
                list("sort", &keys, None)
            }
            Command::Limit(n) => ["limit", &n.to_string()].join(" "),
            Command::Dedup(fields) => list("dedup", &fields.iter().map(|f| self.field(f)).collect::<Vec<_>>(), None),
            Command::Parse { source, parts } => {
                let source_text: String = parts
                    .iter()
                    .map(|p| match p {
                        RegexPart::Source(s) => s.as_str(),
                        RegexPart::Group(id) => self.spelling(*id),
                    })
                    .collect();
                ["parse", &self.expr(source), &regex(&source_text)].join(" ")
            }
            Command::Unnest { list, into } => ["unnest", &self.expr(list), "into", &self.field(into)].join(" "),
            Command::Lookup { table, on, outputs } => {
                let on: Vec<String> = on.iter().map(|(column, field)| renamed(name(column), self.field(field))).collect();
                let outputs: Vec<String> = outputs.iter().map(|id| name(self.spelling(*id))).collect();
                ["lookup", table, &on.join(", "), "OUTPUT", &outputs.join(", ")].join(" ")
            }
            Command::CidrLookup { table, field, column, outputs } => {
                let outputs: Vec<String> =
                    outputs.iter().map(|(c, id)| renamed(name(c), name(self.spelling(*id)))).collect();
                let on = renamed(self.field(field), name(column));
                ["cidrlookup", table, &on, "OUTPUT", &outputs.join(", ")].join(" ")
            }
        }
    }

    fn items(&self, items: &[Item]) -> Vec<String> {
        items
            .iter()
            .map(|item| {
                let expr = self.expr(&item.expr);
                let alias = match &item.alias {
                    None => return expr,
                    Some(Alias::Local(id)) => name(self.spelling(*id)),
                    Some(Alias::Output(heading)) => name(heading),
                };
                renamed(expr, alias)
            })
            .collect()
    }

    fn spelling(&self, id: usize) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    fn field(&self, field: &Field) -> String {
        match field {
            Field::Raw(p) => path(p),
            Field::Local(id) => name(self.spelling(*id)),
        }
    }

    /// A condition that is joined to others by `and`. Long alternatives stand on lines of their own.
    fn conjunct(&self, e: &Expr, several: bool) -> String {
        let line = self.expr(e);
        let Expr::Or(parts) = e else { return line };
        if line.chars().count() <= WIDTH {
            return if several { parenthesised(&line) } else { line };
        }
        let parts: Vec<String> = parts.iter().map(|p| self.part(p)).collect();
        if several {
            ["(\n    ", &parts.join("\n    or "), "\n  )"].concat()
        } else {
            parts.join("\n  or ")
        }
    }

    /// A part of `and` or `or`.
    fn part(&self, e: &Expr) -> String {
        match e {
            Expr::And(_) | Expr::Or(_) => parenthesised(&self.expr(e)),
            _ => self.expr(e),
        }
    }

    fn expr(&self, e: &Expr) -> String {
        match e {
            Expr::Bool(b) => b.to_string(),
            Expr::Field(field) => self.field(field),
            Expr::Member(field, steps) => {
                let mut out = self.field(field);
                for step in steps {
                    match step {
                        Step::Key(key) => {
                            out.push('.');
                            let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                            out.push_str(&if plain { key.clone() } else { quoted(key) });
                        }
                        Step::Index(n) => {
                            let _ = write!(out, "[{n}]");
                        }
                    }
                }
                out
            }
            Expr::Text(value) => text(value),
            Expr::Number(n) => number(*n),
            Expr::Duration(n, unit) => {
                let mut out = n.to_string();
                out.push(match unit {
                    Unit::Second => 's',
                    Unit::Minute => 'm',
                    Unit::Hour => 'h',
                });
                out
            }
            Expr::Call(function, args) => {
                let args: Vec<String> = args.iter().map(|a| self.expr(a)).collect();
                let line = [function, "(", &args.join(", "), ")"].concat();
                if function != "case" || line.chars().count() <= WIDTH {
                    return line;
                }
                // Each condition with its value on a line; no literal holds a line break.
                let arms: Vec<String> =
                    args.chunks(2).map(|arm| arm.join(", ").replace('\n', "\n  ")).collect();
                [function, "(\n      ", &arms.join(",\n      "), ")"].concat()
            }
            Expr::CountRows => "count(*)".to_owned(),
            Expr::Binary(op, left, right) => [self.operand(left).as_str(), op.symbol(), &self.operand(right)].join(" "),
            Expr::Like { value, regex: source, negated } => {
                let op = if *negated { "not like" } else { "like" };
                [self.operand(value).as_str(), op, &regex(source)].join(" ")
            }
            Expr::In { value, items, negated } => {
                let items: Vec<String> = items.iter().map(|i| self.expr(i)).collect();
                let op = if *negated { "not in" } else { "in" };
                let mut list = String::from("[");
                list.push_str(&items.join(", "));
                list.push(']');
                [self.operand(value).as_str(), op, &list].join(" ")
            }
            Expr::Not(inner) => ["not ", &parenthesised(&self.expr(inner))].concat(),
            Expr::And(parts) => self.connective(parts, " and "),
            Expr::Or(parts) => self.connective(parts, " or "),
        }
    }

    fn connective(&self, parts: &[Expr], word: &str) -> String {
        parts.iter().map(|p| self.part(p)).collect::<Vec<_>>().join(word)
    }

    /// An operand of arithmetic, of a comparison or of `like`.
    fn operand(&self, e: &Expr) -> String {
        match e {
            Expr::Binary(..) | Expr::Like { .. } | Expr::In { .. } | Expr::Not(_) | Expr::And(_) | Expr::Or(_) => {
                parenthesised(&self.expr(e))
            }
            _ => self.expr(e),
        }
    }
}

/// `a as b`, or `a` where that is the same.
fn renamed(from: String, to: String) -> String {
    if from == to { from } else { [from.as_str(), "as", &to].join(" ") }
}

fn parenthesised(inner: &str) -> String {
    ["(", inner, ")"].concat()
}

/// `word a, b by c, d`: on one line where it is short, else one item per line.
fn list(word: &str, items: &[String], keys: Option<&Vec<String>>) -> String {
    let mut parts = vec![word.to_owned(), items.join(", ")];
    if let Some(keys) = keys {
        parts.push(["by", &keys.join(", ")].join(" "));
    }
    let line = parts.join(" ");
    if line.chars().count() <= WIDTH {
        return line;
    }
    let mut out = [word, &items.join(",\n  ")].join("\n  ");
    if let Some(keys) = keys {
        out.push_str("\n  by ");
        out.push_str(&keys.join(",\n    "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::ast::{Operator, and, or};
    use super::*;

    fn field(name: &str) -> Expr {
        Expr::raw(name)
    }

    fn equals(name: &str, value: &str) -> Expr {
        Expr::binary(Operator::Eq, field(name), Expr::Text(value.to_owned()))
    }

    fn printed(e: Expr) -> String {
        query(&Query { commands: vec![Command::Filter(vec![e])], ..Query::default() })
    }

    #[test]
    fn text_never_leaves_its_literal() {
        assert_eq!(text(r#"a" or "b\"#), r#""a\" or \"b\\""#);
    }

    #[test]
    fn mixed_connectives_get_parentheses() {
        let e = or([and([equals("a", "1"), equals("b", "2")]), equals("c", "3")]);
        assert_eq!(printed(e), r#"filter (a = "1" and b = "2") or c = "3""#);
    }

    #[test]
    fn operands_of_not_and_nested_arithmetic_get_parentheses() {
        let sum = Expr::binary(Operator::Add, field("a"), field("b"));
        let e = Expr::binary(Operator::Gt, Expr::binary(Operator::Multiply, sum, field("c")), Expr::integer(3));
        assert_eq!(printed(Expr::Not(Box::new(e))), "filter not (((a + b) * c) > 3)");
    }

    #[test]
    fn odd_field_names_stand_in_backticks() {
        assert_eq!(path("requestParameters.x-amz-copy-source"), "`requestParameters.x-amz-copy-source`");
        assert_eq!(path("userIdentity.arn"), "userIdentity.arn");
        assert_eq!(name("dc(user)"), "`dc(user)`");
        assert_eq!(name("in"), "`in`");
        assert_eq!(name("a`b | limit 1"), "`a_b | limit 1`");
    }

    #[test]
    fn comments_stay_on_their_line() {
        let q = Query { comments: vec!["a\n| limit 1".to_owned()], ..Query::default() };
        assert_eq!(query(&q), "# a | limit 1\n");
    }

    #[test]
    fn conjuncts_stand_on_lines_of_their_own() {
        let e = vec![equals("a", "1"), or([equals("b", "2"), equals("b", "3")])];
        let q = Query { commands: vec![Command::Filter(e)], ..Query::default() };
        assert_eq!(query(&q), "filter a = \"1\"\n  and (b = \"2\" or b = \"3\")");
    }
}
