//! Definitions that all inputs of a union share move above it: `union [extend c A] [extend c B]` is `extend c (union A B)`.
//! What is left below are often filters over one scan, which a target can say as one condition.

use crate::ir::{Expr, Name, Rel};

/// Moves shared definitions above the unions of a plan; whether there were any.
pub(super) fn hoist(rel: Rel) -> (Rel, bool) {
    let mut rel = rel;
    let mut changed = false;
    for input in rel.inputs_mut() {
        let inner = std::mem::replace(input, Rel::Union { inputs: Vec::new(), span: Default::default() });
        let (inner, moved) = hoist(inner);
        *input = inner;
        changed |= moved;
    }
    let Rel::Union { inputs, span } = rel else { return (rel, changed) };
    let Some((shared, project)) = shared(&inputs) else { return (Rel::Union { inputs, span }, changed) };
    let below: Vec<Rel> = inputs.into_iter().filter_map(below).collect();
    let (input, _) = hoist(Rel::Union { inputs: below, span });
    let (input, columns) = (Box::new(input), shared);
    (if project { Rel::Project { input, columns } } else { Rel::Extend { input, columns } }, true)
}

/// Definitions, and whether they are those of a `project`.
type Shared = (Vec<(Name, Expr)>, bool);

/// What all inputs define above their own inputs.
fn shared(inputs: &[Rel]) -> Option<Shared> {
    let (first, rest) = inputs.split_first()?;
    let (mut columns, project) = definitions(first)?;
    if rest.is_empty() {
        return None;
    }
    for input in rest {
        let (other, also) = definitions(input)?;
        if also != project || other.len() != columns.len() {
            return None;
        }
        let merged = columns.iter().zip(&other).map(|((name, a), (same, b))| {
            (name == same).then(|| common(a.clone(), b)).flatten().map(|e| (name.clone(), e))
        });
        columns = merged.collect::<Option<_>>()?;
    }
    Some((columns, project))
}

fn definitions(rel: &Rel) -> Option<Shared> {
    match rel {
        Rel::Extend { columns, .. } => Some((columns.clone(), false)),
        Rel::Project { columns, .. } => Some((columns.clone(), true)),
        Rel::Scan(_)
        | Rel::Values(_)
        | Rel::Filter { .. }
        | Rel::Aggregate { .. }
        | Rel::Window { .. }
        | Rel::Unnest { .. }
        | Rel::Join(_)
        | Rel::SemiJoin { .. }
        | Rel::Union { .. }
        | Rel::Sort { .. }
        | Rel::Limit { .. }
        | Rel::Distinct { .. }
        | Rel::Lookup(_)
        | Rel::Transaction(_)
        | Rel::Beside { .. }
        | Rel::Pivot(_)
        | Rel::Unpivot { .. }
        | Rel::Transpose(_)
        | Rel::Continuous(_)
        | Rel::Remove { .. }
        | Rel::Assign { .. } => None,
    }
}

/// The input of an operator that has definitions.
fn below(rel: Rel) -> Option<Rel> {
    match rel {
        Rel::Extend { input, .. } | Rel::Project { input, .. } => Some(*input),
        _ => None,
    }
}

/// The expression that both are, NULL where one of them can be.
fn common(a: Expr, b: &Expr) -> Option<Expr> {
    (blurred(a.clone()) == blurred(b.clone())).then(|| with_nulls(a, b))
}

/// The expression without what is known of NULL.
fn blurred(e: Expr) -> Expr {
    let mut e = e.map_children(&mut blurred);
    e.nullable = true;
    e
}

/// `a`, and NULL where the same node of `b` can be; both are the same otherwise.
fn with_nulls(a: Expr, b: &Expr) -> Expr {
    let mut others = b.children().into_iter();
    let nullable = a.nullable || b.nullable;
    let mut e = a.map_children(&mut |child| match others.next() {
        Some(other) => with_nulls(child, other),
        None => child,
    });
    e.nullable = nullable;
    e
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Case, CompareOp, Scan, Type};
    use crate::source::Span;

    fn column(name: &str, nullable: bool) -> Expr {
        Expr::column(name, Type::STRING, nullable, Span::default())
    }

    fn scan() -> Rel {
        Rel::Scan(Scan { source: "s".into(), fields: Vec::new(), window: Default::default(), span: Span::default() })
    }

    fn filter(value: &str) -> Rel {
        let text = Expr::string(value, Span::default());
        let predicate = Expr::compare(CompareOp::Eq, column("a", false), text, Case::Sensitive);
        Rel::Filter { input: Box::new(scan()), predicate }
    }

    fn extend(input: Rel, e: Expr) -> Rel {
        Rel::Extend { input: Box::new(input), columns: vec![("n".into(), e)] }
    }

    fn union(inputs: Vec<Rel>) -> Rel {
        Rel::Union { inputs, span: Span::default() }
    }

    #[test]
    fn shared_definitions_move_above_a_union() {
        let plan = union(vec![extend(filter("1"), column("b", true)), extend(filter("2"), column("b", true))]);
        let expected = extend(union(vec![filter("1"), filter("2")]), column("b", true));
        assert_eq!(hoist(plan), (expected, true));
    }

    #[test]
    fn what_one_input_knows_of_null_is_not_known_of_all() {
        let plan = union(vec![extend(filter("1"), column("b", false)), extend(filter("2"), column("b", true))]);
        let expected = extend(union(vec![filter("1"), filter("2")]), column("b", true));
        assert_eq!(hoist(plan), (expected, true));
    }

    #[test]
    fn different_definitions_stay() {
        let plan = union(vec![extend(filter("1"), column("b", true)), extend(filter("2"), column("c", true))]);
        assert_eq!(hoist(plan.clone()), (plan, false));
        let plan = union(vec![extend(filter("1"), column("b", true)), filter("2")]);
        assert_eq!(hoist(plan.clone()), (plan, false));
    }

    #[test]
    fn nested_definitions_all_move() {
        let input = |v| extend(extend(filter(v), column("b", true)), column("n", true));
        let (plan, _) = hoist(union(vec![input("1"), input("2")]));
        let expected = extend(extend(union(vec![filter("1"), filter("2")]), column("b", true)), column("n", true));
        assert_eq!(plan, expected);
    }
}
