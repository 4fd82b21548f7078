//! XML texts as trees, for `xpath`: elements, attributes and text; namespaces are parts of names.

/// Deepest nest that is read.
const DEEPEST: usize = 200;

#[derive(Default, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    children: Vec<Child>,
}

#[derive(Debug)]
enum Child {
    Element(Element),
    Text(String),
}

impl Element {
    /// The document: an element without a name around the root. `None` where the text is no XML.
    pub(super) fn parse(text: &str) -> Option<Element> {
        let mut document = Element::default();
        let rest = content(text, &mut document, 0)?;
        let roots = document.elements().count();
        (rest.is_empty() && roots == 1).then_some(document)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|c| match c {
            Child::Element(e) => Some(e),
            Child::Text(_) => None,
        })
    }

    /// All text inside.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out
    }

    fn write_text(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Child::Element(e) => e.write_text(out),
                Child::Text(t) => out.push_str(t),
            }
        }
    }

    /// The pieces of text directly inside.
    pub(super) fn own_texts(&self) -> impl Iterator<Item = &str> {
        self.children.iter().filter_map(|c| match c {
            Child::Text(t) => Some(t.as_str()),
            Child::Element(_) => None,
        })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads up to the end of the element, or of the text; gives what comes behind.
fn content<'t>(mut rest: &'t str, into: &mut Element, depth: usize) -> Option<&'t str> {
    if depth > DEEPEST {
        return None;
    }
    loop {
        let Some(at) = rest.find('<') else {
            push_text(into, decode(rest));
            return into.name.is_empty().then_some("");
        };
        push_text(into, decode(&rest[..at]));
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->")?.1;
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = after.split_once("]]>")?;
            push_text(into, data.to_owned());
            rest = after;
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest = rest.split_once('>')?.1;
        } else if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>')?;
            return (name.trim_end() == into.name && !into.name.is_empty()).then_some(after);
        } else {
            let (mut element, after, closed) = tag(&rest[1..])?;
            rest = if closed { after } else { content(after, &mut element, depth + 1)? };
            into.children.push(Child::Element(element));
        }
    }
}

fn push_text(into: &mut Element, text: String) {
    // Blanks around the root are not part of it.
    if !(text.is_empty() || into.name.is_empty() && text.trim().is_empty()) {
        into.children.push(Child::Text(text));
    }
}

/// A tag behind its `<`: the element, what comes behind, and whether it is closed already.
fn tag(text: &str) -> Option<(Element, &str, bool)> {
    let end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
    let mut element = Element { name: text[..end].to_owned(), ..Element::default() };
    if element.name.is_empty() {
        return None;
    }
    let mut rest = text[end..].trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            return Some((element, after, false));
        }
        if let Some(after) = rest.strip_prefix("/>") {
            return Some((element, after, true));
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if name.contains(['<', '>']) {
            return None;
        }
        element.attributes.push((name.trim().to_owned(), decode(value)));
        rest = after.trim_start();
    }
}

/// Text with its references replaced; those that are not known stay.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest[1..].find(';').map(|end| (&rest[1..=end], &rest[end + 2..]));
        let character = reference.and_then(|(name, after)| {
            let c = match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                name => {
                    let number = name.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16),
                        None => number.parse(),
                    };
                    char::from_u32(code.ok()?)?
                }
            };
            Some((c, after))
        });
        match character {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read() {
        let text =
            "<?xml version='1.0'?>\n<!-- a > b --><a x='1 &lt; 2' y=\"\"><b/>t&#65;&unknown;<![CDATA[<c>]]></a>\n";
        let document = Element::parse(text).expect("a document");
        let root = document.elements().next().expect("a root");
        assert_eq!((root.name.as_str(), root.attribute("x"), root.attribute("y")), ("a", Some("1 < 2"), Some("")));
        assert_eq!(root.text(), "tA&unknown;<c>");
    }

    #[test]
    fn malformed_texts_are_none() {
        let deep = "<a>".repeat(5_000);
        for text in ["", "text", "<a>", "<a></b>", "<a x=1/>", "<a/><b/>", "</a>", "<", "<a><!--</a>", "<>", &deep] {
            assert!(Element::parse(text).is_none(), "{text:.20}");
        }
    }
}
