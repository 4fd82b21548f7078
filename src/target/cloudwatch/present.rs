//! Presence tests. What a test of an absent field gives is not documented, so a negative test stands beside `ispresent`.
//! This pass writes each such guard once: where another condition says the same it goes, and where a field that the
//! records may lack is tested negatively without one it comes.

use std::collections::BTreeSet;

use super::ast::{self, Command, Expr, Field, Operator, Query};
use super::regex;
use crate::ir::Case;

/// Settles the guards of all filters. `optional`: paths of fields that records may lack; `required`: that all have.
pub(super) fn settle(query: &mut Query, optional: &BTreeSet<String>, required: &BTreeSet<String>) {
    let mut known: Vec<Expr> = required.iter().map(Expr::raw).collect();
    let mut records = true;
    for command in &mut query.commands {
        match command {
            Command::Filter(parts) => {
                let none = BTreeSet::new();
                *parts = conjuncts(std::mem::take(parts), &known, if records { optional } else { &none });
                for part in parts.iter() {
                    known.extend(implied(part));
                }
            }
            Command::Stats { .. } => records = false,
            Command::Fields(_)
            | Command::Display(_)
            | Command::Sort(_)
            | Command::Limit(_)
            | Command::Dedup(_)
            | Command::Parse { .. }
            | Command::Unnest { .. }
            | Command::Lookup { .. }
            | Command::CidrLookup { .. } => {}
        }
    }
    // What is known already needs no filter; one that is left empty goes with its command.
    query.commands.retain(|c| !matches!(c, Command::Filter(parts) if parts.is_empty()));
}

/// The conditions of a filter, with the guards that they need.
fn conjuncts(parts: Vec<Expr>, known: &[Expr], optional: &BTreeSet<String>) -> Vec<Expr> {
    let parts = match ast::and(simplified_all(parts.clone(), known)) {
        Expr::Bool(true) => return Vec::new(),
        // Nothing passes, and the language has no constant for that: the conditions stay.
        Expr::Bool(false) => return parts,
        Expr::And(parts) => parts,
        one => vec![one],
    };
    let mut present: Vec<Expr> = known.to_vec();
    parts.iter().for_each(|p| present.extend(implied(p)));
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        for subject in negative_subjects(&part) {
            let Expr::Field(Field::Raw(path)) = &subject else { continue };
            if optional.contains(path) && !present.contains(&subject) {
                out.push(Expr::present(subject.clone()));
                present.push(subject);
            }
        }
        out.push(part);
    }
    out
}

/// The parts of an AND, each simplified by what the others say.
fn simplified_all(parts: Vec<Expr>, known: &[Expr]) -> Vec<Expr> {
    // Tests that this pass does not change say what is present; presence tests that they make needless go first.
    let mut fixed: Vec<Expr> = known.to_vec();
    parts.iter().filter(|p| is_leaf(p) && presence(p).is_none()).for_each(|p| fixed.extend(implied(p)));
    let mut kept: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        match presence(&part) {
            Some(value) if fixed.contains(value) => {}
            Some(value) => {
                fixed.push(value.clone());
                kept.push(part);
            }
            None => kept.push(part),
        }
    }
    let mut out: Vec<Expr> = Vec::with_capacity(kept.len());
    let mut earlier = fixed;
    for part in kept {
        let part = if is_leaf(&part) { part } else { simplified(part, &earlier) };
        earlier.extend(implied(&part));
        out.push(part);
    }
    // A presence test that a later alternative makes needless.
    let needless = |out: &[Expr], i: usize| {
        let Some(value) = out.get(i).and_then(presence) else { return false };
        out.iter().enumerate().any(|(j, other)| j != i && presence(other).is_none() && implied(other).contains(value))
    };
    let mut i = 0;
    while i < out.len() {
        if needless(&out, i) {
            out.remove(i);
        } else {
            i += 1;
        }
    }
    without_weaker(out)
}

/// A condition where these values are present.
fn simplified(e: Expr, known: &[Expr]) -> Expr {
    if let Some(value) = presence(&e) {
        return if known.contains(value) { Expr::Bool(true) } else { e };
    }
    match e {
        Expr::Not(inner) => match simplified(*inner, known) {
            Expr::Bool(b) => Expr::Bool(!b),
            other => Expr::Not(Box::new(other)),
        },
        Expr::And(parts) => ast::and(simplified_all(parts, known)),
        Expr::Or(parts) => {
            // Where one alternative is that a value is absent, the others matter only where it is present.
            let mut inside = known.to_vec();
            inside.extend(parts.iter().filter_map(absence).cloned());
            let parts = parts.into_iter().map(|p| match absence(&p) {
                Some(_) => simplified(p, known),
                None => simplified(p, &inside),
            });
            let parts: Vec<Expr> = parts.collect();
            if covers_all(&parts, &inside) { Expr::Bool(true) } else { ast::or(parts) }
        }
        other @ (Expr::Bool(_)
        | Expr::Field(_)
        | Expr::Member(..)
        | Expr::Text(_)
        | Expr::Number(_)
        | Expr::Duration(..)
        | Expr::Call(..)
        | Expr::CountRows
        | Expr::Binary(..)
        | Expr::Like { .. }
        | Expr::In { .. }) => other,
    }
}

/// Whether a present value passes one of two alternatives, and an absent one a third: `not (ispresent(a)) or a = x or
/// a != x`. `inside`: the values whose absence needs no thought.
fn covers_all(parts: &[Expr], inside: &[Expr]) -> bool {
    parts.iter().any(|p| match p {
        Expr::Binary(Operator::Eq, value, constant) => {
            inside.contains(value) && parts.contains(&Expr::Binary(Operator::Ne, value.clone(), constant.clone()))
        }
        _ => false,
    })
}

fn is_leaf(e: &Expr) -> bool {
    !matches!(e, Expr::And(_) | Expr::Or(_) | Expr::Not(_))
}

/// The value of `ispresent(value)`.
fn presence(e: &Expr) -> Option<&Expr> {
    match e {
        Expr::Call(name, args) if name == "ispresent" => args.first(),
        _ => None,
    }
}

/// The value of `not (ispresent(value))`.
fn absence(e: &Expr) -> Option<&Expr> {
    match e {
        Expr::Not(inner) => presence(inner),
        _ => None,
    }
}

/// The values that are present where a condition holds, however Insights tests absent ones.
fn implied(e: &Expr) -> Vec<Expr> {
    match e {
        Expr::Call(name, args) if name == "ispresent" || name == "isIpInSubnet" => {
            args.first().map(subject).unwrap_or_default()
        }
        Expr::Binary(Operator::Eq, value, constant) if says_something(constant) => subject(value),
        Expr::In { value, items, negated: false } if items.iter().all(says_something) => subject(value),
        Expr::Like { value, regex, negated: false } if needs_text(regex) => subject(value),
        Expr::And(parts) => parts.iter().flat_map(implied).collect(),
        Expr::Or(parts) => {
            let mut sets = parts.iter().map(implied);
            let first = sets.next().unwrap_or_default();
            sets.fold(first, |common, set| common.into_iter().filter(|v| set.contains(v)).collect())
        }
        _ => Vec::new(),
    }
}

/// A constant that an absent value can't be taken for.
fn says_something(constant: &Expr) -> bool {
    match constant {
        Expr::Text(text) => !text.is_empty(),
        Expr::Number(_) => *constant != Expr::integer(0),
        _ => false,
    }
}

/// Whether the empty text does not match.
fn needs_text(source: &str) -> bool {
    super::regex::parsed(&source.replace("\\/", "/"))
        .is_ok_and(|hir| hir.properties().minimum_len().is_some_and(|n| n > 0))
}

/// The field that a value is, or that it is made of alone.
fn subject(value: &Expr) -> Vec<Expr> {
    match value {
        Expr::Field(_) | Expr::Member(..) => vec![value.clone()],
        Expr::Call(name, args) if matches!(name.as_str(), "tolower" | "toupper" | "trim") => {
            args.first().map(subject).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The fields that a negative test is about.
fn negative_subjects(e: &Expr) -> Vec<Expr> {
    match e {
        Expr::Binary(Operator::Ne, a, b) => [subject(a), subject(b)].concat(),
        Expr::Like { value, negated: true, .. } | Expr::In { value, negated: true, .. } => subject(value),
        Expr::Not(inner) if presence(inner).is_none() => match &**inner {
            Expr::Call(_, args) => args.iter().flat_map(subject).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Drops `f like /(?i)^v$/` beside `f = "v"`, and `f != ""` beside a test that the empty text does not pass.
fn without_weaker(parts: Vec<Expr>) -> Vec<Expr> {
    let weaker = |e: &Expr| {
        parts.iter().any(|other| match (e, other) {
            (Expr::Like { value, regex: source, negated: false }, Expr::Binary(Operator::Eq, field, text)) => {
                let Expr::Text(text) = &**text else { return false };
                value == field && *source == regex::one_of(std::slice::from_ref(text), Case::Insensitive)
            }
            (Expr::Binary(Operator::Ne, value, text), other) => {
                **text == Expr::Text(String::new()) && presence(other).is_none() && implied(other).contains(value)
            }
            _ => false,
        })
    };
    let drop: Vec<bool> = parts.iter().map(weaker).collect();
    parts.into_iter().zip(drop).filter(|(_, drop)| !drop).map(|(part, _)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(name: &str) -> Expr {
        Expr::raw(name)
    }

    fn test(op: Operator, name: &str, value: &str) -> Expr {
        Expr::binary(op, f(name), Expr::Text(value.to_owned()))
    }

    fn settled(parts: Vec<Expr>) -> String {
        let mut query = Query { commands: vec![Command::Filter(parts)], ..Query::default() };
        let optional = ["a", "b"].map(str::to_owned).into();
        settle(&mut query, &optional, &BTreeSet::from(["id".to_owned()]));
        super::super::print::query(&query)
    }

    #[test]
    fn a_guard_beside_a_positive_test_goes() {
        let parts = vec![Expr::present(f("a")), test(Operator::Eq, "a", "x"), Expr::present(f("b"))];
        assert_eq!(settled(parts), "filter a = \"x\"\n  and ispresent(b)");
        assert_eq!(settled(vec![Expr::present(f("id")), Expr::present(f("a"))]), "filter ispresent(a)");
    }

    #[test]
    fn a_test_that_absent_values_may_pass_keeps_its_guard() {
        for test in [
            test(Operator::Ne, "a", "x"),
            test(Operator::Eq, "a", ""),
            Expr::like(f("a"), "^x*$".to_owned()),
            Expr::binary(Operator::Lt, f("a"), Expr::integer(3)),
        ] {
            assert!(settled(vec![Expr::present(f("a")), test]).starts_with("filter ispresent(a)\n  and "));
        }
    }

    #[test]
    fn a_negative_test_of_an_optional_field_gets_a_guard() {
        let parts = vec![test(Operator::Ne, "a", "x"), test(Operator::Ne, "a", "y"), test(Operator::Ne, "id", "z")];
        assert_eq!(settled(parts), "filter ispresent(a)\n  and a != \"x\"\n  and a != \"y\"\n  and id != \"z\"");
        let parts = vec![test(Operator::Ne, "a", "x"), Expr::like(f("a"), "^y".to_owned())];
        assert_eq!(settled(parts), "filter a != \"x\"\n  and a like /^y/");
    }

    #[test]
    fn guards_inside_alternatives_follow_what_is_known() {
        let absent_or = || ast::or([ast::not(Expr::present(f("a"))), test(Operator::Ne, "a", "x")]);
        assert_eq!(settled(vec![absent_or()]), "filter not (ispresent(a)) or a != \"x\"");
        let parts = vec![absent_or(), Expr::present(f("a"))];
        assert_eq!(settled(parts), "filter a != \"x\"\n  and ispresent(a)");
        let guarded = ast::and([Expr::present(f("a")), test(Operator::Ne, "a", "x")]);
        let parts = vec![ast::or([ast::not(Expr::present(f("a"))), guarded])];
        assert_eq!(settled(parts), "filter not (ispresent(a)) or a != \"x\"");
    }

    #[test]
    fn alternatives_that_leave_nothing_out_go() {
        let either = || vec![test(Operator::Eq, "a", ""), test(Operator::Ne, "a", "")];
        let all = ast::or(std::iter::once(ast::not(Expr::present(f("a")))).chain(either()));
        assert_eq!(settled(vec![all, Expr::present(f("b"))]), "filter ispresent(b)");
        assert_eq!(settled(vec![ast::or(either())]), "filter a = \"\" or a != \"\"");
    }

    #[test]
    fn what_never_holds_stays() {
        let never = ast::and([Expr::present(f("id")), ast::not(Expr::present(f("id")))]);
        assert_eq!(settled(vec![never]), "filter ispresent(id) and not (ispresent(id))");
    }

    #[test]
    fn two_alternatives_do_not_vouch_for_each_other() {
        let one = |n: &str, m: &str| {
            let guarded = ast::and([Expr::present(f("a")), test(Operator::Eq, "b", n)]);
            ast::or([guarded, test(Operator::Eq, "a", m)])
        };
        let text = settled(vec![one("1", "2"), one("3", "4")]);
        assert!(text.contains("ispresent(a)"), "{text}");
    }

    #[test]
    fn the_same_test_without_case_goes() {
        let parts = vec![Expr::like(f("a"), "(?i)^x$".to_owned()), test(Operator::Eq, "a", "x")];
        assert_eq!(settled(parts), "filter a = \"x\"");
    }

    #[test]
    fn that_a_text_is_not_empty_goes_beside_a_positive_test() {
        let some = || test(Operator::Ne, "a", "");
        assert_eq!(settled(vec![some(), Expr::like(f("a"), "^x".to_owned())]), "filter a like /^x/");
        assert_eq!(settled(vec![some(), Expr::present(f("a"))]), "filter a != \"\"\n  and ispresent(a)");
    }
}
