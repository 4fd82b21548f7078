//! Leaves out what the rest of a condition implies: the presence of a field that is compared anyway, and the
//! alternatives that another test rules out. The formula stays equivalent.

use std::collections::{BTreeMap, BTreeSet};

use super::cond::{Cond, Leaf, Test};
use crate::ir::Pattern;

/// What is known to hold wherever a part of a formula matters.
#[derive(Clone, Default)]
struct Facts {
    present: BTreeSet<String>,
    absent: BTreeSet<String>,
    /// The values that a field can have, in lower case. Without wildcards.
    values: BTreeMap<String, BTreeSet<String>>,
}

/// The same condition with fewer tests. `rounds` of propagation are enough for what conditions on calculated fields
/// turn into; more would change nothing but the time it takes.
pub(super) fn simplify(cond: Cond) -> Cond {
    let mut cond = cond;
    for _ in 0..4 {
        let next = under(cond.clone(), &Facts::default());
        if next == cond {
            break;
        }
        cond = next;
    }
    cond
}

/// What is left of a condition where another one holds anyway.
pub(super) fn given(cond: Cond, known: &Cond) -> Cond {
    let mut facts = Facts::default();
    let parts = match known {
        Cond::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    for part in parts {
        if let Cond::Leaf(leaf) = part {
            facts.learn(leaf);
        }
    }
    simplify(under(cond, &facts))
}

fn under(cond: Cond, facts: &Facts) -> Cond {
    match cond {
        Cond::True | Cond::False | Cond::Keyword(..) => cond,
        Cond::Leaf(leaf) => match facts.decide(&leaf) {
            Some(holds) => Cond::truth(holds),
            None => Cond::Leaf(leaf),
        },
        Cond::Not(inner) => under(*inner, facts).negate(),
        Cond::Or(parts) => {
            let parts: Vec<Cond> = parts.into_iter().map(|p| under(p, facts)).collect();
            factor(absorb(Cond::or(parts)))
        }
        Cond::And(parts) => conjunction(parts, facts),
    }
}

/// Tests of values stand for themselves, and all others are simplified under them.
fn conjunction(parts: Vec<Cond>, outer: &Facts) -> Cond {
    let mut facts = outer.clone();
    for part in &parts {
        if let Cond::Leaf(leaf) = part
            && leaf.test != Test::Present
        {
            facts.learn(leaf);
        }
    }
    let strong = |part: &Cond| matches!(part, Cond::Leaf(leaf) if leaf.test != Test::Present);
    let mut out = Vec::with_capacity(parts.len());
    let mut known = facts.clone();
    let mut cased = outer.clone();
    for part in &parts {
        if let Cond::Leaf(leaf) = part {
            known.learn(leaf);
            if matches!(leaf.test, Test::Text { cased: true, .. }) {
                cased.learn(leaf);
            }
        }
    }
    for part in parts {
        let contradicted = matches!(&part, Cond::Leaf(l) if l.test != Test::Absent && facts.absent.contains(&l.field));
        out.push(if contradicted {
            Cond::False
        } else if matches!(&part, Cond::Leaf(Leaf { test: Test::Text { cased: false, .. }, .. })) {
            // `search` and `where` on one field: the test with case says what the one without does.
            under(part, &cased)
        } else if strong(&part) {
            under(part, outer)
        } else if matches!(part, Cond::Leaf(_)) {
            under(part, &facts)
        } else {
            under(part, &known)
        });
    }
    without_implied(Cond::and(out))
}

/// `(a or b) and (a or b or c)` is `a or b`; `a and (a or b)` is `a`.
fn without_implied(cond: Cond) -> Cond {
    let Cond::And(parts) = cond else { return cond };
    let implies = |part: &Cond, alternatives: &[Cond]| match part {
        Cond::Or(fewer) => fewer.len() < alternatives.len() && fewer.iter().all(|p| alternatives.contains(p)),
        other => alternatives.contains(other),
    };
    let implied = |part: &Cond| match part {
        Cond::Or(alternatives) => parts.iter().any(|other| implies(other, alternatives)),
        _ => false,
    };
    let kept: Vec<Cond> = parts.iter().filter(|p| !implied(p)).cloned().collect();
    Cond::and(kept)
}

/// `(a and b) or (a and c)` is `a and (b or c)`.
fn factor(cond: Cond) -> Cond {
    let Cond::Or(parts) = &cond else { return cond };
    let members: Vec<&[Cond]> = parts
        .iter()
        .map(|part| match part {
            Cond::And(members) => members.as_slice(),
            other => std::slice::from_ref(other),
        })
        .collect();
    let Some((first, others)) = members.split_first() else { return cond };
    let common: Vec<Cond> = first.iter().filter(|m| others.iter().all(|o| o.contains(m))).cloned().collect();
    if common.is_empty() {
        return cond;
    }
    let rests = members.iter().map(|m| Cond::and(m.iter().filter(|m| !common.contains(m)).cloned()));
    let rest = Cond::or(rests);
    Cond::and(common.into_iter().chain([rest]))
}

/// `a or (a and b)` is `a`; `a or (b and not a)` is `a or b`; a test of a field's value or that it is there: the latter.
fn absorb(cond: Cond) -> Cond {
    let Cond::Or(parts) = cond else { return cond };
    let is_denied = |member: &Cond| parts.iter().any(|part| part.clone().negate() == *member);
    let without_denials = |part: &Cond| match part {
        Cond::And(members) => Cond::and(members.iter().filter(|m| !is_denied(m)).cloned()),
        other => other.clone(),
    };
    let parts = match Cond::or(parts.iter().map(without_denials)) {
        Cond::Or(parts) => parts,
        other => return other,
    };
    let is_present = |field: &str| {
        parts.iter().any(|p| matches!(p, Cond::Leaf(leaf) if leaf.field == field && leaf.test == Test::Present))
    };
    let implied = |part: &Cond| match part {
        Cond::And(inner) => parts.iter().any(|other| other != part && inner.contains(other)),
        Cond::Leaf(leaf) => !matches!(leaf.test, Test::Present | Test::Absent) && is_present(&leaf.field),
        _ => false,
    };
    let kept: Vec<Cond> = parts.iter().filter(|p| !implied(p)).cloned().collect();
    Cond::or(kept)
}

impl Facts {
    fn learn(&mut self, leaf: &Leaf) {
        match &leaf.test {
            Test::Absent => {
                self.absent.insert(leaf.field.clone());
                return;
            }
            Test::Text { patterns, .. } => {
                let texts: Option<BTreeSet<String>> =
                    patterns.iter().map(|p| Pattern::as_text(p).map(str::to_lowercase)).collect();
                // A list can have other values beside the one that passes.
                if let Some(texts) = texts.filter(|_| !leaf.list) {
                    self.values.insert(leaf.field.clone(), texts);
                }
            }
            Test::SameAs(other) => {
                self.present.insert(other.clone());
            }
            Test::Number(_)
            | Test::Boolean(_)
            | Test::Regex { .. }
            | Test::Cidr(_)
            | Test::Order(..)
            | Test::Present => {}
        }
        self.present.insert(leaf.field.clone());
    }

    /// Whether a test holds, where the facts tell.
    fn decide(&self, leaf: &Leaf) -> Option<bool> {
        let present = self.present.contains(&leaf.field);
        let absent = self.absent.contains(&leaf.field);
        match &leaf.test {
            Test::Present if present => Some(true),
            Test::Absent if absent => Some(true),
            Test::Absent if present => Some(false),
            Test::Absent => None,
            _ if absent => Some(false),
            Test::Text { patterns, cased } => {
                let values = self.values.get(&leaf.field)?;
                let hits = values.iter().filter(|v| patterns.iter().any(|p| p.matches(v, true))).count();
                match hits {
                    0 => Some(false),
                    // What matches without case need not match with it.
                    n if n == values.len() && !cased => Some(true),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Piece;

    fn one_of(field: &str, values: &[&str]) -> Cond {
        let patterns = values.iter().map(|v| Pattern::new([Piece::Text((*v).to_owned())])).collect();
        Cond::leaf(field, Test::Text { patterns, cased: false })
    }

    fn present(field: &str) -> Cond {
        Cond::leaf(field, Test::Present)
    }

    #[test]
    fn presence_is_left_out_where_a_value_is_tested() {
        let cond = Cond::and([present("a"), one_of("a", &["1"]), present("b")]);
        assert_eq!(simplify(cond), Cond::and([one_of("a", &["1"]), present("b")]));
    }

    #[test]
    fn alternatives_that_another_test_rules_out_go() {
        let cond = Cond::and([
            one_of("name", &["Put"]),
            Cond::and([one_of("name", &["Get"]), one_of("x", &["1"])]).negate(),
            Cond::or([Cond::and([one_of("name", &["get", "list"]), present("y")]), one_of("z", &["1"])]),
        ]);
        assert_eq!(simplify(cond), Cond::and([one_of("name", &["Put"]), one_of("z", &["1"])]));
    }

    #[test]
    fn an_absent_field_has_no_value() {
        let absent = Cond::leaf("a", Test::Absent);
        let cond = Cond::and([absent.clone(), Cond::or([one_of("a", &["1"]), one_of("b", &["2"])])]);
        assert_eq!(simplify(cond), Cond::and([absent, one_of("b", &["2"])]));
    }

    #[test]
    fn an_alternative_does_not_deny_another() {
        let cond = Cond::or([one_of("a", &["1"]), Cond::and([one_of("a", &["1"]).negate(), one_of("b", &["1"])])]);
        assert_eq!(simplify(cond), Cond::or([one_of("a", &["1"]), one_of("b", &["1"])]));
        let cond = Cond::or([one_of("a", &["1"]), Cond::and([one_of("a", &["1"]).negate(), present("a")])]);
        assert_eq!(simplify(cond), present("a"));
    }

    fn cased(field: &str, value: &str) -> Cond {
        let patterns = vec![Pattern::new([Piece::Text(value.to_owned())])];
        Cond::leaf(field, Test::Text { patterns, cased: true })
    }

    #[test]
    fn a_test_without_case_is_left_out_beside_one_with_case() {
        let cond = Cond::and([one_of("a", &["put", "get"]), cased("a", "Put")]);
        assert_eq!(simplify(cond), cased("a", "Put"));
        let contradiction = Cond::and([one_of("a", &["get"]), cased("a", "Put")]);
        assert_eq!(simplify(contradiction), Cond::False);
    }

    #[test]
    fn alternatives_that_fewer_alternatives_imply_go() {
        let few = Cond::or([present("a"), present("b")]);
        let many = Cond::or([present("c"), present("a"), present("b")]);
        assert_eq!(simplify(Cond::and([many, few.clone()])), few);
    }

    #[test]
    fn what_alternatives_share_stands_before_them() {
        let branch = |value: &str| Cond::and([one_of("name", &["Put"]), present("a"), one_of("x", &[value]).negate()]);
        let rest = Cond::or([one_of("x", &["1"]).negate(), one_of("x", &["2"]).negate()]);
        let expected = Cond::and([one_of("name", &["Put"]), present("a"), rest]);
        assert_eq!(simplify(Cond::or([branch("1"), branch("2")])), expected);
    }

    #[test]
    fn a_cased_test_is_not_decided_by_one_without_case() {
        let cond = Cond::and([one_of("a", &["put"]), Cond::or([cased("a", "Put"), present("b")])]);
        assert_eq!(simplify(cond.clone()), cond);
    }

    #[test]
    fn other_values_of_a_list_are_not_ruled_out() {
        let list = |value: &str| match one_of("a", &[value]) {
            Cond::Leaf(leaf) => Cond::Leaf(Leaf { list: true, ..leaf }),
            other => other,
        };
        let cond = Cond::and([list("x"), Cond::or([list("y"), present("b")])]);
        assert_eq!(simplify(cond.clone()), cond);
    }

    #[test]
    fn a_test_does_not_remove_itself() {
        let cond = Cond::and([one_of("a", &["1"]), one_of("b", &["1"]).negate()]);
        assert_eq!(simplify(cond.clone()), cond);
        assert_eq!(simplify(present("a")), present("a"));
    }

    #[test]
    fn contradictions_are_false() {
        let cond = Cond::and([Cond::leaf("a", Test::Absent), Cond::or([one_of("a", &["1"]), one_of("a", &["2"])])]);
        assert_eq!(simplify(cond), Cond::False);
    }
}
