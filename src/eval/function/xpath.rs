//! `xpath(text, path)`, for the command `xpath` (Search Reference, "xpath"): every value at a path of an XML text. It is a function
//! of the IR that SPL does not spell.
//!
//! Paths have names, `*`, `@attribute`, `text()`, `//`, `.`, and conditions `[n]`, `[name]`, `[@name]`, `[name='v']`, `[@name="v"]`. Of an
//! element the value is all text inside (reading). A text that is no XML has no values.

use super::xml::Element;
use super::{Apply, Context, Value, literal_text, text};
use crate::ir::Expr;

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    match (name, args.len()) {
        ("xpath", 2) => Some(Box::new(parse(&literal_text(args, 1)?)?)),
        _ => None,
    }
}

struct Path {
    /// From the document, not from the root.
    absolute: bool,
    steps: Vec<Step>,
}

struct Step {
    /// At any depth.
    deep: bool,
    test: Test,
    conditions: Vec<Condition>,
}

#[derive(Debug, PartialEq)]
enum Test {
    Itself,
    Any,
    Name(String),
    Attribute(String),
    AnyAttribute,
    Text,
}

enum Condition {
    Position(usize),
    Has(Test),
    Is(Test, String),
}

/// `None` where the path says more than is understood here.
fn parse(text: &str) -> Option<Path> {
    let mut rest = text.trim();
    let absolute = rest.starts_with('/');
    let mut steps = Vec::new();
    let mut first = true;
    while !rest.is_empty() {
        let deep = rest.starts_with("//");
        rest = match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
            (Some(after), _) | (None, Some(after)) => after,
            (None, None) if first => rest,
            (None, None) => return None,
        };
        first = false;
        let end = rest.find(['/', '[']).unwrap_or(rest.len());
        let test = test(&rest[..end])?;
        rest = &rest[end..];
        let mut conditions = Vec::new();
        while let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']')?;
            conditions.push(condition(inside.trim())?);
            rest = after;
        }
        let leaf = matches!(test, Test::Attribute(_) | Test::AnyAttribute | Test::Text);
        if leaf && !(rest.is_empty() && conditions.is_empty()) {
            return None;
        }
        steps.push(Step { deep, test, conditions });
    }
    (!steps.is_empty()).then_some(Path { absolute, steps })
}

fn test(text: &str) -> Option<Test> {
    let name = |text: &str| {
        let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
        (plain && !text.is_empty() && !text.starts_with('.')).then(|| text.to_owned())
    };
    Some(match text.trim() {
        "." => Test::Itself,
        "*" => Test::Any,
        "@*" => Test::AnyAttribute,
        "text()" => Test::Text,
        text => match text.strip_prefix('@') {
            Some(attribute) => Test::Attribute(name(attribute)?),
            None => Test::Name(name(text)?),
        },
    })
}

fn condition(text: &str) -> Option<Condition> {
    if let Ok(position) = text.parse() {
        return Some(Condition::Position(position));
    }
    let Some((left, right)) = text.split_once('=') else { return Some(Condition::Has(test(text)?)) };
    let right = right.trim();
    let quote = right.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = right[1..].strip_suffix(quote)?;
    Some(Condition::Is(test(left)?, value.to_owned()))
}

impl Apply for Path {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        let Some(document) = text(args, 0).and_then(|t| Element::parse(&t)) else { return Value::Null };
        let mut at: Vec<&Element> = if self.absolute { vec![&document] } else { document.elements().collect() };
        let Some((last, steps)) = self.steps.split_last() else { return Value::Null };
        for step in steps {
            at = step.take(&at);
        }
        match &last.test {
            Test::Itself | Test::Any | Test::Name(_) => {
                Value::list(last.take(&at).into_iter().map(|e| e.text().into()))
            }
            leaf => {
                let from = if last.deep { below(&at) } else { at };
                Value::list(from.into_iter().flat_map(|e| leaf.values(e)).map(Value::from))
            }
        }
    }
}

impl Step {
    fn take<'d>(&self, at: &[&'d Element]) -> Vec<&'d Element> {
        let from = if self.deep { below(at) } else { at.to_vec() };
        let mut found: Vec<&Element> = Vec::new();
        for element in from {
            let mut matching: Vec<&Element> = match &self.test {
                Test::Itself => vec![element],
                test => {
                    element.elements().filter(|e| *test == Test::Any || *test == Test::Name(e.name.clone())).collect()
                }
            };
            for condition in &self.conditions {
                matching = condition.keep(matching);
            }
            found.extend(matching);
        }
        found
    }
}

/// The elements and all below them, each once.
fn below<'d>(at: &[&'d Element]) -> Vec<&'d Element> {
    fn walk<'d>(element: &'d Element, out: &mut Vec<&'d Element>) {
        out.push(element);
        element.elements().for_each(|e| walk(e, out));
    }
    let mut out = Vec::new();
    let mut inside: Vec<&Element> = Vec::new();
    for element in at {
        // What lies below an element before was taken with it.
        if !inside.iter().any(|e| std::ptr::eq(*e, *element)) {
            let start = out.len();
            walk(element, &mut out);
            inside.extend_from_slice(&out[start..]);
        }
    }
    out
}

impl Condition {
    fn keep<'d>(&self, elements: Vec<&'d Element>) -> Vec<&'d Element> {
        match self {
            Condition::Position(n) => n.checked_sub(1).and_then(|i| elements.get(i).copied()).into_iter().collect(),
            Condition::Has(test) => elements.into_iter().filter(|e| !test.values(e).is_empty()).collect(),
            Condition::Is(test, value) => {
                elements.into_iter().filter(|e| test.values(e).iter().any(|v| v == value)).collect()
            }
        }
    }
}

impl Test {
    /// The texts that an element has under this.
    fn values(&self, element: &Element) -> Vec<String> {
        match self {
            Test::Itself => vec![element.text()],
            Test::Any => element.elements().map(Element::text).collect(),
            Test::Name(name) => element.elements().filter(|e| e.name == *name).map(Element::text).collect(),
            Test::Attribute(name) => element.attribute(name).map(str::to_owned).into_iter().collect(),
            Test::AnyAttribute => element.attributes.iter().map(|(_, v)| v.clone()).collect(),
            Test::Text => element.own_texts().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apply, field};
    use super::*;
    use crate::eval::function::testing::Into_;

    const XML: &str =
        "<foo><bar nickname='spock'>x</bar><bar nickname='scotty'><name>b</name>y<bar nickname='bones'/></bar></foo>";

    fn at(path: &'static str) -> String {
        apply("xpath", vec![field(XML), path.argument()])
    }

    #[test]
    fn paths_give_all_their_values() {
        assert_eq!(at("//bar/@nickname"), "spock|scotty|bones");
        assert_eq!(at("/foo/bar/@nickname"), "spock|scotty");
        assert_eq!(at("bar/name"), "b");
        assert_eq!(at("/foo/*"), "x|by");
        assert_eq!(at("//name/text()"), "b");
        assert_eq!(at("//bar//bar/@*"), "bones");
        assert_eq!(at("//@nickname"), "spock|scotty|bones");
        assert_eq!(at("/absent"), "NULL");
    }

    #[test]
    fn conditions_choose_elements() {
        assert_eq!(at("/foo/bar[2]/name"), "b");
        assert_eq!(at("//bar[@nickname='spock']"), "x");
        assert_eq!(at("//bar[name=\"b\"]/@nickname"), "scotty");
        assert_eq!(at("//bar[name]/@nickname"), "scotty");
        assert_eq!(at("//bar[.='x']/@nickname"), "spock");
        assert_eq!(at("/foo/bar[0]"), "NULL");
    }

    #[test]
    fn other_paths_are_not_bound() {
        for path in ["", "/", "count(//a)", "//a[last()]", "//a/@b/c", "a[", "//a | //b", "../a", "a b"] {
            assert!(parse(path).is_none(), "{path}");
        }
    }
}
