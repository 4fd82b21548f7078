//! Which queries an event can concern, by the values that they ask for.
//!
//! Most detections begin with `field=value`. Over many of them, one look at the field tells which few are worth running.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Value;
use super::expr::Node;

/// Queries by the texts, in lower case, that one of their fields must have.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    keyed: Vec<Keyed>,
    /// Those of which nothing is known.
    others: Vec<usize>,
}

#[derive(Debug)]
struct Keyed {
    slot: usize,
    by_text: HashMap<String, Vec<usize>>,
}

/// A field, and the texts of which it must have one.
pub(super) struct Demand {
    pub(super) slot: usize,
    pub(super) texts: Vec<String>,
}

impl Dispatch {
    /// `demands`: by query, what its rows must satisfy, each of them.
    pub(super) fn new(demands: &[Vec<Demand>]) -> Self {
        // The field with the most different texts tells most.
        let mut texts: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for demand in demands.iter().flatten() {
            texts.entry(demand.slot).or_default().extend(demand.texts.iter().map(String::as_str));
        }
        let variety = |demand: &&Demand| texts.get(&demand.slot).map_or(0, BTreeSet::len);
        let mut dispatch = Self::default();
        for (query, demands) in demands.iter().enumerate() {
            let Some(demand) = demands.iter().max_by_key(variety) else {
                dispatch.others.push(query);
                continue;
            };
            let keyed = match dispatch.keyed.iter_mut().position(|k| k.slot == demand.slot) {
                Some(at) => &mut dispatch.keyed[at],
                None => {
                    dispatch.keyed.push(Keyed { slot: demand.slot, by_text: HashMap::new() });
                    let last = dispatch.keyed.len() - 1;
                    &mut dispatch.keyed[last]
                }
            };
            for text in &demand.texts {
                let queries = keyed.by_text.entry(text.clone()).or_default();
                if !queries.contains(&query) {
                    queries.push(query);
                }
            }
        }
        dispatch
    }

    /// Puts the queries that an event can concern into `found`. `buffer` is room for a text.
    pub(super) fn candidates(&self, slots: &[Value<'_>], buffer: &mut String, found: &mut Vec<usize>) {
        found.clear();
        found.extend_from_slice(&self.others);
        for keyed in &self.keyed {
            let Some(value) = slots.get(keyed.slot) else { continue };
            for value in value.values() {
                buffer.clear();
                let text = value.to_text();
                if text.is_ascii() {
                    buffer.push_str(&text);
                    buffer.make_ascii_lowercase();
                } else {
                    buffer.push_str(&crate::ir::letters::lower(&text));
                }
                for query in keyed.by_text.get(buffer.as_str()).into_iter().flatten() {
                    // Several values of a list can ask for the same query.
                    if !matches!(slots[keyed.slot], Value::List(_)) || !found.contains(query) {
                        found.push(*query);
                    }
                }
            }
        }
    }
}

impl Node {
    /// What the slots below `width` must have for the condition to be true, as far as it is plain to see.
    pub(super) fn demands(&self, width: usize, out: &mut Vec<Demand>) {
        match self {
            Node::And(parts) => parts.iter().for_each(|part| part.demands(width, out)),
            Node::IsTrue(inner) => inner.demands(width, out),
            Node::Or(parts) => {
                let mut whole: Option<Demand> = None;
                for part in parts {
                    let mut own = Vec::new();
                    part.demands(width, &mut own);
                    let same = |d: &Demand| whole.as_ref().is_none_or(|w| w.slot == d.slot);
                    let Some(at) = own.iter().position(same) else { return };
                    let demand = own.swap_remove(at);
                    match &mut whole {
                        Some(whole) => whole.texts.extend(demand.texts),
                        None => whole = Some(demand),
                    }
                }
                out.extend(whole);
            }
            node => {
                if let Some((slot, texts)) = node.asked()
                    && slot < width
                {
                    out.push(Demand { slot, texts });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(slot: usize, texts: &[&str]) -> Demand {
        Demand { slot, texts: texts.iter().map(|t| (*t).to_owned()).collect() }
    }

    fn candidates(dispatch: &Dispatch, slots: &[Value<'_>]) -> Vec<usize> {
        let mut found = Vec::new();
        dispatch.candidates(slots, &mut String::new(), &mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn the_field_that_tells_most_decides() {
        let dispatch = Dispatch::new(&[
            vec![demand(0, &["iam"]), demand(1, &["createuser"])],
            vec![demand(0, &["iam"]), demand(1, &["deleteuser", "createuser"])],
            vec![],
        ]);
        assert_eq!(candidates(&dispatch, &["IAM".into(), "CreateUser".into()]), [0, 1, 2]);
        assert_eq!(candidates(&dispatch, &["iam".into(), "DeleteUser".into()]), [1, 2]);
        assert_eq!(candidates(&dispatch, &["iam".into(), Value::Null]), [2]);
    }

    #[test]
    fn each_value_of_a_list_counts_once() {
        let dispatch = Dispatch::new(&[vec![demand(0, &["a", "b"])]]);
        let list = Value::list(["A".into(), "b".into(), "b".into()]);
        assert_eq!(candidates(&dispatch, &[list]), [0]);
    }
}
