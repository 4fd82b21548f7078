//! `eval`: computes fields, one after the other (Search Reference, `eval`).

use super::Syntax;
use crate::diagnostic::Reported;
use crate::function::to_text;
use crate::ir::{Column, Expr, ExprKind, Pattern, Rel, Type};
use crate::source::Span;
use crate::spl::eval::{self, Eval as Expression};
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Eval {
    pub assignments: Vec<(Target, Expression)>,
}

/// What an assignment sets.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    Field(Spanned),
    /// `{field}` with text around it: the field whose name the row itself holds.
    Named { parts: Vec<Part>, span: Span },
}

/// A piece of the name of a field that the row holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    Text(String),
    /// The value of a field.
    Field(String),
}

impl Target {
    fn print(&self, out: &mut Printer) {
        match self {
            Target::Field(name) => out.eval_field(&name.text),
            Target::Named { parts, .. } => {
                let text: String = parts
                    .iter()
                    .map(|part| match part {
                        Part::Text(text) => text.clone(),
                        // `{0}` alone belongs to a path.
                        Part::Field(field) if field.chars().all(|c| c.is_ascii_digit()) => format!("{{ {field} }}"),
                        Part::Field(field) => format!("{{{field}}}"),
                    })
                    .collect();
                out.quoted(&text);
            }
        }
    }
}

const HELP: &str = "write `eval name = expression`, several separated by commas";

impl Syntax for Eval {
    const NAMES: &'static [&'static str] = &["eval"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        let mut assignments = Vec::new();
        loop {
            p.skip_space();
            let name = match p.peek() {
                Some('"') => p.quoted()?,
                Some('\'') => p.single_quoted()?,
                _ => bare_name(p),
            };
            let Some(name) = name else { return Err(p.expected("a field name", HELP)) };
            p.expect("=", HELP)?;
            assignments.push((target(name), eval::parse(p)?));
            if !p.eat(",") {
                return Ok(Eval { assignments });
            }
        }
    }

    fn print(&self, out: &mut Printer) {
        let Self { assignments } = self;
        for (i, (name, value)) in assignments.iter().enumerate() {
            out.comma(i);
            name.print(out);
            out.word("=");
            out.eval(value);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let mut result = Ok(());
        for (target, expression) in &self.assignments {
            let value = lowering.eval(expression);
            let assigned = match (target, value) {
                (Target::Field(name), Ok(value)) => lowering.extend(vec![(name.text.as_str().into(), value)], span),
                (Target::Field(name), Err(Reported)) => {
                    // Later stages may use the field: it exists, whatever it holds.
                    lowering.scope.declare(&name.text.as_str().into(), Type::UNKNOWN, true);
                    Err(Reported)
                }
                (Target::Named { parts, span: at }, Ok(value)) => lowering.assign(parts, value, *at, span),
                (Target::Named { .. }, Err(Reported)) => Err(Reported),
            };
            // Without a plan nothing that follows can be lowered.
            if lowering.scope.plan.is_none() {
                return assigned;
            }
            result = result.and(assigned);
        }
        result
    }
}

/// A name up to `=`. Other than in an expression it may hold a minus sign.
fn bare_name(p: &mut Parser<'_>) -> Option<Spanned> {
    let start = p.pos();
    let word = p.bare(&['|', '[', ']', '(', ')', ',', '=', '"', '\'', '<', '>', '!', '+', '*', '/', '%'])?;
    if p.peek() == Some('=') {
        return Some(word);
    }
    p.set_pos(start);
    Some(eval::identifier(p)).filter(|n| !n.text.is_empty())
}

/// `{}` and `{0}` belong to a path in JSON; other braces hold a field's name.
fn target(name: Spanned) -> Target {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = name.text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else { break };
        text.push_str(before);
        if inside.chars().all(|c| c.is_ascii_digit()) {
            text.push_str(&format!("{{{inside}}}"));
        } else {
            parts.extend((!text.is_empty()).then(|| Part::Text(std::mem::take(&mut text))));
            parts.push(Part::Field(inside.trim().to_owned()));
        }
        rest = behind;
    }
    if parts.is_empty() {
        return Target::Field(name);
    }
    text.push_str(rest);
    parts.extend((!text.is_empty()).then_some(Part::Text(text)));
    Target::Named { parts, span: name.span }
}

impl Lowering<'_> {
    /// Sets the field whose name the row holds.
    fn assign(&mut self, parts: &[Part], value: Expr, at: Span, span: Span) -> Result<(), Reported> {
        let mut texts = Vec::new();
        for part in parts {
            let field = match part {
                Part::Text(text) => {
                    texts.push(Expr::string(text.clone(), at));
                    continue;
                }
                Part::Field(field) => field,
            };
            let value = self.field(field, at);
            if value.ty.multivalue {
                let message = format!("`{{{field}}}` names a field, and `{field}` can have several values");
                return Err(super::unsupported(self, at, message, "use `mvexpand` or `mvindex` before"));
            }
            texts.push(to_text(value));
        }
        let nullable = texts.iter().any(|t| t.nullable);
        let name = match texts.pop() {
            Some(only) if texts.is_empty() => only,
            Some(last) => {
                texts.push(last);
                Expr::new(ExprKind::Concat(texts), Type::STRING, nullable, at)
            }
            None => return Ok(()),
        };
        let pattern = Pattern::of_text(&name);
        let fits = |c: &&mut Column| pattern.matches(&c.name, false) && !c.name.starts_with(['_', '(']);
        for column in self.scope.columns.iter_mut().filter(fits) {
            column.ty = Type { multivalue: column.ty.multivalue, ..Type::UNKNOWN };
            column.nullable = true;
        }
        self.scope.assigned.push(pattern);
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Assign { input, name, value, span });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};
    use super::*;

    #[test]
    fn a_row_can_hold_the_name_of_the_field_that_is_set() {
        insta::assert_snapshot!(ir(r#"eval "user {awsRegion}" = userAgent | table "user eu-west-1" awsRegion"#), @r#"
        assign {concat("user ", awsRegion)} = userAgent
        project `user eu-west-1`, awsRegion
        => `user eu-west-1`: unknown?, awsRegion: string
        "#);
        insta::assert_snapshot!(ir("stats count by awsRegion | eval {awsRegion}=count | where 'eu-west-1' > 2"), @r#"
        aggregate count = count()
            by awsRegion
        assign {awsRegion} = count
        filter eu-west-1 > 2
        => awsRegion: unknown?, count: unknown?, and columns named by the data
        "#);
    }

    #[test]
    fn braces_of_paths_are_part_of_a_name() {
        let field = |text: &str| target(Spanned { text: text.to_owned(), span: Span::default() });
        assert!(matches!(field("a{}.b{0}"), Target::Field(_)));
        let named = |parts| Target::Named { parts, span: Span::default() };
        let (text, value) = (|t: &str| Part::Text(t.to_owned()), |t: &str| Part::Field(t.to_owned()));
        assert_eq!(field("{key}"), named(vec![value("key")]));
        assert_eq!(field("a{}_{key}b"), named(vec![text("a{}_"), value("key"), text("b")]));
    }

    #[test]
    fn names_may_hold_a_minus_sign() {
        insta::assert_snapshot!(ir("eval is-it=1, b-=2 | table is-it"), @r#"
        extend is-it = 1
        project is-it
        => is-it: integer
        "#);
        assert_eq!(codes("eval a+b=1"), ["S201"]);
    }

    #[test]
    fn several_names_at_once_are_refused() {
        assert_eq!(codes("eval x=split(userAgent, \" \"), {x}=1"), ["S211"]);
    }
}
