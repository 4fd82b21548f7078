//! Rewrites of the IR that keep its meaning.

use super::Query;

pub fn simplify(query: Query) -> Query {
    query
}
