//! SPL's paths into JSON texts: `a.b{}.c`, `a{0}`.

use super::Step;

/// Reads a path; `None` where it is empty or malformed. A name may hold anything but dots and braces.
pub fn parse_path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (name, mut braces) = match part.find('{') {
            Some(open) => part.split_at(open),
            None => (part, ""),
        };
        if !name.is_empty() {
            steps.push(Step::Key(name.to_owned()));
        } else if braces.is_empty() {
            return None;
        }
        while let Some(rest) = braces.strip_prefix('{') {
            let (inside, after) = rest.split_once('}')?;
            steps.push(match inside {
                "" => Step::Each,
                n => Step::Index(n.parse().ok()?),
            });
            braces = after;
        }
        if !braces.is_empty() {
            return None;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_steps_of_their_own() {
        let key = |k: &str| Step::Key(k.to_owned());
        assert_eq!(parse_path("a.b{}.c"), Some(vec![key("a"), key("b"), Step::Each, key("c")]));
        assert_eq!(parse_path("{}.x{2}"), Some(vec![Step::Each, key("x"), Step::Index(2)]));
        assert_eq!(parse_path("a..b"), None);
        assert_eq!(parse_path("a{x}"), None);
    }
}
