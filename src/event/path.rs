//! Paths of fields as steps: `a.b{}.c`.

use crate::ir::Step;

/// The steps of a field's name, or of a member's own name that holds dots or braces. What is no path (`a..b`, `x{y}`) is
/// one step with that name.
pub(super) fn steps(name: &str) -> Vec<Step> {
    crate::ir::parse_path(name).unwrap_or_else(|| vec![Step::Key(name.to_owned())])
}

/// Whether a member's own name can be a path of several steps.
pub(super) fn is_path(name: &str) -> bool {
    name.bytes().any(|b| matches!(b, b'.' | b'{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_paths_are_names() {
        assert_eq!(steps("a..b"), [Step::Key("a..b".to_owned())]);
        assert_eq!(steps("a{}.b").len(), 3);
        assert!(is_path("a.b") && is_path("a{}") && !is_path("ab"));
    }
}
